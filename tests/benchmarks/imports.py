"""The imports of a function at INIT and at its first call, by Python's `-X importtime`."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from layer.import_times import Import, parse, phases
from tests.benchmarks.runtime import cold_start

if TYPE_CHECKING:
    from tests.benchmarks.runtime import Function

__all__ = ["import_phases"]

# Python times import statements only, and omits importlib.import_module, which Lambda's client uses for the handler
# and a lazy package for its modules.
_PROFILED = """
import importlib, importlib.util, sys

def import_module(name, package=None):
    name = importlib.util.resolve_name(name, package)
    __import__(name)
    return sys.modules[name]

importlib.import_module = import_module
import app

def handler(event, context):
    return app.handler(event, context)
"""


def import_phases(function: Function, event: Any) -> dict[str, list[Import]]:
    """Start the function, send it one event, and return its imports.

    Returns
    -------
    dict
        The outermost imports of `"runtime"` (the interpreter and Lambda's client), `"init"` (the function's module)
        and `"first call"`.
    """
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "profiled.py").write_text(_PROFILED, encoding="utf-8")
        profiled = replace(
            function,
            task=Path(folder),
            paths=[function.task, *function.paths],
            environment={**function.environment, "PYTHONPROFILEIMPORTTIME": "1"},
            handler="profiled.handler",
        )
        return phases(parse(cold_start(profiled, event).printed), "app")
