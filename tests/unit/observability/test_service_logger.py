"""The logger of a service: its lines, their levels, and when debug lines are written."""

from __future__ import annotations

import io
import json
import logging
from typing import TYPE_CHECKING, Any

import pytest
from aws_lambda_powertools import Logger
from aws_lambda_powertools.logging.buffer.config import LoggerBufferConfig

from ai_voice_shared.errors import NotFoundError
from ai_voice_shared.observability import (
    LogManager,
    attach_library_logs,
    get_agent_logger,
    get_api_logger,
    get_shared_logger,
    get_web_logger,
    log_event,
    log_request,
    setup_logging,
    use_correlation_id,
)

if TYPE_CHECKING:
    from ai_voice_shared.observability.service_logger import ServiceLogger

pytestmark = pytest.mark.unit

TRACE = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=0"


class Context:
    """A Lambda context with the attributes that Powertools reads."""

    function_name = function_version = invoked_function_arn = aws_request_id = log_stream_name = "x"
    memory_limit_in_mb = 128


@pytest.fixture
def out() -> io.StringIO:
    """Return the stream that the logger writes to."""
    return io.StringIO()


def lines(out: io.StringIO) -> list[dict[str, Any]]:
    """Parse what was written."""
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_it_is_a_powertools_logger_with_keyword_fields(out: io.StringIO) -> None:
    """`logger.info("...", user_id=...)` adds the keyword to the line, with the service's name."""
    logger = get_api_logger(stream=out)
    assert isinstance(logger, Logger)
    logger.info("API request processed", user_id="123", endpoint="/users")
    (line,) = lines(out)
    assert (line["message"], line["user_id"], line["endpoint"]) == ("API request processed", "123", "/users")
    assert (line["service"], line["level"]) == ("api", "INFO")
    assert line["location"].startswith("test_it_is_a_powertools_logger_with_keyword_fields:")


@pytest.mark.parametrize(
    ("call", "level", "expected"),
    [
        (
            lambda log: log.log_api_call("/users?phone=%2B1", "GET", 200, 150, "user-123"),
            "INFO",
            {"message": "API call", "endpoint": "/users", "method": "GET", "status_code": 200, "duration_ms": 150}
            | {"user_id": "user-123"},
        ),
        (lambda log: log.log_api_call("/users", "GET", 503, 1), "ERROR", {"status_code": 503}),
        (
            lambda log: log.log_task_execution("process_data", "success", 500, "user-123", items=3),
            "INFO",
            {"message": "Task execution", "task": "process_data", "status": "success", "user_id": "user-123"}
            | {"duration_ms": 500, "items": 3},
        ),
        (lambda log: log.log_task_execution("process_data", "failed", 5), "ERROR", {"status": "failed"}),
        (
            lambda log: log.log_agent_interaction("agent-7", "tool_call", duration_ms=8, tool="search"),
            "INFO",
            {"message": "Agent interaction", "agent": "agent-7", "interaction": "tool_call", "tool": "search"},
        ),
        (
            lambda log: log.log_security_event("login", "denied", "user-1", reason="expired"),
            "WARNING",
            {"message": "Security event", "security_event": "login", "outcome": "denied", "reason": "expired"},
        ),
        (lambda log: log.log_security_event("login", "allowed", level="info"), "INFO", {"outcome": "allowed"}),
        (
            lambda log: log.log_database_operation("select", "calls", 2.5, rows=0),
            "INFO",
            {"message": "Database operation", "operation": "select", "table": "calls", "rows": 0},
        ),
        (lambda log: log.log_database_operation("insert", "calls", 1, status="error"), "ERROR", {"status": "error"}),
    ],
)
def test_what_services_log(call: Any, level: str, expected: dict[str, Any], out: io.StringIO) -> None:
    """Each kind of line has its message, its fields and its level, which is ERROR after a failure."""
    call(get_agent_logger(stream=out))
    (line,) = lines(out)
    assert line["level"] == level
    assert {key: line.get(key) for key in expected} == expected
    assert line["location"].startswith("<lambda>:")
    assert None not in line.values()


@pytest.mark.parametrize("kind", ["package", "powertools", "stdlib"])
def test_log_event_accepts_any_logger(kind: str, out: io.StringIO) -> None:
    """The line has the event, its data and the correlation id, and the location of the caller."""
    powertools = Logger(service="log-event-powertools", stream=out)
    loggers: dict[str, Any] = {
        "package": setup_logging("log-event", stream=out),
        "powertools": powertools,
        "stdlib": logging.getLogger("log-event-powertools"),
    }
    logger = loggers[kind]
    log_event(logger, "user_created", {"user_id": 123, "name": "a nested field"}, "correlation-123")
    (line,) = lines(out)
    assert (line["message"], line["event"]) == ("user_created", "user_created")
    assert line["data"] == {"user_id": 123, "name": "a nested field"}
    assert line["correlation_id"] == "correlation-123"
    assert line["location"].startswith("test_log_event_accepts_any_logger:")


def test_the_correlation_id_is_on_every_line(out: io.StringIO) -> None:
    """Lines have the correlation id even outside a decorated handler."""
    logger = setup_logging("my-service", level="INFO", stream=out)
    with use_correlation_id("order-7"):
        logger.info("Service started")
    assert lines(out)[0]["correlation_id"] == "order-7"


def test_the_level_is_the_service_s_own(out: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    """`<SERVICE>_LOG_LEVEL` takes precedence over `POWERTOOLS_LOG_LEVEL`, and an argument over both."""
    monkeypatch.setenv("POWERTOOLS_LOG_LEVEL", "ERROR")
    monkeypatch.setenv("WEB_LOG_LEVEL", "WARNING")
    assert get_web_logger(stream=out).log_level == logging.WARNING
    assert get_shared_logger(stream=out).log_level == logging.ERROR
    assert setup_logging("web", level="DEBUG").log_level == logging.DEBUG
    assert setup_logging("another", level="INFO", stream=out).log_level == logging.INFO


def test_the_package_s_lines_belong_to_the_first_logger(out: io.StringIO) -> None:
    """A process with several loggers prints each line of the package once, under one service's name."""
    get_api_logger(stream=out)
    get_agent_logger(stream=io.StringIO())
    logging.getLogger("ai_voice_shared.http").warning("once")
    assert [line["service"] for line in lines(out)] == ["api"]


def log_all(logger: ServiceLogger) -> None:
    """Log a debug line of the service and one of the package, as before a failure."""
    logger.debug("service detail", step=1)
    logging.getLogger("ai_voice_shared.http").debug("package detail", extra={"step": 2})


def test_debug_lines_are_written_only_before_an_error(out: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    """Debug lines are written when an error is logged, with their fields and locations, and otherwise never."""
    monkeypatch.setenv("_X_AMZN_TRACE_ID", TRACE)
    logger = setup_logging("buffered", stream=out)
    log_all(logger)
    logger.info("went well")
    assert [line["message"] for line in lines(out)] == ["went well"]
    logger.error("did not")
    shown = lines(out)[1:]
    assert [line["message"] for line in shown] == ["service detail", "package detail", "did not"]
    assert [line.get("step") for line in shown] == [1, 2, None]
    assert all(line["location"].startswith("log_all:") for line in shown[:2])


def test_an_error_of_the_package_writes_debug_lines_too(out: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error that the package logs flushes the debug lines as well."""
    monkeypatch.setenv("_X_AMZN_TRACE_ID", TRACE)
    log_all(setup_logging("buffered-library", stream=out))
    logging.getLogger("ai_voice_shared.http").error("package failed")
    assert [line["message"] for line in lines(out)] == ["service detail", "package detail", "package failed"]


def test_debug_lines_of_another_invocation_are_not_written(out: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error does not flush the debug lines of an earlier invocation."""
    monkeypatch.setenv("_X_AMZN_TRACE_ID", TRACE)
    logger = setup_logging("two-invocations", stream=out)
    log_all(logger)
    monkeypatch.setenv("_X_AMZN_TRACE_ID", TRACE.replace("5759e988", "5759e989"))
    logger.error("second")
    assert [line["message"] for line in lines(out)] == ["second"]


def test_an_error_that_leaves_the_handler_writes_debug_lines(out: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error that leaves the handler flushes the debug lines, with the correlation id of the event."""
    monkeypatch.setenv("_X_AMZN_TRACE_ID", TRACE)
    logger = setup_logging("uncaught", stream=out)

    @logger.inject_lambda_context
    def handler(event: dict[str, Any], context: Any) -> None:
        log_all(logger)
        raise RuntimeError

    with pytest.raises(RuntimeError):
        handler({"headers": {"X-Correlation-Id": "order-7"}}, Context())
    assert [line["message"] for line in lines(out)] == ["service detail", "package detail"]
    assert {line["correlation_id"] for line in lines(out)} == {"order-7"}


def test_a_buffered_line_has_the_time_and_the_correlation_id_of_when_it_was_logged(
    out: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A flushed line has the time and the correlation id of the moment when it was logged."""
    monkeypatch.setenv("_X_AMZN_TRACE_ID", TRACE)
    logger = setup_logging("buffered-time", stream=out, utc=True)
    record = logging.makeLogRecord(
        {"name": "ai_voice_shared", "msg": "%s detail", "args": ("package",), "levelno": 10, "created": 86400.5}
    )
    record.msecs = 500.0
    with use_correlation_id("order-7"):
        logging.getLogger("ai_voice_shared").handle(record)
    with use_correlation_id("order-8"):
        logger.error("did not")
    assert [(line["message"], line["correlation_id"]) for line in lines(out)] == [
        ("package detail", "order-7"),
        ("did not", "order-8"),
    ]
    assert lines(out)[0]["timestamp"] == "1970-01-02 00:00:00,500+0000"


def test_a_powertools_logger_with_a_buffer_buffers_the_package_s_lines(
    out: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The package's lines are flushed in order with their fields and locations, only when an error is logged."""
    monkeypatch.setenv("_X_AMZN_TRACE_ID", TRACE)
    logger: Any = Logger(service="buffered-plain", stream=out, buffer_config=LoggerBufferConfig())
    attach_library_logs(logger)
    log_all(logger)
    logger.debug("service again")
    assert out.getvalue() == ""
    logging.getLogger("ai_voice_shared.http").error("package failed")
    shown = lines(out)
    assert [line["message"] for line in shown[:3]] == ["service detail", "package detail", "service again"]
    assert (shown[1]["step"], shown[1]["location"].partition(":")[0]) == (2, "log_all")
    assert shown[3]["message"] == "package failed"


def test_a_buffered_line_is_written_once(out: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lambda's own root handler does not print a buffered line again."""
    monkeypatch.setenv("_X_AMZN_TRACE_ID", TRACE)
    root_stream = io.StringIO()
    root_handler = logging.StreamHandler(root_stream)
    logging.getLogger().addHandler(root_handler)
    try:
        logger = setup_logging("buffered-once", stream=out)
        log_all(logger)
        logger.error("did not")
    finally:
        logging.getLogger().removeHandler(root_handler)
    assert len(lines(out)) == 3
    assert root_stream.getvalue() == ""


def test_buffered_lines_are_written_when_the_level_becomes_debug(
    out: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Level DEBUG flushes the buffer, and further lines are written at once until the level is raised."""
    monkeypatch.setenv("_X_AMZN_TRACE_ID", TRACE)
    logger = setup_logging("lowered", stream=out)
    log_all(logger)
    logger.setLevel("DEBUG")
    assert [line["message"] for line in lines(out)] == ["service detail", "package detail"]
    log_all(logger)
    assert len(lines(out)) == 4
    logger.setLevel(logging.INFO)
    log_all(logger)
    assert len(lines(out)) == 4


def test_an_invocation_that_is_not_sampled_buffers_its_debug_lines(
    out: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Invocations that the sampling rate does not select write their debug lines with an error only."""
    monkeypatch.setenv("_X_AMZN_TRACE_ID", TRACE)
    logger = setup_logging("sampled-by-turns", stream=out, sampling_rate=1e-12)
    log_all(logger)
    assert out.getvalue() == ""
    logger.error("did not")
    assert [line["message"] for line in lines(out)] == ["service detail", "package detail", "did not"]


@pytest.mark.parametrize("alc", [None, "DEBUG", "INFO"])
def test_debug_lines_at_level_debug_are_written_at_once(
    alc: str | None, out: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Debug lines are not buffered at level DEBUG, nor where Lambda would drop them, and there is no warning."""
    monkeypatch.setenv("_X_AMZN_TRACE_ID", TRACE)
    if alc is not None:
        monkeypatch.setenv("AWS_LAMBDA_LOG_LEVEL", alc)
    log_all(setup_logging(f"debug-{alc}", level="DEBUG" if alc != "INFO" else None, stream=out))
    expected = [] if alc == "INFO" else ["service detail", "package detail"]
    assert [line["message"] for line in lines(out)] == expected


def test_a_sampled_invocation_writes_its_debug_lines(out: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sampled invocation does not buffer its debug lines."""
    monkeypatch.setenv("_X_AMZN_TRACE_ID", TRACE)
    setup_logging("sampled", stream=out, sampling_rate=1.0).debug("shown")
    (line,) = lines(out)
    assert (line["message"], line["sampling_rate"]) == ("shown", 1.0)


def test_a_short_name_does_not_silence_other_loggers(out: io.StringIO) -> None:
    """The filter on the root handlers matches the service and its children only, not any part of a name."""
    root_stream = io.StringIO()
    root_handler = logging.StreamHandler(root_stream)
    logging.getLogger().addHandler(root_handler)
    try:
        get_api_logger(stream=out).info("once")
        logging.getLogger("api.part").warning("once as well")
        logging.getLogger("google.api_core").warning("still there")
    finally:
        logging.getLogger().removeHandler(root_handler)
    assert [line["message"] for line in lines(out)] == ["once", "once as well"]
    assert root_stream.getvalue() == "still there\n"


def test_a_request_is_logged_at_its_end(out: io.StringIO) -> None:
    """The line of a request has its status, its duration and its correlation id."""
    logger = setup_logging("requests", stream=out)
    with log_request(logger, "POST", "/users", {"headers": {"x-correlation-id": "order-7"}}) as request:
        request.status_code, request.user_id = 201, "user-1"
        request.fields["items"] = 2
    (line,) = lines(out)
    assert (line["method"], line["endpoint"], line["status_code"]) == ("POST", "/users", 201)
    assert (line["user_id"], line["items"], line["correlation_id"]) == ("user-1", 2, "order-7")
    assert line["duration_ms"] >= 0


@pytest.mark.parametrize(
    ("error", "status", "level"), [(NotFoundError("User", "7"), 404, "INFO"), (KeyError("+1555"), 500, "ERROR")]
)
def test_a_request_that_fails_is_logged_by_the_error_s_type(
    error: Exception, status: int, level: str, out: io.StringIO
) -> None:
    """The line of a failed request has the error's status and type, but not its text."""
    logger = setup_logging("failing-requests", stream=out)
    with pytest.raises(type(error)), log_request(logger, "GET", "/users/{id}"):
        raise error
    (line,) = lines(out)
    assert (line["status_code"], line["level"], line["error"]) == (status, level, type(error).__name__)
    assert "+1555" not in out.getvalue()


def test_a_log_manager_has_the_service_s_logger_and_its_parts(out: io.StringIO) -> None:
    """A part's lines are written by the service's logger, at its level, which can be changed."""
    logs = LogManager("managed", level="WARNING", stream=out)
    part = logs.get_logger("worker")
    part.info("hidden")
    logs.set_level("INFO")
    part.info("shown", extra={"n": 1})
    logging.getLogger("ai_voice_shared.http").info("package")
    logs.log_event("user_created", {"user_id": 1})
    assert [line["message"] for line in lines(out)] == ["shown", "package", "user_created"]
    assert lines(out)[2]["location"].startswith("test_a_log_manager")
