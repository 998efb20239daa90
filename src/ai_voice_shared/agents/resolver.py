"""Resolution of an agent's configuration from the feature flag, the database, the environment and the defaults."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from ai_voice_shared.agents.config import AgentConfig

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from aws_lambda_powertools.utilities.feature_flags import FeatureFlags
    from aws_lambda_powertools.utilities.feature_flags.base import StoreProvider

    from ai_voice_shared.agents.sources import AgentSettingsSource
    from ai_voice_shared.settings.agent import AgentSettings

__all__ = [
    "AgentConfigResolver",
    "get_agent_config",
    "get_agent_config_for_system",
    "get_agent_system",
    "set_agent_resolver",
    "should_use_enhanced_agent",
]

_UNSET: Any = object()


class AgentConfigResolver:
    """Resolver of an agent's system and configuration.

    Parameters
    ----------
    sources
        The sources of settings, in order of precedence; by default the table of `AGENT_SETTINGS_TABLE`, if set, and
        the environment. Within a source, settings of the agent take precedence over settings for all agents.
    flag_store
        Powertools' store of the feature flag; by default AppConfig, if `AGENT_FLAG_APPLICATION` is set; None to use
        no flag.
    settings
        By default read from the environment.

    Examples
    --------
    >>> from ai_voice_shared.agents import EnvironmentSource
    >>> from ai_voice_shared.settings import AgentSettings
    >>> resolver = AgentConfigResolver([EnvironmentSource(AgentSettings(system="enhanced", model="gpt-4.1"))])
    >>> resolver.system(), resolver.config().model
    ('enhanced', 'gpt-4.1')
    """

    def __init__(
        self,
        sources: Sequence[AgentSettingsSource] | None = None,
        *,
        flag_store: StoreProvider | None = _UNSET,
        settings: AgentSettings | None = None,
    ) -> None:
        self._sources = sources
        self._flag_store = flag_store
        self._settings = settings
        self._flags: FeatureFlags | None = None
        self._lock = threading.Lock()

    def system(self, agent_id: str | None = None, context: Mapping[str, Any] | None = None) -> str:
        """Return the active system, of an agent or in general.

        Raises
        ------
        ValidationError
            A source has an invalid system.
        ServiceUnavailableError
            The database is unavailable and has not been read before.
        """
        selected = self._evaluate_flag(agent_id, context or {})
        if selected is not None:
            return selected
        settings, origins = self._merge_settings(agent_id)
        system = settings.get("system", "simple")
        # Created only to validate the system.
        return AgentConfig.from_settings(str(system), {}, origins).system

    def config(
        self, agent_id: str | None = None, system: str | None = None, context: Mapping[str, Any] | None = None
    ) -> AgentConfig:
        """Return an agent's configuration for the given or the active system; raises as `system`."""
        if system is None:
            system = self.system(agent_id, context)
        settings, origins = self._merge_settings(agent_id)
        return AgentConfig.from_settings(system, settings, origins)

    def _merge_settings(self, agent_id: str | None) -> tuple[dict[str, Any], dict[str, str]]:
        settings: dict[str, Any] = {}
        origins: dict[str, str] = {}
        for source in self._get_sources():
            for scope in (None,) if agent_id is None else (agent_id, None):
                for name, value in source.read(scope).items():
                    if value is not None and name not in settings:
                        settings[name], origins[name] = value, source.name
        return settings, origins

    def _get_sources(self) -> Sequence[AgentSettingsSource]:
        with self._lock:
            if self._sources is None:
                from ai_voice_shared.agents.sources import CachedSource, DynamoDBSource, EnvironmentSource

                settings = self._get_settings()
                self._sources = [EnvironmentSource(settings)]
                if settings.settings_table is not None:
                    self._sources.insert(0, CachedSource(DynamoDBSource(settings.settings_table)))
            return self._sources

    def _evaluate_flag(self, agent_id: str | None, context: Mapping[str, Any]) -> str | None:
        with self._lock:
            if self._flag_store is _UNSET:
                from ai_voice_shared.agents.flags import create_appconfig_store

                self._flag_store = create_appconfig_store(self._get_settings())
            if self._flag_store is None:
                return None
            if self._flags is None:
                from aws_lambda_powertools.utilities.feature_flags import FeatureFlags

                self._flags = FeatureFlags(store=self._flag_store)
        from ai_voice_shared.agents.flags import evaluate_system_flag

        flag_context = dict(context) if agent_id is None else {**context, "agent_id": agent_id}
        return evaluate_system_flag(self._flags, flag_context)

    def _get_settings(self) -> AgentSettings:
        from ai_voice_shared.settings.config import get_config

        return self._settings or get_config().agent


_resolver: AgentConfigResolver | None = None


def _get_resolver() -> AgentConfigResolver:
    global _resolver  # noqa: PLW0603 - one per process, with its cache
    if _resolver is None:
        _resolver = AgentConfigResolver()
    return _resolver


def set_agent_resolver(resolver: AgentConfigResolver | None) -> AgentConfigResolver | None:
    """Set the process's resolver, for instance for another kind of database, and return the previous one.

    With None the next call creates the default resolver.
    """
    global _resolver
    previous, _resolver = _resolver, resolver
    return previous


def get_agent_system(agent_id: str | None = None, *, context: Mapping[str, Any] | None = None) -> str:
    """Return the active agent system: `"simple"` or `"enhanced"`.

    The feature flag takes precedence, then the database, the environment (`AGENT_SYSTEM`) and the default.

    Parameters
    ----------
    agent_id
        The agent, if agents have their own settings.
    context
        The context for the flag's rules (`{"company_id": ...}`).

    Raises
    ------
    ValidationError
        The database has an invalid system.
    InvalidSettingError
        The environment has an invalid system.
    ServiceUnavailableError
        The database is unavailable and has not been read before.

    Examples
    --------
    >>> get_agent_system()
    'simple'
    """
    return _get_resolver().system(agent_id, context)


def should_use_enhanced_agent(agent_id: str | None = None, *, context: Mapping[str, Any] | None = None) -> bool:
    """Return whether the enhanced system is active; see `get_agent_system`.

    Examples
    --------
    >>> should_use_enhanced_agent()
    False
    """
    return get_agent_system(agent_id, context=context) == "enhanced"


def get_agent_config(
    agent_id: str | None = None, *, system: str | None = None, context: Mapping[str, Any] | None = None
) -> AgentConfig:
    """Return an agent's configuration for the active system, or for the given one.

    Raises
    ------
    ValidationError, InvalidSettingError, ServiceUnavailableError
        As `get_agent_system`, and for any other invalid setting.

    Examples
    --------
    >>> get_agent_config().tools.enabled
    False
    """
    return _get_resolver().config(agent_id, system, context)


def get_agent_config_for_system(system: str, agent_id: str | None = None) -> dict[str, Any]:
    """Return the configuration of a system as a dictionary.

    Parameters
    ----------
    system
        `"simple"` or `"enhanced"`.
    agent_id
        The agent, if agents have their own settings.

    Returns
    -------
    dict
        `system`, `model`, `temperature`, `max_tokens`, `timeout`, `max_retries`, `retry_delay`, and the
        dictionaries `memory` (`enabled`, `max_messages`, `ttl`) and `tools` (`enabled`, `names`, `timeout`,
        `max_calls`). Times are seconds.

    Raises
    ------
    ValidationError
        The system does not exist, or a setting is invalid.

    Examples
    --------
    >>> config = get_agent_config_for_system("enhanced")
    >>> config["model"], config["temperature"], config["memory"]["max_messages"]
    ('gpt-4o', 0.7, 50)
    """
    return get_agent_config(agent_id, system=system).model_dump()
