"""Which agent system runs, and with which model, limits, memory and tools."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ai_voice_shared._lazy import lazy_exports

if TYPE_CHECKING:
    from ai_voice_shared.agents.config import AgentConfig as AgentConfig
    from ai_voice_shared.agents.flags import FLAG_NAME as FLAG_NAME
    from ai_voice_shared.agents.resolver import AgentConfigResolver as AgentConfigResolver
    from ai_voice_shared.agents.resolver import get_agent_config as get_agent_config
    from ai_voice_shared.agents.resolver import get_agent_config_for_system as get_agent_config_for_system
    from ai_voice_shared.agents.resolver import get_agent_system as get_agent_system
    from ai_voice_shared.agents.resolver import set_agent_resolver as set_agent_resolver
    from ai_voice_shared.agents.resolver import should_use_enhanced_agent as should_use_enhanced_agent
    from ai_voice_shared.agents.sources import AgentSettingsSource as AgentSettingsSource
    from ai_voice_shared.agents.sources import CachedSource as CachedSource
    from ai_voice_shared.agents.sources import DynamoDBSource as DynamoDBSource
    from ai_voice_shared.agents.sources import EnvironmentSource as EnvironmentSource

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        "FLAG_NAME": ".flags",
        "AgentConfig": ".config",
        "AgentConfigResolver": ".resolver",
        "AgentSettingsSource": ".sources",
        "CachedSource": ".sources",
        "DynamoDBSource": ".sources",
        "EnvironmentSource": ".sources",
        "get_agent_config": ".resolver",
        "get_agent_config_for_system": ".resolver",
        "get_agent_system": ".resolver",
        "set_agent_resolver": ".resolver",
        "should_use_enhanced_agent": ".resolver",
    },
)
