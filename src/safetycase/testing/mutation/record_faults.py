"""Faults in the record: results that are changed, hidden, moved or dated back."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from safetycase.ledger import Record
from safetycase.testing.mutation.ground import Ground
from safetycase.testing.mutation.records import Mutation, Plant
from safetycase.testing.mutation.tampering import (
    edit_lines,
    edit_payload,
    flip_byte,
    forget,
    moved,
    remeasured,
    written_anew,
)

__all__ = ["RECORD", "ends_of", "lines_changed", "named"]

MOST = 3
"""At how many places of a record one kind of fault is planted: all places are alike."""

Lines = list[bytes]


def ends_of(ground: Ground) -> Sequence[int]:
    """The places of results, counted from 0: a few, spread over the record."""
    found = [
        i
        for i, r in enumerate(ground.log.records)
        if r.kind == "attempt-end" and r.body["outcome"] == "completed"
    ]
    return found[:: max(1, len(found) // MOST)][:MOST]


def lines_changed(says: str, change: Callable[[Lines], Lines]) -> Plant:
    """A plant that puts other lines in the place of those of the record."""

    def spoil(folder: Path) -> None:
        edit_lines(folder, change)

    return Plant(about="record", says=says, spoil=spoil)


def named(ground: Ground, index: int) -> str:
    """A record, counted from 0, as messages name it."""
    return f"record {index + 1} ({ground.log.records[index].kind})"


def _measured(value: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = value["predicate"]["body"]
    return found


def _swap_results(ground: Ground) -> Iterator[Plant]:
    ends = ends_of(ground)
    for one, other in itertools.pairwise(ends):

        def change(lines: Lines, one: int = one, other: int = other) -> Lines:
            bodies = [dict(ground.log.records[i].body) for i in (one, other)]

            def put(given: Any) -> Callable[[dict[str, Any]], None]:
                def into(value: dict[str, Any]) -> None:
                    _measured(value)["measurement"] = given

                return into

            lines[one] = edit_payload(lines[one], put(bodies[1]["measurement"]))
            lines[other] = edit_payload(lines[other], put(bodies[0]["measurement"]))
            return lines

        yield lines_changed(f"the results in records {one + 1} and {other + 1} are swapped", change)


def _change_result(ground: Ground) -> Iterator[Plant]:
    for index in ends_of(ground):

        def change(lines: Lines, index: int = index) -> Lines:
            def put(value: dict[str, Any]) -> None:
                body = remeasured(ground.log.records[index]).body
                value["predicate"]["body"] = dict(body)

            lines[index] = edit_payload(lines[index], put)
            return lines

        yield lines_changed(f"the measurement in {named(ground, index)} is another", change)


def _change_result_inside(ground: Ground) -> Iterator[Plant]:
    """By the holder of the key, who signs all of it anew."""
    for index in ends_of(ground)[:1]:
        records = list(ground.log.records)
        records[index] = remeasured(records[index])
        yield from _anew(ground, records, f"the measurement in {named(ground, index)} is another")


def _anew(ground: Ground, records: Sequence[Record], says: str) -> Iterator[Plant]:
    def spoil(folder: Path) -> None:
        written_anew(folder, records, ground.key)

    yield Plant(
        about="record",
        says=f"{says}; the holder of the key signed everything behind it anew",
        spoil=spoil,
    )


def _drop_failed(ground: Ground) -> Iterator[Plant]:
    failed = {
        r.body["attempt"]
        for r in ground.log.records
        if r.kind == "attempt-end" and r.body["outcome"] == "failed"
    }
    gone = [
        i
        for i, r in enumerate(ground.log.records)
        if r.kind in ("attempt-start", "attempt-end") and r.body["attempt"] in failed
    ]
    if not gone:
        return
    says = f"the failed attempt {', '.join(sorted(failed))} is taken out of the record"
    yield lines_changed(says, lambda ls: [x for i, x in enumerate(ls) if i not in gone])
    kept = [r for i, r in enumerate(ground.log.records) if i not in gone]
    shifted = _renumbered(kept, ground.log.records)
    yield from _anew(ground, shifted, says)


def _renumbered(kept: Sequence[Record], before: Sequence[Record]) -> list[Record]:
    """The records that are left, with attempts that name their registration by its new number."""
    import dataclasses

    number = {record.seq: new for new, record in enumerate(kept, 1)}
    del before
    return [
        dataclasses.replace(
            r, body={**r.body, "registration": number.get(r.body["registration"], 0)}
        )
        if r.kind == "attempt-start"
        else r
        for r in kept
    ]


def _drop_record(ground: Ground) -> Iterator[Plant]:
    for index in ends_of(ground):
        yield lines_changed(
            f"{named(ground, index)} is taken out",
            lambda lines, index=index: lines[:index] + lines[index + 1 :],  # type: ignore[misc]
        )


def _reorder(ground: Ground) -> Iterator[Plant]:
    for index in ends_of(ground):
        if index + 1 < len(ground.log.records):
            yield lines_changed(
                f"records {index + 1} and {index + 2} are exchanged",
                lambda ls, i=index: [*ls[:i], ls[i + 1], ls[i], *ls[i + 2 :]],  # type: ignore[misc]
            )


def _truncate(ground: Ground) -> Iterator[Plant]:
    size = len(ground.log.records)
    for cut in (1, size // 2):
        if 0 < cut < size:
            says = f"the last {cut} of {size} records are cut off"
            yield lines_changed(says, lambda lines, cut=cut: lines[:-cut])  # type: ignore[misc]
    if size > 1:

        def spoil(folder: Path) -> None:
            path = folder / "ledger" / "log.jsonl"
            path.write_bytes(path.read_bytes()[:-40])

        yield Plant(about="record", says="the last record is cut in its middle", spoil=spoil)


def _duplicate(ground: Ground) -> Iterator[Plant]:
    for index in ends_of(ground):
        yield lines_changed(
            f"{named(ground, index)} stands there twice",
            lambda ls, i=index: [*ls[: i + 1], ls[i], *ls[i + 1 :]],  # type: ignore[misc]
        )


def _objects(ground: Ground) -> list[Path]:
    base = ground.folder / "ledger" / "objects"
    found = sorted(p.relative_to(ground.folder) for p in base.rglob("*") if p.is_file())
    return found[:: max(1, len(found) // MOST)][:MOST]


def _corrupt_artefact(ground: Ground) -> Iterator[Plant]:
    for path in _objects(ground):
        yield Plant(
            about="record",
            says=f"one bit of the artefact {path.name[:12]}… is another",
            spoil=lambda folder, path=path: flip_byte(folder / path),  # type: ignore[misc]
        )
        yield Plant(
            about="record",
            says=f"the artefact {path.name[:12]}… is gone",
            spoil=lambda folder, path=path: (folder / path).unlink(),  # type: ignore[misc]
        )


def _backdate(ground: Ground) -> Iterator[Plant]:
    for index in ends_of(ground):

        def change(lines: Lines, index: int = index) -> Lines:
            def put(value: dict[str, Any]) -> None:
                value["predicate"]["at"] = "2019-01-01T00:00:00Z"

            lines[index] = edit_payload(lines[index], put)
            return lines

        yield lines_changed(f"{named(ground, index)} is dated back", change)


def _criterion_late(ground: Ground) -> Iterator[Plant]:
    """The registration stands behind the result that it is for."""
    for index in ends_of(ground)[:1]:
        attempt = ground.log.records[index].body["attempt"]
        start = next(
            r for r in ground.log.records
            if r.kind == "attempt-start" and r.body["attempt"] == attempt
        )  # fmt: skip
        seq = int(start.body["registration"])
        records = moved(ground.log.records, seq - 1, index)

        def spoil(folder: Path, records: Sequence[Record] = tuple(records)) -> None:
            written_anew(folder, records, ground.key)
            forget(folder)

        evidence = str(ground.log.records[seq - 1].body["evidence"])
        yield Plant(
            about=evidence,
            says=f"the criterion of {evidence} is registered after its result; all is signed anew",
            broken=frozenset((evidence,)),
            spoil=spoil,
        )


def _mutation(name: str, kind: Any, plants: str, must: str, sites: Any) -> Mutation:
    return Mutation(name=name, group="record", kind=kind, plants=plants, must=must, sites=sites)


_FAILS = "`verify` fails."

RECORD: tuple[Mutation, ...] = (
    _mutation(
        "swap-results", "breaks", "Two results in the record are exchanged.", _FAILS, _swap_results
    ),
    _mutation(
        "change-result", "breaks", "A measurement in the record is another.", _FAILS, _change_result
    ),
    _mutation(
        "change-result-inside",
        "breaks",
        "The holder of the key changes a measurement and signs all of it anew.",
        "`verify` fails: a checkpoint beside the record disagrees.",
        _change_result_inside,
    ),
    _mutation(
        "drop-failed-attempt",
        "breaks",
        "A failed attempt is taken out, by anybody and by the holder of the key.",
        _FAILS,
        _drop_failed,
    ),
    _mutation("drop-record", "breaks", "One record is taken out.", _FAILS, _drop_record),
    _mutation("reorder", "breaks", "Two records are exchanged.", _FAILS, _reorder),
    _mutation("truncate", "breaks", "The end of the record is cut off.", _FAILS, _truncate),
    _mutation("duplicate", "breaks", "A record stands there twice.", _FAILS, _duplicate),
    _mutation(
        "corrupt-artefact",
        "breaks",
        "One bit of a kept file is another, or the file is gone.",
        _FAILS,
        _corrupt_artefact,
    ),
    _mutation("backdate", "breaks", "A record is dated back.", _FAILS, _backdate),
    _mutation(
        "criterion-after-result",
        "breaks",
        "A criterion is registered after the result, and all is signed anew.",
        "The result counts for nothing.",
        _criterion_late,
    ),
)
