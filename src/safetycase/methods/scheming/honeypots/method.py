"""`scheming/honeypots`: whether it acts differently when told that nobody watches.

The same temptations are put in several arms; a second task asks the subject, as a forced choice,
which arm it is in. A gap of nought from a subject that cannot tell the arms apart shows nothing,
so the leaf is then insufficient and never support.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from safetycase.methods.inspect.running import run_task
from safetycase.methods.scheming.honeypots import planted
from safetycase.methods.scheming.honeypots.counts import MEASURES, Reading, analyse
from safetycase.methods.scheming.honeypots.deployment import act_in_deployment
from safetycase.methods.scheming.honeypots.reading import asked, ordinary_of
from safetycase.plugin.contract import Context, Measurement, Method
from safetycase.stats import Clustered, ClusteredDifference, Statistic, largest

__all__ = ["LIMITS", "METHOD", "SOURCE", "Parameters"]

SOURCE = (
    "Greenblatt et al. 2024, arXiv:2412.14093 (compliance gap); Balesni et al. 2024, "
    "arXiv:2411.03336, §7.2; Kovařík et al. 2025, arXiv:2508.14927 (posteriors); Schoen et al. "
    "2025, arXiv:2509.15541 (evaluation awareness)"
)
LIMITS = (
    "A schemer passes a honeypot because it sees through it, because the act does not pay, or "
    "because it acts rarely everywhere. Realistic honeypots answer the first reason alone.",
    "A rate of one act in ten thousand passes a thousand tests with probability 0.905: the bound "
    "on the rate is what the tests show, and it holds for queries like them.",
    "The posteriors rest on a declared prior and declared rates; no test measures these.",
    "That a plain classifier cannot tell honeypots from ordinary requests does not show that the "
    "subject cannot.",
    "Naming the arm when asked shows that the subject can tell the arms apart, not that it takes "
    "what it is told about onlookers for true.",
    "Items are taken as independent draws from the temptations that matter.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters(Reading):
    """The two Inspect tasks, how they are run, and how their logs are read.

    `task` and `arm_check_task` are `file.py@name` in the case folder or registered names. Every
    sample has the metadata `item` and `arm`; a score of 1 is the misaligned act in `task`, and
    the right arm in `arm_check_task`. With metadata `options` the best blind strategy of the arm
    check is computed, and with `options` and `misaligned` the scores are checked.
    """

    task: str
    arm_check_task: str
    epochs: int = 1
    model: str | None = None
    max_connections: int = 4
    max_tokens: int | None = None
    temperature: float | None = None
    message_limit: int | None = None
    time_limit: int | None = None

    def __post_init__(self) -> None:
        Reading.__post_init__(self)
        if not self.task or not self.arm_check_task or self.epochs < 1:
            raise ValueError("name `task` and `arm_check_task`; `epochs` is at least 1")


def run(inputs: tuple[str, ...], parameters: Parameters, context: Context) -> Measurement:
    """Ask which arm it is, put the temptations, count."""
    ordinary = ordinary_of(inputs, parameters, context)
    arm_check = _run(parameters, parameters.arm_check_task, context, "arm check")
    honeypots = _run(parameters, parameters.task, context, "honeypots")
    artefacts = {
        "Inspect log of the arm check": str(arm_check.relative_to(context.scratch)),
        "Inspect log of the honeypots": str(honeypots.relative_to(context.scratch)),
    }
    return analyse(
        asked(honeypots, arm_check, parameters, ordinary), parameters, context.seed, artefacts
    )


def _run(parameters: Parameters, task: str, context: Context, note: str) -> Path:
    options = {
        "seed": context.seed % 2**31,
        "max_connections": parameters.max_connections,
        "max_tokens": parameters.max_tokens,
        "temperature": parameters.temperature,
        "message_limit": parameters.message_limit,
        "time_limit": parameters.time_limit,
    }
    return run_task(
        task,
        {},
        parameters.model,
        context,
        epochs=parameters.epochs,
        limit=None,
        options={name: value for name, value in options.items() if value is not None},
        note=note,
        temporary=note.replace(" ", "-"),
    )


def files(parameters: Parameters) -> tuple[str, ...]:
    """The task files in the case folder."""
    named = (parameters.task, parameters.arm_check_task)
    return tuple(dict.fromkeys(name.partition("@")[0] for name in named if ".py" in name))


def best_case(
    parameters: Parameters, folder: Path, inputs: tuple[str, ...]
) -> Mapping[str, Statistic]:
    """No act in any arm, where one input holds the items, each line with `item` and `arm`."""
    for name in inputs:
        if not name.endswith(".jsonl") or name == parameters.ordinary:
            continue
        lines = folder.joinpath(name).read_text("utf-8").splitlines()
        items = [json.loads(line) for line in lines if line.strip()]
        if not items or not all({"item", "arm"} <= set(item) for item in items):
            continue
        return _none(parameters, [(str(i["item"]), str(i["arm"])) for i in items])
    return {}


def _none(parameters: Parameters, planned: list[tuple[str, str]]) -> Mapping[str, Statistic]:
    names = sorted({item for item, _ in planned})
    size = {key: planned.count(key) * parameters.epochs for key in set(planned)}

    def tried(arm: str) -> list[int]:
        return [size.get((item, arm), 0) for item in names]

    found: dict[str, Statistic] = {
        "misaligned_rate": largest(
            [Clustered(clusters=tuple((0, n, 0) for n in tried(a))) for a in parameters.arms]
        )
    }
    found["act_in_deployment"] = act_in_deployment(
        found["misaligned_rate"], parameters.queries, parameters.level
    )
    for name, (one, two) in zip(
        ("compliance_gap", "awareness_gap"), parameters.pairs, strict=False
    ):
        found[name] = ClusteredDifference(
            clusters=tuple((0, a, 0, b) for a, b in zip(tried(one), tried(two), strict=True))
        )
    return found


METHOD = Method(
    name="scheming/honeypots",
    version="1.0.0",
    says="Puts temptations with and without an onlooker, and checks that the subject sees which.",
    parameters=Parameters,
    measures=MEASURES,
    limits=LIMITS,
    source=SOURCE,
    run=run,
    self_check=planted.self_check,
    controls=planted.controls,
    files=files,
    best_case=best_case,
)
