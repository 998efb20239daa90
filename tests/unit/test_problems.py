"""Errors are written as problem details, and restored from them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from ai_voice_shared import errors
from ai_voice_shared.errors import (
    AIVoiceError,
    CustomerNotFoundError,
    MissingSettingError,
    NotFoundError,
    RateLimitedError,
    S3ObjectNotFoundError,
    ServiceError,
    ServiceResponseError,
    ServiceTimeoutError,
    ServiceUnavailableError,
    ValidationError,
)
from ai_voice_shared.models.problem import ProblemDetails
from ai_voice_shared.problems import error_from_problem, retry_after_seconds, to_problem

pytestmark = pytest.mark.unit

CALLERS_OWN = [
    kind
    for kind in (getattr(errors, name) for name in errors.__all__)
    if kind.status < 500 and not issubclass(kind, ServiceError)
]


def over_the_wire(error: Exception) -> AIVoiceError:
    """Return the error that is restored from the response to an error."""
    problem = json.loads(json.dumps(to_problem(error)))
    return error_from_problem(problem, problem["status"], "subject-service", retry_after=problem.get("retry_after"))


@pytest.mark.parametrize("kind", CALLERS_OWN, ids=lambda kind: kind.__name__)
def test_a_client_error_is_restored(kind: type[AIVoiceError]) -> None:
    """A client error that a service raises has the same class, message and details for its caller."""
    error = kind(details=[{"loc": ["body", "name"], "type": "missing"}])
    back = over_the_wire(error)
    assert type(back) is kind
    assert str(back) == str(error)
    assert back.details == error.details
    assert back.context["service"] == "subject-service"


def test_a_missing_resource_is_restored() -> None:
    """The resource and the identifier of a NotFoundError are restored."""
    back = over_the_wire(NotFoundError("Subject", "123"))
    assert isinstance(back, NotFoundError)
    assert (back.resource, back.identifier, str(back)) == ("Subject", "123", "Subject '123' was not found")


def test_a_rate_limit_is_restored() -> None:
    """The `retry_after` of a RateLimitedError is restored."""
    back = over_the_wire(RateLimitedError("too many", retry_after=7))
    assert isinstance(back, RateLimitedError)
    assert back.retry_after == 7


@pytest.mark.parametrize(
    "error",
    [
        ValueError("+61400000000"),
        MissingSettingError("secret_name", "S3Settings", ["S3_SECRET_NAME"]),
        S3ObjectNotFoundError(bucket="secret-bucket", key="a/b"),
        ServiceUnavailableError("secret-host is down", service="secret-service"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_internals_of_a_service_are_not_revealed(error: Exception) -> None:
    """Problem details contain neither unknown errors nor names of settings, buckets and other services."""
    text = json.dumps(to_problem(error))
    assert "secret" not in text
    assert "+61400000000" not in text


def test_a_customer_s_number_is_not_revealed() -> None:
    """The problem details of an unknown customer have neither an identifier nor a resource."""
    assert set(to_problem(CustomerNotFoundError())) == {"type", "title", "status", "code", "detail"}


@pytest.mark.parametrize(
    ("status", "problem", "kind", "retryable"),
    [
        (500, None, ServiceUnavailableError, True),
        (502, "<html>", ServiceUnavailableError, True),
        (503, {"code": "service_unavailable"}, ServiceUnavailableError, True),
        (504, None, ServiceTimeoutError, True),
        (501, None, ServiceResponseError, False),
        (500, {"code": "internal_error"}, ServiceError, False),
        (500, {"code": "configuration_error"}, ServiceError, False),
    ],
)
def test_a_server_error_is_a_service_error(
    status: int, problem: Any, kind: type[ServiceError], *, retryable: bool
) -> None:
    """A 5xx is a ServiceError, and retryable unless the service reports an error that is not."""
    error = error_from_problem(problem, status, "subject-service", retry_after=3)
    assert type(error) is kind
    assert (error.service, error.status_code, error.retryable) == ("subject-service", status, retryable)
    assert error.retry_after == 3


@pytest.mark.parametrize("problem", [None, "Not Found", [], {"message": "Not found"}, {"code": "route_not_found"}])
def test_a_wrong_url_is_not_a_missing_resource(problem: Any) -> None:
    """A 404 that is not a problem document of the service is not a NotFoundError."""
    assert type(error_from_problem(problem, 404, "subject-service")) is ServiceResponseError


def test_an_unknown_code_is_mapped_by_its_status() -> None:
    """The error for an unknown code depends on the status, has the code in its context, and not the detail."""
    error = error_from_problem({"code": "subject_locked", "detail": "Zebedee has it"}, 409, "subject-service")
    assert type(error) is errors.ConflictError
    assert error.context["remote_code"] == "subject_locked"
    assert "Zebedee" not in str(error)


@pytest.mark.parametrize(
    "problem",
    [
        {"code": "customer_lookup_unavailable"},
        {"code": "not_found"},
        {"code": 7},
        {"code": "validation_error\n"},
        {"code": "validation_error", "errors": "many", "detail": 7},
    ],
)
def test_inconsistent_problem_details_are_mapped_by_their_status(problem: Any) -> None:
    """With a code of another status, or fields of other types, the error depends on the status."""
    error = error_from_problem(problem, 422, "subject-service")
    assert type(error) is ValidationError
    assert error.details == []


def test_the_model_reads_problem_details() -> None:
    """`ProblemDetails` accepts the problem details that are written, and has a field for each member."""
    problem = to_problem(NotFoundError("Subject", "123"), "urn:uuid:0")
    model = ProblemDetails.model_validate(problem)
    assert model.model_dump(exclude_none=True) == problem
    assert model.model_extra == {}


@pytest.mark.parametrize(
    ("text", "seconds"), [("", None), ("7", 7.0), ("soon", None), ("-1", None), ("Sat, 01 Jan 2000 00:00:00 GMT", 0.0)]
)
def test_retry_after_in_seconds_or_as_a_date(text: str, seconds: float | None) -> None:
    """Retry-After is read in both forms; a date in the past is 0, and any other text None."""
    assert retry_after_seconds({"retry-after": text}) == seconds


def test_retry_after_a_future_date() -> None:
    """A Retry-After in the future is the number of seconds until then."""
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    assert 80 < (retry_after_seconds({"retry-after": date}) or 0) <= 90
