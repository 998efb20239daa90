# Written by .ci/make-stubs from __init__.py; edit the table of exports there.
from ai_voice_shared.errors.base import AIVoiceError as AIVoiceError
from ai_voice_shared.errors.configuration import ConfigurationError as ConfigurationError
from ai_voice_shared.errors.configuration import InvalidSettingError as InvalidSettingError
from ai_voice_shared.errors.configuration import MissingExtraError as MissingExtraError
from ai_voice_shared.errors.configuration import MissingSettingError as MissingSettingError
from ai_voice_shared.errors.media import MediaNotAllowedError as MediaNotAllowedError
from ai_voice_shared.errors.media import MediaNotFoundError as MediaNotFoundError
from ai_voice_shared.errors.media import MediaTooLargeError as MediaTooLargeError
from ai_voice_shared.errors.media import MediaTypeError as MediaTypeError
from ai_voice_shared.errors.media import MediaUnavailableError as MediaUnavailableError
from ai_voice_shared.errors.media import TwilioMediaError as TwilioMediaError
from ai_voice_shared.errors.requests import AuthenticationError as AuthenticationError
from ai_voice_shared.errors.requests import AuthorizationError as AuthorizationError
from ai_voice_shared.errors.requests import ConflictError as ConflictError
from ai_voice_shared.errors.requests import CustomerNotFoundError as CustomerNotFoundError
from ai_voice_shared.errors.requests import ExpiredTokenError as ExpiredTokenError
from ai_voice_shared.errors.requests import InvalidApiKeyError as InvalidApiKeyError
from ai_voice_shared.errors.requests import InvalidPayloadError as InvalidPayloadError
from ai_voice_shared.errors.requests import InvalidS3KeyError as InvalidS3KeyError
from ai_voice_shared.errors.requests import InvalidSignatureError as InvalidSignatureError
from ai_voice_shared.errors.requests import InvalidTokenError as InvalidTokenError
from ai_voice_shared.errors.requests import NotFoundError as NotFoundError
from ai_voice_shared.errors.requests import PayloadTooLargeError as PayloadTooLargeError
from ai_voice_shared.errors.requests import PreconditionFailedError as PreconditionFailedError
from ai_voice_shared.errors.requests import RateLimitedError as RateLimitedError
from ai_voice_shared.errors.requests import UnsupportedMediaTypeError as UnsupportedMediaTypeError
from ai_voice_shared.errors.requests import ValidationError as ValidationError
from ai_voice_shared.errors.s3 import S3AccessDeniedError as S3AccessDeniedError
from ai_voice_shared.errors.s3 import S3BucketNotFoundError as S3BucketNotFoundError
from ai_voice_shared.errors.s3 import S3ConflictError as S3ConflictError
from ai_voice_shared.errors.s3 import S3Error as S3Error
from ai_voice_shared.errors.s3 import S3IntegrityError as S3IntegrityError
from ai_voice_shared.errors.s3 import S3InvalidRangeError as S3InvalidRangeError
from ai_voice_shared.errors.s3 import S3NotFoundError as S3NotFoundError
from ai_voice_shared.errors.s3 import S3NotModifiedError as S3NotModifiedError
from ai_voice_shared.errors.s3 import S3ObjectNotFoundError as S3ObjectNotFoundError
from ai_voice_shared.errors.s3 import S3PreconditionFailedError as S3PreconditionFailedError
from ai_voice_shared.errors.s3 import S3ThrottledError as S3ThrottledError
from ai_voice_shared.errors.s3 import S3TimeoutError as S3TimeoutError
from ai_voice_shared.errors.s3 import S3TooLargeError as S3TooLargeError
from ai_voice_shared.errors.s3 import S3UnavailableError as S3UnavailableError
from ai_voice_shared.errors.services import CircuitOpenError as CircuitOpenError
from ai_voice_shared.errors.services import CustomerLookupError as CustomerLookupError
from ai_voice_shared.errors.services import CustomerLookupUnavailableError as CustomerLookupUnavailableError
from ai_voice_shared.errors.services import DeadlineExceededError as DeadlineExceededError
from ai_voice_shared.errors.services import EventPublishError as EventPublishError
from ai_voice_shared.errors.services import ServiceError as ServiceError
from ai_voice_shared.errors.services import ServiceResponseError as ServiceResponseError
from ai_voice_shared.errors.services import ServiceTimeoutError as ServiceTimeoutError
from ai_voice_shared.errors.services import ServiceUnavailableError as ServiceUnavailableError

__all__ = [
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
]
