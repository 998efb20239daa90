"""What Twilio sends, read: the message webhook and the status callback."""

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
    """Read a message."""
    return TwilioWebhookPayload.from_pairs(message_parameters(**parameters))


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("method", ["POST", "GET"])
def test_a_message_is_read_from_every_shape(shape: EventShape, method: str) -> None:
    """Whichever event brings it, and by GET as well, the message is the same."""
    sent = message_parameters(Body="hello \u4e2d +1 & more", MessageSid="SM" + "0" * 32)
    read = TwilioWebhookPayload.from_event(twilio_event(sent, shape=shape, method=method))
    assert read == TwilioWebhookPayload.from_pairs(sent)
    assert read.body == "hello \u4e2d +1 & more"
    assert dict(read.parameters) == sent


def test_attributes_have_twilio_s_names_in_snake_case() -> None:
    """Texts, numbers and truths come out as such."""
    read = payload(Forwarded="true", FrequentlyForwarded="false", NumSegments="3", MessagingServiceSid="MG1")
    assert (read.forwarded, read.frequently_forwarded, read.num_segments) == (True, False, 3)
    assert (read.messaging_service_sid, read.profile_name, read.from_) == ("MG1", "Alex", "whatsapp:+61400000001")
    assert read.to == "whatsapp:+61400000000"


def test_unknown_parameters_are_kept() -> None:
    """Twilio adds parameters and message types without notice; neither is an error."""
    read = payload(MessageType="hologram", SomethingNew="1", AnotherNew="")
    assert read.message_type == "hologram"
    assert read.extra == {"SomethingNew": "1"}
    assert read.get_all("AnotherNew") == [""]


def test_repeats_and_blanks_are_kept() -> None:
    """Each pair is there as it came; of a repeated parameter the last counts, a blank one counts as not sent."""
    pairs = [*message_parameters().items(), ("Tag", "a"), ("Tag", "b"), ("Label", "")]
    read = TwilioWebhookPayload.from_pairs(pairs)
    assert read.get_all("Tag") == ["a", "b"]
    assert read.extra == {"Tag": "b"}
    assert read.label is None
    assert read.parameters == tuple(pairs)


def test_media_comes_as_items() -> None:
    """Each file has its URL, its type without parameters, its id and its message."""
    message_sid, sids = new_sid("MM"), [new_sid("ME"), new_sid("ME")]
    files = media_parameters(*sids, message_sid=message_sid, content_type="Audio/OGG; codecs=opus")
    read = TwilioWebhookPayload.from_pairs(message_parameters(files, MessageSid=message_sid))
    assert [item.sid for item in read.media] == sids
    assert {item.content_type for item in read.media} == {"audio/ogg"}
    assert [item.number for item in read.media] == [0, 1]
    assert read.media == read.audio
    assert read.media[0].extension == ".ogg"
    assert {(item.account_sid, item.message_sid) for item in read.media} == {(ACCOUNT_SID, message_sid)}
    assert read.extra == {}


def test_a_message_without_files_has_none() -> None:
    """No NumMedia, a blank one and 0 mean the same; a URL that is not announced is ignored."""
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
    """A business-scoped id is never taken for a number, and both may be known."""
    read = payload(From=address, **({"ExternalUserId": external} if external else {}))
    sender = read.sender
    assert (sender.channel, sender.phone_number, sender.external_user_id) == expected
    assert sender == Sender(address, external)
    assert hash(sender) == hash(Sender(address, external))
    number, identity = expected[1:]
    assert sender.lookup == ({"phone_number": number} if number else {"external_user_id": identity})


def test_what_belongs_together_is_one_value() -> None:
    """Location, reply, button, list, flow and referral come as values, and as None where there are none."""
    read = TwilioWebhookPayload.from_pairs(
        message_parameters(**PERSONAL, OriginalRepliedMessageSid="SM1", ListDescription="12:00", ReferralNumMedia="1")
    )
    assert read.location is not None
    assert (read.location.latitude, read.location.label) == (-33.8567844, "Opera House")
    assert read.replied_message == ("SM1", "whatsapp:+61487654321")
    assert read.button == ("Call me", "call-zebedee")
    assert read.list_reply == ("noon", "Tomorrow at noon", "12:00")
    assert read.flow is not None
    assert read.flow.data == {"name": "Quill"}
    assert read.referral is not None
    assert (read.referral.headline, read.referral.source_id, read.referral.num_media) == (
        "Voice notes for builders",
        "120210",
        1,
    )
    plain = payload()
    values = (plain.location, plain.replied_message, plain.button, plain.list_reply, plain.flow, plain.referral)
    assert values == (None,) * 6


def test_a_payload_is_frozen() -> None:
    """Nothing of it can be set afterwards."""
    read = payload()
    with pytest.raises(PydanticValidationError):
        read.body = "other"  # type: ignore[misc] # that is the point
    with pytest.raises(AttributeError):
        read.sender.phone_number = "+1"


def test_a_payload_can_be_copied_and_pickled() -> None:
    """Another process gets the same, every pair included."""
    read = payload(Body="hello", Extra="1")
    for other in (copy.deepcopy(read), pickle.loads(pickle.dumps(read))):  # noqa: S301 - made here
        assert other == read
        assert other.parameters == read.parameters
        assert other.sender == read.sender
    assert pickle.loads(pickle.dumps(read.sender)) == read.sender  # noqa: S301 - made here


def test_nothing_shows_personal_data() -> None:
    """`repr` and `str` of the payload and of all its parts hold ids alone."""
    files = [("https://api.twilio.com/secret-path", "audio/ogg")]
    read = TwilioWebhookPayload.from_pairs(message_parameters(files, **PERSONAL))
    parts = (read.sender, read.media, read.location, read.replied_message, read.button, read.list_reply, read.flow)
    shown = "".join(f"{part!r}{part!s}" for part in (read, *parts, read.referral)) + f"{read}"
    for text in (*PERSONAL.values(), "61412345678", "9876XYZ", "Quill", "secret-path", "33.85", "Alex"):
        assert text not in shown
    assert read.message_sid in shown


def one_megabyte_of_keys() -> dict[str, Any]:
    """Make a body of ninety thousand keys."""
    return twilio_event("&".join(f"key{number}=" for number in range(90_000)), signature="x")


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        pytest.param(lambda: twilio_event("{}", content_type="application/json"), InvalidPayloadError, id="JSON"),
        pytest.param(lambda: twilio_event("", signature="x"), InvalidPayloadError, id="an empty form"),
        pytest.param(one_megabyte_of_keys, PayloadTooLargeError, id="1 MB of keys"),
        pytest.param(
            lambda: twilio_event("&".join(f"k{number}=" for number in range(2000))), InvalidPayloadError, id="2000 keys"
        ),
        pytest.param(dict, InvalidPayloadError, id="no event"),
    ],
)
def test_a_request_that_is_no_message_is_refused(event: Callable[[], Any], kind: type[Exception]) -> None:
    """Each has an error of the package, and nothing else comes out."""
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
def test_a_message_that_makes_no_sense_is_refused(parameters: dict[str, str], named: str) -> None:
    """The error names the parameter and has no value of it, nor of any other."""
    with pytest.raises(InvalidPayloadError, match=named) as caught:
        payload(**{"Body": "call my wife"} | parameters)
    shown = f"{caught.value!r} {caught.value.details} {caught.value.__cause__}"
    assert "wife" not in shown
    assert "61412345678" not in shown


def test_pydantic_s_own_errors_hold_no_value() -> None:
    """Whoever validates the model directly is told no value either."""
    with pytest.raises(PydanticValidationError) as caught:
        TwilioWebhookPayload.model_validate({"MessageSid": "+61412345678"})
    assert "61412345678" not in str(caught.value)


def test_a_media_item_says_what_it_is() -> None:
    """An id is told only where the URL has one; a rare type has no ending."""
    item = MediaItem("https://elsewhere.example/x", "application/x-rare", 0, "AC", "MM")
    assert (item.sid, item.extension, item.is_audio) == (None, "", False)
    assert repr(item) == "MediaItem(None, application/x-rare)"


@pytest.mark.parametrize("shape", SHAPES)
def test_a_status_callback_is_read_from_every_shape(shape: EventShape) -> None:
    """Status and error are there, unknown parameters are kept."""
    sent = status_parameters("undelivered", ErrorCode="63016", ErrorMessage="outside the window", New="1")
    read = TwilioStatusCallback.from_event(twilio_event(sent, shape=shape))
    assert (read.message_status, read.error_code, read.error_message) == ("undelivered", "63016", "outside the window")
    assert read.is_final
    assert read.is_failure
    assert read.extra == {"New": "1"}
    assert "61400000001" not in repr(read)


def test_each_status_of_a_message_has_a_key_of_its_own() -> None:
    """A message is one thing; a status callback is one for each status."""
    sid = new_sid("SM")
    keys = {
        TwilioStatusCallback.from_pairs(status_parameters(status, MessageSid=sid)).idempotency_key
        for status in ("sent", "delivered", "read")
    }
    assert len(keys) == 3
    assert payload(MessageSid=sid).idempotency_key == f"{ACCOUNT_SID}:{sid}"
    assert not TwilioStatusCallback.from_pairs(status_parameters("sent")).is_final


def test_a_message_is_no_status_callback() -> None:
    """A request without a message's sender or a callback's status is not taken for one."""
    with pytest.raises(InvalidPayloadError, match="MessageStatus"):
        TwilioStatusCallback.from_pairs(status_parameters(MessageStatus="", SmsStatus=""))
