"""The command line behind build.sh."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from layer import targets
from layer.build import Built, Options, build_tree, build_zip
from layer.requirements import LAYERS
from layer.tools import PROJECT, BuildError

if TYPE_CHECKING:
    from collections.abc import Sequence

console = Console(stderr=True)

EPILOG = """\
./build.sh                       the core layer for the default target, into dist/
./build.sh layer --all           every Python and architecture
./build.sh layer --layer extras  the third-party packages of the extras
./build.sh demo                  a voice note through the whole stack, on the local AWS emulator
./build.sh test [pytest options] every test that can run on this machine
./build.sh bench [names]         the layer compared with a baseline; see --help
./build.sh bench --save          the same, stored in docs/benchmarks.json and docs/benchmarks.md
./build.sh report                the layer report: bytes, imports, targets and benchmarks in one HTML page
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command, and return the exit status."""
    parser = _parser()
    given = list(sys.argv[1:] if arguments is None else arguments)
    if not given or (given[0].startswith("-") and given[0] not in {"-h", "--help"}):
        given.insert(0, "layer")
    options, rest = parser.parse_known_args(given)
    if rest and options.command not in {"test", "bench"}:
        parser.error(f"unknown arguments: {' '.join(rest)}")
    try:
        status: int = options.run(options, rest)
    except BuildError as error:
        console.print(f"[bold red]failed:[/] {escape(str(error))}")
        return 1
    except KeyboardInterrupt:
        console.print("[bold red]interrupted[/]")
        return 130
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="./build.sh", description=__doc__, epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    build = commands.add_parser("layer", help="build layer zips into dist/ (the default)")
    _add_build_options(build)
    build.add_argument("--all", action="store_true", help="every Python and architecture")
    build.add_argument("--dist", type=Path, default=PROJECT / "dist", help="the folder for the zips")
    build.set_defaults(run=_layer)
    artifact = commands.add_parser("artifact", help="build a layer's tree into a folder; called by sam build")
    _add_build_options(artifact)
    artifact.add_argument("--into", type=Path, required=True)
    artifact.set_defaults(run=_artifact)
    commands.add_parser("demo", help="a voice note through the whole stack, on the local AWS emulator").set_defaults(
        run=_demo
    )
    commands.add_parser("test", help="every test that can run on this machine").set_defaults(run=_test)
    commands.add_parser("bench", help="the layer compared with a baseline", add_help=False).set_defaults(run=_bench)
    report = commands.add_parser("report", help="write the layer report, one HTML page")
    report.add_argument(
        "--all", action="store_true", help="build every target first, so that the table has all of them"
    )
    report.add_argument("--rounds", type=int, default=7, help="cold starts to take the median of (%(default)s)")
    report.add_argument("--dist", type=Path, default=PROJECT / "dist", help="the folder of the zips")
    report.add_argument(
        "--output", type=Path, metavar="FILE", help="the page; by default report.html in the folder of the zips"
    )
    report.set_defaults(run=_report)
    return parser


def _add_build_options(parser: argparse.ArgumentParser) -> None:
    default = os.environ.get("AI_VOICE_LAYER_TARGET") or targets.DEFAULT.name
    parser.add_argument("--layer", choices=LAYERS, default="core")
    parser.add_argument(
        "--target", default=default, help="local, or for example python3.13-x86_64 (AI_VOICE_LAYER_TARGET; %(default)s)"
    )
    parser.add_argument(
        "--bundle-boto3", action="store_true", help="include the locked boto3 in place of the runtime's"
    )
    parser.add_argument(
        "--boto3-services", default="", metavar="S3,LAMBDA", help="with --bundle-boto3: the data of these services only"
    )
    parser.add_argument("--strict", action="store_true", help="fail if something would have to be left out")


def _options(given: argparse.Namespace) -> Options:
    services = tuple(sorted(name.strip() for name in given.boto3_services.split(",") if name.strip()))
    if services and not given.bundle_boto3:
        msg = "--boto3-services needs --bundle-boto3"
        raise BuildError(msg)
    return Options(given.layer, given.bundle_boto3, services, given.strict)


def _layer(given: argparse.Namespace, _: Sequence[str]) -> int:
    wanted = targets.ALL if given.all else (targets.parse(given.target),)
    options = _options(given)
    begin = time.perf_counter()
    with console.status(f"building the {options.layer} layer for {len(wanted)} target(s)"):
        workers = min(len(wanted), os.cpu_count() or 1)
        with ThreadPoolExecutor(workers) as pool:
            built = list(pool.map(lambda target: build_zip(target, options, given.dist), wanted))
    _show(built)
    console.print(f"{time.perf_counter() - begin:.1f} s")
    return 0


def _show(built: Sequence[Built]) -> None:
    table = Table("target", "files", "zipped", "unzipped", "SHA-256")
    for layer in built:
        sizes = (f"{layer.zipped / 1e6:.2f} MB", f"{layer.unzipped / 1e6:.2f} MB")
        table.add_row(layer.target, str(layer.files), *sizes, layer.sha256)
    Console(width=max(140, Console().width)).print(table)
    for layer in built:
        print(Path(os.path.relpath(layer.path)))
        for note in layer.notes:
            console.print(f"[yellow]{layer.target}: {escape(note)}[/]")


def _artifact(given: argparse.Namespace, _: Sequence[str]) -> int:
    target = targets.parse(given.target)
    for note in build_tree(target, _options(given), given.into):
        console.print(f"[yellow]{target.name}: {escape(note)}[/]")
    return 0


def _demo(_: argparse.Namespace, __: Sequence[str]) -> int:
    from tests.e2e.demo import main as demo

    status = demo()
    return int(status or 0)


def _bench(_: argparse.Namespace, options: Sequence[str]) -> int:
    from tests.benchmarks.__main__ import main as bench

    return bench(options)


def _report(given: argparse.Namespace, _: Sequence[str]) -> int:
    from layer.report.content import collect
    from layer.report.page import page
    from layer.report.terminal import print_summary

    if given.all:
        with console.status("building every target"), ThreadPoolExecutor(os.cpu_count() or 1) as pool:
            list(pool.map(lambda target: build_zip(target, Options(), given.dist), targets.ALL))
    with console.status("building and starting the layer"):
        content = collect(given.dist, rounds=max(1, given.rounds))
    path = given.output or given.dist / "report.html"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page(content), encoding="utf-8")
    print_summary(content, console)
    print(Path(os.path.relpath(path)))
    return 0


def _test(_: argparse.Namespace, options: Sequence[str]) -> int:
    pytest = [sys.executable, "-m", "pytest"]
    if options:
        return subprocess.run([*pytest, *options], cwd=PROJECT, check=False).returncode
    workers = str(max(2, os.cpu_count() or 2))
    # The end-to-end tests share one stack, so they run one at a time.
    steps = {
        "unit tests, layer tests and examples": ["-m", "not e2e and not docker", "-n", workers],
        "end-to-end tests": ["-m", "e2e or docker", "tests/e2e"],
    }
    worst = 0
    for name, arguments in steps.items():
        console.rule(name)
        status = subprocess.run([*pytest, *arguments], cwd=PROJECT, check=False).returncode
        if status:
            console.print(f"[bold red]failed:[/] {name} (pytest's status {status})")
        worst = max(worst, status)
    return worst


if __name__ == "__main__":
    os.environ.setdefault("SAM_CLI_TELEMETRY", "0")
    sys.exit(main())
