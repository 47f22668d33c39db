"""An attacker class of another package moves the bound of a case, and its code is evidence."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.conftest import HEADER, PLUGINS, SOURCE, Ran, write_case

GAME = (
    HEADER
    + """\
root:
  claim: SAFE
  says: The deployment is safe.
  by:
    argument: ROUTES
    kind: decomposition
    because: An attack that gets through is the only route.
    premises:
      - assumption: REGISTRY-COMPLETE
        says: Every run is in the record.
        owner: lead
        expires: 2099-03-01
      - claim: NONE-THROUGH
        says: No attack gets through.
        holds_when: risk <= 0.10
        by:
          evidence: E-GAME
          method: control/game
          with:
            tasks: 20
            audits: 2
            audit_rate: 0.05
            defer_rate: 0.2
            roc: [[0, 0], [0.05, 0.8], [0.2, 0.98], [1, 1]]
            attackers: [constant-rate, full-information]
          reads: {risk: risk}
          valid_for: 90 days
          because: The game is solved.
"""
)


def stronger(text: str) -> str:
    return text.replace("constant-rate, full", "constant-rate, toy/score-aware, full")


@pytest.mark.slow
def test_an_attacker_of_another_package_moves_the_bound_and_its_code_counts(
    sc: Callable[..., Ran], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    shutil.copy(PLUGINS / "toy_attackers.py", theirs)
    shutil.copytree(PLUGINS / "toy_attackers-0.1.dist-info", theirs / "toy_attackers-0.1.dist-info")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(map(str, (theirs, PLUGINS, SOURCE))))
    case = write_case(tmp_path / "game", GAME)

    assert sc("run", case).code == 0
    state = sc("status", case, "--json").json["states"]
    assert state["NONE-THROUGH"]["support"] == "supported"

    (case / "case.yaml").write_text(stronger(GAME), "utf-8")
    ran = sc("run", case)
    state = sc("status", case, "--json").json["states"]
    assert state["NONE-THROUGH"]["support"] == "refuted", ran.out + ran.err
    assert state["E-GAME"]["freshness"]["word"] == "fresh"

    plugin = theirs / "toy_attackers.py"
    plugin.write_text(plugin.read_text("utf-8").replace("TRIES = 3", "TRIES = 2"), "utf-8")
    state = sc("status", case, "--json").json["states"]
    assert state["E-GAME"]["freshness"]["word"] == "stale"
    assert "toy_attackers" in str(state["E-GAME"]["freshness"])


def test_a_class_that_nobody_offers_is_a_finding(sc: Callable[..., Ran], tmp_path: Path) -> None:
    case = write_case(tmp_path / "game", GAME.replace("constant-rate, full", "nobody, full"))
    ran = sc("run", case)
    assert ran.code != 0
    assert "nobody" in ran.out + ran.err
