"""What is installed, read from package metadata without importing any implementation."""

from __future__ import annotations

import importlib
import importlib.util
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

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
