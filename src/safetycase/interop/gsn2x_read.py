"""gsn2x files -> a structure: one file is one module, and `uses` leads to further files."""

from __future__ import annotations

import gc
import json
import posixpath
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import yaml

from safetycase.argument.findings import Span
from safetycase.argument.structure import ClaimPoint, Link, ModuleInfo, Part, Structure
from safetycase.checks.gsn2x_index import ARROW, EXTENDS
from safetycase.interop.gsn2x_elements import finish, near_miss, read_element, setting
from safetycase.interop.gsn2x_events import (
    Events,
    Hostile,
    MappingStart,
    Report,
    Scalar,
    SequenceEnd,
    SequenceStart,
)
from safetycase.plugin.formats import MAX_BYTES, Reading, Source

__all__ = ["read"]

_MODULE = "module"
_SETTINGS = ("charWrap", "horizontalIndex", "rankIncrement")
_MODULE_KEYS = frozenset({"name", "brief", "extends", "uses", "stylesheets", *_SETTINGS})
_MAX_FILES = 1000

_More = Callable[[str], bytes | None]


class _File:
    """One file, as far as it is read: the module it is and what it holds."""

    def __init__(self, events: Events, module: str) -> None:
        self.events = events
        self.module = module
        self.named = False
        self.brief = ""
        self.uses: list[tuple[str, Any]] = []
        self.extends: list[tuple[str, dict[str, list[str]]]] = []
        self.tags: dict[str, str] = {}
        self.span: Span | None = None
        self.parts: dict[str, Part] = {}
        self.links: list[Link] = []
        self.points: list[ClaimPoint] = []

    def read(self) -> None:
        """Read the file; `Hostile` if it cannot be read to its end."""
        events = self.events
        try:
            events.next()  # the start of the stream
            if type(events.next()) is yaml.StreamEndEvent:
                return
            self._document(events.next())
            events.next()  # the end of the document
            event = events.next()
            if type(event) is not yaml.StreamEndEvent:
                message = "a second document begins here; one file is one module"
                raise events.stop("F005", events.span(event), message)
        except (yaml.YAMLError, UnicodeError, ValueError) as error:
            raise events.broken(error) from None

    def _document(self, event: Any) -> None:
        events = self.events
        if type(event) is Scalar and not event.value:
            return
        if type(event) is not MappingStart:
            message = "a gsn2x file is a mapping of ids to elements"
            raise events.stop("F005", events.span(event), message)
        for name, at, value in events.items(event, "this file"):
            if name == _MODULE:
                self._module(at, value)
                continue
            draft = read_element(events, name, value)
            part, links, points = finish(events, name, at, draft, self.module)
            self.parts[name] = part
            self.links += links
            self.points += points

    def _module(self, at: Any, event: Any) -> None:
        events = self.events
        self.span = events.span(at)
        if type(event) is not MappingStart:
            events.value(event, "`module`")
            events.finding("F005", event, "`module` is a mapping", "write `module: {name: …}`")
            return
        for key, key_at, value in events.items(event, "`module`"):
            self._module_key(key, key_at, value)
        if not self.named:
            message = "`module` has no `name`; gsn2x ignores all of it"
            events.finding("F021", at, message, severity="warning")
        elif self.parts:
            # `module` stands below some elements, which did not know its name yet.
            self.parts = {n: replace(p, module=self.module) for n, p in self.parts.items()}

    def _module_key(self, key: str, at: Any, event: Any) -> None:
        events = self.events
        if key == "name":
            name = events.text(event, "`name` of `module`")
            self.named = bool(name)
            self.module = name or self.module
        elif key == "brief":
            self.brief = events.text(event, "`brief` of `module`")
        elif key == "uses":
            self.uses = events.texts(event, "`uses` of `module`", single=False)
        elif key == "stylesheets":
            sheets = [s for s, _ in events.texts(event, "`stylesheets`", single=False)]
            self.tags[key] = json.dumps(sheets, ensure_ascii=False)
        elif key == "extends":
            self._extends(event)
        elif key in _SETTINGS:
            value = setting(events, key, event, None)
            if value:
                self.tags[key] = value
        else:
            self._other(key, at, event)

    def _other(self, key: str, at: Any, event: Any) -> None:
        value = self.events.value(event, f"`{key}` of `module`")
        self.tags[key] = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        meant = near_miss(key, _MODULE_KEYS)
        if meant:
            message = f"`{key}` of `module` is not a key of gsn2x; it becomes a line of the legend"
            hint = f"did you mean `{meant}`?"
            self.events.finding("F020", at, message, hint, severity="warning")

    def _extends(self, event: Any) -> None:
        events = self.events
        if type(event) is not SequenceStart:
            events.value(event, "`extends`")
            hint = "write `[{module: …, develops: {…: […]}}]`"
            events.finding("F005", event, "`extends` is a list", hint)
            return
        while type(entry := events.next()) is not SequenceEnd:
            if type(entry) is not MappingStart:
                events.value(entry, "`extends`")
                events.finding("F005", entry, "an entry of `extends` is a mapping")
                continue
            module, develops = "", {}
            for key, at, value in events.items(entry, "`extends`"):
                if key == "module":
                    module = events.text(value, "`module` of `extends`")
                elif key == "develops" and type(value) is MappingStart:
                    develops = {
                        target: [t for t, _ in events.texts(ids, "`develops`", single=False)]
                        for target, _, ids in events.items(value, "`develops`")
                    }
                else:
                    events.value(value, "`extends`")
                    message = "an entry of `extends` has the keys `module` and `develops`"
                    events.finding("F020", at, message)
            if not module:
                events.finding("F021", entry, "an entry of `extends` names no `module`")
            self.extends.append((module, develops))


class _Argument:
    """All files read so far, joined."""

    def __init__(self, first: str, more: _More) -> None:
        self.first = first
        self.folder = posixpath.dirname(first)
        self.more = more
        self.report = Report()
        self.files: dict[str, _File] = {}
        self.by_name: dict[str, tuple[str, str]] = {}
        self.parts: dict[str, Part] = {}
        self.links: list[Link] = []
        self.points: list[ClaimPoint] = []
        self.bytes = 0

    def path(self, name: str) -> str:
        """A file name relative to the folder of the first file."""
        clean = posixpath.normpath(name.replace("\\", "/"))
        inside = self.folder and clean.startswith(self.folder + "/")
        return clean[len(self.folder) + 1 :] if inside else clean

    def load(self, source: Source, origin: str) -> _File | None:
        """Read one file and join it; None if it cannot be joined, which C06 makes final."""
        path = self.path(source.name)
        if path in self.files:
            self._twice(source.name, self.files[path].module, None)
            return None
        self.bytes += len(source.data)
        file_events = Events(source, self.report)
        if self.bytes > MAX_BYTES:
            message = f"the files together are larger than {MAX_BYTES} bytes"
            raise file_events.stop("F001", file_events.start(), message)
        file = _File(file_events, "" if not self.files else source.name)
        file.read()
        if file.module in self.by_name:
            self._twice(source.name, file.module, file.span)
            return None
        self.by_name[file.module] = (source.name, origin)
        self.files[path] = file
        if not file.parts:
            span = file.span or file_events.start()
            self.report.add("F021", span, "the file holds no elements")
        self._join(file)
        return file

    def _twice(self, name: str, module: str, span: Span | None) -> None:
        before, origin = self.by_name[module]
        message = f"Module in {name} was already present in {before} provided by {origin}."
        at = span or Span(file=name, line=1, column=1)
        hint = "give each module a name of its own, and load each file once"
        self.report.add("C06", at, message, hint, module or self.first)

    def _join(self, file: _File) -> None:
        again = self.parts.keys() & file.parts.keys()
        for name in sorted(again):
            before = self.parts[name].module or self.first
            message = f"Element {name} in {file.events.file} was already present in {before}."
            span = file.parts.pop(name).span
            assert span is not None
            self.report.add("C07", span, message, "ids are unique across modules", name)
        self.parts.update(file.parts)
        if again:
            self.links += [link for link in file.links if link.source not in again]
            self.points += [p for p in file.points if _owner(p) not in again]
        else:
            self.links += file.links
            self.points += file.points

    def used(self, file: _File) -> list[Source]:
        """The files that a module uses, as far as they are there."""
        found = []
        for name, at in file.uses:
            path = posixpath.join(posixpath.dirname(file.events.file), name.replace("\\", "/"))
            data = self.more(self.path(path)) if len(self.files) < _MAX_FILES else None
            if data is None:
                message = f"`{name}` is not there"
                file.events.finding("F030", at, message, "paths start at this file", path)
            else:
                found.append(Source(name=path, data=data))
        return found

    def structure(self) -> Structure:
        """Everything that was joined, with the relations that challenges aim at named."""
        return Structure(
            parts=self.parts,
            links=_name_relations(self.links),
            points=tuple(self.points),
            modules={
                file.module: self._info(file)
                for file in self.files.values()
                if file.module or file.span
            },
            source=self.first,
        )

    def _info(self, file: _File) -> ModuleInfo:
        uses = []
        for name, _ in file.uses:
            path = posixpath.join(posixpath.dirname(file.events.file), name.replace("\\", "/"))
            other = self.files.get(self.path(path))
            if other is not None:
                uses.append(other.module)
        extends: dict[str, tuple[str, ...]] = {}
        derived = True
        for module, develops in file.extends:
            derived = derived and bool(develops)
            for name, local in develops.items():
                part = self.parts.get(name)
                derived = derived and name not in extends
                derived = derived and part is not None and part.module == module
                extends.setdefault(name, tuple(local))
        if not derived:
            file.tags[EXTENDS] = json.dumps(file.extends, ensure_ascii=False)
        return ModuleInfo(
            name=file.module,
            file=file.events.file,
            brief=file.brief,
            uses=tuple(uses),
            extends=extends,
            tags=file.tags,
            span=file.span,
        )


def _owner(point: ClaimPoint) -> str:
    return point.on_part or (point.on_links[0].partition(ARROW)[0] if point.on_links else "")


def _name_relations(links: list[Link]) -> tuple[Link, ...]:
    """Give an id to every relation that a challenge names by its ends, in either direction."""
    wanted = {link.target_link for link in links if link.target_link}
    if not wanted:
        return tuple(links)
    pairs = {name: (left, right) for name in wanted for left, _, right in [name.partition(ARROW)]}
    ends = {*pairs.values(), *((right, left) for left, right in pairs.values())}
    first: dict[tuple[str, str], int] = {}
    for position, link in enumerate(links):
        if (link.source, link.target) in ends:
            first.setdefault((link.source, link.target), position)
    found = list(links)
    named: dict[str, str] = {}
    for name, (left, right) in sorted(pairs.items()):
        position = first.get((left, right), first.get((right, left), -1))
        if position >= 0 and left != right:
            link = found[position]
            named[name] = link.id or f"{link.source}{ARROW}{link.target}"
            found[position] = replace(link, id=named[name])
    return tuple(
        replace(link, target_link=named[link.target_link]) if link.target_link in named else link
        for link in found
    )


def _read(sources: Sequence[Source], more: _More) -> Reading:
    argument = _Argument(sources[0].name if sources else "argument.yaml", more)
    queue, origin = list(sources), "command line"
    while queue:
        used: list[_File] = []
        for source in queue:
            try:
                file = argument.load(source, origin or f"file {source.name}")
            except Hostile as hostile:
                argument.report.findings.append(hostile.finding)
                continue
            if file is None:
                used = []
                break
            used.append(file)
        queue, origin = [further for file in used for further in argument.used(file)], ""
    structure = argument.structure() if argument.files else None
    return Reading(structure=structure, findings=argument.report.all())


def read(sources: Sequence[Source], more: _More) -> Reading:
    """Read gsn2x files and, through `more`, the files that their modules use.

    Each file is one module. What gsn2x would say about loading is found with its codes (C06,
    C07, V01); what it could not parse, or what a reviewer could not see, with ours. Layers, which
    are any other keys, are kept in the tags of the part.
    """
    # A large file makes millions of objects and no cycles: collecting them costs a third more.
    collecting = gc.isenabled()
    gc.disable()
    try:
        return _read(sources, more)
    finally:
        if collecting:
            gc.enable()
