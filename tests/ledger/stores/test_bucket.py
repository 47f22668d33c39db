"""Artefacts in S3: against a real server that knows conditional writes, and some that do not."""

from __future__ import annotations

import hashlib
import os
import threading
from pathlib import Path
from typing import Any

import pytest
from tests.ledger.stores.conftest import Gate

from safetycase.ledger.bucket import BucketStore
from safetycase.ledger.errors import ObjectDamaged, ObjectMissing, ObjectRedacted
from safetycase.ledger.stores import StoreError


@pytest.fixture
def store(bucket: str, endpoint: str) -> BucketStore:
    return BucketStore(f"{bucket}/team/case", endpoint=endpoint)


def key_of(store: BucketStore, digest: str) -> str:
    return f"{store.place}/objects/{digest[:2]}/{digest}"


@pytest.mark.slow
def test_bytes_and_files_are_kept_by_content(
    store: BucketStore, files: Any, tmp_path: Path, gate: Gate
) -> None:
    big = os.urandom(20 << 20)  # three parts
    (tmp_path / "big.bin").write_bytes(big)
    digest = store.put(tmp_path / "big.bin")
    assert digest == hashlib.sha256(big).hexdigest()
    assert store.get(digest) == big
    small = store.put(b"")
    assert store.get(small) == b""
    assert store.has(small)
    assert not store.has("0" * 64)
    assert store.digests() == {digest, small}
    assert files.info(key_of(store, digest))["size"] == len(big)
    assert gate.conditions == 2  # both were written on the condition that nothing is there


def test_putting_again_sends_nothing(store: BucketStore, gate: Gate) -> None:
    digest = store.put(b"once")
    before = gate.puts
    assert store.put(b"once") == digest
    assert gate.puts == before


@pytest.mark.slow
def test_an_empty_store_has_nothing(store: BucketStore) -> None:
    assert store.digests() == frozenset()
    with pytest.raises(ObjectMissing, match=r"is missing in s3://.*artefacts push"):
        store.get("0" * 64)
    with pytest.raises(ObjectMissing):
        store.check("0" * 64)


@pytest.mark.slow
@pytest.mark.parametrize("manner", ["plain", "ignores conditions", "refuses conditions"])
def test_many_put_the_same_at_once(
    bucket: str, endpoint: str, gate: Gate, tmp_path: Path, manner: str
) -> None:
    gate.manner = manner
    data = os.urandom(100_000)
    (tmp_path / "data").write_bytes(data)
    found: list[object] = []
    start = threading.Barrier(6)
    store = BucketStore(bucket, endpoint=endpoint)

    def put(number: int) -> None:
        start.wait()
        try:
            found.append(store.put(data if number % 2 else tmp_path / "data"))
        except Exception as error:
            found.append(error)

    threads = [threading.Thread(target=put, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [hashlib.sha256(data).hexdigest()] * 6
    assert store.get(str(found[0])) == data


def test_what_another_wrote_in_between_is_not_overwritten(
    store: BucketStore, files: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The object appears between the look and the write: the server's condition decides."""
    digest = hashlib.sha256(b"mine").hexdigest()
    monkeypatch.setattr(store, "has", lambda _digest: False)
    files.pipe_file(key_of(store, digest), b"somebody else's")
    with pytest.raises(StoreError, match="other bytes under the name of the artefact"):
        store.put(b"mine")
    assert files.cat_file(key_of(store, digest)) == b"somebody else's"


@pytest.mark.parametrize("as_file", [True, False])
def test_other_bytes_under_a_digest_are_refused(
    store: BucketStore, files: Any, tmp_path: Path, as_file: bool
) -> None:
    digest = hashlib.sha256(b"mine").hexdigest()
    files.pipe_file(key_of(store, digest), b"planted")
    (tmp_path / "mine").write_bytes(b"mine")
    with pytest.raises(StoreError, match=r"find out who wrote them, remove .* and put it again"):
        store.put(tmp_path / "mine" if as_file else b"mine")
    assert files.cat_file(key_of(store, digest)) == b"planted"


@pytest.mark.slow
def test_damage_is_noticed_on_every_read(store: BucketStore, files: Any) -> None:
    data = os.urandom(5000)
    digest = store.put(data)
    for bad in (data[:-1], data + b"\0", b"", bytes([data[0] ^ 1]) + data[1:]):
        files.pipe_file(key_of(store, digest), bad)
        for read in (store.get, store.check):
            with pytest.raises(ObjectDamaged, match="other bytes in s3://"):
                read(digest)


@pytest.mark.slow
def test_an_upload_that_is_cut_off_leaves_nothing(
    store: BucketStore, files: Any, tmp_path: Path, gate: Gate
) -> None:
    (tmp_path / "big").write_bytes(os.urandom(20 << 20))
    gate.manner = "fails in the middle"
    with pytest.raises(StoreError, match="cannot be used"):
        store.put(tmp_path / "big")
    gate.manner = "plain"
    assert store.digests() == frozenset()
    assert store.put(tmp_path / "big") in store.digests()


def test_a_bucket_that_is_not_there_is_named(endpoint: str) -> None:
    store = BucketStore("no-such-bucket/x", endpoint=endpoint)
    for ask in (store.get, store.check, store.has):
        with pytest.raises(StoreError, match=r"there is no bucket no-such-bucket; make it"):
            ask("0" * 64)
    with pytest.raises(StoreError, match="there is no bucket"):
        store.put(b"x")
    with pytest.raises(StoreError, match="there is no bucket"):
        store.digests()


@pytest.mark.slow
def test_no_network_is_said_in_a_sentence(gate: Gate, bucket: str) -> None:
    store = BucketStore(bucket, endpoint="http://127.0.0.1:9")
    with pytest.raises(StoreError, match=r"cannot be reached .*check the network") as caught:
        store.put(b"x")
    assert "a-very-secret-key" not in str(caught.value)


def test_no_key_is_said_in_a_sentence(store: BucketStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(StoreError, match=r"needs a key .*set AWS_ACCESS_KEY_ID"):
        store.put(b"x")


@pytest.mark.slow
def test_a_key_that_is_refused_is_named_and_not_printed(store: BucketStore, gate: Gate) -> None:
    gate.manner = "refuses the key"
    with pytest.raises(StoreError, match="refuses this key") as caught:
        store.put(b"x")
    assert "AKIDTESTING" not in str(caught.value)
    assert "a-very-secret-key" not in str(caught.value)


@pytest.mark.slow
def test_what_is_redacted_is_gone_and_stays_gone(store: BucketStore, files: Any) -> None:
    digest = store.put(b"personal data")
    store.redact(digest, "asked for by the person")
    assert b"personal" not in files.cat_file(key_of(store, digest))
    for read in (store.get, store.check):
        with pytest.raises(ObjectRedacted, match="asked for by the person"):
            read(digest)
    assert store.put(b"personal data") == digest
    with pytest.raises(ObjectRedacted):
        store.get(digest)


@pytest.mark.parametrize("digest", ["", "../../etc/passwd", "A" * 64])
def test_what_is_no_digest_never_becomes_a_key(store: BucketStore, digest: str) -> None:
    for ask in (store.has, store.get, store.check):
        with pytest.raises(ValueError, match="SHA-256"):
            ask(digest)
