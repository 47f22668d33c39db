"""Extended LTAC: an argument as an indented list of lines.

Source: Lightweight Text Assurance Case format (Argevide) as extended by the tool verocase, with
options, relations and citations between packages.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from safetycase.argument.structure import Structure
from safetycase.interop.ltac_read import LtacReader
from safetycase.interop.ltac_write import write_lines
from safetycase.interop.notes import Notes, text_of
from safetycase.plugin.formats import Format, Reading, Source, Writing

__all__ = ["FORMAT", "read_ltac", "write_ltac"]

_FIRST = re.compile(rb"(?:[ \t]*(?:#[^\n]*)?\r?\n)*+[-*] (?:Claim|Justification)\b")


def read_ltac(sources: Sequence[Source], more: Callable[[str], bytes | None]) -> Reading:
    """The structure of the first source; LTAC is one file and asks for no more.

    Findings: F050 a line that is no element or stands wrongly, F051 and F052 beyond the bounds,
    F055 a reference to nothing, F056 an id used twice, F057 an unknown option, F058 statuses or
    types that contradict each other, F059 not UTF-8, F060 support in a circle.
    """
    del more
    notes = Notes(sources[0].name if sources else "")
    if not sources:
        notes.find("F050", 1, "there is no file to read")
        return Reading(structure=None, findings=tuple(notes.findings))
    for source in sources[1:]:
        message = "LTAC is one file; this one is not read"
        notes.find("F050", 1, message, file=source.name, severity="warning")
    text = text_of(sources[0], notes)
    if text is None:
        return Reading(structure=None, findings=tuple(notes.findings))
    reader = LtacReader(notes)
    reader.read(text)
    if not reader.parts:
        notes.find("F050", 1, "the file holds no element of LTAC")
    return Reading(
        structure=reader.structure() if reader.parts else None,
        findings=tuple(notes.findings),
        losses=tuple(notes.losses),
    )


def write_ltac(structure: Structure, stem: str) -> Writing:
    """One file; see `docs/reference/formats/ltac.md` for what it cannot carry."""
    text, losses = write_lines(structure)
    return Writing(files={f"{stem}.ltac": text}, losses=losses)


def _sniff(name: str, head: bytes) -> bool:
    return name.endswith(".ltac") or _FIRST.match(head.removeprefix(b"\xef\xbb\xbf")) is not None


FORMAT = Format(
    name="ltac",
    title="Extended LTAC (Lightweight Text Assurance Case)",
    source="Argevide LTAC 1.1.2 and its extension by verocase",
    extensions=(".ltac",),
    read=read_ltac,
    write=write_ltac,
    sniff=_sniff,
    limits=(
        "an element has an id and no other name; a package is named by its root",
        "multiplicity, choice, optional and public have no place in it",
        "a challenge aims at an element, never at a relation",
    ),
)
