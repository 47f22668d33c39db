"""What must lose its support when some elements lose theirs: the oracle, worked out apart.

It shares no code with `assess`: a fault in the one does not hide in the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set

from safetycase.argument.model import (
    Argument,
    Assumption,
    Case,
    Claim,
    Defeater,
    Element,
    Evidence,
)

__all__ = ["falling"]

_SUPPORT = (Claim, Argument, Evidence, Assumption)


def falling(case: Case, supported: Set[str], broken: Iterable[str]) -> frozenset[str]:
    """Of the elements in `supported`, those that cannot keep their support without `broken`.

    A step falls with too few premises for its rule, a claim with its step, and whatever a doubt is
    against once the last answer to the doubt has fallen.
    """
    fallen = {name for name in broken if name in supported}
    answered = {
        name: e
        for name, e in case.elements.items()
        if isinstance(e, Defeater) and e.answered_by and e.accepted is None
    }
    changed = True
    while changed:
        changed = False
        for name, element in case.elements.items():
            if name in supported and name not in fallen and _falls(element, supported, fallen):
                fallen.add(name)
                changed = True
        for doubt in answered.values():
            target = _target(case.elements, doubt.against)
            left = [a for a in doubt.answered_by if a in supported and a not in fallen]
            if not left and target in supported and target not in fallen and _own(doubt, fallen):
                fallen.add(target)
                changed = True
    return frozenset(n for n in fallen if isinstance(case.elements.get(n), _SUPPORT))


def _own(doubt: Defeater, fallen: Set[str]) -> bool:
    """Whether a doubt that is argued for has not lost its own support instead."""
    return doubt.by is None or doubt.by not in fallen


def _target(elements: Mapping[str, Element], name: str) -> str:
    """`X.by` as the step into X."""
    holder, _, last = name.rpartition(".")
    if last == "by" and name not in elements:
        return getattr(elements.get(holder), "by", None) or name
    return name


def _falls(element: Element, supported: Set[str], fallen: Set[str]) -> bool:
    if isinstance(element, Claim):
        return element.by is not None and element.by in fallen
    if not isinstance(element, Argument):
        return False
    if any(side in fallen for side in element.side_conditions):
        return True
    premises = dict.fromkeys(element.premises)
    left = sum(p in supported and p not in fallen for p in premises)
    alternatives = element.rule is None and element.kind == "alternatives"
    if element.rule == "any" or alternatives:
        return left == 0
    if element.rule == "k of n":
        return left < (element.k or len(premises))
    return left < len(premises)
