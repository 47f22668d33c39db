"""Red-team strategies and the poison test of a case, loaded from its files while it runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from safetycase.methods.case_code import own_object
from safetycase.plugin.contract import MethodError

__all__ = ["Carries", "Strategy", "load_attacks"]

Strategy = Callable[[str, int], str]
Carries = Callable[[str], bool]


def load_attacks(
    folder: Path, attacks: str, names: tuple[str, ...], carries: str
) -> tuple[Mapping[str, Strategy], Carries]:
    """The named strategies and the poison test; `MethodError` says what is missing."""
    table = own_object(folder, attacks)
    if not isinstance(table, Mapping):
        raise MethodError(f"`{attacks}` is not a mapping from strategy to function")
    unknown = [name for name in names if name not in table]
    if unknown:
        raise MethodError(
            f"`{attacks}` has no strategy {', '.join(unknown)}; it has "
            + ", ".join(map(str, table))
        )
    test = own_object(folder, carries)
    if not callable(test):
        raise MethodError(f"`{carries}` is not a function")
    return {name: table[name] for name in names}, lambda text: bool(test(text))
