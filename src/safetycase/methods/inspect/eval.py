"""`inspect/eval`: any Inspect task, on any provider, as evidence."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from safetycase.methods import counted
from safetycase.methods.counted import Options, Row
from safetycase.methods.inspect import controls as planted_controls
from safetycase.methods.inspect import reading
from safetycase.methods.inspect.running import run_task
from safetycase.plugin.contract import (
    Context,
    Controls,
    InstrumentCheck,
    Measurement,
    Method,
    MethodError,
)
from safetycase.stats import Affine, Clustered, Proportion, Statistic, bounds

__all__ = ["METHOD", "Parameters"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """One Inspect task and how its scores are read.

    `task` is `file.py@name` in the case folder or a registered name. `chance` is the rate of
    guessing (or metadata `chance` of each sample). Items that share metadata `cluster_by` form a
    cluster; without it the epochs of one sample do. `instrument_task` is the same format with
    the answer supplied; its rate must be at least `instrument_min` at 95 %.
    """

    task: str
    task_args: Mapping[str, Any] = field(default_factory=dict)
    epochs: int = 1
    limit: int | None = None
    model: str | None = None
    scorer: str | None = None
    pass_at: float = 1.0
    chance: float | None = None
    cluster_by: str = ""
    arms: tuple[str, ...] = ()
    instrument_task: str | None = None
    instrument_min: float = 0.8
    below_chance_alpha: float = 0.01
    max_connections: int = 4
    max_tokens: int | None = None
    temperature: float | None = None
    message_limit: int | None = None
    time_limit: int | None = None

    def __post_init__(self) -> None:
        if self.epochs < 1:
            raise ValueError("`epochs` is at least 1")
        if self.chance is not None and not 0 <= self.chance < 1:
            raise ValueError("`chance` lies in [0, 1)")
        if len(self.arms) not in (0, 2):
            raise ValueError("`arms` names two arms, or none")

    @property
    def reading(self) -> Options:
        """How the log of this run is read."""
        return Options(
            scorer=self.scorer,
            pass_at=self.pass_at,
            chance=self.chance,
            cluster_by=self.cluster_by,
            arms=self.arms,
        )


def run(inputs: tuple[str, ...], parameters: Parameters, context: Context) -> Measurement:
    """Run the task, and its instrument check first; `inputs` are read by the task itself."""
    del inputs
    checks: list[InstrumentCheck] = []
    artefacts: dict[str, str] = {}
    if parameters.instrument_task:
        rows, path = _rows(parameters, parameters.instrument_task, context, "instrument")
        artefacts["Inspect log of the instrument check"] = path
        checks.append(_instrument(rows, parameters.instrument_min))
    rows, path = _rows(parameters, parameters.task, context, "task")
    artefacts["Inspect log"] = path
    found = counted.quantities(rows, parameters.reading)
    return Measurement(
        quantities=found,
        counts=counted.counts(rows),
        effort={
            "epochs": str(parameters.epochs),
            "temperature": str(parameters.temperature or "provider default"),
        },
        instrument=tuple(checks),
        raises=counted.below_chance(rows, parameters.below_chance_alpha),
        plots=counted.pictures(found),
        transcripts=counted.transcripts(rows, context.seed),
        artefacts=artefacts,
    )


def _rows(parameters: Parameters, task: str, context: Context, role: str) -> tuple[list[Row], str]:
    options = {
        "seed": context.seed % 2**31,
        "max_connections": parameters.max_connections,
        "max_tokens": parameters.max_tokens,
        "temperature": parameters.temperature,
        "message_limit": parameters.message_limit,
        "time_limit": parameters.time_limit,
    }
    path = run_task(
        task,
        parameters.task_args,
        parameters.model,
        context,
        epochs=parameters.epochs,
        limit=parameters.limit,
        options={k: v for k, v in options.items() if v is not None},
        note=role,
        temporary=role,
    )
    return reading.read_rows(path, parameters.reading), str(
        path.relative_to(context.scratch.resolve() if path.is_absolute() else context.scratch)
    )


def _instrument(rows: list[Row], least: float) -> InstrumentCheck:
    options = Options(scorer=None, pass_at=1.0, chance=None, cluster_by="", arms=())
    plain = [_without_chance(row) for row in rows]
    low = bounds(
        counted.quantities(plain, options)["pass_rate"], alpha_low=0.05, alpha_high=0.05
    ).low
    passed = sum(row.passed is True for row in rows)
    return InstrumentCheck(
        name="the answer is supplied in the same format",
        passed=low >= least,
        detail=f"{passed} of {len(rows)} items right, at least {low:.3f} at 95 %; "
        f"{least:.2f} is asked for",
    )


def _without_chance(row: Row) -> Row:
    import dataclasses

    return dataclasses.replace(row, chance=None)


def files(parameters: Parameters) -> tuple[str, ...]:
    """The task files in the case folder."""
    named = [parameters.task, parameters.instrument_task or ""]
    return tuple(dict.fromkeys(t.partition("@")[0] for t in named if ".py" in t))


def best_case(
    parameters: Parameters, folder: Path, inputs: tuple[str, ...]
) -> Mapping[str, Statistic]:
    """The safest result of the planned size, where the declared inputs tell the size.

    The size is known when exactly one input is a JSON Lines file: one item a line, clustered by
    `cluster_by` among its keys. Guessing exactly at chance is the safest result of an
    inability test; no success is that of a rate.
    """
    lines = [name for name in inputs if name.endswith(".jsonl")]
    if len(lines) != 1 or parameters.arms:
        return {}
    items = [
        json.loads(line)
        for line in folder.joinpath(lines[0]).read_text("utf-8").splitlines()
        if line.strip()
    ]
    items = items[: parameters.limit] if parameters.limit else items
    groups: dict[str, int] = {}
    for number, item in enumerate(items):
        key = item.get(parameters.cluster_by, number) if parameters.cluster_by else number
        groups[str(key)] = groups.get(str(key), 0) + parameters.epochs
    chance = parameters.chance
    if chance is None:
        levels = {item.get("chance") for item in items}
        chance = levels.pop() if len(levels) == 1 else None
    clustered = any(size > 1 for size in groups.values())
    none: Statistic = (
        Clustered(clusters=tuple((0, size, 0) for size in groups.values()))
        if clustered
        else Proportion(successes=0, trials=len(groups))
    )
    found: dict[str, Statistic] = {
        "pass_rate": none,
        "fail_rate": Affine(of=none, scale=-1.0, offset=1.0),
    }
    if chance is not None:
        at = tuple((round(chance * size), size, 0) for size in groups.values())
        level: Statistic = (
            Clustered(clusters=at)
            if clustered
            else Proportion(successes=round(chance * len(groups)), trials=len(groups))
        )
        found["advantage"] = Affine(of=level, scale=1 / (1 - chance), offset=-chance / (1 - chance))
    return found


def controls() -> Controls:
    """Planted subjects through the real method, on the claim `advantage <= 0.2`."""

    def measure(model: str, items: int, replica: int) -> Measurement:
        with tempfile.TemporaryDirectory() as name:
            scratch = Path(name).resolve()
            task = planted_controls.write_task(scratch, items=items, replica=replica)
            parameters = Parameters(task=task, model=model, chance=0.25, max_connections=32)
            context = Context(
                case_folder=scratch,
                scratch=scratch,
                seed=replica,
                model=None,
                models={},
                progress=lambda *_: None,
            )
            try:
                return run((), parameters, context)
            except MethodError as error:
                raise AssertionError(f"the planted run failed: {error}") from error

    return planted_controls.planted(measure)


METHOD = Method(
    name="inspect/eval",
    version="1.0.0",
    says="Runs an Inspect task on the model of the case and counts what its scorer says.",
    parameters=Parameters,
    measures=counted.MEASURES,
    limits=counted.LIMITS,
    source="Inspect (UK AI Security Institute), https://inspect.aisi.org.uk",
    run=run,
    self_check=planted_controls.self_check,
    controls=controls,
    files=files,
    best_case=best_case,
)
