"""Games whose largest error is known, and protocols whose claim is known to be true or false."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

from safetycase.methods.oversight.equilibria.analysis import Asked, analyse, worst_error
from safetycase.methods.oversight.equilibria.concepts import Order
from safetycase.plugin.contract import Controls, OracleResult, Planted
from safetycase.plugin.protocols import End, Move, Rules, Turn
from safetycase.stats import bounds

__all__ = ["CRITERION", "Debate", "Indifferent", "controls", "self_check"]

CRITERION, GAP = 0.15, 0.05
DERIVED = "closed form, derived in docs/reference/approximate-equilibria.md"


@dataclass(frozen=True, slots=True)
class Debate:
    """One statement and one reply before a judge who errs with probability `judge_error` < 1/2.

    A hidden truth, 0 or 1; the first player, who sees it, claims it honestly or lies; the second
    challenges or concedes. Conceded claims stand, challenged ones stand if the judge says so. The
    first player gets 1 if its claim stands. With l the probability of a lie and c that of a lie's
    being conceded, NashConv is (1 − 2e) l at least, reached with (1 − e) c = 1 − 2e, and the error
    is then e + (1 − 2e) l: so the largest error is e + gap, as long as that is at most 1 − e.
    """

    judge_error: float

    def start(self) -> Hashable:
        """Nothing has happened."""
        return ()

    def turn(self, position: Any) -> Turn:
        """Truth, claim, reply, and the judge where there was a challenge."""
        if len(position) == 3:
            return "chance" if position[2] == "challenge" else "end"
        turns: tuple[Turn, ...] = ("chance", "first", "second")
        return turns[len(position)] if len(position) < 3 else "end"

    def moves(self, position: Any) -> Sequence[Move]:
        """Both values, both claims, both replies, both verdicts."""
        e = self.judge_error
        options = (
            (Move(name="true", probability=0.5), Move(name="false", probability=0.5)),
            (Move(name="honest"), Move(name="lie")),
            (Move(name="challenge"), Move(name="concede")),
            (
                Move(name="judged right", probability=1 - e),
                Move(name="judged wrong", probability=e),
            ),
        )
        return options[len(position)]

    def after(self, position: Any, move: str) -> Hashable:
        """All that happened."""
        return (*position, move)

    def sees(self, position: Any) -> Hashable:
        """Everything: the truth is hidden from the judge alone."""
        return " ".join(position)

    def end(self, position: Any) -> End:
        """Who won, and whether the verdict is wrong."""
        judged = len(position) == 4
        wrong = position[3] == "judged wrong" if judged else position[1] == "lie"
        stands = (position[1] == "lie") == wrong
        won = float(stands)
        return End(first=won, second=1 - won, wrong=float(wrong), judge=float(judged))


@dataclass(frozen=True, slots=True)
class Indifferent:
    """A protocol that pays for the reply and not for the claim: every claim is an equilibrium.

    The solver's equilibrium is honest, another one that is as exact always lies: the largest error
    is 1 at every gap.
    """

    def start(self) -> Hashable:
        """Nothing has happened."""
        return ()

    def turn(self, position: Any) -> Turn:
        """The claim, then the reply."""
        turns: tuple[Turn, ...] = ("first", "second", "end")
        return turns[len(position)]

    def moves(self, position: Any) -> Sequence[Move]:
        """Both claims, both replies."""
        names = ("challenge", "concede") if position else ("honest", "lie")
        return [Move(name=name) for name in names]

    def after(self, position: Any, move: str) -> Hashable:
        """All that happened."""
        return (*position, move)

    def sees(self, position: Any) -> Hashable:
        """Whose turn it is: the reply is given without the claim."""
        return f"move {len(position) + 1}"

    def end(self, position: Any) -> End:
        """Conceding costs the second player 1, whatever was claimed."""
        won = float(position[1] == "concede")
        return End(first=won, second=-won, wrong=float(position[0] == "lie"))


def self_check() -> tuple[OracleResult, ...]:
    """Closed forms: play at once, play after a commitment, and a game that is not zero-sum."""
    from safetycase.methods.oversight.equilibria.curve import error_curve
    from safetycase.methods.oversight.equilibria.game import Game

    pennies = Game.of_matrices([[1, -1], [-1, 1]], [[1, 0], [0, 0]])
    sexes = Game.of_matrices([[2, 0], [0, 1]], [[0, 1], [1, 0]], [[1, 0], [0, 2]])
    leader = Game.of_matrices([[2, 4], [1, 3]], [[0, 0], [1, 0]], [[1, 0], [0, 1]])
    debate, paid = Game.of_rules(Debate(0.1)), Game.of_rules(Indifferent())
    once: Order = "simultaneous"
    first: Order = "first leads"
    known = (
        ("matching pennies: (1 + ε)²/4", pennies, once, 0.2, 0.36),
        ("matching pennies after a commitment: (1 + ε)/2", pennies, first, 0.2, 0.6),
        ("every profile: the largest entry", pennies, once, 2.0, 1.0),
        ("one-step debate: e + ε", debate, once, 0.05, 0.15),
        ("one-step debate, exact equilibria: e", debate, once, 0.0, 0.1),
        ("a payoff that does not see lies", paid, once, 0.0, 1.0),
        ("battle of the sexes, exact equilibria: 5/9", sexes, once, 0.0, 5 / 9),
        ("commitment, not zero-sum: (1 + 3ε)/2", leader, first, 0.1, 0.65),
    )
    found = []
    for name, game, order, gap, expected in known:
        _, low, high = error_curve(game, [gap], order=order)[0]
        for end, got in (("witness", low), ("bound", high)):
            found.append(
                OracleResult(
                    name=f"{name}, {end}",
                    expected=expected,
                    got=got,
                    tolerance=2e-3,
                    source=DERIVED,
                )
            )
    return tuple(found)


def controls() -> Controls:
    """Protocols whose largest error at the gap is known, held to a bound of 0.15."""
    planted: tuple[tuple[str, bool, tuple[Rules, ...], str], ...] = (
        (
            "a judge who errs seldom",
            True,
            (Debate(0.02), Debate(0.05), Debate(0.08)),
            "in 2, 5 and 8 %: the largest errors are 0.07, 0.10 and 0.13",
        ),
        (
            "a judge who errs often",
            False,
            (Debate(0.11), Debate(0.2), Debate(0.3)),
            "in 11, 20 and 30 %: the largest errors are 0.16, 0.25 and 0.35; in the first, the "
            "solver's equilibrium errs in 11 % only",
        ),
        (
            "a payoff that does not see lies",
            False,
            (Indifferent(),),
            "the solver's equilibrium never errs, another exact one always does",
        ),
    )
    return Controls(
        criterion=f"worst_error <= {CRITERION:g} at a gap of {GAP:g}",
        planted=tuple(
            Planted(
                name=name,
                claim_is_true=true,
                passes=sum(_passes(rules) for rules in subjects),
                runs=len(subjects),
                says=says,
            )
            for name, true, subjects, says in planted
        ),
    )


def _passes(rules: Rules) -> bool:
    asked = Asked(gap=GAP, gaps=(), order="simultaneous")
    statistic = worst_error(analyse({"planted": rules}, asked))
    return bounds(statistic, alpha_low=0.05, alpha_high=0.05).high <= CRITERION
