"""A service of three routes by `create_service`, compared with Powertools alone and with FastAPI under Mangum.

All have bytecode, plain functions as routes (what services call, such as boto3, blocks), and the same log line and
metrics for each request. `create_service` has a span for each request as well; so has Powertools with its Tracer. Cold
is what INIT and the first POST take, in instructions; warm is a further POST, each function in a process of its own.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.benchmarks.packages import layer_folder, packages_folder, runtime_folder, source_folder
from tests.benchmarks.rows import Note, Row, medians
from tests.benchmarks.runtime import Function, count_instructions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

__all__ = ["run"]

LAYER, POWERTOOLS, TRACED, FASTAPI = "create_service", "Powertools", "Powertools with Tracer", "FastAPI with Mangum"

_NOT_SAMPLED = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=0"

ROUNDS = 61
QUICK_ROUNDS = 15
CALLS = 100

_PROGRAM = """
import json, os, sys, time

results = os.fdopen(os.dup(1), "w")
os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # discard the log
handler = __import__(sys.argv[1]).handler

class Context:
    function_name = "subject-service"
    memory_limit_in_mb = 512
    invoked_function_arn = "arn:aws:lambda:us-east-1:123456789012:function:subject-service"
    aws_request_id = "8476a536-e9f4-11e8-9739-2dfe598c3fcd"
    def get_remaining_time_in_millis(self):
        return 30000

event, context = json.loads(sys.stdin.readline()), Context()
print(json.dumps(handler(event, context)), file=results, flush=True)
for line in sys.stdin:
    begin = time.perf_counter()
    for _ in range(int(line)):
        handler(event, context)
    print((time.perf_counter() - begin) / int(line) * 1e6, file=results, flush=True)
"""


def run(*, quick: bool, note: Note) -> list[Row]:
    """Measure a POST, cold and warm."""
    functions = _functions()
    rows = []
    if quick:
        note("instructions were not counted: --quick leaves them out")
    elif shutil.which("valgrind") is None:
        note("instructions were not counted: valgrind is not installed")
    else:
        with ThreadPoolExecutor(2) as pool:
            counts = list(pool.map(lambda function: count_instructions(function, post_event()) / 1e6, functions))
        rows += _rows("service, cold start with a POST", "M instr", counts, {TRACED: 0.75, FASTAPI: 0.62})
    with ExitStack() as stack:
        posts = [stack.enter_context(_serving(function)) for function in functions]
        for post in posts:
            post()  # the first round warms up
        figures = medians(*posts, rounds=QUICK_ROUNDS if quick else ROUNDS)
    return rows + _rows("service, warm POST", "us", figures, {POWERTOOLS: 2.0, FASTAPI: 0.25})


def post_event() -> dict[str, Any]:
    """Create the event of a POST as API Gateway's HTTP API delivers it."""
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": "/subjects",
        "rawQueryString": "",
        "headers": {"host": "api.example.com", "content-type": "application/json", "accept": "*/*"},
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "api",
            "domainName": "api.example.com",
            "http": {
                "method": "POST",
                "path": "/subjects",
                "protocol": "HTTP/1.1",
                "sourceIp": "127.0.0.1",
                "userAgent": "test",
            },
            "requestId": "b7c1e9f2-0000-4000-8000-000000000000",
            "stage": "$default",
            "timeEpoch": 1_700_000_000_000,
        },
        "body": json.dumps({"name": "Physics", "level": 7, "tags": ["science", "evening"]}),
        "isBase64Encoded": False,
    }


def _functions() -> list[Function]:
    runtime, packages = runtime_folder(), packages_folder("bench-service")
    environment = {"POWERTOOLS_METRICS_NAMESPACE": "ai-voice"}
    layer = Function(LAYER, source_folder("service_layer"), [layer_folder() / "python", runtime], environment)
    powertools = Function(POWERTOOLS, source_folder("service_powertools"), [packages, runtime], environment)
    traced = replace(
        powertools,
        name=TRACED,
        paths=[source_folder("service_traced"), *powertools.paths],
        handler="traced.handler",
    )
    return [layer, powertools, traced, replace(powertools, name=FASTAPI, task=source_folder("service_fastapi"))]


@contextmanager
def _serving(function: Function) -> Iterator[Callable[[], float]]:
    """Run a function in a separate process, and yield a callable that returns the microseconds of a POST."""
    process = subprocess.Popen(
        [
            str(Path(sys.base_prefix) / "bin" / "python3"),
            "-S",
            "-s",
            "-c",
            _PROGRAM,
            function.handler.partition(".")[0],
        ],
        env=function.variables("127.0.0.1:1") | {"_X_AMZN_TRACE_ID": _NOT_SAMPLED},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdin
        assert process.stdout
        stdin, stdout = process.stdin, process.stdout

        def ask(line: str) -> Any:
            stdin.write(f"{line}\n")
            stdin.flush()
            return json.loads(stdout.readline() or "null")

        response = ask(json.dumps(post_event())) or {}
        if response.get("statusCode") != 201 or json.loads(response["body"])["subject_id"] != "2":
            msg = f"{function.name} did not create the subject: {response}"
            raise RuntimeError(msg)
        yield lambda: float(ask(str(CALLS)))
        stdin.close()


def _rows(name: str, unit: str, figures: list[float], goals: Mapping[str, float]) -> list[Row]:
    layer, *others = figures
    return [
        Row(name, unit, layer, figure, against, goals.get(against))
        for against, figure in zip((POWERTOOLS, TRACED, FASTAPI), others, strict=True)
    ]
