"""What went wrong with Twilio's media."""

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
    """A media URL that is not Twilio's, or not of our account and message. It was not asked for."""

    status = 422
    code = "media_not_allowed"
    title = "The media URL is not allowed"


class MediaNotFoundError(TwilioMediaError):
    """Twilio does not have the media, also after the retries that a fresh upload needs."""

    status = 404
    code = "media_not_found"
    title = "The media was not found"


class MediaTooLargeError(TwilioMediaError):
    """More bytes than the cap; what came before was thrown away."""

    status = 413
    code = "media_too_large"
    title = "The media is too large"


class MediaTypeError(TwilioMediaError):
    """Not the kind of media that was asked for."""

    status = 415
    code = "media_type"
    title = "The media is of another type"


class MediaUnavailableError(TwilioMediaError):
    """Twilio could not be asked, or said that it cannot answer now."""

    status = 503
    code = "media_unavailable"
    title = "The media is unavailable now"
    retryable = True
