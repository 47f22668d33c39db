"""gsn2x YAML through SACM and back is the same YAML."""

from __future__ import annotations

from tests.interop.test_sacm_round_trip import comparable

from safetycase.argument.structure import Structure
from safetycase.interop import gsn2x, sacm
from safetycase.plugin.formats import Source

YAML = """
module: {name: Toy, brief: A control argument}
G1: {text: No harm, supportedBy: [S1], inContextOf: [C1], acp: {ACP1: S1}}
S1: {text: Over inability and control, supportedBy: [G2, G3], inContextOf: [A1, J1]}
G2: {text: It cannot evade the monitor, supportedBy: [Sn1], defeated: true}
G3: {text: Escalated actions are stopped, undeveloped: true}
C1: {text: Deployment v3}
A1: {text: Elicited as well as deployment will}
J1: {text: Either leg alone is judged insufficient}
Sn1: {text: Evaluation run, url: evals/run.json}
CSn1: {text: An organism evades the monitor in 3 of 40 trials, challenges: G2}
CG1: {text: Inputs are distinguishable, challenges: G2 -> Sn1, supportedBy: [CSn2]}
CSn2: {text: A probe separates them}
"""


def read(text: str) -> Structure:
    assert gsn2x.FORMAT.read is not None
    reading = gsn2x.FORMAT.read([Source(name="a.yaml", data=text.encode())], lambda _: None)
    assert reading.structure is not None
    return reading.structure


def write(structure: Structure) -> str:
    assert gsn2x.FORMAT.write is not None
    return next(iter(gsn2x.FORMAT.write(structure, "a").files.values()))


def test_there_and_back() -> None:
    before = read(YAML)
    writing = sacm.write_sacm(before, "a")
    assert [(loss.about, loss.what) for loss in writing.losses] == [("J1", "justification")]
    (text,) = writing.files.values()
    reading = sacm.read_sacm([Source(name="a.xmi", data=text.encode())], lambda _: None)
    assert reading.structure is not None
    assert (reading.findings, reading.losses) == ((), ())
    assert comparable(reading.structure) == comparable(before)
    assert write(reading.structure) == write(before)
