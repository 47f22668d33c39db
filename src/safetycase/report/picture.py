"""Plots that also stand alone: in a file of their own, clipped by pixels, well-formed as XML.

Within the page a plot takes its colours from the page's stylesheet; as a file it brings the same
classes along, for light, dark and print. `drawing` holds the parts that plots of methods share.
"""

from __future__ import annotations

import html
from collections.abc import Iterable

from safetycase.report.clean import one_line
from safetycase.report.drawing import WIDTH, Range, key_id, ticks
from safetycase.report.mark import Mark
from safetycase.report.text_width import BOLD, fit

__all__ = ["KINDS", "glyph", "label", "patterns", "plot", "safe", "titled", "zoomed"]

SIZE = {"small": 11.0, "strong": 11.0}
TITLE, DESCRIPTION = 200, 2_000

KINDS = ("leaf", "assumption", "warrant", "doubt", "declaration", "rest")
"""Kinds of bars, each with its own hatching and colour class `k-KIND`."""

_HATCHES = {
    "leaf": "M-2 2L2 -2M0 8L8 0M6 10L10 6",
    "assumption": "M0 2H8M0 6H8",
    "warrant": "M2 0V8M6 0V8",
    "doubt": "M-2 2L2 -2M0 8L8 0M6 10L10 6M-2 6L2 10M0 0L8 8M6 -2L10 2",
    "declaration": "M2 2h1M6 6h1M6 2h1M2 6h1",
    "rest": "M-2 6L2 10M0 0L8 8M6 -2L10 2",
}

STYLE = (
    ".sc-plot{--paper:#fbfaf7;--ink:#1c1d20;--quiet:#565b63;--line:#dcd9d1;--link:#1d4a80;"
    "--good:#1b6335;--bad:#a31d1d;--doubt:#7f3f00;--taken:#3b4a9c;--open:#5d5200;"
    "font-family:system-ui,'Segoe UI','Helvetica Neue','Liberation Sans',Arial,sans-serif;"
    "background:var(--paper)}"
    "@media (prefers-color-scheme:dark){.sc-plot{--paper:#16181b;--ink:#e6e4df;--quiet:#a4a8ae;"
    "--line:#363a40;--link:#9cc0ee;--good:#7fc796;--bad:#f0938a;--doubt:#e5ab6c;--taken:#aab6f2;"
    "--open:#d3c46a}}"
    "@media print{.sc-plot{--paper:#fff;--ink:#000;--quiet:#333;--line:#999}}"
    ".plot text{font-size:12px;fill:var(--ink);paint-order:stroke;stroke:var(--paper);"
    "stroke-width:3px;stroke-linejoin:round}.plot .small{font-size:11px;fill:var(--quiet)}"
    ".plot .strong{font-size:11px;font-weight:600}.plot .end{text-anchor:end}"
    ".plot .mid{text-anchor:middle}.plot .num{font-variant-numeric:tabular-nums}"
    ".plot .axis{stroke:var(--quiet);fill:none;stroke-width:1}"
    ".plot .line{stroke:var(--ink);fill:none;stroke-width:1.8}.plot .dot{fill:var(--ink)}"
    ".plot .bound{stroke:var(--bad);stroke-width:1.5;stroke-dasharray:5 3;fill:none}"
    ".plot .band{fill:var(--taken);fill-opacity:.15}"
    ".plot .edge{stroke:var(--taken);fill:none;stroke-dasharray:2 2}"
    ".plot .k-leaf{stroke:var(--link)}.plot .k-assumption{stroke:var(--taken)}"
    ".plot .k-warrant{stroke:var(--quiet)}.plot .k-doubt{stroke:var(--doubt)}"
    ".plot .k-declaration{stroke:var(--open)}.plot .k-rest{stroke:var(--ink)}"
    ".plot .whole{fill:var(--quiet);fill-opacity:.35;stroke:var(--ink)}"
    ".plot .gap{fill:var(--taken);fill-opacity:.3;stroke:var(--taken)}"
    ".plot .thread{stroke:var(--quiet);stroke-dasharray:2 2;fill:none}"
    ".plot .hollow{fill:var(--paper);stroke:var(--ink);stroke-width:1.6}"
    ".plot .pass{fill:var(--good);fill-opacity:.14}.plot .rail{stroke:var(--line);fill:none}"
    ".plot .now{stroke:var(--ink);stroke-width:1.2;stroke-dasharray:7 3;fill:none}"
    ".plot .cut{stroke:var(--paper);fill:none}.plot .tone-good{color:var(--good)}"
    ".plot .tone-bad{color:var(--bad)}.plot .tone-doubt{color:var(--doubt)}"
    ".plot .tone-taken{color:var(--taken)}.plot .tone-open{color:var(--open)}"
    ".plot .tone-quiet{color:var(--quiet)}"
)


def safe(text: str, limit: int) -> str:
    """Text on one line, safe in HTML and in XML, which forbids two characters that HTML has."""
    shown = one_line(text, limit=limit)
    return html.escape(shown.replace("\ufffe", "[U+FFFE]").replace("\uffff", "[U+FFFF]"))


def label(x: float, y: float, text: str, names: str = "", *, room: float) -> str:
    """Text of at most `room` pixels; what is cut off is told in full when pointed at."""
    whole = one_line(text, limit=TITLE)
    sizes = [SIZE[name] for name in names.split() if name in SIZE]
    size = (sizes[0] if sizes else 12.0) * (BOLD if "strong" in names.split() else 1.0)
    shown = fit(whole, room, size)
    kind = f' class="{names.strip()}"' if names.strip() else ""
    full = titled(whole) if shown != whole or len(text) > TITLE else ""
    return f'<text x="{x:.1f}" y="{y:.1f}"{kind}>{full}{safe(shown, 2 * TITLE)}</text>'


def titled(text: str) -> str:
    """What is told when a shape is pointed at."""
    return f"<title>{safe(text, TITLE)}</title>"


def glyph(mark: Mark, x: float, y: float, size: float = 13.0) -> str:
    """The shape of a status word, `size` pixels wide, from its upper left corner."""
    return (
        f'<g class="tone-{mark.tone}" transform="translate({x:.1f} {y:.1f}) '
        f'scale({size / 16:.4g})">{mark.draw}</g>'
    )


def patterns(key: str, kinds: Iterable[str]) -> str:
    """The hatchings of these kinds; they differ in direction, so that they print in black."""
    made = (
        f'<pattern id="{key_id(key)}-{kind}" width="8" height="8" patternUnits="userSpaceOnUse">'
        f'<path class="k-{kind}" d="{_HATCHES[kind]}" fill="none" stroke-width="1.3"/></pattern>'
        for kind in kinds
    )
    return f"<defs>{''.join(made)}</defs>"


def plot(
    parts: Iterable[str], height: float, *, title: str, says: str, key: str, alone: bool
) -> str:
    """The whole picture with its title and its description; `alone` makes it a file."""
    name = key_id(key)
    names, size, style = "plot", "", ""
    if alone:
        names, style = "plot sc-plot", f"<style>{STYLE}</style>"
        size = f' width="{WIDTH:.0f}" height="{height:.0f}"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="{names}"{size} '
        f'viewBox="0 0 {WIDTH:.0f} {height:.0f}" role="img" '
        f'aria-labelledby="{name}-t {name}-d"><title id="{name}-t">{safe(title, TITLE)}</title>'
        f'<desc id="{name}-d">{safe(says, DESCRIPTION)}</desc>{style}{"".join(parts)}</svg>'
    )


def zoomed(numbers: Iterable[float]) -> Range:
    """The part of 0 to 1 that shows all `numbers` and ends at 1, beginning at a round number."""
    lowest = min(max(min(numbers, default=0.0), 0.0), 1.0)
    if lowest <= 0.25 or lowest >= 1:
        return (0.0, 1.0) if lowest < 1 else (0.9, 1.0)
    bottom = lowest - 0.15 * (1 - lowest)
    below = [t for t in ticks((max(2 * bottom - 1, 0.0), 1.0), 8) if t <= bottom]
    return (max(below, default=0.0), 1.0)
