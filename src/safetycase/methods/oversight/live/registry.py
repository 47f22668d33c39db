"""What Inspect loads to know `safetycase/debate`, `safetycase/side_features` and others by name."""

from __future__ import annotations

from safetycase.methods.deployment.side_objectives.scoring import side_features
from safetycase.methods.oversight.live.scoring import paired, verdict
from safetycase.methods.oversight.live.speaking import statements
from safetycase.methods.oversight.live.tasks import (
    answer_given,
    consultancy,
    critique,
    debate,
    ensemble,
    judge_alone,
    prover_estimator,
    random_evidence,
    trials,
    unopposed,
)

__all__ = [
    "answer_given",
    "consultancy",
    "critique",
    "debate",
    "ensemble",
    "judge_alone",
    "paired",
    "prover_estimator",
    "random_evidence",
    "side_features",
    "statements",
    "trials",
    "unopposed",
    "verdict",
]
