"""botocore's errors as errors of this package.

S3 says the same thing in several ways: a missing key is `NoSuchKey` from GetObject and a bare `404` from HeadObject,
which has no body (https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html).
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ai_voice_shared import errors

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["error_for", "error_for_code", "translated"]

_CODES: dict[str, type[errors.S3Error]] = {
    "NoSuchKey": errors.S3ObjectNotFoundError,
    "NoSuchVersion": errors.S3ObjectNotFoundError,
    "NotFound": errors.S3ObjectNotFoundError,
    "404": errors.S3ObjectNotFoundError,
    "NoSuchBucket": errors.S3BucketNotFoundError,
    "NoSuchUpload": errors.S3NotFoundError,
    "AccessDenied": errors.S3AccessDeniedError,
    "AllAccessDisabled": errors.S3AccessDeniedError,
    "Forbidden": errors.S3AccessDeniedError,
    "403": errors.S3AccessDeniedError,
    "ExpiredToken": errors.S3AccessDeniedError,
    "InvalidAccessKeyId": errors.S3AccessDeniedError,
    "InvalidToken": errors.S3AccessDeniedError,
    "InvalidObjectState": errors.S3AccessDeniedError,
    "RequestTimeTooSkewed": errors.S3AccessDeniedError,
    "SignatureDoesNotMatch": errors.S3AccessDeniedError,
    "PreconditionFailed": errors.S3PreconditionFailedError,
    "412": errors.S3PreconditionFailedError,
    "ConditionalRequestConflict": errors.S3ConflictError,
    "OperationAborted": errors.S3ConflictError,
    "409": errors.S3ConflictError,
    "NotModified": errors.S3NotModifiedError,
    "304": errors.S3NotModifiedError,
    "InvalidRange": errors.S3InvalidRangeError,
    "416": errors.S3InvalidRangeError,
    "SlowDown": errors.S3ThrottledError,
    "Throttling": errors.S3ThrottledError,
    "ThrottlingException": errors.S3ThrottledError,
    "RequestLimitExceeded": errors.S3ThrottledError,
    "TooManyRequests": errors.S3ThrottledError,
    "429": errors.S3ThrottledError,
    "BadDigest": errors.S3IntegrityError,
    "InvalidDigest": errors.S3IntegrityError,
    "XAmzContentChecksumMismatch": errors.S3IntegrityError,
    "XAmzContentSHA256Mismatch": errors.S3IntegrityError,
    "InvalidPart": errors.S3IntegrityError,
    "IncompleteBody": errors.S3IntegrityError,
    "EntityTooLarge": errors.S3TooLargeError,
    "RequestTimeout": errors.S3TimeoutError,
}
_ADVICE = {
    "ExpiredToken": "the credentials have expired: take new ones",
    "InvalidObjectState": "the object is archived: restore it first",
    "RequestTimeTooSkewed": "the clock of this machine is wrong",
    "SignatureDoesNotMatch": "the secret key or a signed header is not the one that was used",
}
_BY_TYPE: tuple[tuple[tuple[str, ...], type[errors.S3Error], str], ...] = (
    (("FlexibleChecksumError",), errors.S3IntegrityError, ""),
    (("ConnectTimeoutError", "ReadTimeoutError"), errors.S3TimeoutError, ""),
    (("HTTPClientError", "ConnectionError"), errors.S3UnavailableError, "the connection failed"),
    (
        ("NoCredentialsError", "PartialCredentialsError", "CredentialRetrievalError"),
        errors.S3AccessDeniedError,
        "there are no usable credentials: give the function a role, or set AWS_PROFILE",
    ),
    (("NoRegionError",), errors.S3Error, "there is no region: set AWS_REGION"),
)
_SERVER_ERROR = 500


@contextmanager
def translated(operation: str, bucket: str, key: str | None = None) -> Iterator[None]:
    """Raise botocore's errors as `S3Error`s, with what was asked for; the original is the cause."""
    try:
        yield
    except Exception as error:
        own = error_for(error, operation=operation, bucket=bucket, key=key)
        if own is None:
            raise
        raise own from error


def error_for(error: Exception, **where: Any) -> errors.AIVoiceError | None:
    """Make the package's error of one of botocore's; None where it is somebody else's.

    The text of botocore's network errors has the URL, which can be a presigned one: only their type is kept.

    Examples
    --------
    >>> from botocore.exceptions import ConnectTimeoutError
    >>> where = {"operation": "GetObject", "bucket": "notes", "key": "a.ogg"}
    >>> print(error_for(ConnectTimeoutError(endpoint_url="https://..."), **where))
    GetObject on s3://notes/a.ogg: no answer in time (ConnectTimeoutError)
    >>> error_for(ValueError("mine"), **where) is None
    True
    """
    import botocore.exceptions as theirs

    if isinstance(error, theirs.ClientError):
        return _from_answer(error, where)
    if not isinstance(error, theirs.BotoCoreError):
        return None
    if isinstance(error, theirs.ParamValidationError):
        operation = where["operation"]
        return errors.ValidationError(f"{operation}: an argument is of a wrong type or missing", context=where)
    if _ended_early(error):
        return errors.S3IntegrityError("the body ended before its length", **where)
    for names, kind, message in _BY_TYPE:
        if isinstance(error, tuple(getattr(theirs, name) for name in names)):
            return kind(message, **where, error_code=type(error).__name__)
    return errors.S3Error(**where, error_code=type(error).__name__)


def error_for_code(code: str, **where: Any) -> errors.S3Error:
    """Make the error of one of S3's codes, as it gives them for single keys of a request."""
    kind = _CODES.get(code)
    if kind is None:
        kind = errors.S3UnavailableError if code in {"InternalError", "ServiceUnavailable"} else errors.S3Error
    return kind(**where, error_code=code)


def _ended_early(error: Any) -> bool:
    """Tell a body that ended in good order, but too soon, from a connection that broke."""
    from http.client import IncompleteRead

    if type(error).__name__ == "IncompleteReadError":
        return True
    reason = error.kwargs.get("error")  # urllib3's error, which has http.client's as its second argument
    return any(isinstance(one, IncompleteRead) for one in getattr(reason, "args", ()))


def _from_answer(error: Any, where: dict[str, Any]) -> errors.S3Error:
    answer = error.response
    details = answer.get("Error", {})
    metadata = answer.get("ResponseMetadata", {})
    code = str(details.get("Code", ""))
    status = metadata.get("HTTPStatusCode")
    kind = _CODES.get(code) or _CODES.get(str(status))
    if kind is None:
        kind = errors.S3UnavailableError if (status or 0) >= _SERVER_ERROR else errors.S3Error
    # S3's own message can quote a key or a signed query; its code says enough.
    message = _ADVICE.get(code, "")
    if kind is errors.S3AccessDeniedError and where["operation"] == "HeadObject":
        message = message or "access denied; without s3:ListBucket S3 says so of objects that do not exist, too"
    return kind(
        message,
        **where,
        request_id=metadata.get("RequestId", ""),
        error_code=code,
        status_code=status,
    )
