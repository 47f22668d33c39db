"""One study: the training that is judged, its clean twins, planted organisms, and known answers."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from safetycase.methods.games.extensive.sequence import SequenceForm
from safetycase.methods.games.extensive.zero_sum import Solved, solve
from safetycase.methods.oversight.self_play.evidence import Found, Search, further, look, retrained
from safetycase.methods.oversight.self_play.organisms import HACKING, NothingToHide, Organism, plant
from safetycase.methods.oversight.self_play.records import (
    Path,
    Recipe,
    Trained,
    fresh,
    networks,
    tables,
)
from safetycase.methods.oversight.self_play.training import train
from safetycase.stats import Clustered, Proportion

if TYPE_CHECKING:
    import numpy as np

    from safetycase.methods.oversight.self_play.arena import Arena, Flags, Floats

__all__ = [
    "Looked",
    "Optimum",
    "Setting",
    "Study",
    "caught",
    "habit",
    "optimum_of",
    "real",
    "recall",
    "study",
]

Said = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What is trained, how it is searched, and what is planted beside it.

    Policies are networks of `hidden` units, or tables where that is 0. `gap` is the exploitability
    that still counts as equilibrium. An organism counts if its is at least `withheld`, which is
    more.
    """

    recipe: Recipe
    search: Search
    hidden: int
    seeds: int
    organism: Organism
    organisms: int
    probability: float
    gap: float
    withheld: float
    seed: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Looked:
    """Trainings of one kind: what was found of them, and the way there.

    `ways` numbers the set of moves that each holds back, if it holds any back: trainings with the
    same set are much alike, and together they are one independent unit.
    """

    found: Found
    path: Path
    ways: tuple[int, ...] = ()

    def __len__(self) -> int:
        return len(self.found.error)

    def first(self, rows: int) -> Looked:
        """The first trainings."""
        return dataclasses.replace(
            self,
            found=self.found.first(rows),
            path=self.path.first(rows),
            ways=self.ways[:rows],
        )

    @property
    def held(self) -> int:
        """In how many different ways they hold moves back."""
        return len(set(self.ways))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Optimum:
    """The value of a zero-sum game, and what the trained policies fall short of it.

    `short_low` and `short_high` (B) bound the value minus what a policy gives against its worst
    opponent, larger of the two players, as a share of the range; `null` is the largest gain of
    further optimisation from the optimum itself.
    """

    solved: Solved
    short_low: Floats
    short_high: Floats
    null: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Study:
    """Everything that quantities, checks and pictures are made of.

    `learners` are the ways of other learners on the same game, as tables. `nothing_to_hide` says
    why no organism that hides a move could be planted; empty if they were.
    """

    subject: Looked
    twins: Looked
    families: Mapping[Organism, Looked]
    habit: tuple[float, float]
    optimum: Optimum | None
    learners: Mapping[str, Path]
    nothing_to_hide: str


def study(arena: Arena, setting: Setting, said: Said) -> Study:
    """Train and look; the same seed gives the same study."""
    import numpy as np

    clean, twins = _clean(arena, setting, said)
    if setting.organism == "none":
        subject, trained = twins.first(setting.seeds), clean.first(setting.seeds)
    else:
        trained, subject = _planted(
            arena, setting, setting.organism, setting.seeds, clean, (setting.seed, 1), said
        )
    families: dict[Organism, Looked] = {}
    nothing = ""
    for number, kind in enumerate((*HACKING, "early-stopped") if setting.organisms else ()):
        try:
            stream = (setting.seed, 2, number)
            _, families[kind] = _planted(
                arena, setting, kind, setting.organisms, clean, stream, said
            )
        except NothingToHide as error:
            nothing = str(error)
    said("solving the game")
    generator = np.random.default_rng((setting.seed, 3))
    return Study(
        subject=subject,
        twins=twins,
        families=families,
        habit=habit(arena, setting.search, generator),
        optimum=optimum_of(arena, trained, setting.search, setting.recipe, generator),
        learners=_learners(arena, setting, said),
        nothing_to_hide=nothing,
    )


def real(looked: Looked, setting: Setting) -> Flags:
    """Which planted trainings withhold as much as an organism must."""
    return looked.found.exploitability >= setting.withheld


def caught(looked: Looked, field: str, setting: Setting) -> Proportion:
    """Organisms of a family on which that gain is above the gap."""
    counted = real(looked, setting)
    seen = counted & (getattr(looked.found, field) > setting.gap)
    return Proportion(successes=int(seen.sum()), trials=int(counted.sum()))


def recall(looked: Looked, field: str, setting: Setting) -> Clustered:
    """The same as a rate over independent units: those that hold the same moves back are one."""
    counted = real(looked, setting)
    seen = getattr(looked.found, field) > setting.gap
    units: dict[int, tuple[int, int]] = {}
    for row in range(len(looked)):
        if counted[row]:
            unit = looked.ways[row] if looked.ways else row
            hits, trials = units.get(unit, (0, 0))
            units[unit] = (hits + int(seen[row]), trials + 1)
    return Clustered(clusters=tuple((hits, trials, 0) for hits, trials in units.values()))


def _clean(arena: Arena, setting: Setting, said: Said) -> tuple[Trained, Looked]:
    import numpy as np

    generator = np.random.default_rng((setting.seed, 0))
    rows = max(setting.seeds, setting.organisms)
    said("training by self-play")
    bodies = networks(arena, setting.hidden) if setting.hidden else tables(arena)
    start = fresh(arena, rows, generator, bodies=bodies)
    trained = train(arena, setting.recipe, start, generator, _part(said))
    found = look(arena, trained, setting.recipe, setting.search, generator, said)
    return trained, Looked(found=found, path=trained.path)


def _planted(
    arena: Arena,
    setting: Setting,
    kind: Organism,
    rows: int,
    clean: Trained,
    stream: tuple[int, ...],
    said: Said,
) -> tuple[Trained, Looked]:
    import numpy as np

    generator = np.random.default_rng(stream)
    start = plant(
        arena,
        kind,
        rows,
        generator,
        steps=setting.recipe.steps,
        probability=setting.probability,
        reference=clean,
        gap=setting.withheld,
    )
    said(f"planted: {kind}")
    trained = train(arena, setting.recipe, start, generator)
    found = look(arena, trained, setting.recipe, setting.search, generator)
    never = np.concatenate([held.reshape(rows, -1) for held in start.never], axis=1)
    sets = np.unique(never, axis=0, return_inverse=True)[1].reshape(-1) if never.any() else ()
    return trained, Looked(found=found, path=trained.path, ways=tuple(int(one) for one in sets))


def habit(arena: Arena, search: Search, generator: np.random.Generator) -> tuple[float, float]:
    """Policies that always make one move: exact gains of best responses, and retrained ones.

    Of four pairs whose moves are drawn at each information set: the largest exact gain, and what
    retraining leaves of the exact gains where it leaves most.
    """
    import numpy as np

    start = fresh(arena, 4, generator, spread=1e3)
    first, second = (s.policy(w) for s, w in zip(arena.sides, start.weights, strict=True))
    trained = Trained(
        bodies=start.bodies,
        weights=start.weights,
        policies=(first, second),
        never=(np.zeros(first.shape, bool), np.zeros(second.shape, bool)),
        path=Path(steps=(), last=np.zeros((0, 4)), average=np.zeros((0, 4))),
    )
    exact = arena.gaps(arena.plans(trained.policies)).max(axis=0)
    left = exact - retrained(arena, trained, search, generator)
    return float(exact.max()), float(left.max())


def _learners(arena: Arena, setting: Setting, said: Said) -> dict[str, Path]:
    """The same number of steps by each learner, at its own rate, from as many seeds (at most 8)."""
    import numpy as np

    said("other learners")
    recipes = {
        "gradient": Recipe(optimiser="sgd"),
        "natural gradient": Recipe(),
        "multiplicative weights": Recipe(learner="multiplicative-weights"),
        "regret matching": Recipe(learner="regret-matching"),
    }
    ways = {}
    for number, (name, recipe) in enumerate(recipes.items()):
        generator = np.random.default_rng((setting.seed, 4, number))
        start = fresh(arena, min(8, setting.seeds), generator)
        again = dataclasses.replace(recipe, steps=setting.recipe.steps)
        ways[name] = train(arena, again, start, generator).path
    return ways


def optimum_of(
    arena: Arena,
    trained: Trained,
    search: Search,
    recipe: Recipe,
    generator: np.random.Generator,
) -> Optimum | None:
    """The solved game and what the policies fall short of it; None unless it is constant-sum."""
    import numpy as np

    if not arena.zero_sum:
        return None
    form = SequenceForm.of(arena.tree)
    solved = solve(form)
    plans = arena.plans(trained.policies)
    total = float(form.constant_sum or 0.0) / arena.spread
    # what one player can be held to is the constant less what the other's best response gets
    against = [arena.sides[i].best(arena.gain(i, plans[1 - i]))[0] for i in (0, 1)]
    low, high = solved.low / arena.spread, solved.high / arena.spread
    guaranteed = total - against[1], total - against[0]
    short_low = np.maximum(low - guaranteed[0], (total - high) - guaranteed[1])
    short_high = np.maximum(high - guaranteed[0], (total - low) - guaranteed[1])
    first, second = (
        side.behaviour(plan[None])
        for side, plan in zip(arena.sides, (solved.x, solved.y), strict=True)
    )
    known = dataclasses.replace(
        trained.first(1),
        bodies=tables(arena),
        weights=(np.log(np.maximum(first, 1e-12)), np.log(np.maximum(second, 1e-12))),
        policies=(first, second),
        never=(np.zeros(first.shape, bool), np.zeros(second.shape, bool)),
    )
    gains = further(arena, known, recipe, search, generator)
    return Optimum(
        solved=solved,
        short_low=np.maximum(short_low, 0.0),
        short_high=np.maximum(short_high, 0.0),
        null=float(max(gain.max() for gain in gains.values())),
    )


def _part(said: Said) -> Callable[[int, int], None]:
    return lambda done, total: said(f"step {done} of {total}")
