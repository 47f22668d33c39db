"""The profiles by name: which rules a structure may be held to, and how it is judged.

The modules of the rules are imported when a profile is asked for: an ordinary check of a case
does without them.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from safetycase.argument.findings import Finding
from safetycase.argument.structure import Structure
from safetycase.checks.registry import Rule

__all__ = ["PROFILES", "Profile", "check_structure", "profile"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A set of rules with the document it follows."""

    name: str
    title: str
    source: str
    rules: tuple[Rule, ...]


_KNOWN: Mapping[str, tuple[str, str]] = {
    "gsn-v3-strict": (
        "GSN v3, strict",
        "GSN Community Standard version 3 (SCSC-141C, Assurance Case Working Group, May 2021)",
    ),
    "cae": (
        "Claims, arguments and evidence",
        "Bloomfield and Netkachova, Building blocks for assurance cases (ISSREW 2014)",
    ),
    "gsn2x": ("gsn2x", "The checks of gsn2x 4 (github.com/jonasthewolf/gsn2x)"),
    "sacm": ("SACM 2.3", "OMG Structured Assurance Case Metamodel 2.3 (formal/23-05-08)"),
}
_MODULES = {"gsn-v3-strict": "gsn", "cae": "cae", "gsn2x": "gsn2x", "sacm": "sacm"}


@cache
def profile(name: str) -> Profile:
    """The profile of that name with its rules; `KeyError` if there is none."""
    title, source = _KNOWN[name]
    module = f"safetycase.checks.{_MODULES[name]}"
    try:
        rules: tuple[Rule, ...] = importlib.import_module(module).RULES
    except ModuleNotFoundError as error:
        if error.name != module:
            raise
        raise KeyError(name) from None
    return Profile(name=name, title=title, source=source, rules=tuple(rules))


class _Profiles(Mapping[str, Profile]):
    """The profiles that are there, loaded one by one on demand."""

    def __getitem__(self, name: str) -> Profile:
        return profile(name)

    def __iter__(self) -> Iterator[str]:
        return (name for name in _KNOWN if self._there(name))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __contains__(self, name: object) -> bool:
        return name in _KNOWN and self._there(str(name))

    @staticmethod
    def _there(name: str) -> bool:
        spec = importlib.util.find_spec(f"safetycase.checks.{_MODULES[name]}")
        return spec is not None


PROFILES: Mapping[str, Profile] = _Profiles()


def check_structure(structure: Structure, profile_name: str) -> tuple[Finding, ...]:
    """Every finding of every rule of the profile, by place; `KeyError` if there is no such one.

    Takes time linear in parts and links (times a logarithm for the sorting of what was found).
    """
    # Only here is an index needed, and only with a profile at hand.
    from safetycase.checks.indexed import index_of

    index = index_of(structure)
    found = [
        finding
        for rule in PROFILES[profile_name].rules
        if rule.judge is not None
        for finding in rule.judge(index)
    ]
    return tuple(sorted(found, key=_place))


def _place(finding: Finding) -> tuple[str, int, int, str, str, str]:
    """The key that sorts by place: plain values, because comparing records is slow."""
    span = finding.span
    return span.file, span.line, span.column, finding.code, finding.subject or "", finding.message
