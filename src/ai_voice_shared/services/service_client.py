"""The client of another service of the platform: JSON in, JSON or a typed error out.

`ServiceClient` is for coroutines, `SyncServiceClient` the same for plain functions. What they do around a request is
what the rest of the package does: the deadline of the invocation, one retry policy with a budget, one circuit for each
service, and the correlation id and trace in the headers. Only what is safe to repeat is repeated.
"""

from __future__ import annotations

import json as json_module
import threading
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, Self
from urllib.parse import quote, urlencode

from ai_voice_shared.errors import ServiceResponseError, ValidationError
from ai_voice_shared.http import (
    DEFAULT_MAX_BYTES,
    HttpRequest,
    HttpResponse,
    encoded_url,
    shared_http_client,
)
from ai_voice_shared.observability.propagation import outgoing_headers
from ai_voice_shared.observability.tracing import get_tracer
from ai_voice_shared.problems import PROBLEM_CONTENT_TYPE, error_from_problem, retry_after_seconds

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    from ai_voice_shared.http import AsyncHttpClient, HttpClient
    from ai_voice_shared.observability.tracing import Tracer
    from ai_voice_shared.resilience.circuit_breaker import CircuitBreaker
    from ai_voice_shared.resilience.deadline import Deadline
    from ai_voice_shared.resilience.retrying import RetryBudget, RetryPolicy
    from ai_voice_shared.settings.services import ServiceSettings

__all__ = ["IDEMPOTENCY_HEADER", "ServiceClient", "ServiceLimits", "SyncServiceClient"]

IDEMPOTENCY_HEADER = "Idempotency-Key"
"""Says that requests with the same key are one (draft-ietf-httpapi-idempotency-key-header)."""

_ERROR = 400
_REDIRECT = 300
_SAFE = frozenset({"GET", "HEAD", "PUT", "DELETE", "OPTIONS"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceLimits:
    """Time, size and tries of the calls of one client.

    Parameters
    ----------
    connect_timeout, read_timeout
        Seconds to wait for a connection, and for the next bytes.
    timeout
        Seconds for one call in all, retries included.
    max_attempts
        Tries in all, of what is safe to repeat.
    retry_delay
        Seconds that the first wait between tries is at the most; then doubled.
    max_bytes
        Bytes of an answer that are accepted.
    """

    connect_timeout: float = 1.0
    read_timeout: float = 5.0
    timeout: float = 10.0
    max_attempts: int = 3
    retry_delay: float = 0.1
    max_bytes: int = DEFAULT_MAX_BYTES


@dataclass(frozen=True, slots=True)
class _Call:
    """A request but for its headers of the moment, and what may be done with it."""

    method: str
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    body: bytes | None = field(repr=False)
    repeatable: bool = False


class _ClientBase:
    """All that the two clients share: where the service is, what goes out, and what an answer means."""

    def __init__(  # noqa: PLR0913 - everything but the name has a default, and goes in by keyword
        self,
        service: str,
        base_url: str | None = None,
        *,
        settings: ServiceSettings | None = None,
        limits: ServiceLimits | None = None,
        headers: Mapping[str, str] | None = None,
        auth: Literal["none", "iam"] = "none",
        region: str | None = None,
        http_client: Any = None,
        circuit_breaker: CircuitBreaker | None = None,
        retry_budget: RetryBudget | None = None,
        tracer: Tracer | None = None,
    ) -> None:
        self.service = service
        self._base_url = base_url
        self._settings = settings
        self.limits = limits or ServiceLimits()
        self._headers = dict(headers or {})
        self._auth = auth
        self._region = region
        self._http_client = http_client
        self._circuit_breaker = circuit_breaker
        self._retry_budget = retry_budget
        self._tracer = tracer

    @cached_property
    def base_url(self) -> str:
        """Where the service is: what the constructor was given, else what `ServiceSettings` knows."""
        if self._base_url is not None:
            return self._base_url.rstrip("/")
        from ai_voice_shared.settings.services import ServiceSettings

        return (self._settings or ServiceSettings()).url(self.service)

    @property
    def circuit_breaker(self) -> CircuitBreaker:
        """Stops asking a service that keeps failing; one for all clients of a service in this process."""
        if self._circuit_breaker is None:
            self._circuit_breaker = _shared_parts(self.service)[0]
        return self._circuit_breaker

    @property
    def retry_budget(self) -> RetryBudget:
        """What retries are paid from; one for all clients of a service in this process."""
        if self._retry_budget is None:
            self._retry_budget = _shared_parts(self.service)[1]
        return self._retry_budget

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.service!r})"

    def _call(
        self,
        method: str,
        path: str,
        params: Mapping[str, Any] | None,
        json: Any,
        headers: Mapping[str, str] | None,
        idempotency_key: str | None,
    ) -> _Call:
        method = method.upper()
        if "?" in path or "#" in path:
            raise ValidationError("give the query as params=, not as a part of the path")
        own = {"Accept": f"application/json, {PROBLEM_CONTENT_TYPE}", **self._headers, **(headers or {})}
        body = None
        if json is not None:
            body = json_module.dumps(json, default=_jsonable, separators=(",", ":")).encode()
            own.setdefault("Content-Type", "application/json")
        if idempotency_key is not None:
            own[IDEMPOTENCY_HEADER] = idempotency_key
        return _Call(
            method,
            encoded_url(self.base_url, path) + _query(params),
            own,
            body,
            repeatable=method in _SAFE or idempotency_key is not None,
        )

    def _request(self, call: _Call, deadline: Deadline) -> HttpRequest:
        """Complete the request for one try: each has its own signature and what is left of the time."""
        headers = dict(call.headers)
        if self._auth == "iam":
            headers = self._signed(call)
        return HttpRequest(
            method=call.method,
            url=call.url,
            # After the signature: whatever stands between may write its own trace headers.
            headers={**headers, **outgoing_headers()},
            content=call.body,
            connect_timeout=self.limits.connect_timeout,
            read_timeout=self.limits.read_timeout,
            timeout=deadline.limit(self.limits.timeout, service=self.service),
            max_bytes=self.limits.max_bytes,
            service=self.service,
            repeatable=call.repeatable,
        )

    def _signed(self, call: _Call) -> dict[str, str]:
        import os

        from ai_voice_shared.errors import MissingSettingError
        from ai_voice_shared.security.sigv4 import credentials, sign

        region = self._region or os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
        if not region:
            raise MissingSettingError("region", type(self).__name__, ["AWS_REGION"])
        return sign(
            call.method,
            call.url,
            call.headers,
            call.body or b"",
            service="lambda",
            region=region,
            credentials=credentials(),
        )

    def _deadline(self) -> Deadline:
        from ai_voice_shared.resilience.deadline import Deadline, current_deadline

        outer = current_deadline()
        return outer.earlier(self.limits.timeout) if outer else Deadline(self.limits.timeout)

    def _policy(self, call: _Call) -> RetryPolicy:
        from ai_voice_shared.resilience.retrying import RetryPolicy

        return RetryPolicy(
            max_attempts=self.limits.max_attempts if call.repeatable else 1, delay=self.limits.retry_delay
        )

    def _checked(self, response: HttpResponse) -> HttpResponse:
        """Give a good answer back; raise what another one says."""
        status = response.status_code
        if status < _REDIRECT:
            return response
        if status < _ERROR:
            msg = f"{self.service} answered {status}: redirects are not followed"
            raise ServiceResponseError(msg, service=self.service, status_code=status)
        try:
            problem = response.json()
        except ValueError:
            problem = None
        raise error_from_problem(problem, status, self.service, retry_after=retry_after_seconds(response.headers))

    def _content(self, response: HttpResponse) -> Any:
        if not response.content:
            return None
        try:
            return response.json()
        except ValueError:
            msg = f"{self.service} answered {response.status_code} with something that is not JSON"
            raise ServiceResponseError(msg, service=self.service, status_code=response.status_code) from None


class ServiceClient(_ClientBase):
    """Calls another service, under asyncio or trio.

    Parameters
    ----------
    service
        Its name, for errors, traces and its circuit (`"subject-service"`).
    base_url
        Where it is; by default what `SUBJECT_SERVICE_URL` or `SERVICE_URLS` say.
    settings
        Other ones than those of the environment.
    limits
        Time, size and tries.
    headers
        That every request has, such as `X-Api-Key`.
    auth
        `"iam"` signs requests with SigV4, for function URLs with AWS_IAM.
    region
        Of the signature; by default `AWS_REGION`.
    http_client, circuit_breaker, retry_budget, tracer
        Other ones than the client's own.

    Examples
    --------
    ::

        async with ServiceClient("subject-service", "http://localhost:8002") as client:
            subjects = await client.get("/api/v1/subjects")
    """

    _http_client: AsyncHttpClient | None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections that this client has opened; it stays usable."""
        if "_own_client" in self.__dict__:
            await self._own_client.aclose()

    @cached_property
    def _own_client(self) -> AsyncHttpClient:
        # Not the process's: its connections would belong to an event loop that ends with the invocation.
        from ai_voice_shared.http import AsyncHttpClient

        return AsyncHttpClient()

    async def request(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        json: Any = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> HttpResponse:
        """Send a request and give the answer as it came.

        Parameters
        ----------
        method, path
            The path below the base URL, not encoded. No personal data: it ends up in access logs.
        params
            The query; None leaves a name out, a sequence repeats it.
        json
            The body; a pydantic model is one as well.
        headers
            For this request.
        idempotency_key
            Makes a POST or PATCH safe to repeat, and so it is, where the service heeds it.

        Raises
        ------
        NotFoundError, ConflictError, ValidationError, ...
            What the service raised, see `problems.error_from_problem`.
        ServiceUnavailableError
            It could not be reached, or cannot answer now; also after the retries.
        ServiceTimeoutError
            No answer in time.
        CircuitOpenError
            It failed too often just now and was not asked.
        ServiceResponseError
            An answer that is not what was agreed.
        """
        from ai_voice_shared.resilience.deadline import use_deadline
        from ai_voice_shared.resilience.retrying import call_with_retry_async

        call = self._call(method, path, params, json, headers, idempotency_key)
        client = self._http_client or self._own_client
        with (
            (self._tracer or get_tracer()).span(f"## {self.service}", method=call.method) as span,
            use_deadline(self._deadline()) as deadline,
        ):

            async def ask() -> HttpResponse:
                return self._checked(await client.send(self._request(call, deadline)))

            response = await call_with_retry_async(
                lambda: self.circuit_breaker.acall(ask), self._policy(call), budget=self.retry_budget
            )
            span.annotate("status", response.status_code)
            return response

    async def get(self, path: str, **options: Any) -> Any:
        """Read; gives the parsed JSON. Options and errors as in `request`."""
        return self._content(await self.request("GET", path, **options))

    async def post(self, path: str, json: Any = None, **options: Any) -> Any:
        """Send; gives the parsed JSON, or None where the answer is empty."""
        return self._content(await self.request("POST", path, json=json, **options))

    async def put(self, path: str, json: Any = None, **options: Any) -> Any:
        """Replace; gives the parsed JSON, or None where the answer is empty."""
        return self._content(await self.request("PUT", path, json=json, **options))

    async def patch(self, path: str, json: Any = None, **options: Any) -> Any:
        """Change; gives the parsed JSON, or None where the answer is empty."""
        return self._content(await self.request("PATCH", path, json=json, **options))

    async def delete(self, path: str, **options: Any) -> Any:
        """Delete; gives the parsed JSON, or None where the answer is empty."""
        return self._content(await self.request("DELETE", path, **options))


class SyncServiceClient(_ClientBase):
    """Calls another service, for plain functions; arguments, methods and errors are those of `ServiceClient`.

    One instance serves all threads. Connections are pooled for the whole process.

    Examples
    --------
    ::

        subjects = SyncServiceClient("subject-service").get("/api/v1/subjects")
    """

    _http_client: HttpClient | None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return  # the connections are the process's

    def request(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        json: Any = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> HttpResponse:
        """Send a request and give the answer as it came; as `ServiceClient.request`."""
        from ai_voice_shared.resilience.deadline import use_deadline
        from ai_voice_shared.resilience.retrying import call_with_retry

        call = self._call(method, path, params, json, headers, idempotency_key)
        client = self._http_client or shared_http_client()
        with (
            (self._tracer or get_tracer()).span(f"## {self.service}", method=call.method) as span,
            use_deadline(self._deadline()) as deadline,
        ):

            def ask() -> HttpResponse:
                return self._checked(client.send(self._request(call, deadline)))

            response = call_with_retry(
                lambda: self.circuit_breaker.call(ask), self._policy(call), budget=self.retry_budget
            )
            span.annotate("status", response.status_code)
            return response

    def get(self, path: str, **options: Any) -> Any:
        """Read; gives the parsed JSON. Options and errors as in `request`."""
        return self._content(self.request("GET", path, **options))

    def post(self, path: str, json: Any = None, **options: Any) -> Any:
        """Send; gives the parsed JSON, or None where the answer is empty."""
        return self._content(self.request("POST", path, json=json, **options))

    def put(self, path: str, json: Any = None, **options: Any) -> Any:
        """Replace; gives the parsed JSON, or None where the answer is empty."""
        return self._content(self.request("PUT", path, json=json, **options))

    def patch(self, path: str, json: Any = None, **options: Any) -> Any:
        """Change; gives the parsed JSON, or None where the answer is empty."""
        return self._content(self.request("PATCH", path, json=json, **options))

    def delete(self, path: str, **options: Any) -> Any:
        """Delete; gives the parsed JSON, or None where the answer is empty."""
        return self._content(self.request("DELETE", path, **options))


_parts: dict[str, tuple[CircuitBreaker, RetryBudget]] = {}
_parts_lock = threading.Lock()


def _shared_parts(service: str) -> tuple[CircuitBreaker, RetryBudget]:
    """Give the circuit and the purse of a service: a client lives for a request, what was learned outlives it."""
    parts = _parts.get(service)
    if parts is None:
        from ai_voice_shared.resilience.circuit_breaker import CircuitBreaker
        from ai_voice_shared.resilience.retrying import RetryBudget

        with _parts_lock:
            parts = _parts.setdefault(service, (CircuitBreaker(service), RetryBudget()))
    return parts


def _query(params: Mapping[str, Any] | None) -> str:
    given = {name: _text(value) for name, value in (params or {}).items() if value is not None}
    # A space is %20 and never +, as SigV4 wants it.
    return f"?{urlencode(given, doseq=True, quote_via=quote)}" if given else ""


def _text(value: Any) -> Any:
    if isinstance(value, bool):
        return str(value).lower()
    return [_text(item) for item in value] if isinstance(value, (list, tuple)) else value


def _jsonable(value: Any) -> Any:
    dump = getattr(value, "model_dump", None)
    if dump is None:
        msg = f"{type(value).__name__} is neither JSON nor a pydantic model"
        raise TypeError(msg)
    return dump(mode="json")
