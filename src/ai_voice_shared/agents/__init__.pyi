# Written by .ci/make-stubs from __init__.py; edit the table of exports there.
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

__all__ = [
    "AgentConfig",
    "AgentConfigResolver",
    "AgentSettingsSource",
    "CachedSource",
    "DynamoDBSource",
    "EnvironmentSource",
    "FLAG_NAME",
    "get_agent_config",
    "get_agent_config_for_system",
    "get_agent_system",
    "set_agent_resolver",
    "should_use_enhanced_agent",
]
