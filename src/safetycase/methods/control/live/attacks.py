"""Red-team strategies and the poison test of a case, loaded from its files while it runs."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType

from safetycase.plugin.contract import MethodError

__all__ = ["Carries", "Strategy", "load_attacks"]

Strategy = Callable[[str, int], str]
Carries = Callable[[str], bool]


def load_attacks(
    folder: Path, attacks: str, names: tuple[str, ...], carries: str
) -> tuple[Mapping[str, Strategy], Carries]:
    """The named strategies and the poison test; `MethodError` says what is missing."""
    table = _object(folder, attacks)
    if not isinstance(table, Mapping):
        raise MethodError(f"`{attacks}` is not a mapping from strategy to function")
    unknown = [name for name in names if name not in table]
    if unknown:
        raise MethodError(
            f"`{attacks}` has no strategy {', '.join(unknown)}; it has "
            + ", ".join(map(str, table))
        )
    test = _object(folder, carries)
    if not callable(test):
        raise MethodError(f"`{carries}` is not a function")
    return {name: table[name] for name in names}, lambda text: bool(test(text))


def _object(folder: Path, spec: str) -> object:
    file, _, name = spec.partition("@")
    module = _module(folder / file)
    if not hasattr(module, name):
        raise MethodError(f"`{file}` has no `{name}`")
    found: object = getattr(module, name)
    return found


def _module(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"case_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise MethodError(f"`{path.name}` is no Python file")
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise MethodError(f"`{path.name}` cannot be loaded: {error}") from error
    return module
