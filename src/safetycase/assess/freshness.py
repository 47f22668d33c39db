"""How current the result of a leaf is: a pure function of the record, the recipe now and the time.

Every ground on which a result does not count is looked at. The first of `WORST_FIRST` names the
state, the others are told beside it. What cannot be known is `unknown`, never `fresh`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from safetycase.assess.events import lasts, matches, reaching, waiver_for
from safetycase.assess.grounds import Ground, LeafTarget, Question
from safetycase.assess.indexed import Standing
from safetycase.assess.insufficient import insufficient
from safetycase.assess.records import WORST_FIRST, Cause, Freshness, Waived
from safetycase.ledger.attempts import used_up
from safetycase.ledger.fold import AttemptRecord, Registration, WaiverRecord
from safetycase.ledger.recipe import Recipe, changes, formed

__all__ = [
    "CLOCKS_DIFFER",
    "REPORTED_DAYS",
    "Current",
    "LeafTarget",
    "Question",
    "counts_until",
    "freshness_of",
    "parse_time",
]

REPORTED_DAYS: Final = 30
"""Days after which a result on a model that is known by a reported name only expires by default."""

CLOCKS_DIFFER: Final = timedelta(days=1)
"""How far in the future a run may have ended: the clocks of two machines, no more than that."""

_EVER: Final = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Current:
    """The freshness of a leaf, and why it should be run again (None: it should not)."""

    freshness: Freshness
    due: str | None


_FRESH: Final = Freshness(word="fresh")
_CURRENT: Final = Current(freshness=_FRESH, due=None)


def parse_time(text: str) -> datetime:
    """A time of the record."""
    return datetime.fromisoformat(text)


def freshness_of(asked: Question) -> Current:
    """The state of a leaf, with the fields, the time or the event that made it so."""
    latest = asked.standing.latest
    if latest is None:
        detail = "exploratory runs do not count" if asked.standing.tried else ""
        found = Freshness(word="never run", detail=detail)
        return Current(freshness=found, due=None if asked.target.recipe is None else str(found))
    waived: list[Waived] = []
    grounds = list(_grounds(asked, latest, waived))
    warnings = _warnings(asked.standing.pooled)
    if not grounds:
        if not warnings and not waived:
            return _CURRENT
        fresh = Freshness(word="fresh", warnings=warnings, waived=tuple(waived))
        return Current(freshness=fresh, due=None)
    grounds.sort(key=lambda ground: WORST_FIRST.index(ground.word))
    first, rest = grounds[0], grounds[1:]
    same = [ground for ground in grounds if ground.word == first.word]
    found = Freshness(
        word=first.word,
        detail=", ".join(ground.detail for ground in same if ground.detail),
        causes=tuple(cause for ground in grounds for cause in ground.causes),
        also=tuple(f"{g.word} ({g.detail})" for g in rest if g.word != first.word),
        warnings=warnings,
        waived=tuple(waived),
    )
    return Current(freshness=found, due=str(found) if _due(asked, latest, grounds) else None)


def _due(asked: Question, latest: Registration, grounds: Sequence[Ground]) -> bool:
    """Whether another run would help: some ground can be cleared by it, and none would return."""
    if asked.target.recipe is None or not any(ground.due for ground in grounds):
        return False
    again = _registered_anew(asked.target, latest)
    return not any(lasts(e) and matches(e, again, (), _measured_on(asked)) for e in asked.events)


def _registered_anew(target: LeafTarget, latest: Registration) -> Registration:
    """The registration that a run today would have, as far as an event can name it."""
    assert target.recipe is not None
    return Registration(
        seq=latest.seq,
        at=latest.at,
        evidence=target.evidence.id,
        claim=target.claim.id,
        criterion="",
        level="0",
        plan={},
        recipe=target.recipe.groups,
        recipe_digest="",
        exploratory=False,
        seed=0,
        body={},
        keyid=latest.keyid,
    )


def _grounds(asked: Question, latest: Registration, waived: list[Waived]) -> Iterator[Ground]:
    target, pooled = asked.target, asked.standing.pooled
    if asked.events:
        yield from _invalidated(asked, latest)
    if target.recipe is None:
        yield Ground(word="unknown", detail=target.problem, due=False)
    else:
        yield from _compared(asked, latest, target.recipe, waived)
    on = target.evidence.distribution
    if on is not None and on != asked.distribution:
        detail = "measured on another distribution"
        cause = Cause(field="distribution", was=on, now=asked.distribution)
        yield Ground(word="not applicable", detail=detail, causes=(cause,), due=False)
    if latest.body.get("imported"):
        yield from _imported_for_another(asked, latest)
    if not pooled:
        yield _without_result(asked.standing, latest)
        return
    if asked.problem:
        yield Ground(word="unknown", detail=asked.problem, due=False)
    yield from _tainted(target, pooled)
    ended = max(_end(a) for a in pooled)
    if ended - asked.now > CLOCKS_DIFFER:
        detail = f"its run ended on {ended:%Y-%m-%d}, which is still to come: a clock is wrong"
        yield Ground(word="unknown", detail=detail)
    until = counts_until(target, latest, pooled)
    if until is not None and asked.now > until:
        yield Ground(word="expired", detail=_expiry(target, until))
    yield from insufficient(asked, latest)


def _invalidated(asked: Question, latest: Registration) -> Iterator[Ground]:
    event = reaching(asked.events, latest, asked.standing.pooled, _measured_on(asked))
    if event is not None:
        says = event.says.rstrip(".")
        yield Ground(
            word="invalidated",
            detail=f"{event.event}, record {event.seq} of {event.at[:10]}: {says}",
            causes=(Cause(field="event", was="", now=event.event, record=event.seq),),
        )


def _measured_on(asked: Question) -> str:
    return asked.target.evidence.distribution or asked.distribution


def _compared(
    asked: Question, latest: Registration, recipe: Recipe, waived: list[Waived]
) -> Iterator[Ground]:
    """Subject, instrument, sampling and what matters of the environment, field by field."""
    target, old = asked.target, latest.recipe
    same = old == recipe.groups
    if not same and not formed(old):
        cause = Cause(field="recipe", was="another form", now="the form of this version")
        detail = "its recipe was recorded in another form"
        yield Ground(word="stale", detail=detail, causes=(cause,))
        return
    found = [] if same else [*_causes(old, recipe)]
    found += _environment(target, latest)
    criterion = str(target.claim.holds_when)
    if latest.criterion != criterion:
        found.append(Cause(field="criterion", was=latest.criterion, now=criterion))
    measured_on, now_on = latest.body.get("distribution"), _measured_on(asked)
    # A leaf that names another one than the deployment's is told apart; no run would mend that.
    if measured_on not in (None, now_on) and now_on == asked.distribution:
        found.append(Cause(field="distribution", was=str(measured_on), now=now_on))
    if not found:
        return
    waiver = (
        waiver_for(asked.waivers, latest, recipe.digest, (c.field for c in found), asked.now)
        if asked.waivers
        else None
    )
    if waiver is not None:
        waived.append(_shown(waiver, found))
        return
    for word, chosen in (
        ("not applicable", [c for c in found if _elsewhere(c)]),
        ("stale", [c for c in found if not _elsewhere(c)]),
    ):
        if chosen:
            yield Ground(
                word=word,  # type: ignore[arg-type]
                detail=", ".join(c.field for c in chosen),
                causes=tuple(chosen),
            )


def _elsewhere(cause: Cause) -> bool:
    """Whether the difference makes the result one of something else."""
    return cause.field == "distribution" or cause.field.startswith("subject")


def _causes(old: Mapping[str, Any], recipe: Recipe) -> Iterator[Cause]:
    # Effort is ordered and judged apart; of the environment, only what a leaf names.
    known = {"effort", "environment"}
    groups = tuple(g for g in {**old, **recipe.groups} if g not in known)
    for change in changes(old, recipe.groups, groups):
        group, _, name = change.field.partition(".")
        file = ""
        if group == "instrument" and name.startswith("files."):
            file = name.removeprefix("files.")
        elif group == "instrument" and name.startswith("code."):
            file = name.removeprefix("code.")
        yield Cause(field=change.field, was=change.was, now=change.now, file=file)


def _environment(target: LeafTarget, latest: Registration) -> Iterator[Cause]:
    """What the leaf names of the environment, or named when it was registered."""
    registered = latest.recipe.get("environment", {})
    if not target.evidence.environment and not registered:
        return
    then = latest.body.get("environment", {})
    assert target.recipe is not None
    now = {**target.environment, **target.recipe.groups.get("environment", {})}
    for name in dict.fromkeys((*registered, *target.evidence.environment)):
        was, is_now = registered.get(name, then.get(name)), now.get(name)
        # What was not recorded may have been anything.
        if was is None or was != is_now:
            yield Cause(
                field=f"environment.{name}",
                was="not recorded" if was is None else str(was),
                now="not known" if is_now is None else str(is_now),
            )


def _shown(waiver: WaiverRecord, causes: Sequence[Cause]) -> Waived:
    return Waived(
        reviewer=waiver.reviewer,
        author=waiver.author,
        until=waiver.expires,
        reason=waiver.reason,
        fields=tuple(cause.field for cause in causes),
        record=waiver.seq,
    )


def _imported_for_another(asked: Question, latest: Registration) -> Iterator[Ground]:
    """A file from elsewhere that was imported for another model before says nothing of this one.

    A statement that names these very weights does.
    """
    first = next(
        r
        for r in asked.standing.registrations
        if r.seq == latest.seq or (r.body.get("imported") and _content(r) == _content(latest))
    )
    before, subject = _part(first, "subject"), _part(latest, "subject")
    weights = str(subject.get("weights_sha256") or "-")
    said = [(a.measurement or {}).get("diagnostics", {}) for a in asked.standing.pooled]
    if said and all(weights in str(d.get("identity", "")) for d in said):
        return
    causes = tuple(
        Cause(field=f"subject.{name}", was=str(before.get(name)), now=str(subject.get(name)))
        for name in ("weights", "weights_sha256")
        if before.get(name) != subject.get(name)
    )
    if causes:
        detail = f"record {first.seq} imported the same files for another model"
        yield Ground(word="not applicable", detail=detail, causes=causes, due=False)


def _content(registration: Registration) -> Sequence[str]:
    """What the files of a registration hold, whatever they are called."""
    files = _part(registration, "instrument").get("files")
    return sorted(map(str, files.values())) if isinstance(files, Mapping) else ()


def _part(registration: Registration, group: str) -> Mapping[str, Any]:
    found = registration.recipe.get(group)
    return found if isinstance(found, Mapping) else {}


def _without_result(standing: Standing, latest: Registration) -> Ground:
    mine = [a for a in standing.tried if a.registration == latest.seq]
    if not mine:
        return Ground(word="never run", detail="registered, not started")
    spent = used_up(latest, mine)
    more = "; the budget of its registration is used up" if spent else ""
    detail = f"the last attempt {_ended(mine[-1])}{more}"
    return Ground(word="unknown", detail=detail, due=not spent)


def _ended(attempt: AttemptRecord) -> str:
    words = {"failed": "failed", "aborted": "was aborted", "lost": "was lost"}
    if attempt.outcome is None:
        return "has not ended"
    if attempt.outcome == "completed":
        return "completed without a measurement"
    return words[attempt.outcome] + (f": {attempt.reason}" if attempt.reason else "")


def _tainted(target: LeafTarget, pooled: Sequence[AttemptRecord]) -> Iterator[Ground]:
    if not any(a.observed or a.body.get("changed_during_run") for a in pooled):
        return
    changed = {
        str(name)
        for a in pooled
        for name in (*a.body.get("changed_during_run", ()), *a.observed.get("changed", ()))
    }
    if changed:
        names = sorted(changed)
        yield Ground(
            word="tainted",
            detail=", ".join(names) + " changed during the run",
            causes=tuple(Cause(field=f"changed.{n}", file=n) for n in names),
        )
    for path, was in _undeclared(pooled):
        now = target.undeclared.get(path, "")
        if was and was == now:
            continue
        says = "changed since the run" if was and now else "cannot be compared with the run"
        yield Ground(
            word="tainted",
            detail=f"undeclared input {path} {says}",
            causes=(Cause(field=f"undeclared.{path}", was=was, now=now, file=path),),
        )


def _undeclared(pooled: Sequence[AttemptRecord]) -> Sequence[tuple[str, str]]:
    """(path, digest) of what the runs opened and nobody declared; twice if it was not the same."""
    rows = (row for a in pooled if a.observed for row in a.observed.get("undeclared", ()))
    return tuple(dict.fromkeys((str(row[0]), str(row[1])) for row in rows))


def _warnings(pooled: Sequence[AttemptRecord]) -> tuple[str, ...]:
    if not any(a.observed for a in pooled):
        return ()
    names = dict.fromkeys(path for path, _ in _undeclared(pooled))
    found = [f"undeclared input: {name}; declare it under `inputs`" for name in names]
    more = sum(a.observed.get("left_out", 0) for a in pooled)
    if more:
        found.append(f"{more} further inputs or programs of its runs are not named in the record")
    return tuple(found)


def counts_until(
    target: LeafTarget, latest: Registration, pooled: Sequence[AttemptRecord]
) -> datetime | None:
    """Until when the result of the `pooled` attempts counts; None without a limit or a result."""
    if not pooled:
        return None
    valid = target.evidence.valid_for
    if valid is None:
        subject = latest.recipe.get("subject")
        if not isinstance(subject, Mapping) or subject.get("identity") != "reported":
            return None
    # The oldest of the pooled runs is as old as the result.
    end = min(_end(a) for a in pooled)
    seconds = valid.seconds if valid is not None else REPORTED_DAYS * 86400
    try:
        return end + timedelta(seconds=seconds)
    except OverflowError:
        return _EVER


def _end(attempt: AttemptRecord) -> datetime:
    return parse_time(attempt.ended_at or attempt.started_at)


def _expiry(target: LeafTarget, until: datetime) -> str:
    if target.evidence.valid_for is not None:
        return f"{until:%Y-%m-%d}"
    return (
        f"{until:%Y-%m-%d}: {REPORTED_DAYS} days, since the model is known only by a reported "
        "name and no `valid_for` is stated"
    )
