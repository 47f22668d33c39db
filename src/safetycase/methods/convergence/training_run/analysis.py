"""From recorded curves to the gain that is still to be had, and to what the run could have seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from safetycase.methods.convergence.closed_forms import episodes_to_see, largest_hidden
from safetycase.methods.convergence.training_run.checks import checks, doubts
from safetycase.methods.convergence.training_run.pictures import pictures
from safetycase.methods.convergence.training_run.reach import TABLE, late_rise
from safetycase.methods.convergence.training_run.trend import LEAST, Trend, trend
from safetycase.plugin.contract import Measurement, MethodError
from safetycase.stats import Certified, Proportion, Statistic, largest

if TYPE_CHECKING:
    from safetycase.methods.convergence.training_run.method import Parameters
    from safetycase.methods.convergence.training_run.rows import Training

__all__ = ["Ended", "ended", "measured"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """The end of one training, in shares of the reward range.

    `whole` and `half` are the trends of the reward over the window and over its last half;
    `exploitability` that of the exploitability over the window, None where it is not recorded
    often enough; `episodes` those of the window, None where a line has none.
    """

    training: Training
    window: Training
    whole: Trend
    half: Trend
    exploitability: Trend | None
    episodes: int | None

    def gain(self, alpha: float) -> tuple[float, float]:
        """Ends of the larger of both gains over one more window, each missed with `alpha`.

        Which of the two is larger was not known before: the lower end gives each half of `alpha`.
        """
        rows = self.whole.rows
        lows = [one.gain(rows, alpha / 2)[0] for one in (self.whole, self.half)]
        highs = [one.gain(rows, alpha)[1] for one in (self.whole, self.half)]
        return max(lows), max(highs)


def ended(training: Training, rows: int, parameters: Parameters) -> Ended:
    """What the last `rows` rows of a training say."""
    window = training.last(rows)
    spread = parameters.reward_high - parameters.reward_low
    reward = [(value - parameters.reward_low) / spread for value in window.reward]
    gaps = [value / spread for value in window.exploitability if value is not None]
    known = [value for value in window.episodes if value is not None]
    return Ended(
        training=training,
        window=window,
        whole=trend(reward),
        half=trend(reward[-(len(reward) // 2) :]),
        exploitability=trend(gaps) if len(gaps) >= LEAST else None,
        episodes=sum(known) if len(known) == len(window.steps) else None,
    )


def measured(
    trainings: Sequence[Training], parameters: Parameters, artefacts: dict[str, str]
) -> Measurement:
    """The measurement; `MethodError` for curves that are too short, or the same one twice."""
    _different(trainings)
    ends = []
    for training in trainings:
        rows = round(parameters.window * len(training.steps))
        if rows < 2 * LEAST:
            raise MethodError(
                f"{training.name}: {rows} rows in its window, the last {parameters.window:.0%} of "
                f"{len(training.steps)}; at least {2 * LEAST} are needed: record more steps, or "
                "set a longer `window`"
            )
        ends.append(ended(training, rows, parameters))
    quantities, missing = _quantities(ends, parameters)
    return Measurement(
        quantities=quantities,
        counts={
            "trainings planned": parameters.trainings,
            "trainings": len(ends),
            "rows": sum(len(end.training.steps) for end in ends),
            "rows in windows": sum(end.whole.rows for end in ends),
        },
        effort={
            "window": f"the last {parameters.window:.0%} of each training and the last half of it",
            "steps": ", ".join(sorted({f"{end.training.steps[-1]:,}" for end in ends})),
        },
        instrument=checks(ends, parameters),
        raises=doubts(ends, parameters),
        plots=pictures(ends, parameters),
        diagnostics=_said(ends, parameters) | missing,
        artefacts=artefacts,
    )


def _different(trainings: Sequence[Training]) -> None:
    seen: dict[tuple[float, ...], Training] = {}
    for training in trainings:
        other = seen.setdefault(training.reward, training)
        if other is not training:
            raise MethodError(
                f"{training.name} has the same reward as {other.name} at every step: that is one "
                "training, written down twice or with a seed that changes nothing; give it once"
            )


def _quantities(
    ends: Sequence[Ended], parameters: Parameters
) -> tuple[dict[str, Statistic], dict[str, str]]:
    """Each end of an interval may fail with half of 1 − level, over all trainings together."""
    alpha, count = (1 - parameters.level) / 2, len(ends)
    missing: dict[str, str] = {}
    found: dict[str, Statistic] = {
        "reward_gain": Certified(
            low=max(end.gain(alpha / count)[0] for end in ends),
            high=max(end.gain(alpha)[1] for end in ends),
            level=parameters.level,
            says="slope times the window, batch means and Student's interval; "
            f"largest of {count} trainings and two windows each",
        )
    }
    if count > 1:
        levels = [end.whole.level(alpha / count, at_end=False) for end in ends]
        low = max(one[0] for one in levels) - min(one[1] for one in levels)
        high = max(one[1] for one in levels) - min(one[0] for one in levels)
        found["final_spread"] = Certified(
            low=max(0.0, low),
            high=max(0.0, high),
            level=parameters.level,
            says=f"mean reward of the window, highest minus lowest of {count} trainings",
        )
    else:
        missing["without final_spread"] = "there is one training alone"
    gaps = [end.exploitability for end in ends]
    if all(gap is not None for gap in gaps):
        known = [gap for gap in gaps if gap is not None]
        found["exploitability"] = Certified(
            low=max(0.0, max(gap.level(alpha / count, at_end=True)[0] for gap in known)),
            high=max(0.0, max(gap.level(alpha, at_end=True)[1] for gap in known)),
            level=parameters.level,
            says=f"end of the line through the window; largest of {count} trainings",
        )
    else:
        missing["without exploitability"] = (
            f"a training records it at fewer than {LEAST} steps of its window"
        )
    episodes = [end.episodes for end in ends]
    if all(episodes):
        found["detectable_epsilon"] = largest(
            [Proportion(successes=0, trials=count) for count in episodes if count]
        )
    else:
        missing["without detectable_epsilon"] = (
            "a line of a window has no `episodes`, or no training sampled any"
        )
    return found, missing


def _said(ends: Sequence[Ended], parameters: Parameters) -> dict[str, str]:
    alpha = (1 - parameters.level) / 2
    told = {}
    for end in ends:
        low, high = end.gain(alpha)
        told[f"gain of {end.training.name}"] = (
            f"{low:.4f} to {high:.4f}; {end.whole.batches} and {end.half.batches} batches, "
            f"autocorrelation time {end.whole.time:.1f} rows"
        )
    told |= _rules_out(ends, parameters)
    told["rollouts needed"] = "; ".join(
        f"{episodes_to_see(epsilon, parameters.level):,} to see probability {epsilon:g}"
        for epsilon in TABLE
    )
    return told


def _rules_out(ends: Sequence[Ended], parameters: Parameters) -> dict[str, str]:
    """What this window would have shown, and what it would not."""
    alpha = (1 - parameters.level) / 2
    worst = max(ends, key=lambda end: end.gain(alpha)[1])
    most = worst.gain(alpha)[1]
    steps = worst.whole.rows * worst.training.every
    height = max(0.0, 1 - worst.whole.mean)
    seen = late_rise(worst.whole.rows, height, most)
    rise = (
        f"A logistic rise over all of the reward that is left ({height:.3f}), from 1 % to 99 % in "
        f"one window ({steps:,} steps), would show if its middle came within "
        f"{seen * worst.training.every:,.0f} steps after the end, and not if it came later."
        if seen is not None
        else "No rise that begins after the end would show."
    )
    episodes = min((end.episodes or 0) for end in ends)
    sampled = ""
    if episodes:
        seen = largest_hidden(episodes, 1 - parameters.level)
        sampled = (
            f" Of what the policy does with probability {seen:.2g} or more, the window sampled "
            f"some with {parameters.level:.0%}; whether training learned from it is another matter."
        )
    return {
        "what the window rules out": f"A gain of more than {most:.4f} over the next {steps:,} "
        f"steps, if the trend goes on. {rise}{sampled}",
    }
