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

__all__ = ["error_for_code", "translated"]

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
_SERVER_ERROR = 500


@contextmanager
def translated(operation: str, bucket: str, key: str | None = None) -> Iterator[None]:
    """Raise botocore's errors as `S3Error`s, with what was asked for; the original is the cause."""
    import botocore.exceptions as theirs

    where: dict[str, Any] = {"operation": operation, "bucket": bucket, "key": key}
    try:
        yield
    except theirs.ClientError as error:
        raise _from_answer(error, where) from error
    except theirs.FlexibleChecksumError as error:
        raise errors.S3IntegrityError("the bytes do not fit their checksum", **where) from error
    except theirs.IncompleteReadError as error:
        raise errors.S3IntegrityError("the body ended before its length", **where) from error
    except (theirs.ConnectTimeoutError, theirs.ReadTimeoutError) as error:
        raise errors.S3TimeoutError(f"no answer in time ({type(error).__name__})", **where) from error
    except (theirs.HTTPClientError, theirs.ConnectionError) as error:
        raise errors.S3UnavailableError(f"the connection failed ({type(error).__name__})", **where) from error
    except (theirs.NoCredentialsError, theirs.PartialCredentialsError, theirs.CredentialRetrievalError) as error:
        raise errors.S3AccessDeniedError("there are no usable credentials", **where) from error
    except theirs.ParamValidationError as error:
        raise errors.ValidationError(f"{operation}: botocore refuses the parameters", context=where) from error
    except theirs.BotoCoreError as error:
        raise errors.S3Error(f"botocore failed ({type(error).__name__})", **where) from error


def error_for_code(code: str, **where: Any) -> errors.S3Error:
    """Make the error of one of S3's codes, as it gives them for single keys of a request."""
    kind = _CODES.get(code)
    if kind is None:
        kind = errors.S3UnavailableError if code in {"InternalError", "ServiceUnavailable"} else errors.S3Error
    return kind(**where, error_code=code)


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
    return kind(
        "the credentials have expired" if code == "ExpiredToken" else "",
        **where,
        request_id=metadata.get("RequestId", ""),
        error_code=code,
        status_code=status,
    )
