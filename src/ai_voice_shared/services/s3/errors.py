"""botocore's errors of S3 calls as errors of this package.

S3 reports the same failure in several ways: a missing key is `NoSuchKey` from GetObject and a bare `404` from
HeadObject, which has no body (https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html).
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from ai_voice_shared import errors

__all__ = ["map_error", "map_error_code"]

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
    "InternalError": errors.S3UnavailableError,
    "ServiceUnavailable": errors.S3UnavailableError,
}
_ADVICE = {
    "ExpiredToken": "the credentials have expired: get new ones",
    "InvalidObjectState": "the object is archived: restore it first",
    "RequestTimeTooSkewed": "this machine's clock is wrong",
    "SignatureDoesNotMatch": "the secret key or a signed header differs from the one that was signed with",
}
_BY_TYPE: tuple[tuple[tuple[str, ...], type[errors.S3Error], str], ...] = (
    (("FlexibleChecksumError",), errors.S3IntegrityError, ""),
    (("ConnectTimeoutError", "ReadTimeoutError"), errors.S3TimeoutError, ""),
    (("HTTPClientError", "ConnectionError"), errors.S3UnavailableError, "the connection failed"),
    (
        ("NoCredentialsError", "PartialCredentialsError", "CredentialRetrievalError"),
        errors.S3AccessDeniedError,
        "no usable credentials: attach a role to the function, or set AWS_PROFILE",
    ),
    (("NoRegionError",), errors.S3Error, "no region is configured: set AWS_REGION"),
)


def map_error(error: Exception, **where: Any) -> errors.AIVoiceError | None:
    """Return the package's error for one of botocore's, or None for any other.

    The text of botocore's network errors has the URL, which can be a presigned one: only their type is used.

    Parameters
    ----------
    error
        What a call of a botocore client raised.
    **where
        `operation`, `bucket` and `key` of the call.

    Examples
    --------
    >>> from botocore.exceptions import ConnectTimeoutError
    >>> where = {"operation": "GetObject", "bucket": "notes", "key": "a.ogg"}
    >>> print(map_error(ConnectTimeoutError(endpoint_url="https://..."), **where))
    GetObject on s3://notes/a.ogg: no answer in time (ConnectTimeoutError)
    >>> map_error(ValueError("mine"), **where) is None
    True
    """
    from botocore import exceptions

    if isinstance(error, exceptions.ClientError):
        return _map_response(error, where)
    if not isinstance(error, exceptions.BotoCoreError):
        return None
    if isinstance(error, exceptions.ParamValidationError):
        operation = where["operation"]
        return errors.ValidationError(f"{operation}: an argument is of a wrong type or missing", context=where)
    if _is_truncated(error):
        return errors.S3IntegrityError("the body ended before its length", **where)
    for names, kind, message in _BY_TYPE:
        if isinstance(error, tuple(getattr(exceptions, name) for name in names)):
            return kind(message, **where, error_code=type(error).__name__)
    return errors.S3Error(**where, error_code=type(error).__name__)


def map_error_code(code: str, **where: Any) -> errors.S3Error:
    """Return the error for one of S3's codes, as S3 reports them for single keys of a request."""
    return _find_class(code, None)(**where, error_code=code)


def _find_class(code: str, status: int | None) -> type[errors.S3Error]:
    found = _CODES.get(code) or _CODES.get(str(status))
    if found is not None:
        return found
    return errors.S3UnavailableError if (status or 0) >= HTTPStatus.INTERNAL_SERVER_ERROR else errors.S3Error


def _is_truncated(error: Any) -> bool:
    """Return whether a body ended in good order but too soon, unlike a connection that broke."""
    from http.client import IncompleteRead

    if type(error).__name__ == "IncompleteReadError":
        return True
    reason = error.kwargs.get("error")  # urllib3's error, which has http.client's as its second argument
    return any(isinstance(argument, IncompleteRead) for argument in getattr(reason, "args", ()))


def _map_response(error: Any, where: dict[str, Any]) -> errors.S3Error:
    details = error.response.get("Error", {})
    metadata = error.response.get("ResponseMetadata", {})
    code = str(details.get("Code", ""))
    status = metadata.get("HTTPStatusCode")
    kind = _find_class(code, status)
    # S3's own message can quote a key or a signed query; its code is enough.
    message = _ADVICE.get(code, "")
    if kind is errors.S3AccessDeniedError and where["operation"] == "HeadObject":
        message = message or "access denied; without s3:ListBucket S3 reports this for missing objects, too"
    return kind(
        message,
        **where,
        request_id=metadata.get("RequestId", ""),
        error_code=code,
        status_code=status,
    )
