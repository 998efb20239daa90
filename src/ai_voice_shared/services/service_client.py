"""The client of another service of the platform: JSON in, JSON or a typed error out.

`ServiceClient` is for coroutines, `SyncServiceClient` the same for plain functions. What they do around a request is
what the rest of the package does: the deadline of the invocation, one retry policy with a budget, one circuit for each
service, and the correlation id and trace in the headers. Only what is safe to repeat is repeated.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from ai_voice_shared._once import locked_cached_property
from ai_voice_shared.http import shared_http_client
from ai_voice_shared.observability.tracing import get_tracer
from ai_voice_shared.services.service_calls.base import ServiceClientBase
from ai_voice_shared.services.service_calls.call import IDEMPOTENCY_HEADER, ServiceLimits

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    from ai_voice_shared.http import AsyncHttpClient, HttpClient, HttpResponse

__all__ = ["IDEMPOTENCY_HEADER", "ServiceClient", "ServiceLimits", "SyncServiceClient"]


class ServiceClient(ServiceClientBase):
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
    metrics
        Where each call is measured, with its retries: `service.count`, `.errors` and `.duration`, tagged with the
        service as `target`. By default nowhere.

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
            self._measured(),
        ):

            async def ask() -> HttpResponse:
                return self._checked(await client.send(self._request(call, deadline)))

            response = await call_with_retry_async(
                lambda: self.circuit_breaker.call_async(ask), self._policy(call), budget=self.retry_budget
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


class SyncServiceClient(ServiceClientBase):
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
            self._measured(),
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
