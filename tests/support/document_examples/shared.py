"""The examples of Shared Modules Architecture, verbatim."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from ai_voice_shared.auth import get_user_id_from_token
from tests.support.document_examples.example import Example, log_lines

__all__ = ["EXAMPLES"]


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


def _logging_usage(names: dict[str, Any]) -> None:
    request, call, task = log_lines(names)
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
    # The document's import line omits these.
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
]
