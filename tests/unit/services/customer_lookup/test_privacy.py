"""No number and no id in any log line, exception, trace, repr, URL or header, whatever fails."""

from __future__ import annotations

import logging
import traceback
from typing import TYPE_CHECKING, Any

import pytest

from ai_voice_shared.errors import AIVoiceError
from ai_voice_shared.testing.aws import REGION, isolate
from tests.support.faulty_http import FaultyHttp, ReceivedRequest, closed_port, raw, reply

from . import test_faults
from .conftest import CUSTOMER, found, lookup_settings, own_circuit, unknown

if TYPE_CHECKING:
    import socket

    from ai_voice_shared.testing.spans import RecordingTracer

pytestmark = [pytest.mark.unit, pytest.mark.anyio]

PHONE = "+61498765432"
EXTERNAL_ID = "GB.77ZEBEDEE77"
SECRETS = (PHONE.strip("+"), "498765432", EXTERNAL_ID, "ZEBEDEE", CUSTOMER["company_name"])


def echo(template: bytes) -> Any:
    """Respond with the request in the response."""

    def respond(server: FaultyHttp, peer: socket.socket, received: ReceivedRequest) -> bool:
        peer.sendall(template.replace(b"{}", received.body))
        return False

    return respond


FAULTS: dict[str, Any] = {
    **test_faults.UNAVAILABLE,
    **test_faults.UNUSABLE,
    "found": found(),
    "unknown": unknown(),
    "echo in a header": echo(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1/?{}\r\nContent-Length: 0\r\n\r\n"),
    "echo in a broken header": echo(b"HTTP/1.1 200 OK\r\n{}\xff\r\n\r\n"),
    "echo in the status line": echo(b"{} HTTP/1.1\r\n\r\n"),
    "echo in the reason": echo(b"HTTP/1.1 500 {}\r\nContent-Length: 0\r\n\r\n"),
    "echo in a body": echo(b"HTTP/1.1 200 OK\r\n\r\n{}"),
    "echo in a problem": echo(b"HTTP/1.1 422 No\r\n\r\n{}"),
    "echo as a chunk": echo(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{}\r\n"),
    "echo as an encoding": echo(b"HTTP/1.1 200 OK\r\nContent-Encoding: {}\r\n\r\nabc"),
    "echo as Retry-After": echo(b"HTTP/1.1 503 No\r\nRetry-After: {}\r\nContent-Length: 0\r\n\r\n"),
    "too many headers": raw(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 50_000),
    "refused": None,
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("auth", ["none", "iam"])
async def test_no_personal_data_is_left_behind(
    make_lookup: Any,
    fault: str,
    auth: str,
    caplog: pytest.LogCaptureFixture,
    traces: RecordingTracer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """No logger at any level, including those of httpx and httpcore, writes personal data."""
    isolate(monkeypatch)
    caplog.set_level(logging.DEBUG)
    for name in ("httpx", "httpcore", "ai_voice_shared"):
        caplog.set_level(logging.DEBUG, name)
    shown = ""
    with FaultyHttp(responses=[FAULTS[fault] or reply()]) as server:
        url = server.url if FAULTS[fault] else f"http://127.0.0.1:{closed_port()}"
        settings = lookup_settings(url=url, read_timeout=0.1, max_attempts=2, auth=auth, region=REGION)
        lookup = make_lookup(settings, circuit_breaker=own_circuit(failure_threshold=2))
        for sender in ({"phone_number": PHONE}, {"external_user_id": EXTERNAL_ID}) * 2:
            try:
                shown += repr(await lookup(**sender))
            except AIVoiceError as error:
                shown += "".join(traceback.format_exception(error))
                cause: BaseException | None = error
                while cause is not None:  # also what a traceback would not show
                    shown += f"{cause!r} {cause} {vars(cause)}"
                    cause = cause.__context__
        for request in server.requests:
            shown += request.target + str(request.headers)
    shown += str([(vars(record), record.getMessage()) for record in caplog.records])
    shown += str([(span.name, span.annotations, span.error) for span in traces.spans])
    assert shown.count("## customer_lookup") >= 2
    for secret in SECRETS:
        assert secret not in shown, secret
