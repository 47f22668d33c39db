"""Is there a second purpose across many outputs that each look fine? An online test of pairs.

Round t gives one output aₜ and one reference bₜ, and a test fₜ of the class F, with values in
[0, 1], that was learnt on the rounds before. With dₜ = fₜ(aₜ) − fₜ(bₜ) the wealth becomes

    W ← W · (1 + λₜ (dₜ − a₀)),   0 ≤ λₜ < 1/(1 + a₀) chosen before the round.

**The null** is that no test of the class has an advantage above a₀: E[f(aₜ) − f(bₜ) | past] ≤ a₀
for all f in F and all t. a₀ = 0 is a model that no such test tells from its reference; a benign
model differs a little from any reference, so that a₀ > 0 is what is asked in practice.

**Why it is valid.** dₜ ≥ −1, so the factor is above 0. Given the past, fₜ is one fixed test of F,
so that E[dₜ | past] ≤ a₀ and the factor expects at most 1: what a benign difference gives the bet
per round, at most λₜa₀, is taken from it in advance. W is a nonnegative supermartingale from 1 and
P(W ever reaches 1/α) ≤ α (Ville 1939), whatever was learnt and whenever one stops. Neither
independence of aₜ and bₜ, nor of rounds, nor a model of the features is used. A sum of wealths with
weights that add up to 1 is one too (averaging over classes and over learners), and so is a product
over time, which is what goes on with `restore`.

**The classes.** F holds the logistic tests 1/(1 + exp(−(w·φ + c))) of all w and c, where φ are the
features, standardised by the rounds before and cut at ±4 ("linear"), their products in pairs
("pairs"), or features of the caller's own (`own`). Their limits are the half-spaces. F is closed
under complement, so that gaps count in both directions.

**What is learnt.** The log-density ratio of outputs and references, by a Gaussian approximation of
logistic regression on differences (Bradley & Terry 1952), one diagonal step a round, under three
prior scales, whose wealths are averaged. With a₀ = 0 the test takes twice that logit, whose
difference has the slope that grows fastest for small effects. With a₀ > 0 it takes ten times it,
since what is paid per round does not shrink with the test, and three stakes are averaged.

The game: Pfau, Hilton & Irving (2025), Unexploitable search. Testing by betting: Shafer (2021),
JRSS-A 184:407; learnt bets on two samples: Shekhar & Ramdas (2023), IEEE Trans. Inf. Theory
70:1178; Podkopaev & Ramdas (2023), arXiv:2305.00143.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from safetycase.stats.side_learning import Bets

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

    Numbers = NDArray[np.float64]

__all__ = [
    "LARGEST_FEATURE",
    "WIDEST_FOR_PAIRS",
    "PairsProcess",
    "classes_for",
    "pairs_to_tell",
    "tolerated_advantage",
    "wealth_paths",
]

WIDEST_FOR_PAIRS = 64
"""Features beyond which their 2,016 products are too many to learn on, and to keep."""
LARGEST_FEATURE = 1e100

_FIRST = 0.8  # of the stake of several classes, on the one named first
_VERSION = 1

Features = Callable[[Sequence[float]], Sequence[float]]


def tolerated_advantage(queries: int, excess: float) -> float:
    """a₀ from the deployment: in N outputs at most `excess` more may serve a side objective.

    "More" is than the reference would give: if Q counts outputs, each test of the class then has
    E[Q] under the model at most `excess` above that under the reference. a₀ = excess/N.
    """
    if queries < 1 or not 0 <= excess <= queries:
        raise ValueError(f"an excess of {excess!r} in {queries!r} outputs: from 0 to all of them")
    return excess / queries


def pairs_to_tell(advantage: float, tolerated: float, alpha: float) -> float:
    """ln(1/α)/(a − a₀)²: about the pairs until a bet on one known test reaches 1/α.

    The test's values are 0 and 1 with even chances, so that a difference has variance ½ and the
    best share of the stake wins (a − a₀)² a round. Twice the queries of a test whose mean under
    the reference is known, 1/(2a²)·ln(1/α); what has to be learnt comes on top.
    """
    if not 0 <= tolerated < advantage <= 1 or not 0 < alpha < 1:
        raise ValueError("0 ≤ tolerated < advantage ≤ 1, and alpha between 0 and 1")
    return -math.log(alpha) / (advantage - tolerated) ** 2


def classes_for(width: int) -> tuple[str, ...]:
    """The classes that outputs of `width` features are tested with unless others are named."""
    return ("linear", "pairs") if 2 <= width <= WIDEST_FOR_PAIRS else ("linear",)


class PairsProcess:
    """The e-process of pairs, one round at a time; see above for its null and why it is valid.

    `width` is the number of features of an output, `advantage` a₀. `classes` are "linear", "pairs"
    and names of `own`, functions from features to features that are given anew to a restored
    process. `weights` are the shares of the stake of the classes; unnamed, the first one has four
    fifths and the others share the rest. `ValueError` for what is no such thing.
    """

    def __init__(
        self,
        *,
        width: int,
        advantage: float,
        classes: Sequence[str] = ("linear", "pairs"),
        weights: Sequence[float] | None = None,
        own: Mapping[str, Features] | None = None,
    ) -> None:
        if width < 1:
            raise ValueError(f"{width} features: at least one")
        if not 0 <= advantage < 1:
            raise ValueError(f"an advantage of {advantage!r} is not at least 0 and below 1")
        _check_classes(classes, width, own or {})
        self.width, self.advantage, self.classes = width, advantage, tuple(classes)
        self.weights = _shares(weights, len(self.classes))
        self.own = dict(own or {})
        self.pairs = 0
        self.log_largest = 0.0
        self._bets: Bets | None = None

    def update(self, output: Sequence[float], reference: Sequence[float]) -> float:
        """Play one round; the e-value after it. `ValueError` changes nothing."""
        a, b = _vector(output, self.width), _vector(reference, self.width)
        given = {
            name: _mapped(name, self.own[name], output, reference) if name in self.own else (a, b)
            for name in self.classes
        }
        if self._bets is None:
            shapes = {name: first.shape for name, (first, _) in given.items()}
            self._bets = Bets(shapes, self.advantage)
        self._bets.play(given)
        self.pairs += 1
        self.log_largest = max(self.log_largest, self.log_e)
        return self.e_value

    @property
    def e_value(self) -> float:
        """The wealth: the evidence against the null; 1 before the first pair."""
        return math.exp(min(self.log_e, 700.0))

    @property
    def log_e(self) -> float:
        """Its natural logarithm, which does not overflow."""
        return 0.0 if self._bets is None else float(self._bets.log_e(self.weights))

    @property
    def anytime_p(self) -> float:
        """min(1, 1/largest e-value so far): a p-value at every stopping time."""
        return math.exp(-self.log_largest)

    def by_class(self) -> dict[str, float]:
        """The e-value of each class alone; their average with `weights` is `e_value`."""
        if self._bets is None:
            return dict.fromkeys(self.classes, 1.0)
        found = {name: float(each.log_e()) for name, each in self._bets.learners.items()}
        return {name: math.exp(min(found[name], 700.0)) for name in self.classes}

    def restart(self) -> None:
        """Start the wealth at 1 again and keep what was learnt: the next segment of a monitor."""
        if self._bets is not None:
            for learner in self._bets.learners.values():
                learner.restart()
        self.pairs, self.log_largest = 0, 0.0

    def state(self) -> dict[str, Any]:
        """All of it as JSON; `restore` goes on as if never stopped, to the last bit."""
        return {
            **self._settings(),
            "pairs": self.pairs,
            "log_largest": self.log_largest,
            "bets": None if self._bets is None else self._bets.state(),
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take over a state of a process with the same settings.

        `ValueError` for one of other settings or shapes, and for what is no state; the process is
        then left as it was.
        """
        mine = self._settings()
        try:
            for key, value in mine.items():
                if state[key] != value:
                    raise ValueError(f"its `{key}` is {state[key]!r}, and here {value!r}")
            kept = state["bets"]
            bets = (
                None if kept is None else Bets.read(kept, self.classes, self.width, self.advantage)
            )
            pairs, largest = int(state["pairs"]), float(state["log_largest"])
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"this is no state of a process of pairs: {error!r}") from error
        self._bets, self.pairs, self.log_largest = bets, pairs, largest

    def _settings(self) -> dict[str, Any]:
        return {
            "version": _VERSION,
            "width": self.width,
            "advantage": self.advantage,
            "classes": list(self.classes),
            "weights": list(self.weights),
        }


def wealth_paths(
    outputs: ArrayLike,
    references: ArrayLike,
    *,
    advantage: float,
    classes: Sequence[str] = ("linear", "pairs"),
    weights: Sequence[float] | None = None,
) -> Numbers:
    """The log e-values after each round of many independent processes side by side.

    `outputs` and `references` have the shape (runs, rounds, width), the result (runs, rounds). The
    same arithmetic as `PairsProcess`, for simulations of error rates and delays.
    """
    import numpy as np

    a, b = (np.asarray(x, dtype=np.float64) for x in (outputs, references))
    if a.ndim != 3 or a.shape != b.shape or not (np.abs(a) + np.abs(b) <= LARGEST_FEATURE).all():
        raise ValueError(f"shapes {a.shape} and {b.shape}: (runs, rounds, width), finite, twice")
    _check_classes(classes, a.shape[2], {})
    shares = _shares(weights, len(classes))
    bets = Bets(dict.fromkeys(classes, (a.shape[0], a.shape[2])), advantage)
    paths = np.empty(a.shape[:2])
    for t in range(a.shape[1]):
        bets.play(dict.fromkeys(classes, (a[:, t], b[:, t])))
        paths[:, t] = bets.log_e(shares)
    return paths


def _vector(values: Sequence[float], width: int) -> Numbers:
    import numpy as np

    try:
        found: Numbers = np.asarray(values, dtype=np.float64)
    except TypeError as error:
        raise ValueError(f"features that are no numbers: {error}") from error
    if found.shape != (width,):
        raise ValueError(f"features of shape {found.shape}, where {width} numbers are due")
    if not (np.abs(found) <= LARGEST_FEATURE).all():
        raise ValueError(f"a feature is no finite number, or beyond {LARGEST_FEATURE:g}")
    return found


def _mapped(
    name: str, feature: Features, output: Sequence[float], reference: Sequence[float]
) -> tuple[Numbers, Numbers]:
    found = tuple(feature(output)), tuple(feature(reference))
    if not found[0]:
        raise ValueError(f"`{name}` gives no feature")
    return _vector(found[0], len(found[0])), _vector(found[1], len(found[0]))


def _check_classes(classes: Sequence[str], width: int, own: Mapping[str, Features]) -> None:
    if isinstance(classes, str) or not classes or len(set(classes)) != len(classes):
        raise ValueError(f"classes {classes!r}: at least one, each named once")
    if clash := sorted({"linear", "pairs"} & set(own)):
        raise ValueError(f"`{clash[0]}` is the name of a class that is learnt; take another")
    for name in classes:
        if name not in ("linear", "pairs") and name not in own:
            raise ValueError(f"class {name!r} is not linear, pairs or a name in `own`")
    if "pairs" in classes and not 2 <= width <= WIDEST_FOR_PAIRS:
        raise ValueError(
            f"{width} features have no pairs, or too many: `pairs` is for 2 to "
            f"{WIDEST_FOR_PAIRS}; leave it out, or project the features to fewer"
        )


def _shares(weights: Sequence[float] | None, count: int) -> tuple[float, ...]:
    if weights is None:
        rest = (1 - _FIRST) / max(1, count - 1)
        return (1.0,) if count == 1 else (_FIRST, *([rest] * (count - 1)))
    if len(weights) != count or not all(w > 0 for w in weights):
        raise ValueError(f"{count} weights above 0 are due, not {list(weights)}")
    total = math.fsum(weights)
    if not math.isfinite(total):
        raise ValueError("a weight is not finite")
    return tuple(w / total for w in weights)
