"""A leaf like KC1-2-PLATEAU of the template `debate` reads its slope from recorded curves."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from tests.conftest import Ran, write_case

from safetycase.methods.convergence.training_run import planted


def curves(name: str) -> str:
    subject = next(one for one in planted.SUBJECTS if one.name == name)
    trainings = [planted.curve(subject, 3, number) for number in range(planted.COUNT)]
    return "".join(
        json.dumps({"run": one.run, "seed": one.seed, "step": step, "reward": reward}) + "\n"
        for one in trainings
        for step, reward in zip(one.steps, one.reward, strict=True)
    )


def case(folder: Path) -> Path:
    claims = [
        {
            "claim": f"PLATEAU-{number}",
            "says": f"The reward has stopped improving ({name}).",
            "holds_when": "slope <= 0.08",
            "by": {
                "evidence": f"E-PLATEAU-{number}",
                "method": "convergence/training-run",
                "with": {
                    "trainings": planted.COUNT,
                    "reward_low": -1.2,
                    "window": planted.WINDOW,
                    "level": 0.95,
                },
                "inputs": [f"{number}.jsonl"],
                "valid_for": "30 days",
                "because": "Trainings that gain nothing more have converged.",
                "reads": {"slope": "reward_gain"},
            },
        }
        for number, name in enumerate(("settled", "slow drift"))
    ]
    whole = {
        "case": "converged",
        "title": "Training has converged",
        "maturity": "sketch",
        "target": 0.5,
        "decision": {"supports": "trying this out", "owner": "me", "expires": "2099-01-01"},
        "models": {"agent": {"weights": "hypothetical", "provider": "none"}},
        "system": {"model": "agent", "scaffold": "none"},
        "deployment": {
            "users": "1 team",
            "volume": "100 tasks per month",
            "horizon": "1 month",
            "distribution": "tasks",
        },
        "harm": {"what": "better play is held back", "mistake": "a wrong verdict"},
        "root": {
            "claim": "CONVERGED",
            "says": "Training has converged.",
            "by": {
                "argument": "PARTS",
                "kind": "decomposition",
                "because": "These are all trainings.",
                "premises": claims,
            },
        },
    }
    files = {
        f"{number}.jsonl": curves(name) for number, name in enumerate(("settled", "slow drift"))
    }
    return write_case(folder, yaml.safe_dump(whole, sort_keys=False), files)


@pytest.mark.slow
def test_a_settled_training_supports_and_a_drifting_one_refutes(
    tmp_path: Path, sc: Callable[..., Ran]
) -> None:
    folder = case(tmp_path / "converged")
    ran = sc("run", folder)
    assert ran.code == 0, ran.out + ran.err
    leaves = sc("status", folder, "--json").json["leaves"]
    assert leaves["E-PLATEAU-0"]["outcome"] == "supports"
    assert leaves["E-PLATEAU-1"]["outcome"] == "refutes"
