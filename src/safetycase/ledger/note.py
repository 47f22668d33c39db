"""The text form of a checkpoint: a C2SP signed note around a C2SP tlog-checkpoint.

    safetycase/2f1d...            the origin: which log
    120                           how many records
    base64 of the Merkle root
                                  (an empty line)
    — NAME base64                 one line per signature

Signatures are Ed25519 (type 0x01: over the text) and cosignature/v1 (type 0x04: over a time and
the text). Exactly one spelling is read, so that no byte can change unseen. Sources: C2SP
signed-note, tlog-checkpoint and tlog-cosignature, v1.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

from safetycase.ledger.dsse import unbase64

__all__ = [
    "ED25519",
    "COSIGNATURE",
    "Checkpoint",
    "NoteError",
    "Signature",
    "cosigned_message",
    "key_hash",
    "open_note",
]

ED25519: Final = 0x01
COSIGNATURE: Final = 0x04

_ORIGIN = re.compile(r"safetycase/[0-9a-f]{32}", re.ASCII)
_SIZE = re.compile(r"[1-9][0-9]{0,17}", re.ASCII)
_NAME = re.compile(r"[!-*,-~]+", re.ASCII)
_LATEST = 253402300799  # the last second of the year 9999
_MOST_SIGNATURES = 100


class NoteError(ValueError):
    """A text is not a checkpoint of this format; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """One signature line, not yet checked. `hint` is the key hash (4 bytes), `blob` the rest."""

    name: str
    hint: bytes
    blob: bytes

    @property
    def kind(self) -> Literal["signature", "cosignature"] | None:
        """What its length says that it is: 64 bytes, or a time (8 bytes) before them."""
        return {64: "signature", 72: "cosignature"}.get(len(self.blob))  # type: ignore[return-value]

    @property
    def time(self) -> int:
        """The time of a cosignature, in seconds since 1970 (UTC)."""
        return int.from_bytes(self.blob[:8], "big")

    def line(self) -> str:
        """The line, with its line end."""
        return f"— {self.name} {base64.b64encode(self.hint + self.blob).decode()}\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """How many records a log had and the root over them (32 bytes), with who signed that."""

    origin: str
    size: int
    root: bytes
    signatures: tuple[Signature, ...] = ()

    @property
    def body(self) -> bytes:
        """The text that is signed: three lines."""
        root = base64.b64encode(self.root).decode()
        return f"{self.origin}\n{self.size}\n{root}\n".encode()

    def text(self) -> bytes:
        """The whole note, as it is kept in a file."""
        return self.body + b"\n" + "".join(each.line() for each in self.signatures).encode()

    def signed(self, name: str, public_key: bytes, sign: Callable[[bytes], bytes]) -> Checkpoint:
        """The same with one more signature (type 0x01) by `sign`."""
        hint = key_hash(name, ED25519, public_key)
        return self._with(Signature(name=name, hint=hint, blob=sign(self.body)))

    def cosigned(
        self, name: str, public_key: bytes, sign: Callable[[bytes], bytes], time: int
    ) -> Checkpoint:
        """The same with one more cosignature (type 0x04), made at `time` (Unix seconds)."""
        hint = key_hash(name, COSIGNATURE, public_key)
        blob = time.to_bytes(8, "big") + sign(cosigned_message(time, self.body))
        return self._with(Signature(name=name, hint=hint, blob=blob))

    def _with(self, signature: Signature) -> Checkpoint:
        return Checkpoint(
            origin=self.origin,
            size=self.size,
            root=self.root,
            signatures=(*self.signatures, signature),
        )


def key_hash(name: str, kind: int, public_key: bytes) -> bytes:
    """The 4 bytes that tell keys of one name apart (C2SP signed-note, "Signatures")."""
    return hashlib.sha256(name.encode() + b"\n" + bytes((kind,)) + public_key).digest()[:4]


def cosigned_message(time: int, body: bytes) -> bytes:
    """The bytes that a cosignature/v1 signs."""
    return b"cosignature/v1\ntime %d\n" % time + body


def open_note(data: bytes) -> Checkpoint:
    """The checkpoint in `data`, signatures not yet checked.

    Raises `NoteError` for every text that `Checkpoint.text` would not write: a note without a
    signature, with one line twice, with an extension line, or in another spelling.
    """
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise NoteError(f"byte {error.start} is not UTF-8") from error
    body, gap, tail = text.partition("\n\n")
    lines = body.split("\n")
    if not gap or len(lines) != 3:
        raise NoteError("it does not have the three lines of a checkpoint and an empty one")
    if _ORIGIN.fullmatch(lines[0]) is None:
        raise NoteError("its first line does not name a record")
    if _SIZE.fullmatch(lines[1]) is None:
        raise NoteError("its second line is not a number of records")
    found = Checkpoint(
        origin=lines[0],
        size=int(lines[1]),
        root=_bytes(lines[2], 32, "its third line is not the root of a tree"),
        signatures=_signatures(tail),
    )
    if found.text() != data:
        raise NoteError("it is in another spelling than a checkpoint is written in")
    return found


def _signatures(tail: str) -> tuple[Signature, ...]:
    lines = tail.split("\n")
    if lines.pop() or not lines:
        raise NoteError("it is not signed, or its last line has no end")
    if len(lines) > _MOST_SIGNATURES:
        raise NoteError(f"it has more than {_MOST_SIGNATURES} signatures")
    if len(set(lines)) != len(lines):
        raise NoteError("it has the same signature twice")
    return tuple(_signature(line) for line in lines)


def _signature(line: str) -> Signature:
    dash, _, rest = line.partition(" ")
    name, _, blob = rest.partition(" ")
    if dash != "—" or _NAME.fullmatch(name) is None:
        raise NoteError("it has a line that is not a signature")
    raw = _bytes(blob, None, "it has a signature that is not base64")
    found = Signature(name=name, hint=raw[:4], blob=raw[4:])
    if found.kind is None:
        raise NoteError("it has a signature of a kind that this version does not know")
    if found.kind == "cosignature" and not 0 < found.time <= _LATEST:
        raise NoteError("it has a cosignature with an impossible time")
    return found


def _bytes(text: str, length: int | None, otherwise: str) -> bytes:
    try:
        found = unbase64(text)
    except ValueError as error:
        raise NoteError(otherwise) from error
    if length is not None and len(found) != length:
        raise NoteError(otherwise)
    return found
