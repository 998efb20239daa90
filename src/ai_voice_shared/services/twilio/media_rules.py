"""Rules for media URLs: a webhook's URL is untrusted input, even in a signed webhook.

Credentials are sent to Twilio's API only, and only for media of the configured account and of the current message.
Whole URLs are matched by patterns and never split and rejoined: such checks are bypassed where two parsers disagree on
the end of the host.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from ai_voice_shared.errors import MediaNotAllowedError

if TYPE_CHECKING:
    from ai_voice_shared.models.twilio.media import MediaItem
    from ai_voice_shared.settings.twilio import TwilioSettings

__all__ = ["MediaRules"]

_TWILIO_API = "https://api.twilio.com"
# With edge and region: https://www.twilio.com/docs/global-infrastructure
_TWILIO_HOSTS = r"https://api(?:\.[a-z0-9-]+\.[a-z0-9-]+)?\.twilio\.com(?::443)?"
_REDIRECT = re.compile(r"(https?)://([A-Za-z0-9.-]+|\[[0-9a-fA-F:]+\])(?::([0-9]{1,5}))?(?:[/?][\x21-\x7e]*)?")
_DEFAULT_PORTS = {"https": "443", "http": "80"}


class MediaRules:
    """The rules for one account.

    Parameters
    ----------
    settings
        Provides `account_sid`, `api_base_url` and `cdn_hosts`. Plain HTTP is allowed only if `api_base_url` itself is
        plain HTTP, as for a local fake.

    Examples
    --------
    >>> from ai_voice_shared.settings.twilio import TwilioSettings
    >>> rules = MediaRules(TwilioSettings(account_sid="AC" + 32 * "0", auth_tokens=("token",)))
    >>> rules.check_redirect("https://api.twilio.com/x", "https://media.twiliocdn.com/y?sig=1")
    'https://media.twiliocdn.com/y?sig=1'
    >>> rules.check_redirect("https://api.twilio.com/x", "https://twiliocdn.com.example.org/")
    Traceback (most recent call last):
        ...
    ai_voice_shared.errors.media.MediaNotAllowedError: the media redirects to a host that is not allowed
    """

    def __init__(self, settings: TwilioSettings) -> None:
        base = settings.api_base_url.rstrip("/")
        self._account_sid = settings.account_sid
        self._base = _TWILIO_HOSTS if base == _TWILIO_API else re.escape(base)
        self._plain_http = base.startswith("http://")
        self._cdn_hosts = [host.lower() for host in settings.cdn_hosts]

    def check_url(self, item: MediaItem) -> str:
        """Return the URL of a media item, if the account's credentials may be sent to it.

        Raises
        ------
        MediaNotAllowedError
            The credentials may not be sent there. Nothing was requested.
        """
        if item.account_sid != self._account_sid:
            raise MediaNotAllowedError("the media does not belong to the account", service="twilio")
        path = (
            f"/2010-04-01/Accounts/{re.escape(item.account_sid)}"
            f"/Messages/{re.escape(item.message_sid)}/Media/ME[0-9a-fA-F]{{32}}"
        )
        if re.fullmatch(self._base + path, item.url) is None:
            raise MediaNotAllowedError("the media URL is not one of Twilio's API for this account and message")
        return item.url

    def check_redirect(self, url: str, location: str) -> str:
        """Return the URL that a redirect leads to, if it may be followed. Credentials are never sent there.

        Parameters
        ----------
        url
            The URL that redirects.
        location
            The `Location` header.

        Raises
        ------
        MediaNotAllowedError
            The redirect may not be followed.
        """
        try:
            target = urljoin(url, location)
        except ValueError:
            target = ""
        match = _REDIRECT.fullmatch(target)
        if match is None or not self._is_allowed(match[1], match[2].lower(), match[3]):
            raise MediaNotAllowedError("the media redirects to a host that is not allowed", service="twilio")
        return target

    def _is_allowed(self, scheme: str, host: str, port: str | None) -> bool:
        if scheme != "https" and not self._plain_http:
            return False
        for pattern in self._cdn_hosts:
            name, colon, allowed_port = pattern.rpartition(":") if not pattern.endswith("]") else (pattern, "", "")
            if not colon:
                name = pattern
            if colon:
                is_port_allowed = (port or _DEFAULT_PORTS[scheme]) == allowed_port
            else:
                # The port of a local fake is not known in advance.
                is_port_allowed = self._plain_http or port in {None, _DEFAULT_PORTS[scheme]}
            if is_port_allowed and (host.endswith(name[1:]) if name.startswith("*.") else host == name):
                return True
        return False
