"""Agent configuration: the active agent system, its model, limits, memory and tools."""

from __future__ import annotations

from ai_voice_shared._lazy import lazy_exports

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        ".config": ("AgentConfig",),
        ".flags": ("FLAG_NAME",),
        ".resolver": (
            "AgentConfigResolver",
            "get_agent_config",
            "get_agent_config_for_system",
            "get_agent_system",
            "set_agent_resolver",
            "should_use_enhanced_agent",
        ),
        ".sources": ("AgentSettingsSource", "CachedSource", "DynamoDBSource", "EnvironmentSource"),
    },
)
