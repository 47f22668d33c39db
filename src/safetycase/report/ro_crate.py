"""A case, its record and its report as an RO-Crate: one folder that other tools can read.

RO-Crate 1.1 (https://w3id.org/ro/crate/1.1) describes the files in JSON-LD, and the profile for
runs (Process Run Crate 0.5, Leo et al. 2024, doi:10.1371/journal.pone.0309210) each attempt: what
was run, on what, when, and how it ended, those that failed too.
"""

from __future__ import annotations

import html
import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from safetycase.argument.header import Author
from safetycase.argument.model import Evidence
from safetycase.assess.records import Assessment, Attempt
from safetycase.report.clean import one_line
from safetycase.report.leaf_rows import LeafRow, leaf_rows
from safetycase.report.marks import verdict_mark
from safetycase.report.ro_crate_names import Entity, name_of, path_of, text_of
from safetycase.report.ro_crate_review import said_in_review

__all__ = ["DESCRIPTOR", "PREVIEW", "CrateFile", "preview", "ro_crate"]

DESCRIPTOR, PREVIEW = "ro-crate-metadata.json", "ro-crate-preview.html"
CRATE = "https://w3id.org/ro/crate/1.1"
PROFILE = "https://w3id.org/ro/wfrun/process/0.5"
UNLICENSED = "#no-licence"
STATUS = "http://schema.org/"
CONTEXT: list[object] = [
    f"{CRATE}/context",
    {"sha256": "https://schema.org/sha256"},  # of schema.org, and newer than the context
]


@dataclass(frozen=True, slots=True, kw_only=True)
class CrateFile:
    """A file of the crate: its path with `/`, what it is, its media type, size and SHA-256 (hex).

    `role` is `case`, `record`, `report` or `input`.
    """

    path: str
    name: str
    media_type: str
    size: int
    sha256: str
    role: str


def ro_crate(
    assessment: Assessment,
    files: Sequence[CrateFile],
    *,
    version: str,
    keys: Mapping[str, Sequence[str]] | None = None,
    licence: str | None = None,
) -> dict[str, object]:
    """The metadata of a crate that holds `files`, as JSON-LD.

    `keys` names the owner of each signing key with its roles, `licence` is the address of a
    licence. The time of publication is that of the assessment.
    """
    header, at = assessment.case.header, assessment.at.isoformat()
    record = [file for file in files if file.role == "record"]
    held = {file.path for file in files}
    actions = [_action(assessment, attempt, record, held) for attempt in assessment.attempts]
    numbers = list(_numbers(assessment))
    made = _made(files, version, at)
    said = list(said_in_review(assessment.review, [f.path for f in files if f.role == "case"]))
    reviewing = [each for each in said if each["@type"] != "Person"]
    people = [*_people(header.authors), *_people(header.reviewers), *_owners(keys or {})]
    tools = [*_methods(assessment), _tool(version)]
    mark = verdict_mark(assessment)
    root: Entity = {
        "@id": "./",
        "@type": "Dataset",
        "name": text_of(header.title),
        "description": text_of(f"Safety case, verdict: {mark.word}. {assessment.headline}"),
        "datePublished": at,
        "conformsTo": {"@id": PROFILE},
        "hasPart": [{"@id": path_of(file.path)} for file in files],
        "mentions": [{"@id": str(each["@id"])} for each in (made, *actions, *numbers, *reviewing)],
        "keywords": f"safety case, {text_of(header.case)}, {header.maturity}",
    }
    authors = [{"@id": str(p["@id"])} for p in _people(header.authors) if p["@type"] == "Person"]
    if authors:
        root["author"] = authors
    root["license"] = {"@id": licence or UNLICENSED}
    graph: list[Entity] = [
        {
            "@id": DESCRIPTOR,
            "@type": "CreativeWork",
            "conformsTo": {"@id": CRATE},
            "about": {"@id": "./"},
        },
        root,
        {"@id": PROFILE, "@type": "CreativeWork", "name": "Process Run Crate", "version": "0.5"},
        *map(_file, files),
        made,
        *people,
        *tools,
        *actions,
        *numbers,
        *said,
        *_elsewhere(assessment, held),
    ]
    graph.append(_licence(licence))
    return {"@context": CONTEXT, "@graph": _once(graph)}


def preview(assessment: Assessment, files: Sequence[CrateFile]) -> str:
    """A small page that lists the files of the crate; it fetches and runs nothing."""
    title = html.escape(one_line(assessment.case.header.title, limit=400))
    mark = verdict_mark(assessment)
    rows = "".join(
        f'<li><a href="{html.escape(path_of(f.path))}">{html.escape(one_line(f.path))}</a>: '
        f"{html.escape(one_line(f.name))}</li>"
        for f in files
    )
    return (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'">'
        f"<title>{title}</title></head><body><h1>{title}</h1>"
        f"<p>{mark.glyph} {mark.word}: {html.escape(one_line(assessment.headline))}</p>"
        f'<ul>{rows}<li><a href="{DESCRIPTOR}">{DESCRIPTOR}</a>: what all of this is, as JSON-LD'
        "</li></ul></body></html>\n"
    )


def _licence(address: str | None) -> Entity:
    """The licence; that none is stated is said, since a crate has to say something of it."""
    stated = "The licence under which this may be used."
    unstated = "How this may be used has to be asked of whoever the case is of."
    return {
        "@id": address or UNLICENSED,
        "@type": "CreativeWork",
        "name": "Licence" if address else "No licence is stated",
        "description": stated if address else unstated,
    }


def _file(file: CrateFile) -> Entity:
    return {
        "@id": path_of(file.path),
        "@type": "File",
        "name": text_of(file.name),
        "encodingFormat": file.media_type,
        "contentSize": str(file.size),
        "sha256": file.sha256,
    }


def _people(authors: Sequence[Author]) -> Iterator[Entity]:
    for author in authors:
        person: Entity = {
            "@id": name_of("person", author.name),
            "@type": "Person",
            "name": text_of(author.name),
        }
        if author.organisation:
            organisation = name_of("organisation", author.organisation)
            person["affiliation"] = {"@id": organisation}
            yield {
                "@id": organisation,
                "@type": "Organization",
                "name": text_of(author.organisation),
            }
        yield person


def _owners(keys: Mapping[str, Sequence[str]]) -> Iterator[Entity]:
    for owner, roles in keys.items():
        yield {
            "@id": name_of("person", owner),
            "@type": "Person",
            "name": text_of(owner),
            "description": text_of(", ".join(["signs in the record", *roles])),
        }


def _tool(version: str) -> Entity:
    return {
        "@id": "#safetycase",
        "@type": "SoftwareApplication",
        "name": "safetycase",
        "softwareVersion": version,
    }


def _methods(assessment: Assessment) -> Iterator[Entity]:
    for leaf in assessment.leaves.values():
        if leaf.method:
            yield {
                "@id": name_of("method", leaf.method, leaf.method_version),
                "@type": "SoftwareApplication",
                "name": text_of(leaf.method),
                "softwareVersion": text_of(leaf.method_version or "unknown"),
            }


def _instrument(assessment: Assessment, attempt: Attempt) -> str:
    leaf = assessment.leaves.get(attempt.evidence)
    if leaf is None or not leaf.method:
        return "#safetycase"  # of evidence that the case no longer has, the record alone tells
    return name_of("method", leaf.method, leaf.method_version)


def _input(path: str, held: Collection[str]) -> str:
    """The name of an input: its path if the crate holds it."""
    return path_of(path) if path in held else name_of("input", path)


def _elsewhere(assessment: Assessment, held: Collection[str]) -> Iterator[Entity]:
    """The inputs that the crate does not hold, named all the same."""
    for element in assessment.case.elements.values():
        for path in element.inputs if isinstance(element, Evidence) else ():
            if path not in held:
                yield {
                    "@id": name_of("input", path),
                    "@type": "CreativeWork",
                    "name": text_of(path),
                    "description": "An input of the evidence; it is not in this crate.",
                }


def _action(
    assessment: Assessment, attempt: Attempt, record: Sequence[CrateFile], held: Collection[str]
) -> Entity:
    """One attempt: also those that failed, with their reason."""
    done = attempt.outcome == "completed"
    loose = " (exploratory)" if attempt.exploratory else ""
    element = assessment.case.elements.get(attempt.evidence)
    inputs = element.inputs if isinstance(element, Evidence) else ()
    status = {"completed": "Completed", "running": "Active"}.get(attempt.outcome, "Failed")
    action: Entity = {
        "@id": name_of("attempt", str(attempt.seq)),
        "@type": "CreateAction",
        "name": text_of(f"Attempt at {attempt.evidence}, record {attempt.seq}{loose}"),
        "description": text_of(f"{attempt.outcome}; registered in record {attempt.registration}"),
        "instrument": {"@id": _instrument(assessment, attempt)},
        "startTime": attempt.started_at,
        "actionStatus": {"@id": f"{STATUS}{status}ActionStatus"},
    }
    if inputs:
        action["object"] = [{"@id": _input(path, held)} for path in inputs]
    if attempt.ended_at:
        action["endTime"] = attempt.ended_at
    if done and record:
        action["result"] = [{"@id": path_of(file.path)} for file in record]
    if attempt.outcome in ("failed", "aborted", "lost"):
        action["error"] = text_of(attempt.reason or attempt.outcome)
    return action


def _numbers(assessment: Assessment) -> Iterator[Entity]:
    """What each leaf measured, with its interval and whether it counts."""
    for row in leaf_rows(assessment):
        if row.quantity is not None:
            yield _number(row)


def _number(row: LeafRow) -> Entity:
    q = row.quantity
    assert q is not None
    found: Entity = {
        "@id": name_of("number", row.evidence, q.name),
        "@type": "PropertyValue",
        "name": text_of(f"{row.evidence}: {q.name}"),
        "description": text_of(
            f"{q.name} {row.reading} ({row.n}), held against {row.criterion}: {row.says}"
        ),
        "unitText": text_of(q.unit),
    }
    ends = {"value": q.estimate, "minValue": q.interval.low, "maxValue": q.interval.high}
    return found | {name: v for name, v in ends.items() if math.isfinite(v)}


def _made(files: Sequence[CrateFile], version: str, at: str) -> Entity:
    """How the report came to be: computed from the case and the record."""
    return {
        "@id": "#assessment",
        "@type": "CreateAction",
        "name": "The report, computed from the case and its record",
        "description": f"safetycase {version}",
        "instrument": {"@id": "#safetycase"},
        "object": [{"@id": path_of(f.path)} for f in files if f.role in ("case", "record")],
        "result": [{"@id": path_of(f.path)} for f in files if f.role == "report"],
        "endTime": at,
        "actionStatus": {"@id": f"{STATUS}CompletedActionStatus"},
    }


def _once(graph: Sequence[Entity]) -> list[Entity]:
    """Each entity once: JSON-LD forbids two of one name. What a later one adds is kept."""
    found: dict[str, Entity] = {}
    for entity in graph:
        name = str(entity["@id"])
        found[name] = {**entity, **found.get(name, {})}
    return [{k: _compact(v) for k, v in e.items() if v != []} for e in found.values()]


def _compact(value: object) -> object:
    """A list of one is that one: compacted JSON-LD, as RO-Crate 1.1 recommends."""
    return value[0] if isinstance(value, list) and len(value) == 1 else value
