"""A bundle as it lies in its file: its manifest, its proofs and its members, each re-hashed.

Nothing is extracted here, and nothing is believed: what the manifest says of a member is
compared with the member, and what it says of the record is compared by `bundle_verify`.
"""

from __future__ import annotations

import hashlib
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Final

from safetycase.ledger import canonical
from safetycase.ledger.bundle_zip import BundleBroken, Member, chunks, members
from safetycase.ledger.record import is_digest

__all__ = ["LOG", "MANIFEST", "PROOFS", "Bundle", "Manifest", "Proofs", "open_bundle"]

MANIFEST: Final = "bundle.json"
LOG: Final = "log.jsonl"
PROOFS: Final = "proofs.json"
FORMAT: Final = "safetycase-bundle"
VERSION: Final = 1

_NUMBER = re.compile(r"[1-9][0-9]{0,15}", re.ASCII)
_DEEPEST_PROOF = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a bundle says of itself: which record, how much of it, and which files.

    `root` is the Merkle root over the `size` records, in hex. `records` are the numbers of the
    records that were chosen, None for all. `listed` has a (name, SHA-256, size) per file.
    """

    origin: str
    size: int
    root: str
    records: tuple[int, ...] | None
    artefacts: bool
    listed: tuple[tuple[str, str, int], ...]

    def bytes(self) -> bytes:
        """Its canonical JSON."""
        return canonical.dumps(
            {
                "artefacts": self.artefacts,
                "format": FORMAT,
                "members": [{"name": n, "sha256": d, "size": s} for n, d, s in self.listed],
                "origin": self.origin,
                "records": None if self.records is None else list(self.records),
                "root": self.root,
                "size": self.size,
                "version": VERSION,
            }
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Proofs:
    """What ties chosen records and checkpoints to the root: paths of 32-byte hashes."""

    inclusion: Mapping[int, tuple[bytes, ...]] = field(default_factory=dict)
    consistency: Mapping[int, tuple[bytes, ...]] = field(default_factory=dict)

    def bytes(self) -> bytes:
        """Their canonical JSON."""
        return canonical.dumps(
            {
                "consistency": {str(k): [h.hex() for h in v] for k, v in self.consistency.items()},
                "inclusion": {str(k): [h.hex() for h in v] for k, v in self.inclusion.items()},
            }
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """An opened bundle. `digests` are what its members have, `damaged` those that differ.

    A member is damaged if it is not what the headers and the manifest state.
    """

    file: BinaryIO
    members: Mapping[str, Member]
    manifest: Manifest
    digests: Mapping[str, str]
    damaged: frozenset[str]

    def read(self, name: str) -> bytes:
        """The bytes of a member. KeyError if there is none of this name."""
        return b"".join(chunks(self.file, self.members[name]))

    def proofs(self) -> Proofs:
        """The proofs of a bundle of chosen records. Raises `BundleBroken`."""
        try:
            value = canonical.loads(data := self.read(PROOFS))
            found = Proofs(
                inclusion=_paths(value["inclusion"]), consistency=_paths(value["consistency"])
            )
            same = found.bytes() == data
        except (canonical.CanonicalError, KeyError, TypeError, ValueError, AttributeError) as error:
            raise BundleBroken(f"{PROOFS} holds no proofs of this format") from error
        if not same:
            raise BundleBroken(f"{PROOFS} is in another spelling than a bundle's")
        return found


def open_bundle(file: BinaryIO) -> Bundle:
    """The bundle in `file`, which stays open. Raises `BundleBroken` for what is none."""
    found = {member.name: member for member in members(file)}
    digests, damaged = _hashes(file, found)
    if MANIFEST not in found:
        raise BundleBroken(f"has no {MANIFEST}")
    if MANIFEST in damaged:
        raise BundleBroken(f"{MANIFEST} has other bytes than the bundle states")
    manifest = _manifest(b"".join(chunks(file, found[MANIFEST])))
    held = [(name, m.size) for name, m in found.items() if name != MANIFEST]
    if [(name, size) for name, _, size in manifest.listed] != held:
        raise BundleBroken(f"{MANIFEST} lists other files than the bundle holds")
    if LOG not in found:
        raise BundleBroken(f"{MANIFEST} lists no {LOG}")
    if (PROOFS in found) != (manifest.records is not None):
        raise BundleBroken(f"{MANIFEST} and {PROOFS} do not belong together")
    damaged |= {name for name, digest, _ in manifest.listed if digests[name] != digest}
    return Bundle(
        file=file,
        members=found,
        manifest=manifest,
        digests=digests,
        damaged=frozenset(damaged),
    )


def _hashes(file: BinaryIO, found: Mapping[str, Member]) -> tuple[dict[str, str], set[str]]:
    """The SHA-256 of every member, and the members whose bytes are not those of their header."""
    digests, damaged = {}, set()
    for name, member in found.items():
        total, crc = hashlib.sha256(), 0
        for chunk in chunks(file, member):
            total.update(chunk)
            crc = zlib.crc32(chunk, crc)
        digests[name] = total.hexdigest()
        if crc != member.crc:
            damaged.add(name)
    return digests, damaged


def _manifest(data: bytes) -> Manifest:
    try:
        value = canonical.loads(data)
        if value["format"] != FORMAT:
            raise BundleBroken(f"{MANIFEST} describes no bundle")
        if value["version"] != VERSION:
            raise BundleBroken(f"{MANIFEST} is of a version that this release does not know")
        records = value["records"]
        found = Manifest(
            origin=value["origin"],
            size=value["size"],
            root=value["root"],
            records=None if records is None else tuple(records),
            artefacts=value["artefacts"],
            listed=tuple((m["name"], m["sha256"], m["size"]) for m in value["members"]),
        )
        sound = _typed(found) and found.bytes() == data
    except canonical.CanonicalError as error:
        raise BundleBroken(f"{MANIFEST} is not canonical JSON ({error})") from error
    except (KeyError, TypeError) as error:
        raise BundleBroken(f"{MANIFEST} lacks a field") from error
    if not sound:
        raise BundleBroken(f"{MANIFEST} has a field that does not belong there")
    return found


def _typed(m: Manifest) -> bool:
    whole = type(m.size) is int and 0 < m.size < 2**53
    plain = isinstance(m.origin, str) and m.origin != "" and type(m.artefacts) is bool
    files = all(isinstance(n, str) and is_digest(d) and type(s) is int for n, d, s in m.listed)
    return whole and plain and is_digest(m.root) and files and _chosen(m.records, m.size)


def _chosen(records: tuple[Any, ...] | None, size: int) -> bool:
    """Whether these are numbers of records, ascending."""
    if records is None:
        return True
    if not records or any(type(seq) is not int for seq in records):
        return False
    return all(a < b for a, b in zip((0, *records), (*records, size + 1), strict=True))


def _paths(value: Mapping[str, list[str]]) -> dict[int, tuple[bytes, ...]]:
    """Record or size -> path. Raises ValueError."""
    for number, path in value.items():
        short = isinstance(path, list) and len(path) <= _DEEPEST_PROOF
        if _NUMBER.fullmatch(number) is None or not short or not all(map(is_digest, path)):
            raise ValueError(number)
    return {int(k): tuple(bytes.fromhex(each) for each in path) for k, path in value.items()}
