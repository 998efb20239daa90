"""The examples of Aurora Shared Libraries, verbatim."""

from __future__ import annotations

import json
from typing import Any

from ai_voice_shared.errors import NotFoundError, ValidationError
from tests.support.document_examples.example import Example, log_lines

__all__ = ["EXAMPLES"]


def _base_app_usage(names: dict[str, Any]) -> None:
    event = {"rawPath": "/live", "requestContext": {"http": {"method": "GET"}}, "headers": {}}
    assert json.loads(names["app"].resolve(event, None)["body"])["service"] == "my-service"


def _aurora_config_usage(names: dict[str, Any]) -> None:
    assert names["printed"].strip() == "postgresql://app@db/voice"


def _not_found(names: dict[str, Any]) -> None:
    error = names["error"]
    assert isinstance(error, NotFoundError)
    assert (error.status, error.resource) == (404, "Subject")


def _validation(names: dict[str, Any]) -> None:
    error = names["error"]
    assert isinstance(error, ValidationError)
    assert (error.status, error.details) == (422, [...])


def _aurora_events(names: dict[str, Any]) -> None:
    event = names["event"]
    assert event.event_type is names["EventType"].SUBJECT_CREATED
    assert (event.correlation_id, event.data.subject_data) == ("abc-123", {"name": "Math"})


def _http_client_usage(names: dict[str, Any]) -> None:
    assert names["subjects"] == [{"name": "Math"}]


def _aurora_logging(names: dict[str, Any]) -> None:
    started, created = log_lines(names)
    assert (started["message"], started["service"]) == ("Service started", "my-service")
    assert (created["correlation_id"], created["message"]) == ("correlation-123", "user_created")


def _aurora_utilities(names: dict[str, Any]) -> None:
    assert len(names["id"]) == 36
    assert (names["safe_name"], names["result"]) == ("my_file.pdf", 1024)


EXAMPLES = [
    Example(
        "aurora",
        "Base Application",
        """
from shared.base_app import create_service
from shared.config import get_config

config = get_config("my-service")
service = create_service("my-service", config)
app = service.app
""",
        _base_app_usage,
    ),
    Example(
        "aurora",
        "Configuration",
        """
from shared.config import get_config

config = get_config("subject-service")
print(config.database.connection_string)
""",
        _aurora_config_usage,
    ),
    Example(
        "aurora",
        "Error Handling, not found",
        """
from shared.errors import NotFoundError, ValidationError

# Raise custom exceptions
raise NotFoundError("Subject", "123")
""",
        _not_found,
        raises=NotFoundError,
    ),
    Example(
        "aurora",
        "Error Handling, validation",
        """
from shared.errors import NotFoundError, ValidationError

raise ValidationError("Invalid input", details=[...])
""",
        _validation,
        raises=ValidationError,
    ),
    Example(
        "aurora",
        "Events",
        """
from shared.events import create_subject_created_event, EventType

event = create_subject_created_event(
    subject_id="123",
    subject_data={"name": "Math"},
    correlation_id="abc-123"
)
""",
        _aurora_events,
    ),
    Example(
        "aurora",
        "HTTP Client",
        """
from shared.http_client import ServiceClient

async with ServiceClient("subject-service", "http://localhost:8002") as client:
    subjects = await client.get("/api/v1/subjects")
""",
        _http_client_usage,
    ),
    Example(
        "aurora",
        "Logging",
        """
from shared.logging import setup_logging, log_event

logger = setup_logging("my-service", level="INFO")
logger.info("Service started")

log_event(logger, "user_created", {"user_id": 123}, "correlation-123")
""",
        _aurora_logging,
    ),
    Example(
        "aurora",
        "Utilities",
        """
from shared.utils import generate_uuid, sanitize_filename, CircuitBreaker

id = generate_uuid()
safe_name = sanitize_filename("my file.pdf")

breaker = CircuitBreaker()
result = breaker.call(some_function, arg1, arg2)
""",
        _aurora_utilities,
        lambda: {"some_function": pow, "arg1": 2, "arg2": 10},
    ),
    Example(
        "aurora",
        "Development Setup",
        """
from shared.base_app import create_service
from shared.config import get_config
""",
        lambda names: _base_app_usage(
            {"app": names["create_service"]("my-service", names["get_config"]("my-service")).app}
        ),
    ),
]
