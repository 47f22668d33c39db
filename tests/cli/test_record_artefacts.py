"""`record artefacts`, as a user would type it."""

from __future__ import annotations

import gc
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.conftest import Ran

from safetycase.cli import main
from safetycase.ledger import ObjectStore, Writer, load_or_create

Say = Callable[..., Ran]
AT = "2026-11-23T09:30:00Z"
REGISTRATION = {
    "evidence": "E-COIN",
    "claim": "SAFE",
    "criterion": "rate <= 0.2",
    "level": "0.95",
    "plan": {},
    "recipe": {},
    "recipe_digest": "a" * 64,
    "exploratory": False,
    "seed": 7,
}


@pytest.fixture
def say(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Say:
    """Run the command line in this process, exit codes and all."""
    monkeypatch.setattr(main, "cli", main._Verbs("safetycase"))
    monkeypatch.setenv("SAFETYCASE_KEY", str(tmp_path / "key.pem"))

    def call(*words: str | Path) -> Ran:
        monkeypatch.setattr(sys, "argv", ["safetycase", *map(str, words)])
        capsys.readouterr()
        code = main._main()
        gc.enable()
        out, err = capsys.readouterr()
        return Ran(code, out, err)

    return call


@pytest.fixture
def digest(coin: Path, tmp_path: Path) -> str:
    """A recorded run that left one artefact; its SHA-256."""
    ledger = coin / "ledger"
    digest = ObjectStore(ledger).put(b"what the run left")
    with Writer(ledger, load_or_create(tmp_path / "key.pem", "me")) as writer:
        registration = writer.append("registration", REGISTRATION, at=AT)
        start = {"attempt": "E-COIN/2.1", "registration": registration.seq}
        writer.append("attempt-start", start, at=AT)
        end = {"attempt": "E-COIN/2.1", "outcome": "completed", "artefacts": {"log": digest}}
        writer.append("attempt-end", end, at=AT)
    return digest


def path_of(coin: Path, digest: str) -> Path:
    return ObjectStore(coin / "ledger").path(digest)


def test_a_case_by_itself(say: Say, coin: Path, digest: str) -> None:
    ran = say("record", "artefacts", "status", coin)
    assert ran == Ran(0, "kept in the folder of the case only\n1 named by the record, 1 here\n", "")
    ran = say("record", "artefacts", "push", coin)
    assert ran.code == 2
    assert "shared nowhere: `safetycase record artefacts set URL`" in ran.err


def test_shared_pushed_lost_and_pulled(say: Say, coin: Path, digest: str, tmp_path: Path) -> None:
    shared = (tmp_path / "shared").as_uri()
    assert say("record", "artefacts", "set", shared, coin).code == 0
    ran = say("record", "artefacts", "status", coin)
    assert "1 named by the record, 1 here, 0 shared\n1 not shared yet" in ran.out
    assert say("record", "artefacts", "push", coin).out == "1 pushed\n"
    assert say("record", "artefacts", "push", coin).out == "0 pushed\n"
    path_of(coin, digest).unlink()
    assert say("verify", coin).code == 0  # it is checked where it is
    ran = say("record", "artefacts", "status", coin, "--json")
    assert json.loads(ran.out) == {
        "shared_at": shared,
        "named": 1,
        "here": 0,
        "shared": 1,
        "redacted": [],
        "not_shared": [],
        "missing": [],
    }
    assert say("record", "artefacts", "pull", coin).out == "1 fetched\n"
    assert path_of(coin, digest).read_bytes() == b"what the run left"
    assert say("record", "artefacts", "pull", coin).out == "0 fetched\n"
    assert say("record", "artefacts", "set", "folder", coin).code == 0
    assert not (coin / "ledger" / "home.json").exists()


def test_what_is_nowhere_is_said(say: Say, coin: Path, digest: str, tmp_path: Path) -> None:
    say("record", "artefacts", "set", (tmp_path / "shared").as_uri(), coin)
    path_of(coin, digest).unlink()
    ran = say("record", "artefacts", "status", coin)
    assert ran.code == 3
    assert f"missing: {digest}" in ran.out
    ran = say("record", "artefacts", "pull", coin)
    assert ran.code == 3
    assert "is missing" in ran.err
    assert "1 not to be had" in ran.out


def test_damage_here_is_healed_by_pull(say: Say, coin: Path, digest: str, tmp_path: Path) -> None:
    say("record", "artefacts", "set", (tmp_path / "shared").as_uri(), coin)
    say("record", "artefacts", "push", coin)
    path_of(coin, digest).chmod(0o644)
    path_of(coin, digest).write_bytes(b"x")
    assert say("verify", coin).code == 3
    assert say("record", "artefacts", "pull", coin).out == "1 fetched\n"
    assert say("verify", coin).code == 0


def test_a_wrong_address_is_a_sentence(say: Say, coin: Path) -> None:
    for url, why in (("http://x", "artefacts live at"), ("s3://k:pw@b", "no key or password")):
        ran = say("record", "artefacts", "set", url, coin)
        assert ran.code == 2
        assert why in ran.err
        assert "Traceback" not in ran.err
    assert not (coin / "ledger").exists()


def test_redacted_with_a_reason_and_for_good(
    say: Say, coin: Path, digest: str, tmp_path: Path
) -> None:
    say("record", "artefacts", "set", (tmp_path / "shared").as_uri(), coin)
    say("record", "artefacts", "push", coin)
    ran = say("record", "artefacts", "redact", digest, coin)
    assert ran.code == 2
    assert "--reason TEXT" in ran.err
    ran = say("record", "artefacts", "redact", digest, coin, "--reason", "names a person")
    assert ran.out == f"redacted {digest}, record 5: names a person\n"
    for folder in (coin / "ledger", tmp_path / "shared"):
        assert b"what the run left" not in ObjectStore(folder).path(digest).read_bytes()
    ran = say("verify", coin)
    assert ran.code == 0
    assert "redacted by record 5: names a person" in ran.out
    again = say("record", "artefacts", "redact", digest, coin)
    assert again.out == f"redacted {digest}, record 5: names a person\n"
    assert "1 redacted" in say("record", "artefacts", "status", coin).out
    assert say("record", "artefacts", "pull", coin).out == "0 fetched\n"


def test_what_the_record_does_not_name_is_not_redacted(say: Say, coin: Path, digest: str) -> None:
    ran = say("record", "artefacts", "redact", digest[:10], coin, "--reason", "r")
    assert ran.code == 2
    assert "give all 64 characters" in ran.err


def test_verify_can_leave_artefacts_out_and_says_so(say: Say, coin: Path, digest: str) -> None:
    path_of(coin, digest).unlink()
    assert say("verify", coin).code == 3
    ran = say("verify", coin, "--no-artefacts")
    assert ran.code == 0
    assert "note: the artefacts were not checked" in ran.out


@pytest.mark.slow
def test_a_store_that_cannot_be_reached_is_a_sentence(
    say: Say, coin: Path, digest: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "y" * 20)
    say("record", "artefacts", "set", "s3://b?endpoint=http://127.0.0.1:9", coin)
    ran = say("record", "artefacts", "status", coin)
    assert ran.code == 2
    assert "cannot be reached" in ran.err
    assert "y" * 20 not in ran.err
    assert os.environ["AWS_SECRET_ACCESS_KEY"] not in (coin / "ledger" / "home.json").read_text()
