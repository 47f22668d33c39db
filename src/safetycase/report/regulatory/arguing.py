"""What a case argues, told for a regulator: the decision, the system, claims and safeguards."""

from __future__ import annotations

from collections.abc import Iterator

from safetycase.argument.graph import rule_of
from safetycase.argument.model import Argument, Claim, Hazard, Monitor
from safetycase.report.marks import verdict_mark
from safetycase.report.regulatory.document import Sentence
from safetycase.report.regulatory.material import Material, Parts, ended

__all__ = ["argument", "decided_on", "hazards", "mitigations", "routes", "use"]

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
            f"The case is a {h.maturity}, which never passes a release gate.",
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
            follows = "follows" if m.stands(claim.id) else "would follow"
            yield m.of(
                f"It {follows} from {_premises(step)}, because: {ended(step.because)}",
                step.id,
                claim.id,
            )
            for leg, why in step.despite.items():
                yield m.of(
                    f"It is held to stand although {leg} is refuted: {ended(why)}", step.id, leg
                )


def _premises(step: Argument) -> str:
    """What a step rests on, and how much of it."""
    names, rule = ", ".join(step.premises) or "nothing", rule_of(step)
    if rule == "any":
        names = f"any one of {names}"
    elif rule == "k of n":
        names = f"{step.k} of {names}"
    elif rule == "calculate":
        formulas = ", ".join(f"{name} = {formula}" for name, formula in step.computes.items())
        names = f"{names} by the calculation `{formulas}`" if formulas else names
    on = ", ".join(step.side_conditions)
    return f"{names}, on the condition of {on}" if on else names


def hazards(m: Material) -> Parts:
    """The hazard log: what was looked for, and what is covered or excluded."""
    parts = Parts()
    for hazard in m.all(Hazard):
        if hazard.covered_by:
            names = ", ".join(f"{name} ({m.word(name)})" for name in hazard.covered_by)
            how = f"to be covered by {names}"
        else:
            how = f"excluded: {hazard.excluded_because or 'no reason is given'}"
        said = f"Hazard “{m.says(hazard.id)}”: {ended(how)}"
        parts.sentences.append(m.of(said, hazard.id, *hazard.covered_by))
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
