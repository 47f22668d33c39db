"""A structure -> Extended LTAC: one package for each root, what is used twice as a `Link`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from safetycase.argument.structure import ClaimPoint, Link, Loss, Part, Structure
from safetycase.interop.ltac_line import compose, infer_id, is_id, one_line
from safetycase.interop.ltac_words import PART_TYPES, STATUS
from safetycase.interop.outline import general_losses, outline, status_of

__all__ = ["write_lines"]

_TYPES = {part: word for word, part in PART_TYPES.items()}
_STATUS = {declared: word for word, declared in STATUS.items()}
_CARRIED = frozenset(
    {"uninstantiated", "defeated", "undeveloped", "away", "module of a part", "name", "url"}
    | {"defeated relation", "inference", "challenge on a relation", "claim point", "module"}
)
_OTHER = str.maketrans("{}()", "[][]")


@dataclass(frozen=True, slots=True)
class _Item:
    """One line to write: a part under a link (none for a root), or a relation."""

    depth: int
    part: str = ""
    link: Link | None = None
    counter: bool = False
    meta: bool = False
    grouped: bool = False
    relation: tuple[Link, ...] = ()


class _Writer:
    def __init__(self, structure: Structure) -> None:
        self.structure = structure
        self.outline = outline(structure)
        self.lines: list[str] = []
        self.losses: list[Loss] = []
        self.home: dict[str, str] = {}
        self.written: set[tuple[str, str]] = set()
        self.names = self._names()
        self.against: dict[str, list[Link]] = {}
        self.on_part: dict[str, list[ClaimPoint]] = {}
        self.on_links: dict[str, list[ClaimPoint]] = {}
        self._aim()
        self._points()

    def lose(self, about: str, what: str, says: str) -> None:
        self.losses.append(Loss(about=about, what=what, says=says))

    def _names(self) -> Mapping[str, str]:
        """Part id -> the id that is written; an id that LTAC cannot hold is changed."""
        used = {name for name in self.structure.parts if is_id(name)}
        names: dict[str, str] = {}
        for name, part in self.structure.parts.items():
            made = name
            if part.away:
                made = part.away
            if not is_id(made):
                made = infer_id(one_line(made).replace(":", "-").replace("^", "-")) or "element"
                made = made.lstrip("[") or "element"
                if not part.away:
                    base, count = made, 2
                    while made in used:
                        made, count = f"{base}-{count}", count + 1
                    used.add(made)
                self.lose(name, "id", f"an id of LTAC has no `:^{{}}()`; it is written `{made}`")
            names[name] = made
        return names

    def _aim(self) -> None:
        """Challenges by the part they are written under."""
        relations = {link.id: link for link in self.structure.links if link.id}
        for links in self.outline.against.values():
            for link in links:
                target = link.target
                if link.target_link:
                    hit = relations.get(link.target_link)
                    target = hit.source if hit else target
                    says = f"a challenge aims at a part; it is written against `{target}`"
                    self.lose(link.source, "challenge on a relation", says)
                if target in self.structure.parts:
                    self.against.setdefault(target, []).append(link)
        for link in self.outline.dangling:
            says = f"the relation to `{link.target}` leads out of the argument and is left out"
            self.lose(link.source, "dangling relation", says)

    def _points(self) -> None:
        for point in self.structure.points:
            if point.argued_by not in self.structure.parts:
                says = "a claim point without a claim that argues it has no place in LTAC"
                self.lose(point.id, "claim point", says)
            elif point.on_links:
                self.on_links.setdefault(point.on_links[0], []).append(point)
            else:
                self.on_part.setdefault(point.on_part, []).append(point)
            if point.id != f"ACP-{point.argued_by}":
                says = f"the claim point is called `ACP-{point.argued_by}` when it is read again"
                self.lose(point.id, "claim point", says)

    def run(self) -> str:
        """Write every part once, roots first, and what is only reached in a circle last."""
        argued = {point.argued_by for point in self.structure.points}
        for name in (*(r for r in self.outline.roots if r not in argued), *self.structure.parts):
            if name not in self.home:
                self._package(name)
        self._modules()
        self._comment(self.structure.tags.get("ltac.comment", ""), 0)
        return "\n".join(self.lines) + "\n" if self.lines else ""

    def _package(self, root: str) -> None:
        if self.lines:
            self.lines.append("")
        stack = [_Item(0, root)]
        while stack:
            item = stack.pop()
            if item.relation:
                self._relation(item)
                stack += reversed(list(self._members(item)))
            elif self._line(item, root):
                stack += reversed(list(self._children(item)))

    def _line(self, item: _Item, package: str) -> bool:
        """Write one part; True if it is its definition, under which its children follow."""
        part, link = self.structure.parts[item.part], item.link
        options = self._role(item)
        if link and not item.grouped:
            self._comment(link.tags.get("ltac.comment", ""), item.depth)
        pad, name = "  " * item.depth + "- ", self.names[item.part]
        caret = "^" if part.away else ""
        if (item.part, package) in self.written:
            more = link.tags.get("ltac.options", "") if link and not item.grouped else ""
            options += _words(more)
            said = " {" + ", ".join(options) + "}" if options else ""
            self.lines.append(f"{pad}Link {caret}{name}{said}")
            return False
        if item.part in self.home and not part.away:
            says = "it is used in several packages and cited (`^`) where it is not defined"
            self.lose(item.part, "shared between packages", says)
            caret = "^"
        self.written.add((item.part, package))
        first = item.part not in self.home
        self.home.setdefault(item.part, package)
        if first or part.away:
            self._comment(part.tags.get("ltac.comment", ""), item.depth)
        tail = self._tail(part, tuple(options + self._options(part)))
        inferred = part.tags.get("ltac.id") == "inferred" and infer_id(part.text) == name
        book = part.tags.get("ltac.package", "")
        where = f"[{book}] " if caret and is_id(book) and "]" not in book else ""
        called = "" if inferred and not caret else f" {caret}{where}{name}"
        self.lines.append(f"{pad}{self._type(part)}{called}: {tail}".rstrip())
        if caret and first and item.part in self.outline.below:
            says = "a citation has no support of its own; what supports it starts a package"
            self.lose(item.part, "support of a citation", says)
        return not caret

    def _role(self, item: _Item) -> list[str]:
        """The options that say how the element stands to the one above it."""
        options = ["metaclaim"] if item.meta else []
        if item.counter:
            tags = item.link.tags if item.link else {}
            options.append(tags.get("ltac.counter") or "defeater")
        return options

    def _type(self, part: Part) -> str:
        if part.type in _TYPES:
            return _TYPES[part.type]
        self.lose(part.id, "type", f"LTAC has no {part.type}; it is written as a Claim")
        return "Claim"

    def _options(self, part: Part) -> list[str]:
        declared, lost = status_of(part)
        status = _STATUS[declared]
        for what in lost:
            self.lose(part.id, what, f"of two assertion statuses `{status}` is written")
        said = [] if status == "asserted" else [status]
        if part.type == "assumption":
            said = [] if status == "assumed" else said
        more = _words(part.tags.get("ltac.options", ""))
        return [*said, *(["abstract"] if part.uninstantiated else []), *more]

    def _tail(self, part: Part, options: tuple[str, ...]) -> str:
        """Text, options and reference, so that they read back."""
        text, url = one_line(part.text), one_line(part.url).replace(")", "%29")
        if text != part.text:
            self.lose(part.id, "text", "a text of LTAC is one line without blanks at its ends")
        if url != part.url:
            self.lose(part.id, "url", f"a reference has no `)` or line end; it is written `{url}`")
        options = tuple(dict.fromkeys(options))
        tail = compose(text, options, url)
        if tail is None:
            says = "its braces would be read as options; they are written as brackets"
            self.lose(part.id, "text", says)
            tail = compose(text.translate(_OTHER), options, url) or ""
        return tail

    def _comment(self, comment: str, depth: int) -> None:
        for line in comment.split("\n"):
            bare = one_line(line)
            if bare:
                self.lines.append("  " * depth + (bare if bare[0] == "#" else f"# {bare}"))

    def _children(self, item: _Item) -> Iterator[_Item]:
        """What stands under a part: support and context, then challenges, then claim points."""
        depth = item.depth + 1
        plain: list[_Item] = []
        groups: dict[tuple[str, bool], list[Link]] = {}
        for link in (*self.outline.below.get(item.part, ()), *self.against.get(item.part, ())):
            name = link.inference or (link.id if link.id in self.on_links else "")
            if name or link.defeated:
                groups.setdefault((name, link.defeated), []).append(link)
            else:
                plain.append(_item(depth, link))
        for point in self.on_part.get(item.part, ()):
            plain.append(_Item(depth, point.argued_by, meta=True))
        yield from plain
        for links in groups.values():
            yield _Item(depth, relation=tuple(links))

    def _relation(self, item: _Item) -> None:
        first = item.relation[0]
        self._comment(first.tags.get("ltac.comment", ""), item.depth)
        name = first.inference or first.id or f"{self.names[first.source]} relation"
        if not is_id(name):
            name = infer_id(one_line(name).replace(":", "-")).lstrip("[") or "relation"
            self.lose(name, "id", "an id of LTAC has no `:^{}()`")
        options = (*(("defeated",) if first.defeated else ()),)
        options += tuple(_words(first.tags.get("ltac.options", "")))
        tail = compose(one_line(first.tags.get("ltac.text", "")), options, "") or ""
        self.lines.append(f"{'  ' * item.depth}- Relation {name}: {tail}".rstrip())

    def _members(self, item: _Item) -> Iterator[_Item]:
        for link in item.relation:
            yield _item(item.depth + 1, link, grouped=True)
        for link in item.relation:
            for point in self.on_links.pop(link.id, ()):
                yield _Item(item.depth + 1, point.argued_by, meta=True)

    def _modules(self) -> None:
        """Say where a part stands in another package than its module, once for each pair."""
        many = len(set(self.home.values())) > 1
        pairs = {
            (part.module, self.names[self.home[name]] if many else "")
            for name, part in self.structure.parts.items()
            if not part.away
        }
        for module, package in sorted(pairs):
            if module != package:
                says = f"parts of it stand in the package `{package}`, named by its root"
                self.lose(module, "module of a part", says)
        for name, info in self.structure.modules.items():
            told = (info.title, info.brief, info.uses, info.extends, info.contract, info.tags)
            if any((*told, info.pattern, info.published, info.headings)):
                says = "a package of LTAC says nothing of itself; only its parts are written"
                self.lose(name, "module", says)


def _item(depth: int, link: Link, *, grouped: bool = False) -> _Item:
    if link.kind == "challenges":
        return _Item(depth, link.source, link, counter=True, grouped=grouped)
    return _Item(depth, link.target, link, grouped=grouped)


def _words(options: str) -> list[str]:
    """Options kept in a tag, as far as they can be written."""
    words = (one_line(word).lower() for word in options.split(","))
    return [word for word in words if word and "}" not in word and "{" not in word]


def write_lines(structure: Structure) -> tuple[str, tuple[Loss, ...]]:
    """The text of the file and what it cannot carry."""
    writer = _Writer(structure)
    text = writer.run()
    losses = [*writer.losses, *general_losses(structure, _CARRIED, "LTAC", "ltac.")]
    losses += [
        Loss(about=part.id, what="name", says="an element of LTAC has an id and no other name")
        for part in structure.parts.values()
        if part.name and part.name != (part.away or part.id)
    ]
    losses += [
        Loss(about=part.id, what="id", says="an away element is called `PACKAGE^ID` when read")
        for part in structure.parts.values()
        if part.away and part.id != f"{writer.home.get(part.id, '')}^{part.away}"
    ]
    return text, tuple(losses)
