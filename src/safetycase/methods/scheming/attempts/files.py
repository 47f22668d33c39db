"""Attempts at named tests, from JSON Lines files of the case and from Inspect logs.

A line of a file is one attempt: the names of the test (`challenge`, say), `attempt` (its number
or name), `score` (a number, true or false, or null with `why`), and, where they help, `solver`
(`model`, or `answer` for a solver that is given the answer), `item`, `prompt`, `output`.
Any other key is refused, and so is the same attempt twice.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from safetycase.methods.imported import strict
from safetycase.methods.imported.documents import check_keys
from safetycase.methods.scheming.attempts.logs import logged, run_source
from safetycase.methods.scheming.attempts.records import Attempt, Sources
from safetycase.plugin.contract import Context, MethodError

__all__ = ["gather"]

_OPTIONAL = ("solver", "why", "item", "prompt", "output")


def gather(
    inputs: Sequence[str],
    sources: Sources,
    context: Context,
    *,
    keys: tuple[str, ...],
    known: Collection[tuple[str, ...]],
    numeric: Collection[tuple[str, ...]] = (),
    times: Mapping[tuple[str, ...], int] | None = None,
) -> tuple[list[Attempt], dict[str, str]]:
    """All attempts of the declared inputs, the logs and the tasks; and the logs as artefacts.

    `keys` name the test in a line; a test is `known` by them, and by their words joined with `/`
    in `sources`. Tests not in `numeric` have scores 0 and 1 alone. A task runs `times` as many
    epochs as the sources say. `MethodError` for anything else.
    """
    read: list[Attempt] = []
    made: list[Attempt] = []
    artefacts: dict[str, str] = {}
    repeat = times or {}
    logs = [*sources.logs.values(), *sources.answer_logs.values()]
    if strangers := [name for name in logs if name not in inputs]:
        raise MethodError(f"the log `{strangers[0]}` is not among the inputs; declare it there")
    for name in inputs:
        if name not in logs and name not in sources.reads:
            read += _lines(strict.input_file(context, name), keys, known, numeric)
    for answered, tasks, files in (
        (False, sources.tasks, sources.logs),
        (True, sources.answer_tasks, sources.answer_logs),
    ):
        for name in (*files, *tasks):
            of = tuple(name.split("/"))
            if of not in known:
                raise MethodError(f"there is no test `{name}`; {_some(known)}")
            path = (
                strict.input_file(context, files[name])
                if name in files
                else run_source(
                    name, tasks[name], sources, context, answered, artefacts, repeat.get(of, 1)
                )
            )
            scorer = sources.scorers.get(name)
            own = context if name in files and not answered else None
            (read if name in files else made).extend(
                logged(path, of, scorer, answered, of in numeric, own)
            )
    if sources.tasks and (mixed := [a for a in read if not a.answered]):
        raise MethodError(
            f"`{'/'.join(mixed[0].of)}` has attempts of the model in a file, and other tests are "
            "run here; what is made here and what was made elsewhere are leaves of their own"
        )
    _of_one_model(read, sources.expect_model)
    return _once(read + made), artefacts


def _of_one_model(read: Sequence[Attempt], expected: str | None) -> None:
    """`MethodError` if the logs are of several models, or of another than was expected."""
    first = expected
    for attempt in read:
        if attempt.answered or not attempt.made_by:
            continue
        if first is None:
            first = attempt.made_by
        if attempt.made_by != first:
            why = "`expect_model` says" if expected else "another log is of"
            raise MethodError(
                f"{attempt.place} is of the model `{attempt.made_by}`, and {why} `{first}`; a "
                "result counts for what was tested alone"
            )


def _lines(
    path: Path,
    keys: tuple[str, ...],
    known: Collection[tuple[str, ...]],
    numeric: Collection[tuple[str, ...]],
) -> Iterator[Attempt]:
    empty = True
    for place, value in strict.lines_of(path):
        empty = False
        row = check_keys(value, place, needed=(*keys, "attempt", "score"), optional=_OPTIONAL)
        of = tuple(strict.text(row[key], place, f"`{key}`") for key in keys)
        if of not in known:
            raise MethodError(f"{place}: there is no test `{'/'.join(of)}`; {_some(known)}")
        words = {
            k: strict.text(row.get(k, ""), place, f"`{k}`") for k in ("why", "prompt", "output")
        }
        solver = strict.text(row.get("solver", "model"), place, "`solver`")
        if solver not in ("model", "answer"):
            raise MethodError(f"{place}: `solver` is `{solver[:60]}`, not `model` or `answer`")
        number = _name(row["attempt"], place, "`attempt`")
        yield Attempt(
            of=of,
            id=number,
            item=_name(row["item"], place, "`item`") if "item" in row else number,
            answered=solver == "answer",
            score=_score(row["score"], place, words["why"], numeric=of in numeric),
            reason=words["why"],
            prompt=words["prompt"],
            output=words["output"],
            place=place,
        )
    if empty:
        raise MethodError(f"`{path.name}` is empty; write one attempt a line")


def _name(value: Any, place: str, what: str) -> str:
    if isinstance(value, str) and value:
        return value
    return str(strict.whole(value, place, what))


def _score(value: Any, place: str, why: str, *, numeric: bool) -> float | None:
    if value is None:
        if not why:
            raise MethodError(f"{place}: `score` is null; say `why`")
        return None
    score = strict.number(value, place, "`score`")
    if not numeric and score not in (0.0, 1.0):
        raise MethodError(f"{place}: `score` is {score:g}; here it is 0 or 1, or null with `why`")
    return score


def _once(attempts: list[Attempt]) -> list[Attempt]:
    seen: dict[tuple[tuple[str, ...], bool, str], str] = {}
    for attempt in attempts:
        key = (attempt.of, attempt.answered, attempt.id)
        if key in seen:
            raise MethodError(
                f"{attempt.place}: the attempt {attempt.id[:60]} at `{'/'.join(attempt.of)}` is "
                f"given twice, before at {seen[key]}; number the attempts, and read each log once"
            )
        seen[key] = attempt.place
    return attempts


def _some(known: Collection[tuple[str, ...]]) -> str:
    names = sorted("/".join(of) for of in known)
    more = f" and {len(names) - 10} more" if len(names) > 10 else ""
    return "there is " + (", ".join(f"`{name[:60]}`" for name in names[:10]) or "none") + more
