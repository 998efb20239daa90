"""Errors of fetching Twilio's media."""

from __future__ import annotations

from ai_voice_shared.errors.services import ServiceError

__all__ = [
    "MediaNotAllowedError",
    "MediaNotFoundError",
    "MediaTooLargeError",
    "MediaTypeError",
    "MediaUnavailableError",
    "TwilioMediaError",
]


class TwilioMediaError(ServiceError):
    """A media item could not be fetched from Twilio."""

    code = "twilio_media_error"
    title = "The media could not be fetched"


class MediaNotAllowedError(TwilioMediaError):
    """The media URL is not on Twilio's host, or not of this account and message. No request was sent."""

    status = 422
    code = "media_not_allowed"
    title = "The media URL is not allowed"


class MediaNotFoundError(TwilioMediaError):
    """Twilio does not have the media, even after the retries that a fresh upload needs."""

    status = 404
    code = "media_not_found"
    title = "The media was not found"


class MediaTooLargeError(TwilioMediaError):
    """The media has more bytes than the limit; the bytes received until then were discarded."""

    status = 413
    code = "media_too_large"
    title = "The media is too large"


class MediaTypeError(TwilioMediaError):
    """The media is not of a requested kind."""

    status = 415
    code = "media_type"
    title = "The media is of another type"


class MediaUnavailableError(TwilioMediaError):
    """Twilio could not be reached, or is temporarily unavailable."""

    status = 503
    code = "media_unavailable"
    title = "The media is temporarily unavailable"
    retryable = True
