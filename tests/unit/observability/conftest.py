"""Fixtures for loggers and metrics: clean registries, a new metrics client, and the printed EMF lines."""

from __future__ import annotations

import json
import logging
import sys
from typing import TYPE_CHECKING, Any

import pytest

from ai_voice_shared.observability import get_logger, set_metrics
from ai_voice_shared.observability.logger import LIBRARY_LOGGER

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture(autouse=True)
def _restore_loggers(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for variable in ("POWERTOOLS_LOG_LEVEL", "LOG_LEVEL", "AWS_LAMBDA_LOG_LEVEL", "_X_AMZN_TRACE_ID"):
        monkeypatch.delenv(variable, raising=False)
    # When pytest collects the doctests of a module as well, the module may be loaded twice.
    for namespace in (get_logger.__globals__, vars(sys.modules[get_logger.__module__])):
        monkeypatch.setitem(namespace, "_loggers", {})
    library = logging.getLogger(LIBRARY_LOGGER)
    before = library.handlers[:], library.level, library.propagate
    library.handlers, library.propagate = [], True
    clear_powertools_loggers()
    yield
    library.handlers, library.level, library.propagate = before[0], before[1], before[2]
    clear_powertools_loggers()


def clear_powertools_loggers() -> None:
    """Remove the loggers that Powertools has set up, because reused ones would have another test's stream."""
    loggers = logging.Logger.manager.loggerDict
    for name in [name for name, logger in loggers.items() if hasattr(logger, "powertools_handler")]:
        del loggers[name]


@pytest.fixture
def _fresh_metrics(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Set a new metrics client for the process, under the service `voice-parser`."""
    for variable in ("METRICS_PROVIDER", "METRICS_NAMESPACE", "POWERTOOLS_METRICS_NAMESPACE", "METRICS_SERVICE"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "voice-parser")
    before = set_metrics(None)
    yield
    set_metrics(before)


@pytest.fixture
def emf(capsys: pytest.CaptureFixture[str]) -> Callable[[], list[dict[str, Any]]]:
    """Return a function that parses the EMF lines printed since its last call."""

    def read() -> list[dict[str, Any]]:
        lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        return [line for line in lines if "_aws" in line]

    return read
