"""A small case that was really run, and everything that must take its green away.

The case holds after one real run of the command line. Each test changes one thing, and asks what
the program then says of the root.
"""

import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from safetycase.argument.model import Claim
from safetycase.workspace.folder import open_case

CASE = """\
case: toy
title: A guard
maturity: full
target: 0.90
decision: {supports: opening the door, owner: board, expires: 2099-06-01}
models: {m: {weights: none}}
system: {model: m, scaffold: none}
deployment: {users: 4 staff, volume: 10 uses per month, horizon: 12 months, distribution: uses}
harm: {what: the door stands open, mistake: a door left open}
authors: [{name: Ada}]
root:
  claim: SAFE
  says: The door is safe.
  by:
    argument: PARTS
    kind: decomposition
    because: The guard is all there is.
    credence: {at_least: 0.99, owner: Ada, because: It was looked at.}
    premises:
      - assumption: REGISTRY-COMPLETE
        says: Every run is in the record.
        owner: Ada
        expires: 2099-03-01
        credence: {at_least: 0.99, owner: Ada, because: There is one machine.}
      - claim: GUARD
        says: The guard passes its tests.
        holds_when: not_passed <= 0
        by:
          evidence: E-GUARD
          method: import/junit
          inputs: [guard.xml]
          reads: {not_passed: not_passed}
          valid_for: 90 days
          because: They are the tests of the guard.
          credence: {at_least: 0.99, owner: Ada, because: They were read.}
"""
GUARD = "<testsuite name='p'>{}</testsuite>".format(
    "".join(f"<testcase classname='t' name='t{n}'/>" for n in range(20))
)


def command(folder, *words):
    done = subprocess.run(
        [sys.executable, "-m", "safetycase.cli", *words, folder],
        capture_output=True, text=True, check=False, env=dict(os.environ),
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    folder = tmp_path_factory.mktemp("toy") / "case"
    folder.mkdir()
    (folder / "case.yaml").write_text(CASE, "utf-8")
    (folder / "guard.xml").write_text(GUARD, "utf-8")
    command(folder, "run")
    return folder


@pytest.fixture
def folder(ran, tmp_path, monkeypatch):
    # What a user has seen of a record is kept; each test is a user who sees it for the first time.
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return Path(shutil.copytree(ran, tmp_path / "case"))


def now():
    return datetime.now(UTC).replace(microsecond=0)


def root(folder, at=None):
    """The word for the root, or what kept the case from being read."""
    space = open_case(folder, at or now())
    if space.case is None:
        return "not read"
    return space.assess().root.support


def verdict(folder, at=None):
    return open_case(folder, at or now()).assess().verdict


def edit(folder, was, now):
    path = folder / "case.yaml"
    text = path.read_text("utf-8")
    assert was in text
    path.write_text(text.replace(was, now), "utf-8")


def test_the_case_is_green_to_begin_with(folder):
    assert root(folder) == "supported"


@pytest.mark.parametrize(
    ("was", "now"),
    [
        ("not_passed <= 0", "not_passed <= 5"),
        ("not_passed <= 0", "not_passed >= 0"),
        ("reads: {not_passed: not_passed}", "reads: {not_passed: tests}"),
        ("method: import/junit", "method: import/tea"),
        ("inputs: [guard.xml]", "inputs: [other.xml]"),
        ("inputs: [guard.xml]", "inputs: [guard.xml]\n          with: {tests: t1*}"),
        ("evidence: E-GUARD", "evidence: E-OTHER"),
        ("        owner: Ada\n        expires: 2099-03-01\n", ""),
        ("expires: 2099-03-01", "expires: 2020-03-01"),
        ("weights: none", "weights: another"),
        ("scaffold: none", "scaffold: agent"),
    ],
)
def test_a_changed_case_file_is_not_green(folder, was, now):
    shutil.copy(folder / "guard.xml", folder / "other.xml")
    (folder / "other.xml").write_text(GUARD.replace("t19", "t20"), "utf-8")
    edit(folder, was, now)
    assert root(folder) != "supported"


def test_a_dropped_leaf_is_not_green(folder):
    text = (folder / "case.yaml").read_text("utf-8")
    cut = text[: text.index("        by:\n          evidence")]
    (folder / "case.yaml").write_text(cut, "utf-8")
    assert root(folder) != "supported"


def test_a_doubt_that_nothing_answers_is_not_green(folder):
    edit(folder, "root:", "defeaters: [{defeater: D, against: GUARD, says: Who says so?}]\nroot:")
    space = open_case(folder, now())
    assert space.assess().states["GUARD"].support == "contested"
    assert verdict(folder) != "holds"


def test_a_doubt_answered_by_nothing_more_than_words_is_not_green(folder):
    doubt = "{defeater: D, against: GUARD, says: Who says so?, answered_by: [WORDS]}"
    claim = "{claim: WORDS, says: I do.}"
    edit(folder, "root:", f"defeaters: [{doubt}]\nclaims: [{claim}]\nroot:")
    assert open_case(folder, now()).assess().states["GUARD"].support == "contested"
    assert verdict(folder) != "holds"


def test_changed_items_are_stale(folder):
    (folder / "guard.xml").write_text(GUARD.replace("'t3'", "'t99'"), "utf-8")
    space = open_case(folder, now())
    found = space.assess().freshness["E-GUARD"]
    assert found.word == "stale"
    assert "guard.xml" in str(found)
    assert root(folder) != "supported"


def test_old_results_are_expired(folder):
    assert root(folder, now() + timedelta(days=89)) == "supported"
    assert root(folder, now() + timedelta(days=91)) != "supported"


def test_without_its_record_nothing_is_green(folder):
    shutil.rmtree(folder / "ledger")
    assert root(folder) == "open"


def test_a_record_that_was_cut_supports_nothing(folder):
    log = folder / "ledger" / "log.jsonl"
    whole = log.read_bytes().splitlines(keepends=True)
    log.write_bytes(b"".join(whole[:-1]))
    assert root(folder) != "supported"


def test_a_failed_test_refutes(folder):
    (folder / "guard.xml").write_text(GUARD.replace("'t3'/>", "'t3'><failure/></testcase>"))
    command(folder, "run")
    space = open_case(folder, now())
    found = space.assess()
    assert found.leaves["E-GUARD"].outcome == "refutes"
    assert isinstance(space.case.elements["GUARD"], Claim)
    assert found.root.support != "supported"


def test_an_event_about_the_evidence_takes_it_away(folder):
    words = ("record", "event", "evaluation-bug-found", "--says", "it counted twice")
    command(folder, *words, "--about", "evidence=E-GUARD", "--yes")
    assert open_case(folder, now()).assess().freshness["E-GUARD"].word == "invalidated"
    assert root(folder) != "supported"
