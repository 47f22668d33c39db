"""What the pages of the report are made of, and what only a server adds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from safetycase.argument.changes import Difference
from safetycase.argument.findings import Finding
from safetycase.assess.breakdown import Breakdown
from safetycase.assess.records import Assessment
from safetycase.report.lot import Drawn
from safetycase.report.seal import Seal

__all__ = ["Live", "Source"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Source:
    """What the pages are made of; two sources are the same only if they are one object.

    `breakdown` gives what the number of a claim is made of, or None. `findings` are all of the
    case, with those of its evidence and record. `agenda` is the ranking of what is open as plain
    data, `difference` what changed since the version called `since`. `seal` is the record that the
    assessment was made from, whose last digest is `record_head`. `transcripts` are those drawn by
    lot, by evidence. Each is empty or None where there is none.
    """

    assessment: Assessment
    version: str
    breakdown: Callable[[str], Breakdown | None] = field(default=lambda _name: None)
    findings: tuple[Finding, ...] | None = None
    agenda: Mapping[str, Any] | None = None
    difference: Difference | None = None
    since: str = ""
    seal: Seal | None = None
    record_head: str | None = None
    transcripts: Mapping[str, Drawn] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """What only a server has.

    `base` stands before every address, `csrf` goes with every form, `state` is the version that
    is shown (a page reloads when the server has another). `query` are the parameters of the
    address: `q`, `kind`, `status`, `fresh` of the outline, `focus` of the map. `notice` is a
    sentence to show at the top.
    """

    base: str = ""
    csrf: str = ""
    allow_run: bool = False
    may_review: bool = False
    state: str = ""
    query: Mapping[str, str] = field(default_factory=dict)
    notice: str = ""
