"""What `watch` reads of a case folder: the monitors of the case as indicators, and when it changed.

It needs no record and no recipe, so that it can be read again whenever a file changes.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from safetycase.argument.findings import Finding
from safetycase.argument.model import Case, Monitor
from safetycase.monitor.indicator import Indicator, indicators_of
from safetycase.workspace.checking import check_folder
from safetycase.workspace.paths import CASE_FILE, inside

__all__ = ["Monitored", "changed", "monitored"]

_MOST_BYTES = 50_000_000

Mark = tuple[tuple[str, int, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Monitored:
    """The case of a folder as far as it is watched.

    `problem` is a sentence on why it cannot be watched, empty if it can; `findings` are those of
    the case that block. `monitors` are the elements by id, in the order of `indicators`. `mark`
    changes when a file of the case does.
    """

    folder: Path
    case: Case | None
    indicators: tuple[Indicator, ...] = ()
    monitors: Mapping[str, Monitor] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    problem: str = ""
    mark: Mark = ()


def monitored(folder: Path, known: Mark = ()) -> Monitored:
    """Read the monitors of the case in `folder`; `known` is the mark of an earlier reading.

    Of files that were known then, a change while they are read is seen the next time.
    """
    before = _marked(folder, [CASE_FILE, *(name for name, _, _ in known)])
    checked = check_folder(folder)
    case = checked.case
    mark = _mark(folder, case, before)
    if case is None or checked.errors:
        return Monitored(
            folder=folder,
            case=case,
            findings=checked.errors,
            problem="the case has findings that block",
            mark=mark,
        )
    monitors = {n: e for n, e in case.elements.items() if isinstance(e, Monitor)}
    try:
        found = indicators_of(case, reference=lambda name: _rows(folder, name))
    except ValueError as error:
        return Monitored(folder=folder, case=case, monitors=monitors, problem=str(error), mark=mark)
    return Monitored(
        folder=folder,
        case=case,
        indicators=found,
        monitors={one.id: monitors[one.id] for one in found},
        mark=mark,
    )


def changed(found: Monitored) -> bool:
    """Whether a file that what is watched depends on is another one now."""
    return _marked(found.folder, [name for name, _, _ in found.mark]) != found.mark


def _mark(folder: Path, case: Case | None, before: Mark) -> Mark:
    names = [CASE_FILE]
    if case is not None:
        names += [module.file for module in case.modules.values()]
        names += [
            element.reference
            for element in case.elements.values()
            if isinstance(element, Monitor) and element.reference
        ]
    known = {name for name, _, _ in before}
    return (*before, *_marked(folder, [name for name in names if name not in known]))


def _marked(folder: Path, names: Iterable[str]) -> Mark:
    found = []
    for name in dict.fromkeys(names):
        try:
            at = (folder / name).stat()
            found.append((name, at.st_size, at.st_mtime_ns))
        except (OSError, ValueError):
            found.append((name, -1, -1))
    return tuple(found)


def _rows(folder: Path, name: str) -> tuple[tuple[float, ...], ...]:
    """The features in a JSONL file of the case folder: a list of numbers, or an event, a line.

    Raises `ValueError` that names the file, the line and the reason.
    """
    path = inside(folder, name)
    if path is None or not path.is_file():
        raise ValueError(f"{name} is no file in the case folder")
    if path.stat().st_size > _MOST_BYTES:
        raise ValueError(f"{name} has more than {_MOST_BYTES} bytes")
    rows = []
    for number, line in enumerate(path.read_bytes().splitlines(), 1):
        if line.strip():
            rows.append(_row(line, f"{name}:{number}"))
    if not rows:
        raise ValueError(f"{name} has no line with features")
    if len({len(row) for row in rows}) > 1:
        raise ValueError(f"{name} has lines with different numbers of features")
    return tuple(rows)


def _row(line: bytes, where: str) -> tuple[float, ...]:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{where} is not JSON") from error
    if isinstance(value, dict):
        value = value.get("features")
    if not isinstance(value, list) or not value:
        raise ValueError(f"{where} has no list of features")
    numbers = [each for each in value if type(each) in (int, float) and math.isfinite(each)]
    if len(numbers) != len(value):
        raise ValueError(f"{where} has a feature that is no finite number")
    return tuple(map(float, numbers))
