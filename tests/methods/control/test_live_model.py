"""The real language model in the attacker's place, on a few fine-tuning samples."""

from __future__ import annotations

from pathlib import Path

import pytest

from safetycase.evidence.serving import serve_here
from safetycase.methods.control.live import method as evaluation
from safetycase.methods.control.live.method import Parameters
from safetycase.methods.control.live.play import MODEL
from safetycase.plugin.contract import Context, ModelAccess
from safetycase.stats import sample_size

WEIGHTS = "smollm2-135m-instruct"


@pytest.mark.model
@pytest.mark.server
@pytest.mark.filterwarnings("ignore")
@pytest.mark.timeout(1800)  # a guard against a hang, not a bound: slow machines take long
def test_the_real_model_is_told_to_attack_and_remembers(tmp_path: Path) -> None:
    ticks: list[tuple[int, int, str]] = []
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    with serve_here(WEIGHTS, tmp_path, "") as (url, _, _):
        subject = ModelAccess(name="subject", weights=WEIGHTS, provider="local", base_url=url)
        context = Context(
            case_folder=tmp_path,
            scratch=scratch,
            seed=3,
            model=subject,
            models={"subject": subject},
            progress=lambda done, total, note="": ticks.append((done, total, note)),
        )
        parameters = Parameters(
            family="dataset-poison",
            honest="scripted",
            tasks=70,
            attempts=3,
            arms=("memory",),
            strategies=("phrase",),
            per_strategy=4,
            audit_budget=0.05,
            samples=100,
            needed=10,
            max_tokens=40,
        )
        found = evaluation.run((), parameters, context)
    assert found.counts["texts of the instructed model"] == 6
    assert found.counts["without an answer"] == 0
    tried = sample_size(found.quantities["attack_attempt_rate"])
    assert (tried.items, tried.missing) == (6, 0)
    assert sample_size(found.quantities["worst_arm_event"]).clusters == 2
    assert found.effort["turns of the model"] == "6, in 2 arms"
    assert ticks[-1][2] == "monitored work and attacks"
    labels = [bar.label for bar in found.plots[0].bars if bar.label.startswith(MODEL)]
    made = found.counts["attack texts"] - 4  # its texts are attacks only where it made one
    assert (made > 0) == bool(labels)
