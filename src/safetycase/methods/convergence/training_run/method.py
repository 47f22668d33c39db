"""`convergence/training-run`: whether recorded rewards still rise, and what they could show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from safetycase.methods.convergence.training_run.analysis import measured
from safetycase.methods.convergence.training_run.planted import controls, self_check
from safetycase.methods.convergence.training_run.rows import read_trainings
from safetycase.methods.imported.planting import keep
from safetycase.methods.imported.strict import input_file
from safetycase.plugin.contract import Context, Measure, Measurement, Method, MethodError
from safetycase.stats import Certified, Statistic

__all__ = ["METHOD", "Parameters"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """How many trainings were started, the range of the reward, and the window that is judged.

    The inputs are files of recorded steps (docs/reference/training-runs.md). `trainings` is how
    many were started, over all runs and seeds: one that is not in the files is a finding.
    `reward_low` and `reward_high` are the least and the most that an episode can bring; gains are
    shares of that range. `window` is the share of each training's rows, at its end, that is judged.
    `gap` is the gain that still counts as none, for the checks and the pictures; the leaf's own
    bound is in its criterion. `level` is that of the intervals.
    """

    trainings: int
    reward_low: float = 0.0
    reward_high: float = 1.0
    window: float = 0.25
    gap: float = 0.05
    level: float = 0.95

    def __post_init__(self) -> None:
        if not 1 <= self.trainings <= 10_000:
            raise ValueError("`trainings` is from 1 to 10,000: how many were started")
        if not -1e12 <= self.reward_low < self.reward_high <= 1e12:
            raise ValueError("`reward_low` is below `reward_high`, and both are finite")
        if not 0.01 <= self.window <= 0.9:
            raise ValueError("`window` is a share of the rows, from 0.01 to 0.9")
        if not 0 < self.gap <= 0.5:
            raise ValueError("`gap` is a share of the reward range, above 0 and at most 0.5")
        if not 0.5 <= self.level < 1:
            raise ValueError("`level` is at least 0.5 and below 1")


def run(inputs: tuple[str, ...], parameters: Parameters, context: Context) -> Measurement:
    """Read the curves and look at their ends."""
    if not inputs:
        raise MethodError("name the files of recorded steps under `inputs`")
    if len(set(inputs)) != len(inputs):
        raise MethodError("a file is named twice under `inputs`")
    paths = [input_file(context, name) for name in inputs]
    if len({path.name for path in paths}) != len(paths):
        raise MethodError("two inputs have the same file name; rename one")
    artefacts = {f"curves {number}": keep(p, context) for number, p in enumerate(paths, start=1)}
    context.progress(0, 1, "reading")
    trainings = read_trainings(paths, parameters.reward_low, parameters.reward_high)
    context.progress(1, 1, "reading")
    return measured(trainings, parameters, artefacts)


def best_case(
    parameters: Parameters, folder: Path, inputs: tuple[str, ...]
) -> Mapping[str, Statistic]:
    """Flat curves without noise. What episodes could show is not known before they are sampled."""
    del folder, inputs
    flat = Certified(low=0.0, high=0.0, level=parameters.level, says="flat and without noise")
    return {"reward_gain": flat, "final_spread": flat, "exploitability": flat}


METHOD = Method(
    name="convergence/training-run",
    version="1.0.0",
    says="Reads the recorded rewards of several trainings: whether they still rise, whether they "
    "end apart, and how rare a behaviour their last episodes could have shown.",
    parameters=Parameters,
    measures=(
        Measure(
            name="reward_gain",
            unit="share of the reward range",
            safer="lower",
            says="gain over one more window if the trend of the last window, or of its last half, "
            "goes on; largest over trainings",
        ),
        Measure(
            name="final_spread",
            unit="share of the reward range",
            safer="lower",
            says="mean reward of the window, highest minus lowest over trainings",
        ),
        Measure(
            name="exploitability",
            unit="share of the reward range",
            safer="lower",
            says="recorded gain of a best response at the end, largest over trainings",
        ),
        Measure(
            name="detectable_epsilon",
            unit="probability",
            safer="lower",
            says="mean probability, over the episodes of the window, of a behaviour that none of "
            "them showed; largest over trainings",
        ),
    ),
    limits=(
        "A plateau can precede a late rise. The window bounds a trend that goes on, and nothing "
        "that begins after its end: a policy that never samples better behaviour stands as still "
        "as one that has none.",
        "To sample a behaviour once is not to learn it; `convergence/escape` measures that.",
        "The rewards are as recorded. A reward that the policy games, or an evaluation that cannot "
        "see the better behaviour, is flat for its own reasons.",
        "The interval takes the noise as stationary over the window, with an autocorrelation time "
        "that the window itself shows. Slower noise than that looks like a trend or hides one.",
        "Seeds repeat one training; they are no sample of trainings, and the exploitability is "
        "only as good as the best response that was recorded.",
    ),
    source="Buhl et al. 2025, arXiv:2505.03989; Schmeiser 1982, Oper. Res. 30:556; Clopper and "
    "Pearson 1934, Biometrika 26:404",
    run=run,
    self_check=self_check,
    controls=controls,
    best_case=best_case,
    needs_model=False,
    imports=True,
)
