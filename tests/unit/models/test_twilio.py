"""Parsing of Twilio's message webhook and status callback."""

from __future__ import annotations

import copy
import pickle
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import ValidationError as PydanticValidationError

from ai_voice_shared import TwilioStatusCallback, TwilioWebhookPayload
from ai_voice_shared.errors import InvalidPayloadError, PayloadTooLargeError
from ai_voice_shared.models import MediaItem, Sender
from ai_voice_shared.testing.twilio import (
    ACCOUNT_SID,
    SHAPES,
    EventShape,
    media_parameters,
    message_parameters,
    new_sid,
    status_parameters,
    twilio_event,
)

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.unit

PERSONAL = {
    "From": "whatsapp:+61412345678",
    "WaId": "61412345678",
    "ExternalUserId": "whatsapp:AU.9876XYZ",
    "ProfileName": "Zebedee Quill",
    "Body": "please call my wife",
    "Latitude": "-33.8567844",
    "Longitude": "151.2152967",
    "Address": "Bennelong Point",
    "Label": "Opera House",
    "ButtonText": "Call me",
    "ButtonPayload": "call-zebedee",
    "ListTitle": "Tomorrow at noon",
    "ListId": "noon",
    "InteractiveData": '{"name": "Quill"}',
    "OriginalRepliedMessageSender": "whatsapp:+61487654321",
    "ReferralHeadline": "Voice notes for builders",
    "ReferralSourceUrl": "https://fb.example/ad?who=zebedee",
    "ReferralSourceId": "120210",
    "SomethingNew": "zebedee@example.com",
}


def payload(**parameters: str) -> TwilioWebhookPayload:
    """Parse a message."""
    return TwilioWebhookPayload.from_pairs(message_parameters(**parameters))


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("method", ["POST", "GET"])
def test_a_message_is_parsed_from_every_event_shape(shape: EventShape, method: str) -> None:
    """Every event shape and both methods yield the same message."""
    sent = message_parameters(Body="hello \u4e2d +1 & more", MessageSid="SM" + "0" * 32)
    parsed = TwilioWebhookPayload.from_event(twilio_event(sent, shape=shape, method=method))
    assert parsed == TwilioWebhookPayload.from_pairs(sent)
    assert parsed.body == "hello \u4e2d +1 & more"
    assert dict(parsed.parameters) == sent


def test_attributes_have_twilio_s_names_in_snake_case() -> None:
    """Attributes have Twilio's names in snake_case, with texts, numbers and booleans as types."""
    parsed = payload(Forwarded="true", FrequentlyForwarded="false", NumSegments="3", MessagingServiceSid="MG1")
    assert (parsed.forwarded, parsed.frequently_forwarded, parsed.num_segments) == (True, False, 3)
    assert (parsed.messaging_service_sid, parsed.profile_name, parsed.from_) == ("MG1", "Alex", "whatsapp:+61400000001")
    assert parsed.to == "whatsapp:+61400000000"


def test_unknown_parameters_are_retained() -> None:
    """Unknown parameters and message types, which Twilio adds without notice, are retained."""
    parsed = payload(MessageType="hologram", SomethingNew="1", AnotherNew="")
    assert parsed.message_type == "hologram"
    assert parsed.extra == {"SomethingNew": "1"}
    assert parsed.get_all("AnotherNew") == [""]


def test_repeated_and_blank_parameters_are_retained() -> None:
    """Every pair is retained; the last value of a repeated parameter counts, and a blank one counts as not sent."""
    pairs = [*message_parameters().items(), ("Tag", "a"), ("Tag", "b"), ("Label", "")]
    parsed = TwilioWebhookPayload.from_pairs(pairs)
    assert parsed.get_all("Tag") == ["a", "b"]
    assert parsed.extra == {"Tag": "b"}
    assert parsed.label is None
    assert parsed.parameters == tuple(pairs)


def test_media_are_items() -> None:
    """Each media item has its URL, its type without parameters, its id and its message."""
    message_sid, sids = new_sid("MM"), [new_sid("ME"), new_sid("ME")]
    files = media_parameters(*sids, message_sid=message_sid, content_type="Audio/OGG; codecs=opus")
    parsed = TwilioWebhookPayload.from_pairs(message_parameters(files, MessageSid=message_sid))
    assert [item.sid for item in parsed.media] == sids
    assert {item.content_type for item in parsed.media} == {"audio/ogg"}
    assert [item.number for item in parsed.media] == [0, 1]
    assert parsed.media == parsed.audio
    assert parsed.media[0].extension == ".ogg"
    assert {(item.account_sid, item.message_sid) for item in parsed.media} == {(ACCOUNT_SID, message_sid)}
    assert parsed.extra == {}


def test_a_message_without_media_has_no_items() -> None:
    """A missing, blank or zero NumMedia yields no items, and an undeclared URL is ignored."""
    assert payload().media == payload(NumMedia="").media == ()
    assert payload(NumMedia="0", MediaUrl0="https://x").media == ()


@pytest.mark.parametrize(
    ("address", "external", "expected"),
    [
        ("whatsapp:+61400000001", None, ("whatsapp", "+61400000001", None)),
        ("whatsapp:+61400000001", "whatsapp:AU.4566", ("whatsapp", "+61400000001", "AU.4566")),
        ("whatsapp:US.1234ABC", None, ("whatsapp", None, "US.1234ABC")),
        ("whatsapp:US.1234ABC", "US.1234ABC", ("whatsapp", None, "US.1234ABC")),
        ("whatsapp:US.12345678", None, ("whatsapp", None, "US.12345678")),
        ("+61400000001", None, ("sms", "+61400000001", None)),
        ("12345", None, ("sms", "12345", None)),
        ("messenger:987654", None, ("messenger", "987654", None)),
        ("Bank", None, ("sms", None, "Bank")),
    ],
)
def test_a_sender_is_a_number_or_an_id(address: str, external: str | None, expected: tuple[Any, ...]) -> None:
    """A business-scoped id is never parsed as a number, and a sender may have both."""
    parsed = payload(From=address, **({"ExternalUserId": external} if external else {}))
    sender = parsed.sender
    assert (sender.channel, sender.phone_number, sender.external_user_id) == expected
    assert sender == Sender(address, external)
    assert hash(sender) == hash(Sender(address, external))
    number, identity = expected[1:]
    assert sender.lookup == ({"phone_number": number} if number else {"external_user_id": identity})


def test_related_parameters_are_one_value() -> None:
    """Location, reply, button, list, flow and referral are values, or None where the message has none."""
    parsed = TwilioWebhookPayload.from_pairs(
        message_parameters(**PERSONAL, OriginalRepliedMessageSid="SM1", ListDescription="12:00", ReferralNumMedia="1")
    )
    assert parsed.location is not None
    assert (parsed.location.latitude, parsed.location.label) == (-33.8567844, "Opera House")
    assert parsed.replied_message == ("SM1", "whatsapp:+61487654321")
    assert parsed.button == ("Call me", "call-zebedee")
    assert parsed.list_reply == ("noon", "Tomorrow at noon", "12:00")
    assert parsed.flow is not None
    assert parsed.flow.data == {"name": "Quill"}
    assert parsed.referral is not None
    assert (parsed.referral.headline, parsed.referral.source_id, parsed.referral.num_media) == (
        "Voice notes for builders",
        "120210",
        1,
    )
    plain = payload()
    values = (plain.location, plain.replied_message, plain.button, plain.list_reply, plain.flow, plain.referral)
    assert values == (None,) * 6


def test_a_payload_is_frozen() -> None:
    """Neither a payload nor its sender can be modified."""
    parsed = payload()
    with pytest.raises(PydanticValidationError):
        parsed.body = "other"  # type: ignore[misc] # that is the point
    with pytest.raises(AttributeError):
        parsed.sender.phone_number = "+1"


def test_a_payload_can_be_copied_and_pickled() -> None:
    """A copied or pickled payload equals the original, including every pair."""
    parsed = payload(Body="hello", Extra="1")
    for other in (copy.deepcopy(parsed), pickle.loads(pickle.dumps(parsed))):  # noqa: S301 - made here
        assert other == parsed
        assert other.parameters == parsed.parameters
        assert other.sender == parsed.sender
    assert pickle.loads(pickle.dumps(parsed.sender)) == parsed.sender  # noqa: S301 - made here


def test_nothing_shows_personal_data() -> None:
    """The repr and str of a payload and its parts contain only ids."""
    files = [("https://api.twilio.com/secret-path", "audio/ogg")]
    parsed = TwilioWebhookPayload.from_pairs(message_parameters(files, **PERSONAL))
    parts = (
        parsed.sender,
        parsed.media,
        parsed.location,
        parsed.replied_message,
        parsed.button,
        parsed.list_reply,
        parsed.flow,
    )
    shown = "".join(f"{part!r}{part!s}" for part in (parsed, *parts, parsed.referral)) + f"{parsed}"
    for text in (*PERSONAL.values(), "61412345678", "9876XYZ", "Quill", "secret-path", "33.85", "Alex"):
        assert text not in shown
    assert parsed.message_sid in shown


def create_oversized_event() -> dict[str, Any]:
    """Create an event whose body has ninety thousand keys."""
    return twilio_event("&".join(f"key{number}=" for number in range(90_000)), signature="x")


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        pytest.param(lambda: twilio_event("{}", content_type="application/json"), InvalidPayloadError, id="JSON"),
        pytest.param(lambda: twilio_event("", signature="x"), InvalidPayloadError, id="an empty form"),
        pytest.param(create_oversized_event, PayloadTooLargeError, id="1 MB of keys"),
        pytest.param(
            lambda: twilio_event("&".join(f"k{number}=" for number in range(2000))), InvalidPayloadError, id="2000 keys"
        ),
        pytest.param(dict, InvalidPayloadError, id="no event"),
    ],
)
def test_an_invalid_request_is_refused(event: Callable[[], Any], kind: type[Exception]) -> None:
    """A request that is not a message raises an error of the package."""
    with pytest.raises(kind):
        TwilioWebhookPayload.from_event(event())


@pytest.mark.parametrize(
    ("parameters", "named"),
    [
        ({"MessageSid": "SM" + "x" * 32}, "MessageSid"),
        ({"MessageSid": ""}, "MessageSid"),
        ({"MessageSid": "../" + "0" * 31}, "MessageSid"),
        ({"MessageSid": "SM" + "0" * 32 + "\n"}, "MessageSid"),
        ({"AccountSid": "AC12"}, "AccountSid"),
        ({"From": ""}, "From"),
        ({"From": "whatsapp:+" + "1" * 300}, "From"),
        ({"NumMedia": "99", "MediaUrl0": "https://x"}, "NumMedia"),
        ({"NumMedia": "-1"}, "NumMedia"),
        ({"NumMedia": "two"}, "NumMedia"),
        ({"NumMedia": "9" * 5000}, "NumMedia"),
        ({"NumMedia": "2", "MediaUrl1": "https://x"}, "NumMedia"),
        ({"Latitude": "nan"}, "Latitude"),
        ({"Latitude": "1e999"}, "Latitude"),
        ({"Forwarded": "+61412345678"}, "Forwarded"),
    ],
)
def test_an_invalid_message_is_refused(parameters: dict[str, str], named: str) -> None:
    """An invalid parameter raises an error that names it and contains no value."""
    with pytest.raises(InvalidPayloadError, match=named) as caught:
        payload(**{"Body": "call my wife"} | parameters)
    shown = f"{caught.value!r} {caught.value.details} {caught.value.__cause__}"
    assert "wife" not in shown
    assert "61412345678" not in shown


def test_pydantic_s_own_errors_hold_no_value() -> None:
    """A direct validation by pydantic raises an error without any value."""
    with pytest.raises(PydanticValidationError) as caught:
        TwilioWebhookPayload.model_validate({"MessageSid": "+61412345678"})
    assert "61412345678" not in str(caught.value)


def test_a_media_item_of_an_unknown_kind() -> None:
    """An item has no id where its URL has none, and no extension for a rare type."""
    item = MediaItem("https://elsewhere.example/x", "application/x-rare", 0, "AC", "MM")
    assert (item.sid, item.extension, item.is_audio) == (None, "", False)
    assert repr(item) == "MediaItem(None, application/x-rare)"


@pytest.mark.parametrize("shape", SHAPES)
def test_a_status_callback_is_parsed_from_every_event_shape(shape: EventShape) -> None:
    """Every event shape yields the status, the error and unknown parameters."""
    sent = status_parameters("undelivered", ErrorCode="63016", ErrorMessage="outside the window", New="1")
    parsed = TwilioStatusCallback.from_event(twilio_event(sent, shape=shape))
    assert (parsed.message_status, parsed.error_code, parsed.error_message) == (
        "undelivered",
        "63016",
        "outside the window",
    )
    assert parsed.is_final
    assert parsed.is_failure
    assert parsed.extra == {"New": "1"}
    assert "61400000001" not in repr(parsed)


def test_each_status_has_its_own_idempotency_key() -> None:
    """A message has one idempotency key, and each of its status callbacks another."""
    sid = new_sid("SM")
    keys = {
        TwilioStatusCallback.from_pairs(status_parameters(status, MessageSid=sid)).idempotency_key
        for status in ("sent", "delivered", "read")
    }
    assert len(keys) == 3
    assert payload(MessageSid=sid).idempotency_key == f"{ACCOUNT_SID}:{sid}"
    assert not TwilioStatusCallback.from_pairs(status_parameters("sent")).is_final


def test_a_message_is_not_a_status_callback() -> None:
    """A request without a status is refused as a status callback."""
    with pytest.raises(InvalidPayloadError, match="MessageStatus"):
        TwilioStatusCallback.from_pairs(status_parameters(MessageStatus="", SmsStatus=""))
