"""A library of open problems as data: what is asked, how a solution is recognised, who says so.

A case's problem refers to an entry by `instance_of: aisi/P2`. Nothing of the entry enters the
case: the agenda shows its text beside the case's own.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, fields
from importlib import resources
from typing import Literal, cast, get_args

from safetycase.argument.findings import Finding, did_you_mean
from safetycase.argument.model import Case, Problem
from safetycase.argument.nodes import Node, Reader

__all__ = ["Entry", "Kind", "instance_findings", "read_library", "shipped"]

Kind = Literal["theory", "evaluation", "dataset", "method"]
_TEXTS = ("title", "says", "area", "kind", "recognised_when", "proxy")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One open problem. `id` is `LIBRARY/ID`, `sources` name who posed it.

    `recognised_when` says how one would know a solution, `proxy` what can be run meanwhile.
    """

    id: str
    title: str
    says: str
    area: str
    kind: Kind
    recognised_when: str
    proxy: str
    sources: tuple[str, ...]


@functools.cache
def shipped() -> Mapping[str, Entry]:
    """The problems that come with the package, by id, in the order of their files."""
    found: dict[str, Entry] = {}
    folder = resources.files("safetycase.agenda") / "problems"
    for file in sorted(folder.iterdir(), key=lambda each: each.name):
        if file.name.endswith(".yaml"):
            entries, findings = read_library(file.read_text("utf-8"), file.name)
            assert not findings, findings[0]
            found |= {entry.id: entry for entry in entries}
    return found


def read_library(text: str, file: str) -> tuple[tuple[Entry, ...], tuple[Finding, ...]]:
    """The entries of one library file, and what is wrong with it; a bad entry is left out."""
    reader = Reader(text, file)
    entries: list[Entry] = []
    name: str | None = None
    if reader.root is not None:
        for key, at, value in reader.items(reader.root, "a library"):
            if key == "library":
                name = reader.word(value, "`library`")
            elif key == "problems":
                for node in reader.sequence(value, "`problems`"):
                    entry = _entry(reader, node, name or "?", {e.id for e in entries})
                    entries += [entry] if entry else []
            elif key != "title":
                reader.report("F020", at, f"`{key}` is no key of a library")
        if name is None:
            reader.report("F021", reader.root, "a library has no name", "write `library: NAME`")
    return tuple(entries), tuple(reader.findings)


def instance_findings(
    case: Case, code: str, entries: Mapping[str, Entry] | None = None
) -> tuple[Finding, ...]:
    """A warning with `code` for every problem that names an entry which is not in the library."""
    known = shipped() if entries is None else entries
    found = []
    for name, element in case.elements.items():
        if isinstance(element, Problem) and element.instance_of not in (None, *known):
            found.append(
                Finding(
                    code=code,
                    span=case.span(name, "instance_of"),
                    message=f"`{element.instance_of}` is no problem of an installed library",
                    hint=did_you_mean(str(element.instance_of), known)
                    or "`safetycase agenda library` lists them",
                    subject=name,
                    severity="warning",
                )
            )
    return tuple(found)


def _entry(reader: Reader, node: Node, library: str, taken: set[str]) -> Entry | None:
    """One entry; every key once, none missing, none unknown."""
    before = len(reader.findings)
    texts: dict[str, str] = {}
    sources: tuple[str, ...] = ()
    for key, at, value in reader.items(node, "a problem"):
        if key == "sources":
            words = [reader.word(each, "a source") for each in reader.sequence(value, "`sources`")]
            sources = tuple(word for word in words if word)
        elif key in ("problem", *_TEXTS):
            texts[key] = reader.word(value, f"`{key}`") or ""
        else:
            reader.report("F020", at, f"`{key}` is no key of a problem of a library")
    missing = [key for key in ("problem", *_TEXTS) if not texts.get(key)]
    missing += [] if sources else ["sources"]
    for key in missing:
        reader.report("F021", node, f"a problem of a library has no `{key}`")
    if texts.get("kind") and texts["kind"] not in get_args(Kind):
        reader.report("F022", node, f"`{texts['kind']}` is no kind of problem")
    name = f"{library}/{texts.get('problem', '')}"
    if name in taken:
        reader.report("F013", node, f"`{name}` is in the library twice")
    if len(reader.findings) > before:
        return None
    values = {f.name: texts[f.name] for f in fields(Entry) if f.name in _TEXTS and f.name != "kind"}
    return Entry(id=name, kind=cast("Kind", texts["kind"]), sources=sources, **values)
