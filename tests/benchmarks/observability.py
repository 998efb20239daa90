"""A log line and a traced call, compared with Powertools', in microseconds.

::

    uv run python -m tests.benchmarks.observability
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["run"]

ROUNDS = 15
CALLS = 2000
UNSAMPLED = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=0"
SAMPLED = UNSAMPLED.replace("Sampled=0", "Sampled=1")


class _NullStream:
    """A stream that discards everything."""

    def write(self, text: str) -> int:
        return len(text)

    def flush(self) -> None:
        return


def run() -> list[tuple[str, float, float, float]]:
    """Measure the layer and the baseline in turns.

    Returns
    -------
    list
        The name, the medians of the layer and the baseline in microseconds, and the ratio.
    """
    return [*_log_lines(), *_traced_calls()]


def _log_lines() -> list[tuple[str, float, float, float]]:
    from aws_lambda_powertools import Logger
    from aws_lambda_powertools.logging.buffer.config import LoggerBufferConfig

    from ai_voice_shared.observability.correlation import use_correlation_id
    from ai_voice_shared.observability.logger import get_logger

    rows = []
    with _environment(_X_AMZN_TRACE_ID=UNSAMPLED, POWERTOOLS_LOG_LEVEL="INFO"), use_correlation_id("order-7"):
        # With its buffer, so that both hold debug lines until an error.
        baseline = Logger(service="bench-baseline", stream=_NullStream(), buffer_config=LoggerBufferConfig())  # type: ignore[arg-type]
        baseline.append_keys(correlation_id="order-7")
        layer = get_logger("bench-layer", stream=_NullStream())
        rows.append(
            _row(
                "a log line with two fields",
                lambda: layer.info("customer looked up", customer_id="c1", outcome="hit"),
                lambda: baseline.info("customer looked up", customer_id="c1", outcome="hit"),
            )
        )
        rows.append(
            _row(
                "a log line with arguments",
                lambda: layer.info("stored %s in %s", "key", "bucket"),
                lambda: baseline.info("stored %s in %s", "key", "bucket"),
            )
        )
    return rows


def _traced_calls() -> list[tuple[str, float, float, float]]:
    rows = []
    environments = {
        "a traced call, not sampled": {"_X_AMZN_TRACE_ID": UNSAMPLED, "POWERTOOLS_TRACE_DISABLED": "false"},
        "a traced call, tracing off": {"_X_AMZN_TRACE_ID": SAMPLED, "POWERTOOLS_TRACE_DISABLED": "true"},
    }
    for name, variables in environments.items():
        # Powertools records only where it detects Lambda.
        with _environment(LAMBDA_TASK_ROOT="/var/task", AWS_LAMBDA_FUNCTION_NAME="bench", **variables):
            baseline, layer = _traced()
            rows.append(_row(name, layer, baseline))
    return rows


def _traced() -> tuple[Callable[[], int], Callable[[], int]]:
    from aws_lambda_powertools import Tracer

    from ai_voice_shared.observability.tracing import XRayTracer

    Tracer._reset_config()  # type: ignore[no-untyped-call]  # it is class state, and each measurement needs its own
    tracer = Tracer(service="bench", auto_patch=False)
    layer_tracer = XRayTracer()

    @tracer.capture_method
    def baseline() -> int:
        return 1

    def layer() -> int:
        with layer_tracer.span("## bench.call", bucket="notes"):
            return 1

    return baseline, layer


def _row(name: str, layer: Callable[[], object], baseline: Callable[[], object]) -> tuple[str, float, float, float]:
    taken: tuple[list[float], list[float]] = ([], [])
    for number in range(ROUNDS + 1):
        for index, call in enumerate((layer, baseline)):
            started = time.perf_counter()
            for _ in range(CALLS):
                call()
            if number:  # the first round warms up
                taken[index].append((time.perf_counter() - started) / CALLS * 1e6)
    our_median, their_median = statistics.median(taken[0]), statistics.median(taken[1])
    return name, our_median, their_median, our_median / their_median


@contextmanager
def _environment(**variables: str) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def main() -> int:
    """Print the rows as a Markdown table."""
    sys.stdout.write("| measured | layer, us | Powertools, us | ratio |\n|---|---|---|---|\n")
    for name, layer, baseline, ratio in run():
        sys.stdout.write(f"| {name} | {layer:.2f} | {baseline:.2f} | {ratio:.3f} |\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
