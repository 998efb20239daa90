"""The exception tree: each error is raised, returned as problem details, and created again by a client."""

from __future__ import annotations

from typing import Any

from .registry import checks_usage

__all__: list[str] = []

_ARGUMENTS: dict[str, dict[str, Any]] = {
    "MissingSettingError": {"setting": "url", "settings_class": "Settings", "variables": ["URL"]},
    "InvalidSettingError": {"setting": "url", "settings_class": "Settings", "variables": ["URL"], "reason": "no URL"},
    "MissingExtraError": {"extra": "auth", "package": "pyjwt"},
    "NotFoundError": {"resource": "Subject", "identifier": "123"},
    "CustomerNotFoundError": {},
}
_NAMES = (
    "AIVoiceError",
    "AuthenticationError",
    "AuthorizationError",
    "CircuitOpenError",
    "ConfigurationError",
    "ConflictError",
    "CustomerLookupError",
    "CustomerLookupUnavailableError",
    "CustomerNotFoundError",
    "DeadlineExceededError",
    "EventPublishError",
    "ExpiredTokenError",
    "InvalidApiKeyError",
    "InvalidPayloadError",
    "InvalidS3KeyError",
    "InvalidSettingError",
    "InvalidSignatureError",
    "InvalidTokenError",
    "MediaNotAllowedError",
    "MediaNotFoundError",
    "MediaTooLargeError",
    "MediaTypeError",
    "MediaUnavailableError",
    "MissingExtraError",
    "MissingSettingError",
    "NotFoundError",
    "PayloadTooLargeError",
    "PreconditionFailedError",
    "RateLimitedError",
    "S3AccessDeniedError",
    "S3BucketNotFoundError",
    "S3ConflictError",
    "S3Error",
    "S3IntegrityError",
    "S3InvalidRangeError",
    "S3NotFoundError",
    "S3NotModifiedError",
    "S3ObjectNotFoundError",
    "S3PreconditionFailedError",
    "S3ThrottledError",
    "S3TimeoutError",
    "S3TooLargeError",
    "S3UnavailableError",
    "ServiceError",
    "ServiceResponseError",
    "ServiceTimeoutError",
    "ServiceUnavailableError",
    "TwilioMediaError",
    "UnsupportedMediaTypeError",
    "ValidationError",
)


@checks_usage(*(f"errors.{name}" for name in _NAMES))
def every_error_is_a_problem() -> None:
    """An error has a status, a code and a title; it can be pickled, and a client creates an error from it."""
    import pickle

    from ai_voice_shared import errors
    from ai_voice_shared.problems import error_from_problem, to_problem

    codes = set()
    for name in _NAMES:
        kind = getattr(errors, name)
        error = kind(**_ARGUMENTS.get(name, {"message": "what went wrong"}))
        assert isinstance(error, errors.AIVoiceError), name
        assert error.message, name
        problem = to_problem(error)
        assert (problem["status"], problem["code"], problem["title"]) == (error.status, error.code, error.title), name
        codes.add(error.code)
        again = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own, of this moment
        assert (type(again), str(again), again.code) == (kind, str(error), error.code), name
        if error.status >= 400:
            there = error_from_problem(problem, error.status, "subject-service")
            assert isinstance(there, errors.AIVoiceError), name
            assert there.status >= 400, name
    assert len(codes) > 35
    assert isinstance(
        error_from_problem(to_problem(errors.NotFoundError("Subject", "123")), 404, "s"), errors.NotFoundError
    )
