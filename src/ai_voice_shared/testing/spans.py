"""A tracer that records spans, for tests.

OpenTelemetry's SDK has an in-memory exporter, but it is not a dependency of this package.
"""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ai_voice_shared.observability.tracing import AnnotationValue

__all__ = ["RecordedSpan", "RecordingTracer"]


@dataclass
class RecordedSpan:
    """A span with its annotations and its outcome."""

    name: str
    annotations: dict[str, AnnotationValue] = field(default_factory=dict)
    parent: RecordedSpan | None = field(default=None, repr=False)
    error: BaseException | None = None
    ended: bool = False

    def annotate(self, key: str, value: AnnotationValue) -> None:
        """Add an annotation."""
        self.annotations[key] = value

    def fail(self, error: BaseException) -> None:
        """Mark the span as failed."""
        self.error = error


class RecordingTracer:
    """A tracer that records every span, in the order in which they are opened.

    Attributes
    ----------
    spans : list
        All spans so far.

    Examples
    --------
    >>> tracer = RecordingTracer()
    >>> with tracer.span("## outer", size=3), tracer.span("## inner"):
    ...     pass
    >>> [span.name for span in tracer.spans], tracer.spans[1].parent.annotations
    (['## outer', '## inner'], {'size': 3})
    """

    def __init__(self) -> None:
        self.spans: list[RecordedSpan] = []
        self._current: ContextVar[RecordedSpan | None] = ContextVar("recorded_span", default=None)

    @contextmanager
    def span(self, name: str, /, **annotations: AnnotationValue) -> Iterator[RecordedSpan]:
        """Open a span."""
        span = RecordedSpan(name, dict(annotations), self._current.get())
        self.spans.append(span)
        token = self._current.set(span)
        try:
            yield span
        except BaseException as error:
            span.fail(error)
            raise
        finally:
            self._current.reset(token)
            span.ended = True

    def named(self, name: str) -> list[RecordedSpan]:
        """Return the spans of this name."""
        return [span for span in self.spans if span.name == name]
