"""Small games of oversight with known equilibria, and two games for closed forms.

They are ours: each keeps one thing that makes training hard, and is small enough that its
equilibria are known in closed form (stated with each, and checked against the exact solver).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from safetycase.plugin.protocols import End, Move, Rules, Turn

__all__ = ["GAMES", "Bandit", "ConcedingDebate", "Consultancy", "MatrixGame", "TwoLeafCheck"]

Path = tuple[str, ...]
TRUTHS = ("true", "false")


def _even(names: Sequence[str]) -> tuple[Move, ...]:
    return tuple(Move(name=name, probability=1 / len(names)) for name in names)


def _named(names: Sequence[str]) -> tuple[Move, ...]:
    return tuple(Move(name=name) for name in names)


class _ByPath:
    """A game whose positions are the moves so far."""

    __slots__ = ()

    def start(self) -> Path:
        """No move yet."""
        return ()

    def after(self, position: Path, move: str) -> Path:
        """One move more."""
        return (*position, move)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConcedingDebate(_ByPath):
    """The first debater answers; the second agrees or disputes; a dispute is a hidden-flaw debate.

    Both know the truth, which is even. Agreement is the verdict and pays nobody. In a dispute the
    liar puts a flaw into one of `leaves` leaves, unseen; the honest side gets a hint that names
    it with probability `hint`, and any other leaf otherwise, and points at one leaf, which the
    judge checks and misjudges with probability `judge_error`. Who wins gets 1, the other −1.

    With w = hint (1 − judge_error) + (1 − hint) judge_error the honest side wins a dispute with
    probability w: it follows the hint, the liar's flaw is equally likely anywhere. So the value is
    0; at an equilibrium the first debater tells the truth; and if it lies with probability l,
    the second gains at least l (2w − 1) by disputing lies and nothing else: P(wrong) by agreement
    is at most NashConv / (2w − 1) when truths are agreed to.
    """

    leaves: int = 3
    hint: float = 0.8
    judge_error: float = 0.05

    def turn(self, position: Path) -> Turn:
        """Truth, answer, reply, flaw, hint, pointer."""
        if len(position) >= 3 and position[2] == "agree":
            return "end"
        liar_first = len(position) >= 3 and position[0] != position[1]
        order: tuple[Turn, ...] = (
            "chance",
            "first",
            "second",
            "first" if liar_first else "second",
            "chance",
            "second" if liar_first else "first",
            "end",
        )
        return order[len(position)]

    def moves(self, position: Path) -> tuple[Move, ...]:
        """Leaves are numbered from 1."""
        leaves = [str(leaf + 1) for leaf in range(self.leaves)]
        match len(position):
            case 0:
                return _even(TRUTHS)
            case 1:
                return _named(TRUTHS)
            case 2:
                return _named(("agree", "dispute"))
            case 4:
                missed = (1 - self.hint) / (self.leaves - 1)
                return tuple(
                    Move(name=leaf, probability=self.hint if leaf == position[3] else missed)
                    for leaf in leaves
                )
        return _named(leaves)

    def sees(self, position: Path) -> Path:
        """All but the liar's flaw, which the honest side does not see."""
        return (*position[:3], *position[4:])

    def end(self, position: Path) -> End:
        """The judge errs on the leaf it is shown."""
        lie = position[0] != position[1]
        if position[2] == "agree":
            return End(first=0.0, second=0.0, wrong=float(lie))
        found = position[3] == position[5]
        honest = 1 - self.judge_error if found else self.judge_error
        first = 1 - 2 * honest if lie else 2 * honest - 1
        return End(first=first, second=-first, wrong=1 - honest, judge=1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class TwoLeafCheck(_ByPath):
    """A liar hides its flaw in one of two leaves; the other side picks the leaf to check.

    A flaw in the leaf that is checked is found with probability `found[leaf]`, else the lie
    stands. Equilibrium with a, b = found: the flaw lies in the first leaf, and the first leaf is
    checked, with probability b / (a + b) each; the lie is found with probability ab / (a + b).
    """

    found: tuple[float, float] = (0.9, 0.6)

    def turn(self, position: Path) -> Turn:
        """The liar, then the side that checks."""
        order: tuple[Turn, ...] = ("first", "second", "end")
        return order[len(position)]

    def moves(self, position: Path) -> tuple[Move, ...]:
        """The leaf."""
        del position
        return _named(("1", "2"))

    def sees(self, position: Path) -> str:
        """The flaw is not seen."""
        return "check" if position else "hide"

    def end(self, position: Path) -> End:
        """Found or not."""
        flaw, checked = position
        found = self.found[int(flaw) - 1] if flaw == checked else 0.0
        return End(first=1 - 2 * found, second=2 * found - 1, wrong=1 - found, judge=1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Consultancy(_ByPath):
    """One adviser that wants a yes, and a judge that wants to be right: not zero-sum.

    The claim is true with probability `prior`. Strong evidence exists with probability
    `strong[0]` if it is true and `strong[1]` if not; the adviser may show it or keep it back.
    With the defaults there are two kinds of equilibrium. In the useful one strong evidence is
    shown and believed: the judge errs with prior (1 − strong[0]) + (1 − prior) strong[1] = .255.
    In the useless one the judge always says no, whatever it is shown, and errs with .45: the
    adviser gains nothing by showing evidence, and where it does not show it the judge cannot
    learn to believe it. Nash equilibria both: exploitability cannot tell them apart.
    """

    prior: float = 0.45
    strong: tuple[float, float] = (0.8, 0.3)

    def turn(self, position: Path) -> Turn:
        """Truth, evidence, advice, verdict."""
        order: tuple[Turn, ...] = ("chance", "chance", "first", "second", "end")
        return order[len(position)]

    def moves(self, position: Path) -> tuple[Move, ...]:
        """What is shown can be no more than there is."""
        match len(position):
            case 0:
                return (
                    Move(name="true", probability=self.prior),
                    Move(name="false", probability=1 - self.prior),
                )
            case 1:
                odds = self.strong[0 if position[0] == "true" else 1]
                return (
                    Move(name="strong", probability=odds),
                    Move(name="weak", probability=1 - odds),
                )
            case 2:
                return _named(("show", "keep") if position[1] == "strong" else ("keep",))
        return _named(("yes", "no"))

    def sees(self, position: Path) -> Path:
        """The adviser sees all; the judge what is shown."""
        return position if len(position) == 2 else position[2:]

    def end(self, position: Path) -> End:
        """The adviser is paid for a yes, the judge for being right."""
        yes = position[3] == "yes"
        right = yes == (position[0] == "true")
        return End(first=float(yes), second=float(right), wrong=float(not right), judge=1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class MatrixGame(_ByPath):
    """A zero-sum game of one move each; `payoffs[i][j]` goes to the first player."""

    payoffs: tuple[tuple[float, ...], ...]

    def turn(self, position: Path) -> Turn:
        """Both at once."""
        order: tuple[Turn, ...] = ("first", "second", "end")
        return order[len(position)]

    def moves(self, position: Path) -> tuple[Move, ...]:
        """Rows, then columns."""
        count = len(self.payoffs[0]) if position else len(self.payoffs)
        return _named([str(k) for k in range(count)])

    def sees(self, position: Path) -> int:
        """Nothing of the other's move."""
        return len(position)

    def end(self, position: Path) -> End:
        """The entry."""
        value = self.payoffs[int(position[0])][int(position[1])]
        return End(first=value, second=-value, wrong=0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bandit(_ByPath):
    """One player, two moves; the good one pays `advantage` more."""

    advantage: float = 1.0

    def turn(self, position: Path) -> Turn:
        """One move."""
        return "end" if position else "first"

    def moves(self, position: Path) -> tuple[Move, ...]:
        """The good move comes first."""
        del position
        return _named(("good", "bad"))

    def sees(self, position: Path) -> Path:
        """Nothing."""
        return position

    def end(self, position: Path) -> End:
        """The reward."""
        good = position == ("good",)
        return End(first=self.advantage * good, second=0.0, wrong=float(not good))


GAMES: dict[str, Rules] = {
    "conceding-debate": ConcedingDebate(),
    "two-leaf-check": TwoLeafCheck(),
    "consultancy": Consultancy(),
}
