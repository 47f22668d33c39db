"""SACM files of any known dialect to a `Document`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from safetycase.argument.findings import Span
from safetycase.interop.sacm_constraints import Seen, constraints
from safetycase.interop.sacm_describe import Notes, describe, short, truth
from safetycase.interop.sacm_document import ASSERTED, RELATIONS, Artifact, Document, Item, Package
from safetycase.interop.sacm_index import (
    CASES,
    Class,
    File,
    Index,
    attribute,
    class_of,
    own_id,
    references,
)
from safetycase.interop.sacm_meaning import DECLARATIONS
from safetycase.interop.xml import Element, as_text, local, namespace, walk

__all__ = ["is_sacm", "read_documents"]

_PACKAGES = frozenset({"ArgumentPackage", "ArgumentPackageInterface", "ArgumentPackageBinding"})
_ARTIFACT_PACKAGES = frozenset(
    {"ArtifactPackage", "ArtifactPackageInterface", "ArtifactPackageBinding"}
)
_ARTIFACTS = frozenset({"Artifact", "Event", "Resource", "Activity", "Technique", "Participant"})
_TOPS = _PACKAGES | _ARTIFACT_PACKAGES | CASES
_OLDER = {"toBeSupported": "needsSupport", "needsSupport": "needsSupport"}
_PREMISES = frozenset({"solution", "context", "assumption", "justification"})


def is_sacm(root: Element) -> list[Element] | None:
    """The top objects of a file, unwrapped from `xmi:XMI`; None if it holds nothing of SACM."""
    roots = list(root.children) if local(root.tag) == "XMI" else [root]
    known = [each for each in roots if (found := class_of(each)) and found.kind in _TOPS]
    return roots if known else None


def read_documents(files: Sequence[File], notes: Notes) -> Document:
    """All files as one document; a reference may lead from one to another."""
    return _Reader(files=files, notes=notes).run()


@dataclass(slots=True)
class _Reader:
    files: Sequence[File]
    notes: Notes
    index: Index = field(default_factory=Index)
    seen: list[Seen] = field(default_factory=list)
    keys: dict[int, str] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)
    counts: dict[str, int] = field(default_factory=dict)
    title: Seen | None = None

    def run(self) -> Document:
        for file in self.files:
            for root in file.roots:
                self.index.add(walk(root))
        for file in self.files:
            for root in file.roots:
                self.visit(file, root)
        places = {id(seen.element): seen.span for seen in self.seen}
        for name, element in self.index.twice:
            elsewhere = Span(file=self.files[0].name, line=element.line, column=element.column)
            self.twice(name, places.get(id(element), elsewhere))
        swap = self.gsn_direction()
        packages = [self.package(s) for s in self.seen if s.cls.kind in _PACKAGES]
        items = [self.item(s, swap=swap) for s in self.seen if s.cls.kind in ASSERTED | RELATIONS]
        artifacts = [self.artifact(s) for s in self.seen if s.cls.kind in _ARTIFACTS]
        constraints(self.seen, self.index, self.notes)
        name, identifier, tags = self.top()
        return Document(
            id=identifier,
            name=name,
            tags=tags,
            packages=tuple(packages),
            artifacts=tuple(artifacts),
            items=tuple(items),
        )

    def twice(self, name: str, span: Span) -> None:
        message = f"the id `{short(name)}` is used twice"
        hint = "references lead to the first element of the id"
        self.notes.find("F056", span, message, hint=hint)

    def top(self) -> tuple[str, str, dict[str, str]]:
        """Title, id and tags of the whole: those of the first case, or of the first package."""
        if self.title is None:
            first = next((s for s in self.seen if s.cls.kind in _PACKAGES), None)
            return (describe(first.element, "", Notes(), first.span).name if first else ""), "", {}
        said = describe(self.title.element, "", self.notes, self.title.span)
        tags = said.tags | ({"sacm.description": said.text} if said.text else {})
        number = 0
        for seen in self.seen:
            if seen.cls.kind not in _PACKAGES | ASSERTED | RELATIONS | _ARTIFACTS | CASES:
                number += 1
                tags[f"sacm.element.{number}"] = as_text(seen.element)
                says = f"a {seen.cls.kind} has no place in a structure; kept as text in a tag"
                self.notes.lose(seen.key, "element", says)
        return said.name, own_id(self.title.element), tags

    def visit(self, file: File, root: Element) -> None:
        """Classify what is in the tree; packages are opened, everything else is a leaf."""
        stack: list[tuple[Element, str]] = [(root, "")]
        while stack:
            element, package = stack.pop()
            found = class_of(element)
            if found is None:
                continue
            opens = found.kind in _TOPS
            span = Span(file=file.name, line=element.line, column=element.column)
            key = self.key(element, found)
            seen = Seen(element=element, cls=found, key=key, package=package, span=span, file=file)
            if found.kind in CASES and self.title is None:
                self.title = seen
            elif found.kind not in _ARTIFACT_PACKAGES:
                self.seen.append(seen)
            inner = key if found.kind in _PACKAGES else ""
            if opens:
                stack.extend((child, inner) for child in reversed(element.children))
            if found.kind in _ARTIFACT_PACKAGES | (CASES if seen is not self.title else set()):
                self.leave(seen)

    def leave(self, seen: Seen) -> None:
        said = describe(seen.element, seen.key, self.notes, seen.span)
        if said.text or said.tags:
            says = f"description and tagged values of a {seen.cls.kind} have no place; left out"
            self.notes.lose(said.name or seen.key, "package", says)

    def key(self, element: Element, found: Class) -> str:
        """The id of an element; without one its name, or a number, and none for relations."""
        wanted = own_id(element)
        if not wanted and found.kind not in RELATIONS:
            said = describe(element, "", Notes(), Span(file="", line=1, column=1)).name
            wanted = said if said and len(said) <= 40 and not any(map(str.isspace, said)) else ""
        word = found.kind.removeprefix("Asserted").lower()
        prefix = f"sc.{word}" if found.kind in RELATIONS else word
        key = wanted
        while not key or key in self.taken:
            base = wanted or prefix
            self.counts[base] = number = self.counts.get(base, 0 if not wanted else 1) + 1
            key = f"{base}.{number}" if wanted or found.kind in RELATIONS else f"{base}-{number}"
        self.taken.add(key)
        self.keys[id(element)] = key
        return key

    def ends(self, seen: Seen, *names: str) -> tuple[str, ...]:
        """The ids that references lead to; what leads nowhere is a finding."""
        found = []
        for reference in references(seen.element, *names):
            end = self.index.resolve(reference, seen.file.roots)
            key = self.keys.get(id(end)) if end is not None else None
            if key is not None:
                found.append(key)
                continue
            where = "leads nowhere" if end is None else "leads to what cannot stand here"
            message = f"`{names[0]}` of `{short(seen.key)}`: `{short(reference)}` {where}"
            self.notes.find("F055", seen.span, message, subject=seen.key)
        return tuple(found)

    def end(self, seen: Seen, *names: str) -> str:
        return next(iter(self.ends(seen, *names)), "")

    def package(self, seen: Seen) -> Package:
        said = describe(seen.element, seen.key, self.notes, seen.span)
        return Package(
            id=seen.key,
            kind=seen.cls.kind,
            name=said.name,
            text=said.text,
            parent=seen.package,
            participants=self.ends(seen, "participantPackage"),
            implements=self.end(seen, "implements"),
            tags=said.tags,
            span=seen.span,
        )

    def artifact(self, seen: Seen) -> Artifact:
        said = describe(seen.element, seen.key, self.notes, seen.span)
        tags = said.tags | ({"sacm.description": said.text} if said.text else {})
        plain = {k: v for k, v in seen.element.attributes.items() if not namespace(k)}
        return Artifact(
            id=seen.key,
            kind=seen.cls.kind,
            name=said.name,
            version=plain.get("version", ""),
            date=plain.get("date", ""),
            location=plain.get("location", ""),
            tags=tags,
        )

    def item(self, seen: Seen, *, swap: bool) -> Item:
        element, found = seen.element, seen.cls
        said = describe(element, seen.key, self.notes, seen.span)
        tags = said.tags
        sources, targets = self.ends(seen, "source"), self.ends(seen, "target")
        if found.gsn:
            tags.setdefault("sc.inference", "")
            sources, targets = (targets, sources) if swap else (sources, targets)
        kind = found.kind
        if found.type == "context" and truth(attribute(element, "refersToExternalMaterial")):
            kind = "ArtifactReference"
        return Item(
            kind=kind,
            id=seen.key,
            package=seen.package,
            name=said.name,
            text=said.text,
            declaration=self.declaration(seen, tags),
            type=found.type,
            abstract=truth(attribute(element, "isAbstract", "uninstantiated")),
            citation=found.away or truth(attribute(element, "isCitation")),
            counter=found.counter or truth(attribute(element, "isCounter")),
            cited=self.end(seen, "citedElement", "module"),
            referenced=self.ends(seen, "referencedArtifactElement", "referencedArtifact"),
            sources=sources,
            targets=targets,
            reasoning=self.ends(seen, "reasoning"),
            claims=self.ends(seen, "metaClaim"),
            tags=tags,
            span=seen.span,
        )

    def declaration(self, seen: Seen, tags: dict[str, str]) -> str:
        said = attribute(seen.element, "assertionDeclaration").strip()
        said = _OLDER.get(said, said)
        if not said and truth(attribute(seen.element, "toBeSupported")):
            return "needsSupport"
        if not said and (
            truth(attribute(seen.element, "assumed")) or seen.cls.type == "assumption"
        ):
            return "assumed"
        if not said or said in DECLARATIONS:
            return said or "asserted"
        tags["sacm.attribute.assertionDeclaration"] = said
        message = f"`{short(said)}` is no assertion declaration"
        hint = "one of " + ", ".join(DECLARATIONS)
        self.notes.find("F058", seen.span, message, subject=seen.key, hint=hint)
        return "asserted"

    def gsn_direction(self) -> bool:
        """Whether the relations of a GSN metamodel run from the supported element, as it says.

        Some files have them the other way about. What can only be a premise tells.
        """
        types = {seen.key: seen.cls.type for seen in self.seen}
        votes = 0
        first: Seen | None = None
        for seen in self.seen:
            if seen.cls.gsn:
                first = first or seen
                votes += sum(types.get(e) in _PREMISES for e in self.quietly(seen, "target"))
                votes -= sum(types.get(e) in _PREMISES for e in self.quietly(seen, "source"))
        if votes < 0 and first:
            says = "the GSN relations of this file run from premise to conclusion; read so"
            self.notes.find("F058", first.span, says, severity="note")
        return votes >= 0

    def quietly(self, seen: Seen, name: str) -> Iterator[str]:
        for reference in references(seen.element, name):
            end = self.index.resolve(reference, seen.file.roots)
            yield self.keys.get(id(end), "") if end is not None else ""
