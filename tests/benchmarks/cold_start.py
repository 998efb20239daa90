"""A cold start of the documented function, compared with the baseline and with an empty function.

Instructions are counted by callgrind; they repeat to a few tenths of a percent, whatever else runs (what TLS draws at
random takes more or fewer). Milliseconds are medians of alternating runs, under Lambda's runtime client alone, and
under the runtime emulator for INIT.

::

    ./build.sh bench cold_start --counts     # the layer's instructions only, in less than two minutes
"""

from __future__ import annotations

import os
import re
import shutil
import statistics
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.benchmarks.rows import Note, Row, medians
from tests.benchmarks.runtime import ColdStart, Function, cold_start, count_instructions
from tests.benchmarks.services import webhook_event
from tests.benchmarks.variants import (
    BASELINE,
    BASELINE_BYTECODE,
    EMPTY,
    LAYER,
    PRIMED,
    all_functions,
    documented_functions,
)
from tests.support.lambda_emulator import running_function, unavailable_reason
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

__all__ = ["compiled_at_run_time", "count", "layer_counts", "run"]

VOICE, TEXT, INIT = "voice note", "text only", "INIT"
"""What is measured: INIT with the first call of either event, and INIT alone."""

# What INIT and the first call took together: the emulator begins INIT when it is first invoked.
_REPORT = re.compile(r"Init Duration: [0-9.]+ ms\s+Duration: ([0-9.]+) ms")

ROUNDS = 9
QUICK_ROUNDS = 3

# The function's own module, which records what is compiled while it is imported and responds.
_WATCHED = """
import importlib.machinery

compiled = []
to_code = importlib.machinery.SourceFileLoader.source_to_code

def watched(self, data, path, **options):
    compiled.append(str(path))
    return to_code(self, data, path, **options)

importlib.machinery.SourceFileLoader.source_to_code = watched
import app

def handler(event, context):
    response = app.handler(event, context)
    return {"response": response, "compiled": compiled}
"""


def run(*, quick: bool, note: Note) -> list[Row]:
    """Measure INIT and the first webhook, with a voice note and with text only."""
    rounds = QUICK_ROUNDS if quick else ROUNDS
    voice = webhook_event(media=True)
    with all_functions() as functions:
        for function in functions.values():  # the first start fills the page cache
            _check_response(cold_start(function, voice), function)
        rows = []
        if quick:
            note("instructions were not counted: --quick leaves them out")
        elif shutil.which("valgrind") is None:
            note("instructions were not counted: valgrind is not installed")
        else:
            rows += _instruction_rows(functions)
        rows += _millisecond_rows(functions, rounds)
        rows += _emulator_rows(functions, voice, rounds, note)
        compiled = compiled_at_run_time(functions[LAYER], voice)
    for path in compiled:
        note(f"compiled at run time: {path}")
    rows.append(Row("modules of the layer compiled at run time", "modules", len(compiled), ceiling=0))
    return rows


def count(wanted: Iterable[tuple[Function, str]]) -> dict[tuple[str, str], float]:
    """Count the instructions of cold starts, two at a time.

    Parameters
    ----------
    wanted
        Functions, each with `VOICE`, `TEXT` or `INIT`.

    Returns
    -------
    dict
        Millions of instructions, by the function's name and what was measured.
    """

    def count_one(pair: tuple[Function, str]) -> float:
        function, what = pair
        return count_instructions(function, webhook_event(media=what != TEXT), init_only=what == INIT) / 1e6

    pairs = list(wanted)
    with ThreadPoolExecutor(min(2, os.cpu_count() or 1)) as pool:
        counts = list(pool.map(count_one, pairs))
    return {(function.name, what): counted for (function, what), counted in zip(pairs, counts, strict=True)}


def layer_counts() -> dict[str, float]:
    """Count the documented function's instructions, in millions: INIT, and with the first call of either event."""
    with documented_functions() as (function, _):
        _check_response(cold_start(function, webhook_event(media=True)), function)
        counts = count((function, what) for what in (VOICE, TEXT, INIT))
    return {what: counts[function.name, what] for what in (INIT, VOICE, TEXT)}


def compiled_at_run_time(function: Function, event: Any) -> list[str]:
    """List the layer's modules that are compiled from source while the function starts and responds."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "watched.py").write_text(_WATCHED, encoding="utf-8")
        paths = [function.task, *function.paths]
        watched = replace(function, task=Path(folder), paths=paths, handler="watched.handler")
        compiled: list[str] = cold_start(watched, event).response["compiled"]
    layer = str(function.paths[0])
    return [path for path in compiled if path.startswith(layer)]


def _instruction_rows(functions: Mapping[str, Function]) -> list[Row]:
    names = (BASELINE, BASELINE_BYTECODE, LAYER, PRIMED)
    wanted = [(functions[name], what) for what in (VOICE, TEXT, INIT) for name in names]
    counts = count([*wanted, (functions[EMPTY], VOICE)])

    def row(name: str, what: str, layer: str, against: str, goal: float | None = None) -> Row:
        return Row(name, "M instr", counts[layer, what], counts[against, what], against, goal)

    return [
        row("cold start, voice note", VOICE, LAYER, BASELINE, 0.20),
        row("cold start, voice note", VOICE, LAYER, BASELINE_BYTECODE, 0.50),
        row("cold start, voice note, primed", VOICE, PRIMED, BASELINE),
        row("cold start, text only", TEXT, LAYER, BASELINE, 0.17),
        row("cold start, text only", TEXT, LAYER, BASELINE_BYTECODE),
        row("cold start, text only, primed", TEXT, PRIMED, BASELINE),
        row("INIT", INIT, LAYER, BASELINE, 0.08),
        row("INIT", INIT, LAYER, BASELINE_BYTECODE),
        row("INIT, primed", INIT, PRIMED, BASELINE),
        Row("cold start of an empty function", "M instr", counts[EMPTY, VOICE]),
    ]


def _millisecond_rows(functions: Mapping[str, Function], rounds: int) -> list[Row]:
    """Measure whole cold starts, INIT, first calls and memory from the same runs."""
    wanted = [(name, what) for what in (VOICE, TEXT) for name in functions]
    starts: dict[tuple[str, str], list[ColdStart]] = {pair: [] for pair in wanted}

    def starting(name: str, what: str) -> Callable[[], float]:
        function, event = functions[name], webhook_event(media=what == VOICE)

        def start() -> float:
            started = cold_start(function, event)
            starts[name, what].append(started)
            return (started.init + started.first_call) * 1000

        return start

    whole = dict(zip(wanted, medians(*(starting(*pair) for pair in wanted), rounds=rounds), strict=True))

    def part(which: str, scale: float = 1000) -> dict[tuple[str, str], float]:
        return {
            pair: statistics.median(getattr(start, which) * scale for start in measured)
            for pair, measured in starts.items()
        }

    init, first_call, memory = part("init"), part("first_call"), part("peak_memory", 1)

    def row(name: str, found: Any, layer: str, against: str, what: str = VOICE) -> Row:
        return Row(name, "ms", found[layer, what], found[against, what], against)

    def memory_row(what: str, against: str, goal: float | None = None) -> Row:
        return Row(f"peak memory, {what}", "MB", memory[LAYER, what], memory[against, what], against, goal)

    rows = [
        row("cold start, voice note", whole, LAYER, BASELINE),
        row("cold start, voice note", whole, LAYER, BASELINE_BYTECODE),
        row("cold start, voice note, primed", whole, PRIMED, BASELINE),
        row("cold start, text only", whole, LAYER, BASELINE, TEXT),
        row("cold start, text only", whole, LAYER, BASELINE_BYTECODE, TEXT),
        row("INIT", init, LAYER, BASELINE),
        row("INIT, primed", init, PRIMED, BASELINE),
        row("first call, voice note", first_call, LAYER, BASELINE),
        row("first call, voice note, primed", first_call, PRIMED, BASELINE),
        Row("cold start of an empty function", "ms", whole[EMPTY, VOICE]),
    ]
    if memory[LAYER, VOICE]:  # read from /proc, which only Linux has
        rows += [
            memory_row(VOICE, BASELINE, 0.70),
            memory_row(VOICE, BASELINE_BYTECODE),
            memory_row(TEXT, BASELINE),
        ]
    return rows


def _emulator_rows(functions: Mapping[str, Function], voice: Any, rounds: int, note: Note) -> list[Row]:
    reason = unavailable_reason()
    if reason is not None:
        note(f"nothing was measured under the emulator: {reason}")
        return []
    inits: dict[str, list[float]] = {name: [] for name in functions}

    def starting(function: Function) -> Callable[[], float]:
        def start() -> float:
            with running_function(
                function.handler, paths=[function.task, *function.paths], environment=function.environment
            ) as emulator:
                emulator.invoke(voice)
                reported = wait_for(lambda: _REPORT.search(emulator.log_text()), what="the emulator's report")
                inits[function.name].append(emulator.init_milliseconds())
                return float(reported[1])

        return start

    whole = dict(
        zip(functions, medians(*(starting(function) for function in functions.values()), rounds=rounds), strict=True)
    )
    init = {name: statistics.median(found) for name, found in inits.items()}
    return [
        Row("cold start, voice note, emulator", "ms", whole[LAYER], whole[BASELINE], BASELINE, goal=0.25),
        Row(
            "cold start, voice note, emulator",
            "ms",
            whole[LAYER],
            whole[BASELINE_BYTECODE],
            BASELINE_BYTECODE,
            goal=0.65,
        ),
        Row("cold start, voice note, primed, emulator", "ms", whole[PRIMED], whole[BASELINE], BASELINE, goal=0.25),
        Row("INIT, emulator", "ms", init[LAYER], init[BASELINE], BASELINE, goal=0.10),
        Row("INIT, emulator", "ms", init[LAYER], init[BASELINE_BYTECODE], BASELINE_BYTECODE),
        Row("INIT, primed, emulator", "ms", init[PRIMED], init[BASELINE], BASELINE),
        Row("cold start of an empty function, emulator", "ms", whole[EMPTY]),
    ]


def _check_response(start: ColdStart, function: Function) -> None:
    expected = 204 if function.name == EMPTY else 200
    if start.response.get("statusCode") != expected:
        msg = f"{function.name} did not respond with {expected}: {start.response}\n{start.printed[-2000:]}"
        raise RuntimeError(msg)
