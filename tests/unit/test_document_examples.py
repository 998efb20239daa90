"""The examples of the three libraries' documents, word for word, with nothing but their import paths changed.

`docs/migration.md` calls the libraries by the same names: **shared**, **common**, **aurora**. What the examples use
without saying where it comes from (`stripe`, `app`, `metrics`) is given to them here. Blocks about the database, its
models, Redis and OpenAI are not among them, nor are shell commands of other programs.
"""

from __future__ import annotations

import ast
import contextlib
import inspect
import io
import json
import logging
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Annotated, Any

import boto3
import pytest
from aws_lambda_powertools.event_handler import Depends
from moto import mock_aws

from ai_voice_shared import create_service
from ai_voice_shared.auth import get_user_id_from_token
from ai_voice_shared.domain.events import CallCompletedEvent, create_call_completed_event
from ai_voice_shared.errors import NotFoundError, ValidationError
from ai_voice_shared.events import AsyncEventPublisher
from ai_voice_shared.observability import MetricsClient, set_metrics
from ai_voice_shared.observability.logger import get_logger
from ai_voice_shared.settings import Config, EventSettings, get_config
from tests.support.asgi_server import serving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.unit

IMPORT_PATHS = {
    "libs.shared.agent_config": "ai_voice_shared.agents",
    "libs.shared.auth": "ai_voice_shared.auth",
    "libs.shared.config": "ai_voice_shared.settings",
    "libs.shared.logging_config": "ai_voice_shared.observability",
    "libs.shared.monitoring": "ai_voice_shared.observability",
    "libs.shared.utils": "ai_voice_shared.utils",
    "myequal_common.auth": "ai_voice_shared.auth",
    "myequal_common.domain.enums": "ai_voice_shared.domain.enums",
    "myequal_common.domain.events": "ai_voice_shared.domain.events",
    "myequal_common.events": "ai_voice_shared.events",
    "myequal_common.observability": "ai_voice_shared.observability",
    "shared.base_app": "ai_voice_shared.app",
    "shared.config": "ai_voice_shared.settings",
    "shared.errors": "ai_voice_shared.errors",
    "shared.events": "ai_voice_shared.events",
    "shared.http_client": "ai_voice_shared.services",
    "shared.logging": "ai_voice_shared.observability",
    "shared.utils": "ai_voice_shared.utils",
}
"""Where each module of the libraries went."""

JWT_SECRET = "a secret of this test that is long enough for the check"


@dataclass
class Example:
    """A block of a document.

    Parameters
    ----------
    library, title
        The document and the heading that it stands under.
    code
        As it is written there.
    check
        Asserts, with the names that the block has bound and the names that it was given.
    given
        Makes what it uses and does not say where it comes from.
    raises
        The error that it ends in.
    """

    library: str
    title: str
    code: str
    check: Callable[[dict[str, Any]], None]
    given: Callable[[], dict[str, Any]] = dict
    raises: type[Exception] | None = None

    @property
    def id(self) -> str:
        """What the test is called."""
        return f"{self.library}: {self.title}"

    @property
    def moved(self) -> str:
        """The block with its import paths changed."""
        return re.sub(
            r"(?m)^(\s*from )([\w.]+)( import )", lambda found: found[1] + IMPORT_PATHS[found[2]] + found[3], self.code
        )


def _config_usage(names: dict[str, Any]) -> None:
    assert names["db_url"] == "postgresql://app@db/voice"
    assert names["stripe"].api_key == "sk_test_1"
    assert names["app"].middleware == [("CORS", ["https://app.example.com"])]


def _config_given() -> dict[str, Any]:
    app = SimpleNamespace(middleware=[])
    app.add_middleware = lambda kind, allow_origins: app.middleware.append((kind, allow_origins))
    return {"stripe": SimpleNamespace(), "app": app, "CORSMiddleware": "CORS"}


def _auth_usage(names: dict[str, Any]) -> None:
    assert names["user_id"] == "123"
    assert names["payload"]["email"] == "user@example.com"
    assert names["hashed"].startswith("$argon2id$")
    assert names["is_valid"] is True


def _agent_usage(names: dict[str, Any]) -> None:
    assert names["system"] == "simple"
    assert names["model"] == "gpt-4o"
    assert 0 <= names["temperature"] <= 2


def _log_lines(names: dict[str, Any]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in names["printed"].splitlines() if line.startswith('{"level"')]


def _logging_usage(names: dict[str, Any]) -> None:
    request, call, task = _log_lines(names)
    assert (request["message"], request["user_id"], request["endpoint"]) == ("API request processed", "123", "/users")
    assert (call["endpoint"], call["method"], call["status_code"], call["duration_ms"]) == ("/users", "GET", 200, 150)
    assert (task["task"], task["status"], task["user_id"]) == ("process_data", "success", "user-123")


def _utilities_usage(names: dict[str, Any]) -> None:
    assert len(names["uuid"]) == 36
    assert len(names["short_id"]) == 8
    assert (names["is_email"], names["is_url"]) == (True, True)
    assert (names["safe_filename"], names["file_size"]) == ("my_file.txt", "1.0 KB")
    assert (names["truncated"], names["chunks"]) == ("Long text...", ["Long text"])
    assert names["unreliable_function"]() is None


def _utilities_given() -> dict[str, Any]:
    # The document's import line leaves these out.
    from ai_voice_shared.utils import chunk_text, format_file_size, generate_short_id, is_valid_url

    return {
        "generate_short_id": generate_short_id,
        "is_valid_url": is_valid_url,
        "format_file_size": format_file_size,
        "chunk_text": chunk_text,
    }


def _monitoring_usage(names: dict[str, Any]) -> None:
    assert names["health"]["status"] == "healthy"
    assert (names["metrics"]["tasks"]["count"], names["metrics"]["time_range_hours"]) == (0, 24)
    assert (names["process_data"](), names["get_users"]()) == (None, None)


def _configuration_example(names: dict[str, Any]) -> None:
    assert (names["db_url"], names["redis_url"]) == ("postgresql://app@db/voice", "redis://cache")
    assert names["stripe_config"]["secret_key"] == "sk_test_1"
    assert names["sendgrid_config"]["from_email"] == "voice@example.com"


def _authentication_example(names: dict[str, Any]) -> None:
    assert names["user_id"] == "123" == get_user_id_from_token(names["token"])


def _agent_example(names: dict[str, Any]) -> None:
    assert (names["system"], names["config"]["model"]) == ("simple", "gpt-4o-mini")


def _api_service_imports(names: dict[str, Any]) -> None:
    assert names["verify_token"](names["create_access_token"](user_id="1"))["user_id"] == "1"
    assert names["get_gcp_config"]()["project_id"] == "voice"


def _agent_service_imports(names: dict[str, Any]) -> None:
    assert names["get_agent_config_for_system"](names["get_agent_system"]())["model"] == "gpt-4o-mini"
    assert names["get_openai_config"]()["api_key"] == "sk-1"


def _event_publishing(names: dict[str, Any]) -> None:
    sqs = boto3.client("sqs")
    (message,) = sqs.receive_message(QueueUrl=names["queue_url"])["Messages"]
    assert json.loads(message["Body"])["detail"]["data"]["call_id"] == "call-1"


def _event_given() -> dict[str, Any]:
    events, sqs = boto3.client("events"), boto3.client("sqs")
    url = sqs.create_queue(QueueName="heard")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    events.put_rule(Name="all", EventPattern=json.dumps({"source": ["calls"]}))
    events.put_targets(Rule="all", Targets=[{"Id": "queue", "Arn": arn}])
    return {
        "event": create_call_completed_event(call_id="call-1", duration_seconds=3),
        "event_publisher": AsyncEventPublisher(EventSettings(source="calls")),
        "queue_url": url,
    }


def _metrics_usage(names: dict[str, Any]) -> None:
    names["metrics"].flush()
    line = json.loads(names["out"].getvalue())
    assert line["operation.count"] == [1.0]
    assert line["operation.duration"][0] >= 0


def _metrics_given() -> dict[str, Any]:
    return {"metrics": MetricsClient("documented-service")}


def _domain_imports(names: dict[str, Any]) -> None:
    assert names["CallCompletedEvent"] is CallCompletedEvent
    assert names["CallStatus"]("completed").name == "COMPLETED"
    assert names["CallFailureReason"]("busy").name == "BUSY"


def _auth_imports(names: dict[str, Any]) -> None:
    tokens = names["PublicAuthManager"]().create_tokens(user_id="123")
    assert names["PublicAuthManager"]().authenticate(tokens.access_token).user_id == "123"
    assert callable(names["InternalAuthManager"]().middleware)


def _observability_imports(names: dict[str, Any]) -> None:
    assert names["LogManager"]("my-service").logger.service == "my-service"
    assert names["MetricsClient"]("my-service").increment("calls") is None


def _event_imports(names: dict[str, Any]) -> None:
    assert (
        names["EventPublisher"](EventSettings(source="calls"))
        .publish(create_call_completed_event(call_id="call-1", duration_seconds=3))
        .ok
    )


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
    started, created = _log_lines(names)
    assert (started["message"], started["service"]) == ("Service started", "my-service")
    assert (created["correlation_id"], created["message"]) == ("correlation-123", "user_created")


def _aurora_utilities(names: dict[str, Any]) -> None:
    assert len(names["id"]) == 36
    assert (names["safe_name"], names["result"]) == ("my_file.pdf", 1024)


EXAMPLES = [
    Example(
        "shared",
        "1. Configuration Management",
        """
from libs.shared.config import get_database_url, get_stripe_config, get_api_config

# Get database URL
db_url = get_database_url()

# Get Stripe configuration
stripe_config = get_stripe_config()
stripe.api_key = stripe_config["secret_key"]

# Get API configuration
api_config = get_api_config()
app.add_middleware(CORSMiddleware, allow_origins=api_config["cors_origins"])
""",
        _config_usage,
        _config_given,
    ),
    Example(
        "shared",
        "2. Authentication Utilities",
        """
from libs.shared.auth import create_access_token, verify_token, hash_password, verify_password

# Create access token
token = create_access_token(user_id="123", email="user@example.com")

# Verify token
payload = verify_token(token)
if payload:
    user_id = payload["user_id"]

# Hash password
hashed = hash_password("password123")

# Verify password
is_valid = verify_password("password123", hashed)
""",
        _auth_usage,
    ),
    Example(
        "shared",
        "3. Agent Configuration",
        """
from libs.shared.agent_config import get_agent_system, get_agent_config_for_system, should_use_enhanced_agent

# Get agent system
system = get_agent_system()  # "simple" or "enhanced"

# Check if enhanced agent should be used
if should_use_enhanced_agent():
    # Use enhanced agent logic
    pass

# Get agent configuration
config = get_agent_config_for_system("enhanced")
model = config["model"]
temperature = config["temperature"]
""",
        _agent_usage,
    ),
    Example(
        "shared",
        "4. Logging Configuration",
        """
from libs.shared.logging_config import get_api_logger, get_agent_logger

# Get service-specific loggers
api_logger = get_api_logger()
agent_logger = get_agent_logger()

# Standard logging
api_logger.info("API request processed", user_id="123", endpoint="/users")

# Specialized logging
api_logger.log_api_call("/users", "GET", 200, 150, "user-123")
agent_logger.log_task_execution("process_data", "success", 500, "user-123")
""",
        _logging_usage,
    ),
    Example(
        "shared",
        "6. Common Utilities",
        """
from libs.shared.utils import generate_uuid, is_valid_email, sanitize_filename, truncate_text, deep_merge, retry

# ID generation
uuid = generate_uuid()
short_id = generate_short_id(8)

# Validation
is_email = is_valid_email("user@example.com")
is_url = is_valid_url("https://example.com")

# File handling
safe_filename = sanitize_filename("my file.txt")
file_size = format_file_size(1024)  # "1.0 KB"

# Text processing
truncated = truncate_text("Long text...", 50)
chunks = chunk_text("Long text", 100, overlap=10)

# Retry decorator
@retry(max_attempts=3, delay=1.0)
def unreliable_function():
    # Function that might fail
    pass
""",
        _utilities_usage,
        _utilities_given,
    ),
    Example(
        "shared",
        "7. Monitoring Utilities",
        """
from libs.shared.monitoring import monitor_task_execution, monitor_api_call, get_health_status, get_performance_metrics

# Task monitoring
@monitor_task_execution("data_processing", user_id="user-123")
def process_data():
    # Task implementation
    pass

# API monitoring
@monitor_api_call("/users", "GET", user_id="user-123")
def get_users():
    # API implementation
    pass

# Health and metrics
health = get_health_status()
metrics = get_performance_metrics(time_range_hours=24)
""",
        _monitoring_usage,
    ),
    Example(
        "shared",
        "API Service Integration",
        """
from libs.shared.config import get_stripe_config, get_sendgrid_config, get_gcp_config
from libs.shared.auth import verify_token, create_access_token
""",
        _api_service_imports,
    ),
    Example(
        "shared",
        "Agent Service Integration",
        """
from libs.shared.agent_config import get_agent_system, get_agent_config_for_system
from libs.shared.config import get_openai_config
""",
        _agent_service_imports,
    ),
    Example(
        "shared",
        "Usage Examples, Configuration Management",
        """
# Get database configuration
from libs.shared.config import get_database_url, get_redis_url
db_url = get_database_url()
redis_url = get_redis_url()

# Get service-specific configuration
from libs.shared.config import get_stripe_config, get_sendgrid_config
stripe_config = get_stripe_config()
sendgrid_config = get_sendgrid_config()
""",
        _configuration_example,
    ),
    Example(
        "shared",
        "Usage Examples, Authentication",
        """
# Create and verify tokens
from libs.shared.auth import create_access_token, verify_token, get_user_id_from_token

# Create token
token = create_access_token(user_id="123", email="user@example.com")

# Verify token
payload = verify_token(token)
if payload:
    user_id = get_user_id_from_token(token)
""",
        _authentication_example,
    ),
    Example(
        "shared",
        "Usage Examples, Agent Configuration",
        """
# Get agent system configuration
from libs.shared.agent_config import get_agent_system, get_agent_config_for_system

system = get_agent_system()  # "simple" or "enhanced"
config = get_agent_config_for_system(system)
""",
        _agent_example,
    ),
    Example(
        "common",
        "4. Event Publishing",
        """
await event_publisher.publish(event, soft_fail=True)
""",
        _event_publishing,
        _event_given,
    ),
    Example(
        "common",
        "5. Metrics Collection",
        """
with metrics.record_timing("operation.duration"):
    metrics.increment("operation.count")
""",
        _metrics_usage,
        _metrics_given,
    ),
    Example(
        "common",
        "Import Examples, Domain models",
        """
from myequal_common.domain.enums import CallStatus, CallFailureReason
from myequal_common.domain.events import CallCompletedEvent
""",
        _domain_imports,
    ),
    Example(
        "common",
        "Import Examples, Authentication",
        """
from myequal_common.auth import PublicAuthManager, InternalAuthManager
""",
        _auth_imports,
    ),
    Example(
        "common",
        "Import Examples, Observability",
        """
from myequal_common.observability import MetricsClient, LogManager
""",
        _observability_imports,
    ),
    Example(
        "common",
        "Import Examples, Event publishing",
        """
from myequal_common.events import EventPublisher
""",
        _event_imports,
    ),
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


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for variable, text in {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_REGION": "us-east-1",
        "API_CORS_ORIGINS": "https://app.example.com",
        "DATABASE_URL": "postgresql://app@db/voice",
        "GCP_PROJECT_ID": "voice",
        "JWT_SECRETS": JWT_SECRET,
        "OPENAI_API_KEY": "sk-1",
        "POWERTOOLS_SERVICE_NAME": "documented-service",
        "REDIS_URL": "redis://cache",
        "SENDGRID_API_KEY": "SG.1",
        "SENDGRID_FROM_EMAIL": "voice@example.com",
        "STRIPE_SECRET_KEY": "sk_test_1",
    }.items():
        monkeypatch.setenv(variable, text)
    # Loggers write to the stream that was there when they were made: each example makes its own.
    monkeypatch.setitem(get_logger.__globals__, "_loggers", {})
    others = {name: one for name, one in logging.root.manager.loggerDict.items() if not hasattr(one, "init")}
    monkeypatch.setattr(logging.root.manager, "loggerDict", others)
    before = set_metrics(None)
    yield
    set_metrics(before)


@pytest.fixture
def _aws() -> Iterator[None]:
    with mock_aws():
        yield


@pytest.fixture(scope="module")
def subjects_url() -> Iterator[str]:
    """Serve what the example of the HTTP client asks for."""
    service = create_service("subject-service")

    @service.app.get("/api/v1/subjects")
    def subjects() -> list[dict[str, str]]:
        return [{"name": "Math"}]

    with serving(service.asgi) as url:
        yield url


@pytest.mark.anyio
@pytest.mark.usefixtures("_aws")
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.id)
async def test_an_example_runs_as_it_is_written(example: Example, subjects_url: str) -> None:
    """The block runs from its first line to its last, and what it says comes true."""
    out = io.StringIO()
    names: dict[str, Any] = {**example.given(), "out": out}
    # The documents' port may be anybody's on this machine.
    code = example.moved.replace("http://localhost:8002", subjects_url)
    block = compile(code, example.id, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    expected: Any = pytest.raises(example.raises) if example.raises else contextlib.nullcontext()
    with contextlib.redirect_stdout(out):
        with expected as raised:
            running = eval(block, names)  # noqa: S307 - our own text
            if inspect.isawaitable(running):
                await running
        example.check({**names, "printed": out.getvalue(), "error": getattr(raised, "value", None)})


def test_the_import_check_of_the_shared_library() -> None:
    """The command that it is tested with, import paths changed, prints that all is well."""
    script = """
from ai_voice_shared.settings import get_database_url, get_stripe_config
from ai_voice_shared.auth import create_access_token, verify_token
from ai_voice_shared.agents import get_agent_system, should_use_enhanced_agent
from ai_voice_shared.settings import get_api_config, get_stripe_config, get_openai_config
print('✅ All shared modules working!')
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, encoding="utf-8", check=True)
    assert done.stdout.strip() == "✅ All shared modules working!"


def get_settings() -> Config:
    """Give the settings of the service, as each of common's services has a function for."""
    return get_config("documented-service")


def test_dependencies_come_in_by_annotation() -> None:
    """The first pattern of common, with Powertools' `Depends` in place of FastAPI's."""
    app = create_service("documented-service").app

    @app.get("/region")
    def endpoint(settings: Annotated[Config, Depends(get_settings)]) -> dict[str, str]:
        return {"database": settings.database.connection_string}

    event = {"rawPath": "/region", "requestContext": {"http": {"method": "GET"}}, "headers": {}}
    answer = app.resolve(event, None)
    assert json.loads(answer["body"]) == {"database": "postgresql://app@db/voice"}


def test_every_import_path_is_used() -> None:
    """No module of the libraries is translated that no example imports from."""
    used = {name for example in EXAMPLES for name in re.findall(r"(?m)^\s*from ([\w.]+) import", example.code)}
    assert used == set(IMPORT_PATHS)


def test_the_page_names_every_import_path() -> None:
    """docs/migration.md has a row, or a word, for each module that an example imports from."""
    page = (Path(__file__).parents[2] / "docs" / "migration.md").read_text(encoding="utf-8")
    assert [path for path in IMPORT_PATHS if f"`{path}`" not in page] == []
