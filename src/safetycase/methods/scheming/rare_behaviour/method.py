"""`scheming/rare-behaviour`: the worst of all deployment queries, forecast from a tested sample."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from safetycase.methods.imported.origin import ORDER_LIMIT, made_elsewhere
from safetycase.methods.imported.planting import one_input
from safetycase.methods.scheming.rare_behaviour import forecast, planted
from safetycase.methods.scheming.rare_behaviour.forecast import (
    LIMITS,
    MEASURES,
    SOURCE,
    Horizon,
    analyse,
)
from safetycase.methods.scheming.rare_behaviour.rows import read_elicited
from safetycase.plugin.contract import Context, Measurement, Method
from safetycase.stats import Statistic

__all__ = ["METHOD", "Parameters"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters(Horizon):
    """How far to forecast; the one input holds the elicitation probabilities, a query a line."""


def run(inputs: tuple[str, ...], parameters: Parameters, context: Context) -> Measurement:
    """Read the probabilities and forecast."""
    import dataclasses

    path, kept = one_input(inputs, context, "file of elicitation probabilities")
    kind, rows = read_elicited(path)
    found = analyse(
        rows,
        parameters,
        context.seed,
        artefacts={"elicitation probabilities": kept},
        kind=f"{kind}, made elsewhere",
    )
    context.progress(len(rows), len(rows), "reading")
    said = made_elsewhere(by="the author of the file", at="")
    return dataclasses.replace(found, diagnostics={**found.diagnostics, **said})


def best_case(
    parameters: Parameters, folder: Path, inputs: tuple[str, ...]
) -> Mapping[str, Statistic]:
    """The safest result at the number of lines of the input."""
    lines = [name for name in inputs if name.endswith(".jsonl")]
    if len(lines) != 1:
        return {}
    text = folder.joinpath(lines[0]).read_text("utf-8")
    tested = sum(bool(line.strip()) for line in text.splitlines())
    return forecast.best_case(tested, parameters)


METHOD = Method(
    name="scheming/rare-behaviour",
    version="1.0.0",
    says="Forecasts the worst of many queries from elicitation probabilities in a file.",
    parameters=Parameters,
    measures=MEASURES,
    limits=(*LIMITS, ORDER_LIMIT),
    source=SOURCE,
    run=run,
    self_check=planted.self_check,
    controls=planted.controls,
    best_case=best_case,
    needs_model=False,
    imports=True,
)
