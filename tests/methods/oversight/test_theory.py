"""A statement with its numbers: conditions are checked, plays reproduce it, a flaw breaks it."""

from __future__ import annotations

import dataclasses
import math
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import HEADER, PLUGINS, SOURCE, Ran, write_case
from toy_protocols import NAMING

from safetycase.methods.oversight.named import constants_of, domains_of, protocol_of
from safetycase.methods.oversight.planted import Votes, majority_error, voting
from safetycase.methods.oversight.theory.analysis import JudgeError, analyse, play_all, stated
from safetycase.methods.oversight.theory.method import METHOD, Parameters, run
from safetycase.plugin.contract import Context, Measurement, MethodError
from safetycase.plugin.entries import declared
from safetycase.plugin.parameters import bind
from safetycase.plugin.protocols import GROUP
from safetycase.stats import bounds
from safetycase.testing import check_method, check_protocol

OURS = sorted(e.name for e in declared(GROUP) if e.package == "safetycase")
CLEAN = JudgeError(high=0.0, level=0.95, says="none")
THEORY = (
    HEADER
    + """\
root:
  claim: SAFE
  says: Oversight works.
  by:
    argument: ROUTES
    kind: decomposition
    because: It rests on the statement.
    premises:
      - assumption: REGISTRY-COMPLETE
        says: Every run is in the record.
        owner: lead
        expires: 2099-03-01
      - claim: AGREES
        says: Verdicts agree with M.
        holds_when: disagreement <= 0.05
        by:
          evidence: E-THEORY
          method: oversight/theory
          with: {protocol: toy/naming, judge_error: 0.01, equilibrium_gap: 0.01}
          reads: {disagreement: disagreement_bound}
          valid_for: 90 days
          because: The statement is instantiated.
"""
)


def context(tmp_path: Path) -> Context:
    return Context(
        case_folder=tmp_path,
        scratch=tmp_path,
        seed=0,
        model=None,
        models={},
        progress=lambda done, total, note="": None,
    )


def test_the_method_conforms() -> None:
    check_method(METHOD, module="safetycase.methods.oversight.theory.method")


def test_the_planted_protocol_conforms() -> None:
    check_protocol(voting(), module="safetycase.methods.oversight.planted")
    assert majority_error(3, 0.1) == pytest.approx(3 * 0.01 * 0.9 + 0.001)


def measured(**flaw: Any) -> Measurement:
    found = voting(**flaw)
    spoiled = found.corrupted()
    rows = play_all(found, found.domains, 1)
    return analyse(found, Votes(), CLEAN, 0.0, rows, play_all(spoiled, spoiled.domains, 1))


@pytest.mark.parametrize(
    ("flaw", "check"),
    [
        ("one vote", "plays keep the statement"),
        ("waste", "plays keep the statement"),
        ("out of range", "condition: odd"),
    ],
)
def test_a_flaw_fails_its_check(flaw: Any, check: str) -> None:
    assert all(c.passed for c in measured().instrument)
    failed = [c.name for c in measured(flaw=flaw).instrument if not c.passed]
    assert check in failed


def test_plays_that_cannot_tell_a_flaw_fail_the_instrument() -> None:
    found = voting()
    rows = play_all(found, found.domains, 1)
    same = analyse(found, Votes(), CLEAN, 0.0, rows, rows)
    assert [c.name for c in same.instrument if not c.passed] == ["a corrupted protocol breaks it"]


def test_a_counted_judge_error_enters_with_its_upper_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "safetycase.methods.oversight.theory.method.protocol_of", lambda _name: NAMING
    )
    counted = Parameters(protocol="toy/naming", judge_wrong=0, judge_items=100, level=0.95)
    found = run((), counted, context(tmp_path)).quantities["disagreement_bound"]
    high = 1 - 0.05**0.01
    assert bounds(found, alpha_low=0, alpha_high=0.05).high == pytest.approx(0.02 + high)
    assert bounds(found, alpha_low=0.05, alpha_high=0.05).low == 0.0
    assert bounds(found, alpha_low=0, alpha_high=0.01).high == float("inf")


def test_a_play_that_is_no_number_breaks_the_statement() -> None:
    found = voting()
    rows = play_all(found, found.domains, 1)
    fields: tuple[dict[str, Any], ...] = (
        {"error_high": math.nan},
        {"honest_cost": math.nan},
        {"judge_cost": math.nan},
    )
    for field in fields:
        spoiled = dataclasses.replace(rows[0].played, **field)
        assert "nan" in dataclasses.replace(rows[0], played=spoiled).breaks
    assert not rows[0].breaks


def test_a_statement_that_gives_no_probability_is_refused() -> None:
    bound = voting().theory(Votes(), 0.0, 0.0)
    changes: tuple[dict[str, Any], ...] = (
        {"disagreement": 1.5},
        {"disagreement": math.nan},
        {"judge_cost": math.nan},
    )
    for changed in changes:
        wrong = dataclasses.replace(bound, **changed)
        found = dataclasses.replace(voting(), theory=lambda *_given, wrong=wrong: wrong)
        with pytest.raises(MethodError, match="has to give a probability"):
            stated(found, Votes(), 0.0, 0.0)

    def too_large(*_given: Any) -> Any:
        return math.exp(1e9)

    huge = dataclasses.replace(voting(), theory=too_large)
    with pytest.raises(MethodError, match="lower the constants"):
        stated(huge, Votes(), 0.0, 0.0)


@pytest.mark.parametrize("name", OURS)
def test_hostile_constants_give_a_bound_or_a_sentence(name: str) -> None:
    found = protocol_of(name)
    refused = []
    hostile = (-1.0, 0.0, 1e-300, 1e9, 1e12, 1e18, 1e300, math.inf, math.nan)
    for field in found.constants.__dataclass_fields__:
        for value in hostile:
            try:
                constants = constants_of(found, {field: value})
                stated(found, constants, 1.0, 1.0)
                stated(found, constants, 0.01, 0.01)
            except MethodError as error:
                refused.append(str(error))
    assert refused
    assert all(found.name in told for told in refused)


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({}, "give `judge_error`"),
        ({"judge_error": 0.1, "judge_wrong": 1, "judge_items": 2}, "give `judge_error`"),
        ({"judge_wrong": 3, "judge_items": 2}, "`judge_wrong` ≤"),
        ({"judge_wrong": 0, "judge_items": 0}, "at least 1"),
        ({"judge_error": float("nan")}, "between 0 and 1"),
        ({"judge_error": 0.1, "equilibrium_gap": 2.0}, "share of the payoff range"),
        ({"judge_error": 0.1, "seeds": 0}, "`seeds`"),
    ],
)
def test_parameters_that_mean_nothing_are_refused(given: dict[str, Any], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        Parameters(protocol="debate", **given)


def test_names_that_are_not_there_say_what_is() -> None:
    with pytest.raises(MethodError, match="no installed package offers `nothing`"):
        protocol_of("nothing")
    with pytest.raises(MethodError, match="did you mean `bits`"):
        domains_of(NAMING, "bit")
    with pytest.raises(MethodError, match="constant of `toy/naming` called `bots`; did you mean"):
        constants_of(NAMING, {"bots": 3})
    assert constants_of(NAMING, {"bits": 3.0}) == constants_of(NAMING, {"bits": 3})
    with pytest.raises(MethodError, match="the constants of `toy/naming`: bits"):
        constants_of(NAMING, {"bits": 3.5})
    assert constants_of(NAMING, {"bits": 3}) == dataclasses.replace(NAMING.constants(), bits=3)


def test_a_constant_may_be_a_word_or_a_truth() -> None:
    """Otherwise the unfavourable reading of a statement could not be asked for in a case."""

    def disagreement(name: str, constants: dict[str, Any]) -> float:
        given = {"protocol": name, "judge_error": 0.01, "constants": constants}
        bound = bind(Parameters, given)
        assert bound.mismatches == ()
        found = protocol_of(name)
        made = constants_of(found, bound.value.constants)
        return stated(found, made, 0.01, 0.0).disagreement

    assert disagreement("debate", {}) == pytest.approx(0.01)
    assert disagreement("debate", {"errors": "placed"}) == 1.0
    assert disagreement("cross-examination", {"copies": "adaptive"}) == 1.0
    assert disagreement("consultancy", {"judge_learns": False}) == 1.0
    independent = disagreement("amplification", {})
    assert disagreement("amplification", {"independent": False}) > independent
    for constants in ({"errors": "knwon"}, {"variables": "3"}, {"variables": True}):
        with pytest.raises(MethodError, match="the constants of `debate`"):
            constants_of(protocol_of("debate"), constants)


@pytest.mark.slow
def test_a_protocol_of_another_package_is_evidence_and_its_code_counts(
    sc: Callable[..., Ran], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    shutil.copy(PLUGINS / "toy_protocols.py", theirs)
    shutil.copytree(PLUGINS / "toy_protocols-0.1.dist-info", theirs / "toy_protocols-0.1.dist-info")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(map(str, (theirs, PLUGINS, SOURCE))))
    case = write_case(tmp_path / "case", THEORY)
    ran = sc("run", case)
    assert ran.code == 0, ran.err
    assert sc("status", case, "--json").json["states"]["AGREES"]["support"] == "supported"
    plugin = theirs / "toy_protocols.py"
    plugin.write_text(
        plugin.read_text("utf-8").replace("MISREADS = 0.02", "MISREADS = 0.04"), "utf-8"
    )
    state = sc("status", case, "--json").json["states"]
    assert state["E-THEORY"]["freshness"]["word"] == "stale"
    assert "toy_protocols" in str(state["E-THEORY"]["freshness"])
    assert sc("run", case).code == 0
    assert sc("status", case, "--json").json["states"]["AGREES"]["support"] == "open"
    unknown = write_case(tmp_path / "other", THEORY.replace("toy/naming", "toy/nobody"))
    done = sc("run", unknown)
    assert done.code != 0
    assert "toy/nobody" in done.out + done.err
