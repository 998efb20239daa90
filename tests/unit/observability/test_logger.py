"""The handler's Logger and the package's own lines, with Powertools' known traps."""

from __future__ import annotations

import io
import json
import logging
from typing import Any

import pytest
from aws_lambda_powertools import Logger

from ai_voice_shared.observability.correlation import use_correlation_id
from ai_voice_shared.observability.logger import attach_library_logs, get_logger

pytestmark = pytest.mark.unit


@pytest.fixture
def out() -> io.StringIO:
    """Return the stream that the handler's Logger writes to."""
    return io.StringIO()


def lines(out: io.StringIO) -> list[dict[str, Any]]:
    """Parse what was written."""
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_the_library_s_lines_have_the_handler_s_format_and_keys(out: io.StringIO) -> None:
    """A line of a service of the package is JSON, with the service's name and the keys that the handler appended."""
    logger = Logger(service="webhook-handler", stream=out)
    attach_library_logs(logger)
    logger.append_keys(message_sid="SM1")
    logging.getLogger("ai_voice_shared.services.s3_service").info("stored", extra={"bucket": "notes"})
    (line,) = lines(out)
    assert (line["message"], line["service"]) == ("stored", "webhook-handler")
    assert (line["message_sid"], line["bucket"]) == ("SM1", "notes")


def test_the_library_s_lines_follow_the_handler_s_level(out: io.StringIO) -> None:
    """Debug lines of the package are written only if the handler's level is DEBUG."""
    library = logging.getLogger("ai_voice_shared.http")
    attach_library_logs(Logger(service="level-info", stream=out, level="INFO"))
    library.debug("hidden")
    attach_library_logs(Logger(service="level-debug", stream=out, level="DEBUG"))
    library.debug("shown")
    assert [line["message"] for line in lines(out)] == ["shown"]


def test_each_line_is_written_once(out: io.StringIO) -> None:
    """Lambda's own root handler does not print a library line again."""
    root_stream = io.StringIO()
    root_handler = logging.StreamHandler(root_stream)
    logging.getLogger().addHandler(root_handler)
    try:
        attach_library_logs(Logger(service="once", stream=out))
        logging.getLogger("ai_voice_shared").warning("one line")
    finally:
        logging.getLogger().removeHandler(root_handler)
    assert len(lines(out)) == 1
    assert root_stream.getvalue() == ""


def test_a_service_whose_name_is_part_of_the_package_s_does_not_silence_it(out: io.StringIO) -> None:
    """Powertools' SuppressFilter matches substrings, but a service `ai_voice` keeps the package's lines."""
    attach_library_logs(Logger(service="ai_voice", stream=out))
    logging.getLogger("ai_voice_shared.services").warning("still there")
    assert [line["message"] for line in lines(out)] == ["still there"]


def test_the_correlation_id_is_on_every_line_despite_clear_state(out: io.StringIO) -> None:
    """Lines of the handler and of the package have the id even with `clear_state=True`, which drops appended keys."""
    logger = Logger(service="correlated", stream=out)
    attach_library_logs(logger)

    class Context:
        function_name = function_version = invoked_function_arn = aws_request_id = log_stream_name = "x"
        memory_limit_in_mb = 128

    @logger.inject_lambda_context(clear_state=True)
    def handler(event: dict[str, Any], context: Any) -> None:
        logger.info("handler")
        logging.getLogger("ai_voice_shared.services").info("library")

    with use_correlation_id("order-7"):
        handler({}, Context())
    assert [(line["message"], line["correlation_id"]) for line in lines(out)] == [
        ("handler", "order-7"),
        ("library", "order-7"),
    ]


def test_outside_a_correlation_block_the_key_is_absent(out: io.StringIO) -> None:
    """A line outside any block has no correlation id."""
    logger = Logger(service="uncorrelated", stream=out)
    attach_library_logs(logger)
    logger.info("alone")
    assert "correlation_id" not in lines(out)[0]


def test_get_logger_returns_one_logger_per_name(out: io.StringIO) -> None:
    """A second call returns the same logger, which writes the package's lines."""
    logger = get_logger("test-get-logger", stream=out)
    assert get_logger("test-get-logger") is logger
    logging.getLogger("ai_voice_shared").warning("through it")
    assert lines(out)[0]["service"] == "test-get-logger"
