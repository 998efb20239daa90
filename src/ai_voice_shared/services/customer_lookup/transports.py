"""The ways to the server: HTTP, HTTP with SigV4, direct Lambda invoke. Each sends one question and gives the answer.

A transport raises what went wrong on the way and leaves what the answer means to `contract.interpret`.
"""

from __future__ import annotations

import base64
import json
from contextlib import closing
from typing import TYPE_CHECKING, Any, Protocol

from ai_voice_shared.errors import (
    AIVoiceError,
    ConfigurationError,
    MissingSettingError,
    ServiceResponseError,
    ServiceTimeoutError,
    ServiceUnavailableError,
)
from ai_voice_shared.http import HttpRequest, shared_async_http_client, shared_http_client
from ai_voice_shared.observability.correlation import get_correlation_id
from ai_voice_shared.observability.propagation import outgoing_headers
from ai_voice_shared.observability.unlogged import unlogged
from ai_voice_shared.problems import retry_after_seconds
from ai_voice_shared.services.customer_lookup.contract import LOOKUP_PATH, SERVICE, LookupReply, LookupRequest

if TYPE_CHECKING:
    from ai_voice_shared.http import AsyncHttpClient, HttpClient
    from ai_voice_shared.settings.customer_lookup import CustomerLookupSettings

__all__ = [
    "AsyncHttpTransport",
    "AsyncLambdaTransport",
    "AsyncTransport",
    "HttpTransport",
    "LambdaTransport",
    "Transport",
    "async_transport_for",
    "transport_for",
]

_MAX_ANSWER = 64 * 1024
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


class Transport(Protocol):
    """A way to the server."""

    def send(self, request: LookupRequest, timeout: float) -> LookupReply:
        """Send a question; `timeout` is in seconds, for all of it.

        Raises
        ------
        ServiceError
            No answer; a retryable one where asking again can help.
        """


class AsyncTransport(Protocol):
    """A way to the server for coroutines."""

    async def send(self, request: LookupRequest, timeout: float) -> LookupReply:  # noqa: ASYNC109 - one limit for all
        """Send a question; as `Transport.send`."""


class HttpTransport:
    """A POST to the server, signed where its function URL wants that.

    Parameters
    ----------
    settings
        URL, authentication and time limits.
    client
        By default the process's own.
    """

    def __init__(self, settings: CustomerLookupSettings, client: HttpClient | None = None) -> None:
        self._settings = settings
        self._client = client

    def send(self, request: LookupRequest, timeout: float) -> LookupReply:
        """Send a question."""
        client = self._client or shared_http_client()
        answer = client.send(_http_request(self._settings, request, timeout))
        return LookupReply(answer.status_code, answer.headers, answer.content)


class AsyncHttpTransport:
    """The same for coroutines."""

    def __init__(self, settings: CustomerLookupSettings, client: AsyncHttpClient | None = None) -> None:
        self._settings = settings
        self._client = client

    async def send(self, request: LookupRequest, timeout: float) -> LookupReply:  # noqa: ASYNC109 - one limit for all
        """Send a question."""
        client = self._client or shared_async_http_client()
        answer = await client.send(_http_request(self._settings, request, timeout))
        return LookupReply(answer.status_code, answer.headers, answer.content)


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
        with unlogged(*_LOGGERS):
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
        if len(payload) > _MAX_ANSWER:
            msg = f"{SERVICE} sent more than {_MAX_ANSWER} bytes"
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


def transport_for(settings: CustomerLookupSettings, *, lambda_client: Any = None) -> Transport:
    """Choose the way that the settings name: a URL first, then a function."""
    if settings.url is not None and lambda_client is None:
        return HttpTransport(settings)
    return LambdaTransport(settings, lambda_client)


def async_transport_for(settings: CustomerLookupSettings, *, lambda_client: Any = None) -> AsyncTransport:
    """Choose the way for coroutines."""
    if settings.url is not None and lambda_client is None:
        return AsyncHttpTransport(settings)
    return AsyncLambdaTransport(settings, lambda_client)


def _http_request(settings: CustomerLookupSettings, request: LookupRequest, timeout: float) -> HttpRequest:
    # The number is in the body: URLs end up in access logs.
    url = (settings.url or "").rstrip("/") + LOOKUP_PATH
    body = request.body
    headers = {"Content-Type": "application/json", "Accept": "application/json, application/problem+json"}
    if settings.auth == "iam":
        from ai_voice_shared.security.sigv4 import credentials, sign

        if settings.region is None:
            raise MissingSettingError("region", type(settings).__name__, settings.variables("region"))
        headers = sign("POST", url, headers, body, service="lambda", region=settings.region, credentials=credentials())
    return HttpRequest(
        method="POST",
        url=url,
        # After the signature: whatever stands between may write its own trace headers.
        headers={**headers, **outgoing_headers()},
        content=body,
        connect_timeout=settings.connect_timeout,
        read_timeout=settings.read_timeout,
        timeout=timeout,
        max_bytes=_MAX_ANSWER,
        service=SERVICE,
        # A lookup changes nothing.
        repeatable=True,
    )


def _read(stream: Any) -> bytes:
    """Read an answer to its end, or to one byte more than it may have."""
    payload = b""
    # A single read may give less than there is; only the empty one at the end sees that nothing is missing.
    while len(payload) <= _MAX_ANSWER and (piece := stream.read(_MAX_ANSWER + 1 - len(payload))):
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
