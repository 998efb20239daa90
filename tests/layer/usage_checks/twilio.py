"""Twilio: signed webhooks, their content, and their media."""

from __future__ import annotations

import json
from typing import Any

from .loopback import AUDIO, serving
from .registry import checks_usage

__all__: list[str] = []

_ACCOUNT = "AC" + "0123456789abcdef" * 2


def _webhook(**parameters: str) -> dict[str, Any]:
    """Create a webhook, signed with the token of `_twilio`."""
    from urllib.parse import urlencode

    from ai_voice_shared.security import compute_signature

    sid = "MM" + "1" * 32
    pairs = {"MessageSid": sid, "AccountSid": _ACCOUNT, "From": "whatsapp:+61400000000", "To": "whatsapp:+61400000001"}
    pairs |= {"NumMedia": "0", "Body": "", **parameters}
    signature = compute_signature("https://hooks.example.com/webhook", tuple(pairs.items()), b"token")
    headers = {
        "host": "hooks.example.com",
        "content-type": "application/x-www-form-urlencoded",
        "x-twilio-signature": signature,
        "x-forwarded-proto": "https",
    }
    return {
        "version": "2.0",
        "rawPath": "/webhook",
        "rawQueryString": "",
        "headers": headers,
        "requestContext": {"domainName": "hooks.example.com", "http": {"method": "POST", "path": "/webhook"}},
        "body": urlencode(pairs),
        "isBase64Encoded": False,
    }


def _twilio(url: str = "https://api.twilio.com") -> Any:
    from ai_voice_shared import TwilioService, TwilioSettings

    return TwilioService(TwilioSettings(account_sid=_ACCOUNT, auth_tokens=("token",), api_base_url=url))


@checks_usage(
    "TwilioService",
    "TwilioSettings",
    "TwilioWebhookPayload",
    "models.twilio.parameters.TwilioParameters",
    "models.twilio.parameters.get_form_pairs",
    "models.MediaItem",
    "services.twilio.media_download.MediaDownload",
    "services.twilio.media_stream.MediaStream",
    "services.twilio.media_stream.map_outages",
)
def a_voice_note_comes_in() -> None:
    """A signed webhook is received and its media downloaded with credentials; a forged one is rejected."""
    from ai_voice_shared.errors import InvalidSignatureError

    with serving() as url:
        media = f"{url}/2010-04-01/Accounts/{_ACCOUNT}/Messages/MM{'1' * 32}/Media/ME{'2' * 32}"
        event = _webhook(NumMedia="1", MediaUrl0=media, MediaContentType0="audio/ogg")
        twilio = _twilio(url)
        payload = twilio.receive_message(event)
        (note,) = payload.audio
        assert b"".join(twilio.iter_media(note)) == AUDIO
        stored = twilio.store_media(note, "notes/a.ogg", lambda key, chunks, **_: (key, b"".join(chunks)))
        assert stored == ("notes/a.ogg", AUDIO)
    event["body"] += "x"
    try:
        twilio.receive_message(event)
    except InvalidSignatureError:
        return
    raise AssertionError


@checks_usage(
    "models.twilio.Button",
    "models.twilio.FlowReply",
    "models.twilio.ListReply",
    "models.twilio.Location",
    "models.twilio.Referral",
    "models.twilio.RepliedMessage",
)
def what_a_message_can_hold() -> None:
    """Button, list, flow, location, advertisement and reply context of a message are parsed."""
    message = _twilio().receive_message(
        _webhook(
            ButtonText="Yes",
            ButtonPayload="yes-1",
            ListId="l-1",
            ListTitle="Weekly",
            InteractiveData=json.dumps({"screen": "A"}),
            FlowData=json.dumps({"screen": "A"}),
            Latitude="-33.8",
            Longitude="151.2",
            Label="Office",
            ReferralSourceId="ad-1",
            ReferralHeadline="Try it",
            OriginalRepliedMessageSid="SM" + "3" * 32,
            OriginalRepliedMessageSender="whatsapp:+61400000001",
        )
    )
    assert (message.button.text, message.button.payload) == ("Yes", "yes-1")
    assert (message.list_reply.list_id, message.list_reply.title) == ("l-1", "Weekly")
    assert (message.location.latitude, message.location.label) == (-33.8, "Office")
    assert message.referral.source_id == "ad-1"
    assert message.replied_message.message_sid == "SM" + "3" * 32
    assert message.flow
