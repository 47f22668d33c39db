"""A challenge is evaded, or a signature stretched to what nobody signed."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from tests.cli.review_folder import NOW, SEEDS, TEXT, Called, caller, made, pem

from safetycase.cli.main import cli
from safetycase.ledger import RecordRefused, Writer, fold, read, verify
from safetycase.ledger.keys import from_seed
from safetycase.ledger.trust import origin_of

Call = Callable[..., Called]
SIGN = ("--verdict", "accept", "--says", "x", "--competence", "x", "--independence", "x", "--yes")
ADA = from_seed(bytes([SEEDS["Ada"]] * 32), "Ada")
ANSWERED = """\
defeaters:
  - {defeater: D, against: C1, says: It is wrong.}
  - {defeater: C1, against: FAIR, says: Mine., accepted: {doubt: 0.001, because: x, owner: Ida, expires: 2099-01-01}}
"""  # noqa: E501
EDITS: dict[str, Callable[[str], str]] = {
    "answered, attacked and accepted in the file": lambda text: text + ANSWERED,
    "the element under another name": lambda text: text.replace("claim: RARE", "claim: SELDOM"),
    "the element in other words": lambda text: text.replace("Heads are rare.", "Heads are few."),
    "the name taken by a claim": lambda text: f"{text}claims:\n  - {{claim: C1, says: x}}\n",
    "the element gone": lambda text: text[: text.index("      - claim: RARE")],
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    found = made(tmp_path / "case")
    monkeypatch.chdir(found)
    return found


@pytest.fixture
def call(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Call:
    found = caller(folder, monkeypatch)
    raised = ("challenge", "RARE", "--severity", "critical", "--says", "At night?", "--yes")
    assert status() == 0
    assert found("Grace", *raised).code == 0
    assert status() == 4
    return found


def status() -> int:
    """The exit code of `status` here."""
    return int(CliRunner().invoke(cli, ["status", *NOW], standalone_mode=False).return_value)


def open_ones(call: Call) -> list[str]:
    told = call("Ada", "list", "--json").json["challenges"]
    return [c["id"] for c in told if c["standing"] == "open"]


@pytest.mark.parametrize("what", EDITS)
def test_no_edit_of_the_file_ends_a_challenge(call: Call, folder: Path, what: str) -> None:
    (folder / "case.yaml").write_text(EDITS[what](TEXT), "utf-8")
    assert status() != 0
    assert open_ones(call) == ["C1"]


def test_the_author_neither_answers_nor_withdraws_nor_replaces_it(call: Call, folder: Path) -> None:
    call("Ada", "respond", "C1", "--says", "It is fine.", "--yes")
    for outcome in ("answered", "withdrawn"):
        assert call("Ada", "resolve", "C1", "--as", outcome, "--reason", "x", "--yes").code == 2
    again = {"challenge": "C1", "against": "RARE", "digest": "0" * 64, "severity": "minor",
             "says": "x", "by": "Ada"}  # fmt: skip
    with Writer(folder / "ledger", ADA) as writer, pytest.raises(RecordRefused, match="again"):
        writer.append("challenge", again, at="2026-11-24T00:00:00Z")
    assert open_ones(call) == ["C1"]
    assert status() == 4


def test_revoking_the_key_of_who_raised_it_does_not_shed_it(call: Call, folder: Path) -> None:
    grace = from_seed(bytes([SEEDS["Grace"]] * 32), "Grace")
    body = {"event": "key-revoked", "says": "x", "about": {"keyid": [grace.keyid]}}
    with Writer(folder / "ledger", ADA) as writer:
        writer.append("event", body, at="2026-11-24T00:00:00Z")
    assert open_ones(call) == ["C1"]
    assert status() == 4


def test_taking_it_out_of_the_record_shows(call: Call, folder: Path) -> None:
    path = folder / "ledger" / "log.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:-1]))
    assert not verify(folder / "ledger").ok
    assert status() == 3
    envelope = json.loads(lines[-1])
    payload = base64.b64decode(envelope["payload"]).replace(b'"critical"', b'"minor"')
    envelope["payload"] = base64.b64encode(payload).decode()
    softer = json.dumps(envelope, sort_keys=True, separators=(",", ":")).encode() + b"\n"
    path.write_bytes(b"".join((*lines[:-1], softer)))
    assert not verify(folder / "ledger").ok
    assert status() == 3


def test_a_signature_is_not_stretched_to_what_nobody_signed(call: Call, folder: Path) -> None:
    assert call("Bo", "sign", "FAIR", *SIGN).code == 0
    assert call("Ada", "sign", "SAFE", *SIGN).code == 2
    (folder / "case.yaml").write_text(
        TEXT.replace("expires: 2099-03-01", "expires: 2099-03-02"), "utf-8"
    )
    (signed,) = call("Ada", "list", "--json").json["sign_offs"]
    assert (signed["element"], signed["counts"]) == ("FAIR", False)


def test_a_signature_of_another_record_is_none_here(call: Call, folder: Path) -> None:
    assert call("Bo", "sign", "SAFE", *SIGN).code == 0
    line = (folder / "ledger" / "log.jsonl").read_bytes().splitlines(keepends=True)[-1]
    other = made(folder.parent / "other", TEXT)
    path = other / "ledger" / "log.jsonl"
    path.write_bytes(path.read_bytes() + line)
    found = read(other / "ledger")
    assert found.errors
    assert fold(found).sign_offs == ()


def test_a_key_that_calls_itself_somebody_else_takes_back_nothing(call: Call, folder: Path) -> None:
    fake = from_seed(bytes([77] * 32), "Grace")
    body = {"challenge": "C1", "outcome": "withdrawn", "reason": "I misread it", "by": "Grace"}
    why = "which another key raised"
    with Writer(folder / "ledger", fake) as writer, pytest.raises(RecordRefused, match=why):
        writer.append("ruling", body, at="2026-11-24T00:00:00Z")
    assert open_ones(call) == ["C1"]
    assert status() == 4


def test_an_author_with_a_key_of_a_reviewer_answers_nothing(call: Call, folder: Path) -> None:
    second = from_seed(bytes([78] * 32), "Ada")
    origin = origin_of(read(folder / "ledger").records[0])
    with Writer(folder / "ledger", ADA) as writer:
        body = second.introduction(origin=origin, roles=["reviewer"])
        writer.append("key", body, at="2026-11-24T00:00:00Z")
    assert call("Robot", "respond", "C1", "--says", "It is fine.", "--yes").code == 0
    file = folder.parent / "second.pem"
    file.write_bytes(pem(bytes([78] * 32)))
    file.chmod(0o600)
    said = call("second", "resolve", "C1", "--as", "answered", "--reason", "So it is.", "--yes")
    assert "It will not count: Ada also holds the key" in said.out
    assert "It changes the status of no element" in said.out
    assert open_ones(call) == ["C1"]
    assert status() == 4
