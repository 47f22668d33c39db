"""Every shipped oversight protocol on every domain it has: errors, costs, attacks, assumptions."""

from __future__ import annotations

from dataclasses import dataclass

from safetycase.plugin.entries import declared
from safetycase.plugin.protocols import GROUP, Attack, Domain, OversightProtocol, protocol
from safetycase.stats import Proportion, bounds

SEEDS, TRIALS = 20, 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One protocol on one domain, at the largest of its sizes."""

    protocol: OversightProtocol
    domain: Domain
    size: int
    error: float
    honest: float
    opponent: float
    judge: float
    attacks: tuple[str, ...]


def protocols() -> list[OversightProtocol]:
    """Those of this package, by name."""
    ours = {e.name for e in declared(GROUP) if e.package == "safetycase"}
    return [protocol(name) for name in sorted(ours)]


def rows() -> list[Row]:
    """The table, a row for each protocol and domain."""
    return [_row(found, domain) for found in protocols() for domain in found.domains]


def _row(found: OversightProtocol, domain: Domain) -> Row:
    size = domain.sizes[-1]
    plays = [domain.play(size, seed) for seed in range(SEEDS)]
    return Row(
        protocol=found,
        domain=domain,
        size=size,
        error=sum(p.error_high for p in plays) / len(plays),
        honest=sum(p.honest_cost for p in plays) / len(plays),
        opponent=sum(p.opponent_cost for p in plays) / len(plays),
        judge=sum(p.judge_cost for p in plays) / len(plays),
        attacks=tuple(_attack(a) for a in found.attacks if a.domain == domain.name),
    )


def _attack(attack: Attack) -> str:
    found = [attack.run(attack.sizes[-1], 1.0, TRIALS, seed) for seed in range(SEEDS)]
    if all(one.exact is not None for one in found):
        rates = sorted(one.exact or 0.0 for one in found)
        mean = sum(rates) / len(rates)
        spread = f" ({rates[0]:.3g} to {rates[-1]:.3g})" if rates[-1] > rates[0] + 1e-9 else ""
        return f"{attack.name}: {mean:.3g}{spread}"
    counted = Proportion(successes=found[0].successes, trials=found[0].trials)
    ends = bounds(counted, alpha_low=0.025, alpha_high=0.025)
    rate = found[0].successes / found[0].trials
    return f"{attack.name}: {rate:.3g} [{ends.low:.3g}, {ends.high:.3g}]"


def table() -> list[str]:
    """The table as Markdown."""
    lines = [
        "| protocol | domain, size | error at one equilibrium | honest cost | judge cost | "
        "attacks at matched compute | assumes |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in rows():
        assumes = "; ".join(a.name for a in row.protocol.assumes)
        lines.append(
            f"| {row.protocol.name} | {row.domain.name}, {row.size} | {row.error:.3g} | "
            f"{row.honest:.4g} | {row.judge:.4g} {row.domain.unit} | "
            f"{'; '.join(row.attacks) or 'none here'} | {assumes} |"
        )
    return [
        *lines,
        "",
        f"Means over {SEEDS} instances of the stated size; attacks on {TRIALS} instances with 95 % "
        "intervals, or exactly on as many instances as the means. The error is that of the "
        "equilibrium which the solver returns: a "
        "lower bound on that of all of them, which `oversight/equilibria` bounds from above.",
    ]


if __name__ == "__main__":
    print("\n".join(table()))
