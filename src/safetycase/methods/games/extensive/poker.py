"""Kuhn poker and Leduc poker, whose values are known, as rules by positions."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

from safetycase.plugin.protocols import End, Move, Turn

__all__ = ["Kuhn", "Leduc"]

PASS_BET = (Move(name="pass"), Move(name="bet"))


class Kuhn:
    """Kuhn's poker (1950): three cards, one chip each, one bet of one chip; value −1/18."""

    def start(self) -> Hashable:
        """No cards, no bets."""
        return ("", "")

    def turn(self, position: Any) -> Turn:
        """Chance deals both cards at once, then the players alternate."""
        cards, played = position
        if not cards:
            return "chance"
        if played in ("pp", "bp", "bb", "pbp", "pbb"):
            return "end"
        return "first" if len(played) in (0, 2) else "second"

    def moves(self, position: Any) -> Sequence[Move]:
        """Six deals of equal probability; pass or bet."""
        if position[0]:
            return PASS_BET
        deals = [a + b for a in "JQK" for b in "JQK" if a != b]
        return [Move(name=deal, probability=1 / 6) for deal in deals]

    def after(self, position: Any, move: str) -> Hashable:
        """The cards, and the bets so far by their first letters."""
        cards, played = position
        return (cards, played + move[0]) if cards else (move, "")

    def sees(self, position: Any) -> Hashable:
        """The own card and the bets."""
        cards, played = position
        return f"{cards[len(played) % 2]}{played}"

    def end(self, position: Any) -> End:
        """The pot goes to the one who did not fold, or to the higher card."""
        cards, played = position
        stake = 2 if played.endswith("bb") else 1
        if played == "bp":
            won = 1
        elif played == "pbp":
            won = -1
        else:
            won = stake if "JQK".index(cards[0]) > "JQK".index(cards[1]) else -stake
        return End(first=won, second=-won, wrong=0.0)


class Leduc:
    """Leduc poker (Southey et al. 2005): six cards of three ranks, two rounds, at most two raises.

    Both put in one chip; raises are of 2 in the first round and of 4 in the second, before which
    a public card is dealt; a pair beats the higher card. A card is its rank and suit, 0 to 5, and
    cards of one rank are told apart, as in the usual tree of 9,457 nodes. Value −0.0856064….
    A position is (first's card, second's card, public card, bets of round 1, bets of round 2).
    """

    def start(self) -> Hashable:
        """No cards, no bets."""
        return (-1, -1, -1, "", "")

    def turn(self, position: Any) -> Turn:
        """Chance deals to the first, to the second, and after the first round in public."""
        first, second, public, one, two = position
        if first < 0 or second < 0:
            return "chance"
        played = one if public < 0 else two
        if played.endswith("f") or (public >= 0 and _over(two)):
            return "end"
        if public < 0 and _over(one):
            return "chance"
        return "second" if len(played) % 2 else "first"

    def moves(self, position: Any) -> Sequence[Move]:
        """The cards left; fold only after a raise, raise at most twice a round."""
        first, second, public, one, two = position
        played = one if public < 0 else two
        if first < 0 or second < 0 or (public < 0 and _over(one)):
            left = [card for card in range(6) if card not in (first, second)]
            return [Move(name=str(card), probability=1 / len(left)) for card in left]
        fold = [Move(name="fold")] if played.endswith("r") else []
        more = [Move(name="raise")] if played.count("r") < 2 else []
        return [*fold, Move(name="call"), *more]

    def after(self, position: Any, move: str) -> Hashable:
        """The card goes to whom it is dealt; a bet is kept by its first letter."""
        first, second, public, one, two = position
        if first < 0:
            return (int(move), second, public, one, two)
        if second < 0:
            return (first, int(move), public, one, two)
        if public >= 0:
            return (first, second, public, one, two + move[0])
        if _over(one):
            return (first, second, int(move), one, two)
        return (first, second, public, one + move[0], two)

    def sees(self, position: Any) -> Hashable:
        """The own card, the public card and all bets."""
        first, second, public, one, two = position
        played = one if public < 0 else two
        return (second if len(played) % 2 else first, public, one, two)

    def end(self, position: Any) -> End:
        """What the loser put in goes to the winner."""
        first, second, public, one, two = position
        chips = [1, 1]
        for played, size in ((one, 2), (two, 4)):
            for number, bet in enumerate(played):
                if bet != "f":
                    chips[number % 2] = max(chips) + (size if bet == "r" else 0)
        last = one if public < 0 else two
        if last.endswith("f"):
            folded = (len(last) - 1) % 2
            won = chips[1] if folded == 1 else -chips[0]
        else:
            strength = [3 if card // 2 == public // 2 else card // 2 for card in (first, second)]
            won = chips[0] * ((strength[0] > strength[1]) - (strength[0] < strength[1]))
        return End(first=won, second=-won, wrong=0.0)


def _over(played: str) -> bool:
    """Whether a round of bets is over: both called, or a raise was called."""
    return played.endswith("cc") or (len(played) >= 2 and played[-2:] == "rc")
