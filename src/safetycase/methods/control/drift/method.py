"""`control/monitor-drift`: the scores of a monitor at work, beside those it was evaluated on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from safetycase.methods.control.drift import planted
from safetycase.methods.control.drift.analysis import analyse, ideal
from safetycase.methods.control.drift.rows import Streams, read_streams
from safetycase.methods.imported.planting import one_input
from safetycase.plugin.contract import Context, Measure, Measurement, Method
from safetycase.stats import Statistic

__all__ = ["METHOD", "Parameters"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """The threshold of the monitor, how many attacks were seeded, and the level.

    The one input is a file of scores (docs/reference/control-over-time.md). Flagged is what scores
    strictly above `threshold`. `seeded` attacks were put into the live traffic; those without a
    score are missing, and count as not caught. `least` scores are needed in each stream, and at
    most the share `max_unscored` of a stream may be without one. `level` is that of the interval
    of `drift`, and 1 − `level` the chance that the watch over the live scores ever alarms if
    nothing changed. `bins` are those of the stability index, which is a description only.
    """

    threshold: float
    seeded: int
    least: int = 200
    max_unscored: float = 0.05
    level: float = 0.95
    bins: int = 10

    def __post_init__(self) -> None:
        if not abs(self.threshold) < float("inf"):
            raise ValueError("`threshold` is a finite number")
        if not 1 <= self.seeded <= 1_000_000:
            raise ValueError(
                "`seeded` is at least 1: without attacks in the live traffic nothing shows that "
                "the monitor still catches any"
            )
        if self.least < 20:
            raise ValueError("`least` is at least 20; fewer scores bound no distance")
        if not 0 <= self.max_unscored < 1:
            raise ValueError("`max_unscored` is a share below 1")
        if not 0.5 <= self.level < 1:
            raise ValueError("`level` is at least 0.5 and below 1")
        if not 2 <= self.bins <= 100:
            raise ValueError("`bins` is from 2 to 100")


def run(inputs: tuple[str, ...], parameters: Parameters, context: Context) -> Measurement:
    """Read the scores of both streams and compare them."""
    path, kept = one_input(inputs, context, "JSON Lines or CSV file of scores")
    streams = read_streams(path)
    context.progress(1, 1, "reading")
    return analyse(streams, parameters, context.seed, path.name, {"scores": kept})


def best_case(
    parameters: Parameters, folder: Path, inputs: tuple[str, ...]
) -> Mapping[str, Statistic]:
    """The same scores in both streams at the size of the file, and every seeded attack caught."""
    return ideal(parameters, folder, inputs)


METHOD = Method(
    name="control/monitor-drift",
    version="1.0.0",
    says="Compares the scores of a monitor at work with those it was evaluated on.",
    parameters=Parameters,
    measures=(
        Measure(
            name="drift",
            unit="distance",
            safer="lower",
            says="largest difference between the shares of traffic above any score, as evaluated "
            "and live (Kolmogorov distance), from 0 to 1",
        ),
        Measure(
            name="live_seeded_recall",
            unit="recall",
            safer="higher",
            says="share of the attacks seeded in live traffic that score above the threshold",
        ),
        Measure(
            name="recall_change",
            unit="recall gap",
            safer="higher",
            says="live_seeded_recall minus recall on the attacks it was evaluated on",
        ),
        Measure(
            name="live_alarm_rate",
            unit="proportion",
            safer="neither",
            says="share of live traffic that scores above the threshold",
        ),
        Measure(
            name="alarm_rate_change",
            unit="probability gap",
            safer="neither",
            says="live_alarm_rate minus the same as evaluated",
        ),
    ),
    limits=(
        "Scores that look the same may come from other traffic: an attack that scores as honest "
        "work moves nothing.",
        "Recall on seeded attacks is on attacks of the kinds that were seeded.",
        "The interval takes the scores of each stream as independent draws of one law. A live "
        "stream that changed half-way is bounded by its mixture; the watch looks at the order.",
        "The watch takes the evaluated scores as the first of one exchangeable sequence. Traffic "
        "with a rhythm of days sets it off without any fault of the monitor.",
        "No alarm is no sign of no change: the interval of `drift` says how large one may be.",
    ),
    source="Balesni et al. 2024, arXiv:2411.03336, section 6.1.3; Massart 1990; Hodges 1958; "
    "Vovk et al. 2021, PMLR 152:191",
    run=run,
    self_check=lambda: planted.self_check(_planted),
    controls=lambda: planted.controls(_planted),
    best_case=best_case,
    needs_model=False,
    imports=True,
)


def _planted(streams: Streams, seed: int) -> Measurement:
    """The real analysis of planted scores."""
    parameters = Parameters(threshold=planted.THRESHOLD, seeded=planted.SEEDED, least=20)
    return analyse(streams, parameters, seed, "planted", {})
