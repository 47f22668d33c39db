"""`record resolve`: a reviewer says what an alarm was; nobody else, and of nothing else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.cli.test_watched_case import NOW, TEXT, WATCHER, body, report
from tests.conftest import Ran, write_case

from safetycase.ledger import Writer, fold, read
from safetycase.ledger.keys import from_seed
from safetycase.ledger.trust import origin_of

pytestmark = pytest.mark.slow

Sc = Callable[..., Ran]
AT = "2026-11-20T01:00:00Z"
WHY = ("--reason", "the lamp was changed")


@pytest.fixture
def folder(tmp_path: Path, sc: Sc, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A case with a quiet window in record 2 and an alarm in record 3; Grace's key signs."""
    made = write_case(tmp_path / "case", TEXT)
    report(made, body(made, "quiet", 19, e_value="0.2"), body(made, "alarm", 20))
    report(made, body(made, "quiet", 20, since="2026-11-20T00:00:00Z"))
    key_of(sc, made, monkeypatch, "Grace")
    return made


def key_of(sc: Sc, folder: Path, patch: pytest.MonkeyPatch, owner: str, *roles: str) -> None:
    """From now on a new key of `owner` signs; the watcher's key, the first one, vouches for it."""
    file, request = folder.parent / f"{owner}-key.pem", folder.parent / f"{owner}.json"
    words = [word for role in roles or ("reviewer",) for word in ("--role", role)]
    asked = sc("record", "keys", "init", folder, "--file", file, "--owner", owner, *words,
               "--request", request)  # fmt: skip
    assert asked.code == 0, asked.err
    watcher = folder.parent / "watcher.pem"
    watcher.write_bytes(pem(bytes(range(32))))
    watcher.chmod(0o600)
    patch.setenv("SAFETYCASE_KEY", str(watcher))
    added = sc("record", "keys", "add", request, folder)
    assert added.code == 0, added.err
    patch.setenv("SAFETYCASE_KEY", str(file))


def pem(seed: bytes) -> bytes:
    from cryptography.hazmat.primitives import serialization as ser
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = Ed25519PrivateKey.from_private_bytes(seed)
    return key.private_bytes(ser.Encoding.PEM, ser.PrivateFormat.PKCS8, ser.NoEncryption())


def told(done: Ran) -> str:
    return " ".join((done.out + done.err).split())


def support(sc: Sc, folder: Path) -> str:
    found: str = sc("status", folder, *NOW, "--json").json["states"]["RARE"]["support"]
    return found


def test_it_says_what_would_change_and_asks(sc: Sc, folder: Path) -> None:
    before = (folder / "ledger" / "log.jsonl").read_bytes()
    asked = sc("record", "resolve", "3", folder, "--as", "answered", *WHY, *NOW)
    assert asked.code == 2
    assert "M, 2026-11-19T00:00:00Z to 2026-11-20T00:00:00Z: `rate > 0.2` is shown" in told(asked)
    assert "RARE: contested → supported" in asked.out
    assert "the case: unknown → holds" in asked.out
    assert "say --yes" in asked.err
    assert (folder / "ledger" / "log.jsonl").read_bytes() == before
    assert support(sc, folder) == "contested"


def test_an_answered_alarm_is_kept_and_stands_no_longer(sc: Sc, folder: Path) -> None:
    done = sc("record", "resolve", "3", folder, "--as", "answered", *WHY, *NOW, "--yes", "--json")
    assert done.code == 0, done.err
    found = done.json
    assert found["body"] == {
        "signal": 3, "outcome": "answered", "by": "Grace", "reason": "the lamp was changed",
    }  # fmt: skip
    assert found["changes"]["RARE"] == {"was": "contested", "now": "supported"}
    assert found["standing"] == []
    assert support(sc, folder) == "supported"
    assert sc("verify", folder).code == 0
    listed = sc("record", "log", folder, "--monitor", "M").out
    assert "M alarm, 2026-11-19T00:00:00Z to 2026-11-20T00:00:00Z" in listed
    assert "record 3 answered: the lamp was changed" in listed
    again = sc("record", "resolve", "3", folder, "--as", "answered", *WHY, *NOW, "--yes")
    assert again.code == 2
    assert f"resolved so already: record {found['record']} of" in told(again)
    assert "answered by Grace (the lamp was changed)" in told(again)


def test_a_later_word_replaces_an_earlier_one(sc: Sc, folder: Path) -> None:
    def say(outcome: str) -> Ran:
        return sc("record", "resolve", "3", folder, "--as", outcome, *WHY, *NOW, "--yes")

    confirmed = say("confirmed")
    assert confirmed.code == 0, confirmed.err
    assert "changes the status of no element" in told(confirmed)
    assert "Of M this stands: record 3" in told(confirmed)
    assert support(sc, folder) == "contested"
    assert "RARE: contested → supported" in say("false-alarm").out
    assert support(sc, folder) == "supported"
    back = say("confirmed")
    assert "RARE: supported → contested" in back.out
    assert support(sc, folder) == "contested"
    assert [r.outcome for r in fold(read(folder / "ledger")).resolutions] == [
        "confirmed", "false-alarm", "confirmed",
    ]  # fmt: skip


def test_one_of_two_alarms_leaves_the_other_standing(sc: Sc, folder: Path) -> None:
    (second,) = report(folder, body(folder, "alarm", 20, segment=2))
    done = sc("record", "resolve", "3", folder, "--as", "answered", *WHY, *NOW, "--yes")
    assert f"Of M this stands: record {second}" in told(done)
    assert support(sc, folder) == "contested"


@pytest.mark.parametrize(
    ("number", "says"),
    [
        ("1", "record 1 is no alarm but of the kind `key`"),
        ("2", "record 2 is no alarm: it says that M was quiet, and only an alarm is resolved"),
        ("99", "there is no record 99: the last one is 5"),
        ("0", "0 is not in the range x>=1"),
        ("three", "'three' is not a valid integer"),
    ],
)
def test_what_is_no_alarm_is_named(sc: Sc, folder: Path, number: str, says: str) -> None:
    done = sc("record", "resolve", number, folder, "--as", "answered", *WHY, *NOW, "--yes")
    assert done.code == 2
    assert says in told(done)
    assert "Traceback" not in done.err


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--as", "fixed", *WHY), "'fixed' is not one of"),
        (("--as", "answered"), "Missing option '--reason'"),
        (WHY, "Missing option '--as'"),
        (("--as", "answered", "--reason", " "), "--reason says nothing"),
        (("--as", "answered", *WHY, "--by", ""), "--by says nothing"),
    ],
)
def test_what_cannot_be_said(sc: Sc, folder: Path, words: tuple[str, ...], says: str) -> None:
    done = sc("record", "resolve", "3", folder, *words, *NOW, "--yes")
    assert done.code == 2
    assert says in told(done)


def test_only_a_reviewer_who_did_not_raise_it_resolves(
    sc: Sc, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused() -> str:
        done = sc("record", "resolve", "3", folder, "--as", "false-alarm", *WHY, *NOW, "--yes")
        assert done.code == 2
        return told(done)

    monkeypatch.setenv("SAFETYCASE_KEY", str(folder.parent / "watcher.pem"))
    assert "this key signed the alarm in record 3; somebody else has to" in refused()
    monkeypatch.setenv("SAFETYCASE_KEY", str(folder.parent / "nowhere.pem"))
    assert "there is no key" in refused()
    assert not (folder.parent / "nowhere.pem").exists()
    stranger = folder.parent / "stranger.pem"
    stranger.write_bytes(pem(bytes([7] * 32)))
    stranger.chmod(0o600)
    monkeypatch.setenv("SAFETYCASE_KEY", str(stranger))
    assert "this record does not know the key" in refused()
    key_of(sc, folder, monkeypatch, "Bo", "runner")
    assert "is for runner and not a reviewer's" in refused()
    key_of(sc, folder, monkeypatch, "watcher")  # of the same owner, with a key of its own
    assert "a key of watcher signed the alarm" in refused()
    assert support(sc, folder) == "contested"
    assert fold(read(folder / "ledger")).resolutions == ()


def test_an_alarm_of_a_revoked_key_stands_until_it_is_resolved(sc: Sc, folder: Path) -> None:
    gone = from_seed(bytes([50] * 32), "gone")
    origin = origin_of(read(folder / "ledger").records[0])
    with Writer(folder / "ledger", WATCHER) as writer:
        writer.append("key", gone.introduction(origin=origin, roles=["runner"]), at=AT)
    with Writer(folder / "ledger", gone) as writer:
        seq = writer.append("signal", body(folder, "alarm", 20), at=AT).seq
    about = {"keyid": [gone.keyid]}
    with Writer(folder / "ledger", WATCHER) as writer:
        writer.append(
            "event", {"event": "key-revoked", "says": "left", "about": about, "since": None}, at=AT
        )
    done = sc("record", "resolve", str(seq), folder, "--as", "answered", *WHY, *NOW, "--yes")
    assert done.code == 0, done.err
    assert "Recorded as resolution" in done.out
    again = sc("record", "resolve", str(seq), folder, "--as", "answered", *WHY, *NOW, "--yes")
    assert again.code == 2  # it was resolved so already
