"""How sure a case is, told for a regulator: confidence, margins, and what is left."""

from __future__ import annotations

from collections.abc import Iterator

from safetycase.argument.model import Defeater, Evidence
from safetycase.assess.records import LeafResult, QuantityResult
from safetycase.report.numbers import (
    confidence_text,
    is_share,
    level_text,
    quantity_text,
    share,
    sides_of,
    threshold_of,
    value_text,
)
from safetycase.report.regulatory.document import Ref, Sentence
from safetycase.report.regulatory.material import Material, Parts, ended
from safetycase.report.summary import open_doubts

__all__ = ["confidence", "margins", "residual"]


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
    end = ends.high if sides == {"high"} else ends.low
    margin = asked - end if sides == {"high"} else end - asked
    told = quantity_text(claim, quantity, leaf.outcome)
    if sides in ({"high"}, {"low"}):
        counts = value_text(end, quantity.unit, apart_from=asked)
        size = _points(abs(margin), quantity.unit)
        how = f"a margin of {size}" if margin >= 0 else f"short of it by {size}"
        how = f"the end that counts is {counts}, {how}"
    else:
        how = "both ends count, so there is no one margin"
    return m.said(
        f"{told}; asked is `{leaf.criterion}`: {how} at {level_text(quantity.level)}.",
        m.element(evidence.id),
        m.element(leaf.claim),
        *_runs(m, leaf),
    )


def _points(size: float, unit: str) -> str:
    """A distance: of shares in percentage points, since per cent of what would be open."""
    if is_share(unit):
        return f"{share(size).removesuffix(' %')} percentage points"
    return value_text(size, unit)


def _runs(m: Material, leaf: LeafResult) -> list[Ref]:
    """The records of the attempts that a result was pooled from."""
    mine = [a for a in leaf.attempts if a.outcome == "completed" and not a.exploratory]
    latest = max((a.registration for a in mine), default=0)
    return [m.record(a.seq) for a in mine if a.registration == latest]


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
