"""The critical ratio of a case's own argument."""

from __future__ import annotations

from pathlib import Path

import pytest

from safetycase.methods.oversight.stability.method import METHOD, Parameters
from safetycase.plugin.contract import Context, Measurement, MethodError
from safetycase.stats import Certified

ROOT = Path(__file__).parents[4]
CASE = """\
case: small
title: A small case
maturity: sketch
target: 0.9
decision: {supports: nothing, owner: a board, expires: 2027-06-01}
models:
  agent: {weights: hypothetical, provider: none}
system: {model: agent, scaffold: none}
deployment: {users: 40 staff, volume: 10, horizon: 12 months, distribution: requests}
harm: {what: harm, mistake: a mistake}
root:
  claim: TOP
  says: The model does no harm.
  by:
    argument: STEP
    kind: decomposition
    because: Each has to hold.
    premises:
      - {claim: A, says: The first part holds.}
      - {claim: B, says: The second part holds.}
      - {claim: C, says: The third part holds.}
      - claim: WAY
        says: One of two ways holds.
        by:
          argument: WAYS
          kind: alternatives
          because: Either is enough.
          premises:
            - {claim: D, says: The first way holds.}
            - {claim: E, says: The second way holds.}
"""


def context(folder: Path) -> Context:
    return Context(
        case_folder=folder,
        scratch=folder,
        seed=0,
        model=None,
        models={},
        progress=lambda *_: None,
    )


def measured(folder: Path, **parameters: str) -> Measurement:
    found = METHOD.run((), Parameters(**parameters), context(folder))  # type: ignore[arg-type]
    assert isinstance(found, Measurement)
    return found


def ratio(found: Measurement, name: str = "critical_ratio") -> Certified:
    value = found.quantities[name]
    assert isinstance(value, Certified)
    return value


def test_three_premises_and_an_alternative(tmp_path: Path) -> None:
    (tmp_path / "case.yaml").write_text(CASE)
    found = measured(tmp_path, case="case.yaml")
    assert ratio(found).low == pytest.approx(3, rel=1e-6)
    assert ratio(found).high == pytest.approx(3, rel=1e-4)
    assert ratio(found, "dependent_ratio").high == pytest.approx(4, rel=1e-5)
    assert ratio(measured(tmp_path, case="case.yaml", claim="WAY")).high == pytest.approx(1)
    assert METHOD.files(Parameters(case="case.yaml")) == ("case.yaml",)


def test_the_argument_of_a_shipped_case() -> None:
    found = measured(ROOT / "cases" / "debate-sketch", case="case.yaml")
    leaves = int(found.plots[0].bars[0].note.split()[0])  # type: ignore[union-attr]
    assert 2 < ratio(found).low <= leaves


def test_a_case_that_has_no_argument_is_refused(tmp_path: Path) -> None:
    (tmp_path / "case.yaml").write_text(CASE)
    with pytest.raises(MethodError, match="no claim `NOWHERE`"):
        measured(tmp_path, case="case.yaml", claim="NOWHERE")
    last = "- {claim: E, says: The second way holds.}"
    (tmp_path / "circle.yaml").write_text(CASE.replace(last, "- TOP"))
    with pytest.raises(MethodError, match="round in a circle"):
        measured(tmp_path, case="circle.yaml")
    (tmp_path / "hole.yaml").write_text(CASE.replace(last, "- F"))
    with pytest.raises(MethodError, match="`F`"):
        measured(tmp_path, case="hole.yaml")
    (tmp_path / "text.yaml").write_text("just words")
    with pytest.raises(MethodError, match="is no case"):
        measured(tmp_path, case="text.yaml")
    with pytest.raises(MethodError, match="no file of the case folder"):
        measured(tmp_path, case="missing.yaml")


def test_a_module_has_to_be_named(tmp_path: Path) -> None:
    (tmp_path / "case.yaml").write_text(CASE.replace("root:", "modules: {part: part.yaml}\nroot:"))
    (tmp_path / "part.yaml").write_text("module: part\ntitle: A part.\n")
    with pytest.raises(MethodError, match="`modules`"):
        measured(tmp_path, case="case.yaml")
    named = METHOD.run((), Parameters(case="case.yaml", modules=("part.yaml",)), context(tmp_path))
    assert isinstance(named, Measurement)
