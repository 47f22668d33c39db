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
    argument = value["argument"]
    return Record(
        trial=trial_of(value["trial"]),
        statements=tuple(Statement(**one) for one in value["statements"]),
        argument=None
        if argument is None
        else Argument(steps=_texts(argument["steps"]), holds=tuple(argument["holds"])),
        prover=value["prover"],
        replies=tuple(_texts(each) for each in value["replies"]),
        masked=tuple(_texts(each) for each in value["masked"]),
    )


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
