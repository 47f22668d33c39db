"""What is known of each element from all the others: who uses it, answers with it, notes it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from safetycase.argument.model import (
    Argument,
    Case,
    Claim,
    Defeater,
    Dependence,
    Element,
    Evidence,
    Hazard,
    Monitor,
    Problem,
)

__all__ = ["Standing", "standing_of"]


@dataclass(slots=True, kw_only=True)
class Standing:
    """Look-ups over one case, each by element id.

    `supporting` and `answers` hold what is used so; `holders` names what an item of evidence
    supports; `concluded` the claims that a step written apart concludes, `joined` those
    concluded from another module; `contracts` maps a step that
    joins modules to the name of its contract module; `aimed_steps` the steps `X.by` that a
    defeater aims at; `notes` the tags that problems, monitors and hazards leave.
    """

    modules: frozenset[str]
    needs: frozenset[str]
    public: frozenset[str]
    supporting: set[str] = field(default_factory=set)
    answers: set[str] = field(default_factory=set)
    holders: dict[str, list[str]] = field(default_factory=dict)
    concluded: set[str] = field(default_factory=set)
    joined: set[str] = field(default_factory=set)
    contracts: dict[str, str] = field(default_factory=dict)
    aimed_steps: set[str] = field(default_factory=set)
    notes: dict[str, dict[str, list[str]]] = field(default_factory=dict)

    def home(self, name: str) -> str:
        """The module an element stands in; "" is the case itself."""
        if self.contracts and name in self.contracts:
            return self.contracts[name]
        module = name.partition("/")[0] if "/" in name else ""
        return module if module in self.modules else ""

    def by_contract(self, name: str) -> bool:
        """Whether a claim without a step of its own is supported from outside its module."""
        return name in self.needs or name in self.joined

    def only_answers(self, name: str) -> bool:
        """Whether an element stands against a defeater and nowhere in support."""
        return name in self.answers and name not in self.supporting

    def conclude(self, step: str, claim: str, *, known: bool) -> None:
        """Note that `step` concludes `claim`; across modules it is a contract of its own."""
        self.concluded.add(claim)
        if known and self.home(step) != self.home(claim):
            name = step
            while name in self.modules:
                name += "-CONTRACT"
            self.contracts[step] = name
            self.joined.add(claim)

    def mention(self, tag: str, targets: Iterable[str], name: str) -> None:
        """Note under `tag` that `name` speaks of `targets`."""
        for target in targets:
            self.notes.setdefault(target, {}).setdefault(tag, []).append(name)


def standing_of(case: Case) -> Standing:
    """One pass over the elements of a case."""
    modules = case.modules.values()
    found = Standing(
        modules=frozenset(case.modules),
        needs=frozenset(name for module in modules for name in module.needs),
        public=frozenset(name for module in modules for name in module.public),
    )
    for element in case.elements.values():
        _look(case, found, element)
    return found


def _look(case: Case, found: Standing, element: Element) -> None:
    if isinstance(element, Claim):
        found.supporting.update(element.in_support)
    if isinstance(element, Claim | Defeater):
        if element.by:
            found.supporting.add(element.by)
            found.holders.setdefault(element.by, []).append(element.id)
        if isinstance(element, Defeater):
            found.answers.update(element.answered_by)
            if element.against.endswith(".by"):
                found.aimed_steps.add(element.against)
    elif isinstance(element, Argument):
        used = (*element.premises, *element.side_conditions)
        found.supporting.update(used)
        for name in used:
            if isinstance(case.elements.get(name), Evidence):
                found.holders.setdefault(name, []).append(element.id)
        if element.concludes:
            found.conclude(element.id, element.concludes, known=element.concludes in case.elements)
    elif isinstance(element, Problem | Monitor | Hazard | Dependence):
        _mentions(found, element)


def _mentions(found: Standing, element: Problem | Monitor | Hazard | Dependence) -> None:
    if isinstance(element, Problem):
        found.mention("sc.blocked_by", element.blocks, element.id)
    elif isinstance(element, Monitor):
        found.mention("sc.monitored_by", element.conditions, element.id)
    elif isinstance(element, Dependence):
        found.mention("sc.dependence_of", element.among, element.id)
    else:
        found.mention("sc.covers", element.covered_by, element.id)
