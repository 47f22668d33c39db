"""Records -> the text of a case: what `load` reads back as the same case.

An element stands where it is first referred to, as deep as people can read; the others stand in
the lists. Keys come in the order of the records' fields.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from safetycase.argument import model, ref_to
from safetycase.argument.decode import file_name
from safetycase.argument.expression import Expression, Formula
from safetycase.argument.graph import kind_of
from safetycase.argument.instantiate import FILLABLE as FILLABLE
from safetycase.argument.join import home
from safetycase.argument.load import LISTS
from safetycase.argument.quoting import WIDTH, inline, lines
from safetycase.argument.references import reference_fields, references

__all__ = ["dump", "dump_element", "dump_files", "dump_parts"]

MAX_NESTING = 14
_WORDS = (model.Fact, model.Duration, Expression, Formula)


def dump(case: model.Case) -> str:
    """The text of a case of one file; a case with modules needs `dump_files`."""
    return dump_files(case)[case.source]


def dump_files(case: model.Case) -> Mapping[str, str]:
    """The text of every file of the case by its name, the case file first."""
    folder = case.source.rsplit("/", 1)[0] + "/" if "/" in case.source else ""
    texts = {case.source: _entry_text(case)}
    for module in case.modules.values():
        texts[folder + module.file] = _module_text(case, module)
    return texts


def dump_element(
    case: model.Case, name: str, indent: int = 0, *, nest: frozenset[str] | None = None
) -> str:
    """The text of one element, its parts nested, each line after the first indented.

    `nest` names the elements that may be nested (None: every one that stands in the same file and
    is referred to first from here).
    """
    printer = _Printer(case=case, module=home(name, case.modules), nest=nest)
    printer.printed.add(name)
    return "\n".join(printer.element(name, indent, 0))


def dump_parts(
    case: model.Case, name: str, indent: int, nest: frozenset[str]
) -> tuple[str, Mapping[str, tuple[str, ...]]]:
    """The text of an element as `dump_element`, and by list what of `nest` has no place in it."""
    printer = _Printer(case=case, module=home(name, case.modules), nest=nest)
    printer.printed.add(name)
    text = "\n".join(printer.element(name, indent, 0))
    keys = {kind: key for key, kind in LISTS.items()}
    found: dict[str, tuple[str, ...]] = {}
    for other in case.elements:
        if other in nest and other not in printer.printed and printer.own(other):
            printer.printed.add(other)
            key = keys[kind_of(case.elements[other])]
            found[key] = (*found.get(key, ()), "\n".join(printer.element(other, 0, 0)))
    return text, found


def _entry_text(case: model.Case) -> str:
    printer = _Printer(case=case, module="")
    out: list[str] = []
    for item in dataclasses.fields(case.header):
        value = getattr(case.header, item.name)
        if not _is_default(item, value):
            out += printer.pair(file_name(item.name), value, 0)
    return _with_elements(out, printer, case.root)


def _module_text(case: model.Case, module: model.Module) -> str:
    printer = _Printer(case=case, module=module.name)
    out = printer.pair("module", module.name, 0) + printer.pair("title", module.title, 0)
    for key in ("public", "needs"):
        names = tuple(map(printer.local, getattr(module, key)))
        out += printer.pair(key, names, 0) if names else []
    out += printer.pair("because", module.because, 0) if module.because else []
    return _with_elements(out, printer, module.root)


def _with_elements(out: list[str], printer: _Printer, root: str | None) -> str:
    if root is not None:
        out += ["", *printer.reference("root", root, 0, 0)]
    lists = printer.lists()
    for key in LISTS:
        if lists.get(key):
            out += ["", f"{key}:", *lists[key]]
    return "\n".join([*out, ""])


def _is_default(item: dataclasses.Field[Any], value: Any) -> bool:
    if item.default is not dataclasses.MISSING:
        return bool(value == item.default)
    if item.default_factory is not dataclasses.MISSING:
        return bool(value == item.default_factory())
    return False


def _word(value: Any, *, flow: bool = False) -> str:
    """One value on one line."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, _WORDS):
        return inline(value.text, flow=flow)
    return inline(str(value), flow=flow)


def _plain_data(value: Any) -> Any:
    """A record as a mapping of the keys of the file; other values as they are."""
    if dataclasses.is_dataclass(value) and not isinstance(value, _WORDS):
        return {
            file_name(item.name): getattr(value, item.name)
            for item in dataclasses.fields(value)
            if not _is_default(item, getattr(value, item.name))
        }
    return value


def _flow(value: Any) -> str:
    """A value in flow style, on one line."""
    value = _plain_data(value)
    if isinstance(value, Mapping):
        pairs = (f"{inline(key, key=True)}: {_flow(entry)}" for key, entry in value.items())
        return "{" + ", ".join(pairs) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_flow, value)) + "]"
    return _word(value, flow=True)


@dataclass(slots=True, kw_only=True)
class _Printer:
    """Prints one file; `printed` are the elements that have their place."""

    case: model.Case
    module: str
    nest: frozenset[str] | None = None
    printed: set[str] = field(default_factory=set)

    def local(self, name: str) -> str:
        """The name of an element as this file writes it."""
        prefix = f"{self.module}/"
        return name[len(prefix) :] if self.module and name.startswith(prefix) else name

    def own(self, name: str) -> bool:
        """Whether this file writes the element: not another module, nor a template."""
        if name not in self.case.elements or home(name, self.case.modules) != self.module:
            return False
        at = name.rfind("/")
        while at > 0:
            if name[:at] in self.case.uses:
                return False
            at = name.rfind("/", 0, at)
        return True

    def takes(self, name: str, kinds: tuple[str, ...], depth: int) -> bool:
        """Whether the element may be written in this place."""
        return (
            name not in self.printed
            and depth < MAX_NESTING
            and (self.nest is None or name in self.nest)
            and self.own(name)
            and kind_of(self.case.elements[name]) in kinds
        )

    def lists(self) -> dict[str, list[str]]:
        """The lines of every list: what nothing refers to first, then what loops leave over."""
        own = [name for name in self.case.elements if self.own(name)]
        held = {r.name for n in own for r in self._references(n) if r.in_place and r.name != n}
        keys = {kind: key for key, kind in LISTS.items()}
        found: dict[str, list[str]] = {}
        for name in [*(n for n in own if n not in held), *own]:
            if name not in self.printed:
                self.printed.add(name)
                key = keys[kind_of(self.case.elements[name])]
                head, *rest = self.element(name, 4, 0)
                found.setdefault(key, []).extend(["  - " + head, *rest])
        return found

    def _references(self, name: str) -> list[Any]:
        return [] if name in self.case.uses else list(references(self.case.elements[name]))

    def element(self, name: str, indent: int, depth: int) -> list[str]:
        """The lines of an element; the first has no indentation, the others have `indent`."""
        if name in self.case.uses:
            return self._use(self.case.uses[name], indent, depth)
        element = self.case.elements[name]
        out = [f"{kind_of(element)}: {self.local(name)}"]
        marks = reference_fields(type(element))
        for item in dataclasses.fields(element):
            value = getattr(element, item.name)
            if item.name == "id" or _is_default(item, value) or self._is_concluded(element, item):
                continue
            key = file_name(item.name)
            if item.name not in marks:
                if item.name == "despite":
                    value = {self.local(leg): why for leg, why in value.items()}
                out += self.pair(key, value, indent)
            elif isinstance(value, str):
                out += self.reference(key, value, indent, depth, marks[item.name])
            else:
                out += self._references_list(key, value, indent, depth, marks[item.name])
        return out

    def _is_concluded(self, element: Any, item: dataclasses.Field[Any]) -> bool:
        """A step that `concludes` a claim is not written at the claim."""
        if item.name != "by" or not isinstance(element, model.Claim) or not element.by:
            return False
        step = self.case.elements.get(element.by)
        return isinstance(step, model.Argument) and step.concludes == element.id

    def reference(
        self,
        key: str,
        name: str,
        indent: int,
        depth: int,
        mark: ref_to.RefTo = ref_to.RefTo(("claim",)),  # noqa: B008
    ) -> list[str]:
        """A key that holds one element, in place or by its id."""
        if mark.in_place and self.takes(name, mark.kinds, depth):
            self.printed.add(name)
            head, *rest = self.element(name, indent + 2, depth + 1)
            return [" " * indent + f"{key}:", " " * (indent + 2) + head, *rest]
        return [" " * indent + f"{key}: {self.local(name)}"]

    def _references_list(
        self, key: str, names: tuple[str, ...], indent: int, depth: int, mark: ref_to.RefTo
    ) -> list[str]:
        flat = f"{key}: [" + ", ".join(map(self.local, names)) + "]"
        nests = mark.in_place and any(self.takes(n, mark.kinds, depth) for n in names)
        if not nests and indent + len(flat) <= WIDTH:
            return [" " * indent + flat]
        out = [" " * indent + f"{key}:"]
        for name in names:
            if mark.in_place and self.takes(name, mark.kinds, depth):
                self.printed.add(name)
                head, *rest = self.element(name, indent + 4, depth + 1)
                out += [" " * (indent + 2) + "- " + head, *rest]
            else:
                out.append(" " * (indent + 2) + "- " + self.local(name))
        return out

    def _use(self, use: model.Use, indent: int, depth: int) -> list[str]:
        out = [f"use: {use.template}@{use.version}"]
        out += self.pair("as", self.local(use.as_), indent)
        out += self.pair("with", use.with_, indent) if use.with_ else []
        if not use.develops:
            return out
        out.append(" " * indent + "develops:")
        for name in use.develops:
            element = self.case.elements.get(f"{use.as_}/{name}")
            if isinstance(element, model.Claim) and element.by:
                mark = ref_to.RefTo(("argument", "evidence"))
                out += self.reference(name, element.by, indent + 2, depth + 1, mark)
            elif isinstance(element, model.Evidence):
                filled = {k: v for k, v in _plain_data(element).items() if k in FILLABLE}
                out += self.pair(name, filled, indent + 2)
        return out

    def pair(self, key: str, value: Any, indent: int) -> list[str]:
        """The lines of `key: value`, in flow style where it fits on the line."""
        lead = " " * indent + inline(key, key=True) + ":"
        value = _plain_data(value)
        if not isinstance(value, Mapping | list | tuple):
            words = value if isinstance(value, str) else None
            shown = [_word(value)] if words is None else lines(words, indent + 2, len(lead) + 1)
            return [f"{lead} {shown[0]}", *shown[1:]]
        flat = f"{lead} {_flow(value)}"
        if not value or len(flat) <= WIDTH:
            return [flat]
        if isinstance(value, Mapping):
            return [lead, *(line for k, v in value.items() for line in self.pair(k, v, indent + 2))]
        return [lead, *(line for entry in value for line in self._entry(entry, indent + 2))]

    def _entry(self, value: Any, indent: int) -> list[str]:
        """One entry of a list that is too long for a line."""
        value = _plain_data(value)
        flat = " " * indent + "- " + _flow(value)
        if isinstance(value, Mapping) and value and len(flat) > WIDTH:
            inner = [line for k, v in value.items() for line in self.pair(k, v, indent + 2)]
            return [" " * indent + "- " + inner[0][indent + 2 :], *inner[1:]]
        return [flat]
