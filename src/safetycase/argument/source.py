"""The texts of a case as an index: where each element stands, and every place that names it.

Reading for meaning is `load`; this is reading for editing. It is made when a change is asked for,
never while a case is checked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from safetycase.argument import model, ref_to
from safetycase.argument.decode import KINDS, MISSING, Decoder, hints_of
from safetycase.argument.edits import Lines, TextEdit
from safetycase.argument.findings import Finding, Span
from safetycase.argument.library import NO_TEMPLATES, Library
from safetycase.argument.load import LISTS, ModuleHead, load_files
from safetycase.argument.nodes import Collection, Node, Reader, Scalar
from safetycase.argument.store import Reference, Scope, Store

__all__ = ["File", "Place", "Refused", "Source", "read_source"]

_DESPITE = ref_to.RefTo(("claim", "assumption", "evidence"), in_place=False)


class Refused(Exception):
    """A change that is not made; the findings say why."""

    def __init__(self, *findings: Finding) -> None:
        super().__init__(findings[0].message if findings else "")
        self.findings = findings


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where an element stands: its node, what holds the node (parent and index), and the file."""

    node: Collection
    parent: Collection
    index: int
    file: File

    @property
    def listed(self) -> bool:
        """Whether it stands in a list of the file itself, not in another element."""
        lists = (value for _, value in self.file.root.pairs())
        return any(self.parent is value and not self.parent.mapping for value in lists)


@dataclass(slots=True, kw_only=True)
class File:
    """One file: text, nodes, and the prefix of the ids it writes."""

    name: str
    text: str
    prefix: str
    root: Collection
    lines: Lines
    edits: list[TextEdit] = field(default_factory=list)

    def start(self, node: Node) -> int:
        """The offset of the first character of a node."""
        mark: Any = node.start_mark
        return self.lines.offset(mark.line + 1, mark.column + 1)

    def end(self, node: Node) -> int:
        """The offset after the last character of a node, without blanks and comments below it."""
        if type(node) is Collection and node.items and self.is_block(node):
            return self.end(node.items[-1])
        mark: Any = node.end_mark
        end = self.lines.offset(mark.line + 1, mark.column + 1)
        if type(node) is not Collection and node.style in ("|", ">"):
            end = len(self.text[:end].rstrip())
        return end

    def is_block(self, node: Collection) -> bool:
        """Whether a mapping or list is written in block style."""
        return self.text[self.start(node)] not in "{["

    def replace(self, start: int, end: int, text: str) -> None:
        """Ask for `text` in the place of the characters from `start` to `end`."""
        if start < end or text:
            self.edits.append(TextEdit(span=self.lines.span(self.name, start, end), text=text))

    def line_end(self, offset: int) -> int:
        """The offset of the end of the line, before its line end."""
        at = self.text.find("\n", offset)
        at = len(self.text) if at < 0 else at
        return at - 1 if at > offset and self.text[at - 1] == "\r" else at

    def line_start(self, offset: int) -> int:
        """The offset of the first character of the line."""
        return self.text.rfind("\n", 0, offset) + 1

    def above(self, line_start: int) -> int:
        """The end of the line above the one that starts here."""
        at = max(line_start - 1, 0)
        return at - 1 if at and self.text[at - 1] == "\r" else at

    def column(self, offset: int) -> int:
        """How many characters stand before the offset in its line."""
        return offset - self.line_start(offset)

    def local(self, name: str) -> str:
        """The id as this file writes it."""
        return name[len(self.prefix) :] if name.startswith(self.prefix) else name


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """The whole case: records, files, the place of each element, and every reference."""

    texts: Mapping[str, str]
    entry: str
    library: Library
    case: model.Case
    files: Mapping[str, File]
    places: Mapping[str, Place]
    references: tuple[Reference, ...]

    def place(self, name: str) -> Place:
        """Where the element stands; `Refused` if it is not written in a file of the case."""
        found = self.places.get(name)
        if found is not None:
            return found
        if name in self.case.elements:
            hint = "change the template, or put its elements into the case first: `edit inline`"
            raise self.refusal(f"`{name}` comes from a template", name, hint)
        raise self.refusal(f"`{name}` is not in this case")

    def refusal(self, why: str, at: str = "", hint: str | None = None) -> Refused:
        """A refusal, at the place of the element `at`."""
        span = self.case.span(at) if at else Span(file=self.entry, line=1, column=1)
        return Refused(Finding(code="F091", span=span, message=why, hint=hint, subject=at or None))

    def edits(self) -> Mapping[str, tuple[TextEdit, ...]]:
        """What was asked of every file."""
        return {name: tuple(file.edits) for name, file in self.files.items() if file.edits}


def read_source(
    texts: Mapping[str, str], entry: str = "case.yaml", library: Library = NO_TEMPLATES
) -> Source:
    """Index the texts; `Refused` with the findings if part of them cannot be read."""
    if entry not in texts:
        span = Span(file=entry, line=1, column=1)
        raise Refused(Finding(code="F091", span=span, message=f"there is no text of {entry}"))
    loaded = load_files(texts, entry, library=library)
    unread = tuple(f for f in loaded.findings if f.severity == "error" and f.code < "F030")
    if loaded.case is None or unread:
        raise Refused(*(unread or loaded.findings))
    names = frozenset(loaded.case.modules)
    files: dict[str, File] = {}
    places: dict[str, Place] = {}
    found: list[Reference] = []
    parts = [("", entry), *((m.name, m.file) for m in loaded.case.modules.values())]
    for module, name in parts:
        reader = Reader(texts[name], name)
        assert isinstance(reader.root, Collection)
        prefix = f"{module}/" if module else ""
        text, lines = texts[name], Lines(texts[name])
        file = File(name=name, text=text, prefix=prefix, root=reader.root, lines=lines)
        files[name] = file
        store = _store(reader, file, names, ModuleHead if module else model.Header)
        known = loaded.case.elements  # the instance of a template that cannot be read is not there
        places.update((n, place) for n, place in _places(file, store) if n in known)
        found += store.references
    return Source(
        texts=texts,
        entry=entry,
        library=library,
        case=loaded.case,
        files=files,
        places=places,
        references=tuple(found),
    )


def _store(reader: Reader, file: File, modules: frozenset[str], head: type[Any]) -> Store:
    """Nodes and references of one file, as the decoder finds them."""
    store = Store()
    decoder = Decoder(reader, Scope(prefix=file.prefix, modules=modules), store)
    decoder.instantiate = _use
    hints = hints_of(head)
    for key, _, value in reader.items(file.root, ""):
        path: Any = ((None, ""), key)
        if key in hints:
            decoder.value(value, hints[key], path)
        elif key == "root":
            decoder.value(value, ref_to.ClaimRef, path)
        elif key in LISTS:
            for entry in reader.sequence(value, key):
                decoder.element(entry, (LISTS[key],), path)
    for name, (node, _) in list(store.nodes.items()):
        for key_node, value in node.pairs():
            if store.kinds[name] == "argument" and _is(key_node, "despite"):
                _legs(decoder, value, (None, name))
    return store


def _legs(decoder: Decoder, node: Node, path: Any) -> None:
    """The keys of `despite` are ids, too."""
    for key, _ in node.pairs() if type(node) is Collection and node.mapping else ():
        if type(key) is Scalar:
            decoder.reference(key, _DESPITE, (path, "despite"))


def _use(decoder: Decoder, node: Collection, _kinds: tuple[str, ...]) -> Any:
    """Take the instance of a template for one element, and read what develops it."""
    keys = {k.value: v for k, v in node.pairs() if type(k) is Scalar}
    full = decoder.scope.own(keys["as"].value)  # type: ignore[union-attr]
    decoder.store.nodes[full] = (node, decoder.reader.file)
    decoder.store.kinds[full] = "claim"
    decoder.store.elements[full] = None
    developed = keys.get("develops")
    for key, value in developed.pairs() if type(developed) is Collection else ():
        first = value.items[0] if type(value) is Collection and value.items else value
        if type(value) is Scalar or (type(first) is Scalar and first.value in KINDS):
            decoder.value(value, ref_to.StepRef, ((None, full), key.value))  # type: ignore[union-attr]
    return full if full else MISSING


def _places(file: File, store: Store) -> Iterator[tuple[str, Place]]:
    parents: dict[int, tuple[Collection, int]] = {}
    stack = [file.root]
    while stack:
        node = stack.pop()
        for index, item in enumerate(node.items):
            if type(item) is Collection:
                parents[id(item)] = (node, index)
                stack.append(item)
    for name, (node, _) in store.nodes.items():
        parent, index = parents[id(node)]
        yield name, Place(node=node, parent=parent, index=index, file=file)


def _is(key: Node, word: str) -> bool:
    return type(key) is Scalar and key.value == word
