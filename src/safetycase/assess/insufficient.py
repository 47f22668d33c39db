"""Whether enough was tried, on a subject that is known surely enough."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from safetycase.assess.effort import enough, identity_enough, reported_identity, weakest_identity
from safetycase.assess.grounds import Ground, LeafTarget, Question
from safetycase.assess.records import Cause
from safetycase.ledger.attempts import terms_of, used_up
from safetycase.ledger.fold import AttemptRecord, Registration

__all__ = ["insufficient"]


def insufficient(asked: Question, latest: Registration) -> Iterator[Ground]:
    """Attempts, instrument checks, effort, identity and items that fall short of what is asked."""
    target, pooled = asked.target, asked.standing.pooled
    planned = terms_of(latest).attempts
    if len(pooled) < planned:
        mine = [a for a in asked.standing.tried if a.registration == latest.seq]
        spent = used_up(latest, mine)
        yield Ground(
            word="insufficient",
            detail=f"{len(pooled)} of {planned} attempts"
            + ("; the budget of its registration is used up" if spent else ""),
            causes=(Cause(field="attempts", was=str(len(pooled)), now=str(planned)),),
            due=not spent,
        )
    failed = [
        c["name"] for a in pooled for c in (a.measurement or {}).get("instrument", ())
        if not c["passed"]
    ]  # fmt: skip
    if failed:
        names = ", ".join(dict.fromkeys(failed))
        yield Ground(
            word="insufficient", detail=f"effort: instrument check failed: {names}", due=False
        )
    yield from _effort(target, latest, pooled)
    if target.evidence.identity is not None:
        yield from _identity(target, latest, pooled)
    short = asked.shortfall()
    if short is not None:
        yield Ground(
            word="insufficient",
            detail=f"n: {short[0]} of {short[1]} planned",
            causes=(Cause(field="n", was=str(short[0]), now=str(short[1])),),
            due=False,
        )


def _effort(
    target: LeafTarget, latest: Registration, pooled: Sequence[AttemptRecord]
) -> Iterator[Ground]:
    """Less effort than is asked for now; it is due if the registration promised less, too."""
    plan, effort = target.evidence.plan, target.evidence.effort
    attempts = plan.attempts if plan else 1
    promised = latest.recipe.get("effort")
    promised = promised if isinstance(promised, Mapping) else {}
    if not effort and enough("attempts", attempts, promised.get("attempts")):
        return
    asked: dict[str, Any] = {
        **effort,
        "attempts": max(attempts, _whole(effort.get("attempts"))),
    }
    for name, least in asked.items():
        measured = [
            value for a in pooled if (value := (a.measurement or {}).get("effort", {}).get(name))
        ]  # fmt: skip
        done = measured if measured and name != "attempts" else [promised.get(name)]
        short = [value for value in done if not enough(name, least, value)]
        if short:
            was = "not known" if short[0] is None else str(short[0])
            yield Ground(
                word="insufficient",
                detail=f"effort.{name}: {was}, {least} asked",
                causes=(Cause(field=f"effort.{name}", was=was, now=str(least)),),
                due=not enough(name, least, promised.get(name)),
            )


def _identity(
    target: LeafTarget, latest: Registration, pooled: Sequence[AttemptRecord]
) -> Iterator[Ground]:
    asked = target.evidence.identity
    assert asked is not None
    subject = latest.recipe.get("subject")
    grades = [str(subject.get("identity", "")) if isinstance(subject, Mapping) else ""]
    grades += [said for a in pooled if (said := reported_identity(a.measurement or {}))]
    known = weakest_identity(grades)
    if identity_enough(asked, known):
        return
    now = str(target.recipe.groups["subject"].get("identity", "")) if target.recipe else ""
    yield Ground(
        word="insufficient",
        detail=f"identity: {known or 'none'}, {asked} asked",
        causes=(Cause(field="identity", was=known or "none", now=asked),),
        due=identity_enough(asked, now) and not identity_enough(asked, grades[0]),
    )


def _whole(value: Any) -> int:
    return value if type(value) is int else 0
