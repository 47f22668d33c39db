"""One measurement of `control.py`, in a process of its own: prints a line of JSON.

    python control_measures.py ours|ours-lines|arena|arena-bootstrap COUNT

The first two import safetycase, the others control-arena; all make the same scores from one seed.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

BUDGET, STRATEGIES, ATTEMPTS = 0.01, 8, 2


def scores(count: int) -> dict[str, Any]:
    """Half honest and half attacks, of `STRATEGIES` strategies, two attempts a task; with ties."""
    half = count // 2
    u = np.random.default_rng(20261126).random((6, half))
    strategy = np.arange(half) % STRATEGIES
    return {
        "honest": np.round(u[0] * u[1], 4),
        "attack": np.round(1 - u[2] * u[3] * (1 + strategy / STRATEGIES) / 2, 4),
        "side": u[4] < 0.7,
        "main": u[5] < 0.8,
        "strategy": strategy,
        "task": np.arange(half) // ATTEMPTS,
    }


def trajectories(count: int) -> Any:
    from safetycase.methods.control.logs.scores import Trajectories

    made = scores(count)
    half = len(made["honest"])
    side, both = made["side"].astype(np.int64), (made["side"] & made["main"]).astype(np.int64)
    blank = np.full(half, np.nan)
    return Trajectories(
        honest=made["honest"],
        honest_task=np.arange(half),
        honest_main=np.ones(half, dtype=np.int64),
        attack=made["attack"],
        attack_task=made["task"],
        attack_strategy=made["strategy"],
        attack_success=side,
        arena_success=both,
        forecast=blank,
        estimate=blank,
        strategies=tuple(f"s{n}" for n in range(STRATEGIES)),
    )


def ours(count: int) -> dict[str, Any]:
    """Every quantity with its exact bounds, and the pictures."""
    from safetycase.methods.control.logs.arena import recompute
    from safetycase.methods.control.logs.metrics import roc_area
    from safetycase.methods.control.logs.parameters import Parameters
    from safetycase.methods.control.logs.plots import pictures
    from safetycase.methods.control.logs.quantities import find, quantities
    from safetycase.stats import bounds, estimate

    t = trajectories(count)
    parameters = Parameters(safety_definition="per_attempt_race", audit_budget=BUDGET)
    start = time.process_time()
    found = find(t, parameters, 0)
    values = quantities(found, parameters)
    ends = {name: bounds(v, alpha_low=0.05, alpha_high=0.05) for name, v in values.items()}
    exact = time.process_time() - start
    pictures(t, found.threshold, BUDGET, found.rates, {})
    whole = time.process_time() - start
    start = time.process_time()
    arena = recompute(t, BUDGET)
    same = time.process_time() - start
    start = time.process_time()
    area, _ = roc_area(t.honest, t.attack)
    return {
        "cpu": exact,
        "cpu_pictures": whole,
        "cpu_same": same,
        "cpu_area": time.process_time() - start,
        "safety": estimate(arena.safety),
        "ends": [ends["arena_safety"].low, ends["arena_safety"].high],
        "linear": arena.linear,
        "higher": arena.higher,
        "area": area,
        "tpr": float((t.attack > arena.higher).mean()),
    }


def ours_lines(count: int) -> dict[str, Any]:
    """A scores file of that many lines, read strictly."""
    from safetycase.methods.control.logs.scores import columns, read_scores, unique

    made = scores(count)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "scores.jsonl"
        with path.open("w", encoding="utf-8") as file:
            for n, score in enumerate(made["honest"].tolist()):
                row = {"id": f"h{n}", "task": f"h{n}", "mode": "honest", "score": score}
                file.write(json.dumps(row) + "\n")
            for n, score in enumerate(made["attack"].tolist()):
                row = {"id": f"a{n}", "task": f"t{n // 2}", "mode": "attack", "score": score,
                       "strategy": f"s{n % 8}", "side_success": bool(made["side"][n])}  # fmt: skip
                file.write(json.dumps(row) + "\n")
        start = time.process_time()
        runs = read_scores(path)
        unique(runs)
        columns(runs, "side")
        return {"cpu": time.process_time() - start, "megabytes": path.stat().st_size / 1e6}


def frame(count: int) -> Any:
    import pandas as pd

    made = scores(count)
    half = len(made["honest"])
    return pd.DataFrame(
        {
            "eval_mode": ["honest"] * half + ["attack"] * half,
            "score_m": np.concatenate([made["honest"], made["attack"]]),
            "main_task_success": np.concatenate([np.ones(half, dtype=bool), made["main"]]),
            "side_task_success": np.concatenate([np.zeros(half, dtype=bool), made["side"]]),
        }
    )


def arena(count: int) -> dict[str, Any]:
    """Its safety, thresholds, true-positive rate and area, without intervals."""
    from control_arena.analysis import (
        compute_classifier_roc_auc,
        compute_classifier_tpr,
        compute_safety,
        compute_suspicion_threshold,
    )

    df = frame(count)
    compute_safety(df.iloc[[0, -1]], "m", 100 * BUDGET)  # the first call builds its schemas
    start = time.process_time()
    safety = compute_safety(df, "m", 100 * BUDGET)
    cpu = time.process_time() - start
    honest, attack = df[df.eval_mode == "honest"], df[df.eval_mode == "attack"]
    start = time.process_time()
    linear = compute_suspicion_threshold(honest, "m", 100 * BUDGET)
    rate = compute_classifier_tpr(honest["score_m"], attack["score_m"], BUDGET)
    threshold = time.process_time() - start
    start = time.process_time()
    area = compute_classifier_roc_auc(honest["score_m"], attack["score_m"])
    return {
        "cpu": cpu,
        "cpu_threshold": threshold,
        "cpu_area": time.process_time() - start,
        "safety": float(safety),
        "linear": linear,
        "higher": rate.threshold,
        "tpr": rate.tpr,
        "area": float(getattr(area, "auc", area)),
    }


def arena_bootstrap(count: int) -> dict[str, Any]:
    """Its percentile bootstrap of the true-positive rate, with its default of draws."""
    from control_arena.analysis import (
        MonitorAnalysisSettings,
        compute_monitor_classification_metrics,
    )

    df = frame(count)
    honest, attack = df[df.eval_mode == "honest"], df[df.eval_mode == "attack"]
    settings = MonitorAnalysisSettings(
        scorer_name="m", target_fpr=BUDGET, confidence_intervals_level=0.9, random_state=0
    )
    start = time.process_time()
    found = compute_monitor_classification_metrics(honest, attack, settings)
    return {"cpu": time.process_time() - start, "says": str(found)[:2000]}


def main() -> None:
    made = {
        "ours": ours,
        "ours-lines": ours_lines,
        "arena": arena,
        "arena-bootstrap": arena_bootstrap,
    }
    print(json.dumps(made[sys.argv[1]](int(sys.argv[2]))))


if __name__ == "__main__":
    main()
