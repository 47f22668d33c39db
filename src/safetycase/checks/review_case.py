"""Review rules about the case as a whole: header, assumptions, reviewers, hazards."""

from __future__ import annotations

import re
from collections.abc import Iterator

from safetycase.argument.model import Argument, Assumption, Claim, Defeater, Evidence, Hazard
from safetycase.argument.stated import nobody, not_stated
from safetycase.checks.review_view import (
    WHOLE,
    ReviewRule,
    Says,
    View,
    clip,
    rule,
    shown,
    start,
)
from safetycase.checks.unstated import unstated

__all__ = ["RULES"]

_INTEGRITY = re.compile(
    r"\bweights?\b[^.;]*\b(?:stolen|theft|steal|exfiltrat\w*|leak\w*|tamper\w*)\b"
    r"|\b(?:stolen|theft|steal|exfiltrat\w*|leak\w*|tamper\w*)\b[^.;]*\bweights?\b",
    re.IGNORECASE,
)
_CONFIDENCE = re.compile(
    r"\b\d+(?:\.\d+)?\s?(?:%|per ?cent)\s+(?:confiden\w+|certain\w*|sure\b)"
    r"|\bconfidence\s+(?:of|is|=|:)?\s*(?:at least\s+)?\d+(?:\.\d+)?\s?(?:%|per ?cent)",
    re.IGNORECASE,
)


def _whole(_view: View) -> tuple[str, ...]:
    return (WHOLE,)


def _header(view: View, _name: str) -> Iterator[Says]:
    """L01: an unstated part is an error once the case is meant to be complete."""
    header, case = view.case.header, view.case
    parts = list(unstated(header))
    if case.places and case.span("", "system", "tools") == case.span("", "system"):
        parts.append((("system", "tools"), "the tools of the system (`[]` if none)"))
    for path, what in parts:
        yield Says(
            path=("", *path),
            message=f"the case does not state {what}",
            hint="a reviewer cannot judge a claim about a system, use or harm left open",
            severity="error" if header.maturity == "full" else "warning",
        )


def _assumptions(view: View) -> Iterator[str]:
    return (n for n, e in view.case.elements.items() if isinstance(e, Assumption))


def _watched(view: View, name: str) -> Iterator[Says]:
    """L16."""
    assumption = view.case.elements[name]
    assert isinstance(assumption, Assumption)
    lacking = []
    if nobody(assumption.owner):
        lacking.append("an owner")
    if assumption.monitor is None and assumption.expires is None:
        lacking.append("a monitor or an expiry")
    if lacking:
        yield Says(
            path=(name,),
            message=f"the assumption `{name}` lacks " + " and ".join(lacking),
            hint="write `owner:`, and `expires:` or `monitor:`, so that something turns it off",
        )
    if _INTEGRITY.search(start(assumption.says)) and not view.attested:
        yield Says(
            path=(name, "says"),
            message=f"`{name}` assumes the integrity of the weights, and nothing attests to it",
            hint="make it a claim with evidence of `type: attestation`",
        )


def _breakdown(view: View, _name: str) -> Iterator[Says]:
    """L19: one number for the whole case, and nothing below that carries one."""
    case = view.case
    root = case.elements.get(case.root)
    if not isinstance(root, Claim):
        return
    step = case.elements.get(root.by or "")
    judged = isinstance(step, Argument) and step.credence is not None
    said = _CONFIDENCE.search(f"{start(case.header.title)}\n{start(root.says)}")
    if not judged and not said:
        return
    without = [
        n
        for n in view.supporting
        if isinstance(e := case.elements[n], Evidence | Assumption)
        and e.credence is None
        and not (isinstance(e, Evidence) and e.method)
    ]
    if without:
        yield Says(
            path=(step.id, "credence") if judged and step else (case.root, "says"),
            message="a single confidence stands for the whole case, and "
            f"{shown(without)} below it carry none",
            hint="give each leaf its own credence or evidence, and report which one flips the "
            "verdict",
        )


def _independence(view: View, _name: str) -> Iterator[Says]:
    """L20."""
    header = view.case.header
    authors = {_plain(a.name) for a in header.authors}
    houses = {_plain(a.organisation) for a in header.authors if a.organisation}
    for position, reviewer in enumerate(header.reviewers):
        path = ("", "reviewers", str(position))
        if _plain(reviewer.name) in authors:
            yield Says(
                path=path,
                message=f"{clip(reviewer.name)} reviews a case of their own",
                hint="a reviewer is not an author",
            )
        elif reviewer.external and _plain(reviewer.organisation or "") in houses:
            yield Says(
                path=path,
                message=f"{clip(reviewer.name)} counts as external and is of "
                f"{clip(reviewer.organisation or '')}, as an author is",
            )
    if not any(r.external and not not_stated(r.name) for r in header.reviewers):
        yield Says(
            path=("", "reviewers"),
            message="no external reviewer is named",
            hint="write `reviewers: [{name: ..., organisation: ..., external: true}]`",
        )
    claims = {n for n in view.supporting if isinstance(view.case.elements[n], Claim)}
    if not any(
        isinstance(e, Defeater) and e.against in claims for e in view.case.elements.values()
    ):
        yield Says(
            path=(view.case.root,),
            message="there is no counter-case: nothing argues that a claim is false",
            hint="raise a `defeater` against the claim that is most likely to be wrong",
        )


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())


def _hazards(view: View) -> Iterator[str]:
    yield WHOLE
    yield from (n for n, e in view.case.elements.items() if isinstance(e, Hazard))


def _covered(view: View, name: str) -> Iterator[Says]:
    """L21: the log as a whole, and each entry."""
    case = view.case
    if name == WHOLE:
        yield from _log(view)
        return
    hazard = case.elements[name]
    assert isinstance(hazard, Hazard)
    if not_stated(hazard.excluded_because) and not hazard.covered_by:
        yield Says(
            path=(name,),
            message=f"the hazard `{name}` is neither covered by a claim nor excluded",
            hint="write `covered_by: [CLAIM]` or `excluded_because:`",
        )
        return
    carrying = view.supporting
    if hazard.covered_by and not any(
        target in carrying and isinstance(case.elements[target], Claim)
        for target in hazard.covered_by
    ):
        yield Says(
            path=(name, "covered_by"),
            message=f"the hazard `{name}` is covered by {shown(hazard.covered_by)}, which is no "
            "claim that the root rests on",
        )


def _log(view: View) -> Iterator[Says]:
    hazards = [e for e in view.case.elements.values() if isinstance(e, Hazard)]
    if not hazards:
        yield Says(
            path=("", "harm"),
            message="there is no hazard log: the case starts from abilities, not from hazards",
            hint="list the ways to the harm under `hazards:`",
        )
    elif not any(len(set(hazard.combines)) >= 2 for hazard in hazards):
        yield Says(
            path=(hazards[0].id,),
            message="no hazard combines two categories of harm",
            hint="ask what misuse and misalignment, or two systems, do together: `combines:`",
            severity="note",
        )


RULES: tuple[ReviewRule, ...] = (
    rule(
        "L01",
        "The claim is about something stated",
        text="Decision and its owner, system, use and harm are stated. An error in a case of "
        "maturity `full`, a warning before. `not stated` counts as missing.",
        message="the case does not state WHAT",
        clause="External review of Phuong et al. 2025, arXiv:2604.21964",
        over=_whole,
        judge=_header,
    ),
    rule(
        "L16",
        "Assumptions are owned and watched",
        text="Every assumption has an owner, and a monitor or an expiry. That the weights are not "
        "stolen is attested, not assumed.",
        message="the assumption ID lacks WHAT",
        clause="Carlan et al. 2024, arXiv:2412.17618; Balesni et al. 2024, arXiv:2411.03336, §6.1",
        over=_assumptions,
        judge=_watched,
    ),
    rule(
        "L19",
        "No number without its breakdown",
        text="One confidence for the whole case is stated only with the confidence of each leaf, "
        "and with the leaf that flips the verdict.",
        message="a single confidence stands for the whole case, and LEAVES below it carry none",
        clause="Graydon & Holloway 2017, Safety Science 92:53",
        group="human review",
        over=_whole,
        judge=_breakdown,
    ),
    rule(
        "L20",
        "Somebody argued against it",
        text="A counter-case is written down, an external reviewer is named, and no author "
        "reviews.",
        message="no external reviewer is named | NAME reviews a case of their own | there is no "
        "counter-case",
        clause="External review of Phuong et al. 2025, arXiv:2604.21964",
        group="human review",
        over=_whole,
        judge=_independence,
    ),
    rule(
        "L21",
        "Hazards are covered",
        text="Each hazard maps to a claim that the root rests on, or is excluded for a reason. "
        "Hazards that combine categories of harm are listed too.",
        message="the hazard ID is neither covered by a claim nor excluded",
        clause="Feakins et al. 2026, arXiv:2603.08760; arXiv:2604.21964",
        over=_hazards,
        judge=_covered,
    ),
)
