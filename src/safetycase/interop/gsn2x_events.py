"""YAML events of one foreign file, read strictly and in bounded memory.

Nodes are never composed: libyaml's events go straight to the reader. Aliases, anchors, tags,
duplicate keys, a second document, deep nesting, NUL and bytes that are not UTF-8 are findings.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import yaml

from safetycase.argument.findings import Severity, Span
from safetycase.interop.gsn2x_draft import MAX_VALUES, Hostile, Report, is_text_word, stop
from safetycase.interop.gsn2x_records import make_span

__all__ = [
    "Events",
    "MappingEnd",
    "MappingStart",
    "Scalar",
    "SequenceEnd",
    "SequenceStart",
    "is_text",
]

_MAX_DEPTH = 100

Scalar = yaml.ScalarEvent
MappingStart = yaml.MappingStartEvent
SequenceStart = yaml.SequenceStartEvent
MappingEnd = yaml.MappingEndEvent
SequenceEnd = yaml.SequenceEndEvent


def is_text(event: Any) -> bool:
    """Whether a scalar is text for YAML: quoted, or nothing that YAML reads as something else."""
    if event.style or not event.implicit[0]:
        return True
    return is_text_word(event.value)


class Events:
    """The events of one file, one at a time, with the checks that hold everywhere."""

    __slots__ = ("count", "file", "limit", "next", "report")

    def __init__(self, text: str, file: str, report: Report) -> None:
        self.file = file
        self.report = report
        self.count = 0
        self.limit = MAX_VALUES - report.values
        loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        self.next: Any = loader(text).get_event

    def span(self, event: Any) -> Span:
        """The place of an event."""
        start, end = event.start_mark, event.end_mark
        return make_span(self.file, start.line + 1, start.column + 1, end.line + 1, end.column + 1)

    def start(self) -> Span:
        """The start of the file."""
        return Span(file=self.file, line=1, column=1)

    def finding(
        self,
        code: str,
        event: Any,
        message: str,
        hint: str | None = None,
        subject: str | None = None,
        severity: Severity = "error",
    ) -> None:
        """Report something at an event."""
        self.report.add(code, self.span(event), message, hint, subject, severity)

    def broken(self, error: Exception) -> Hostile:
        """What libyaml says is wrong, as a finding with its place."""
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        span = self.start()
        if mark is not None:
            span = Span(file=self.file, line=mark.line + 1, column=mark.column + 1)
        reason = getattr(error, "problem", None) or getattr(error, "reason", None) or str(error)
        return stop("F002", span, f"not YAML: {str(reason).splitlines()[0]}")

    def odd(self, event: Any, where: str) -> None:
        """Report the alias, anchor or tag that an event carries, if any."""
        if type(event) is yaml.AliasEvent:
            self.finding("F003", event, f"{where} is an alias (`*{event.anchor}`)")
        elif getattr(event, "anchor", None) is not None:
            self.finding("F003", event, f"{where} has an anchor (`&{event.anchor}`)")
        if getattr(event, "tag", None) is not None:
            hint = None
            if event.tag in ("!relative", "!absolute"):
                hint = f"write `{{{event.tag[1:]}: …}}`"
            self.finding("F004", event, f"{where} has the tag `{event.tag}`", hint)

    def charge(self, event: Any) -> None:
        """Count one stored thing; a file of millions of them is not read to its end."""
        self.count += 1
        if self.count > self.limit:
            raise stop("F001", self.span(event), f"more than {MAX_VALUES} keys and values")

    def value(self, event: Any, where: str) -> Any:
        """Any value as plain data: text, lists and mappings; scalars keep their spelling."""
        return self._value(event, where, 0)

    def _value(self, event: Any, where: str, depth: int) -> Any:
        if depth > _MAX_DEPTH:
            raise stop("F002", self.span(event), f"nested more deeply than {_MAX_DEPTH} levels")
        self.charge(event)
        self.odd(event, where)
        kind = type(event)
        if kind is SequenceStart:
            entries = []
            while type(inner := self.next()) is not SequenceEnd:
                entries.append(self._value(inner, where, depth + 1))
            return entries
        if kind is MappingStart:
            found: dict[str, Any] = {}
            while type(key := self.next()) is not MappingEnd:
                name = self.key(key, where, depth)
                if name in found:
                    self.finding("F006", key, f"the key `{name}` is given twice in {where}")
                found[name] = self._value(self.next(), where, depth + 1)
            return found
        return event.value if kind is Scalar else ""

    def key(self, event: Any, where: str, depth: int = 0) -> str:
        """A key of a mapping, which has to be one word."""
        self.charge(event)
        if type(event) is Scalar and event.anchor is None and event.tag is None:
            return str(event.value)
        self.odd(event, f"a key of {where}")
        if type(event) is Scalar:
            return str(event.value)
        if type(event) is not yaml.AliasEvent:
            self.finding("F005", event, f"a key of {where} is not a word")
            return json.dumps(self._value(event, where, depth + 1))
        return ""

    def items(self, event: Any, where: str) -> Iterator[tuple[str, Any, Any]]:
        """The entries of a mapping that begins with `event`: key, its event, the value's event.

        Whoever asks has to read the value before asking for the next. A key given twice is
        reported and its second value passed over.
        """
        if event.anchor is not None or event.tag is not None:
            self.odd(event, where)
        first: dict[str, int] = {}
        get = self.next
        while type(key := get()) is not MappingEnd:
            name = self.key(key, where)
            if name in first:
                hint = f"the first is in line {first[name]}; keep one of them"
                self.finding("F006", key, f"the key `{name}` is given twice in {where}", hint)
                self.value(get(), where)
                continue
            first[name] = key.start_mark.line + 1
            yield name, key, get()

    def text(self, event: Any, where: str, subject: str | None = None) -> str:
        """One text; a number, truth value or null in its place is a finding."""
        if type(event) is Scalar and event.anchor is None and event.tag is None:
            self.charge(event)
            if event.style or is_text(event):
                return str(event.value)
        value = self.value(event, where)
        if not isinstance(value, str):
            self.finding("F005", event, f"{where} is one text, not a list or mapping")
            return ""
        if type(event) is Scalar and not is_text(event):
            hint = f'write "{value}" in quotes if the text is meant' if value else "none is given"
            self.finding("F007", event, f"`{value}` as {where} is no text to YAML", hint, subject)
        return value

    def texts(self, event: Any, where: str, single: bool = True) -> list[tuple[str, Any]]:
        """A list of texts, or one text where `single` allows it, each with its event."""
        if type(event) is Scalar and single:
            return [(self.text(event, where), event)]
        if type(event) is not SequenceStart:
            self.value(event, where)
            hint = None if single else "write `[a, b]`"
            self.finding("F005", event, f"{where} is a list of texts", hint)
            return []
        self.odd(event, where)
        found = []
        while type(inner := self.next()) is not SequenceEnd:
            found.append((self.text(inner, where), inner))
        return found
