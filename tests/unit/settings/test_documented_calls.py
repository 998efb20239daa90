"""The documented calls of configuration, agents, logging, metrics and monitoring, with the new import path."""

from __future__ import annotations

import io
import json
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from ai_voice_shared.observability import set_metrics
from ai_voice_shared.observability.logger import get_logger

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.unit


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for variable, text in {
        "DATABASE_URL": "postgresql://app@db/voice",
        "REDIS_URL": "redis://cache",
        "STRIPE_SECRET_KEY": "sk_test_1",
        "SENDGRID_API_KEY": "SG.1",
        "SENDGRID_FROM_EMAIL": "voice@example.com",
        "GCP_PROJECT_ID": "voice",
        "OPENAI_API_KEY": "sk-1",
        "API_CORS_ORIGINS": "https://app.example.com",
    }.items():
        monkeypatch.setenv(variable, text)
    monkeypatch.setitem(get_logger.__globals__, "_loggers", {})
    before = set_metrics(None)
    yield
    set_metrics(before)


def test_configuration() -> None:
    """The documented calls return settings as plain values, and all of a service in one object."""
    from ai_voice_shared.settings import (
        get_api_config,
        get_config,
        get_database_url,
        get_gcp_config,
        get_openai_config,
        get_redis_url,
        get_sendgrid_config,
        get_stripe_config,
    )

    stripe, app = SimpleNamespace(), SimpleNamespace(add_middleware=lambda name, **options: options)

    db_url = get_database_url()
    redis_url = get_redis_url()
    stripe_config = get_stripe_config()
    stripe.api_key = stripe_config["secret_key"]
    api_config = get_api_config()
    middleware = app.add_middleware("CORSMiddleware", allow_origins=api_config["cors_origins"])
    config = get_config("subject-service")

    assert (db_url, redis_url, stripe.api_key) == ("postgresql://app@db/voice", "redis://cache", "sk_test_1")
    assert middleware == {"allow_origins": ["https://app.example.com"]}
    assert config.database.connection_string == db_url
    assert get_sendgrid_config()["from_name"]
    assert (get_gcp_config()["project_id"], get_openai_config()["api_key"]) == ("voice", "sk-1")


def test_agent_configuration() -> None:
    """The documented calls return the agent system, whether it is the enhanced one, and its model."""
    from ai_voice_shared.agents import get_agent_config_for_system, get_agent_system, should_use_enhanced_agent

    system = get_agent_system()  # "simple" or "enhanced"
    enhanced = should_use_enhanced_agent()
    config = get_agent_config_for_system("enhanced")
    model = config["model"]
    temperature = config["temperature"]

    assert system in ("simple", "enhanced")
    assert enhanced is (system == "enhanced")
    assert isinstance(model, str)
    assert 0 <= temperature <= 2


def test_logging() -> None:
    """The documented loggers accept keyword fields and have methods for their own events."""
    from ai_voice_shared.observability import get_agent_logger, get_api_logger, log_event, setup_logging

    out = io.StringIO()
    api_logger = get_api_logger(stream=out)
    agent_logger = get_agent_logger(stream=out)

    api_logger.info("API request processed", user_id="123", endpoint="/users")
    api_logger.log_api_call("/users", "GET", 200, 150, "user-123")
    agent_logger.log_task_execution("process_data", "success", 500, "user-123")

    logger = setup_logging("documented-service", level="INFO", stream=out)
    logger.info("Service started")
    log_event(logger, "user_created", {"user_id": 123}, "correlation-123")

    lines: list[dict[str, Any]] = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [line["service"] for line in lines[-2:]] == ["documented-service"] * 2
    assert lines[-1]["correlation_id"] == "correlation-123"


def test_metrics() -> None:
    """The documented metrics client times a block and counts in it."""
    from ai_voice_shared.observability import LogManager, MetricsClient

    metrics = MetricsClient("documented-service")
    with metrics.record_timing("operation.duration"):
        metrics.increment("operation.count")
    assert LogManager("documented-service").logger.service == "documented-service"


def test_monitoring() -> None:
    """The documented decorators monitor tasks and API calls, and the health status is reported."""
    from ai_voice_shared.observability import get_health_status, monitor_api_call, monitor_task_execution

    @monitor_task_execution("data_processing", user_id="user-123")
    def process_data() -> str:
        return "processed"

    @monitor_api_call("/users", "GET", user_id="user-123")
    def get_users() -> list[str]:
        return ["user-123"]

    assert process_data() == "processed"
    assert get_users() == ["user-123"]
    assert get_health_status()["status"] == "healthy"
