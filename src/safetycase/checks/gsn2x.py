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
from safetycase.checks.gsn2x_index import Index, index_of, no_collection
from safetycase.checks.gsn2x_table import OPTIONAL, RULES

__all__ = ["OPTIONAL", "RULES", "Verdict", "verdict"]

_OfElements = Callable[[Index, Iterable[str]], Iterator[Finding]]


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
    # What is missing (F021) is for the rules to say.
    unreadable = [f for f in findings if f.severity == "error" and f.code[0] == "F"]
    unreadable = [f for f in unreadable if f.code != "F021"]
    if structure is None or unreadable:
        return _unreadable(unreadable)
    said: _Said = _loading(structure, findings)
    if not any(finding.code == "C06" for _, finding in said):
        with no_collection():
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
    asked = _ELEMENT + _EXTENDED if extended else _ELEMENT
    found = [(rank, finding) for rank, rule in asked for finding in rule(index, names)]
    # gsn2x goes by element and asks every rule there.
    found.sort(key=lambda ranked: (ranked[1].subject or "", ranked[0]))
    fine = _say(said, label, _first_relation(finding for _, finding in found))
    fine = fine and _say(said, label, rules.wrong_extension(index, module))
    if fine and warn:
        _say(said, label, rules.dialectic(index, module))
    return fine


_ELEMENT: tuple[tuple[int, _OfElements], ...] = (
    (0, rules.unknown_type),
    (2, rules.references),
    (3, rules.undeveloped_yet_supported),
    (3, rules.undeveloped),
    (4, rules.challenge_by_another),
    (5, rules.foreign_claim_point),
    (6, rules.defeated_unchallenged),
    (7, rules.defeated_relation),
)
_EXTENDED: tuple[tuple[int, _OfElements], ...] = ((1, rules.contradicting_id),)


def _first_relation(found: Iterable[Finding]) -> Iterator[Finding]:
    """Of the defeated relations of one element, gsn2x names only the first that is not there."""
    before = None
    for finding in found:
        if finding.code != "V13" or finding.subject != before:
            yield finding
        if finding.code == "V13":
            before = finding.subject


def _check(index: Index, said: _Said) -> None:
    """The rules of the whole; references only up to the first element with a wrong one."""
    wrong = [*rules.unresolved(index, index.ids), *rules.challenge(index, index.ids)]
    if wrong:
        first = min(finding.subject or "" for finding in wrong)
        label = index.module_name(index.structure.parts[first].module)
        _say(said, label, _first_of_each(f for f in wrong if f.subject == first))
        return
    for rule in (rules.several_roots, rules.root_is_no_goal, rules.cycle, rules.unreachable):
        if not _say(said, None, rule(index)):
            return


def _first_of_each(found: Iterable[Finding]) -> Iterator[Finding]:
    """The first C03 of each list of references, and the C11 that goes with it."""
    seen: dict[str, str] = {}
    for finding in found:
        if finding.code not in ("C03", "C11"):
            yield finding
            continue
        where, other = _reference_of(finding)
        if seen.setdefault(where, other) == other:
            yield finding


def _reference_of(finding: Finding) -> tuple[str, str]:
    """The list and the reference that a C03 or C11 is about."""
    where = finding.message.split('"')[1]
    _, _, rest = finding.message.partition(": ")
    return where, rest.partition(". Try writing [")[0] if finding.code == "C11" else rest


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
