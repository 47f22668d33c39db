"""`inspect/log`: an existing Inspect log, not run by us, as evidence."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from safetycase.methods.inspect import controls as planted_controls
from safetycase.methods.inspect import reading
from safetycase.methods.inspect.reading import Options
from safetycase.methods.inspect.running import run_task
from safetycase.plugin.contract import Context, Controls, Measurement, Method, MethodError

__all__ = ["METHOD", "Parameters"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """How the scores of the log are read; the log itself is the one declared input.

    `expect_task` and `expect_model`, where given, must be what the log says of itself.
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
    said = _header(path, parameters)
    rows = reading.read_rows(path, parameters.reading, allow_incomplete=parameters.allow_incomplete)
    context.progress(len(rows), len(rows), "reading")
    found = reading.quantities(rows, parameters.reading)
    kept = context.scratch / Path(inputs[0]).name
    kept.write_bytes(path.read_bytes())
    return Measurement(
        quantities=found,
        counts=reading.counts(rows),
        raises=reading.below_chance(rows, parameters.below_chance_alpha),
        plots=reading.pictures(found),
        transcripts=reading.transcripts(rows, context.seed),
        diagnostics=said,
        artefacts={"Inspect log": kept.name},
    )


def _header(path: Path, parameters: Parameters) -> dict[str, str]:
    """What the log says of itself; `MethodError` if it is not what was expected."""
    try:
        from inspect_ai.log import read_eval_log
    except ImportError as error:
        raise MethodError(
            f"Inspect is not installed ({error}); pip install 'safetycase[inspect]'"
        ) from error
    try:
        spec = read_eval_log(str(path), header_only=True).eval
    except Exception as error:  # whatever a damaged or foreign file makes the reader raise
        raise MethodError(f"`{path.name}` cannot be read as an Inspect log: {error}") from error
    for what, wanted, found in (
        ("task", parameters.expect_task, spec.task),
        ("model", parameters.expect_model, spec.model),
    ):
        if wanted is not None and wanted != found:
            raise MethodError(f"the log is of the {what} `{found}`, not `{wanted}`")
    return {
        "task": spec.task,
        "task version": str(spec.task_version),
        "model": spec.model,
        "created": str(spec.created),
        "dataset": str(spec.dataset.name),
        "packages": ", ".join(f"{k} {v}" for k, v in sorted(spec.packages.items())),
        "identity": "the log's own word for model and task; nothing here has verified it",
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
    version="1.0.0",
    says="Reads an existing Inspect log and counts what its scorer said.",
    parameters=Parameters,
    measures=reading.MEASURES,
    limits=(
        *reading.LIMITS,
        "Nothing shows that the log is the only one, or that its run was registered before it "
        "was made: the criterion may have been chosen after the result.",
    ),
    source="Inspect (UK AI Security Institute), https://inspect.aisi.org.uk",
    run=run,
    self_check=planted_controls.self_check,
    controls=controls,
    needs_model=False,
)
