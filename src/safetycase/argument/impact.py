"""What a change asks of every element of the new case, carried along support to the root."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from safetycase.argument import model
from safetycase.argument.changes import Change, Impact
from safetycase.argument.references import references

__all__ = ["impacts", "rests_on"]

_SYSTEM = ("models", "system", "target")


def rests_on(case: model.Case) -> Mapping[str, tuple[str, ...]]:
    """Element -> what its standing depends on: its parts, its scope, doubts, problems, monitors.

    Evidence in side support carries nothing and is left out.
    """
    found: dict[str, dict[str, None]] = {name: {} for name in case.elements}
    for name, element in case.elements.items():
        for ref in references(element):
            if ref.field == "in_support" or ref.field == "concludes":
                continue
            outward = ref.field in ("against", "blocks", "conditions")
            holder, part = (ref.name, name) if outward else (name, ref.name)
            if holder in found and part in case.elements:
                found[holder][part] = None
    return {name: tuple(parts) for name, parts in found.items()}


def impacts(old: model.Case, new: model.Case, changes: Iterable[Change]) -> Mapping[str, Impact]:
    """The verdict of every element of `new`; `old` has the ids of `new` where it was renamed."""
    changes = tuple(changes)
    found: dict[str, Impact] = {}
    for name, why in _changed(old, new, changes).items():
        found[name] = Impact(element=name, verdict="REVISE", because=why, through=(name,))
    queue = list(found)
    for name, why in _doubted(old, new, changes).items():
        if name not in found:
            found[name] = Impact(element=name, verdict="RECHECK", because=why, through=(name,))
            queue.append(name)
    above: dict[str, list[str]] = {}
    for name, parts in rests_on(new).items():
        for part in parts:
            above.setdefault(part, []).append(name)
    for name in queue:  # grows while it is walked: the nearest change is found first
        for parent in above.get(name, ()):
            if parent not in found:
                through = (parent, *found[name].through)
                because = f"rests on {through[-1]}: {found[through[-1]].because}"
                found[parent] = Impact(
                    element=parent, verdict="RECHECK", because=because, through=through
                )
                queue.append(parent)
    reuse = "nothing it rests on changed"
    return {
        name: found.get(name) or Impact(element=name, verdict="REUSE", because=reuse)
        for name in new.elements
    }


def _changed(old: model.Case, new: model.Case, changes: tuple[Change, ...]) -> dict[str, str]:
    """What changed itself, is new, or names a part that is gone."""
    found: dict[str, list[str]] = {}
    for change in changes:
        if change.element in new.elements and change.kind not in ("module", "template"):
            found.setdefault(change.element, []).append(change.what)
    for name, element in new.elements.items():
        for ref in references(element):
            if ref.name in old.elements and ref.name not in new.elements:
                found.setdefault(name, []).append(f"{ref.name} is gone")
    return {name: ", ".join(dict.fromkeys(whats)) for name, whats in found.items()}


def _doubted(old: model.Case, new: model.Case, changes: tuple[Change, ...]) -> dict[str, str]:
    """What a change of the header, of a template or of something that is gone bears on."""
    found: dict[str, str] = {}
    for change in changes:
        if change.kind == "header":
            found.setdefault(new.root, f"the case changed: {change.what}")
            for name in _read_by(new, change.field):
                found.setdefault(name, f"the case changed: {change.what}")
        elif change.field == "holds_when" and change.element in new.elements:
            for name in _leaves_of(new, change.element):
                found.setdefault(name, f"its claim changed: {change.what}")
        elif change.kind == "template" and change.element in new.elements:
            found.setdefault(change.element, f"its template changed: {change.what}")
        elif not change.field and not change.after:
            element = old.elements.get(change.element)
            for ref in references(element) if element else ():
                if ref.field in ("against", "blocks", "conditions") and ref.name in new.elements:
                    found.setdefault(ref.name, f"{change.what}: {change.element}")
    for name, why in _released(old, new).items():
        found.setdefault(name, why)
    return {name: why for name, why in found.items() if name in new.elements}


def _released(old: model.Case, new: model.Case) -> dict[str, str]:
    """What a doubt, a problem or a monitor bore on before it was changed."""
    found: dict[str, str] = {}
    for name, element in old.elements.items():
        now = new.elements.get(name)
        for ref in references(element) if now is not None and now != element else ():
            if ref.field in ("against", "blocks", "conditions") and ref.name in new.elements:
                found.setdefault(ref.name, f"{name} bore on it and changed")
    return found


def _read_by(case: model.Case, path: str) -> Iterable[str]:
    """The evidence whose result depends on a fact of the header."""
    everywhere = path.split(".")[0] in _SYSTEM
    for name, element in case.elements.items():
        if isinstance(element, model.Evidence) and (
            everywhere
            or (path == "deployment.distribution" and element.distribution)
            or f"={path}" in str(element.with_)
        ):
            yield name


def _leaves_of(case: model.Case, claim: str) -> Iterable[str]:
    """The evidence that is read by the criterion of a claim: its own, or that of its step."""
    step = getattr(case.elements[claim], "by", None)
    element = case.elements.get(step) if step else None
    names = element.premises if isinstance(element, model.Argument) else (step,)
    return [n for n in names if n and isinstance(case.elements.get(n), model.Evidence)]
