"""The clients of other services of the platform: JSON in, JSON or a typed error out.

Every request has the deadline of the invocation, a retry policy with a budget, a circuit breaker per service, and the
correlation id and the trace in its headers. Only idempotent requests are retried.

`ServiceClient` is asynchronous, as its specification has it, and `SyncServiceClient` is its synchronous counterpart.
They share everything but the call. Generating one from the other would save the statements of `request` and of five
one-line methods, but would need a generator of that size and a module that must not be edited.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, Self

from ai_voice_shared._once import locked_cached_property
from ai_voice_shared.http import HttpRequest, merge_headers, shared_http_client
from ai_voice_shared.observability.propagation import outgoing_headers
from ai_voice_shared.observability.tracing import get_tracer
from ai_voice_shared.services.http_service.request import ServiceLimits, create_request
from ai_voice_shared.services.http_service.response import check_response, parse_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from types import TracebackType

    from ai_voice_shared.http import AsyncHttpClient, HttpClient, HttpResponse
    from ai_voice_shared.observability.metrics import MetricsClient
    from ai_voice_shared.observability.tracing import Span, Tracer
    from ai_voice_shared.resilience.circuit_breaker import CircuitBreaker
    from ai_voice_shared.resilience.retrying import RetryBudget, RetryPolicy
    from ai_voice_shared.services.http_service.request import ServiceRequest
    from ai_voice_shared.settings.services import ServiceSettings
    from ai_voice_shared.utils.deadline import Deadline

__all__ = ["ServiceClient", "SyncServiceClient"]


class _BaseClient:
    """The common part of both clients: the address, the circuit, the budget, and the request."""

    def __init__(  # noqa: PLR0913 - everything but the name has a default, and is passed by keyword
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
        metrics: MetricsClient | None = None,
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
        self._metrics = metrics

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.service!r})"

    @locked_cached_property
    def base_url(self) -> str:
        """The address of the service: the constructor's, else that of `ServiceSettings`."""
        if self._base_url is not None:
            return self._base_url.rstrip("/")
        from ai_voice_shared.settings.services import ServiceSettings

        return (self._settings or ServiceSettings()).url(self.service)

    @locked_cached_property
    def circuit_breaker(self) -> CircuitBreaker:
        """The circuit breaker of the service; by default shared by all its clients in this process."""
        from ai_voice_shared.resilience.circuit_breaker import shared_circuit_breaker

        return self._circuit_breaker or shared_circuit_breaker(self.service)

    @locked_cached_property
    def retry_budget(self) -> RetryBudget:
        """The retry budget of the service; by default shared by all its clients in this process."""
        from ai_voice_shared.resilience.retrying import shared_retry_budget

        return self._retry_budget or shared_retry_budget(self.service)

    def _create_request(
        self,
        method: str,
        path: str,
        params: Mapping[str, Any] | None,
        json: Any,
        headers: Mapping[str, str] | None,
        idempotency_key: str | None,
    ) -> ServiceRequest:
        return create_request(
            self.base_url,
            method,
            path,
            params=params,
            body=json,
            headers=merge_headers(self._headers, headers),
            idempotency_key=idempotency_key,
        )

    def _retry_policy(self, request: ServiceRequest) -> RetryPolicy:
        from ai_voice_shared.resilience.retrying import RetryPolicy

        return RetryPolicy(
            max_attempts=self.limits.max_attempts if request.idempotent else 1, delay=self.limits.retry_delay
        )

    @contextmanager
    def _operation(self, request: ServiceRequest) -> Iterator[tuple[Span, Deadline]]:
        """Trace a request with its retries, limit it by a deadline, and record its metrics."""
        from ai_voice_shared.utils.deadline import create_deadline, use_deadline

        with (
            (self._tracer or get_tracer()).span(f"## {self.service}", method=request.method) as span,
            use_deadline(create_deadline(self.limits.timeout)) as deadline,
            self._measure(),
        ):
            yield span, deadline

    @contextmanager
    def _measure(self) -> Iterator[None]:
        metrics = self._metrics
        if metrics is None:
            yield
            return
        began = time.perf_counter()
        metrics.increment("service.count", target=self.service)
        try:
            yield
        except Exception as error:
            from ai_voice_shared.resilience.circuit_breaker import is_failure

            # An error of the request is not an error of the service.
            if is_failure(error):
                metrics.increment("service.errors", target=self.service)
            raise
        finally:
            metrics.timing("service.duration", (time.perf_counter() - began) * 1000, target=self.service)

    def _create_http_request(self, request: ServiceRequest, deadline: Deadline) -> HttpRequest:
        """Create the request of one attempt, with its own signature and timeout."""
        headers = self._sign(request) if self._auth == "iam" else request.headers
        return HttpRequest(
            method=request.method,
            url=request.url,
            # Not signed: a proxy may replace trace headers.
            headers=merge_headers(headers, outgoing_headers()),
            content=request.body,
            connect_timeout=self.limits.connect_timeout,
            read_timeout=self.limits.read_timeout,
            timeout=deadline.limit(self.limits.timeout, service=self.service),
            max_bytes=self.limits.max_bytes,
            service=self.service,
            idempotent=request.idempotent,
        )

    def _sign(self, request: ServiceRequest) -> dict[str, str]:
        import os

        from ai_voice_shared.errors import MissingSettingError
        from ai_voice_shared.security.sigv4 import credentials, sign

        region = self._region or os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
        if not region:
            raise MissingSettingError("region", type(self).__name__, ["AWS_REGION"])
        return sign(
            request.method,
            request.url,
            request.headers,
            request.body or b"",
            service="lambda",
            region=region,
            credentials=credentials(),
        )


class ServiceClient(_BaseClient):
    """Calls another service, on asyncio or trio.

    Parameters
    ----------
    service
        Name of the service, for errors, traces and its circuit (`"subject-service"`).
    base_url
        Address of the service; by default from `SUBJECT_SERVICE_URL` or `SERVICE_URLS`.
    settings
        By default `ServiceSettings()`, from the environment.
    limits
        Timeouts, size and attempts.
    headers
        Headers of every request, such as `X-Api-Key`.
    auth
        `"iam"` signs requests with SigV4, for function URLs with AWS_IAM.
    region
        Region of the signature; by default `AWS_REGION`.
    http_client, circuit_breaker, retry_budget, tracer
        By default the client's own, or those of the process.
    metrics
        Records each request with its retries: `service.count`, `.errors` and `.duration`, tagged with the service as
        `target`. By default nothing is recorded.

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
        """Close the connections of this client, which stays usable."""
        if "_own_client" in self.__dict__:
            await self._own_client.aclose()

    @locked_cached_property
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
        """Send a request and return the response with its body.

        Parameters
        ----------
        method, path
            The path below the base URL, not encoded. No personal data: paths are written to access logs.
        params
            The query; None omits a name, a sequence repeats it.
        json
            The body; may be a pydantic model.
        headers
            Headers of this request.
        idempotency_key
            Makes a POST or PATCH idempotent, and therefore retried; the service must support it.

        Raises
        ------
        NotFoundError, ConflictError, ValidationError, ...
            The error that the service raised, see `problems.error_from_problem`.
        ServiceUnavailableError
            The service could not be reached, or is unavailable, after all retries.
        ServiceTimeoutError
            The service did not respond in time.
        CircuitOpenError
            The service has failed repeatedly and was not called.
        ServiceResponseError
            The response is not valid for a service of the platform.
        """
        from ai_voice_shared.resilience.retrying import call_with_retry_async

        request = self._create_request(method, path, params, json, headers, idempotency_key)
        client = self._http_client or self._own_client
        with self._operation(request) as (span, deadline):

            async def send() -> HttpResponse:
                return check_response(await client.send(self._create_http_request(request, deadline)), self.service)

            response = await call_with_retry_async(
                partial(self.circuit_breaker.call_async, send), self._retry_policy(request), budget=self.retry_budget
            )
            span.annotate("status", response.status_code)
            return response

    async def get(self, path: str, **options: Any) -> Any:
        """Send a GET and return the parsed JSON; options and errors as in `request`."""
        return parse_json(await self.request("GET", path, **options), self.service)

    async def post(self, path: str, json: Any = None, **options: Any) -> Any:
        """Send a POST and return the parsed JSON, or None if the response is empty."""
        return parse_json(await self.request("POST", path, json=json, **options), self.service)

    async def put(self, path: str, json: Any = None, **options: Any) -> Any:
        """Send a PUT and return the parsed JSON, or None if the response is empty."""
        return parse_json(await self.request("PUT", path, json=json, **options), self.service)

    async def patch(self, path: str, json: Any = None, **options: Any) -> Any:
        """Send a PATCH and return the parsed JSON, or None if the response is empty."""
        return parse_json(await self.request("PATCH", path, json=json, **options), self.service)

    async def delete(self, path: str, **options: Any) -> Any:
        """Send a DELETE and return the parsed JSON, or None if the response is empty."""
        return parse_json(await self.request("DELETE", path, **options), self.service)


class SyncServiceClient(_BaseClient):
    """The synchronous counterpart of `ServiceClient`, with the same arguments, methods and errors.

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
        return  # the connections are shared by the process

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
        """Send a request and return the response with its body; as `ServiceClient.request`."""
        from ai_voice_shared.resilience.retrying import call_with_retry

        request = self._create_request(method, path, params, json, headers, idempotency_key)
        client = self._http_client or shared_http_client()
        with self._operation(request) as (span, deadline):

            def send() -> HttpResponse:
                return check_response(client.send(self._create_http_request(request, deadline)), self.service)

            response = call_with_retry(
                partial(self.circuit_breaker.call, send), self._retry_policy(request), budget=self.retry_budget
            )
            span.annotate("status", response.status_code)
            return response

    def get(self, path: str, **options: Any) -> Any:
        """Send a GET and return the parsed JSON; options and errors as in `ServiceClient.request`."""
        return parse_json(self.request("GET", path, **options), self.service)

    def post(self, path: str, json: Any = None, **options: Any) -> Any:
        """Send a POST and return the parsed JSON, or None if the response is empty."""
        return parse_json(self.request("POST", path, json=json, **options), self.service)

    def put(self, path: str, json: Any = None, **options: Any) -> Any:
        """Send a PUT and return the parsed JSON, or None if the response is empty."""
        return parse_json(self.request("PUT", path, json=json, **options), self.service)

    def patch(self, path: str, json: Any = None, **options: Any) -> Any:
        """Send a PATCH and return the parsed JSON, or None if the response is empty."""
        return parse_json(self.request("PATCH", path, json=json, **options), self.service)

    def delete(self, path: str, **options: Any) -> Any:
        """Send a DELETE and return the parsed JSON, or None if the response is empty."""
        return parse_json(self.request("DELETE", path, **options), self.service)
