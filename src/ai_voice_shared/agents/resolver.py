"""What holds for an agent: the flag for the system; for each setting the database, the environment, the default."""

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
    """Puts an agent's configuration together.

    Parameters
    ----------
    sources
        Where settings come from, first choice first; by default the table of `AGENT_SETTINGS_TABLE`, where one is
        set, and the environment. In each, what is set for the agent comes before what is set for all.
    flag_store
        Powertools' store of the feature flag; by default AppConfig, where `AGENT_FLAG_APPLICATION` is set; None for
        no flag.
    settings
        By default from the environment.

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
        """Say which system runs, for an agent or at all.

        Raises
        ------
        ValidationError
            A source names a system that there is not.
        ServiceUnavailableError
            The database is away and nothing is known of before.
        """
        flagged = self._flagged(agent_id, context or {})
        if flagged is not None:
            return flagged
        settings, origins = self._merged(agent_id)
        system = settings.get("system", "simple")
        # Made only to be checked: an unknown system is refused here as anywhere.
        return AgentConfig.from_settings(str(system), {}, origins).system

    def config(
        self, agent_id: str | None = None, system: str | None = None, context: Mapping[str, Any] | None = None
    ) -> AgentConfig:
        """Give the configuration of an agent, of the given system or of the one that runs; raises as `system`."""
        if system is None:
            system = self.system(agent_id, context)
        settings, origins = self._merged(agent_id)
        return AgentConfig.from_settings(system, settings, origins)

    def _merged(self, agent_id: str | None) -> tuple[dict[str, Any], dict[str, str]]:
        settings: dict[str, Any] = {}
        origins: dict[str, str] = {}
        for source in self._all_sources():
            for one in (None,) if agent_id is None else (agent_id, None):
                for name, value in source.read(one).items():
                    if value is not None and name not in settings:
                        settings[name], origins[name] = value, source.name
        return settings, origins

    def _all_sources(self) -> Sequence[AgentSettingsSource]:
        with self._lock:
            if self._sources is None:
                from ai_voice_shared.agents.sources import CachedSource, DynamoDBSource, EnvironmentSource

                settings = self._own_settings()
                self._sources = [EnvironmentSource(settings)]
                if settings.settings_table is not None:
                    self._sources.insert(0, CachedSource(DynamoDBSource(settings.settings_table)))
            return self._sources

    def _flagged(self, agent_id: str | None, context: Mapping[str, Any]) -> str | None:
        with self._lock:
            if self._flag_store is _UNSET:
                from ai_voice_shared.agents.flags import appconfig_store

                self._flag_store = appconfig_store(self._own_settings())
            if self._flag_store is None:
                return None
            if self._flags is None:
                from aws_lambda_powertools.utilities.feature_flags import FeatureFlags

                self._flags = FeatureFlags(store=self._flag_store)
        from ai_voice_shared.agents.flags import flagged_system

        facts = dict(context) if agent_id is None else {**context, "agent_id": agent_id}
        return flagged_system(self._flags, facts)

    def _own_settings(self) -> AgentSettings:
        from ai_voice_shared.settings.config import get_config

        return self._settings or get_config().agent


_resolver: AgentConfigResolver | None = None


def _get_resolver() -> AgentConfigResolver:
    global _resolver  # noqa: PLW0603 - one per process, with its cache
    if _resolver is None:
        _resolver = AgentConfigResolver()
    return _resolver


def set_agent_resolver(resolver: AgentConfigResolver | None) -> AgentConfigResolver | None:
    """Make `resolver` the one of this process, as for a database of another kind; gives back the one before.

    None lets the next call make the default one.
    """
    global _resolver
    before, _resolver = _resolver, resolver
    return before


def get_agent_system(agent_id: str | None = None, *, context: Mapping[str, Any] | None = None) -> str:
    """Say which agent system runs: `"simple"` or `"enhanced"`.

    The feature flag decides, where there is one; else the database, the environment (`AGENT_SYSTEM`), the default.

    Parameters
    ----------
    agent_id
        The agent, where single agents have settings.
    context
        Facts for the flag's rules (`{"company_id": ...}`).

    Raises
    ------
    ValidationError
        The database names a system that there is not.
    InvalidSettingError
        The environment does.
    ServiceUnavailableError
        The database is away, and nothing is known from before.

    Examples
    --------
    >>> get_agent_system()
    'simple'
    """
    return _get_resolver().system(agent_id, context)


def should_use_enhanced_agent(agent_id: str | None = None, *, context: Mapping[str, Any] | None = None) -> bool:
    """Say whether the enhanced system runs; see `get_agent_system`.

    Examples
    --------
    >>> should_use_enhanced_agent()
    False
    """
    return get_agent_system(agent_id, context=context) == "enhanced"


def get_agent_config(
    agent_id: str | None = None, *, system: str | None = None, context: Mapping[str, Any] | None = None
) -> AgentConfig:
    """Give an agent's configuration, typed; of the system that runs, unless another is asked for.

    Raises
    ------
    ValidationError, InvalidSettingError, ServiceUnavailableError
        As `get_agent_system`, and for each other setting that cannot be used.

    Examples
    --------
    >>> get_agent_config().tools.enabled
    False
    """
    return _get_resolver().config(agent_id, system, context)


def get_agent_config_for_system(system: str, agent_id: str | None = None) -> dict[str, Any]:
    """Give the configuration of a system as a dictionary.

    Parameters
    ----------
    system
        `"simple"` or `"enhanced"`.
    agent_id
        The agent, where single agents have settings.

    Returns
    -------
    dict
        `system`, `model`, `temperature`, `max_tokens`, `timeout`, `max_retries`, `retry_delay`, and the
        dictionaries `memory` (`enabled`, `max_messages`, `ttl`) and `tools` (`enabled`, `names`, `timeout`,
        `max_calls`). Times are seconds.

    Raises
    ------
    ValidationError
        There is no such system, or a setting cannot be used.

    Examples
    --------
    >>> config = get_agent_config_for_system("enhanced")
    >>> config["model"], config["temperature"], config["memory"]["max_messages"]
    ('gpt-4o', 0.7, 50)
    """
    return get_agent_config(agent_id, system=system).model_dump()
