"""The status callback of an outgoing message."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import AliasChoices, Field

from ai_voice_shared.models.twilio.parameters import TwilioParameters

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["TwilioStatusCallback"]


class TwilioStatusCallback(TwilioParameters):
    """A status callback: https://www.twilio.com/docs/messaging/guides/track-outbound-message-status.

    Callbacks arrive at least once and in any order: `delivered` may precede `sent`.

    Examples
    --------
    >>> callback = TwilioStatusCallback.from_pairs(
    ...     {
    ...         "MessageSid": "SM" + 32 * "0",
    ...         "AccountSid": "AC" + 32 * "0",
    ...         "MessageStatus": "failed",
    ...         "ErrorCode": "63016",
    ...     }
    ... )
    >>> callback.message_status, callback.error_code, callback.is_final
    ('failed', '63016', True)
    """

    message_sid: str = Field(pattern=r"^(SM|MM)[0-9a-fA-F]{32}$")
    account_sid: str = Field(pattern=r"^AC[0-9a-fA-F]{32}$")
    # Not an enum, as Twilio adds values to accepted, queued, sending, sent, delivered, read, undelivered, failed, ...
    message_status: str = Field(
        validation_alias=AliasChoices("MessageStatus", "SmsStatus"), pattern=r"^[A-Za-z_-]{1,32}$"
    )
    from_: str | None = Field(default=None, alias="From")
    to: str | None = None
    error_code: str | None = None
    error_message: str | None = None
    messaging_service_sid: str | None = None
    sms_sid: str | None = None
    sms_status: str | None = None
    api_version: str | None = None
    channel_install_sid: str | None = None
    channel_prefix: str | None = None
    channel_status_code: str | None = None
    channel_status_message: str | None = None
    channel_to_address: str | None = None
    event_type: str | None = None
    raw_dlr_done_date: str | None = None
    structured_message: str | None = None

    @property
    def is_final(self) -> bool:
        """Whether no other outcome can follow, save `read` after `delivered`."""
        return self.message_status in {"delivered", "read", "undelivered", "failed", "canceled"}

    @property
    def is_failure(self) -> bool:
        """Whether the message did not arrive."""
        return self.message_status in {"undelivered", "failed"}

    @property
    def idempotency_key(self) -> str:
        """The idempotency key: one for each status of a message."""
        return f"{self.account_sid}:{self.message_sid}:{self.message_status}"

    def __repr_args__(self) -> Iterator[tuple[str | None, Any]]:
        yield from super().__repr_args__()
        yield "message_status", self.message_status
        yield "error_code", self.error_code
