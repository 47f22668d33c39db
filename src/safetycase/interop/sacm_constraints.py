"""The constraints of SACM 2.3 that only the file shows; the others judge a `Structure`.

Left out are those that the standard states in conflicting ways: who may participate in a binding,
and whether a package with an interface may hold elements.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from safetycase.argument.findings import Span
from safetycase.interop.sacm_describe import Notes, short, truth
from safetycase.interop.sacm_document import CLAIM, REASONING, REFERENCE, RELATIONS
from safetycase.interop.sacm_index import (
    Class,
    File,
    Index,
    attribute,
    children_named,
    class_of,
    references,
)
from safetycase.interop.xml import Element, walk

__all__ = ["Seen", "constraints"]

_BOTH_REFERENCES = frozenset({"AssertedArtifactSupport", "AssertedArtifactContext"})


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Seen:
    """One classified element of a file."""

    element: Element
    cls: Class
    key: str
    package: str
    span: Span
    file: File


def constraints(seen: Iterable[Seen], index: Index, notes: Notes) -> None:
    """Note every constraint that an element breaks."""
    listed = list(seen)
    judge = _Judge(index=index, notes=notes, nested=_nested(listed))
    homes = {id(each.element): each.package for each in listed}
    for each in listed:
        judge.any_element(each)
        if each.cls.kind in RELATIONS and not each.cls.gsn:
            judge.relation(each)
        if each.cls.kind == "ArgumentPackageInterface":
            judge.interface(each, homes)
        judge.package_content(each)
        if each.cls.kind == "TerminologyPackage":
            judge.terminology(each)


def _nested(listed: list[Seen]) -> frozenset[str]:
    """The packages that hold packages."""
    kind = "ArgumentPackage"
    return frozenset(s.package for s in listed if s.cls.kind.startswith(kind) and s.package)


@dataclass(slots=True)
class _Judge:
    index: Index
    notes: Notes
    nested: frozenset[str]

    def find(self, code: str, seen: Seen, message: str) -> None:
        self.notes.find(code, seen.span, f"`{short(seen.key)}`: {message}", subject=seen.key)

    def ends(self, seen: Seen, *names: str) -> list[Element]:
        found = (self.index.resolve(r, seen.file.roots) for r in references(seen.element, *names))
        return [end for end in found if end is not None]

    def any_element(self, seen: Seen) -> None:
        element = seen.element
        abstract = truth(attribute(element, "isAbstract"))
        cites = seen.cls.away or truth(attribute(element, "isCitation"))
        if any(references(element, "citedElement")) and not cites:
            self.find("S01", seen, "it has a cited element and is not marked `isCitation`")
        for form in self.ends(seen, "abstractForm"):
            if abstract:
                self.find("S03", seen, "it has an abstract form and is abstract itself")
            elif not truth(attribute(form, "isAbstract")):
                self.find("S03", seen, "its abstract form is not abstract")
            elif class_of(form) != seen.cls:
                self.find("S03", seen, "its abstract form is of another class")
        if children_named(element, "implementationConstraint") and not abstract:
            self.find("S04", seen, "it has an implementation constraint and is not abstract")
        for text in children_named(element, "name", "description", "note", "content"):
            for part in walk(text) if len(text.children) < 1000 else ():
                if attribute(part, "expression") and attribute(part, "content"):
                    self.find("S06", seen, "a text has an expression and a content of its own")
        for claim in self.ends(seen, "metaClaim"):
            self.must_be(seen, claim, CLAIM, "S16", "a `metaClaim` is a Claim")

    def must_be(self, seen: Seen, end: Element, kind: str, code: str, says: str) -> None:
        found = class_of(end)
        if found is None or found.kind != kind:
            self.find(code, seen, says)

    def relation(self, seen: Seen) -> None:
        sources, targets = self.ends(seen, "source"), self.ends(seen, "target")
        if not sources:
            self.find("S14", seen, "a relationship has one source or more")
        if len(targets) != 1:
            self.find("S14", seen, f"a relationship has one target, not {len(targets)}")
        if seen.cls.kind == "AssertedEvidence":
            for source in sources:
                says = "the source of an AssertedEvidence is an ArtifactReference"
                self.must_be(seen, source, REFERENCE, "S12", says)
        if seen.cls.kind in _BOTH_REFERENCES:
            for end in (*sources, *targets):
                says = f"both ends of an {seen.cls.kind} are ArtifactReferences"
                self.must_be(seen, end, REFERENCE, "S13", says)
        for reasoning in self.ends(seen, "reasoning"):
            self.must_be(seen, reasoning, REASONING, "S16", "a `reasoning` is an ArgumentReasoning")

    def package_content(self, seen: Seen) -> None:
        if seen.package in self.nested and not seen.cls.kind.startswith("ArgumentPackage"):
            self.find("S08", seen, "it stands beside packages, which want to be alone")

    def interface(self, seen: Seen, homes: dict[int, str]) -> None:
        """An interface shows citations of what the implemented package holds, and nothing else."""
        implemented = {id(end) for end in self.ends(seen, "implements")}
        for child in seen.element.children:
            found = class_of(child)
            if found is None or found.kind in RELATIONS:
                continue
            cited = [
                end
                for reference in references(child, "citedElement")
                if (end := self.index.resolve(reference, seen.file.roots)) is not None
            ]
            if not truth(attribute(child, "isCitation")) or not cited:
                self.find("S09", seen, "an interface holds only citations")
            elif implemented and not any(self.inside(end, implemented, homes) for end in cited):
                self.find("S09", seen, "it cites what the implemented package does not hold")

    def inside(self, end: Element, packages: set[int], homes: dict[int, str]) -> bool:
        home = self.index.by_id.get(homes.get(id(end), ""))
        return home is not None and id(home) in packages

    def terminology(self, seen: Seen) -> None:
        for expression in walk(seen.element):
            found = class_of(expression)
            if found is None or found.kind != "Expression":
                continue
            if truth(attribute(expression, "isAbstract")):
                continue
            ends = (
                self.index.resolve(reference, seen.file.roots)
                for reference in references(expression, "element")
            )
            for end in ends:
                if end is not None and truth(attribute(end, "isAbstract")):
                    self.find("S07", seen, "a concrete expression refers to an abstract one")
