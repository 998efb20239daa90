"""botocore's errors as errors of this package: the one place that knows them."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from ai_voice_shared.errors import (
    AIVoiceError,
    ConfigurationError,
    S3Error,
    ServiceError,
    ServiceTimeoutError,
    ServiceUnavailableError,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["AwsFailure", "classify_error", "map_error", "map_errors"]

FailureKind = Literal[
    "client",
    "connection",
    "credentials",
    "denied",
    "missing",
    "parameters",
    "refused",
    "server",
    "throttled",
    "timeout",
]
"""What went wrong, whatever the service calls it; `client` and `refused` are the remaining cases."""

_KINDS: Mapping[FailureKind, tuple[type[AIVoiceError], str]] = {
    "client": (ServiceError, "the request could not be made"),
    "connection": (ServiceUnavailableError, "the service could not be reached"),
    "credentials": (
        ConfigurationError,
        "there are no usable credentials, or no region: give the function a role, or set AWS_PROFILE and AWS_REGION",
    ),
    "denied": (ConfigurationError, "access denied: check the permissions of the function's role, and its credentials"),
    "missing": (ConfigurationError, "there is no such resource: check its name and the region"),
    # Of an argument that a caller has passed, a service's own table makes the caller's mistake.
    "parameters": (ConfigurationError, "an argument is of a wrong type or missing"),
    "refused": (ServiceError, "the request was refused"),
    "server": (ServiceUnavailableError, "the service failed"),
    "throttled": (ServiceUnavailableError, "the service takes no more requests now"),
    "timeout": (ServiceTimeoutError, "no response in time"),
}
# The codes that AWS's services share, and those of the services that the package calls:
# https://docs.aws.amazon.com/awssupport/latest/APIReference/CommonErrors.html
_CODES: Mapping[FailureKind, str] = {
    "denied": "AccessDenied AccessDeniedException ExpiredToken ExpiredTokenException InvalidAccessKeyId "
    "InvalidClientTokenId "
    "InvalidSignatureException SignatureDoesNotMatch UnrecognizedClientException",
    "missing": "AWS.SimpleQueueService.NonExistentQueue QueueDoesNotExist ResourceNotFoundException",
    "server": "InternalError InternalFailure InternalServerError ServiceUnavailable",
    "throttled": "EC2ThrottledException LimitExceededException PriorRequestNotComplete "
    "ProvisionedThroughputExceededException RequestLimitExceeded RequestThrottled RequestThrottledException SlowDown "
    "ThrottledException Throttled Throttling ThrottlingException TooManyRequestsException",
    "timeout": "RequestTimeout RequestTimeoutException",
}
_TYPES: Mapping[FailureKind, str] = {
    "timeout": "ConnectTimeoutError ReadTimeoutError",
    "connection": "HTTPClientError ConnectionError",
    "credentials": "NoCredentialsError PartialCredentialsError CredentialRetrievalError TokenRetrievalError "
    "NoRegionError ProfileNotFound",
    "parameters": "ParamValidationError",
}
_TOO_MANY, _SERVER_ERROR = 429, 500
_TRANSIENT = frozenset({"connection", "server", "throttled", "timeout"})


@dataclass(frozen=True, slots=True)
class AwsFailure:
    """What one of botocore's errors says.

    Parameters
    ----------
    kind
        What went wrong, whatever the service calls it.
    code
        The service's own code (`"ThrottlingException"`); of an error of the client, its type.
    status
        The HTTP status, where there was a response.
    request_id
        The id that AWS support asks for.
    retry_after
        Seconds that the service asked to wait, where it did.
    """

    kind: FailureKind
    code: str
    status: int | None = None
    request_id: str = ""
    retry_after: float | None = None

    @property
    def transient(self) -> bool:
        """Whether the same call can succeed a moment later."""
        return self.kind in _TRANSIENT


ErrorTable = dict[str, type[AIVoiceError]]
"""A service's own errors, by its codes or by the kinds of failures; a code goes before a kind."""


def classify_error(error: BaseException) -> AwsFailure | None:
    """Return what one of botocore's errors says; None for an error of somebody else.

    Examples
    --------
    >>> from botocore.exceptions import ReadTimeoutError
    >>> classify_error(ReadTimeoutError(endpoint_url="https://...")).kind
    'timeout'
    >>> classify_error(ValueError("mine")) is None
    True
    """
    from botocore import exceptions

    if isinstance(error, exceptions.ClientError):
        return _classify_response(error)
    if not isinstance(error, exceptions.BotoCoreError):
        return None
    code = type(error).__name__
    for kind, names in _TYPES.items():
        if isinstance(error, tuple(getattr(exceptions, name) for name in names.split())):
            return AwsFailure(kind, code)
    return AwsFailure("client", code)


def map_error(
    error: BaseException, *, service: str, action: str, errors: ErrorTable | None = None, **context: Any
) -> AIVoiceError | None:
    """Return the package's error of one of botocore's; None for an error of somebody else.

    Neither the text of a service's error, which may quote what was sent, nor the URL of a network error, which can be
    a presigned one, is taken over: code, status and request id say enough.

    Parameters
    ----------
    error
        The error.
    service
        What was called (`"dynamodb"`).
    action
        What was done, for the message (`"get_item on the table claims"`).
    errors
        The service's own errors.
    **context
        Named facts for the log; for an `S3Error` its arguments.

    Examples
    --------
    >>> from botocore.exceptions import NoCredentialsError
    >>> print(map_error(NoCredentialsError(), service="dynamodb", action="get_item on the table claims"))
    get_item on the table claims: there are no usable credentials, or no region: ... (NoCredentialsError)
    """
    failure = classify_error(error)
    if failure is None:
        return None
    default, explanation = _KINDS[failure.kind]
    kind = (errors or {}).get(failure.code) or (errors or {}).get(failure.kind) or default
    if issubclass(kind, S3Error):
        return kind(
            explanation,
            error_code=failure.code,
            request_id=failure.request_id,
            status_code=failure.status,
            **context,
        )
    message = f"{action}: {explanation} ({failure.code})"
    facts = {**context, "error_code": failure.code}
    if failure.request_id:
        facts["request_id"] = failure.request_id
    if issubclass(kind, ServiceError):
        return kind(
            message, service=service, status_code=failure.status, retry_after=failure.retry_after, context=facts
        )
    return kind(message, context=facts)


@contextmanager
def map_errors(*, service: str, action: str, errors: ErrorTable | None = None, **context: Any) -> Iterator[None]:
    """Raise botocore's errors as errors of this package; the original is the cause.

    Parameters
    ----------
    service, action, errors, **context
        As in `map_error`.

    Examples
    --------
    >>> from botocore.exceptions import EndpointConnectionError
    >>> with map_errors(service="sqs", action="send_message"):
    ...     raise EndpointConnectionError(endpoint_url="https://...")
    Traceback (most recent call last):
        ...
    ai_voice_shared.errors.services.ServiceUnavailableError: send_message: the service could not be reached \
(EndpointConnectionError)
    """
    try:
        yield
    except Exception as error:
        own = map_error(error, service=service, action=action, errors=errors, **context)
        if own is None:
            raise
        raise own from error


def _classify_response(error: Any) -> AwsFailure:
    from ai_voice_shared.problems import retry_after_seconds

    code = str(error.response.get("Error", {}).get("Code", ""))
    metadata = error.response.get("ResponseMetadata", {})
    status = metadata.get("HTTPStatusCode")
    kind: FailureKind | None = next((kind for kind, codes in _CODES.items() if code in codes.split()), None)
    if kind is None and (status or 0) >= _SERVER_ERROR:
        kind = "server"
    elif kind is None:
        kind = "throttled" if status == _TOO_MANY else "refused"
    return AwsFailure(
        kind, code, status, metadata.get("RequestId", ""), retry_after_seconds(metadata.get("HTTPHeaders", {}))
    )
