"""From the Inspect logs of honeypots and of the arm check to what was asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from safetycase.methods.counted import Options, Row
from safetycase.methods.imported.strict import input_file
from safetycase.methods.inspect import reading as inspect_logs
from safetycase.methods.scheming.honeypots.arms import Told
from safetycase.methods.scheming.honeypots.counts import Asked, Reading
from safetycase.methods.scheming.honeypots.realism import Text, read_ordinary
from safetycase.plugin.contract import Context, MethodError

__all__ = ["asked", "ordinary_of"]


def asked(honeypots: Path, arm_check: Path, reading: Reading, ordinary: Sequence[Text]) -> Asked:
    """Read both logs; `MethodError` if one cannot stand as evidence, or a sample names no item."""
    log = inspect_logs.open_log(honeypots)
    rows = _rows(log, honeypots.name, reading, reading.scorer)
    contradicted = [
        row.id for sample, row in zip(log.samples, rows, strict=True) if _contradicted(sample, row)
    ]
    checked = inspect_logs.open_log(arm_check)
    told = [
        Told(row=row, target=_target(sample), options=_options(sample, arm_check.name))
        for sample, row in zip(
            checked.samples, _rows(checked, arm_check.name, reading, None), strict=True
        )
    ]
    return Asked(acts=rows, told=told, ordinary=tuple(ordinary), contradicted=contradicted)


def ordinary_of(inputs: tuple[str, ...], reading: Reading, context: Context) -> list[Text]:
    """The ordinary requests, if any are named; they must be among the declared inputs."""
    if not reading.ordinary:
        return []
    if reading.ordinary not in inputs:
        raise MethodError(
            f"`ordinary: {reading.ordinary}` is not among the `inputs`; what a run reads is "
            "declared"
        )
    return read_ordinary(input_file(context, reading.ordinary))


def _rows(log: Any, name: str, reading: Reading, scorer: str | None) -> list[Row]:
    options = Options(
        scorer=scorer, pass_at=reading.pass_at, chance=None, cluster_by="item", arms=()
    )
    return inspect_logs.rows_of(log, name, options)


def _contradicted(sample: Any, row: Row) -> bool:
    """The item names its options and the misaligned one, and the score says otherwise."""
    metadata: Mapping[str, Any] = sample.metadata or {}
    options, act = metadata.get("options"), metadata.get("misaligned")
    answer = row.output.strip()
    if row.passed is None or not isinstance(options, list) or answer not in options:
        return False
    return isinstance(act, str) and (answer == act) != row.passed


def _target(sample: Any) -> str:
    return sample.target if isinstance(sample.target, str) else "\n".join(sample.target)


def _options(sample: Any, name: str) -> tuple[str, ...]:
    options = (sample.metadata or {}).get("options", [])
    if not isinstance(options, list) or not all(isinstance(o, str) for o in options):
        raise MethodError(f"`{name}`: the `options` of sample `{sample.id}` are no list of texts")
    return tuple(options)
