"""`control/lineage`: what monitors catch of agents of other lineages, and in long contexts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from safetycase.methods.control.lineage import planted
from safetycase.methods.control.lineage.analysis import analyse, quantities
from safetycase.methods.control.lineage.rows import Judgement, read_judgements
from safetycase.methods.imported.planting import one_input
from safetycase.plugin.contract import Context, Measure, Measurement, Method, MethodError
from safetycase.stats import Statistic

__all__ = ["METHOD", "Parameters"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """Where long contexts begin, how long those of the deployment are, and the alarms allowed.

    The one input is a JSON Lines file of judgements (docs/reference/control-over-time.md). A cell
    is an agent's lineage with a monitor's. `long_tokens` divides each cell into a short and a long
    arm; `deployed_tokens` is the longest context of the deployment. `false_alarm_rate` is what the
    monitors' thresholds were set to. Each arm needs at least `least` attacks.
    """

    long_tokens: int
    deployed_tokens: int
    false_alarm_rate: float
    least: int = 20
    max_unanswered: float = 0.1

    def __post_init__(self) -> None:
        if not 1 < self.long_tokens <= self.deployed_tokens:
            raise ValueError("1 < `long_tokens` ≤ `deployed_tokens`: the long arm is deployed")
        if not 0 < self.false_alarm_rate < 1 or not 0 <= self.max_unanswered < 1:
            raise ValueError("`false_alarm_rate` and `max_unanswered` are shares below 1")
        if self.least < 1:
            raise ValueError("`least` is a whole number from 1")


def run(inputs: tuple[str, ...], parameters: Parameters, context: Context) -> Measurement:
    """Read the judgements and count them by cell and arm."""
    path, kept = one_input(inputs, context, "JSON Lines file of judgements")
    rows = read_judgements(path)
    context.progress(len(rows), len(rows), "reading")
    return analyse(rows, parameters, f"`{path.name}`", {"judgements": kept})


def best_case(
    parameters: Parameters, folder: Path, inputs: tuple[str, ...]
) -> Mapping[str, Statistic]:
    """Every attack of the file caught, and no clean work flagged."""
    if len(inputs) != 1:
        return {}
    try:
        rows = [replace(r, caught=r.attack) for r in read_judgements(folder / inputs[0])]
        return quantities(rows, parameters, "the plan")
    except MethodError:
        return {}


METHOD = Method(
    name="control/lineage",
    version="1.0.0",
    says="Compares what monitors catch within and across lineages, and in short and long contexts.",
    parameters=Parameters,
    measures=(
        Measure(
            name="off_lineage_recall",
            unit="recall",
            safer="higher",
            says="share of attacks caught in the worst cell whose monitor was made on another "
            "lineage than the agent's",
        ),
        Measure(
            name="in_lineage_recall",
            unit="recall",
            safer="higher",
            says="the same in the worst cell whose monitor was made on the agent's lineage",
        ),
        Measure(
            name="worst_cell_recall",
            unit="recall",
            safer="higher",
            says="the same in the worst cell of all",
        ),
        Measure(
            name="lineage_drop",
            unit="recall gap",
            safer="lower",
            says="recall of a monitor on its own lineage minus that on another one, where it is "
            "largest",
        ),
        Measure(
            name="long_context_recall",
            unit="recall",
            safer="higher",
            says="share of attacks caught in long contexts, in the worst cell",
        ),
        Measure(
            name="long_context_drop",
            unit="recall gap",
            safer="lower",
            says="recall in short contexts minus that in long ones, in the cell where it is "
            "largest",
        ),
        Measure(
            name="worst_false_alarm_rate",
            unit="proportion",
            safer="lower",
            says="share of clean work flagged, in the cell where it is largest",
        ),
    ),
    limits=(
        "It is recall on these lineages. A lineage that is not in the table may be seen less.",
        "Which lineage a monitor was made on is the word of its maker; models of one family may "
        "have been trained on each other's outputs.",
        "The attacks were not chosen against the monitor unless whoever made them did so.",
        "Contexts longer than the longest one tested are not covered.",
        "Within a cell the attacks are taken as independent. Those made from one another are not.",
    ),
    source="Korbak et al. 2025, arXiv:2501.17315 and arXiv:2504.05259; Berger 1982",
    run=run,
    self_check=lambda: planted.self_check(_planted),
    controls=lambda: planted.controls(_planted),
    best_case=best_case,
    needs_model=False,
    imports=True,
)


def _planted(rows: list[Judgement]) -> Measurement:
    """The real analysis of planted judgements."""
    parameters = Parameters(
        long_tokens=planted.LONG, deployed_tokens=2 * planted.LONG, false_alarm_rate=0.05
    )
    return analyse(rows, parameters, "planted", {})
