"""A hand-made breakdown over the elements of `scheming.yaml`, and one that attacks its reader."""

from __future__ import annotations

from safetycase.assess.breakdown import (
    DEPENDENCE,
    EVIDENCE,
    OPEN_DOUBTS,
    Breakdown,
    Flip,
    Line,
    Link,
    Part,
    Scenario,
    Step,
    Way,
)

LEDGER = (
    Line(
        id="ROUTES-COMPLETE",
        says="No other route leads to the harm in this deployment.",
        what="assumption",
        doubt=0.05,
        place="case.yaml:83",
    ),
    Line(
        id="E-SELF-REASONING",
        says="The model cannot do the reasoning that scheming needs.",
        what="leaf",
        doubt=0.041,
        run="E-SELF-REASONING#5",
        place="case.yaml:40",
        note="12 of 600, threshold 20 %",
    ),
    Line(
        id="E-WEIGHTS",
        says="The weights cannot leave.",
        what="leaf",
        doubt=0.031,
        run="E-WEIGHTS#2",
        place="case.yaml:80",
    ),
    Line(
        id="PATHS",
        says="Poisoning by scheming needs the ability to scheme.",
        what="warrant",
        doubt=0.01998,
        place="case.yaml:30",
    ),
    Line(
        id="D-RED-TEAM",
        says="The red team worked for two days only.",
        what="doubt",
        doubt=0.01,
        place="case.yaml:96",
        note="accepted by the head of audit until 2027-01-01",
    ),
    Line(
        id="AUDIT-APART",
        says="The audit and the monitor do not fail together.",
        what="declaration",
        doubt=0.005,
        place="case.yaml:101",
    ),
    Line(id="E-CONTROL", says="Control works.", what="leaf", doubt=0.00002, place="case.yaml:69"),
)


def make_breakdown(**changes: object) -> Breakdown:
    values: dict[str, object] = {
        "claim": "SAFE",
        "says": "Deployed as stated, the assistant does not cause the harm through scheming.",
        "bel": 0.843,
        "pl": 0.97,
        "conflict_low": 0.0,
        "conflict_high": 0.0,
        "reference": 0.881,
        "layer": "worst case over every dependence, each shared doubt counted once",
        "gap": 0.127,
        "target": 0.9,
        "assumptions": 6,
        "open_defeaters": 2,
        "ledger": LEDGER,
        "gap_split": (
            Part(name=EVIDENCE, amount=0.07, says="the intervals of 3 leaves are wide"),
            Part(name=DEPENDENCE, amount=0.038),
            Part(name=OPEN_DOUBTS, amount=0.019, says="D-SANDBAGGING has no answer"),
        ),
        "links": (
            Link(
                id="ROUTES-COMPLETE",
                price=1.0,
                price_low=0.7,
                price_high=1.0,
                doubt=0.05,
                says="shared by both routes",
            ),
            Link(id="E-SELF-REASONING", price=1.0, price_low=1.0, price_high=1.0, doubt=0.041),
            Link(id="RECALL", price=0.0, price_low=0.0, price_high=0.3, doubt=0.2),
        ),
        "story": (
            Scenario(mass=0.05, fails=("ROUTES-COMPLETE",)),
            Scenario(
                mass=0.041, fails=("E-SELF-REASONING", "E-CONTROL"), holds=("ROUTES-COMPLETE",)
            ),
        ),
        "flips": (
            Flip(ids=("ROUTES-COMPLETE",), says="with no doubt about it Bel is 0.89"),
            Flip(ids=("E-SELF-REASONING", "E-WEIGHTS"), says="without their doubts Bel is 0.91"),
        ),
        "ways": (
            Way(name="unknown dependence", low=0.843, high=0.97, says="nothing is assumed"),
            Way(name="declared", low=0.861, high=0.97, point=0.881, uses=("AUDIT-APART",)),
            Way(name="fully independent", low=0.872, high=0.965, point=0.893),
        ),
        "steps": (
            Step(id="PATHS", premises=3, lambda_crit=1.2, modulus=0.5),
            Step(id="ROUTES", premises=3, lambda_crit=3.0),
        ),
        "notes": ("The record has 16 entries.",),
        "certificate": {"dual": [1.0]},
    }
    return Breakdown(**{**values, **changes})  # type: ignore[arg-type]


ATTACK = '</title><script>alert(1)</script>" onload="x\x1b[31m\x00\u202e\u2028\ud800 ]]>&<'


def hostile_breakdown(by: str = ATTACK) -> Breakdown:
    """Hostile text, or `by`, in every text of the breakdown."""
    return make_breakdown(
        claim=by,
        says=by,
        layer=by,
        ledger=tuple(
            Line(
                id=f"{by}{i}", says=by, what=line.what, doubt=line.doubt, run=by, place=by, note=by
            )
            for i, line in enumerate(LEDGER)
        ),
        gap_split=(Part(name=by, amount=0.127, says=by),),
        links=(Link(id=by, price=1.0, price_low=0.5, price_high=1.0, doubt=0.1, says=by),),
        story=(Scenario(mass=0.1, fails=(by,) * 12, holds=(by, by)),),
        flips=(Flip(ids=(by, by), says=by),),
        ways=(Way(name="declared", low=0.843, high=0.97, point=0.9, says=by, uses=(by,)),),
        steps=(Step(id=by, premises=2, lambda_crit=2.0),),
        notes=(by,),
    )
