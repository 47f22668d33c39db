"""Which ids an element refers to, and the same element with other ids."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any, Union, get_args, get_origin

from safetycase.argument import model, ref_to
from safetycase.argument.decode import hints_of

__all__ = ["Ref", "reference_fields", "references", "rename_case", "rename_element", "renamer"]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Ref:
    """One reference: the field it stands in, the id, and whether the element may stand there."""

    field: str
    name: str
    kinds: tuple[str, ...]
    in_place: bool


_FIELDS: dict[type[Any], Mapping[str, ref_to.RefTo]] = {}


def reference_fields(record: type[Any]) -> Mapping[str, ref_to.RefTo]:
    """The fields of a record that hold ids, alone or in a list."""
    if record in _FIELDS:
        return _FIELDS[record]
    found: dict[str, ref_to.RefTo] = {}
    for name, hint in hints_of(record).items():
        mark = _mark(hint)
        if mark is not None:
            found[name] = mark
    _FIELDS[record] = found
    return found


def _mark(hint: Any) -> ref_to.RefTo | None:
    if get_origin(hint) is Annotated:
        mark = get_args(hint)[1]
        return mark if isinstance(mark, ref_to.RefTo) else None
    if get_origin(hint) in (tuple, Union) or type(hint).__name__ == "UnionType":
        return next((m for m in map(_mark, get_args(hint)) if m is not None), None)
    return None


def references(element: model.Element) -> Iterator[Ref]:
    """Every id the element refers to, in the order of its fields."""
    for field, mark in reference_fields(type(element)).items():
        value = getattr(element, field)
        for name in (value,) if isinstance(value, str) else value or ():
            yield Ref(field=field, name=name, kinds=mark.kinds, in_place=mark.in_place)


def renamer(names: Mapping[str, str]) -> Callable[[str], str]:
    """How an id reads after the renaming `names` (old -> new).

    What belongs to a renamed element goes with it: the elements of a template's instance
    (`OLD/ID`) and the defeaters that the engine raises itself (`OLD.NAME`).
    """

    def rename(name: str) -> str:
        if name in names:
            return names[name]
        head, dot, tail = name.rpartition(".")
        if dot and head in names:
            return f"{names[head]}.{tail}"
        at = name.rfind("/")
        while at > 0:
            if name[:at] in names:
                return names[name[:at]] + name[at:]
            at = name.rfind("/", 0, at)
        return name

    return rename


def rename_element(element: Any, rename: Callable[[str], str]) -> Any:
    """The element with its own id and every id it refers to renamed."""
    changed: dict[str, Any] = {"id": rename(element.id)}
    for field in reference_fields(type(element)):
        value = getattr(element, field)
        if value:
            one = isinstance(value, str)
            changed[field] = rename(value) if one else tuple(map(rename, value))
    if isinstance(element, model.Argument) and element.despite:
        changed["despite"] = {rename(leg): why for leg, why in element.despite.items()}
    return dataclasses.replace(element, **changed)


def rename_case(case: model.Case, names: Mapping[str, str]) -> model.Case:
    """The case with the ids of `names` (old -> new) replaced wherever they stand."""
    rename = renamer(names)
    elements = {rename(n): rename_element(e, rename) for n, e in case.elements.items()}
    uses = {
        rename(n): dataclasses.replace(use, as_=rename(use.as_)) for n, use in case.uses.items()
    }
    modules = {
        name: dataclasses.replace(
            module,
            public=tuple(map(rename, module.public)),
            needs=tuple(map(rename, module.needs)),
            root=rename(module.root) if module.root else None,
        )
        for name, module in case.modules.items()
    }
    return dataclasses.replace(
        case, root=rename(case.root), elements=elements, uses=uses, modules=modules
    )
