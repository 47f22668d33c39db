"""Leaves of the templates, bound to the methods they name: well-posed, and due to be run."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.templates.test_templates import case_text

from safetycase.argument.model import Evidence
from safetycase.workspace.folder import Workspace, open_case

ASSISTANT = Path(__file__).resolve().parent.parent.parent / "cases" / "internal-assistant"
NOW = datetime(2026, 12, 1, tzinfo=UTC)
ATTACK: dict[str, Any] = {
    "method": "control/evaluation",
    "with": {
        "honest_task": "generation.py@honest_samples",
        "attack_task": "generation.py@instructed_poisoning",
        "attacks": "attacks.py@STRATEGIES",
        "carries": "attacks.py@carries_poison",
        "strategies": ["rare-token", "date"],
        "monitor": "perplexity-monitor",
        "audit_budget": 0.05,
        "samples": 120000,
        "needed": 100,
    },
    "inputs": ["items/requests.jsonl", "items/poison.jsonl"],
    "plan": {"n": 400},
}
INSTRUCTED: dict[str, Any] = {
    "method": "scheming/harm-inability",
    "with": {
        "levels": [{"name": "one example", "effort": 1}],
        "items": 60,
        "inspect": {
            "tasks": {"plain/one example": "generation.py@instructed_poisoning"},
            "reads": ["items/poison.jsonl"],
        },
    },
    "inputs": ["items/poison.jsonl"],
    "plan": {"n": 60},
}
# What sixty items and two strategies can decide.
LOOSE: dict[str, Any] = {"p_harm": 0.15, "p_automation_miss": 0.5}


def bound(tmp_path: Path, name: str, develops: dict[str, Any], **over: Any) -> Workspace:
    folder = tmp_path / "case"
    shutil.copytree(ASSISTANT, folder, ignore=shutil.ignore_patterns("ledger", "report"))
    text = case_text(name, f"        develops: {json.dumps(develops)}\n", **over)
    (folder / "case.yaml").write_text(text, "utf-8")
    return open_case(folder, NOW)


def test_a_control_case_with_its_evaluation_bound(tmp_path: Path) -> None:
    workspace = bound(
        tmp_path, "control", {"E-CONTROL": ATTACK}, trial_risk=0.5, max_false_positives=0.25
    )
    assert workspace.errors == ()
    assert workspace.case is not None
    leaf = workspace.case.elements["T/E-CONTROL"]
    assert isinstance(leaf, Evidence)
    # What the template said of the leaf stays; what the case gave is added.
    assert leaf.method == "control/evaluation"
    assert leaf.reads == {"event": "event_given_attempt", "false_positives": "false_positive_rate"}
    assert leaf.type == "control evaluation"
    assert leaf.statistic
    assert leaf.plan is not None
    assert leaf.plan.n == 400
    result = workspace.assess().leaves["T/E-CONTROL"]
    assert (result.claim, result.outcome, result.attempts) == ("T/KC-1-4", None, ())


def test_a_scheming_case_composed_of_three_measured_stages(tmp_path: Path) -> None:
    develops = {"E-HARM-POISONING": INSTRUCTED, "E-AUTOMATION-POISONING": ATTACK}
    workspace = bound(tmp_path, "scheming", develops, control_by="components", **LOOSE)
    assert workspace.errors == ()
    assert {"T/E-HARM-POISONING", "T/E-AUTOMATION-POISONING"} <= workspace.assess().leaves.keys()


def test_a_quantity_the_method_does_not_measure_is_found(tmp_path: Path) -> None:
    wrong = {**INSTRUCTED, "reads": {"success": "succes_rate"}}
    workspace = bound(tmp_path, "scheming", {"E-HARM-POISONING": wrong}, **LOOSE)
    assert [f.code for f in workspace.errors] == ["C123"]


@pytest.mark.slow
def test_items_too_few_for_the_threshold_of_the_template_are_found(tmp_path: Path) -> None:
    workspace = bound(tmp_path, "scheming", {"E-HARM-POISONING": INSTRUCTED}, p_harm=0.01)
    assert [f.code for f in workspace.errors] == ["C126"]
