"""The way to the server by direct Lambda invoke."""

from __future__ import annotations

import base64
import json
from contextlib import closing
from typing import TYPE_CHECKING, Any

from ai_voice_shared.errors import (
    AIVoiceError,
    MissingSettingError,
    ServiceResponseError,
    ServiceTimeoutError,
    ServiceUnavailableError,
)
from ai_voice_shared.observability.correlation import get_correlation_id
from ai_voice_shared.observability.propagation import outgoing_headers
from ai_voice_shared.observability.suppression import suppress_logging
from ai_voice_shared.services.customer_lookup.contract import LOOKUP_PATH, MAX_RESPONSE_BYTES, SERVICE, LookupResponse

if TYPE_CHECKING:
    from ai_voice_shared.services.customer_lookup.contract import LookupRequest
    from ai_voice_shared.settings.customer_lookup import CustomerLookupSettings

__all__ = ["AsyncLambdaTransport", "LambdaTransport"]

# The server is there, and what it says is no outage: the function has another name, or another permission.
_ERRORS: dict[str, type[AIVoiceError]] = {
    "client": ServiceUnavailableError,
    "denied": ServiceResponseError,
    "missing": ServiceResponseError,
    "refused": ServiceResponseError,
}
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

    def send(self, request: LookupRequest, timeout: float) -> LookupResponse:
        """Invoke the function."""
        with suppress_logging(*_LOGGERS):
            return self._send(request, timeout)

    def _send(self, request: LookupRequest, timeout: float) -> LookupResponse:
        if self._settings.function_name is None:
            raise MissingSettingError(
                "function_name", type(self._settings).__name__, self._settings.variables("function_name")
            )
        from ai_voice_shared.aws import map_error
        from ai_voice_shared.utils.deadline import Deadline, use_deadline

        failure: AIVoiceError | None = None
        try:
            with use_deadline(Deadline(timeout)):
                answer = self._lambda().invoke(
                    FunctionName=self._settings.function_name, Payload=json.dumps(_function_url_event(request)).encode()
                )
            # Not its own context manager: that gives urllib3's stream, whose errors are not botocore's.
            with closing(answer["Payload"]) as stream:
                payload = _read(stream)
        except Exception as error:
            failure = map_error(error, service=SERVICE, action=f"invoking {SERVICE}", errors=_ERRORS)
            if failure is None:
                raise
        if failure is not None:
            # Out here botocore's error, whose text is the other side's, is not even this one's context.
            raise failure
        if answer.get("FunctionError"):
            # The payload has the function's own message, which may hold anything.
            msg = f"{SERVICE} failed while it answered ({answer['FunctionError']})"
            raise ServiceUnavailableError(msg, service=SERVICE)
        if len(payload) > MAX_RESPONSE_BYTES:
            msg = f"{SERVICE} sent more than {MAX_RESPONSE_BYTES} bytes"
            raise ServiceResponseError(msg, service=SERVICE)
        return _reply_of(payload)

    def warm_up(self) -> None:
        """Make now what the first question would have to wait for; nothing is sent."""
        self._lambda()

    def _lambda(self) -> Any:
        if self._client is not None:
            return self._client
        from ai_voice_shared.aws import aws_client

        return aws_client(
            "lambda",
            region_name=self._settings.region,
            connect_timeout=self._settings.connect_timeout,
            read_timeout=self._settings.read_timeout,
            # Retries are made in one place, and that is not here.
            retries={"total_max_attempts": 1, "mode": "standard"},
        )


class AsyncLambdaTransport:
    """The same for coroutines, in a worker thread: boto3 is synchronous."""

    def __init__(self, settings: CustomerLookupSettings, client: Any = None) -> None:
        self._inner = LambdaTransport(settings, client)

    async def send(self, request: LookupRequest, timeout: float) -> LookupResponse:  # noqa: ASYNC109 - one limit for all
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
    while len(payload) <= MAX_RESPONSE_BYTES and (piece := stream.read(MAX_RESPONSE_BYTES + 1 - len(payload))):
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


def _reply_of(payload: bytes) -> LookupResponse:
    try:
        answer = json.loads(payload)
        body = answer.get("body") or ""
        content = base64.b64decode(body) if answer.get("isBase64Encoded") else body.encode()
        headers = {str(name).lower(): str(value) for name, value in (answer.get("headers") or {}).items()}
        return LookupResponse(int(answer["statusCode"]), headers, content)
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError) as error:
        msg = f"{SERVICE} gave no HTTP answer ({type(error).__name__})"
        raise ServiceResponseError(msg, service=SERVICE) from None
