"""The container of a bundle: a ZIP of which exactly one spelling exists.

Members are stored as they are, sorted by name, dated 1980-01-01, with nothing between, before
or after them. Whoever reads rebuilds every header from the few fields that vary and compares
all bytes, so whatever a header could hide (a second size, a link, an encrypted or compressed
member, a comment, a gap) is refused before a member is looked at. Nothing is compressed: a
small file cannot become a large one, and the bytes do not depend on a library's version.
Layout: APPNOTE.TXT 6.3.10, sections 4.3.7, 4.3.12 and 4.3.16.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

__all__ = [
    "BundleBroken",
    "BundleRefused",
    "Member",
    "Source",
    "chunks",
    "members",
    "named_well",
    "write",
]

_LOCAL = struct.Struct("<4s5H3I2H")
_CENTRAL = struct.Struct("<4s6H3I5H2I")
_END = struct.Struct("<4s4H2IH")
_VERSION, _DATE = 10, 0x0021  # the oldest version that has folders; 1980-01-01
_CHUNK = 1 << 20

MOST_MEMBERS = 65_000
LARGEST = 4_000_000_000
"""Bytes of a whole bundle: below what a ZIP can say without its 64-bit extension."""
_CAPS = (
    (re.compile(r"bundle\.json"), 64 << 20),
    (re.compile(r"proofs\.json"), 64 << 20),
    (re.compile(r"log\.jsonl"), 1 << 30),
    (re.compile(r"checkpoints/[1-9][0-9]{0,15}\.txt"), 64 << 10),
    (re.compile(r"torn-[1-9][0-9]{0,5}\.bin"), 64 << 20),
    (re.compile(r"objects/([0-9a-f]{2})/\1[0-9a-f]{62}"), 2 << 30),
    (re.compile(r"case(/[A-Za-z0-9_][A-Za-z0-9._-]{0,99}){1,8}\.ya?ml"), 4 << 20),
)


class BundleRefused(ValueError):
    """What was asked of a bundle cannot be done; the message says why."""


class BundleBroken(BundleRefused):
    """The file is no bundle, or not one as this format writes it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One file in a bundle: `size` bytes from `offset` on, `crc` as the headers state it."""

    name: str
    offset: int
    size: int
    crc: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A file to be put into a bundle: its bytes, or how to open it."""

    name: str
    size: int
    crc: int
    data: Iterable[bytes]


def named_well(name: str) -> bool:
    """Whether a bundle may hold a member of this name."""
    return _cap(name) is not None


def write(file: BinaryIO, sources: Iterable[Source]) -> None:
    """Write a bundle of `sources`, which are sorted by name. Raises `BundleRefused` past a cap."""
    heads: list[bytes] = []
    at = 0
    for source in sources:
        local, central = _headers(source.name, source.size, source.crc, at)
        if len(heads) == MOST_MEMBERS:
            raise BundleRefused(f"more than {MOST_MEMBERS} files: leave the artefacts out")
        if source.size > (_cap(source.name) or 0):
            raise BundleRefused(f"{source.name} is too large for a bundle ({source.size} bytes)")
        at += len(local) + source.size
        if at > LARGEST:
            raise BundleRefused(f"more than {LARGEST} bytes: leave the artefacts out")
        file.write(local)
        for chunk in source.data:
            file.write(chunk)
        heads.append(central)
    for head in heads:
        file.write(head)
    file.write(_end(len(heads), sum(map(len, heads)), at))


def members(file: BinaryIO) -> tuple[Member, ...]:
    """What is in the bundle `file`, every header compared. Raises `BundleBroken`.

    The bytes of the members are not looked at.
    """
    size = file.seek(0, 2)
    if size > LARGEST:
        raise BundleBroken(f"is larger than {LARGEST} bytes")
    if size < _END.size:
        raise BundleBroken("is no bundle: it is too short")
    tail = _at(file, size - _END.size, _END.size)
    sign, _, _, _, count, length, start, _ = _END.unpack(tail)
    if sign != b"PK\5\6" or tail != _end(count, length, start):
        raise BundleBroken("is no bundle: it does not end as one")
    if not 0 < count <= MOST_MEMBERS or start + length + _END.size != size:
        raise BundleBroken("does not hold the files that its end states")
    found = tuple(_directory(_at(file, start, length), count))
    for member in found:
        name = member.name.encode()
        at = member.offset - _LOCAL.size - len(name)
        local, _ = _headers(member.name, member.size, member.crc, at)
        if _at(file, at, len(local)) != local:
            raise BundleBroken(f"states two things about {member.name}")
    if found[-1].offset + found[-1].size != start:
        raise BundleBroken("has bytes that belong to no file")
    return found


def chunks(file: BinaryIO, member: Member) -> Iterator[bytes]:
    """The bytes of a member, a chunk at a time."""
    file.seek(member.offset)
    rest = member.size
    while rest:
        chunk = file.read(min(rest, _CHUNK))
        if not chunk:
            raise BundleBroken(f"ends within {member.name}")
        rest -= len(chunk)
        yield chunk


def _directory(data: bytes, count: int) -> Iterator[Member]:
    """The members that the central directory states, in the only order they may stand in."""
    at, offset = 0, 0
    before, folded = "", set[str]()
    for _ in range(count):
        if at + _CENTRAL.size > len(data):
            raise BundleBroken("has a list of files that breaks off")
        fields = _CENTRAL.unpack_from(data, at)
        crc, size, name_length = fields[7], fields[9], fields[10]
        raw = data[at + _CENTRAL.size : at + _CENTRAL.size + name_length]
        name = raw.decode("ascii", "replace")
        cap = _cap(name)
        if cap is None:
            raise BundleBroken(f"holds {name!a}, which no bundle holds")
        if size > cap:
            raise BundleBroken(f"states {size} bytes for {name}: more than a bundle may hold")
        local, central = _headers(name, size, crc, offset)
        if data[at : at + len(central)] != central:
            raise BundleBroken(f"describes {name} in another way than a bundle does")
        if name <= before:
            raise BundleBroken(f"holds {name} out of order, or twice")
        if name.lower() in folded:
            raise BundleBroken(f"holds {name} twice but for capital letters")
        yield Member(name=name, offset=offset + len(local), size=size, crc=crc)
        folded.add(name.lower())
        before = name
        at += len(central)
        offset += len(local) + size
    if at != len(data):
        raise BundleBroken("has bytes behind its list of files")


def _headers(name: str, size: int, crc: int, offset: int) -> tuple[bytes, bytes]:
    raw = name.encode()
    common = (_VERSION, 0, 0, 0, _DATE, crc, size, size, len(raw), 0)
    local = _LOCAL.pack(b"PK\3\4", *common) + raw
    central = _CENTRAL.pack(b"PK\1\2", _VERSION, *common, 0, 0, 0, 0, offset) + raw
    return local, central


def _end(count: int, length: int, start: int) -> bytes:
    return _END.pack(b"PK\5\6", 0, 0, count, count, length, start, 0)


def _cap(name: str) -> int | None:
    return next((cap for pattern, cap in _CAPS if pattern.fullmatch(name)), None)


def _at(file: BinaryIO, offset: int, length: int) -> bytes:
    if offset < 0:
        raise BundleBroken("states places outside of itself")
    file.seek(offset)
    return file.read(length)
