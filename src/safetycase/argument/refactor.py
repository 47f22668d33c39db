"""Changes to a case file that keep its meaning, as text edits: rename, move, extract, inline.

What an edit does not touch (comments, blanks, order) stays as it was. Every change is proved after
the fact: the edited texts are read again and compared with the case that was meant. A change that
cannot be made, or whose result would be another case, is refused with a finding.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from safetycase.argument import model
from safetycase.argument.decode import ID
from safetycase.argument.edits import EditError, TextEdit, apply
from safetycase.argument.findings import Finding, Span, did_you_mean
from safetycase.argument.graph import cycle, kind_of
from safetycase.argument.library import NO_TEMPLATES, Library
from safetycase.argument.load import LISTS, load_files
from safetycase.argument.nodes import Collection, Scalar
from safetycase.argument.pieces import add_reference, append, cut, drop_reference
from safetycase.argument.references import rename_case, renamer
from safetycase.argument.source import File, Refused, Source, read_source
from safetycase.argument.store import Reference

__all__ = [
    "Refactoring",
    "list_of",
    "move",
    "prove",
    "put_references",
    "quoted_as",
    "refusable",
    "rename",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Refactoring:
    """The edits of each file, files to make and to remove; or findings that say why there are none.

    `edits` is empty for a file that is made or removed.
    """

    edits: Mapping[str, tuple[TextEdit, ...]] = field(default_factory=dict)
    created: Mapping[str, str] = field(default_factory=dict)
    deleted: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()

    def after(self, texts: Mapping[str, str]) -> Mapping[str, str]:
        """The texts with the change made."""
        kept = {name: text for name, text in texts.items() if name not in self.deleted}
        edited = {name: apply(kept[name], edits) for name, edits in self.edits.items()}
        return {**kept, **edited, **self.created}


def refusable(change: Callable[[], Refactoring]) -> Refactoring:
    """What `change` gives, or the findings it was refused with."""
    try:
        return change()
    except Refused as error:
        return Refactoring(findings=error.findings)
    except EditError as error:
        span = Span(file="case.yaml", line=1, column=1)
        message = f"the change would overlap itself: {error}"
        return Refactoring(findings=(Finding(code="F092", span=span, message=message),))


def prove(source: Source, change: Refactoring, wanted: model.Case) -> Refactoring:
    """The change, if reading the edited texts gives the wanted case (`Refused` otherwise)."""
    after = change.after(source.texts)
    found = load_files(after, source.entry, library=source.library)
    if found.case == wanted and len(found.findings) <= len(source.case.findings):
        return change
    news = [f for f in found.findings if f.code not in {g.code for g in source.case.findings}]
    why = f": {news[0].message}" if news else ""
    raise Refused(
        Finding(
            code="F092",
            span=Span(file=source.entry, line=1, column=1),
            message=f"the change was not made, because the result would be another case{why}",
            hint="make the change by hand; nothing was written",
        )
    )


def put_references(
    source: Source,
    names: Mapping[str, str],
    skip: Callable[[Reference], bool] = lambda _at: False,
) -> None:
    """Write the new ids wherever an old one is referred to, but for the places to `skip`."""
    new = renamer(names)
    for at in source.references:
        if new(at.name) == at.name or skip(at):
            continue
        file, node = source.files[at.file], at.node
        assert type(node) is Scalar
        _put(file, node, file.local(new(at.name)))


def _put(file: File, node: Scalar, word: str) -> None:
    file.replace(file.start(node), file.end(node), quoted_as(node, word))


def quoted_as(node: Scalar, word: str) -> str:
    """The id in the quotes that the one at `node` has."""
    quote = node.style if node.style in ("'", '"') else ""
    return f"{quote}{word}{quote}"


def rename(
    texts: Mapping[str, str],
    old: str,
    new: str,
    *,
    entry: str = "case.yaml",
    library: Library = NO_TEMPLATES,
) -> Refactoring:
    """Call the element `old` by the id `new` wherever it is named.

    `new` may be written without the module of `old`, which stays the same. Defeaters that take
    over one of the engine's own (`OLD.NAME`) and the elements of an instance (`OLD/ID`) follow.
    """
    return refusable(lambda: _rename(read_source(texts, entry, library), old, new))


def _rename(source: Source, old: str, new: str) -> Refactoring:
    place = source.place(old)
    prefix = place.file.prefix
    full = new if prefix and new.startswith(prefix) else prefix + new
    if not ID.fullmatch(full[len(prefix) :]):
        hint = "ids are letters and digits joined by hyphens, e.g. NO-SANDBAGGING"
        raise source.refusal(f"`{new}` is not an id", old, hint)
    names = {old: full}
    to = renamer(names)
    taken = {to(n) for n in source.case.elements if to(n) != n} & source.case.elements.keys()
    if taken or full in source.case.modules:
        raise source.refusal(f"`{min(taken or {full})}` is already there", old)
    put_references(source, names)
    for name, at in source.places.items():
        if to(name) != name:
            node = _id_node(at.node)
            _put(at.file, node, at.file.local(to(name)))
    change = Refactoring(edits=source.edits())
    return prove(source, change, rename_case(source.case, names))


def _id_node(node: Collection) -> Scalar:
    """The scalar that names an element: after its kind, or after `as` of a template's instance."""
    keys = {k.value: v for k, v in node.pairs() if type(k) is Scalar}
    first = node.items[0]
    found = keys["as"] if first.value == "use" else node.items[1]
    assert type(found) is Scalar
    return found


def move(
    texts: Mapping[str, str],
    name: str,
    under: str | None = None,
    *,
    entry: str = "case.yaml",
    library: Library = NO_TEMPLATES,
) -> Refactoring:
    """Move an element with everything written in it.

    With `under`, the id of an argument, it becomes a premise of that step and is no longer one of
    the step it was a premise of. Without, it goes to the list of its kind and its id stays where it
    stood: the case is the same.
    """
    return refusable(lambda: _move(read_source(texts, entry, library), name, under))


def _move(source: Source, name: str, under: str | None) -> Refactoring:
    place = source.place(name)
    element = source.case.elements[name]
    if under is None:
        if place.listed:
            raise source.refusal(f"`{name}` already stands in a list", name)
        piece = cut(source, name, place, place.file.local(name))
        append(source, place.file, list_of(element), [piece])
        return prove(source, Refactoring(edits=source.edits()), source.case)
    wanted, holder = _moved(source, name, under)
    target = source.place(under)
    if target.file is not place.file:
        hint = "`edit extract` and `edit inline` carry elements from file to file"
        raise source.refusal(f"`{under}` stands in another file than `{name}`", name, hint)
    premises = _value(target.node, "premises")
    if not isinstance(premises, Collection):
        raise source.refusal(f"`{under}` has no list of premises", under)
    _carry(source, name, holder, premises)
    return prove(source, Refactoring(edits=source.edits()), wanted)


def _carry(source: Source, name: str, holder: str | None, premises: Collection) -> None:
    """The edits: out of the step that held it, into the list `premises`."""
    place = source.place(name)
    file = place.file
    held = _value(source.place(holder).node, "premises") if holder else None
    if isinstance(held, Collection) and place.parent is held:
        if file.is_block(held):
            piece = cut(source, name, place, None)
            if not add_reference(source, file, premises, piece):
                append(source, file, list_of(source.case.elements[name]), [piece])
                add_reference(source, file, premises, file.local(name))
            return
        piece = cut(source, name, place, "")
        file.edits.pop()
        drop_reference(source, file, held, place.index)
        if not add_reference(source, file, premises, piece):
            append(source, file, list_of(source.case.elements[name]), [piece])
            add_reference(source, file, premises, file.local(name))
        return
    if isinstance(held, Collection):
        index = next(
            i
            for i, item in enumerate(held.items)
            if type(item) is Scalar and _same(file, item.value, name)
        )
        drop_reference(source, file, held, index)
    add_reference(source, file, premises, file.local(name))


def _same(file: File, word: str, name: str) -> bool:
    return name in (word, file.prefix + word)


def _moved(source: Source, name: str, under: str) -> tuple[model.Case, str | None]:
    """The case that is meant, and the step that holds the element now."""
    case = source.case
    element, target = case.elements[name], case.elements.get(under)
    if not isinstance(target, model.Argument):
        steps = (n for n, e in case.elements.items() if isinstance(e, model.Argument))
        near = did_you_mean(under, steps)
        raise source.refusal(f"`{under}` is not an argument of this case", name, near)
    if kind_of(element) not in ("claim", "assumption", "evidence"):
        raise source.refusal(f"a {kind_of(element)} cannot be a premise", name)
    holders = [
        n for n, e in case.elements.items() if isinstance(e, model.Argument) and name in e.premises
    ]
    if under in holders:
        raise source.refusal(f"`{name}` is already a premise of `{under}`", name)
    if len(holders) > 1:
        both = ", ".join(f"`{n}`" for n in holders)
        raise source.refusal(f"`{name}` is a premise of {both}", name, "take it out of one by hand")
    elements = dict(case.elements)
    for holder in holders:
        held = case.elements[holder]
        assert isinstance(held, model.Argument)
        left = tuple(p for p in held.premises if p != name)
        if not left:
            raise source.refusal(f"`{holder}` would have no premise left", holder)
        if name in held.despite:
            raise source.refusal(f"`{holder}` stands despite `{name}`", holder, "remove that first")
        elements[holder] = dataclasses.replace(held, premises=left)
    premises = (*target.premises, name)
    elements[under] = dataclasses.replace(target, premises=premises)
    wanted = dataclasses.replace(case, elements=elements)
    if (loop := cycle(wanted)) and not cycle(case):
        raise source.refusal(f"support would run in a loop: {' → '.join(loop)}", name)
    return wanted, holders[0] if holders else None


def list_of(element: model.Element) -> str:
    """The key of the list that elements of this kind stand in."""
    return next(key for key, kind in LISTS.items() if kind == kind_of(element))


def _value(node: Collection, key: str) -> object:
    return next((v for k, v in node.pairs() if type(k) is Scalar and k.value == key), None)
