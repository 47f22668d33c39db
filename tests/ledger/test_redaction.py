"""An artefact may be taken out on purpose: signed, noted, and never silently."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from safetycase.ledger import (
    ObjectStore,
    Record,
    RecordRefused,
    SigningKey,
    Writer,
    open_store,
    verify,
)
from safetycase.ledger.settings import Settings, write_settings

AT = "2026-11-23T09:30:09Z"
Build = Callable[[Path], list[Record]]


def artefact(ledger: Path) -> str:
    (digest,) = ObjectStore(ledger).digests()
    return digest


def note(ledger: Path, key: SigningKey, **body: object) -> None:
    with Writer(ledger, key) as writer:
        writer.append("note", {"note": "redaction"} | body, at=AT)


def said(ledger: Path) -> list[tuple[str, str]]:
    return [(each.severity, each.says) for each in verify(ledger).problems]


def test_a_signed_redaction_is_a_note(build: Build, ledger: Path, key: SigningKey) -> None:
    build(ledger)
    digest = artefact(ledger)
    log = (ledger / "log.jsonl").read_bytes()
    note(ledger, key, sha256=digest, reason="holds a person's name")
    [(severity, says)] = said(ledger)
    assert severity == "note"
    assert says.endswith("redacted by record 7, and its bytes are still there")
    ObjectStore(ledger).redact(digest, "holds a person's name")
    [(severity, says)] = said(ledger)
    assert severity == "note"
    assert says.endswith("rests on its log, redacted by record 7: holds a person's name")
    assert (ledger / "log.jsonl").read_bytes().startswith(log)
    assert verify(ledger).ok
    assert verify(ledger).objects_checked == 0  # there are no bytes to check


def test_a_redaction_that_nobody_signed_is_an_error(build: Build, ledger: Path) -> None:
    build(ledger)
    ObjectStore(ledger).redact(artefact(ledger), "trust me")
    [(severity, says)] = said(ledger)
    assert severity == "error"
    assert says.endswith("was taken out and no record says that it was redacted")


def test_a_redaction_of_another_artefact_excuses_nothing(
    build: Build, ledger: Path, key: SigningKey
) -> None:
    build(ledger)
    note(ledger, key, sha256="0" * 64, reason="something else")
    ObjectStore(ledger).redact(artefact(ledger), "r")
    assert not verify(ledger).ok


@pytest.mark.parametrize("body", [{}, {"sha256": "0" * 64}, {"sha256": "x", "reason": "r"}])
def test_a_redaction_says_what_and_why(
    build: Build, ledger: Path, key: SigningKey, body: dict[str, str]
) -> None:
    build(ledger)
    with pytest.raises(RecordRefused, match=r"has (no|a) `"):
        note(ledger, key, **body)


# --- where artefacts are checked -------------------------------------------------------------


def shared_only(ledger: Path, shared: Path) -> None:
    digest = artefact(ledger)
    ObjectStore(shared).put(ObjectStore(ledger).path(digest))
    ObjectStore(ledger).path(digest).unlink()


def test_artefacts_that_are_only_shared_are_checked_there(
    build: Build, ledger: Path, tmp_path: Path
) -> None:
    build(ledger)
    shared = tmp_path / "shared"
    shared_only(ledger, shared)
    assert not verify(ledger).ok
    write_settings(ledger, Settings(artefacts=shared.as_uri()))
    assert verify(ledger).ok
    assert verify(ledger).objects_checked == 1
    (digest,) = open_store(ledger).digests()
    path = ObjectStore(shared).path(digest)
    path.chmod(0o644)
    path.write_bytes(b"what the run left!")
    assert "has other bytes" in said(ledger)[0][1]


@pytest.mark.slow
def test_a_store_that_cannot_be_asked_is_an_error(
    build: Build, ledger: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    build(ledger)
    shared_only(ledger, tmp_path / "shared")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    write_settings(ledger, Settings(artefacts="s3://b?endpoint=http://127.0.0.1:9"))
    [(severity, says)] = said(ledger)
    assert severity == "error"
    assert "cannot be reached" in says


def test_a_setting_that_cannot_be_read_is_an_error(build: Build, ledger: Path) -> None:
    build(ledger)
    (ledger / "home.json").write_text("{")
    assert not verify(ledger).ok


def test_leaving_the_artefacts_out_is_noted(build: Build, ledger: Path) -> None:
    build(ledger)
    ObjectStore(ledger).path(artefact(ledger)).unlink()
    found = verify(ledger, artefacts=False)
    assert found.ok
    assert found.objects_checked == 0
    assert [each.says for each in found.problems] == ["the artefacts were not checked"]
