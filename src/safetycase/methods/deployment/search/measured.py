"""What a run found, as quantities with both ends, checks of the instrument, and pictures."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from safetycase.methods.deployment.search.analysis import Found, Setting
from safetycase.methods.deployment.search.excesses import Excess
from safetycase.methods.deployment.search.game import LARGEST_EXACT, draw
from safetycase.methods.deployment.search.limits import queries_to_tell
from safetycase.methods.deployment.search.pictures import pictures
from safetycase.methods.deployment.search.pseudo_random import (
    Policy,
    advantage,
    pseudo_random_policy,
    sampled_advantage,
)
from safetycase.methods.deployment.search.space import Space
from safetycase.plugin.contract import InstrumentCheck, Measurement, Raised
from safetycase.stats import SURE, Certified, Exact, Statistic

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]

__all__ = ["largest", "measurement"]

SURELY = 1e-9  # chance that the check of the sampling theorem fails by itself


def measurement(space: Space, setting: Setting, found: Found, *, level: float) -> Measurement:
    """The measurement of `found`."""
    import numpy as np

    _, solved = found.games["reference-game"]
    tests = space.tests.columns(np.arange(space.tests.outputs)).T.astype(np.float64)
    few = None
    if tests.size <= LARGEST_EXACT:
        few = pseudo_random_policy(tests, space.reference, seed=setting.seed)
    drawn = np.bincount(
        draw(solved, setting.draws, seed=setting.seed), minlength=len(space.outputs)
    )
    gap = advantage(tests, space.reference, drawn / setting.draws)
    excesses = found.excesses[setting.mechanism]
    quantities: dict[str, Statistic] = {
        "largest_excess": _excess(excesses, setting, in_class=True),
        "largest_advantage": Certified(
            low=0.0,
            high=found.certified["reference-game"][1],
            level=SURE,
            says="plain sums over the support of the solved policy",
        ),
        "sampled_advantage": Exact(value=gap, says=f"{setting.draws:,} draws of it"),
        "twin_value": Certified(
            low=max(0.0, found.certified["twin-game"][0]),
            high=found.certified["twin-game"][1],
            level=SURE,
            says="a policy from above, weights of the tests from below, by plain sums",
        ),
        "untwinned": Exact(value=found.untwinned, says="the reference, summed"),
        "queries_to_see": Exact(
            value=float(queries_to_tell(setting.tolerance, 1 - level)),
            says="Hoeffding's inequality; at an even chance to miss it",
        ),
    }
    if few is not None:
        quantities["support"] = Exact(
            value=float(len(few.support)), says="a vertex of the policies with V = 0"
        )
    if space.objectives:
        quantities["objective_excess"] = _excess(excesses, setting, in_class=False)
    return Measurement(
        quantities=quantities,
        counts={"outputs": len(space.outputs), "tests": len(space.names), "draws": setting.draws},
        effort={
            "outputs given": f"{len(space.all_outputs):,}",
            "outputs in the policy": f"{len(solved.support):,}",
            "searches of all outputs": str(solved.passes),
        },
        instrument=_checks(space, setting, found, few, gap),
        raises=_raised(found, setting),
        plots=pictures(space, setting, found),
        diagnostics=_said(space, found),
    )


def largest(excesses: Sequence[Excess], *, in_class: bool) -> tuple[float, float, str]:
    """(low, high, name) of the purpose that gains most; low and high are each the largest."""
    chosen = [excess for excess in excesses if excess.in_class == in_class]
    top = max(chosen, key=lambda excess: excess.high)
    return max(excess.low for excess in chosen), top.high, top.objective


def _excess(excesses: Sequence[Excess], setting: Setting, *, in_class: bool) -> Certified:
    low, high, name = largest(excesses, in_class=in_class)
    return Certified(
        low=max(0.0, low),
        high=max(0.0, high),
        level=SURE,
        says=f"`{name}` under {setting.mechanism}: a policy found, and prices that bound all",
    )


def _checks(
    space: Space, setting: Setting, found: Found, few: Policy | None, gap: float
) -> tuple[InstrumentCheck, ...]:
    checks = []
    for name, (low, high) in found.certified.items():
        checks.append(
            InstrumentCheck(
                name=f"the {name.replace('-', ' ')} is solved",
                passed=high - low <= setting.tolerance,
                detail=f"its value is in [{low:.6g}, {high:.6g}] by plain sums",
            )
        )
    most = len(space.names) + 1
    if few is not None:
        checks.append(
            InstrumentCheck(
                name="one output more than tests is enough",
                passed=len(few.support) <= most,
                detail=f"{len(few.support)} outputs for {len(space.names)} tests, V = "
                f"{few.advantage:.1e}",
            )
        )
    bound = sampled_advantage(len(space.names), setting.draws, SURELY)
    bound += found.certified["reference-game"][1]
    checks.append(
        InstrumentCheck(
            name="samples are as close as the theorem says",
            passed=gap <= bound,
            detail=f"{setting.draws:,} draws have V = {gap:.4g}, at most {bound:.4g}",
        )
    )
    return tuple(checks)


def _raised(found: Found, setting: Setting) -> tuple[Raised, ...]:
    if setting.mechanism != "twin-game" or found.untwinned == 0:
        return ()
    return (
        Raised(
            name="no symmetric solution",
            says=f"outputs with {found.untwinned:.3g} of the reference have a trait of the class "
            "and no twin without it; the twin game does not see it there",
        ),
    )


def _said(space: Space, found: Found) -> dict[str, str]:
    said = {}
    for mechanism, excesses in found.excesses.items():
        if not excesses:
            said["without hash"] = "no output meets a hash of so many bits"
            continue
        parts = []
        for in_class, kind in ((True, "class"), (False, "objectives")):
            if in_class or space.objectives:
                low, high, name = largest(excesses, in_class=in_class)
                parts.append(f"{kind}: {max(0.0, low):.4g} to {high:.4g} (`{name[:60]}`)")
        said[f"left by {mechanism}"] = "; ".join(parts)
    if space.tests.outputs * space.tests.rows > LARGEST_EXACT:
        said["without support"] = "too many outputs and tests for an exact policy"
    if not space.objectives:
        said["without objective_excess"] = "no objective is named"
    if not math.isclose(float(space.reference.max()), float(space.reference.min())):
        said["reference"] = "not all outputs alike"
    return said
