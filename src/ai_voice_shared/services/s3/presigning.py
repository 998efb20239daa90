"""Presigned requests: what somebody without credentials may do, for a while.

A presigned URL dies with the credentials that signed it, however long it was asked for: a role's last some hours at
the most (https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-presigned-url.html). What is given back is the
effective expiry, as far as it is known.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from ai_voice_shared.errors import ValidationError
from ai_voice_shared.services.s3.base import S3Base
from ai_voice_shared.services.s3.keys import S3Key

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ai_voice_shared.services.s3.presigned import PresignedPost, PresignedRequest

__all__ = ["MAX_EXPIRES_IN", "S3Presigning"]

MAX_EXPIRES_IN = 7 * 24 * 3600
"""Seconds that SigV4 allows at the most."""


class S3Presigning(S3Base):
    """The presigning side of `S3Service`. No method here goes to the network."""

    def presign_get(
        self,
        key: str,
        *,
        expires_in: int | None = None,
        version_id: str | None = None,
        response_content_type: str | None = None,
        response_content_disposition: str | None = None,
    ) -> PresignedRequest:
        """Let somebody read an object.

        Parameters
        ----------
        key
            The object's key; whether it exists is not asked.
        expires_in
            Seconds; by default `S3Settings.presign_expires_in`, at most 7 days.
        version_id, response_content_type, response_content_disposition
            As in GetObject.

        Examples
        --------
        >>> from ai_voice_shared.testing.s3 import InMemoryS3Service
        >>> s3 = InMemoryS3Service("voice-notes")
        >>> request = s3.presign_get("notes/a.ogg", expires_in=300, response_content_disposition="attachment")
        >>> request.method, request.url
        ('GET', 'https://voice-notes.s3.us-east-1.amazonaws.com/notes/a.ogg?...')
        """
        parameters = {
            "VersionId": version_id,
            "ResponseContentType": response_content_type,
            "ResponseContentDisposition": response_content_disposition,
        }
        return self._presigned("get_object", "GET", key, parameters, {}, expires_in)

    def presign_put(
        self,
        key: str,
        *,
        expires_in: int | None = None,
        content_type: str | None = None,
        content_length: int | None = None,
        checksum_sha256: str | None = None,
        if_none_match: str | None = None,
    ) -> PresignedRequest:
        """Let somebody write an object, of this type, length and content where they are given: all are signed.

        Parameters
        ----------
        key, expires_in
            As in `presign_get`.
        content_type, content_length
            The type, and the length in bytes.
        checksum_sha256
            Base64 of the SHA-256 of the bytes.
        if_none_match
            `"*"`: only where the key is free.

        Examples
        --------
        >>> from ai_voice_shared.testing.s3 import InMemoryS3Service
        >>> s3 = InMemoryS3Service("voice-notes")
        >>> s3.presign_put("notes/a.ogg", content_type="audio/ogg", content_length=7).headers
        {'Content-Type': 'audio/ogg', 'Content-Length': '7'}
        """
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
        return self._presigned("put_object", "PUT", key, parameters, headers, expires_in)

    def presign_post(
        self,
        key: str,
        *,
        expires_in: int | None = None,
        max_bytes: int,
        min_bytes: int = 1,
        content_type: str | None = None,
        prefix: bool = False,
    ) -> PresignedPost:
        """Let a browser post a file.

        Parameters
        ----------
        key
            The object's key or, with `prefix=True`, what its key has to begin with; the file's name follows.
        expires_in
            As in `presign_get`.
        max_bytes, min_bytes
            How long the file may be.
        content_type
            The type; one that ends in `/` allows all that begin with it (`"audio/"`).

        Examples
        --------
        >>> from ai_voice_shared.testing.s3 import InMemoryS3Service
        >>> form = InMemoryS3Service("voice-notes").presign_post(
        ...     "notes/a.ogg", max_bytes=16 << 20, content_type="audio/ogg"
        ... )
        >>> form.url, form.fields["key"], form.fields["Content-Type"]
        ('https://voice-notes.s3.us-east-1.amazonaws.com/', 'notes/a.ogg', 'audio/ogg')
        """
        if not 0 <= min_bytes <= max_bytes:
            raise ValidationError("min_bytes must be between 0 and max_bytes")
        checked = S3Key(key)
        if "${filename}" in checked:
            # botocore would sign for all keys that begin as this one.
            raise ValidationError("a key must not have ${filename}, which S3 replaces: say prefix=True")
        seconds, expires_at = self._expiry(expires_in)
        conditions: list[Any] = [["content-length-range", min_bytes, max_bytes]]
        fields: dict[str, str] = {}
        if content_type and content_type.endswith("/"):
            conditions.append(["starts-with", "$Content-Type", content_type])
        elif content_type:
            conditions.append({"Content-Type": content_type})
            fields["Content-Type"] = content_type
        # botocore adds "starts-with" for a key that ends in ${filename}.
        name = f"{checked}${{filename}}" if prefix else str(checked)
        with self._operation("PresignPost", key):
            made = self.client.generate_presigned_post(
                self.bucket_name, name, Fields=fields or None, Conditions=conditions, ExpiresIn=seconds
            )
        from ai_voice_shared.services.s3.presigned import PresignedPost

        return PresignedPost(made["url"], made["fields"], expires_at)

    def generate_presigned_url(self, key: str, *, method: str = "GET", expires_in: int | None = None) -> str:
        """Give only the URL of `presign_get` (or, with `method="PUT"`, of `presign_put`).

        Examples
        --------
        >>> from ai_voice_shared.testing.s3 import InMemoryS3Service
        >>> InMemoryS3Service("voice-notes").generate_presigned_url("a.ogg", expires_in=60)
        'https://voice-notes.s3.us-east-1.amazonaws.com/a.ogg?...'
        """
        if method not in {"GET", "PUT"}:
            raise ValidationError('method must be "GET" or "PUT"')
        make = self.presign_get if method == "GET" else self.presign_put
        return make(key, expires_in=expires_in).url

    def _presigned(
        self,
        operation: str,
        method: str,
        key: str,
        parameters: Mapping[str, Any],
        headers: Mapping[str, str | None],
        expires_in: int | None,
    ) -> PresignedRequest:
        wanted = {"Bucket": self.bucket_name, "Key": S3Key(key)}
        wanted |= {name: value for name, value in parameters.items() if value is not None}
        seconds, expires_at = self._expiry(expires_in)
        with self._operation(f"Presign{method.title()}", key):
            url = self.client.generate_presigned_url(operation, Params=wanted, ExpiresIn=seconds)
        sent = {name: value for name, value in headers.items() if value is not None}
        from ai_voice_shared.services.s3.presigned import PresignedRequest

        return PresignedRequest(method, url, sent, expires_at)

    def _expiry(self, expires_in: int | None) -> tuple[int, datetime]:
        from datetime import UTC, timedelta

        seconds = self.settings.presign_expires_in if expires_in is None else expires_in
        if not 1 <= seconds <= MAX_EXPIRES_IN:
            msg = f"expires_in must be between 1 and {MAX_EXPIRES_IN} seconds"
            raise ValidationError(msg)
        expires_at = datetime.now(UTC) + timedelta(seconds=seconds)
        credentials_end = _credentials_end(self.client)
        return seconds, min(expires_at, credentials_end) if credentials_end else expires_at


def _credentials_end(client: Any) -> datetime | None:
    """Say when the credentials of a client end, where that is known.

    Credentials from the environment, which is where Lambda puts a role's, do not say it.
    """
    # botocore keeps it private and has no public way to ask; where it is renamed, nothing is known.
    signer = getattr(client, "_request_signer", None)
    end = getattr(getattr(signer, "_credentials", None), "_expiry_time", None)
    return end if isinstance(end, datetime) else None
