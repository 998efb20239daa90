"""The validated configuration of an agent, and the defaults of each agent system."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic import ValidationError as PydanticValidationError

from ai_voice_shared.errors import ValidationError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["DEFAULTS", "SYSTEMS", "AgentConfig", "AgentMemory", "AgentTools"]

SYSTEMS = ("simple", "enhanced")
"""The agent systems: single responses, or with memory and tools."""

DEFAULTS: dict[str, dict[str, Any]] = {
    "simple": {
        "model": "gpt-4o-mini",
        "temperature": 0.7,
        "task_timeout": 30.0,
        "max_retries": 2,
        "retry_delay": 1.0,
        "memory_enabled": False,
        "memory_max_messages": 10,
        "memory_ttl": 3600,
        "tools_enabled": False,
        "tools": (),
        "tool_timeout": 10.0,
        "max_tool_calls": 0,
    },
    "enhanced": {
        "model": "gpt-4o",
        "temperature": 0.7,
        "task_timeout": 120.0,
        "max_retries": 3,
        "retry_delay": 1.0,
        "memory_enabled": True,
        "memory_max_messages": 50,
        "memory_ttl": 86_400,
        "tools_enabled": True,
        "tools": (),
        "tool_timeout": 20.0,
        "max_tool_calls": 10,
    },
}
"""The defaults of each system where no source has a setting; names as in `AgentSettings`."""

_FIELD_PATHS = {
    "task_timeout": ("timeout",),
    "memory_enabled": ("memory", "enabled"),
    "memory_max_messages": ("memory", "max_messages"),
    "memory_ttl": ("memory", "ttl"),
    "tools_enabled": ("tools", "enabled"),
    "tools": ("tools", "names"),
    "tool_timeout": ("tools", "timeout"),
    "max_tool_calls": ("tools", "max_calls"),
}


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class AgentMemory(_Model):
    """The conversation memory of an agent."""

    enabled: bool
    max_messages: int = Field(ge=0, le=10_000)
    ttl: int = Field(ge=0)


class AgentTools(_Model):
    """The tools that an agent may call."""

    enabled: bool
    names: tuple[str, ...]
    timeout: float = Field(gt=0)
    max_calls: int = Field(ge=0, le=1000)


class AgentConfig(_Model):
    """The configuration of an agent.

    Examples
    --------
    >>> config = AgentConfig.from_settings("enhanced", {"temperature": 0.2})
    >>> config.model, config.temperature, config.memory.enabled
    ('gpt-4o', 0.2, True)
    """

    system: Literal["simple", "enhanced"]
    model: str = Field(min_length=1)
    temperature: float = Field(ge=0, le=2)
    max_tokens: int | None = Field(default=None, ge=1)
    timeout: float = Field(gt=0)
    max_retries: int = Field(ge=0, le=10)
    retry_delay: float = Field(ge=0)
    memory: AgentMemory
    tools: AgentTools

    @classmethod
    def from_settings(
        cls, system: str, settings: Mapping[str, Any], origins: Mapping[str, str] | None = None
    ) -> AgentConfig:
        """Create the configuration of a system from flat settings and the system's defaults.

        Parameters
        ----------
        system
            `"simple"` or `"enhanced"`.
        settings
            Settings by the names of `AgentSettings`; unknown names and None are ignored.
        origins
            The source of each setting, for error messages.

        Raises
        ------
        ValidationError
            A setting is invalid, or the system does not exist; `details` has the setting, its source and the reason,
            never the value.
        """
        if system not in SYSTEMS:
            msg = f"invalid agent system {system!r}: must be {' or '.join(SYSTEMS)}"
            raise ValidationError(msg)
        known = {*DEFAULTS[system], "max_tokens"}
        overrides = {name: value for name, value in settings.items() if name in known and value is not None}
        fields: dict[str, Any] = {"system": system, "memory": {}, "tools": {}}
        for name, value in {**DEFAULTS[system], **overrides}.items():
            group, *rest = _FIELD_PATHS.get(name, (name,))
            if rest:
                fields[group][rest[0]] = value
            else:
                fields[group] = value
        try:
            return cls.model_validate(fields)
        except PydanticValidationError as error:
            raise _map_error(error, system, origins or {}) from None


def _map_error(error: PydanticValidationError, system: str, origins: Mapping[str, str]) -> ValidationError:
    names = {path: name for name, path in _FIELD_PATHS.items()}
    details = []
    for problem in error.errors(include_url=False, include_context=False, include_input=False):
        path = tuple(str(part) for part in problem["loc"][:2])
        name = names.get(path) or names.get(path[:1]) or path[0]
        details.append({"setting": name, "source": origins.get(name, "caller"), "reason": problem["msg"]})
    first = details[0]
    msg = f"the {system} agent's {first['setting']}, from the {first['source']}, is invalid: {first['reason']}"
    return ValidationError(msg, details=details)
