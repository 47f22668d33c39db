"""From rates by depth and counted work on primes to statistics, checks and pictures."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from safetycase.methods.oversight.domains.obfuscated import (
    Obfuscated,
    found_by_checks,
    recursive_debate_win,
)
from safetycase.methods.oversight.obfuscation.primes import Primes, Work, passed, play_primes
from safetycase.methods.oversight.obfuscation.rates import (
    NAMES,
    Name,
    Setting,
    dishonest_obfuscated,
    dishonest_stable,
    honest_brittle,
    honest_stable,
    judge_cost,
)
from safetycase.methods.oversight.protocols.prover_estimator.one_round import all_true, solve
from safetycase.methods.oversight.protocols.prover_estimator.plays import INTERVALS
from safetycase.methods.oversight.protocols.prover_estimator.switches import Switches
from safetycase.plugin.contract import Curve, InstrumentCheck, Measurement, Plot, Progress
from safetycase.stats import Exact, Proportion, Statistic, bounds, clopper_pearson

__all__ = ["Plan", "analyse"]

SIMULATED, ALPHA = 400, 0.001
MULTIPLES = (0.0, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Which protocol the main numbers are of, which depths and sizes, and how each is set."""

    protocol: Name
    depths: tuple[int, ...]
    bits: tuple[int, ...]
    setting: Setting
    primes: Primes


def analyse(plan: Plan, progress: Progress) -> Measurement:
    """All rates by depth, all plays on primes, and what was compared with a simulation."""
    steps = len(plan.depths) + len(plan.bits)
    rates = _Rates(plan, lambda done, note: progress(done, steps, note))
    work: dict[int, Work] = {}
    for done, bits in enumerate(plan.bits, start=len(plan.depths)):
        progress(done, steps, f"products of {bits} bits")
        work[bits] = play_primes(bits, plan.primes)
    progress(steps, steps, "")
    return Measurement(
        quantities=_quantities(plan, rates, work),
        counts={
            "planned": plan.primes.trials * len(plan.bits),
            "scored": plan.primes.trials * len(plan.bits),
            "unscored": 0,
            "failed": 0,
        },
        effort=_effort(plan, work),
        instrument=(_simulated(plan.setting), _searching(plan)),
        plots=(*rates.pictures(), _by_compute(plan), *_prime_picture(plan, work)),
        diagnostics=_judge(plan) | _told(plan, work),
    )


class _Rates:
    """The four rates by protocol, over the depths."""

    def __init__(self, plan: Plan, step: Callable[[int, str], None]) -> None:
        self.plan = plan
        self.kinds: Mapping[str, Callable[[Name, int, Setting], float]] = {
            "obfuscated": dishonest_obfuscated,
            "stable": dishonest_stable,
            "honest stable": honest_stable,
            "honest brittle": honest_brittle,
        }
        self.found: dict[tuple[str, Name], list[float]] = {}
        for done, depth in enumerate(plan.depths):
            step(done, f"depth {depth}")
            for kind, rate in self.kinds.items():
                for name in NAMES:
                    self.found.setdefault((kind, name), []).append(rate(name, depth, plan.setting))

    def other_looks(self) -> tuple[str, tuple[float, ...]]:
        """The estimator's line on obfuscated claims, with looks of the other kind."""
        setting = self.plan.setting
        other = replace(setting, private=not setting.private)
        kind = "private" if other.private else "shared"
        rates = (dishonest_obfuscated(NAMES[-1], d, other) for d in self.plan.depths)
        return f"{NAMES[-1]}, {kind} looks", tuple(rates)

    def pictures(self) -> tuple[Plot, ...]:
        """The dishonest and the honest side's rates, on both kinds of arguments."""
        width, wide = self.plan.setting.width, self.plan.setting.stable_width
        return (
            self.curve("obfuscated", f"False, obfuscated: {width}-way conjunctions", "liar wins"),
            self.curve("stable", f"False, stable: majorities of {wide}", "liar wins"),
            self.curve("honest stable", f"True, stable: majorities of {wide}", "accepted"),
            self.curve("honest brittle", f"True, brittle: {width}-way conjunctions", "accepted"),
        )

    def curve(self, kind: str, title: str, y_label: str) -> Curve:
        """One picture: a line for each protocol."""
        lines: dict[str, tuple[float, ...]] = {
            name: tuple(self.found[kind, name]) for name in NAMES
        }
        first = lines.pop(NAMES[0])
        if kind == "obfuscated" and self.plan.setting.looks:
            label, rates = self.other_looks()
            lines[label] = rates
        return Curve(
            title=title,
            x_label="depth",
            y_label=y_label,
            x=tuple(float(depth) for depth in self.plan.depths),
            y=first,
            low=first,
            high=first,
            line=NAMES[0],
            lines=lines,
        )


def _quantities(plan: Plan, rates: _Rates, work: Mapping[int, Work]) -> dict[str, Statistic]:
    def exact(kind: str, name: Name, *, worst: Callable[[Sequence[float]], float]) -> Exact:
        value = worst(rates.found[kind, name])
        bounds_by: Mapping[Name, str] = {
            "debate": "exactly",
            "doubly-efficient": "bounded by its theorem",
            "prover-estimator": "with the estimator's best consistent numbers",
        }
        bound = bounds_by[name]
        return Exact(value=value, says=f"the worst of depths {_listed(plan.depths)}, {bound}")

    own = plan.protocol
    quantities: dict[str, Statistic] = {
        "attack_success": exact("obfuscated", own, worst=max),
        "honest_success_stable": exact("honest stable", own, worst=min),
        "honest_success_brittle": exact("honest brittle", own, worst=min),
        "dishonest_success_stable": exact("stable", own, worst=max),
    }
    for name in NAMES:
        key = f"attack_success_{name.replace('-', '_')}"
        quantities[key] = exact("obfuscated", name, worst=max)
    costs = [judge_cost(own, depth, plan.setting, stable=False) for depth in plan.depths]
    quantities["judge_cost"] = Exact(value=max(costs), says="at the depth where it is most")
    if work:
        largest = max(work)
        for key, name in (("prime_attack_success", own), ("prime_attack_success_debate", NAMES[0])):
            quantities[key] = passed(work[largest], plan.primes, name)
    return quantities


def _listed(depths: tuple[int, ...]) -> str:
    return ", ".join(str(depth) for depth in depths)


def _effort(plan: Plan, work: Mapping[int, Work]) -> dict[str, str]:
    setting = plan.setting
    kind = "private" if setting.private else "shared"
    told = {
        "leaves looked at": f"honest {setting.looks}, liar {setting.sides.prover}, {kind}",
    }
    for bits, found in work.items():
        told[f"products of {bits} bits"] = (
            f"{plan.primes.trials}; {found.shown:.0f} operations to show one composite, "
            f"{found.searched:.0f} to search for its factor"
        )
    return told


def _judge(plan: Plan) -> dict[str, str]:
    """What the verifier of doubly-efficient debate costs, beside reading everything."""
    told = {}
    for depth in plan.depths:
        brittle, stable = (
            judge_cost("doubly-efficient", depth, plan.setting, stable=kind)
            for kind in (False, True)
        )
        told[f"doubly-efficient judge, depth {depth}"] = (
            f"at most {brittle:.3g} answers on the conjunction of "
            f"{plan.setting.width**depth} leaves, {stable:.3g} on the majorities of "
            f"{plan.setting.stable_width**depth}; the other protocols ask for 1"
        )
    return told


def _told(plan: Plan, work: Mapping[int, Work]) -> dict[str, str]:
    if not work:
        return {}
    switches = Switches(growth=plan.primes.growth)
    stake, first = switches.weight(1), switches.weight(0)
    true = solve(all_true(INTERVALS, INTERVALS), stake=stake, first=first, switches=switches)
    verdict = "accepts" if true.root_low >= 0.5 else "rejects"
    told = {
        "a true prime by the same argument": f"prover-estimator debate {verdict} it: the "
        f"estimator's best number is {true.root_low:.3g} for {INTERVALS} intervals"
    }
    return told | {
        f"factors at {bits} bits": f"the honest side found {found.factored}, the liar "
        f"{found.informed}"
        for bits, found in work.items()
    }


def _simulated(setting: Setting) -> InstrumentCheck:
    """The formula for looks at a hidden leaf, against plays that draw them."""
    instance = Obfuscated(width=setting.width, depth=2)
    checks = min(setting.looks, instance.leaves // 2)
    found = sum(found_by_checks(instance, checks, seed) for seed in range(SIMULATED))
    span = clopper_pearson(found, SIMULATED, alpha_low=ALPHA, alpha_high=ALPHA)
    wanted = 1 - float(recursive_debate_win(instance, checks))
    return InstrumentCheck(
        name="plays with drawn looks agree with the formula",
        passed=span.low <= wanted <= span.high,
        detail=f"{found} of {SIMULATED} met the false leaf, where {wanted:.4g} is expected",
    )


def _searching(plan: Plan) -> InstrumentCheck:
    """That the search can find a factor at all: with much more work on a small product."""
    hard = replace(plan.primes, trials=20, effort=2_000.0, attacker=1.0)
    found = play_primes(20, hard)
    return InstrumentCheck(
        name="the search finds factors when it may",
        passed=found.factored >= 18,
        detail=f"{found.factored} of 20 products of 20 bits factored with 2,000 times the work",
    )


def _by_compute(plan: Plan) -> Curve:
    """The liar's wins by her looks as a multiple of the honest side's, at the middle depth."""
    depth = plan.depths[len(plan.depths) // 2]
    looks = max(1, plan.setting.looks)

    def line(name: Name, honest: int) -> tuple[float, ...]:
        return tuple(
            dishonest_obfuscated(
                name, depth, replace(plan.setting, looks=honest, attacker=m * looks / honest)
            )
            for m in MULTIPLES
        )

    shown: tuple[tuple[Name, int], ...] = (
        ("debate", looks),
        *(("prover-estimator", factor * looks) for factor in (1, 2, 4)),
    )
    lines = {f"{name}, honest looks {honest}": line(name, honest) for name, honest in shown}
    first = next(iter(lines))
    y = lines.pop(first)
    return Curve(
        title=f"The liar's wins by compute, obfuscated, depth {depth}",
        x_label=f"leaves the liar looks at, in units of {looks}",
        y_label="liar wins",
        x=MULTIPLES,
        y=y,
        low=y,
        high=y,
        line=first,
        lines=lines,
        marks={"as many as the honest side": 1.0},
    )


def _prime_picture(plan: Plan, work: Mapping[int, Work]) -> tuple[Plot, ...]:
    if len(work) < 2:
        return ()
    trials = plan.primes.trials
    counts = [Proportion(successes=one.wins["debate"], trials=trials) for one in work.values()]
    spans = [bounds(count, alpha_low=0.025, alpha_high=0.025) for count in counts]
    return (
        Curve(
            title="A product of two primes passes as prime",
            x_label="bits",
            y_label="liar wins",
            x=tuple(float(bits) for bits in work),
            y=tuple(one.wins["debate"] / trials for one in work.values()),
            low=tuple(span.low for span in spans),
            high=tuple(span.high for span in spans),
            line="debate, doubly-efficient",
            band="95 % interval",
            lines={
                "prover-estimator": tuple(
                    one.wins["prover-estimator"] / trials for one in work.values()
                )
            },
        ),
    )
