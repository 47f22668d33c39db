"""`=name` in the parameters of a leaf: the facts of the case."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from safetycase.argument.model import Case, Fact

__all__ = ["resolve_facts"]


def resolve_facts(case: Case, values: Any) -> tuple[Any, list[tuple[tuple[str, ...], str]]]:
    """Replace `=fact` by the fact of the header; unknown ones are listed with their path."""
    unknown: list[tuple[tuple[str, ...], str]] = []

    def walk(value: Any, path: tuple[str, ...]) -> Any:
        if isinstance(value, Mapping):
            return {k: walk(v, (*path, k)) for k, v in value.items()}
        if isinstance(value, list | tuple):
            return [walk(v, (*path, str(i))) for i, v in enumerate(value)]
        if isinstance(value, str) and value.startswith("="):
            fact = _fact(case, value[1:].strip())
            if fact is None:
                unknown.append((path, value[1:].strip()))
            return fact
        return value

    return walk(values, ()), unknown


def _fact(case: Case, name: str) -> Any:
    current: Any = case.header
    for part in name.split("."):
        current = (
            getattr(current, part, None)
            if not isinstance(current, Mapping)
            else (current.get(part))
        )
    if isinstance(current, Fact):
        if current.number is None:
            return current.text
        return int(current.number) if current.number.is_integer() else current.number
    return current if isinstance(current, str | int | float) else None
