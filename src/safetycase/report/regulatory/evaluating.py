"""What was evaluated, told for a regulator: every result and attempt, elicitation, samples."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from safetycase.argument.model import Evidence
from safetycase.assess.records import Attempt, LeafResult
from safetycase.report.attempts import OUTSIDE, order_told
from safetycase.report.clean import moment, visible
from safetycase.report.numbers import level_text, quantity_text
from safetycase.report.regulatory.document import Ref, Sample, Sentence
from safetycase.report.regulatory.material import Material, Parts, ended

__all__ = ["WANTED", "attempts", "elicitation", "evaluators", "results", "samples"]

WANTED = 5
"""Random samples of each evaluation that the EU Code of Practice asks for at least."""
_TEXT = 4_000


def results(m: Material) -> Parts:
    """Each evaluation: what was asked, how it is scored, what was found, and what it is not."""
    parts = Parts()
    for evidence, leaf in m.leaves():
        parts.sentences += _result(m, evidence, leaf)
        if not any(a.outcome == "completed" and not a.exploratory for a in leaf.attempts):
            parts.gap(
                f"{evidence.id} was planned and has no result.",
                f"`safetycase run --only {evidence.id}`",
                evidence.id,
            )
    for evidence in m.all(Evidence):
        if evidence.method is None:
            parts.gap(
                f"{evidence.id} is planned, and nothing executes it.",
                "a `method` for it, or the artefact that shows it",
                evidence.id,
            )
    parts.sentences += _limits(m)
    if not parts.sentences:
        parts.gap("No evaluation in this case has a criterion.", "evidence with a `method`")
    return parts


def _limits(m: Material) -> Iterator[Sentence]:
    """What the methods say that a pass does not show, each once, with the evidence it is of."""
    of: dict[str, list[str]] = {}
    for evidence, leaf in m.leaves():
        for limit in leaf.limits:
            of.setdefault(limit, []).append(evidence.id)
    for limit, names in of.items():
        yield m.of(f"What {', '.join(names)} does not show: {ended(limit)}", *names)


def _result(m: Material, evidence: Evidence, leaf: LeafResult) -> Iterator[Sentence]:
    claim = m.assessment.case.elements.get(leaf.claim)
    mine = (m.element(evidence.id), m.element(leaf.claim))
    yield m.said(
        f"{evidence.id} runs {leaf.method} {leaf.method_version}, judged as "
        f"`{leaf.criterion}` at {level_text(leaf.level)}; it stands for “{m.says(leaf.claim)}” "
        f"because: {ended(m.says(evidence.id))}",
        *mine,
    )
    sources = (*mine, *_made(m, leaf))
    for quantity in leaf.quantities:
        told = quantity_text(claim, quantity, leaf.outcome)
        counted = f": {quantity.text}" if quantity.text else ""
        yield m.said(f"Found: {told}{counted}.", *sources)
    if leaf.outcome:
        yield m.said(_outcome(m, leaf), *sources)
    state = m.assessment.states.get(evidence.id)
    for waived in state.freshness.waived if state else ():
        yield m.said(
            f"It counts only because it is {ended(str(waived))}",
            m.element(evidence.id),
            m.record(waived.record),
        )
    for name, passed, detail in leaf.instrument:
        how = "passed" if passed else "failed"
        yield m.said(f"Instrument check {name}: {how}; {ended(detail)}", *sources)
    if leaf.controls:
        c = leaf.controls
        yield m.said(
            f"On planted subjects whose claim is false it passed {c.false_passes} of "
            f"{c.false_runs} times, on those whose claim is true {c.true_passes} of {c.true_runs}.",
            *mine,
        )


def _outcome(m: Material, leaf: LeafResult) -> str:
    """What the result says of the claim, and whether it still counts."""
    word = {"inconclusive": "decides nothing about"}.get(str(leaf.outcome), str(leaf.outcome))
    state = m.assessment.states.get(leaf.evidence)
    if state is None or state.freshness.word == "fresh":
        return f"So it {word} the claim."
    return (
        f"By its numbers it {word} the claim; it is {state.freshness}, so it supports nothing now."
    )


def _made(m: Material, leaf: LeafResult) -> tuple[Ref, ...]:
    """The records of the attempts that the result was pooled from."""
    return tuple(m.record(a.seq) for a in _counted(leaf))


def _counted(leaf: LeafResult) -> list[Attempt]:
    done = [a for a in leaf.attempts if a.outcome == "completed" and not a.exploratory]
    latest = max((a.registration for a in done), default=0)
    return [a for a in done if a.registration == latest]


def attempts(m: Material) -> Parts:
    """Every attempt in the record, the failed and the exploratory ones too."""
    parts = Parts()
    for _, leaf in m.leaves():
        order = order_told(leaf)
        if order and leaf.tally and leaf.tally.registration:
            parts.sentences.append(
                m.said(
                    f"{leaf.evidence}: {order}",
                    m.element(leaf.evidence),
                    m.record(leaf.tally.registration),
                )
            )
    for each in m.assessment.attempts:
        parts.sentences.append(_attempt(m, each))
    if not m.assessment.attempts:
        parts.gap(f"The record holds no attempt. {OUTSIDE}", "a run: `safetycase run`")
    return parts


def _attempt(m: Material, attempt: Attempt) -> Sentence:
    loose = ", exploratory, which never counts" if attempt.exploratory else ""
    took = f" after {attempt.seconds:.3g} s" if attempt.seconds is not None else ""
    why = f": {ended(attempt.reason)}" if attempt.reason else "."
    known = attempt.evidence in m.assessment.case.elements
    gone = "" if known else " (the case no longer has it)"
    return m.said(
        f"{moment(attempt.started_at)}: an attempt at {attempt.evidence}{gone}{loose}, "
        f"{attempt.outcome}{took}{why}",
        m.record(attempt.seq),
        m.record(attempt.registration),
        *([m.element(attempt.evidence)] if known else []),
        what=f"An attempt, {attempt.outcome}",
    )


def elicitation(m: Material) -> Parts:
    """How hard the behaviour was elicited, by the record and by what the case asks for."""
    parts = Parts()
    for evidence, leaf in m.leaves():
        found = ", ".join(f"{name}: {value}" for name, value in leaf.effort.items())
        if found:
            parts.sentences.append(
                m.said(
                    f"{evidence.id} was elicited with {ended(found)}",
                    m.element(evidence.id),
                    *_made(m, leaf),
                )
            )
        else:
            parts.gap(
                f"The record does not say how hard {evidence.id} was elicited.",
                "a run with a method that records `effort`",
                evidence.id,
            )
        if evidence.effort:
            asked = ", ".join(f"{name}: {value}" for name, value in evidence.effort.items())
            parts.sentences.append(m.of(f"Asked of it is at least {ended(asked)}", evidence.id))
        if evidence.declared and evidence.declared.elicitor:
            parts.sentences.append(
                m.of(f"Its elicitor is {ended(evidence.declared.elicitor)}", evidence.id)
            )
    parts.told(
        m,
        "HUMAN-BASELINE",
        "how people do on the same evaluations",
        "a context `HUMAN-BASELINE`, or a claim with evidence for it",
    )
    parts.told(
        m,
        "MITIGATED-COMPARISON",
        "how the fully elicited model compares with the mitigated one",
        "a context `MITIGATED-COMPARISON`, or two claims with evidence",
    )
    return parts


def evaluators(m: Material) -> Parts:
    """Who evaluated, with what access and means."""
    parts = Parts()
    for evidence, leaf in m.leaves():
        access = evidence.effort.get("access") or leaf.effort.get("access")
        if access:
            parts.sentences.append(
                m.said(
                    f"Whoever elicited for {evidence.id} had this access: {ended(str(access))}",
                    m.element(evidence.id),
                    *(_made(m, leaf) if not evidence.effort.get("access") else ()),
                )
            )
        if evidence.declared and evidence.declared.red_team_budget:
            budget = evidence.declared.red_team_budget
            parts.sentences.append(
                m.of(f"The red team of {evidence.id} had {ended(budget)}", evidence.id)
            )
    signed = _signers(m)
    parts.sentences += signed
    parts.told(m, "INTERNAL-ACCESS", "what access and means the internal evaluators had")
    parts.told(m, "EXTERNAL-EVALUATORS", "which independent external evaluators had which access")
    return parts


def _signers(m: Material) -> list[Sentence]:
    """Whose keys signed the runs."""
    owners = {key.keyid: key.owner for key in m.history.keys}
    by_key: dict[str, list[int]] = {}
    for attempt in m.history.attempts:
        by_key.setdefault(attempt.keyid, []).append(attempt.start_seq)
    return [
        m.said(
            f"{len(seqs)} attempts were signed with the key {keyid[:16]} of "
            f"{owners.get(keyid) or 'an owner who is not named'}.",
            *(m.record(seq) for seq in seqs[:50]),
        )
        for keyid, seqs in by_key.items()
    ]


def samples(m: Material) -> tuple[Parts, tuple[Sample, ...]]:
    """At least five random samples of each evaluation, where as many are kept.

    Drawn without replacement by a seed that is the SHA-256 of the record after the attempt, so that
    whoever writes the report cannot pick them.
    """
    parts, found = Parts(), list[Sample]()
    for evidence, leaf in m.leaves():
        made = _counted(leaf)
        if not made:
            continue
        kept, last = leaf.transcripts, made[-1]
        if len(kept) < WANTED:
            have = f"{len(kept)} sample{'s' * (len(kept) != 1)}" if kept else "no sample"
            where = "; its artefacts may hold more" if leaf.artefacts else ""
            parts.gap(
                f"Of {evidence.id} the record keeps {have}, and {WANTED} are asked for{where}.",
                "a method that keeps more transcripts",
                evidence.id,
            )
        if not kept:
            continue
        drawn, seed = _drawn(m, last, len(kept))
        sources = (m.element(evidence.id), m.record(last.seq))
        parts.sentences.append(
            m.said(
                f"{len(drawn)} of the {len(kept)} samples that {leaf.method} kept of "
                f"{evidence.id} are below, drawn by the seed {seed[:16]}, the SHA-256 of the "
                "record with which the attempt ended; which samples it kept is said by the method.",
                *sources,
            )
        )
        found += [_sample(kept[i], evidence.id, sources) for i in drawn]
    if not (parts.sentences or parts.gaps):
        parts.gap("No evaluation has a result, so there is no sample.", "a run: `safetycase run`")
    return parts, tuple(found)


def _drawn(m: Material, attempt: Attempt, kept: int) -> tuple[list[int], str]:
    """Which samples are shown, in their order, and the seed that drew them."""
    ends = {a.start_seq: a.end_seq for a in m.history.attempts}
    end = ends.get(attempt.seq) or attempt.seq
    seed = m.digests.get(end) or hashlib.sha256(f"record {end}".encode()).hexdigest()
    return _lot(seed, kept), seed


def _lot(seed: str, kept: int) -> list[int]:
    """The numbers of the samples shown: those whose SHA-256 under the seed comes first."""
    keyed = sorted(range(kept), key=lambda i: hashlib.sha256(f"{seed} {i}".encode()).digest())
    return sorted(keyed[:WANTED])


def _sample(kept: object, evidence: str, sources: tuple[Ref, ...]) -> Sample:
    def part(name: str) -> str:
        value = kept.get(name, "") if hasattr(kept, "get") else ""
        return visible(str(value), limit=_TEXT)

    return Sample(
        id=f"{evidence}: {part('id') or 'without a name'}",
        given=part("prompt"),
        answered=part("output"),
        note=part("note"),
        sources=sources,
    )
