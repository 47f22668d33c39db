"""What a training is told, where it starts, and what it leaves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from safetycase.methods.oversight.self_play.bodies import Body, Network, Table
from safetycase.methods.oversight.self_play.learners import Learner, Optimiser

if TYPE_CHECKING:
    import numpy as np

    from safetycase.methods.oversight.self_play.arena import Arena, Flags, Floats, Ints

__all__ = ["Output", "Path", "Recipe", "Start", "Trained", "fresh", "networks", "tables"]

Output = Literal["last", "average"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """What a training is told; `rate` None takes the optimiser's own, or Hedge's best one."""

    learner: Learner = "policy-gradient"
    optimiser: Optimiser = "natural"
    output: Output = "last"
    steps: int = 1000
    rate: float | None = None
    entropy: float = 0.0
    batch: int = 64


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Start:
    """Where B trainings start, and what planted ones hold back.

    `weights` are those of `bodies`; `never` is B × I × M for each player: moves of it are not
    played while the policy is trained, so that no gradient ever reaches them. `learns` is B for
    each player, `entropy` (B) is added to the recipe's bonus, `stop` (B) is the step a training
    ends at, and `optimisers` (B) take the place of the recipe's.
    """

    bodies: tuple[Body, Body]
    weights: tuple[Floats, Floats]
    never: tuple[Flags, Flags]
    learns: tuple[Flags, Flags]
    entropy: Floats
    stop: Ints
    optimisers: tuple[Optimiser, ...] | None = None

    def __len__(self) -> int:
        return len(self.stop)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Path:
    """The gap (NashConv, share of the payoff range) at some steps: last iterate and average."""

    steps: tuple[int, ...]
    last: Floats
    average: Floats

    def first(self, rows: int) -> Path:
        """The ways of the first rows."""
        return Path(steps=self.steps, last=self.last[:, :rows], average=self.average[:, :rows])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Trained:
    """What training left: the weights, the policies that are deployed, and the way there.

    `never` is what these policies hold back if they are trained on.
    """

    bodies: tuple[Body, Body]
    weights: tuple[Floats, Floats]
    policies: tuple[Floats, Floats]
    never: tuple[Flags, Flags]
    path: Path

    def __len__(self) -> int:
        return len(self.policies[0])

    def first(self, rows: int) -> Trained:
        """The first rows."""
        return Trained(
            bodies=self.bodies,
            weights=(self.weights[0][:rows], self.weights[1][:rows]),
            policies=(self.policies[0][:rows], self.policies[1][:rows]),
            never=(self.never[0][:rows], self.never[1][:rows]),
            path=self.path.first(rows),
        )

    def repeated(self, times: int) -> Trained:
        """All rows so many times, one copy of the whole after the other; without the way."""
        import numpy as np

        def both(pair: tuple[Any, Any]) -> tuple[Any, Any]:
            return tuple(np.concatenate((one,) * times) for one in pair)  # type: ignore[return-value]

        return Trained(
            bodies=self.bodies,
            weights=both(self.weights),
            policies=both(self.policies),
            never=both(self.never),
            path=self.path,
        )


def tables(arena: Arena) -> tuple[Body, Body]:
    """Policies by tables."""
    return Table(arena.sides[0]), Table(arena.sides[1])


def networks(arena: Arena, hidden: int) -> tuple[Body, Body]:
    """Policies by networks of so many hidden units."""
    first, second = (
        Network.of(side, infosets, hidden)
        for side, infosets in zip(arena.sides, arena.tree.infosets, strict=True)
    )
    return first, second


def fresh(
    arena: Arena,
    rows: int,
    generator: np.random.Generator,
    spread: float = 1.0,
    bodies: tuple[Body, Body] | None = None,
) -> Start:
    """Trainings of both players from normal weights, that hold nothing back; tables if not said."""
    import numpy as np

    both = tables(arena) if bodies is None else bodies
    shapes = [(rows, *side.index.shape) for side in arena.sides]
    return Start(
        bodies=both,
        weights=(
            both[0].fresh(rows, generator, spread),
            both[1].fresh(rows, generator, spread),
        ),
        never=(np.zeros(shapes[0], bool), np.zeros(shapes[1], bool)),
        learns=(np.ones(rows, bool), np.ones(rows, bool)),
        entropy=np.zeros(rows),
        stop=np.full(rows, 1 << 60),
    )
