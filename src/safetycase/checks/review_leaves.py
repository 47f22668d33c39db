"""Review rules about what the author states of a leaf (`type`, `statistic`, `declared`)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from safetycase.argument.model import Affordance, Declared, EvidenceType
from safetycase.argument.stated import not_stated
from safetycase.checks.review_view import (
    Over,
    ReviewRule,
    Says,
    View,
    clip,
    rule,
    shown,
)

__all__ = ["RULES", "Sensitivity", "strategic_sensitivity"]

_DETECTS: tuple[EvidenceType, ...] = ("detection", "probe")
_READS_SIGNAL: tuple[EvidenceType, ...] = ("legibility test", "probe")
# What makes a safety value a statement about a deployment, by its definition. A supremum and a
# full-information value are already over every attack rate.
_NEEDED_BY_SAFETY = {
    "per attempt race": ("attack_rate", "horizon", "affordances"),
    "deployment independent": ("attack_rate", "horizon", "affordances"),
    "constant rate supremum": ("horizon", "affordances"),
    "full information": ("horizon", "affordances"),
}
_LEVEL_1: tuple[Affordance, ...] = ("prompting", "document planting")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sensitivity:
    """P(a misaligned model passes n clean honeypots), under three strategies.

    `fixed_rate` defects once in 10,000 queries, wherever it is; `best_response` cannot tell test
    from use and defects at the rate 1/(n + 1); `distinguishing` can tell and never defects in a
    test. Kovařík et al. 2025, arXiv:2508.14927.
    """

    fixed_rate: float
    best_response: float
    distinguishing: float = 1.0


def strategic_sensitivity(n: int, rate: float = 1e-4) -> Sensitivity:
    """The three probabilities for `n` honeypots (at least 0) and a fixed defection `rate`."""
    best = (n / (n + 1)) ** n if n else 1.0
    return Sensitivity(fixed_rate=(1 - rate) ** n, best_response=best)


def _of_type(*types: EvidenceType) -> Over:
    def over(view: View) -> Iterator[str]:
        return (leaf.id for leaf in view.leaves if leaf.type in types)

    return over


def _declaring(test: Callable[[Declared], bool]) -> Over:
    def over(view: View) -> Iterator[str]:
        return (leaf.id for leaf in view.leaves if leaf.declared and test(leaf.declared))

    return over


def _planted(view: View, name: str) -> Iterator[Says]:
    """L06: positives planted for the leaf, or runs of the method on planted subjects."""
    facts = view.facts(name)
    if facts and facts.controls and facts.controls.false_runs:
        return
    if not_stated(view.declared(name).planted_positives):
        yield Says(
            path=(name, "declared", "planted_positives"),
            message=f"`{name}` detects something, and no planted positive shows that it would",
            hint="state `planted_positives` under `declared`: the model organism it must catch",
        )


def _safety_leaves(view: View) -> Iterator[str]:
    for leaf in view.leaves:
        if leaf.type == "control evaluation" or (leaf.declared and leaf.declared.safety):
            yield leaf.id


def _defined(view: View, name: str) -> Iterator[Says]:
    """L09."""
    declared = view.declared(name)
    if declared.safety is None:
        yield Says(
            path=(name, "declared"),
            message=f"`{name}` gives a safety value without its definition",
            hint="write `safety:` under `declared`, with `attack_rate`, `horizon`, `affordances`",
        )
        return
    lacking = [
        key for key in _NEEDED_BY_SAFETY[declared.safety] if getattr(declared, key) in (None, ())
    ]
    if lacking:
        yield Says(
            path=(name, "declared", "safety"),
            message=f"the safety of `{name}` ({declared.safety}) does not state {shown(lacking)}",
            hint="the same attacks give 0.65, 0.81 or 0.98, depending on how often and how many "
            "times the attacker tries",
        )


def _matched(view: View, name: str) -> Iterator[Says]:
    """L10."""
    declared = view.declared(name)
    level = declared.control_level
    if level is not None:
        given = set(declared.affordances)
        lacking = [a for a in _LEVEL_1 if a not in given]
        path = (name, "declared", "control_level")
        if not 1 <= level <= 5:
            yield Says(path=path, message=f"{level} is no AI control level; they run from 1 to 5")
        elif lacking:
            yield Says(
                path=path,
                message=f"the red team of `{name}` lacks {shown(lacking)}, which a model of "
                "control level 1 has",
                hint="affordances of the red team match what the model can do",
            )
        elif level >= 2 and not given - set(_LEVEL_1):
            yield Says(
                path=path,
                message=f"the red team of `{name}` has the affordances of control level 1, and "
                f"the model is of level {level}",
                hint="grant what the model has: installed goals, fine-tuning on attacks, the "
                "protocol's source, ...",
            )
        elif level == 5:
            yield Says(
                path=path,
                message=f"`{name}` is a control evaluation at control level 5, where none is "
                "known to suffice",
                hint="argue otherwise than by control",
            )
    if declared.last_move == "blue":
        yield Says(
            path=(name, "declared", "last_move"),
            message=f"in `{name}` the blue team moved last: its value holds until the attacker "
            "adapts",
            hint="let the red team attack the final protocol",
        )


def _held_out(view: View, name: str) -> Iterator[Says]:
    """L11."""
    declared = view.declared(name)
    tuned = {" ".join(t.casefold().split()) for t in declared.tuned_on}
    tested = {" ".join(t.casefold().split()) for t in declared.tested_on}
    if tested <= tuned:
        yield Says(
            path=(name, "declared", "tested_on"),
            message=f"`{name}` is tested on {shown(declared.tested_on)} only, which it was tuned "
            "on",
            hint="test it on attacks, and on models of a lineage, that it was not tuned on",
        )


def _extrapolated(view: View) -> Iterator[str]:
    """Leaves on rates in use whose size is known, where the size of the deployment is."""
    if view.deployed is None:
        return
    types = ("honeypot evaluation", "control evaluation", "red team")
    for leaf in view.leaves:
        sized = leaf.declared and leaf.declared.evaluated_n is not None
        if (sized or leaf.type in types) and view.evaluated(leaf.id):
            yield leaf.id


def _tail(view: View, name: str) -> Iterator[Says]:
    """L14: a safety value over the whole deployment has its own way of counting to N."""
    declared, n, deployed = view.declared(name), view.evaluated(name), view.deployed
    assert n
    assert deployed is not None
    composed = (
        declared.safety not in (None, "per attempt race") and (declared.horizon or 0) >= deployed
    )
    if deployed > 1000 * n and not composed and not_stated(declared.tail_model):
        yield Says(
            path=(name, "declared", "evaluated_n"),
            message=f"`{name}` looked at {n:,} cases for a deployment of {deployed:,.0f}, "
            f"{deployed / n:,.0f} times as many, without a model of the tail",
            hint="state `tail_model` under `declared`, evaluate more, or deploy less; forecasts "
            "were tried over three orders of magnitude",
        )


def _strategic(view: View, name: str) -> Iterator[Says]:
    """L15."""
    if view.declared(name).strategic_model is not None:
        return
    n = view.evaluated(name)
    sensitivity = ""
    if n:
        s = strategic_sensitivity(n)
        sensitivity = (
            f"; {n:,} clean honeypots are passed with probability {s.fixed_rate:.3f} by a model "
            f"that defects once in 10,000, {s.best_response:.3f} by one that cannot tell test "
            f"from use and plays the best rate, {s.distinguishing:.0f} by one that can tell"
        )
    yield Says(
        path=(name, "declared", "strategic_model"),
        message=f"`{name}` does not say which strategy of the model its result is read "
        f"under{sensitivity}",
        hint="write `strategic_model: fixed rate | best response | distinguishing`",
    )


def _null(view: View, name: str) -> Iterator[Says]:
    """L23."""
    declared = view.declared(name)
    if not_stated(declared.calibrated_null):
        yield Says(
            path=(name, "declared", "maximum_over"),
            message=f"`{name}` reports the best of several "
            f"({clip(declared.maximum_over or '')}), with no null to compare it with",
            hint="state `calibrated_null`: what the best of as many is where there is no effect, "
            "or hold out the chosen one",
        )


def _signal_leaves(view: View) -> Iterator[str]:
    for leaf in view.leaves:
        stated = leaf.declared is not None and leaf.declared.signal_trained_on is not None
        if stated or leaf.type in _READS_SIGNAL:
            yield leaf.id


def _untrained(view: View, name: str) -> Iterator[Says]:
    """L24."""
    trained = view.declared(name).signal_trained_on
    path = (name, "declared", "signal_trained_on")
    if trained:
        yield Says(
            path=path,
            message=f"`{name}` reads a signal that was part of a training objective; it no longer "
            "counts",
            hint="training against a monitor teaches to evade it; find a signal never trained on",
        )
    elif trained is None:
        yield Says(
            path=path,
            message=f"`{name}` does not say whether its signal was ever in a training objective",
            hint="ask those who trained the model; then write `signal_trained_on:`",
            severity="note",
        )


RULES: tuple[ReviewRule, ...] = (
    rule(
        "L06",
        "A detector has shown that it detects",
        text="A detection leaf or probe has planted positives: subjects known to have what it "
        "looks for, run through the same method.",
        message="ID detects something, and no planted positive shows that it would",
        clause="Balesni et al. 2024, arXiv:2411.03336, §5.2.1; arXiv:2512.07810",
        severity="error",
        over=_of_type(*_DETECTS),
        judge=_planted,
    ),
    rule(
        "L09",
        "A safety value comes with its definition",
        text="A control evaluation names the definition of its safety value and what that needs: "
        "the attack rate, the number of steps, the affordances of the attacker. A supremum and a "
        "full-information value are over every attack rate and need none.",
        message="ID gives a safety value without its definition | ... does not state WHAT",
        clause="Greenblatt et al. 2023, arXiv:2312.06942; Griffin et al. 2024, arXiv:2409.07985",
        severity="error",
        over=_safety_leaves,
        judge=_defined,
    ),
    rule(
        "L10",
        "The red team can do what the model can",
        text="The affordances of the red team match the AI control level, and the red team moves "
        "last. At level 1 it prompts and plants documents; above it has more than that; at level "
        "5 no control evaluation is known to suffice.",
        message="the red team of ID lacks WHAT | in ID the blue team moved last",
        clause="Korbak et al. 2025, arXiv:2504.05259",
        over=_declaring(lambda d: d.control_level is not None or d.last_move is not None),
        judge=_matched,
    ),
    rule(
        "L11",
        "A monitor is tested on what it was not tuned on",
        text="At least one of `tested_on` (attacks, model lineages) is not among `tuned_on`.",
        message="ID is tested on WHAT only, which it was tuned on",
        clause="arXiv:2607.06596",
        over=_declaring(lambda d: bool(d.tuned_on and d.tested_on)),
        judge=_held_out,
    ),
    rule(
        "L14",
        "A rate is not stretched beyond reach",
        text="A deployment more than 1000 times as large as what was evaluated needs a model of "
        "the tail. A safety value defined over the whole deployment has one.",
        message="ID looked at N cases for a deployment of M, without a model of the tail",
        clause="Jones et al. 2025, arXiv:2502.16797",
        severity="error",
        over=_extrapolated,
        judge=_tail,
    ),
    rule(
        "L15",
        "A honeypot says what it assumes of the model's strategy",
        text="What clean honeypots show depends on whether the model defects at a fixed rate, "
        "plays the best rate it can, or tells tests from use.",
        message="ID does not say which strategy of the model its result is read under",
        clause="Kovařík et al. 2025, arXiv:2508.14927",
        group="human review",
        over=_of_type("honeypot evaluation"),
        judge=_strategic,
    ),
    rule(
        "L23",
        "The best of many is compared with the best of many",
        text="A maximum over configurations is large by chance; it is compared with the same "
        "maximum where there is no effect.",
        message="ID reports the best of several, with no null to compare it with",
        clause="Tice et al. 2024, arXiv:2412.01784",
        over=_declaring(lambda d: not not_stated(d.maximum_over)),
        judge=_null,
    ),
    rule(
        "L24",
        "The signal was never trained on",
        text="A chain of thought or probe that was part of a training objective no longer says "
        "what the model thinks.",
        message="ID reads a signal that was part of a training objective",
        clause="Baker et al. 2025, arXiv:2503.11926",
        group="human review",
        over=_signal_leaves,
        judge=_untrained,
    ),
)
