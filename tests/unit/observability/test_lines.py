"""The lines of a service's logger compared with those of Powertools: the same bytes for every record."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from aws_lambda_powertools import Logger
from hypothesis import given, settings
from hypothesis import strategies as st

from ai_voice_shared.observability.service_logger import ServiceLogger

pytestmark = [pytest.mark.unit, pytest.mark.differential]

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
VALUES = SCALARS | st.lists(SCALARS, max_size=3) | st.dictionaries(st.text(), SCALARS, max_size=3) | st.binary()
JSON_VALUES = (
    "",
    " ",
    "true",
    " null ",
    "NaN",
    "-Infinity",
    "Infinity",
    "12",
    "-1.5e3 ",
    '"text"',
    '{"a": 1}',
    "[1, 2",
)
NOT_JSON = ("{", "nul", "\ufeff{}", "\u00a0{}", "\n{}", "0x1", "true story", "1 line", "-", "\x0b1", "Not found")
JSON_LIKE = st.sampled_from((*JSON_VALUES, *NOT_JSON))
RECORD = logging.LogRecord("service", logging.INFO, "app.py", 12, "hello", (), None, "handler")
FREE_KEYS = st.text(min_size=1).filter(lambda key: key not in vars(RECORD))


def record(message: Any, **extra: Any) -> logging.LogRecord:
    """Create a record as a logger would."""
    created = logging.LogRecord("service", logging.WARNING, "/var/task/app.py", 42, message, (), None, "handler")
    created.__dict__.update(extra)
    return created


def assert_same(item: logging.LogRecord, *names: str, **options: Any) -> None:
    """Format a record as the loggers of two services would, and compare the lines."""
    powertools = Logger(service=names[0], **options).registered_formatter
    package = ServiceLogger(names[1], **options).registered_formatter
    assert powertools.format(item).replace(names[0], names[1]) == package.format(item)


@settings(deadline=None)
@given(message=st.text() | JSON_LIKE | VALUES, extra=st.dictionaries(FREE_KEYS, VALUES, max_size=4))
def test_any_message_with_any_fields(message: Any, extra: dict[str, Any]) -> None:
    """Text, JSON, text that only looks like JSON, and values of all kinds are written as Powertools writes them."""
    assert_same(record(message, **extra), "powertools-lines", "package-lines")


@pytest.mark.parametrize(
    "options",
    [
        {"json_default": repr},
        {"json_serializer": repr},
        {"json_deserializer": lambda text: text.upper()},
        {"utc": True, "use_rfc3339": True, "log_record_order": ["message", "service"], "team": "one"},
        {"location": None, "xray_trace_id": None},
    ],
    ids="-".join,
)
def test_options_of_powertools_have_their_effect(options: dict[str, Any]) -> None:
    """Custom serializers, date formats, key orders and disabled keys have the same effect as in a Powertools Logger."""
    name = "-".join(options)
    assert_same(record("plain", when=object), f"powertools-{name}", f"package-{name}", **options)


@pytest.mark.filterwarnings("ignore:POWERTOOLS_DEV")
def test_lines_are_indented_in_development_mode(monkeypatch: pytest.MonkeyPatch) -> None:
    """With `POWERTOOLS_DEV` lines are indented for reading."""
    monkeypatch.setenv("POWERTOOLS_DEV", "true")
    assert_same(record("x", a={"b": 1}), "powertools-dev", "package-dev")
