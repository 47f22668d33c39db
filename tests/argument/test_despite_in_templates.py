"""The legs that `despite` answers for are names of the file it stands in, also in a template."""

from __future__ import annotations

from tests.argument.test_templates import TEMPLATE, read

from safetycase.argument.model import Argument
from safetycase.checks.rules import Subject, check

WITH = TEMPLATE.replace(
    "    kind: decomposition\n",
    "    kind: alternatives\n    despite: {NO-COLLUSION: It stands., DEFERS: And it.}\n",
    1,
)


def test_a_warrant_names_the_leg_of_the_instance_and_goes_with_a_leg_left_out() -> None:
    loaded = read(template=WITH)
    assert loaded.findings == ()
    assert loaded.case is not None
    step = loaded.case.elements["SAFE/PARTS"]
    assert isinstance(step, Argument)
    assert step.despite == {"SAFE/NO-COLLUSION": "It stands."}
    assert "C104" not in [f.code for f in check(Subject(case=loaded.case, leaves={}))]


def test_a_leg_that_is_none_is_still_found() -> None:
    loaded = read(template=WITH.replace("despite: {NO-COLLUSION:", "despite: {NO-COLUSION:"))
    assert loaded.case is not None
    assert "C104" in [f.code for f in check(Subject(case=loaded.case, leaves={}))]
