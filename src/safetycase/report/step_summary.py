"""The answer of a gate in Markdown: the summary of a step, or a comment on a pull request.

GitHub takes 1 MiB of summary from a step; what is longer is cut, and says where the rest is. Text
of a case cannot break a table, be markup, load anything or call on people by name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from safetycase.assess.gated import Gated, Judged, Remark, Weighed
from safetycase.report.clean import moment
from safetycase.report.diff_text import cell
from safetycase.report.gate_text import called, gate_headline

__all__ = ["MOST_BYTES", "step_summary"]

MOST_BYTES: Final = 1024 * 1024
"""What a step may write in all."""
MOST_ROWS: Final = 200
_WORDS: Final[Mapping[str, str]] = {
    "pass": "✓ pass",
    "fail": "✗ fail",
    "unknown": "? unknown",
    "overridden": "! overridden",
}
_MEANS: Final[Mapping[str, str]] = {
    "weaker": "▼ weaker",
    "undecided": "? undecided",
    "shown": "· shown",
    "tighter": "▲ tighter",
}


def step_summary(gated: Gated, *, most: int = MOST_BYTES) -> str:
    """The summary, in at most `most` bytes of UTF-8."""
    text = "\n".join(_parts(gated)) + "\n"
    if len(text.encode()) <= most:
        return text
    told = (
        "\n\n… cut here: a summary holds no more. `safetycase gate --json` gives all of it, and "
        "the SARIF file the places.\n"
    )
    kept = text.encode()[: most - len(told.encode())].decode("utf-8", "ignore")
    return kept[: kept.rfind("\n") + 1].rstrip("\n") + told


def _parts(gated: Gated) -> Iterator[str]:
    header = gated.assessment.case.header
    yield f"### {cell(header.title)}: {cell(gate_headline(gated))}"
    yield ""
    yield f"{cell(gated.assessment.headline)} *(verdict: {gated.assessment.verdict})*"
    yield ""
    if gated.changes:
        yield from _changes(gated)
    yield "| | clause | says |"
    yield "|---|---|---|"
    for clause in gated.clauses:
        yield f"| {_WORDS[clause.state]} | {cell(called(clause))} | {cell(clause.says)} |"
    yield ""
    for clause in gated.clauses:
        if clause.state != "pass":
            yield from _details(clause)
    yield from _always(gated)


def _changes(gated: Gated) -> Iterator[str]:
    asked = [each for each in gated.changes if each.needed]
    rest = [each for each in gated.changes if not each.needed]
    yield f"**Changed since {cell(gated.against)}**"
    yield ""
    if asked:
        yield from _table(asked)
    if rest:
        yield from _folded(f"Changes that nobody has to sign ({len(rest)})", list(_table(rest)))


def _table(changes: Sequence[Weighed]) -> Iterator[str]:
    yield "| | element | change | before | after | signed by |"
    yield "|---|---|---|---|---|---|"
    for each in changes[:MOST_ROWS]:
        change = each.change
        signed = f"{len(each.signed)} of {each.needed}" if each.needed else ""
        signed += f": {', '.join(each.signed)}" if each.signed else ""
        cells = (change.element or "the case", change.what, change.before, change.after, signed)
        yield f"| {_MEANS[each.means]} | " + " | ".join(map(cell, cells)) + " |"
    yield ""
    if len(changes) > MOST_ROWS:
        yield f"… and {len(changes) - MOST_ROWS} more; `safetycase diff` lists them all."
        yield ""


def _details(clause: Judged) -> Iterator[str]:
    rows = [f"- {_place(remark)}{cell(remark.says)}" for remark in clause.remarks[:MOST_ROWS]]
    if len(clause.remarks) > MOST_ROWS:
        rows.append(f"- … and {len(clause.remarks) - MOST_ROWS} more")
    over = clause.override
    if over is not None:
        rows.append(
            f"- **overridden** by {cell(over.by)}, on the authority of {cell(over.authority)}, "
            f"until {moment(over.until)}: {cell(over.reason)} (record {over.record})"
        )
    elif clause.hint:
        rows.append(f"- → {cell(clause.hint)}")
    yield from _folded(f"{_WORDS[clause.state]}: {cell(clause.clause)}", rows)


def _place(remark: Remark) -> str:
    return f"{cell(str(remark.at))} " if remark.at else ""


def _always(gated: Gated) -> Iterator[str]:
    """Overrides and dissent: shown whatever the answer is."""
    for over in gated.overrides:
        force = f"without force: {cell(over.idle)}" if over.idle else "in force"
        yield (
            f"- **Override** of {cell(', '.join(over.clauses))} by {cell(over.by)}, on the "
            f"authority of {cell(over.authority)}, until {moment(over.until)} ({force}): "
            f"{cell(over.reason)}"
        )
    for said in gated.dissents:
        yield f"- **Dissent** of {cell(said.by)} from {cell(said.element)}: {cell(said.says)}"


def _folded(summary: str, lines: Iterable[str]) -> Iterator[str]:
    yield f"<details><summary>{summary}</summary>"
    yield ""
    yield from lines
    yield ""
    yield "</details>"
    yield ""
