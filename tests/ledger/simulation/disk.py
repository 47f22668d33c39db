"""A disk that may lose power at any step, and everything that was not flushed with it.

The model is harsher than a journaling file system, so that what holds here holds there:

- what was written to a file and not flushed survives in any mixture: nothing, all of it, a prefix
  that ends at any byte, or sector by sector the old bytes, the new ones, zeros or rubbish, with any
  length that the file ever had since;
- names that were made, renamed or removed and not flushed survive in any selection (a rename as a
  whole);
- a flush that fails has thrown away what it could not write, and the next one does not try again
  (the behaviour of Linux since 4.13: `fsync` tells once);
- any operation may fail (no space, I/O error), be interrupted (Ctrl-C), or be the last one before
  the process is killed or the power goes.

The one thing a disk has to promise: a write does not change bytes outside its range.
"""

from __future__ import annotations

import errno
import os
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from safetycase.ledger.disk import Disk, Handle
from safetycase.ledger.errors import LedgerBusy

__all__ = ["Faults", "Off", "SimulatedDisk"]

SECTOR = 512
RUBBISH = b'#!/bin/sh\n{"payload": "of another file"}\n\0\xff'
Fate = Literal["power", "kill"]


class Off(BaseException):
    """The process is gone, or the machine is. Nobody catches it but the simulation."""


@dataclass(kw_only=True)
class Faults:
    """What goes wrong: `crash_at` counts operations down; the others are chances per operation."""

    crash_at: int = -1
    error: float = 0.0
    interrupt: float = 0.0


@dataclass(eq=False, slots=True)
class File:
    """Bytes as the processes see them, and as the platter has them with what is not flushed yet.

    `pending` holds (offset, bytes) for a write and (size, None) for a cut, oldest first.
    """

    view: bytearray = field(default_factory=bytearray)
    base: bytes = b""
    pending: list[tuple[int, bytes | None]] = field(default_factory=list)

    def flush(self) -> None:
        self.base = apply(self.base, self.pending)[-1]
        self.pending = []

    def survivor(self, rng: random.Random) -> bytes:
        """The bytes after the power is back."""
        if not self.pending:
            return self.base
        states = apply(self.base, self.pending)
        choice = rng.random()
        if choice < 0.15:
            return states[0]
        if choice < 0.3:
            return states[-1]
        if choice < 0.55:
            return self._torn(rng, states)
        return self._mixed(rng, states)

    def _torn(self, rng: random.Random, states: list[bytes]) -> bytes:
        """Some of the operations, and the next one up to any byte."""
        number = rng.randrange(len(self.pending))
        offset, data = self.pending[number]
        if data is None:
            return states[number]
        return apply(states[number], [(offset, data[: rng.randrange(len(data) + 1)])])[-1]

    def _mixed(self, rng: random.Random, states: list[bytes]) -> bytes:
        """Sector by sector what any of the states had, zeros or rubbish; any of the lengths."""
        touched: list[tuple[int, int]] = []
        longest = max(map(len, states))
        for offset, data in self.pending:
            touched.append((offset, longest if data is None else offset + len(data)))
        image = bytearray(states[-1].ljust(longest, b"\0"))
        for low, high in touched:
            start = low
            while start < high:
                stop = min((start // SECTOR + 1) * SECTOR, high)
                image[start:stop] = self._sector(rng, states, start, stop)
                start = stop
        sizes = sorted({len(state) for state in states})
        if rng.random() < 0.4:
            return bytes(image[: rng.choice(sizes)])
        return bytes(image[: rng.randint(sizes[0], sizes[-1])])

    def _sector(self, rng: random.Random, states: list[bytes], start: int, stop: int) -> bytes:
        length = stop - start
        choice = rng.random()
        if choice < 0.25:
            return bytes(length)
        if choice < 0.35:
            return (RUBBISH * (length // len(RUBBISH) + 1))[:length]
        return rng.choice(states)[start:stop].ljust(length, b"\0")


def apply(base: bytes, operations: list[tuple[int, bytes | None]]) -> list[bytes]:
    """The states that a file passes through, the first before any operation."""
    states = [base]
    for offset, data in operations:
        now = states[-1]
        if data is None:
            states.append(now[:offset].ljust(offset, b"\0"))
        else:
            states.append(now[:offset].ljust(offset, b"\0") + data + now[offset + len(data) :])
    return states


@dataclass(slots=True)
class Renaming:
    """A change of names that is not flushed: each is (folder, name, what it names now or None)."""

    changes: tuple[tuple[Path, str, File | None], ...]


class SimulatedDisk:
    """A `Disk` in memory. `reboot` brings it back after `Off`, with whatever survived."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.faults = Faults()
        self.operations = 0
        self.off = False
        self._fate: Fate = "power"
        self._held: set[Path] = set()
        self._folders: set[Path] = {Path("/"), Path("/case")}
        self._names: dict[Path, File] = {}
        self._kept_folders: set[Path] = {Path("/"), Path("/case")}
        self._kept: dict[Path, File] = {}
        self._new_folders: list[Path] = []
        self._renamings: list[Renaming] = []

    # --- what happens to it ---------------------------------------------------------------------

    def reboot(self, fate: Fate) -> None:
        """Start again after a kill (nothing is lost) or a power cut (only what is kept stays)."""
        self.off = False
        self.faults = Faults()
        self._held.clear()
        if fate == "kill":
            return
        rng = self.rng
        for folder in self._new_folders:
            if folder.parent in self._kept_folders and rng.random() < 0.5:
                self._kept_folders.add(folder)
        for renaming in self._renamings:
            if rng.random() < 0.5:
                self._keep(renaming)
        self._new_folders, self._renamings = [], []
        self._folders = set(self._kept_folders)
        self._kept = {
            path: file for path, file in self._kept.items() if path.parent in self._folders
        }
        for file in {id(file): file for file in self._kept.values()}.values():
            file.base = file.survivor(rng)
            file.view, file.pending = bytearray(file.base), []
        self._names = dict(self._kept)

    def names(self, folder: Path) -> list[Path]:
        """The files in a folder; for looking, it costs nothing and never fails."""
        return sorted(path for path in self._names if path.parent == folder)

    def step(self) -> None:
        """One operation begins: the process may end here, or be told that it cannot be done."""
        if self.off:
            raise Off
        self.operations += 1
        self.faults.crash_at -= 1
        if self.faults.crash_at == 0:
            self.off = True
            raise Off
        if self.faults.interrupt and self.rng.random() < self.faults.interrupt:
            raise KeyboardInterrupt
        if self.faults.error and self.rng.random() < self.faults.error:
            number = self.rng.choice((errno.ENOSPC, errno.EIO))
            raise OSError(number, os.strerror(number))

    # --- the operations -------------------------------------------------------------------------

    def new_folder(self, path: Path) -> None:
        self.step()
        if path in self._folders:
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path))
        self._folders.add(path)
        self._new_folders.append(path)

    def is_folder(self, path: Path) -> bool:
        self.step()
        return path in self._folders

    def exists(self, path: Path) -> bool:
        self.step()
        return path in self._names

    def read(self, path: Path) -> bytes:
        self.step()
        return bytes(self._file(path).view)

    def chunks(self, path: Path, size: int) -> Iterator[bytes]:
        self.step()
        data = bytes(self._file(path).view)
        for start in range(0, len(data), size):
            self.step()
            yield data[start : start + size]

    def open(self, path: Path) -> Handle:
        self.step()
        if path not in self._names:
            return self._make(path)
        return SimulatedHandle(self, self._names[path])

    def open_new(self, path: Path) -> Handle:
        self.step()
        if path in self._names:
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path))
        return self._make(path)

    def open_old(self, path: Path) -> Handle:
        self.step()
        return SimulatedHandle(self, self._file(path))

    def rename(self, source: Path, target: Path) -> None:
        self.step()
        file = self._file(source)
        del self._names[source]
        self._names[target] = file
        self._renamings.append(
            Renaming(((source.parent, source.name, None), (target.parent, target.name, file)))
        )

    def remove(self, path: Path) -> None:
        self.step()
        if self._names.pop(path, None) is not None:
            self._renamings.append(Renaming(((path.parent, path.name, None),)))

    def sync_folder(self, path: Path) -> None:
        self.step()
        if path not in self._folders:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path))
        for folder in [each for each in self._new_folders if each.parent == path]:
            self._kept_folders.add(folder)
            self._new_folders.remove(folder)
        for renaming in list(self._renamings):
            if any(folder == path for folder, _, _ in renaming.changes):
                self._keep(renaming)
                self._renamings.remove(renaming)

    def hold(self, folder: Path) -> SimulatedLock:
        self.step()
        if folder in self._held:
            raise LedgerBusy(folder, None)
        self._held.add(folder)
        return SimulatedLock(self._held, folder)

    def _make(self, path: Path) -> SimulatedHandle:
        if path.parent not in self._folders:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path))
        file = self._names[path] = File()
        self._renamings.append(Renaming(((path.parent, path.name, file),)))
        return SimulatedHandle(self, file)

    def _file(self, path: Path) -> File:
        if path not in self._names:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path))
        return self._names[path]

    def _keep(self, renaming: Renaming) -> None:
        for folder, name, file in renaming.changes:
            if file is None:
                self._kept.pop(folder / name, None)
            else:
                self._kept[folder / name] = file


class SimulatedHandle:
    """An open file of the simulated disk."""

    def __init__(self, disk: SimulatedDisk, file: File) -> None:
        self._disk = disk
        self._file = file

    def append(self, data: bytes) -> None:
        self._write(len(self._file.view), data)

    def overwrite(self, offset: int, data: bytes) -> None:
        self._write(offset, data)

    def _write(self, offset: int, data: bytes) -> None:
        """A write that fails, or is the last one, may have got some of its bytes across."""
        try:
            self._disk.step()
        except BaseException:
            data = data[: self._disk.rng.randrange(len(data) + 1)]
            self._put(offset, data)
            raise
        self._put(offset, data)

    def _put(self, offset: int, data: bytes) -> None:
        if data:
            self._file.view[offset : offset + len(data)] = data
            self._file.pending.append((offset, data))

    def sync(self) -> None:
        try:
            self._disk.step()
        except OSError:
            self._file.base, self._file.pending = self._file.survivor(self._disk.rng), []
            raise
        except KeyboardInterrupt:
            if self._disk.rng.random() < 0.5:
                self._file.flush()
            raise
        self._file.flush()

    def cut(self, size: int) -> None:
        self._disk.step()
        del self._file.view[size:]
        self._file.pending.append((size, None))

    def protect(self) -> None:
        self._disk.step()

    def size(self) -> int:
        self._disk.step()
        return len(self._file.view)

    def same_as(self, path: Path) -> bool:
        self._disk.step()
        return self._disk._file(path) is self._file

    def close(self) -> None:
        """Closing never fails here; it flushes nothing."""


class SimulatedLock:
    """Held until it is closed or the machine starts again."""

    def __init__(self, held: set[Path], folder: Path) -> None:
        self._held = held
        self._folder = folder

    def close(self) -> None:
        self._held.discard(self._folder)


def _is_a_disk(disk: SimulatedDisk) -> Disk:
    return disk
