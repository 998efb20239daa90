"""What the two service clients have in common: where the service is, what goes out, and what an answer means."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal

from ai_voice_shared._once import locked_cached_property
from ai_voice_shared.errors import ServiceResponseError
from ai_voice_shared.http import HttpRequest, merged_headers
from ai_voice_shared.observability.propagation import outgoing_headers
from ai_voice_shared.problems import error_from_problem, retry_after_seconds
from ai_voice_shared.services.service_calls.call import ServiceLimits, make_call
from ai_voice_shared.services.service_calls.shared import shared_circuit

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ai_voice_shared.http import HttpResponse
    from ai_voice_shared.observability.metrics import MetricsClient
    from ai_voice_shared.observability.tracing import Tracer
    from ai_voice_shared.resilience.circuit_breaker import CircuitBreaker
    from ai_voice_shared.resilience.deadline import Deadline
    from ai_voice_shared.resilience.retrying import RetryBudget, RetryPolicy
    from ai_voice_shared.services.service_calls.call import Call
    from ai_voice_shared.settings.services import ServiceSettings

__all__ = ["ServiceClientBase"]

_ERROR = 400
_REDIRECT = 300


class ServiceClientBase:
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

    @locked_cached_property
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
            self._circuit_breaker = shared_circuit(self.service)
        return self._circuit_breaker

    @property
    def retry_budget(self) -> RetryBudget:
        """What retries are paid from; one for all clients of a service in this process."""
        if self._retry_budget is None:
            from ai_voice_shared.resilience.retrying import shared_retry_budget

            self._retry_budget = shared_retry_budget(self.service)
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
    ) -> Call:
        return make_call(
            self.base_url,
            method,
            path,
            params=params,
            body=json,
            headers=merged_headers(self._headers, headers),
            idempotency_key=idempotency_key,
        )

    def _request(self, call: Call, deadline: Deadline) -> HttpRequest:
        """Complete the request for one try: each has its own signature and what is left of the time."""
        headers = dict(call.headers)
        if self._auth == "iam":
            headers = self._signed(call)
        return HttpRequest(
            method=call.method,
            url=call.url,
            # After the signature: whatever stands between may write its own trace headers.
            headers=merged_headers(headers, outgoing_headers()),
            content=call.body,
            connect_timeout=self.limits.connect_timeout,
            read_timeout=self.limits.read_timeout,
            timeout=deadline.limit(self.limits.timeout, service=self.service),
            max_bytes=self.limits.max_bytes,
            service=self.service,
            repeatable=call.repeatable,
        )

    def _signed(self, call: Call) -> dict[str, str]:
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

    def _policy(self, call: Call) -> RetryPolicy:
        from ai_voice_shared.resilience.retrying import RetryPolicy

        return RetryPolicy(
            max_attempts=self.limits.max_attempts if call.repeatable else 1, delay=self.limits.retry_delay
        )

    @contextmanager
    def _measured(self) -> Iterator[None]:
        """Measure a call with its retries, where the client was given metrics."""
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

            # What is wrong with the request is not the other service's error.
            if is_failure(error):
                metrics.increment("service.errors", target=self.service)
            raise
        finally:
            metrics.timing("service.duration", (time.perf_counter() - began) * 1000, target=self.service)

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
