"""The two examples of every rule: one that it finds fault with, and one that it does not.

An example is a folder `examples/CODE/fires` or `.../quiet`. It holds `case.yaml` with the
files that the case names (installed plugins stand in `plugin/`), or `structure.json`: the records
of `argument.structure` as plain JSON, where `parts` and `modules` are lists and a span is a line
number. A profile of a foreign tool may have `argument.yaml` or `argument.xmi` of that tool.
`generate.json` in place of a file too large to be kept reads {"file": NAME, "before": TEXT,
"repeat": TEXT, "times": N, "after": TEXT}.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetycase.argument.findings import Span
from safetycase.argument.structure import ClaimPoint, Link, ModuleInfo, Part, Structure

__all__ = ["Example", "examples_of", "read_structure", "structure_from"]

FOLDER = Path(__file__).parent / "examples"
MAIN = ("case.yaml", "generate.json", "structure.json")
"""What the main file of an example may be called, beside `argument.*` of another tool."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One example: its folder, and the name of the file that a reader is shown."""

    folder: Path
    main: str

    @property
    def read_first(self) -> str:
        """The name of the file that is read: the main one, or the one that is generated."""
        if self.main != "generate.json":
            return self.main
        name: str = json.loads((self.folder / self.main).read_text("utf-8"))["file"]
        return name

    def files(self) -> Iterator[tuple[str, bytes]]:
        """(name, content) of every file, with what has to be generated."""
        for path in sorted(self.folder.rglob("*")):
            if not path.is_file():
                continue
            if path.name == "generate.json":
                rule = json.loads(path.read_text("utf-8"))
                middle = rule["repeat"] * rule["times"]
                text = rule.get("before", "") + middle + rule.get("after", "")
                yield rule["file"], text.encode("utf-8")
            else:
                yield path.relative_to(self.folder).as_posix(), path.read_bytes()


def examples_of(code: str) -> Mapping[str, Example]:
    """`fires` and `quiet` of a rule, as far as they are there."""
    found = {}
    for side in ("fires", "quiet"):
        folder = FOLDER / code / side
        foreign = sorted(path.name for path in folder.glob("argument.*"))
        for main in (*MAIN, *foreign):
            if (folder / main).is_file():
                found[side] = Example(folder=folder, main=main)
                break
    return found


def read_structure(path: Path) -> Structure:
    """Read `structure.json`; raises as `structure_from`."""
    return structure_from(json.loads(path.read_text("utf-8")), path.name)


def structure_from(data: Mapping[str, Any], source: str = "structure.json") -> Structure:
    """A structure from plain JSON; `ValueError` names the first thing that does not fit.

    Ids of parts that are left out are `MODULE/NAME`, or the name where there is no module.
    """
    known = {"title", "parts", "links", "points", "modules", "tags"}
    _known(data, known, "the structure")
    parts: dict[str, Part] = {}
    for entry in data.get("parts", ()):
        module, name = entry.get("module", ""), entry.get("name", "")
        record = {"id": f"{module}/{name}" if module else name, **entry}
        part = _record(Part, record, source)
        if part.id in parts:
            raise ValueError(f"part {part.id!r} is given twice")
        parts[part.id] = part
    modules = [_record(ModuleInfo, entry, source) for entry in data.get("modules", ())]
    return Structure(
        title=data.get("title", ""),
        parts=parts,
        links=tuple(_record(Link, entry, source) for entry in data.get("links", ())),
        points=tuple(_record(ClaimPoint, entry, source) for entry in data.get("points", ())),
        modules={info.name: info for info in modules},
        tags=data.get("tags", {}),
        source=source,
    )


def _known(entry: Mapping[str, Any], known: set[str], where: str) -> None:
    if not isinstance(entry, dict):
        raise ValueError(f"{where} is not a mapping")
    if wrong := entry.keys() - known:
        raise ValueError(f"{where} has no {sorted(wrong)[0]!r}")


def _record(kind: type[Any], entry: Mapping[str, Any], source: str) -> Any:
    """A record from its JSON form, its types held to those of the record's defaults."""
    fields = {field.name: field for field in dataclasses.fields(kind)}
    where = f"a {kind.__name__}"
    _known(entry, set(fields), where)
    values: dict[str, Any] = {}
    for name, value in entry.items():
        default = fields[name].default
        if name == "span":
            values[name] = Span(file=source, line=int(value), column=1)
        elif isinstance(value, list):
            values[name] = tuple(value)
        elif name == "extends":
            values[name] = {key: tuple(local) for key, local in value.items()}
        elif isinstance(default, bool | str) and type(value) is not type(default):
            raise ValueError(f"{name!r} of {where} is not a {type(default).__name__}")
        else:
            values[name] = value
    missing = [
        field.name
        for field in fields.values()
        if field.name not in values
        and field.default is dataclasses.MISSING
        and field.default_factory is dataclasses.MISSING
    ]
    if missing:
        raise ValueError(f"{where} lacks {missing[0]!r}")
    return kind(**values)
