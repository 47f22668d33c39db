"""Changing the text of a case at one place: a value, a key, an entry of a list, an element.

Every function returns the changed texts by file; nothing is written. `None` means that there is no
such place.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from safetycase.argument.nodes import Collection, Node, Scalar
from safetycase.argument.source import File, Place, Source

__all__ = ["Draft", "Site"]

Texts = Mapping[str, str]
Cut = tuple[int, int, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A value in a file: its key, its node, and the mapping or list that holds it."""

    file: File
    parent: Collection
    index: int
    node: Node

    @property
    def text(self) -> str:
        """The value as it is written."""
        return self.file.text[self.file.start(self.node) : self.file.end(self.node)]

    @property
    def word(self) -> str:
        """The value of a scalar; empty for a list or a mapping."""
        return self.node.value if type(self.node) is Scalar else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """The texts of a case, to be changed."""

    source: Source

    def at(self, name: str, *path: str) -> Site | None:
        """The value of an element (of the header if `name` is empty) at a path of keys."""
        if name:
            place = self.source.places.get(name)
            if place is None:
                return None
            node, file = place.node, place.file
        else:
            file = self.source.files[self.source.entry]
            node = file.root
        found: Site | None = None
        for key in path:
            if found is not None:
                if type(found.node) is not Collection:
                    return None
                node = found.node
            found = _step(file, node, key)
            if found is None:
                return None
        return found

    def entries(self, site: Site | None) -> Iterator[Site]:
        """The entries of a list, or the values of a mapping."""
        if site is None or type(site.node) is not Collection:
            return
        step = 2 if site.node.mapping else 1
        for index in range(step - 1, len(site.node.items), step):
            item = site.node.items[index]
            yield Site(file=site.file, parent=site.node, index=index, node=item)

    def key(self, site: Site) -> str:
        """The key of a value in a mapping."""
        return str(site.parent.items[site.index - 1].value) if site.parent.mapping else ""

    def put(self, *changes: tuple[Site, str]) -> Texts:
        """Other texts in the places of values."""
        by_file: dict[str, list[Cut]] = {}
        for site, text in changes:
            cut = (site.file.start(site.node), site.file.end(site.node), text)
            by_file.setdefault(site.file.name, []).append(cut)
        return {name: self._spliced(name, cuts) for name, cuts in by_file.items()}

    def drop(self, site: Site) -> Texts:
        """The file without a key and its value, or without an entry of a list."""
        return self._changed(site.file, [_removal(site)])

    def change(
        self, name: str, *, put: Mapping[str, str] | None = None, drop: Iterable[str] = (),
        add: Mapping[str, str] | None = None,
    ) -> Texts | None:  # fmt: skip
        """Several keys of one element put, dropped and added at once."""
        place = self.source.places.get(name)
        if place is None:
            return None
        cuts: list[Cut] = []
        for key, text in (put or {}).items():
            site = self.at(name, key)
            if site is None:
                return None
            cuts.append((site.file.start(site.node), site.file.end(site.node), text))
        for key in drop:
            site = self.at(name, key)
            if site is not None:
                cuts.append(_removal(site))
        if add:
            cuts.append(_addition(place, add))
        return self._changed(place.file, cuts)

    def kind(self, name: str, word: str) -> Cut:
        """The cut that makes an element one of another kind."""
        place = self.source.places[name]
        key = place.node.items[0]
        return place.file.start(key), place.file.end(key), word

    def remade(self, name: str, word: str, *, drop: Iterable[str], add: Mapping[str, str]) -> Texts:
        """An element of another kind, without some keys and with others."""
        place = self.source.places[name]
        cuts = [self.kind(name, word), _addition(place, add)]
        cuts += [_removal(site) for key in drop if (site := self.at(name, key)) is not None]
        return self._changed(place.file, cuts)

    def moved(self, name: str, key: str, entry: str) -> Texts | None:
        """An element taken out of its list, and an entry put into another list of the case file."""
        gone = self.without(name)
        if gone is None or self.source.places[name].file.name != self.source.entry:
            return None
        text = self.source.texts[self.source.entry]
        there = self.append(key, entry)[self.source.entry]
        return {self.source.entry: _merged(text, gone[self.source.entry], there)}

    def without(self, name: str) -> Texts | None:
        """The file without an element that stands in a list of the file, or of another element."""
        place = self.source.places.get(name)
        if place is None or place.parent.mapping:
            return None
        site = Site(file=place.file, parent=place.parent, index=place.index, node=place.node)
        if len(place.parent.items) == 1:
            holder = self._holder(place)
            return self.drop(holder) if holder is not None else None
        return self.drop(site)

    def append(self, key: str, entry: str) -> Texts:
        """One more entry in a list of the case file, which is made if it is not there."""
        file = self.source.files[self.source.entry]
        site = _step(file, file.root, key)
        if site is None or type(site.node) is not Collection or not site.node.items:
            end = len(file.text)
            lead = "" if file.text.endswith("\n") else "\n"
            return self._changed(file, [(end, end, f"{lead}\n{key}:\n  - {entry}\n")])
        last = site.node.items[-1]
        end = file.end(last)
        if not file.is_block(site.node):
            return self._changed(file, [(end, end, f", {entry}")])
        indent = " " * file.column(file.start(site.node))
        at = file.line_end(end)
        return self._changed(file, [(at, at, f"\n{indent}- {entry}")])

    def _holder(self, place: Place) -> Site | None:
        """The key whose list holds an element."""
        stack = [place.file.root]
        while stack:
            node = stack.pop()
            for index, item in enumerate(node.items):
                if item is place.parent and node.mapping:
                    return Site(file=place.file, parent=node, index=index, node=item)
                if type(item) is Collection:
                    stack.append(item)
        return None

    def _changed(self, file: File, cuts: Iterable[Cut]) -> Texts:
        return {file.name: self._spliced(file.name, cuts)}

    def _spliced(self, name: str, cuts: Iterable[Cut]) -> str:
        text, parts, done = self.source.texts[name], [], 0
        for start, end, word in sorted(cuts):
            if start < done:  # inside of what another cut takes out
                continue
            parts += [text[done:start], word]
            done = end
        return "".join((*parts, text[done:]))


def _merged(text: str, gone: str, there: str) -> str:
    """Both changes of one text, of which neither lies inside the other."""
    one, other = _change(text, gone), _change(text, there)
    for start, end, word in sorted((one, other), reverse=True):
        text = text[:start] + word + text[end:]
    return text


def _change(old: str, new: str) -> Cut:
    """The one place in which two texts differ."""
    start = _alike(old, new)
    most = min(len(old), len(new)) - start
    end = min(most, _alike(old[::-1], new[::-1]))
    return start, len(old) - end, new[start : len(new) - end]


def _alike(one: str, other: str) -> int:
    """How many characters two texts begin with in common."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((i for i, (a, b) in pairs if a != b), min(len(one), len(other)))


def _step(file: File, node: Collection, key: str) -> Site | None:
    if not node.mapping:
        if key.isdigit() and int(key) < len(node.items):
            return Site(file=file, parent=node, index=int(key), node=node.items[int(key)])
        return None
    for index in range(0, len(node.items), 2):
        word = node.items[index]
        if type(word) is Scalar and word.value == key:
            return Site(file=file, parent=node, index=index + 1, node=node.items[index + 1])
    return None


def _removal(site: Site) -> Cut:
    """What takes a value out, with its key or dash, and with one comma in flow style."""
    file, items, index = site.file, site.parent.items, site.index
    first = items[index - 1] if site.parent.mapping else site.node
    if file.is_block(site.parent):
        start, end = file.line_start(file.start(first)), file.line_end(file.end(site.node))
        return start, min(end + 1, len(file.text)), ""
    start, end = file.start(first), file.end(site.node)
    before = index - 2 if site.parent.mapping else index - 1
    if before >= 0:
        return file.end(items[before]), end, ""
    if index + 1 < len(items):
        return start, file.start(items[index + 1]), ""
    return start, end, ""


def _addition(place: Place, pairs: Mapping[str, str]) -> Cut:
    """New keys below the id of an element."""
    file, node = place.file, place.node
    end = file.end(node.items[1])
    if not file.is_block(node):
        return end, end, "".join(f", {key}: {text}" for key, text in pairs.items())
    indent = " " * file.column(file.start(node.items[0]))
    at = file.line_end(end)
    return at, at, "".join(f"\n{indent}{key}: {text}" for key, text in pairs.items())
