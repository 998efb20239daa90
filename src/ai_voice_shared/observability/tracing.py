"""The one abstraction for tracing: services open spans here and never name a tracing SDK.

The default is X-Ray. For a request that is not sampled, a span reads two environment variables, and the X-Ray SDK is
not imported. OpenTelemetry is enabled by `set_tracer`.

Powertools' `Tracer` stores its configuration on the class, so a second one, created by a library, would change the
handler's. Therefore none is created here: a handler with its own passes `XRayTracer(provider=tracer.provider)`, and
otherwise the process's X-Ray recorder is used, which is also Powertools' own.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol, Self, TypeAlias, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

__all__ = [
    "NOOP_SPAN",
    "AnnotationValue",
    "NoopTracer",
    "OpenTelemetryTracer",
    "Span",
    "Tracer",
    "XRayTracer",
    "get_tracer",
    "set_tracer",
]

_TRUE = frozenset({"1", "true", "yes", "on"})

AnnotationValue: TypeAlias = "str | float | bool"
"""The value of an annotation."""


@runtime_checkable
class Span(Protocol):
    """A piece of work with a name, a duration and annotations."""

    def annotate(self, key: str, value: AnnotationValue) -> None:
        """Add an annotation that traces can be searched by."""

    def fail(self, error: BaseException) -> None:
        """Mark the work as failed, with the error's type; its text may contain personal data and is omitted."""


@runtime_checkable
class Tracer(Protocol):
    """The interface of a tracing system."""

    def span(self, name: str, /, **annotations: AnnotationValue) -> AbstractContextManager[Span]:
        """Open a span for a `with` block; an error that leaves the block marks it as failed."""


class _NoopSpan:
    """A span that is not recorded. It has no state, so one object is shared."""

    __slots__ = ()

    def annotate(self, key: str, value: AnnotationValue) -> None:  # noqa: ARG002 - the protocol's arguments
        return

    def fail(self, error: BaseException) -> None:  # noqa: ARG002 - the protocol's arguments
        return

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return


NOOP_SPAN = _NoopSpan()


class NoopTracer:
    """A tracer that records nothing.

    Examples
    --------
    >>> with NoopTracer().span("## work", size=3) as span:
    ...     span.annotate("outcome", "done")
    """

    def span(self, name: str, /, **annotations: AnnotationValue) -> AbstractContextManager[Span]:  # noqa: ARG002
        """Open a span that is not recorded."""
        return NOOP_SPAN


class XRayTracer:
    """Spans as X-Ray subsegments, while the current request is sampled.

    Parameters
    ----------
    provider
        The X-Ray recorder; by default the SDK's own, which Powertools' Tracer uses as well.

    Notes
    -----
    Lambda sets in `_X_AMZN_TRACE_ID` whether a request is sampled
    (https://docs.aws.amazon.com/lambda/latest/dg/services-xray.html). `POWERTOOLS_TRACE_DISABLED` disables tracing, as
    it does for Powertools.
    """

    def __init__(self, provider: Any = None) -> None:
        self._provider = provider

    def span(self, name: str, /, **annotations: AnnotationValue) -> AbstractContextManager[Span]:
        """Open a subsegment, or a span that is not recorded if the request is not sampled."""
        environment = os.environ
        # `environ` is read only as often as needed: it is most of the cost of a span that is not recorded.
        if (environment.get("POWERTOOLS_TRACE_DISABLED") or "").lower() in _TRUE:
            return NOOP_SPAN
        if "Sampled=1" not in environment.get("_X_AMZN_TRACE_ID", ""):
            return NOOP_SPAN
        return self._record(name, annotations)

    @contextmanager
    def _record(self, name: str, annotations: dict[str, AnnotationValue]) -> Iterator[Span]:
        if self._provider is None:
            from aws_xray_sdk.core import xray_recorder

            self._provider = xray_recorder
        # Not `in_subsegment`: it records the text of an exception, which may contain personal data.
        span = _XRaySpan(self._provider.begin_subsegment(name))
        try:
            for key, value in annotations.items():
                span.annotate(key, value)
            yield span
        except BaseException as error:
            span.fail(error)
            raise
        finally:
            self._provider.end_subsegment()


class _XRaySpan:
    def __init__(self, subsegment: Any) -> None:
        self._subsegment = subsegment

    def annotate(self, key: str, value: AnnotationValue) -> None:
        if self._subsegment is not None:
            self._subsegment.put_annotation(key, value)

    def fail(self, error: BaseException) -> None:
        if self._subsegment is not None:
            self._subsegment.add_fault_flag()
            self._subsegment.put_annotation("error", type(error).__name__)


class OpenTelemetryTracer:
    """Spans of OpenTelemetry, for teams that no longer use the X-Ray SDK.

    Parameters
    ----------
    tracer
        An `opentelemetry.trace.Tracer`.
    """

    def __init__(self, tracer: Any) -> None:
        self._tracer = tracer

    @contextmanager
    def span(self, name: str, /, **annotations: AnnotationValue) -> Iterator[Span]:
        """Open a span as the current one."""
        # The SDK would record the error's text, which may contain personal data; the type is enough.
        with self._tracer.start_as_current_span(
            name, attributes=annotations, record_exception=False, set_status_on_exception=False
        ) as otel_span:
            span = _OpenTelemetrySpan(otel_span)
            try:
                yield span
            except BaseException as error:
                span.fail(error)
                raise


class _OpenTelemetrySpan:
    def __init__(self, span: Any) -> None:
        self._span = span

    def annotate(self, key: str, value: AnnotationValue) -> None:
        self._span.set_attribute(key, value)

    def fail(self, error: BaseException) -> None:
        from opentelemetry.trace import Status, StatusCode

        self._span.set_attribute("error.type", type(error).__name__)
        self._span.set_status(Status(StatusCode.ERROR))


_tracer: Tracer = XRayTracer()


def get_tracer() -> Tracer:
    """Return the tracer of this process: X-Ray, unless the handler has set another."""
    return _tracer


def set_tracer(tracer: Tracer) -> Tracer:
    """Set the tracer that all clients of this process use, and return the previous one.

    Examples
    --------
    >>> before = set_tracer(NoopTracer())
    >>> type(get_tracer()).__name__
    'NoopTracer'
    >>> _ = set_tracer(before)
    """
    global _tracer
    before, _tracer = _tracer, tracer
    return before
