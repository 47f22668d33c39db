"""What a case argues, told for a regulator: claims, margins, and when it would no longer hold."""

from __future__ import annotations

from collections.abc import Iterator

from safetycase.argument.model import (
    Argument,
    Claim,
    Defeater,
    Evidence,
    Hazard,
    Monitor,
    Problem,
)
from safetycase.assess.records import LeafResult, QuantityResult
from safetycase.report.marks import verdict_mark
from safetycase.report.numbers import (
    confidence_text,
    level_text,
    quantity_text,
    sides_of,
    threshold_of,
    value_text,
)
from safetycase.report.regulatory.document import Ref, Sentence
from safetycase.report.regulatory.material import Material, Parts, ended
from safetycase.report.summary import changes, open_doubts

__all__ = [
    "argument",
    "conditions",
    "confidence",
    "decided_on",
    "hazards",
    "margins",
    "mitigations",
    "open_problems",
    "residual",
    "routes",
    "use",
    "would_change",
]

_CONTROLS = ("harm control",)


def decided_on(m: Material) -> Iterator[Sentence]:
    """What the case is for, what must not happen, and the verdict as it was computed."""
    h = m.assessment.case.header
    decision, harm = h.decision, h.harm
    yield m.said(f"The case is about: {ended(h.title)}", m.header("title"))
    yield m.said(
        f"It supports the decision: {decision.supports}. It is decided by {decision.owner}, and "
        f"stands until {decision.expires.isoformat()}.",
        m.header("decision"),
    )
    yield m.said(
        f"What must not happen: {harm.what}; the single mistake is {ended(harm.mistake)}",
        m.header("harm"),
    )
    if harm.because:
        yield m.said(f"Why that is the harm: {ended(harm.because)}", m.header("harm"))
    mark = verdict_mark(m.assessment)
    yield m.of(
        f"The computed verdict is `{mark.word}`: {ended(m.assessment.headline)}",
        m.root,
    )
    if h.maturity != "full":
        yield m.said(
            f"The case is a {h.maturity}; a sketch never passes a release gate.",
            m.header("maturity"),
        )


def use(m: Material) -> Iterator[Sentence]:
    """Which system is used, where and how much."""
    h = m.assessment.case.header
    for name, model in h.models.items():
        main = " (the system's own)" if name == h.system.model else ""
        yield m.said(
            f"Model `{name}`{main}: weights {model.weights}, provider {model.provider}.",
            m.header("models"),
        )
    tools = ", ".join(h.system.tools) or "none"
    yield m.said(
        f"The system runs `{h.system.model}` in the scaffold {h.system.scaffold}; tools: {tools}.",
        m.header("system"),
    )
    d = h.deployment
    yield m.said(
        f"It is deployed to {d.users.text}, {d.volume.text}, over {d.horizon.text}; what it is "
        f"asked comes from: {ended(d.distribution)}",
        m.header("deployment"),
    )


def argument(m: Material) -> Iterator[Sentence]:
    """Every claim with its status, and the step into it with its warrant."""
    elements = m.assessment.case.elements
    for claim in m.claims():
        criterion = f" It is read as `{claim.holds_when}`." if claim.holds_when else ""
        yield m.of(f"“{m.says(claim.id)}” is {m.word(claim.id)}.{criterion}", claim.id)
        step = elements.get(claim.by or "")
        if isinstance(step, Argument):
            rests = ", ".join((*step.premises, *step.side_conditions)) or "nothing"
            yield m.of(
                f"It follows from {rests}, because: {ended(step.because)}", step.id, claim.id
            )
            for leg, why in step.despite.items():
                yield m.of(
                    f"It is held to stand although {leg} is refuted: {ended(why)}", step.id, leg
                )


def confidence(m: Material) -> Iterator[Sentence]:
    """The confidence of the root beside the target, or why there is no number."""
    target = m.assessment.case.header.target
    asked = f"The decision asks for a confidence of {target:g}."
    yield m.said(asked, m.header("target"))
    found = m.assessment.root.confidence
    if found is None:
        for why in m.assessment.no_number_because:
            yield m.of(f"The case gets no number: {ended(why)}", m.root)
        return
    yield m.of(
        f"Whatever the dependence between its parts, the argument goes through with a probability "
        f"{confidence_text(found)}; the target is {target:g}, which leaves a margin of "
        f"{found.low - target:+.3f}.",
        m.root,
    )
    known = m.assessment.case.elements
    for flip in (m.breakdown.flips if m.breakdown else ())[:5]:
        ids = [name for name in flip.ids if name in known]
        if ids:
            yield m.of(f"The answer changes if these are otherwise: {', '.join(flip.ids)}.", *ids)
    for link in (m.breakdown.links if m.breakdown else ())[:5]:
        if link.id in known:
            yield m.of(
                f"{link.id} is a weak link: its doubt is {link.doubt:.3g}, and one unit less of it "
                f"adds at least {link.price:.3g} to the confidence.",
                link.id,
            )


def margins(m: Material) -> Parts:
    """How far each bound lies from what was asked, at its level."""
    parts = Parts()
    for evidence, leaf in m.leaves():
        claim = m.assessment.case.elements.get(leaf.claim)
        for quantity in leaf.quantities:
            threshold = threshold_of(claim, quantity.name)
            if threshold is None:
                parts.gap(
                    f"The criterion of {leaf.claim} (`{leaf.criterion}`) has no single number "
                    f"that {quantity.name} is held against, so no margin can be read off it.",
                    "a criterion of one comparison",
                    leaf.claim,
                    evidence.id,
                )
                continue
            parts.sentences.append(_margin(m, evidence, leaf, quantity, threshold))
    if not parts.sentences:
        parts.gap(
            "No evidence in this case has a result, so there is no safety margin to state.",
            "a run: `safetycase run`",
        )
    return parts


def _margin(
    m: Material, evidence: Evidence, leaf: LeafResult, quantity: QuantityResult, asked: float
) -> Sentence:
    claim = m.assessment.case.elements.get(leaf.claim)
    sides = sides_of(claim, quantity, "supports")
    ends = quantity.interval
    margin = asked - ends.high if sides == {"high"} else ends.low - asked
    told = quantity_text(claim, quantity, leaf.outcome)
    size = value_text(abs(margin), quantity.unit)
    how = f"a margin of {size}" if margin >= 0 else f"short of it by {size}"
    if sides not in ({"high"}, {"low"}):
        how = "both ends count, so no one margin"
    return m.said(
        f"{told}; asked is `{leaf.criterion}`: {how} at {level_text(quantity.level)}.",
        m.element(evidence.id),
        m.element(leaf.claim),
        *_runs(m, leaf),
    )


def _runs(m: Material, leaf: LeafResult) -> list[Ref]:
    """The records of the attempts that a result was pooled from."""
    mine = [a for a in leaf.attempts if a.outcome == "completed" and not a.exploratory]
    latest = max((a.registration for a in mine), default=0)
    return [m.record(a.seq) for a in mine if a.registration == latest]


def conditions(m: Material) -> Iterator[Sentence]:
    """Under what the justification would no longer hold: doubts, assumptions, monitors, dates."""
    decision = m.assessment.case.header.decision
    yield m.said(
        f"From {decision.expires.isoformat()} on, the decision has no case behind it.",
        m.header("decision"),
    )
    for name in m.doubts():
        yield from _doubt(m, name)
    for a in m.assumptions():
        until = f", until {a.expires.isoformat()}" if a.expires else ", without a date"
        watched = f", watched by {a.monitor}" if a.monitor else ""
        yield m.of(
            f"If this is not so: “{m.says(a.id)}” (assumption of {a.owner or 'nobody'}{until}"
            f"{watched}; {m.word(a.id)}).",
            a.id,
        )
    for monitor in m.all(Monitor):
        yield _monitor(m, monitor)
    for evidence, _ in m.leaves():
        if evidence.valid_for:
            yield m.of(f"When its result is older than {evidence.valid_for.text}.", evidence.id)
        if evidence.stale_when:
            yield m.of(f"When one of these changes: {', '.join(evidence.stale_when)}.", evidence.id)


def _doubt(m: Material, name: str) -> Iterator[Sentence]:
    element = m.assessment.case.elements.get(name)
    word = m.word(name)
    yield m.of(f"A doubt ({word}): “{m.says(name)}”.", name)
    if isinstance(element, Defeater):
        if element.answered_by:
            answers = ", ".join(element.answered_by)
            yield m.of(f"It is to be answered by {answers}.", name, *element.answered_by)
        if element.accepted:
            a = element.accepted
            yield m.of(
                f"{a.owner} accepted it with a doubt of {a.doubt:g} until {a.expires.isoformat()}: "
                f"{ended(a.because)}",
                name,
            )


def _monitor(m: Material, monitor: Monitor) -> Sentence:
    watched = m.assessment.monitors.get(monitor.id)
    alarm = f"`{monitor.alarm_when}`" if monitor.alarm_when else "what it watches for"
    state = f"it is {watched.state}: {watched.because}" if watched else "it never reported"
    on = ", ".join(monitor.conditions) or "nothing"
    return m.of(
        f"When the monitor {monitor.id} alarms ({alarm}), on which {on} hangs; now {ended(state)}",
        monitor.id,
    )


def would_change(m: Material) -> Iterator[Sentence]:
    """What would change the verdict, with the element it is about."""
    for change in changes(m.assessment):
        leaf = m.assessment.leaves.get(change.about)
        claim = (leaf.claim,) if leaf else ()
        yield m.of(f"{change.about}: {ended(change.says)}", change.about, *claim)


def residual(m: Material) -> Iterator[Sentence]:
    """What is left: doubts that stand or were accepted, assumptions, and excluded hazards."""
    for name in open_doubts(m.assessment):
        yield m.of(f"This doubt stands: “{m.says(name)}”.", name)
    for d in m.all(Defeater):
        if d.accepted:
            yield m.of(
                f"This doubt was accepted by {d.accepted.owner}: “{m.says(d.id)}” (doubt "
                f"{d.accepted.doubt:g}, until {d.accepted.expires.isoformat()}).",
                d.id,
            )
    for a in m.assumptions():
        yield m.of(f"This is taken without evidence: “{m.says(a.id)}”.", a.id)
    yield from confidence(m)


def open_problems(m: Material) -> Iterator[Sentence]:
    """Research problems that block parts of the case, and how a solution would be recognised."""
    for problem in m.all(Problem):
        yield m.of(
            f"Open problem: “{m.says(problem.id)}”. It blocks {', '.join(problem.blocks)}; "
            f"it would be closed by: {ended(problem.closed_when)}",
            problem.id,
        )


def hazards(m: Material) -> Parts:
    """The hazard log: what was looked for, and what is covered or excluded."""
    parts = Parts()
    for hazard in m.all(Hazard):
        if hazard.covered_by:
            how = f"covered by {', '.join(hazard.covered_by)}"
        else:
            how = f"excluded: {hazard.excluded_because or 'no reason is given'}"
        parts.sentences.append(m.of(f"Hazard “{m.says(hazard.id)}”: {ended(how)}", hazard.id))
    if not parts.sentences:
        parts.gap(
            "Nothing in this case says which other hazards were looked for and set aside.",
            "a hazard log: `hazards`, each covered by a claim or excluded for a reason",
        )
    return parts


def mitigations(m: Material) -> Parts:
    """What is claimed of safeguards, with its status, and what watches them."""
    parts = Parts()
    for claim in m.claims():
        if claim.argues in _CONTROLS:
            parts.sentences.append(
                m.of(f"Mitigation, {m.word(claim.id)}: “{m.says(claim.id)}”.", claim.id)
            )
    for monitor in m.all(Monitor):
        parts.sentences.append(m.of(f"Live monitor: “{m.says(monitor.id)}”.", monitor.id))
    if not parts.sentences:
        parts.gap(
            "Nothing in this case says which mitigations are in place.",
            "claims with `argues: harm control`, and monitors",
        )
    return parts


def routes(m: Material) -> tuple[Claim, ...]:
    """The claims that the root rests on in its first step: the routes to the harm."""
    elements = m.assessment.case.elements
    root = elements.get(m.root)
    step = elements.get(root.by or "") if isinstance(root, Claim) else None
    found = (elements.get(p) for p in step.premises) if isinstance(step, Argument) else ()
    return tuple(e for e in found if isinstance(e, Claim))
