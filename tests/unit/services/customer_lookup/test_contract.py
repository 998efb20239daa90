"""The client's side of the contract: requests, and the interpretation of responses."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
from email.utils import format_datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ai_voice_shared.errors import (
    CustomerLookupError,
    CustomerLookupUnavailableError,
    ServiceTimeoutError,
    ValidationError,
)
from ai_voice_shared.models.customer import CustomerMetadata
from ai_voice_shared.services.customer_lookup.contract import (
    LookupRequest,
    LookupResponse,
    create_request,
    is_server_failure,
    parse_response,
)

pytestmark = pytest.mark.unit

CUSTOMER = {"customer_id": "c-1", "company_id": "acme", "company_name": "Acme"}


def respond(status: int, body: Any = b"", **headers: str) -> LookupResponse:
    """Create a response; a body that is not bytes becomes JSON."""
    return LookupResponse(status, headers, body if isinstance(body, bytes) else json.dumps(body).encode())


@pytest.mark.parametrize(
    "number",
    [
        "+61400000000",
        "+61400000000\n",
        "whatsapp:+61400000000",
        "+61 400 000 000",
        "+61 (400) 000-000",
        "whatsapp:+61.400\u2011000000",
    ],
)
def test_a_number_is_normalised(number: str) -> None:
    """A number is sent in one form however it was written, so that it is one cache entry."""
    assert create_request(number, None) == LookupRequest("phone_number", "+61400000000")


@pytest.mark.parametrize(
    "number",
    [
        "",
        "+",
        "61400000000",
        "+0400000000",
        "+614",
        "+6140000000000000",
        "US.1234ABC",
        "+61400000000x",
        "+\u0666\u0661\u0664\u0660\u0660\u0660\u0660\u0660\u0660\u0660\u0660",
        61400000000,
        b"+61400000000",
        ["+61400000000"],
    ],
)
def test_an_invalid_number_is_rejected(number: Any) -> None:
    """The error of an invalid number names the argument and does not contain the number."""
    with pytest.raises(ValidationError, match=r"phone_number is not a valid number in E\.164") as caught:
        create_request(number, None)
    assert "614" not in str(caught.value)


def test_a_business_scoped_id_stays_as_it_is() -> None:
    """A business-scoped id is never treated as a number, even if it looks like one."""
    assert create_request(None, "whatsapp:US.1234ABC") == LookupRequest("external_user_id", "US.1234ABC")
    assert create_request(None, "+61400000000") == LookupRequest("external_user_id", "+61400000000")


@pytest.mark.parametrize("given", ["", " ", "whatsapp:", "a\nb", "a\x00", "x" * 257, "\ud800", 7, b"US.1"])
def test_an_invalid_id_is_rejected(given: Any) -> None:
    """An id that the server would reject is not sent."""
    with pytest.raises(ValidationError, match="external_user_id"):
        create_request(None, given)


@pytest.mark.parametrize("given", [(None, None), ("+61400000000", "US.1234ABC")])
def test_exactly_one_argument_is_required(given: tuple[str | None, str | None]) -> None:
    """Neither of the arguments, or both, are an error."""
    with pytest.raises(ValidationError, match="either"):
        create_request(*given)


@given(st.one_of(st.text(), st.integers(), st.binary(), st.none()), st.one_of(st.text(), st.integers(), st.none()))
def test_any_input_is_a_request_or_a_named_error(number: Any, external: Any) -> None:
    """The body of any accepted request is JSON with one name."""
    try:
        request = create_request(number, external)
    except ValidationError:
        return
    assert json.loads(request.body) == {request.kind: request.value}


def test_the_repr_of_a_request_hides_the_sender() -> None:
    """Neither `repr` nor `str` of a request contains the number."""
    request = LookupRequest("phone_number", "+61400000000")
    assert repr(request) == str(request) == f"{request}" == "LookupRequest(kind='phone_number')"


def test_a_customer_is_parsed() -> None:
    """Fields that the server may add are ignored."""
    assert parse_response(respond(200, {**CUSTOMER, "tier": "gold"})) == CustomerMetadata(**CUSTOMER)


def test_an_unknown_sender_is_none() -> None:
    """A 404 with the server's own code is None."""
    assert parse_response(respond(404, {"status": 404, "code": "customer_not_found"})) is None


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>Not Found</html>", {"message": "Not Found"}, {"code": "not_found"}, [], None, 7, b"[" * 60_000],
)
def test_another_404_is_an_error(body: Any) -> None:
    """The 404 of a wrong path, a proxy or a deleted function is an error."""
    with pytest.raises(CustomerLookupError) as caught:
        parse_response(respond(404, body))
    assert caught.value.status_code == 404
    assert not caught.value.retryable


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        (b"", "body"),
        (b"{", "body"),
        (b"\xff", "body"),
        (b"[" * 60_000, "body"),
        ([], "body"),
        (None, "body"),
        ({}, "company_id, company_name, customer_id"),
        ({**CUSTOMER, "customer_id": ""}, "customer_id"),
        ({**CUSTOMER, "company_name": 7}, "company_name"),
        ({**CUSTOMER, "company_id": None}, "company_id"),
        ({"customer": CUSTOMER}, "company_id, company_name, customer_id"),
    ],
)
def test_invalid_fields_are_named(body: Any, fields: str) -> None:
    """The error of an invalid response names its fields, and none of their values."""
    with pytest.raises(CustomerLookupError, match=f"invalid fields: {fields}$") as caught:
        parse_response(respond(200, body))
    assert not isinstance(caught.value, CustomerLookupUnavailableError)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504, 599])
def test_a_transient_status_is_unavailable(status: int) -> None:
    """A transient status is a retryable error."""
    with pytest.raises(CustomerLookupUnavailableError) as caught:
        parse_response(respond(status, b"whatever"))
    assert (caught.value.status_code, caught.value.retryable, caught.value.retry_after) == (status, True, None)


@pytest.mark.parametrize("status", [201, 204, 301, 302, 307, 400, 401, 403, 405, 409, 422])
def test_other_statuses_are_errors(status: int) -> None:
    """A status outside the contract is an error that is not retryable."""
    with pytest.raises(CustomerLookupError, match=str(status)) as caught:
        parse_response(respond(status, CUSTOMER))
    assert not caught.value.retryable


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("7", 7),
        ("0", 0),
        (" 3 ", 3),
        ("", None),
        ("soon", None),
        ("-1", None),
        ("1.5", None),
        ("\u0667", None),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0),
        ("Mon, 01 Jan 99999999999 00:00:00 GMT", None),
    ],
)
def test_retry_after_is_parsed(text: str, expected: float | None) -> None:
    """Retry-After is seconds or a date, and never negative."""
    with pytest.raises(CustomerLookupUnavailableError) as caught:
        parse_response(respond(503, b"", **{"retry-after": text}))
    assert caught.value.retry_after == expected


def test_retry_after_as_a_date_becomes_seconds() -> None:
    """A date is converted to seconds by this machine's clock."""
    moment = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=100)
    with pytest.raises(CustomerLookupUnavailableError) as caught:
        parse_response(respond(429, b"", **{"retry-after": format_datetime(moment, usegmt=True)}))
    assert caught.value.retry_after == pytest.approx(99, abs=2)


@given(st.integers(100, 599), st.binary(max_size=200))
def test_any_response_is_a_result_or_a_named_error(status: int, body: bytes) -> None:
    """No response raises anything but a CustomerLookupError."""
    with contextlib.suppress(CustomerLookupError):
        assert parse_response(respond(status, body)) is None


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (CustomerLookupError(status_code=422), False),
        (CustomerLookupError(status_code=400), False),
        (CustomerLookupError(status_code=403), True),
        (CustomerLookupUnavailableError(status_code=503), True),
        (ServiceTimeoutError(), True),
        (ValidationError(), False),
    ],
)
def test_a_rejected_request_is_not_a_server_failure(error: Exception, *, expected: bool) -> None:
    """A single sender cannot open the circuit for all."""
    assert is_server_failure(error) is expected
