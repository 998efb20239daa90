"""The page as a whole: one file with its style and its script, that asks nobody for anything."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from layer.report import sections
from layer.report.svg import megabytes, tag

if TYPE_CHECKING:
    from layer.report.content import Content

__all__ = ["page"]

_HEAD = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy"
 content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:">
<link rel="icon" href="data:,">
"""
_WEIGHTS = """\
Each rectangle is a file, its area the bytes that it has unpacked. Files lie together by kind, and kinds by package.
Choose a package to look into it."""
_IMPORTS = """\
Every import of a webhook handler's cold start with a voice note, by Python's own clock. A frame is as wide as the time
of an import and of all that it was the first to import, below it. Both charts have one scale. INIT has more processor
than the first call, and with SnapStart it is over before anybody asks; so priming moves work there. Choose a frame to
look closer."""
_TARGETS = "The same commit gives the same bytes on any machine, so the hash of a zip says whether it is this layer."
_BENCHMARKS = """\
Ours and theirs in one run, in turns; less is better. The bar is our share of theirs, or of a ceiling where nothing is
beside it; the upright line is the goal. The small line is the history, dashed where the goal is."""


def page(content: Content) -> str:
    """Write the page."""
    own = Path(__file__)
    style = own.with_name("style.css").read_text(encoding="utf-8")
    script = own.with_name("script.js").read_text(encoding="utf-8")
    title = "ai_voice_shared: the layer, measured"
    parts = [
        _section("bytes", "What it weighs", _WEIGHTS, sections.weights(content)),
        _section("imports", "What a cold start imports", _IMPORTS, sections.imports(content)),
        _section("benchmarks", "Ours and theirs", _BENCHMARKS, sections.benchmarks(content)),
        _section("targets", "Every target", _TARGETS, sections.targets(content)),
    ]
    made = [content.layer.target, megabytes(content.layer.unzipped), *content.made.split(", ")]
    header = tag("p", "ai_voice_shared", class_="over") + tag("h1", "The layer, measured")
    header += tag(
        "p",
        ", ".join(tag("span", escape(part)) for part in made),
        class_="made",
    )
    body = tag("header", header + sections.key_figures(content)) + tag("main", "\n".join(parts))
    return "".join(
        [
            _HEAD,
            tag("title", title),
            f"\n<style>\n{style}</style>\n</head>\n<body>\n",
            body,
            f"\n<script>\n{script}</script>\n</body>\n</html>\n",
        ]
    )


def _section(identifier: str, title: str, words: str, content: str) -> str:
    heading = tag("h2", escape(title), id=f"{identifier}-heading")
    return tag(
        "section",
        heading + tag("p", escape(words), class_="lead") + content,
        id=identifier,
        aria_labelledby=f"{identifier}-heading",
    )
