"""gsn2x files -> a structure: one file is one module, and `uses` leads to further files."""

from __future__ import annotations

import json
import posixpath
from collections.abc import Callable, Sequence
from dataclasses import replace

from safetycase.argument.findings import Span
from safetycase.argument.structure import ClaimPoint, Link, ModuleInfo, Part, Structure
from safetycase.checks.gsn2x_index import ARROW, EXTENDS, no_collection
from safetycase.interop.gsn2x_draft import MAX_VALUES, FileDraft, Hostile, Report, decode, stop
from safetycase.interop.gsn2x_quick import plain
from safetycase.plugin.formats import MAX_BYTES, Reading, Source

__all__ = ["read"]

_MAX_FILES = 1000

_More = Callable[[str], bytes | None]


class _Argument:
    """All files read so far, joined."""

    def __init__(self, first: str, more: _More) -> None:
        self.first = first
        self.folder = posixpath.dirname(first)
        self.more = more
        self.report = Report()
        self.files: dict[str, FileDraft] = {}
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

    def load(self, source: Source, origin: str) -> FileDraft | None:
        """Read one file and join it; None if it cannot be joined, which C06 makes final."""
        path = self.path(source.name)
        if path in self.files:
            self._twice(source.name, self.files[path].module, None)
            return None
        self.bytes += len(source.data)
        start = Span(file=source.name, line=1, column=1)
        if self.bytes > MAX_BYTES:
            message = f"the files together are larger than {MAX_BYTES} bytes"
            raise stop("F001", start, message)
        file = FileDraft(source.name, "" if not self.files else source.name, self.report)
        _read_file(file, decode(source))
        if file.module in self.by_name:
            self._twice(source.name, file.module, file.span)
            return None
        self.by_name[file.module] = (source.name, origin)
        self.files[path] = file
        if not file.parts:
            self.report.add("F021", file.span or start, "the file holds no elements")
        self._join(file)
        return file

    def _twice(self, name: str, module: str, span: Span | None) -> None:
        before, origin = self.by_name[module]
        message = f"Module in {name} was already present in {before} provided by {origin}."
        at = span or Span(file=name, line=1, column=1)
        hint = "give each module a name of its own, and load each file once"
        self.report.add("C06", at, message, hint, module or self.first)

    def _join(self, file: FileDraft) -> None:
        again = self.parts.keys() & file.parts.keys()
        for name in sorted(again):
            before = self.parts[name].module or self.first
            message = f"Element {name} in {file.name} was already present in {before}."
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

    def used(self, file: FileDraft) -> list[Source]:
        """The files that a module uses, as far as they are there."""
        found = []
        for name, at in file.uses:
            path = posixpath.join(posixpath.dirname(file.name), name.replace("\\", "/"))
            relative = self.path(path)
            if relative in self.files:
                # Loading it again is what C06 is about; its text is not needed for that.
                found.append(Source(name=path, data=b""))
                continue
            data = self.more(relative) if len(self.files) < _MAX_FILES else None
            if data is None:
                message = f"`{name}` is not there"
                self.report.add("F030", at, message, "paths start at this file", path)
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

    def _info(self, file: FileDraft) -> ModuleInfo:
        uses = []
        for name, _ in file.uses:
            path = posixpath.join(posixpath.dirname(file.name), name.replace("\\", "/"))
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
            file=file.name,
            brief=file.brief,
            uses=tuple(uses),
            extends=extends,
            tags=file.tags,
            span=file.span,
        )


def _read_file(file: FileDraft, text: str) -> None:
    report = file.report
    # A line of a plain file holds at least one value, and one list holds as many as commas.
    size = text.count("\n") + text.count(",")
    small = report.values + size < MAX_VALUES // 2
    simple = plain(text, file.name) if small else None
    if simple is None:
        # A file that is not plain needs libyaml, which takes longer to import than plain ones
        # take to read.
        from safetycase.interop.gsn2x_document import read_document

        read_document(file, text)
        return
    report.values += size
    file.span, file.brief = simple.span, simple.brief
    file.module = simple.module or file.module
    for name, span, draft in simple.elements:
        file.add(name, span, draft)


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
        used: list[FileDraft] = []
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
    with no_collection():
        return _read(sources, more)
