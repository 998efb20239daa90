"""Our formatter against Powertools' own: the same bytes for every record."""

from __future__ import annotations

import logging
import sys
from typing import Any

import pytest
from aws_lambda_powertools.logging.formatter import (
    LambdaPowertoolsFormatter,
    clear_context_keys,
    set_context_keys,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from ai_voice_shared.observability.formatter import LeanFormatter

pytestmark = [pytest.mark.unit, pytest.mark.differential]

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
VALUES = SCALARS | st.lists(SCALARS, max_size=3) | st.dictionaries(st.text(), SCALARS, max_size=3) | st.binary()
JSON_WORDS = ("", " ", "true", " null ", "NaN", "-Infinity", "Infinity", "12", "-1.5e3 ", '"text"', '{"a": 1}', "[1, 2")
NO_JSON = ("{", "nul", "\ufeff{}", "\u00a0{}", "\n{}", "0x1", "true story", "1 line", "-", "\x0b1")
JSON_LIKE = st.sampled_from((*JSON_WORDS, *NO_JSON))
RESERVED_KEYS = ("level", "location", "timestamp")
OTHER_KEYS = ("order", "exception", "exception_name", "stack_trace", "xray_trace_id", "service", "taskName", "message")
KEYS = st.sampled_from((*RESERVED_KEYS, *OTHER_KEYS))
RECORD = logging.LogRecord("service", logging.INFO, "app.py", 12, "hello", (), None, "handler")
FREE_KEYS = st.text(min_size=1).filter(lambda key: key not in vars(RECORD))
EXTRAS = st.dictionaries(FREE_KEYS | st.sampled_from(OTHER_KEYS), VALUES, max_size=4)


def record(message: Any, /, args: tuple[Any, ...] = (), exc_info: Any = None, **extra: Any) -> logging.LogRecord:
    """Make a record as a logger would."""
    made = logging.LogRecord("service", logging.WARNING, "/var/task/app.py", 42, message, args, exc_info, "handler")
    made.__dict__.update(extra)
    return made


def failure() -> Any:
    """Give what `sys.exc_info` gives while an error with a note is handled."""
    try:
        int("boom")
    except ValueError as error:
        error.add_note("a note")
        return sys.exc_info()


def assert_same(records: list[logging.LogRecord], *, appended: dict[str, Any] | None = None, **options: Any) -> None:
    """Format each record by both and compare the lines, or the errors."""
    theirs, ours = LambdaPowertoolsFormatter(**options), LeanFormatter(**options)
    for formatter in (theirs, ours):
        formatter.append_keys(**(appended or {}))
    for item in records:
        outcomes: list[Any] = []
        for formatter in (theirs, ours):
            try:
                outcomes.append(formatter.format(item))
            except (ValueError, TypeError) as error:
                outcomes.append((type(error), str(error)))
        assert outcomes[0] == outcomes[1]


@settings(deadline=None)
@given(message=st.text() | JSON_LIKE | VALUES, extra=EXTRAS, appended=st.dictionaries(KEYS, VALUES, max_size=4))
def test_any_message_with_any_fields(message: Any, extra: dict[str, Any], appended: dict[str, Any]) -> None:
    """Text, JSON, what only looks like it, dictionaries; fields of the record and appended keys, reserved ones too."""
    assert_same([record(message, **extra)], appended=appended, service="voice", sampling_rate=None)


@settings(deadline=None)
@given(created=st.floats(min_value=0, max_value=4e9))
def test_any_time(created: float) -> None:
    """The date that is kept for a second is the right one for each record, also when time goes back."""
    records = [record("x"), record("x"), record("x")]
    for item, moment in zip(records, (created, created + 0.4, created - 1), strict=True):
        item.created = max(moment, 0)
        item.msecs = (item.created % 1) * 1000
    assert_same(records, service="voice")


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"service": "voice", "team": "one"},
        {"utc": True},
        {"use_rfc3339": True},
        {"use_rfc3339": True, "utc": True},
        {"datefmt": "%d.%m.%Y %F"},
        {"datefmt": "%d.%m.%Y %F %f", "use_datetime_directive": True},
        {"log_record_order": ["message", "service", "level"]},
        {"log_record_order": ["process", "threadName", "message"], "process": "%(process)d", "name": "%(name)s"},
        {"level": None, "location": "%(filename)s:%(lineno)d:%(asctime)s"},
        {"location": 7},
        {"xray_trace_id": None},
        {"serialize_stacktrace": False},
        {"json_default": repr},
        {"json_serializer": repr},
        {"json_deserializer": lambda text: text.upper()},
    ],
    ids=lambda options: "-".join(options) if isinstance(options, dict) else None,
)
@pytest.mark.parametrize("trace_id", [None, "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8"])
def test_every_option_of_the_formatter(
    options: dict[str, Any], trace_id: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Dates, orders, own serializers, keys that are turned off: the options mean the same."""
    if trace_id is None:
        monkeypatch.delenv("_X_AMZN_TRACE_ID", raising=False)
    else:
        monkeypatch.setenv("_X_AMZN_TRACE_ID", trace_id)
    failed = failure()
    assert_same(
        [
            record("plain"),
            record("with %s", ("arguments",)),
            record('{"json": true}', when=object),
            record({"a": 1}),
            record("failed", exc_info=failed),
            record("failed", exc_info=failed, exception="own", stack_trace="own"),
            record("nothing failed", exc_info=(None, None, None), stack_trace="own"),
        ],
        **options,
    )


def test_keys_of_the_context() -> None:
    """Keys that were added thread-safely come where Powertools puts them."""
    set_context_keys(order="7", location="%(funcName)s")  # type: ignore[arg-type]
    try:
        assert_same([record("x", order=None), record("y")], service="voice")
    finally:
        clear_context_keys()


@pytest.mark.filterwarnings("ignore:POWERTOOLS_DEV")
def test_indented_in_powertools_development_mode(monkeypatch: pytest.MonkeyPatch) -> None:
    """`POWERTOOLS_DEV` asks for lines that people read."""
    monkeypatch.setenv("POWERTOOLS_DEV", "true")
    assert_same([record("x", a={"b": 1})], service="voice")


def test_cleared_keys_come_back() -> None:
    """What was given when the formatter was made survives `clear_state`, what was appended does not."""
    theirs, ours = LambdaPowertoolsFormatter(service="voice"), LeanFormatter(service="voice")
    for formatter in (theirs, ours):
        formatter.append_keys(order=1)
        formatter.clear_state()
    assert theirs.format(RECORD) == ours.format(RECORD)
