"""A local copy in front of a shared store: nothing finished is lost, nothing damaged is taken."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from safetycase.ledger import ObjectStore, open_store
from safetycase.ledger.errors import LedgerError, ObjectDamaged, ObjectMissing, ObjectRedacted
from safetycase.ledger.settings import Settings, write_settings
from safetycase.ledger.stores import (
    ArtefactNotShared,
    CachedStore,
    StoreDown,
    StoreError,
    plain_address,
    shared_store,
)


@pytest.fixture
def shared(tmp_path: Path) -> Path:
    return tmp_path / "shared"


@pytest.fixture
def store(ledger: Path, shared: Path) -> CachedStore:
    write_settings(ledger, Settings(artefacts=shared.as_uri()))
    found = open_store(ledger)
    assert isinstance(found, CachedStore)
    return found


def test_without_a_setting_artefacts_live_in_the_folder(ledger: Path) -> None:
    assert isinstance(open_store(ledger), ObjectStore)


def test_what_is_put_goes_to_both(store: CachedStore, ledger: Path, shared: Path) -> None:
    digest = store.put(b"x" * 3_000_000)
    assert ObjectStore(ledger).get(digest) == ObjectStore(shared).get(digest)
    assert store.has(digest)
    assert store.digests() == {digest}


def test_what_is_only_shared_is_fetched_and_kept(
    store: CachedStore, ledger: Path, shared: Path
) -> None:
    digest = ObjectStore(shared).put(b"made by a colleague")
    store.check(digest)
    assert not ObjectStore(ledger).has(digest)  # checking copies nothing
    assert store.get(digest) == b"made by a colleague"
    assert ObjectStore(ledger).get(digest) == b"made by a colleague"
    assert store.fetch(digest) == ObjectStore(ledger).path(digest)
    assert not list((ledger / "objects").glob(".*"))


def test_damage_in_the_shared_store_is_never_taken_in(
    store: CachedStore, ledger: Path, shared: Path
) -> None:
    digest = ObjectStore(shared).put(b"good")
    path = ObjectStore(shared).path(digest)
    path.chmod(0o644)
    path.write_bytes(b"evil")
    with pytest.raises(ObjectDamaged):
        store.get(digest)
    assert ObjectStore(ledger).digests() == frozenset()


def test_damage_here_is_an_error_to_check_and_healed_by_a_read(
    store: CachedStore, ledger: Path
) -> None:
    digest = store.put(b"good")
    path = ObjectStore(ledger).path(digest)
    path.chmod(0o644)
    path.write_bytes(b"evil")
    with pytest.raises(ObjectDamaged):
        store.check(digest)
    assert store.get(digest) == b"good"
    store.check(digest)


def test_what_cannot_be_shared_is_kept_here_and_says_so(ledger: Path, tmp_path: Path) -> None:
    (tmp_path / "blocked").write_text("")
    write_settings(ledger, Settings(artefacts=(tmp_path / "blocked").as_uri()))
    with pytest.raises(ArtefactNotShared, match=r"kept in the folder .*record artefacts push") as c:
        open_store(ledger).put(b"finished work")
    assert ObjectStore(ledger).get(c.value.digest) == b"finished work"


def test_what_is_nowhere_is_missing(store: CachedStore) -> None:
    assert not store.has("0" * 64)
    for ask in (store.get, store.check, store.fetch):
        with pytest.raises(ObjectMissing):
            ask("0" * 64)


def test_what_is_redacted_is_gone_in_both_and_stays_gone(
    store: CachedStore, ledger: Path, shared: Path
) -> None:
    digest = store.put(b"personal")
    store.redact(digest, "a person asked")
    for each in (store, ObjectStore(ledger), ObjectStore(shared)):
        with pytest.raises(ObjectRedacted, match="a person asked"):
            each.get(digest)
    assert store.put(b"personal") == digest
    for folder in (ledger, shared):
        assert b"personal" not in ObjectStore(folder).path(digest).read_bytes()


def test_a_tombstone_of_another_artefact_is_damage(ledger: Path) -> None:
    store = ObjectStore(ledger)
    first, second = store.put(b"one"), store.put(b"two")
    store.redact(first, "r")
    store.path(second).chmod(0o644)
    store.path(second).write_bytes(store.path(first).read_bytes())
    with pytest.raises(ObjectDamaged) as caught:
        store.get(second)
    assert not isinstance(caught.value, ObjectRedacted)


def test_an_artefact_that_looks_like_a_tombstone_is_an_artefact(ledger: Path) -> None:
    store = ObjectStore(ledger)
    data = b'{"reason":"x","redacted":"%s"}\n' % hashlib.sha256(b"y").hexdigest().encode()
    assert store.get(store.put(data)) == data


@pytest.mark.parametrize(
    "address",
    ["s3://bucket", "s3://bucket/a/b", "s3://b/x?endpoint=https://minio.lab:9000", "file:///srv/a"],
)
def test_addresses(address: str) -> None:
    assert plain_address(address) == address
    shared_store(address)


@pytest.mark.parametrize(
    "address",
    ["", "bucket", "s3://", "ftp://x/y", "file://host/x", "file:x", "memory://x", "s3://b?x=1",
     "s3://b#x", "s3://[", "/srv/artefacts"],
)  # fmt: skip
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(StoreError, match="artefacts live at"):
        plain_address(address)


@pytest.mark.parametrize(
    "address",
    [
        "s3://AKID:hunter2@bucket/x",
        "s3://bucket?key=hunter2",
        "s3://bucket?secret=hunter2",
        "s3://bucket?endpoint=https://me:hunter2@host",
    ],
)
def test_an_address_with_a_password_is_refused_and_not_repeated(address: str) -> None:
    with pytest.raises(StoreError, match="holds no key or password") as caught:
        plain_address(address)
    assert "hunter2" not in str(caught.value)


def test_a_setting_that_names_no_store_is_an_error(ledger: Path) -> None:
    write_settings(ledger, Settings(artefacts="gopher://x"))
    with pytest.raises(LedgerError, match="artefacts live at"):
        open_store(ledger)


def test_a_store_that_is_down_is_asked_once(ledger: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    class Down(ObjectStore):
        def put(self, source: Path | bytes) -> str:
            asked.append("put")
            raise StoreDown("no network")

    store = CachedStore(ObjectStore(ledger), Down(ledger))
    for data in (b"one", b"two"):
        with pytest.raises(ArtefactNotShared, match="no network") as caught:
            store.put(data)
        assert ObjectStore(ledger).get(caught.value.digest) == data
    assert asked == ["put"]
