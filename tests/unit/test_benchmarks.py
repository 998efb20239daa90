"""The stored figures of the benchmarks, and the tables that are generated from them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.benchmarks import history
from tests.benchmarks.__main__ import main
from tests.benchmarks.catalogue import BENCHMARKS
from tests.benchmarks.pages import PAGES, full_table, summary_table
from tests.benchmarks.rows import Row

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.unit


def _run(commit: str, *rows: Row, benchmark: str = "sizes") -> dict[str, Any]:
    return {**history.record({benchmark: rows}), "commit": commit}


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_a_pages_table_is_that_of_the_stored_figures(path: Path) -> None:
    """The table of each page is the one that `python -m tests.benchmarks.pages` generates."""
    assert PAGES[path](history.read()) in path.read_text(encoding="utf-8")


def test_the_readme_has_five_rows() -> None:
    """The summary table has five rows."""
    assert len(re.findall("^[|] ", summary_table(history.read()), re.MULTILINE)) == 2 + 5


def test_every_benchmark_has_stored_figures() -> None:
    """The history contains figures of every benchmark."""
    stored = {row["benchmark"] for _, row in history.latest(history.read())}
    assert stored == set(BENCHMARKS)


def test_a_stored_row_has_its_goal_and_whether_it_was_met() -> None:
    """A stored row contains the ratio, the goal and whether it was met."""
    (row,) = _run("a", Row("cold", "ms", 30, 100, "by hand", goal=0.25))["rows"]
    assert row == {
        "benchmark": "sizes",
        "name": "cold",
        "unit": "ms",
        "layer": 30.0,
        "baseline": 100.0,
        "against": "by hand",
        "ratio": 0.3,
        "goal": 0.25,
        "met": False,
    }


def test_a_run_records_its_environment() -> None:
    """A run records the date, the commit, the Python version and the machine."""
    run = history.record({})
    assert list(run) == ["date", "commit", "python", "machine", "rows"]
    assert all(run[name] for name in ("date", "commit", "python", "machine"))


def test_written_runs_can_be_read_and_have_a_line_for_each_row(tmp_path: Path) -> None:
    """Written runs are read unchanged, and each row has its own line in the file, for readable diffs."""
    runs = [_run("a", Row("zipped", "MB", 6)), _run("b", Row("zipped", "MB", 5), Row("unzipped", "MB", 15))]
    path = tmp_path / "benchmarks.json"
    history.write(runs, path)
    assert history.read(path) == runs
    assert sum('"layer"' in line for line in path.read_text(encoding="utf-8").splitlines()) == 3


def test_a_run_of_one_benchmark_leaves_the_others_figures() -> None:
    """The latest figures of a benchmark come from its own last run."""
    runs = [_run("a", Row("a", "s", 1), benchmark="s3"), _run("b", Row("b", "s", 1)), _run("c", Row("b", "s", 2))]
    found = [(run["commit"], row["name"], row["layer"]) for run, row in history.latest(runs)]
    assert found == [("a", "a", 1.0), ("c", "b", 2.0)]


def test_a_missed_goal_is_shown_as_missed() -> None:
    """The table shows "no" for a missed goal, and nothing without a goal."""
    rows = (Row("small", "MB", 5, ceiling=6), Row("fast", "s", 2, 3, "baseline", goal=0.5), Row("new", "s", 1))
    text = full_table([_run("a", *rows)])
    assert "1 of 2 goals are met" in text
    assert "### `./build.sh bench sizes`" in text
    assert "| small | 5 MB |  |  | 6 MB | yes |" in text
    assert "| fast | 2 s | baseline: 3 s | 0.67 | 0.50 | **no** |" in text
    assert "| new | 1 s |  |  |  |  |" in text


@pytest.mark.parametrize("arguments", [["--quick", "--save"], ["nothing"], ["--counts"], ["sizes", "--counts"]])
def test_invalid_arguments_are_rejected(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Invalid arguments are rejected with one line before anything is measured."""
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert "./build.sh bench: error: " in capsys.readouterr().err
