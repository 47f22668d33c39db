"""Which leaves a `run` takes on, which it leaves alone, and what it would take."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from safetycase.assess.records import Assessment
from safetycase.cli.run_only import leaves
from safetycase.cli.run_show import brief
from safetycase.evidence.forecast import Forecast, forecast, totals
from safetycase.evidence.registering import is_used_up
from safetycase.evidence.setting import Job, Setting
from safetycase.ledger import AttemptRecord, History, Registration
from safetycase.ledger.attempts import exploratory_left, terms_of, used_up
from safetycase.workspace.folder import Workspace
from safetycase.workspace.paths import NoCase

__all__ = ["Choice", "choose", "plan_json", "plan_lines"]

_ENDED = ("expired", "invalidated", "tainted")
"""Words of freshness that end what was measured without a change in the recipe."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The leaves to run, and those left alone because their budget is used up, each with why.

    `assessment` is the one that it was made from, if one was.
    """

    jobs: tuple[Job, ...]
    used_up: tuple[tuple[str, str], ...] = ()
    assessment: Assessment | None = None


def choose(space: Workspace, only: Sequence[str], *, exploratory: bool) -> Choice:
    """What `run` has to do; `NoCase` if it was asked for what it cannot do."""
    elements = space.case.elements if space.case is not None else {}
    wanted = {leaf for name in only for leaf in leaves(elements, space.recipes, name)}
    wanted = wanted or set(space.recipes)
    for name, recipe in space.recipes.items():
        if recipe.recipe is None and name in wanted:
            raise NoCase(f"{name} cannot be run: {recipe.problem}")
    if exploratory:
        names = [name for name in space.recipes if name in wanted]
        jobs = space.jobs(dict.fromkeys(names, "exploratory"))
        _refuse_beyond(space.history, jobs)
        return Choice(jobs=tuple(jobs))
    assessment = space.assess()
    ended = {n for n, f in assessment.freshness.items() if f.word in _ENDED}
    due = {name: why for name, why in assessment.due.items() if name in wanted}
    spent, planned_anew = _used_up(space, wanted, ended)
    for name in planned_anew:
        if assessment.freshness[name].word != "fresh":
            due.setdefault(name, "its plan changed after the budget was used up")
    jobs = space.jobs({n: w for n, w in due.items() if n not in spent}, anew=ended)
    return Choice(jobs=tuple(jobs), used_up=tuple(sorted(spent.items())), assessment=assessment)


def _used_up(
    space: Workspace, wanted: set[str], ended: set[str]
) -> tuple[dict[str, str], tuple[str, ...]]:
    """Leaves whose budget is used up: those that may not go on, and why; those planned anew."""
    latest = {r.evidence: r for r in space.history.registrations if not r.exploratory}
    tried: dict[int, list[AttemptRecord]] = defaultdict(list)
    for attempt in space.history.attempts:
        tried[attempt.registration].append(attempt)
    spent = [
        name
        for name, registration in latest.items()
        if name in wanted and used_up(registration, tried[registration.seq])
    ]
    jobs = space.jobs(dict.fromkeys(spent, ""), anew=ended)
    over = [job.evidence.id for job in jobs if is_used_up(space.history, job)]
    told = {name: _spent(latest[name], tried[latest[name].seq]) for name in over}
    return told, tuple(job.evidence.id for job in jobs if job.evidence.id not in told)


def _spent(registration: Registration, tried: Sequence[AttemptRecord]) -> str:
    plan = terms_of(registration)
    counts = [(w, sum(a.state == w for a in tried)) for w in dict.fromkeys(a.state for a in tried)]
    told = ", ".join(f"{count} {word}" for word, count in counts)
    return (
        f"its budget of {plan.budget} attempts is used up ({told}) and {plan.attempts} had to "
        "complete; a changed `plan` registers it anew, as a further attempt at its claim"
    )


def _refuse_beyond(history: History, jobs: Sequence[Job]) -> None:
    """Exploratory runs look at results, so that there may only be so many on one recipe."""
    over = []
    for job in jobs:
        assert job.recipe.recipe is not None
        allowed, name = job.plan.exploratory, job.evidence.id
        if not exploratory_left(history, name, job.recipe.recipe.digest, allowed):
            over.append(f"{name} has had its {allowed} exploratory runs on this recipe")
    if over:
        raise NoCase(
            "; ".join(over) + ". Nothing was run: leave it out with `--only`, change the recipe, "
            "or allow more under `plan: {exploratory: N}`"
        )


def plan_json(setting: Setting, choice: Choice, executor: str) -> dict[str, Any]:
    """The plan of a run as JSON."""
    rows = forecast(setting, choice.jobs)
    return {
        "due": [{**asdict(row), "seconds": row.seconds} for row in rows],
        "executor": executor,
        "exploratory": setting.exploratory,
        "totals": asdict(totals(rows)),
        "used_up": [{"evidence": name, "because": why} for name, why in choice.used_up],
    }


def plan_lines(setting: Setting, choice: Choice) -> list[str]:
    """The plan of a run as a table: why a leaf is due stands last, since it may be long."""
    rows = forecast(setting, choice.jobs)
    lines = [_line(row) for row in rows]
    sums = totals(rows)
    if rows:
        known = f"{sums.seconds:.1f}" + ("+" if sums.untimed else "")
        cost = "" if sums.unpriced == len(rows) else f"{sums.cost:g}"
        cost += "+" if cost and sums.unpriced else ""
        lines.append((f"{len(rows)} due", str(sums.attempts), "", "", known, cost, ""))
        head = ("leaf", "attempts", "left", "n", "seconds", "cost", "why")
        widths = [max(len(line[i]) for line in (head, *lines)) for i in range(len(head))]
        table = [_row(line, widths) for line in (head, *lines)]
        if sums.untimed:
            table.append(f"+ and what the {sums.untimed} never run to a result will take")
    else:
        table = ["0 due"]
    return [*table, *(f"{name} is not run again: {why}" for name, why in choice.used_up)]


def _line(row: Forecast) -> tuple[str, ...]:
    timed = "–" if row.seconds is None else f"{row.seconds:.1f}"
    return (
        row.evidence,
        str(row.attempts),
        f"{row.left} of {row.budget}",
        str(row.n or "–"),
        timed,
        "–" if row.cost is None else f"{row.cost:g}",
        brief(row.because),
    )


def _row(line: Sequence[str], widths: Sequence[int]) -> str:
    cells = [
        cell.ljust(width) if i in (0, len(line) - 1) else cell.rjust(width)
        for i, (cell, width) in enumerate(zip(line, widths, strict=True))
    ]
    return "  ".join(cells).rstrip()
