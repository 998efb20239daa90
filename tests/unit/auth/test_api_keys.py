"""API keys between services."""

from __future__ import annotations

import hmac
import re
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.config import Config
from moto import mock_aws

from ai_voice_shared.auth import (
    ApiKeyRecord,
    ApiKeyStore,
    DynamoDBApiKeyStore,
    InMemoryApiKeyStore,
    InternalAuthManager,
    generate_api_key,
    hash_api_key,
)
from ai_voice_shared.errors import (
    AuthorizationError,
    ConfigurationError,
    InvalidApiKeyError,
    MissingSettingError,
    NotFoundError,
    ServiceUnavailableError,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.unit


@pytest.fixture
def clock() -> list[float]:
    """Return a clock that a test sets."""
    return [1_000_000.0]


@pytest.fixture
def manager(clock: list[float]) -> InternalAuthManager:
    """Create a manager with a store in memory."""
    return InternalAuthManager(InMemoryApiKeyStore(), clock=lambda: clock[0])


def test_a_key_has_a_format_that_scanners_find() -> None:
    """A key has a prefix, an id and a random 256-bit secret."""
    new = generate_api_key("lookup")
    assert re.fullmatch(r"avk_[0-9a-f]{16}_[A-Za-z0-9_-]{43}", new.key)
    assert new.key != generate_api_key("lookup").key
    with pytest.raises(ValueError, match="prefix"):
        generate_api_key("lookup", prefix="A_B")


def test_only_the_hash_is_stored() -> None:
    """Neither the record nor any repr contains the key."""
    new = generate_api_key("lookup")
    # Not by the last underscore: the secret may have some of its own.
    secret = new.key.partition(f"_{new.record.key_id}_")[2]
    assert len(secret) > 40
    assert new.record.key_hash == hash_api_key(new.key)
    assert secret not in f"{new!r} {new.record!r} {new.record.key_hash}"
    assert new.record.key_hash not in repr(new)


def test_a_valid_key_identifies_its_service(manager: InternalAuthManager) -> None:
    """A valid key yields the service's name, the key's id and its scopes."""
    new = manager.create_key("webhook-handler", scopes=["lookup", "events"])
    identity = manager.authenticate(new.key, scopes=["lookup"])
    assert (identity.service, identity.key_id) == ("webhook-handler", new.record.key_id)
    assert identity.scopes == {"lookup", "events"}


@pytest.mark.parametrize("key", ["", "avk_", "avk_0123456789abcdef_" + "x" * 43, "x" * 10_000, "é", "\ud800"])
def test_an_unknown_or_malformed_key(manager: InternalAuthManager, key: str) -> None:
    """An unknown and a malformed key are refused with the same message, without the key."""
    assert manager.verify(key) is None
    with pytest.raises(InvalidApiKeyError) as caught:
        manager.authenticate(key)
    assert str(caught.value) == "The API key is not valid"


def test_no_other_secret_passes(manager: InternalAuthManager) -> None:
    """A changed, truncated or swapped secret under a valid key id is refused."""
    key, other = manager.create_key("a").key, manager.create_key("b").key
    assert manager.verify(key[:-1] + ("A" if key[-1] != "A" else "B")) is None
    assert manager.verify(key[:-1]) is None
    assert manager.verify(key[:21] + other[21:]) is None
    assert manager.verify(key.upper()) is None


def test_the_comparison_takes_constant_time(manager: InternalAuthManager, monkeypatch: pytest.MonkeyPatch) -> None:
    """Known and unknown keys alike are compared by `hmac.compare_digest` on hashes of equal length."""
    compared: list[tuple[int, int]] = []
    original = hmac.compare_digest

    def compare(first: Any, second: Any) -> bool:
        compared.append((len(first), len(second)))
        return original(first, second)

    monkeypatch.setattr("ai_voice_shared.auth.internal.hmac.compare_digest", compare)
    assert manager.verify(manager.create_key("a").key)
    assert manager.verify("avk_0123456789abcdef_" + "x" * 43) is None
    assert manager.verify("nonsense") is None
    assert compared == [(64, 64)] * 3


def test_a_key_expires(manager: InternalAuthManager, clock: list[float]) -> None:
    """A key is refused from its expiration time on."""
    key = manager.create_key("a", expires_in=60).key
    clock[0] += 59
    assert manager.verify(key)
    clock[0] += 1
    with pytest.raises(InvalidApiKeyError):
        manager.authenticate(key)


def test_a_key_without_the_scope_is_forbidden(manager: InternalAuthManager) -> None:
    """A valid key that lacks a required scope raises an authorization error."""
    key = manager.create_key("a", scopes=["events"]).key
    with pytest.raises(AuthorizationError, match="lacks the scopes: lookup"):
        manager.authenticate(key, scopes=["lookup", "events"])
    assert manager.verify(key, scopes=["lookup"]) is None


def test_rotation_overlaps(manager: InternalAuthManager, clock: list[float]) -> None:
    """After a rotation both keys are valid for the overlap, then the new one alone, with the same scopes."""
    old = manager.create_key("a", scopes=["events"])
    new = manager.rotate(old.record.key_id, overlap=3600)
    assert manager.authenticate(new.key, scopes=["events"]).service == "a"
    clock[0] += 3599
    assert manager.verify(old.key)
    clock[0] += 1
    assert manager.verify(old.key) is None
    assert manager.verify(new.key)


def test_rotation_extends_no_lifetime(manager: InternalAuthManager, clock: list[float]) -> None:
    """Rotation does not extend the old key's lifetime, and gives the new key the same lifetime."""
    old = manager.create_key("a", expires_in=100)
    clock[0] += 90
    new = manager.rotate(old.record.key_id, overlap=3600)
    clock[0] += 10
    assert manager.verify(old.key) is None
    assert new.record.expires_at == clock[0] + 90


def test_a_missing_key_cannot_be_rotated(manager: InternalAuthManager) -> None:
    """Rotating a missing key raises an error with its id."""
    with pytest.raises(NotFoundError, match="0123456789abcdef"):
        manager.rotate("0123456789abcdef")


def test_a_revoked_key_is_refused(manager: InternalAuthManager) -> None:
    """A revoked key is refused, and revoking it again is not an error."""
    new = manager.create_key("a")
    manager.revoke(new.record.key_id)
    manager.revoke(new.record.key_id)
    assert manager.verify(new.key) is None


def test_a_refusal_is_logged_without_the_key(manager: InternalAuthManager, caplog: pytest.LogCaptureFixture) -> None:
    """A refusal is logged with the key's id and without the key."""
    key = manager.create_key("a").key[:-1] + "."
    manager.verify(manager.create_key("b").key[:-2] + "xx")
    manager.verify(key)
    assert [vars(record)["key_id"] is None for record in caplog.records] == [False, True]
    assert key not in f"{[vars(record) for record in caplog.records]}"


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Create a table in memory."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    with mock_aws():
        client = boto3.client("dynamodb")
        client.create_table(
            TableName="voice",
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
            BillingMode="PAY_PER_REQUEST",
        )
        yield client


def test_records_round_trip_through_the_table(table: Any) -> None:
    """A record read from the table equals the stored one, with and without an expiration time."""
    store = DynamoDBApiKeyStore("voice", region="eu-central-1", cache_ttl=0)
    assert isinstance(store, ApiKeyStore)
    records = [
        ApiKeyRecord("a" * 16, "one", "h" * 64, 1.5, 2_000_000_000.25, ("x", "y")),
        ApiKeyRecord("b" * 16, "two", "i" * 64, 1.0),
    ]
    for record in records:
        store.put(record)
        assert store.get(record.key_id) == record
    store.delete("a" * 16)
    assert store.get("a" * 16) is None
    assert len(table.scan(TableName="voice")["Items"]) == 1


def test_the_table_never_sees_a_key(table: Any) -> None:
    """The table contains no part of a key's secret."""
    manager = InternalAuthManager(DynamoDBApiKeyStore("voice", region="eu-central-1"))
    new = manager.create_key("a")
    assert manager.verify(new.key)
    assert new.key[21:] not in str(table.scan(TableName="voice")["Items"])


def test_a_record_is_cached(table: Any) -> None:
    """A record is read from the table once within the cache's lifetime, and the manager's own changes apply at once."""
    store = DynamoDBApiKeyStore("voice", region="eu-central-1", cache_ttl=1000)
    manager = InternalAuthManager(store)
    new = manager.create_key("a")
    assert manager.verify(new.key)
    table.delete_item(TableName="voice", Key={"pk": {"S": f"api-key#{new.record.key_id}"}, "sk": {"S": "api-key"}})
    assert manager.verify(new.key)
    manager.revoke(new.record.key_id)
    assert manager.verify(new.key) is None


def test_the_default_store_is_that_of_the_environment(table: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment variable configures the default store; without it the error names the variable."""
    monkeypatch.delenv("API_KEYS_TABLE", raising=False)
    with pytest.raises(MissingSettingError, match="API_KEYS_TABLE"):
        InternalAuthManager().create_key("a")
    monkeypatch.setenv("API_KEYS_TABLE", "voice")
    manager = InternalAuthManager()
    assert manager.verify(manager.create_key("a").key)


def test_an_outage_is_not_an_invalid_key(table: Any) -> None:
    """An unreachable or missing table raises an error of its own, not an invalid-key error."""
    client = boto3.client(
        "dynamodb", endpoint_url="http://127.0.0.1:1", config=Config(retries={"total_max_attempts": 1})
    )
    key = generate_api_key("a").key
    with pytest.raises(ServiceUnavailableError):
        InternalAuthManager(DynamoDBApiKeyStore("voice", client=client)).verify(key)
    with pytest.raises(ConfigurationError, match="ResourceNotFound"):
        InternalAuthManager(DynamoDBApiKeyStore("nowhere", region="eu-central-1")).verify(key)
