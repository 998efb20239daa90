"""The parts of the layer report, without a browser: charts, tables, and the command."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from plotly.offline import get_plotlyjs

from layer import targets
from layer.__main__ import main
from layer.build import Options, find_zip
from layer.import_times import Import
from layer.report.content import ColdStart
from layer.report.page import bars, icicle, treemap
from layer.report.tables import outcome

if TYPE_CHECKING:
    from layer.build import Built

pytestmark = pytest.mark.layer


def test_a_name_that_looks_like_markup_is_only_a_name() -> None:
    """A file name that looks like markup is shown as text."""
    (chart,) = treemap([("<b>", "data", "<script>&", 10**6)])["data"]
    assert [*chart["labels"]] == ["All packages", "&lt;b&gt;", "data", "&lt;script&gt;&amp;"]


def test_a_package_has_the_bytes_of_its_files() -> None:
    """In the treemap packages contain kinds and kinds contain files, and each has the sum of its content."""
    (chart,) = treemap([("a", "source", "a/x.py", 3), ("a", "source", "a/y.py", 4), ("b", "data", "b/z", 5)])["data"]
    sizes = dict(zip(chart["ids"], chart["values"], strict=True))
    assert (sizes["layer"], sizes["a"], sizes["a/source"], sizes["a/source/a/x.py"], sizes["b"]) == (12, 7, 7, 3, 5)


def _start(*, init: list[Import], first_call: list[Import]) -> ColdStart:
    imports = {"runtime": [Import("encodings", 10_000, 10_000)], "init": init, "first call": first_call}
    return ColdStart("unprimed", imports)


def test_an_import_has_its_time_and_that_of_what_it_imported() -> None:
    """Phases and imports are in order, each inside its importer, and all charts have the same end."""
    child = Import("json", 20_000, 20_000)
    start = _start(init=[Import("app", 10_000, 30_000, [child])], first_call=[Import("ssl", 60_000, 60_000)])
    (chart,) = icicle(start, 101_000)["data"]
    nodes = dict(zip(chart["labels"], zip(chart["ids"], chart["parents"], chart["values"], strict=True), strict=True))
    assert nodes["unprimed"][2] == 101_000
    assert nodes["init: 30 ms"] == ("init", "start", 30_000)
    assert nodes["app"][1:] == ("init", 30_000)
    assert nodes["json"][1:] == (nodes["app"][0], 20_000)
    assert nodes["ssl"][1:] == ("first call", 60_000)
    assert (chart["sort"], chart["branchvalues"]) == (False, "total")


def test_a_package_has_the_time_of_its_own_modules() -> None:
    """The time of a package excludes its imports from other packages."""
    start = _start(
        init=[Import("a.b", 1000, 4000, [Import("c", 1000, 3000, [Import("a", 2000, 2000)])])], first_call=[]
    )
    assert start.microseconds("init", "first call") == {"a": 3000, "c": 1000}


def _row(**fields: Any) -> dict[str, Any]:
    return {"name": "a call", "unit": "ms", **fields}


def test_a_bar_has_the_share_and_the_goal() -> None:
    """A bar shows the share of the baseline or the ceiling, and its goal; without either there is no bar."""
    chart = bars(
        [
            _row(layer=4, baseline=10, against="boto3", ratio=0.4, goal=0.5, met=True),
            _row(layer=8, baseline=10, against="boto3", ratio=0.8, ceiling=6, met=False),
            _row(layer=132),
            _row(layer=99, baseline=10, against="boto3", ratio=9.9),
        ]
    )
    assert [(*bar["x"], *bar["y"], bar["marker"]["color"]) for bar in chart["data"]] == [
        (0.4, 0, "var(--met)"),
        (0.8, 1, "var(--missed)"),
        (1.2, 3, "var(--plain)"),
    ]
    goals = [
        shape["x0"] for shape in chart["layout"]["shapes"] if "line" in shape and shape["line"].get("dash") is None
    ]
    assert goals == [0.5, 0.6]


def test_an_outcome_names_the_comparison_and_the_goal() -> None:
    """An outcome states in text what was compared and whether the goal is met."""
    row = _row(layer=4.25, baseline=10, against="boto3", ratio=0.425, goal=0.5, met=True)
    assert outcome(row) == "4.25 ms, 0.425 of boto3, goal 0.5: met"
    assert outcome(_row(layer=53, ceiling=50, met=False)) == "53 ms, at most 50 ms: missed"
    assert outcome(_row(layer=53)) == "53 ms"


def test_a_zip_is_found_only_if_it_is_up_to_date(built: Built, tmp_path: Path) -> None:
    """A zip with other options and a modified zip are not found."""
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


def test_the_command_writes_the_page_and_prints_its_summary(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`./build.sh report` writes one file, and prints its path."""
    assert main(["report", "--rounds", "1", "--output", str(tmp_path / "here" / "page.html")]) == 0
    printed = capsys.readouterr()
    assert printed.out.strip().endswith("page.html")
    assert "goals met" in printed.err
    assert "pydantic" in printed.err
    text = (tmp_path / "here" / "page.html").read_text(encoding="utf-8")
    assert text.startswith("<!doctype html>")
    text = text.replace(get_plotlyjs(), "")
    assert not re.search(r"""(?:src|href|url\()\s*=?\s*["']?(?!data:)[a-z]+://""", text)
