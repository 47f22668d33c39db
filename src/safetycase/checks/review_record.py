"""Review rules that ask the record: thresholds, audits, runs, planted controls.

Without a record they say nothing; with one they say "not known" where it is silent.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from safetycase.argument.model import Claim, Evidence, EvidenceType
from safetycase.checks.record_facts import EvidenceFacts, RegisteredFacts
from safetycase.checks.review_results import SAMPLED
from safetycase.checks.review_view import ReviewRule, Says, View, rule, shown

__all__ = ["RULES"]

_NOT_SAMPLED: tuple[EvidenceType, ...] = (
    "theorem",
    "attestation",
    "expert judgement",
    "process",
    "document",
)
AUDIT_DAYS = 30


def _registered(view: View) -> Iterator[str]:
    """Claims of the case that the record has a registration for."""
    return (c for c in view.timelines if isinstance(view.case.elements.get(c), Claim))


def _before(view: View, name: str) -> Iterator[Says]:
    """L13: a criterion that differs from the one an earlier result on the same data was read by."""
    claim = view.case.elements[name]
    assert isinstance(claim, Claim)
    seen: dict[str, set[str]] = {}
    for entry in view.timelines[name]:
        if not isinstance(entry, RegisteredFacts):
            seen.setdefault(entry.basis, set()).add(entry.criterion)
        elif not entry.exploratory and (
            earlier := seen.get(entry.basis, set()) - {entry.criterion}
        ):
            yield Says(
                path=(name, "holds_when"),
                message=f"the threshold of `{name}` was changed after a result: "
                f"`{entry.criterion}` was registered on {entry.at[:10]}, when a run on the same "
                f"system and data had been read by {shown(sorted(earlier))}",
                hint="evaluate on fresh items, or keep the threshold that came first",
            )
            return
    now = str(claim.holds_when)
    for basis in sorted(view.bases_now.get(name, frozenset()) & seen.keys()):
        earlier = seen[basis] - {now}
        if earlier and claim.holds_when:
            yield Says(
                path=(name, "holds_when"),
                message=f"the threshold of `{name}` is not the one its result was read by "
                f"({shown(sorted(earlier))}), on the same system and data",
                hint="evaluate on fresh items, or keep the threshold that came first",
            )
            return


def _audits(view: View) -> Iterator[str]:
    return (leaf.id for leaf in view.leaves if leaf.type == "human audit")


def _vigilant(view: View, name: str) -> Iterator[Says]:
    """L17."""
    leaf, declared, facts = view.leaf(name), view.declared(name), view.facts(name)
    if not declared.blind_seeds:
        yield Says(
            path=(name, "declared", "blind_seeds"),
            message=f"the auditors of `{name}` are not tested by blind seeded items",
            hint="seed known positives that they cannot tell apart; 59 caught of 60 is a recall of "
            "at least 0.923",
        )
    last = declared.dated
    if facts and facts.last_run_at:
        ran = date.fromisoformat(facts.last_run_at[:10])
        last = max(last, ran) if last else ran
    if last and view.on and (view.on - last).days > AUDIT_DAYS:
        yield Says(
            path=(name, "declared", "dated"),
            message=f"the audit `{name}` is {(view.on - last).days} days old; vigilance fades "
            f"within {AUDIT_DAYS}",
            hint="measure the auditors again, every month",
        )
    elif last is None and facts is not None and (leaf.method or leaf.artefact):
        yield Says(
            path=(name,),
            message=f"when the auditors of `{name}` were last measured is not known",
            hint="state `dated` under `declared`",
            severity="note",
        )


def _drawer(view: View) -> Iterator[str]:
    """With a record: the leaves, and the evidence that the case dropped."""
    if view.record is None:
        return
    yield from (leaf.id for leaf in view.leaves)
    yield from (
        n for n in view.record.evidence if not isinstance(view.case.elements.get(n), Evidence)
    )


def _all_runs(view: View, name: str) -> Iterator[Says]:
    """L22."""
    assert view.record is not None
    leaf = view.case.elements.get(name)
    facts = view.record.evidence.get(name) or EvidenceFacts()
    done = facts.attempts["completed"]
    if not isinstance(leaf, Evidence):
        claims = dict.fromkeys(r.claim for r in facts.registered)
        if done:
            at = next((c for c in claims if c in view.case.elements), "")
            yield Says(
                path=(at,) if at else ("", "case"),
                message=f"the record holds {done} completed "
                f"{'run' if done == 1 else 'runs'} of `{name}`, which the case no longer cites",
                hint="cite them, or say at the claim why they do not bear on it",
            )
        return
    if leaf.type in SAMPLED and leaf.artefact and not leaf.method:
        yield Says(
            path=(name, "artefact"),
            message=f"`{name}` cites a result, and how many runs were made for it is not known",
            hint="register and run it here, or cite the record that it comes from",
            severity="note",
        )
        return
    latest = max((r.seq for r in facts.registered if not r.exploratory), default=-1)
    cited = sum(r.registration == latest and r.outcome == "completed" for r in facts.runs)
    uncited = done - cited
    other = {k: v for k, v in sorted(facts.attempts.items()) if k != "completed"}
    if uncited or other:
        more = "".join(f", {v} {k}" for k, v in other.items())
        yield Says(
            path=(name,),
            message=f"`{name}` cites {cited} of {done} completed runs "
            f"({facts.exploratory_runs} exploratory{more})",
            hint="the others stay in the record; say why they differ if they do",
            severity="note",
        )


def _probed(view: View) -> Iterator[str]:
    if view.record is None:
        return
    for leaf in view.leaves:
        if leaf.method and leaf.type not in _NOT_SAMPLED:
            yield leaf.id


def _probative(view: View, name: str) -> Iterator[Says]:
    """L25: how often it passes where the claim is false, against where it is true."""
    facts = view.facts(name)
    assert facts is not None
    controls = facts.controls
    if controls is None or not controls.false_runs:
        yield Says(
            path=(name, "method"),
            message=f"how often `{name}` passes when its claim is false is not known",
            hint="`safetycase run` puts the planted subjects of its method on record",
        )
        return
    false, true = controls.p_pass_if_false, controls.p_pass_if_true
    if true.low <= false.high:
        yield Says(
            path=(name, "method"),
            message=f"a pass of `{name}` may say nothing: on planted subjects it passes "
            f"{controls.false_passes} of {controls.false_runs} times where the claim is false (at "
            f"most {false.high:.3f}) and {controls.true_passes} of {controls.true_runs} where it "
            f"is true (at least {true.low:.3f})",
            hint="plant more subjects, or use a method that tells them apart",
        )


RULES: tuple[ReviewRule, ...] = (
    rule(
        "L13",
        "The threshold came first",
        text="No criterion is registered after a result on the same system, method and data was "
        "read by another one. Another system or fresh items start anew.",
        message="the threshold of CLAIM was changed after a result",
        clause="Nosek et al. 2018, PNAS 115:2600",
        severity="error",
        group="evidence",
        over=_registered,
        judge=_before,
    ),
    rule(
        "L17",
        "Auditors are measured, and lately",
        text="Human auditors are tested by blind seeded items, and the measurement is at most 30 "
        "days old.",
        message="the auditors of ID are not tested by blind seeded items | the audit ID is N days "
        "old",
        clause="Balesni et al. 2024, arXiv:2411.03336, §6.1.3",
        group="evidence",
        over=_audits,
        judge=_vigilant,
    ),
    rule(
        "L22",
        "Every run is on record",
        text="All runs of an evaluation are registered, the ones that are not cited too.",
        message="the record holds N completed runs of ID, which the case no longer cites | ID "
        "cites K of M completed runs",
        clause="Rosenthal 1979, Psychological Bulletin 86:638",
        group="evidence",
        over=_drawer,
        judge=_all_runs,
    ),
    rule(
        "L25",
        "The test could have failed",
        text="P(pass | claim false) is estimated on planted subjects and lies below P(pass | claim "
        "true); otherwise a pass contributes nothing.",
        message="how often ID passes when its claim is false is not known | a pass of ID may say "
        "nothing",
        clause="Rae & Alexander 2017, Safety Science 92:190",
        group="evidence",
        over=_probed,
        judge=_probative,
    ),
)
