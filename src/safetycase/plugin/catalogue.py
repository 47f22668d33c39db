"""What is installed, read from package metadata without importing any implementation."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass, field

from safetycase.plugin.contract import GROUP, Method
from safetycase.plugin.entries import Entry, declared

__all__ = ["BrokenMethod", "Catalogue", "MethodEntry", "installed"]


class BrokenMethod(Exception):
    """A method is listed but its module cannot give it; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodEntry(Entry):
    """One line of the catalogue."""

    def load(self) -> Method:
        """Import the module and return the method; `BrokenMethod` with the reason otherwise."""
        module, _, attribute = self.target.partition(":")
        try:
            found = getattr(importlib.import_module(module), attribute)
        except Exception as error:
            raise BrokenMethod(f"`{self.name}` of {self.package}: {error}") from error
        if not isinstance(found, Method):
            raise BrokenMethod(f"`{self.target}` of {self.package} is not a Method record")
        if found.name != self.name:
            raise BrokenMethod(f"`{self.target}` calls itself `{found.name}`, not `{self.name}`")
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """The installed methods by name, and what kept others from being listed."""

    methods: Mapping[str, MethodEntry]
    problems: tuple[str, ...] = field(default_factory=tuple)


def installed() -> Catalogue:
    """Read the catalogue from the metadata of every installed package."""
    methods: dict[str, MethodEntry] = {}
    problems: list[str] = []
    for found in declared(GROUP):
        entry = MethodEntry(
            name=found.name,
            target=found.target,
            package=found.package,
            package_version=found.package_version,
        )
        known = methods.get(entry.name)
        if known is None:
            methods[entry.name] = entry
        elif known.target != entry.target:
            problems.append(
                f"`{entry.name}` is offered by {known.package} and {entry.package}; "
                f"{known.package} is used"
            )
    return Catalogue(methods=dict(sorted(methods.items())), problems=tuple(problems))
