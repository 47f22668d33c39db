from __future__ import annotations

import errno
import hashlib
import os
from pathlib import Path

import pytest

from safetycase.ledger import LedgerWriteError, ObjectDamaged, ObjectMissing, ObjectStore


def names(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_bytes_and_files_are_kept_by_content(tmp_path: Path) -> None:
    store = ObjectStore(tmp_path / "ledger")
    big = os.urandom(3_000_000)
    (tmp_path / "big.bin").write_bytes(big)
    assert store.put(b"abc") == (  # FIPS 180-2, appendix B.1
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    )
    digest = store.put(tmp_path / "big.bin")
    assert digest == hashlib.sha256(big).hexdigest() == store.put(big)
    assert store.get(digest) == big
    assert store.has(digest)
    assert store.path(digest) == tmp_path / "ledger" / "objects" / digest[:2] / digest
    assert len(names(tmp_path / "ledger")) == 2


def test_putting_twice_leaves_the_first_file_alone(tmp_path: Path) -> None:
    store = ObjectStore(tmp_path)
    path = store.path(store.put(b"x"))
    before = path.stat()
    store.put(b"x")
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert names(tmp_path) == [str(path.relative_to(tmp_path))]


def test_a_missing_object_says_so(tmp_path: Path) -> None:
    store = ObjectStore(tmp_path)
    assert not store.has("0" * 64)
    with pytest.raises(ObjectMissing, match="0000 is missing"):
        store.get("0" * 64)


def test_every_flipped_byte_is_noticed_and_put_heals(tmp_path: Path) -> None:
    store = ObjectStore(tmp_path)
    digest = store.put(b"what was measured")
    path = store.path(digest)
    path.chmod(0o644)
    for place in range(len(b"what was measured")):
        data = bytearray(b"what was measured")
        data[place] ^= 1
        path.write_bytes(data)
        with pytest.raises(ObjectDamaged, match=digest):
            store.get(digest)
    for other in (b"", b"what was measured\0"):
        path.write_bytes(other)
        with pytest.raises(ObjectDamaged, match=digest):
            store.check(digest)
    assert store.put(b"what was measured") == digest
    assert store.get(digest) == b"what was measured"


@pytest.mark.parametrize("digest", ["", "../../etc/passwd", "A" * 64, "0" * 63, "0" * 64 + "\n"])
def test_what_is_no_digest_never_becomes_a_path(tmp_path: Path, digest: str) -> None:
    with pytest.raises(ValueError, match="SHA-256"):
        ObjectStore(tmp_path).path(digest)


def test_a_folder_in_the_place_of_an_object_is_damage(tmp_path: Path) -> None:
    store = ObjectStore(tmp_path)
    store.path("0" * 64).mkdir(parents=True)
    with pytest.raises(ObjectDamaged, match="cannot be read"):
        store.get("0" * 64)


def test_a_full_disk_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = ObjectStore(tmp_path)
    store.put(b"before")
    kept = names(tmp_path)

    def full(_descriptor: int, _data: bytes) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(LedgerWriteError, match=r"No space left on device.*free some space"):
        store.put(b"after")
    assert names(tmp_path) == kept


def test_a_source_that_is_not_there_is_the_callers_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        ObjectStore(tmp_path).put(tmp_path / "absent")


def test_a_file_in_the_place_of_the_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "ledger").write_text("")
    with pytest.raises(LedgerWriteError, match="a file stands where the folder should be"):
        ObjectStore(tmp_path / "ledger").put(b"x")


def test_a_folder_that_cannot_be_listed_is_no_folder_without_artefacts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = ObjectStore(tmp_path)
    assert store.digests() == frozenset()
    digest = store.put(b"here")
    assert store.digests() == {digest}

    def refused(self: Path) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", str(self))

    monkeypatch.setattr(Path, "iterdir", refused)
    with pytest.raises(PermissionError):
        store.digests()
