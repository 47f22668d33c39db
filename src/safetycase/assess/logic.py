"""Three-valued truth over a case: support and defeat in one least fixpoint.

Every element starts unknown; the operators below only ever turn unknown into true or false as
more becomes known (Kleene's strong logic; Dung 1995, Artif. Intell. 77:321 for the grounded
labelling of attacks). So the order of writing does not matter, circles end, and neither a loop
of support nor a circle of attacks proves anything.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from safetycase.argument.graph import rule_of
from safetycase.argument.model import (
    Argument,
    Assumption,
    Claim,
    Defeater,
    Element,
    Evidence,
)
from safetycase.assess.reviewed import Challenged, Review
from safetycase.assess.watching import Watching

__all__ = ["Facts", "calculated", "solve", "standing", "step_value", "unanswered_legs"]

_DEEPEST = 20  # calculations of calculations; a circle of them ends here
Value = bool | None
Ranges = Mapping[str, tuple[float, float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known before any inference.

    `leaves` holds the truth of each evidence on its own data, None unless fresh and decided;
    `assumed` whether an assumption counts now; `blocked` the elements with an open problem or a
    blocking finding; `attacks` the defeaters against each element; `accepted` those accepted as
    residual and still in date; `silent` those the engine would raise itself and did not;
    `problems` the open problems that block each element; `ranges` the measured interval of each
    quantity of a claim, from fresh leaves alone; `monitors` the monitors that keep each element
    unknown; `kept` the defeaters that nothing answers now, with the monitors that say so: an alarm
    about a doubt, or silence, never helps what the doubt is against; with them the doubts of
    challenges, which only a ruling ends. `held` are those of `blocked` that neither a problem nor a
    monitor holds alone. `challenged` are the doubts that challenges raise in review, by id.
    """

    elements: Mapping[str, Element]
    leaves: Mapping[str, Value]
    assumed: Mapping[str, bool]
    blocked: frozenset[str]
    attacks: Mapping[str, tuple[str, ...]]
    accepted: frozenset[str]
    silent: frozenset[str]
    problems: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    ranges: Mapping[str, Ranges] = field(default_factory=dict)
    monitors: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    kept: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    held: frozenset[str] = frozenset()
    watching: Watching = field(default_factory=Watching)
    review: Review = field(default_factory=Review)
    challenged: Mapping[str, Challenged] = field(default_factory=dict)


def solve(facts: Facts) -> Mapping[str, Value]:
    """The least fixpoint: element id -> true, false or unknown."""
    values: dict[str, Value] = dict.fromkeys(facts.elements)
    # Parents stand before their parts in file order, so the reverse order settles fast.
    order = list(facts.elements)[::-1]
    changed = True
    while changed:
        changed = False
        for name in order:
            if values[name] is None:
                new = _operator(name, facts, values)
                if new is not None:
                    values[name] = new
                    changed = True
    return values


def standing(facts: Facts, values: Mapping[str, Value], target: str) -> tuple[str, ...]:
    """The defeaters against `target` that are not (yet) defeated and not accepted."""
    return tuple(
        d
        for d in facts.attacks.get(target, ())
        if values.get(d) is not False and d not in facts.accepted
    )


def _operator(name: str, facts: Facts, values: Mapping[str, Value]) -> Value:
    element = facts.elements[name]
    if isinstance(element, Defeater):
        return _defeater(element, facts, values)
    if name in facts.blocked or standing(facts, values, name):
        return None
    if isinstance(element, Evidence):
        return facts.leaves.get(name)
    if isinstance(element, Assumption):
        return True if facts.assumed.get(name) else None
    if isinstance(element, Claim):
        step = facts.elements.get(element.by or "")
        if isinstance(step, Argument) and rule_of(step) == "calculate":
            if step.id in facts.blocked or standing(facts, values, step.id):
                return None
            return calculated(element, step, facts, values)
        return values.get(element.by) if element.by else None
    if isinstance(element, Argument):
        if rule_of(element) == "calculate":
            # What a calculation passes on depends on the criterion of its conclusion.
            return True if _inputs(element, facts, values) is not None else None
        return step_value(element, values.get)
    return None


def calculated(claim: Claim, step: Argument, facts: Facts, values: Mapping[str, Value]) -> Value:
    """The criterion of a claim on the computed intervals; it refutes only an exact step."""
    ranges = _inputs(step, facts, values)
    if ranges is None or claim.holds_when is None:
        return None
    computed = {name: formula.on(ranges) for name, formula in step.computes.items()}
    if any(name not in computed for name in claim.holds_when.names):
        return None
    decided = claim.holds_when.decide(computed)
    return decided if decided or step.exact else None


def _inputs(
    step: Argument, facts: Facts, values: Mapping[str, Value], depth: int = 0
) -> Ranges | None:
    """The intervals a formula is evaluated on; None while one is missing or under attack.

    A premise that gives a quantity need not meet a bound of its own; every other must hold.
    """
    found: dict[str, tuple[float, float]] = {}
    needed = {name for formula in step.computes.values() for name in formula.names}
    for premise in (*step.premises, *step.side_conditions):
        given = _quantities(premise, facts, values, depth + 1) or {}
        if not needed & given.keys() and values.get(premise) is not True:
            return None
        found.update(given)
    return found if needed <= found.keys() else None


def _quantities(name: str, facts: Facts, values: Mapping[str, Value], depth: int) -> Ranges | None:
    """The quantities a claim has, measured or computed, unless something attacks them."""
    element = facts.elements.get(name)
    if not isinstance(element, Claim) or depth > _DEEPEST or not element.by:
        return None
    if any(n in facts.blocked or standing(facts, values, n) for n in (name, element.by)):
        return None
    step = facts.elements.get(element.by)
    if isinstance(step, Argument) and rule_of(step) == "calculate":
        ranges = _inputs(step, facts, values, depth)
        return ranges and {q: formula.on(ranges) for q, formula in step.computes.items()}
    return facts.ranges.get(name)


def _defeater(element: Defeater, facts: Facts, values: Mapping[str, Value]) -> Value:
    """True: it stands. False: it is answered, attacked in turn, or its own support failed."""
    if element.id in facts.silent:
        return False
    answers: list[Value] = [values.get(a) for a in element.answered_by]
    answers += [values.get(d) for d in facts.attacks.get(element.id, ()) if d not in facts.accepted]
    own: Value = values.get(element.by) if element.by else True
    if True in answers or own is False:
        return None if element.id in facts.kept else False
    return True if own is True and all(a is False for a in answers) else None


def step_value(step: Argument, value: Callable[[str], Value]) -> Value:
    """The value a step passes on, by its rule.

    A step refutes only if it is declared exact; and an `any` with a refuted leg passes nothing
    on until that leg is answered for under `despite`.
    """
    if any(value(c) is not True for c in step.side_conditions):
        return None
    legs = [value(p) for p in dict.fromkeys(step.premises)]  # one named twice is one (C103)
    needed = {"all": len(legs), "any": 1}.get(rule_of(step), step.k or len(legs))
    if step.exact and len(legs) - legs.count(False) < needed:
        return False
    if not legs or legs.count(True) < needed:
        return None
    return None if rule_of(step) == "any" and unanswered_legs(step, value) else True


def unanswered_legs(step: Argument, value: Callable[[str], Value]) -> tuple[str, ...]:
    """The refuted legs of an `any` that no `despite` answers for."""
    return tuple(p for p in step.premises if value(p) is False and p not in step.despite)
