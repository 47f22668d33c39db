"""Faults in the record: results that are changed, hidden, moved, signed by others, or too old."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from safetycase.ledger import Record, read
from safetycase.ledger.record import stamp
from safetycase.testing.mutation.asif import key_of
from safetycase.testing.mutation.ground import Ground
from safetycase.testing.mutation.records import Mutation, Plant
from safetycase.testing.mutation.tampering import (
    append,
    edit_lines,
    edit_payload,
    flip_byte,
    forget,
    moved,
    remeasured,
    renewed,
    written_anew,
)

__all__ = ["RECORD"]

MOST = 3
"""At how many places of a record one kind of fault is planted: all places are alike."""

Lines = list[bytes]


def _ends(ground: Ground) -> Sequence[int]:
    """The places of results, counted from 0: a few, spread over the record."""
    found = [
        i
        for i, r in enumerate(ground.log.records)
        if r.kind == "attempt-end" and r.body["outcome"] == "completed"
    ]
    return found[:: max(1, len(found) // MOST)][:MOST]


def _lines(
    ground: Ground, says: str, change: Callable[[Lines], Lines], about: str = "record"
) -> Plant:
    def spoil(folder: Path) -> None:
        edit_lines(folder, change)

    del ground
    return Plant(about=about, says=says, spoil=spoil)


def _named(ground: Ground, index: int) -> str:
    return f"record {index + 1} ({ground.log.records[index].kind})"


def _measured(value: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = value["predicate"]["body"]
    return found


def _swap_results(ground: Ground) -> Iterator[Plant]:
    ends = _ends(ground)
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

        yield _lines(
            ground, f"the results in records {one + 1} and {other + 1} are swapped", change
        )


def _change_result(ground: Ground) -> Iterator[Plant]:
    for index in _ends(ground):

        def change(lines: Lines, index: int = index) -> Lines:
            def put(value: dict[str, Any]) -> None:
                body = remeasured(ground.log.records[index]).body
                value["predicate"]["body"] = dict(body)

            lines[index] = edit_payload(lines[index], put)
            return lines

        yield _lines(ground, f"the measurement in {_named(ground, index)} is another", change)


def _change_result_inside(ground: Ground) -> Iterator[Plant]:
    """By the holder of the key, who signs all of it anew."""
    for index in _ends(ground)[:1]:
        records = list(ground.log.records)
        records[index] = remeasured(records[index])
        yield from _anew(ground, records, f"the measurement in {_named(ground, index)} is another")


def _anew(ground: Ground, records: Sequence[Record], says: str) -> Iterator[Plant]:
    def spoil(folder: Path) -> None:
        written_anew(folder, records, ground.key)

    yield Plant(
        about="record",
        says=f"{says}; the holder of the key signed everything behind it anew",
        spoil=spoil,
    )


def _renewed(ground: Ground) -> Iterator[Plant]:
    index = _ends(ground)[0] if _ends(ground) else -1
    if index < 0:
        return
    records = list(ground.log.records)
    records[index] = remeasured(records[index])

    def spoil(folder: Path) -> None:
        written_anew(folder, records, ground.key)
        renewed(folder, ground.key)

    yield Plant(
        about="record",
        says=f"the holder of the key changed {_named(ground, index)}, signed everything behind it "
        "anew, and made new checkpoints",
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
    yield _lines(ground, says, lambda ls: [x for i, x in enumerate(ls) if i not in gone])
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
    for index in _ends(ground):
        yield _lines(
            ground,
            f"{_named(ground, index)} is taken out",
            lambda lines, index=index: lines[:index] + lines[index + 1 :],  # type: ignore[misc]
        )


def _reorder(ground: Ground) -> Iterator[Plant]:
    for index in _ends(ground):
        if index + 1 < len(ground.log.records):
            yield _lines(
                ground,
                f"records {index + 1} and {index + 2} are exchanged",
                lambda ls, i=index: [*ls[:i], ls[i + 1], ls[i], *ls[i + 2 :]],  # type: ignore[misc]
            )


def _truncate(ground: Ground) -> Iterator[Plant]:
    size = len(ground.log.records)
    for cut in (1, size // 2):
        if 0 < cut < size:
            says = f"the last {cut} of {size} records are cut off"
            yield _lines(ground, says, lambda lines, cut=cut: lines[:-cut])  # type: ignore[misc]
    if size > 1:

        def spoil(folder: Path) -> None:
            path = folder / "ledger" / "log.jsonl"
            path.write_bytes(path.read_bytes()[:-40])

        yield Plant(about="record", says="the last record is cut in its middle", spoil=spoil)


def _duplicate(ground: Ground) -> Iterator[Plant]:
    for index in _ends(ground):
        yield _lines(
            ground,
            f"{_named(ground, index)} stands there twice",
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


def _stranger(ground: Ground) -> Iterator[Plant]:
    stranger = key_of("a stranger")
    for index in _ends(ground)[:1]:

        def change(lines: Lines, index: int = index) -> Lines:
            import base64
            import json

            from safetycase.ledger import dsse

            payload = base64.b64decode(json.loads(lines[index])["payload"])
            lines[index] = dsse.seal(payload, stranger.keyid, stranger.sign)
            return lines

        yield _lines(ground, f"{_named(ground, index)} is signed by a stranger", change)

    def anew(folder: Path) -> None:
        written_anew(folder, ground.log.records, stranger)

    if ground.log.records:
        yield Plant(about="record", says="a stranger signed the whole record anew", spoil=anew)


def _stranger_renewed(ground: Ground) -> Iterator[Plant]:
    stranger = key_of("a stranger")

    def spoil(folder: Path) -> None:
        written_anew(folder, ground.log.records, stranger)
        renewed(folder, stranger)

    if ground.log.records:
        says = "a stranger signed the whole record anew, and made new checkpoints"
        yield Plant(about="record", says=says, spoil=spoil)


def _stranger_joins(ground: Ground) -> Iterator[Plant]:
    stranger = key_of("a stranger")
    for index in _ends(ground)[:1]:
        attempt = ground.log.records[index].body["attempt"]
        start = next(
            r for r in ground.log.records
            if r.kind == "attempt-start" and r.body["attempt"] == attempt
        )  # fmt: skip
        registration = ground.log.records[start.body["registration"] - 1]
        number = len(ground.log.records) + 2
        name = f"{registration.body['evidence']}/{number}.1"
        begun = {**start.body, "attempt": name, "registration": number}
        ended = {**ground.log.records[index].body, "attempt": name}
        at = stamp(ground.now)

        entries = [
            ("registration", dict(registration.body), at),
            ("attempt-start", begun, at),
            ("attempt-end", ended, at),
        ]

        def spoil(folder: Path, entries: Any = entries) -> None:
            append(folder, stranger, entries)

        yield Plant(
            about=str(registration.body["evidence"]),
            says=f"a stranger introduces itself and adds a run of {registration.body['evidence']}",
            spoil=spoil,
        )


def _backdate(ground: Ground) -> Iterator[Plant]:
    for index in _ends(ground):

        def change(lines: Lines, index: int = index) -> Lines:
            def put(value: dict[str, Any]) -> None:
                value["predicate"]["at"] = "2019-01-01T00:00:00Z"

            lines[index] = edit_payload(lines[index], put)
            return lines

        yield _lines(ground, f"{_named(ground, index)} is dated back", change)


def _criterion_late(ground: Ground) -> Iterator[Plant]:
    """The registration stands behind the result that it is for."""
    for index in _ends(ground)[:1]:
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


def _forget(ground: Ground) -> Iterator[Plant]:
    if not ground.log.records:
        return
    yield Plant(about="record", says="the checkpoints beside the record are gone", spoil=forget)

    def cut(folder: Path) -> None:
        edit_lines(folder, lambda lines: lines[:-1])
        forget(folder)

    if len(ground.log.records) > 1:
        says = "the last record is cut off, and the checkpoints are gone"
        yield Plant(about="record", says=says, spoil=cut)


def _no_record(ground: Ground) -> Iterator[Plant]:
    def spoil(folder: Path) -> None:
        edit_lines(folder, lambda _: [])
        forget(folder)

    broken = frozenset(n for n, _ in ground.leaves() if ground.supported(n))
    if broken:
        yield Plant(about="record", says="the record is gone", broken=broken, spoil=spoil)


def _revoke(ground: Ground) -> Iterator[Plant]:
    broken = {n for n, _ in ground.leaves() if ground.supported(n)}
    if not broken or not ground.log.records:
        return

    def spoil(folder: Path) -> None:
        body = {
            "event": "key-revoked",
            "says": "The key was lost.",
            "about": {"keyid": [ground.key.keyid]},
        }
        append(folder, ground.key, [("event", body, stamp(ground.now))])
        assert read(folder / "ledger").records

    yield Plant(
        about="record",
        says="the key that signed everything is revoked",
        broken=frozenset(broken),
        spoil=spoil,
    )


def _mutation(name: str, kind: Any, plants: str, must: str, sites: Any) -> Mutation:
    return Mutation(name=name, group="record", kind=kind, plants=plants, must=must, sites=sites)


_FAILS = "`verify` fails."
_KEPT = "`verify` fails against a checkpoint that was kept elsewhere; nothing else can show it."

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
        "rewrite-and-renew",
        "changes",
        "The holder of the key changes a measurement, signs all anew and makes new checkpoints.",
        _KEPT,
        _renewed,
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
    _mutation(
        "strangers-key",
        "breaks",
        "A stranger signs a record, or all of them, in the place of the runner.",
        _FAILS,
        _stranger,
    ),
    _mutation(
        "strangers-record",
        "changes",
        "A stranger signs all of the record anew and makes new checkpoints.",
        _KEPT,
        _stranger_renewed,
    ),
    _mutation(
        "stranger-joins",
        "changes",
        "A key that nobody vouches for introduces itself and adds a run.",
        "`verify` notes that a further key is there on its own word.",
        _stranger_joins,
    ),
    _mutation("backdate", "breaks", "A record is dated back.", _FAILS, _backdate),
    _mutation(
        "criterion-after-result",
        "breaks",
        "A criterion is registered after the result, and all is signed anew.",
        "The result counts for nothing.",
        _criterion_late,
    ),
    _mutation(
        "forget-checkpoints",
        "changes",
        "The checkpoints are taken away, and with them the end of the record.",
        "`verify` notes that a cut would not show, and fails against a checkpoint kept elsewhere.",
        _forget,
    ),
    _mutation("no-record", "breaks", "The record is gone.", "No result counts.", _no_record),
    _mutation(
        "revoke-key",
        "breaks",
        "The key that signed every record is revoked.",
        "No result counts.",
        _revoke,
    ),
)
