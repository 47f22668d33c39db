"""Somebody shows a result of one model as if it were of another."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.conftest import write_case
from tests.threats.conftest import CASE, WEIGHTS, Sc

from safetycase.workspace.folder import open_case

NOW = datetime(2026, 11, 26, tzinfo=UTC)
LEAF = """\
        by:
          evidence: E-COIN
          method: import/in-toto-eval
          with: {name: refusals}
          inputs: [theirs.json]
          reads: {rate: fail_rate}
          because: They say so.
"""


def test_a_record_does_not_count_for_another_model(attacked: Path, sc: Sc) -> None:
    text = (attacked / "case.yaml").read_text("utf-8")
    (attacked / "case.yaml").write_text(text.replace(f"weights: {WEIGHTS}", "weights: other"))
    state = sc("status", attacked, "--json").json["states"]
    assert state["E-COIN"]["freshness"]["word"] == "not applicable"
    assert state["RARE"]["support"] == "open"


@pytest.mark.slow
def test_a_statement_about_other_weights_is_refused(sc: Sc, tmp_path: Path) -> None:
    statement = {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"digest": {"sha256": "ab" * 32}}],
        "predicateType": "https://in-toto.io/attestation/eval-result/v0.1",
        "predicate": {
            "verifier": {"id": "urn:them"},
            "claims": [
                {"metric": "refusals", "comparator": ">=", "threshold": "0.99", "passed": True}
            ],
            "sampleSize": 1000,
        },
    }
    head = CASE.split("        by:\n          evidence")[0]
    files = {WEIGHTS: "these weights", "theirs.json": json.dumps(statement)}
    folder = write_case(tmp_path / "c", head + LEAF, files)
    ran = sc("run", folder)
    assert "about another subject" in ran.out + ran.err
    workspace = open_case(folder, NOW)
    (attempt,) = workspace.history.attempts
    assert attempt.outcome == "failed"
    assert workspace.assess().states["RARE"].support == "open"


@pytest.mark.slow
def test_an_old_file_does_not_count_for_new_weights(sc: Sc, tmp_path: Path) -> None:
    leaf = LEAF.replace("import/in-toto-eval", "import/junit").replace("theirs.json", "t.xml")
    leaf = leaf.replace("{name: refusals}", "{}")
    tests = "".join(f"<testcase name='t{n}'/>" for n in range(400))
    files = {WEIGHTS: "these weights", "t.xml": f"<testsuite>{tests}</testsuite>"}
    folder = write_case(
        tmp_path / "c", CASE.split("        by:\n          evidence")[0] + leaf, files
    )

    def state() -> tuple[str, str, str]:
        found = sc("status", folder, "--json").json["states"]
        freshness = found["E-COIN"]["freshness"]
        return freshness["word"], freshness["detail"], found["RARE"]["support"]

    sc("run", folder)
    assert state() == ("fresh", "", "supported")
    (folder / WEIGHTS).write_text("other weights", "utf-8")
    assert state()[0] == "not applicable"
    # Reading the same file once more, under whatever name, tells nothing of the new weights.
    (folder / "t.xml").rename(folder / "u.xml")
    text = (folder / "case.yaml").read_text("utf-8").replace("t.xml", "u.xml")
    (folder / "case.yaml").write_text(text, "utf-8")
    sc("run", folder)
    detail = "record 2 imported the same files for another model"
    assert state() == ("not applicable", detail, "open")
    assert "Nothing is due" in sc("run", folder).out
    # A new run is a new file.
    (folder / "u.xml").write_text(f"<testsuite name='again'>{tests}</testsuite>", "utf-8")
    sc("run", folder)
    assert state()[::2] == ("fresh", "supported")
