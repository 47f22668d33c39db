"""Attempts at named tests, from JSON Lines files of the case and from Inspect logs.

A line of a file is one attempt: the names of the test (`challenge`, say), `attempt` (its number
or name), `score` (a number, true or false, or null with `why`), and, where they help, `solver`
(`model`, or `answer` for a solver that is given the answer), `item`, `prompt`, `output`.
Any other key is refused, and so is the same attempt twice.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from safetycase.methods.counted import Options, Row, never_run
from safetycase.methods.imported import strict
from safetycase.methods.imported.origin import made_elsewhere
from safetycase.methods.scheming.challenges_documents import check_keys
from safetycase.plugin.contract import Context, InstrumentCheck, MethodError
from safetycase.stats import clopper_pearson

__all__ = [
    "Attempt",
    "Sources",
    "code_files",
    "gather",
    "instrument",
    "origin",
    "padded",
    "recorded",
    "row_of",
]

_OPTIONAL = ("solver", "why", "item", "prompt", "output")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """Inspect tasks to run, and Inspect logs to read, by the name of the test.

    `tasks` (`file.py@name` or a registered name) run on the model of the case, each sample
    `epochs` times; `logs` are files among the declared inputs. A leaf either runs the model or
    reads attempts that were made elsewhere, not both. `answer_tasks` and `answer_logs`
    are the same tests with the answer supplied. `scorers` chooses a scorer where there are several,
    and `reads` lists the inputs that the tasks read themselves.
    """

    tasks: Mapping[str, str] = field(default_factory=dict)
    answer_tasks: Mapping[str, str] = field(default_factory=dict)
    logs: Mapping[str, str] = field(default_factory=dict)
    answer_logs: Mapping[str, str] = field(default_factory=dict)
    scorers: Mapping[str, str] = field(default_factory=dict)
    reads: tuple[str, ...] = ()
    model: str | None = None
    epochs: int = 1
    limit: int | None = None
    max_connections: int = 4
    max_tokens: int | None = None
    temperature: float | None = None
    message_limit: int | None = None
    time_limit: int | None = None

    def __post_init__(self) -> None:
        if self.epochs < 1:
            raise ValueError("`epochs` is at least 1")
        for named, other in ((self.tasks, self.logs), (self.answer_tasks, self.answer_logs)):
            if both := sorted(set(named) & set(other)):
                raise ValueError(f"`{both[0]}` has a task and a log; name one of them")


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One attempt at the test `of`; `score` is None when there is no usable one."""

    of: tuple[str, ...]
    id: str
    item: str
    answered: bool
    score: float | None
    reason: str = ""
    prompt: str = ""
    output: str = ""


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
                else _run(
                    name, tasks[name], sources, context, answered, artefacts, repeat.get(of, 1)
                )
            )
            scorer = sources.scorers.get(name)
            foreign = context if name in files else None
            (read if foreign else made).extend(
                _logged(path, of, scorer, answered, of in numeric, foreign)
            )
    if sources.tasks and (mixed := [a for a in read if not a.answered]):
        raise MethodError(
            f"`{'/'.join(mixed[0].of)}` has attempts of the model in a file, and other tests are "
            "run here; what is made here and what was made elsewhere are leaves of their own"
        )
    return _once(read + made), artefacts


def recorded(sources: Sources) -> bool:
    """Whether the attempts of the model were made elsewhere: no task runs it here."""
    return not sources.tasks


def code_files(sources: Sources) -> tuple[str, ...]:
    """The task files of the case folder."""
    named = (*sources.tasks.values(), *sources.answer_tasks.values())
    return tuple(dict.fromkeys(t.partition("@")[0] for t in named if ".py" in t))


def origin(inputs: Sequence[str], sources: Sources) -> dict[str, str]:
    """What to say of results that were made elsewhere; nothing if they are made here."""
    if not recorded(sources):
        return {}
    read = [name for name in inputs if name not in sources.reads]
    return made_elsewhere(by="files of the case: " + ", ".join(read), at="")


def row_of(attempt: Attempt, *, arm: str = "") -> Row:
    """The attempt as a row that passed or did not; attempts at one item are a cluster."""
    return Row(
        id=attempt.id,
        epoch=1,
        cluster=attempt.item,
        arm=arm,
        chance=None,
        passed=None if attempt.score is None else attempt.score >= 1,
        reason=attempt.reason,
        prompt=attempt.prompt,
        output=attempt.output,
    )


def instrument(
    attempts: Sequence[Attempt],
    tests: Collection[tuple[str, ...]],
    least: float,
    solved: Callable[[Attempt], bool] = lambda attempt: (attempt.score or 0.0) >= 1,
) -> InstrumentCheck:
    """Whether a solver that is given the answer succeeds in every test, at 95 % in each."""
    weak = []
    for of in tests:
        mine = [a for a in attempts if a.of == of and a.answered]
        hits = sum(a.score is not None and solved(a) for a in mine)
        low = clopper_pearson(hits, len(mine), alpha_low=0.05, alpha_high=0.05).low
        if low < least:
            weak.append(f"`{'/'.join(of)}`: {hits} of {len(mine)}, at least {low:.3f} at 95 %")
    return InstrumentCheck(
        name="a solver that is given the answer succeeds in every test",
        passed=bool(tests) and not weak,
        detail="; ".join(weak) + f"; {least:.2f} is asked for"
        if weak
        else f"{len(tests)} tests, each at least {least:.2f} at 95 %",
    )


def padded(rows: list[Row], planned: int, count: int, what: str) -> list[Row]:
    """The rows, and a missing one for each of the `planned` that is not among the `count`.

    `MethodError` if there are more than were planned.
    """
    if count > planned:
        raise MethodError(
            f"{what} has {count}, and {planned} were planned; say how many there were to be"
        )
    return [*rows, *never_run(planned - count)]


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
    seen = set()
    for attempt in attempts:
        key = (attempt.of, attempt.answered, attempt.id)
        if key in seen:
            raise MethodError(
                f"the attempt {attempt.id} at `{'/'.join(attempt.of)}` is given twice; number the "
                "attempts, and read each log once"
            )
        seen.add(key)
    return attempts


def _run(
    name: str,
    task: str,
    sources: Sources,
    context: Context,
    answered: bool,
    artefacts: dict[str, str],
    times: int,
) -> Path:
    from safetycase.methods.inspect.running import run_task

    options = {
        "seed": context.seed % 2**31,
        "max_connections": sources.max_connections,
        "max_tokens": sources.max_tokens,
        "temperature": sources.temperature,
        "message_limit": sources.message_limit,
        "time_limit": sources.time_limit,
    }
    role = f"{name}, answer supplied" if answered else name
    path = run_task(
        task,
        {},
        sources.model,
        context,
        epochs=sources.epochs * times,
        limit=sources.limit,
        options={k: v for k, v in options.items() if v is not None},
        note=role,
        temporary=f"log {len(artefacts) + 1}",
    )
    scratch = context.scratch.resolve() if path.is_absolute() else context.scratch
    artefacts[f"Inspect log ({role})"] = str(path.relative_to(scratch))
    return path


def _logged(
    path: Path,
    of: tuple[str, ...],
    scorer: str | None,
    answered: bool,
    numeric: bool,
    foreign: Context | None,
) -> Iterator[Attempt]:
    """The samples of one log; a log of a model that the case names otherwise is refused."""
    from safetycase.methods.inspect import reading

    log = reading.open_log(path)
    subject = foreign.subject if foreign else {}
    if subject.get("provider") == "inspect" and log.eval.model != subject.get("weights"):
        raise MethodError(
            f"`{path.name}` is of the model `{log.eval.model}`, and the model of the case is "
            f"`{subject.get('weights')}`; a result counts for what was tested alone"
        )
    options = Options(scorer=scorer, pass_at=1.0, chance=None, cluster_by="", arms=())
    rows = reading.rows_of(log, path.name, options)
    values = _numbers(log, path.name, scorer) if numeric else {}
    for row in rows:
        usable = None if row.passed is None else float(row.passed)
        value = values.get((row.id, row.epoch)) if numeric else usable
        yield Attempt(
            of=of,
            id=f"{row.id} (epoch {row.epoch})",
            item=row.id,
            answered=answered,
            score=value,
            reason=row.reason or ("" if value is not None else "no usable score"),
            prompt=row.prompt,
            output=row.output,
        )


def _numbers(log: Any, name: str, scorer: str | None) -> dict[tuple[str, int], float]:
    """The scores as numbers by sample and epoch; what was edited or invalidated has none."""
    found = {}
    for sample in log.samples or []:
        scores = sample.scores or {}
        score = scores.get(scorer) if scorer else next(iter(scores.values()), None)
        spoilt = sample.error is not None or sample.invalidation is not None
        if score is None or spoilt or score.history:
            continue
        if not isinstance(score.value, int | float):
            raise MethodError(
                f"`{name}`: the score of sample `{sample.id}` is {str(score.value)[:40]!r}; a "
                "numeric test has numbers; choose the scorer with `scorers`"
            )
        value = float(score.value)
        if value == value and abs(value) != float("inf"):
            found[str(sample.id), int(sample.epoch)] = value
    return found


def _some(known: Collection[tuple[str, ...]]) -> str:
    names = sorted("/".join(of) for of in known)
    more = f" and {len(names) - 10} more" if len(names) > 10 else ""
    return "there is " + (", ".join(f"`{name[:60]}`" for name in names[:10]) or "none") + more
