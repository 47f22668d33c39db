"""Recipes as data: what a result was made from, in named groups with one digest.

A recipe is canonical JSON: texts, whole numbers, booleans, lists and mappings. Two recipes are
compared field by field, so that whoever asks why evidence is stale is told which field changed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from safetycase.ledger.canonical import digest

__all__ = ["FIELDS", "GROUPS", "IDENTITIES", "Change", "Recipe", "changes", "differences", "formed"]

GROUPS = ("subject", "instrument", "effort", "sampling", "environment")
DOMAIN = "safetycase recipe v2"

FIELDS: Final[Mapping[str, tuple[str, ...]]] = {
    "subject": ("weights", "provider", "weights_sha256", "identity", "scaffold", "tools"),
    "instrument": (
        "method",
        "method_version",
        "method_code",
        "code",
        "packages",
        "parameters",
        "reads",
        "files",
        "judges",
    ),
    "effort": ("attempts",),
    "sampling": ("planned_n",),
    "environment": (),
}
"""The fields that a recipe of this form has in any case, by group."""

IDENTITIES: Final = ("reported", "fingerprint", "signed", "weights")
"""How surely the subject of a run is known, least surely first: an id that the provider reports,
stored answers to fixed questions, an id that the provider signs, weights that the runner hashed."""

ABSENT: Final = "absent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """The groups that make up the identity of a result.

    *subject*: the model and its scaffold; *instrument*: method, code, packages, parameters, data;
    *effort*: elicitation; *sampling*: n and seeds; *environment*: what of it matters here.
    """

    groups: Mapping[str, Mapping[str, Any]]

    @property
    def digest(self) -> str:
        """SHA-256 of the canonical form, with a domain prefix."""
        return digest(dict(self.groups), domain=DOMAIN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One field in which two recipes differ; what is missing on a side reads `absent`."""

    field: str
    was: str
    now: str


def changes(
    old: Mapping[str, Any], new: Mapping[str, Any], groups: tuple[str, ...] = ()
) -> tuple[Change, ...]:
    """The fields in which two recipes differ, group by group; of `groups` only, if any are given.

    The digest over all the code is left out where the files that changed are named.
    """
    if old == new:
        return ()
    names = sorted({*old, *new}, key=lambda g: (GROUPS.index(g) if g in GROUPS else 9, g))
    found = tuple(
        Change(field=f"{group}.{field}" if field else group, was=_shown(was), now=_shown(now))
        for group in names
        if not groups or group in groups
        for field, was, now in _diff(old.get(group, {}), new.get(group, {}), "")
    )
    if any(change.field.startswith("instrument.code.") for change in found):
        found = tuple(change for change in found if change.field != "instrument.method_code")
    return found


def differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[str, ...]:
    """The dotted names of the fields in which two recipes differ, group by group."""
    return tuple(change.field for change in changes(old, new))


def formed(groups: Mapping[str, Any]) -> bool:
    """Whether a recorded recipe has the form of today's, so that fields can be compared at all."""
    if set(groups) != set(GROUPS):
        return False
    return all(
        isinstance(groups[group], Mapping) and all(field in groups[group] for field in fields)
        for group, fields in FIELDS.items()
    )


def _diff(old: Any, new: Any, path: str) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in sorted({*old, *new}, key=str):
            inner = f"{path}.{key}" if path else str(key)
            if key not in old or key not in new:
                yield inner, old.get(key, ABSENT), new.get(key, ABSENT)
            else:
                yield from _diff(old[key], new[key], inner)
    elif old != new:
        yield path, old, new


def _shown(value: Any) -> str:
    """A value in few characters; the recipe itself holds it whole."""
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= 80 else text[:77] + "..."
