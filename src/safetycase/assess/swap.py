"""What another oversight method does to a case: which parts go, come, change and survive."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from safetycase.argument.diff import diff
from safetycase.argument.graph import kind_of
from safetycase.argument.model import Case, Element
from safetycase.assess.records import Assessment, State

__all__ = ["Part", "Restated", "Swap", "compare_methods"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One element: its id, its kind and what it says."""

    id: str
    kind: str
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Restated:
    """An element that both cases have and whose status is not the same in them."""

    part: Part
    before: State
    after: State


@dataclass(frozen=True, slots=True, kw_only=True)
class Swap:
    """The difference that one rebound parameter makes, in structure and in the verdict.

    `gone` are elements of the case before, `come` of the case after, `changed` are in both and
    read otherwise, `survived` read the same. `restated` are those of `changed` and `survived`
    whose status differs, `outcomes` the evidence of both whose result does, as (before, after).
    Both verdicts follow from the same record.
    """

    parameter: str
    before: str
    after: str
    gone: tuple[Part, ...]
    come: tuple[Part, ...]
    changed: tuple[Part, ...]
    survived: tuple[Part, ...]
    restated: tuple[Restated, ...]
    outcomes: Mapping[str, tuple[str, str]]
    verdict_before: str
    verdict_after: str

    def of(self, kind: str) -> Mapping[str, tuple[Part, ...]]:
        """The parts of one kind by what became of them."""
        sides = {
            "gone": self.gone,
            "come": self.come,
            "changed": self.changed,
            "survived": self.survived,
        }
        return {name: tuple(p for p in parts if p.kind == kind) for name, parts in sides.items()}


def compare_methods(
    parameter: str, values: tuple[str, str], pair: tuple[Assessment, Assessment]
) -> Swap:
    """Compare the case with `parameter` bound to the first and to the second of `values`."""
    before, after = pair
    found = diff(before.case, after.case)
    gone = [name for name in before.case.elements if name not in after.case.elements]
    come = [name for name in after.case.elements if name not in before.case.elements]
    touched = {c.element for c in found.changes if c.element and c.field}
    both = [name for name in after.case.elements if name in before.case.elements]
    changed = [name for name in both if name in touched]
    return Swap(
        parameter=parameter,
        before=values[0],
        after=values[1],
        gone=_parts(before.case, gone),
        come=_parts(after.case, come),
        changed=_parts(after.case, changed),
        survived=_parts(after.case, [name for name in both if name not in touched]),
        restated=tuple(
            Restated(
                part=_part(after.case.elements[name], name),
                before=before.states[name],
                after=after.states[name],
            )
            for name in both
            if name in before.states
            and name in after.states
            and before.states[name].support != after.states[name].support
        ),
        outcomes=_outcomes(before, after),
        verdict_before=before.verdict,
        verdict_after=after.verdict,
    )


def _outcomes(before: Assessment, after: Assessment) -> Mapping[str, tuple[str, str]]:
    """Of evidence that both have and the record decides in both, where the result differs."""
    both = {
        n: (before.leaves[n].outcome, o.outcome)
        for n, o in after.leaves.items()
        if n in before.leaves
    }
    return {n: (a, b) for n, (a, b) in both.items() if a is not None and b is not None and a != b}


def _parts(case: Case, names: list[str]) -> tuple[Part, ...]:
    return tuple(_part(case.elements[name], name) for name in names)


def _part(element: Element, name: str) -> Part:
    says = getattr(element, "says", "") or getattr(element, "because", "") or ""
    return Part(id=name, kind=kind_of(element), says=says)
