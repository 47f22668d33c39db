"""Every rule with its code, clause, severity and message form, for docs, `explain` and profiles.

A rule of a profile judges a `Structure`; rules of the case file judge a `Subject` and are called
by `checks.rules`. Both are listed here, so that each has a page and two examples: one that fires
and one that does not (`checks/examples/CODE/`).
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from safetycase.argument.findings import Finding, Severity
from safetycase.argument.structure import Structure
from safetycase.checks.codes import CODES

__all__ = ["Group", "Rule", "all_rules", "of_the_case_file"]

Group = Literal["structural", "evidence", "human review"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule. `clause` is where its source states it; `message` the form of its finding.

    `group` says who settles it: `structural` the tool, from the text alone; `evidence` the tool,
    from record and results; `human review` a person, whom it only prompts. `judge` is the rule of
    a profile; rules of the case file have none here.
    """

    code: str
    title: str
    text: str
    message: str
    severity: Severity = "error"
    group: Group = "structural"
    profile: str = "case"
    clause: str = ""
    judge: Callable[[Structure], Iterator[Finding]] | None = None


_WARNINGS = frozenset(
    {"C102", "C106", "C129", "C130", "C132", "C136", "C137", "C138", "C150", "F057"}
)
"""Codes that block nothing."""


def of_the_case_file() -> Mapping[str, Rule]:
    """The codes of reading a file, of whatever format, and of checking a case, as rules."""
    return {
        code: Rule(
            code=code,
            title=title,
            text=text,
            message=title,
            severity="warning" if code in _WARNINGS else "error",
        )
        for code, (title, text) in CODES.items()
    }


def all_rules() -> Mapping[str, Mapping[str, Rule]]:
    """Profile -> code -> rule.

    The codes of reading files and of the case file stand under `case`. Rules of the profile
    `review` judge a case with its record, those of the other profiles a `Structure`.
    """
    # Documentation and `explain` ask for everything; a check of a case does without.
    from safetycase.checks.profiles import PROFILES

    found = {"case": of_the_case_file()}
    if importlib.util.find_spec("safetycase.checks.review"):
        found["review"] = importlib.import_module("safetycase.checks.review").REVIEW_RULES
    found |= {name: {r.code: r for r in known.rules} for name, known in PROFILES.items()}
    return found
