"""The constraints of SACM 2.3 as a profile.

Rules with `judge` read a `Structure`; of the others only the file shows whether they hold, so the
SACM reader reports them. Constraints that the standard states in conflicting ways are left out:
those on the participants of bindings (clauses 9.4, 10.6, 11.5) beyond their number, and that a
package with an interface holds nothing else (11.4 against 11.6).
"""

from __future__ import annotations

from collections.abc import Iterator

from safetycase.argument.findings import Finding, Severity, Span
from safetycase.argument.structure import Link, Part, Structure
from safetycase.checks.registry import Rule

__all__ = ["RULES"]

_STANDARD = "SACM 2.3 (OMG formal/23-05-08)"


def _finding(
    structure: Structure,
    code: str,
    subject: str,
    message: str,
    *,
    span: Span | None,
    hint: str | None = None,
    severity: Severity = "error",
) -> Finding:
    place = span or Span(file=structure.source, line=1, column=1)
    return Finding(
        code=code,
        span=place,
        message=message,
        hint=hint,
        subject=subject or None,
        severity=severity,
    )


def _cited(structure: Structure) -> Iterator[Finding]:
    """S02: declared `as cited`, and cites nothing."""
    for part in structure.parts.values():
        if part.declaration == "as cited" and not part.away:
            yield _finding(
                structure,
                "S02",
                part.id,
                f"`{part.id}` is declared as cited and cites no element",
                span=part.span,
                hint="name the cited element, or declare it asserted",
            )


def _contracts(structure: Structure) -> dict[str, list[Part]]:
    held: dict[str, list[Part]] = {
        name: [] for name, info in structure.modules.items() if info.contract
    }
    for part in structure.parts.values():
        if part.module in held:
            held[part.module].append(part)
    return held


def _only_citations(structure: Structure) -> Iterator[Finding]:
    """S10: an element of a contract of its own."""
    for name, parts in _contracts(structure).items():
        for part in parts:
            if not part.away:
                yield _finding(
                    structure,
                    "S10",
                    part.id,
                    f"`{part.id}` is no citation, in the contract `{name}`",
                    span=part.span,
                    hint="argue it in a module and cite it here",
                )


def _participants(structure: Structure) -> Iterator[Finding]:
    """S11: a contract that joins less than two modules."""
    for name, parts in _contracts(structure).items():
        info = structure.modules[name]
        cited = {
            structure.parts[part.away].module for part in parts if part.away in structure.parts
        }
        told = len(info.tags.get("sacm.participants", "").split())
        if len(cited) < 2 and told < 2:
            yield _finding(
                structure,
                "S11",
                name,
                f"the contract `{name}` joins {len(cited)} modules; it needs two",
                span=info.span,
            )


def _strategies(structure: Structure) -> Iterator[Finding]:
    """S14: a strategy that no relationship can hold, because one side of it is missing."""
    above: set[str] = set()
    below: set[str] = set()
    for link in structure.links:
        if link.kind == "supported by":
            above.add(link.target)
            below.add(link.source)
    for part in structure.parts.values():
        if part.type != "strategy" or (part.id in above and part.id in below):
            continue
        missing = "premises" if part.id in above else "a conclusion"
        yield _finding(
            structure,
            "S14",
            part.id,
            f"the strategy `{part.id}` has no relationship: it lacks {missing}",
            span=part.span,
            hint="SACM states a reasoning with the inference that it explains",
            severity="warning",
        )


def _ends(structure: Structure) -> Iterator[Finding]:
    """S15: a relationship whose end is not there."""
    ids = {link.id for link in structure.links if link.id}
    for link in structure.links:
        for word, end, known in (
            ("source", link.source, link.source in structure.parts),
            ("target", link.target or link.target_link, _aimed(structure, link, ids)),
        ):
            if not known:
                yield _finding(
                    structure,
                    "S15",
                    link.id or link.source,
                    f"the {word} `{end}` of a relationship is not here",
                    span=link.span,
                )


def _aimed(structure: Structure, link: Link, ids: set[str]) -> bool:
    if link.target_link:
        return link.target_link in ids
    return link.target in structure.parts


def _meta_claims(structure: Structure) -> Iterator[Finding]:
    """S16: a claim point argued by what is no claim."""
    for point in structure.points:
        part = structure.parts.get(point.argued_by)
        if part is not None and part.type in ("strategy", "solution"):
            yield _finding(
                structure,
                "S16",
                point.id,
                f"`{point.id}` is argued by the {part.type} `{part.id}`; a metaClaim is a claim",
                span=point.span or part.span,
            )


RULES: tuple[Rule, ...] = (
    Rule(
        code="S01",
        title="A cited element without the mark of a citation",
        text="An element with a `citedElement` is a citation and is marked `isCitation`.",
        message="it has a cited element and is not marked `isCitation`",
        profile="sacm",
        clause=f"{_STANDARD}, SACMElement",
    ),
    Rule(
        code="S02",
        title="As cited, without a cited element",
        text="An assertion declared `asCited` takes its truth from the element it cites.",
        message="it is declared as cited and cites no element",
        profile="sacm",
        clause=f"{_STANDARD}, AssertionDeclaration",
        judge=_cited,
    ),
    Rule(
        code="S03",
        title="An abstract form that is none",
        text=(
            "The `abstractForm` of an element is abstract and of the same class; the element "
            "itself is concrete."
        ),
        message="its abstract form is not abstract",
        profile="sacm",
        clause=f"{_STANDARD}, SACMElement",
    ),
    Rule(
        code="S04",
        title="An implementation constraint on a concrete element",
        text="Only an abstract element, part of a pattern, says how it is to be made concrete.",
        message="it has an implementation constraint and is not abstract",
        profile="sacm",
        clause=f"{_STANDARD}, ModelElement",
    ),
    Rule(
        code="S05",
        title="Two texts in one language",
        text="The values of a MultiLangString differ in language.",
        message="it has two texts in the same language",
        profile="sacm",
        clause=f"{_STANDARD}, MultiLangString",
    ),
    Rule(
        code="S06",
        title="An expression beside a text",
        text="A text that refers to an expression of the terminology has no content of its own.",
        message="a text has an expression and a content of its own",
        profile="sacm",
        clause=f"{_STANDARD}, ExpressionLangString",
    ),
    Rule(
        code="S07",
        title="A concrete expression of abstract ones",
        text="A concrete expression refers to concrete expressions and terms only.",
        message="a concrete expression refers to an abstract one",
        profile="sacm",
        clause=f"{_STANDARD}, Expression",
    ),
    Rule(
        code="S08",
        title="Elements beside packages",
        text="A package that holds packages holds nothing else.",
        message="it stands beside packages, which want to be alone",
        profile="sacm",
        clause=f"{_STANDARD}, 11.4 ArgumentPackage",
    ),
    Rule(
        code="S09",
        title="An interface that holds more than citations",
        text="An interface holds citations of elements of the package that it implements.",
        message="an interface holds only citations",
        profile="sacm",
        clause=f"{_STANDARD}, 11.6 ArgumentPackageInterface",
    ),
    Rule(
        code="S10",
        title="A binding that holds more than citations",
        text="A binding joins elements of other packages by citations; it argues nothing itself.",
        message="it is no citation, in a contract",
        profile="sacm",
        clause=f"{_STANDARD}, 11.5 ArgumentPackageBinding",
        judge=_only_citations,
    ),
    Rule(
        code="S11",
        title="A binding of less than two packages",
        text="A binding has two participants or more.",
        message="the contract joins less than two modules",
        profile="sacm",
        clause=f"{_STANDARD}, 11.5 ArgumentPackageBinding",
        judge=_participants,
    ),
    Rule(
        code="S12",
        title="Evidence that references no artefact",
        text="The sources of an AssertedEvidence are ArtifactReferences.",
        message="the source of an AssertedEvidence is an ArtifactReference",
        profile="sacm",
        clause=f"{_STANDARD}, AssertedEvidence",
    ),
    Rule(
        code="S13",
        title="An artefact relation between other things",
        text=(
            "Both ends of an AssertedArtifactSupport and of an AssertedArtifactContext are "
            "ArtifactReferences."
        ),
        message="both ends are ArtifactReferences",
        profile="sacm",
        clause=f"{_STANDARD}, AssertedArtifactSupport, AssertedArtifactContext",
    ),
    Rule(
        code="S14",
        title="A relationship without both sides",
        text=(
            "A relationship has one source or more and one target. A strategy is stated with the "
            "inference that it explains, so it needs premises and a conclusion."
        ),
        message="a relationship has one source or more and one target",
        profile="sacm",
        clause=f"{_STANDARD}, AssertedRelationship",
        judge=_strategies,
    ),
    Rule(
        code="S15",
        title="An end that is not there",
        text="Source and target of a relationship are elements of the argument.",
        message="an end of a relationship is not here",
        profile="sacm",
        clause=f"{_STANDARD}, AssertedRelationship",
        judge=_ends,
    ),
    Rule(
        code="S16",
        title="A reasoning or meta-claim of the wrong class",
        text="A `reasoning` is an ArgumentReasoning, a `metaClaim` is a Claim.",
        message="a `metaClaim` is a Claim",
        profile="sacm",
        clause=f"{_STANDARD}, AssertedRelationship, Assertion",
        judge=_meta_claims,
    ),
)
