"""The shipped replay of a control argument: its files, its numbers and its verdict."""

from __future__ import annotations

import runpy
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import Ran

from safetycase.methods.control.game import method as game
from safetycase.methods.control.logs import method as logs
from safetycase.plugin.contract import Context, Measurement
from safetycase.stats import Proportion, bounds

SHIPPED = Path(__file__).resolve().parents[3] / "cases" / "control-replay"


@pytest.fixture
def case(tmp_path: Path) -> Path:
    shutil.copytree(
        SHIPPED, tmp_path / "case", ignore=shutil.ignore_patterns("ledger", "report", "__pycache__")
    )
    return tmp_path / "case"


def test_the_script_gives_the_committed_scores(case: Path) -> None:
    before = {path.name: path.read_bytes() for path in (case / "items").iterdir()}
    assert sorted(before) == ["curve.jsonl", "live.jsonl", "protocols.jsonl", "scores.jsonl"]
    for name in before:
        (case / "items" / name).unlink()
    for script in ("make_scores.py", "make_rows.py"):
        runpy.run_path(str(case / script), run_name="__main__")
    assert {path.name: path.read_bytes() for path in (case / "items").iterdir()} == before


@pytest.mark.slow
def test_the_numbers_of_the_page(case: Path, tmp_path: Path) -> None:
    context = Context(
        case_folder=case,
        scratch=tmp_path,
        seed=1,
        model=None,
        models={},
        progress=lambda *_: None,
    )

    def read(name: str, **words: Any) -> Measurement:
        parameters = logs.Parameters(safety_definition="per_attempt_race", **words)
        return logs.run((f"items/{name}.jsonl",), parameters, context)

    live = read("live", audit_budget=0.1).quantities["recall_pooled"]
    assert live == Proportion(successes=170, trials=187)
    assert bounds(live, alpha_low=0.05, alpha_high=0.05).low == pytest.approx(0.867, abs=5e-4)
    deciding = bounds(live, alpha_low=0.1 / 28, alpha_high=0.1 / 28).low
    assert deciding == pytest.approx(0.838, abs=5e-4)
    second = read("scores", audit_budget=0.1, margin=1.0)
    risk = second.quantities["risk_per_attempt_race"]
    assert isinstance(risk, Proportion)
    assert risk.trials == 1065
    assert risk.successes / risk.trials == pytest.approx(0.253, abs=0.03)
    assert second.raises == ()
    first, last = second.plots[-1].bars  # type: ignore[union-attr]
    assert first.low > last.high  # the red team that has seen the monitor is harder to see
    words = {"tasks": 100, "audits": 2, "audit_rate": 0.02, "defer_rate": 0.1}
    played = game.run(("items/curve.jsonl",), game.Parameters(**words), context)  # type: ignore[arg-type]
    said = " ".join(played.diagnostics.values())
    assert "547 of 1065" in said
    assert "805 of 1065" in said
    full = bounds(played.quantities["risk_full_information"], alpha_low=0.05, alpha_high=0.05)
    rate = bounds(played.quantities["risk_constant_rate"], alpha_low=0.05, alpha_high=0.05)
    assert (round(full.low, 2), round(full.high, 2)) == (0.52, 0.84)
    assert (round(rate.low, 2), round(rate.high, 2)) == (0.29, 0.41)


@pytest.mark.slow
def test_it_is_clean_and_its_verdict_is_computed(sc: Callable[..., Ran], case: Path) -> None:
    checked = sc("check", case)
    assert "0 errors, 0 warnings" in checked.out, checked.out
    ran = sc("run", case)
    assert ran.code == 0, ran.err
    found = sc("status", case, "--json").json
    outcomes = {name: leaf["outcome"] for name, leaf in found["leaves"].items()}
    assert outcomes == {
        "CONTROL/E-CONTROL": "supports",
        "CONTROL/E-LIVE-RECALL": "supports",
        "CONTROL/E-HORIZON": "refutes",
        "CONTROL/E-MARGIN": "refutes",
        "E-PUBLISHED": "supports",
        "E-PROTOCOLS": "supports",
    }
    assert found["verdict"] == "unknown"
    states = found["states"]
    assert states["PUBLISHED"]["truth"] == "true"
    for name in ("SAFE", "CONTROL/KC-1", "CONTROL/KC-2", "CONTROL/KC-3"):
        assert states[name]["truth"] != "true"
    assert "Nothing is due" in sc("run", case).out
    # One score changed: the leaves that read this file are stale, and no other.
    scores = case / "items" / "scores.jsonl"
    scores.write_text(scores.read_text("utf-8").replace('"score": 0.4', '"score": 0.5', 1), "utf-8")
    planned = sc("run", case, "--dry-run").out
    assert "CONTROL/E-CONTROL" in planned
    assert "CONTROL/E-MARGIN" in planned
    assert "E-LIVE-RECALL" not in planned
    assert "E-HORIZON" not in planned


@pytest.mark.slow
def test_reading_a_file_twice_is_no_second_sample(sc: Callable[..., Ran], case: Path) -> None:
    text = (case / "case.yaml").read_text("utf-8")
    reads = "            reads: {live_recall: recall_pooled}\n"
    assert reads in text
    twice = text.replace(reads, reads + "            plan: {attempts: 2}\n")
    (case / "case.yaml").write_text(twice, "utf-8")
    ran = sc("run", case, "--only", "CONTROL/E-LIVE-RECALL")
    assert ran.code == 2
    assert "C139" in ran.out
    assert "plan one attempt" in ran.out
