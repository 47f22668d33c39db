"""What reports to regulators are written from, and the sources their sentences name."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from posixpath import dirname
from typing import Any, TypeVar

from safetycase.argument.model import Assumption, Claim, Context, Defeater, Element, Evidence
from safetycase.assess.breakdown import Breakdown
from safetycase.assess.duties import Deadline
from safetycase.assess.records import Assessment, LeafResult
from safetycase.ledger.fold import History
from safetycase.report.as_json import element_json
from safetycase.report.clean import one_line
from safetycase.report.marks import status_mark
from safetycase.report.outline import raised_target, says_of
from safetycase.report.regulatory.document import Gap, Ref, Sentence
from safetycase.report.summary import place_of

__all__ = ["Earlier", "Material", "Parts", "ended"]

_RECORD = re.compile(r"\brecord (\d{1,9})\b")
E = TypeVar("E", bound=Element)


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """What an earlier report says of itself: when it was made, of which record and elements.

    `continues` is whether the record still begins with what that report was made from; None where
    the earlier record was empty.
    """

    at: str
    form: str
    records: int
    head: str
    elements: Mapping[str, str]
    continues: bool | None


@dataclass(frozen=True, kw_only=True)
class Material:
    """An assessment, the record it was made from, and what was computed besides.

    `digests` maps the number of a record to its SHA-256; `problems` are what is wrong with the
    record; `breakdown` is that of the root's confidence.
    """

    assessment: Assessment
    history: History
    digests: Mapping[int, str] = field(default_factory=dict)
    deadlines: tuple[Deadline, ...] = ()
    breakdown: Breakdown | None = None
    earlier: Earlier | None = None
    version: str = ""
    problems: tuple[str, ...] = ()

    @cached_property
    def elements(self) -> Mapping[str, str]:
        """The SHA-256 of what each element of the case says, by its id."""
        elements = self.assessment.case.elements
        return {name: _digest(element_json(e)) for name, e in sorted(elements.items())}

    @property
    def root(self) -> str:
        """The id of the root claim."""
        return self.assessment.case.root

    def element(self, name: str) -> Ref:
        """An element, or a doubt that no file states, as a source."""
        return Ref(kind="element", name=name, place=self._inside(place_of(self.assessment, name)))

    def record(self, seq: int) -> Ref:
        """A record as a source."""
        return Ref(kind="record", name=str(seq), digest=self.digests.get(seq, ""))

    def header(self, name: str) -> Ref:
        """A field of the case's header as a source."""
        place = str(self.assessment.case.span("", name)).rpartition(":")[0]
        return Ref(kind="header", name=name, place=self._inside(place))

    def _inside(self, place: str) -> str:
        """A place in the case folder; where that lies on this machine is nobody's business."""
        folder = dirname(self.assessment.case.source)
        return place.removeprefix(f"{folder}/") if folder else place

    def said(self, text: str, *sources: Ref, what: str = "") -> Sentence:
        """A sentence on one line, with its sources once each; `what` as in `Sentence`.

        A record that the text mentions is among them: it may quote what that says.
        """
        named = (int(n) for n in _RECORD.findall(text))
        quoted = [self.record(seq) for seq in named if 0 < seq <= self.assessment.record_length]
        found = tuple(dict.fromkeys((*sources, *quoted)))
        return Sentence(text=one_line(text), sources=found, what=what)

    def of(self, text: str, *names: str) -> Sentence:
        """A sentence about elements, in the order of their ids."""
        return self.said(text, *(self.element(name) for name in names))

    def says(self, name: str) -> str:
        """What an element says, without its full stop."""
        return one_line(says_of(self.assessment, name)).rstrip(". ")

    def word(self, name: str) -> str:
        """The status word of an element."""
        return status_mark(self.assessment, name).word

    def stands(self, name: str) -> bool:
        """Whether an element has its support now."""
        state = self.assessment.states.get(name)
        return state is not None and state.support == "supported" and state.posed == "ready"

    def all(self, kind: type[E]) -> tuple[E, ...]:
        """The elements of a kind, in file order."""
        return tuple(e for e in self.assessment.case.elements.values() if isinstance(e, kind))

    def claims(self) -> tuple[Claim, ...]:
        """The claims, in file order."""
        return self.all(Claim)

    def assumptions(self) -> tuple[Assumption, ...]:
        """The assumptions, in file order."""
        return self.all(Assumption)

    def doubts(self) -> tuple[str, ...]:
        """The defeaters of the case and those that measurements and monitors raised."""
        own = tuple(e.id for e in self.all(Defeater))
        raised = (
            name
            for name in self.assessment.states
            if name not in self.assessment.case.elements
            and (name in self.assessment.challenges or raised_target(self.assessment, name))
        )
        return tuple(dict.fromkeys((*own, *raised)))

    def leaves(self) -> Iterator[tuple[Evidence, LeafResult]]:
        """The evidence that has a criterion, with what the record says of it."""
        for evidence in self.all(Evidence):
            leaf = self.assessment.leaves.get(evidence.id)
            if leaf is not None:
                yield evidence, leaf

    def context(self, *names: str) -> Context | None:
        """The context of the first of these names that the case has, in any module."""
        for wanted in names:
            for each in self.all(Context):
                if each.id.rpartition("/")[2].casefold() == wanted.casefold():
                    return each
        return None


@dataclass(slots=True)
class Parts:
    """The sentences and the gaps of one section while it is written."""

    sentences: list[Sentence] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)

    def gap(self, says: str, fill: str, *about: str) -> None:
        """Own up to something that nothing here says; `about` are the elements it names."""
        self.gaps.append(Gap(says=says, fill=fill, about=about))

    def told(self, m: Material, name: str, says: str, fill: str = "") -> None:
        """What the context `name` says, or the gap that `says` and `fill` describe."""
        found = m.context(name)
        if found is not None:
            # In quotes, because it is the author who says so, and nothing here has looked at it.
            self.sentences.append(m.of(f"The case says: “{m.says(found.id)}”.", found.id))
        else:
            wanted = fill or f"a context `{name}` that says it"
            self.gap(f"Nothing in this case says {says}.", wanted)


def ended(text: str) -> str:
    """A text as a sentence: with a full stop, unless it ends in a mark of its own."""
    text = one_line(text).strip()
    bare = text.rstrip("”\"')")
    return text if bare.endswith((".", "!", "?", "…", "]")) else f"{text}."


def _digest(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("ascii")).hexdigest()
