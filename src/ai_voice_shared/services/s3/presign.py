"""Presigned requests, which anyone without credentials may send until they expire.

A presigned URL dies with the credentials that signed it, whatever expiry was requested: a role's last some hours at
most (https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-presigned-url.html). The functions here return the
effective expiry, as far as it is known. They send nothing over the network.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from ai_voice_shared.errors import ValidationError
from ai_voice_shared.services.s3.keys import S3Key

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ai_voice_shared.services.s3.session import S3Session

__all__ = [
    "MAX_EXPIRES_IN",
    "PresignedPost",
    "PresignedRequest",
    "generate_presigned_url",
    "presign_get",
    "presign_post",
    "presign_put",
]

MAX_EXPIRES_IN = 7 * 24 * 3600
"""Seconds that SigV4 allows at most."""

_HEADERS = {
    "ContentType": "Content-Type",
    "ContentLength": "Content-Length",
    "ChecksumSHA256": "x-amz-checksum-sha256",
    "IfNoneMatch": "If-None-Match",
}


@dataclass(frozen=True, slots=True)
class PresignedRequest:
    """A request that anyone who has it may send.

    Parameters
    ----------
    method
        `"GET"` or `"PUT"`.
    url
        With the signature in its query, so it stays out of `repr`.
    headers
        The headers to send with it, unchanged: they are signed.
    expires_at
        When it expires, at the latest.
    """

    method: str
    url: str = field(repr=False)
    headers: Mapping[str, str]
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class PresignedPost:
    """A form that a browser may post (https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-post-example.html).

    Parameters
    ----------
    url
        The form's action.
    fields
        The form's fields, which precede the file; they hold the signature, so they stay out of `repr`.
    expires_at
        When it expires, at the latest.
    """

    url: str
    fields: Mapping[str, str] = field(repr=False)
    expires_at: datetime


def presign_get(
    session: S3Session, key: str, expires_in: int | None = None, **parameters: str | None
) -> PresignedRequest:
    """Presign the reading of an object; the parameters are those of GetObject."""
    return _presign(session, "GET", key, expires_in, parameters)


def presign_put(
    session: S3Session, key: str, expires_in: int | None = None, **parameters: str | int | None
) -> PresignedRequest:
    """Presign the writing of an object; the parameters are those of PutObject that `_HEADERS` has."""
    return _presign(session, "PUT", key, expires_in, parameters)


def presign_post(
    session: S3Session,
    key: str,
    expires_in: int | None,
    *,
    max_bytes: int,
    min_bytes: int,
    content_type: str | None,
    prefix: bool,
) -> PresignedPost:
    """Presign a browser's upload by a form."""
    if not 0 <= min_bytes <= max_bytes:
        raise ValidationError("min_bytes must be between 0 and max_bytes")
    checked = S3Key(key)
    if "${filename}" in checked:
        # botocore would sign for all keys that begin as this one.
        raise ValidationError("a key must not have ${filename}, which S3 replaces: use prefix=True")
    seconds = _validate_expiry(session, expires_in)
    conditions: list[Any] = [["content-length-range", min_bytes, max_bytes]]
    fields: dict[str, str] = {}
    if content_type and content_type.endswith("/"):
        conditions.append(["starts-with", "$Content-Type", content_type])
    elif content_type:
        conditions.append({"Content-Type": content_type})
        fields["Content-Type"] = content_type
    # botocore adds "starts-with" for a key that ends in ${filename}.
    name = f"{checked}${{filename}}" if prefix else str(checked)
    with session.operation("PresignPost", key):
        expires_at = _expires_at(session.client, seconds)
        form = session.client.generate_presigned_post(
            session.bucket_name, name, Fields=fields or None, Conditions=conditions, ExpiresIn=seconds
        )
    return PresignedPost(form["url"], form["fields"], expires_at)


def generate_presigned_url(session: S3Session, key: str, *, method: str = "GET", expires_in: int | None = None) -> str:
    """Return only the URL of `presign_get` or `presign_put`."""
    if method not in {"GET", "PUT"}:
        raise ValidationError('method must be "GET" or "PUT"')
    return _presign(session, method, key, expires_in, {}).url


def _presign(
    session: S3Session, method: str, key: str, expires_in: int | None, parameters: Mapping[str, str | int | None]
) -> PresignedRequest:
    given = {name: value for name, value in parameters.items() if value is not None}
    signed = {"Bucket": session.bucket_name, "Key": S3Key(key), **given}
    seconds = _validate_expiry(session, expires_in)
    with session.operation(f"Presign{method.title()}", key):
        expires_at = _expires_at(session.client, seconds)
        url = session.client.generate_presigned_url(f"{method.lower()}_object", Params=signed, ExpiresIn=seconds)
    headers = {_HEADERS[name]: str(value) for name, value in given.items() if name in _HEADERS}
    return PresignedRequest(method, url, headers, expires_at)


def _validate_expiry(session: S3Session, expires_in: int | None) -> int:
    seconds = session.settings.presign_expires_in if expires_in is None else expires_in
    if not 1 <= seconds <= MAX_EXPIRES_IN:
        msg = f"expires_in must be between 1 and {MAX_EXPIRES_IN} seconds"
        raise ValidationError(msg)
    return seconds


def _expires_at(client: Any, seconds: int) -> datetime:
    expires_at = datetime.now(UTC) + timedelta(seconds=seconds)
    credentials_expiry = _credentials_expiry(client)
    return min(expires_at, credentials_expiry) if credentials_expiry else expires_at


def _credentials_expiry(client: Any) -> datetime | None:
    """Return when the credentials of a client expire, if that is known.

    Credentials from the environment, which is where Lambda puts a role's, have no expiry.
    """
    # botocore has it as private only, without a public method; if it is renamed, nothing is known.
    signer = getattr(client, "_request_signer", None)
    expiry = getattr(getattr(signer, "_credentials", None), "_expiry_time", None)
    return expiry if isinstance(expiry, datetime) else None
