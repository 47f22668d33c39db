"""What this user has seen of each record: `$XDG_STATE_HOME/safetycase/seen/`, one file a record.

    safetycase/2f1d...            the origin: which record
    120                           how many records there were
    base64 of the Merkle root

A record that later has fewer records, or others, was put back to an older copy or written anew.
Unlike a pin, this needs nobody's care; unlike a countersignature, it convinces only this user.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from safetycase.ledger.checkpoints import roots
from safetycase.ledger.dsse import unbase64
from safetycase.ledger.files import write_file
from safetycase.ledger.note import Checkpoint
from safetycase.ledger.record import Log, Problem
from safetycase.ledger.trust import origin_of

__all__ = ["Seen", "default_seen_folder"]

_FORGET = "`safetycase record checkpoint --forget` makes this user accept the record as it is"


def default_seen_folder(env: Mapping[str, str]) -> Path | None:
    """Where this user's memory lives; None if there is no home folder to keep it in.

    Below $XDG_STATE_HOME, or `~/.local/state` with ~ = $HOME.
    """
    state = Path(env.get("XDG_STATE_HOME") or "")
    if not state.is_absolute():  # the XDG base directory specification: ignore a relative one
        home = env.get("HOME")
        if not home:
            return None
        state = Path(home) / ".local" / "state"
    return state / "safetycase" / "seen"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """The memory in one folder; None remembers nothing."""

    folder: Path | None

    def problems(self, log: Log) -> tuple[Problem, ...]:
        """Why the record cannot be the one that was seen last, or its continuation."""
        if not log.records:
            return ()
        last = self.last(origin_of(log.records[0]))
        if last is None or log.errors:
            return ()
        there = len(log.records)
        if last.size > there:
            says = (
                f"you have seen {last.size} records of this case, and now there are {there}: the "
                "end was taken away, or this is an older copy"
            )
            hint = "restore the record from the newest copy"
        elif roots(log.records, {last.size})[last.size] != last.root:
            says = (
                f"the first {last.size} records are others than those you have seen: two histories "
                "were written from one beginning, as when a copy of the case was run by itself"
            )
            hint = "keep one of them, and run what you need of the other again"
        else:
            return ()
        return (Problem(line=0, says=says, hint=f"{hint}; {_FORGET}"),)

    def last(self, origin: str) -> Checkpoint | None:
        """What was seen last of a record; None if nothing that can be read."""
        path = self._path(origin)
        if path is None:
            return None
        try:
            first, size, root = path.read_text("utf-8").splitlines()
            found = Checkpoint(origin=first, size=int(size), root=unbase64(root))
        except (OSError, ValueError):
            return None
        return found if found.origin == origin and found.size > 0 else None

    def note(self, origin: str, size: int, root: bytes) -> None:
        """Remember a record as it was seen, unless more of it was seen before.

        A disk that refuses is no error: this memory is a help, and the record does not rest on it.
        """
        path = self._path(origin)
        last = self.last(origin)
        if path is None or (last is not None and last.size >= size):
            return
        fresh = path.with_name(f".{path.name}.{os.getpid()}")
        text = f"{origin}\n{size}\n{base64.b64encode(root).decode()}\n"
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            fresh.unlink(missing_ok=True)
            write_file(fresh, text.encode(), mode=0o600)
            fresh.replace(path)
        except OSError:
            return

    def forget(self, origin: str) -> bool:
        """Forget a record; whether anything of it was remembered."""
        path = self._path(origin)
        if path is None or not path.exists():
            return False
        path.unlink()
        return True

    def _path(self, origin: str) -> Path | None:
        return None if self.folder is None else self.folder / f"{origin.partition('/')[2]}.txt"
