"""Certificates of a solution as JSON, and a checker that shares no code with the solvers.

The checker plays the rules themselves, in plain Python and in fractions if asked to.
"""

from __future__ import annotations

import json
from collections.abc import Hashable, Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from safetycase.methods.games.extensive.errors import GameError
from safetycase.methods.games.extensive.exact import fraction
from safetycase.methods.games.extensive.plain import Found, Strategy, played_out
from safetycase.plugin.protocols import Rules

if TYPE_CHECKING:
    from safetycase.methods.games.extensive.sequence import SequenceForm
    from safetycase.methods.games.extensive.sparse import Floats

__all__ = ["BadCertificate", "certificate", "check", "lookup", "read", "rounded"]

VERSION = "extensive-game-certificate/1"
Law = Mapping[str, Any]


class BadCertificate(GameError):
    """A certificate that does not show what it says; the message says why."""


def certificate(
    form: SequenceForm, x: Floats, y: Floats, *, denominators: int | None = None
) -> str:
    """Plans of both players with what they are worth and NashConv, as JSON to keep or hand on.

    With `denominators` every probability is first moved to the nearest fraction with a denominator
    of at most that, and written as one: a solution of small fractions is then an exact one, and
    `check(exact=True)` finds a gap of 0.
    """
    from safetycase.methods.games.extensive.best_response import gains

    laws = (form.first.by_name(x), form.second.by_name(y))
    written: list[Mapping[str, Law]] = list(laws)
    if denominators is not None:
        near = [rounded(named, denominators) for named in laws]
        written = [
            {name: {move: str(p) for move, p in law.items()} for name, law in named.items()}
            for named in near
        ]
        x, y = (
            side.plan([[float(p) for p in law.values()] for law in named.values()])
            for side, named in zip((form.first, form.second), near, strict=True)
        )
    found = gains(form, x, y)
    return json.dumps(
        {
            "version": VERSION,
            "first": found.first,
            "second": found.second,
            "gap": found.nash_conv,
            "plans": {"first": written[0], "second": written[1]},
        },
        sort_keys=True,
    )


def rounded(named: Mapping[str, Mapping[str, float]], most: int) -> dict[str, dict[str, Fraction]]:
    """Every law moved to the nearest fractions with denominators of at most `most`."""
    near = {
        name: {move: Fraction(p).limit_denominator(most) for move, p in law.items()}
        for name, law in named.items()
    }
    return {
        name: {move: p / sum(law.values()) for move, p in law.items()} for name, law in near.items()
    }


def check(rules: Rules, text: str, *, tolerance: float = 1e-6, exact: bool = False) -> Found:
    """Work out again what a certificate says of a game, from the game's rules.

    With `exact` every number is a fraction: probabilities and payoffs are read as the simplest
    fractions that round to them and laws are divided by their sums, so that `best_first` and
    `best_second` are proofs without rounding. `BadCertificate` where the text is no certificate,
    a law is missing or no law, or a payoff or the gap differs by more than `tolerance` from what
    is found here.
    """
    said = read(text, VERSION, ("first", "second", "gap"))
    plans = said.get("plans")
    if not isinstance(plans, dict) or not all(
        isinstance(plans.get(player), dict) for player in ("first", "second")
    ):
        raise BadCertificate("the certificate has no plans of the first and the second player")
    found = played_out(rules, lookup(plans), fraction if exact else float)
    for name, value in (("first", found.first), ("second", found.second), ("gap", found.gap)):
        if not abs(said[name] - float(value)) <= tolerance:
            raise BadCertificate(
                f"the certificate says {name} = {said[name]}, but it is {float(value):.9g}"
            )
    return found


def read(text: str, version: str, numbers: Sequence[str]) -> dict[str, Any]:
    """The fields of a certificate of that version with those numbers; `BadCertificate` if not."""
    try:
        said = json.loads(text)
    except json.JSONDecodeError as error:
        raise BadCertificate(f"the certificate is no JSON: {error}") from error
    if not isinstance(said, dict) or said.get("version") != version:
        raise BadCertificate(f"the certificate has no version {version!r}")
    for name in numbers:
        value = said.get(name)
        if isinstance(value, bool) or not isinstance(value, int | float) or value - value != 0:
            raise BadCertificate(f"the certificate has no number {name!r}")
    return said


def lookup(plans: Mapping[str, Mapping[str, Law]]) -> Strategy:
    """The strategy that reads its laws off plans by player and name of the information set."""

    def strategy(player: str, sees: Hashable, moves: Sequence[str]) -> Law:
        name = sees if isinstance(sees, str) else repr(sees)
        law = plans[player].get(name)
        if not isinstance(law, Mapping) or sorted(law) != sorted(moves):
            raise BadCertificate(
                f"the plan of the {player} player has no law over {moves} at {name}: it has {law}"
            )
        if any(isinstance(p, bool) or not isinstance(p, int | float | str) for p in law.values()):
            raise BadCertificate(f"the law of the {player} player at {name} is no numbers: {law}")
        return {move: fraction(p) if isinstance(p, str) else p for move, p in law.items()}

    return strategy
