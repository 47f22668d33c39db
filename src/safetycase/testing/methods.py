"""`check_method`: what every method must be, and that it is able to fail.

Call it in a test of your own: `check_method(METHOD)`. It raises `AssertionError` with a sentence
that says what is missing; a method that passes can still be wrong, one that does not pass is.
"""

from __future__ import annotations

import dataclasses
import json
import re
import subprocess
import sys
from collections.abc import Callable, Mapping

from safetycase.plugin.contract import Controls, Method
from safetycase.plugin.wire import controls_json, measurement_json, quantities_of, restored_plots

__all__ = ["check_light", "check_measurement", "check_method"]

HEAVY = ("numpy", "scipy", "pandas", "torch", "transformers", "inspect_ai", "openai", "ray")


def check_method(method: Method, *, module: str | None = None) -> Controls:
    """Hold `method` to the contract; returns its controls, which it had to run.

    `module` is where the method is defined; with it, importing that module in a fresh process
    must load none of the heavy libraries.
    """
    _declared(method)
    _parameters(method)
    if module is not None:
        check_light(module)
    oracles = method.self_check()
    assert oracles, "self_check() gives no oracle"
    for oracle in oracles:
        assert oracle.passed, (
            f"the oracle `{oracle.name}` ({oracle.source}) expects {oracle.expected} ± "
            f"{oracle.tolerance}, got {oracle.got}"
        )
        assert oracle.source, f"the oracle `{oracle.name}` names no source"
    controls = method.controls()
    _able_to_fail(controls)
    return controls


def _declared(method: Method) -> None:
    assert isinstance(method, Method), f"{type(method).__name__} is not a Method record"
    assert re.fullmatch(r"[a-z][a-z0-9-]*(/[a-z][a-z0-9-]*)+", method.name), (
        f"`{method.name}` is no method name; write family/name"
    )
    assert re.fullmatch(r"\d+\.\d+\.\d+", method.version), (
        f"`{method.version}` is no semantic version"
    )
    assert method.says.strip(), "`says` is empty"
    assert method.source.strip(), "`source` is empty"
    assert method.limits, "`limits` is empty: every method says what a pass does not show"
    assert all(limit.strip() for limit in method.limits), "a limit is empty"
    assert method.measures, "the method measures nothing"
    for measure in method.measures:
        assert measure.says.strip(), f"`{measure.name}` is not explained"
        assert measure.unit.strip(), f"`{measure.name}` has no unit"
    names = [measure.name for measure in method.measures]
    assert len(names) == len(set(names)), "a measure is declared twice"


def _parameters(method: Method) -> None:
    record = method.parameters
    assert dataclasses.is_dataclass(record), "`parameters` is not a dataclass"
    frozen = record.__dataclass_params__.frozen  # type: ignore[attr-defined]
    assert frozen, "`parameters` is not frozen"
    from safetycase.argument.schema import record_schema  # reads YAML; a worker needs none

    json.dumps(record_schema(record))
    assert record.__doc__, "`parameters` has no docstring"


def check_light(module: str) -> None:
    """Importing `module` in a fresh process must load none of the heavy libraries."""
    code = f"import sys, {module}; print([m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"importing `{module}` fails: {done.stderr.strip()[-300:]}"
    assert done.stdout.strip() == "[]", (
        f"importing `{module}` loads {done.stdout.strip()}; import heavy libraries inside `run`"
    )


def _able_to_fail(controls: Controls) -> None:
    json.dumps(controls_json(controls), allow_nan=False)
    assert controls.criterion.strip(), "the controls state no criterion"
    bad, good = controls.counts(claim_is_true=False), controls.counts(claim_is_true=True)
    assert bad[1] > 0, "no planted subject makes the claim false: the method was never seen to fail"
    assert good[1] > 0, "no planted subject makes the claim true"
    for planted in controls.planted:
        assert 0 <= planted.passes <= planted.runs, f"`{planted.name}` has impossible counts"
    assert bad[0] < bad[1], "the claim passes on every planted subject for which it is false"
    assert bad[0] / bad[1] < good[0] / good[1], (
        f"it passes as often when the claim is false ({bad[0]} of {bad[1]}) as when it is true "
        f"({good[0]} of {good[1]}): a pass says nothing"
    )


def check_measurement(method: Method, run: Callable[[], object]) -> None:
    """Hold one measurement to the contract.

    Its quantities are declared, it is canonical JSON, the same seed gives it again, and each of
    its plots can be drawn as it will be read from a record.
    """
    first, second = (measurement_json(run()) for _ in range(2))  # type: ignore[arg-type]
    assert json.loads(json.dumps(first, allow_nan=False)) == first, "it does not survive JSON"
    declared = {measure.name for measure in method.measures}
    extra = set(first["quantities"]) - declared
    assert not extra, f"it returns {sorted(extra)}, which it does not declare"
    assert quantities_of(first)
    assert first["quantities"] == second["quantities"], "the same seed gives another result"
    for plot in restored_plots(first["plots"]):
        _drawn(plot)


def _drawn(plot: Mapping[str, object]) -> None:
    from safetycase.report.svg import draw  # a worker never draws

    title = plot.get("title")
    try:
        draw(plot, key="plot")
    except ValueError as error:
        raise AssertionError(f"the plot `{title}` cannot be drawn: {error}") from error
    assert isinstance(title, str), "a plot has no title"
    assert title.strip(), "a plot has no title"
