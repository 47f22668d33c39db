"""Recipes as data: what a result was made from, in named groups with one digest.

A recipe is canonical JSON: texts, whole numbers, booleans, lists and mappings. Two recipes are
compared field by field, so that whoever asks why evidence is stale is told which field changed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from safetycase.ledger.canonical import digest

__all__ = ["GROUPS", "Recipe", "differences"]

GROUPS = ("subject", "instrument", "effort", "sampling")
DOMAIN = "safetycase recipe v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """The four groups that make up the identity of a result.

    *subject*: the model and its scaffold; *instrument*: method, code, parameters, data;
    *effort*: elicitation; *sampling*: n and seeds.
    """

    groups: Mapping[str, Mapping[str, Any]]

    @property
    def digest(self) -> str:
        """SHA-256 of the canonical form, with a domain prefix."""
        return digest(dict(self.groups), domain=DOMAIN)


def differences(
    old: Mapping[str, Mapping[str, Any]], new: Mapping[str, Mapping[str, Any]]
) -> tuple[str, ...]:
    """The dotted names of the fields in which two recipes differ, group by group."""
    return tuple(
        f"{group}.{field}" if field else group
        for group in sorted({*old, *new}, key=lambda g: (GROUPS.index(g) if g in GROUPS else 9, g))
        for field in _diff(old.get(group, {}), new.get(group, {}), "")
    )


def _diff(old: Any, new: Any, path: str) -> Iterator[str]:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in sorted({*old, *new}):
            inner = f"{path}.{key}" if path else str(key)
            if key not in old or key not in new:
                yield inner
            else:
                yield from _diff(old[key], new[key], inner)
    elif old != new:
        yield path
