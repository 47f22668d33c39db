"""Part of a case into a module of its own, and a module or an instance of a template back in."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath

import yaml

from safetycase.argument import model, ref_to
from safetycase.argument.fmt import comments_of
from safetycase.argument.join import home
from safetycase.argument.library import NO_TEMPLATES, Library
from safetycase.argument.load import LISTS
from safetycase.argument.nodes import Collection, Node, Scalar
from safetycase.argument.pieces import Piece, append, cut, rendered
from safetycase.argument.printer import dump_parts
from safetycase.argument.quoting import inline as quoted
from safetycase.argument.refactor import (
    Refactoring,
    list_of,
    prove,
    put_references,
    quoted_as,
    refusable,
)
from safetycase.argument.references import references, rename_case
from safetycase.argument.source import File, Place, Source, read_source
from safetycase.argument.store import Reference

__all__ = ["extract", "inline"]

_MODULE = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:-[A-Za-z0-9]+)*")


def extract(
    texts: Mapping[str, str],
    name: str,
    module: str,
    file: str,
    *,
    entry: str = "case.yaml",
    library: Library = NO_TEMPLATES,
) -> Refactoring:
    """Put the element `name` with everything it rests on into the module `module` in `file`.

    Doubts, problems and monitors that speak of these elements alone go with them. What the rest of
    the case refers to becomes `public`.
    """
    return refusable(lambda: _extract(read_source(texts, entry, library), name, module, file))


def _extract(source: Source, name: str, module: str, file: str) -> Refactoring:
    case, entry = source.case, source.files[source.entry]
    _check_target(source, name, module, file)
    members = _members(source, name)
    spans = _units(source, entry, members)
    names = {member: f"{module}/{member}" for member in members}
    pieces: dict[str, list[Piece]] = {}
    root: Piece | None = None
    emptied = _emptied(entry, spans)
    for member, place in spans.items():
        piece = cut(source, member, place, None if place.listed else f"{module}/{member}")
        if member == name and isinstance(case.elements[name], model.Claim):
            root = piece
        else:
            pieces.setdefault(list_of(case.elements[member]), []).append(piece)
    _drop_pairs(entry, emptied)
    put_references(source, names, lambda at: _within(entry, at, spans))
    _add_module(source, entry, module, file)
    public = _public(source, entry, name, members, spans)
    interface = model.Module(
        name=module,
        file=file,
        title=_title(case.elements[name]),
        public=tuple(f"{module}/{n}" for n in public),
        root=f"{module}/{name}" if root else None,
    )
    text = _module_text(interface, public, root, pieces)
    change = Refactoring(edits=source.edits(), created={file: text})
    header = dataclasses.replace(case.header, modules={**case.header.modules, module: file})
    moved = rename_case(case, names)
    modules = {**moved.modules, module: interface}
    return prove(source, change, dataclasses.replace(moved, header=header, modules=modules))


def _check_target(source: Source, name: str, module: str, file: str) -> None:
    case, path = source.case, PurePosixPath(file)
    if source.place(name).file.name != source.entry:
        raise source.refusal(f"`{name}` stands in a module already", name)
    if not _MODULE.fullmatch(module) or module in case.modules or module in case.elements:
        raise source.refusal(f"`{module}` cannot be the name of the module", name, "take another")
    if path.is_absolute() or ".." in path.parts or path.suffix != ".yaml" or "\n" in file:
        hint = "a path in the case folder such as `modules/oversight.yaml`"
        raise source.refusal(f"`{file}` cannot be the file of a module", name, hint)
    if file in source.texts:
        raise source.refusal(f"there is a file `{file}` already", name)


def _members(source: Source, name: str) -> frozenset[str]:
    """The element, all it refers to, and what speaks of these alone."""
    case = source.case
    found = _closure(case, [name], frozenset())
    while True:
        more = [
            other
            for other, element in case.elements.items()
            if other not in found and _belongs(case, element, found)
        ]
        if not more:
            break
        found = _closure(case, more, found)
    for other in sorted(found):
        step = case.elements[other]
        legs = step.despite if isinstance(step, model.Argument) else ()
        for leg in legs:
            if leg in case.elements and leg not in found:
                why = f"`despite` of `{other}` names `{leg}`, which is no premise of it"
                raise source.refusal(f"`{name}` cannot stand in a module: {why}", name)
    if case.root in found:
        why = "it is the root claim" if name == case.root else "it refers back to the root claim"
        raise source.refusal(f"`{name}` cannot stand in a module: {why}", name)
    return found


def _closure(case: model.Case, start: Iterable[str], found: frozenset[str]) -> frozenset[str]:
    """Everything in the case file that the elements refer to; an instance is taken as a whole."""
    members, stack = set(found), list(start)
    while stack:
        name = stack.pop()
        if name not in case.elements:
            name = name.rpartition(".")[0]
        if name in members or name not in case.elements or home(name, case.modules):
            continue
        members.add(name)
        stack += (ref.name for ref in references(case.elements[name]))
        owner = next((u for u in case.uses if name == u or name.startswith(f"{u}/")), None)
        if owner is not None:
            stack += (n for n in case.elements if n == owner or n.startswith(f"{owner}/"))
    return frozenset(members)


def _belongs(case: model.Case, element: model.Element, members: frozenset[str]) -> bool:
    if home(element.id, case.modules):
        return False
    if "." in element.id and element.id.rpartition(".")[0] in members:
        return True  # takes over a defeater of the engine, by its id
    if not isinstance(element, model.Defeater | model.Problem | model.Monitor):
        return False
    names = [ref.name for ref in references(element)]
    bases = [n if n in case.elements else n.rpartition(".")[0] for n in names]
    return any(n in members for n in bases) and all(
        n in members or home(n, case.modules) for n in bases
    )


def _units(source: Source, file: File, members: frozenset[str]) -> dict[str, Place]:
    """The members that stand in no other member, in the order of the file."""
    places = [(n, source.places[n]) for n in members if n in source.places]
    placed = sorted(places, key=lambda pair: file.start(pair[1].node))
    found: dict[str, Place] = {}
    done = -1
    for name, place in placed:
        if file.start(place.node) >= done:
            found[name] = place
            done = file.end(place.node)
    return found


def _within(file: File, at: Reference, units: Mapping[str, Place]) -> bool:
    if at.file != file.name:
        return False
    return any(_inside(file, place.node, at.node) for place in units.values())


def _words(source: Source, file: File, names: Mapping[str, str]) -> list[tuple[int, int, str]]:
    """What the references of a file are called where they go."""
    found = []
    for at in source.references:
        if at.file == file.name and at.name in names:
            assert isinstance(at.node, Scalar)
            word = quoted_as(at.node, names[at.name])
            found.append((file.start(at.node), file.end(at.node), word))
    return found


def _emptied(file: File, units: Mapping[str, Place]) -> list[int]:
    """The indices of the lists of the file that lose every entry."""
    counts: dict[int, int] = {}
    for place in units.values():
        counts[id(place.parent)] = counts.get(id(place.parent), 0) + 1
    return [
        index
        for index, (_, value) in enumerate(file.root.pairs())
        if type(value) is Collection and not value.mapping and value.items
        and counts.get(id(value), 0) == len(value.items)
    ]  # fmt: skip


def _drop_pairs(file: File, indices: Iterable[int]) -> None:
    """Take keys out whose list is empty now, in place of the entries' own edits."""
    pairs = list(file.root.pairs())
    for index in indices:
        key, value = pairs[index]
        start = file.above(file.line_start(file.start(key)))
        end = file.line_end(file.end(value))
        kept = [e for e in file.edits if not start <= file.lines.range(e.span)[0] < end]
        file.edits[:] = kept
        file.replace(start, end, "")


def _add_module(source: Source, entry: File, module: str, file: str) -> None:
    line = f"{module}: {quoted(file, flow=True)}"
    pairs = list(entry.root.pairs())
    for key, value in pairs:
        if isinstance(key, Scalar) and key.value == "modules" and type(value) is Collection:
            if not value.items or not entry.is_block(value):
                at = entry.end(value.items[-1]) if value.items else entry.start(value) + 1
                entry.replace(at, at, f", {line}" if value.items else line)
            else:
                at = entry.line_end(entry.end(value))
                indent = entry.column(entry.start(value))
                entry.replace(at, at, "\n" + " " * indent + line)
            return
    if not entry.is_block(entry.root):
        raise source.refusal(f"{entry.name} is written inside `{{...}}`")
    head = [v for k, v in pairs if isinstance(k, Scalar) and k.value not in ("root", *LISTS)]
    at = entry.line_end(entry.end(head[-1]))
    entry.replace(at, at, f"\nmodules:\n  {line}")


def _public(
    source: Source, entry: File, name: str, members: frozenset[str], units: Mapping[str, Place]
) -> tuple[str, ...]:
    """What the rest of the case may go on referring to."""
    wanted = {name} | {n for n, place in units.items() if not place.listed}
    for at in source.references:
        if at.name in members and at.ref.kinds != ref_to.ANY_KIND and not _within(entry, at, units):
            wanted.add(at.name)
    return tuple(n for n in source.case.elements if n in wanted)


def _title(element: model.Element) -> str:
    says = getattr(element, "says", None) or getattr(element, "because", "")
    return says if says and len(says) <= 80 and "\n" not in says else element.id


def _module_text(
    module: model.Module,
    public: tuple[str, ...],
    root: Piece | None,
    pieces: Mapping[str, list[Piece]],
) -> str:
    out = [f"module: {module.name}", f"title: {quoted(module.title)}"]
    out.append("public: [" + ", ".join(public) + "]")
    if root is not None:
        out += ["", *root.comments, "root:"]
        out.append(rendered(dataclasses.replace(root, comments=()), 2, dash=False))
    for key in LISTS:
        if key in pieces:
            out += ["", f"{key}:", *(rendered(piece, 2) for piece in pieces[key])]
    return "\n".join([*out, ""])


def inline(
    texts: Mapping[str, str],
    name: str,
    *,
    entry: str = "case.yaml",
    library: Library = NO_TEMPLATES,
) -> Refactoring:
    """Put a module, or the elements of a template's instance, into the file that uses it.

    The elements of a module lose the module's name; those of an instance `X/ID` become `X-ID`, and
    the text is then the author's own.
    """
    return refusable(lambda: _inline(read_source(texts, entry, library), name))


def _inline(source: Source, name: str) -> Refactoring:
    if name in source.case.modules:
        return _inline_module(source, source.case.modules[name])
    if name in source.places and name in source.case.uses:
        return _inline_instance(source, source.case.uses[name])
    raise source.refusal(f"`{name}` is neither a module nor an instance of a template")


def _inline_module(source: Source, module: model.Module) -> Refactoring:
    case, entry, file = source.case, source.files[source.entry], source.files[module.file]
    prefix = f"{module.name}/"
    names = {n: n[len(prefix) :] for n in case.elements if n.startswith(prefix)}
    taken = set(names.values()) & (case.elements.keys() | case.modules.keys())
    if taken:
        raise source.refusal(f"`{min(taken)}` is in the case file too", min(taken), "rename one")
    for at in source.references:
        if at.name in names and at.file not in (source.entry, module.file):
            raise source.refusal(f"`{at.name}` is referred to from {at.file}", at.name)
    words = _words(source, file, names)
    units = _units(source, file, frozenset(names))
    cuts = {n: cut(source, n, p, None if p.listed else "-", words) for n, p in units.items()}
    pieces: dict[str, list[Piece]] = {}
    for member, piece in _with_all_comments(file, cuts).items():
        pieces.setdefault(list_of(case.elements[member]), []).append(piece)
    put_references(source, names, lambda at: at.file == module.file)
    _drop_module(entry, module.name)
    for key, found in pieces.items():
        append(source, entry, key, found)
    edits = {n: e for n, e in source.edits().items() if n != module.file}
    change = Refactoring(edits=edits, deleted=(module.file,))
    rest = {n: f for n, f in case.header.modules.items() if n != module.name}
    moved = rename_case(case, names)
    wanted = dataclasses.replace(
        moved,
        header=dataclasses.replace(case.header, modules=rest),
        modules={n: m for n, m in moved.modules.items() if n != module.name},
    )
    return prove(source, change, wanted)


def _with_all_comments(file: File, cuts: dict[str, Piece]) -> dict[str, Piece]:
    """The pieces; comments of the file that stand in none of them go above the first."""
    kept = "\n".join(rendered(piece, 0) for piece in cuts.values())
    try:
        held = [words for _, words in comments_of(kept)]
    except yaml.YAMLError:
        held = []  # rather a comment twice than lost
    lost = []
    for _, words in comments_of(file.text):
        if words in held:
            held.remove(words)
        else:
            lost.append(words)
    if lost and cuts:
        first = next(iter(cuts))
        piece = cuts[first]
        cuts[first] = dataclasses.replace(piece, comments=(*lost, *piece.comments))
    return cuts


def _drop_module(entry: File, name: str) -> None:
    for key, value in entry.root.pairs():
        if not (isinstance(key, Scalar) and key.value == "modules" and type(value) is Collection):
            continue
        at = next(i for i in range(0, len(value.items), 2) if value.items[i].value == name)
        start, end = entry.start(value.items[at]), entry.end(value.items[at + 1])
        if len(value.items) == 2:
            line = entry.line_start(entry.start(key))
            entry.replace(entry.above(line), entry.line_end(entry.end(value)), "")
        elif entry.is_block(value):
            entry.replace(entry.above(entry.line_start(start)), entry.line_end(end), "")
        elif at:
            entry.replace(entry.end(value.items[at - 1]), end, "")
        else:
            entry.replace(start, entry.start(value.items[2]), "")


def _inline_instance(source: Source, use: model.Use) -> Refactoring:
    case, place = source.case, source.place(use.as_)
    file, node = place.file, place.node
    if not file.is_block(place.parent):
        raise source.refusal(
            f"`{use.as_}` stands inside `[...]`", use.as_, "write one entry a line"
        )
    own = f"{use.as_}/"
    names = {
        n: f"{use.as_}-{n[len(own) :].replace('/', '-')}"
        for n in case.elements
        if n.startswith(own)
    }
    taken = set(names.values()) & case.elements.keys()
    if taken or len(set(names.values())) < len(names):
        raise source.refusal(f"`{min(taken or names.values())}` is there already", use.as_)
    moved = rename_case(case, names)
    uses = {n: u for n, u in moved.uses.items() if n != use.as_ and n not in names.values()}
    wanted = dataclasses.replace(moved, uses=uses)
    start, end = file.start(node), file.end(node)
    within = {n for n, p in source.places.items() if p.file is file and _inside(file, node, p.node)}
    nest = frozenset(names.values()) | (within - {use.as_})
    text, others = dump_parts(wanted, use.as_, file.column(start), nest)
    notes = [w for line, w in comments_of(file.text) if _line_in(file, line, start, end)]
    line = file.line_start(start)
    file.replace(line, line, "".join(" " * file.column(start) + f"{w}\n" for w in notes))
    file.replace(start, end, text)
    put_references(source, names, lambda at: at.file == file.name and _inside(file, node, at.node))
    for key, found in others.items():
        append(source, file, key, [_piece(text) for text in found])
    return prove(source, Refactoring(edits=source.edits()), wanted)


def _piece(text: str) -> Piece:
    return Piece(comments=(), lines=tuple(text.split("\n")))


def _inside(file: File, outer: Collection, inner: Node) -> bool:
    return file.start(outer) <= file.start(inner) < file.end(outer)


def _line_in(file: File, line: int, start: int, end: int) -> bool:
    """Whether a comment of this line stands in the text that is replaced."""
    first, last = file.lines.position(start)[0], file.lines.position(end)[0]
    return first <= line < last
