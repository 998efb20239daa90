"""SigV4 end to end, against a server that verifies each request with botocore's signer."""

from __future__ import annotations

from typing import Any

import pytest

from ai_voice_shared.errors import CustomerLookupError
from ai_voice_shared.observability.correlation import use_correlation_id
from ai_voice_shared.testing.aws import REGION, isolate
from tests.support.faulty_http import FaultyHttp
from tests.support.sigv4_server import is_signed

from .conftest import EXTERNAL_ID, PHONE, found, lookup_settings

pytestmark = [pytest.mark.unit, pytest.mark.anyio]

KEYS = ("testing", "testing", "testing")


@pytest.mark.parametrize("base", ["", "/stage", "/a%20b//c/"])
async def test_a_signed_request_is_accepted(make_lookup: Any, monkeypatch: pytest.MonkeyPatch, base: str) -> None:
    """A signed request is accepted with unsigned trace headers, over fresh and pooled connections."""
    isolate(monkeypatch)
    monkeypatch.setenv("_X_AMZN_TRACE_ID", "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=0")
    with FaultyHttp(
        responses=[found()],
        check=lambda received: None if is_signed(received, service="lambda", region=REGION, credentials=KEYS) else 403,
    ) as server:
        lookup = make_lookup(lookup_settings(url=f"{server.url}{base}", auth="iam", region=REGION))
        with use_correlation_id("order-7"):
            assert await lookup(phone_number=PHONE) is not None
            assert await lookup(external_user_id=EXTERNAL_ID) is not None
        assert [received.method for received in server.requests] == ["POST", "POST"]
        assert server.requests[0].headers["x-correlation-id"] == "order-7"


@pytest.mark.parametrize("changes", [{"auth": "none"}, {"region": "us-east-1"}])
async def test_any_other_request_is_rejected(
    make_lookup: Any, monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any]
) -> None:
    """A request that is unsigned, or signed for another region, is an error."""
    isolate(monkeypatch)
    with FaultyHttp(
        responses=[found()],
        check=lambda received: None if is_signed(received, service="lambda", region=REGION, credentials=KEYS) else 403,
    ) as server:
        lookup = make_lookup(lookup_settings(**({"url": server.url, "auth": "iam", "region": REGION} | changes)))
        with pytest.raises(CustomerLookupError, match="403"):
            await lookup(phone_number=PHONE)
