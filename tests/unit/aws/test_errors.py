"""botocore's errors as errors of this package."""

from __future__ import annotations

from typing import Any

import pytest
from botocore import exceptions
from botocore.exceptions import ClientError

from ai_voice_shared.aws import classify_error, map_error, map_errors
from ai_voice_shared.errors import (
    AIVoiceError,
    ConfigurationError,
    ConflictError,
    S3AccessDeniedError,
    ServiceError,
    ServiceTimeoutError,
    ServiceUnavailableError,
)

pytestmark = pytest.mark.unit

URL = "https://notes.example.com/?X-Amz-Signature=abcdef"


def response(code: str, status: int, **headers: str) -> ClientError:
    """Return the error of a response."""
    metadata: Any = {"HTTPStatusCode": status, "RequestId": "r-1", "HTTPHeaders": headers}
    return ClientError({"Error": {"Code": code, "Message": "+14155550100"}, "ResponseMetadata": metadata}, "GetItem")


@pytest.mark.parametrize(
    ("error", "kind", "expected", "transient"),
    [
        (exceptions.ConnectTimeoutError(endpoint_url=URL), "timeout", ServiceTimeoutError, True),
        (exceptions.ReadTimeoutError(endpoint_url=URL), "timeout", ServiceTimeoutError, True),
        (exceptions.EndpointConnectionError(endpoint_url=URL), "connection", ServiceUnavailableError, True),
        (exceptions.ConnectionClosedError(endpoint_url=URL), "connection", ServiceUnavailableError, True),
        (exceptions.HTTPClientError(error="reset"), "connection", ServiceUnavailableError, True),
        (exceptions.NoCredentialsError(), "credentials", ConfigurationError, False),
        (exceptions.NoRegionError(), "credentials", ConfigurationError, False),
        (exceptions.ParamValidationError(report="+14155550100"), "parameters", ConfigurationError, False),
        (exceptions.UnknownServiceError(service_name="s4", known_service_names=""), "client", ServiceError, False),
        (response("ProvisionedThroughputExceededException", 400), "throttled", ServiceUnavailableError, True),
        (response("Whatever", 429), "throttled", ServiceUnavailableError, True),
        (response("InternalServerError", 500), "server", ServiceUnavailableError, True),
        (response("Whatever", 503), "server", ServiceUnavailableError, True),
        (response("AccessDeniedException", 400), "denied", ConfigurationError, False),
        (response("UnrecognizedClientException", 400), "denied", ConfigurationError, False),
        (response("ResourceNotFoundException", 400), "missing", ConfigurationError, False),
        (response("ConditionalCheckFailedException", 400), "refused", ServiceError, False),
    ],
)
def test_each_error_has_one_meaning(
    error: Exception,
    kind: str,
    expected: type[AIVoiceError],
    transient: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    """The class says what can be done, the message names what was done, and neither has a text of the other side."""
    failure = classify_error(error)
    assert failure is not None
    assert (failure.kind, failure.transient) == (kind, transient)
    own = map_error(error, service="dynamodb", action="get_item on the table claims", table="claims")
    assert type(own) is expected
    assert str(own).startswith("get_item on the table claims: ")
    assert failure.code in str(own)
    assert own.context["table"] == "claims"
    assert not {"abcdef", "+14155550100"} & set(str(own).replace("=", " ").split())
    assert "+14155550100" not in str((own, own.context))


def test_a_service_has_its_own_errors() -> None:
    """A code goes before a kind, and a kind before what all services have."""
    errors = {"SlowDown": ServiceError, "throttled": ConflictError, "denied": S3AccessDeniedError}
    facts: dict[str, Any] = {"service": "s3", "action": "PutObject", "errors": errors}
    assert type(map_error(response("SlowDown", 503), **facts)) is ServiceError
    assert type(map_error(response("Throttling", 400), **facts)) is ConflictError
    assert type(map_error(response("InternalError", 500), **facts)) is ServiceUnavailableError
    where: dict[str, Any] = {"operation": "PutObject", "bucket": "notes", "key": "a"}
    denied = map_error(response("AccessDenied", 403), **facts, **where)
    assert isinstance(denied, S3AccessDeniedError)
    assert str(denied).startswith("PutObject on s3://notes/a: access denied")
    assert (denied.error_code, denied.request_id, denied.status_code) == ("AccessDenied", "r-1", 403)


def test_what_a_service_asks_to_wait_is_passed_on() -> None:
    """A response can say when to come back."""
    own = map_error(response("Throttling", 429, **{"retry-after": "7"}), service="lambda", action="invoke")
    assert isinstance(own, ServiceUnavailableError)
    assert (own.retry_after, own.status_code, own.service) == (7.0, 429, "lambda")


def test_an_error_of_somebody_else_is_left_alone() -> None:
    """Only botocore's errors are mapped."""
    with pytest.raises(ValueError, match="mine"), map_errors(service="s3", action="PutObject"):
        raise ValueError("mine")
    with pytest.raises(ConfigurationError) as caught, map_errors(service="s3", action="PutObject"):
        raise exceptions.NoCredentialsError
    assert isinstance(caught.value.__cause__, exceptions.NoCredentialsError)
