"""The function under test: use every public name of the package as the layer has it, and report each outcome."""

from __future__ import annotations

import doctest
import importlib
import logging
import os
import sys
import threading
import traceback
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from . import modules, without_extras
from .discovery import PublicName, docstrings_of, public_names
from .registry import USAGE_CHECKS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

__all__ = ["handler"]

_FLAGS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS


class Seen:
    """The code that ran: code objects, and the classes whose methods ran."""

    def __init__(self) -> None:
        self.codes: set[Any] = set()
        self.classes: set[type] = set()

    def __call__(self, frame: FrameType, event: str, arg: Any) -> None:
        """Record a call."""
        if event != "call":
            return
        code = frame.f_code
        self.codes.add(code)
        first = code.co_varnames[:1]
        if first in {("self",), ("cls",), ("_cls",)}:
            owner = frame.f_locals.get(first[0])
            self.classes.update((owner if isinstance(owner, type) else type(owner)).__mro__)

    def has(self, public: PublicName) -> bool:
        """Return whether a public name was used."""
        if public.code is not None:
            return public.code in self.codes
        return not public.is_class_with_instances or public.value in self.classes


@contextmanager
def recorded_calls(seen: Seen) -> Iterator[None]:
    """Record the calls of a block, and run it with the process's initial state."""
    from ai_voice_shared.observability import set_metrics
    from ai_voice_shared.settings import reset_config

    environment, library = dict(os.environ), logging.getLogger("ai_voice_shared")
    handlers, level, propagate, filters = library.handlers[:], library.level, library.propagate, library.filters[:]
    metrics = set_metrics(None)
    reset_config()
    threading.setprofile(seen)
    sys.setprofile(seen)
    try:
        yield
    finally:
        sys.setprofile(None)
        threading.setprofile(None)
        set_metrics(metrics)
        library.handlers[:], library.filters[:] = handlers, filters
        library.setLevel(level)
        library.propagate = propagate
        os.environ.clear()
        os.environ.update(environment)


def examples_of(public: PublicName) -> list[doctest.DocTest]:
    """Return the examples in the docstrings of a public name."""
    parser = doctest.DocTestParser()
    tests = []
    for where, text in docstrings_of(public):
        names = dict(vars(importlib.import_module(public.value.__module__)))
        test = parser.get_doctest(text, names, where, public.value.__module__, 0)
        # The layer leaves the package's testing part out, so what an example does with it is covered by a usage check.
        if test.examples and "ai_voice_shared.testing" not in text:
            tests.append(test)
    return tests


def run_examples(tests: list[doctest.DocTest]) -> None:
    """Run examples as pytest does; the first one with another output raises."""
    # Lambda prints the library's warnings, which are not an example's output.
    logging.getLogger("ai_voice_shared").propagate = False
    for test in tests:
        runner = doctest.DebugRunner(verbose=False, optionflags=_FLAGS)
        try:
            runner.run(test)
        except doctest.UnexpectedException as unexpected:
            raise unexpected.exc_info[1] from None
        except doctest.DocTestFailure as failure:
            msg = f"{test.name}: {failure.example.source!r} returned {failure.got!r}"
            raise AssertionError(msg) from None


class Record:
    """The outcomes of the names so far."""

    def __init__(self) -> None:
        self.outcomes: dict[str, str] = {}
        self.seen = Seen()

    def run(self, action: Callable[[], Any], publics: list[PublicName]) -> None:
        """Run an action that uses public names, and record the outcome of each."""
        from ai_voice_shared.errors import MissingExtraError

        seen = Seen()
        try:
            with recorded_calls(seen):
                action()
        except MissingExtraError as error:
            outcome = f"missing: {error}"
        except BaseException as error:  # noqa: BLE001 - the test judges it
            outcome = "failed: " + "".join(traceback.format_exception(error)[-6:])
        else:
            self.seen.codes |= seen.codes
            self.seen.classes |= seen.classes
            self.outcomes |= {item.name: "used" if seen.has(item) else "not used by its check" for item in publics}
            return
        self.outcomes |= {item.name: outcome for item in publics}


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Use every public name, and return the outcome of each."""
    modules.load()
    publics = public_names()
    by_path = {path: public for public in publics for path in public.paths}
    chosen: dict[Callable[[], Any], list[PublicName]] = {}
    for path, function in USAGE_CHECKS.items():
        if path in by_path:
            chosen.setdefault(function, []).append(by_path[path])
    record = Record()
    for function, used in chosen.items():
        record.run(function, used)
    by_example = 0
    for public in publics:
        if public.name not in record.outcomes and (tests := examples_of(public)):
            record.run(lambda tests=tests: run_examples(tests), [public])  # type: ignore[misc]
            by_example += 1
    for public in publics:
        if public.name not in record.outcomes:
            # A part of something larger, whose check was seen to use it.
            part = (public.code is not None or public.is_class_with_instances) and record.seen.has(public)
            record.outcomes[public.name] = "used as a part" if part else "has no usage check"
    return {
        "outcomes": record.outcomes,
        "by_example": by_example,
        "stale": sorted(path for path in USAGE_CHECKS if path not in by_path),
        "without_extras": {} if event.get("extras") else without_extras.messages(),
        "file": importlib.import_module("ai_voice_shared").__file__,
    }
