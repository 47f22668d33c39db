"""Registration: what counts as success, how much is tried and when to stop, before the first run.

A leaf whose registration still waits for attempts goes on with it; whatever changed the recipe,
the criterion or the plan needs a registration of its own.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from safetycase.argument.model import Case
from safetycase.checks.criterion import planned_alpha
from safetycase.evidence.recipes import seed_of
from safetycase.evidence.setting import Job, Setting
from safetycase.evidence.sources import keep_sources
from safetycase.ledger import History, Registration, Writer, open_store
from safetycase.ledger.attempts import (
    PlanTerms,
    attempts_of,
    budget_left,
    exploratory_left,
    replicate_of,
    replicates_left,
    terms_of,
    used_up,
)
from safetycase.ledger.record import stamp

__all__ = ["Standing", "is_used_up", "register", "replicate_seed", "standing"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A registration that attempts can be made at.

    `left` is its budget of attempts, `tried` how many there were, `replicates` the planned ones
    that have not completed, `last` the id of the last try at each of them, if it has ended.
    """

    seq: int
    seed: int
    left: int
    tried: int
    replicates: tuple[int, ...]
    last: Mapping[int, str] = field(default_factory=dict)


def replicate_seed(seed: int, replicate: int) -> int:
    """The seed of one planned attempt: that of the registration for the first, else from both."""
    if replicate == 1:
        return seed
    text = f"{seed}\n{replicate}".encode()
    return int.from_bytes(hashlib.sha256(text).digest()[:4], "big") >> 1


def register(setting: Setting, job: Job, writer: Writer) -> tuple[Standing, bool]:
    """The registration that the attempts of a job belong to, and whether it is new."""
    found = standing(setting, job)
    if found is not None:
        return found, False
    assert job.recipe.recipe is not None
    digest = job.recipe.recipe.digest
    before = _mine(setting, job)
    # An exploratory run with the seed of one that counts would be a look at its result.
    name = f"{job.evidence.id}\nexploratory" if setting.exploratory else job.evidence.id
    seed = seed_of(setting.case.header.case, name, len(before))
    subjects = [("recipe", digest)]
    weights = job.recipe.recipe.groups["subject"].get("weights_sha256")
    if weights:
        subjects.append(("weights", str(weights)))
    record = writer.append(
        "registration",
        _body(setting, job, digest, seed),
        at=stamp(setting.now()),
        subjects=tuple(subjects),
    )
    plan, left = job.plan, job.plan.budget
    wanted = plan.attempts
    if setting.exploratory:
        left = min(
            left, exploratory_left(setting.history, job.evidence.id, digest, plan.exploratory)
        )
        wanted = min(wanted, left)
    return Standing(
        seq=record.seq,
        seed=seed,
        left=left,
        tried=0,
        replicates=tuple(range(1, wanted + 1)),
    ), True


def standing(setting: Setting, job: Job) -> Standing | None:
    """The registration a job can go on with; None if it needs a new one.

    It may have no budget left: then it is used up, and nothing more is started at it.
    """
    latest = _same(setting, job)
    if latest is None:
        return None
    mine = attempts_of(latest, setting.history.attempts)
    wanted = replicates_left(latest, mine)
    left = budget_left(latest, mine)
    if setting.exploratory:
        assert job.recipe.recipe is not None
        digest = job.recipe.recipe.digest
        allowed = exploratory_left(setting.history, job.evidence.id, digest, job.plan.exploratory)
        if left == 0:
            return None
        left = min(left, allowed)
    if not wanted:
        return None
    last = {number: a.id for a in mine if (number := replicate_of(a)) and a.outcome is not None}
    busy = {replicate_of(a) for a in mine if a.outcome is None}
    return Standing(
        seq=latest.seq,
        seed=latest.seed,
        left=left,
        tried=len(mine),
        replicates=tuple(number for number in wanted if number not in busy),
        last=last,
    )


def is_used_up(history: History, job: Job) -> bool:
    """Whether the standing registration of a leaf has no attempt left and none may follow it."""
    latest = _latest(history, job, exploratory=False)
    return (
        latest is not None
        and not job.anew
        and _fits(latest, job)
        and used_up(latest, history.attempts)
    )


def _mine(setting: Setting, job: Job) -> list[Registration]:
    return [
        r
        for r in setting.history.registrations
        if r.evidence == job.evidence.id and r.exploratory == setting.exploratory
    ]


def _latest(history: History, job: Job, *, exploratory: bool) -> Registration | None:
    mine = (
        r
        for r in reversed(history.registrations)
        if r.evidence == job.evidence.id and r.exploratory == exploratory
    )
    return next(mine, None)


def _same(setting: Setting, job: Job) -> Registration | None:
    """The latest registration, if it says what a new one would say."""
    latest = _latest(setting.history, job, exploratory=setting.exploratory)
    if latest is None or job.anew or not _fits(latest, job):
        return None
    return latest


def _fits(latest: Registration, job: Job) -> bool:
    return (
        job.recipe.recipe is not None
        and latest.recipe_digest == job.recipe.recipe.digest
        and latest.criterion == str(job.claim.holds_when)
        and latest.claim == job.claim.id
        and terms_of(latest) == job.plan
    )


def _body(setting: Setting, job: Job, digest: str, seed: int) -> dict[str, Any]:
    """What is fixed before the first run."""
    assert job.recipe.recipe is not None
    case, leaf, criterion = setting.case, job.evidence, str(job.claim.holds_when)
    alpha = planned_alpha(case, leaf.id, share=setting.share)
    return {
        "evidence": leaf.id,
        "claim": job.claim.id,
        "criterion": criterion,
        "reads": dict(leaf.reads),
        "level": repr(round(1 - alpha, 12)),
        "refutes_when": f"`{criterion}` is false on the whole interval at this level",
        "plan": dict(job.plan.body),
        "stops": _stops(job.plan),
        "recipe": {k: dict(v) for k, v in job.recipe.recipe.groups.items()},
        "recipe_digest": digest,
        "artefacts": dict(keep_sources(job.recipe, open_store(setting.folder / "ledger"))),
        "environment": dict(job.recipe.environment),
        "distribution": leaf.distribution or case.header.deployment.distribution,
        "exploratory": setting.exploratory,
        "imported": job.method.imports,
        "seed": seed,
        "because": job.because,
        "template": _template(case, leaf.id),
    }


def _stops(plan: PlanTerms) -> str:
    """The stopping rule in words; the plan knows no early look, so there is none."""
    many = f"{plan.attempts} attempts have" if plan.attempts > 1 else "1 attempt has"
    items = f" with {plan.n} items each" if plan.n else ""
    return (
        f"fixed: when {many} completed{items}, or {plan.budget} have been started; "
        "no result is looked at before that to decide whether to go on"
    )


def _template(case: Case, evidence: str) -> dict[str, str]:
    """The pinned template a leaf comes from, by name, version and digest; empty for the case's."""
    for name, use in case.uses.items():
        if evidence.startswith(f"{name}/"):
            return {"name": f"{use.template}@{use.version}", "sha256": use.digest}
    return {}
