"""`inspect/log`: an existing Inspect log, not run by us, as evidence."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetycase.methods import counted
from safetycase.methods.counted import Options
from safetycase.methods.imported.origin import ORDER_LIMIT, made_elsewhere
from safetycase.methods.inspect import controls as planted_controls
from safetycase.methods.inspect import reading
from safetycase.methods.inspect.running import run_task
from safetycase.plugin.contract import Context, Controls, Measurement, Method, MethodError

__all__ = ["METHOD", "Parameters"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """How the scores of the log are read; the log itself is the one declared input.

    `expect_task` and `expect_model`, where given, must be what the log says of itself. Without
    `expect_model` a log of another model than the case's is refused if that is named as Inspect
    names it (`provider: inspect`).
    `allow_incomplete` takes a log whose run did not finish; what is missing counts against it.
    """

    scorer: str | None = None
    pass_at: float = 1.0
    chance: float | None = None
    cluster_by: str = ""
    arms: tuple[str, ...] = ()
    below_chance_alpha: float = 0.01
    expect_task: str | None = None
    expect_model: str | None = None
    allow_incomplete: bool = False

    @property
    def reading(self) -> Options:
        """How the log is read."""
        return Options(
            scorer=self.scorer,
            pass_at=self.pass_at,
            chance=self.chance,
            cluster_by=self.cluster_by,
            arms=self.arms,
        )


def run(inputs: tuple[str, ...], parameters: Parameters, context: Context) -> Measurement:
    """Read the one log among `inputs`."""
    if len(inputs) != 1:
        raise MethodError("name one Inspect log under `inputs`")
    path = context.case_folder / inputs[0]
    log = reading.open_log(path)
    said = _said(log, parameters)
    if parameters.expect_model is None:
        _of_the_case(log, context)
    rows = reading.rows_of(
        log, path.name, parameters.reading, allow_incomplete=parameters.allow_incomplete
    )
    context.progress(len(rows), len(rows), "reading")
    found = counted.quantities(rows, parameters.reading)
    kept = context.scratch / Path(inputs[0]).name
    shutil.copyfile(path, kept)
    return Measurement(
        quantities=found,
        counts=counted.counts(rows),
        effort=_effort(log),
        raises=counted.below_chance(rows, parameters.below_chance_alpha),
        plots=counted.pictures(found),
        transcripts=counted.transcripts(rows, context.seed),
        diagnostics=said | reading.changes(log, parameters.reading),
        artefacts={"Inspect log": kept.name},
    )


def _of_the_case(log: Any, context: Context) -> None:
    """`MethodError` if the case has an Inspect model, and the log is of another."""
    subject = context.subject
    if subject.get("provider") == "inspect" and log.eval.model != subject.get("weights"):
        raise MethodError(
            f"the log is of the model `{log.eval.model}`, and the model of the case is "
            f"`{subject.get('weights')}`: a result counts for what was tested alone. If both are "
            f"names of one model, say so: `expect_model: {log.eval.model}`"
        )


def _effort(log: Any) -> dict[str, str]:
    """How hard was tried, as the log says it."""
    config, generate = log.eval.config, log.eval.model_generate_config
    said = {
        "epochs": config.epochs or 1,
        "temperature": generate.temperature,
        "max_tokens": generate.max_tokens,
        "message_limit": config.message_limit,
        "time_limit": config.time_limit,
        "retry_on_error": config.retry_on_error,
    }
    return {name: str(value) for name, value in said.items() if value is not None}


def _said(log: Any, parameters: Parameters) -> dict[str, str]:
    """What the log says of itself; `MethodError` if it is not what was expected."""
    spec = log.eval
    for what, wanted, found in (
        ("task", parameters.expect_task, spec.task),
        ("model", parameters.expect_model, spec.model),
    ):
        if wanted is not None and wanted != found:
            raise MethodError(f"the log is of the {what} `{found}`, not `{wanted}`")
    reported = sorted({s.output.model for s in log.samples or [] if s.output and s.output.model})
    revision = spec.revision
    dirty = {True: ", with changes not committed", False: "", None: ", its state not said"}
    return made_elsewhere(
        by="Inspect " + str(spec.packages.get("inspect_ai", "of a version that is not said")),
        at=str(spec.created),
    ) | {
        "task": spec.task,
        "task version": str(spec.task_version),
        "model": spec.model,
        "model as the provider reported it": ", ".join(reported) or "not reported",
        "dataset": str(spec.dataset.name),
        "status": str(log.status),
        "code": f"git {revision.commit}{dirty[revision.dirty]}" if revision else "not said",
        "packages": ", ".join(f"{k} {v}" for k, v in sorted(spec.packages.items())),
    }


def controls() -> Controls:
    """Planted subjects: logs of models of known ability, read back by this method."""

    def measure(model: str, items: int, replica: int) -> Measurement:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name).resolve()
            context = Context(
                case_folder=folder,
                scratch=folder,
                seed=replica,
                model=None,
                models={},
                progress=lambda *_: None,
            )
            path = run_task(
                planted_controls.write_task(folder, items=items, replica=replica),
                {},
                model,
                context,
                epochs=1,
                limit=None,
                options={"max_connections": 32},
                note="",
                temporary="log",
            )
            (folder / "kept").mkdir()
            inner = Context(
                case_folder=folder,
                scratch=folder / "kept",
                seed=replica,
                model=None,
                models={},
                progress=lambda *_: None,
            )
            return run((str(path.relative_to(folder)),), Parameters(chance=0.25), inner)

    return planted_controls.planted(measure)


METHOD = Method(
    name="inspect/log",
    version="2.0.0",
    says="Reads an existing Inspect log and counts what its scorer said.",
    parameters=Parameters,
    measures=counted.MEASURES,
    limits=(
        *counted.LIMITS,
        ORDER_LIMIT,
        "A score that was edited across the bar after the run counts as missing; an edit that "
        "left no trace in the log is not seen.",
    ),
    source="Inspect (UK AI Security Institute), https://inspect.aisi.org.uk",
    run=run,
    self_check=planted_controls.self_check,
    controls=controls,
    needs_model=False,
    imports=True,
)
