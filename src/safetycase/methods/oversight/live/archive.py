"""Records of trials as JSON Lines: all that a score is made of, so that it can be made again."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from safetycase.methods.imported.strict import lines_of, mapping
from safetycase.methods.oversight.live.play import Argument, Record, Statement
from safetycase.methods.oversight.live.trials import trial_of
from safetycase.plugin.contract import MethodError

__all__ = ["read_records", "record_json", "record_of", "write_records"]


def record_json(record: Record) -> dict[str, Any]:
    """The record as JSON."""
    return dataclasses.asdict(record)


def record_of(value: Mapping[str, Any]) -> Record:
    """A record from its JSON; `ValueError`, `TypeError` or `KeyError` where it is none."""
    trial = trial_of(value["trial"])
    argument = None if value["argument"] is None else _argument(value["argument"])
    if argument is not None and trial.protocol != "prover-estimator":
        raise ValueError("steps with estimates are for `prover-estimator` alone")
    if value["prover"] is not None and not isinstance(value["prover"], str):
        raise ValueError("`prover` is a text or null")
    masked = tuple(_texts(each) for each in value["masked"])
    if any(len(each) != 1 for each in masked):
        raise ValueError("`masked` has one reply of each judge")
    return Record(
        trial=trial,
        statements=tuple(_statement(one) for one in value["statements"]),
        argument=argument,
        prover=value["prover"],
        replies=tuple(_texts(each) for each in value["replies"]),
        masked=masked,
    )


def _argument(value: Mapping[str, Any]) -> Argument:
    steps, holds = _texts(value["steps"]), tuple(value["holds"])
    if not steps or len(steps) != len(holds):
        raise ValueError("an argument has at least one step, and one entry of `holds` for each")
    if not all(one is None or isinstance(one, bool) for one in holds):
        raise ValueError("`holds` is true, false or null for each step")
    return Argument(steps=steps, holds=holds)


def _statement(value: Mapping[str, Any]) -> Statement:
    one = Statement(**value)
    texts = isinstance(one.label, str) and isinstance(one.policy, str) and isinstance(one.text, str)
    if not texts or not isinstance(one.cut, bool) or not isinstance(one.refused, bool):
        raise ValueError("a statement has texts, and `cut` and `refused` are true or false")
    return one


def _texts(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or not all(isinstance(one, str) for one in value):
        raise ValueError("a list of texts is expected")
    return tuple(value)


def write_records(path: Path, records: Sequence[Record]) -> Path:
    """One record a line, in their order."""
    lines = [json.dumps(record_json(record), ensure_ascii=False) + "\n" for record in records]
    path.write_text("".join(lines), "utf-8")
    return path


def read_records(path: Path) -> list[Record]:
    """The records of a file; `MethodError` with file and line for what is no record."""
    found: list[Record] = []
    seen: set[str] = set()
    for place, value in lines_of(path):
        try:
            record = record_of(mapping(value, place, "the line"))
        except (TypeError, ValueError, KeyError, AttributeError) as error:
            raise MethodError(f"{place}: not a trial of `oversight/live`: {error}") from error
        if record.trial.id in seen:
            raise MethodError(f"{place}: the trial `{record.trial.id}` is given twice")
        seen.add(record.trial.id)
        found.append(record)
    if not found:
        raise MethodError(f"`{path.name}` has no trial")
    return found
