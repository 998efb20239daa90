"""Where an agent's settings come from: a database, the environment, or whatever follows the protocol."""

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
_PAUSE = 5.0


class AgentSettingsSource(Protocol):
    """Something that knows settings of agents."""

    @property
    def name(self) -> str:
        """What it is called in errors (`"database"`)."""

    def read(self, agent_id: str | None) -> Mapping[str, Any]:
        """Give what is set for an agent, by the names of `AgentSettings`; for None, what is set for all.

        Empty where nothing is set. An outage is an error, not an empty answer: an agent whose tools somebody has
        turned off must not get them back because the database is away.
        """


class EnvironmentSource:
    """What the environment says, for all agents: `AGENT_MODEL` and the rest of `AgentSettings`.

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
        """Give what is set; what has its default only is left out."""
        if agent_id is not None:
            return {}
        from ai_voice_shared.settings.config import get_config

        settings = self._settings or get_config().agent
        return {name: getattr(settings, name) for name in settings.model_fields_set}


class DynamoDBSource:
    """Settings in a DynamoDB table: one item for each agent, and one for all.

    The items have the keys `pk` = `AGENT#<id>` (`AGENT#*` for all) and `sk` = `SETTINGS`; the other attributes are
    settings by the names of `AgentSettings`, and what else the table keeps there.

    Parameters
    ----------
    table
        The table.
    client
        A boto3 DynamoDB client; by default the process's own.
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
            There is no such table, or the function's role may not read it.
        """
        from boto3.dynamodb.types import TypeDeserializer

        from ai_voice_shared.aws import dynamodb_client, map_errors

        if self._client is None:
            self._client = dynamodb_client()
        key = {"pk": {"S": f"AGENT#{'*' if agent_id is None else agent_id}"}, "sk": {"S": "SETTINGS"}}
        action = f"reading the settings of agents from the table {self._table}"
        with map_errors(service="dynamodb", action=action, table=self._table):
            response = self._client.get_item(TableName=self._table, Key=key)
        value_of = TypeDeserializer().deserialize
        item = {name: _number(value_of(value)) for name, value in response.get("Item", {}).items()}
        return {name: value for name, value in item.items() if name not in ("pk", "sk")}


class CachedSource:
    """Keeps what another source said, and serves it past its time while that source is away.

    Parameters
    ----------
    source
        The source.
    ttl
        Seconds that an answer is kept.
    clock
        Gives seconds; for tests.
    """

    def __init__(
        self, source: AgentSettingsSource, *, ttl: float = 60.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.name = source.name
        self._source = source
        self._ttl = ttl
        self._clock = clock
        self._kept: dict[str | None, tuple[float, Mapping[str, Any]]] = {}
        self._lock = threading.Lock()

    def read(self, agent_id: str | None) -> Mapping[str, Any]:
        """Give what is kept, or ask.

        Raises
        ------
        Exception
            What the source raised, where nothing is kept.
        """
        with self._lock:
            kept = self._kept.get(agent_id)
        now = self._clock()
        if kept is not None and now - kept[0] < self._ttl:
            return kept[1]
        try:
            settings = self._source.read(agent_id)
        except Exception as error:
            if kept is None:
                raise
            _log.warning(
                "agent settings could not be read; the last known ones serve",
                extra={"source": self.name, "error": type(error).__name__},
            )
            # Not asked again at once: each call would wait for its timeout.
            now, settings = now - self._ttl + min(self._ttl, _PAUSE), kept[1]
        with self._lock:
            self._kept.pop(agent_id, None)
            while len(self._kept) >= _MAX_AGENTS:  # the one that was read longest ago
                del self._kept[next(iter(self._kept))]
            self._kept[agent_id] = now, settings
        return settings


def _number(value: Any) -> Any:
    """Turn DynamoDB's decimals into numbers as JSON has them."""
    from decimal import Decimal

    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value
