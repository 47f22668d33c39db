"""What is installed, read from package metadata without importing any implementation."""

from __future__ import annotations

import functools
import importlib
import importlib.util
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import distributions
from pathlib import Path

from safetycase.plugin.contract import GROUP, Method

__all__ = ["BrokenMethod", "Catalogue", "MethodEntry", "declared", "installed"]


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

    def code(self) -> tuple[tuple[str, Path], ...]:
        """(module, file) of the method's module and of every module of its own it imports.

        Its own are those of the same package; for ours, those of `safetycase.methods`. Imports
        are read from the text, so nothing is imported and an import inside a function counts.
        """
        start = self.target.partition(":")[0]
        parts = start.split(".")
        spec = importlib.util.find_spec(parts[0])
        if spec is None or spec.origin is None:
            return ()
        if not spec.submodule_search_locations:
            return ((start, Path(spec.origin)),)
        own = "safetycase.methods" if parts[:2] == ["safetycase", "methods"] else parts[0]
        root, found, queue = Path(spec.origin).parent.parent, dict[str, Path](), [start]
        while queue:
            module = queue.pop()
            path = _file_of(root, module)
            if module in found or path is None:
                continue
            found[module] = path
            queue += _imports(path.read_text("utf-8"), own)
        return tuple(sorted(found.items()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """The installed methods by name, and what kept others from being listed."""

    methods: Mapping[str, MethodEntry]
    problems: tuple[str, ...] = field(default_factory=tuple)


def installed() -> Catalogue:
    """Read the catalogue from the metadata of every installed package."""
    methods: dict[str, MethodEntry] = {}
    problems: list[str] = []
    for entry in declared(GROUP):
        known = methods.get(entry.name)
        if known is None:
            methods[entry.name] = entry
        elif known.target != entry.target:
            problems.append(
                f"`{entry.name}` is offered by {known.package} and {entry.package}; "
                f"{known.package} is used"
            )
    return Catalogue(methods=dict(sorted(methods.items())), problems=tuple(problems))


_IMPORT = re.compile(
    r"^\s*(?:from\s+([\w.]+)\s+import\s+(\([^)]*\)|[^\n#]+)|import\s+([\w.]+))", re.M
)


def _imports(text: str, own: str) -> list[str]:
    """The modules below `own` that a Python text may import, by name."""
    found: list[str] = []
    for package, names, module in _IMPORT.findall(text):
        name = package or module
        if name == own or name.startswith(own + "."):
            found.append(name)
            found += [f"{name}.{word}" for word in re.findall(r"\w+", names)]
    return found


def _file_of(root: Path, module: str) -> Path | None:
    path = root.joinpath(*module.split("."))
    for candidate in (path.with_suffix(".py"), path / "__init__.py"):
        if candidate.is_file():
            return candidate
    return None


def declared(group: str) -> tuple[MethodEntry, ...]:
    """The entry points of one group, in the order the packages are found."""
    return _all_declared(tuple(sys.path)).get(group, ())


@functools.lru_cache(maxsize=4)
def _all_declared(_path: tuple[str, ...]) -> Mapping[str, tuple[MethodEntry, ...]]:
    # Reading each entry_points.txt as text and parsing only those that name us is several times
    # faster than importlib.metadata.entry_points(), which parses all of them.
    found: dict[str, list[MethodEntry]] = {}
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
                entry = MethodEntry(
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
