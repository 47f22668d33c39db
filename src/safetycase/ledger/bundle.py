"""Putting a record, or chosen records with proofs, into one file that verifies anywhere."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from safetycase.ledger import merkle
from safetycase.ledger.artefacts import named, redactions
from safetycase.ledger.bundle_choice import choose
from safetycase.ledger.bundle_read import LOG, MANIFEST, PROOFS, Manifest, Proofs
from safetycase.ledger.bundle_zip import BundleRefused, Source, named_well, write
from safetycase.ledger.checkpoints import hold, kept_in
from safetycase.ledger.fold import fold
from safetycase.ledger.home import LOG_NAME
from safetycase.ledger.log import parse
from safetycase.ledger.note import NoteError, open_note
from safetycase.ledger.record import Log, Problem
from safetycase.ledger.stores import Store

__all__ = ["Contents", "gather", "write_bundle"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What goes into a bundle: its manifest, the bytes of its small members, and artefacts.

    `unnamed` are the case files whose names no bundle holds: they were left out. `problems` are
    records that break a rule: a bundle that holds them does not verify, as the record does not.
    """

    manifest: Manifest
    files: Mapping[str, bytes]
    objects: Mapping[str, int]
    unnamed: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()


def gather(
    folder: Path,
    store: Store,
    *,
    only: Iterable[str] = (),
    artefacts: bool = True,
    case: Mapping[str, bytes] | None = None,
) -> Contents:
    """What a bundle of the record in the ledger folder `folder` holds.

    `only` names evidence, claims or numbers of records: the bundle then holds their records and
    what those need, each with a proof that it stands in the record. `case` are the files of the
    case by name; they are not signed. Raises `BundleRefused` if the record has a break, contradicts
    a checkpoint or has none of its full length, or if a name in `only` names nothing.
    """
    data = (folder / LOG_NAME).read_bytes() if (folder / LOG_NAME).is_file() else b""
    log = parse(data)
    if log.errors:
        raise BundleRefused(f"the record does not verify: {log.errors[0].says}")
    if not log.records:
        raise BundleRefused("the record is empty: there is nothing to put into a bundle")
    _agrees(folder, log)
    notes = _checkpoints(folder, len(log.records))
    wanted = tuple(only)
    chosen = None
    if wanted:
        notes = {name: note for name, note in notes.items() if _needed(name, note, log)}
        chosen = choose(log.records, wanted, map(_size, notes))
    files = dict(notes)
    if chosen is None:
        files[LOG] = data
        files |= {path.name: path.read_bytes() for path in folder.glob("torn-*.bin")}
    else:
        lines = data.split(b"\n")
        files[LOG] = b"".join(lines[seq - 1] + b"\n" for seq in chosen)
        files[PROOFS] = _proofs(log, chosen, files).bytes()
    records = [r for r in log.records if chosen is None or r.seq in set(chosen)]
    digests = {each.digest for each in named(records)} if artefacts else set()
    unnamed = []
    for name, text in (case or {}).items():
        if named_well(f"case/{name}"):
            files[f"case/{name}"] = text
        else:
            unnamed.append(name)
    kept = sorted(digests - set(redactions(log.records)))
    objects = {digest: len(store.get(digest)) for digest in kept}
    manifest = Manifest(
        origin=f"safetycase/{log.records[0].digest[:32]}",
        size=len(log.records),
        root=merkle.root(_leaves(log)).hex(),
        records=chosen,
        artefacts=artefacts,
        listed=_listed(files, objects),
    )
    return Contents(
        manifest=manifest,
        files=files,
        objects=objects,
        unnamed=tuple(unnamed),
        problems=fold(log).problems,
    )


def write_bundle(file: BinaryIO, contents: Contents, store: Store) -> None:
    """Write a bundle: the same record gives the same bytes. Raises `BundleRefused` past a cap."""
    write(file, _sources(contents, store))


def _sources(contents: Contents, store: Store) -> Iterator[Source]:
    small = {MANIFEST: contents.manifest.bytes(), **contents.files}
    large = {_place(digest): digest for digest in contents.objects}
    for name in sorted({*small, *large}):
        data = small[name] if name in small else store.get(large[name])
        yield Source(name=name, size=len(data), crc=zlib.crc32(data), data=(data,))


def _listed(
    files: Mapping[str, bytes], objects: Mapping[str, int]
) -> tuple[tuple[str, str, int], ...]:
    small = [(name, hashlib.sha256(data).hexdigest(), len(data)) for name, data in files.items()]
    large = [(_place(digest), digest, size) for digest, size in objects.items()]
    return tuple(sorted([*small, *large]))


def _place(digest: str) -> str:
    return f"objects/{digest[:2]}/{digest}"


def _leaves(log: Log) -> list[bytes]:
    return [merkle.leaf_hash(bytes.fromhex(record.digest)) for record in log.records]


def _agrees(folder: Path, log: Log) -> None:
    """Refuse a record that one of its checkpoints, or the pin, contradicts."""
    kept, unread = kept_in(folder)
    for problem in (*unread, *hold(log, kept, thorough=True)[1]):
        if problem.severity == "error":
            raise BundleRefused(f"the record does not verify: {problem}")


def _checkpoints(folder: Path, size: int) -> dict[str, bytes]:
    """The checkpoints of the record up to its length, by the name they have in a bundle."""
    found = {}
    for path in sorted((folder / "checkpoints").glob("*.txt")):
        if path.stem.isdecimal() and int(path.stem) <= size:
            found[f"checkpoints/{path.name}"] = path.read_bytes()
    if f"checkpoints/{size}.txt" not in found:
        raise BundleRefused(
            f"the record has no checkpoint of its {size} records, which a bundle is checked "
            "against: make one with `safetycase record checkpoint`"
        )
    return found


def _size(name: str) -> int:
    return int(Path(name).stem)


def _needed(name: str, note: bytes, log: Log) -> bool:
    """Whether a bundle of chosen records holds this checkpoint: the last and countersigned ones."""
    if name == f"checkpoints/{len(log.records)}.txt":
        return True
    try:
        signatures = open_note(note).signatures
    except NoteError:
        return False
    return any(each.kind == "cosignature" for each in signatures)


def _proofs(log: Log, chosen: Iterable[int], files: Mapping[str, bytes]) -> Proofs:
    leaves = _leaves(log)
    sizes = [_size(name) for name in files if name.startswith("checkpoints/")]
    return Proofs(
        inclusion={seq: tuple(merkle.inclusion_proof(leaves, seq - 1)) for seq in chosen},
        consistency={
            size: tuple(merkle.consistency_proof(leaves, size))
            for size in sizes
            if size != len(leaves)
        },
    )
