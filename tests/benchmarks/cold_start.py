"""A function's cold start: the layer beside the same handler written by hand, and beside an empty one.

Instructions are counted by callgrind and repeat to the digit; milliseconds are medians of alternating runs, under
Lambda's runtime client alone, and under the runtime emulator for INIT.
"""

from __future__ import annotations

import os
import re
import shutil
import statistics
import tempfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.benchmarks.packages import FUNCTIONS, function_folder, layer_folder, runtime_folder
from tests.benchmarks.rows import Note, Row, medians
from tests.benchmarks.runtime import ColdStart, Function, cold_start, count_instructions
from tests.benchmarks.world import ACCOUNT_SID, AUTH_TOKEN, PUBLIC_URL, webhook_event, world
from tests.support.lambda_emulator import running_function, unavailable_reason
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["N_PYC", "PARTS", "PRIMED", "N", "compiled_at_run_time", "functions", "run", "shared_function"]

N = "by hand"
"""As `sam build` leaves it: boto3 in, no bytecode."""

N_PYC = "by hand, bytecode"
"""With bytecode that is never checked, and the runtime's boto3."""

LAZY = "ours"
PRIMED = "ours, primed"
EMPTY = "empty"

PARTS = "twilio,lookup,s3"
"""What the primed function primes."""

# What INIT and the first call took together: the emulator begins INIT when it is first invoked.
_REPORT = re.compile(r"Init Duration: [0-9.]+ ms\s+Duration: ([0-9.]+) ms")

ROUNDS = 9
QUICK_ROUNDS = 3

# The function's own module, with a look at what is compiled while it is imported and answers.
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
    answer = app.handler(event, context)
    return {"answer": answer, "compiled": compiled}
"""


def shared_function(url: str, python: Path, runtime: Path, **variables: str) -> Function:
    """Give the handler that is written with the layer.

    Parameters
    ----------
    url
        Of its world.
    python
        `/opt/python`.
    runtime
        The runtime's own packages.
    **variables
        More of its environment.
    """
    name = PRIMED if "PRIME" in variables else LAZY
    return Function(name, FUNCTIONS / "shared", [python, runtime], _environment(url) | variables)


@contextmanager
def functions() -> Iterator[tuple[dict[str, Function], str]]:
    """Serve the functions' world for a block; gives the functions by name, and the world's URL."""
    runtime, python = runtime_folder(), layer_folder() / "python"
    with world() as url:
        environment = _environment(url)
        every = [
            Function(N, function_folder("by_hand", boto3=True, bytecode=False), [runtime], environment),
            Function(N_PYC, function_folder("by_hand", boto3=False, bytecode=True), [runtime], environment),
            shared_function(url, python, runtime),
            shared_function(url, python, runtime, PRIME=PARTS),
            Function(EMPTY, FUNCTIONS / "empty", [runtime], environment),
        ]
        yield {function.name: function for function in every}, url


def _environment(url: str) -> dict[str, str]:
    return {
        "S3_BUCKET_NAME": "notes",
        "CUSTOMER_LOOKUP_URL": f"{url}/lookup",
        "CUSTOMER_LOOKUP_AUTH": "iam",
        "TWILIO_ACCOUNT_SID": ACCOUNT_SID,
        "TWILIO_AUTH_TOKEN": AUTH_TOKEN,
        "TWILIO_PUBLIC_BASE_URL": PUBLIC_URL,
        "TWILIO_API_BASE_URL": url,
        "AWS_ENDPOINT_URL_S3": url,
    }


def run(*, quick: bool, note: Note) -> list[Row]:
    """Measure INIT and the first webhook, with a voice note and with text only."""
    with functions() as (every, url):
        voice, text = (webhook_event(url, media=media) for media in (True, False))
        for function in every.values():  # the first start reads files that later ones find in memory
            _answered(cold_start(function, voice), function)
        rows = []
        if quick:
            note("instructions were not counted: --quick leaves them out")
        elif shutil.which("valgrind") is None:
            note("instructions were not counted: valgrind is not installed")
        else:
            rows += _instructions(every, voice, text)
        rows += _milliseconds(every, voice, text, QUICK_ROUNDS if quick else ROUNDS)
        rows += _emulator(every, voice, QUICK_ROUNDS if quick else ROUNDS, note)
        compiled = compiled_at_run_time(every[LAZY], voice)
    for path in compiled:
        note(f"compiled at run time: {path}")
    rows.append(Row("modules of the layer compiled at run time", "modules", len(compiled), ceiling=0))
    return rows


def compiled_at_run_time(function: Function, event: Any) -> list[str]:
    """Give the layer's modules that are compiled from source while the function starts and answers."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "watched.py").write_text(_WATCHED, encoding="utf-8")
        paths = [function.task, *function.paths]
        watched = Function(function.name, Path(folder), paths, function.environment, "watched.handler")
        compiled: list[str] = cold_start(watched, event).answer["compiled"]
    layer = str(function.paths[0])
    return [path for path in compiled if path.startswith(layer)]


def _instructions(every: dict[str, Function], voice: Any, text: Any) -> list[Row]:
    runs = [(name, event, False) for name in (N, N_PYC, LAZY, PRIMED) for event in ("voice", "text")]
    runs += [(name, "voice", True) for name in (N, N_PYC, LAZY, PRIMED)]
    runs.append((EMPTY, "voice", False))
    events = {"voice": voice, "text": text}

    def count(one: tuple[str, str, bool]) -> float:
        name, event, init_only = one
        return count_instructions(every[name], events[event], init_only=init_only) / 1e6

    # Counts are the same whatever else runs, so they may run beside one another.
    with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
        found = dict(zip(runs, pool.map(count, runs), strict=True))

    def row(name: str, ours: str, theirs: str, event: str, *, init: bool = False, goal: float | None = None) -> Row:
        return Row(name, "M instr", found[ours, event, init], found[theirs, event, init], theirs, goal)

    return [
        row("cold start, voice note", LAZY, N, "voice", goal=0.17),
        row("cold start, voice note", LAZY, N_PYC, "voice", goal=0.56),
        row("cold start, voice note, primed", PRIMED, N, "voice", goal=0.25),
        row("cold start, text only", LAZY, N, "text", goal=0.12),
        row("cold start, text only", LAZY, N_PYC, "text"),
        row("cold start, text only, primed", PRIMED, N, "text"),
        row("INIT", LAZY, N, "voice", init=True, goal=0.10),
        row("INIT", LAZY, N_PYC, "voice", init=True),
        row("INIT, primed", PRIMED, N, "voice", init=True),
        Row("cold start of an empty function", "M instr", found[EMPTY, "voice", False]),
    ]


def _milliseconds(every: dict[str, Function], voice: Any, text: Any, rounds: int) -> list[Row]:
    """Measure whole cold starts, INIT and first calls from the same runs."""
    wanted = [(name, event) for event in ("voice", "text") for name in every]
    events = {"voice": voice, "text": text}
    parts: dict[tuple[str, str], list[ColdStart]] = {one: [] for one in wanted}

    def starting(name: str, event: str) -> Callable[[], float]:
        def start() -> float:
            started = cold_start(every[name], events[event])
            parts[name, event].append(started)
            return (started.init + started.first_call) * 1000

        return start

    whole = dict(zip(wanted, medians(*(starting(*one) for one in wanted), rounds=rounds), strict=True))

    def part(which: str) -> dict[tuple[str, str], float]:
        return {one: statistics.median(getattr(start, which) * 1000 for start in parts[one]) for one in wanted}

    init, first_call = part("init"), part("first_call")

    def row(name: str, found: Any, ours: str, theirs: str, event: str = "voice") -> Row:
        return Row(name, "ms", found[ours, event], found[theirs, event], theirs)

    return [
        row("cold start, voice note", whole, LAZY, N),
        row("cold start, voice note", whole, LAZY, N_PYC),
        row("cold start, voice note, primed", whole, PRIMED, N),
        row("cold start, text only", whole, LAZY, N, "text"),
        row("cold start, text only", whole, LAZY, N_PYC, "text"),
        row("INIT", init, LAZY, N),
        row("INIT, primed", init, PRIMED, N),
        row("first call, voice note", first_call, LAZY, N),
        row("first call, voice note, primed", first_call, PRIMED, N),
        Row("cold start of an empty function", "ms", whole[EMPTY, "voice"]),
    ]


def _emulator(every: dict[str, Function], voice: Any, rounds: int, note: Note) -> list[Row]:
    reason = unavailable_reason()
    if reason is not None:
        note(f"nothing was measured under the emulator: {reason}")
        return []
    inits: dict[str, list[float]] = {name: [] for name in every}

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

    whole = dict(zip(every, medians(*(starting(one) for one in every.values()), rounds=rounds), strict=True))
    init = {name: statistics.median(found) for name, found in inits.items()}
    return [
        Row("cold start, voice note, emulator", "ms", whole[LAZY], whole[N], N, goal=0.25),
        Row("cold start, voice note, emulator", "ms", whole[LAZY], whole[N_PYC], N_PYC, goal=0.65),
        Row("cold start, voice note, primed, emulator", "ms", whole[PRIMED], whole[N], N, goal=0.25),
        Row("INIT, emulator", "ms", init[LAZY], init[N], N, goal=0.10),
        Row("INIT, emulator", "ms", init[LAZY], init[N_PYC], N_PYC),
        Row("INIT, primed, emulator", "ms", init[PRIMED], init[N], N),
        Row("cold start of an empty function, emulator", "ms", whole[EMPTY]),
    ]


def _answered(start: ColdStart, function: Function) -> None:
    expected = 204 if function.name == EMPTY else 200
    if start.answer.get("statusCode") != expected:
        msg = f"{function.name} did not answer {expected}: {start.answer}"
        raise RuntimeError(msg)
