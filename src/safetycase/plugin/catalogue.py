"""What is installed, read from package metadata without importing any implementation."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib.metadata import distributions
from pathlib import Path

from safetycase.plugin.contract import GROUP, Method

__all__ = ["BrokenMethod", "Catalogue", "MethodEntry", "installed"]


class BrokenMethod(Exception):
    """A method is listed but its module cannot give it; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodEntry:
    """One line of the catalogue: name, `module:attribute`, and the package it comes from."""

    name: str
    target: str
    package: str
    package_version: str

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

    def code(self) -> tuple[Path, ...]:
        """The Python files of the folder that holds the method's module."""
        parts = self.target.partition(":")[0].split(".")
        spec = importlib.util.find_spec(parts[0])
        if spec is None or spec.origin is None:
            return ()
        if len(parts) == 1 and not spec.submodule_search_locations:
            return (Path(spec.origin),)
        folder = Path(spec.origin).parent.joinpath(*parts[1:-1])
        if folder.joinpath(parts[-1]).is_dir():
            folder = folder / parts[-1]
        return tuple(sorted(folder.glob("*.py")))


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """The installed methods by name, and what kept others from being listed."""

    methods: Mapping[str, MethodEntry]
    problems: tuple[str, ...] = field(default_factory=tuple)


def installed() -> Catalogue:
    """Read the catalogue from the metadata of every installed package."""
    methods: dict[str, MethodEntry] = {}
    problems: list[str] = []
    for entry in _entries():
        known = methods.get(entry.name)
        if known is None:
            methods[entry.name] = entry
        elif known.target != entry.target:
            problems.append(
                f"`{entry.name}` is offered by {known.package} and {entry.package}; "
                f"{known.package} is used"
            )
    return Catalogue(methods=dict(sorted(methods.items())), problems=tuple(problems))


def _entries() -> Iterator[MethodEntry]:
    # Reading each entry_points.txt as text and parsing only those that name the group is several
    # times faster than importlib.metadata.entry_points(), which parses all of them.
    for dist in distributions():
        text = dist.read_text("entry_points.txt")
        if not text or f"[{GROUP}]" not in text:
            continue
        name, version = _named(dist.read_text("METADATA") or "")
        inside = False
        for raw in text.splitlines():
            line = raw.strip()
            if line.startswith("["):
                inside = line == f"[{GROUP}]"
            elif inside and "=" in line:
                key, _, target = line.partition("=")
                yield MethodEntry(
                    name=key.strip(), target=target.strip(), package=name, package_version=version
                )


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
