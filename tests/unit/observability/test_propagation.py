"""Request headers that propagate the correlation id and the trace."""

from __future__ import annotations

import re

import pytest

from ai_voice_shared.observability.correlation import use_correlation_id
from ai_voice_shared.observability.propagation import outgoing_headers, traceparent

pytestmark = pytest.mark.unit

ROOT = "Root=1-5759e988-bd862e3fe1be46a994272793"


def test_without_a_request_no_headers_are_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a correlation id and a trace there are no headers."""
    monkeypatch.delenv("_X_AMZN_TRACE_ID", raising=False)
    assert outgoing_headers() == {}


def test_the_correlation_id_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    """The headers contain the current correlation id."""
    monkeypatch.delenv("_X_AMZN_TRACE_ID", raising=False)
    with use_correlation_id("order-7"):
        assert outgoing_headers() == {"X-Correlation-Id": "order-7"}


def test_the_trace_is_sent_in_both_formats(monkeypatch: pytest.MonkeyPatch) -> None:
    """The headers contain the trace in X-Ray's format and in W3C's."""
    trace_id = f"{ROOT};Parent=53995c3f42cd8ad8;Sampled=1;Lineage=1:a87bd80c:0"
    monkeypatch.setenv("_X_AMZN_TRACE_ID", trace_id)
    headers = outgoing_headers()
    assert headers["X-Amzn-Trace-Id"] == trace_id
    assert headers["traceparent"] == "00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01"


@pytest.mark.parametrize(
    ("trace_id", "expected"),
    [
        (f"{ROOT};Parent=53995c3f42cd8ad8;Sampled=0", "00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-00"),
        (f"{ROOT};Parent=53995c3f42cd8ad8", "00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-00"),
        (f"Parent=53995c3f42cd8ad8;Sampled=1;{ROOT}", "00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01"),
        (ROOT, None),
        (f"{ROOT};Sampled=1", None),
        ("Parent=53995c3f42cd8ad8", None),
        ("Root=1-00000000-000000000000000000000000;Parent=53995c3f42cd8ad8", None),
        (f"{ROOT};Parent=0000000000000000", None),
        ("Root=garbage;Parent=garbage", None),
        ("", None),
    ],
)
def test_a_traceparent_is_w3c_s_or_none(trace_id: str, expected: str | None) -> None:
    """A trace is converted to a valid W3C traceparent; without a parent, or with ids of zeros, it is None."""
    found = traceparent(trace_id)
    assert found == expected
    if found is not None:
        assert re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]", found)


@pytest.mark.parametrize("trace_id", ["two\r\nlines", "caf\u00e9", "x" * 2000])
def test_a_trace_that_is_not_a_valid_header_is_not_sent(monkeypatch: pytest.MonkeyPatch, trace_id: str) -> None:
    """A trace id from the environment that is not a valid header is not sent."""
    monkeypatch.setenv("_X_AMZN_TRACE_ID", trace_id)
    assert outgoing_headers() == {}
