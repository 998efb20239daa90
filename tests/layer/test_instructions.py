"""The cost of a cold start with the layer in instructions, which do not depend on the machine's load."""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING

import pytest

from layer.budget import budget
from layer.import_times import longest
from tests.benchmarks.cold_start import INIT, VOICE, count
from tests.benchmarks.imports import import_phases
from tests.benchmarks.services import webhook_event
from tests.benchmarks.variants import documented_functions, empty_function

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.layer

VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"
BUDGET = budget("core")["instructions"].get(VERSION)


@pytest.mark.skipif(shutil.which("valgrind") is None, reason="valgrind is not installed")
@pytest.mark.skipif(BUDGET is None, reason=f"layer/budget.toml has no instructions for Python {VERSION}")
def test_a_cold_start_is_within_its_budget(opt: Path) -> None:
    """INIT, and INIT with the first webhook, take no more instructions than layer/budget.toml allows."""
    empty = empty_function()
    with documented_functions(opt) as (function, _):
        counts = count([(function, VOICE), (function, INIT), (empty, VOICE)])
        imports = import_phases(function, webhook_event(media=True))
    # The counts depend on how the interpreter was compiled; an empty function shows the ratio.
    scale = counts[empty.name, VOICE] / BUDGET["empty"]
    imported = {"init": imports["init"], "cold": imports["init"] + imports["first call"]}
    for name, what in (("init", INIT), ("cold", VOICE)):
        counted, allowed = counts[function.name, what], BUDGET[name] * scale
        message = f"{name}: {counted:.0f} M instructions, and {allowed:.0f} M are allowed. The longest imports:\n"
        assert counted <= allowed, message + longest(imported[name])
