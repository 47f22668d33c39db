"""The profile `gsn2x`: the verdict that gsn2x 4.3.2 gives, in its words and with its exit status.

gsn2x validates module by module and element by element (`V` rules), joins the modules, and then
checks the whole (`C` rules); it stops after the first module, element or rule with an error, so
that a later error may only show when an earlier one is gone. `verdict` stops where it stops;
the `judge` of a rule looks everywhere. Source: the gsn2x manual, chapter "Checks".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from safetycase.argument.findings import Finding, Span
from safetycase.argument.structure import Structure
from safetycase.checks import gsn2x_rules as rules
from safetycase.checks.gsn2x_index import Index, index_of
from safetycase.checks.gsn2x_table import OPTIONAL, RULES

__all__ = ["OPTIONAL", "RULES", "Verdict", "verdict"]

_Judged = Callable[[Index, str], Iterator[Finding]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What gsn2x prints, line by line, its exit status, and the findings behind the lines."""

    lines: tuple[str, ...]
    exit_code: int
    errors: int
    warnings: int
    findings: tuple[Finding, ...]


_Said = list[tuple[str | None, Finding]]
"""The findings in order, each with the module that gsn2x names, or None for the whole."""


def verdict(
    structure: Structure | None,
    findings: Sequence[Finding] = (),
    *,
    extended: bool = False,
    warn_dialectic: bool = False,
) -> Verdict:
    """The verdict of gsn2x on what was read.

    `findings` are those of reading: what could not be read ends the run, C06 and C07 count as
    gsn2x counts them. `extended` and `warn_dialectic` are its options of these names.
    """
    unreadable = [f for f in findings if f.severity == "error" and f.code[0] not in "VC"]
    if structure is None or unreadable:
        return _unreadable(unreadable)
    said: _Said = _loading(structure, findings)
    if not any(finding.code == "C06" for _, finding in said):
        _validate(_as_loaded(structure, said), said, extended, warn_dialectic)
    return _counted(said)


def _unreadable(findings: Sequence[Finding]) -> Verdict:
    """gsn2x gives up at the first file that it cannot open or parse, and counts nothing."""
    first = findings[0] if findings else None
    file = first.span.file if first else ""
    action = "open file" if first and first.code == "F030" else "parse YAML from file"
    line = f"Error: Failed to {action} {first.subject if action == 'open file' and first else file}"
    return Verdict(lines=(line,), exit_code=1, errors=1, warnings=0, findings=tuple(findings[:1]))


def _loading(structure: Structure, findings: Sequence[Finding]) -> _Said:
    """C06, which ends the run, and the first C07 of each file."""
    modules = {info.file: name for name, info in structure.modules.items()}
    said: _Said = []
    seen: set[str] = set()
    for finding in findings:
        if finding.code == "C06":
            said.append((finding.subject or structure.source, finding))
            break
        if finding.code == "C07" and finding.span.file not in seen:
            seen.add(finding.span.file)
            said.append((modules.get(finding.span.file, "") or structure.source, finding))
    return said


def _as_loaded(structure: Structure, said: _Said) -> Structure:
    """The structure without what gsn2x no longer loads of a file after its first C07."""
    cut = {module: finding.subject or "" for module, finding in said}
    if not cut:
        return structure
    parts = {
        name: part
        for name, part in structure.parts.items()
        if (part.module or structure.source) not in cut
        or name < cut[part.module or structure.source]
    }
    links = tuple(link for link in structure.links if link.source in parts)
    points = tuple(p for p in structure.points if all(n in parts for n in (p.on_part,) if n))
    return replace(structure, parts=parts, links=links, points=points)


def _validate(structure: Structure, said: _Said, extended: bool, warn_dialectic: bool) -> None:
    """Everything after loading, up to the first stage with an error."""
    index = index_of(structure)
    start = index.start()
    if not index.ids:
        said.append((None, _plain(start, "No input elements are found.")))
        return
    by_module: dict[str, list[str]] = {name: [] for name in index.modules}
    for name in index.ids:
        by_module[structure.parts[name].module].append(name)
    order = sorted(by_module, key=index.module_name)
    for module in order:
        if not by_module[module]:
            span = index.module_span(module)
            message = _plain(span, "The module does not contain elements.")
            said.append((index.module_name(module), message))
    if said and said[-1][1].code == "F021":
        return
    for module in order:
        names = by_module[module]
        if not _validate_module(index, module, names, said, extended, warn_dialectic):
            return
    extended_well = True
    for module in order:
        extended_well &= _say(said, index.module_name(module), rules.extending(index, module))
    if extended_well:
        _check(index, said)


def _validate_module(
    index: Index, module: str, names: list[str], said: _Said, extended: bool, warn: bool
) -> bool:
    label = index.module_name(module)
    fine = True
    for name in names:
        for rule in _ELEMENT if not extended else (rules.contradicting_id, *_ELEMENT):
            fine &= _say(said, label, rule(index, name))
        # Of the relations of one element gsn2x names only the first that is not there.
        first = next(rules.defeated_relation(index, name), None)
        fine &= _say(said, label, [first] if first else ())
    fine = fine and _say(said, label, rules.wrong_extension(index, module))
    if fine and warn:
        _say(said, label, rules.dialectic(index, module))
    return fine


_ELEMENT: tuple[_Judged, ...] = (
    rules.unknown_type,
    rules.references,
    rules.undeveloped_yet_supported,
    rules.undeveloped,
    rules.challenge_by_another,
    rules.foreign_claim_point,
    rules.defeated_unchallenged,
)


def _check(index: Index, said: _Said) -> None:
    for name in index.ids:
        label = index.module_name(index.structure.parts[name].module)
        fine = _say(said, label, _first_of_each(rules.unresolved(index, name)))
        fine &= _say(said, label, rules.challenge(index, name))
        if not fine:
            return
    for rule in (rules.several_roots, rules.root_is_no_goal, rules.cycle, rules.unreachable):
        if not _say(said, None, rule(index)):
            return


def _first_of_each(found: Iterable[Finding]) -> Iterator[Finding]:
    """The first C03 of each list of references, and the C11 that goes with it."""
    seen: dict[str, Span] = {}
    for finding in found:
        where = finding.message.split('"')[1]
        if seen.setdefault(where, finding.span) == finding.span:
            yield finding


def _say(said: _Said, module: str | None, found: Iterable[Finding]) -> bool:
    fine = True
    for finding in found:
        said.append((module, finding))
        fine = fine and finding.severity != "error"
    return fine


def _plain(span: Span, message: str) -> Finding:
    """What gsn2x says without a code."""
    return Finding(code="F021", span=span, message=message)


def _counted(said: _Said) -> Verdict:
    lines = []
    for module, finding in said:
        word = "Error:" if finding.severity == "error" else "Warning:"
        where = f" ({module})" if module is not None else ""
        code = "" if finding.code == "F021" else f" {finding.code}:"
        lines.append(f"{word}{where}{code} {finding.message}")
    errors = sum(finding.severity == "error" for _, finding in said)
    warnings = len(said) - errors
    if errors:
        lines.append(f"Error: {errors} errors and {warnings} warnings detected.")
    elif warnings:
        lines.append(f"Warning: {warnings} warnings detected.")
    return Verdict(
        lines=tuple(lines),
        exit_code=1 if errors else 0,
        errors=errors,
        warnings=warnings,
        findings=tuple(finding for _, finding in said),
    )
