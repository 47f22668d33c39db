"""`check_protocol`: what every oversight protocol must be, and that its statement can fail.

Call it in a test of your own: `check_protocol(PROTOCOL)`. It raises `AssertionError` with a
sentence that says what is missing; a protocol that passes can still be wrong, one that does not
pass is.
"""

from __future__ import annotations

import dataclasses
import itertools
import json
import math
import re

from safetycase.plugin.protocols import Attack, Bound, Domain, OversightProtocol, Played
from safetycase.testing.methods import check_light

__all__ = ["check_protocol", "statement_breaks"]

SEEDS = (0, 1, 2)
ERRORS = (0.0, 0.01, 0.05, 0.2)
GAPS = (0.0, 0.01, 0.1, 0.5)
TRIALS = 40
ROUNDING = 1e-9


def check_protocol(protocol: OversightProtocol, *, module: str | None = None) -> None:
    """Hold `protocol` to the contract on every domain, size and attack that it names.

    `module` is where it is defined; with it, importing that module in a fresh process must load
    none of the heavy libraries.
    """
    _declared(protocol)
    if module is not None:
        check_light(module)
    _propagates(protocol)
    assert protocol.domains, "the protocol has no domain whose truth is known"
    for domain in protocol.domains:
        _domain(domain)
    broken = statement_breaks(protocol)
    assert broken is None, f"its own plays break its statement: {broken}"
    planted = protocol.corrupted()
    assert statement_breaks(planted) is not None, (
        "the corrupted protocol keeps the statement on every instance: the check cannot fail"
    )
    assert protocol.attacks, "the protocol names no attack"
    for attack in protocol.attacks:
        _attack(attack, {domain.name for domain in protocol.domains})


def statement_breaks(protocol: OversightProtocol) -> str | None:
    """The first play that the statement, with its default constants, does not allow."""
    constants = protocol.constants()
    for domain in protocol.domains:
        for size in domain.sizes:
            for seed in SEEDS:
                played = domain.play(size, seed)
                bound = protocol.theory(constants, 0.0, played.gap)
                broken = _breaks(played, bound)
                if broken:
                    return f"{domain.name}, size {size}, seed {seed}: {broken}"
    return None


def _breaks(played: Played, bound: Bound) -> str | None:
    if not all(condition.holds for condition in bound.conditions):
        return None
    for name, got, most in (
        ("error", played.error_high, bound.disagreement),
        ("honest cost", played.honest_cost, bound.honest_cost),
        ("judge cost", played.judge_cost, bound.judge_cost),
    ):
        if got > most + ROUNDING * max(1.0, abs(most)):
            return f"{name} {got:.6g}, and the statement allows {most:.6g}"
    return None


def _declared(protocol: OversightProtocol) -> None:
    assert isinstance(protocol, OversightProtocol), f"{type(protocol).__name__} is no protocol"
    assert re.fullmatch(r"[a-z][a-z0-9/-]*", protocol.name), f"`{protocol.name}` is no name"
    assert re.fullmatch(r"\d+\.\d+\.\d+", protocol.version), "`version` is no semantic version"
    for field in ("says", "source", "statement", "human_input"):
        assert getattr(protocol, field).strip(), f"`{field}` is empty"
    assert protocol.limits, "`limits` is empty: every protocol says what it does not show"
    assert protocol.assumes, "`assumes` is empty: no statement about equilibria needs nothing"
    for assumed in protocol.assumes:
        assert assumed.name.strip(), "an assumption has no name"
        assert assumed.says.strip(), f"the assumption `{assumed.name}` says nothing"
    record = protocol.constants
    assert dataclasses.is_dataclass(record), "`constants` is not a dataclass"
    assert record.__dataclass_params__.frozen, "`constants` is not frozen"  # type: ignore[attr-defined]
    from safetycase.argument.schema import record_schema

    json.dumps(record_schema(record))
    names = [domain.name for domain in protocol.domains]
    assert len(names) == len(set(names)), "a domain is declared twice"


def _propagates(protocol: OversightProtocol) -> None:
    """The error bound is a probability and falls in neither argument."""
    constants = protocol.constants()
    table = [[protocol.theory(constants, e, g) for g in GAPS] for e in ERRORS]
    for row in table:
        for bound in row:
            assert 0.0 <= bound.disagreement <= 1.0, f"{bound.disagreement} is no probability"
            failed = [c.name for c in bound.conditions if not c.holds]
            if failed:
                assert bound.disagreement == 1.0, f"`{failed[0]}` fails and a bound is given"
            for condition in bound.conditions:
                assert condition.says.strip(), f"the condition `{condition.name}` says nothing"
            for cost in (bound.honest_cost, bound.opponent_cost, bound.judge_cost):
                assert cost >= 0, "a cost is negative or not a number"
        _rises([bound.disagreement for bound in row], "the equilibrium gap")
    for column in zip(*table, strict=True):
        _rises([bound.disagreement for bound in column], "the judge error")


def _rises(values: list[float], of: str) -> None:
    assert all(b >= a - ROUNDING for a, b in itertools.pairwise(values)), (
        f"the error bound falls when {of} rises: {values}"
    )


def _domain(domain: Domain) -> None:
    assert domain.says.strip(), f"the domain `{domain.name}` says nothing"
    assert domain.unit.strip(), f"the domain `{domain.name}` does not say what costs count"
    assert domain.sizes, f"the domain `{domain.name}` has no size"
    assert list(domain.sizes) == sorted(set(domain.sizes)), f"the sizes of `{domain.name}`"
    truths = set()
    for size in domain.sizes:
        for seed in SEEDS:
            played = domain.play(size, seed)
            where = f"`{domain.name}`, size {size}, seed {seed}"
            assert played == domain.play(size, seed), f"{where}: the same seed gives another play"
            assert 0.0 <= played.error_low <= played.error_high <= 1.0, f"{where}: error"
            assert played.gap >= 0, f"{where}: a negative gap"
            costs = (played.honest_cost, played.opponent_cost, played.judge_cost)
            assert all(math.isfinite(c) and c >= 0 for c in costs), f"{where}: costs"
            assert played.certificate.strip(), f"{where}: nothing certifies the play"
            truths.add(played.truth)
    if domain.rules is not None:
        assert domain.small, f"`{domain.name}` has rules and names no small size"
        _playable(domain)


def _playable(domain: Domain) -> None:
    """The smallest game of the domain ends, with probabilities, on every path."""
    assert domain.rules is not None
    rules = domain.rules(domain.small[0], 0)
    waiting, ends = [rules.start()], 0
    while waiting and ends < 20_000:
        position = waiting.pop()
        turn = rules.turn(position)
        if turn == "end":
            end = rules.end(position)
            assert 0.0 <= end.wrong <= 1.0, f"`{domain.name}`: `wrong` is {end.wrong}"
            assert math.isfinite(end.first), f"`{domain.name}`: a payoff is not finite"
            assert math.isfinite(end.second), f"`{domain.name}`: a payoff is not finite"
            ends += 1
            continue
        moves = rules.moves(position)
        assert moves, f"`{domain.name}`: {turn} has no move at {position!r}"
        if turn == "chance":
            total = math.fsum(float(move.probability) for move in moves)
            assert abs(total - 1) < ROUNDING, f"`{domain.name}`: chance adds up to {total}"
        else:
            hash(rules.sees(position))
        waiting += [rules.after(position, move.name) for move in moves]
    assert ends, f"`{domain.name}`: the game has no end"


def _attack(attack: Attack, domains: set[str]) -> None:
    assert attack.says.strip(), f"the attack `{attack.name}` says nothing"
    assert attack.domain in domains, (
        f"the attack `{attack.name}` names no domain of it: {attack.domain}"
    )
    assert attack.sizes, f"the attack `{attack.name}` has no size"
    for budget in (0.0, 1.0):
        found = attack.run(attack.sizes[0], budget, TRIALS, 0)
        assert found == attack.run(attack.sizes[0], budget, TRIALS, 0), (
            f"the attack `{attack.name}` differs with the same seed"
        )
        if found.exact is None:
            assert 0 <= found.successes <= found.trials, f"the counts of `{attack.name}`"
            assert found.trials > 0, f"the attack `{attack.name}` gives neither rate nor trials"
        else:
            assert 0.0 <= found.exact <= 1.0, f"the rate of `{attack.name}` is {found.exact}"
