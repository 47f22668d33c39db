"""The answer of a gate for the terminal and as JSON; what is always shown stands last."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from safetycase.assess.gated import Gated, Judged, Remark, Weighed
from safetycase.report.clean import moment, one_line, shorten, wrap
from safetycase.report.diff_text import diff_json

__all__ = ["GATE_FORMAT", "called", "gate_headline", "gate_json", "gate_lines"]

GATE_FORMAT: Final = "safetycase/gate@1"
_MARKS: Final[Mapping[str, str]] = {"pass": "✓", "fail": "✗", "unknown": "?", "overridden": "!"}
_COLOURS: Final[Mapping[str, str]] = {
    "pass": "32",
    "fail": "31",
    "unknown": "33",
    "overridden": "35",
}
_MEANS: Final[Mapping[str, str]] = {
    "weaker": "▼ weaker",
    "undecided": "? undecided",
    "shown": "· shown",
    "tighter": "▲ tighter",
}
MOST_REMARKS: Final = 20


def called(clause: Judged) -> str:
    """A clause by the name that its policy gave it, and what it is if that is not its own."""
    name = shorten(clause.clause, 40)
    return name if clause.clause == clause.kind else f"{name} ({clause.kind})"


def gate_headline(gated: Gated) -> str:
    """The answer in one line."""
    shut = len(gated.blocking)
    total = len(gated.clauses)
    answer = "OPEN" if gated.passed else "SHUT"
    over = sum(clause.state == "overridden" for clause in gated.clauses)
    told = f"{total - shut} of {total} clauses pass" + (f", {over} overridden" if over else "")
    return f"{gated.mode} gate: {answer} — {told}, policy {one_line(gated.policy)}"


def gate_lines(gated: Gated, *, width: int = 100, colour: bool = False) -> list[str]:
    """The answer for a terminal; no line is wider than `width`."""
    width = max(width, 40)
    lines = [shorten(gate_headline(gated), width), *wrap(_when(gated), width)]
    for each in gated.changes:
        if each.needed:
            lines += ["", *_change(each, width)]
    lines += [*_unsigned(gated, width), ""]
    for clause in gated.clauses:
        lines += _clause(clause, width, colour, told=clause.kind == "loosening-signed")
    always = [*_overrides(gated, width), *_dissents(gated, width)]
    return [*lines, "", *always] if always else lines


def _when(gated: Gated) -> str:
    """As of when it was judged, against what, and until when an open gate can stay so."""
    as_of = f"as of {gated.assessment.at:%Y-%m-%d %H:%M} UTC"
    if gated.against:
        return f"{as_of}, against {one_line(gated.against, limit=200)}"
    if gated.until is None or not gated.passed:
        return as_of
    return f"{as_of}; until {gated.until:%Y-%m-%d %H:%M} UTC at the latest: {gated.ends_by}"


def _change(each: Weighed, width: int) -> Iterator[str]:
    change = each.change
    of = f"{change.kind} {change.element}" if change.element else "the case"
    yield shorten(f"{_MEANS[each.means]}  {of}: {change.what}", width)
    before, after = _apart(change.before, change.after, width - 6)
    if before:
        yield shorten(f"    - {before}", width)
    if after:
        yield shorten(f"    + {after}", width)
    if change.at:
        yield shorten(f"    {change.at}", width)
    signed = f", by {', '.join(each.signed)}" if each.signed else ""
    told = f"{len(each.signed)} of {each.needed} reviewers signed {each.through} as it is{signed}"
    yield from wrap(told + (f" ({each.says})" if each.says else ""), width, first="    ")


def _apart(before: str, after: str, width: int) -> tuple[str, str]:
    """Two long values from shortly before the first place in which they differ."""
    pairs = enumerate(zip(before, after, strict=False))
    at = next((n for n, (a, b) in pairs if a != b), min(len(before), len(after)))
    start = at - width // 3
    if max(len(before), len(after)) <= width or start <= 0 or not before or not after:
        return before, after
    return f"… {before[start:]}", f"… {after[start:]}"


def _unsigned(gated: Gated, width: int) -> Iterator[str]:
    """The changes that nobody has to sign, in a line each."""
    rest = [each for each in gated.changes if not each.needed]
    if rest:
        yield ""
        count = "1 change" if len(rest) == 1 else f"{len(rest)} changes"
        yield f"{count} that nobody has to sign:"
    for each in rest[:MOST_REMARKS]:
        change = each.change
        of = f"{change.kind} {change.element}" if change.element else "the case"
        before, after = _apart(change.before, change.after, width // 3)
        said = " → ".join(value for value in (before, after) if value) if change.field else ""
        yield shorten(f"{_MEANS[each.means]}  {of}: {change.what}" + (f" ({said})" if said else ""),
                      width)  # fmt: skip
    if len(rest) > MOST_REMARKS:
        yield f"… and {len(rest) - MOST_REMARKS} more; --json lists them all"


def _clause(clause: Judged, width: int, colour: bool, *, told: bool) -> Iterator[str]:
    """A clause; the remarks of one whose changes stand above (`told`) are not said again."""
    head = f"{_MARKS[clause.state]} {clause.state:<10} {called(clause)} — "
    lines = wrap(clause.says, width, first=head, rest="    ")
    if colour:
        lines = [f"\x1b[{_COLOURS[clause.state]}m{lines[0]}\x1b[0m", *lines[1:]]
    yield from lines
    if clause.state == "pass":
        return
    # A remark about the whole that the sentence has already is not said again.
    remarks = [] if told else [r for r in clause.remarks if r.at or r.says not in clause.says]
    for remark in remarks[:MOST_REMARKS]:
        yield from wrap(_remark(remark), width, first="    ")
    if len(remarks) > MOST_REMARKS:
        yield f"    … and {len(remarks) - MOST_REMARKS} more; --json lists them all"
    if clause.override is not None:
        over = clause.override
        said = (
            f"overridden by {over.by}, on the authority of {over.authority}, until "
            f"{moment(over.until)}: {over.reason} (record {over.record})"
        )
        yield from wrap(said, width, first="    ")
    elif clause.hint:
        yield from wrap(clause.hint, width, first="    → ")


def _remark(remark: Remark) -> str:
    return f"{remark.at}: {remark.says}" if remark.at else remark.says


def _overrides(gated: Gated, width: int) -> Iterator[str]:
    for over in gated.overrides:
        force = f"without force: {over.idle}" if over.idle else "in force"
        told = (
            f"override of {', '.join(over.clauses)} for {over.element} by {over.by}, on the "
            f"authority of {over.authority}, until {moment(over.until)}: {over.reason} "
            f"(record {over.record}, {force})"
        )
        yield from wrap(told, width)


def _dissents(gated: Gated, width: int) -> Iterator[str]:
    for said in gated.dissents:
        told = f"dissent of {said.by} from {said.element}: {said.says} (record {said.record})"
        yield from wrap(told, width)


def gate_json(gated: Gated) -> dict[str, Any]:
    """The whole answer as JSON; text is given as it is."""
    found: dict[str, Any] = {
        "format": GATE_FORMAT,
        "mode": gated.mode,
        "passed": gated.passed,
        "case": gated.assessment.case.header.case,
        "at": gated.assessment.at.isoformat(),
        "policy": {
            "name": gated.policy,
            "source": gated.policy_source,
            "sha256": gated.policy_digest,
        },
        "scope": gated.scope,
        "verdict": gated.assessment.verdict,
        "headline": gated.assessment.headline,
        "clauses": [_clause_json(clause) for clause in gated.clauses],
        "overrides": [
            {
                "record": over.record,
                "element": over.element,
                "clauses": list(over.clauses),
                "by": over.by,
                "authority": over.authority,
                "reason": over.reason,
                "until": over.until,
                "in_force": not over.idle,
                "idle": over.idle or None,
            }
            for over in gated.overrides
        ],
        "dissents": [
            {"record": d.record, "element": d.element, "by": d.by, "says": d.says, "at": d.at}
            for d in gated.dissents
        ],
    }
    if gated.until is not None:
        found |= {"until": gated.until.isoformat(), "ends_by": gated.ends_by}
    if gated.difference is not None:
        found |= {
            "against": gated.against,
            "difference": diff_json(gated.difference),
            "changes": [_weighed_json(each) for each in gated.changes],
        }
    return found


def _clause_json(clause: Judged) -> dict[str, Any]:
    return {
        "clause": clause.clause,
        "rule": clause.kind,
        "state": clause.state,
        "weight": clause.weight if clause.state != "pass" else None,
        "says": clause.says,
        "hint": clause.hint or None,
        "override": clause.override.record if clause.override else None,
        "remarks": [
            {
                "element": remark.element or None,
                "says": remark.says,
                "file": remark.at.file if remark.at else None,
                "line": remark.at.line if remark.at else None,
            }
            for remark in clause.remarks
        ],
    }


def _weighed_json(each: Weighed) -> dict[str, Any]:
    change = each.change
    return {
        "element": change.element or None,
        "kind": change.kind,
        "what": change.what,
        "field": change.field or None,
        "before": change.before,
        "after": change.after,
        "means": each.means,
        "needed": each.needed,
        "signed": list(each.signed),
        "rejected": list(each.rejected),
        "sign": each.through or None,
        "file": change.at.file if change.at else None,
        "line": change.at.line if change.at else None,
    }
