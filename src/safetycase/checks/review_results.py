"""Review rules about results as the text states them: bounds, intervals, instruments."""

from __future__ import annotations

import re
from collections.abc import Iterator

from safetycase.argument.model import Claim, Evidence, EvidenceType
from safetycase.argument.stated import not_stated
from safetycase.checks.review_view import ReviewRule, Says, View, clip, rule, start
from safetycase.stats import clopper_pearson

__all__ = ["RULES", "SAMPLED"]

SAMPLED: tuple[EvidenceType, ...] = (
    "capability evaluation",
    "control evaluation",
    "detection",
    "human audit",
    "honeypot evaluation",
    "elicitation",
    "legibility test",
    "probe",
    "red team",
    "uplift study",
    "human study",
)
_ZERO_OF = re.compile(
    r"(?<![\w./,-])0\s?(?:/|\bout of\b|\bof\b|\bin\b)\s?(?:the )?"
    r"(\d{1,3}(?:,\d{3})+|\d{1,12})(?![\d./-])",
    re.IGNORECASE,
)
_BOUND = re.compile(
    r"≤|<|\bat most\b|\bbounds?\b|\bupper\b|\blower\b|\bintervals?\b|\bconfidence\b|\blimit\b"
    r"|\bCI\b|\bquantiles?\b|\bpercentiles?\b|\bcredible\b|\bposterior\b|\bband\b|\bat least\b",
    re.IGNORECASE,
)
_POINT = re.compile(
    r"\bpoint estimates?\b|\bmeans?\b|\bmedians?\b|\baverages?\b|\brates?\b|\bfractions?\b"
    r"|\bproportions?\b|\bshares?\b|\baccurac\w+\b|\bscores?\b|\bestimates?\b",
    re.IGNORECASE,
)


def _absences(view: View) -> Iterator[str]:
    yield from (n for n, e in view.case.elements.items() if isinstance(e, Claim))
    yield from (leaf.id for leaf in view.leaves)


def _absence(view: View, name: str) -> Iterator[Says]:
    """L07: zero of n is a bound, never zero; and a cited absence says how it was looked for."""
    element = view.case.elements[name]
    if isinstance(element, Claim):
        yield from _zero(name, "says", element.says)
        return
    assert isinstance(element, Evidence)
    yield from _zero(name, "statistic", element.statistic)
    yield from _zero(name, "because", element.because)
    claim = view.claims.get(name)
    bounds_above = (
        claim is not None
        and claim.holds_when is not None
        and any("high" in ends for ends in claim.holds_when.sides().values())
    )
    if not bounds_above or element.method or not element.artefact or element.type not in SAMPLED:
        return
    declared = view.declared(name)
    lacking = [
        what
        for what, missing in (
            ("what was tested (`instrument`)", not_stated(declared.instrument)),
            ("when (`dated`)", declared.dated is None),
            ("how many (`evaluated_n`)", view.evaluated(name) is None),
            ("the bound (`statistic`)", not_stated(element.statistic)),
        )
        if missing
    ]
    if lacking:
        yield Says(
            path=(name,),
            message=f"`{name}` argues that something is absent and does not state "
            + ", ".join(lacking),
        )


def _zero(name: str, key: str, text: str | None) -> Iterator[Says]:
    said = start(text)
    found = _ZERO_OF.search(said)
    if found is None or _BOUND.search(said):
        return
    n = int(found[1].replace(",", ""))
    if n == 0:
        return
    upper = clopper_pearson(0, n, alpha_low=0.05, alpha_high=0.05).high
    yield Says(
        path=(name, key),
        message=f"`{name}` shows {found[0].strip()} as if it were none",
        hint=f"0 of {n:,} is at most {100 * upper:.3g} % at 95 %: state the bound",
    )


def _with_statistic(view: View) -> Iterator[str]:
    for leaf in view.leaves:
        facts = view.facts(leaf.id)
        if (leaf.statistic and not leaf.method) or (facts and facts.outcome):
            yield leaf.id


def _interval(view: View, name: str) -> Iterator[Says]:
    """L08."""
    leaf, facts = view.leaf(name), view.facts(name)
    said = start(leaf.statistic)
    if not leaf.method and _POINT.search(said) and not _BOUND.search(said):
        yield Says(
            path=(name, "statistic"),
            message=f"`{name}` is decided by a point estimate (`{clip(said)}`)",
            hint="decide on the bound of an interval; where it straddles the threshold, nothing "
            "is decided",
        )
    if facts and facts.outcome == "inconclusive":
        claim = view.claims.get(name)
        yield Says(
            path=(name,),
            message=f"the interval of `{name}` straddles the threshold"
            + (f" of `{claim.id}`" if claim else "")
            + ": undetermined",
            hint="`safetycase why` gives the interval; more samples narrow it",
            severity="note",
        )


def _instruments(view: View) -> Iterator[str]:
    for leaf in view.leaves:
        facts = view.facts(leaf.id)
        cites = leaf.artefact and not leaf.method and leaf.type in SAMPLED
        if cites or (facts and (facts.registered or facts.invalidated)):
            yield leaf.id


def _pinned(view: View, name: str) -> Iterator[Says]:
    """L18."""
    leaf, facts = view.leaf(name), view.facts(name)
    if facts and facts.invalidated:
        yield Says(
            path=(name,),
            message=f"the instrument of `{name}` was invalidated: {clip(facts.invalidated, 200)}",
            hint="run it again with a version that counts",
        )
    unpinned = not facts.method_version if facts and facts.registered else not leaf.method
    if unpinned and not_stated(view.declared(name).instrument):
        yield Says(
            path=(name, "declared", "instrument"),
            message=f"`{name}` does not pin the version of what measured it",
            hint="state `instrument:` under `declared`: package, task and version",
        )


RULES: tuple[ReviewRule, ...] = (
    rule(
        "L07",
        "Absence is a bound",
        text="A claim of absence states what was tested, when, how often, and the bound that "
        "follows: 0 of n is never shown as none.",
        message="ID argues that something is absent and does not state WHAT | ID shows 0 of N as "
        "if it were none",
        clause="Clopper & Pearson 1934, Biometrika 26:404",
        group="evidence",
        over=_absences,
        judge=_absence,
    ),
    rule(
        "L08",
        "An interval decides, not a point",
        text="The statistic that decides is an end of an interval; where the interval straddles "
        "the threshold, the result is undetermined.",
        message="ID is decided by a point estimate | the interval of ID straddles the threshold",
        clause="Phuong et al. 2025, arXiv:2505.01420",
        group="evidence",
        over=_with_statistic,
        judge=_interval,
    ),
    rule(
        "L18",
        "The instrument is pinned",
        text="A result names the version of what measured it, and no longer counts once that "
        "version is known to be wrong.",
        message="ID does not pin the version of what measured it | the instrument of ID was "
        "invalidated",
        clause="Carlan et al. 2024, arXiv:2412.17618",
        group="evidence",
        over=_instruments,
        judge=_pinned,
    ),
)
