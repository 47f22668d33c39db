"""The case files of the Trustworthy and Ethical Assurance platform (TEA).

Source: alan-turing-institute/AssurancePlatform, schema `case-export-v1.0` and its import code.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from safetycase.argument.structure import Structure
from safetycase.interop.notes import MAX_ELEMENTS, Notes, text_of
from safetycase.interop.strict_json import Object, dump_json, parse_json
from safetycase.interop.tea_legacy import read_legacy
from safetycase.interop.tea_read import TeaReader, form_of
from safetycase.interop.tea_write import TeaWriter
from safetycase.plugin.formats import Format, Reading, Source, Writing

__all__ = ["FLAT", "FORMAT", "read_tea", "write_flat", "write_tea"]

_LIMITS = (
    "assumption and justification are one text each; several are joined",
    "context, assumptions and justifications of one element are its attributes, without ids",
    "an element other than evidence stands in one place; a second parent is left out",
    "an element defeats one other element; a challenge to a relation aims at its source",
    "modules are referred to by the UUID of another case; interfaces and contracts are not written",
)


def read_tea(sources: Sequence[Source], more: Callable[[str], bytes | None]) -> Reading:
    """The structure of the first source, in any of the three forms; no further file is asked for.

    Findings: F050 not JSON or not TEA, F051 and F052 beyond the bounds, F053 a key given twice,
    F055 a reference to nothing, F056 an id used twice, F057 an unknown key, F058 a value out of
    its range, F059 not UTF-8, F060 elements in a circle.
    """
    del more
    notes = Notes(sources[0].name if sources else "")
    for source in sources[1:]:
        message = "a TEA case is one file; this one is not read"
        notes.find("F050", 1, message, file=source.name, severity="warning")
    text = text_of(sources[0], notes) if sources else None
    reader = _fill(text, notes) if text is not None else None
    if not sources:
        notes.find("F050", 1, "there is no file to read")
    return Reading(
        structure=reader.structure() if reader else None,
        findings=tuple(notes.findings),
        losses=tuple(notes.losses),
    )


def _fill(text: str, notes: Notes) -> TeaReader | None:
    value, lines = parse_json(text, notes)
    form = form_of(value)
    if form is None or not isinstance(value, Object):
        if not notes.findings:
            hint = "it has `tree`, or `elements` and `evidenceLinks`, or `goals`"
            notes.find("F050", 1, "this JSON is no case of TEA", hint)
        return None
    reader = TeaReader(notes, lines)
    if form == "nested":
        reader.nested(value)
    elif form == "flat":
        reader.flat(value)
    else:
        read_legacy(reader, value)
    if len(reader.parts) + len(reader.links) > MAX_ELEMENTS:
        notes.find("F051", 1, f"more than {MAX_ELEMENTS} elements and links")
        return None
    if not reader.parts:
        notes.find("F050", 1, "the case holds no element")
        return None
    return reader


def write_tea(structure: Structure, stem: str) -> Writing:
    """The nested form, version 1.0; `exportedAt` is the tag `sc.at`, or the start of 1970."""
    writer = TeaWriter(structure)
    text = dump_json(writer.nested())
    return Writing(files={f"{stem}.json": text}, losses=tuple(writer.losses))


def write_flat(structure: Structure, stem: str) -> Writing:
    """The flat form, version 2.0; it holds several roots, and defeaters only for this program."""
    writer = TeaWriter(structure)
    text = dump_json(writer.flat())
    for source in writer.aims:
        says = "the flat form has no field for defeaters; TEA's importer drops what says so"
        writer.lose(source, "challenge", says)
    return Writing(files={f"{stem}.json": text}, losses=tuple(writer.losses))


def _sniff(name: str, head: bytes) -> bool:
    if not name.endswith(".json"):
        return False
    flat = b'"elements"' in head and b'"evidenceLinks"' in head
    nested = b'"case"' in head and b'"exportedAt"' in head
    return nested or flat or (b'"goals"' in head and b'"AssuranceCase"' in head)


FORMAT = Format(
    name="tea",
    title="TEA case, nested (1.0)",
    source="alan-turing-institute/AssurancePlatform, case-export-v1.0",
    extensions=(".json",),
    read=read_tea,
    write=write_tea,
    sniff=_sniff,
    limits=("a tree has one root; what is not under it is left out", *_LIMITS),
)
FLAT = Format(
    name="tea-flat",
    title="TEA case, flat (2.0)",
    source="alan-turing-institute/AssurancePlatform, import format 2.0",
    extensions=(".json",),
    read=read_tea,
    write=write_flat,
    limits=("TEA's importer knows no defeaters in this form and drops them", *_LIMITS),
)
