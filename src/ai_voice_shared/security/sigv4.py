"""AWS Signature Version 4, for requests that go out by the package's own HTTP client.

botocore's signer would do, but importing it costs a text-only webhook's cold start more than everything else that it
does. This one is 60 lines on hashlib and hmac, held to botocore's by a differential test
(https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html).
"""

from __future__ import annotations

import hashlib
import hmac
import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote, urlsplit

from ai_voice_shared.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["AwsCredentials", "credentials", "sign"]

# What those in between may change.
_NEVER_SIGNED = frozenset(
    {
        "connection",
        "expect",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "user-agent",
        "x-amzn-trace-id",
    }
)
_OWN = frozenset({"authorization", "x-amz-date", "x-amz-security-token"})


class AwsCredentials(NamedTuple):
    """An access key, its secret, and for a role's the session token."""

    access_key: str
    secret_key: str
    token: str | None = None

    def __repr__(self) -> str:
        return f"AwsCredentials(access_key={self.access_key!r})"


def credentials() -> AwsCredentials:
    """Give the process's credentials: Lambda's from the environment, else by botocore's whole chain.

    Raises
    ------
    ConfigurationError
        There are none.
    """
    access_key, secret_key = os.environ.get("AWS_ACCESS_KEY_ID"), os.environ.get("AWS_SECRET_ACCESS_KEY")
    if access_key and secret_key:
        return AwsCredentials(access_key, secret_key, os.environ.get("AWS_SESSION_TOKEN") or None)
    from ai_voice_shared.aws import aws_credentials

    found = aws_credentials()
    if found is None:
        msg = "there are no AWS credentials: neither in the environment nor where botocore looks"
        raise ConfigurationError(msg)
    frozen = found.get_frozen_credentials()
    return AwsCredentials(frozen.access_key, frozen.secret_key, frozen.token)


def sign(
    method: str,
    url: str,
    headers: Mapping[str, str],
    body: bytes,
    *,
    service: str,
    region: str,
    credentials: AwsCredentials,
    now: datetime | None = None,
) -> dict[str, str]:
    """Sign a request.

    Parameters
    ----------
    method, url, headers, body
        As they will be sent: the URL percent-encoded, and all of the headers that are to be signed.
    service, region
        Of the signature's scope (`"lambda"` for a function URL).
    credentials
        Whose request it is.
    now
        The time of the signature, for tests.

    Returns
    -------
    dict
        The headers with `X-Amz-Date`, `X-Amz-Security-Token` and `Authorization`, in place of any that there were.

    Examples
    --------
    >>> from datetime import UTC, datetime
    >>> mine = AwsCredentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
    >>> moment = datetime(2015, 8, 30, 12, 36, tzinfo=UTC)
    >>> url = "https://example.amazonaws.com/"
    >>> headers = sign("GET", url, {}, b"", service="service", region="us-east-1", credentials=mine, now=moment)
    >>> headers["Authorization"].rpartition("=")[2]
    '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31'
    """
    stamp = (now or datetime.now(UTC)).strftime("%Y%m%dT%H%M%SZ")
    parts = urlsplit(url)
    signed = {name: value for name, value in headers.items() if name.lower() not in _OWN}
    signed["X-Amz-Date"] = stamp
    if credentials.token:
        signed["X-Amz-Security-Token"] = credentials.token
    canonical = {name.lower(): " ".join(value.split()) for name, value in signed.items()}
    canonical = {name: value for name, value in canonical.items() if name not in _NEVER_SIGNED}
    canonical.setdefault("host", _host(parts.scheme, parts.hostname or "", parts.port))
    names = ";".join(sorted(canonical))
    request = "\n".join(
        (
            method.upper(),
            # Encoded once more, as every service but S3 wants it.
            quote(_without_dots(parts.path) or "/", safe="/~"),
            "&".join(_query_parts(parts.query)),
            "".join(f"{name}:{canonical[name]}\n" for name in sorted(canonical)),
            names,
            hashlib.sha256(body).hexdigest(),
        )
    )
    scope = f"{stamp[:8]}/{region}/{service}/aws4_request"
    to_sign = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{hashlib.sha256(request.encode()).hexdigest()}"
    key = f"AWS4{credentials.secret_key}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.digest(key, to_sign.encode(), "sha256").hex()
    signed["Authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={credentials.access_key}/{scope}, SignedHeaders={names}, Signature={signature}"
    )
    return signed


def _host(scheme: str, host: str, port: int | None) -> str:
    name = f"[{host}]" if ":" in host else host
    return name if port in {None, {"http": 80, "https": 443}.get(scheme)} else f"{name}:{port}"


def _query_parts(query: str) -> list[str]:
    pairs = [pair.partition("=") for pair in query.split("&")] if query else []
    # Sorted by name and then by value, so a name that is another's beginning comes first.
    return [f"{name}={value}" for name, _, value in sorted(pairs, key=lambda pair: (pair[0], pair[2]))]


def _without_dots(path: str) -> str:
    """Resolve `.` and `..` and drop empty segments, as RFC 3986 section 5.2.4 and botocore do."""
    if not path:
        return ""
    kept: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            if kept:
                kept.pop()
        elif segment not in {"", "."}:
            kept.append(segment)
    trailing = "/" if path.endswith("/") and kept else ""
    return "/" + "/".join(kept) + trailing
