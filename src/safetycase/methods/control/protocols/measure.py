"""From a table and parameters to the measurement of one protocol."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from safetycase.methods.control.protocols import checks as protocol_checks
from safetycase.methods.control.protocols import pictures as protocol_pictures
from safetycase.methods.control.protocols.collusion import collusion
from safetycase.methods.control.protocols.evaluate import Result, evaluate
from safetycase.methods.control.protocols.outcomes import Split, split
from safetycase.methods.control.protocols.parameters import Parameters
from safetycase.methods.control.protocols.records import Protocol
from safetycase.methods.control.protocols.rows import Table
from safetycase.methods.imported.origin import made_elsewhere
from safetycase.plugin.contract import Measurement
from safetycase.stats import Affine, Statistic

__all__ = ["measure", "quantities"]


OUTCOMES = "outcomes.jsonl"


def measure(
    table: Table,
    parameters: Parameters,
    seed: int,
    artefacts: Mapping[str, str],
    scratch: Path | None = None,
) -> Measurement:
    """Set thresholds, count, bound; `MethodError` if the table does not hold what is needed.

    With `scratch` the outcomes of every task are written there.
    """
    data = split(table, parameters.calibration_share, seed)
    found = evaluate(data, parameters.chosen(), parameters.setting())
    measured = quantities(data, parameters, found, seed)
    kept = dict(artefacts)
    if scratch is not None and found.tallies:
        (scratch / OUTCOMES).write_text(protocol_checks.outcome_lines(found), "utf-8")
        kept["outcomes by task"] = OUTCOMES
    pictures = protocol_pictures.pictures(data, parameters, found)
    return Measurement(
        quantities=measured,
        counts=protocol_checks.counts(data, found),
        effort={"strategies": ", ".join(table.strategies)},
        instrument=protocol_checks.instrument(data, parameters, found.protocol),
        raises=protocol_checks.raised(measured),
        plots=pictures.plots,
        diagnostics=made_elsewhere(by="a control evaluation", at="")
        | protocol_checks.told(found)
        | pictures.told,
        artefacts=kept,
    )


def quantities(
    data: Split, parameters: Parameters, found: Result, seed: int
) -> dict[str, Statistic]:
    """The statistics of `MEASURES` that the protocol and the table allow."""
    measured: dict[str, Statistic] = {
        "safety": found.safety.statistic,
        "risk": Affine(of=found.safety.statistic, scale=-1.0, offset=1.0),
        "usefulness": found.useful.rescaled,
        "usefulness_raw": found.useful.raw,
    }
    if found.harm_share is not None:
        measured["harm_share"] = found.harm_share
    if _untrusted(found.protocol):
        measured |= _collusion(data, parameters, seed)
    return measured


def _untrusted(protocol: Protocol) -> bool:
    return protocol.monitor == "untrusted" or protocol.kind == "trusted-editing"


def _collusion(data: Split, parameters: Parameters, seed: int) -> dict[str, Statistic]:
    share = parameters.audit_share or parameters.replace_share
    return collusion(data, share, parameters.level, seed, parameters.burn_false_alarm)
