"""botocore's errors as the package's own."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest
from botocore import exceptions

from ai_voice_shared import errors
from ai_voice_shared.services.s3.errors import map_error_code
from ai_voice_shared.services.s3.session import S3Session

pytestmark = pytest.mark.unit

SECRET_URL = "https://notes.s3.amazonaws.com/k?X-Amz-Signature=abcdef"


def client_error(code: str, status: int) -> exceptions.ClientError:
    """Return the error that botocore raises for a response."""
    response: Any = {
        "Error": {"Code": code, "Message": f"quoting {SECRET_URL}"},
        "ResponseMetadata": {"HTTPStatusCode": status, "RequestId": "R1"},
    }
    return exceptions.ClientError(response, "GetObject")


def raise_in_operation(error: Exception, operation: str = "GetObject", key: str | None = "k") -> BaseException:
    """Return the error that leaves an S3 operation in which another was raised."""
    session = S3Session(bucket_name="notes")
    with pytest.raises(Exception) as caught, session.operation(operation, key):  # noqa: PT011 - of any class
        raise error
    return caught.value


@pytest.mark.parametrize(
    ("code", "status", "expected"),
    [
        ("NoSuchKey", 404, errors.S3ObjectNotFoundError),
        ("404", 404, errors.S3ObjectNotFoundError),
        ("NoSuchBucket", 404, errors.S3BucketNotFoundError),
        ("NoSuchVersion", 404, errors.S3ObjectNotFoundError),
        ("NoSuchUpload", 404, errors.S3NotFoundError),
        ("AccessDenied", 403, errors.S3AccessDeniedError),
        ("403", 403, errors.S3AccessDeniedError),
        ("ExpiredToken", 400, errors.S3AccessDeniedError),
        ("RequestTimeTooSkewed", 403, errors.S3AccessDeniedError),
        ("InvalidObjectState", 403, errors.S3AccessDeniedError),
        ("PreconditionFailed", 412, errors.S3PreconditionFailedError),
        ("412", 412, errors.S3PreconditionFailedError),
        ("ConditionalRequestConflict", 409, errors.S3ConflictError),
        ("304", 304, errors.S3NotModifiedError),
        ("InvalidRange", 416, errors.S3InvalidRangeError),
        ("SlowDown", 503, errors.S3ThrottledError),
        ("BadDigest", 400, errors.S3IntegrityError),
        ("EntityTooLarge", 400, errors.S3TooLargeError),
        ("RequestTimeout", 400, errors.S3TimeoutError),
        ("InternalError", 500, errors.S3UnavailableError),
        ("503", 503, errors.S3UnavailableError),
        ("SomethingNew", 502, errors.S3UnavailableError),
        ("MalformedXML", 400, errors.S3Error),
    ],
)
def test_a_response_is_mapped_to_its_error(code: str, status: int, expected: type[errors.S3Error]) -> None:
    """Code or status decide the class, and the error has all that a log line and AWS support need."""
    cause = client_error(code, status)
    error = raise_in_operation(cause)
    assert type(error) is expected
    assert isinstance(error, errors.S3Error)
    assert (error.operation, error.bucket, error.key, error.request_id) == ("GetObject", "notes", "k", "R1")
    assert (error.error_code, error.status_code, error.__cause__) == (code, status, cause)


@pytest.mark.parametrize(
    ("cause", "expected"),
    [
        (exceptions.ConnectTimeoutError(endpoint_url=SECRET_URL), errors.S3TimeoutError),
        (exceptions.ReadTimeoutError(endpoint_url=SECRET_URL), errors.S3TimeoutError),
        (exceptions.EndpointConnectionError(endpoint_url=SECRET_URL), errors.S3UnavailableError),
        (exceptions.ConnectionClosedError(endpoint_url=SECRET_URL), errors.S3UnavailableError),
        (exceptions.SSLError(endpoint_url=SECRET_URL, error=ValueError("bad")), errors.S3UnavailableError),
        (exceptions.ProxyConnectionError(proxy_url=SECRET_URL), errors.S3UnavailableError),
        (exceptions.FlexibleChecksumError(error_msg=SECRET_URL), errors.S3IntegrityError),
        (exceptions.IncompleteReadError(actual_bytes=1, expected_bytes=2), errors.S3IntegrityError),
        (exceptions.NoCredentialsError(), errors.S3AccessDeniedError),
        (exceptions.NoRegionError(), errors.S3Error),
        (exceptions.ParamValidationError(report=SECRET_URL), errors.ValidationError),
        (exceptions.UnknownSignatureVersionError(signature_version="x"), errors.S3Error),
    ],
)
def test_a_failure_before_s3_is_mapped_to_its_error(cause: Exception, expected: type[Exception]) -> None:
    """Each kind of failure of the client itself has its class."""
    error = raise_in_operation(cause)
    assert type(error) is expected
    assert error.__cause__ is cause


@pytest.mark.parametrize(
    "cause",
    [client_error("AccessDenied", 403), exceptions.ReadTimeoutError(endpoint_url=SECRET_URL), client_error("X", 400)],
)
def test_no_signature_is_quoted(cause: Exception) -> None:
    """Neither S3's message nor a URL is part of our error."""
    error = raise_in_operation(cause)
    assert isinstance(error, errors.AIVoiceError)
    assert "X-Amz-Signature" not in str(error) + repr(error) + str(error.context)


def test_a_refused_head_names_the_permission_that_may_be_missing() -> None:
    """A forbidden head names s3:ListBucket, without which a missing object looks forbidden."""
    assert "s3:ListBucket" in str(raise_in_operation(client_error("403", 403), "HeadObject"))
    assert "s3:ListBucket" not in str(raise_in_operation(client_error("AccessDenied", 403), "PutObject"))


@pytest.mark.parametrize("error", [ValueError("mine"), errors.S3TooLargeError(bucket="notes"), OSError("disk full")])
def test_other_errors_are_unchanged(error: Exception) -> None:
    """Only botocore's errors are mapped."""
    assert raise_in_operation(error) is error


def test_the_errors_of_single_keys_have_the_same_classes() -> None:
    """The errors of single keys in DeleteObjects are mapped by their code alone."""
    assert type(map_error_code("AccessDenied", bucket="notes", key="k")) is errors.S3AccessDeniedError
    assert type(map_error_code("InternalError", bucket="notes", key="k")) is errors.S3UnavailableError
    assert type(map_error_code("SomethingNew", bucket="notes", key="k")) is errors.S3Error


def test_an_error_can_be_copied_and_pickled() -> None:
    """An error survives copying and pickling, as a process pool or a test runner does."""
    error = raise_in_operation(client_error("NoSuchKey", 404))
    assert isinstance(error, errors.S3Error)
    for again in (copy.copy(error), pickle.loads(pickle.dumps(error))):  # noqa: S301 - our own
        assert str(again) == str(error)
        assert again.operation == "GetObject"


def test_a_missing_bucket_and_a_missing_object_are_described_once() -> None:
    """The message of a not-found error is its own title, without the wording of the general NotFoundError."""
    assert str(raise_in_operation(client_error("NoSuchBucket", 404))) == (
        "GetObject on s3://notes/k: the bucket does not exist (NoSuchBucket)"
    )
    assert str(raise_in_operation(client_error("NoSuchKey", 404))) == (
        "GetObject on s3://notes/k: the object does not exist (NoSuchKey)"
    )
