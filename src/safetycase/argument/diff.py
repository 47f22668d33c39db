"""Two versions of a case -> what changed in the argument, and what has to be looked at again.

Every field of every element and of the header is compared, so that no change goes unseen; what a
change means is said by `judge`. The verdicts are those of the change impact analysis of assurance
cases: REVISE (changed itself, or a part of it is gone), RECHECK (something it rests on changed; it
may still stand), REUSE (Kokaly et al. 2016, A model management approach for assurance case reuse
due to system evolution).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

from safetycase.argument import model
from safetycase.argument.changes import Change, Difference, Impact, Verdict
from safetycase.argument.expression import Expression, Formula
from safetycase.argument.findings import Span
from safetycase.argument.graph import kind_of
from safetycase.argument.impact import impacts
from safetycase.argument.judge import ADDED, REMOVED, Judgement, judge, judge_header
from safetycase.argument.references import rename_case, renamer
from safetycase.argument.renames import renamed
from safetycase.argument.scalars import show

__all__ = ["Change", "Difference", "Impact", "Verdict", "diff"]


def diff(old: model.Case, new: model.Case) -> Difference:
    """What changed from `old` to `new`."""
    names = renamed(old, new)
    was = rename_case(old, names)
    places = renamer({after: before for before, after in names.items()})
    changes = [*_header(old, new)]
    for name, element in new.elements.items():
        before = was.elements.get(name)
        if before is None:
            changes.append(_whole(new, element, added=True))
        else:
            changes += _fields(before, element, new)
    changes += (
        _whole(old, old.elements[places(name)], added=False)
        for name in was.elements
        if name not in new.elements
    )
    changes += _parts("module", was.modules, new.modules)
    changes += _parts("template", was.uses, new.uses)
    if was.root != new.root:
        changes.append(_change("", "header", "root", was.root, new.root, new.span("", "root")))
    found = tuple(changes)
    return Difference(changes=found, renamed=names, impact=impacts(was, new, found))


def _whole(case: model.Case, element: model.Element, *, added: bool) -> Change:
    kind = kind_of(element)
    known = (ADDED if added else REMOVED).get(kind)
    found = known or Judgement(f"{kind} {'added' if added else 'removed'}")
    says = getattr(element, "says", None) or getattr(element, "because", None) or element.id
    return Change(
        element=element.id,
        kind=kind,
        what=found.what,
        before="" if added else says,
        after=says if added else "",
        direction=found.direction,
        at=case.span(element.id),
    )


def _fields(old: model.Element, new: model.Element, case: model.Case) -> Iterator[Change]:
    if type(old) is not type(new):
        kinds = kind_of(old), kind_of(new)
        change = _change(new.id, kinds[1], "kind of element", *kinds, case.span(new.id))
        # What was argued, or raised as a doubt, is taken without support now.
        taken = isinstance(new, model.Assumption | model.Context | model.Justification)
        yield dataclasses.replace(change, direction="loosens") if taken else change
        return
    for item in dataclasses.fields(new):
        before, after = getattr(old, item.name), getattr(new, item.name)
        if same(before, after):
            continue
        key = item.name.rstrip("_")
        found = judge(old, new, item.name)
        if item.name == "level" and None in (before, after):
            found = _level(before, after, case.header.target)
        if item.name == "by" and before is None:
            found = _support(case.elements.get(after))
        words = _words(before, after)
        yield Change(
            element=new.id,
            kind=kind_of(new),
            what=found.what,
            field=key,
            before=words[0],
            after=words[1],
            direction=found.direction,
            at=case.span(new.id, key),
        )


def _support(step: model.Element | None) -> Judgement:
    """The record says what evidence is worth; of an argument somebody has to."""
    return Judgement("support added" if isinstance(step, model.Evidence) else "argument given")


def _level(before: float | None, after: float | None, target: float) -> Judgement:
    """Without a level of its own, a leaf is judged at that of the decision or a higher one."""
    if after is not None:
        return Judgement("level lowered", "loosens") if after < target else Judgement("level added")
    assert before is not None
    looser = before > target
    return Judgement("level removed", "loosens" if looser else "tightens")


def _header(old: model.Case, new: model.Case) -> Iterator[Change]:
    was, now = _facts(old.header), _facts(new.header)
    for path in dict.fromkeys((*was, *now)):
        before, after = was.get(path), now.get(path)
        if same(before, after):
            continue
        found = judge_header(path, before, after)
        words = _words(before, after)
        yield Change(
            element="",
            kind="header",
            what=found.what,
            field=path,
            before=words[0],
            after=words[1],
            direction=found.direction,
            at=new.span("", *path.split(".")),
        )


def _facts(record: Any, path: str = "") -> dict[str, Any]:
    """The facts of the header by their dotted paths."""
    found: dict[str, Any] = {}
    for item in dataclasses.fields(record):
        value = getattr(record, item.name)
        name = f"{path}.{item.name}" if path else item.name
        if dataclasses.is_dataclass(value) and not isinstance(value, model.Fact):
            found.update(_facts(value, name))
        elif item.name == "models":
            found.update({f"{name}.{key}": entry for key, entry in value.items()})
        else:
            found[name] = value
    return found


def _parts(kind: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    """Modules and instances of templates: what came, what went, which fact of them changed."""
    for name in dict.fromkeys((*old, *new)):
        before, after = old.get(name), new.get(name)
        if before is None or after is None:
            gone = after is None
            yield Change(
                element=name,
                kind=kind,
                what=f"{kind} {'removed' if gone else 'added'}",
                field=kind,
                before=_title(before) if gone else "",
                after="" if gone else _title(after),
            )
            continue
        for item in dataclasses.fields(after):
            pair = getattr(before, item.name), getattr(after, item.name)
            if item.name != "at" and not same(*pair):
                yield _change(name, kind, item.name.rstrip("_"), *_words(*pair), None)


def _title(part: Any) -> str:
    return f"{part.template}@{part.version}" if isinstance(part, model.Use) else part.title


def _change(
    element: str, kind: str, field: str, before: str, after: str, at: Span | None
) -> Change:
    return Change(
        element=element,
        kind=kind,
        what=f"{field} changed",
        field=field,
        before=before,
        after=after,
        at=at,
    )


def same(before: Any, after: Any) -> bool:
    """Equal and of the same type: `1`, `1.0` and `true` are three different parameters."""
    if type(before) is not type(after):
        return False
    if isinstance(before, Expression | Formula):
        return bool(before.text == after.text)
    if isinstance(before, Mapping):
        return before.keys() == after.keys() and all(same(v, after[k]) for k, v in before.items())
    if isinstance(before, list | tuple):
        return len(before) == len(after) and all(map(same, before, after))
    return bool(before == after)


def _words(before: Any, after: Any) -> tuple[str, str]:
    """Both values as words; words that would read alike are told apart by their type."""
    a, b = words_of(before), words_of(after)
    return (a, b) if a != b else (f"{a} ({_type(before)})", f"{b} ({_type(after)})")


def _type(value: Any) -> str:
    names = {str: "text", bool: "true or false", int: "whole number", float: "number"}
    return names.get(type(value), "in other types or another order")


def words_of(value: Any) -> str:
    """A value as a reader of the file knows it; nothing for one that is absent."""
    if value is None or value == () or value == {}:
        return ""
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {_inner(entry)}" for key, entry in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(map(_inner, value))
    if dataclasses.is_dataclass(value) and not isinstance(
        value, model.Fact | model.Duration | Expression | Formula
    ):
        shown = ((i.name, getattr(value, i.name)) for i in dataclasses.fields(value))
        return ", ".join(
            f"{name.rstrip('_')}: {_inner(entry)}"
            for name, entry in shown
            if entry not in (None, (), {})
        )
    return show(value)


def _inner(value: Any) -> str:
    nested = isinstance(value, Mapping | list | tuple)
    return f"({words_of(value)})" if nested else words_of(value)
