"""The four HTTP events: one view of method, headers, body, form and URL, which rejects invalid input."""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ai_voice_shared.errors import InvalidPayloadError, PayloadTooLargeError
from ai_voice_shared.testing.twilio import SHAPES, EventShape, twilio_event
from ai_voice_shared.utils.http_events import MAX_BODY_BYTES, HttpEvent, parse_form

pytestmark = pytest.mark.unit

SECRET = "+61400000001"


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_has_the_same_values(shape: EventShape) -> None:
    """Method, content type, form, headers and URL are the same for each of the events."""
    url = "https://hooks.example.com/prod/twilio?a=1&b=x%20y"
    request = HttpEvent(twilio_event([("Body", "hi there"), ("Blank", "")], shape=shape, url=url))
    assert request.method == "POST"
    assert request.content_type == "application/x-www-form-urlencoded"
    assert request.form == (("Body", "hi there"), ("Blank", ""))
    assert request.header("user-agent") == "TwilioProxy/1.1"
    assert request.header("x-nothing") == ""
    assert next(request.urls()) == url


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("encoded", [True, False])
def test_a_body_is_read_either_way(shape: EventShape, *, encoded: bool) -> None:
    """Base64 is decoded only if the event is marked so."""
    assert HttpEvent(twilio_event("Body=aGk=", shape=shape, base64=encoded)).body == b"Body=aGk="


def test_a_public_base_url_replaces_the_event_s_own() -> None:
    """With a public base URL, only path and query come from the event."""
    request = HttpEvent(twilio_event("", url="https://internal.example.com/prod/hook?a=1"))
    assert list(request.urls("https://public.example.com/")) == ["https://public.example.com/prod/hook?a=1"]


def test_a_decoded_query_is_tried_in_each_encoding() -> None:
    """REST v1 does not reveal how the query was encoded, so each encoding is tried once."""
    request = HttpEvent(twilio_event("", shape="rest_api", url="https://h.example.com/prod/p?a=x+y%2Fz"))
    base = "https://h.example.com/prod/p?a="
    assert list(request.urls()) == [f"{base}x%20y%2Fz", f"{base}x+y%2Fz", f"{base}x y/z"]


def test_a_decoded_path_is_tried_encoded_as_well() -> None:
    """A path that a gateway has decoded is tried encoded as well."""
    event = twilio_event("", url="https://h.example.com/p")
    event["rawPath"] = "/a b"
    assert list(HttpEvent(event).urls()) == ["https://h.example.com/a b", "https://h.example.com/a%20b"]


def test_a_load_balancer_on_a_port_of_its_own_is_found() -> None:
    """Scheme and port come from the load balancer's headers, also if Host has no port."""
    event = twilio_event("", shape="alb", url="http://h.example.com:8080/p")
    assert next(HttpEvent(event).urls()) == "http://h.example.com:8080/p"
    event["headers"]["host"] = "h.example.com"
    assert next(HttpEvent(event).urls()) == "http://h.example.com:8080/p"


@pytest.mark.parametrize(
    "event",
    [
        pytest.param({}, id="nothing"),
        pytest.param([], id="a list"),
        pytest.param(None, id="None"),
        pytest.param({"Records": []}, id="an S3 event"),
        pytest.param({"requestContext": {}}, id="no method"),
        pytest.param({"requestContext": {"http": {"method": 1}}}, id="a number as the method"),
        pytest.param({"requestContext": "x", "httpMethod": "POST"}, id="a text as the context"),
    ],
)
def test_other_events_are_rejected(event: Any) -> None:
    """Any other event is an InvalidPayloadError."""
    with pytest.raises(InvalidPayloadError):
        HttpEvent(event)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("From=%2B61400000001&Body=%4", id="truncated escape"),
        pytest.param("From=%2B61400000001&Body=%", id="bare percent"),
        pytest.param("From=%2B61400000001&Body=%zz", id="no hexadecimal digits"),
        pytest.param("From=%2B61400000001&Body=%ff%fe", id="escaped invalid UTF-8"),
        pytest.param("%ff=1&From=%2B61400000001", id="invalid UTF-8 in a name"),
        pytest.param("From=%2B61400000001" + "&k=" * 1000, id="too many fields"),
    ],
)
def test_an_invalid_form_is_rejected_without_its_content(body: str) -> None:
    """The error for an invalid form contains no part of it."""
    with pytest.raises(InvalidPayloadError) as caught:
        _ = HttpEvent(twilio_event(body, signature="x")).form
    assert "61400000001" not in repr(caught.value) + str(caught.value.__context__)


def test_invalid_utf_8_is_rejected() -> None:
    """Invalid UTF-8 is rejected in raw bytes as in escaped ones."""
    event = twilio_event("", signature="x")
    event["body"] = base64.b64encode(b"Body=\xff\xfe").decode()
    with pytest.raises(InvalidPayloadError, match="UTF-8"):
        _ = HttpEvent(event).form


@pytest.mark.parametrize("body", ["!!!", "YQ", "YQ==YQ==", "Y Q=", "\u00e9", "a\n"])
def test_invalid_base64_is_rejected(body: str) -> None:
    """A body that is marked as base64 and is not valid base64 is an error."""
    event = twilio_event("", signature="x")
    event |= {"body": body, "isBase64Encoded": True}
    with pytest.raises(InvalidPayloadError, match="base64"):
        _ = HttpEvent(event).body


@pytest.mark.parametrize("body", [1, ["a"], {"a": "b"}])
def test_a_body_that_is_not_text_is_rejected(body: Any) -> None:
    """A body that is already parsed JSON is an error."""
    with pytest.raises(InvalidPayloadError, match="not text"):
        _ = HttpEvent(twilio_event("", signature="x") | {"body": body}).body


def test_a_lone_surrogate_is_rejected() -> None:
    """A lone surrogate, which JSON can contain and UTF-8 cannot, is an error."""
    event = twilio_event("", shape="rest_api", signature="x") | {"body": "Body=\ud800"}
    with pytest.raises(InvalidPayloadError):
        _ = HttpEvent(event).form


@pytest.mark.parametrize("encoded", [True, False])
def test_a_body_has_a_limit(*, encoded: bool) -> None:
    """A body of the limit is accepted, one with another byte is not."""
    largest = "a" * MAX_BODY_BYTES
    assert len(HttpEvent(twilio_event(largest, base64=encoded, signature="x")).body) == MAX_BODY_BYTES
    with pytest.raises(PayloadTooLargeError):
        _ = HttpEvent(twilio_event(largest + "a", base64=encoded, signature="x")).body
    with pytest.raises(PayloadTooLargeError):
        _ = HttpEvent(twilio_event(largest * 2, base64=encoded, signature="x")).body


def test_the_repr_has_no_personal_data() -> None:
    """The repr of a request contains only its method."""
    request = HttpEvent(twilio_event([("From", SECRET)], url=f"https://h.example.com/{SECRET}"))
    assert repr(request) == "HttpEvent(POST)"


TEXTS = st.text(st.characters(exclude_categories=["Cs"]))


@given(st.lists(st.tuples(TEXTS, TEXTS)))
def test_forms_are_read_as_the_standard_library_reads_them(pairs: list[tuple[str, str]]) -> None:
    """Any encoded form has the same pairs as with `parse_qsl`."""
    body = urlencode(pairs)
    assert list(parse_form(body)) == parse_qsl(body, keep_blank_values=True)


@pytest.mark.parametrize("body", ["", "a", "a=", "=b", "=", "a=b=c", "&&a=1&", "a+b=c+d", "a=%2B+%20", "\u00e9=\u4e2d"])
def test_odd_forms_are_read_as_the_standard_library_reads_them(body: str) -> None:
    """Missing values, empty pairs and further equals signs are read as by `parse_qsl`."""
    assert list(parse_form(body)) == parse_qsl(body, keep_blank_values=True)
