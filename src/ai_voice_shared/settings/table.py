"""The table of all settings, as Markdown, made from the classes themselves."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, get_args, get_origin

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

    from ai_voice_shared.settings.base import Settings

__all__ = ["settings_classes", "settings_table"]

_HEAD = """\
# Settings

Made by `python -m ai_voice_shared.settings`; change the classes in `src/ai_voice_shared/settings` and run it again.

A variable that is empty counts as not set. Where several are named, the first that is set wins. With
`get_config("my-service")`, `MY_SERVICE_<variable>` comes before each of them. A sequence is written with commas or as
JSON. A secret may be a reference, which is fetched and kept for five minutes: `ssm:/path/to/parameter`,
`secretsmanager:name` or `secretsmanager:name#key`.

Log levels are no settings class, so that a log line costs no validation: `<SERVICE>_LOG_LEVEL`
(`WEBHOOK_HANDLER_LOG_LEVEL`), then `POWERTOOLS_LOG_LEVEL`, then INFO; Lambda's own `AWS_LAMBDA_LOG_LEVEL` comes
before all.
"""


def settings_classes() -> list[type[Settings]]:
    """List the package's settings classes by name."""
    import ai_voice_shared.settings as package
    from ai_voice_shared.settings.base import Settings

    found = [getattr(package, name) for name in package.__all__]
    return sorted(
        (item for item in found if isinstance(item, type) and issubclass(item, Settings) and item is not Settings),
        key=lambda item: item.__name__,
    )


def settings_table() -> str:
    """Write the table of all settings as Markdown.

    Examples
    --------
    >>> "| `bucket_name` | `S3_BUCKET_NAME` | text |  | yes |  |" in settings_table()
    True
    """
    return "\n".join([_HEAD, *(_section(settings_class) for settings_class in settings_classes())])


def _section(settings_class: type[Settings]) -> str:
    # The layer's bytecode has no docstrings.
    summary = (settings_class.__doc__ or "").strip().partition("\n")[0]
    rows = [
        f"## {settings_class.__name__}\n",
        *([f"{summary}\n"] if summary else []),
        "| setting | variable | type | default | required | secret | what it is |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, field in settings_class.model_fields.items():
        is_secret = "SecretStr" in str(field.annotation)
        cells = (
            f"`{name}`",
            ", ".join(f"`{variable}`" for variable in settings_class.variables(name)),
            _type_name(field.annotation),
            _default(field),
            "yes" if field.is_required() else "",
            "secret" if is_secret else "",
            _description(field),
        )
        rows.append("| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |")
    return "\n".join(rows) + "\n"


def _type_name(annotation: Any) -> str:
    names = {"str": "text", "SecretStr": "text", "int": "integer", "float": "number", "bool": "true or false"}
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin in (tuple, list, set, frozenset):
        return f"list of {_type_name(inner[0])}"
    if inner and "Literal" in str(origin):
        return " or ".join(f"`{choice}`" for choice in inner)
    if origin is dict:
        return f"{_type_name(inner[0])} to {_type_name(inner[1])}"
    if inner:  # a union with None
        return " or ".join(_type_name(item) for item in inner if item is not type(None))
    name = getattr(annotation, "__name__", str(annotation))
    return names.get(name, name)


def _default(field: FieldInfo) -> str:
    default = field.get_default(call_default_factory=True)
    if field.is_required() or default in (None, (), {}):
        return ""
    if isinstance(default, tuple):
        default = ",".join(str(item) for item in default)
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"


def _description(field: FieldInfo) -> str:
    text = re.sub(r"\s+", " ", field.description or "").strip()
    extra = field.json_schema_extra
    if isinstance(extra, dict) and "fallback" in extra:
        text += f" Without it {extra['fallback']}; that is logged once."
    return text
