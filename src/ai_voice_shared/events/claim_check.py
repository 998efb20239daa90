"""Claim checks: data that is too large for the bus goes to a store, and the event carries a reference to it.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevent-size.html recommends this. Any object with the two
methods of `ClaimCheckStore` can be used; the implementation here stores the data in S3.
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

__all__ = ["ClaimCheckStore", "S3ClaimCheckStore", "create_claim_check_store"]

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
    """A store for the data of large events."""

    def put(self, event_id: str, data: bytes) -> Mapping[str, Any]:
        """Store `data` and return its reference: a mapping that JSON can represent, which `get` accepts."""

    def get(self, reference: Mapping[str, Any]) -> bytes:
        """Return the data of a reference."""


class S3ClaimCheckStore:
    """A claim-check store in an S3 bucket. A lifecycle rule of the bucket should expire the data after some weeks.

    Parameters
    ----------
    bucket
        The bucket.
    prefix
        The prefix of the keys; a reference to any other key is refused.
    client
        A boto3 S3 client; by default a shared client.
    region
        The bucket's region, for the default client.
    """

    def __init__(self, bucket: str, *, prefix: str = "events/", client: Any = None, region: str | None = None) -> None:
        self._bucket = bucket
        self._prefix = prefix
        self._client = client
        self._region = region

    def put(self, event_id: str, data: bytes) -> dict[str, Any]:
        """Store `data` under the event's id.

        Raises
        ------
        S3Error
            The data could not be stored.
        """
        key = f"{self._prefix}{event_id}.json"
        with get_tracer().span("## s3.put_object", bucket=self._bucket, size=len(data)):
            self._call("PutObject", key, Body=data, ContentType="application/json")
        digest = hashlib.sha256(data).hexdigest()
        return {"bucket": self._bucket, "key": key, "size": len(data), "sha256": digest}

    def get(self, reference: Mapping[str, Any]) -> bytes:
        """Download the data of an event.

        Raises
        ------
        InvalidPayloadError
            The reference names another bucket, or a key outside of the prefix: an event must not make its consumer
            read arbitrary objects.
        S3IntegrityError
            The data differs from what was stored.
        S3Error
            The data could not be downloaded.
        """
        key = reference.get("key")
        if reference.get("bucket") != self._bucket or not (isinstance(key, str) and key.startswith(self._prefix)):
            msg = "the claim-check reference is not for this store"
            raise InvalidPayloadError(msg, context={"bucket": self._bucket})
        with get_tracer().span("## s3.get_object", bucket=self._bucket):
            data: bytes = self._call("GetObject", key)
        if hashlib.sha256(data).hexdigest() != reference.get("sha256"):
            raise S3IntegrityError(operation="GetObject", bucket=self._bucket, key=key)
        return data

    def _call(self, operation: str, key: str, **arguments: Any) -> Any:
        from ai_voice_shared.aws import aws_client, map_errors

        if self._client is None:
            self._client = aws_client("s3", region_name=self._region, retries={"mode": "standard"})
        method = {"PutObject": self._client.put_object, "GetObject": self._client.get_object}[operation]
        fields = {"operation": operation, "bucket": self._bucket, "key": key}
        with map_errors(service="s3", action=operation, errors=_ERRORS, **fields):
            response = method(Bucket=self._bucket, Key=key, **arguments)
            return response["Body"].read() if operation == "GetObject" else response


def create_claim_check_store(settings: EventSettings) -> ClaimCheckStore | None:
    """Create the store of the settings, or return None where none is configured."""
    if settings.claim_check_bucket is None:
        return None
    return S3ClaimCheckStore(settings.claim_check_bucket, prefix=settings.claim_check_prefix, region=settings.region)
