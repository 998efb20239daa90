"""Secrets by reference: how long they are cached, and how a refused one is refreshed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto import mock_aws

from ai_voice_shared.errors import AuthenticationError, ConfigurationError
from ai_voice_shared.settings import StripeSettings, get_secret, refresh_secrets, secrets, with_secret_refresh

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.unit


@pytest.fixture
def ssm(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Store Stripe's key in SSM, with a reference to it in the environment."""
    monkeypatch.setenv("STRIPE_SECRET_KEY", "ssm:/stripe/key")
    monkeypatch.setenv("STRIPE_PUBLISHABLE_KEY", "pk")
    monkeypatch.setenv("STRIPE_WEBHOOK_SECRET", "whsec")
    with mock_aws():
        client = boto3.client("ssm", region_name="us-east-1")
        client.put_parameter(Name="/stripe/key", Value="old", Type="SecureString")
        yield client


def rotate(ssm: Any) -> None:
    """Replace the stored key by a new one."""
    ssm.put_parameter(Name="/stripe/key", Value="new", Type="SecureString", Overwrite=True)


def pay(settings: StripeSettings) -> str:
    """Act as a call to Stripe that accepts only the new key."""
    key = settings.secret_key.get_secret_value()
    if key != "new":
        raise AuthenticationError
    return key


def test_a_secret_is_cached_until_it_expires(ssm: Any) -> None:
    """A secret comes from the cache until it expires, except for a forced fetch."""
    assert get_secret("ssm:/stripe/key") == "old"
    rotate(ssm)
    assert get_secret("ssm:/stripe/key") == "old"
    assert get_secret("ssm:/stripe/key", force_fetch=True) == "new"


@mock_aws
def test_one_value_of_a_json_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    """A reference with `#key` returns one value of a JSON secret: text unchanged, any other as JSON."""
    boto3.client("secretsmanager", region_name="us-east-1").create_secret(
        Name="voice", SecretString=json.dumps({"key": "hunter2", "port": 5432})
    )
    assert get_secret("secretsmanager:voice#key") == "hunter2"
    assert get_secret("secretsmanager:voice#port") == "5432"
    with pytest.raises(ConfigurationError, match="'other'") as caught:
        get_secret("secretsmanager:voice#other")
    assert "hunter2" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_refused_secret_is_refreshed_once(ssm: Any) -> None:
    """After a rotation the call succeeds with the new key, and the settings that were passed are unchanged."""
    settings = StripeSettings()
    rotate(ssm)
    assert with_secret_refresh(pay, settings) == "new"
    assert settings.secret_key.get_secret_value() == "old"
    assert StripeSettings().secret_key.get_secret_value() == "new"


def test_an_unchanged_secret_is_not_tried_again(ssm: Any) -> None:
    """A refused key that the store still contains is not tried twice."""
    calls: list[str] = []

    def call(settings: StripeSettings) -> str:
        calls.append(settings.secret_key.get_secret_value())
        return pay(settings)

    with pytest.raises(AuthenticationError):
        with_secret_refresh(call, StripeSettings())
    assert calls == ["old"]


def test_other_errors_fetch_nothing(ssm: Any) -> None:
    """Only a refusal refreshes the secret; a predicate can define which errors are refusals."""
    settings = StripeSettings()
    rotate(ssm)

    def broken(settings: StripeSettings) -> str:
        raise ValueError(settings.secret_key.get_secret_value())

    with pytest.raises(ValueError, match="old"):
        with_secret_refresh(broken, settings)
    assert get_secret("ssm:/stripe/key") == "old"
    with pytest.raises(ValueError, match="new"):
        with_secret_refresh(broken, settings, refused=lambda error: isinstance(error, ValueError))


def test_forced_refreshes_are_limited(ssm: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong secret under load causes one request in ten seconds, not one for each call."""
    settings = StripeSettings()
    refresh_secrets(settings)
    rotate(ssm)
    assert refresh_secrets(settings).secret_key.get_secret_value() == "old"
    monkeypatch.setattr(secrets, "REFRESH_INTERVAL", 0.0)
    assert refresh_secrets(settings).secret_key.get_secret_value() == "new"


def test_settings_without_references_are_not_refreshed() -> None:
    """Settings without secrets by reference are returned unchanged."""
    settings = StripeSettings(secret_key="sk", publishable_key="pk", webhook_secret="whsec")
    assert refresh_secrets(settings) is settings


def test_a_refresh_preserves_keyword_arguments(ssm: Any) -> None:
    """A refresh passes the keyword arguments again, and reads only the other settings."""
    settings = StripeSettings(publishable_key="passed")
    rotate(ssm)
    fresh = refresh_secrets(settings)
    assert (fresh.secret_key.get_secret_value(), fresh.publishable_key) == ("new", "passed")


def test_an_unknown_place_is_named() -> None:
    """The error for a reference with an unknown scheme names it."""
    with pytest.raises(ConfigurationError, match="'vault' is not a valid place"):
        get_secret("vault:key")
