"""Settings, secrets, and the configuration of agents."""

from __future__ import annotations

import os
import uuid
from typing import Any

from .registry import checks_usage
from .tables import new_table

__all__: list[str] = []


@checks_usage(
    "settings.get_database_url",
    "settings.get_gcp_config",
    "settings.get_openai_config",
    "settings.get_redis_url",
    "settings.get_sendgrid_config",
    "settings.get_stripe_config",
    "settings.get_api_config",
    "settings.get_config",
    "settings.reset_config",
)
def the_documents_calls_of_settings() -> None:
    """Plain values come from the environment, and are read again after a reset."""
    from ai_voice_shared import settings

    os.environ |= {
        "DATABASE_URL": "postgresql://app@db/voice",
        "REDIS_URL": "redis://cache",
        "STRIPE_SECRET_KEY": "sk_test_1",
        "SENDGRID_API_KEY": "SG.1",
        "SENDGRID_FROM_EMAIL": "voice@example.com",
        "GCP_PROJECT_ID": "voice",
        "OPENAI_API_KEY": "sk-1",
        "API_CORS_ORIGINS": "https://app.example.com",
    }
    assert (settings.get_database_url(), settings.get_redis_url()) == ("postgresql://app@db/voice", "redis://cache")
    assert settings.get_stripe_config()["secret_key"] == "sk_test_1"
    assert settings.get_sendgrid_config()["from_email"] == "voice@example.com"
    assert settings.get_gcp_config()["project_id"] == "voice"
    assert settings.get_openai_config()["api_key"] == "sk-1"
    assert settings.get_api_config()["cors_origins"] == ["https://app.example.com"]
    config = settings.get_config("subject-service")
    assert config.database.connection_string == "postgresql://app@db/voice"
    os.environ["DATABASE_URL"] = "postgresql://app@db/other"
    settings.reset_config()
    assert settings.get_database_url() == "postgresql://app@db/other"


@checks_usage(
    "settings.get_secret",
    "settings.refresh_secrets",
    "settings.with_secret_refresh",
    "settings.secrets.clear_secrets",
    "settings.secrets.secrets_generation",
)
def a_secret_by_reference() -> None:
    """A secret is fetched from SSM, cached, and fetched again when it is refused."""
    import boto3

    from ai_voice_shared.errors import AuthenticationError
    from ai_voice_shared.settings import StripeSettings, get_secret, refresh_secrets, with_secret_refresh
    from ai_voice_shared.settings.secrets import clear_secrets, secrets_generation

    ssm, name = boto3.client("ssm"), f"/usage-check/{uuid.uuid4()}"
    ssm.put_parameter(Name=name, Value="old", Type="SecureString")
    assert get_secret(f"ssm:{name}") == "old"
    os.environ["STRIPE_SECRET_KEY"] = f"ssm:{name}"
    settings = StripeSettings()
    ssm.put_parameter(Name=name, Value="new", Type="SecureString", Overwrite=True)
    assert get_secret(f"ssm:{name}") == "old"
    asked = []

    def charge(current: Any) -> str:
        asked.append(current.secret_key.get_secret_value())
        if asked[-1] == "old":
            raise AuthenticationError
        return str(asked[-1])

    before = secrets_generation()
    assert with_secret_refresh(charge, settings) == "new"
    assert asked == ["old", "new"]
    assert secrets_generation() > before
    assert refresh_secrets(settings).secret_key.get_secret_value() == "new"
    ssm.put_parameter(Name=name, Value="newest", Type="SecureString", Overwrite=True)
    clear_secrets()
    assert get_secret(f"ssm:{name}") == "newest"


@checks_usage(
    "settings.Settings", "settings.base.fallback", "settings.base.required", "settings.table.settings_classes"
)
def settings_of_ones_own() -> None:
    """A missing required setting names its variable, and the table has the package's classes."""
    from typing import ClassVar

    from ai_voice_shared.errors import MissingSettingError
    from ai_voice_shared.settings.base import Settings, fallback, required
    from ai_voice_shared.settings.table import settings_classes

    class MineSettings(Settings):
        env_prefix: ClassVar[str] = "MINE_"
        url: str = required(description="Where it is.")
        size: int = fallback(3, "three are enough", description="How many.")

    os.environ["MINE_URL"] = "https://example.com"
    assert (MineSettings().url, MineSettings().size) == ("https://example.com", 3)
    del os.environ["MINE_URL"]
    try:
        MineSettings()
    except MissingSettingError as error:
        assert "MINE_URL" in str(error)
    else:
        raise AssertionError
    assert {"S3Settings", "AgentSettings"} <= {cls.__name__ for cls in settings_classes()}


@checks_usage(
    "agents.AgentConfigResolver",
    "agents.CachedSource",
    "agents.DynamoDBSource",
    "agents.EnvironmentSource",
    "agents.set_agent_resolver",
    "agents.get_agent_config",
    "agents.get_agent_config_for_system",
    "agents.get_agent_system",
    "agents.should_use_enhanced_agent",
    "agents.AgentConfig",
    "agents.config.AgentMemory",
    "agents.config.AgentTools",
)
def an_agent_s_settings_by_source() -> None:
    """The table precedes the environment and the default, also for the documents' calls."""
    import boto3

    from ai_voice_shared.agents import (
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
    from ai_voice_shared.agents.config import AgentMemory, AgentTools

    table = new_table("pk", "sk")
    item = {
        "pk": {"S": "AGENT#*"},
        "sk": {"S": "SETTINGS"},
        "system": {"S": "enhanced"},
        "model": {"S": "gpt-of-table"},
    }
    boto3.client("dynamodb").put_item(TableName=table, Item=item)
    os.environ |= {"AGENT_MODEL": "gpt-of-environment", "AGENT_TEMPERATURE": "0.1"}
    resolver = AgentConfigResolver([CachedSource(DynamoDBSource(table)), EnvironmentSource()], flag_store=None)
    before = set_agent_resolver(resolver)
    try:
        assert (get_agent_system(), should_use_enhanced_agent()) == ("enhanced", True)
        config = get_agent_config_for_system("enhanced")
        assert (config["model"], config["temperature"]) == ("gpt-of-table", 0.1)
        typed = get_agent_config()
        assert isinstance(typed.memory, AgentMemory)
        assert isinstance(typed.tools, AgentTools)
        assert AgentTools(enabled=True, names=("search",), timeout=1, max_calls=2).names == ("search",)
        assert AgentMemory(enabled=True, max_messages=5, ttl=60).max_messages == 5
    finally:
        set_agent_resolver(before)


@checks_usage("agents.flags.create_appconfig_store")
def the_flag_s_store_is_what_the_settings_name() -> None:
    """The store is None without an application, and AppConfig with one."""
    from ai_voice_shared.agents.flags import create_appconfig_store
    from ai_voice_shared.settings import AgentSettings

    assert create_appconfig_store(AgentSettings()) is None
    store = create_appconfig_store(AgentSettings(flag_application="voice"))
    assert type(store).__name__ == "AppConfigStore"
