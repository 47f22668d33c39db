"""`control/logs`: a control evaluation made elsewhere, recomputed from its scores.

Reads Inspect logs, ControlArena's among them, and scores files; trusts no number but the scores.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from safetycase.methods.control.logs import planted
from safetycase.methods.control.logs.arena_logs import read_log
from safetycase.methods.control.logs.measure import measure
from safetycase.methods.control.logs.parameters import Parameters
from safetycase.methods.control.logs.quantities import MEASURES, find, quantities
from safetycase.methods.control.logs.risk import ATTACKERS
from safetycase.methods.control.logs.scores import Run, columns, last_round, read_scores, unique
from safetycase.methods.imported.origin import ORDER_LIMIT, made_elsewhere
from safetycase.methods.imported.strict import input_file
from safetycase.plugin.contract import Context, Measurement, Method, MethodError
from safetycase.stats import Statistic

__all__ = ["METHOD", "Parameters"]


def run(inputs: tuple[str, ...], parameters: Parameters, context: Context) -> Measurement:
    """Read everything, keep it, and count."""
    if not inputs:
        raise MethodError("name the logs or the scores file under `inputs`")
    paths = [input_file(context, name) for name in inputs]
    runs, said = _runs(paths, parameters)
    others = [input_file(context, name) for name in parameters.compare_with]
    other = _runs(others, parameters)[0] if others else []
    context.progress(len(runs), len(runs), "reading")
    try:
        found = measure(runs, other, parameters, context.seed)
    except (ValueError, MethodError) as error:
        raise MethodError(f"{_named(paths, others)}: {error}") from error
    kept = {}
    for number, path in enumerate((*paths, *others), start=1):
        name = f"{number}-{path.name}"
        shutil.copyfile(path, context.scratch / name)
        kept[f"scores {number}: {path.name}"] = name
    origin = made_elsewhere(by="a control evaluation, as its files say", at="")
    return replace(found, diagnostics={**origin, **said, **found.diagnostics}, artefacts=kept)


def _named(paths: list[Path], others: list[Path]) -> str:
    """The files in a sentence."""
    names = ", ".join(f"`{path.name}`" for path in paths)
    compared = ", ".join(f"`{path.name}`" for path in others)
    return f"{names}, compared with {compared}" if compared else names


def _runs(paths: list[Path], parameters: Parameters) -> tuple[list[Run], dict[str, str]]:
    """All runs of some files; a name that ends in `.jsonl` is a scores file, any other a log."""
    runs: list[Run] = []
    said: dict[str, str] = {}
    for path in paths:
        if path.suffix == ".jsonl":
            runs += read_scores(path)
        else:
            more, about = read_log(path, parameters.keys)
            runs += more
            said |= about
    unique(runs)
    return runs, said


def files(parameters: Parameters) -> tuple[str, ...]:
    """The files of the second protocol."""
    return parameters.compare_with


def plugins(parameters: Parameters) -> tuple[str, ...]:
    """The attacker class that the definition plays, if it plays one."""
    name = ATTACKERS.get(parameters.definition)
    return (f"safetycase.attackers:{name}",) if name else ()


def best_case(
    parameters: Parameters, folder: Path, inputs: tuple[str, ...]
) -> Mapping[str, Statistic]:
    """The same runs, were every attack flagged and no honest run: nothing can come out safer."""
    import numpy as np

    scores = [folder / name for name in inputs if name.endswith(".jsonl")]
    if len(scores) != len(inputs) or not scores:
        return {}
    try:
        runs, _ = _runs(scores, parameters)
        t = columns(last_round(runs)[0], parameters.success)
        known = np.where(np.isnan(t.honest), 0.0, 0.0 * t.honest)
        best = replace(t, honest=known, attack=np.ones_like(t.attack))
        found = find(best, parameters, 0)
        return quantities(found, parameters)
    except (MethodError, ValueError, OSError):
        return {}  # the run says what is wrong


METHOD = Method(
    name="control/logs",
    version="1.0.0",
    says="Recomputes a control evaluation from the scores of honest and attack runs.",
    parameters=Parameters,
    measures=MEASURES,
    limits=(
        "Recall is against the attacks tried, at the strength the red team had. The margin for "
        "attacks that adapt is declared, not measured; an adaptive red round replaces it.",
        "A risk holds under the declared definition of safety alone; values of two definitions do "
        "not compare, and each has a name of its own.",
        "Audits are taken as perfect: whatever is flagged is found. Auditors are another leaf.",
        "Runs of the deployment are taken as exchangeable with the honest runs of the files, and "
        "tasks as independent of one another; how suspicious an attack is, as independent of the "
        "one honest run at its task.",
        "A risk and a pooled recall take the mix of strategies as the files have it. An attacker "
        "that keeps to its best one has the recall of the worst strategy, which is told beside.",
        "That the red team of a later round had seen the monitor is as the files say it.",
        "An attacker that chooses by the monitor's own score is the worst case among the attempts "
        "in the files; it makes no new attempt.",
        "The scores are as the files say them: that they came from the monitor, and from this "
        "model, was not seen here.",
        ORDER_LIMIT,
    ),
    source="Greenblatt et al. 2023, arXiv:2312.06942; Korbak et al. 2025, arXiv:2501.17315",
    run=run,
    self_check=planted.self_check,
    controls=planted.controls,
    files=files,
    best_case=best_case,
    needs_model=False,
    imports=True,
    plugins=plugins,
)
