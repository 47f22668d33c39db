"""`oversight/human-error`: how often answers put together from human ones are wrong.

Recursion helps against errors by chance and hurts against placed ones: a majority of majorities is
wrong ever more rarely with depth if its leaves err independently, and turned by an ever smaller
share of them if an adversary says which.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from safetycase.methods.oversight.human_error import planted
from safetycase.methods.oversight.human_error.trees import (
    Shape,
    placed_error,
    random_error,
)
from safetycase.plugin.contract import (
    Context,
    Controls,
    Curve,
    Measure,
    Measurement,
    Method,
    MethodError,
)
from safetycase.stats import Certified, Exact, Interval, Statistic, clopper_pearson

__all__ = ["METHOD", "Parameters"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """The tree of answers, and how often the human answers at its leaves are wrong.

    `tree` is `all` (every child must be right) or `majority`, of `width` children and `depth`
    levels; of each majority at most `dissenting` children have the other answer without any error.
    The rate is one of two: `failures` wrong of `trials` checked answers, read at confidence
    `level`; or `error_rate`, stated to be at most that at `level` by whoever owns the number.
    """

    tree: Literal["all", "majority"]
    width: int
    depth: int
    dissenting: int = 0
    failures: int | None = None
    trials: int | None = None
    error_rate: float | None = None
    level: float = 0.95

    def __post_init__(self) -> None:
        Shape(self.tree, self.width, self.depth, self.dissenting)
        if not 0 < self.level < 1:
            raise ValueError("`level` is a confidence between 0 and 1, such as 0.95")
        if (self.failures is None) != (self.trials is None):
            raise ValueError("`failures` and `trials` belong together: give both")
        if (self.failures is None) == (self.error_rate is None):
            raise ValueError("give either `failures` and `trials`, or `error_rate`")
        if self.error_rate is not None and not 0 <= self.error_rate <= 1:
            raise ValueError("`error_rate` is a rate between 0 and 1")
        if self.trials is not None and not 0 <= (self.failures or 0) <= self.trials:
            raise ValueError("0 ≤ `failures` ≤ `trials`")
        if self.trials is not None and self.trials < 1:
            raise ValueError("a counted rate needs at least one trial")

    @property
    def shape(self) -> Shape:
        """The tree."""
        return Shape(self.tree, self.width, self.depth, self.dissenting)

    @property
    def rate(self) -> Interval:
        """The ends of the human error rate at `level`."""
        if self.failures is not None and self.trials is not None:
            alpha = (1 - self.level) / 2
            return clopper_pearson(self.failures, self.trials, alpha_low=alpha, alpha_high=alpha)
        return Interval(0.0, self.error_rate or 0.0)

    @property
    def point(self) -> float:
        """The rate that was counted or stated."""
        if self.failures is not None and self.trials is not None:
            return self.failures / self.trials
        return self.error_rate or 0.0


MEASURES = (
    Measure(
        name="root_error_random",
        unit="share of questions",
        safer="lower",
        says="how often the answer at the root is wrong if human answers are wrong independently",
    ),
    Measure(
        name="root_error_placed",
        unit="share of questions",
        safer="lower",
        says="the largest share of wrong answers at the root if as many human answers are wrong, "
        "wherever they hurt most",
    ),
    Measure(
        name="fraction_to_flip",
        unit="share of leaves",
        safer="higher",
        says="the smallest share of a question's human answers that turns the answer at its root",
    ),
)


def run(inputs: tuple[str, ...], parameters: Parameters, context: Context) -> Measurement:
    """Carry the ends of the human error rate up the tree; both errors rise with it."""
    if inputs:
        raise MethodError(f"`{inputs[0]}` is not read: the rate is a parameter; leave inputs out")
    context.progress(0, 1, "carrying errors up the tree")
    return measured(parameters)


def measured(parameters: Parameters) -> Measurement:
    """The quantities, both curves over depth, and what they rest on."""
    counted = parameters.trials is not None
    return Measurement(
        quantities=quantities(parameters),
        counts={"checked answers": parameters.trials or 0, "wrong": parameters.failures or 0}
        if counted
        else {},
        effort={
            "tree": f"{parameters.tree} of {parameters.width}, depth {parameters.depth}",
            "human error": "counted" if counted else "stated, not counted here",
        },
        plots=(_curves(parameters),),
        diagnostics={
            "human error rate": f"between {parameters.rate.low:.4g} and "
            f"{parameters.rate.high:.4g} at level {parameters.level:g}",
            "by chance": "exact, by the recursion over levels"
            if not parameters.dissenting
            else "a bound: children with the other answer count as never wrong; no lower end",
            "depth": _with_depth(parameters),
            "placed": "attained by errors that are all on some questions, and there on the fewest "
            "leaves that turn them",
        },
    )


def quantities(parameters: Parameters) -> dict[str, Statistic]:
    """The two errors, certified at the level of the rate, and the exact fraction."""
    shape, rate = parameters.shape, parameters.rate
    how = "counted" if parameters.trials is not None else "stated"
    least = 0.0 if parameters.dissenting else random_error(shape, rate.low)
    return {
        "root_error_random": Certified(
            low=least,
            high=max(least, random_error(shape, rate.high)),
            level=parameters.level,
            says=f"human error rate as {how}, independent errors, exact recursion",
        ),
        "root_error_placed": Certified(
            low=placed_error(shape, rate.low),
            high=placed_error(shape, rate.high),
            level=parameters.level,
            says=f"human error rate as {how}, errors placed where they hurt most",
        ),
        "fraction_to_flip": Exact(
            value=shape.fraction_to_flip, says="counted on the tree: fewest leaves over all leaves"
        ),
    }


def _with_depth(parameters: Parameters) -> str:
    leaf = parameters.rate.high
    if random_error(replace(parameters.shape, depth=1), leaf) < leaf:
        return "at the upper end of the rate each level makes errors by chance rarer"
    return (
        f"at the upper end of the rate, {leaf:.3g}, a node is wrong at least as often as its "
        "children: splitting further makes answers worse even against errors by chance"
    )


def _curves(parameters: Parameters) -> Curve:
    depths = range(parameters.depth + 1)
    shapes = [replace(parameters.shape, depth=max(1, d)) for d in depths]

    def by_depth(leaf: float) -> tuple[float, ...]:
        return (leaf, *(random_error(shape, leaf) for shape in shapes[1:]))

    placed = (placed_error(shape, parameters.point) for shape in shapes[1:])
    return Curve(
        title="Wrong answers at the root, by depth",
        x_label="depth of the tree (0: one human answer)",
        y_label="share of questions answered wrong",
        x=tuple(map(float, depths)),
        y=by_depth(parameters.point),
        low=(0.0,) * len(shapes) if parameters.dissenting else by_depth(parameters.rate.low),
        high=by_depth(parameters.rate.high),
        line="errors by chance",
        band=f"human error rate at level {parameters.level:g}",
        lines={"errors placed where they hurt most": (parameters.point, *placed)},
    )


def best_case(
    parameters: Parameters, _folder: Path, _inputs: tuple[str, ...]
) -> Mapping[str, Statistic]:
    """What the run gives: nothing is drawn."""
    return quantities(parameters)


def controls() -> Controls:
    """Human answerers of known error rates, through `measured`."""

    def through(shape: Shape, failures: int, trials: int) -> Measurement:
        return measured(
            Parameters(
                tree=shape.tree,
                width=shape.width,
                depth=shape.depth,
                failures=failures,
                trials=trials,
            )
        )

    return planted.controls(through)


METHOD = Method(
    name="oversight/human-error",
    version="1.0.0",
    says="Carries the error rate of human answers up a tree of questions, for errors by chance and "
    "for errors placed where they hurt most.",
    parameters=Parameters,
    measures=MEASURES,
    limits=(
        "It shows what the tree does to errors, not that the question splits into this tree.",
        "Errors by chance are taken as independent. People err on the same questions, and for the "
        "same reasons: then the truth lies between the two curves.",
        "The rate is that of the answers that were checked. Answers that nobody could check may "
        "be wrong more often.",
        "Combining the answers is taken to make no errors of its own.",
        "A stated rate is as good as whoever states it.",
    ),
    source=planted.IRVING,
    run=run,
    self_check=planted.self_check,
    controls=controls,
    best_case=best_case,
    needs_model=False,
)
