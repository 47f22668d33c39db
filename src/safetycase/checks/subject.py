"""What the rules judge: a case, and what the workspace found out about its leaves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from safetycase.argument.findings import Finding, Severity
from safetycase.argument.graph import conclusion_of, supporting
from safetycase.argument.model import Case

if TYPE_CHECKING:
    from safetycase.plugin.contract import Method
    from safetycase.plugin.parameters import Mismatch
    from safetycase.stats import Statistic

__all__ = ["REGISTRY_COMPLETE", "LeafFacts", "Subject", "finding"]

T = TypeVar("T")
REGISTRY_COMPLETE = "REGISTRY-COMPLETE"


@dataclass(frozen=True, slots=True, kw_only=True)
class LeafFacts:
    """What the workspace found out about one evidence before the rules run.

    `method` is the loaded method or the reason why there is none (with its code);
    `missing_files` are paths it names that are not there; `best_case` is the safest result of
    the planned size by measured quantity, empty where it cannot be known.
    """

    method: Method | tuple[str, str]
    mismatches: tuple[Mismatch, ...] = ()
    missing_files: tuple[tuple[str, str], ...] = ()
    unknown_facts: tuple[tuple[tuple[str, ...], str], ...] = ()
    best_case: Mapping[str, Statistic] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Subject:
    """A case and what is known about its leaves; look-ups that rules share are made once."""

    case: Case
    leaves: Mapping[str, LeafFacts]
    method_names: tuple[str, ...] = ()

    @cached_property
    def _by_kind(self) -> Mapping[type[Any], list[tuple[str, Any]]]:
        found: dict[type[Any], list[tuple[str, Any]]] = {}
        for name, element in self.case.elements.items():
            found.setdefault(type(element), []).append((name, element))
        return found

    def each(self, kind: type[T]) -> list[tuple[str, T]]:
        """(id, element) of every element of one kind, in file order."""
        return self._by_kind.get(kind, [])

    @cached_property
    def conclusions(self) -> Mapping[str, str]:
        """Step or evidence id -> what rests on it."""
        return conclusion_of(self.case)

    @cached_property
    def carried(self) -> frozenset[str]:
        """What the root's support rests on."""
        return frozenset(supporting(self.case, [self.case.root]))


def finding(
    subject: Subject,
    code: str,
    path: tuple[str, ...],
    message: str,
    hint: str | None = None,
    severity: Severity = "error",
) -> Finding:
    """A finding about the element `path` leads into ("" for the header), at its place."""
    return Finding(
        code=code,
        span=subject.case.span(*path),
        message=message,
        hint=hint,
        subject=path[0] or None,
        severity=severity,
    )
