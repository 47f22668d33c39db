"""The bound's proof: any multipliers prove a bound, bad bounds and bad witnesses are caught."""

from __future__ import annotations

import dataclasses
from fractions import Fraction

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from safetycase.methods.games.extensive.poker import Kuhn
from safetycase.methods.oversight.equilibria.certificate import Box, Certificate, proven, rows_of
from safetycase.methods.oversight.equilibria.concepts import Concept, concept, opening
from safetycase.methods.oversight.equilibria.game import Game
from safetycase.methods.oversight.equilibria.planted import Debate
from safetycase.methods.oversight.equilibria.profile import Profile, exact_plan, expected, gains
from safetycase.methods.oversight.equilibria.program import Program, nash
from safetycase.methods.oversight.equilibria.relaxation import Relaxation, kept_pairs
from safetycase.methods.oversight.equilibria.search import Budget, largest_error


def random_game(seed: int, shape: tuple[int, int] = (4, 4), zero_sum: bool = True) -> Game:
    generator = np.random.default_rng(seed)
    payoff, reply = generator.uniform(-1, 1, (2, *shape))
    wrong = generator.integers(0, 2, shape)
    return Game.of_matrices(payoff.tolist(), wrong.tolist(), None if zero_sum else reply.tolist())


def at_once(game: Game, gap: float) -> Concept:
    return concept(game, "simultaneous", gap, opening(game, "simultaneous"))


def fractions(matrix: object) -> np.ndarray:
    """A matrix of fractions, from the doubles as they are."""
    dense = matrix.toarray() if hasattr(matrix, "toarray") else np.asarray(matrix)
    return np.vectorize(lambda entry: Fraction(float(entry)), otypes=[object])(dense)


def proven_in_fractions(program: Program, certificate: Certificate) -> Fraction:
    """The same bound with no rounding at all, written down a second time."""
    first, second = (fractions(rows_of(program, certificate.box, p).matrix) for p in (0, 1))
    weights = fractions(certificate.products)
    assert (weights >= 0).all()
    left, right = fractions(certificate.left), fractions(certificate.right)
    total = fractions(program.objective) + first.T @ weights @ second
    total = total + fractions(program.first_equal).T @ left
    total = total + right @ fractions(program.second_equal)
    for weight, coupling in zip(certificate.couplings, program.couplings, strict=True):
        total = total + Fraction(max(0.0, weight)) * fractions(coupling)
    bound = total[0, 0]
    for i, row in enumerate(total):
        for j, entry in enumerate(row):
            if i == j == 0:
                continue
            if i < program.m and j < program.n:
                bound += max(entry, Fraction(0))
            else:
                dual = (i >= program.m) + (j >= program.n)
                bound += abs(entry) * Fraction(program.size) ** dual
    return bound


@pytest.mark.slow
@pytest.mark.parametrize("zero_sum", [True, False])
def test_every_bound_holds_in_fractions(zero_sum: bool) -> None:
    game = random_game(3, (3, 3), zero_sum)
    found = largest_error(at_once(game, 0.1))
    exact = [proven_in_fractions(*proof) for proof in found.proofs]
    assert max(exact) <= Fraction(found.high)
    assert all(
        bound <= Fraction(proven(*proof)) for bound, proof in zip(exact, found.proofs, strict=True)
    )
    assert found.high == pytest.approx(float(max(*exact, Fraction(found.low))), abs=1e-9)


@pytest.mark.slow
def test_the_boxes_of_the_proofs_cover_all_plans() -> None:
    """Every profile lies in a box whose proof bounds it: drawn profiles, and the witness."""
    game = random_game(13, (5, 5))
    found = largest_error(at_once(game, 0.1))
    assert len(found.proofs) > 1
    generator = np.random.default_rng(0)
    for _ in range(50):
        plans = [np.append(1.0, generator.dirichlet(np.ones(5))) for _ in range(2)]
        assert any(
            all(low <= plans[who][at] <= high for who, at, low, high in certificate.box.ranges)
            for _, certificate in found.proofs
        )


def test_no_multipliers_prove_a_bound_below_a_member_of_the_set() -> None:
    """Perturbed, tampered or random multipliers give a bound that is worse, never wrong."""
    game = random_game(4, (3, 3))
    within = at_once(game, 0.1)
    found = largest_error(within)
    assert found.witness is not None
    error = expected(game.wrong, found.witness)
    program = within.programs[0]
    plain = Relaxation(program, kept_pairs(program, (game.first, game.second), "products"))
    base = plain.at(Box(), 0.0).certificate
    generator = np.random.default_rng(1)

    def noisy(matrix: csr_matrix, scale: float) -> csr_matrix:
        return csr_matrix(matrix.toarray() + scale * generator.normal(size=matrix.shape))

    for scale in (1e-6, 1e-2, 1.0):
        for _ in range(5):
            moved = Certificate(
                Box(),
                noisy(base.products, scale),
                noisy(base.left, scale),
                noisy(base.right, scale),
                tuple(weight + scale * generator.normal() for weight in base.couplings),
            )
            assert Fraction(proven(program, moved)) >= error
    zero = dataclasses.replace(base, products=base.products * 0)
    assert proven(program, zero) >= proven(program, base)
    broken = dataclasses.replace(base, couplings=(float("nan"),))
    assert not proven(program, broken) < 1


def test_a_bound_that_splits_the_gap_in_halves_falls_below_a_checked_witness() -> None:
    """Half of the gap for each player is not NashConv ≤ gap: here one player uses it all."""
    game = Game.of_matrices([[1, -1], [-1, 1]], [[1, 1], [0, 0]])
    within, halves = at_once(game, 0.2), at_once(game, 0.1)
    wrong_set = dataclasses.replace(within, programs=halves.programs)
    good, bad = largest_error(within), largest_error(wrong_set)
    assert good.low == pytest.approx(0.7, abs=1e-6)
    assert bad.proofs
    assert max(proven(*proof) for proof in bad.proofs) < good.low - 0.05


@pytest.mark.slow
def test_a_bound_without_the_joint_condition_is_too_loose() -> None:
    """Each player alone within the gap is a larger set: (1 + 2ε)²/4 instead of (1 + ε)²/4."""
    game = Game.of_matrices([[1, -1], [-1, 1]], [[1, 0], [0, 0]])
    within = at_once(game, 0.2)
    loose = dataclasses.replace(within.programs[0], couplings=())
    found = largest_error(dataclasses.replace(within, programs=(loose,)))
    assert found.high > 0.45
    assert largest_error(within).high == pytest.approx(0.36, abs=2e-3)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_profiles_drawn_from_the_set_never_err_more_than_the_bound(seed: int) -> None:
    game = random_game(seed)
    gap = 0.15
    within = at_once(game, gap)
    bound = largest_error(within, Budget(nodes=5)).high
    assert within.start is not None
    generator = np.random.default_rng(seed)
    admitted = 0
    for _ in range(60):
        plans = [np.append(1.0, generator.dirichlet(np.full(4, 0.5))) for _ in range(2)]
        drawn = Profile(exact_plan(game.first, plans[0]), exact_plan(game.second, plans[1]))
        near = within.start.mixed(drawn, Fraction(int(generator.integers(0, 100)), 100))
        if within.admits(near):
            admitted += 1
            assert expected(game.wrong, near) <= Fraction(bound)
    assert admitted > 5


@pytest.mark.slow
def test_a_witness_outside_the_set_is_refused() -> None:
    game = Game.of_rules(Debate(0.1))
    within = at_once(game, 0.05)
    wide = largest_error(at_once(game, 0.3)).witness
    assert wide is not None
    assert not within.admits(wide)
    assert largest_error(within, tried=(wide,)).low == pytest.approx(0.15, abs=1e-6)


def test_pairs_of_sequences_bound_the_same_game_more_coarsely() -> None:
    game = Game.of_rules(Kuhn())
    wrong = abs(game.payoff_first) * 0.5
    game = dataclasses.replace(game, wrong=wrong)
    program = at_once(game, 0.05).programs[0]
    plans = game.first, game.second
    fine, coarse = (
        Relaxation(program, kept_pairs(program, plans, level)) for level in ("products", "pairs")
    )
    witness = largest_error(at_once(game, 0.05)).low
    assert len(coarse.flat) < len(fine.flat)
    assert witness <= fine.at(Box(), 0.0).bound <= coarse.at(Box(), 0.0).bound + 1e-9


def test_an_empty_box_ends_in_a_proof_and_not_in_a_word() -> None:
    """No exact equilibrium of matching pennies plays one side with 0.9: the bound is the floor."""
    game = Game.of_matrices([[1, -1], [-1, 1]], [[1, 0], [0, 0]])
    program = nash(game, 0.0)
    box = Box(((0, 1, 0.9, 1.0),))
    relaxed = Relaxation(program, kept_pairs(program, (game.first, game.second), "products")).at(
        box, 0.2
    )
    assert relaxed.points is None
    assert relaxed.bound == pytest.approx(0.2, abs=1e-9)
    assert proven_in_fractions(program, relaxed.certificate) <= Fraction(relaxed.bound)


def test_gains_are_those_of_best_replies() -> None:
    game = Game.of_matrices([[1, -1], [-1, 1]], [[1, 0], [0, 0]])
    heads = Profile(
        (Fraction(1), Fraction(1), Fraction(0)), (Fraction(1), Fraction(1), Fraction(0))
    )
    assert gains(game, heads) == (0, 1)
