"""Elements that are the same under another id."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from safetycase.argument import model
from safetycase.argument.references import rename_element, renamer

__all__ = ["renamed"]


def renamed(old: model.Case, new: model.Case) -> Mapping[str, str]:
    """Old id -> new id of the elements that only changed their id.

    An element is recognised by its content, once the elements it refers to are recognised: leaves
    first, then what rests on them. Two that cannot be told apart are no rename. What is left is
    recognised by the last part of its id (it moved into a module, or out of one).
    """
    gone = {n: e for n, e in old.elements.items() if n not in new.elements}
    came = {n: e for n, e in new.elements.items() if n not in old.elements}
    found: dict[str, str] = {}
    while gone and came:
        pairs = _by_content(gone, came, found) or _by_last_part(gone, came)
        if not pairs:
            break
        for before, after in pairs:
            found[before] = after
            del gone[before], came[after]
    return found


def _by_content(
    gone: Mapping[str, Any], came: Mapping[str, Any], known: Mapping[str, str]
) -> list[tuple[str, str]]:
    rename = renamer(known)
    before = _unique(gone, lambda e: repr(_nameless(rename_element(e, rename))))
    after = _unique(came, lambda e: repr(_nameless(e)))
    return [(name, after[key]) for key, name in before.items() if key in after]


def _nameless(element: Any) -> Any:
    """The element without its id; what it says of itself (a loop onto itself) goes with it."""
    return rename_element(element, renamer({element.id: ""}))


def _by_last_part(gone: Mapping[str, Any], came: Mapping[str, Any]) -> list[tuple[str, str]]:
    def key(element: Any) -> str:
        return f"{type(element).__name__} {element.id.rsplit('/', 1)[-1]}"

    before, after = _unique(gone, key), _unique(came, key)
    return [(name, after[k]) for k, name in before.items() if k in after]


def _unique(elements: Mapping[str, Any], key: Callable[[Any], str]) -> dict[str, str]:
    """Key -> id, for the keys that one element alone has."""
    found: dict[str, list[str]] = {}
    for name, element in elements.items():
        found.setdefault(key(element), []).append(name)
    return {k: names[0] for k, names in found.items() if _one(names)}


def _one(names: Iterable[str]) -> bool:
    return len(list(names)) == 1
