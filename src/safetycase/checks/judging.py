"""How a profile's rule is written: a function from an index to hits, made a `Rule` in one place.

A hit says where and what; the rule adds its code and severity, so that a code is written once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from safetycase.argument.findings import Finding, Severity
from safetycase.argument.structure import ClaimPoint, Link, ModuleInfo, Part, Structure
from safetycase.checks.indexed import Indexed, index_of
from safetycase.checks.registry import Group, Rule

__all__ = ["Hit", "Profiled", "listed", "name_of", "path_of", "shown"]


@dataclass(frozen=True, slots=True)
class Hit:
    """One place where a rule is broken; `severity` where it is milder than that of the rule."""

    about: Part | Link | ClaimPoint | ModuleInfo | None
    message: str
    hint: str | None = None
    severity: Severity | None = None


Hits = Callable[[Indexed], Iterator[Hit]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Profiled:
    """Makes the rules of one profile; `source` opens every clause."""

    profile: str
    source: str

    def rule(
        self,
        code: str,
        title: str,
        *,
        text: str,
        message: str,
        clause: str = "",
        severity: Severity = "error",
        group: Group = "structural",
    ) -> Callable[[Hits], Rule]:
        """Turn a function that yields hits into the rule `code`."""

        def made(hits: Hits) -> Rule:
            def judge(structure: Structure) -> Iterator[Finding]:
                index = index_of(structure)
                for hit in hits(index):
                    yield _finding(index, hit, code, severity)

            return Rule(
                code=code,
                title=title,
                text=text,
                message=message,
                severity=severity,
                group=group,
                profile=self.profile,
                clause=f"{self.source} {clause}".strip(),
                judge=judge,
            )

        return made


def _finding(index: Indexed, hit: Hit, code: str, severity: Severity) -> Finding:
    about = hit.about
    if isinstance(about, Part):
        span, subject = index.place(about), about.id
    elif isinstance(about, Link):
        span, subject = index.place(about), about.source
    else:
        span = (about.span if about is not None else None) or index.place(None)
        subject = None
    return Finding(
        code=code,
        span=span,
        message=hit.message,
        hint=hit.hint,
        subject=subject,
        severity=hit.severity or severity,
    )


def name_of(index: Indexed, part: str) -> str:
    """What the file calls a part, in backticks."""
    found = index.parts.get(part)
    return f"`{(found.name or found.id) if found else part}`"


def shown(part: Part) -> str:
    """Symbol and name of a part: "away goal `G3`"."""
    kind = f"away {part.type}" if part.away else part.type
    return f"{kind} `{part.name or part.id}`"


def path_of(names: Sequence[str], most: int = 12) -> str:
    """A way from name to name, the middle left out when it is long."""
    if len(names) <= most:
        return " → ".join(names)
    left_out = f"({len(names) - most} more)"
    return " → ".join((*names[: most // 2], left_out, *names[-most // 2 :]))


def listed(names: list[str], most: int = 6) -> str:
    """Names in a row, shortened when there are many."""
    head = ", ".join(f"`{name}`" for name in names[:most])
    return head + (f" and {len(names) - most} more" if len(names) > most else "")
