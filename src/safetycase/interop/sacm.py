"""SACM 2.3 XMI: one strict form written, all known dialects read.

Source: Structured Assurance Case Metamodel 2.3 (OMG formal/23-05-08); the GSN words by the GSN
Community Standard v3 (SCSC-141C) and its metamodel over SACM.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from safetycase.argument.findings import Finding, Severity, Span
from safetycase.argument.structure import Structure
from safetycase.interop.sacm_decode import decode
from safetycase.interop.sacm_describe import Notes, short
from safetycase.interop.sacm_document import NAMESPACE
from safetycase.interop.sacm_encode import encode
from safetycase.interop.sacm_index import File, class_of
from safetycase.interop.sacm_print import print_document
from safetycase.interop.sacm_read import is_sacm, read_documents
from safetycase.interop.xml import Element, namespace, parse_xml, walk
from safetycase.plugin.formats import Format, Reading, Source, Writing

__all__ = ["FORMAT", "NAMESPACE_TAG", "read_sacm", "revision_of", "write_sacm"]

NAMESPACE_TAG = "sacm.namespace"
"""The tag of a structure that names the XML namespace to write."""

_REVISIONS: tuple[tuple[str, str], ...] = (
    (NAMESPACE, "SACM 2.3"),
    ("http://www.omg.org/spec/SACM/2.3", "SACM 2.3"),
    ("http://omg.sacm/2.3/", "SACM 2.3"),
    ("http://example.org/sacm/2.3", "SACM 2.3"),
    ("http://www.omg.org/spec/SACM/2.2", "SACM 2.2"),
    ("http://www.omg.org/spec/SACM/2.1", "SACM 2.1"),
    ("http://www.omg.org/spec/SACM/2.0", "SACM 2.0"),
    ("http://www.omg.org/spec/SACM/1.", "SACM 1"),
    ("http://omg.sacm/2.2/", "SACM 2.2"),
    ("http://omg.sacm/2.0/", "SACM 2.0"),
    ("http://schema.omg.org/SACM/1.", "SACM 1"),
    ("http://scsc.acwg.gsn/2.0", "SACM 2.3"),
    ("http://acwg.org/3.0/gsn", "GSN metamodel before 2.0"),
    ("http://www.goalstructuringnotation.info/1.0", "GSN metamodel 1.0"),
    ("http://org.eclipse.acme/1.0/", "ACME 1.0"),
)


def revision_of(uri: str) -> str:
    """The revision that a namespace stands for, empty if it is not known."""
    return next((name for known, name in _REVISIONS if uri.startswith(known)), "")


def read_sacm(sources: Sequence[Source], more: Callable[[str], bytes | None]) -> Reading:
    """The structure that the files state together; `more` is not asked."""
    del more
    notes = Notes()
    files: list[File] = []
    for source in sources:
        root, findings = parse_xml(source.data, source.name)
        notes.findings += findings
        if root is None:
            continue
        roots = is_sacm(root)
        if roots is None:
            span = Span(file=source.name, line=root.line, column=root.column)
            message = "no case, argument or artefact package of SACM at the top of the file"
            notes.find("F050", span, message)
            continue
        files.append(File(name=source.name, roots=roots))
        notes.findings += _namespaces(roots, source.name)
    if not files:
        return Reading(structure=None, findings=tuple(notes.findings))
    document = read_documents(files, notes)
    structure, losses = decode(document, files[0].name)
    return Reading(
        structure=structure,
        findings=tuple(sorted(notes.findings, key=lambda found: (found.span, found.code))),
        losses=(*notes.losses, *losses),
    )


def _namespaces(roots: Sequence[Element], file: str) -> list[Finding]:
    """A warning for a namespace nobody knows, a note for an older revision."""
    uris = dict.fromkeys(
        namespace(element.type or element.tag)
        for root in roots
        for element in walk(root)
        if class_of(element) is not None
    )
    uris.pop("", None)
    found: list[Finding] = []
    told: set[str] = set()
    for uri in uris:
        revision = revision_of(uri)
        if revision == "SACM 2.3" or (revision and revision in told):
            continue
        told.add(revision)
        severity: Severity = "note" if revision else "warning"
        message = (
            f"`{short(uri)}` is {revision}, an older revision; read as SACM 2.3"
            if revision
            else f"the namespace `{short(uri)}` is not known; read as SACM 2.3 by its names"
        )
        span = Span(file=file, line=roots[0].line, column=roots[0].column)
        found.append(Finding(code="F057", span=span, message=message, severity=severity))
    return found


def write_sacm(structure: Structure, stem: str, *, namespace_uri: str = "") -> Writing:
    """The structure as XMI. The namespace is the one given, or that of the tag, or the usual."""
    uri = namespace_uri or structure.tags.get(NAMESPACE_TAG, "") or NAMESPACE
    document, lost = encode(structure)
    text, characters = print_document(document, uri)
    return Writing(files={f"{stem}.sacm.xmi": text}, losses=(*lost, *characters))


def sniff(name: str, head: bytes) -> bool:
    """Whether the first bytes look like XML that speaks of SACM or of a GSN metamodel over it."""
    text = head.replace(b"\0", b"")
    if not text.lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n").startswith(b"<"):
        return False
    marks = (b"SACM", b"sacm", b"AssuranceCasePackage", b"ArgumentPackage", b"acwg.", b"/gsn")
    return name.endswith(".sacm.xmi") or any(mark in text for mark in marks)


FORMAT = Format(
    name="sacm",
    title="SACM 2.3 XMI",
    source="OMG formal/23-05-08, Structured Assurance Case Metamodel 2.3",
    extensions=(".sacm.xmi", ".xmi", ".sacm"),
    read=read_sacm,
    write=write_sacm,
    sniff=sniff,
    limits=(
        "SACM has no justification, public mark, contract, multiplicity, optionality, choice, "
        "and no defeat of strategies, solutions and contexts: tagged values under `sc.` hold them",
        "the standard fixes no XML namespace; the tag `sacm.namespace` names another",
        "terminology, groups and details of artefacts are kept as text and not understood",
        "links keep their order within one step only",
        "references into files that were not named are dangling",
    ),
)
