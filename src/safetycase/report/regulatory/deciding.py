"""How a decision was made, told for a regulator: who decided, who reviewed, who disagreed."""

from __future__ import annotations

from collections.abc import Iterator

from safetycase.ledger.fold import ChallengeRecord
from safetycase.report.clean import moment
from safetycase.report.regulatory.document import Ref, Sentence
from safetycase.report.regulatory.material import Material, Parts, ended

__all__ = ["challenges", "decision", "external", "objections", "review"]


def decision(m: Material) -> Parts:
    """Who wrote, who reviewed and who decides, and every signature, dissent and override."""
    parts = Parts()
    h = m.assessment.case.header
    parts.sentences.append(
        m.said(f"Decided by {h.decision.owner}: {h.decision.supports}.", m.header("decision"))
    )
    for word, people, field in (
        ("wrote", h.authors, "authors"),
        ("is named as a reviewer of", h.reviewers, "reviewers"),
    ):
        for each in people:
            house = f" of {each.organisation}" if each.organisation else ""
            outside = " (external)" if each.external else ""
            says = f"{each.name}{house}{outside} {word} the case."
            parts.sentences.append(m.said(says, m.header(field)))
    if not h.authors:
        parts.gap("Nothing in this case says who wrote it.", "`authors` in the header")
    reviewed = review(m)
    parts.sentences += reviewed.sentences
    parts.gaps += reviewed.gaps
    return parts


def review(m: Material) -> Parts:
    """What reviewers signed, and what is missing of a review."""
    parts = Parts()
    signed = {s.record: s for s in m.assessment.review.sign_offs}
    for s in m.history.sign_offs:
        sources = _about(m, s.seq, s.element)
        hours = f" after {s.hours} hours" if s.hours is not None else ""
        parts.sentences.append(
            m.said(
                f"{moment(s.at)}: {s.by} signed {s.element} with the verdict `{s.verdict}`{hours}: "
                f"{ended(s.says)} Competence: {ended(s.competence)} Independence: "
                f"{ended(s.independence)}",
                *sources,
            )
        )
        known = signed.get(s.seq)
        if known is not None and not known.counts:
            why = known.because or "it is of an earlier version"
            parts.sentences.append(
                m.said(f"The signature of {s.by} does not count: {ended(why)}", *sources)
            )
        parts.sentences += [
            m.said(f"{s.by} accepts on the condition: {ended(each)}", *sources)
            for each in s.conditions
        ]
    if m.history.sign_offs and signed and not any(s.counts for s in signed.values()):
        parts.gap(
            "No signature counts for the case as it stands.",
            "`safetycase review sign` by somebody without a hand in it",
        )
    if not m.history.sign_offs:
        parts.gap("Nobody signed that they reviewed this case.", "`safetycase review sign`")
    parts.sentences += objections(m)
    raised = challenges(m)
    parts.sentences += raised.sentences
    parts.gaps += raised.gaps
    return parts


def objections(m: Material) -> list[Sentence]:
    """Every dissent and every decision against the rules; neither is ever left out."""
    found = [
        m.said(
            f"{moment(d.at)}: {d.by} dissents from {d.element}: {ended(d.says)}",
            *_about(m, d.seq, d.element),
            what="A dissent",
        )
        for d in m.history.dissents
    ]
    found += [
        m.said(
            f"{moment(o.at)}: {o.by} decided on {o.element} against {', '.join(o.clauses)} of the "
            f"release policy, by the authority of {o.authority}, until {moment(o.expires)}: "
            f"{ended(o.reason)}",
            *_about(m, o.seq, o.element),
            what="A decision against the release policy",
        )
        for o in m.history.overrides
    ]
    return found


def challenges(m: Material) -> Parts:
    """Every challenge, with what was said to it and what became of it."""
    parts = Parts()
    for each in m.history.challenges:
        parts.sentences += _challenge(m, each)
    if not m.history.challenges:
        parts.gap(
            "Nobody challenged this case in review, which is no sign that it is right.",
            "`safetycase review challenge`",
        )
    return parts


def _challenge(m: Material, challenge: ChallengeRecord) -> Iterator[Sentence]:
    sources = _about(m, challenge.seq, challenge.against)
    yield m.said(
        f"{moment(challenge.at)}: {challenge.by} raised the challenge {challenge.id} "
        f"({challenge.severity}) against {challenge.against}: {ended(challenge.says)}",
        *sources,
        what=f"A {challenge.severity} challenge",
    )
    for r in m.history.responses:
        if r.challenge == challenge.id:
            yield m.said(
                f"{r.by} responded to {challenge.id}: {ended(r.says)}", m.record(r.seq), *sources
            )
    contests = any(c.record == challenge.seq and c.contests for c in m.assessment.review.challenges)
    if contests:
        yield m.said(f"{challenge.id} contests what it is against.", *sources)
    rulings = [r for r in m.history.rulings if r.challenge == challenge.id]
    counts = {r.record for c in m.assessment.review.challenges for r in c.rulings if r.counts}
    for ruling in rulings:
        worth = "" if ruling.seq in counts else " That does not count: it was their own work."
        yield m.said(
            f"{ruling.by} ruled {challenge.id} {ruling.outcome}: {ended(ruling.reason)}{worth}",
            m.record(ruling.seq),
            *sources,
        )
    if not rulings:
        yield m.said(f"Nothing is ruled of {challenge.id}; it stands open.", *sources)


def external(m: Material) -> Parts:
    """What people of another house had to say, as far as the case and the record name them."""
    parts = Parts()
    for each in m.assessment.case.header.reviewers:
        if each.external:
            house = f" of {each.organisation}" if each.organisation else ""
            says = f"{each.name}{house}, of another house, is named as a reviewer."
            parts.sentences.append(m.said(says, m.header("reviewers")))
    parts.told(
        m,
        "EXTERNAL-REPORTS",
        "which independent external reports on the model there are",
        "external `reviewers` in the header with their sign-offs, or a context `EXTERNAL-REPORTS`",
    )
    return parts


def _about(m: Material, seq: int, element: str) -> tuple[Ref, ...]:
    """The record, and the element that it is about if the case still has it."""
    known = element in m.assessment.case.elements or element in m.assessment.states
    return (m.record(seq), m.element(element)) if known else (m.record(seq),)
