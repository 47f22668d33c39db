"""A case as if its open parts were closed, so that there is support for a fault to take away.

Most shipped cases are honest sketches: their root is open, and no fault could make it worse. What
is open is therefore taken as given, on the records and not in the text, and the same for a case
and for all of its mutants: open problems as solved, what nothing supports or executes as an
assumption that somebody owns. What a mutant opens anew stays open.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date

from safetycase.argument.model import (
    Accepted,
    Argument,
    Assumption,
    Case,
    Claim,
    Credence,
    Defeater,
    Element,
    Evidence,
    Problem,
)

__all__ = ["Closing", "closing_of"]

_OWNER = "taken as given"
_ENDS = date(9999, 12, 31)
_BELIEVED = Credence(at_least=1 - 1e-5, owner=_OWNER, because="Taken as given.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Closing:
    """What is taken as given, by id.

    `problems` are taken as solved, `bare` claims as supported, `planned` evidence as measured,
    `unowned` assumptions as owned, and `doubts` that nothing answers as accepted. What has no
    number is believed nearly surely (`unassessed`), so that the case can reach its target.
    """

    problems: frozenset[str]
    bare: frozenset[str]
    planned: frozenset[str]
    unowned: frozenset[str]
    doubts: frozenset[str]
    unassessed: frozenset[str]

    def closed(self, case: Case) -> Case:
        """The case with all of that taken as given."""
        elements = dict(self._elements(case))
        for name in self.unassessed:
            element = elements.get(name)
            if isinstance(element, Argument | Evidence | Assumption) and element.credence is None:
                elements[name] = replace(element, credence=_BELIEVED)
        return replace(case, elements=elements)

    def _elements(self, case: Case) -> Iterator[tuple[str, Element]]:
        for name, element in case.elements.items():
            if isinstance(element, Problem) and name in self.problems:
                continue
            if isinstance(element, Evidence) and name in self.planned and element.method is None:
                says = element.because
                yield name, Assumption(id=name, says=says, owner=_OWNER, expires=_ENDS)
            elif isinstance(element, Claim) and name in self.bare and element.by is None:
                given = f"{name}:given"
                yield name, replace(element, by=given)
                yield (
                    given,
                    Assumption(
                        id=given,
                        says=element.says,
                        owner=_OWNER,
                        expires=_ENDS,
                        credence=_BELIEVED,
                    ),
                )
            elif isinstance(element, Assumption) and name in self.unowned:
                yield name, replace(element, owner=element.owner or _OWNER)
            elif isinstance(element, Defeater) and name in self.doubts and not element.answered_by:
                doubt = Accepted(doubt=0.0, because=_OWNER, owner=_OWNER, expires=_ENDS)
                yield name, replace(element, accepted=doubt, mandatory=False)
            else:
                yield name, element

    def said(self) -> Iterator[str]:
        """What is taken as given, in words."""
        for names, one, many in (
            (self.problems, "open problem is solved", "open problems are solved"),
            (self.bare, "claim without support holds", "claims without support hold"),
            (self.planned, "leaf without a method passed", "leaves without a method passed"),
            (self.unowned, "assumption has an owner", "assumptions have owners"),
            (self.doubts, "unanswered doubt is accepted", "unanswered doubts are accepted"),
            (self.unassessed, "part is believed nearly surely", "parts are believed nearly surely"),
        ):  # fmt: skip
            if names:
                yield f"{len(names)} {one if len(names) == 1 else many}"


def closing_of(case: Case) -> Closing:
    """What has to be taken as given of a case, as it stands."""
    items = case.elements.items()
    return Closing(
        problems=frozenset(n for n, e in items if isinstance(e, Problem)),
        bare=frozenset(
            n
            for n, e in items
            if isinstance(e, Claim)
            and (e.by is None or e.by not in case.elements or _empty(case.elements[e.by]))
        ),
        planned=frozenset(n for n, e in items if isinstance(e, Evidence) and e.method is None),
        unowned=frozenset(n for n, e in items if isinstance(e, Assumption) and e.owner is None),
        doubts=frozenset(
            n
            for n, e in items
            if isinstance(e, Defeater) and not e.answered_by and e.accepted is None
        ),
        unassessed=frozenset(
            n
            for n, e in items
            if isinstance(e, Argument | Evidence | Assumption) and e.credence is None
        ),
    )


def _empty(step: Element) -> bool:
    return isinstance(step, Argument) and not step.premises
