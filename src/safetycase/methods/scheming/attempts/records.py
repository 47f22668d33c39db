"""What an attempt at a test is, where attempts come from, and how they are counted."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from safetycase.methods.counted import Row, never_run
from safetycase.methods.imported.origin import made_elsewhere
from safetycase.plugin.contract import InstrumentCheck, MethodError
from safetycase.stats import clopper_pearson

__all__ = [
    "Attempt",
    "Sources",
    "code_files",
    "instrument",
    "origin",
    "padded",
    "recorded",
    "row_of",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """Inspect tasks to run, and Inspect logs to read, by the name of the test.

    `tasks` (`file.py@name` or a registered name) run on the model of the case, each sample
    `epochs` times; `logs` are files among the declared inputs. A leaf either runs the model or
    reads attempts that were made elsewhere, not both. `answer_tasks` and `answer_logs`
    are the same tests with the answer supplied. `expect_model` is what the logs must say of their
    model; they are of one model in any case. `scorers` chooses a scorer where there are several,
    and `reads` lists the inputs that the tasks read themselves.
    """

    tasks: Mapping[str, str] = field(default_factory=dict)
    answer_tasks: Mapping[str, str] = field(default_factory=dict)
    logs: Mapping[str, str] = field(default_factory=dict)
    answer_logs: Mapping[str, str] = field(default_factory=dict)
    scorers: Mapping[str, str] = field(default_factory=dict)
    reads: tuple[str, ...] = ()
    expect_model: str | None = None
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
    """One attempt at the test `of`; `score` is None when there is no usable one.

    `place` is the file and the line it was read from, `made_by` the model that a log names.
    """

    of: tuple[str, ...]
    id: str
    item: str
    answered: bool
    score: float | None
    reason: str = ""
    prompt: str = ""
    output: str = ""
    place: str = ""
    made_by: str = ""


def recorded(sources: Sources) -> bool:
    """Whether the attempts of the model were made elsewhere: no task runs it here."""
    return not sources.tasks


def code_files(sources: Sources) -> tuple[str, ...]:
    """The task files of the case folder."""
    named = (*sources.tasks.values(), *sources.answer_tasks.values())
    return tuple(dict.fromkeys(t.partition("@")[0] for t in named if ".py" in t))


def origin(inputs: Sequence[str], sources: Sources, attempts: Sequence[Attempt]) -> dict[str, str]:
    """What to say of results that were made elsewhere; nothing if they are made here."""
    if not recorded(sources):
        return {}
    read = [name for name in inputs if name not in sources.reads]
    models = {a.made_by: "" for a in attempts if a.made_by and not a.answered}
    said = {"model of the logs": ", ".join(models)} if models else {}
    return made_elsewhere(by="files of the case: " + ", ".join(read), at="") | said


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
