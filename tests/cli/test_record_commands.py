"""`verify` and `record keys|checkpoint|countersign`, as their users run them."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.conftest import Ran

pytestmark = pytest.mark.slow

Run = Callable[..., Ran]


@pytest.fixture
def ran(coin: Path, sc: Run) -> Path:
    """The coin, run once: seven or so records, one checkpoint."""
    done = sc("run", coin)
    assert done.code == 0, done.err
    return coin


@pytest.fixture
def started(coin: Path, sc: Run) -> Path:
    """The coin with a record of one line: the key of its author."""
    assert sc("record", "keys", "init", coin).code == 0
    return coin


@pytest.fixture
def second(tmp_path: Path, ran: Path, sc: Run) -> Path:
    """The key file of a second person, introduced by the first as a reviewer."""
    file, request = tmp_path / "second.pem", tmp_path / "request.json"
    asked = sc("record", "keys", "init", ran, "--file", file, "--owner", "Ada", "--role",
               "reviewer", "--request", request)  # fmt: skip
    assert asked.code == 0, asked.err
    added = sc("record", "keys", "add", request, ran)
    assert added.code == 0, added.err
    assert "Ada: reviewer; vouched for by" in added.out
    return file


def records(case: Path) -> int:
    return len((case / "ledger" / "log.jsonl").read_bytes().splitlines())


def test_verify_says_who_signed_what_is_held_and_how_order_is_shown(ran: Path, sc: Run) -> None:
    plain = sc("verify", ran)
    assert plain.code == 0
    assert "author, runner, log" in plain.out
    assert f"1 checkpoint, the newest over {records(ran)} records" in plain.out
    assert "criterion before result, as shown by: 1 self" in plain.out
    found = sc("verify", ran, "--json").json
    assert found["ok"] is True
    assert found["root"] in plain.out
    assert found["origin"] in plain.out
    assert [key["roles"] for key in found["keys"]] == [["author", "runner", "log"]]
    assert found["checkpoints"][0]["size"] == found["records"]
    assert found["checkpoints"][0]["signers"][0]["kind"] == "log"
    assert found["ordering"] == {"none": 0, "self": 1, "cosigned": 0, "public": 0}


def test_a_rollback_is_refused_by_verify_status_and_run(ran: Path, sc: Run, tmp_path: Path) -> None:
    shutil.copytree(ran / "ledger", tmp_path / "yesterday")
    assert sc("run", ran, "--exploratory").code == 0
    shutil.rmtree(ran / "ledger")
    shutil.copytree(tmp_path / "yesterday", ran / "ledger")
    refused = sc("verify", ran)
    assert refused.code == 3
    assert "you have seen" in refused.out
    for verb in (("status",), ("why", "RARE"), ("report",)):
        shown = sc(*verb, ran)
        assert shown.code == 3, verb
        assert "you have seen" in shown.err, verb
    again = sc("run", ran, "--exploratory")
    assert again.code == 3
    assert "record checkpoint --forget" in again.err
    assert sc("record", "checkpoint", ran, "--forget").code == 0
    assert sc("verify", ran).code == 0
    assert sc("run", ran, "--exploratory").code == 0


def test_a_run_with_nothing_due_refuses_a_record_that_was_put_back_or_cut(
    ran: Path, sc: Run, tmp_path: Path
) -> None:
    older, longer = tmp_path / "older", records(ran) + 1
    shutil.copytree(ran, older)
    assert sc("record", "keys", "init", ran, "--file", tmp_path / "other.pem").code == 0
    done = sc("run", older)
    assert done.code == 3
    assert f"you have seen {longer} records" in done.err
    shutil.copy(ran / "ledger" / "checkpoints" / f"{longer}.txt", older / "ledger" / "checkpoints")
    for words in (("run", older), ("run", older, "--dry-run")):
        done = sc(*words)
        assert done.code == 3
        assert f"checkpoints/{longer}.txt is over {longer} records" in done.err


def test_a_run_with_nothing_due_sets_an_unfinished_end_aside(ran: Path, sc: Run) -> None:
    with (ran / "ledger" / "log.jsonl").open("ab") as log:
        log.write(b"half a li")
    assert sc("run", ran).code == 0
    assert (ran / "ledger" / "torn-1.bin").read_bytes() == b"half a li"
    assert sc("verify", ran).code == 0


def test_no_checkpoint_is_made_or_pinned_of_a_record_that_was_put_back(
    ran: Path, sc: Run, tmp_path: Path
) -> None:
    older = tmp_path / "older"
    shutil.copytree(ran, older)
    assert sc("record", "keys", "init", ran, "--file", tmp_path / "other.pem").code == 0
    refused = sc("record", "checkpoint", older, "--pin")
    assert refused.code == 3
    assert "--forget" in refused.err
    assert not (older / "checkpoint.txt").exists()


@pytest.mark.parametrize(
    ("words", "sort"),
    [
        (("bundle", "--out"), "a bundle"),
        (("countersign", "--out"), "a checkpoint"),
        (("keys", "init", "--request"), "a request of a key"),
    ],
)
def test_no_output_takes_the_place_of_another_file(
    ran: Path, second: Path, sc: Run, words: tuple[str, ...], sort: str
) -> None:
    for name in ("case.yaml", "ledger/log.jsonl"):
        before = (ran / name).read_bytes()
        key = ("--key", second) if words[0] == "countersign" else ()
        refused = sc("record", *words, ran / name, ran, *key)
        assert refused.code == 2
        assert f"{name} is not {sort} and would be lost; name another file" in refused.err
        assert (ran / name).read_bytes() == before


@pytest.mark.parametrize(
    "words",
    [
        ("countersign", "--key", "KEY", "--now", "1960-01-01"),
        ("countersign", "--now", "0001-01-01T00:00:00+14:00"),
        ("keys", "init", "--from", "0001-01-01T00:00:00+14:00"),
        ("keys", "init", "--until", "9999-12-31T23:59:59-14:00"),
    ],
)
def test_a_time_out_of_the_calendar_is_a_sentence(
    ran: Path, second: Path, sc: Run, words: tuple[str, ...]
) -> None:
    refused = sc("record", *(second if word == "KEY" else word for word in words), ran)
    assert refused.code == 2
    assert "Traceback" not in refused.err


def test_a_checkpoint_is_made_by_a_key_of_the_record(
    ran: Path, sc: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.rmtree(ran / "ledger" / "checkpoints")
    monkeypatch.setenv("SAFETYCASE_KEY", str(tmp_path / "other.pem"))
    refused = sc("record", "checkpoint", ran)
    assert refused.code == 2
    assert "may not sign one" in refused.err
    assert sc("record", "keys", "init", ran).code == 0
    assert sc("record", "checkpoint", ran).code == 0


def test_a_pin_shows_a_rollback_to_everybody(
    ran: Path, sc: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(ran / "ledger", tmp_path / "yesterday")
    assert sc("run", ran, "--exploratory").code == 0
    assert sc("record", "checkpoint", ran, "--pin").code == 0
    assert sc("verify", ran).code == 0
    shutil.rmtree(ran / "ledger")
    shutil.copytree(tmp_path / "yesterday", ran / "ledger")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "another user"))
    for verb in ("verify", "status"):
        refused = sc(verb, ran)
        assert refused.code == 3, verb
        assert "pinned in checkpoint.txt is over" in refused.out + refused.err
    kept = tmp_path / "kept.txt"
    shutil.move(ran / "checkpoint.txt", kept)
    assert sc("verify", ran).code == 0
    against = sc("verify", ran, "--against", kept)
    assert against.code == 3
    assert "the checkpoint in kept.txt is over" in against.out


def test_a_copy_of_a_case_that_is_run_by_itself_is_told_from_the_original(
    ran: Path, sc: Run, tmp_path: Path
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(ran, copy)
    assert sc("run", ran, "--exploratory").code == 0
    refused = sc("run", copy, "--exploratory")
    assert refused.code == 3
    assert "older copy" in refused.err


def test_somebody_else_countersigns_before_the_run(coin: Path, sc: Run, tmp_path: Path) -> None:
    # The first person starts the record and lets the second one in; both look at the clock.
    assert sc("record", "keys", "init", coin).code == 0
    file, request = tmp_path / "ada.pem", tmp_path / "request.json"
    assert sc("record", "keys", "init", coin, "--file", file, "--owner", "Ada", "--role",
              "reviewer", "--request", request).code == 0  # fmt: skip
    assert sc("record", "keys", "add", request, coin).code == 0
    copy = tmp_path / "copy of Ada"
    shutil.copytree(coin, copy)
    signed = tmp_path / "signed.txt"
    done = sc("record", "countersign", copy, "--key", file, "--out", signed)
    assert done.code == 0, done.err
    assert sc("record", "checkpoint", coin, "--add", signed).code == 0
    shown = sc("record", "checkpoint", coin, "--json").json
    assert [(s["owner"], s["kind"]) for s in shown["signers"]][1:] == [("Ada", "cosigner")]
    assert "the first 2 records were countersigned by" in sc("verify", coin).out
    # Not before the registration: that is what a countersignature has to follow.
    assert sc("run", coin).code == 0
    assert sc("verify", coin, "--json").json["ordering"]["self"] == 1


def test_a_criterion_is_registered_countersigned_and_then_run(
    coin: Path, sc: Run, tmp_path: Path
) -> None:
    assert sc("record", "keys", "init", coin).code == 0
    file, request = tmp_path / "ada.pem", tmp_path / "request.json"
    sc("record", "keys", "init", coin, "--file", file, "--owner", "Ada", "--role", "reviewer",
       "--request", request)  # fmt: skip
    assert sc("record", "keys", "add", request, coin).code == 0
    first = sc("run", coin, "--register-only")
    assert first.code == 0, first.err
    assert "1 registered, nothing started" in first.out
    assert sc("run", coin, "--register-only").code == 0  # stands already: no second one
    assert sc("status", coin, "--json").json["states"]["E-COIN"]["freshness"]["word"] == "never run"
    signed = tmp_path / "signed.txt"
    assert sc("record", "countersign", coin, "--key", file, "--out", signed).code == 0
    assert sc("record", "checkpoint", coin, "--add", signed).code == 0
    time.sleep(1.1)  # a countersignature has whole seconds, and has to be older than the start
    assert sc("run", coin).code == 0
    found = sc("verify", coin, "--json").json
    assert found["ok"] is True
    assert found["ordering"] == {"none": 0, "self": 0, "cosigned": 1, "public": 0}
    assert "cosigned" in sc("why", "RARE", coin).out


def test_a_checkpoint_can_be_countersigned_without_the_record(
    ran: Path, second: Path, sc: Run, tmp_path: Path
) -> None:
    sent = tmp_path / "sent.txt"
    sent.write_text(sc("record", "checkpoint", ran, "--json").json["text"], "utf-8")
    done = sc("record", "countersign", ran, "--checkpoint", sent, "--key", second)
    assert done.code == 0, done.err
    assert "the record was not looked at" in done.err
    assert "already" in sc("record", "countersign", "--checkpoint", sent, "--key", second).out
    taken = sc("record", "checkpoint", ran, "--add", sent)
    assert taken.code == 0, taken.err
    assert "1 new signature(s)" in taken.err
    assert sc("verify", ran).code == 0


def test_what_nobody_may_countersign(ran: Path, second: Path, sc: Run, tmp_path: Path) -> None:
    own = sc("record", "countersign", ran)
    assert own.code == 2
    assert "signed this record itself" in own.err
    stranger = tmp_path / "stranger.pem"
    assert (
        sc("record", "keys", "init", ran, "--file", stranger, "--request", tmp_path / "r").code == 0
    )
    unknown = sc("record", "countersign", ran, "--key", stranger)
    assert unknown.code == 2
    assert "does not introduce your key yet" in unknown.err
    out = tmp_path / "out.txt"
    assert sc("record", "countersign", ran, "--key", stranger, "--out", out).code == 0
    refused = sc("record", "checkpoint", ran, "--add", out)
    assert refused.code == 2
    assert "does not verify" in refused.err
    out.write_bytes(out.read_bytes().replace(b"safetycase/", b"elsewhere/"))
    assert "is no checkpoint" in sc("record", "checkpoint", ran, "--add", out).err
    log = ran / "ledger" / "log.jsonl"
    log.write_bytes(log.read_bytes()[:-40])
    damaged = sc("record", "countersign", ran, "--key", second)
    assert damaged.code == 3
    assert sc("verify", ran).code == 3


def test_keys_are_listed_and_revoked(ran: Path, second: Path, sc: Run) -> None:
    first, ada = sc("record", "keys", "list", ran, "--json").json
    assert (first["vouched"], ada["vouched"], ada["owner"], ada["roles"]) == (
        True, True, "Ada", ["reviewer"],
    )  # fmt: skip
    assert first["records"] == records(ran)
    short = ada["keyid"][:12]
    done = sc("record", "keys", "revoke", short, ran, "--because", "she left")
    assert done.code == 0, done.err
    assert "revokes the key" in done.out
    assert "REVOKED by record" in sc("record", "keys", "list", ran).out
    assert sc("verify", ran).code == 0
    own = sc("record", "keys", "revoke", first["keyid"], ran, "--because", "stolen", "--since", "2")
    assert own.code == 0
    status = sc("status", ran, "--json")
    assert status.code == 4  # nothing counts any more, and nothing is damaged
    after = sc("run", ran)
    assert after.code == 2
    assert "revoked" in after.err
    assert "SAFETYCASE_KEY names its file" in after.err


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("revoke", "ffff", "--because", "x"), "no key of the record begins with `ffff`"),
        (("revoke", "", "--because", "x"), "no key of the record begins with ``"),
        (("init", "--until", "soon", "--file", "new.pem"), "`soon` is no date or time"),
        (("init", "--role", "reviewer", "--file", "new.pem"), "as a reviewer"),
        (("init", "--from", "2030-01-01", "--file", "new.pem"), "valid from 2030-01-01T00:00:00Z"),
        (("list", "--frist"), "No such option"),
    ],
)
def test_a_wrong_word_is_a_sentence(
    started: Path, sc: Run, words: tuple[str, ...], says: str
) -> None:
    done = sc("record", "keys", *words, cwd=started)
    assert done.code == 2
    assert says in done.err
    assert "Traceback" not in done.err


def test_a_request_is_for_one_record_and_one_shape(started: Path, sc: Run, tmp_path: Path) -> None:
    request = tmp_path / "request.json"
    other = "safetycase/" + "0" * 32
    asked = sc("record", "keys", "init", "--file", tmp_path / "k.pem", "--request", request,
               "--origin", other)  # fmt: skip
    assert asked.code == 0, asked.err
    refused = sc("record", "keys", "add", request, started)
    assert refused.code == 2
    assert "asks for another record" in refused.err
    found = json.loads(request.read_text())
    origin = sc("verify", started, "--json").json["origin"]
    request.write_text(json.dumps(found | {"origin": origin}))
    assert "without a proof" in sc("record", "keys", "add", request, started).err
    for text in ("", "[]", '{"origin": 1, "key": {}}', '{"origin": "x"}'):
        request.write_text(text)
        assert "is no request of a key" in sc("record", "keys", "add", request, started).err


def test_a_case_without_a_record(coin: Path, sc: Run, tmp_path: Path) -> None:
    assert "keys: the record is empty" in sc("record", "keys", "list", coin).out
    for words in (
        ("record", "checkpoint", coin),
        ("record", "keys", "init", coin, "--request", tmp_path / "r"),
        ("record", "countersign", coin),
    ):
        done = sc(*words)
        assert done.code == 2
        assert "Traceback" not in done.err
    assert sc("record", "keys", "init", coin, "--role", "author", "--role", "runner").code == 0
    again = sc("record", "keys", "init", coin)
    assert "was introduced by record 1" in again.out
    assert "may not sign one" in sc("record", "checkpoint", coin).err


def test_a_key_that_is_rotated_buries_nothing_in_notes(
    ran: Path, tmp_path: Path, sc: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        (ran / "items.txt").write_text(f"items {number}\n", "utf-8")
        assert sc("run", ran).code == 0
    new, asked = tmp_path / "new.pem", tmp_path / "asked.json"
    assert sc("record", "keys", "init", ran, "--file", new, "--request", asked).code == 0
    assert sc("record", "keys", "add", asked, ran).code == 0
    old = sc("record", "keys", "list", ran, "--json").json[0]["keyid"]
    monkeypatch.setenv("SAFETYCASE_KEY", str(new))
    since = str(records(ran) + 1)
    done = sc("record", "keys", "revoke", old, ran, "--because", "rotated", "--since", since)
    assert "(rotated): nothing it signed before is lost by that\n" in done.out
    verified = sc("verify", ran)
    assert verified.code == 0
    assert verified.out.count("that signature counts for nothing") == 3
    assert "more like these; `--json` lists them" in verified.out
    assert len([p for p in sc("verify", ran, "--json").json["problems"] if p["hint"]]) >= 7
    assert sc("run", ran).code == 0
