"""Recorded curves of training: strict JSON Lines, one line per recorded step of one training.

    run             what was trained, or how (an optimiser, say); with the seed it names a training
    seed            whole number
    step            whole number; evenly spaced within a training, in their order
    reward          mean reward of the episodes of this step
    exploitability  what a best response gains against the policy of this step; optional, null too
    episodes        how many episodes the policy of this step sampled; optional

Nothing is filled in, cut or smoothed: a line that is missing, doubled or not a number is refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetycase.methods.control.auditors.rows import keyed, named
from safetycase.methods.imported.strict import lines_of, number, whole
from safetycase.plugin.contract import MethodError

__all__ = ["Training", "read_trainings"]

NEEDED, MAYBE = ("run", "seed", "step", "reward"), ("exploitability", "episodes")
MOST = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Training:
    """The curve of one training. `exploitability` and `episodes` are None where not recorded.

    All tuples have the same length; `every` is the distance of two recorded steps.
    """

    run: str
    seed: int
    steps: tuple[int, ...]
    reward: tuple[float, ...]
    exploitability: tuple[float | None, ...]
    episodes: tuple[int | None, ...]

    @property
    def name(self) -> str:
        """How people call it."""
        return f"`{self.run}` seed {self.seed}"

    @property
    def every(self) -> int:
        """Steps from one line to the next."""
        return self.steps[1] - self.steps[0]

    def last(self, rows: int) -> Training:
        """Its last rows alone."""
        return self.part(len(self.steps) - rows, len(self.steps))

    def part(self, start: int, end: int) -> Training:
        """The rows from `start` up to `end`."""
        return Training(
            run=self.run,
            seed=self.seed,
            steps=self.steps[start:end],
            reward=self.reward[start:end],
            exploitability=self.exploitability[start:end],
            episodes=self.episodes[start:end],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    place: str
    step: int
    reward: float
    exploitability: float | None
    episodes: int | None


def read_trainings(paths: Sequence[Path], low: float, high: float) -> tuple[Training, ...]:
    """The trainings in those files, in the order of their names.

    `MethodError` with file and line for a line that cannot stand, a reward outside [`low`,
    `high`], and steps that are doubled, out of order or missing.
    """
    found: dict[tuple[str, int], list[_Row]] = {}
    count = 0
    for path in paths:
        for place, value in lines_of(path):
            count += 1
            if count > MOST:
                raise MethodError(f"{place}: more than {MOST:,} lines; record fewer steps")
            key, row = _row(value, place, low, high)
            rows = found.setdefault(key, [])
            _follows(rows, row, key)
            rows.append(row)
    if not found:
        names = ", ".join(f"`{path.name}`" for path in paths)
        raise MethodError(f"{names}: no line; write one for each recorded step of each training")
    return tuple(_training(key, found[key]) for key in sorted(found))


def _row(value: Any, place: str, low: float, high: float) -> tuple[tuple[str, int], _Row]:
    row = keyed(value, place, NEEDED, MAYBE)
    reward = _number(row, "reward", place)
    if not low <= reward <= high:
        raise MethodError(
            f"{place}: the reward {reward:g} is outside [{low:g}, {high:g}]; set `reward_low` and "
            "`reward_high` to the least and the most that an episode can bring"
        )
    gap = None
    if row.get("exploitability") is not None:
        gap = _number(row, "exploitability", place)
        if gap < 0:
            raise MethodError(
                f"{place}: the exploitability {gap:g} is below 0, so that the best response did "
                "worse than the policy it answers; train it longer, or record 0 if it is exact"
            )
    episodes = row.get("episodes")
    return (named(row, "run", place), whole(row["seed"], place, "`seed`")), _Row(
        place=place,
        step=whole(row["step"], place, "`step`"),
        reward=reward,
        exploitability=gap,
        episodes=None if episodes is None else whole(episodes, place, "`episodes`"),
    )


def _number(row: Mapping[str, Any], key: str, place: str) -> float:
    if isinstance(row[key], bool):
        raise MethodError(f"{place}: `{key}` is {row[key]!r}; it is a number")
    return number(row[key], place, f"`{key}`")


def _follows(rows: Sequence[_Row], row: _Row, key: tuple[str, int]) -> None:
    """Whether the row goes on where its training was."""
    if not rows:
        return
    training = f"`{key[0]}` seed {key[1]}"
    backwards = row.step <= rows[-1].step
    before = next((one for one in rows if one.step == row.step), None) if backwards else None
    if before is not None:
        raise MethodError(
            f"{row.place}: step {row.step} of {training} is already at {before.place}; keep one"
        )
    if backwards:
        raise MethodError(
            f"{row.place}: step {row.step} of {training} comes after step {rows[-1].step}; write "
            "the steps in their order"
        )
    if len(rows) > 1:
        every, now = rows[1].step - rows[0].step, row.step - rows[-1].step
        if now != every:
            raise MethodError(
                f"{row.place}: step {row.step} of {training} follows step {rows[-1].step}, where "
                f"every {every} steps a line is recorded: lines are missing, or were added; give "
                "all at one distance"
            )


def _training(key: tuple[str, int], rows: Sequence[_Row]) -> Training:
    if len(rows) < 2:
        raise MethodError(f"{rows[0].place}: `{key[0]}` seed {key[1]} has one step and no curve")
    return Training(
        run=key[0],
        seed=key[1],
        steps=tuple(row.step for row in rows),
        reward=tuple(row.reward for row in rows),
        exploitability=tuple(row.exploitability for row in rows),
        episodes=tuple(row.episodes for row in rows),
    )
