"""The difference of two versions of a case: for the terminal, for a pull request, as JSON.

What loosens the case comes first. Text from a case cannot drive a terminal, break a table or call
on people by name.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from typing import Any

from safetycase.argument.changes import Change, Difference, Impact
from safetycase.report.clean import one_line, shorten, wrap

__all__ = ["cell", "diff_json", "diff_lines", "diff_markdown"]

_MARKS = {"loosens": "▼", "tightens": "▲", "": "·"}
_WORDS = {"loosens": "▼ loosens", "tightens": "▲ tightens", "": "· neither"}
_COLOURS = {"loosens": "31", "tightens": "32", "": "0"}
_ENTITIES = {ord(c): f"&#{ord(c)};" for c in "&<>|`*_[]\\~"} | {
    ord("@"): "@\u2060",  # keeps a name from being called, and a number from being linked
    ord("#"): "#\u2060",
}
MOST_ROWS = 200
CELL = 160
KEPT = 40


def _headline(found: Difference) -> str:
    if not found:
        return "No difference in the argument."
    changes, looser = len(found.changes), len(found.loosening)
    parts = [f"{changes} change{'' if changes == 1 else 's'}"]
    parts += [f"{looser} loosen{'s' if looser == 1 else ''} the case"] if looser else []
    parts += [f"{len(found.renamed)} renamed"] if found.renamed else []
    return " · ".join(parts)


def _counts(found: Difference) -> str:
    return " · ".join(f"{len(found.of(v))} {v}" for v in ("REVISE", "RECHECK", "REUSE"))


def _ordered(found: Difference) -> list[Change]:
    rank = {"loosens": 0, "": 1, "tightens": 2}
    return sorted(found.changes, key=lambda c: rank[c.direction])


def diff_lines(found: Difference, *, width: int = 100, colour: bool = False) -> list[str]:
    """The difference for a terminal; no line is wider than `width`."""
    width = max(width, 24)
    lines = [_headline(found)]
    if not found:
        return lines
    for change in _ordered(found):
        lines.append("")
        head = shorten(f"{_MARKS[change.direction]} {_subject(change)}: {change.what}", width)
        lines.append(f"\x1b[{_COLOURS[change.direction]}m{head}\x1b[0m" if colour else head)
        lines += _values(change, width)
        lines += [shorten(f"    {change.at}", width)] if change.at else []
    if found.renamed:
        lines += ["", "Renamed:"]
        lines += [shorten(f"  {a} → {b}", width) for a, b in found.renamed.items()]
    lines += ["", f"Impact: {_counts(found)}"]
    for impact in (*found.of("REVISE"), *found.of("RECHECK")):
        text = f"  {impact.verdict:7} {impact.element} — {_reason(impact)}"
        lines += wrap(one_line(text), width) if len(text) > width else [shorten(text, width)]
    return lines + _survivors(found, width)


def _survivors(found: Difference, width: int) -> list[str]:
    """The elements that the change does not touch, by name."""
    names = ", ".join(one_line(impact.element) for impact in found.of("REUSE"))
    return [f"  {line}" for line in wrap(f"REUSE   {names}", width - 2)] if names else []


def _values(change: Change, width: int) -> Iterator[str]:
    before, after = _windows(change)
    if before:
        yield shorten(f"    - {before}", width)
    if after:
        yield shorten(f"    + {after}", width)


def _windows(change: Change) -> tuple[str, str]:
    """Both values from shortly before the place where they part."""
    before, after = change.before, change.after
    pairs = enumerate(zip(before, after, strict=False))
    same = next((at for at, (a, b) in pairs if a != b), min(len(before), len(after)))
    if same <= KEPT or max(len(before), len(after)) <= CELL // 2:
        return before, after
    start = same - KEPT // 2
    return "…" + before[start:], "…" + after[start:]


def _subject(change: Change) -> str:
    return f"{change.kind} {change.element}" if change.element else "the case"


def _reason(impact: Impact) -> str:
    between = impact.through[1:-1]
    if impact.verdict == "RECHECK" and between:
        return f"{impact.because} (through {' → '.join(between)})"
    return impact.because


def diff_markdown(found: Difference, *, title: str = "Safety case") -> str:
    """The difference as a comment on a pull request: a compact table, details folded."""
    out = [f"### {cell(title)}: {_headline(found)}", ""]
    if not found:
        return "\n".join(out)
    if found.loosening:
        out += ["**Loosens the case: read these first**", "", *_table(found.loosening), ""]
    out += [f"**Impact:** {_counts(found)}", ""]
    rest = [c for c in _ordered(found) if c.direction != "loosens"]
    out += _details(f"{len(rest)} other changes", _table(rest)) if rest else []
    again = (*found.of("REVISE"), *found.of("RECHECK"))
    rows = [f"| {i.verdict} | {cell(i.element)} | {cell(_reason(i))} |" for i in again[:MOST_ROWS]]
    head = ["| verdict | element | because |", "|---|---|---|"]
    if again:
        out += _details(f"What has to be looked at again ({len(again)})", [*head, *rows])
        out += _left_out(len(again))
    kept = found.of("REUSE")
    if kept:
        survivors = ", ".join(cell(i.element) for i in kept[:MOST_ROWS])
        out += _details(f"What survives ({len(kept)})", [survivors]) + _left_out(len(kept))
    if found.renamed:
        pairs = list(found.renamed.items())
        names = [f"- {cell(a)} → {cell(b)}" for a, b in pairs[:MOST_ROWS]]
        out += _details(f"{len(pairs)} renamed", names) + _left_out(len(pairs))
    return "\n".join(out)


def _table(changes: Iterable[Change]) -> list[str]:
    changes = tuple(changes)
    rows = ["| | element | change | before | after |", "|---|---|---|---|---|"]
    for change in changes[:MOST_ROWS]:
        cells = (change.element or "the case", change.what, *_windows(change))
        rows.append(f"| {_WORDS[change.direction]} | " + " | ".join(map(cell, cells)) + " |")
    return [*rows, *_left_out(len(changes))]


def _left_out(count: int) -> list[str]:
    more = count - MOST_ROWS
    return ["", f"… and {more} more; `safetycase diff` lists them all.", ""] if more > 0 else []


def _details(summary: str, lines: list[str]) -> list[str]:
    return [f"<details><summary>{summary}</summary>", "", *lines, "", "</details>", ""]


def cell(text: str) -> str:
    """A text that cannot break a table, be markup, or call on people by name; cut at `CELL`."""
    return shorten(one_line(text), CELL).translate(_ENTITIES)


def diff_json(found: Difference) -> dict[str, Any]:
    """The difference as JSON; changes in the order of the new case, verdicts by id."""
    return {
        "changes": [
            {
                "element": change.element or None,
                "kind": change.kind,
                "what": change.what,
                "field": change.field or None,
                "before": change.before,
                "after": change.after,
                "direction": change.direction or None,
                "file": change.at.file if change.at else None,
                "line": change.at.line if change.at else None,
            }
            for change in found.changes
        ],
        "added": list(found.added),
        "removed": list(found.removed),
        "renamed": dict(found.renamed),
        "impact": {
            name: {k: v for k, v in dataclasses.asdict(impact).items() if k != "element"}
            for name, impact in found.impact.items()
        },
    }
