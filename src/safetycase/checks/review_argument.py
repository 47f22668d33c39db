"""Review rules about the argument: warrants, challenges, and which family carries what."""

from __future__ import annotations

import re
from collections.abc import Iterator

from safetycase.argument.expression import Formula
from safetycase.argument.graph import rule_of
from safetycase.argument.model import Argument, Assumption, Claim, Defeater, Evidence
from safetycase.argument.stated import not_stated
from safetycase.checks.review_reach import family_argued
from safetycase.checks.review_view import ReviewRule, Says, View, rule, shown, start

__all__ = ["RULES"]

_INABILITY = ("scheming inability", "harm inability")
_MEASURES_ABILITY = ("capability evaluation", "uplift study")


def _steps(view: View) -> Iterator[str]:
    """Every step into a claim: an argument, or the evidence itself."""
    return (n for n, e in view.case.elements.items() if isinstance(e, Argument | Evidence))


def _warrant(view: View, name: str) -> Iterator[Says]:
    """L02: the format asks for a warrant; this asks for one that says something."""
    step = view.case.elements[name]
    assert isinstance(step, Argument | Evidence)
    claim = view.case.elements.get(view.parents.get(name, ""))
    hint = "say why the premises (or this evidence) suffice for the claim"
    if not_stated(step.because):
        yield Says(
            path=(name, "because"),
            message=f"no warrant is stated for the step `{name}`",
            hint=hint,
        )
    elif isinstance(claim, Claim) and _words(claim.says) == _words(step.because):
        yield Says(
            path=(name, "because"),
            message=f"the warrant of `{name}` says what the claim `{claim.id}` says, and not why",
            hint=hint,
        )


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", start(text).casefold())


def _leaves(view: View) -> Iterator[str]:
    return (leaf.id for leaf in view.leaves)


def _challenged(view: View, name: str) -> Iterator[Says]:
    """L03: no defeater is no sign of strength."""
    claim = view.claims.get(name)
    raised = [
        *view.against.get(name, ()),
        *(view.against.get(claim.id, ()) if claim else ()),
        *view.taken_over.get(name, ()),
    ]
    refuting = view.declared(name).attempts_to_refute
    tested = any(
        isinstance(d := view.case.elements[r], Defeater) and (d.by or d.answered_by) for r in raised
    )
    if not raised:
        yield Says(
            path=(name,),
            message=f"`{name}` is unchallenged: no defeater is raised against it"
            + ("" if refuting else ", and no attempt to refute it is stated"),
            hint="unchallenged is not clean: raise the doubt that a sceptic would",
        )
    elif not refuting and not tested:
        yield Says(
            path=(name,),
            message=f"the doubts about `{name}` ({shown(raised)}) were not put to a test",
            hint="answer them by evidence, or state `attempts_to_refute` under `declared`",
            severity="note",
        )


def _ability_leaves(view: View) -> Iterator[str]:
    for leaf in view.leaves:
        if leaf.type in _MEASURES_ABILITY and view.families.get(leaf.id) in _INABILITY:
            yield leaf.id


def _sandbagging(view: View, name: str) -> Iterator[Says]:
    """L04."""
    if name not in view.sandbagging_covered:
        yield Says(
            path=(name,),
            message=f"`{name}` shows an inability, and nothing beside it shows that the model "
            "does not hide the ability: it is weak evidence at most",
            hint="add a premise or answer a defeater on sandbagging: inability to sandbag, "
            "monitoring for it, or fine-tuning that would undo it",
        )


def _carried_claims(view: View) -> Iterator[str]:
    """Claims of no family, and a root that is itself an alignment argument."""
    for name in view.order:
        element = view.case.elements[name]
        if isinstance(element, Claim) and name in view.supporting:
            top = name == view.case.root and family_argued(element) == "alignment"
            if top or view.families.get(name) is None:
                yield name


def _alignment(view: View, name: str) -> Iterator[Says]:
    """L05: judged where the alignment argument enters."""
    claim = view.case.elements[name]
    assert isinstance(claim, Claim)
    hint = "show it under `in_support`, and rest the claim on inability or control"
    if family_argued(claim) == "alignment":
        yield Says(
            path=(name, "argues"),
            message=f"the whole case `{name}` is an alignment argument",
            hint="an alignment argument cannot be the primary one",
        )
        return
    step = view.case.elements.get(claim.by or "")
    if not isinstance(step, Argument) or step.id not in view.alignment_alone:
        return
    entering = [
        p
        for p in step.premises
        if isinstance(e := view.case.elements.get(p), Claim) and family_argued(e) == "alignment"
    ]
    if entering:
        enough = "one leg of it is enough" if rule_of(step) == "any" else "nothing else carries it"
        yield Says(
            path=(step.id, "premises"),
            message=f"`{name}` can rest on alignment alone: {shown(entering)} in `{step.id}`, "
            f"where {enough}",
            hint=hint,
        )


def _products(view: View) -> Iterator[str]:
    for name, element in view.case.elements.items():
        if isinstance(element, Argument) and element.computes:
            yield name


def _multiplied(view: View, name: str) -> Iterator[Says]:
    """L12: a product is exact for conditional factors only, which a side condition can say."""
    step = view.case.elements[name]
    assert isinstance(step, Argument)
    if step.side_conditions:
        return
    leaf_of = _leaf_of_quantity(view, step)
    for quantity, formula in step.computes.items():
        for left, right in _factors(formula, leaf_of):
            shared = [
                f"{k} {v}".strip() for k, v in sorted(_traits(view, left) & _traits(view, right))
            ]
            if shared:
                yield Says(
                    path=(name, "computes", quantity),
                    message=f"`{formula}` multiplies `{left}` and `{right}`, which share "
                    f"{shown(shared)}",
                    hint="the probability of both is at most the smaller of the two; a product "
                    "needs conditional factors: say so as a side condition",
                )


def _leaf_of_quantity(view: View, step: Argument) -> dict[str, str]:
    """The evidence each quantity of a step comes from, where a premise measures it itself."""
    found: dict[str, str] = {}
    for premise in step.premises:
        element = view.case.elements.get(premise)
        if isinstance(element, Claim):
            element = view.case.elements.get(element.by or "")
        if isinstance(element, Evidence):
            for quantity in element.reads:
                found.setdefault(quantity, element.id)
    return found


def _factors(formula: Formula, leaf_of: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Pairs of different leaves whose quantities a formula multiplies, each pair once."""
    done: dict[int, dict[str, None]] = {}
    given: set[tuple[str, str]] = set()
    stack = [(formula.tree, False)]
    while stack:
        node, ready = stack.pop()
        if not ready:
            stack.append((node, True))
            stack += [(arg, False) for arg in node.args]
            continue
        below = [done.pop(id(arg), {}) for arg in node.args]
        if node.op == "*" and len(below) == 2:
            # Between neighbours only: a chain of n factors gives n - 1 pairs.
            pair = (next(reversed(below[0]), ""), next(iter(below[1]), ""))
            if "" not in pair and pair[0] != pair[1] and pair not in given:
                given.add(pair)
                yield pair
        merged = below[0] if below else {}
        for more in below[1:]:
            merged.update(more)
        if node.op == "name" and node.name in leaf_of:
            merged[leaf_of[node.name]] = None
        done[id(node)] = merged


def _traits(view: View, name: str) -> frozenset[tuple[str, str]]:
    """What a leaf may have in common with another."""
    leaf, declared = view.leaf(name), view.declared(name)
    found = [("the method", leaf.method), ("the elicitor", declared.elicitor)]
    if leaf.method or leaf.model:
        found.append(("the model", leaf.model or view.case.header.system.model))
    found += [("the input", path) for path in leaf.inputs]
    found += [("", what) for what in declared.shared]
    found += [
        ("the assumption", c)
        for c in leaf.context
        if isinstance(view.case.elements.get(c), Assumption)
    ]
    return frozenset((kind, value) for kind, value in found if value)


RULES: tuple[ReviewRule, ...] = (
    rule(
        "L02",
        "Every step has a warrant",
        text="Between a claim and its evidence stands a reason why the evidence suffices: neither "
        "left open, nor the claim over again.",
        message="no warrant is stated for the step ID",
        clause="Feakins et al. 2026, arXiv:2603.08760",
        over=_steps,
        judge=_warrant,
    ),
    rule(
        "L03",
        "Every leaf was challenged",
        text="Each leaf has a defeater raised against it or its claim, and an attempt to refute "
        "it. A leaf without any is unchallenged, which is not the same as clean.",
        message="ID is unchallenged: no defeater is raised against it",
        clause="Bloomfield & Rushby 2020, arXiv:2004.10474",
        group="human review",
        over=_leaves,
        judge=_challenged,
    ),
    rule(
        "L04",
        "Inability is shown together with the absence of sandbagging",
        text="A model that hides an ability looks like one that lacks it. A capability evaluation "
        "or uplift study under an inability argument needs a no-sandbagging element beside it, or "
        "as the answer to a defeater.",
        message="ID shows an inability, and nothing beside it shows that the model does not hide "
        "the ability",
        clause="Balesni et al. 2024, arXiv:2411.03336, §5.1.4",
        over=_ability_leaves,
        judge=_sandbagging,
    ),
    rule(
        "L05",
        "Alignment carries nothing alone",
        text="An alignment argument is shown in support. It is no error as one of several things "
        "that must hold; it is one where it is enough.",
        message="CLAIM can rest on alignment alone",
        clause="Balesni et al. 2024, arXiv:2411.03336, §7",
        severity="error",
        over=_carried_claims,
        judge=_alignment,
    ),
    rule(
        "L12",
        "What has a common cause is not multiplied",
        text="Probabilities of leaves that share a model, code, elicitor, prompts or assumption "
        "multiply only if each is conditional on the one before; otherwise the smaller of the two "
        "bounds the probability of both.",
        message="FORMULA multiplies A and B, which share WHAT",
        clause="Balesni et al. 2024, arXiv:2411.03336, §3; Fréchet 1935",
        over=_products,
        judge=_multiplied,
    ),
)
