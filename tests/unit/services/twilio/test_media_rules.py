"""Rules for media URLs: where credentials may be sent, and which redirects may be followed."""

from __future__ import annotations

from typing import Any

import pytest

from ai_voice_shared.errors import MediaNotAllowedError
from ai_voice_shared.models import MediaItem
from ai_voice_shared.services.twilio.media_rules import MediaRules
from ai_voice_shared.settings.twilio import TwilioSettings
from ai_voice_shared.testing.twilio import ACCOUNT_SID

pytestmark = pytest.mark.unit

MESSAGE = "MM" + "1" * 32
MEDIA = "ME" + "2" * 32
PATH = f"/2010-04-01/Accounts/{ACCOUNT_SID}/Messages/{MESSAGE}/Media/{MEDIA}"


def item(url: str, **changes: Any) -> MediaItem:
    """Create a media item with a URL."""
    return MediaItem(url, "audio/ogg", 0, ACCOUNT_SID, MESSAGE)._replace(**changes)


def create_rules(**settings: Any) -> MediaRules:
    """Create the rules of an account."""
    return MediaRules(TwilioSettings(account_sid=ACCOUNT_SID, auth_tokens=("t",), **settings))


@pytest.mark.parametrize(
    "host", ["api.twilio.com", "api.twilio.com:443", "api.dublin.ie1.twilio.com", "api.sydney.au1.twilio.com"]
)
def test_twilio_s_own_urls_are_allowed(host: str) -> None:
    """Media of the account and the message may be requested from the API of any region."""
    assert create_rules().check_url(item(f"https://{host}{PATH}")) == f"https://{host}{PATH}"


@pytest.mark.parametrize(
    "url",
    [
        f"http://api.twilio.com{PATH}",
        f"https://evil.example{PATH}",
        f"https://api.twilio.com.evil.example{PATH}",
        f"https://evilapi.twilio.com{PATH}",
        f"https://api.twilio.com@evil.example{PATH}",
        f"https://user:word@api.twilio.com{PATH}",
        f"https://api.twilio.com:8443{PATH}",
        f"https://api.a.b.c.twilio.com{PATH}",
        f"https://api.x/y.z.twilio.com{PATH}",
        f"https://api.twilio.com\\@evil.example{PATH}",
        f"https://api.twilio.com\t{PATH}",
        f"//api.twilio.com{PATH}",
        f"https:api.twilio.com{PATH}",
        f"https://api.twilio.com{PATH}\n",
        f"https://api.twilio.com{PATH}/../../../Balance",
        f"https://api.twilio.com{PATH}?x=1",
        f"https://api.twilio.com{PATH}#x",
        f"https://api.twilio.com{PATH}.json",
        f"https://api.twilio.com{PATH.replace(ACCOUNT_SID, 'AC' + 'f' * 32)}",
        f"https://api.twilio.com{PATH.replace(MESSAGE, 'MM' + 'f' * 32)}",
        f"https://api.twilio.com{PATH.replace('Media/ME', 'Media/XX')}",
        f"https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT_SID}.json",
        "file:///etc/passwd",
        "http://169.254.169.254/latest/meta-data/",
        "",
    ],
)
def test_other_urls_are_not_allowed(url: str) -> None:
    """Another scheme, host, port, account, message or path is rejected, and the error does not contain the URL."""
    with pytest.raises(MediaNotAllowedError) as caught:
        create_rules().check_url(item(url))
    assert "evil" not in str(caught.value)


def test_media_of_another_account_is_not_allowed() -> None:
    """Media of another account are rejected, even if the URL has the same account."""
    other = "AC" + "f" * 32
    with pytest.raises(MediaNotAllowedError, match="account"):
        create_rules().check_url(item(f"https://api.twilio.com{PATH.replace(ACCOUNT_SID, other)}", account_sid=other))


def test_ids_are_matched_literally() -> None:
    """An id is text, even if it looks like a regular expression."""
    with pytest.raises(MediaNotAllowedError):
        create_rules().check_url(item(f"https://api.twilio.com{PATH}", message_sid=".*"))


@pytest.mark.parametrize(
    "location",
    [
        "https://media.twiliocdn.com/AC/x?Signature=1",
        "https://mms.twiliocdn.com:443/x",
        "https://s3.region.twilio.com/x",
        "https://MEDIA.TwilioCDN.com/x",
        "/relative/on/the/api",
    ],
)
def test_redirects_to_twilio_are_followed(location: str) -> None:
    """Redirects to Twilio's CDN and its own hosts may be followed."""
    assert create_rules().check_redirect("https://api.twilio.com/x", location)


@pytest.mark.parametrize(
    "location",
    [
        "http://media.twiliocdn.com/x",
        "https://twiliocdn.com.evil.example/x",
        "https://eviltwiliocdn.com/x",
        "https://media.twiliocdn.com@evil.example/x",
        "https://evil.example/media.twiliocdn.com",
        "https://evil.example?.twiliocdn.com",
        "https://evil.example#.twiliocdn.com",
        "https://evil.example\\.twiliocdn.com/x",
        "https://media.twiliocdn.com:8443/x",
        "https://media.twiliocdn.com:/x",
        "https://[::1]/x",
        "https://[bad/x",
        "https://127.0.0.1/x",
        "https://evil.example/\n.twilio.com",
        "ftp://media.twiliocdn.com/x",
        "file:///etc/passwd",
    ],
)
def test_other_redirects_are_not_followed(location: str) -> None:
    """A redirect to another host, scheme or port is rejected."""
    with pytest.raises(MediaNotAllowedError):
        create_rules().check_redirect("https://api.twilio.com/x", location)


@pytest.mark.parametrize(
    ("hosts", "location", "allowed"),
    [
        (("localhost",), "http://localhost:1234/x", True),
        (("localhost:1234",), "http://localhost:1234/x", True),
        (("localhost:1234",), "http://localhost:1235/x", False),
        (("localhost",), "http://127.0.0.1:1234/x", False),
        (("[::1]",), "http://[::1]:1234/x", True),
        (("localhost",), "https://localhost/x", True),
    ],
)
def test_a_local_fake_has_a_cdn_of_its_own(hosts: tuple[str, ...], location: str, *, allowed: bool) -> None:
    """If the API is plain HTTP, as a local fake's is, its CDN may be so too, on any port or a configured one."""
    local = create_rules(api_base_url="http://127.0.0.1:1", cdn_hosts=hosts)
    if allowed:
        assert local.check_redirect("http://127.0.0.1:1/x", location) == location
    else:
        with pytest.raises(MediaNotAllowedError):
            local.check_redirect("http://127.0.0.1:1/x", location)
