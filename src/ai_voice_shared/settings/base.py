"""The base class of all settings: values from keyword arguments, then the environment, then defaults.

pydantic validates. The environment is read here and not by pydantic-settings: importing that package adds more than a
quarter of pydantic's own import to every cold start, and its other sources (dotenv files, command line, TOML) have no
use in a function.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Self, get_args, get_origin

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, PrivateAttr, SecretStr
from pydantic import ValidationError as PydanticValidationError

from ai_voice_shared.errors import InvalidSettingError, MissingSettingError

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

__all__ = ["Settings", "fallback", "required"]

_log = logging.getLogger(__name__)
_SCHEMES = ("ssm:", "secretsmanager:")
_warned: set[tuple[str, str]] = set()


def required(**options: Any) -> Any:
    """Declare a setting without a default, whose value is expected in the environment.

    A type checker then accepts `S3Settings()` without arguments, which it would reject with a bare `Field`.

    Parameters
    ----------
    **options
        Passed on to `pydantic.Field`.
    """
    return Field(**options)


def fallback(default: Any, consequence: str, **options: Any) -> Any:
    """Declare a setting that is optional but expected in a deployment: its absence is logged, once.

    Parameters
    ----------
    default
        The value without it.
    consequence
        The consequence, for the log line (`"webhooks cannot be verified"`).
    **options
        Passed on to `pydantic.Field`.
    """
    return Field(default=default, json_schema_extra={"fallback": consequence}, **options)


class Settings(BaseModel):
    """Settings of one concern, which are frozen.

    A field is read from `env_prefix` and its name in capitals, or from the variables that its `validation_alias`
    names, first choice first. An empty variable counts as not set. A sequence is written with commas or as JSON, a
    mapping as `key=value` with commas or as JSON. A secret may be a reference, which is resolved when the settings
    are created: `ssm:/path/to/parameter`, `secretsmanager:name` or `secretsmanager:name#key` (see `settings.secrets`).

    Raises
    ------
    MissingSettingError
        A required setting has no value; it names the variable and the class.
    InvalidSettingError
        A value is not valid; it names the variable and what is expected, never the value.

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
    ai_voice_shared.errors.configuration.MissingSettingError: QueueSettings.name is not set: set the \
environment variable QUEUE_NAME, or pass name= to QueueSettings
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, hide_input_in_errors=True)

    env_prefix: ClassVar[str] = ""

    # The service, the keyword arguments, and the references that the secrets were fetched by.
    _origin: tuple[str | None, dict[str, Any], tuple[str, ...]] = PrivateAttr()

    def __init__(self, *, _service: str | None = None, **values: Any) -> None:
        passed, references = dict(values), list[str]()
        for name, field in type(self).model_fields.items():
            if name not in values:
                raw = self._from_environment(name, field, _service, references)
                if raw is not None:
                    values[name] = raw
                elif field.json_schema_extra is not None:
                    self._warn_once(name, field, _service)
        try:
            super().__init__(**values)
        except PydanticValidationError as error:
            raise self._to_setting_error(error, _service) from None
        self._origin = (_service, passed, tuple(references))

    @classmethod
    def for_service(cls, service: str, **values: Any) -> Self:
        """Create the settings of one service: `MY_SERVICE_DATABASE_URL` comes before `DATABASE_URL`.

        Parameters
        ----------
        service
            The service's name (`"my-service"`).
        **values
            Fields that are passed and not read from the environment.

        Examples
        --------
        >>> import os
        >>> os.environ["MY_SERVICE_QUEUE_NAME"] = "mine"
        >>> class QueueSettings(Settings):
        ...     env_prefix = "QUEUE_"
        ...     name: str = required()
        >>> QueueSettings.for_service("my-service").name
        'mine'
        >>> del os.environ["MY_SERVICE_QUEUE_NAME"]
        """
        return cls(_service=service, **values)

    def refreshed(self) -> Self:
        """Read the same settings again; secrets by reference come from Parameters' cache, or from their store.

        To bypass that cache, use `settings.secrets.refresh_secrets`.
        """
        service, passed, _ = self._origin
        return type(self)(_service=service, **passed)

    @property
    def secret_references(self) -> tuple[str, ...]:
        """The references that secrets of this object were fetched by."""
        return self._origin[2]

    @classmethod
    def variables(cls, name: str, service: str | None = None) -> list[str]:
        """List the environment variables that the field `name` is read from, first choice first."""
        alias = cls.model_fields[name].validation_alias
        if isinstance(alias, AliasChoices):
            names = [choice for choice in alias.choices if isinstance(choice, str)]
        elif isinstance(alias, str):
            names = [alias]
        else:
            names = [f"{cls.env_prefix}{name.upper()}"]
        if service is None:
            return names
        prefix = "".join(letter if letter.isalnum() else "_" for letter in service.upper())
        return [*(f"{prefix}_{variable}" for variable in names), *names]

    @classmethod
    def _from_environment(cls, name: str, field: FieldInfo, service: str | None, references: list[str]) -> Any:
        for variable in cls.variables(name, service):
            text = os.environ.get(variable)
            if text:
                try:
                    return _parse(text, field.annotation, references)
                except ValueError as error:  # a JSONDecodeError is one
                    reason = "is not JSON" if isinstance(error, json.JSONDecodeError) else str(error)
                    raise InvalidSettingError(name, cls.__name__, [variable], reason) from None
        return None

    @classmethod
    def _warn_once(cls, name: str, field: FieldInfo, service: str | None) -> None:
        extra = field.json_schema_extra
        if isinstance(extra, Mapping) and "fallback" in extra and (cls.__name__, name) not in _warned:
            _warned.add((cls.__name__, name))
            variables = " or ".join(cls.variables(name, service))
            _log.warning("%s.%s is not set (%s): %s", cls.__name__, name, variables, extra["fallback"])

    @classmethod
    def _to_setting_error(
        cls, error: PydanticValidationError, service: str | None
    ) -> MissingSettingError | InvalidSettingError:
        # Only the first problem: a short message is more likely to be read.
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        name = str(first["loc"][0]) if first["loc"] else ""
        field = next(
            (known for known in cls.model_fields if known == name or name in cls.variables(known)), name or "settings"
        )
        variables = cls.variables(field, service) if field in cls.model_fields else []
        if first["type"] == "missing":
            return MissingSettingError(field, cls.__name__, variables)
        used = [variable for variable in variables if os.environ.get(variable)][:1]
        return InvalidSettingError(field, cls.__name__, used or variables, first["msg"])


def _parse(text: str, annotation: Any, references: list[str]) -> Any:
    if _is_a(annotation, (list, tuple, set, frozenset)):
        if text.lstrip().startswith("["):
            return json.loads(text)
        items = [item.strip() for item in text.split(",") if item.strip()]
        if _holds_secret(annotation):
            return [part.strip() for item in items for part in _resolve(item, references).split(",") if part.strip()]
        return items
    if _is_a(annotation, (dict, Mapping)):
        return json.loads(text) if text.lstrip().startswith("{") else _parse_pairs(text)
    return _resolve(text, references) if _holds_secret(annotation) else text


def _parse_pairs(text: str) -> dict[str, str]:
    pairs = [item.partition("=") for item in text.split(",") if item.strip()]
    if not all(separator for _, separator, _ in pairs):
        msg = "is neither JSON nor key=value,key=value"
        raise ValueError(msg)
    return {key.strip(): value.strip() for key, _, value in pairs}


def _is_a(annotation: Any, kinds: tuple[Any, ...]) -> bool:
    return get_origin(annotation) in kinds or any(_is_a(inner, kinds) for inner in get_args(annotation))


def _holds_secret(annotation: Any) -> bool:
    return annotation is SecretStr or any(_holds_secret(inner) for inner in get_args(annotation))


def _resolve(text: str, references: list[str]) -> str:
    if text.startswith(_SCHEMES):
        from ai_voice_shared.settings.secrets import get_secret

        references.append(text)
        return get_secret(text)
    return text
