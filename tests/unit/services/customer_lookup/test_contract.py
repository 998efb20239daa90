"""What is asked and what an answer means."""

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


def reply(status: int, body: Any = b"", **headers: str) -> LookupResponse:
    """Make an answer; what is no bytes becomes JSON."""
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
def test_a_number_is_asked_for_in_one_form(number: str) -> None:
    """However it was written, so that it is one entry in the cache."""
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
def test_what_is_no_number_is_refused(number: Any) -> None:
    """By name, and without repeating it."""
    with pytest.raises(ValidationError, match=r"phone_number is not a valid number in E\.164") as caught:
        create_request(number, None)
    assert "614" not in str(caught.value)


def test_a_business_scoped_id_stays_as_it_is() -> None:
    """It is never taken for a number, also where it looks like one."""
    assert create_request(None, "whatsapp:US.1234ABC") == LookupRequest("external_user_id", "US.1234ABC")
    assert create_request(None, "+61400000000") == LookupRequest("external_user_id", "+61400000000")


@pytest.mark.parametrize("given", ["", " ", "whatsapp:", "a\nb", "a\x00", "x" * 257, "\ud800", 7, b"US.1"])
def test_what_is_no_id_is_refused(given: Any) -> None:
    """As the server would."""
    with pytest.raises(ValidationError, match="external_user_id"):
        create_request(None, given)


@pytest.mark.parametrize("given", [(None, None), ("+61400000000", "US.1234ABC")])
def test_one_of_the_two_is_asked_for(given: tuple[str | None, str | None]) -> None:
    """Neither none nor both."""
    with pytest.raises(ValidationError, match="either"):
        create_request(*given)


@given(st.one_of(st.text(), st.integers(), st.binary(), st.none()), st.one_of(st.text(), st.integers(), st.none()))
def test_any_input_is_a_question_or_a_named_error(number: Any, external: Any) -> None:
    """And the body of a question is JSON with one name."""
    try:
        request = create_request(number, external)
    except ValidationError:
        return
    assert json.loads(request.body) == {request.kind: request.value}


def test_a_question_s_repr_does_not_say_who() -> None:
    """Nor its text."""
    request = LookupRequest("phone_number", "+61400000000")
    assert repr(request) == str(request) == f"{request}" == "LookupRequest(kind='phone_number')"


def test_a_customer_is_read() -> None:
    """What the server adds one day is left alone."""
    assert parse_response(reply(200, {**CUSTOMER, "tier": "gold"})) == CustomerMetadata(**CUSTOMER)


def test_nobody_is_none() -> None:
    """Said by the server itself, in its own code."""
    assert parse_response(reply(404, {"status": 404, "code": "customer_not_found"})) is None


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>Not Found</html>", {"message": "Not Found"}, {"code": "not_found"}, [], None, 7, b"[" * 60_000],
)
def test_another_404_is_not_nobody(body: Any) -> None:
    """A wrong path, a proxy, a deleted function."""
    with pytest.raises(CustomerLookupError) as caught:
        parse_response(reply(404, body))
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
        parse_response(reply(200, body))
    assert not isinstance(caught.value, CustomerLookupUnavailableError)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504, 599])
def test_what_may_pass_is_unavailable(status: int) -> None:
    """And worth another try."""
    with pytest.raises(CustomerLookupUnavailableError) as caught:
        parse_response(reply(status, b"whatever"))
    assert (caught.value.status_code, caught.value.retryable, caught.value.retry_after) == (status, True, None)


@pytest.mark.parametrize("status", [201, 204, 301, 302, 307, 400, 401, 403, 405, 409, 422])
def test_other_answers_are_errors(status: int) -> None:
    """Which another try would not help."""
    with pytest.raises(CustomerLookupError, match=str(status)) as caught:
        parse_response(reply(status, CUSTOMER))
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
def test_retry_after_is_read(text: str, expected: float | None) -> None:
    """In seconds or as a date, and never negative."""
    with pytest.raises(CustomerLookupUnavailableError) as caught:
        parse_response(reply(503, b"", **{"retry-after": text}))
    assert caught.value.retry_after == expected


def test_retry_after_as_a_date_is_so_many_seconds_from_now() -> None:
    """By our clock."""
    moment = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=100)
    with pytest.raises(CustomerLookupUnavailableError) as caught:
        parse_response(reply(429, b"", **{"retry-after": format_datetime(moment, usegmt=True)}))
    assert caught.value.retry_after == pytest.approx(99, abs=2)


@given(st.integers(100, 599), st.binary(max_size=200))
def test_any_answer_is_a_result_or_a_named_error(status: int, body: bytes) -> None:
    """Nothing else comes out."""
    with contextlib.suppress(CustomerLookupError):
        assert parse_response(reply(status, body)) is None


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
def test_one_refused_question_does_not_speak_against_the_server(error: Exception, *, expected: bool) -> None:
    """A single sender must not open the circuit for all."""
    assert is_server_failure(error) is expected
