"""Debate: two debaters make statements in turn, and the judge looks at the last one.

Irving, Christiano and Amodei 2018, "AI safety via debate", arXiv:1805.00899. The questions here
are the standard complete problem of PSPACE, and paths by halving (Savitch 1970).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from safetycase.methods.oversight.domains.draws import draws
from safetycase.methods.oversight.domains.formulas import (
    Formula,
    alternating,
    random_formula,
    table,
    truth,
)
from safetycase.methods.oversight.domains.reachability import random_graph, reachable
from safetycase.methods.oversight.protocols.debate import halving
from safetycase.methods.oversight.protocols.debate.attacks import formula_attacks
from safetycase.methods.oversight.protocols.debate.propagation import (
    Costs,
    Errors,
    bound,
    check_affordable,
    check_errors,
)
from safetycase.methods.oversight.protocols.debate.rules import Halving, Statements
from safetycase.methods.oversight.protocols.debate.solve import (
    Worth,
    chosen_gap,
    gap,
    movers_of,
    solve,
    worth,
)
from safetycase.plugin.protocols import Assumed, Bound, Domain, OversightProtocol, Played

__all__ = ["PROTOCOL", "DebateConstants", "formula_play", "played_out"]

HALVED = (4, 8, 12, 16)


@dataclass(frozen=True, slots=True, kw_only=True)
class DebateConstants:
    """What the statement of debate is instantiated with.

    `sides`: whether a debater chooses what it claims, or is told. `errors`: how the judge errs
    (afresh each time; in ways both debaters know; placed by an adversary). The question: a formula
    of that many variables with 3 literals a clause, or a path among that many vertices.
    `affordable`: look-ups that the honest debater can make.
    """

    sides: Literal["chosen", "assigned"] = "chosen"
    errors: Errors = "fresh"
    variables: int = 12
    clauses: int = 24
    vertices: int = 16
    affordable: float = 1e6

    def __post_init__(self) -> None:
        if self.sides not in ("chosen", "assigned"):
            raise ValueError(f"sides is {self.sides!r}: write chosen or assigned")
        check_errors(self.errors)
        check_affordable(self.affordable)
        if not 1 <= self.variables <= 500 or self.clauses < 0 or self.vertices < 2:
            raise ValueError("variables is from 1 to 500, clauses from 0 and vertices from 2")


def theory(constants: DebateConstants, judge_error: float, equilibrium_gap: float) -> Bound:
    """The bound of `propagation`; honest play solves the formula, or searches the graph.

    Solving looks up 3 literals a clause at each of the 2ⁿ ends. Searching looks up one row of the
    graph for each vertex it reaches, once for each halving at most.
    """
    leaf = 3 * constants.clauses
    rows = constants.vertices**2
    halvings = max(1, (constants.vertices - 2).bit_length())
    honest = float(max(2**constants.variables * leaf, halvings * rows))
    return bound(
        errors=constants.errors,
        facts=max(2**constants.variables, rows),
        judge_error=judge_error,
        gap=equilibrium_gap,
        chosen=constants.sides == "chosen",
        costs=Costs(
            honest=honest,
            opponent=honest,
            judge=float(max(leaf, 1)),
            affordable=constants.affordable,
        ),
    )


def played_out(
    worth_if: Worth, *, truth: bool, chosen: bool, costs: tuple[float, float, float], says: str
) -> Played:
    """The play from what its profile is worth to whoever claims `true` (1 or −1).

    `costs` are those of the honest side, of the other and of the judge.
    """
    found = worth_if("") > 0
    gained = chosen_gap(worth_if, claims_true=found) if chosen else gap(worth_if)
    error = float(found != truth)
    return Played(
        truth=truth,
        error_low=error,
        error_high=error,
        gap=gained / 2,
        certificate=f"{says}; best replies of both sides gain {gained:g} of a range of 2",
        honest_cost=costs[0],
        opponent_cost=costs[1],
        judge_cost=costs[2],
    )


def formula_play(formula: Formula, *, chosen: bool, silent: bool = False) -> Played:
    """Both debaters solve the game; the judge reads the matrix once."""
    import numpy as np

    payoffs = np.where(table(formula), 1.0, -1.0)
    solved = solve(payoffs, "1" * formula.variables if silent else movers_of(formula.prefix))
    ends = len(payoffs) * float(formula.literals)
    return played_out(
        lambda free: worth(payoffs, solved, free),
        truth=truth(formula),
        chosen=chosen,
        costs=(ends, ends, float(formula.literals)),
        says=f"backward induction over {2 * len(payoffs) - 1} positions",
    )


def formula(size: int, seed: int) -> Formula:
    """The instance of the domain: a random prefix and matrix."""
    return random_formula(size, draws("formula", size, seed))


def _path_play(size: int, seed: int, *, silent: bool = False) -> Played:
    graph = random_graph(size, draws("path", size, seed))
    line, there = halving.play_line(graph), reachable(graph)
    honest, other = (line.proponent, line.opponent) if there else (line.opponent, line.proponent)
    return played_out(
        lambda free: halving.worth(graph, free, silent=silent),
        truth=there,
        chosen=True,
        costs=(float(honest), float(other), 1.0),
        says="midpoints and doubts by breadth-first search",
    )


def _made(*, silent: bool) -> OversightProtocol:
    return OversightProtocol(
        name="debate",
        version="1.0.0",
        says="Two debaters take opposite sides and make statements in turn. The judge looks at "
        "what is left in the end, which is small, and names a winner.",
        source="Irving, Christiano, Amodei 2018, AI safety via debate, arXiv:1805.00899, "
        "Theorem 1; halving: Savitch 1970",
        statement="With optimal play the verdict is the truth for every question in PSPACE. With "
        "judge error d and best replies that gain at most the share g of the payoff range, the "
        "verdict is wrong with probability at most d + g if sides are assigned, d + 2g if a "
        "debater chooses its side.",
        human_input="one small check at the end of one line of statements",
        order="simultaneous",
        assumes=(
            Assumed(
                name="optimal-play",
                says="Neither debater can gain more than the stated gap by any other play, "
                "however much computing it would take.",
            ),
            Assumed(
                name="honest-play-affordable",
                says="The honest debater can find its moves. For a formula this takes time "
                "exponential in its variables.",
            ),
            Assumed(
                name="splits-into-checks",
                says="The question is given as statements that end in something the judge can "
                "check.",
            ),
            Assumed(
                name="judge-errs-as-stated",
                says="The judge errs at no more than the stated rate, in the way that `errors` "
                "names, whatever the debaters say.",
            ),
        ),
        constants=DebateConstants,
        theory=theory,
        domains=(
            Domain(
                name="formulas",
                says="Random quantified formulas, any prefix; a debater says whether it is true, "
                "and each sets the variables of its quantifier.",
                unit="literals looked up",
                sizes=(2, 4, 6, 8, 10, 12),
                play=lambda size, seed: formula_play(
                    formula(size, seed), chosen=True, silent=silent
                ),
                small=(1, 2, 3, 4),
                rules=lambda size, seed: Statements(
                    formula=formula(size, seed), chosen=True, silent=silent
                ),
            ),
            Domain(
                name="paths",
                says="Random directed graphs; a debater says whether a path leads from the first "
                "vertex to the last, then midpoints are named and halves doubted.",
                unit="pairs of vertices looked up",
                sizes=HALVED,
                play=lambda size, seed: _path_play(size, seed, silent=silent),
                small=(2, 3, 4),
                rules=lambda size, seed: Halving(
                    graph=random_graph(size, draws("path", size, seed)),
                    chosen=True,
                    silent=silent,
                ),
            ),
        ),
        attacks=formula_attacks("formulas", (4, 6, 8), alternating),
        corrupted=lambda: replace(_made(silent=True), name="debate-with-a-silent-opponent"),
        limits=(
            "Optimal play is assumed. Nothing here shows that training finds it.",
            "Whoever plays honestly may need exponentially more computing than the judge.",
            "An argument whose flaw neither side can find is won by whoever does not have to "
            "find it; the bound on best replies counts play that no one can compute.",
            "The question is a formal one. What a human makes of open questions is not modelled.",
        ),
        reconstruction="The paper gives the theorem for exact optimal play. The propagation of "
        "judge error and equilibrium gap is ours, with its proof beside the code.",
    )


PROTOCOL = _made(silent=False)
