"""What a swap of the oversight method changed and what survived: for the terminal and as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from safetycase.assess.swap import Part, Swap
from safetycase.report.clean import one_line, shorten, wrap

__all__ = ["Importance", "Survey", "survey_json", "survey_lines", "swap_json", "swap_lines"]

_KINDS = {
    "claim": "claims",
    "argument": "steps",
    "evidence": "evidence",
    "assumption": "assumptions",
    "defeater": "doubts",
    "problem": "open problems",
    "context": "contexts",
}
_NAMED = ("claim", "evidence", "assumption", "defeater", "problem")
_MARKS: Mapping[str, str] = {"needed": "●", "helps": "◐", "there": "○", "": "·"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Importance:
    """One open problem: what it is to the case under each method.

    `needed`: nothing lifts the headline without it; `helps`: it does in a set with others; `there`:
    it blocks a part that does not move the headline alone; empty: the case does not have it.
    """

    id: str
    says: str
    under: Mapping[str, str]

    @property
    def needed(self) -> int:
        """Under how many methods the headline needs it."""
        return sum(word == "needed" for word in self.under.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """The open problems of a case under every method that it can name, and the verdicts."""

    parameter: str
    methods: tuple[str, ...]
    problems: tuple[Importance, ...]
    verdicts: Mapping[str, str]
    assumptions: Mapping[str, frozenset[str]]


def swap_lines(found: Swap, *, width: int = 100) -> list[str]:
    """The swap for a terminal; no line is wider than `width`."""
    lines = [shorten(f"{found.parameter}: {found.before} → {found.after}", width), ""]
    lines += [f"{'':15}{'gone':>7}{'come':>7}{'changed':>9}{'survived':>10}"]
    for kind, words in _KINDS.items():
        sides = found.of(kind)
        if any(sides.values()):
            gone, come, changed, survived = (len(sides[s]) for s in sides)
            lines.append(f"{words:15}{gone:>7}{come:>7}{changed:>9}{survived:>10}")
    for title, parts, mark in (
        ("Gone", found.gone, "−"),
        ("Come", found.come, "+"),
        ("Changed", found.changed, "≠"),
    ):
        lines += _listed(title, [p for p in parts if p.kind in _NAMED], mark, width)
    for kind in ("assumption", "problem"):
        names = ", ".join(one_line(p.id) for p in found.of(kind)["survived"])
        if names:
            lines += ["", f"Survived, {_KINDS[kind]}:", *wrap(names, width, first="  ")]
    if found.restated:
        lines += ["", "In both, with another status:"]
        for item in found.restated:
            text = f"  {item.part.id}: {item.before.support} → {item.after.support}"
            lines.append(shorten(text, width))
    if found.outcomes:
        lines += ["", "Evidence in both, with another result:"]
        for name, (before, after) in found.outcomes.items():
            lines.append(shorten(f"  {name}: {before} → {after}", width))
    lines += ["", f"Verdict: {_verdict(found)}"]
    return lines


def _verdict(found: Swap) -> str:
    if found.verdict_before == found.verdict_after:
        return f"{found.verdict_after} with both"
    return f"{found.verdict_before} → {found.verdict_after}"


def _listed(title: str, parts: Sequence[Part], mark: str, width: int) -> Iterator[str]:
    if parts:
        yield ""
        yield f"{title}:"
    for part in parts:
        yield shorten(f"  {mark} {part.id} ({part.kind}): {part.says}", width)


def swap_json(found: Swap) -> dict[str, Any]:
    """The swap as JSON."""
    return {
        "parameter": found.parameter,
        "before": found.before,
        "after": found.after,
        "gone": _named(found.gone),
        "come": _named(found.come),
        "changed": _named(found.changed),
        "survived": _named(found.survived),
        "restated": [
            {"id": r.part.id, "before": r.before.support, "after": r.after.support}
            for r in found.restated
        ],
        "outcomes": {n: {"before": a, "after": b} for n, (a, b) in found.outcomes.items()},
        "verdict": {"before": found.verdict_before, "after": found.verdict_after},
    }


def _named(parts: Iterable[Part]) -> list[dict[str, str]]:
    return [{"id": p.id, "kind": p.kind, "says": p.says} for p in parts]


def survey_lines(found: Survey, *, width: int = 100) -> list[str]:
    """The open problems under every method, most needed first."""
    count = len(found.methods)
    lines = [f"{found.parameter}: {count} methods", ""]
    lines += [
        f"  {chr(ord('a') + i)}  {m:26} {found.verdicts[m]}" for i, m in enumerate(found.methods)
    ]
    letters = " ".join(chr(ord("a") + i) for i in range(count))
    wide = max((len(p.id) for p in found.problems), default=0)
    lines += ["", f"{'open problem':{wide}}  {letters}  needed by"]
    for problem in found.problems:
        marks = " ".join(_MARKS[problem.under.get(m, "")] for m in found.methods)
        lines.append(f"{one_line(problem.id):{wide}}  {marks}  {problem.needed} of {count}")
    lines += [
        "",
        "● the headline needs it solved   ◐ in a set with others   ○ there   · not there",
        "",
    ]
    for problem in found.problems:
        lines += wrap(problem.says, width, first=f"{problem.id}: ", rest="    ")
    shared = (
        frozenset.intersection(*found.assumptions.values()) if found.assumptions else frozenset()
    )
    extra = (
        frozenset.union(*found.assumptions.values()) - shared if found.assumptions else frozenset()
    )
    lines += [
        "",
        *wrap(
            ", ".join(sorted(shared)) or "none",
            width,
            first="Assumed with every method: ",
            rest="    ",
        ),
    ]
    if extra:
        lines += wrap(", ".join(sorted(extra)), width, first="Assumed with some: ", rest="    ")
    return lines


def survey_json(found: Survey) -> dict[str, Any]:
    """The survey as JSON."""
    return {
        "parameter": found.parameter,
        "methods": list(found.methods),
        "verdicts": dict(found.verdicts),
        "problems": [
            {"id": p.id, "says": p.says, "under": dict(p.under), "needed": p.needed}
            for p in found.problems
        ],
        "assumptions": {m: sorted(names) for m, names in found.assumptions.items()},
    }
