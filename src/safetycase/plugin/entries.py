"""The entry points of installed packages, read from their metadata; nothing is imported."""

from __future__ import annotations

import functools
import importlib
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

__all__ = ["Entry", "declared", "loaded", "offered"]

Record = TypeVar("Record")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry point: name, `module:attribute`, and the package it comes from."""

    name: str
    target: str
    package: str
    package_version: str


def declared(group: str) -> tuple[Entry, ...]:
    """The entry points of one group, in the order the packages are found."""
    return _all_declared(tuple(sys.path)).get(group, ())


def offered(group: str, name: str) -> Entry:
    """The first entry point of that name; LookupError says what there is instead."""
    found = declared(group)
    for entry in found:
        if entry.name == name:
            return entry
    known = ", ".join(sorted({f"`{e.name}`" for e in found})) or "none"
    raise LookupError(f"no installed package offers `{name}` under `{group}`; there: {known}")


def loaded(group: str, name: str, record: type[Record], broken: type[Exception]) -> Record:
    """The record of that name, imported; `broken` with the reason where it cannot be had."""
    try:
        entry = offered(group, name)
    except LookupError as error:
        raise broken(str(error)) from error
    module, _, attribute = entry.target.partition(":")
    try:
        found = getattr(importlib.import_module(module), attribute)
    except Exception as error:
        raise broken(f"`{name}` of {entry.package}: {error}") from error
    if not isinstance(found, record):
        article = "an" if record.__name__[0] in "AEIOU" else "a"
        raise broken(
            f"`{entry.target}` of {entry.package} is not {article} {record.__name__} record"
        )
    called = getattr(found, "name", None)
    if called != name:
        raise broken(f"`{entry.target}` calls itself `{called}`, not `{name}`")
    return found


@functools.lru_cache(maxsize=4)
def _all_declared(_path: tuple[str, ...]) -> Mapping[str, tuple[Entry, ...]]:
    from importlib.metadata import distributions  # dear, and a worker never asks

    # Reading each entry_points.txt as text and parsing only those that name us is several times
    # faster than importlib.metadata.entry_points(), which parses all of them.
    found: dict[str, list[Entry]] = {}
    for dist in distributions():
        text = dist.read_text("entry_points.txt")
        if not text or "[safetycase." not in text:
            continue
        name, version = _named(dist.read_text("METADATA") or "")
        group = ""
        for raw in text.splitlines():
            line = raw.strip()
            if line.startswith("["):
                group = line.strip("[]").strip()
            elif group.startswith("safetycase.") and "=" in line:
                key, _, target = line.partition("=")
                entry = Entry(
                    name=key.strip(), target=target.strip(), package=name, package_version=version
                )
                found.setdefault(group, []).append(entry)
    return {group: tuple(entries) for group, entries in found.items()}


def _named(metadata: str) -> tuple[str, str]:
    """Name and version of a package from its metadata's first lines."""
    found = {"Name": "?", "Version": "?"}
    for line in metadata.splitlines():
        key, _, value = line.partition(": ")
        if not line:
            break
        if key in found:
            found[key] = value.strip()
    return found["Name"], found["Version"]
