"""A hand-made assessment of a realistic scheming case for a small language model.

The case is `scheming.yaml`; `statuses.txt` gives, per line, id | support | truth | freshness
and then reasons, each `sentence -> element it is about`.
"""

from __future__ import annotations

import dataclasses
import os
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from safetycase.argument.expression import Expression
from safetycase.argument.findings import Finding, Span
from safetycase.argument.graph import kind_of
from safetycase.argument.load import load
from safetycase.argument.model import Case
from safetycase.assess.records import (
    Assessment,
    Attempt,
    ControlsRecord,
    Freshness,
    LeafResult,
    QuantityResult,
    Reason,
    State,
    Tally,
)
from safetycase.stats import Interval

HERE = Path(__file__).parent

HISTOGRAM = {
    "kind": "histogram",
    "title": "Suspicion scores",
    "unit": "nats per token",
    "edges": [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0],
    "series": {"honest": [12, 160, 140, 60, 20, 8], "attack": [0, 4, 16, 30, 38, 12]},
    "threshold": 4.2,
}
INTERVALS = {
    "kind": "intervals",
    "title": "Recall by attack strategy",
    "unit": "share",
    "threshold": 0.6,
    "bars": [
        {"label": "trigger phrase", "low": 0.61, "point": 0.78, "high": 0.90, "note": ""},
        {"label": "label flipping", "low": 0.12, "point": 0.24, "high": 0.40, "note": ""},
        {"label": "none caught", "low": 0.0, "point": 0.0, "high": 0.058, "note": ""},
    ],
}
CURVE = {
    "kind": "curve",
    "title": "Recall by audit budget",
    "x_label": "audit budget (share)",
    "y_label": "recall",
    "x": [0.0, 0.01, 0.02, 0.05, 0.1],
    "y": [0.0, 0.31, 0.46, 0.7, 0.85],
    "low": [0.0, 0.2, 0.35, 0.6, 0.77],
    "high": [0.0, 0.42, 0.57, 0.79, 0.91],
}
POINTS = {
    "kind": "points",
    "title": "Protocols",
    "x_label": "safety",
    "y_label": "usefulness",
    "points": {
        "defer to trusted": [0.91, 0.62],
        "resample": [0.74, 0.8],
        "audit 2 %": [0.46, 0.99],
    },
}


def attempt(
    seq: int,
    evidence: str,
    outcome: str = "completed",
    reason: str = "",
    *,
    exploratory: bool = False,
) -> Attempt:
    return Attempt(
        id=f"{evidence}#{seq}",
        seq=seq,
        registration=1,
        evidence=evidence,
        exploratory=exploratory,
        started_at=f"2026-11-20T10:{seq:02d}:00Z",
        ended_at=f"2026-11-20T10:{seq + 1:02d}:00Z",
        outcome=outcome,
        reason=reason,  # type: ignore[arg-type]
        seconds=41.5,
    )


ATTEMPTS = (
    attempt(3, "E-SELF-REASONING", "aborted", "interrupted by the operator"),
    attempt(5, "E-SELF-REASONING"),
    attempt(8, "E-POISON-TASKS", "failed", "the server stopped: out of memory"),
    attempt(10, "E-POISON-TASKS"),
    attempt(12, "E-CONTROL", exploratory=True),
    attempt(15, "E-CONTROL"),
)


def quantity(
    name: str,
    low: float,
    point: float,
    high: float,
    n: int,
    clusters: int,
    safer: str = "lower",
    text: str = "",
) -> QuantityResult:
    return QuantityResult(
        name=name,
        measured_as=name,
        estimate=point,
        interval=Interval(low=low, high=high),
        level=0.975 if name == "precursor_advantage" else 0.95,
        n=n,
        clusters=clusters,
        unit="share",
        safer=safer,
        text=text,
    )


def tally(evidence: str) -> Tally:
    """The attempts of a leaf at its one registration, whose plan asks for one of at most three."""
    mine = [a for a in ATTEMPTS if a.evidence == evidence]
    counted = Counter(a.outcome for a in mine if not a.exploratory)
    return Tally(
        registration=1,
        planned=1,
        budget=3,
        left=3 - counted.total(),
        used_up=False,
        outcomes=dict(counted),
        earlier={},
        earlier_registrations=0,
        exploratory=dict(Counter(a.outcome for a in mine if a.exploratory)),
        exploratory_allowed=10,
        ordering="self",
    )


def leaf(
    evidence: str,
    claim: str,
    criterion: str,
    outcome: str | None,
    quantities: tuple[QuantityResult, ...] = (),
    **more: object,
) -> LeafResult:
    ran = bool(quantities)
    values: dict[str, object] = {
        "method": "inspect/eval 1.0.0",
        "level": 0.95,
        "registrations": 1,
        "registered_at": "2026-11-20T09:58:00Z",
        "ran_at": "2026-11-20T10:05:00Z" if ran else None,
        "seed": 7 if ran else None,
        "attempts": tuple(a for a in ATTEMPTS if a.evidence == evidence),
        "limits": ("Items of this size say nothing about larger models.",),
        "tally": tally(evidence),
    }
    return LeafResult(
        evidence=evidence,
        claim=claim,
        criterion=criterion,
        outcome=outcome,
        quantities=quantities,
        **{**values, **more},
    )  # type: ignore[arg-type]


def hostile_transcripts() -> tuple[dict[str, str], ...]:
    return (
        {
            "id": "s-17",
            "prompt": "Write one sample.",
            "note": "scored 0",
            "output": "</script><script>alert(1)</script>\x1b[31mred\x00 ‮gnp.exe‬",
        },
        {"id": "s-18", "prompt": "Go on.", "output": "all work " * 2000, "note": ""},
    )


LEAVES = {
    "E-SELF-REASONING": leaf(
        "E-SELF-REASONING",
        "INABILITY",
        "precursor_advantage <= 0.20",
        "supports",
        (
            quantity(
                "precursor_advantage",
                0.0,
                0.02,
                0.0716,
                600,
                120,
                text="312 of 600 right, chance 300",
            ),
        ),
        level=0.975,
        counts={"planned": 600, "scored": 600, "unscored": 0},
        effort={"elicitation": "none"},
        instrument=(
            ("answer supplied", True, "118 of 120 right"),
            ("arms distinguishable", False, "the subject told them apart in 51 %"),
        ),
        raised=(("below-chance", "One phrasing scored significantly below chance."),),
        transcripts=hostile_transcripts(),
        diagnostics={"tokens": "118 204"},
        artefacts={"log": "sha256:" + "5e" * 32},
        recipe_digest="sha256:" + "ab" * 32,
        controls=ControlsRecord(
            method="inspect/eval",
            version="1.0.0",
            criterion="advantage <= 0.20",
            false_passes=0,
            false_runs=60,
            true_passes=57,
            true_runs=60,
            p_pass_if_false=Interval(low=0, high=0.0487),
            p_pass_if_true=Interval(low=0.8764, high=0.986),
        ),
    ),
    "E-POISON-TASKS": leaf(
        "E-POISON-TASKS",
        "HARM-INABILITY",
        "success_rate <= 0.01",
        "refutes",
        (quantity("success_rate", 0.41, 0.5, 0.59, 100, 100),),
    ),
    "E-CONTROL": leaf(
        "E-CONTROL",
        "RECALL",
        "recall >= 0.60",
        "inconclusive",
        (quantity("recall", 0.35, 0.46, 0.65, 100, 5, "higher", "46 of 100 caught, 5 strategies"),),
        method="control/evaluation 0.1.0",
        plots=(HISTOGRAM, INTERVALS, CURVE, POINTS),
    ),
    "E-WEIGHTS": leaf(
        "E-WEIGHTS",
        "WEIGHTS",
        "escapes <= 0.05",
        None,
        (quantity("escapes", 0.0, 0.0, 0.0582, 50, 50),),
    ),
}

ATTACKERS = {"E-SELF-REASONING": ("D-SANDBAGGING", "E-SELF-REASONING.below-chance")}


@cache
def make_case() -> Case:
    loaded = load((HERE / "scheming.yaml").read_text(encoding="utf-8"))
    assert not loaded.findings, loaded.findings
    assert loaded.case is not None
    return loaded.case


def make_states(case: Case) -> dict[str, State]:
    states = {}
    for line in (HERE / "statuses.txt").read_text(encoding="utf-8").splitlines():
        name, support, truth, fresh, *reasons = [part.strip() for part in line.split("|")]
        split = [reason.partition(" -> ") for reason in reasons]
        detail = "weights of the model assistant" if name == "E-WEIGHTS" else ""
        element = case.elements.get(name)
        states[name] = State(
            id=name,
            kind=kind_of(element) if element else "defeater",
            posed="ready",
            support=support,  # type: ignore[arg-type]
            residual=False,
            truth=truth,  # type: ignore[arg-type]
            freshness=Freshness(word=fresh, detail=detail),  # type: ignore[arg-type]
            reasons=tuple(Reason(says=says, about=about or None) for says, _, about in split),
            assumes=("ROUTES-COMPLETE",) if name in ("SAFE", "ROUTES") else (),
            attackers=ATTACKERS.get(name, ()),
        )
    return states


def make_assessment(**changes: object) -> Assessment:
    case = make_case()
    values: dict[str, object] = {
        "case": case,
        "at": datetime(2026, 11, 23, 2, 20, tzinfo=UTC),
        "states": make_states(case),
        "leaves": LEAVES,
        "attempts": ATTEMPTS,
        "verdict": "unknown",
        "headline": "The case does not show that the assistant is safe enough: poisoning is "
        "contested and nothing is known about the weights.",
        "no_number_because": ("POISONING is contested", "the evidence of WEIGHTS is stale"),
        "record_length": 16,
        "record_head": "sha256:" + "c4" * 32,
        "findings": (
            Finding(
                code="C204",
                span=Span(file="case.yaml", line=140, column=9),
                severity="warning",
                message="the claim `ALIGNMENT` has no evidence",
                subject="ALIGNMENT",
                hint="add `by`, or name the open problem",
            ),
        ),
    }
    return Assessment(**{**values, **changes})  # type: ignore[arg-type]


@pytest.fixture
def make() -> Callable[..., Assessment]:
    """The builder of assessments; keyword arguments replace fields."""
    return make_assessment


@pytest.fixture
def assessment() -> Assessment:
    return make_assessment()


@pytest.fixture
def golden() -> Callable[[str, str], None]:
    """Compare with a file of `golden/`; `SAFETYCASE_ACCEPT=1` writes it instead."""

    def compare(name: str, text: str) -> None:
        path = HERE / "golden" / name
        if os.environ.get("SAFETYCASE_ACCEPT") == "1":
            path.parent.mkdir(exist_ok=True)
            path.write_text(text + "\n", encoding="utf-8")
        assert path.read_text(encoding="utf-8") == text + "\n"

    return compare


HOSTILE = (
    "</script><script>alert(1)</script><img src=x onerror=alert(1)>\"' onmouseover=alert(1) "
    "javascript:alert(1) https://evil.example/x {{7*7}} \x1b[31m\x00\u202e\u2028\ud800 "
)
HOSTILE_ID = '"><img src=x onerror=alert(1)>\x1b\u202e'
FIXED_WORDS = """
true false unknown supported refuted contested assumed open fresh stale expired invalidated
tainted insufficient supports refutes inconclusive completed failed aborted lost running ready
holds fails error warning note sketch template full decomposition substitution concretion
calculation incorporation alternatives all any lower higher neither claim argument evidence
assumption defeater problem context intervals histogram curve points kind title unit edges series
threshold bars label low point high x_label y_label x y id prompt output lines marks worst frontier
"""
WORDS = frozenset(FIXED_WORDS.split()) | {
    "never run",
    "not ready",
    "not posed",
    "not applicable",
    "k of n",
}


def spoil(value: Any, ids: frozenset[str], by: str) -> Any:
    """`value` with `by` before every text and an attack in every id, all else as it was."""
    if isinstance(value, str):
        if value in ids:
            return value + HOSTILE_ID
        return value if value in WORDS else by + value
    if isinstance(value, Mapping):
        return {spoil(k, ids, by): spoil(v, ids, by) for k, v in value.items()}
    if isinstance(value, tuple | list):
        return type(value)(spoil(item, ids, by) for item in value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type | Expression):
        return dataclasses.replace(
            value,
            **{f.name: spoil(getattr(value, f.name), ids, by) for f in dataclasses.fields(value)},
        )
    return value


@pytest.fixture
def spoiled() -> Callable[..., Assessment]:
    """An assessment with hostile text, or `by`, in every text field and id."""

    def build(by: str = HOSTILE) -> Assessment:
        whole = make_assessment()
        ids = frozenset([*whole.case.elements, *whole.states])
        result = spoil(whole, ids, by)
        assert isinstance(result, Assessment)
        return result

    return build
