"""The report's parts, without a browser: areas, frames, lines of history, and the command."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layer import targets
from layer.__main__ import main
from layer.build import Options, find_zip
from layer.import_times import Import
from layer.report.flame import axis_end, flame_chart
from layer.report.ratios import bar, sparkline
from layer.report.squarify import Rectangle, squarify
from layer.report.starts import Start, typical
from layer.report.treemap import FORMATS, treemap
from layer.report.weights import File, Package

if TYPE_CHECKING:
    from layer.build import Built

pytestmark = pytest.mark.layer

SIZES = st.lists(st.integers(1, 10**7), min_size=1, max_size=60).map(lambda sizes: sorted(sizes, reverse=True))


@given(SIZES, st.integers(10, 2000), st.integers(10, 2000))
def test_rectangles_have_the_areas_of_the_numbers_and_fill_the_whole(sizes: list[int], width: int, height: int) -> None:
    """Each has its share, none lies outside, and no two overlap."""
    whole = Rectangle(0, 0, width, height)
    found = squarify(sizes, whole)
    for size, one in zip(sizes, found, strict=True):
        assert one.area / whole.area == pytest.approx(size / sum(sizes), rel=1e-6)
        assert one.x >= -1e-6
        assert one.y >= -1e-6
        assert one.x + one.width <= width * (1 + 1e-6)
        assert one.y + one.height <= height * (1 + 1e-6)
    for index, one in enumerate(found):
        for other in found[index + 1 :]:
            across = min(one.x + one.width, other.x + other.width) - max(one.x, other.x)
            down = min(one.y + one.height, other.y + other.height) - max(one.y, other.y)
            assert min(across, down) <= 1e-6 * max(width, height)


def test_equal_numbers_in_a_square_give_squares() -> None:
    """Which is what the algorithm is for."""
    found = squarify([1] * 9, Rectangle(0, 0, 90, 90))
    assert [(round(one.width), round(one.height)) for one in found] == [(30, 30)] * 9


@pytest.mark.parametrize("form", FORMATS)
def test_a_name_that_looks_like_markup_is_only_a_name(form: str) -> None:
    """Whatever a file is called, it is text."""
    text = treemap([Package("<b>", (File("<script>&", "data", 10**6),))], form)
    assert "<script>" not in text
    assert "<b>" not in text
    assert "&lt;script&gt;&amp;" in text


def test_small_files_are_drawn_together_and_nothing_is_lost() -> None:
    """One rectangle for each kind of them, with all of their bytes."""
    files = [File(f"{number}.py", "source", 3) for number in range(50)] + [File("big.py", "source", 1000)]
    shown = Package("one", tuple(files)).without_small(10)
    assert [(file.name, file.size) for file in shown.files] == [("big.py", 1000), ("50 small files", 150)]


def _start(*, init: list[Import], first_call: list[Import]) -> Start:
    return Start("as it is", {"runtime": [Import("encodings", 10_000, 10_000)], "init": init, "first call": first_call})


def test_frames_are_as_wide_as_their_time_and_lie_below_what_imported_them() -> None:
    """Phases follow one another; an import begins where the one before it ended."""
    child = Import("json", 20_000, 20_000)
    start = _start(init=[Import("app", 10_000, 30_000, [child])], first_call=[Import("ssl", 60_000, 60_000)])
    assert axis_end([start]) == pytest.approx(101)
    chart = flame_chart("one", "A start", start, 100.0)
    frames = re.findall(r'data-name="([^"]+)">.*?x="([\d.]+)%" y="(\d+)" width="([\d.]+)%"', chart, re.DOTALL)
    places = {name: (float(x), int(y), float(width)) for name, x, y, width in frames}
    assert places["app"][::2] == (10, 30)
    assert places["json"][::2] == (10, 20)
    assert places["ssl"][::2] == (40, 60)
    assert places["json"][1] > places["app"][1] == places["ssl"][1]
    assert "INIT 30 ms; first call 60 ms" in chart


def test_a_package_has_the_time_of_its_own_modules() -> None:
    """What it imports from others is theirs."""
    start = _start(
        init=[Import("a.b", 1000, 4000, [Import("c", 1000, 3000, [Import("a", 2000, 2000)])])], first_call=[]
    )
    assert start.by_package("init", "first call") == {"a": 3.0, "c": 1.0}


def test_a_typical_start_has_the_median_of_every_import() -> None:
    """One slow start changes nothing."""
    starts = [[Import("a", own, own + 5, [Import("b", 5, 5)])] for own in (10, 12, 9000)]
    (one,) = typical(starts)
    assert (one.own, one.total, one.children[0].own) == (12, 17, 5)


def _rows(*ratios: float) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    run = {"date": "2026-01-02T03:04:05+00:00", "commit": "abc"}
    return [(run, {"ours": ratio, "theirs": 1, "ratio": ratio, "goal": 0.5, "met": ratio <= 0.5}) for ratio in ratios]


def test_a_line_of_history_falls_where_figures_fall() -> None:
    """A point for each run, from left to right; lower is less. The last point says whether the goal is met."""
    drawn = sparkline(_rows(0.9, 0.7, 0.4))
    (points,) = re.findall(r'points="([^"]+)"', drawn)
    xs, ys = zip(*(map(float, point.split(",")) for point in points.split()), strict=True)
    assert list(xs) == sorted(xs)
    assert list(ys) == sorted(ys)
    assert '<circle class="met"' in drawn
    assert "2026-01-02 (abc): 0.9; 2026-01-02 (abc): 0.7; 2026-01-02 (abc): 0.4" in drawn


def test_one_run_is_a_point_and_no_line() -> None:
    """A history begins somewhere."""
    drawn = sparkline(_rows(0.9))
    assert "polyline" not in drawn
    assert '<circle class="missed"' in drawn


def test_a_bar_has_the_share_and_the_goal() -> None:
    """A ceiling beside a figure of theirs is a goal too; where there is neither there is no bar."""
    assert 'class="bar met" width="40.0"' in bar({"ours": 4, "theirs": 10, "ratio": 0.4, "goal": 0.5, "met": True})
    ceiling = bar({"ours": 8, "theirs": 10, "ratio": 0.8, "ceiling": 6, "met": False})
    assert 'class="bar missed" width="80.0"' in ceiling
    assert 'x1="60.0"' in ceiling
    assert bar({"ours": 132}) == ""


def test_a_zip_is_found_only_where_it_is_what_would_be_built(built: Built, tmp_path: Path) -> None:
    """Not one of another kind, and not one that somebody has touched."""
    local = targets.parse("local")
    archive = Path(built.path)
    for path in (archive, archive.with_suffix(".json")):
        shutil.copy(path, tmp_path)
    found = find_zip(local, Options(strict=True), tmp_path)
    assert found is not None
    assert (found.sha256, found.path) == (built.sha256, str(tmp_path / archive.name))
    assert find_zip(local, Options(strict=True, bundle_boto3=True), tmp_path) is None
    assert find_zip(targets.DEFAULT, Options(strict=True), tmp_path) is None
    with (tmp_path / archive.name).open("ab") as file:
        file.write(b"more")
    assert find_zip(local, Options(strict=True), tmp_path) is None


def test_the_command_writes_the_page_and_prints_its_gist(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`./build.sh report` leaves one file, and says where."""
    assert main(["report", "--rounds", "1", "--output", str(tmp_path / "here" / "page.html")]) == 0
    printed = capsys.readouterr()
    assert printed.out.strip().endswith("page.html")
    assert "goals met" in printed.err
    assert "pydantic" in printed.err
    text = (tmp_path / "here" / "page.html").read_text(encoding="utf-8")
    assert text.startswith("<!doctype html>")
    assert not re.search(r"""(?:src|href|url\()\s*=?\s*["']?(?!data:)[a-z]+://""", text)
