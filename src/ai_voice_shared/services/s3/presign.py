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
    session: S3Session,
    key: str,
    *,
    expires_in: int | None = None,
    version_id: str | None = None,
    response_content_type: str | None = None,
    response_content_disposition: str | None = None,
) -> PresignedRequest:
    """Presign the reading of an object."""
    parameters = {
        "VersionId": version_id,
        "ResponseContentType": response_content_type,
        "ResponseContentDisposition": response_content_disposition,
    }
    return _presign(session, "get_object", "GET", key, parameters, {}, expires_in)


def presign_put(
    session: S3Session,
    key: str,
    *,
    expires_in: int | None = None,
    content_type: str | None = None,
    content_length: int | None = None,
    checksum_sha256: str | None = None,
    if_none_match: str | None = None,
) -> PresignedRequest:
    """Presign the writing of an object."""
    parameters: dict[str, Any] = {
        "ContentType": content_type,
        "ContentLength": content_length,
        "ChecksumSHA256": checksum_sha256,
        "IfNoneMatch": if_none_match,
    }
    headers = {
        "Content-Type": content_type,
        "Content-Length": None if content_length is None else str(content_length),
        "x-amz-checksum-sha256": checksum_sha256,
        "If-None-Match": if_none_match,
    }
    return _presign(session, "put_object", "PUT", key, parameters, headers, expires_in)


def presign_post(
    session: S3Session,
    key: str,
    *,
    expires_in: int | None = None,
    max_bytes: int,
    min_bytes: int = 1,
    content_type: str | None = None,
    prefix: bool = False,
) -> PresignedPost:
    """Presign a browser's upload by a form."""
    if not 0 <= min_bytes <= max_bytes:
        raise ValidationError("min_bytes must be between 0 and max_bytes")
    checked = S3Key(key)
    if "${filename}" in checked:
        # botocore would sign for all keys that begin as this one.
        raise ValidationError("a key must not have ${filename}, which S3 replaces: use prefix=True")
    seconds, expires_at = _expiry(session, expires_in)
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
        form = session.client.generate_presigned_post(
            session.bucket_name, name, Fields=fields or None, Conditions=conditions, ExpiresIn=seconds
        )
    return PresignedPost(form["url"], form["fields"], expires_at)


def generate_presigned_url(session: S3Session, key: str, *, method: str = "GET", expires_in: int | None = None) -> str:
    """Return only the URL of `presign_get` or `presign_put`."""
    if method not in {"GET", "PUT"}:
        raise ValidationError('method must be "GET" or "PUT"')
    presign = presign_get if method == "GET" else presign_put
    return presign(session, key, expires_in=expires_in).url


def _presign(
    session: S3Session,
    client_method: str,
    method: str,
    key: str,
    parameters: Mapping[str, Any],
    headers: Mapping[str, str | None],
    expires_in: int | None,
) -> PresignedRequest:
    signed = {"Bucket": session.bucket_name, "Key": S3Key(key)}
    signed |= {name: value for name, value in parameters.items() if value is not None}
    seconds, expires_at = _expiry(session, expires_in)
    with session.operation(f"Presign{method.title()}", key):
        url = session.client.generate_presigned_url(client_method, Params=signed, ExpiresIn=seconds)
    required = {name: value for name, value in headers.items() if value is not None}
    return PresignedRequest(method, url, required, expires_at)


def _expiry(session: S3Session, expires_in: int | None) -> tuple[int, datetime]:
    seconds = session.settings.presign_expires_in if expires_in is None else expires_in
    if not 1 <= seconds <= MAX_EXPIRES_IN:
        msg = f"expires_in must be between 1 and {MAX_EXPIRES_IN} seconds"
        raise ValidationError(msg)
    expires_at = datetime.now(UTC) + timedelta(seconds=seconds)
    credentials_expiry = _credentials_expiry(session.client)
    return seconds, min(expires_at, credentials_expiry) if credentials_expiry else expires_at


def _credentials_expiry(client: Any) -> datetime | None:
    """Return when the credentials of a client expire, if that is known.

    Credentials from the environment, which is where Lambda puts a role's, have no expiry.
    """
    # botocore has it as private only, without a public method; if it is renamed, nothing is known.
    signer = getattr(client, "_request_signer", None)
    expiry = getattr(getattr(signer, "_credentials", None), "_expiry_time", None)
    return expiry if isinstance(expiry, datetime) else None
