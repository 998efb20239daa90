"""Secrets by reference: how long they are kept, and how a refused one is fetched anew."""

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
    """Keep Stripe's key in SSM, and let the settings refer to it."""
    monkeypatch.setenv("STRIPE_SECRET_KEY", "ssm:/stripe/key")
    monkeypatch.setenv("STRIPE_PUBLISHABLE_KEY", "pk")
    monkeypatch.setenv("STRIPE_WEBHOOK_SECRET", "whsec")
    with mock_aws():
        client = boto3.client("ssm", region_name="us-east-1")
        client.put_parameter(Name="/stripe/key", Value="old", Type="SecureString")
        yield client


def rotate(ssm: Any) -> None:
    """Put a new key in the place of the old one."""
    ssm.put_parameter(Name="/stripe/key", Value="new", Type="SecureString", Overwrite=True)


def pay(settings: StripeSettings) -> str:
    """Stand for a call to Stripe, which takes only the new key."""
    key = settings.secret_key.get_secret_value()
    if key != "new":
        raise AuthenticationError
    return key


def test_a_secret_is_kept_until_its_time_is_over(ssm: Any) -> None:
    """Within its time the cache answers; with none, the store is asked."""
    assert get_secret("ssm:/stripe/key") == "old"
    rotate(ssm)
    assert get_secret("ssm:/stripe/key") == "old"
    assert get_secret("ssm:/stripe/key", force_fetch=True) == "new"


@mock_aws
def test_one_value_of_a_json_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    """`#key` takes one value out of it; text as it is, anything else as JSON."""
    boto3.client("secretsmanager", region_name="us-east-1").create_secret(
        Name="voice", SecretString=json.dumps({"key": "hunter2", "port": 5432})
    )
    assert get_secret("secretsmanager:voice#key") == "hunter2"
    assert get_secret("secretsmanager:voice#port") == "5432"
    with pytest.raises(ConfigurationError, match="'other'") as caught:
        get_secret("secretsmanager:voice#other")
    assert "hunter2" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_refused_secret_is_fetched_anew_once(ssm: Any) -> None:
    """After a rotation the call succeeds, with the new key, and the settings that were passed stay as they were."""
    settings = StripeSettings()
    rotate(ssm)
    assert with_secret_refresh(pay, settings) == "new"
    assert settings.secret_key.get_secret_value() == "old"
    assert StripeSettings().secret_key.get_secret_value() == "new"


def test_what_is_still_refused_is_raised(ssm: Any) -> None:
    """A key that is wrong in its store as well is not tried twice."""
    calls: list[str] = []

    def call(settings: StripeSettings) -> str:
        calls.append(settings.secret_key.get_secret_value())
        return pay(settings)

    with pytest.raises(AuthenticationError):
        with_secret_refresh(call, StripeSettings())
    assert calls == ["old"]


def test_other_errors_fetch_nothing(ssm: Any) -> None:
    """Only a refusal says something about the secret; what a refusal is can be said."""
    settings = StripeSettings()
    rotate(ssm)

    def broken(settings: StripeSettings) -> str:
        raise ValueError(settings.secret_key.get_secret_value())

    with pytest.raises(ValueError, match="old"):
        with_secret_refresh(broken, settings)
    assert get_secret("ssm:/stripe/key") == "old"
    with pytest.raises(ValueError, match="new"):
        with_secret_refresh(broken, settings, refused=lambda error: isinstance(error, ValueError))


def test_a_secret_is_not_fetched_by_force_again_at_once(ssm: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong secret under load is one request in ten seconds, not one for each call."""
    settings = StripeSettings()
    refresh_secrets(settings)
    rotate(ssm)
    assert refresh_secrets(settings).secret_key.get_secret_value() == "old"
    monkeypatch.setattr(secrets, "REFRESH_INTERVAL", 0.0)
    assert refresh_secrets(settings).secret_key.get_secret_value() == "new"


def test_settings_without_references_are_given_back() -> None:
    """There is nothing to fetch."""
    settings = StripeSettings(secret_key="sk", publishable_key="pk", webhook_secret="whsec")
    assert refresh_secrets(settings) is settings


def test_a_refresh_keeps_what_was_passed(ssm: Any) -> None:
    """Keywords are given again; only what was read is read again."""
    settings = StripeSettings(publishable_key="passed")
    rotate(ssm)
    fresh = refresh_secrets(settings)
    assert (fresh.secret_key.get_secret_value(), fresh.publishable_key) == ("new", "passed")


def test_an_unknown_place_is_named() -> None:
    """A reference that leads nowhere says which places there are."""
    with pytest.raises(ConfigurationError, match="'vault' is no known place"):
        get_secret("vault:key")
