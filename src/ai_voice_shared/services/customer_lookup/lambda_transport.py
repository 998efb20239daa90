"""The way to the server by direct Lambda invoke."""

from __future__ import annotations

import base64
import json
from contextlib import closing
from typing import TYPE_CHECKING, Any

from ai_voice_shared.errors import (
    AIVoiceError,
    ConfigurationError,
    MissingSettingError,
    ServiceResponseError,
    ServiceTimeoutError,
    ServiceUnavailableError,
)
from ai_voice_shared.observability.correlation import get_correlation_id
from ai_voice_shared.observability.propagation import outgoing_headers
from ai_voice_shared.observability.suppression import suppress_logging
from ai_voice_shared.problems import retry_after_seconds
from ai_voice_shared.services.customer_lookup.contract import LOOKUP_PATH, SERVICE
from ai_voice_shared.services.customer_lookup.contract import MAX_RESPONSE_BYTES as MAX_ANSWER
from ai_voice_shared.services.customer_lookup.contract import LookupResponse as LookupReply

if TYPE_CHECKING:
    from ai_voice_shared.services.customer_lookup.contract import LookupRequest
    from ai_voice_shared.settings.customer_lookup import CustomerLookupSettings

__all__ = ["AsyncLambdaTransport", "LambdaTransport"]

_TOO_MANY, _SERVER_ERROR = 429, 500
_THROTTLED = ("Throttled", "Throttling", "ThrottlingException", "ThrottledException", "TooManyRequestsException")
# What botocore writes bodies to, at DEBUG.
_LOGGERS = (
    "botocore.auth",
    "botocore.endpoint",
    "botocore.hooks",
    "botocore.httpsession",
    "botocore.parsers",
    "botocore.retryhandler",
    "botocore.retries.standard",
    "urllib3.connectionpool",
)


class LambdaTransport:
    """A direct invoke of the server's function, with the event that its function URL would give it.

    Parameters
    ----------
    settings
        Name of the function, region and time limits.
    client
        A boto3 Lambda client; by default the process's own. A given one has time limits of its own.
    """

    def __init__(self, settings: CustomerLookupSettings, client: Any = None) -> None:
        self._settings = settings
        self._client = client

    def send(self, request: LookupRequest, timeout: float) -> LookupReply:
        """Invoke the function."""
        with suppress_logging(*_LOGGERS):
            return self._send(request, timeout)

    def _send(self, request: LookupRequest, timeout: float) -> LookupReply:
        if self._settings.function_name is None:
            raise MissingSettingError(
                "function_name", type(self._settings).__name__, self._settings.variables("function_name")
            )
        import botocore.exceptions as theirs

        refused: AIVoiceError | None = None
        try:
            answer = self._lambda(timeout).invoke(
                FunctionName=self._settings.function_name, Payload=json.dumps(_function_url_event(request)).encode()
            )
            # Not its own context manager: that gives urllib3's stream, whose errors are not botocore's.
            with closing(answer["Payload"]) as stream:
                payload = _read(stream)
        except (theirs.ConnectTimeoutError, theirs.ReadTimeoutError) as error:
            raise ServiceTimeoutError(f"{SERVICE} did not answer in time", service=SERVICE) from error
        except theirs.ClientError as error:
            refused = _from_client_error(error)
        except (theirs.NoCredentialsError, theirs.PartialCredentialsError, theirs.NoRegionError) as error:
            msg = f"{SERVICE} cannot be invoked ({type(error).__name__})"
            raise ConfigurationError(msg) from error
        except theirs.BotoCoreError as error:
            msg = f"{SERVICE} could not be invoked ({type(error).__name__})"
            raise ServiceUnavailableError(msg, service=SERVICE) from error
        if refused is not None:
            # Out here botocore's error, whose text is the other side's, is not even this one's context.
            raise refused
        if answer.get("FunctionError"):
            # The payload has the function's own message, which may hold anything.
            msg = f"{SERVICE} failed while it answered ({answer['FunctionError']})"
            raise ServiceUnavailableError(msg, service=SERVICE)
        if len(payload) > MAX_ANSWER:
            msg = f"{SERVICE} sent more than {MAX_ANSWER} bytes"
            raise ServiceResponseError(msg, service=SERVICE)
        return _reply_of(payload)

    def warm_up(self) -> None:
        """Make now what the first question would have to wait for; nothing is sent."""
        self._lambda(self._settings.timeout)

    def _lambda(self, timeout: float) -> Any:
        if self._client is not None:
            return self._client
        from ai_voice_shared.aws import aws_client

        # botocore's limits belong to the client, and a client for each millisecond that is left would be many: the
        # largest of four steps that fits.
        steps = [self._settings.read_timeout / part for part in (1, 2, 4, 8)]
        read_timeout = next((step for step in steps if step <= timeout), steps[-1])
        return aws_client(
            "lambda",
            region_name=self._settings.region,
            connect_timeout=min(self._settings.connect_timeout, read_timeout),
            read_timeout=read_timeout,
            # Retries are made in one place, and that is not here.
            retries={"total_max_attempts": 1, "mode": "standard"},
        )


class AsyncLambdaTransport:
    """The same for coroutines, in a worker thread: boto3 is synchronous."""

    def __init__(self, settings: CustomerLookupSettings, client: Any = None) -> None:
        self._inner = LambdaTransport(settings, client)

    async def send(self, request: LookupRequest, timeout: float) -> LookupReply:  # noqa: ASYNC109 - one limit for all
        """Invoke the function."""
        import anyio
        import anyio.to_thread

        try:
            with anyio.fail_after(timeout):
                # The thread ends by botocore's own limits, and nobody waits for it.
                return await anyio.to_thread.run_sync(self._inner.send, request, timeout, abandon_on_cancel=True)
        except TimeoutError:
            raise ServiceTimeoutError(f"{SERVICE} did not answer in time", service=SERVICE) from None


def _read(stream: Any) -> bytes:
    """Read an answer to its end, or to one byte more than it may have."""
    payload = b""
    # A single read may give less than there is; only the empty one at the end sees that nothing is missing.
    while len(payload) <= MAX_ANSWER and (piece := stream.read(MAX_ANSWER + 1 - len(payload))):
        payload += piece
    return payload


def _function_url_event(request: LookupRequest) -> dict[str, Any]:
    """Make the event of payload format 2.0, so that the server has one way in."""
    headers = {name.lower(): value for name, value in outgoing_headers().items()}
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": LOOKUP_PATH,
        "rawQueryString": "",
        "headers": {"content-type": "application/json", **headers},
        "requestContext": {
            "http": {"method": "POST", "path": LOOKUP_PATH, "protocol": "HTTP/1.1", "sourceIp": "", "userAgent": ""},
            "requestId": get_correlation_id() or "",
            "stage": "$default",
        },
        "body": request.body.decode(),
        "isBase64Encoded": False,
    }


def _reply_of(payload: bytes) -> LookupReply:
    try:
        answer = json.loads(payload)
        body = answer.get("body") or ""
        content = base64.b64decode(body) if answer.get("isBase64Encoded") else body.encode()
        headers = {str(name).lower(): str(value) for name, value in (answer.get("headers") or {}).items()}
        return LookupReply(int(answer["statusCode"]), headers, content)
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError) as error:
        msg = f"{SERVICE} gave no HTTP answer ({type(error).__name__})"
        raise ServiceResponseError(msg, service=SERVICE) from None


def _from_client_error(error: Any) -> AIVoiceError:
    code = error.response.get("Error", {}).get("Code", "")
    answer = error.response.get("ResponseMetadata", {})
    status = answer.get("HTTPStatusCode", 0)
    context = {"error_code": code, "request_id": answer.get("RequestId", "")}
    if status >= _SERVER_ERROR or status == _TOO_MANY or code in _THROTTLED:
        return ServiceUnavailableError(
            f"{SERVICE} cannot be invoked now ({code})",
            service=SERVICE,
            status_code=status,
            retry_after=retry_after_seconds(answer.get("HTTPHeaders", {})),
            context=context,
        )
    return ServiceResponseError(
        f"{SERVICE} may not or cannot be invoked ({code})", service=SERVICE, status_code=status, context=context
    )
