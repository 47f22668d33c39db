"""The findings of a case, and the clauses that keep a gate shut, as SARIF 2.1.0.

OASIS Static Analysis Results Interchange Format (SARIF) Version 2.1.0 (27 March 2020). The limits
are those of GitHub code scanning, which shows 5,000 results of a run and 20 tags of a rule; what is
left out is said in the run. A result is known again by `partialFingerprints`, in which no line
number takes part.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any, Final
from urllib.parse import quote

from safetycase.argument.findings import Finding, Span
from safetycase.argument.graph import kind_of
from safetycase.assess.gated import Judged, Overrode
from safetycase.assess.records import Assessment, Waived
from safetycase.report.clean import visible

__all__ = ["MOST_RESULTS", "MOST_TAGS", "SCHEMA", "to_sarif"]

SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"
MOST_RESULTS: Final = 5_000
MOST_TAGS: Final = 20
_FINGERPRINT: Final = "safetycase/v1"
_PLACES: Final = re.compile(r"\bline \d+|:\d+(?::\d+)?\b")
_GAP: Final = re.compile(r"\{(\d+)\}")
_LEVELS: Final[Mapping[str, str]] = {"error": "error", "warning": "warning", "note": "note"}
_WORST_FIRST: Final = ("error", "warning", "note")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Result:
    rule: str
    level: str
    says: str
    key: str
    element: str = ""
    at: Span | None = None
    suppressions: tuple[Mapping[str, Any], ...] = ()
    properties: Mapping[str, Any] = field(default_factory=dict)


def to_sarif(
    assessment: Assessment,
    findings: Iterable[Finding],
    clauses: Sequence[Judged] = (),
    *,
    version: str,
) -> dict[str, Any]:
    """The log as JSON data.

    There is one result for each finding, for each leaf that a waiver keeps fresh, and for each
    remark on a clause that did not pass. `version` is that of the tool. Places are those of the
    findings and elements: relative to where the command was called, which has to be the root of
    the repository for GitHub.
    """
    results = [*_findings(findings), *_clauses(clauses), *_waived(assessment)]
    results.sort(key=lambda r: _WORST_FIRST.index(r.level))
    kept, left = results[:MOST_RESULTS], results[MOST_RESULTS:]
    rules = _rules(dict.fromkeys(r.rule for r in kept), clauses)
    index = {rule["id"]: at for at, rule in enumerate(rules)}
    seen: Counter[str] = Counter()
    run: dict[str, Any] = {
        "tool": {
            "driver": {
                "name": "safetycase",
                "semanticVersion": version,
                "version": version,
                "rules": rules,
            }
        },
        "automationDetails": {"id": f"safetycase/{_plain(assessment.case.header.case)}/"},
        "columnKind": "unicodeCodePoints",
        "results": [_result(r, index, assessment, seen) for r in kept],
        "properties": {
            "verdict": assessment.verdict,
            "headline": visible(assessment.headline),
            "passed": [clause.clause for clause in clauses if clause.state == "pass"],
            "leftOut": len(left),
        },
    }
    run["invocations"] = [_invocation(left)]
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _findings(findings: Iterable[Finding]) -> Iterator[_Result]:
    for finding in findings:
        says = finding.message + (f" → {finding.hint}" if finding.hint else "")
        yield _Result(
            rule=finding.code,
            level=_LEVELS[finding.severity],
            says=says,
            key=finding.message,
            element=finding.subject or "",
            at=finding.span,
        )


def _clauses(clauses: Sequence[Judged]) -> Iterator[_Result]:
    """A remark is an error as long as its clause keeps the gate shut; overridden, it is hushed."""
    for clause in clauses:
        if clause.state == "pass" or clause.kind == "well-formed":
            continue  # the findings stand for themselves
        hushed = (_override(clause.override),) if clause.override else ()
        told = [(r.element, r.says, r.at, r.key or r.says) for r in clause.remarks]
        for element, says, at, key in told or [("", clause.says, None, clause.says)]:
            yield _Result(
                rule=_id(clause),
                level="error",
                says=says + (f" → {clause.hint}" if clause.hint else ""),
                key=key,
                element=element,
                at=at,
                suppressions=hushed,
                properties={"state": clause.state},
            )


def _id(clause: Judged) -> str:
    return "gate/" + visible(clause.clause, limit=100, lines=False)


def _override(over: Overrode) -> Mapping[str, Any]:
    says = (
        f"overridden by {over.by}, on the authority of {over.authority}, until {over.until}: "
        f"{over.reason} (record {over.record})"
    )
    return {"kind": "external", "status": "accepted", "justification": visible(says)}


def _waived(assessment: Assessment) -> Iterator[_Result]:
    for name, freshness in assessment.freshness.items():
        for waiver in freshness.waived:
            yield _Result(
                rule="waiver",
                level="note",
                says=f"{name} counts although it was made otherwise: {waiver}",
                key=f"{name} {' '.join(waiver.fields)}",
                element=name,
                at=assessment.case.span(name),
                suppressions=(_waiver(waiver),),
            )


def _waiver(waiver: Waived) -> Mapping[str, Any]:
    return {"kind": "external", "status": "accepted", "justification": visible(str(waiver))}


def _rules(used: Iterable[str], clauses: Sequence[Judged]) -> list[dict[str, Any]]:
    """Every rule that a result names, with what it asks and the way out."""
    from safetycase.checks.registry import all_rules  # a catalogue of hundreds, only needed here

    known = {code: rule for profile in all_rules().values() for code, rule in profile.items()}
    kinds = {_id(clause): clause for clause in clauses}
    found = []
    for name in used:
        if name in known:
            rule = known[name]
            tags = ["safety-case", rule.profile, rule.group]
            found.append(_rule(name, rule.title, rule.text, tags, _LEVELS[rule.severity]))
        elif name in kinds:
            clause = kinds[name]
            says = f"The clause `{clause.clause}` of the gate's policy ({clause.kind})."
            found.append(_rule(name, clause.clause, says, ["safety-case", "gate"], "error"))
        else:
            says = "A signed statement that two recipes are the same in what matters."
            title = "Waiver" if name == "waiver" else name
            found.append(_rule(name, title, says, ["safety-case", "waiver"], "note"))
    return found


def _rule(name: str, title: str, text: str, tags: Sequence[str], level: str) -> dict[str, Any]:
    return {
        "id": name,
        "name": "".join(word.capitalize() for word in re.findall(r"[A-Za-z0-9]+", title)) or name,
        "shortDescription": {"text": visible(title, limit=200, lines=False)},
        "fullDescription": {"text": visible(text, limit=1000)},
        "help": {"text": visible(f"{text}\n\nsafetycase explain {name}", limit=1100)},
        "defaultConfiguration": {"level": level},
        "properties": {"tags": list(dict.fromkeys(tags))[:MOST_TAGS]},
    }


def _result(
    result: _Result, index: Mapping[str, int], assessment: Assessment, seen: Counter[str]
) -> dict[str, Any]:
    found: dict[str, Any] = {
        "ruleId": result.rule,
        "ruleIndex": index[result.rule],
        "level": result.level,
        "kind": "fail",
        "message": {"text": _message(visible(result.says)) or result.rule},
        "locations": [_location(result, assessment)],
        "partialFingerprints": {_FINGERPRINT: _fingerprint(result, seen)},
    }
    if result.suppressions:
        found["suppressions"] = [dict(each) for each in result.suppressions]
    if result.properties:
        found["properties"] = dict(result.properties)
    return found


def _message(text: str) -> str:
    """Text as a plain message: SARIF reads `[words](address)` as a link and `{0}` as a gap to fill.

    Source: SARIF 2.1.0, 3.11.5 and 3.11.6.
    """
    return _GAP.sub(r"{{\1}}", text.replace("](", "] ("))


def _fingerprint(result: _Result, seen: Counter[str]) -> str:
    """A digest of what it says of which element; of several alike, which one in file order."""
    said = "\0".join((result.rule, result.element, _PLACES.sub("", result.key)))
    digest = hashlib.sha256(said.encode("utf-8", "replace")).hexdigest()[:32]
    seen[digest] += 1
    return f"{digest}:{seen[digest]}"


def _location(result: _Result, assessment: Assessment) -> dict[str, Any]:
    case = assessment.case
    at, inside = _place(result, assessment)
    region: dict[str, Any] = {"startLine": max(at.line, 1), "startColumn": max(at.column, 1)}
    if at.end_line >= at.line and (at.end_line, at.end_column) > (at.line, at.column):
        region |= {"endLine": at.end_line, "endColumn": max(at.end_column, 1)}
    found: dict[str, Any] = {
        "physicalLocation": {"artifactLocation": _artefact(at.file), "region": region}
    }
    element = case.elements.get(result.element)
    if element is not None:
        found["logicalLocations"] = [
            {
                "name": visible(result.element, limit=200, lines=False),
                "fullyQualifiedName": visible(result.element, limit=200, lines=False),
                "kind": kind_of(element),
            }
        ]
    if inside is not None:
        found["message"] = {"text": _message(visible(f"from the template, {inside}", limit=300))}
    return found


def _place(result: _Result, assessment: Assessment) -> tuple[Span, Span | None]:
    """Where a result is shown, and the place in a template that it is about, if that is one.

    What an instance of a template says stands in a file of its author's; a reader of this
    repository finds it where the template is used.
    """
    case = assessment.case
    at = result.at or case.span("", "case")
    for name in (result.element, *_homes(result.element)):
        use = case.uses.get(name)
        if use is not None and use.at is not None and use.at.file != at.file:
            return use.at, at
    return at, None


def _homes(element: str) -> list[str]:
    """The instances and modules that an element stands in, the nearest first."""
    parts = element.split("/")[:-1]
    return ["/".join(parts[:end]) for end in range(len(parts), 0, -1)]


def _artefact(file: str) -> dict[str, Any]:
    """A file as a URI reference: relative to the root of the sources, or absolute."""
    path = PurePath(file)
    name = path.as_posix()
    if path.is_absolute():
        return {"uri": f"file://{quote(name, errors='replace')}"}
    return {"uri": quote(name, errors="replace"), "uriBaseId": "%SRCROOT%"}


def _invocation(left: Sequence[_Result]) -> dict[str, Any]:
    found: dict[str, Any] = {"executionSuccessful": True}
    if left:
        counts = Counter(r.level for r in left)
        told = ", ".join(f"{counts[level]} {level}s" for level in _WORST_FIRST if counts[level])
        says = (
            f"{len(left)} results are left out ({told}): a run holds {MOST_RESULTS}, the worst "
            "first. `safetycase check` and `safetycase gate --json` list them all."
        )
        found["toolExecutionNotifications"] = [{"level": "warning", "message": {"text": says}}]
    return found


def _plain(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]", "-", text)[:80]
