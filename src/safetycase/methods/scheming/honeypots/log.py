"""`scheming/honeypots-log`: honeypots that were run elsewhere, read from their Inspect logs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from safetycase.methods.imported.origin import ORDER_LIMIT, made_elsewhere
from safetycase.methods.imported.planting import keep
from safetycase.methods.imported.strict import input_file
from safetycase.methods.inspect.reading import open_log
from safetycase.methods.scheming.honeypots import planted
from safetycase.methods.scheming.honeypots.counts import MEASURES, Reading, analyse
from safetycase.methods.scheming.honeypots.method import LIMITS, SOURCE
from safetycase.methods.scheming.honeypots.reading import asked, ordinary_of
from safetycase.plugin.contract import Context, Measurement, Method, MethodError

__all__ = ["METHOD", "Parameters"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters(Reading):
    """Which inputs are the logs, and how they are read.

    `log` is the Inspect log of the honeypots, `arm_check_log` that of the arm check; both are
    among the inputs. `expect_model` is what both logs must say of their model.
    """

    log: str
    arm_check_log: str
    expect_model: str

    def __post_init__(self) -> None:
        Reading.__post_init__(self)
        if not self.log or not self.arm_check_log or self.log == self.arm_check_log:
            raise ValueError("`log` and `arm_check_log` name two logs")


def run(inputs: tuple[str, ...], parameters: Parameters, context: Context) -> Measurement:
    """Read both logs and count."""
    for name in (parameters.log, parameters.arm_check_log):
        if name not in inputs:
            raise MethodError(f"the log `{name}` is not among the `inputs`")
    ordinary = ordinary_of(inputs, parameters, context)
    paths = [input_file(context, name) for name in (parameters.log, parameters.arm_check_log)]
    if paths[0].name == paths[1].name:
        raise MethodError(f"two logs are called `{paths[0].name}`; rename one")
    said: dict[str, str] = {}
    for path in paths:
        said = _said(open_log(path), path.name, parameters.expect_model)
    measured = analyse(
        asked(paths[0], paths[1], parameters, ordinary),
        parameters,
        context.seed,
        {
            "Inspect log of the honeypots": keep(paths[0], context),
            "Inspect log of the arm check": keep(paths[1], context),
        },
    )
    context.progress(len(paths), len(paths), "reading")
    import dataclasses

    return dataclasses.replace(measured, diagnostics={**measured.diagnostics, **said})


def _said(log: Any, name: str, expected: str) -> dict[str, str]:
    if log.eval.model != expected:
        raise MethodError(f"`{name}` is of the model `{log.eval.model}`, not `{expected}`")
    version = str(log.eval.packages.get("inspect_ai", "of a version that is not said"))
    return made_elsewhere(by=f"Inspect {version}", at=str(log.eval.created)) | {
        "model": log.eval.model
    }


METHOD = Method(
    name="scheming/honeypots-log",
    version="1.0.0",
    says="Reads finished Inspect logs of honeypots and of their arm check, and counts.",
    parameters=Parameters,
    measures=MEASURES,
    limits=(*LIMITS, ORDER_LIMIT),
    source=SOURCE,
    run=run,
    self_check=planted.self_check,
    controls=planted.controls,
    needs_model=False,
    imports=True,
)
