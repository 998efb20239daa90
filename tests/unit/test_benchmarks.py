"""The kept figures of the benchmarks, and the README's table that is made of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.benchmarks import history
from tests.benchmarks.__main__ import main
from tests.benchmarks.catalogue import BENCHMARKS
from tests.benchmarks.readme import README, section
from tests.benchmarks.rows import Row

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.unit


def _run(commit: str, *rows: Row, benchmark: str = "sizes") -> dict[str, Any]:
    return {**history.record({benchmark: rows}), "commit": commit}


def test_the_readmes_table_is_that_of_the_kept_figures() -> None:
    """Nobody writes a figure by hand: `python -m tests.benchmarks.readme` writes the table."""
    assert section(history.read()) in README.read_text(encoding="utf-8")


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
    """The table says no where it is no."""
    text = section([_run("a", Row("small", "MB", 5, ceiling=6), Row("fast", "s", 2, 3, "theirs", goal=0.5))])
    assert "**1 of 2 goals are met**" in text
    assert "| small |  | 6 MB | 5 MB | yes | `./build.sh bench sizes` |" in text
    assert "| fast | theirs | 0.50 | 0.667 (2 / 3 s) | **no** | `./build.sh bench sizes` |" in text


@pytest.mark.parametrize("arguments", [["--quick", "--save"], ["nothing"]])
def test_what_makes_no_sense_is_refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Before anything is measured, in one line."""
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert "./build.sh bench: error: " in capsys.readouterr().err
