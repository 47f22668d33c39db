"""Whether the curves can carry the evidence at all, and what they say against themselves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from safetycase.methods.convergence.training_run.trend import LEAST, trend
from safetycase.plugin.contract import InstrumentCheck, Raised

if TYPE_CHECKING:
    from safetycase.methods.convergence.training_run.analysis import Ended
    from safetycase.methods.convergence.training_run.method import Parameters

__all__ = ["SEVERAL", "checks", "doubts", "plateau_before"]

SEVERAL = 3


def checks(ends: Sequence[Ended], parameters: Parameters) -> tuple[InstrumentCheck, ...]:
    """Completeness, length against autocorrelation, and the same trainings cut short."""
    names = ", ".join(end.training.name for end in ends)
    steps = {end.training.steps[-1] for end in ends}
    short = [
        end
        for end in ends
        if not (end.whole.batches and end.half.batches) and 3 * end.whole.spread > parameters.gap
    ]
    return (
        InstrumentCheck(
            name="every training that was started is here",
            passed=len(ends) == parameters.trainings,
            detail=f"{len(ends)} of {parameters.trainings}: {names}",
        ),
        InstrumentCheck(
            name="there are several trainings",
            passed=len(ends) >= SEVERAL,
            detail=f"{len(ends)}; at least {SEVERAL} are needed",
        ),
        InstrumentCheck(
            name="every training ran to the same step",
            passed=len(steps) == 1,
            detail="last steps: " + ", ".join(f"{step:,}" for step in sorted(steps)),
        ),
        InstrumentCheck(
            name="the window is long for the autocorrelation of the reward",
            passed=not short,
            detail="; ".join(
                f"{end.training.name}: time {max(end.whole.time, end.half.time):.1f} rows in a "
                f"window of {end.whole.rows} is too long for an interval; record longer"
                for end in short
            )
            or f"longest time {max(end.whole.time for end in ends):.1f} rows in windows of "
            f"{min(end.whole.rows for end in ends)} or more",
        ),
        _cut_short(ends, parameters),
    )


def _cut_short(ends: Sequence[Ended], parameters: Parameters) -> InstrumentCheck:
    """The same test on the same trainings, stopped half-way up: it must not pass there."""
    tried, passed = 0, []
    for end in ends:
        half_way = _half_way(end, parameters)
        if half_way is None:
            continue
        tried += 1
        rows = min(end.whole.rows, half_way)
        if _high(end, half_way - rows, half_way, parameters) <= parameters.gap:
            passed.append(end.training.name)
    return InstrumentCheck(
        name="a training cut short is seen as unfinished",
        passed=not passed,
        detail=f"not seen: {', '.join(passed)}"
        if passed
        else f"{tried} of {len(ends)} trainings rise by enough, and over enough rows, to be cut "
        "half-way up",
    )


def _half_way(end: Ended, parameters: Parameters) -> int | None:
    """Rows up to where the reward is half-way up, in blocks of LEAST; None if it hardly rose."""
    reward = end.training.reward
    spread = parameters.reward_high - parameters.reward_low
    means = [
        sum(reward[at : at + LEAST]) / LEAST for at in range(0, len(reward) - LEAST + 1, LEAST)
    ]
    if means[-1] - means[0] < 4 * parameters.gap * spread:
        return None
    middle = (means[0] + means[-1]) / 2
    blocks = next(at for at, mean in enumerate(means) if mean >= middle) + 1
    return blocks * LEAST if blocks >= 2 else None


def _high(end: Ended, start: int, stop: int, parameters: Parameters) -> float:
    """The upper end of the gain over one window, by rows `start` to `stop` and their last half."""
    spread = parameters.reward_high - parameters.reward_low
    alpha = (1 - parameters.level) / 2
    rows = [value / spread for value in end.training.reward[start:stop]]
    parts = [rows] if len(rows) < 2 * LEAST else [rows, rows[-(len(rows) // 2) :]]
    return max(trend(part).gain(end.whole.rows, alpha)[1] for part in parts)


def doubts(ends: Sequence[Ended], parameters: Parameters) -> tuple[Raised, ...]:
    """Earlier plateaus that a rise followed, trainings that end apart, falling, or stand still."""
    return tuple(_doubts(ends, parameters))


def _doubts(ends: Sequence[Ended], parameters: Parameters) -> Iterator[Raised]:
    alpha, gap = (1 - parameters.level) / 2, parameters.gap
    found = [(end, plateau_before(end, parameters)) for end in ends]
    early = [
        f"{end.training.name} up to step {at[0]:,}, then {at[1]:+.3f}" for end, at in found if at
    ]
    if early:
        yield Raised(
            name="plateau-before-rise",
            says="A window of the same length would have passed earlier in these very trainings, "
            f"and the reward rose by more than {gap:g} afterwards: {'; '.join(early)}. The last "
            "window says no more than that one did.",
        )
    apart = [end.whole.level(alpha / len(ends), at_end=False) for end in ends]
    if max(low for low, _ in apart) - min(high for _, high in apart) > gap:
        yield Raised(
            name="trainings-end-apart",
            says=f"Trainings end at rewards that differ by more than {gap:g} of the range. The "
            "lower ones have not found what the higher ones did, flat as they are.",
        )
    falls = [end.training.name for end in ends if end.gain(alpha)[1] < -gap]
    if falls:
        yield Raised(
            name="reward-falls",
            says=f"The reward falls over the window, by more than {gap:g}: {', '.join(falls)}. "
            "That is no plateau.",
        )
    still = [end.training.name for end in ends if end.whole.spread == 0]
    if still:
        yield Raised(
            name="reward-stands-still",
            says=f"The reward does not move at all in the window: {', '.join(still)}. A settled "
            "policy that is evaluated exactly looks like this; so does a recorder that is stuck.",
        )


def plateau_before(end: Ended, parameters: Parameters) -> tuple[int, float] | None:
    """(last step, later rise) of the last earlier window that passes and is followed by a rise."""
    rows, gap = end.whole.rows, parameters.gap
    spread = parameters.reward_high - parameters.reward_low
    for stop in range(len(end.training.steps) - rows, rows - 1, -max(1, rows // 4)):
        part = end.training.part(stop - rows, stop)
        mean = sum(part.reward) / rows
        later = end.whole.mean - (mean - parameters.reward_low) / spread
        if later > gap and _high(end, stop - rows, stop, parameters) <= gap:
            return part.steps[-1], later
    return None
