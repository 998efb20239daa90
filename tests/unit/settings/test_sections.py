"""The settings class of each concern: its variables, defaults and computed values."""

from __future__ import annotations

import pytest

from ai_voice_shared.errors import InvalidSettingError, MissingSettingError
from ai_voice_shared.settings import (
    AgentSettings,
    ApiSettings,
    DatabaseSettings,
    GCPSettings,
    MetricsSettings,
    OpenAISettings,
    RedisSettings,
    SendGridSettings,
    ServiceSettings,
    Settings,
    StripeSettings,
)
from ai_voice_shared.settings.table import settings_classes

pytestmark = pytest.mark.unit

CASES = {
    DatabaseSettings: {"DATABASE_URL": "postgresql://app@db/voice", "DATABASE_POOL_SIZE": "4", "DATABASE_ECHO": "1"},
    RedisSettings: {"REDIS_URL": "rediss://cache:6379", "REDIS_PASSWORD": "p", "REDIS_DB": "3"},
    OpenAISettings: {"OPENAI_API_KEY": "sk-1", "OPENAI_MODEL": "gpt-4o", "OPENAI_TEMPERATURE": "0.1"},
    StripeSettings: {"STRIPE_SECRET_KEY": "sk", "STRIPE_PUBLISHABLE_KEY": "pk", "STRIPE_WEBHOOK_SECRET": "whsec"},
    SendGridSettings: {"SENDGRID_API_KEY": "SG.1", "SENDGRID_FROM_EMAIL": "a@b.example", "SENDGRID_FROM_NAME": "Us"},
    GCPSettings: {"GCP_PROJECT_ID": "p", "GCP_BUCKET_NAME": "b", "GCP_CREDENTIALS_PATH": "/c.json"},
    ApiSettings: {"API_HOST": "127.0.0.2", "API_PORT": "80", "API_CORS_ORIGINS": "a,b", "API_DEBUG": "true"},
    AgentSettings: {"AGENT_SYSTEM": "enhanced", "AGENT_TASK_TIMEOUT": "9", "AGENT_MEMORY_MAX_MESSAGES": "5"},
    MetricsSettings: {"METRICS_PROVIDER": "datadog", "METRICS_NAMESPACE": "Voice", "METRICS_SERVICE": "parser"},
}


@pytest.mark.parametrize("settings_class", CASES, ids=lambda item: item.__name__)
def test_each_setting_has_its_variable(settings_class: type[Settings], monkeypatch: pytest.MonkeyPatch) -> None:
    """Each variable sets its field to a value other than the default."""
    variables = CASES[settings_class]
    for variable, text in variables.items():
        monkeypatch.setenv(variable, text)
    settings = settings_class()
    read = {name for name in settings_class.model_fields if settings_class.variables(name)[0] in variables}
    assert len(read) == len(variables)
    assert settings.model_fields_set == read
    for name in read:
        default = settings_class.model_fields[name].default
        assert getattr(settings, name) != default, name


@pytest.mark.parametrize(
    ("settings_class", "variable"),
    [
        (DatabaseSettings, "DATABASE_URL"),
        (RedisSettings, "REDIS_URL"),
        (OpenAISettings, "OPENAI_API_KEY"),
        (StripeSettings, "STRIPE_SECRET_KEY"),
        (SendGridSettings, "SENDGRID_API_KEY"),
        (GCPSettings, "GCP_PROJECT_ID or GOOGLE_CLOUD_PROJECT"),
    ],
)
def test_settings_without_a_sensible_default_are_required(settings_class: type[Settings], variable: str) -> None:
    """URLs, keys and projects have no default."""
    with pytest.raises(MissingSettingError, match=variable):
        settings_class()


@pytest.mark.parametrize("settings_class", settings_classes(), ids=lambda item: item.__name__)
def test_every_setting_has_a_description(settings_class: type[Settings]) -> None:
    """Each field has a description for the table, which ends with a period."""
    for name, field in settings_class.model_fields.items():
        assert field.description, f"{settings_class.__name__}.{name}"
        assert field.description.endswith("."), f"{settings_class.__name__}.{name}"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postgres://u:p@h/d", "postgresql://u:p@h/d"),
        ("postgresql+psycopg://u:p@h/d", "postgresql+psycopg://u:p@h/d"),
        ("sqlite://", "sqlite://"),
    ],
)
def test_the_connection_string_suits_sqlalchemy(url: str, expected: str) -> None:
    """The scheme `postgres` becomes `postgresql`, which SQLAlchemy requires; any other URL is unchanged."""
    assert DatabaseSettings(url=url).connection_string == expected


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"url": "redis://h:6379"}, "redis://h:6379"),
        ({"url": "redis://h:6379", "password": "a:b@c/d"}, "redis://:a%3Ab%40c%2Fd@h:6379"),
        ({"url": "rediss://me@h:6379/", "password": "p", "db": 1}, "rediss://me:p@h:6379/1"),
        ({"url": "redis://me:own@h:6379/2", "password": "p", "db": 1}, "redis://me:own@h:6379/2"),
    ],
)
def test_redis_adds_password_and_database_to_its_url(options: dict[str, object], expected: str) -> None:
    """Password and database are quoted and added to the URL, unless it has its own."""
    assert RedisSettings(**options).connection_string == expected


def test_an_invalid_database_number_does_not_reveal_the_url(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error names the variable, and does not contain the URL, which may have a password."""
    monkeypatch.setenv("REDIS_URL", "redis://:hunter2@h")
    monkeypatch.setenv("REDIS_DB", "minus one")
    with pytest.raises(InvalidSettingError, match="REDIS_DB") as caught:
        RedisSettings()
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    ["subject-service=http://localhost:8002, user=https://u.example/", '{"subject-service": "http://localhost:8002"}'],
)
def test_services_are_found_by_name(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """One variable contains all URLs; a service's own variable takes precedence."""
    monkeypatch.setenv("SERVICE_URLS", text)
    settings = ServiceSettings()
    assert settings.url("subject-service") == "http://localhost:8002"
    monkeypatch.setenv("SUBJECT_SERVICE_URL", "https://subject.example/")
    assert settings.url("subject-service") == "https://subject.example"


def test_an_unknown_service_is_a_missing_setting() -> None:
    """The error for an unknown service names both variables that could set its URL."""
    with pytest.raises(MissingSettingError, match="USER_SERVICE_URL or SERVICE_URLS"):
        ServiceSettings().url("user-service")


@pytest.mark.parametrize("text", ["subject-service", '{"subject-service": ', "subject-service=ftp://example"])
def test_an_invalid_service_list_is_rejected(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A list without URLs, invalid JSON and another scheme are invalid settings."""
    monkeypatch.setenv("SERVICE_URLS", text)
    with pytest.raises(InvalidSettingError, match="SERVICE_URLS"):
        ServiceSettings()


def test_a_service_s_own_variable_must_be_a_url(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error for an invalid URL of a service names its variable."""
    monkeypatch.setenv("USER_SERVICE_URL", "user.example")
    with pytest.raises(InvalidSettingError, match="USER_SERVICE_URL"):
        ServiceSettings().url("user-service")
