"""Settings of the agents."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from ai_voice_shared.settings.base import Settings

__all__ = ["AgentSettings"]


class AgentSettings(Settings):
    """The agent system and its limits. An agent's own settings in the database take precedence.

    A setting without a value has a default for each system, see `ai_voice_shared.agents`.

    Examples
    --------
    >>> AgentSettings(system="enhanced", task_timeout=60).task_timeout
    60.0
    """

    env_prefix: ClassVar[str] = "AGENT_"

    system: Literal["simple", "enhanced"] = Field(default="simple", description="The agent system.")
    model: str | None = Field(default=None, min_length=1, description="Model; by default the system's.")
    temperature: float | None = Field(
        default=None, ge=0, le=2, description="Sampling temperature: 0 is nearly deterministic, 2 is most random."
    )
    max_tokens: int | None = Field(default=None, ge=1, description="Maximum tokens of a response.")
    task_timeout: float | None = Field(default=None, gt=0, description="Seconds that a task may take.")
    max_retries: int | None = Field(default=None, ge=0, le=10, description="Attempts after the first.")
    retry_delay: float | None = Field(default=None, ge=0, description="Seconds before the first retry.")
    memory_enabled: bool | None = Field(default=None, description="Store the conversation.")
    memory_max_messages: int | None = Field(default=None, ge=0, description="Maximum stored messages.")
    memory_ttl: int | None = Field(default=None, ge=0, description="Seconds that messages are stored.")
    tools_enabled: bool | None = Field(default=None, description="Allow the agent to call tools.")
    tools: tuple[str, ...] | None = Field(default=None, description="Names of the tools that it may call.")
    tool_timeout: float | None = Field(default=None, gt=0, description="Seconds that one tool may take.")
    max_tool_calls: int | None = Field(default=None, ge=0, description="Maximum tool calls in one task.")
    settings_table: str | None = Field(
        default=None, min_length=3, description="DynamoDB table (`pk`, `sk`) with the settings of single agents."
    )
    flag_application: str | None = Field(default=None, description="AppConfig application of the feature flags.")
    flag_environment: str = Field(default="prod", min_length=1, description="AppConfig environment.")
    flag_profile: str = Field(default="features", min_length=1, description="AppConfig configuration profile.")
    flag_max_age: int = Field(default=30, ge=0, description="Seconds that the feature flags are cached.")
