"""Data that is too large for the bus waits in a store, and the event carries the ticket for it.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevent-size.html recommends this. Anything with the two
methods of `ClaimCheckStore` will do; the one here speaks to S3 through the package's own client.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from ai_voice_shared.errors import (
    AIVoiceError,
    InvalidPayloadError,
    S3AccessDeniedError,
    S3Error,
    S3IntegrityError,
    S3ObjectNotFoundError,
    S3ThrottledError,
    S3TimeoutError,
    S3UnavailableError,
)
from ai_voice_shared.observability.tracing import get_tracer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ai_voice_shared.settings.events import EventSettings

__all__ = ["ClaimCheckStore", "S3ClaimCheckStore", "claim_checks_from"]

_ERRORS: dict[str, type[AIVoiceError]] = {
    "NoSuchKey": S3ObjectNotFoundError,
    "client": S3Error,
    "connection": S3UnavailableError,
    "credentials": S3AccessDeniedError,
    "denied": S3AccessDeniedError,
    "refused": S3Error,
    "server": S3UnavailableError,
    "throttled": S3ThrottledError,
    "timeout": S3TimeoutError,
}


@runtime_checkable
class ClaimCheckStore(Protocol):
    """Where the data of large events waits."""

    def put(self, event_id: str, data: bytes) -> Mapping[str, Any]:
        """Keep `data` and give the ticket for it: whatever `get` needs, as JSON can hold it."""

    def get(self, ticket: Mapping[str, Any]) -> bytes:
        """Give what the ticket stands for."""


class S3ClaimCheckStore:
    """Keeps the data of large events in a bucket. A lifecycle rule of the bucket should remove it after some weeks.

    Parameters
    ----------
    bucket
        The bucket.
    prefix
        What the keys begin with; a ticket for another key is refused.
    client
        A boto3 S3 client; by default the process's own.
    region
        The bucket's region, for the default client.
    """

    def __init__(self, bucket: str, *, prefix: str = "events/", client: Any = None, region: str | None = None) -> None:
        self._bucket = bucket
        self._prefix = prefix
        self._client = client
        self._region = region

    def put(self, event_id: str, data: bytes) -> dict[str, Any]:
        """Keep `data` under the event's id.

        Raises
        ------
        S3Error
            The data could not be kept.
        """
        key = f"{self._prefix}{event_id}.json"
        with get_tracer().span("## s3.put_object", bucket=self._bucket, size=len(data)):
            self._call("PutObject", key, Body=data, ContentType="application/json")
        digest = hashlib.sha256(data).hexdigest()
        return {"bucket": self._bucket, "key": key, "size": len(data), "sha256": digest}

    def get(self, ticket: Mapping[str, Any]) -> bytes:
        """Fetch the data of an event.

        Raises
        ------
        InvalidPayloadError
            The ticket is for another bucket or for a key that is none of this store's: an event must not make its
            reader open just anything.
        S3IntegrityError
            The data is not what was kept.
        S3Error
            It could not be fetched.
        """
        key = ticket.get("key")
        if ticket.get("bucket") != self._bucket or not (isinstance(key, str) and key.startswith(self._prefix)):
            msg = "the claim check is not for this store"
            raise InvalidPayloadError(msg, context={"bucket": self._bucket})
        with get_tracer().span("## s3.get_object", bucket=self._bucket):
            data: bytes = self._call("GetObject", key)
        if hashlib.sha256(data).hexdigest() != ticket.get("sha256"):
            raise S3IntegrityError(operation="GetObject", bucket=self._bucket, key=key)
        return data

    def _call(self, operation: str, key: str, **arguments: Any) -> Any:
        from ai_voice_shared.aws import aws_client, map_errors

        if self._client is None:
            self._client = aws_client("s3", region_name=self._region, retries={"mode": "standard"})
        method = {"PutObject": self._client.put_object, "GetObject": self._client.get_object}[operation]
        facts = {"operation": operation, "bucket": self._bucket, "key": key}
        with map_errors(service="s3", action=operation, errors=_ERRORS, **facts):
            response = method(Bucket=self._bucket, Key=key, **arguments)
            return response["Body"].read() if operation == "GetObject" else response


def claim_checks_from(settings: EventSettings) -> ClaimCheckStore | None:
    """Make the store that the settings name, or None where they name none."""
    if settings.claim_check_bucket is None:
        return None
    return S3ClaimCheckStore(settings.claim_check_bucket, prefix=settings.claim_check_prefix, region=settings.region)
