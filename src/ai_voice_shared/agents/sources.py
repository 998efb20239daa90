"""Sources of agents' settings: a database, the environment, or any implementation of the protocol."""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ai_voice_shared.settings.agent import AgentSettings

__all__ = ["AgentSettingsSource", "CachedSource", "DynamoDBSource", "EnvironmentSource"]

_log = logging.getLogger(__name__)
_MAX_AGENTS = 1024
_RETRY_AFTER = 5.0


class AgentSettingsSource(Protocol):
    """A source of agents' settings."""

    @property
    def name(self) -> str:
        """The source's name in errors (`"database"`)."""

    def read(self, agent_id: str | None) -> Mapping[str, Any]:
        """Return the settings of an agent by the names of `AgentSettings`; for None, the settings for all agents.

        The result is empty where nothing is set. An outage raises an error instead: an agent whose tools were disabled
        must not regain them because the database is unavailable.
        """


class EnvironmentSource:
    """A source for all agents, from the environment: `AGENT_MODEL` and the rest of `AgentSettings`.

    Examples
    --------
    >>> from ai_voice_shared.settings.agent import AgentSettings
    >>> EnvironmentSource(AgentSettings(system="enhanced")).read(None)["system"]
    'enhanced'
    """

    name = "environment"

    def __init__(self, settings: AgentSettings | None = None) -> None:
        self._settings = settings

    def read(self, agent_id: str | None) -> Mapping[str, Any]:
        """Return the settings that are set explicitly, without defaults."""
        if agent_id is not None:
            return {}
        from ai_voice_shared.settings.config import get_config

        settings = self._settings or get_config().agent
        return {name: getattr(settings, name) for name in settings.model_fields_set}


class DynamoDBSource:
    """A source in a DynamoDB table, with an item for each agent and one for all.

    The items have the keys `pk` = `AGENT#<id>` (`AGENT#*` for all) and `sk` = `SETTINGS`; the other attributes are
    settings by the names of `AgentSettings`, and may include unrelated ones.

    Parameters
    ----------
    table
        The table.
    client
        A boto3 DynamoDB client; by default a shared client.
    """

    name = "database"

    def __init__(self, table: str, *, client: Any = None) -> None:
        self._table = table
        self._client = client

    def read(self, agent_id: str | None) -> Mapping[str, Any]:
        """Read one item.

        Raises
        ------
        ServiceError
            The table could not be read.
        ConfigurationError
            The table does not exist, or the function's role may not read it.
        """
        from boto3.dynamodb.types import TypeDeserializer

        from ai_voice_shared.aws import dynamodb_client, map_errors

        if self._client is None:
            self._client = dynamodb_client()
        key = {"pk": {"S": f"AGENT#{'*' if agent_id is None else agent_id}"}, "sk": {"S": "SETTINGS"}}
        action = f"reading the settings of agents from the table {self._table}"
        with map_errors(service="dynamodb", action=action, table=self._table):
            response = self._client.get_item(TableName=self._table, Key=key)
        deserialize = TypeDeserializer().deserialize
        item = {name: _convert_decimal(deserialize(value)) for name, value in response.get("Item", {}).items()}
        return {name: value for name, value in item.items() if name not in ("pk", "sk")}


class CachedSource:
    """A cache over another source, which serves stale settings while that source is unavailable.

    Parameters
    ----------
    source
        The source.
    ttl
        Seconds until cached settings are read again.
    clock
        Returns seconds; for tests.
    """

    def __init__(
        self, source: AgentSettingsSource, *, ttl: float = 60.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.name = source.name
        self._source = source
        self._ttl = ttl
        self._clock = clock
        self._cache: dict[str | None, tuple[float, Mapping[str, Any]]] = {}
        self._lock = threading.Lock()

    def read(self, agent_id: str | None) -> Mapping[str, Any]:
        """Return the cached settings, or read them from the source.

        Raises
        ------
        Exception
            The source's exception, where nothing is cached.
        """
        with self._lock:
            cached = self._cache.get(agent_id)
        now = self._clock()
        if cached is not None and now - cached[0] < self._ttl:
            return cached[1]
        try:
            settings = self._source.read(agent_id)
        except Exception as error:
            if cached is None:
                raise
            _log.warning(
                "failed to read agent settings; serving cached ones",
                extra={"source": self.name, "error": type(error).__name__},
            )
            # Not read again at once: during an outage each call would wait for a timeout.
            now, settings = now - self._ttl + min(self._ttl, _RETRY_AFTER), cached[1]
        with self._lock:
            self._cache.pop(agent_id, None)
            while len(self._cache) >= _MAX_AGENTS:  # evict the least recently read one
                del self._cache[next(iter(self._cache))]
            self._cache[agent_id] = now, settings
        return settings


def _convert_decimal(value: Any) -> Any:
    """Return a DynamoDB decimal as an int or a float, and any other value unchanged."""
    from decimal import Decimal

    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value
