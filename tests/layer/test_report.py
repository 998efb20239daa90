"""The report's page, looked at in a headless Chromium: light and dark, wide and narrow."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from layer.report.content import Content, collect
from layer.report.page import page
from layer.report.weights import weigh
from tests.support.chromium import Chromium, require_chromium

if TYPE_CHECKING:
    from collections.abc import Iterator

    from layer.build import Built

pytestmark = pytest.mark.layer

SCHEMES = ("light", "dark")
WIDTHS = (390, 768, 1280)

# Colours of the page's text against what lies behind it, by WCAG 2.2 (https://www.w3.org/TR/WCAG22/#contrast-minimum).
CONTRAST = """
(() => {
  const channel = (v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const numbers = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const ratio = (a, b) => (Math.max(light(a), light(b)) + 0.05) / (Math.min(light(a), light(b)) + 0.05);
  const behind = (element) => {
    for (let one = element; one; one = one.parentElement) {
      const colour = numbers(getComputedStyle(one).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.textContent.trim() || element.closest("svg, script, .unseen")) continue;
    if (!element.checkVisibility()) continue;
    found.push([element.textContent.slice(0, 40), ratio(numbers(getComputedStyle(element).color), behind(element))]);
  }
  const on = (text, rect) => found.push(
    [text.textContent, ratio(numbers(getComputedStyle(text).fill), numbers(getComputedStyle(rect).fill))]);
  for (const frame of document.querySelectorAll(".flame .frame")) {
    const [rect, text] = [frame.querySelector("rect"), frame.querySelector("text")];
    if (text.textContent && rect.width.baseVal.value) on(text, rect);
  }
  // A package's label may lie on any of its files.
  for (const map of document.querySelectorAll(".treemap")) {
    if (!map.clientWidth) continue;
    const text = map.querySelector(".label");
    for (const kind of ["bytecode", "source", "native", "data"]) on(text, map.querySelector("." + kind));
  }
  return found;
})()
"""


@pytest.fixture(scope="module")
def content(built: Built, opt: Path) -> Content:
    """Collect what the page shows, of the layer that was built for this machine."""
    return collect(Path(built.path).parent, layer=built, opt=opt, rounds=1)


@pytest.fixture(scope="module")
def address(content: Content, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Write the page; give its URL."""
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
    chromium.show(1280, prefers_color_scheme="light")
    return chromium


def test_the_page_asks_nobody_and_complains_of_nothing(opened: Chromium, address: str) -> None:
    """One file: no request but for itself, no error and no warning in the console."""
    assert opened.requests() == [address]
    assert opened.problems() == []
    linked = opened.evaluate("[...document.querySelectorAll('[src], [href]')].map(one => one.src || one.href)")
    assert [url for url in linked if not url.startswith("data:")] == []


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_sticks_out(opened: Chromium, width: int, scheme: str) -> None:
    """A page is as wide as its window; what is wider scrolls inside its own frame."""
    opened.show(width, prefers_color_scheme=scheme)
    root = "document.documentElement"
    assert opened.evaluate(f"[innerWidth, {root}.scrollWidth, {root}.clientWidth]") == [width, width, width]


@pytest.mark.parametrize("width", WIDTHS)
def test_every_drawing_is_there(opened: Chromium, width: int) -> None:
    """One treemap and both flame charts have an area, a title and a description, and so have their parts."""
    opened.show(width)
    drawn = opened.evaluate(
        """[...document.querySelectorAll("svg[role=img]:not(.spark)")].filter(one => one.clientWidth).map(one => ({
          id: one.id,
          area: one.clientWidth * one.clientHeight,
          words: one.getAttribute("aria-labelledby").split(" ").map(
            id => document.getElementById(id).textContent.length),
          parts: [...one.querySelectorAll(".leaf, .frame rect")].filter(
            part => part.getBoundingClientRect().width > 0).length,
        }))"""
    )
    form = "wide" if width > 720 else "narrow"
    assert [one["id"] for one in drawn] == [f"treemap-{form}", "flame-before", "flame-after"]
    for one in drawn:
        assert one["area"] > 300 * 150, one
        assert min(one["words"]) > 20, one
        assert one["parts"] > 40, one


@pytest.mark.parametrize("width", WIDTHS)
def test_areas_of_the_treemap_are_the_layers_bytes(opened: Chromium, opt: Path, width: int) -> None:
    """Each file's rectangle has its share of the area, and all of them have all bytes of the layer."""
    opened.show(width)
    drawn = opened.evaluate(
        """(() => {
          const map = [...document.querySelectorAll(".treemap")].find(one => one.clientWidth);
          const leaves = [...map.querySelectorAll(".leaf")].map(one => [
            Number(one.dataset.bytes), one.width.baseVal.value * one.height.baseVal.value]);
          return { leaves, area: map.clientWidth * map.clientHeight };
        })()"""
    )
    bytes_of_layer = sum(path.stat().st_size for path in opt.rglob("*") if path.is_file())
    assert sum(size for size, _ in drawn["leaves"]) == bytes_of_layer
    assert sum(area for _, area in drawn["leaves"]) == pytest.approx(drawn["area"], rel=1e-3)
    for size, area in drawn["leaves"]:
        assert area / drawn["area"] == pytest.approx(size / bytes_of_layer, rel=0.01)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", WIDTHS)
def test_every_text_can_be_read(opened: Chromium, scheme: str, width: int) -> None:
    """Text has a contrast of 4.5 and more with what lies behind it, in the drawings too."""
    opened.show(width, prefers_color_scheme=scheme)
    found = opened.evaluate(CONTRAST)
    assert len(found) > 100
    assert [one for one in found if one[1] < 4.5] == []


def test_the_drawings_stand_without_a_script(opened: Chromium, address: str) -> None:
    """The script lets one look closer, and no more: areas, frames and names are there without it."""
    opened.call("Emulation.setScriptExecutionDisabled", value=True)
    try:
        opened.open(address)
        found = opened.evaluate(
            """["#treemap-wide .leaf", "#treemap-wide .label tspan", "#flame-before .frame text"].map(kind =>
              [...document.querySelectorAll(kind)].filter(one => one.getBoundingClientRect().width > 0).length)"""
        )
    finally:
        opened.call("Emulation.setScriptExecutionDisabled", value=False)
    assert found[0] > 100
    assert found[1] > 10
    assert found[2] > 20


def test_light_and_dark_are_two(opened: Chromium) -> None:
    """The page follows the system's choice."""
    colours = []
    for scheme in SCHEMES:
        opened.show(1280, prefers_color_scheme=scheme)
        colours.append(opened.evaluate("getComputedStyle(document.body).backgroundColor"))
    light, dark = (sum(int(part) for part in colour[4:-1].split(",")) for colour in colours)
    assert light > 600
    assert dark < 150


def test_a_package_can_be_looked_into(opened: Chromium) -> None:
    """A click shows its files over the whole area, and the way back all packages."""
    shown = """[...document.querySelectorAll(".treemap.wide .package")].filter(
      one => getComputedStyle(one).display !== "none").map(one => one.dataset.name)"""
    everything = opened.evaluate(shown)
    opened.evaluate("document.querySelector('[data-zoom=pydantic]').click()")
    assert opened.evaluate(shown) == ["pydantic"]
    width = "document.querySelector('.treemap.wide .chosen .frame').width.baseVal.value"
    assert opened.evaluate(width) == opened.evaluate("document.querySelector('.treemap.wide').clientWidth")
    opened.evaluate("document.querySelector('.crumbs .reset').click()")
    assert opened.evaluate(shown) == everything
    assert len(everything) > 10


def test_a_frame_can_be_looked_into(opened: Chromium) -> None:
    """A click on an import stretches it over the whole width."""
    widths = opened.evaluate(
        """(() => {
          const frame = document.querySelector("#flame-before .frame[data-name=app]");
          const rect = frame.querySelector("rect");
          const width = () => rect.width.baseVal.value;
          const before = width();
          rect.dispatchEvent(new MouseEvent("click", { bubbles: true }));
          const whole = [width(), document.querySelector("#flame-before").clientWidth];
          document.querySelector("#flame-before").closest("figure").querySelector(".reset").click();
          return [before, ...whole, width()];
        })()"""
    )
    assert widths[0] < widths[2] * 0.9
    assert widths[1] == pytest.approx(widths[2], rel=1e-3)
    assert widths[3] == pytest.approx(widths[0], rel=1e-3)


def test_priming_moves_imports_from_the_first_call_to_init(content: Content) -> None:
    """The two charts show what they say they show, by the number of modules, which no machine's haste changes."""
    before, after = content.starts
    assert before.modules("first call") > 5 * after.modules("first call")
    assert after.modules("init") > before.modules("init")


@pytest.mark.parametrize(
    ("variables", "outcome"),
    [({}, pytest.skip.Exception), ({"CI": "true"}, pytest.fail.Exception)],
    ids=["skipped elsewhere", "failed where it must be there"],
)
def test_where_there_is_no_chromium(
    variables: dict[str, str], outcome: type[BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reason is said; only where everything must run is it a failure."""
    for name in ("CI", "AI_VOICE_REQUIRE_CHROMIUM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {"PATH": "/nonexistent", **variables}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(outcome, match="chromium is not on PATH"):
        require_chromium()


def test_packages_have_all_bytes_of_the_layer(opt: Path) -> None:
    """Nothing is left out or counted twice, and bytecode goes to the package it is of."""
    packages = {package.name: package for package in weigh(opt)}
    assert sum(one.size for one in packages.values()) == sum(
        path.stat().st_size for path in opt.rglob("*") if path.is_file()
    )
    assert {"pydantic_core", "ai_voice_shared", "typing_extensions"} <= set(packages)
    assert set(packages["typing_extensions"].by_kind()) == {"source", "bytecode", "data"}


def test_tables_have_what_was_kept_and_what_was_built(opened: Chromium, content: Content) -> None:
    """Every row of the last saved runs is there with its history, and every zip with its hash."""
    rows: list[Any] = opened.evaluate(
        "[...document.querySelectorAll('.benchmarks .spark')].map(one => one.clientWidth)"
    )
    assert len(rows) == len(content.rows) > 0
    assert min(rows) > 0
    hashes = opened.evaluate("[...document.querySelectorAll('#targets .hash')].map(one => one.textContent)")
    assert hashes == [one.sha256 for one in content.built]
    missing = opened.evaluate("document.querySelector('#targets').textContent")
    assert all(name in missing for name in content.missing)
