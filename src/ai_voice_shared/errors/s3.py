"""Errors of S3 operations."""

from __future__ import annotations

from typing import Any

from ai_voice_shared.errors.requests import (
    AuthorizationError,
    ConflictError,
    NotFoundError,
    PayloadTooLargeError,
    PreconditionFailedError,
)
from ai_voice_shared.errors.services import ServiceError

__all__ = [
    "S3AccessDeniedError",
    "S3BucketNotFoundError",
    "S3ConflictError",
    "S3Error",
    "S3IntegrityError",
    "S3InvalidRangeError",
    "S3NotFoundError",
    "S3NotModifiedError",
    "S3ObjectNotFoundError",
    "S3PreconditionFailedError",
    "S3ThrottledError",
    "S3TimeoutError",
    "S3TooLargeError",
    "S3UnavailableError",
]


class S3Error(ServiceError):
    """An S3 operation failed; the botocore error is its `__cause__`.

    Parameters
    ----------
    message
        What happened.
    operation
        The S3 API operation (`"PutObject"`).
    bucket, key
        The bucket and the key of the operation.
    request_id
        S3's id of the request, for AWS support.
    error_code
        S3's own code (`"NoSuchKey"`).

    Examples
    --------
    >>> error = S3Error("it failed", operation="PutObject", bucket="notes", key="a/b.ogg", error_code="InternalError")
    >>> print(error)
    PutObject on s3://notes/a/b.ogg: it failed (InternalError)
    """

    code = "s3_error"
    title = "S3 failed"

    def __init__(
        self,
        message: str = "",
        *,
        operation: str = "",
        bucket: str = "",
        key: str | None = None,
        request_id: str = "",
        error_code: str = "",
        **kwargs: Any,
    ) -> None:
        where = f"s3://{bucket}/{key}" if key is not None else f"s3://{bucket}"
        suffix = f" ({error_code})" if error_code else ""
        context = {"operation": operation, "bucket": bucket, "key": key, "request_id": request_id}
        # Not super(): the second parents of the classes below (NotFoundError, ...) take other arguments.
        ServiceError.__init__(
            self,
            f"{operation or 'S3'} on {where}: {message or self.title}{suffix}",
            service="s3",
            context={**context, **kwargs.pop("context", {})},
            **kwargs,
        )
        self.operation = operation
        self.bucket = bucket
        self.key = key
        self.request_id = request_id
        self.error_code = error_code


class S3NotFoundError(S3Error, NotFoundError):
    """The bucket or the object does not exist."""

    status = 404
    code = "s3_not_found"
    title = "not found in S3"


class S3BucketNotFoundError(S3NotFoundError):
    """The bucket does not exist (`NoSuchBucket`)."""

    code = "s3_bucket_not_found"
    title = "the bucket does not exist"


class S3ObjectNotFoundError(S3NotFoundError):
    """The object does not exist (`NoSuchKey` from get, `404` from head)."""

    code = "s3_object_not_found"
    title = "the object does not exist"


class S3AccessDeniedError(S3Error, AuthorizationError):
    """The role, the bucket policy or expired credentials do not allow it."""

    status = 403
    code = "s3_access_denied"
    title = "access denied"


class S3PreconditionFailedError(S3Error, PreconditionFailedError):
    """The condition `if_match` or `if_none_match` does not hold; nothing was written."""

    status = 412
    code = "s3_precondition_failed"
    title = "the condition does not hold"


class S3ConflictError(S3Error, ConflictError):
    """Another conditional write of the same key was in progress (`ConditionalRequestConflict`)."""

    status = 409
    code = "s3_conflict"
    title = "another write was in progress"
    retryable = True


class S3NotModifiedError(S3Error):
    """The object has not changed since the version that the caller has."""

    status = 304
    code = "s3_not_modified"
    title = "not modified"


class S3InvalidRangeError(S3Error):
    """The range lies outside the object."""

    status = 416
    code = "s3_invalid_range"
    title = "the range is outside the object"


class S3ThrottledError(S3Error):
    """S3 throttled the request, even after the retries."""

    status = 503
    code = "s3_throttled"
    title = "S3 throttled the request"
    retryable = True


class S3IntegrityError(S3Error):
    """The bytes are not those that were stored: a checksum, a length or an ETag differs."""

    status = 502
    code = "s3_integrity"
    title = "the bytes do not match their checksum"
    retryable = True


class S3TooLargeError(S3Error, PayloadTooLargeError):
    """The object has more bytes than the caller's limit, or than S3's."""

    status = 413
    code = "s3_too_large"
    title = "too large"


class S3TimeoutError(S3Error):
    """S3 did not respond in time."""

    status = 504
    code = "s3_timeout"
    title = "no response in time"
    retryable = True


class S3UnavailableError(S3Error):
    """S3 could not be reached, or responded with 5xx, even after the retries."""

    status = 503
    code = "s3_unavailable"
    title = "S3 is unavailable"
    retryable = True
