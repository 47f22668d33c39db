"""Sparse evidence and consultancy: published-size values, the best rule, and the bound."""

from __future__ import annotations

import dataclasses
import itertools
import random

import pytest

from safetycase.methods.oversight.domains import sparse_evidence as sparse
from safetycase.methods.oversight.domains.sparse_evidence import Case, Evidence
from safetycase.methods.oversight.protocols.consultancy import PROTOCOL
from safetycase.methods.oversight.protocols.consultancy.judges import (
    best_rule,
    error,
    messages,
    naive,
    trained,
)
from safetycase.methods.oversight.protocols.consultancy.protocol import Constants, persuaded, theory
from safetycase.methods.oversight.protocols.consultancy.rules import Persuasion
from safetycase.stats import Proportion, bounds
from safetycase.testing.protocols import check_protocol, statement_breaks

EIGHT = sparse.evidence(8, 3)


@pytest.mark.slow
def test_the_protocol_keeps_the_contract() -> None:
    check_protocol(PROTOCOL, module="safetycase.methods.oversight.protocols.consultancy")


def test_the_corrupted_protocol_breaks_the_statement_by_its_error() -> None:
    broken = statement_breaks(PROTOCOL.corrupted())
    assert broken is not None
    assert "error" in broken


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (lambda: sparse.random_accuracy(EIGHT), 0.802),
        (lambda: sparse.consultancy_accuracy(EIGHT), 0.591),
        (lambda: sparse.debate_accuracy(EIGHT, "right"), 0.904),
        (lambda: sparse.debate_accuracy(EIGHT, "wrong"), 0.904),
        (lambda: sparse.informed_accuracy(EIGHT, sparse.consultant_shows(EIGHT)), 0.975),
        (lambda: sparse.informed_accuracy(EIGHT, sparse.debaters_show(EIGHT)), 0.904),
    ],
)
def test_eight_features_of_which_four_are_shown(found, expected: float) -> None:  # type: ignore[no-untyped-def]
    assert found() == pytest.approx(expected, abs=5e-4)


@pytest.mark.slow
def test_a_trained_judge_turns_the_ranking_round_on_most_questions() -> None:
    naive_prefers, trained_prefers, seeds = 0, 0, 60
    for seed in range(seeds):
        given = sparse.evidence(6, seed)
        debated = (
            sparse.debate_accuracy(given, "right") + sparse.debate_accuracy(given, "wrong")
        ) / 2
        informed = sparse.informed_accuracy(given, sparse.consultant_shows(given))
        against = sparse.informed_accuracy(given, sparse.debaters_show(given))
        naive_prefers += debated > sparse.consultancy_accuracy(given)
        trained_prefers += informed > against
    for count, least in ((naive_prefers, 0.7), (trained_prefers, 0.9)):
        share = Proportion(successes=count, trials=seeds)
        assert bounds(share, alpha_low=0.05, alpha_high=0.0).low > least


def test_the_consultants_best_reply_to_a_naive_judge_is_its_strongest_evidence() -> None:
    for seed in range(5):
        given = sparse.evidence(5, seed)
        by_search = 1 - error(given, naive(given))
        assert sparse.consultancy_accuracy(given) == pytest.approx(by_search, abs=1e-12)


def test_debate_by_exchange_equals_debate_by_backward_induction() -> None:
    given = sparse.evidence(6, 1)
    for case in sparse.cases(given):
        mine, theirs = sparse.strongest(case, 1, 2), sparse.strongest(case, -1, 1)
        assert sparse.debated(case, 3, 1, "right") == pytest.approx(
            sum(case.adds[i] for i in (*mine, *theirs)), abs=1e-12
        )


def test_no_rule_of_a_small_judge_beats_the_one_that_is_found() -> None:
    given = Evidence(weights=(0.3, 0.5, 0.9), shown=1)
    found = sparse.cases(given)
    every = sorted({m for case in found for m in messages(given, case)})
    least = min(
        error(given, frozenset(chosen).__contains__)
        for size in range(len(every) + 1)
        for chosen in itertools.combinations(every, size)
    )
    best = best_rule(given)
    assert best.error == pytest.approx(least, abs=1e-12)
    assert best.least == pytest.approx(least, abs=1e-9)


def test_a_judge_trained_on_frozen_consultants_is_wrong_with_others() -> None:
    informed = sparse.informed_accuracy(EIGHT, sparse.consultant_shows(EIGHT))
    assert 1 - informed < 0.03
    assert error(EIGHT, trained(EIGHT)) > 0.35


def test_persuasion_rises_from_nothing_to_all_that_can_be_persuaded() -> None:
    given = sparse.evidence(6, 0)
    rates = [persuaded(given, naive(given), m) for m in (0, 1, 2, 5, 20)]
    assert rates == sorted(rates)
    assert rates[0] == 0
    assert rates[1] == pytest.approx(
        2
        * sum(
            case.probability
            * sum(map(naive(given), messages(given, case)))
            / len(messages(given, case))
            for case in sparse.cases(given)
            if case.truth < 0
        )
    )
    fooled = sum(
        2 * case.probability
        for case in sparse.cases(given)
        if case.truth < 0 and any(map(naive(given), messages(given, case)))
    )
    assert rates[-1] == pytest.approx(fooled)


def test_random_profiles_stay_below_the_bound() -> None:
    """Judge and consultant err from their best by what they err; the bound covers all of it."""
    given = Evidence(weights=(0.3, 0.5, 0.9), shown=1)
    found = sparse.cases(given)
    sent = [messages(given, case) for case in found]
    optimum = best_rule(given).error
    rng = random.Random(0)
    for _ in range(300):
        sharp = rng.choice((0.3, 1.0, 4.0))
        accept = {m: rng.random() ** sharp for each in sent for m in each}
        mixed = [_mixed(rng, len(each)) for each in sent]
        accepted = [
            sum(p * accept[m] for p, m in zip(mix, each, strict=True))
            for mix, each in zip(mixed, sent, strict=True)
        ]
        best = [max(accept[m] for m in each) for each in sent]
        loss = sum(c.probability * (b - a) for c, a, b in zip(found, accepted, best, strict=True))
        regret = _error(found, best) - optimum
        gap = max(0.0, loss, regret)
        constants = Constants(features=3, shown=1, rule_error=optimum)
        bound = theory(constants, 0.0, gap).disagreement
        assert _error(found, accepted) <= bound + 1e-12


def _mixed(rng: random.Random, size: int) -> list[float]:
    drawn = [rng.random() ** 3 for _ in range(size)]
    return [d / sum(drawn) for d in drawn]


def _error(found: tuple[Case, ...], accepted: list[float]) -> float:
    return sum(
        case.probability * ((1 - a) if case.truth > 0 else a)
        for case, a in zip(found, accepted, strict=True)
    )


def test_the_game_has_the_same_values_as_the_rules_of_the_judge() -> None:
    given = sparse.evidence(3, 0)
    game = Persuasion.of(given)
    for rule in (naive(given), trained(given), best_rule(given).accepted.__contains__):
        wrong = 0.0
        for move in game.moves(game.start()):
            place = game.after(game.start(), move.name)
            features = tuple(map(int, move.name.split()))
            ends = []
            for shown in game.moves(place):
                asked = game.after(place, shown.name)
                chosen = tuple(map(int, shown.name.split()))
                accept = rule((chosen, tuple(features[i] for i in chosen)))
                ends.append(game.end(game.after(asked, "accept" if accept else "reject")))
            wrong += move.probability * max(ends, key=lambda end: end.first).wrong
        assert wrong == pytest.approx(error(given, rule))


def test_an_equilibrium_at_which_the_judge_learns_next_to_nothing() -> None:
    """The consultant shows the lightest feature always; the judge rejects all other messages.

    Neither gains by deviating: the consultant would be rejected, and the judge's rule is Bayes'
    on the message it gets. So 1/2 without commitment cannot be much improved.
    """
    given = Evidence(weights=(0.01, 0.8, 0.9), shown=1)
    weight = dict.fromkeys((-1, 1), 0.0)
    for case in sparse.cases(given):
        weight[case.features[0]] += case.truth * case.probability
    accepts = {((0,), (value,)) for value in weight if weight[value] > 0}
    wrong = sum(
        case.probability
        for case in sparse.cases(given)
        if (((0,), (case.features[0],)) in accepts) != (case.truth > 0)
    )
    assert accepts == {((0,), (1,))}
    assert wrong > 0.49
    assert best_rule(given).error < 0.35
    assert (
        wrong <= theory(Constants(features=3, shown=1, judge_commits=False), 0.0, 0.0).disagreement
    )


def test_a_judge_that_does_not_learn_or_sees_all() -> None:
    fixed = theory(Constants(judge_learns=False), 0.0, 0.0)
    assert fixed.disagreement == 1.0
    assert not fixed.conditions[0].holds
    assert theory(Constants(features=4, shown=4), 0.1, 0.05).disagreement == pytest.approx(0.2)
    known = Constants(rule_error=0.05)
    assert theory(known, 0.1, 0.02).disagreement == pytest.approx(0.19)
    loose = dataclasses.replace(known, judge_commits=False)
    assert theory(loose, 0.1, 0.02).disagreement == pytest.approx(0.64)
    with pytest.raises(ValueError, match="rule_error"):
        Constants(rule_error=0.6)


@pytest.mark.parametrize(
    ("weights", "shown", "says"),
    [((0.5,), 2, "shown"), ((0.5, -1.0), 1, "positive"), ((float("nan"),), 1, "finite")],
)
def test_impossible_evidence_is_refused(weights: tuple[float, ...], shown: int, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        Evidence(weights=weights, shown=shown)
    with pytest.raises(ValueError, match="equal weight"):
        sparse.cases(Evidence(weights=(0.5, 0.5), shown=1))


def test_debate_on_sparse_evidence_as_a_domain() -> None:
    played = sparse.play_debate(6, 0)
    given = sparse.evidence(6, 0)
    assert played.error_high == pytest.approx(
        1 - (sparse.debate_accuracy(given, "right") + sparse.debate_accuracy(given, "wrong")) / 2
    )
    assert played.judge_cost == 3
