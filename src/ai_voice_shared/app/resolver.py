"""The router of a service: Powertools' resolver, with what every answer has in common around it.

Powertools runs a resolver's middlewares after the validation of the request and skips them where that fails, and an
error that no handler takes leaves the function without an answer. What has to hold for each request (correlation id,
limits, log line, headers) is therefore done here, around the resolver, and not in middlewares.
"""

from __future__ import annotations

import inspect
import logging
import time
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from aws_lambda_powertools.event_handler import CORSConfig
from aws_lambda_powertools.event_handler.api_gateway import ApiGatewayResolver, BaseRouter, ResponseBuilder
from aws_lambda_powertools.utilities.data_classes.alb_event import ALBEvent

from ai_voice_shared.app.answers import MethodNotAllowedError, RouteNotFoundError, answer_error
from ai_voice_shared.app.coroutines import run_coroutine
from ai_voice_shared.app.events import no_event, parse_json, proxy_event
from ai_voice_shared.observability.correlation import (
    CORRELATION_HEADER,
    correlation_id_from_event,
    get_correlation_id,
    use_correlation_id,
)
from ai_voice_shared.observability.tracing import get_tracer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from aws_lambda_powertools.event_handler import Response
    from aws_lambda_powertools.event_handler.api_gateway import Route
    from aws_lambda_powertools.event_handler.exceptions import NotFoundError as PowertoolsNotFoundError
    from aws_lambda_powertools.utilities.data_classes.common import BaseProxyEvent

    from ai_voice_shared.observability.tracing import Span

    _Answerer: TypeAlias = Callable[[ResponseBuilder[Any]], dict[str, Any]]

__all__ = ["RequestFacts", "ServiceResolver"]

_log = logging.getLogger(__name__)
_SERVER_ERROR = 500
_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})
_UNMATCHED = "(none)"
# For answers of an API, which no page is made of (https://cheatsheetseries.owasp.org/cheatsheets/REST_Security_Cheat_Sheet.html).
_SECURITY_HEADERS = {
    "Strict-Transport-Security": "max-age=63072000; includeSubDomains",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


@dataclass(frozen=True, slots=True)
class RequestFacts:
    """What a request was, for logs and metrics: the pattern of its route and never its path or query."""

    method: str
    route: str
    status: int
    seconds: float


@dataclass(slots=True)
class _RequestState:
    event: BaseProxyEvent | None = None
    lambda_context: Any = None
    context: dict[str, Any] = field(default_factory=dict)
    frames: list[str] = field(default_factory=list)


class ServiceResolver(ApiGatewayResolver):
    """Routes requests of API Gateway (REST and HTTP), function URLs and load balancers.

    Its routes, routers, middlewares and dependencies are those of Powertools
    (https://docs.aws.amazon.com/powertools/python/latest/core/event_handler/api_gateway/). Requests and answers are
    validated by their type annotations. The state of a request is held in a context variable, so that the local
    server can serve several at a time.

    Parameters
    ----------
    service
        The service's name.
    guards
        Called with each event before it is routed; they raise what speaks against it.
    on_done
        Called with the facts of each request after it.
    cors_origins
        Origins whose pages may call; `*` for any.
    cors_max_age
        Seconds that a browser may remember a preflight.
    show_errors
        Show in an answer what went wrong inside.

    Examples
    --------
    >>> app = ServiceResolver("hello-service")
    >>> @app.get("/hello/<name>")
    ... def hello(name: str) -> dict[str, str]:
    ...     return {"hello": name}
    """

    def __init__(
        self,
        service: str,
        *,
        guards: Sequence[Callable[[BaseProxyEvent], None]] = (),
        on_done: Callable[[RequestFacts], None] | None = None,
        cors_origins: Sequence[str] = (),
        cors_max_age: int = 600,
        show_errors: bool = False,
    ) -> None:
        self.service = service
        self._show_errors = show_errors
        self._guards = guards
        self._on_done = on_done
        # An origin that is named beside "*" is answered by its name.
        self._vary = not set(cors_origins) <= {"*"}
        self._idle = _RequestState()
        self._current: ContextVar[_RequestState | None] = ContextVar("ai_voice_shared_request", default=None)
        super().__init__(
            cors=_cors(cors_origins, cors_max_age),
            debug=False,
            enable_validation=True,
            # An answer that does not fit is our mistake, not the caller's 422.
            response_validation_error_http_code=_SERVER_ERROR,
            json_body_deserializer=parse_json,
        )
        self.exception_handler(Exception)(self._answer_error)
        self.not_found(self._answer_unmatched)

    # Powertools declares these as attributes and keeps the event on the class of all routers.
    @property
    def current_event(self) -> BaseProxyEvent:
        """The event of the request at hand."""
        return self._state.event or BaseRouter.current_event

    @current_event.setter
    def current_event(self, value: BaseProxyEvent) -> None:
        self._state.event = value

    @property
    def lambda_context(self) -> Any:
        """Lambda's context of the request at hand."""
        return self._state.lambda_context

    @lambda_context.setter
    def lambda_context(self, value: Any) -> None:
        self._state.lambda_context = value

    @property
    def context(self) -> dict[str, Any]:
        """What middlewares and routes of the request at hand share."""
        return self._state.context

    @context.setter
    def context(self, value: dict[str, Any]) -> None:
        self._state.context = value

    @property
    def processed_stack_frames(self) -> list[str]:
        """What Powertools notes of the request at hand."""
        return self._state.frames

    @processed_stack_frames.setter
    def processed_stack_frames(self, value: list[str]) -> None:
        self._state.frames = value

    @property
    def _state(self) -> _RequestState:
        return self._current.get() or self._idle

    def resolve(self, event: Mapping[str, Any], context: Any) -> dict[str, Any]:
        """Answer an event, whatever it is; nothing but the end of the process is raised.

        Parameters
        ----------
        event
            An HTTP event as Lambda passes it. Any other is answered with 400.
        context
            Lambda's context; the deadline is taken from it where it has one.
        """
        with self._request(event, context) as answered:
            try:
                self._begin(event)
                builder = self._resolve()
            except Exception as error:  # noqa: BLE001 - every error is answered
                builder = self._failed(error)
            return answered(builder)

    async def resolve_async(self, event: Mapping[str, Any], context: Any) -> dict[str, Any]:
        """Do the same where an event loop runs already."""
        with self._request(event, context) as answered:
            try:
                self._begin(event)
                builder = await self._resolve_async()
            except Exception as error:  # noqa: BLE001 - every error is answered
                builder = self._failed(error)
            return answered(builder)

    def matches(self, method: str, path: str) -> list[str]:
        """List the methods that a path has routes for, in the order of the alphabet.

        Parameters
        ----------
        method
            One that is left out of the list.
        path
            The path without stage and prefix.
        """
        routes = (*self._static_routes, *self._dynamic_routes)
        return sorted({route.method for route in routes if route.method != method and route.rule.match(path)})

    @contextmanager
    def _request(self, event: Mapping[str, Any], context: Any) -> Iterator[_Answerer]:
        began = time.perf_counter()
        correlation_id = correlation_id_from_event(event) if isinstance(event, dict) else None
        state = _RequestState(event=no_event(), lambda_context=context, context=dict(self._idle.context))
        token = self._current.set(state)
        try:
            with ExitStack() as stack:
                # The logger around the handler may have begun one already.
                stack.enter_context(use_correlation_id(correlation_id or get_correlation_id()))
                if hasattr(context, "get_remaining_time_in_millis"):
                    from ai_voice_shared.resilience.deadline import Deadline, use_deadline

                    stack.enter_context(use_deadline(Deadline.from_context(context)))
                span = stack.enter_context(
                    # The key of the service is Powertools' own, so that traces of both are found by it.
                    get_tracer().span("## request", Service=self.service, correlation_id=get_correlation_id() or "")
                )
                yield lambda builder: self._answered(builder, span, began)
        finally:
            self._current.reset(token)

    def _answered(self, builder: ResponseBuilder[Any], span: Span, began: float) -> dict[str, Any]:
        try:
            answer = self._build_response(builder)
        except Exception as error:  # noqa: BLE001 - an answer that cannot be written is answered as well
            answer = self._build_response(self._failed(error))
        method = self.current_event.http_method.upper()
        # A caller's own word would be one more metric, and one more kind of log line, for each.
        method = method if method in _METHODS else "OTHER"
        facts = RequestFacts(method, self._route_pattern(), answer["statusCode"], time.perf_counter() - began)
        span.annotate("route", facts.route)
        span.annotate("status", facts.status)
        _log.info(
            "request",
            extra={
                "http_method": facts.method,
                "http_route": facts.route,
                "http_status": facts.status,
                "duration_ms": round(facts.seconds * 1000, 1),
            },
        )
        if self._on_done is not None:
            self._on_done(facts)
        return answer

    def _begin(self, event: Mapping[str, Any]) -> None:
        self._state.event = current = self._to_proxy_event(event)
        for guard in self._guards:
            guard(current)

    def _to_proxy_event(self, event: Any) -> BaseProxyEvent:
        return proxy_event(event, self._json_body_deserializer)

    def _get_base_path(self) -> str:
        return ""

    def _remove_prefix(self, path: str) -> str:
        # A slash at the end is nobody's intention; API Gateway's REST resolver ignores it as well.
        return super()._remove_prefix(path.rstrip("/") or "/")

    def _call_route(self, route: Route, route_arguments: dict[str, str]) -> ResponseBuilder[Any]:
        if inspect.iscoroutinefunction(route.func):
            builder: ResponseBuilder[Any] = run_coroutine(self._call_route_async(route, route_arguments))
            return builder
        return super()._call_route(route, route_arguments)

    def _to_response(self, result: Any) -> Any:
        response = super()._to_response(result)
        if response.body is None and isinstance(self.current_event, ALBEvent):
            # A load balancer makes 502 of an answer without a body.
            response.body = ""
        return response

    def _answer_error(self, error: Exception) -> Response[str]:
        return answer_error(error, show=self._show_errors)

    def _answer_unmatched(self, error: PowertoolsNotFoundError) -> Response[str]:
        if self._is_registered(self.context.get("_route")):
            return answer_error(error)  # a route raised it
        method, path = self.current_event.http_method.upper(), self.context.get("_path", "/")
        allowed = self.matches(method, path)
        return answer_error(MethodNotAllowedError(allowed) if allowed else RouteNotFoundError())

    def _is_registered(self, route: Any) -> bool:
        return any(route is known for known in (*self._static_routes, *self._dynamic_routes))

    def _failed(self, error: Exception) -> ResponseBuilder[Any]:
        return self._response_builder_class(response=self._answer_error(error), serializer=self._serializer)

    def _route_pattern(self) -> str:
        route: Any = self.context.get("_route")
        return route.openapi_path if self._is_registered(route) else _UNMATCHED

    def _build_response(self, response_builder: ResponseBuilder[Any]) -> dict[str, Any]:
        headers = response_builder.response.headers
        there = {name.lower() for name in headers}
        headers.update({name: value for name, value in _SECURITY_HEADERS.items() if name.lower() not in there})
        headers[CORRELATION_HEADER] = get_correlation_id() or ""
        if self._vary:
            vary = next((value for name, value in headers.items() if name.lower() == "vary"), None)
            headers = response_builder.response.headers = {
                name: value for name, value in headers.items() if name.lower() != "vary"
            }
            headers["Vary"] = _joined(vary, "Origin")
        if response_builder.route is None and self._cors is not None:
            # What was answered before routing is a page's business as well.
            response_builder._add_cors(self.current_event, self._cors)  # noqa: SLF001 - the class's own helper
        return super()._build_response(response_builder)


def _joined(vary: str | list[str] | None, name: str) -> str:
    """Add a name to what an answer depends on, which the route may have said for itself."""
    told = ", ".join(vary) if isinstance(vary, list) else vary or ""
    names = {one.strip().lower() for one in told.split(",")}
    return told if name.lower() in names or "*" in names else f"{told}, {name}".removeprefix(", ")


def _cors(origins: Sequence[str], max_age: int) -> CORSConfig | None:
    if not origins:
        return None
    return CORSConfig(
        allow_origin=origins[0],
        extra_origins=list(origins[1:]),
        allow_headers=[CORRELATION_HEADER, "Idempotency-Key", "traceparent"],
        expose_headers=[CORRELATION_HEADER, "Retry-After"],
        max_age=max_age,
    )
