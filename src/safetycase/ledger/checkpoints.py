"""Checkpoints of a record: kept beside it, pinned in the case, held against what is there now.

`ledger/checkpoints/SIZE.txt` is written when a writer ends; `checkpoint.txt` beside `case.yaml`
is the one that somebody pinned, as a rule in version control. A record that does not begin with
what one of them names was cut, put back to an older copy, or written anew.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from safetycase.ledger.dsse import verifier
from safetycase.ledger.files import read_file, sync_folder, write_file
from safetycase.ledger.merkle import Frontier
from safetycase.ledger.note import (
    COSIGNATURE,
    ED25519,
    Checkpoint,
    NoteError,
    Signature,
    cosigned_message,
    key_hash,
    open_note,
)
from safetycase.ledger.record import Log, Problem, Record, stamp
from safetycase.ledger.trust import Key, Trust, origin_of

__all__ = [
    "FOLDER_NAME",
    "PIN_NAME",
    "Held",
    "Kept",
    "Signer",
    "checkpoint_path",
    "cosigner_name",
    "hold",
    "kept_in",
    "merged",
    "roots",
    "save",
    "signers_of",
]

FOLDER_NAME = "checkpoints"
PIN_NAME = "checkpoint.txt"
_SIZE = re.compile(r"[1-9][0-9]{0,17}")

_RESTORE = "restore the record from a copy that has all of it; `record checkpoint --help` says more"
_FORK = (
    "two histories were written from one beginning, as when a copy of the case was run by itself: "
    "keep one of them, and run what you need of the other again"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A checkpoint file as it was found; `size` is the one that its name promises, if any."""

    name: str
    data: bytes
    size: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """Who signed a checkpoint with a key that the record introduces and still trusts.

    `time` is the UTC instant of a cosignature, None for a signature of the log itself.
    """

    key: Key
    kind: Literal["log", "cosigner"]
    time: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A checkpoint that the record agrees with. `signers` were verified, if they were asked for."""

    name: str
    checkpoint: Checkpoint
    signers: tuple[Signer, ...] = ()

    @property
    def size(self) -> int:
        """The number of records it is over."""
        return self.checkpoint.size

    @property
    def cosigners(self) -> tuple[Signer, ...]:
        """Those who say that they saw the record at this size."""
        return tuple(each for each in self.signers if each.kind == "cosigner")


def cosigner_name(keyid: str) -> str:
    """The name under which a key cosigns; unlike the key hash of a note, it is the whole key."""
    return f"safetycase/key/{keyid}"


def checkpoint_path(folder: Path, size: int) -> Path:
    """The file of the checkpoint over `size` records in the ledger folder `folder`."""
    return folder / FOLDER_NAME / f"{size}.txt"


def kept_in(folder: Path) -> tuple[tuple[Kept, ...], tuple[Problem, ...]]:
    """The checkpoint files of the ledger folder `folder` and the pin beside it, oldest first."""
    found: list[Kept] = []
    problems: list[Problem] = []
    for path, name in _paths(folder, problems):
        try:
            data = read_file(path)
        except FileNotFoundError:
            continue
        except OSError as error:
            problems.append(_unread(f"the checkpoint {name}", error))
            continue
        stem = path.stem if path.parent.name == FOLDER_NAME else ""
        size = (int(stem) if _SIZE.fullmatch(stem) else -1) if stem else None
        found.append(Kept(name=name, data=data, size=size))
    return tuple(found), tuple(problems)


def _paths(folder: Path, problems: list[Problem]) -> list[tuple[Path, str]]:
    """The files that hold a checkpoint, with the name that messages give them."""
    there: list[Path] = []
    try:
        there = sorted((folder / FOLDER_NAME).iterdir(), key=lambda path: (len(path.name), path))
    except FileNotFoundError:
        pass
    except OSError as error:
        problems.append(_unread(f"the folder {folder / FOLDER_NAME}", error))
    paths = [(path, f"{FOLDER_NAME}/{path.name}") for path in there if path.name[0] != "."]
    return [*paths, (folder.parent / PIN_NAME, f"pinned in {PIN_NAME}")]


def _unread(what: str, error: OSError) -> Problem:
    says = f"{what} cannot be read: {error.strerror or error}"
    return Problem(line=0, says=says, hint="make it readable for this user")


def hold(
    log: Log, kept: Sequence[Kept], *, thorough: bool = False
) -> tuple[tuple[Held, ...], tuple[Problem, ...]]:
    """The checkpoints that the record agrees with, and an error for each that it does not.

    Every root is compared. Signatures are checked of the newest checkpoint, of a pinned one and
    of those with a cosignature; of all of them if `thorough`. Checkpoints beyond a break of the
    record are passed over: the record does not verify anyway.
    """
    held: list[Held] = []
    problems: list[Problem] = []
    notes: list[tuple[Kept, Checkpoint]] = []
    for each in kept:
        try:
            notes.append((each, open_note(each.data)))
        except NoteError as error:
            hint = "restore it from a copy; if you know how it was damaged, remove it"
            problems.append(_problem(each.name, f"is no checkpoint: {error}", hint))
    if not notes:
        return (), tuple(problems)
    found = roots(log.records, {note.size for _, note in notes})
    trust = Trust.of(log.records)
    newest = max((note.size for _, note in notes), default=0)
    for each, note in notes:
        wrong = _against(log, each, note, found)
        if wrong is not None:
            problems += wrong
            continue
        cosigned = any(line.kind == "cosignature" for line in note.signatures)
        asked = thorough or cosigned or each.size is None or note.size == newest
        at = log.records[note.size - 1].at
        signers, wrong = signers_of(note, each.name, at, trust) if asked else ((), [])
        problems += wrong
        if not any(problem.severity == "error" for problem in wrong):
            held.append(Held(name=each.name, checkpoint=note, signers=signers))
    return tuple(held), tuple(problems)


def roots(records: Sequence[Record], sizes: set[int]) -> dict[int, bytes]:
    """The Merkle root over the first `size` records, for each of `sizes` that there is."""
    tree = Frontier()
    found = {}
    for record in records[: max(sizes, default=0)]:
        tree.add(bytes.fromhex(record.digest))
        if tree.size in sizes:
            found[tree.size] = tree.root()
    return found


def merged(one: Checkpoint, other: Checkpoint) -> Checkpoint:
    """A checkpoint with the signatures of both. They are of one size and root."""
    lines = dict.fromkeys((*one.signatures, *other.signatures))
    return replace(one, signatures=tuple(lines))


def save(path: Path, checkpoint: Checkpoint) -> None:
    """Put a checkpoint at `path`, whole or not at all, in the place of one that is there."""
    if path.exists() and not path.is_file() and not path.is_dir():  # a device is written to
        path.write_bytes(checkpoint.text())
        return
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileNotFoundError):
            fresh.unlink()  # left by a process of this number that was killed
        write_file(fresh, checkpoint.text())
        fresh.replace(path)
        sync_folder(path.parent)
    except OSError as error:  # it is about the checkpoint, not about ours beside it
        with contextlib.suppress(OSError):
            fresh.unlink()
        raise OSError(error.errno, f"cannot be written: {error.strerror}", str(path)) from error


def _against(
    log: Log, kept: Kept, note: Checkpoint, found: dict[int, bytes]
) -> list[Problem] | None:
    """What of the record contradicts a checkpoint; empty if that cannot be said; None if nothing.

    It cannot be said of a checkpoint that lies beyond a break of the record.
    """
    if kept.size is not None and kept.size != note.size:
        says = f"is over {note.size} records, which its name does not say"
        return [_problem(kept.name, says, "give it back the name it had")]
    if log.records and note.origin != origin_of(log.records[0]):
        says = f"belongs to another record ({note.origin}) than this one"
        return [_problem(kept.name, says, "put it back to its case; this record is another one")]
    there = len(log.records)
    if note.size > there:
        says = f"is over {note.size} records, of which {there} are there: the end was taken away"
        return [] if log.errors else [_problem(kept.name, says, _RESTORE)]
    if found[note.size] != note.root:
        says = f"was made when the first {note.size} records were others than now"
        return [_problem(kept.name, says, _FORK)]
    return None


def signers_of(
    note: Checkpoint, name: str, at: str, trust: Trust
) -> tuple[tuple[Signer, ...], list[Problem]]:
    """Who signed a checkpoint, and an error for each signature that does not verify.

    `at` is the time of the last record that it is over, `name` how messages call it.
    """
    signers: list[Signer] = []
    problems: list[Problem] = []
    for line in note.signatures:
        key = _key_of(line, note, trust)
        if key is None:
            says = f"has a signature by {line.name} that does not verify"
            hint = "the record has to introduce a key before it signs a checkpoint; or restore it"
            problems.append(_problem(name, says, hint))
        elif line.kind == "signature":
            problems += _log_key(note, name, at, key)
            if key.revoked is None:
                signers.append(Signer(key=key, kind="log"))
        elif key.revoked is not None:
            problems.append(_revoked(name, key))
        else:
            time = stamp(datetime.fromtimestamp(line.time, UTC))
            signers.append(Signer(key=key, kind="cosigner", time=time))
    if not any(line.kind == "signature" for line in note.signatures):
        says = "is not signed by a key of the record"
        problems.append(_problem(name, says, "restore it from a copy"))
    return tuple(signers), problems


def _key_of(line: Signature, note: Checkpoint, trust: Trust) -> Key | None:
    """The key of the record that made a signature line; None if none of them did."""
    for key in trust.keys.values():
        if line.kind == "signature":
            named = line.name == note.origin
            kind, message, signature = ED25519, note.body, line.blob
        else:
            named = line.name == cosigner_name(key.keyid)
            kind, message = COSIGNATURE, cosigned_message(line.time, note.body)
            signature = line.blob[8:]
        if not named or line.hint != key_hash(line.name, kind, key.public_key):
            continue
        if _verifies(key, signature, message):
            return key
    return None


def _verifies(key: Key, signature: bytes, message: bytes) -> bool:
    check: Callable[[bytes, bytes], bool] = verifier(key.public_key)
    return check(signature, message)


def _log_key(note: Checkpoint, name: str, at: str, key: Key) -> list[Problem]:
    """Why `key` may not sign for the log at this size."""
    hint = "a checkpoint is signed by a key of the role `log`, while that is valid"
    if "log" not in key.roles or key.seq > note.size:
        says = f"is signed by the key {key.short}, which is not for the log"
        return [_problem(name, says, hint)]
    if not key.valid_at(at):
        says = f"is signed by the key {key.short} outside the time for which that is valid"
        return [_problem(name, says, hint)]
    if key.revoked is not None and note.size > key.revoked.seq:
        says = f"is signed by the key {key.short}, which record {key.revoked.seq} had revoked"
        return [_problem(name, says, hint)]
    return [] if key.revoked is None else [_revoked(name, key)]


def _revoked(name: str, key: Key) -> Problem:
    assert key.revoked is not None
    return Problem(
        line=0,
        says=f"the checkpoint {name} is signed by the key {key.short}, which record "
        f"{key.revoked.seq} revoked later: that signature counts for nothing",
        hint="have it signed by another key, if it matters",
        severity="note",
    )


def _problem(name: str, says: str, hint: str) -> Problem:
    return Problem(line=0, says=f"the checkpoint {name} {says}", hint=hint)
