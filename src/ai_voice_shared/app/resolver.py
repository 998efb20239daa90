"""The router of a service: Powertools' resolver, and what applies to every request.

Powertools runs a resolver's middlewares after the request was validated and skips them where validation fails, and an
error outside of a route leaves the function without a response. What applies to every request (correlation id, limits,
log line, headers) is therefore done around `resolve`, not in middlewares.

One resolver serves all four HTTP events and concurrent requests: `current_event` and `context`, which Powertools stores
on the class of all routers, are properties over a context variable. Powertools' own resolver for concurrent requests,
`HttpResolverLocal`, was ruled out: with validation it blocks a thread of asyncio's default pool for each middleware, so
that twenty concurrent requests on two cores deadlock (3.37).
"""

from __future__ import annotations

import inspect
import logging
import re
import time
from contextlib import ExitStack, contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.event_handler import APIGatewayRestResolver
from aws_lambda_powertools.event_handler.openapi.exceptions import RequestValidationError

from ai_voice_shared.app.coroutines import SyncRoute
from ai_voice_shared.app.dependencies import DependencyOverrides, create_closing_middleware
from ai_voice_shared.app.error_responses import MethodNotAllowedError, RouteNotFoundError, error_response
from ai_voice_shared.app.events import as_get, placeholder_event, proxy_event
from ai_voice_shared.app.response_headers import add_response_headers, create_cors
from ai_voice_shared.errors import UnsupportedMediaTypeError
from ai_voice_shared.observability.correlation import correlation_id_from_event, get_correlation_id, use_correlation_id
from ai_voice_shared.observability.tracing import get_tracer
from ai_voice_shared.utils.http_events import FORM_CONTENT_TYPE, HttpEvent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from aws_lambda_powertools.event_handler import Response
    from aws_lambda_powertools.event_handler.exceptions import NotFoundError as PowertoolsNotFoundError
    from aws_lambda_powertools.utilities.data_classes.common import BaseProxyEvent

    from ai_voice_shared.observability.tracing import Span

__all__ = ["RequestFields", "ServiceResolver"]

_log = logging.getLogger(__name__)
_SERVER_ERROR = 500
_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})
_UNMATCHED = "(none)"


@dataclass(frozen=True, slots=True)
class RequestFields:
    """Fields of a request for logs and metrics: the pattern of its route, never its path or query."""

    method: str
    route: str
    status: int
    seconds: float


@dataclass(slots=True)
class _RequestState:
    event: BaseProxyEvent | None = None
    context: dict[str, Any] = field(default_factory=dict)
    exits: ExitStack = field(default_factory=ExitStack)
    method: str = ""
    route: str = ""


class ServiceResolver(APIGatewayRestResolver):
    """Routes requests of API Gateway (REST and HTTP), function URLs and load balancers.

    Its routes, routers, middlewares and dependencies are those of Powertools
    (https://docs.aws.amazon.com/powertools/python/latest/core/event_handler/api_gateway/). Requests and responses are
    validated by their type annotations. The state of a request is in a context variable, so that the local server can
    serve requests concurrently.

    Parameters
    ----------
    service
        The service's name.
    guards
        Called with each event before it is routed; a guard rejects the request by raising an error.
    on_complete
        Called after each request in Lambda, not after those of the local server.
    cors_origins
        Origins that CORS allows; `*` for any.
    cors_max_age
        Seconds that a browser may cache a preflight.
    show_errors
        Include the type, the message and the stack of an unknown error in the response.

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
        on_complete: Callable[[RequestFields], None] | None = None,
        cors_origins: Sequence[str] = (),
        cors_max_age: int = 600,
        show_errors: bool = False,
    ) -> None:
        self.service = service
        self.cors = create_cors(cors_origins, cors_max_age)
        self._show_errors = show_errors
        self._guards = guards
        self._on_complete = on_complete
        # The response names a listed origin, even where "*" is listed as well.
        self._varies = not set(cors_origins) <= {"*"}
        self._functions: dict[tuple[str, str], Callable[..., Any]] = {}
        self._idle = _RequestState()
        self._current: ContextVar[_RequestState | None] = ContextVar("ai_voice_shared_request", default=None)
        super().__init__(
            cors=self.cors,
            debug=False,
            enable_validation=True,
            # A response that does not match its type is an error of the service, not of the caller (422).
            response_validation_error_http_code=_SERVER_ERROR,
        )
        self.dependency_overrides = DependencyOverrides(lambda: self._state.exits)
        self.use([create_closing_middleware(lambda: self._state.exits)])
        self.exception_handler(Exception)(self._on_error)
        self.not_found(self._on_unmatched)

    # Powertools declares these as attributes, and stores the event on the class of all routers.
    @property  # type: ignore[override] # any of the four HTTP events, not only REST
    def current_event(self) -> BaseProxyEvent:
        """The event of the current request."""
        event = self._state.event
        if event is None:
            msg = "there is no current request in this context"
            raise RuntimeError(msg)
        return event

    @current_event.setter
    def current_event(self, value: BaseProxyEvent) -> None:
        self._state.event = value

    @property
    def context(self) -> dict[str, Any]:
        """Values that middlewares and routes of the current request share."""
        return self._state.context

    @context.setter
    def context(self, value: dict[str, Any]) -> None:
        self._state.context = value

    def clear_context(self) -> None:
        """Clear the shared values; Powertools calls this after each request."""
        # RuntimeError: the request was not routed yet.
        with suppress(RuntimeError):
            self._state.route = self.request.route
        super().clear_context()  # type: ignore[no-untyped-call] # Powertools leaves it unannotated

    @property
    def _state(self) -> _RequestState:
        return self._current.get() or self._idle

    def route(self, rule: str, method: str | list[str] | tuple[str], *args: Any, **kwargs: Any) -> Any:
        """Register a route, as in Powertools; its function may be a coroutine function."""
        register = super().route(rule, method, *args, **kwargs)
        pattern = re.sub(r"<(\w+)>", r"{\1}", rule.rstrip("/")) or "/"

        def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
            for name in (method,) if isinstance(method, str) else method:
                self._functions[name.upper(), pattern] = function
            register(SyncRoute(function) if inspect.iscoroutinefunction(function) else function)
            return function

        return decorate

    def allowed_methods(self, path: str) -> list[str]:
        """Return the methods that a path has routes for, sorted; GET implies HEAD.

        Parameters
        ----------
        path
            The path without stage and prefix.

        Examples
        --------
        >>> app = ServiceResolver("hello-service")
        >>> _ = app.get("/hello/<name>")(lambda name: {"hello": name})
        >>> app.allowed_methods("/hello/you")
        ['GET', 'HEAD']
        """
        methods = self._get_methods(path)
        return sorted(methods | {"HEAD"} if "GET" in methods else methods)

    def _get_methods(self, path: str) -> set[str]:
        path = path.rstrip("/") or "/"
        rules = ((method, re.sub(r"\{[^\W\d]\w*\}", "[^/]+", pattern)) for method, pattern in self._functions)
        return {method for method, rule in rules if re.fullmatch(rule, path)}

    def resolve(self, event: Mapping[str, Any], context: Any) -> dict[str, Any]:
        """Return the response to any event; every exception becomes an error response.

        Parameters
        ----------
        event
            An HTTP event as Lambda passes it. The response to any other event is a 400.
        context
            Lambda's context, which sets the deadline.
        """
        with self._request(event, context) as complete:
            try:
                response = super().resolve(self._begin(event), context)
            except Exception as error:  # noqa: BLE001 - every error has a response
                response = self._create_error_response(error)
            return complete(response)

    async def resolve_async(self, event: Mapping[str, Any], context: Any) -> dict[str, Any]:
        """Return the response to an event while an event loop is running; as `resolve`."""
        with self._request(event, context) as complete:
            try:
                response = await super().resolve_async(self._begin(event), context)
            except Exception as error:  # noqa: BLE001 - every error has a response
                response = self._create_error_response(error)
            return complete(response)

    @contextmanager
    def _request(self, event: Any, context: Any) -> Iterator[Callable[[dict[str, Any]], dict[str, Any]]]:
        began = time.perf_counter()
        correlation_id = correlation_id_from_event(event) if isinstance(event, dict) else None
        state = _RequestState(event=placeholder_event(), context=dict(self._idle.context))
        token = self._current.set(state)
        try:
            with ExitStack() as stack:
                # The logger around the handler may have set one already.
                stack.enter_context(use_correlation_id(correlation_id or get_correlation_id()))
                if hasattr(context, "get_remaining_time_in_millis"):
                    from ai_voice_shared.utils.deadline import Deadline, use_deadline

                    stack.enter_context(use_deadline(Deadline.from_context(context)))
                span = stack.enter_context(
                    # Powertools annotates the service by the same key, so that one search finds both.
                    get_tracer().span("## request", Service=self.service, correlation_id=get_correlation_id() or "")
                )

                def complete(response: dict[str, Any]) -> dict[str, Any]:
                    fields = self._complete(response, state, span, time.perf_counter() - began)
                    # Requests of the local server are not measured.
                    if self._on_complete is not None and context is not None:
                        self._on_complete(fields)
                    return response

                yield complete
        finally:
            self._current.reset(token)

    def _begin(self, event: Mapping[str, Any]) -> Mapping[str, Any]:
        state = self._state
        current = state.event = proxy_event(event)
        state.method = current.http_method.upper()
        for guard in self._guards:
            guard(current)
        if state.method == "HEAD" and "HEAD" not in self._get_methods(current.path):
            # RFC 9110, section 9.3.2: as GET; the server in front removes the content.
            current = state.event = proxy_event(as_get(event))
        return current.raw_event

    def _complete(self, response: dict[str, Any], state: _RequestState, span: Span, seconds: float) -> RequestFields:
        add_response_headers(response, varies_by_origin=self._varies)
        # A load balancer turns a response without a body into a 502.
        response["body"] = response["body"] or ""
        # Each method that a caller invents would be another metric.
        method = state.method if state.method in _METHODS else "OTHER"
        known = (self.current_event.http_method.upper(), state.route) in self._functions
        fields = RequestFields(method, state.route if known else _UNMATCHED, response["statusCode"], seconds)
        span.annotate("route", fields.route)
        span.annotate("status", fields.status)
        _log.info(
            "request",
            extra={
                "http_method": fields.method,
                "http_route": fields.route,
                "http_status": fields.status,
                "duration_ms": round(fields.seconds * 1000, 1),
            },
        )
        return fields

    def _create_error_response(self, error: Exception) -> dict[str, Any]:
        """Return the response to an error outside of a route, which Powertools has no handlers for."""
        response, event = error_response(error, show=self._show_errors), self.current_event
        origin = HttpEvent(event.raw_event).header("origin")
        # Without CORS headers a page could not read the error.
        if self.cors is not None and origin and (allowed := self.cors.allowed_origin(origin)):
            response.headers.update(self.cors.to_dict(allowed))
        headers = event.header_serializer().serialize(headers=response.headers, cookies=[])
        return {"statusCode": response.status_code, "body": response.body, "isBase64Encoded": False, **headers}

    def _on_error(self, error: Exception) -> Response[str]:
        if isinstance(error, RequestValidationError) and self._is_unexpected_form():
            error = UnsupportedMediaTypeError("the body is a form, and not JSON")
        return error_response(error, show=self._show_errors)

    def _is_unexpected_form(self) -> bool:
        from aws_lambda_powertools.event_handler.openapi.params import Form

        if HttpEvent(self.current_event.raw_event).content_type != FORM_CONTENT_TYPE:
            return False
        function = self._functions.get((self.current_event.http_method.upper(), self.request.route))
        if function is None:
            return False
        parameters = inspect.signature(function, eval_str=True).parameters.values()
        annotations = [getattr(parameter.annotation, "__metadata__", ()) for parameter in parameters]
        return not any(isinstance(item, Form) for metadata in annotations for item in metadata)

    def _on_unmatched(self, error: PowertoolsNotFoundError) -> Response[str]:
        method = self.current_event.http_method.upper()
        if (method, self.request.route) in self._functions:
            return error_response(error)  # a route raised it
        allowed = self.allowed_methods(self.current_event.path)
        # Powertools allows fewer characters in a path parameter than `allowed_methods`.
        is_method = bool(allowed) and method not in allowed
        return error_response(MethodNotAllowedError(allowed) if is_method else RouteNotFoundError())
