"""What to ask of one item of evidence: whether it was a test, and of this."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from safetycase.argument.model import Argument, Claim, Evidence
from safetycase.assess.records import Assessment, LeafResult, Tally

__all__ = ["asked_of_evidence"]

Answer = tuple[str, str, str, str, bool]
"""What is asked, why, what is known, the command that shows it ("" for `why`), and whether that
speaks against the evidence."""

_ABILITY = ("capability evaluation", "uplift study", "elicitation")


def asked_of_evidence(
    assessment: Assessment, evidence: Evidence, conclusions: Mapping[str, str]
) -> Iterator[Answer]:
    """The questions of one leaf; those that need a result are asked where there is one.

    `conclusions` is `conclusion_of` the case.
    """
    leaf = assessment.leaves.get(evidence.id)
    yield _result(evidence, leaf)
    yield _fresh(assessment, evidence)
    if leaf is not None and leaf.tally is not None:
        yield _attempts(leaf.tally, leaf)
    yield from _ability(evidence, leaf)
    if leaf is not None:
        yield from _imported(leaf)
        yield from _could_fail(leaf)
    yield from _single(assessment, evidence, conclusions)


def _result(evidence: Evidence, leaf: LeafResult | None) -> Answer:
    if leaf is None or leaf.outcome is None:
        facts = "Nothing executes it yet." if evidence.method is None else "It was never judged."
    else:
        numbers = "; ".join(f"{q.name} {q.text}, n {q.n}" for q in leaf.quantities)
        facts = f"It {leaf.outcome} `{leaf.criterion}` at level {leaf.level:g}: {numbers}."
    limits = " ".join(leaf.limits) if leaf else ""
    return (
        "Does this measure what the claim says, and what would it not have shown?",
        "A method states what a pass does not show; the claim may need just that.",
        f"{facts} Because: {evidence.because}" + (f" Limits: {limits}" if limits else ""),
        "",
        leaf is None or leaf.outcome != "supports",
    )


def _fresh(assessment: Assessment, evidence: Evidence) -> Answer:
    fresh = assessment.freshness.get(evidence.id)
    word = str(fresh) if fresh else "never run"
    valid = f"valid for {evidence.valid_for.text}" if evidence.valid_for else "without an end date"
    waived = "; ".join(map(str, fresh.waived)) if fresh else ""
    return (
        "Is it about the system as it is now?",
        "What changed since a run may have changed its result.",
        f"It is {word}, {valid}." + (f" {waived}" if waived else ""),
        "",
        fresh is None or fresh.word != "fresh" or bool(fresh.waived),
    )


def _attempts(tally: Tally, leaf: LeafResult) -> Answer:
    told = ", ".join(f"{n} {word}" for word, n in tally.outcomes.items() if n) or "none"
    earlier = sum(tally.earlier.values())
    exploratory = sum(tally.exploratory.values())
    bad = sum(n for word, n in tally.outcomes.items() if word in ("failed", "aborted", "lost"))
    return (
        "How often was it tried, and what became of the tries that are not shown?",
        "The best of many tries is not the result of one.",
        f"Attempts: {told}; {earlier} at {tally.earlier_registrations} earlier registrations, "
        f"{exploratory} exploratory; {tally.planned} planned of at most {tally.budget}. That the "
        f"criterion came before the result is shown by: {tally.ordering}.",
        f"safetycase record log {{case}} --evidence {leaf.evidence}",
        bad > 0 or earlier > 0 or exploratory > 0 or tally.ordering in ("none", "self"),
    )


def _ability(evidence: Evidence, leaf: LeafResult | None) -> Iterator[Answer]:
    """Sandbagging and elicitation, where an ability is measured or effort is asked for."""
    if evidence.type not in _ABILITY and not evidence.effort:
        return
    raised = ", ".join(name for name, _ in leaf.raised) if leaf else ""
    yield (
        "Could the model have done better than it did?",
        "A model that hides an ability looks like one that lacks it.",
        f"The measurement raised {raised}."
        if raised
        else "The measurement raised no doubt of sandbagging; that is no proof that there is none.",
        "",
        bool(raised),
    )
    asked = ", ".join(f"{k} {v}" for k, v in evidence.effort.items()) or "none stated"
    made = ", ".join(f"{k} {v}" for k, v in leaf.effort.items()) if leaf else ""
    elicitor = evidence.declared.elicitor if evidence.declared else None
    yield (
        "Did somebody try as hard as whoever wants the ability would?",
        "An evaluation shows an ability up to the effort that went into eliciting it.",
        f"Effort asked for: {asked}; made: {made or 'not known'}; elicited by "
        f"{elicitor or 'nobody named'}.",
        "",
        not evidence.effort or not made,
    )


def _imported(leaf: LeafResult) -> Iterator[Answer]:
    made = leaf.diagnostics.get("made elsewhere by")
    if made:
        yield (
            "Do you trust whoever made this elsewhere?",
            "Neither the order of criterion and result nor the other runs of it are in the record.",
            f"Made elsewhere by {made}.",
            "",
            True,
        )


def _could_fail(leaf: LeafResult) -> Iterator[Answer]:
    broken = [check for check, passed, _ in leaf.instrument if not passed]
    controls = leaf.controls
    if controls is not None:
        facts = (
            f"Of planted subjects whose claim is false {controls.false_passes} of "
            f"{controls.false_runs} passed, of those whose claim is true {controls.true_passes} of "
            f"{controls.true_runs}."
        )
    else:
        facts = "No planted subject was run through it."
    if leaf.instrument:
        facts += f" Instrument checks: {len(leaf.instrument) - len(broken)} of "
        facts += f"{len(leaf.instrument)} passed" + (
            f"; {', '.join(broken)} failed." if broken else "."
        )
    yield (
        "Would this have failed if the claim were false?",
        "A test that passes whatever is true says nothing.",
        facts,
        "",
        controls is None or controls.false_passes > 0 or bool(broken),
    )


def _single(
    assessment: Assessment, evidence: Evidence, conclusions: Mapping[str, str]
) -> Iterator[Answer]:
    """Where one item is all that a claim rests on."""
    holder = conclusions.get(evidence.id)
    above = assessment.case.elements.get(holder or "")
    alone = isinstance(above, Claim) or (isinstance(above, Argument) and len(above.premises) == 1)
    if alone:
        yield (
            "What if this one source is wrong?",
            "A claim with one source has nothing to fall back on.",
            f"It is all that {holder} rests on.",
            "",
            True,
        )
