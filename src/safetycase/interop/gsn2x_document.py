"""A gsn2x file by libyaml's events: the elements and the key `module`."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import yaml

from safetycase.interop.gsn2x_draft import FileDraft, stop
from safetycase.interop.gsn2x_elements import near_miss, read_element, setting
from safetycase.interop.gsn2x_events import (
    Events,
    MappingStart,
    Scalar,
    SequenceEnd,
    SequenceStart,
)

__all__ = ["read_document"]

_MODULE = "module"
_SETTINGS = ("charWrap", "horizontalIndex", "rankIncrement")
_MODULE_KEYS = frozenset({"name", "brief", "extends", "uses", "stylesheets", *_SETTINGS})


def read_document(file: FileDraft, text: str) -> None:
    """Read a file; `Hostile` if it cannot be read to its end."""
    events = Events(text, file.name, file.report)
    try:
        events.next()  # the start of the stream
        if type(events.next()) is yaml.StreamEndEvent:
            return
        _Document(events, file).read(events.next())
        file.report.values += events.count
        events.next()  # the end of the document
        event = events.next()
        if type(event) is not yaml.StreamEndEvent:
            message = "a second document begins here; one file is one module"
            raise stop("F005", events.span(event), message)
    except (yaml.YAMLError, UnicodeError, ValueError) as error:
        raise events.broken(error) from None


class _Document:
    """One document, read into `file`."""

    def __init__(self, events: Events, file: FileDraft) -> None:
        self.events = events
        self.file = file
        self.named = False

    def read(self, event: Any) -> None:
        """Read the mapping of the whole file."""
        events = self.events
        if type(event) is Scalar and not event.value:
            return
        if type(event) is not MappingStart:
            message = "a gsn2x file is a mapping of ids to elements"
            raise stop("F005", events.span(event), message)
        for name, at, value in events.items(event, "this file"):
            if name == _MODULE:
                self._module(at, value)
                continue
            self.file.add(name, events.span(at), read_element(events, name, value))

    def _module(self, at: Any, event: Any) -> None:
        events = self.events
        self.file.span = events.span(at)
        if type(event) is not MappingStart:
            events.value(event, "`module`")
            events.finding("F005", event, "`module` is a mapping", "write `module: {name: …}`")
            return
        for key, key_at, value in events.items(event, "`module`"):
            self._module_key(key, key_at, value)
        if not self.named:
            message = "`module` has no `name`; gsn2x ignores all of it"
            events.finding("F021", at, message, severity="warning")
        elif self.file.parts:
            # `module` stands below some elements, which did not know its name yet.
            self.file.parts = {
                n: replace(p, module=self.file.module) for n, p in self.file.parts.items()
            }

    def _module_key(self, key: str, at: Any, event: Any) -> None:
        events = self.events
        if key == "name":
            name = events.text(event, "`name` of `module`")
            self.named = bool(name)
            self.file.module = name or self.file.module
        elif key == "brief":
            self.file.brief = events.text(event, "`brief` of `module`")
        elif key == "uses":
            used = events.texts(event, "`uses` of `module`", single=False)
            self.file.uses = [(name, events.span(at)) for name, at in used]
        elif key == "stylesheets":
            sheets = [s for s, _ in events.texts(event, "`stylesheets`", single=False)]
            self.file.tags[key] = json.dumps(sheets, ensure_ascii=False)
        elif key == "extends":
            self._extends(event)
        elif key in _SETTINGS:
            value = setting(events, key, event, None)
            if value:
                self.file.tags[key] = value
        else:
            self._other(key, at, event)

    def _other(self, key: str, at: Any, event: Any) -> None:
        value = self.events.value(event, f"`{key}` of `module`")
        self.file.tags[key] = (
            value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        )
        meant = near_miss(key, _MODULE_KEYS) if self.events.report.asks(key) else ""
        if meant:
            message = f"`{key}` of `module` is not a key of gsn2x; it becomes a line of the legend"
            hint = f"did you mean `{meant}`?"
            self.events.finding("F020", at, message, hint, severity="warning")

    def _extends(self, event: Any) -> None:
        events = self.events
        if type(event) is not SequenceStart:
            events.value(event, "`extends`")
            hint = "write `[{module: …, develops: {…: […]}}]`"
            events.finding("F005", event, "`extends` is a list", hint)
            return
        while type(entry := events.next()) is not SequenceEnd:
            if type(entry) is not MappingStart:
                events.value(entry, "`extends`")
                events.finding("F005", entry, "an entry of `extends` is a mapping")
                continue
            module, develops = "", {}
            for key, at, value in events.items(entry, "`extends`"):
                if key == "module":
                    module = events.text(value, "`module` of `extends`")
                elif key == "develops" and type(value) is MappingStart:
                    develops = {
                        target: [t for t, _ in events.texts(ids, "`develops`", single=False)]
                        for target, _, ids in events.items(value, "`develops`")
                    }
                else:
                    events.value(value, "`extends`")
                    message = "an entry of `extends` has the keys `module` and `develops`"
                    events.finding("F020", at, message)
            if not module:
                events.finding("F021", entry, "an entry of `extends` names no `module`")
            self.file.extends.append((module, develops))
