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
    """Nobody writes a figure by hand: `python -m tests.benchmarks.pages` writes the tables."""
    assert PAGES[path](history.read()) in path.read_text(encoding="utf-8")


def test_the_readme_has_five_rows() -> None:
    """Each comparison that it names is measured."""
    assert len(re.findall("^[|] ", summary_table(history.read()), re.MULTILINE)) == 2 + 5


def test_every_benchmark_has_kept_figures() -> None:
    """What is measured has a history."""
    kept = {row["benchmark"] for _, row in history.latest(history.read())}
    assert kept == set(BENCHMARKS)


def test_a_kept_row_says_what_was_aimed_at_and_whether_it_was_met() -> None:
    """Ratio, goal and the answer stand in the file, not in the reader's head."""
    (row,) = _run("a", Row("cold", "ms", 30, 100, "by hand", goal=0.25))["rows"]
    assert row == {
        "benchmark": "sizes",
        "name": "cold",
        "unit": "ms",
        "ours": 30.0,
        "theirs": 100.0,
        "against": "by hand",
        "ratio": 0.3,
        "goal": 0.25,
        "met": False,
    }


def test_a_run_says_when_of_what_and_where_it_was() -> None:
    """Date, commit, Python and processor."""
    run = history.record({})
    assert list(run) == ["date", "commit", "python", "machine", "rows"]
    assert all(run[name] for name in ("date", "commit", "python", "machine"))


def test_what_is_written_is_read_again_and_has_a_line_for_each_row(tmp_path: Path) -> None:
    """A diff shows which figure came."""
    runs = [_run("a", Row("zipped", "MB", 6)), _run("b", Row("zipped", "MB", 5), Row("unzipped", "MB", 15))]
    path = tmp_path / "benchmarks.json"
    history.write(runs, path)
    assert history.read(path) == runs
    assert sum('"ours"' in line for line in path.read_text(encoding="utf-8").splitlines()) == 3


def test_a_run_of_one_benchmark_leaves_the_others_figures() -> None:
    """The last run of each counts."""
    runs = [_run("a", Row("a", "s", 1), benchmark="s3"), _run("b", Row("b", "s", 1)), _run("c", Row("b", "s", 2))]
    found = [(run["commit"], row["name"], row["ours"]) for run, row in history.latest(runs)]
    assert found == [("a", "a", 1.0), ("c", "b", 2.0)]


def test_a_missed_goal_is_shown_as_missed() -> None:
    """The table says no where it is no, and nothing where there is no goal."""
    rows = (Row("small", "MB", 5, ceiling=6), Row("fast", "s", 2, 3, "theirs", goal=0.5), Row("new", "s", 1))
    text = full_table([_run("a", *rows)])
    assert "1 of 2 goals are met" in text
    assert "### `./build.sh bench sizes`" in text
    assert "| small | 5 MB |  |  | 6 MB | yes |" in text
    assert "| fast | 2 s | theirs: 3 s | 0.67 | 0.50 | **no** |" in text
    assert "| new | 1 s |  |  |  |  |" in text


@pytest.mark.parametrize("arguments", [["--quick", "--save"], ["nothing"], ["--counts"], ["sizes", "--counts"]])
def test_what_makes_no_sense_is_refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Before anything is measured, in one line."""
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert "./build.sh bench: error: " in capsys.readouterr().err
