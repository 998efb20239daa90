"""What a cold start with the layer costs, by instructions, which are the same on a busy machine."""

from __future__ import annotations

import os
import shutil
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from layer.budget import budget
from layer.import_times import longest
from tests.benchmarks.cold_start import shared_function
from tests.benchmarks.imports import import_phases
from tests.benchmarks.packages import FUNCTIONS, runtime_folder
from tests.benchmarks.runtime import Function, count_instructions
from tests.benchmarks.world import webhook_event, world

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.layer

VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"
BUDGET = budget("core")["instructions"].get(VERSION)


@pytest.mark.skipif(shutil.which("valgrind") is None, reason="valgrind is not installed")
@pytest.mark.skipif(BUDGET is None, reason=f"layer/budget.toml has no instructions for Python {VERSION}")
def test_a_cold_start_is_within_its_budget(opt: Path) -> None:
    """INIT, and INIT with the first webhook, take no more instructions than layer/budget.toml allows."""
    runtime = runtime_folder()
    with world() as url:
        function = shared_function(url, opt / "python", runtime)
        empty = Function("empty", FUNCTIONS / "empty", [runtime], {})
        event = webhook_event(url, media=True)
        with ThreadPoolExecutor(min(2, os.cpu_count() or 1)) as pool:
            cold = pool.submit(count_instructions, function, event)
            init = pool.submit(count_instructions, function, event, init_only=True)
            nothing = count_instructions(empty, event)
        parts = import_phases(function, event)
    # The same code takes other counts in an interpreter that was compiled otherwise; an empty function tells how much.
    scale = nothing / 1e6 / BUDGET["empty"]
    imported = {"init": parts["init"], "cold": parts["init"] + parts["first call"]}
    for name, count in (("init", init.result()), ("cold", cold.result())):
        allowed = BUDGET[name] * scale
        message = f"{name}: {count / 1e6:.0f} M instructions, and {allowed:.0f} M are allowed. The longest imports:\n"
        assert count / 1e6 <= allowed, message + longest(imported[name])
