"""`oversight/equilibria`: the error of every approximate equilibrium of an oversight protocol."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from safetycase.methods.oversight.equilibria import planted as known
from safetycase.methods.oversight.equilibria.analysis import Asked, analyse
from safetycase.methods.oversight.equilibria.measured import MEASURES, measurement
from safetycase.methods.oversight.named import game_of, protocol_of, quick_size, uses, whole_domain
from safetycase.plugin.contract import Context, Measurement, Method, MethodError

__all__ = ["METHOD", "Parameters"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """The protocol, the instances, and how far from equilibrium a profile may be.

    `domain` is one of the protocol's that has games with their whole tree, the first if empty;
    `size` one of its small sizes, the largest of at most 600 nodes if left out, which is the game
    that `oversight/self-play` trains in. Instances are those of the `seeds` seeds from the run's
    on. `gap` is a share of the payoff range: of NashConv, the sum of what
    both players could gain, where they move at once; of the leader's loss and of the follower's
    where one commits first. `gaps` are further points of the curve. `tie` matters after a
    commitment in a game that is not zero-sum: which of the follower's best replies the leader may
    count on, the one best for it (`strong`) or the one worst (`weak`). The search stops when its
    ends are `tolerance` apart, or after `nodes` boxes.
    """

    protocol: str
    domain: str = ""
    size: int | None = None
    seeds: int = 3
    gap: float = 0.05
    gaps: tuple[float, ...] = (0.0, 0.01, 0.02, 0.1, 0.2)
    tie: Literal["strong", "weak"] = "strong"
    tolerance: float = 0.001
    nodes: int = 200

    def __post_init__(self) -> None:
        if not self.protocol:
            raise ValueError("`protocol` names an oversight protocol, such as debate")
        if not 1 <= self.seeds <= 1000:
            raise ValueError("`seeds` is a number of instances between 1 and 1000")
        if any(not (math.isfinite(gap) and 0 <= gap <= 2) for gap in (self.gap, *self.gaps)):
            raise ValueError("`gap` and `gaps` are shares of the payoff range between 0 and 2")
        if not 1e-6 <= self.tolerance <= 1:
            raise ValueError("`tolerance` lies between 0.000001 and 1")
        if not 1 <= self.nodes <= 100_000:
            raise ValueError("`nodes` is a number of boxes between 1 and 100,000")


def run(inputs: tuple[str, ...], parameters: Parameters, context: Context) -> Measurement:
    """Make the instances, solve each, and search all of its approximate equilibria."""
    if inputs:
        raise MethodError(f"`{inputs[0]}` is not read: the protocol makes its own instances")
    protocol = protocol_of(parameters.protocol)
    domain = whole_domain(protocol, parameters.domain)
    size = parameters.size or quick_size(protocol, domain, context.seed)
    instances = {
        f"{domain.name} {size}, seed {seed}": game_of(protocol, domain, size, seed)
        for seed in range(context.seed, context.seed + parameters.seeds)
    }
    asked = Asked(
        gap=parameters.gap,
        gaps=parameters.gaps,
        order=protocol.order,
        tie=parameters.tie,
        tolerance=parameters.tolerance,
        nodes=parameters.nodes,
    )
    found = analyse(instances, asked, context.progress)
    where = f"{protocol.name} {protocol.version} on {domain.name}, size {size}"
    return measurement(found, asked, where)


METHOD = Method(
    name="oversight/equilibria",
    version="1.0.0",
    says="Bounds how often the verdict is wrong over every approximate equilibrium of an oversight "
    "protocol's game, not only the one a solver returns.",
    parameters=Parameters,
    measures=MEASURES,
    limits=(
        "It holds for the instances it solved, which are small enough for their whole tree; it "
        "says nothing of larger ones.",
        "That play is within the gap of equilibrium is taken as given: training has to show it.",
        "Strategies are laws over the moves of this game. What a model could do outside of it, "
        "such as acting on the judge, is not in it.",
        "A wrong verdict is what the protocol's game calls wrong; a judge's error is in it only as "
        "the game models it.",
        "Sets of profiles are widened by 1e-8 of the payoff range, so that doubles decide them.",
        "In a game that is not zero-sum the optimum of a commitment is the best one found; with "
        "weak ties the follower may have at most 128 pure plans.",
        "Where the two ends do not meet within the budget, the truth lies anywhere between them.",
    ),
    source="von Stengel 1996, Games and Economic Behavior 14:220; Sherali & Adams 1990, SIAM J. "
    "Discrete Math. 3:411; Conitzer & Sandholm 2006, EC'06",
    run=run,
    self_check=known.self_check,
    controls=known.controls,
    needs_model=False,
    plugins=lambda parameters: uses(parameters.protocol),
)
