"""botocore's errors of S3 calls as errors of this package.

S3 reports the same failure in several ways: a missing key is `NoSuchKey` from GetObject and a bare `404` from
HeadObject, which has no body (https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html).
The codes that all of AWS shares are classified in `ai_voice_shared.aws.errors`; S3's own are here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from ai_voice_shared import errors
from ai_voice_shared.aws.errors import classify_error

if TYPE_CHECKING:
    from ai_voice_shared.aws.errors import AwsFailure

__all__ = ["map_error", "map_error_code"]

# S3's own codes; of a response without a body, such as HeadObject's, botocore makes the status the code.
_BY_CODE: dict[str, type[errors.S3Error]] = {
    code: kind
    for kind, codes in (
        (errors.S3ObjectNotFoundError, "NoSuchKey NoSuchVersion NotFound 404"),
        (errors.S3BucketNotFoundError, "NoSuchBucket"),
        (errors.S3NotFoundError, "NoSuchUpload"),
        (errors.S3AccessDeniedError, "AllAccessDisabled Forbidden InvalidObjectState InvalidToken"),
        (errors.S3AccessDeniedError, "RequestTimeTooSkewed 403"),
        (errors.S3PreconditionFailedError, "PreconditionFailed 412"),
        (errors.S3ConflictError, "ConditionalRequestConflict OperationAborted 409"),
        (errors.S3NotModifiedError, "NotModified 304"),
        (errors.S3InvalidRangeError, "InvalidRange 416"),
        (errors.S3ThrottledError, "TooManyRequests"),
        (errors.S3IntegrityError, "BadDigest FlexibleChecksumError IncompleteBody InvalidDigest InvalidPart"),
        (errors.S3IntegrityError, "XAmzContentChecksumMismatch XAmzContentSHA256Mismatch"),
        (errors.S3TooLargeError, "EntityTooLarge"),
        (errors.S3Error, "NoRegionError ProfileNotFound"),
    )
    for code in codes.split()
}
_BY_KIND: dict[str, type[errors.S3Error]] = {
    "connection": errors.S3UnavailableError,
    "credentials": errors.S3AccessDeniedError,
    "denied": errors.S3AccessDeniedError,
    "server": errors.S3UnavailableError,
    "throttled": errors.S3ThrottledError,
    "timeout": errors.S3TimeoutError,
}
_ADVICE = {
    "ExpiredToken": "the credentials have expired: get new ones",
    "InvalidObjectState": "the object is archived: restore it first",
    "NoRegionError": "no region is configured: set AWS_REGION",
    "ProfileNotFound": "there is no such profile: check AWS_PROFILE",
    "RequestTimeTooSkewed": "this machine's clock is wrong",
    "SignatureDoesNotMatch": "the secret key or a signed header differs from the one that was signed with",
    "connection": "the connection failed",
    "credentials": "no usable credentials: attach a role to the function, or set AWS_PROFILE",
}


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
    >>> from botocore.exceptions import EndpointConnectionError
    >>> where = {"operation": "GetObject", "bucket": "notes", "key": "a.ogg"}
    >>> print(map_error(EndpointConnectionError(endpoint_url="https://..."), **where))
    GetObject on s3://notes/a.ogg: the connection failed (EndpointConnectionError)
    >>> map_error(ValueError("mine"), **where) is None
    True
    """
    failure = classify_error(error)
    if failure is None:
        return None
    if failure.kind == "parameters":
        operation = where["operation"]
        return errors.ValidationError(f"{operation}: an argument is of a wrong type or missing", context=where)
    if _is_truncated(error):
        return errors.S3IntegrityError("the body ended before its length", **where)
    return _create_error(failure, where)


def map_error_code(code: str, **where: Any) -> errors.S3Error:
    """Return the error for one of S3's codes, as S3 reports them for single keys of a request."""
    from botocore.exceptions import ClientError

    # As the error of a whole request with this code, which `aws` knows how to classify.
    failure = classify_error(ClientError({"Error": {"Code": code}}, "DeleteObjects"))
    return _create_error(cast("AwsFailure", failure), where)


def _create_error(failure: AwsFailure, where: dict[str, Any]) -> errors.S3Error:
    code, kind = failure.code, failure.kind
    found = _BY_CODE.get(code) or _BY_KIND.get(kind) or _BY_CODE.get(str(failure.status), errors.S3Error)
    # S3's own message can quote a key or a signed query; its code is enough.
    message = _ADVICE.get(code) or _ADVICE.get(kind, "")
    if found is errors.S3AccessDeniedError and where.get("operation") == "HeadObject":
        message = message or "access denied; without s3:ListBucket S3 reports this for missing objects, too"
    return found(message, **where, request_id=failure.request_id, error_code=code, status_code=failure.status)


def _is_truncated(error: Any) -> bool:
    """Return whether a body ended in good order but too soon, unlike a connection that broke."""
    from http.client import IncompleteRead

    if type(error).__name__ == "IncompleteReadError":
        return True
    # urllib3's error, which has http.client's as its second argument.
    reason = getattr(error, "kwargs", {}).get("error")
    return any(isinstance(argument, IncompleteRead) for argument in getattr(reason, "args", ()))
