"""A SACM document as XMI, in one form only.

Root `sacm:AssuranceCasePackage`, ids in `xmi:id`, references as ids in attributes, classes by
`xsi:type`, members `argumentElement` and `artifactElement`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from safetycase.argument.structure import Loss
from safetycase.interop.markup import clean_xml, xml_quote, xml_text
from safetycase.interop.sacm_document import NAMESPACE, Artifact, Document, Item, Package
from safetycase.interop.xml import XSI

__all__ = ["print_document"]

_XMI = "http://www.omg.org/spec/XMI/20131001"
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|\\^`]+")
_LANGUAGE = "sacm.lang"
_OTHER = "sacm.text."


def print_document(document: Document, namespace: str) -> tuple[str, tuple[Loss, ...]]:
    """The file, and a loss for each element with characters that XML cannot hold."""
    losses: list[Loss] = []
    lines = [
        clean
        for line, about in _lines(document, namespace)
        if (clean := _clean(line, about, losses)) is not None
    ]
    return "\n".join(lines) + "\n", tuple(losses)


def _clean(line: str, about: str, losses: list[Loss]) -> str:
    clean = clean_xml(line)
    if clean != line:
        says = "it holds characters that XML cannot; U+FFFD stands in their place"
        losses.append(Loss(about=about, what="character", says=says))
    return clean


def _tag(indent: str, name: str, attributes: Mapping[str, str], *, empty: bool) -> str:
    said = "".join(f" {key}={xml_quote(value)}" for key, value in attributes.items() if value)
    return f"{indent}<{name}{said}{'/' if empty else ''}>"


def _lines(document: Document, namespace: str) -> Iterator[tuple[str, str]]:
    uri = namespace if _URI.fullmatch(namespace) else NAMESPACE
    yield '<?xml version="1.0" encoding="UTF-8"?>', ""
    root = {
        "xmlns:sacm": uri,
        "xmlns:xmi": _XMI,
        "xmlns:xsi": XSI,
        "xmi:version": "2.0",
        "xmi:id": document.id,
    }
    yield _tag("", "sacm:AssuranceCasePackage", root, empty=False), document.id
    yield from _model(" ", document.id, document.name, "", document.tags)
    if document.artifacts:
        yield ' <artifactPackage xmi:id="sc.artifacts">', ""
        yield '  <name content="Artefacts"/>', ""
        for artifact in document.artifacts:
            yield from _artifact(artifact)
        yield " </artifactPackage>", ""
    inside: dict[str, list[Item]] = {package.id: [] for package in document.packages}
    for item in document.items:
        inside[item.package].append(item)
    for package in document.packages:
        yield from _package(package, inside[package.id])
    yield "</sacm:AssuranceCasePackage>", ""


def _model(
    indent: str, about: str, name: str, text: str, tags: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    """Name, description and tagged values; texts in further languages stand with the first."""
    yield _tag(indent, "name", {"content": name}, empty=True), about
    others = {key: value for key, value in tags.items() if key.startswith(_OTHER) and value}
    language = tags.get(_LANGUAGE, "en") or "en"
    if not text or language in (key.removeprefix(_OTHER) for key in others):
        others = {}
    if text:
        yield f"{indent}<description>", about
        yield f"{indent} <content>", about
        for lang, content in ((language, text), *_languages(others)):
            value = f"{indent}  <value lang={xml_quote(lang)} content={xml_quote(content)}/>"
            yield value, about
        yield f"{indent} </content>", about
        yield f"{indent}</description>", about
    for key, value in tags.items():
        if key in others or (text and key == _LANGUAGE and value and value != "en"):
            continue
        yield f"{indent}<taggedValue>", about
        yield f"{indent} <key>{xml_text(key)}</key>", about
        yield f"{indent} <content>{xml_text(value)}</content>", about
        yield f"{indent}</taggedValue>", about


def _languages(others: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for key, value in others.items():
        yield key.removeprefix(_OTHER), value


def _artifact(artifact: Artifact) -> Iterator[tuple[str, str]]:
    attributes = {
        "xsi:type": f"sacm:{artifact.kind}",
        "xmi:id": artifact.id,
        "version": artifact.version,
        "date": artifact.date,
    }
    yield _tag("  ", "artifactElement", attributes, empty=False), artifact.id
    yield from _model("   ", artifact.id, artifact.name, "", artifact.tags)
    yield "  </artifactElement>", artifact.id


def _package(package: Package, items: list[Item]) -> Iterator[tuple[str, str]]:
    attributes = {
        "xsi:type": "" if package.kind == "ArgumentPackage" else f"sacm:{package.kind}",
        "xmi:id": package.id,
        "participantPackage": " ".join(package.participants),
    }
    yield _tag(" ", "argumentPackage", attributes, empty=False), package.id
    yield from _model("  ", package.id, package.name, package.text, package.tags)
    for item in items:
        yield from _item(item)
    yield " </argumentPackage>", package.id


def _item(item: Item) -> Iterator[tuple[str, str]]:
    attributes = {
        "xsi:type": f"sacm:{item.kind}",
        "xmi:id": item.id,
        "isAbstract": "true" if item.abstract else "",
        "isCitation": "true" if item.citation else "",
        "citedElement": item.cited,
        "assertionDeclaration": "" if item.declaration == "asserted" else item.declaration,
        "isCounter": "true" if item.counter else "",
        "referencedArtifactElement": " ".join(item.referenced),
        "source": " ".join(item.sources),
        "target": " ".join(item.targets),
        "reasoning": " ".join(item.reasoning),
        "metaClaim": " ".join(item.claims),
    }
    yield _tag("  ", "argumentElement", attributes, empty=False), item.id
    yield from _model("   ", item.id, item.name, item.text, item.tags)
    yield "  </argumentElement>", item.id
