"""`scheming/legibility`: how far what a model can do goes through the words that it writes.

The reasoning is paraphrased, cut short, replaced by filler and left out, and what each costs is
measured. A drop under paraphrase says that the wording carried something; no drop under truncation
says that the answer was there before the words; success without words bounds what words can show.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from safetycase.methods.imported.planting import keep, one_input
from safetycase.methods.imported.strict import input_file
from safetycase.methods.scheming.legibility import planted
from safetycase.methods.scheming.legibility.analysis import MEASURES, analyse
from safetycase.methods.scheming.legibility.items import Item, items, read_items
from safetycase.methods.scheming.legibility.live import ask
from safetycase.methods.scheming.legibility.rows import arm_of, fraction_of, read_rows
from safetycase.plugin.contract import Context, Measurement, Method, MethodError
from safetycase.stats import ClusteredDifference, Proportion, Statistic

__all__ = ["METHOD", "Parameters"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """Where the items come from, and how the reasoning is changed.

    `arithmetic` and `lookup` make `items` items of `steps` steps by the seed of the run; `items`
    reads them from the one input, and `rows` reads answers that were given before
    (docs/reference/reasoning-and-probes.md). `fractions` are the shares of the words that are
    kept. `paraphraser` is `rules`, a table of synonyms and one form of spacing, case and marks, or
    the name of a model of the case. `least_changed` is the share of paraphrases that must differ
    from the original. `model` is another Inspect model in the subject's place.
    """

    source: Literal["arithmetic", "lookup", "items", "rows"] = "arithmetic"
    items: int = 60
    steps: int = 3
    epochs: int = 1
    fractions: tuple[float, ...] = (0.25, 0.5, 0.75)
    paraphraser: str = "rules"
    least_changed: float = 0.9
    model: str | None = None
    max_tokens: int = 256
    answer_tokens: int = 12
    temperature: float = 0.0
    max_connections: int = 4

    def __post_init__(self) -> None:
        if self.items < 1 or self.epochs < 1 or not 1 <= self.steps <= 8:
            raise ValueError("`items` and `epochs` are at least 1, and `steps` is 1 to 8")
        if not self.fractions or any(fraction_of(arm_of(f)) != f for f in self.fractions):
            raise ValueError("`fractions` are shares between 0 and 1, at most four decimals")
        if len(set(self.fractions)) != len(self.fractions):
            raise ValueError("each of `fractions` is named once")
        if not 0 < self.least_changed <= 1:
            raise ValueError("`least_changed` is a share between 0 and 1")
        if self.epochs > 1 and self.temperature == 0:
            raise ValueError("several `epochs` at temperature 0 are one reasoning; raise either")


def run(inputs: tuple[str, ...], parameters: Parameters, context: Context) -> Measurement:
    """Ask the model, or read what it answered, and analyse."""
    if parameters.source == "rows":
        path, kept = one_input(inputs, context, "JSON Lines file of answers")
        rows = read_rows(path)
        context.progress(len(rows), len(rows), "reading")
        return analyse(
            rows,
            context.seed,
            least_changed=parameters.least_changed,
            artefacts={"answers": kept},
            effort={"reasoning and paraphrase": "made elsewhere, as the file says"},
        )
    answers = ask(_items(inputs, parameters, context), parameters, context)
    effort = {
        "paraphraser": parameters.paraphraser,
        "paraphrases dropped, because a number changed": str(answers.dropped),
        "tokens of a reasoning, at most": str(parameters.max_tokens),
        "temperature of the reasoning": f"{parameters.temperature:g}",
    }
    return analyse(
        answers.rows,
        context.seed,
        least_changed=parameters.least_changed,
        artefacts=answers.logs,
        effort=effort,
    )


def _items(inputs: tuple[str, ...], parameters: Parameters, context: Context) -> list[Item]:
    if parameters.source == "items":
        if len(inputs) != 1:
            raise MethodError(f"name one JSON Lines file of items, not {len(inputs)} inputs")
        path = input_file(context, inputs[0])
        keep(path, context)
        return read_items(path)
    if inputs:
        raise MethodError(
            f"`source: {parameters.source}` makes its items and reads no input; "
            "`source: items` reads them"
        )
    kind: Literal["arithmetic", "lookup"] = (
        "lookup" if parameters.source == "lookup" else "arithmetic"
    )
    return items(kind, parameters.items, parameters.steps, context.seed)


def best_case(
    parameters: Parameters, folder: Path, inputs: tuple[str, ...]
) -> Mapping[str, Statistic]:
    """Always right with the words, paraphrased or not, and never without, at the planned size."""
    try:
        if parameters.source == "rows":
            count = len({row.item for row in read_rows(folder / inputs[0])})
        elif parameters.source == "items":
            count = len(read_items(folder / inputs[0]))
        else:
            count = parameters.items
    except (IndexError, MethodError):
        return {}
    same = ClusteredDifference(clusters=((1, 1, 1, 1),) * count)
    none = ClusteredDifference(clusters=((0, 1, 0, 1),) * count)
    gain = ClusteredDifference(clusters=((1, 1, 0, 1),) * count)
    return {
        "paraphrase_drop": same,
        "truncation_drop": gain,
        "reasoning_gain": gain,
        "filler_gain": none,
        "no_reasoning_success": Proportion(successes=0, trials=count),
        "reasoning_success": Proportion(successes=count, trials=count),
    }


METHOD = Method(
    name="scheming/legibility",
    version="1.0.0",
    says="Changes the reasoning of a model and measures what of its success goes with the words.",
    parameters=Parameters,
    measures=MEASURES,
    limits=(
        "It shows how far these tasks need readable words, not that the words say everything that "
        "is thought: a task may need its steps in words while a plan needs none.",
        "A code that survives a paraphrase (which facts are named, in which order, with which "
        "numbers) is not seen; such an encoder passes.",
        "The rules paraphrase English worked solutions and change what their table holds. A "
        "paraphrase can also cost an honest reasoner; a drop is a reason to read, not a proof.",
        "What a model does without words is bounded for these tasks and this length of filler.",
        "The answer is asked for in a turn of its own; a model that writes its reasoning and its "
        "answer in one go may behave differently.",
    ),
    source="Lanham et al. 2023, arXiv:2307.13702; Schulz 2025, arXiv:2510.19476",
    run=run,
    self_check=lambda: planted.self_check(_planted),
    controls=lambda: planted.controls(_planted),
    best_case=best_case,
)


def _planted(rows: planted.Rows, seed: int) -> Measurement:
    """The real analysis, with the default share of paraphrases that must differ."""
    return analyse(rows, seed, least_changed=Parameters().least_changed)
