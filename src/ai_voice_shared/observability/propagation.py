"""Request headers that propagate the correlation id and the trace to the receiving service."""

from __future__ import annotations

import os
import re

from ai_voice_shared.observability.correlation import CORRELATION_HEADER, get_correlation_id

__all__ = ["outgoing_headers", "traceparent"]

_XRAY = r"Root=1-([0-9a-f]{8})-([0-9a-f]{24})"
_PARENT = r"Parent=([0-9a-f]{16})"
# Characters that are valid in a header; X-Ray's own values are far shorter.
_HEADER = r"[\x21-\x7e]{1,512}"


def outgoing_headers() -> dict[str, str]:
    """Return the current correlation id and trace as headers.

    Returns
    -------
    dict
        `X-Correlation-Id`, `X-Amzn-Trace-Id` and W3C's `traceparent`, as far as they are known.
    """
    headers = {}
    correlation_id = get_correlation_id()
    if correlation_id:
        headers[CORRELATION_HEADER] = correlation_id
    trace_id = os.environ.get("_X_AMZN_TRACE_ID")
    if trace_id and re.fullmatch(_HEADER, trace_id):
        headers["X-Amzn-Trace-Id"] = trace_id
        parent = traceparent(trace_id)
        if parent:
            headers["traceparent"] = parent
    return headers


def traceparent(trace_id: str) -> str | None:
    """Convert an X-Ray trace header to W3C's (https://www.w3.org/TR/trace-context/); None if it has no parent.

    Examples
    --------
    >>> traceparent("Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1")
    '00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01'
    """
    root, parent = re.search(_XRAY, trace_id), re.search(_PARENT, trace_id)
    if root is None or parent is None:
        return None
    if not (root[1] + root[2]).strip("0") or not parent[1].strip("0"):
        return None  # the standard forbids ids of zeros
    return f"00-{root[1]}{root[2]}-{parent[1]}-{'01' if 'Sampled=1' in trace_id else '00'}"
