"""`control/game`: what gets through an audited deployment, by what the attacker may know.

The monitor's curve is given, or read off scores with exact bounds; the game between an attacker
that times its attacks and a protocol with a limited number of audits is then solved.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from safetycase.methods.control.game import planted as game_planted
from safetycase.methods.control.game.analysis import Setting, analyse
from safetycase.methods.control.game.curves import GivenCurve, ScoredCurve, Scores
from safetycase.methods.control.game.pictures import pictures
from safetycase.methods.control.game.scores import read_scores
from safetycase.methods.control.game.values import MEASURES, OWN
from safetycase.methods.games.rates import beta_roc
from safetycase.methods.imported.origin import ORDER_LIMIT, made_elsewhere
from safetycase.methods.imported.strict import input_file
from safetycase.plugin import attackers
from safetycase.plugin.contract import Context, Measurement, Method, MethodError
from safetycase.stats import Statistic

__all__ = ["METHOD", "Parameters"]

LARGEST = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """The deployment, the protocol, the attacker classes, and where the monitor's curve is from.

    Of the honest outputs of `tasks` tasks the share `audit_rate` is audited while any of `audits`
    audits is left, and the next most suspicious, up to the share `defer_rate`, are replaced by
    trusted ones; `defer_rate_spent` (`defer_rate` if not given) is that share once the audits are
    spent. The curve is one of three: `roc`, corners [false-positive rate, true-positive rate] from
    [0, 0] to [1, 1]; `honest_law` and `attack_law`, the [a, b] of two Beta laws of the score; or
    a file of scores under `inputs`, read at confidence `level`. `attackers` names attacker classes
    of any package. By the definition `full_information` the risk is that of the worst class named,
    which `full-information` must be among; by `constant_rate_sup` it is that of the best constant
    attack rate, as it is published, and an attacker with a clock is not counted.
    """

    tasks: int
    audits: int
    audit_rate: float
    defer_rate: float
    defer_rate_spent: float | None = None
    attackers: tuple[str, ...] = tuple(OWN)
    definition: Literal["full_information", "constant_rate_sup"] = "full_information"
    roc: tuple[tuple[float, ...], ...] = ()
    honest_law: tuple[float, ...] = ()
    attack_law: tuple[float, ...] = ()
    level: float = 0.95

    def __post_init__(self) -> None:
        if not 0 <= self.audits <= self.tasks or not 1 <= self.tasks <= LARGEST:
            raise ValueError(f"0 ≤ `audits` ≤ `tasks`, and 1 ≤ `tasks` ≤ {LARGEST:,}")
        if not 0 <= self.audit_rate <= self.defer_rate <= 1:
            raise ValueError("0 ≤ `audit_rate` ≤ `defer_rate` ≤ 1: what is audited counts twice")
        if self.defer_rate_spent is not None and not 0 <= self.defer_rate_spent <= 1:
            raise ValueError("`defer_rate_spent` is a share between 0 and 1")
        if not 0 < self.level < 1:
            raise ValueError("`level` is a confidence between 0 and 1, such as 0.95")
        needed = self.definition.replace("_sup", "").replace("_", "-")
        if needed not in self.attackers or len(set(self.attackers)) != len(self.attackers):
            raise ValueError(
                f"`attackers` names each class once, and `{needed}` is among them: the definition "
                f"`{self.definition}` needs it"
            )
        if any(len(corner) != 2 for corner in self.roc):
            raise ValueError("each corner of `roc` is a pair [false-positive, true-positive rate]")
        laws = (self.honest_law, self.attack_law)
        if any(laws) and not all(len(law) == 2 and min(law) > 0 for law in laws):
            raise ValueError("`honest_law` and `attack_law` are pairs [a, b] of positive numbers")
        if self.roc and any(laws):
            raise ValueError("give `roc` or the two laws, not both")

    @property
    def setting(self) -> Setting:
        """What the analysis is told, whatever the curve is from."""
        spent = self.defer_rate if self.defer_rate_spent is None else self.defer_rate_spent
        return Setting(
            tasks=self.tasks,
            audits=self.audits,
            audit=self.audit_rate,
            defer=self.defer_rate,
            spent=spent,
            attackers=self.attackers,
            definition=self.definition,
        )


def run(inputs: tuple[str, ...], parameters: Parameters, context: Context) -> Measurement:
    """Read or take the curve, and solve the game for each class."""
    curve = _curve(inputs, parameters, context)
    origin = made_elsewhere(by="whoever scored the outputs", at="") if inputs else {}
    try:
        measured = analyse(curve, parameters.setting, context.progress)
        shown = pictures(curve, parameters.setting)
    except ValueError as error:
        where = f"`{inputs[0]}`: " if inputs else ""
        raise MethodError(f"{where}{error}") from error
    return Measurement(
        quantities=measured.quantities,
        counts=measured.counts,
        effort=measured.effort,
        instrument=measured.instrument,
        raises=measured.raises,
        plots=shown,
        diagnostics=origin | dict(measured.diagnostics),
    )


def _curve(
    inputs: tuple[str, ...], parameters: Parameters, context: Context
) -> GivenCurve | ScoredCurve:
    given = bool(parameters.roc) or bool(parameters.honest_law)
    if given and inputs:
        raise MethodError(
            f"the curve is given and `{inputs[0]}` would be a second one: leave out either"
        )
    if parameters.roc:
        return GivenCurve(tuple((x, y) for x, y in parameters.roc))
    if parameters.honest_law:
        (a, b), (c, d) = parameters.honest_law, parameters.attack_law
        spent = parameters.setting.spent
        at = sorted({parameters.audit_rate, parameters.defer_rate, spent} - {0.0, 1.0})
        return GivenCurve(beta_roc((a, b), (c, d), at))
    if len(inputs) != 1:
        raise MethodError(
            "the monitor's curve is missing: name one file of scores under `inputs`, or give `roc` "
            "or the two laws"
        )
    return ScoredCurve(read_scores(input_file(context, inputs[0])), parameters.level)


def best_case(
    parameters: Parameters, folder: Path, inputs: tuple[str, ...]
) -> Mapping[str, Statistic]:
    """All attacks caught, as many as the file of scores has, and no ties among honest scores.

    Nothing is promised of a file that cannot be read; the run says what is wrong with it.
    """
    if len(inputs) != 1 or parameters.roc or parameters.honest_law:
        return {}
    try:
        scores = read_scores(folder / inputs[0])
        return analyse(_ideal(scores, parameters), parameters.setting, lambda *_: None).quantities
    except (MethodError, ValueError):
        return {}


def _ideal(scores: Scores, parameters: Parameters) -> ScoredCurve:
    ideal = Scores(
        honest=tuple(float(i) for i in range(len(scores.honest))),
        attacks={
            name: (float(len(scores.honest)),) * len(found)
            for name, found in scores.attacks.items()
        },
    )
    return ScoredCurve(ideal, parameters.level)


def plugins(parameters: Parameters) -> tuple[str, ...]:
    """The entry points of the attacker classes."""
    return tuple(f"{attackers.GROUP}:{name}" for name in parameters.attackers)


METHOD = Method(
    name="control/game",
    version="1.0.0",
    says="Bounds what gets through a deployment with a limited number of audits, by what the "
    "attacker knows of the clock and of the audits left.",
    parameters=Parameters,
    measures=MEASURES,
    limits=(
        "It bounds the timing of attacks, not their quality: each attack is as hard to see as the "
        "monitor's curve says. Better attacks have another curve, which is to be measured.",
        "The curve holds for the attacks that were scored, or is taken as given where it is not "
        "measured here.",
        "Audits are taken as perfect: an audited attack is found and ends the deployment. Auditors "
        "are another leaf.",
        "Scores of tasks are taken as independent given what is attacked, and honest outputs of "
        "the deployment as like those that were scored. Each row of a file of scores counts as a "
        "task of its own: of several attempts at one task, write one.",
        "A class that is only searched is bounded by the attacker with full information.",
        f"With a file of scores: {ORDER_LIMIT[0].lower()}{ORDER_LIMIT[1:]}",
    ),
    source="Griffin et al. 2024, arXiv:2409.07985; Greenblatt et al. 2023, arXiv:2312.06942",
    run=run,
    self_check=game_planted.self_check,
    controls=game_planted.controls,
    best_case=best_case,
    needs_model=False,
    plugins=plugins,
    made_elsewhere=lambda _parameters, inputs: bool(inputs),
)
