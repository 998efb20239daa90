"""The layer report in a headless Chromium: light and dark, wide and narrow."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from layer.report.content import Content, collect, measure_sizes
from layer.report.page import page
from tests.support.chromium import Chromium, require_chromium

if TYPE_CHECKING:
    from collections.abc import Iterator

    from layer.build import Built

pytestmark = pytest.mark.layer

SCHEMES = ("light", "dark")
WIDTHS = (390, 768, 1280)

# Plotly redraws some time after a resize: wait until every chart is as wide as its container.
DRAWN = """
(async () => {
  const settled = () => drawn.then(() => [...document.querySelectorAll(".chart")].every(
    chart => chart.querySelector(".main-svg")?.clientWidth === chart.clientWidth));
  while (!(await settled())) await new Promise(done => requestAnimationFrame(done));
})()
"""

# Contrast of the page's text with its background, by WCAG 2.2 (https://www.w3.org/TR/WCAG22/#contrast-minimum).
CONTRAST = """
(() => {
  const channel = (v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const numbers = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const ratio = (a, b) => (Math.max(light(a), light(b)) + 0.05) / (Math.min(light(a), light(b)) + 0.05);
  const paper = numbers(getComputedStyle(document.body).backgroundColor);
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.textContent.trim() || element.closest(".chart, script")) continue;
    if (!element.checkVisibility()) continue;
    found.push([element.textContent.slice(0, 40), ratio(numbers(getComputedStyle(element).color), paper)]);
  }
  for (const text of document.querySelectorAll(".chart text")) {
    const surface = text.closest(".slice")?.querySelector(".surface");
    const behind = surface ? numbers(getComputedStyle(surface).fill) : paper;
    found.push([text.textContent, ratio(numbers(getComputedStyle(text).fill), behind)]);
  }
  return found;
})()
"""


@pytest.fixture(scope="module")
def content(built: Built, opt: Path) -> Content:
    """Collect the content of the page for the layer that was built for this machine."""
    return collect(Path(built.path).parent, layer=built, opt=opt, rounds=1)


@pytest.fixture(scope="module")
def address(content: Content, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Write the page and return its URL."""
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(page(content), encoding="utf-8")
    return path.as_uri()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Chromium]:
    """Start a browser for this module."""
    with Chromium(require_chromium()) as browser:
        yield browser


@pytest.fixture
def opened(chromium: Chromium, address: str) -> Chromium:
    """Open the page, 1280 pixels wide and light."""
    chromium.open(address)
    _show(chromium, 1280)
    return chromium


def _show(chromium: Chromium, width: int, scheme: str = "light") -> None:
    """Set the window's size and colour scheme, and wait until every chart is drawn."""
    chromium.show(width, prefers_color_scheme=scheme)
    chromium.evaluate(DRAWN)


def test_the_page_makes_no_requests_and_logs_no_errors(opened: Chromium, address: str) -> None:
    """The page makes no request but for itself, and the console has no error and no warning."""
    assert opened.requests() == [address]
    assert opened.problems() == []
    linked = opened.evaluate("[...document.querySelectorAll('[src], [href]')].map(one => one.src || one.href)")
    assert [url for url in linked if not url.startswith("data:")] == []


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_overflows(opened: Chromium, width: int, scheme: str) -> None:
    """The page is as wide as its window; wider content scrolls inside its container."""
    _show(opened, width, scheme)
    root = "document.documentElement"
    assert opened.evaluate(f"[innerWidth, {root}.scrollWidth, {root}.clientWidth]") == [width, width, width]


@pytest.mark.parametrize("width", WIDTHS)
def test_every_chart_is_drawn(opened: Chromium, content: Content, width: int) -> None:
    """The treemap, both icicles and the bars of each benchmark are drawn with an area, marks and a label."""
    _show(opened, width)
    charts = opened.evaluate(
        """[...document.querySelectorAll(".chart")].map(chart => ({
          id: chart.id,
          area: chart.clientWidth * chart.clientHeight,
          label: chart.getAttribute("aria-label"),
          marks: [...chart.querySelectorAll(".surface, .point")].filter(
            mark => mark.getBoundingClientRect().width > 0).length,
        }))"""
    )
    benchmarks = dict.fromkeys(f"bench-{row['benchmark']}" for row in content.rows)
    assert [chart["id"] for chart in charts] == ["sizes", "unprimed", "primed", *benchmarks]
    for chart in charts:
        assert chart["area"] > 300 * 40, chart
        assert chart["marks"] > (0 if chart["id"] in benchmarks else 40), chart
        assert len(chart["label"]) > 20, chart


@pytest.mark.parametrize("width", WIDTHS)
def test_areas_of_packages_are_the_layers_bytes(opened: Chromium, opt: Path, width: int) -> None:
    """Each package has its share of the treemap, and together they have all bytes of the layer."""
    _show(opened, width)
    drawn = opened.evaluate(
        """[...document.querySelectorAll("#sizes .slice")].map(slice => [
          slice.__data__.data.data.id, slice.__data__.value,
          (slice.__data__.x1 - slice.__data__.x0) * (slice.__data__.y1 - slice.__data__.y0)])"""
    )
    bytes_of_layer = sum(path.stat().st_size for path in opt.rglob("*") if path.is_file())
    packages = [(size, area) for identifier, size, area in drawn if identifier != "layer" and "/" not in identifier]
    whole = sum(area for _, area in packages)
    assert sum(size for size, _ in packages) == bytes_of_layer
    for size, area in packages:
        assert area / whole == pytest.approx(size / bytes_of_layer, rel=0.02)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", WIDTHS)
def test_every_text_can_be_read(opened: Chromium, scheme: str, width: int) -> None:
    """Text has a contrast of at least 4.5 with its background, also in the charts."""
    _show(opened, width, scheme)
    found = opened.evaluate(CONTRAST)
    assert len(found) > 100
    assert [text for text in found if text[1] < 4.5] == []


def test_every_chart_has_a_table_without_script_and_mouse(opened: Chromium, content: Content, address: str) -> None:
    """Each chart is followed by a table of its figures that the keyboard opens, even where scripts are off."""
    opened.call("Emulation.setScriptExecutionDisabled", value=True)
    try:
        opened.open(address)
        rows = opened.evaluate(
            """[...document.querySelectorAll(".chart")].map(chart => {
              const details = chart.closest(".scroller").parentElement.querySelectorAll("details");
              return [...details].find(one => chart.compareDocumentPosition(one) & 4).querySelectorAll("tr").length;
            })"""
        )
        opened.evaluate("document.querySelector('summary').focus()")
        for kind in ("keyDown", "keyUp"):
            opened.call(
                "Input.dispatchKeyEvent", type=kind, key="Enter", code="Enter", text="\r", windowsVirtualKeyCode=13
            )
        table = opened.evaluate("document.querySelector('details[open] table').textContent")
    finally:
        opened.call("Emulation.setScriptExecutionDisabled", value=False)
    assert len(rows) == 3 + len({row["benchmark"] for row in content.rows})
    assert sum(rows[3:]) == len(rows[3:]) + len(content.rows)
    assert min(rows) > 1
    assert all(package in table for package, *_ in content.files)


def test_the_page_has_a_light_and_a_dark_scheme(opened: Chromium) -> None:
    """The page and its charts follow the system's colour scheme."""
    colours = """["body", "#sizes .surface", "#unprimed .surface"].map(name => {
      const style = getComputedStyle(document.querySelector(name));
      return name === "body" ? style.backgroundColor : style.fill;
    })"""
    shown = []
    for scheme in SCHEMES:
        _show(opened, 1280, scheme)
        shown.append([sum(int(part) for part in colour[4:-1].split(",")) for colour in opened.evaluate(colours)])
    light, dark = shown
    assert min(light) > 600
    assert max(dark) < 150


@pytest.mark.parametrize(("chart", "part"), [("sizes", "pydantic"), ("unprimed", "init")])
def test_a_click_zooms_into_a_part_of_the_chart(opened: Chromium, chart: str, part: str) -> None:
    """A click stretches a package or a phase over the whole width; a click on its header goes back."""
    find = f"""[...document.querySelectorAll("#{chart} .slice")].find(
      slice => slice.__data__.data.data.id === "{part}").querySelector(".surface")"""
    width = f"{find}.getBoundingClientRect().width"
    click = f"""new Promise(done => {{
      document.getElementById("{chart}").once("plotly_animated", () => done(true));
      {find}.dispatchEvent(new MouseEvent("click", {{ bubbles: true }}));
    }})"""
    before = opened.evaluate(width)
    opened.evaluate(click)
    whole = opened.evaluate(width)
    assert whole == pytest.approx(opened.evaluate(f"{chart}.clientWidth"), rel=0.01)
    opened.evaluate(click)
    assert before <= opened.evaluate(width) + 1 < whole


def test_priming_moves_imports_from_the_first_call_to_init(content: Content) -> None:
    """The charts show that priming moves modules to INIT, by their number, which is independent of the machine."""
    before, after = content.cold_starts
    assert len(before.modules("first call")) > 5 * len(after.modules("first call"))
    assert len(after.modules("init")) > len(before.modules("init"))


@pytest.mark.parametrize(
    ("variables", "outcome"),
    [({}, pytest.skip.Exception), ({"CI": "true"}, pytest.fail.Exception)],
    ids=["skipped by default", "failed if required"],
)
def test_where_there_is_no_chromium(
    variables: dict[str, str], outcome: type[BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without Chromium the tests are skipped with a reason; they fail only where everything must run."""
    for name in ("CI", "AI_VOICE_REQUIRE_CHROMIUM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {"PATH": "/nonexistent", **variables}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(outcome, match="chromium is not on PATH"):
        require_chromium()


def test_packages_have_all_bytes_of_the_layer(opt: Path) -> None:
    """The packages have all bytes of the layer once, and bytecode belongs to its package."""
    files = measure_sizes(opt)
    assert sum(size for *_, size in files) == sum(path.stat().st_size for path in opt.rglob("*") if path.is_file())
    assert {"pydantic_core", "ai_voice_shared", "typing_extensions"} <= {package for package, *_ in files}
    kinds = {kind for package, kind, *_ in files if package == "typing_extensions"}
    assert kinds == {"source", "bytecode", "data"}


def test_tables_have_the_stored_figures_and_the_built_zips(opened: Chromium, content: Content) -> None:
    """The tables have every zip with its hash, and name every target without one."""
    text = opened.evaluate("document.body.textContent")
    assert all(built.sha256 in text for built in content.built)
    assert all(name in text for name in content.missing)
    assert all(row["name"] in text for row in content.rows)
