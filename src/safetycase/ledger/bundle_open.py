"""Taking a bundle out of its file: into an empty folder, after everything in it was checked."""

from __future__ import annotations

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
    """Write beside `folder` and put the whole in its place at the end."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    fresh = folder.with_name(f".{folder.name}.{os.getpid()}")
    fresh.mkdir()
    try:
        for name in bundle.members:
            if name not in (MANIFEST, PROOFS):
                _member(bundle, name, fresh / _place(name))
        fresh.replace(folder)
        sync_folder(folder.parent)
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        raise


def _place(name: str) -> str:
    return name.removeprefix(_CASE) if name.startswith(_CASE) else f"ledger/{name}"


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
