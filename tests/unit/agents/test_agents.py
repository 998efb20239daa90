"""The resolution of agent system and settings from flag, database, environment and defaults."""

from __future__ import annotations

import json
import logging
import os
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from aws_lambda_powertools.utilities.feature_flags.base import StoreProvider
from aws_lambda_powertools.utilities.feature_flags.exceptions import ConfigurationStoreError
from moto import mock_aws

from ai_voice_shared.agents import (
    AgentConfig,
    AgentConfigResolver,
    CachedSource,
    DynamoDBSource,
    EnvironmentSource,
    get_agent_config,
    get_agent_config_for_system,
    get_agent_system,
    set_agent_resolver,
    should_use_enhanced_agent,
)
from ai_voice_shared.errors import ConfigurationError, InvalidSettingError, ServiceUnavailableError, ValidationError
from ai_voice_shared.settings import AgentSettings, reset_config

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ai_voice_shared.agents import AgentSettingsSource

pytestmark = pytest.mark.unit

TABLE = "voice"


@pytest.fixture(autouse=True)
def _clear_settings(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for variable in [name for name in os.environ if name.startswith("AGENT_")]:
        monkeypatch.delenv(variable)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    reset_config()
    previous = set_agent_resolver(None)
    yield
    set_agent_resolver(previous)
    reset_config()


class InMemorySource:
    """A source in memory, which can be made unavailable."""

    name = "database"

    def __init__(self, items: dict[str | None, dict[str, Any]] | None = None) -> None:
        self.items = items or {}
        self.reads: list[str | None] = []
        self.unavailable = False

    def read(self, agent_id: str | None) -> Mapping[str, Any]:
        """Return the stored settings."""
        self.reads.append(agent_id)
        if self.unavailable:
            raise ServiceUnavailableError
        return self.items.get(agent_id, {})


class InMemoryFlags(StoreProvider):
    """A store of feature flags in memory, which can be made unavailable."""

    def __init__(self, flag: Any) -> None:
        self.flag = flag
        self.unavailable = False

    @property
    def get_raw_configuration(self) -> dict[str, Any]:
        """Return all flags."""
        if self.unavailable:
            raise ConfigurationStoreError
        flags: dict[str, Any] = {"another_flag": {"default": True}}
        return flags if self.flag is None else {**flags, "agent_system": self.flag}

    def get_configuration(self) -> dict[str, Any]:
        """Return all flags."""
        return self.get_raw_configuration


def create_flag(system: str, *agents: str) -> dict[str, Any]:
    """Create a flag that selects a system by name, for some agents or for all."""
    flag: dict[str, Any] = {"default": "simple" if agents else system, "boolean_type": False}
    if agents:
        condition = {"action": "KEY_IN_VALUE", "key": "agent_id", "value": list(agents)}
        flag["rules"] = {"trial": {"when_match": system, "conditions": [condition]}}
    return flag


def create_resolver(*sources: AgentSettingsSource, flag: Any = None) -> AgentConfigResolver:
    """Create a resolver on sources in memory."""
    return AgentConfigResolver(sources, flag_store=InMemoryFlags(flag))


def test_the_documented_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    """The documented calls return the system and its configuration."""
    assert get_agent_system() == "simple"
    assert should_use_enhanced_agent() is False
    config = get_agent_config_for_system("enhanced")
    assert (config["model"], config["temperature"]) == ("gpt-4o", 0.7)
    set_agent_resolver(None)
    reset_config()
    monkeypatch.setenv("AGENT_SYSTEM", "enhanced")
    monkeypatch.setenv("AGENT_TOOLS", "search,calendar")
    assert get_agent_system() == "enhanced"
    assert should_use_enhanced_agent() is True
    assert get_agent_config_for_system(get_agent_system())["tools"]["names"] == ("search", "calendar")


def test_the_database_precedes_the_environment_and_the_default() -> None:
    """Each setting is resolved by itself, and an agent's own settings precede those for all agents."""
    database = InMemorySource(
        {"agent-7": {"model": "own"}, None: {"model": "all", "temperature": 0.1, "task_timeout": None}}
    )
    environment = EnvironmentSource(AgentSettings(temperature=0.9, task_timeout=5, max_retries=1))
    sources = create_resolver(database, environment)
    config = sources.config("agent-7")
    assert (config.model, config.temperature, config.timeout, config.max_retries) == ("own", 0.1, 5.0, 1)
    assert config.retry_delay == 1.0
    assert sources.config("agent-8").model == sources.config().model == "all"


def test_the_database_selects_the_system() -> None:
    """The database selects the system of one agent or of all."""
    sources = create_resolver(InMemorySource({"agent-7": {"system": "enhanced"}}))
    assert (sources.system("agent-7"), sources.system("agent-8"), sources.system()) == ("enhanced", "simple", "simple")
    assert sources.config("agent-7").memory.enabled is True


@pytest.mark.parametrize(
    ("flag", "expected"),
    [
        ({"default": True}, "enhanced"),
        ({"default": False}, "simple"),
        (create_flag("enhanced"), "enhanced"),
        (create_flag("simple"), "simple"),
        (None, "enhanced"),
        (create_flag("turbo"), "enhanced"),
        ({"default": 7, "boolean_type": False}, "enhanced"),
    ],
)
def test_the_flag_precedes_the_database(flag: Any, expected: str) -> None:
    """The flag selects the system as a boolean or by name; a missing or invalid flag is ignored."""
    assert create_resolver(InMemorySource({None: {"system": "enhanced"}}), flag=flag).system() == expected


def test_a_flag_switches_some_agents_without_a_deploy() -> None:
    """The flag's rules see the agent and the caller's context, and a changed flag applies to the next call."""
    store = InMemoryFlags(create_flag("enhanced", "agent-7"))
    sources = AgentConfigResolver([], flag_store=store)
    assert (sources.system("agent-7"), sources.system("agent-8"), sources.system()) == ("enhanced", "simple", "simple")
    assert sources.system(context={"agent_id": "agent-7"}) == "enhanced"
    store.flag = create_flag("simple")
    assert sources.system("agent-7") == "simple"


@pytest.mark.parametrize("broken", [{"no default": 1}, "text"])
def test_an_unreadable_flag_is_ignored(broken: Any) -> None:
    """An invalid flag and an outage of the flag store leave the decision to the settings."""
    store = InMemoryFlags(broken)
    sources = AgentConfigResolver([InMemorySource({None: {"system": "enhanced"}})], flag_store=store)
    assert sources.system() == "enhanced"
    store.unavailable = True
    assert sources.system() == "enhanced"


@pytest.mark.parametrize(
    ("setting", "value", "name"),
    [
        ("temperature", 3, "temperature"),
        ("model", "", "model"),
        ("task_timeout", -1, "task_timeout"),
        ("max_tool_calls", "hunter2", "max_tool_calls"),
        ("memory_ttl", -5, "memory_ttl"),
        ("tools", [1], "tools"),
    ],
)
def test_an_invalid_setting_is_named_with_its_source(setting: str, value: Any, name: str) -> None:
    """An invalid setting raises an error with its name and source, and without its value."""
    with pytest.raises(ValidationError, match=f"{name}, from the database") as caught:
        create_resolver(InMemorySource({None: {setting: value}})).config()
    assert caught.value.details[0]["setting"] == name
    assert "hunter2" not in f"{caught.value} {caught.value.details}"


def test_an_unknown_system_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """An unknown system is refused from every source."""
    with pytest.raises(ValidationError, match="turbo"):
        get_agent_config_for_system("turbo")
    with pytest.raises(ValidationError, match="turbo"):
        create_resolver(InMemorySource({None: {"system": "turbo"}})).system()
    reset_config()
    monkeypatch.setenv("AGENT_SYSTEM", "turbo")
    with pytest.raises(InvalidSettingError, match="AGENT_SYSTEM"):
        AgentConfigResolver().system()


def test_unknown_settings_are_ignored() -> None:
    """Unrelated attributes of a table's item are ignored."""
    config = AgentConfig.from_settings("simple", {"updated_at": "2026", "company_id": "c", "max_tokens": 5})
    assert config.max_tokens == 5


@pytest.mark.parametrize("system", ["simple", "enhanced"])
def test_the_defaults_are_valid(system: str) -> None:
    """The defaults of each system are valid and round-trip through JSON."""
    config = get_agent_config(system=system)
    assert AgentConfig.model_validate_json(config.model_dump_json()) == config


def test_settings_are_cached_and_served_during_an_outage(caplog: pytest.LogCaptureFixture) -> None:
    """Cached settings are served within their TTL, and past it while the source is unavailable and rarely retried."""
    now = [0.0]
    database = InMemorySource({None: {"model": "one"}})
    source = CachedSource(database, ttl=60, clock=lambda: now[0])
    assert [source.read(None), source.read(None)] == [{"model": "one"}] * 2
    assert database.reads == [None]
    database.unavailable, now[0] = True, 61.0
    with caplog.at_level(logging.WARNING, "ai_voice_shared.agents.sources"):
        assert [source.read(None), source.read(None)] == [{"model": "one"}] * 2
    assert database.reads == [None, None]
    database.unavailable, database.items, now[0] = False, {None: {"model": "two"}}, 67.0
    assert source.read(None) == {"model": "two"}


def test_an_outage_with_an_empty_cache_is_an_error() -> None:
    """An outage with an empty cache raises an error, as defaults might enable tools that were disabled."""
    database = InMemorySource()
    database.unavailable = True
    with pytest.raises(ServiceUnavailableError):
        create_resolver(CachedSource(database), EnvironmentSource(AgentSettings())).config("agent-7")


@pytest.fixture
def table() -> Iterator[Any]:
    """Create a DynamoDB table."""
    with mock_aws():
        client = boto3.client("dynamodb", region_name="us-east-1")
        client.create_table(
            TableName=TABLE,
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
            AttributeDefinitions=[
                {"AttributeName": "pk", "AttributeType": "S"},
                {"AttributeName": "sk", "AttributeType": "S"},
            ],
            BillingMode="PAY_PER_REQUEST",
        )
        yield client


def test_settings_in_a_table(table: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """`AGENT_SETTINGS_TABLE` alone configures the table, whose numbers and lists keep their types."""
    table.put_item(
        TableName=TABLE,
        Item={
            "pk": {"S": "AGENT#agent-7"},
            "sk": {"S": "SETTINGS"},
            "system": {"S": "enhanced"},
            "temperature": {"N": "0.25"},
            "max_retries": {"N": "5"},
            "tools": {"L": [{"S": "search"}]},
            "tools_enabled": {"BOOL": False},
            "updated_at": {"S": "2026-01-01"},
        },
    )
    table.put_item(
        TableName=TABLE, Item={"pk": {"S": "AGENT#*"}, "sk": {"S": "SETTINGS"}, "model": {"S": "shared-model"}}
    )
    monkeypatch.setenv("AGENT_SETTINGS_TABLE", TABLE)
    config = AgentConfigResolver().config("agent-7")
    assert (config.system, config.model, config.temperature, config.max_retries) == (
        "enhanced",
        "shared-model",
        0.25,
        5,
    )
    assert (config.tools.names, config.tools.enabled) == (("search",), False)
    assert get_agent_system("agent-8") == "simple"


def test_a_missing_table_is_named(table: Any) -> None:
    """A missing table raises a configuration error with its name and the cause chained."""
    with pytest.raises(ConfigurationError, match="no-such-table") as caught:
        DynamoDBSource("no-such-table", client=table).read("agent-7")
    assert "ResourceNotFoundException" in repr(caught.value.__cause__)


class AppConfig(BaseHTTPRequestHandler):
    """AppConfig's data plane: a session, and the configuration."""

    flags: dict[str, Any]
    served: int

    def do_POST(self) -> None:
        """Start a session."""
        self.rfile.read(int(self.headers["Content-Length"]))
        self._respond(201, {"InitialConfigurationToken": "token"})

    def do_GET(self) -> None:
        """Return the configuration."""
        type(self).served += 1
        self._respond(200, self.flags, {"Next-Poll-Configuration-Token": "next", "Next-Poll-Interval-In-Seconds": "15"})

    def _respond(self, status: int, body: Any, headers: Mapping[str, str] | None = None) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """Suppress the access log."""


def test_the_flag_may_be_in_appconfig(monkeypatch: pytest.MonkeyPatch) -> None:
    """`AGENT_FLAG_APPLICATION` alone configures the flag's store, which caches the flags."""

    class Server(AppConfig):
        flags = {"agent_system": create_flag("enhanced")}  # noqa: RUF012 - the handler's state is its class's
        served = 0

    with HTTPServer(("127.0.0.1", 0), Server) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        monkeypatch.setenv("AWS_ENDPOINT_URL_APPCONFIGDATA", f"http://127.0.0.1:{server.server_port}")
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
        monkeypatch.setenv("AGENT_FLAG_APPLICATION", "voice")
        try:
            assert [get_agent_system(), get_agent_system("agent-7")] == ["enhanced"] * 2
        finally:
            server.shutdown()
            thread.join()
    assert Server.served == 1
