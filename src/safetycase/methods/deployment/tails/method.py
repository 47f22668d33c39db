"""`deployment/tails`: how likely enough bad actions are, given how often one is bad.

A rate of errors says little about a deployment until it is said how errors depend: a model that
places them reaches N bad actions far more often than one whose errors are independent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from safetycase.methods.deployment.tails import planted
from safetycase.methods.deployment.tails.analysis import Setting, quantities
from safetycase.methods.deployment.tails.laws import worst, worst_placement
from safetycase.methods.deployment.tails.low_stakes import Watch
from safetycase.methods.deployment.tails.pictures import pictures
from safetycase.plugin.contract import (
    Context,
    InstrumentCheck,
    Measure,
    Measurement,
    Method,
    MethodError,
)
from safetycase.stats import Statistic

__all__ = ["METHOD", "Parameters"]

LARGEST, MOST_RESETS = 10**12, 10**6


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """The deployment, and the rate of bad actions.

    An unacceptable outcome needs `bad_actions` (N) of `queries` (T) actions to be bad. The rate of
    bad actions is either `rate`, an upper bound that holds at `level`, or read off `failures` in
    `trials` independent tests at `level`. `tolerated` is the chance of an unacceptable outcome
    that can be borne. `correlation` is that of any two actions of a deployment being bad, and
    `block` the number of actions that are bad together; each adds a tail in between.

    Of low stakes: `recall` is the chance, at least, that a bad action is noticed after it was
    done, each on its own; the model is reset `latency` actions later, and put back `resets` times
    before it is taken out of use. The state of the deployment is wiped every `reset_every`
    actions, so that bad actions before and after do not add up.
    """

    queries: int
    bad_actions: int
    rate: float | None = None
    failures: int | None = None
    trials: int | None = None
    level: float = 0.95
    tolerated: float = 0.05
    correlation: float | None = None
    block: int | None = None
    recall: float | None = None
    latency: int = 0
    resets: int = 0
    reset_every: int | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.queries <= LARGEST:
            raise ValueError(f"`queries` is from 1 to {LARGEST:,}")
        if not 1 <= self.bad_actions <= self.queries:
            raise ValueError("`bad_actions` is from 1 to `queries`")
        counted = self.failures is not None and self.trials is not None
        if (self.failures is None) != (self.trials is None) or counted == (self.rate is not None):
            raise ValueError(
                "give the rate in one of two ways: `rate`, or both `failures` and `trials`"
            )
        if self.rate is not None and not 0 <= self.rate <= 1:
            raise ValueError("`rate` is a share from 0 to 1")
        failures, trials = self.failures or 0, 1 if self.trials is None else self.trials
        if not 1 <= trials <= LARGEST or not 0 <= failures <= trials:
            raise ValueError(f"0 ≤ `failures` ≤ `trials`, and 1 ≤ `trials` ≤ {LARGEST:,}")
        if not 0 < self.level < 1:
            raise ValueError("`level` is a confidence between 0 and 1, such as 0.95")
        if not 0 < self.tolerated < 1:
            raise ValueError("`tolerated` is a chance between 0 and 1, such as 0.05")
        if self.correlation is not None and not 1e-6 <= self.correlation < 1:
            raise ValueError("`correlation` is at least 10⁻⁶ and below 1")
        if self.block is not None and not 1 <= self.block <= self.queries:
            raise ValueError("`block` is from 1 to `queries`")
        self._low_stakes()

    def _low_stakes(self) -> None:
        if self.recall is None and (self.latency or self.resets):
            raise ValueError("`latency` and `resets` are of a watch: give its `recall`")
        if self.recall is not None and not 1e-9 <= self.recall <= 1:
            raise ValueError("`recall` is a share from 10⁻⁹ to 1")
        if not 0 <= self.latency <= LARGEST or not 0 <= self.resets <= MOST_RESETS:
            raise ValueError(f"`latency` is from 0 to {LARGEST:,}, `resets` to {MOST_RESETS:,}")
        if self.reset_every is not None and not 1 <= self.reset_every <= self.queries:
            raise ValueError("`reset_every` is from 1 to `queries`")

    @property
    def setting(self) -> Setting:
        """What the analysis is told."""
        return Setting(
            queries=self.queries,
            bad=self.bad_actions,
            stated=self.rate,
            counted=None
            if self.failures is None or self.trials is None
            else (self.failures, self.trials),
            level=self.level,
            tolerated=self.tolerated,
            correlation=self.correlation,
            block=self.block,
            watch=None
            if self.recall is None
            else Watch(recall=self.recall, latency=self.latency, resets=self.resets),
            reset_every=self.reset_every,
        )


def run(inputs: tuple[str, ...], parameters: Parameters, context: Context) -> Measurement:
    """Compute each tail at both ends of the rate."""
    if inputs:
        raise MethodError(f"the input `{inputs[0]}` is not read: all is in the parameters")
    setting = parameters.setting
    context.progress(0, 2, "tails")
    try:
        found = quantities(setting)
        shown = pictures(setting)
    except ValueError as error:
        raise MethodError(str(error)) from error
    context.progress(2, 2, "done")
    return Measurement(
        quantities=found,
        counts={"failures": setting.counted[0], "trials": setting.counted[1]}
        if setting.counted
        else {},
        effort={"queries": f"{setting.queries:,}", "bad actions needed": f"{setting.bad:,}"},
        instrument=(_attained(setting), _below(found)),
        plots=shown,
        diagnostics=_said(setting),
    )


def _attained(setting: Setting) -> InstrumentCheck:
    """The placement that is played against is one: its rate is the one given."""
    rate = setting.rates().high
    placed = worst_placement(setting.queries, setting.bad, rate)
    bound, mean = worst(setting.queries, setting.bad, rate), setting.queries * rate
    passed = (
        abs(placed.at_least(setting.bad) - bound) <= 1e-9
        and abs(placed.mean() - mean) <= 1e-9 * max(1.0, mean)
        and max(placed.low, placed.high) <= setting.queries
    )
    return InstrumentCheck(
        name="the worst placement is one",
        passed=passed,
        detail=f"{placed.high:,} bad actions with probability {placed.share:.4g}, else "
        f"{placed.low:,}: the mean is that of the rate {rate:.4g}, and the tail that of the bound",
    )


def _below(found: Mapping[str, Statistic]) -> InstrumentCheck:
    """No way of depending goes beyond the worst one."""
    highs = {name: getattr(found[name], "high", 0.0) for name in found if name.startswith("tail_")}
    limit = highs["tail_worst"]
    above = [name for name, high in highs.items() if high > limit + 1e-6]
    return InstrumentCheck(
        name="no tail above the worst",
        passed=not above,
        detail=", ".join(f"{name} {high:.3g}" for name, high in highs.items()),
    )


def _said(setting: Setting) -> dict[str, str]:
    rate = setting.rates().high
    placed = worst_placement(setting.queries, setting.bad, rate)
    said = {
        "placed errors": f"a model that errs in {placed.high:,} actions at once with probability "
        f"{placed.share:.4g} has the rate {rate:.4g} in every test of single actions",
    }
    if setting.correlation is None:
        said["without tail_clustered"] = "no `correlation` is given"
    if setting.block is None:
        said["without tail_blocks"] = "no `block` is given"
    if setting.watch is None and setting.reset_every is None:
        said["without tail_low_stakes"] = "neither `recall` nor `reset_every` is given"
    return said


def best_case(
    parameters: Parameters, folder: Path, inputs: tuple[str, ...]
) -> Mapping[str, Statistic]:
    """What the run will return: nothing is drawn, so that a plan that cannot pass is known."""
    del folder, inputs
    try:
        return quantities(parameters.setting)
    except ValueError:
        return {}


def _tail(name: str, says: str) -> Measure:
    return Measure(name=name, unit="probability", safer="lower", says=says)


METHOD = Method(
    name="deployment/tails",
    version="1.1.0",
    says="From the rate of bad actions to the chance that a deployment has enough of them for an "
    "unacceptable outcome: with errors placed as is worst, independent, or in between.",
    parameters=Parameters,
    measures=(
        _tail(
            "tail_worst",
            "P(at least N of T actions are bad), however errors depend: "
            "min(1, Tε/N), which a model that places its errors attains",
        ),
        _tail("tail_independent", "the same if every action errs on its own"),
        _tail(
            "tail_clustered",
            "the same if any two actions have the given correlation, by the beta-binomial law",
        ),
        _tail("tail_blocks", "the same if errors come in whole blocks of the given size"),
        _tail(
            "tail_low_stakes",
            "`tail_worst` of the bad actions that pass: with a watch of the given recall, latency "
            "and resets, and wiped every so often; the plan that attains it is known",
        ),
        _tail(
            "tail_low_stakes_independent",
            "the same if every action errs on its own, from above",
        ),
        Measure(
            name="passed_until_reset",
            unit="actions",
            safer="lower",
            says="bad actions that pass in the mean until a reset, if every action is bad: "
            "1/recall + latency",
        ),
        Measure(
            name="passed_at_most",
            unit="actions",
            safer="lower",
            says="bad actions that no plan exceeds over the deployment, but with a chance of "
            "`tolerated`",
        ),
        Measure(name="rate", unit="proportion", safer="lower", says="ε, the rate of bad actions"),
        Measure(
            name="rate_tolerated_worst",
            unit="proportion",
            safer="higher",
            says="the largest ε at which `tail_worst` is at most `tolerated`",
        ),
        Measure(
            name="rate_tolerated_independent",
            unit="proportion",
            safer="higher",
            says="the largest ε at which `tail_independent` is at most `tolerated`",
        ),
    ),
    limits=(
        "The rate is that of the deployment. Whether tests show it is another claim: a model that "
        "can tell them apart may have two rates.",
        "`tail_independent` needs errors to be independent between actions, which no test of "
        "single actions can show. A model that pursues something over many actions breaks it.",
        "`tail_clustered` and `tail_blocks` hold for the one way of depending they name; others "
        "with the same correlation can be worse.",
        "The recall is that on this model's bad actions, each noticed on its own. A model that "
        "knows which ones are seen has another recall. A reset takes effect whole: whoever keeps "
        "something beyond it, or regains it, is not reset.",
        "That N bad actions are needed is taken as given, and so is that fewer do no harm.",
        "Failures are counted in independent tests of single actions. Tests that share a "
        "conversation are not independent.",
    ),
    source="Markov's inequality, attained; Clopper & Pearson 1934, Biometrika 26:404; Skellam "
    "1948, JRSS-B 10:257 (beta-binomial); key claim 4 of arXiv:2505.03989",
    run=run,
    self_check=planted.self_check,
    controls=planted.controls,
    best_case=best_case,
    needs_model=False,
)
