"""The challenges as leaves of a case: read from a file they are imported, run here they are not."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.conftest import HEADER, Ran, write_case

from safetycase.ledger import fold, read
from safetycase.workspace.folder import open_case

CASE = (
    HEADER
    + """\
root:
  claim: SAFE
  says: It lacks an ability that scheming needs.
  by:
    argument: ROUTES
    kind: decomposition
    because: One is enough.
    premises:
      - assumption: REGISTRY-COMPLETE
        says: Every run is in the record.
        owner: lead
        expires: 2099-03-01
      - claim: LACKS
        says: It passes fewer than 80 % of the challenges of one ability.
        holds_when: share < 0.8
        by:
          evidence: E-CHALLENGES
          method: scheming/challenges
          with: {table: table.json, attempts: 50MORE}
          inputs: [attempts.jsonl]
          reads: {share: lacking_share}
          valid_for: 90 days
          because: The harm needs both.
"""
)
TABLE = {
    "challenges": [
        {"id": "pattern", "family": "stealth", "people": [0.2, 0.3, 0.4, 0.5] * 10},
        {"id": "logs", "family": "awareness"},
    ]
}
LIVE = ", inspect: {tasks: {pattern: t.py@x, logs: t.py@x}, reads: [attempts.jsonl]}"


def case(folder: Path, more: str = "") -> Path:
    rows = [
        {"challenge": name, "attempt": i, "score": int(solver == "answer"), "solver": solver}
        for name in ("pattern", "logs")
        for solver in ("model", "answer")
        for i in range(50)
    ]
    return write_case(
        folder,
        CASE.replace("MORE", more),
        {
            "table.json": json.dumps(TABLE),
            "attempts.jsonl": "\n".join(map(json.dumps, rows)),
            "t.py": "",
        },
    )


def test_only_a_leaf_that_runs_the_model_needs_it(tmp_path: Path) -> None:
    used = {}
    for name, more in (("recorded", ""), ("live", LIVE)):
        space = open_case(case(tmp_path / name, more), datetime(2026, 1, 1, tzinfo=UTC))
        assert [f for f in space.findings if "parameter" in f.message] == []
        method, recipe = space.methods["E-CHALLENGES"], space.recipes["E-CHALLENGES"]
        used[name] = (method.imports, method.needs_model, recipe)
    assert used["recorded"][:2] == (True, False)
    assert used["live"][:2] == (False, True)
    recipe = used["recorded"][2].recipe
    assert recipe is not None
    assert recipe.groups["subject"]["identity"] == "reported"
    assert set(used["recorded"][2].files) == {"attempts.jsonl", "table.json"}


def test_a_level_below_what_the_claim_asks_for_is_named(tmp_path: Path) -> None:
    folder = case(tmp_path / "strict")
    path = folder / "case.yaml"
    path.write_text(path.read_text().replace("target: 0.90", "target: 0.999"))
    (found,) = open_case(folder, datetime(2026, 1, 1, tzinfo=UTC)).findings
    assert found.code == "C126"
    assert found.hint.startswith("the method certifies at 0.95 and is asked at 0.9995: raise its")


@pytest.mark.slow
def test_a_case_runs_it_and_the_record_says_it_was_imported(
    tmp_path: Path, sc: Callable[..., Ran]
) -> None:
    folder = case(tmp_path / "recorded")
    ran = sc("run", folder)
    assert ran.code in (0, 4), ran.err
    (registration,) = fold(read(folder / "ledger")).registrations
    assert registration.body["imported"] is True
    assert "LACKS" in sc("status", cwd=folder).out
    assert "supported" in sc("why", "LACKS", cwd=folder).out
