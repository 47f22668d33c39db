"""Bind a parameter of a template that the case uses to another value, as a text edit.

The parameter that chooses an oversight method is rebound to swap the method: the rest of the file
stays as it is, and so do the places of everything in it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from safetycase.argument import model
from safetycase.argument.findings import did_you_mean
from safetycase.argument.nodes import Collection, Scalar
from safetycase.argument.refactor import Refactoring
from safetycase.argument.source import Refused, Source
from safetycase.argument.template import TemplateHead, read_template

__all__ = ["METHOD", "Binding", "binding_of", "rebind"]

METHOD = "method"
"""Stands for the parameter that chooses the method of a case, whatever the template calls it."""

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_-]*|-?[0-9]+(\.[0-9]+)?")
_SURPRISES = frozenset(("yes", "no", "on", "off", "true", "false", "null", "y", "n"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """The parameter `name` of the instance `use`, what it is bound to, and what it may be."""

    use: str
    name: str
    value: str
    parameter: model.Parameter


def binding_of(source: Source, word: str, value: str | None = None) -> Binding:
    """The binding that `word` names: `PARAMETER`, or `INSTANCE.PARAMETER` if several have it.

    `method` also names the choice of that value in a template that has no parameter so called;
    without a value, the only choice there is. `Refused` says what the case has instead.
    """
    instance, _, name = word.rpartition(".")
    bound = [b for b in _bindings(source) if not instance or b.use == instance]
    found = [b for b in bound if b.name == name]
    if not found and name == METHOD:
        chosen = [b for b in bound if b.parameter.type == "choice"]
        found = [b for b in chosen if value is None or value in b.parameter.choices]
        if not found and len(chosen) == 1:
            found = chosen  # what it may be is said where the value is refused
    if len(found) == 1:
        return found[0]
    if found:
        names = ", ".join(f"`{b.use}.{b.name}`" for b in found)
        raise source.refusal(
            f"several templates of the case have `{word}`", "", f"say which: {names}"
        )
    known = sorted({b.name for b in bound})
    raise source.refusal(
        f"no template that the case uses has a parameter `{word}`",
        "",
        did_you_mean(name, known) or (f"there are {', '.join(known)}" if known else None),
    )


def rebind(source: Source, binding: Binding, value: str) -> Refactoring:
    """The edit that binds it to `value`; `Refused` if the parameter cannot be that."""
    choices = binding.parameter.choices
    if binding.parameter.type in ("list", "files"):
        raise _refused(source, binding, "is a list", "edit the case file")
    if choices and value not in choices:
        hint = did_you_mean(value, choices) or f"one of {', '.join(choices)}"
        raise _refused(source, binding, f"cannot be `{value}`", hint)
    place = source.places[binding.use]
    file, text = place.file, _written(value)
    keys = {k.value: v for k, v in place.node.pairs() if type(k) is Scalar}
    given = keys.get("with")
    if type(given) is not Collection or not given.items:
        raise _refused(source, binding, "is not bound", f"write `with: {{{binding.name}: …}}`")
    for key, node in given.pairs():
        if type(key) is Scalar and key.value == binding.name:
            file.replace(file.start(node), file.end(node), text)
            return Refactoring(edits=source.edits())
    at = file.start(given.items[0])
    joint = "\n" + " " * file.column(at) if file.is_block(given) else ", "
    file.replace(at, at, f"{binding.name}: {text}{joint}")
    return Refactoring(edits=source.edits())


def _refused(source: Source, binding: Binding, why: str, hint: str) -> Refused:
    found = source.refusal(f"`{binding.name}` {why}", "", hint).findings[0]
    at = source.case.uses[binding.use].at
    return Refused(replace(found, span=at) if at else found)


def _written(value: str) -> str:
    plain = _PLAIN.fullmatch(value) and value.lower() not in _SURPRISES
    return value if plain else json.dumps(value, ensure_ascii=False)


def _bindings(source: Source) -> Iterator[Binding]:
    for full, use in source.case.uses.items():
        head = _head(source, use)
        if head is None or full not in source.places:
            continue
        for name, parameter in head.parameters.items():
            value = use.with_.get(name, parameter.default)
            yield Binding(
                use=full,
                name=name,
                value="" if value is None else str(value),
                parameter=parameter,
            )


def _head(source: Source, use: model.Use) -> TemplateHead | None:
    text = source.library.text(f"{use.template}@{use.version}") or source.library.text(use.template)
    if text is None:
        return None
    template, _ = read_template(*text, {})
    return template.head if template else None
