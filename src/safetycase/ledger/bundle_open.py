"""Taking a bundle out of its file: into an empty folder, after everything in it was checked."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
from pathlib import Path
from typing import Final

from safetycase.ledger.bundle_read import MANIFEST, PROOFS, Bundle, open_bundle
from safetycase.ledger.bundle_verify import BundleCheck
from safetycase.ledger.bundle_zip import BundleBroken, BundleRefused, chunks
from safetycase.ledger.files import sync_folder, write_all
from safetycase.ledger.verifier import Verification

__all__ = ["open_into"]

_CASE: Final = "case/"
_LEDGER: Final = "ledger"


def open_into(path: Path, folder: Path) -> Verification:
    """Verify the bundle `path` and make `folder` a case folder with its record.

    The files of the case come to lie in `folder`, the record in `folder/ledger`. If what is
    returned is not ok, nothing was written. Raises `BundleRefused` if the bundle holds only a part
    of a record or if there is something in `folder`, `BundleBroken` if the file is no bundle, and
    OSError if the disk refuses; then nothing was written either.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise BundleRefused(f"{folder} is not an empty folder: name one that is, or a new one")
    with path.open("rb") as file:
        try:
            bundle = open_bundle(file)
        except BundleBroken as broken:
            raise BundleBroken(f"{path.name}: {broken}; nothing was written") from broken
        found = BundleCheck(bundle).result()
        if not found.ok:
            return found
        if bundle.manifest.records is not None:
            raise BundleRefused(
                f"{path.name} holds {len(bundle.manifest.records)} of {bundle.manifest.size} "
                "records: a part can be verified, but it cannot stand as a record"
            )
        _extract(bundle, folder)
    return found


def _extract(bundle: Bundle, folder: Path) -> None:
    """Write inside `folder`, and put each part in its place at the end: the record last.

    The folder itself stays the one it was: it may be a link, a disk, or where the caller stands.
    """
    made = not folder.exists()
    folder.mkdir(parents=True, exist_ok=True)
    fresh = folder / f".open-{os.getpid()}"
    moved: list[Path] = []
    try:
        fresh.mkdir()
        for name in bundle.members:
            if name not in (MANIFEST, PROOFS):
                _member(bundle, name, fresh / _place(name))
        for part in sorted(fresh.iterdir(), key=lambda part: (part.name == _LEDGER, part)):
            moved.append(part.rename(folder / part.name))
        fresh.rmdir()
        sync_folder(folder)
        sync_folder(folder.resolve().parent)
    except BaseException:
        _undo(folder, [fresh, *moved], made=made)
        raise


def _undo(folder: Path, parts: list[Path], *, made: bool) -> None:
    for part in parts:
        if part.is_dir():
            shutil.rmtree(part, ignore_errors=True)
        else:
            part.unlink(missing_ok=True)
    if made:
        with contextlib.suppress(OSError):
            folder.rmdir()


def _place(name: str) -> str:
    return name.removeprefix(_CASE) if name.startswith(_CASE) else f"{_LEDGER}/{name}"


def _member(bundle: Bundle, name: str, target: Path) -> None:
    """Write one member; its bytes are compared again, in case the file changes under our hands."""
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = target.with_name(f".new-{target.name}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
    total = hashlib.sha256()
    try:
        for chunk in chunks(bundle.file, bundle.members[name]):
            total.update(chunk)
            write_all(descriptor, chunk)
        if name.startswith("objects/"):
            os.fchmod(descriptor, 0o444)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    if total.hexdigest() != bundle.digests[name]:
        raise BundleBroken(f"{name} changed while it was being read; nothing was written")
    fresh.replace(target)
