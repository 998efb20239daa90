"""Settings of the agents."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from ai_voice_shared.settings.base import Settings

__all__ = ["AgentSettings"]


class AgentSettings(Settings):
    """Which agent system runs, and within which limits. What the database says about an agent comes before it.

    What is not set here has a default for each system, see `ai_voice_shared.agents`.

    Examples
    --------
    >>> AgentSettings(system="enhanced", task_timeout=60).task_timeout
    60.0
    """

    env_prefix: ClassVar[str] = "AGENT_"

    system: Literal["simple", "enhanced"] = Field(default="simple", description="The agent system.")
    model: str | None = Field(default=None, min_length=1, description="Model; by default the system's.")
    temperature: float | None = Field(default=None, ge=0, le=2, description="0 repeats itself, 2 invents.")
    max_tokens: int | None = Field(default=None, ge=1, description="Tokens of an answer at most.")
    task_timeout: float | None = Field(default=None, gt=0, description="Seconds that a task may take.")
    max_retries: int | None = Field(default=None, ge=0, le=10, description="Tries after the first.")
    retry_delay: float | None = Field(default=None, ge=0, description="Seconds before the first retry.")
    memory_enabled: bool | None = Field(default=None, description="Keep the conversation.")
    memory_max_messages: int | None = Field(default=None, ge=0, description="Messages that are kept.")
    memory_ttl: int | None = Field(default=None, ge=0, description="Seconds that they are kept.")
    tools_enabled: bool | None = Field(default=None, description="Let the agent call tools.")
    tools: tuple[str, ...] | None = Field(default=None, description="Names of the tools that it may call.")
    tool_timeout: float | None = Field(default=None, gt=0, description="Seconds that one tool may take.")
    max_tool_calls: int | None = Field(default=None, ge=0, description="Calls of tools in one task.")
    settings_table: str | None = Field(
        default=None, min_length=3, description="DynamoDB table (`pk`, `sk`) with the settings of single agents."
    )
    flag_application: str | None = Field(default=None, description="AppConfig application of the feature flags.")
    flag_environment: str = Field(default="prod", min_length=1, description="AppConfig environment.")
    flag_profile: str = Field(default="features", min_length=1, description="AppConfig configuration profile.")
    flag_max_age: int = Field(default=30, ge=0, description="Seconds that the feature flags are kept.")
