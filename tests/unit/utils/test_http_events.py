"""The four HTTP events: one view of method, headers, body, form and URL, and strictness about what cannot be read."""

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
def test_every_shape_says_the_same(shape: EventShape) -> None:
    """Method, content type, form, headers and URL are the same, whichever event brings them."""
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
    """Base64 is decoded where the event says so, and only there."""
    assert HttpEvent(twilio_event("Body=aGk=", shape=shape, base64=encoded)).body == b"Body=aGk="


def test_a_public_base_url_replaces_the_event_s_own() -> None:
    """Behind a proxy, path and query are the event's, scheme and host are configured."""
    request = HttpEvent(twilio_event("", url="https://internal.example.com/prod/hook?a=1"))
    assert list(request.urls("https://public.example.com/")) == ["https://public.example.com/prod/hook?a=1"]


def test_a_decoded_query_is_tried_in_each_encoding() -> None:
    """REST v1 does not tell how the query was encoded, so each way is tried once."""
    request = HttpEvent(twilio_event("", shape="rest_api", url="https://h.example.com/prod/p?a=x+y%2Fz"))
    base = "https://h.example.com/prod/p?a="
    assert list(request.urls()) == [f"{base}x%20y%2Fz", f"{base}x+y%2Fz", f"{base}x y/z"]


def test_a_decoded_path_is_tried_encoded_as_well() -> None:
    """A gateway that decodes the path is met halfway."""
    event = twilio_event("", url="https://h.example.com/p")
    event["rawPath"] = "/a b"
    assert list(HttpEvent(event).urls()) == ["https://h.example.com/a b", "https://h.example.com/a%20b"]


def test_a_load_balancer_on_a_port_of_its_own_is_found() -> None:
    """Scheme and port come from the load balancer's headers, also where Host has no port."""
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
def test_other_events_are_refused(event: Any) -> None:
    """What is no HTTP event is named as such."""
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
def test_a_broken_form_is_refused_without_a_word_of_it(body: str) -> None:
    """The error names the kind of damage, and holds no part of the form."""
    with pytest.raises(InvalidPayloadError) as caught:
        _ = HttpEvent(twilio_event(body, signature="x")).form
    assert "61400000001" not in repr(caught.value) + str(caught.value.__context__)


def test_bytes_that_are_no_utf_8_are_refused() -> None:
    """Raw bytes count as well as escaped ones."""
    event = twilio_event("", signature="x")
    event["body"] = base64.b64encode(b"Body=\xff\xfe").decode()
    with pytest.raises(InvalidPayloadError, match="UTF-8"):
        _ = HttpEvent(event).form


@pytest.mark.parametrize("body", ["!!!", "YQ", "YQ==YQ==", "Y Q=", "\u00e9", "a\n"])
def test_base64_garbage_is_refused(body: str) -> None:
    """A body that is not the base64 that the event announces is an error, not a guess."""
    event = twilio_event("", signature="x")
    event |= {"body": body, "isBase64Encoded": True}
    with pytest.raises(InvalidPayloadError, match="base64"):
        _ = HttpEvent(event).body


@pytest.mark.parametrize("body", [1, ["a"], {"a": "b"}])
def test_a_body_that_is_not_text_is_refused(body: Any) -> None:
    """JSON that is parsed already is not a body."""
    with pytest.raises(InvalidPayloadError, match="not text"):
        _ = HttpEvent(twilio_event("", signature="x") | {"body": body}).body


def test_a_lone_surrogate_is_refused() -> None:
    """JSON can carry what UTF-8 cannot."""
    event = twilio_event("", shape="rest_api", signature="x") | {"body": "Body=\ud800"}
    with pytest.raises(InvalidPayloadError):
        _ = HttpEvent(event).form


@pytest.mark.parametrize("encoded", [True, False])
def test_a_body_has_a_limit(*, encoded: bool) -> None:
    """One byte too many is too many, and the limit itself is not."""
    largest = "a" * MAX_BODY_BYTES
    assert len(HttpEvent(twilio_event(largest, base64=encoded, signature="x")).body) == MAX_BODY_BYTES
    with pytest.raises(PayloadTooLargeError):
        _ = HttpEvent(twilio_event(largest + "a", base64=encoded, signature="x")).body
    with pytest.raises(PayloadTooLargeError):
        _ = HttpEvent(twilio_event(largest * 2, base64=encoded, signature="x")).body


def test_a_request_says_nothing_about_itself() -> None:
    """Its repr has the method alone."""
    request = HttpEvent(twilio_event([("From", SECRET)], url=f"https://h.example.com/{SECRET}"))
    assert repr(request) == "HttpEvent(POST)"


TEXTS = st.text(st.characters(exclude_categories=["Cs"]))


@given(st.lists(st.tuples(TEXTS, TEXTS)))
def test_forms_are_read_as_the_standard_library_reads_them(pairs: list[tuple[str, str]]) -> None:
    """Whatever a form has, both give the same pairs."""
    body = urlencode(pairs)
    assert list(parse_form(body)) == parse_qsl(body, keep_blank_values=True)


@pytest.mark.parametrize("body", ["", "a", "a=", "=b", "=", "a=b=c", "&&a=1&", "a+b=c+d", "a=%2B+%20", "\u00e9=\u4e2d"])
def test_odd_forms_are_read_as_the_standard_library_reads_them(body: str) -> None:
    """Missing values, empty pieces and further equals signs mean what they mean elsewhere."""
    assert list(parse_form(body)) == parse_qsl(body, keep_blank_values=True)
