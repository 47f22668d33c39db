"""The questions a reviewer of one case has to ask, in the order of reading.

They come from the case itself, and from the review rules (`checks.review`): a rule that found
something is asked about where it did, and one that a person settles wherever it applies. What the
checklist asks is what reviews of published AI safety cases missed: the decision, the harm, a
counter-case, limits of validity (external review of Phuong et al. 2025, arXiv:2604.21964).
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from safetycase.argument.findings import Finding
from safetycase.argument.graph import attackers, blockers, conclusion_of, kind_of, supports_of
from safetycase.argument.model import Case, Defeater
from safetycase.assess.records import Assessment
from safetycase.checks.record_facts import facts_of
from safetycase.checks.review import REVIEW_RULES, judged, review
from safetycase.checks.scope import Scopes, target_of
from safetycase.checks.subject import Subject
from safetycase.ledger.fold import History
from safetycase.review.asking import Asked, asked_of, asked_of_the_case
from safetycase.review.entries import ReviewRefused
from safetycase.review.questions import ALWAYS, ASKS

__all__ = ["Question", "checklist", "reading_order"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One thing to ask of `element` ("" is the case as a whole).

    `why` is the reason for asking, `facts` what the case and its record say to it now, `command`
    what shows more. `rule` is the code of the review rule it comes from, empty if it comes from the
    case; `found` says that the rule found something, or that the facts speak against the element.
    """

    element: str
    kind: str
    asks: str
    why: str
    facts: str
    command: str
    rule: str = ""
    found: bool = False


def checklist(
    assessment: Assessment, history: History, *, folder: str = ".", element: str | None = None
) -> tuple[Question, ...]:
    """Every question, first of the case, then of each element in the order of reading.

    With `element` only those of it and of what it rests on. `folder` is the case folder as the
    commands name it. Raises `ReviewRefused` if the case has no such element.
    """
    case = assessment.case
    inside: frozenset[str] | None = None
    if element is not None:
        if target_of(case, element) is None:
            raise ReviewRefused(f"the case has no element `{element}`")
        inside = frozenset(Scopes(case).names(element))
    subject = Subject(case=case, leaves={})
    record = facts_of(history, as_of=assessment.at.date())
    on = assessment.at.date()
    found: dict[str, list[Finding]] = {}
    for finding in review(subject, record, on=on):
        found.setdefault(finding.subject or "", []).append(finding)
    applies: dict[str, list[str]] = {}
    for code, names in judged(subject, record, on=on).items():
        for name in names:
            applies.setdefault(name, []).append(code)
    where = shlex.quote(folder)
    asking = _Asking(assessment, found, applies, where)
    names = reading_order(case)
    whole = () if inside is not None and case.root not in inside else ("",)
    return tuple(
        question
        for name in (*whole, *names)
        if not name or inside is None or name in inside
        for question in asking.of(name)
    )


def reading_order(case: Case) -> tuple[str, ...]:
    """Every element once: from the root down, doubts and problems before support; then the rest."""
    against, blocked = attackers(case), blockers(case)
    order: dict[str, None] = {}
    for top in (case.root, *case.elements):
        stack = [top]
        while stack:
            name = stack.pop()
            if name in order or name not in case.elements:
                continue
            order[name] = None
            element = case.elements[name]
            answers = element.answered_by if isinstance(element, Defeater) else ()
            below = (
                *against.get(name, ()),
                *blocked.get(name, ()),
                *supports_of(element),
                *answers,
            )
            stack += below[::-1]
    return tuple(order)


class _Asking:
    def __init__(
        self,
        assessment: Assessment,
        found: Mapping[str, Sequence[Finding]],
        applies: Mapping[str, Sequence[str]],
        where: str,
    ) -> None:
        self.assessment, self.found, self.applies, self.where = assessment, found, applies, where
        self.conclusions = conclusion_of(assessment.case)

    def of(self, name: str) -> Iterator[Question]:
        if not name:
            kind, own = "case", asked_of_the_case(self.assessment)
        else:
            kind = kind_of(self.assessment.case.elements[name])
            own = asked_of(self.assessment, name, self.conclusions)
        for asked in own:
            yield self._question(name, kind, asked)
        yield from self._rules(name, kind)

    def _question(self, name: str, kind: str, asked: Asked) -> Question:
        return Question(
            element=name,
            kind=kind,
            asks=asked.asks,
            why=asked.why,
            facts=asked.facts,
            command=self._command(asked.command, name),
            found=asked.found,
        )

    def _rules(self, name: str, kind: str) -> Iterator[Question]:
        """What the rules found here, and what they leave to a person."""
        codes: dict[str, list[str]] = {}
        for finding in self.found.get(name, ()):
            codes.setdefault(finding.code, []).append(finding.message)
        for code in self.applies.get(name, ()):
            if code in ALWAYS:
                codes.setdefault(code, [])
        for code, messages in sorted(codes.items()):
            rule = REVIEW_RULES[code]
            yield Question(
                element=name,
                kind=kind,
                asks=ASKS[code],
                why=rule.text,
                facts="; ".join(messages) or "The rule found nothing; a person settles it.",
                command=f"safetycase explain {code}",
                rule=code,
                found=bool(messages),
            )

    def _command(self, words: str, name: str) -> str:
        """A command with the element and the folder put in, quoted for a shell."""
        return words.format(id=shlex.quote(name), case=self.where)
