"""Why an element has its status: the shortest complete chain of reasons, in plain sentences.

Written for someone who has to decide and did not build the system: each status word is
explained where it is first used, each leaf gives its run and its number, each element the line
it is written on. An element is explained once; later mentions point back to the number.
"""

from __future__ import annotations

from collections.abc import Iterator

from safetycase.argument.findings import did_you_mean
from safetycase.argument.graph import kind_of
from safetycase.argument.model import Argument, Assumption, Defeater, Monitor
from safetycase.assess.records import Assessment, LeafResult, Reason, State
from safetycase.report.attempts import attempts_told, order_told
from safetycase.report.clean import moment, one_line, wrap
from safetycase.report.freshness_text import freshness_lines
from safetycase.report.marks import Mark, freshness_mark, status_mark, verdict_mark
from safetycase.report.numbers import confidence_text, level_text
from safetycase.report.outline import raised_target, says_of
from safetycase.report.summary import leaf_number, place_of, run_command

__all__ = ["UnknownElement", "reasons_of", "why_lines"]


class UnknownElement(LookupError):
    """No element of the case has this id; the message suggests the nearest one."""


def why_lines(assessment: Assessment, name: str, *, width: int = 100) -> list[str]:
    """The explanation of `name`'s status as lines of at most `width` columns.

    Raises `UnknownElement` for an id that the case does not have.
    """
    known = dict.fromkeys([*assessment.states, *assessment.case.elements])
    if name not in known:
        hint = did_you_mean(name, known)
        asked = one_line(name, limit=200)
        raise UnknownElement(f"the case has no element `{asked}`" + (f": {hint}" if hint else ""))
    return list(_Telling(assessment, max(width, 32)).tell(name))


def reasons_of(state: State) -> tuple[Reason, ...]:
    """The reasons of a status, with the doubts it names as attackers if no reason does."""
    told = {reason.about for reason in state.reasons}
    more = (Reason(says="A doubt stands against it.", about=a) for a in state.attackers)
    return (*state.reasons, *(reason for reason in more if reason.about not in told))


class _Telling:
    """One explanation while it is written: what was said already."""

    def __init__(self, assessment: Assessment, width: int) -> None:
        self.assessment = assessment
        self.width = width
        self.explained: set[str] = set()
        self.places: dict[str, str] = {}

    def tell(self, name: str) -> Iterator[str]:
        if name == self.assessment.case.root:
            mark = verdict_mark(self.assessment)
            yield from wrap(
                f"The verdict on the case is {mark.glyph} {mark.word}: "
                f"{one_line(self.assessment.headline)}",
                self.width,
            )
            yield ""
        stack: list[tuple[str, Reason | None, str]] = [("", None, name)]
        while stack:
            number, reason, about = stack.pop()
            if reason is not None:
                yield from self._numbered(number, reason)
            if about and about not in self.places:
                yield from self._follow(about, number, stack)
        yield from self._ending(name)

    def _follow(
        self, name: str, number: str, stack: list[tuple[str, Reason | None, str]]
    ) -> Iterator[str]:
        """Explain `name` and on along single reasons; where they branch, push the branches."""
        indent = _indent(number)
        while True:
            self.places[name] = number
            yield from self._introduce(name, indent)
            plain, linked = self._sorted_reasons(name)
            lead = f"{indent}Why: "
            for reason in plain:
                yield from wrap(one_line(reason.says), self.width, first=lead, rest=indent)
                lead = indent
            if len(linked) != 1:
                break
            yield from wrap(self._said(linked[0]), self.width, first=lead, rest=indent)
            about = linked[0].about or ""
            if about in self.places:
                return
            name = about
        stack += [
            (f"{number}{i}.", reason, reason.about or "")
            for i, reason in reversed(list(enumerate(linked, start=1)))
        ]

    def _sorted_reasons(self, name: str) -> tuple[list[Reason], list[Reason]]:
        """The reasons that end here, and those that lead to another element.

        A measurement tells its own numbers, so only its doubts are told as reasons. A step that
        does not go through is explained by the premises that fail it.
        """
        state = self.assessment.states.get(name)
        if state is None:
            return [], []
        reasons = reasons_of(state)
        plain = [r for r in reasons if r.about is None and name not in self.assessment.leaves]
        linked = [r for r in reasons if r.about is not None]
        element = self.assessment.case.elements.get(name)
        if isinstance(element, Argument) and state.truth != "true":
            premises = {*element.premises, *element.side_conditions}
            true = {n for n, s in self.assessment.states.items() if s.truth == "true"}
            linked = [r for r in linked if r.about not in premises & true]
        return plain, linked

    def _numbered(self, number: str, reason: Reason) -> Iterator[str]:
        if number.count(".") == 1:
            yield ""
        yield from wrap(
            self._said(reason), self.width, first=f"{_indent(number, -1)}{_label(number)} "
        )

    def _said(self, reason: Reason) -> str:
        """The sentence of a reason, with where its element was explained if it was."""
        says = one_line(reason.says)
        back = self.places.get(reason.about or "")
        if back is None:
            return says
        return f"{says} ({f'see {_label(back).rstrip(chr(46))}' if back else 'as said above'})"

    def _introduce(self, name: str, indent: str) -> Iterator[str]:
        """What the status of `name` is and means, who it is, and where it is written."""
        state = self.assessment.states.get(name)
        element = self.assessment.case.elements.get(name)
        shown = one_line(name, limit=200)
        says = one_line(says_of(self.assessment, name))
        quoted = f"“{says}” " if says else ""
        written = ", ".join(
            filter(None, (self._kind(name, state), one_line(place_of(self.assessment, name))))
        )
        if isinstance(element, Argument):
            yield from wrap(f"{shown} reasons: {quoted}({written})", self.width, first=indent)
            return
        yield from wrap(f"{shown} {self._status(name, state)}", self.width, first=indent)
        yield from wrap(f"{quoted}({written})", self.width, first=indent)
        leaf = self.assessment.leaves.get(name)
        if leaf:
            told = freshness_lines(state.freshness) if state else ()
            for sentence in (*told, *self._leaf(leaf)):
                yield from wrap(sentence, self.width, first=indent)

    def _kind(self, name: str, state: State | None) -> str:
        element = self.assessment.case.elements.get(name)
        if isinstance(element, Argument):
            return "step"
        if isinstance(element, Assumption):
            owner = one_line(element.owner) if element.owner else "nobody"
            until = f" until {element.expires.isoformat()}" if element.expires else ""
            return f"assumption, owned by {owner}{until}"
        if isinstance(element, Defeater):
            return f"doubt about {one_line(element.against)}"
        if isinstance(element, Monitor):
            return f"monitor, owned by {one_line(element.owner)}"
        target = raised_target(self.assessment, name)
        if element is None and name in self.assessment.challenges:
            monitor = one_line(self.assessment.challenges[name].monitor)
            return f"doubt that the monitor {monitor} raised about {one_line(target or '')}"
        objection = self.assessment.review.doubt(name)
        if objection is not None:
            return (
                f"challenge of {one_line(objection.by)} against {one_line(objection.against)}, "
                f"record {objection.record}"
            )
        if element is None and target:
            return f"doubt that the measurement {one_line(target)} raised about itself"
        return state.kind if state else kind_of(element) if element else "missing"

    def _status(self, name: str, state: State | None) -> str:
        mark = status_mark(self.assessment, name)
        text = self._word(mark) if mark.word == "stands" else f"is {self._word(mark)}"
        if state and state.posed == "not ready":
            text += ", and not ready (a finding in the text must be mended first)"
        if state and name in self.assessment.leaves:
            text += f". It is {self._word(freshness_mark(state))}"
            if state.freshness.detail:
                text += f": {one_line(state.freshness.detail)}"
        return text + "."

    def _word(self, mark: Mark) -> str:
        """The status word with its shape, explained at its first use."""
        shown = f"{mark.glyph} {mark.word}"
        if mark.word in self.explained:
            return shown
        self.explained.add(mark.word)
        return f"{shown} ({mark.phrase})"

    def _leaf(self, leaf: LeafResult) -> Iterator[str]:
        number = one_line(leaf_number(self.assessment, leaf))
        criterion = one_line(leaf.criterion)
        if number:
            run = f"The run of {moment(leaf.ran_at) or 'an unknown date'}"
            last = _counted(leaf)
            seed = f", seed {leaf.seed}" if leaf.seed is not None else ""
            yield f"{run}{last}{seed} measured {number}."
            meets = {
                "supports": "The whole of that range meets it.",
                "refutes": "No part of that range meets it.",
                "inconclusive": "Part of that range meets it and part does not.",
            }
            yield (
                f"It was asked for: {criterion}, at {level_text(leaf.level)}. "
                f"{meets.get(leaf.outcome or '', '')}"
            ).rstrip()
        else:
            yield f"It asks for: {criterion}, at {level_text(leaf.level)}."
        if elsewhere := leaf.diagnostics.get("made elsewhere by"):
            yield (
                f"Imported, made elsewhere by {one_line(elsewhere)}: order not shown, known as "
                "reported at best."
            )
        for check, passed, detail in leaf.instrument:
            if not passed:
                yield f"Its check “{one_line(check)}” failed: {one_line(detail)}."
        failed = [a for a in leaf.attempts if a.outcome != "completed"]
        if leaf.attempts:
            yield from attempts_told(leaf)
            yield from filter(None, (order_told(leaf),))
        for attempt in failed[-2:]:
            if attempt.reason:
                which = f"Attempt {one_line(attempt.id)} {attempt.outcome}"
                yield f"{which}: {one_line(attempt.reason)}"
        yield f"To run it: {run_command(self.assessment, leaf.evidence)}"

    def _ending(self, name: str) -> Iterator[str]:
        state = self.assessment.states.get(name)
        if state and state.assumes:
            yield ""
            rests = ", ".join(one_line(a) for a in state.assumes)
            yield from wrap(f"Taken without evidence below it: {rests}.", self.width)
        if state and state.confidence:
            yield from wrap(
                f"Confidence that its argument goes through: {confidence_text(state.confidence)}.",
                self.width,
            )


def _counted(leaf: LeafResult) -> str:
    done = [a for a in leaf.attempts if a.outcome == "completed" and not a.exploratory]
    return f", attempt {one_line(done[-1].id)}" if done else ""


def _indent(number: str, more: int = 0) -> str:
    """Three columns per level, never so many that the text is squeezed."""
    return "   " * min(number.count(".") + more, 6)


def _label(number: str) -> str:
    """`1.2.1.`, or for very long chains how deep it is and the last place: `⋯12.1.`."""
    depth = number.count(".")
    return number if depth <= 8 else f"⋯{depth}.{number.rstrip('.').rpartition('.')[2]}."
