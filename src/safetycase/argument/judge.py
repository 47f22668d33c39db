"""What a changed field means for a reviewer: a name for the change, and whether it loosens.

A change *loosens* if the case asks for less, watches less, doubts less or covers more than before
by the same evidence. A reviewer reads these first.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

from safetycase.argument import model
from safetycase.argument.compare import compare
from safetycase.argument.graph import rule_of
from safetycase.argument.judge_monitor import MONITOR_RULES
from safetycase.argument.judgements import (
    Direction,
    Judge,
    Judgement,
    by_size,
    duration,
    fact,
    flag,
    members,
    optional,
)

__all__ = ["ADDED", "REMOVED", "Direction", "Judgement", "judge", "judge_header"]

ADDED: Mapping[str, Judgement] = {
    "assumption": Judgement("assumption added", "loosens"),
    "defeater": Judgement("defeater raised", "tightens"),
    "problem": Judgement("problem opened", "tightens"),
    "monitor": Judgement("monitor added", "tightens"),
    "hazard": Judgement("hazard added", "tightens"),
    "dependence": Judgement("dependence declared", "loosens"),
}
REMOVED: Mapping[str, Judgement] = {
    "assumption": Judgement("assumption removed"),
    "defeater": Judgement("defeater removed", "loosens"),
    "problem": Judgement("problem closed", "loosens"),
    "monitor": Judgement("monitor removed", "loosens"),
    "hazard": Judgement("hazard removed", "loosens"),
    "dependence": Judgement("declared dependence removed", "tightens"),
    "context": Judgement("context removed", "loosens"),
}


def judge(old: model.Element, new: model.Element, field: str) -> Judgement:
    """The change of one field of an element (references already brought to the new ids)."""
    rule = _RULES.get((type(new), field)) or _ANY.get(field)
    before, after = getattr(old, field), getattr(new, field)
    return rule(before, after, old, new) if rule else Judgement(f"{field.rstrip('_')} changed")


def judge_header(path: str, before: Any, after: Any) -> Judgement:
    """The change of one fact of the header, named by its dotted path."""
    if path == "target":
        return by_size("target", "lowered", "raised", less="loosens")(before, after, None, None)
    if path in ("deployment.volume", "deployment.horizon", "deployment.users"):
        return fact(path.split(".")[1])(before, after, None, None)
    if path == "maturity":
        riper = _RIPE.index(after) > _RIPE.index(before)
        what = "maturity raised" if riper else "maturity lowered"
        return Judgement(what, "loosens" if riper else "tightens")
    if path == "decision.expires":
        return by_size("decision", "ends earlier", "extended", less="tightens")(
            before, after, None, None
        )
    if path == "reviewers" and {r.name for r in after if r.external} - {
        r.name for r in before if r.external
    }:
        # A policy may ask for somebody of another house, and this says who is one.
        return Judgement("reviewer called external", "loosens")
    if path in ("profiles", "authors", "reviewers"):  # who is no author any more may sign
        return members(path, removed="loosens", added="tightens")(before, after, None, None)
    return Judgement(f"{path} changed")


def _criterion(before: Any, after: Any, _old: Any, _new: Any) -> Judgement:
    if before is None:
        return Judgement("criterion added")  # evidence can meet it that could show nothing before
    if after is None:
        return Judgement("criterion removed", "loosens")
    return {
        "same": Judgement("criterion rewritten, same meaning"),
        "looser": Judgement("criterion loosened", "loosens"),
        "tighter": Judgement("criterion tightened", "tightens"),
        "changed": Judgement("criterion changed"),
    }[compare(before, after)]


_RIPE = ("sketch", "template", "full")
"""What the release gate lets through stands last."""

_STRENGTH = {"any": 0, "k of n": 1, "all": 2}


def _rule(_before: Any, _after: Any, old: Any, new: Any) -> Judgement:
    was, now = rule_of(old), rule_of(new)
    if was == now:
        return Judgement("rule stated otherwise")
    if was in _STRENGTH and now in _STRENGTH:
        looser = _STRENGTH[now] < _STRENGTH[was]
        return Judgement("rule changed", "loosens" if looser else "tightens")
    return Judgement("rule changed")


def _kind(_before: Any, _after: Any, old: Any, new: Any) -> Judgement:
    return Judgement("kind of step changed", _rule(None, None, old, new).direction)


def _premises(before: Any, after: Any, old: Any, new: Any) -> Judgement:
    """Where some of the legs suffice a further one loosens; where all are needed one less does.

    What a premise more or less does to a calculation, its formula alone could tell.
    """
    rules = {rule_of(old), rule_of(new)}
    if "calculate" in rules:
        return members("premise")(before, after, None, None)
    either = bool(rules & {"any", "k of n"})
    rule = members(
        "premise",
        removed="tightens" if either else "loosens",
        added="loosens" if either else "tightens",
    )
    return rule(before, after, None, None)


def _owner(before: Any, after: Any, _old: Any, _new: Any) -> Judgement:
    if after is None:
        return Judgement("owner lost", "loosens")
    return Judgement("owner added" if before is None else "owner changed")


def _expiry(before: Any, after: Any, _old: Any, _new: Any) -> Judgement:
    if after is None:
        return Judgement("expiry removed", "loosens")
    if before is None:
        return Judgement("expiry added", "tightens")
    later = after > before
    return Judgement("expiry later", "loosens") if later else Judgement("expiry sooner", "tightens")


def _plan(before: Any, after: Any, _old: Any, _new: Any) -> Judgement:
    was, now = before or model.Plan(), after or model.Plan()
    looser = now.attempts != was.attempts or any(
        a is not None and (b is None or b < a)
        for a, b in ((was.n, now.n), (was.clusters, now.clusters))
    )
    looser |= _budget(now) > _budget(was) or _tries(now) > _tries(was)
    return Judgement("plan weakened", "loosens") if looser else Judgement("plan changed")


SPARE = 2
"""Attempts beyond the planned ones that a plan without a stated budget allows, as in `ledger`."""

EXPLORATORY = 10
"""Exploratory runs that a plan without a stated number allows, as in `ledger`."""


def _budget(plan: model.Plan) -> int:
    return max(1, plan.attempts) + SPARE if plan.budget is None else plan.budget


def _tries(plan: model.Plan) -> int:
    return EXPLORATORY if plan.exploratory is None else plan.exploratory


def _identity(before: Any, after: Any, _old: Any, _new: Any) -> Judgement:
    known = get_args(model.Identity)
    was, now = (known.index(word) if word else len(known) for word in (before, after))
    if now > was:
        return Judgement("subject may be less surely known", "loosens")
    return Judgement("subject has to be more surely known", "tightens")


def _effort(before: Any, after: Any, _old: Any, _new: Any) -> Judgement:
    """Less of anything that was asked for, or not asked for any more."""
    for name, was in before.items():
        now = after.get(name)
        if name == "access" and was in _ACCESS and now in _ACCESS:
            was, now = _ACCESS.index(was), _ACCESS.index(now)
        numbers = all(isinstance(x, int | float) for x in (was, now))
        if now is None or (now < was if numbers else now != was):
            return Judgement("effort lowered", "loosens")
    return Judgement("effort raised", "tightens")


_ACCESS = get_args(model.Access)


def _prior(before: Any, after: Any, _old: Any, _new: Any) -> Judgement:
    if before is None or after is None:
        return optional("prior", lost="loosens", gained="tightens")(before, after, None, None)
    numbers = ("holds", "valid", "with_probability", "floor")
    pairs = [(getattr(before, name) or 0, getattr(after, name) or 0) for name in numbers]
    rates = before.rate_at_most, after.rate_at_most
    looser = any(now > was for was, now in pairs) or (None not in rates and rates[1] < rates[0])
    return Judgement("prior raised", "loosens") if looser else Judgement("prior changed")


def _credence(before: Any, after: Any, _old: Any, _new: Any) -> Judgement:
    if before is None:
        return Judgement("credence added", "loosens")
    if after is None:
        return Judgement("credence removed", "tightens")
    up = after.at_least > before.at_least or after.at_most > before.at_most
    return Judgement("credence raised", "loosens") if up else Judgement("credence changed")


def _accepted(before: Any, after: Any, _old: Any, _new: Any) -> Judgement:
    if before is None:
        return Judgement("doubt accepted", "loosens")
    if after is None:
        return Judgement("acceptance withdrawn", "tightens")
    less = after.doubt < before.doubt or after.expires > before.expires
    return Judgement("acceptance changed", "loosens" if less else "")


def _answers(before: Any, after: Any, old: Any, new: Any) -> Judgement:
    """One answer is enough, so that a further one makes it easier."""
    if not before:
        return Judgement("doubt answered", "loosens")
    if not after:
        return Judgement("doubt unanswered", "tightens")
    return members("answer", removed="tightens", added="loosens")(before, after, old, new)


def _despite(before: Any, after: Any, old: Any, new: Any) -> Judgement:
    if set(after) - set(before):
        return Judgement("refuted leg argued away", "loosens")
    if set(before) - set(after):
        return Judgement("refuted leg counts again", "tightens")
    return optional("reason for a refuted leg")(before, after, old, new)


def _among(before: Any, after: Any, _old: Any, new: Any) -> Judgement:
    """What is declared of other members is another declaration, and each may raise a number."""
    if sorted(before) != sorted(after):
        return Judgement("dependence declared of others", "loosens")
    if new.kind in ("contained", "partition"):
        return Judgement("dependence turned round", "loosens")
    return Judgement("members of the dependence reordered")


_ANY: Mapping[str, Judge] = {
    "says": lambda *_: Judgement("reworded"),
    "because": lambda *_: Judgement("reason reworded"),
    "credence": _credence,
    "context": members("context", removed="loosens"),
    "reconstructed": flag(
        Judgement("marked as reconstructed"), Judgement("no longer marked as reconstructed")
    ),
}
_RULES: Mapping[tuple[type[Any], str], Judge] = {
    (model.Claim, "holds_when"): _criterion,
    (model.Claim, "by"): optional("support"),
    (model.Claim, "in_support"): members("side support"),
    (model.Argument, "rule"): _rule,
    (model.Argument, "kind"): _kind,
    (model.Argument, "k"): by_size("k", "lowered", "raised", less="loosens"),
    (model.Argument, "premises"): _premises,
    (model.Argument, "side_conditions"): members(
        "side condition", removed="loosens", added="tightens"
    ),
    (model.Argument, "exact"): flag(
        Judgement("declared exact", "tightens"), Judgement("no longer exact", "loosens")
    ),
    (model.Argument, "despite"): _despite,
    (model.Evidence, "valid_for"): duration("validity"),
    (model.Evidence, "level"): by_size("level", "lowered", "raised", less="loosens"),
    (model.Evidence, "plan"): _plan,
    (model.Evidence, "stale_when"): members("trigger", removed="loosens", added="tightens"),
    (model.Evidence, "effort"): _effort,
    (model.Evidence, "identity"): _identity,
    (model.Evidence, "environment"): members("part of the environment", removed="loosens"),
    (model.Evidence, "distribution"): optional("distribution", lost="loosens"),
    (model.Evidence, "prior"): _prior,
    (model.Evidence, "inputs"): members("input"),
    (model.Evidence, "with_"): lambda *_: Judgement("parameters changed"),
    (model.Assumption, "owner"): _owner,
    (model.Assumption, "expires"): _expiry,
    (model.Assumption, "attested_by"): members("attestation", removed="loosens"),
    (model.Assumption, "monitor"): optional("monitor", lost="loosens", gained="tightens"),
    (model.Defeater, "accepted"): _accepted,
    (model.Defeater, "answered_by"): _answers,
    (model.Defeater, "mandatory"): flag(
        Judgement("made mandatory", "tightens"), Judgement("no longer mandatory", "loosens")
    ),
    (model.Problem, "blocks"): members("blocked element", removed="loosens", added="tightens"),
    **{(model.Monitor, field): rule for field, rule in MONITOR_RULES.items()},
    (model.Dependence, "kind"): lambda *_: Judgement("other dependence declared", "loosens"),
    (model.Dependence, "among"): _among,
    (model.Dependence, "beta"): by_size("beta", "lowered", "raised", less="loosens"),
    (model.Dependence, "at_most"): by_size("cap", "lowered", "raised", less="loosens"),
    (model.Dependence, "expires"): _expiry,
    (model.Hazard, "covered_by"): members("coverage", removed="loosens", added="tightens"),
    (model.Hazard, "excluded_because"): optional("exclusion", gained="loosens", lost="tightens"),
}
