"""The records of a difference between two versions of a case."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from safetycase.argument.findings import Span
from safetycase.argument.judge import Direction

__all__ = ["Change", "Difference", "Impact", "Verdict"]

Verdict = Literal["REUSE", "RECHECK", "REVISE"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One thing that differs.

    `element` is an id of the new case (of the old one for what was removed), `""` for the header;
    `kind` its kind, `header`, `module` or `template`. `what` is a fixed phrase per kind of change,
    `field` the key in the file (empty for an element that came or went). `before` and `after` are
    the values as words; `at` is the place in the new text, or in the old one for what was removed.
    """

    element: str
    kind: str
    what: str
    field: str = ""
    before: str = ""
    after: str = ""
    direction: Direction = ""
    at: Span | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Impact:
    """What a change asks of one element of the new case, and why.

    `through` is the way from the element down to what changed, both ends included.
    """

    element: str
    verdict: Verdict
    because: str
    through: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Everything that differs between two versions of a case.

    `renamed` maps old ids to new ones. `impact` has a verdict for every element of the new case.
    """

    changes: tuple[Change, ...] = ()
    renamed: Mapping[str, str] = dataclasses.field(default_factory=dict)
    impact: Mapping[str, Impact] = dataclasses.field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.changes or self.renamed)

    @property
    def added(self) -> tuple[str, ...]:
        """Ids that are new."""
        return tuple(c.element for c in self.changes if not c.field and not c.before)

    @property
    def removed(self) -> tuple[str, ...]:
        """Ids that are gone."""
        return tuple(c.element for c in self.changes if not c.field and not c.after)

    @property
    def loosening(self) -> tuple[Change, ...]:
        """What a reviewer wants to see first."""
        return tuple(c for c in self.changes if c.direction == "loosens")

    def of(self, verdict: Verdict) -> tuple[Impact, ...]:
        """The elements with one verdict, in the order of the new case."""
        return tuple(i for i in self.impact.values() if i.verdict == verdict)
