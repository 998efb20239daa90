"""Verify the SigV4 signatures of received requests by botocore's signer."""

from __future__ import annotations

import datetime as dt
import hmac
import re
from typing import TYPE_CHECKING
from unittest import mock

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

if TYPE_CHECKING:
    from tests.support.faulty_http import ReceivedRequest

__all__ = ["botocore_authorization", "is_signed"]

_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<key>[^/]+)/(?P<day>\d{8})/(?P<region>[^/]+)/(?P<service>[^/]+)/aws4_request, "
    r"SignedHeaders=(?P<names>[^,]+), Signature=(?P<signature>[0-9a-f]{64})"
)


def botocore_authorization(
    method: str,
    url: str,
    headers: dict[str, str],
    body: bytes,
    *,
    service: str,
    region: str,
    credentials: tuple[str, str, str | None],
    now: dt.datetime,
) -> str:
    """Return the Authorization header that botocore would send."""
    request = AWSRequest(method=method, url=url, headers=headers, data=body)
    with mock.patch("botocore.auth.get_current_datetime", return_value=now):
        SigV4Auth(Credentials(*credentials), service, region).add_auth(request)
    value: str = request.headers["Authorization"]
    return value


def is_signed(request: ReceivedRequest, *, service: str, region: str, credentials: tuple[str, str, str | None]) -> bool:
    """Return whether the signature of a received request is valid."""
    found = _AUTHORIZATION.fullmatch(request.headers.get("authorization", ""))
    stamp = request.headers.get("x-amz-date", "")
    if found is None or (found["service"], found["region"]) != (service, region):
        return False
    if request.headers.get("x-amz-security-token") != credentials[2]:
        return False
    names = found["names"].split(";")
    now = dt.datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=dt.UTC)
    expected = botocore_authorization(
        request.method,
        f"http://{request.headers['host']}{request.target}",
        {name: request.headers[name] for name in names},
        request.body,
        service=service,
        region=region,
        credentials=credentials,
        now=now,
    )
    return hmac.compare_digest(expected, request.headers["authorization"]) and {"host", "x-amz-date"} <= set(names)
