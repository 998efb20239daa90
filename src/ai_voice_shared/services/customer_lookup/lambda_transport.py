"""The transport by direct Lambda invoke."""

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

# A misconfigured name or permission is not an outage.
_ERRORS: dict[str, type[AIVoiceError]] = {
    "client": ServiceUnavailableError,
    "denied": ServiceResponseError,
    "missing": ServiceResponseError,
    "refused": ServiceResponseError,
}
# The loggers of botocore that write bodies at DEBUG.
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
    """Invokes the server's function directly, with the event that its function URL would send.

    Parameters
    ----------
    settings
        Name of the function, region and timeouts.
    client
        A boto3 Lambda client, with its own timeouts; by default the one of the process.
    """

    def __init__(self, settings: CustomerLookupSettings, client: Any = None) -> None:
        self._settings = settings
        self._client = client

    def send(self, request: LookupRequest, timeout: float) -> LookupResponse:
        """Send a request; as `Transport.send`."""
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
                result = self._get_client().invoke(
                    FunctionName=self._settings.function_name, Payload=json.dumps(_create_event(request)).encode()
                )
            # Not the body's own context manager: it returns urllib3's stream, whose errors are not botocore's.
            with closing(result["Payload"]) as stream:
                payload = _read_payload(stream)
        except Exception as error:
            failure = map_error(error, service=SERVICE, action=f"invoking {SERVICE}", errors=_ERRORS)
            if failure is None:
                raise
        if failure is not None:
            # Raised outside the handler, because botocore's error has the function's text and would be its context.
            raise failure
        if result.get("FunctionError"):
            # The payload is not logged: the function's error message may contain personal data.
            msg = f"{SERVICE} failed ({result['FunctionError']})"
            raise ServiceUnavailableError(msg, service=SERVICE)
        if len(payload) > MAX_RESPONSE_BYTES:
            msg = f"{SERVICE} sent more than {MAX_RESPONSE_BYTES} bytes"
            raise ServiceResponseError(msg, service=SERVICE)
        return _parse_response(payload)

    def warm_up(self) -> None:
        """Create the Lambda client in advance; nothing is sent."""
        self._get_client()

    def _get_client(self) -> Any:
        if self._client is not None:
            return self._client
        from ai_voice_shared.aws import aws_client

        return aws_client(
            "lambda",
            region_name=self._settings.region,
            connect_timeout=self._settings.connect_timeout,
            read_timeout=self._settings.read_timeout,
            # The lookup client retries.
            retries={"total_max_attempts": 1, "mode": "standard"},
        )


class AsyncLambdaTransport:
    """The async counterpart of `LambdaTransport`, in a worker thread, because boto3 is synchronous."""

    def __init__(self, settings: CustomerLookupSettings, client: Any = None) -> None:
        self._inner = LambdaTransport(settings, client)

    async def send(self, request: LookupRequest, timeout: float) -> LookupResponse:  # noqa: ASYNC109 - part of the request
        """Send a request; as `Transport.send`."""
        import anyio
        import anyio.to_thread

        try:
            with anyio.fail_after(timeout):
                # The abandoned thread ends by botocore's own timeouts.
                return await anyio.to_thread.run_sync(self._inner.send, request, timeout, abandon_on_cancel=True)
        except TimeoutError:
            raise ServiceTimeoutError(f"{SERVICE} did not respond in time", service=SERVICE) from None


def _read_payload(stream: Any) -> bytes:
    """Read a payload to its end, or to one byte more than the limit."""
    payload = b""
    # A read may return fewer bytes than there are; only an empty one at the end proves that the payload is complete.
    while len(payload) <= MAX_RESPONSE_BYTES and (chunk := stream.read(MAX_RESPONSE_BYTES + 1 - len(payload))):
        payload += chunk
    return payload


def _create_event(request: LookupRequest) -> dict[str, Any]:
    """Create an event of payload format 2.0, so that the server handles one format only."""
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


def _parse_response(payload: bytes) -> LookupResponse:
    try:
        response = json.loads(payload)
        body = response.get("body") or ""
        content = base64.b64decode(body) if response.get("isBase64Encoded") else body.encode()
        headers = {str(name).lower(): str(value) for name, value in (response.get("headers") or {}).items()}
        return LookupResponse(int(response["statusCode"]), headers, content)
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError) as error:
        msg = f"{SERVICE} did not return an HTTP response ({type(error).__name__})"
        raise ServiceResponseError(msg, service=SERVICE) from None
