"""Finding one's way in a SACM file of any dialect: classes, ids, references, texts.

Accepted beside the strict form: class-named tags in either case, plain `id` and `gid`, references
as attributes, as `href`, `ref` or `idref` of child elements, or as positions in the tree
(`//@argumentAsset.5`), the GSN metamodels over SACM, and the names of SACM 1 and 2.0.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from safetycase.argument.structure import PartType
from safetycase.interop.sacm_document import CLAIM, REASONING, REFERENCE, RELATIONS
from safetycase.interop.xml import Element, local, namespace

__all__ = [
    "CASES",
    "MEMBERS",
    "Class",
    "File",
    "Index",
    "attribute",
    "child_named",
    "class_of",
    "children_named",
    "own_id",
    "references",
    "texts",
]


class Class(NamedTuple):
    """What an element is: its SACM class and, in a GSN metamodel, its type there."""

    kind: str
    type: PartType | None = None
    away: bool = False
    counter: bool = False
    gsn: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """One parsed file: its name and the objects at its top."""

    name: str
    roots: list[Element]


CASES = frozenset(
    {"AssuranceCasePackage", "AssuranceCasePackageInterface", "AssuranceCasePackageBinding"}
)
_OF_SACM = (
    *CASES,
    "ArgumentPackage",
    "ArgumentPackageInterface",
    "ArgumentPackageBinding",
    "ArgumentGroup",
    *(CLAIM, REASONING, REFERENCE),
    *sorted(RELATIONS),
    "ArtifactPackage",
    "ArtifactPackageInterface",
    "ArtifactPackageBinding",
    "ArtifactGroup",
    *("Artifact", "Property", "Event", "Resource", "Activity", "Technique", "Participant"),
    "ArtifactAssetRelationship",
    "TerminologyPackage",
    "TerminologyPackageInterface",
    "TerminologyPackageBinding",
    *("TerminologyGroup", "Category", "Expression", "Term"),
)
_CLASSES: dict[str, Class] = {
    **{name: Class(name) for name in _OF_SACM},
    "ArtefactElementCitation": Class(REFERENCE),
    "ArtifactElementCitation": Class(REFERENCE),
    "InformationElementCitation": Class(REFERENCE),
    "AssertedChallenge": Class("AssertedInference", counter=True),
    "AssertedCounterEvidence": Class("AssertedEvidence", counter=True),
    "Goal": Class(CLAIM, "goal"),
    "Strategy": Class(REASONING, "strategy"),
    "Solution": Class(REFERENCE, "solution"),
    "Context": Class(CLAIM, "context"),
    "Assumption": Class(CLAIM, "assumption"),
    "Justification": Class(CLAIM, "justification"),
    "AwayGoal": Class(CLAIM, "goal", away=True),
    "AwaySolution": Class(REFERENCE, "solution", away=True),
    "AwayContext": Class(CLAIM, "context", away=True),
    "AwayAssumption": Class(CLAIM, "assumption", away=True),
    "AwayJustification": Class(CLAIM, "justification", away=True),
    "Module": Class("ArgumentPackage"),
    "ContractModule": Class("ArgumentPackageBinding"),
    "ModuleReference": Class(CLAIM, "module"),
    "ContractModuleReference": Class(CLAIM, "contract"),
    "ContractReference": Class(CLAIM, "contract"),
    "SupportedBy": Class("AssertedInference", gsn=True),
    "InContextOf": Class("AssertedContext", gsn=True),
}
_CAE = {"Argument": Class(REASONING), "Evidence": Class(REFERENCE)}

MEMBERS = frozenset(
    {"name", "description", "note", "content", "taggedValue", "source", "target", "reasoning"}
    | {"metaClaim", "citedElement", "abstractForm", "referencedArtifactElement", "structure"}
    | {"referencedArtifact", "implementationConstraint", "participantPackage", "implements"}
    | {"interface", "module"}
)
"""Tags of the parts of an element; no class is read from these."""


def class_of(element: Element) -> Class | None:
    """The class of an element, by `xsi:type`, `xmi:type` or its own tag; None if there is none."""
    said = element.type
    if not said:
        typed = (v for k, v in element.attributes.items() if local(k) == "type" and "XMI" in k)
        said = next(typed, "").rpartition(":")[2]
    if said:
        name, space = local(said), namespace(said)
    elif local(element.tag) in MEMBERS:
        return None
    else:
        name, space = local(element.tag), namespace(element.tag)
        name = name[:1].upper() + name[1:]
    if space.endswith("/cae") and name in _CAE:
        return _CAE[name]
    return _CLASSES.get(name)


def attribute(element: Element, *names: str) -> str:
    """The value of an attribute of one of these local names, without a namespace if possible."""
    for name in names:
        if name in element.attributes:
            return element.attributes[name]
    for key, value in element.attributes.items():
        if local(key) in names:
            return value
    return ""


def children_named(element: Element, *names: str) -> list[Element]:
    """The children whose tag has one of these local names."""
    return [child for child in element.children if local(child.tag) in names]


def child_named(element: Element, name: str) -> Element | None:
    """The first child of that local name."""
    return next(iter(children_named(element, name)), None)


def texts(element: Element) -> list[tuple[str, str]]:
    """(language, text) pairs of a LangString or MultiLangString, in any of its forms."""
    here: Element | None = element
    while here is not None:
        values = children_named(here, "value")
        if values:
            return [(attribute(v, "lang"), _content(v)) for v in values]
        inner = child_named(here, "content")
        if inner is None:
            return [(attribute(here, "lang"), _content(here))]
        here = inner
    return []


def _content(element: Element) -> str:
    said = [v for k, v in element.attributes.items() if local(k) in ("content", "value")]
    return said[0] if said else element.text.strip()


def references(element: Element, *names: str) -> Iterator[str]:
    """What the attribute or the children of these names refer to, as written."""
    for name in names:
        if name in element.attributes:
            yield from element.attributes[name].split()
    for child in children_named(element, *names):
        said = attribute(child, "href", "ref", "idref") or child.text
        yield from said.split()


@dataclass(slots=True)
class Index:
    """The elements of the read files by id and by position."""

    roots: list[list[Element]] = field(default_factory=list)
    by_id: dict[str, Element] = field(default_factory=dict)
    features: dict[int, dict[str, list[Element]]] = field(default_factory=dict)
    twice: list[tuple[str, Element]] = field(default_factory=list)

    def add(self, elements: Iterable[Element]) -> None:
        """Enter the ids of these elements; the first of an id counts."""
        for element in elements:
            for name in _ids(element):
                if self.by_id.setdefault(name, element) is not element:
                    self.twice.append((name, element))

    def resolve(self, reference: str, roots: list[Element]) -> Element | None:
        """The element that a reference in the file with these roots leads to."""
        fragment = reference.rpartition("#")[2]
        if fragment in self.by_id:
            return self.by_id[fragment]
        return self.at(fragment, roots) if fragment.startswith("/") else None

    def at(self, path: str, roots: list[Element]) -> Element | None:
        """The element at an EMF path: `/ROOT/@feature.index/...`, an empty ROOT is the first."""
        _, first, *steps = path.split("/")
        number = int(first) if first.isascii() and first.isdigit() and len(first) < 9 else 0
        here = roots[number] if number < len(roots) else None
        for step in steps:
            if here is None or not step.startswith("@"):
                return here if not step else None
            feature, dot, index = step[1:].rpartition(".")
            if not dot:
                feature, index = step[1:], "0"
            if not (index.isascii() and index.isdigit() and len(index) < 9):
                return None
            listed = self.of(here).get(feature, [])
            here = listed[int(index)] if int(index) < len(listed) else None
        return here

    def of(self, element: Element) -> dict[str, list[Element]]:
        """The children of an element by local tag, in order."""
        if id(element) not in self.features:
            grouped: dict[str, list[Element]] = {}
            for child in element.children:
                grouped.setdefault(local(child.tag), []).append(child)
            self.features[id(element)] = grouped
        return self.features[id(element)]


def own_id(element: Element) -> str:
    """The id of an element as its file gives it, or nothing."""
    return next(_ids(element), "")


def _ids(element: Element) -> Iterator[str]:
    """`xmi:id` or `id`, then `gid`; a second id is an id, too."""
    attributes = element.attributes
    for key, value in attributes.items():
        if local(key) == "id" and value.strip():
            yield value.strip()
    gid = attributes.get("gid", "").strip()
    if gid:
        yield gid
