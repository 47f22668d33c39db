"""What a part of the argument consists of, and the digest by which a review knows it again.

A reviewer signs an element together with everything it rests on. The digest covers what that says,
and nothing of how the file is written: comments, positions, the order of keys and of what has no
order, the names of files. A field left at its default and one that states it are the same.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any

from safetycase.argument.expression import Expression, Formula
from safetycase.argument.graph import attackers, kind_of, rule_of, supports_of
from safetycase.argument.model import (
    Argument,
    Assumption,
    Case,
    Claim,
    Defeater,
    Dependence,
    Duration,
    Element,
    Evidence,
    Fact,
    Hazard,
    Monitor,
    Problem,
)
from safetycase.checks.subject import REGISTRY_COMPLETE

__all__ = ["Scopes", "scope_digest", "target_of"]

_SCOPE, _PART = "review scope v1", "review part v1"
_IN_ORDER = frozenset({"inputs", "among", "alternative", "weights", "with_", "effort"})
"""Fields whose order carries meaning, or may to the method that reads them."""
_VERBATIM = frozenset({"with_", "effort", "inputs", "artefact", "reads"})
"""Fields whose texts are data; in all others a text is prose, where white space says nothing."""


def scope_digest(case: Case, element: str) -> str:
    """SHA-256 (hex) of what `element` and everything it rests on say, with the case's header.

    In it are premises, steps, evidence with method, parameters and the names of inputs, criteria,
    contexts, assumptions, every defeater against any of them with its answers, the problems that
    block and the monitors that condition them, declared dependence, the templates and the warrants
    of the modules they come from; of the header the target, harm, deployment, system, models,
    decision and maturity. What files contain and what was measured is not: freshness and the record
    tell that. Raises `KeyError` if `target_of` finds no such element. Ask a `Scopes` for more than
    a few.
    """
    return Scopes(case).digest(element)


def target_of(case: Case, name: str) -> str | None:
    """The id of the element that `name` means, None if the case has none.

    `X.by` is the step into X, whatever it is called, and `EVIDENCE.DOUBT` stands for the evidence
    where no file states a doubt that a measurement raises about itself.
    """
    if name in case.elements:
        return name
    holder, dot, last = name.rpartition(".")
    if not dot:
        return None
    if last == "by":
        step = getattr(case.elements.get(holder), "by", None)
        return step if step in case.elements else None
    return holder if isinstance(case.elements.get(holder), Evidence) else None


class Scopes:
    """The scopes of one case, for callers that ask more than once."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self._touching = _touching(case)
        self._concludes = _conclusions(case)
        self._header = _header(case)
        self._parts: dict[str, str] = {}
        self._names: dict[str, tuple[str, ...]] = {}
        self._digests: dict[str, str] = {}

    def names(self, element: str) -> tuple[str, ...]:
        """The ids of everything `element` rests on, itself first; `KeyError` if it is not there."""
        target = target_of(self.case, element)
        if target is None:
            raise KeyError(element)
        if target not in self._names:
            self._names[target] = tuple(self._reach(target))
        return self._names[target]

    def digest(self, element: str) -> str:
        """`scope_digest` of the same."""
        names = self.names(element)
        top = names[0]
        if top not in self._digests:
            read = self._concludes.get(top, ()) if _is_step(self.case.elements[top]) else ()
            value = {
                "element": top,
                "header": self._header,
                "parts": {name: self._part(name) for name in names},
                # A step is judged by what it concludes, and evidence by the criterion there.
                "concludes": {name: self._part(name) for name in read},
                "templates": self._templates(names),
                "modules": self._modules(names),
            }
            self._digests[top] = _digest(value, _SCOPE)
        return self._digests[top]

    def _reach(self, top: str) -> Iterator[str]:
        seen = {top}
        stack = [top]
        while stack:
            name = stack.pop()
            yield name
            for part in (*_rests(self.case, name), *self._touching.get(name, ())):
                found = target_of(self.case, part)
                if found is not None and found not in seen:
                    seen.add(found)
                    stack.append(found)

    def _part(self, name: str) -> str:
        if name not in self._parts:
            element = self.case.elements[name]
            told = _told(element) | {"": kind_of(element)}
            if isinstance(element, Argument):
                told["rule"] = rule_of(element)
            self._parts[name] = _digest(told, _PART)
        return self._parts[name]

    def _templates(self, names: Iterable[str]) -> dict[str, Any]:
        """The instances of templates that any of the elements belongs to."""
        if not self.case.uses:
            return {}
        return {
            name: [use.template, use.version, use.digest, _plain(use.with_, verbatim=True)]
            for name, use in self.case.uses.items()
            if name in _homes(names)
        }

    def _modules(self, names: Iterable[str]) -> dict[str, Any]:
        if not self.case.modules:
            return {}
        return {
            name: _plain(module.because)
            for name, module in self.case.modules.items()
            if name in _homes(names)
        }


def _homes(names: Iterable[str]) -> set[str]:
    """The modules and instances that elements stand in: `A/B/ID` in `A` and `A/B`.

    The conclusion of an instance has the name of the instance.
    """
    found: set[str] = set()
    for name in names:
        parts = name.split("/")
        found.update("/".join(parts[:i]) for i in range(1, len(parts) + 1))
    return found


def _is_step(element: Element) -> bool:
    return isinstance(element, Argument | Evidence)


def _conclusions(case: Case) -> Mapping[str, tuple[str, ...]]:
    """Element id -> all that rest on it directly."""
    found: dict[str, tuple[str, ...]] = {}
    for name, element in case.elements.items():
        for part in supports_of(element):
            found[part] = (*found.get(part, ()), name)
    return found


def _rests(case: Case, name: str) -> tuple[str, ...]:
    """What an element itself names as what it rests on or is read in."""
    element = case.elements[name]
    parts = supports_of(element)
    if isinstance(element, Claim | Argument | Evidence):
        parts += element.context
    if isinstance(element, Defeater):
        parts += element.answered_by
    if isinstance(element, Assumption):
        parts += element.attested_by
        parts += (element.monitor,) if element.monitor else ()
    if isinstance(element, Hazard):
        parts += element.covered_by
    if name == case.root:
        # Whoever signs the root signs the hazard log, and that every run is in the record.
        parts += tuple(n for n, e in case.elements.items() if isinstance(e, Hazard))
        parts += (REGISTRY_COMPLETE,)
    return parts


def _touching(case: Case) -> Mapping[str, tuple[str, ...]]:
    """Element id -> what bears on it without being named by it.

    Defeaters, problems, monitors, declared dependence, and the hazards it covers.
    """
    found: dict[str, list[str]] = {}
    for target, names in attackers(case).items():
        found.setdefault(target_of(case, target) or target, []).extend(names)
    for name, element in case.elements.items():
        targets: tuple[str, ...] = ()
        if isinstance(element, Problem):
            targets = element.blocks
        elif isinstance(element, Monitor):
            targets = element.conditions
        elif isinstance(element, Dependence):
            targets = element.among
        elif isinstance(element, Hazard):
            targets = element.covered_by
        for target in targets:
            found.setdefault(target_of(case, target) or target, []).append(name)
    return {target: tuple(names) for target, names in found.items()}


def _header(case: Case) -> dict[str, Any]:
    header = case.header
    told = ("target", "decision", "models", "system", "deployment", "harm", "maturity")
    return {name: _plain(getattr(header, name)) for name in told}


def _told(record: Any) -> dict[str, Any]:
    """The fields of a record that say something, by name."""
    found: dict[str, Any] = {}
    for item in dataclasses.fields(record):
        value = getattr(record, item.name)
        if value is None or value == () or value == {} or _default(item, value):
            continue
        found[item.name] = _field(record, item.name, value)
    return found


def _default(item: dataclasses.Field[Any], value: Any) -> bool:
    return item.default is not dataclasses.MISSING and value == item.default


def _field(record: Any, name: str, value: Any) -> Any:
    plain = _plain(value, verbatim=name in _VERBATIM)
    texts = isinstance(value, tuple) and all(isinstance(v, str) for v in value)
    if not texts:
        return plain
    ordered = name in _IN_ORDER and not (isinstance(record, Dependence) and not record.weights)
    return plain if ordered else sorted(plain)


def _plain(value: Any, *, verbatim: bool = False) -> Any:
    """`value` in JSON's types without fractions; `1`, `1.0` and `true` stay three values."""
    if isinstance(value, str):
        return value if verbatim else " ".join(value.split())
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return {"number": repr(value)}
    if isinstance(value, Duration):
        return {"seconds": value.seconds}
    if isinstance(value, Fact):
        return " ".join(value.text.split())
    if isinstance(value, Expression | Formula):
        return _spelled(value.tree)
    if isinstance(value, date):
        return {"date": value.isoformat()}
    if isinstance(value, Mapping):
        return {str(k): _plain(v, verbatim=verbatim) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v, verbatim=verbatim) for v in value]
    return _told(value)


def _spelled(node: Any) -> Any:
    """A parsed criterion or formula, without regard to how it is spelled."""
    if node.op == "name":
        return node.name
    if node.op == "number":
        return {"number": repr(float(node.value))}
    return [node.op, *map(_spelled, node.args)]


def _digest(value: Any, domain: str) -> str:
    """SHA-256 of sorted JSON under a name of its purpose.

    Not `ledger.canonical`, which takes neither deeper nesting than 64 levels, as a parameter of a
    method may have, nor half of a surrogate pair.
    """
    text = json.dumps(value, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(f"safetycase:{domain}\0{text}".encode()).hexdigest()
