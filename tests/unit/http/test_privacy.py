"""Errors and logs of both clients contain nothing that was sent or received."""

from __future__ import annotations

import logging
import traceback
from typing import Any

import pytest

from ai_voice_shared.errors import AIVoiceError
from tests.support.faulty_http import FaultyHttp, ask, raw, reply, reset

pytestmark = [pytest.mark.unit, pytest.mark.anyio]

CHUNKED_HEAD = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


async def test_errors_and_logs_contain_no_content(
    server: FaultyHttp, send: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """No error, cause, repr or log line of any level contains what was sent or received."""
    caplog.set_level(logging.DEBUG)
    server.responses = [
        raw(b"HTTP/1.1 200 OK\r\nsecret header\r\n\r\n"),
        raw(b"secret\r\n\r\n"),
        raw(CHUNKED_HEAD + b"secret\r\n"),
        raw(b"HTTP/1.1 200 secret\r\nX: secret\r\nContent-Length: 99\r\n\r\nsecret"),
        reply(302, b"", {"Location": "http://127.0.0.1/secret"}),
        reset,
    ]
    shown, causes = "", []
    for _ in range(6):
        request = ask(
            server, url=f"{server.url}/secret?a=secret", headers={"X": "secret"}, content=b"secret", method="POST"
        )
        try:
            shown += repr(await send(request))
        except AIVoiceError as error:
            shown += "".join(traceback.format_exception(error)) + repr(vars(error)) + repr(request)
            causes.append(error.__cause__)
    shown += "".join(str(vars(record)) for record in caplog.records)
    assert len(server.requests) == 6
    # The chain of causes ends there, because further causes contain what was sent or received.
    assert [(cause.__cause__, cause.__context__) for cause in causes if cause is not None] == [(None, None)] * 5
    assert "secret" not in shown


async def test_other_code_may_log_its_requests(server: FaultyHttp, send: Any, caplog: pytest.LogCaptureFixture) -> None:
    """The loggers of httpx and urllib3 omit this package's requests, but not those of other code."""
    import httpx
    import urllib3

    caplog.set_level(logging.DEBUG)
    await send(ask(server))
    assert [record.name for record in caplog.records if record.name.startswith(("http", "urllib3"))] == []
    async with httpx.AsyncClient(trust_env=False) as client:
        await client.get(server.url)
    with urllib3.PoolManager() as manager:
        manager.request("GET", server.url)
    names = {record.name for record in caplog.records}
    assert {"httpx", "urllib3.connectionpool"} <= names
