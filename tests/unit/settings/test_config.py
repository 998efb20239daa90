"""All settings of a service in one object, and the functions that return them as plain values."""

from __future__ import annotations

import logging
from typing import Any

import boto3
import pytest
from moto import mock_aws

import ai_voice_shared.settings as package
from ai_voice_shared.errors import InvalidSettingError, MissingSettingError
from ai_voice_shared.settings import (
    StripeSettings,
    get_api_config,
    get_config,
    get_database_url,
    get_gcp_config,
    get_openai_config,
    get_redis_url,
    get_sendgrid_config,
    get_stripe_config,
    refresh_secrets,
    secrets,
)
from ai_voice_shared.settings.base import Settings
from ai_voice_shared.settings.config import SECTIONS

pytestmark = pytest.mark.unit


def test_a_section_is_read_on_first_use(monkeypatch: pytest.MonkeyPatch) -> None:
    """Creating the config reads nothing; a section is read once and cached."""
    config = get_config("my-service")
    monkeypatch.setenv("DATABASE_URL", "postgresql://first/")
    assert config.database.connection_string == "postgresql://first/"
    monkeypatch.setenv("DATABASE_URL", "postgresql://second/")
    assert config.database.connection_string == "postgresql://first/"
    assert get_config("my-service") is config


def test_a_service_s_own_variable_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """`MY_SERVICE_DATABASE_URL` takes precedence for my-service, and is not read by others."""
    monkeypatch.setenv("DATABASE_URL", "postgresql://all/")
    monkeypatch.setenv("MY_SERVICE_DATABASE_URL", "postgresql://mine/")
    assert get_database_url("my-service") == "postgresql://mine/"
    assert get_database_url("other-service") == "postgresql://all/"
    assert get_database_url() == "postgresql://all/"


def test_a_missing_setting_of_a_service_names_both_variables() -> None:
    """The error for a missing setting names the service's variable and the general one."""
    with pytest.raises(MissingSettingError, match="MY_SERVICE_DATABASE_URL or DATABASE_URL"):
        _ = get_config("my-service").database


def test_an_invalid_setting_of_a_service_names_the_variable_that_was_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error for an invalid setting names the variable that was used, and not the valid one."""
    monkeypatch.setenv("API_PORT", "80")
    monkeypatch.setenv("MY_SERVICE_API_PORT", "eighty")
    with pytest.raises(InvalidSettingError, match=r"from MY_SERVICE_API_PORT, is not usable"):
        _ = get_config("my-service").api


def test_every_section_is_a_settings_class_of_the_package() -> None:
    """The class of every section exists and is a settings class."""
    for section, name in SECTIONS.items():
        assert issubclass(getattr(package, name), Settings), section


def test_an_unknown_section_is_an_attribute_error() -> None:
    """An unknown section is an AttributeError that lists the sections."""
    with pytest.raises(AttributeError, match=r"no section 'databse'.*database"):
        _ = get_config().databse


def test_stripe_s_key_is_plain_text(monkeypatch: pytest.MonkeyPatch) -> None:
    """The dictionary contains the secret as plain text, and its repr hides it."""
    monkeypatch.setenv("STRIPE_SECRET_KEY", "sk_test_1")
    monkeypatch.setenv("STRIPE_WEBHOOK_SECRET", "whsec_1")
    stripe_config = get_stripe_config()
    assert stripe_config["secret_key"] == "sk_test_1"
    assert type(stripe_config["webhook_secret"]) is str
    assert stripe_config["publishable_key"] is None
    assert "sk_test_1" not in f"{stripe_config} {stripe_config!r}"


def test_the_other_plain_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each function returns the settings of its concern, with sequences as lists."""
    for variable, text in {
        "REDIS_URL": "redis://h",
        "REDIS_DB": "1",
        "SENDGRID_API_KEY": "SG.1",
        "SENDGRID_FROM_EMAIL": "a@b.example",
        "GCP_PROJECT_ID": "voice",
        "OPENAI_API_KEY": "sk-1",
        "API_CORS_ORIGINS": "https://one.example,https://two.example",
    }.items():
        monkeypatch.setenv(variable, text)
    assert get_redis_url() == "redis://h/1"
    assert get_sendgrid_config()["from_email"] == "a@b.example"
    assert get_gcp_config()["project_id"] == "voice"
    assert get_openai_config()["api_key"] == "sk-1"
    assert get_api_config()["cors_origins"] == ["https://one.example", "https://two.example"]


def test_a_missing_optional_setting_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    """The absence of an optional setting is logged once, with its consequence."""
    library = logging.getLogger("ai_voice_shared")
    library.addHandler(caplog.handler)
    try:
        for _ in range(2):
            StripeSettings(secret_key="sk", publishable_key="pk")
    finally:
        library.removeHandler(caplog.handler)
    messages = {record.getMessage() for record in caplog.records}
    assert messages == {"StripeSettings.webhook_secret is not set (STRIPE_WEBHOOK_SECRET): webhooks cannot be verified"}


@mock_aws
def test_a_section_with_a_secret_by_reference_is_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a forced refresh, or a cleared cache, the section has the new secret; other sections stay cached."""
    ssm: Any = boto3.client("ssm", region_name="us-east-1")
    ssm.put_parameter(Name="/key", Value="one", Type="SecureString")
    monkeypatch.setenv("STRIPE_SECRET_KEY", "ssm:/key")
    config = get_config("my-service")
    api, stripe = config.api, config.stripe
    assert config.stripe is stripe
    ssm.put_parameter(Name="/key", Value="two", Type="SecureString", Overwrite=True)
    refresh_secrets(stripe)
    assert config.stripe.secret_key.get_secret_value() == "two"
    ssm.put_parameter(Name="/key", Value="three", Type="SecureString", Overwrite=True)
    secrets.clear_secrets()
    assert config.stripe.secret_key.get_secret_value() == "three"
    assert config.api is api
