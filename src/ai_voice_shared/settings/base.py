"""How a settings class is filled: keyword arguments, then the environment, then defaults.

pydantic does the typing. Reading the environment is done here and not by pydantic-settings: importing that package
costs more than a quarter of what pydantic itself does, at every cold start, and its sources other than the
environment (dotenv files, command line, TOML) have no place in a function.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any, ClassVar, get_args, get_origin

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, SecretStr
from pydantic import ValidationError as PydanticValidationError

from ai_voice_shared.errors import InvalidSettingError, MissingSettingError

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

__all__ = ["Settings", "required"]


def required(**options: Any) -> Any:
    """Declare a setting without a default, whose value the environment is expected to give.

    A type checker then sees that `S3Settings()` is complete as it stands, which a bare `Field` would not tell it.

    Parameters
    ----------
    **options
        Passed on to `pydantic.Field`.
    """
    return Field(**options)


class Settings(BaseModel):
    """Settings of one concern, frozen once they are made.

    A field is read from `env_prefix` and its name in capitals, or from the variables that its `validation_alias`
    names, first choice first. An empty variable counts as not set. A sequence is written with commas or as JSON.
    A secret may be a reference, which is looked up when the settings are made: `ssm:/path/to/parameter` or
    `secretsmanager:name`.

    Raises
    ------
    MissingSettingError
        A required setting has no value; it names the variable and the class.
    InvalidSettingError
        A value cannot be used; it names the variable and what is expected, never the value.

    Examples
    --------
    >>> class QueueSettings(Settings):
    ...     env_prefix = "QUEUE_"
    ...     name: str = required()
    ...     size: int = 10
    >>> QueueSettings(name="notes").size
    10
    >>> QueueSettings()
    Traceback (most recent call last):
        ...
    ai_voice_shared.errors.MissingSettingError: QueueSettings.name is not set: set the environment variable \
QUEUE_NAME, or pass name= to QueueSettings
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, hide_input_in_errors=True)

    env_prefix: ClassVar[str] = ""

    def __init__(self, **values: Any) -> None:
        for name, field in type(self).model_fields.items():
            if name not in values:
                raw = self._from_environment(name, field)
                if raw is not None:
                    values[name] = raw
        try:
            super().__init__(**values)
        except PydanticValidationError as error:
            raise self._explained(error) from None

    @classmethod
    def variables(cls, name: str) -> list[str]:
        """List the environment variables that the field `name` is read from, first choice first."""
        alias = cls.model_fields[name].validation_alias
        if isinstance(alias, AliasChoices):
            return [choice for choice in alias.choices if isinstance(choice, str)]
        if isinstance(alias, str):
            return [alias]
        return [f"{cls.env_prefix}{name.upper()}"]

    @classmethod
    def _from_environment(cls, name: str, field: FieldInfo) -> Any:
        for variable in cls.variables(name):
            text = os.environ.get(variable)
            if text:
                try:
                    return _parsed(text, field.annotation)
                except json.JSONDecodeError:
                    raise InvalidSettingError(name, cls.__name__, [variable], "is not JSON") from None
        return None

    @classmethod
    def _explained(cls, error: PydanticValidationError) -> MissingSettingError | InvalidSettingError:
        # The first problem is enough: a deploy fixes one after the other, and a short message is read.
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        name = str(first["loc"][0]) if first["loc"] else ""
        field = next(
            (known for known in cls.model_fields if known == name or name in cls.variables(known)), name or "settings"
        )
        variables = cls.variables(field) if field in cls.model_fields else []
        if first["type"] == "missing":
            return MissingSettingError(field, cls.__name__, variables)
        return InvalidSettingError(field, cls.__name__, variables, first["msg"])


def _parsed(text: str, annotation: Any) -> Any:
    if _is_sequence(annotation):
        if text.lstrip().startswith("["):
            return json.loads(text)
        items = [item.strip() for item in text.split(",") if item.strip()]
        if _holds_secret(annotation):
            return [part.strip() for item in items for part in _resolved(item).split(",") if part.strip()]
        return items
    return _resolved(text) if _holds_secret(annotation) else text


def _is_sequence(annotation: Any) -> bool:
    if get_origin(annotation) in (list, tuple, set, frozenset):
        return True
    return any(_is_sequence(inner) for inner in get_args(annotation))


def _holds_secret(annotation: Any) -> bool:
    return annotation is SecretStr or any(_holds_secret(inner) for inner in get_args(annotation))


def _resolved(text: str) -> str:
    if text.startswith(("ssm:", "secretsmanager:")):
        from ai_voice_shared.settings.secrets import get_secret

        return get_secret(text)
    return text
