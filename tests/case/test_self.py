"""The case for this program: nothing is wrong with it, quick leaves pass, and it does not hold."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.conftest import Ran

from safetycase.plugin.entries import declared
from safetycase.workspace.folder import open_case

SHIPPED = Path(__file__).resolve().parents[2] / "cases" / "self"
QUICK = ("E-STATISTICS", "E-READING")
SLOW = ("E-CALCULUS", "E-RECORD", "E-STATUS", "E-MUTATION")
RUN = (*QUICK, *SLOW) if os.environ.get("SAFETYCASE_WHOLE_SWEEPS") else QUICK
OPEN = ("D-GARBAGE-IN", "D-ONE-TEAM", "D-SMALL", "D-CHOSEN-FAULTS", "D-VERIFIERS-ALIKE")
Sc = Callable[..., Ran]


@pytest.fixture
def offered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The method is there also where the package was installed before it had it."""
    if any(entry.name == "tool/tests" for entry in declared("safetycase.methods")):
        return
    info = tmp_path / "path" / "tool_tests-0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: tool_tests\nVersion: 0\n")
    (info / "entry_points.txt").write_text(
        "[safetycase.methods]\ntool/tests = safetycase.methods.tool.tests:METHOD\n"
    )
    monkeypatch.syspath_prepend(str(info.parent))
    path = os.pathsep.join((str(info.parent), os.environ["PYTHONPATH"]))
    monkeypatch.setenv("PYTHONPATH", path)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    ignored = shutil.ignore_patterns("ledger", "report", "__pycache__")
    return Path(shutil.copytree(SHIPPED, tmp_path / "self", ignore=ignored))


@pytest.mark.slow
@pytest.mark.usefixtures("offered")
def test_nothing_is_wrong_with_the_case_and_it_does_not_hold() -> None:
    space = open_case(SHIPPED, datetime(2026, 11, 27, tzinfo=UTC))
    assert space.case is not None
    assert [f for f in space.findings if f.severity != "note"] == []
    found = space.assess()
    assert found.verdict == "unknown"
    assert set(found.leaves) == {*QUICK, *SLOW}
    # No run could change that: its doubts stand, and its problems are open.
    standing = {name for state in found.states.values() for name in state.attackers}
    assert set(OPEN) <= standing
    assert found.states["READERS-UNDERSTAND"].support == "open"


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.usefixtures("offered")
def test_its_leaves_pass_and_notice_every_planted_fault(sc: Sc, folder: Path) -> None:
    words = [word for name in RUN for word in ("--only", name)]
    done = sc("run", folder, *words, timeout=900)
    assert done.code == 0, done.err
    found = sc("status", folder, "--json")
    leaves = {name: found.json["leaves"][name] for name in RUN}
    told = {name: (leaf["outcome"], leaf["diagnostics"]) for name, leaf in leaves.items()}
    assert {name: outcome for name, (outcome, _) in told.items()} == dict.fromkeys(
        RUN, "supports"
    ), told
    assert found.json["states"]["STATISTICS-RIGHT"]["support"] == "supported"
    assert found.json["states"]["READ-RIGHT"]["support"] == "supported"
    assert found.json["states"]["WAYS"]["support"] != "supported"
    assert (found.json["verdict"], found.code) == ("unknown", 4)
