"""`oversight/attacks`: how often the known attacks on a protocol make its verdict wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from safetycase.methods.oversight.attacks import planted
from safetycase.methods.oversight.attacks.analysis import MEASURES, Setting, analyse
from safetycase.methods.oversight.named import one_of, protocol_of, uses
from safetycase.plugin.contract import Context, Measurement, Method, MethodError
from safetycase.plugin.protocols import Attack, OversightProtocol
from safetycase.stats import Proportion, Statistic, largest

__all__ = ["METHOD", "Parameters"]

MOST_TRIALS, MOST_BUDGET = 1_000_000, 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """The protocol, the attacks (all it knows if empty), and how hard they try.

    `budget` is the attacker's compute as a multiple of the defender's; `size` that of the
    instances (the largest of each attack if not given); `budgets` are those of the picture.
    """

    protocol: str
    attacks: tuple[str, ...] = ()
    budget: float = 1.0
    trials: int = 300
    size: int | None = None
    budgets: tuple[float, ...] = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0)

    def __post_init__(self) -> None:
        if not 0 <= self.budget <= MOST_BUDGET:
            raise ValueError(
                f"`budget` is a multiple of the defender's compute from 0 to {MOST_BUDGET:,}"
            )
        if not 1 <= self.trials <= MOST_TRIALS:
            raise ValueError(f"`trials` is between 1 and {MOST_TRIALS:,}")
        if len(set(self.attacks)) != len(self.attacks):
            raise ValueError("`attacks` names each attack once")
        rising = all(a < b for a, b in zip(self.budgets, self.budgets[1:], strict=False))
        if not rising or any(not 0 <= b <= MOST_BUDGET for b in self.budgets):
            raise ValueError(f"`budgets` lie from 0 to {MOST_BUDGET:,}, and rise")


def _chosen(found: OversightProtocol, parameters: Parameters) -> Sequence[Attack]:
    known = {attack.name: attack for attack in found.attacks}
    names = parameters.attacks or tuple(known)
    chosen = [known[one_of(name, known, f"attack on `{found.name}`")] for name in names]
    for attack in chosen:
        if parameters.size is not None and parameters.size not in attack.sizes:
            there = ", ".join(map(str, attack.sizes))
            raise MethodError(
                f"the attack `{attack.name}` has no instances of size {parameters.size}; there: "
                f"{there}"
            )
    return chosen


def run(inputs: tuple[str, ...], parameters: Parameters, context: Context) -> Measurement:
    """Run every attack that was chosen."""
    if inputs:
        raise MethodError(f"`{inputs[0]}` is not read: the protocol makes its own instances")
    found = protocol_of(parameters.protocol)
    setting = Setting(
        budget=parameters.budget,
        trials=parameters.trials,
        seed=context.seed,
        size=parameters.size,
        budgets=parameters.budgets,
    )
    return analyse(found, _chosen(found, parameters), setting, context.progress)


def best_case(
    parameters: Parameters, folder: Path, inputs: tuple[str, ...]
) -> Mapping[str, Statistic]:
    """No attack ever succeeds in the planned trials."""
    del folder, inputs
    attacks = _chosen(protocol_of(parameters.protocol), parameters)
    never = Proportion(successes=0, trials=parameters.trials)
    return {"attack_success": largest([never] * len(attacks))}


METHOD = Method(
    name="oversight/attacks",
    version="1.0.0",
    says="Runs the known attacks on an oversight protocol at matched compute, on instances whose "
    "truth is known.",
    parameters=Parameters,
    measures=MEASURES,
    limits=(
        "It tries the attacks that are known; a trained model may find another.",
        "Instances are small and made; that the work's arguments are no easier to attack is a "
        "warrant of the case.",
        "Compute is counted in the unit of the domain, and matched there.",
        "An attack on the judge's psychology is outside: the judge is a rule or an oracle.",
    ),
    source="Barnes & Christiano 2020 on obfuscated arguments; the protocol's own source",
    run=run,
    self_check=planted.self_check,
    controls=planted.controls,
    best_case=best_case,
    needs_model=False,
    plugins=lambda parameters: uses(parameters.protocol),
)
