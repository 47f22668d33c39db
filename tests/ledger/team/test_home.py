"""A record in PostgreSQL: what is added is there, once, in order, and verified on arrival."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.ledger.team.conftest import Server

from safetycase.ledger import (
    LedgerDamaged,
    LedgerError,
    LedgerWriteError,
    Record,
    RecordRefused,
    SigningKey,
    Writer,
    open_writer,
    read,
)
from safetycase.ledger.settings import Settings, read_settings, write_settings
from safetycase.ledger.sync import join, leave, pull, push
from safetycase.ledger.team import TeamHome

AT = "2026-11-23T09:30:00Z"
Build = Callable[[Path], list[Record]]


@pytest.fixture
def mine(address: str, build: Build, tmp_path: Path) -> Path:
    """A folder whose record of six lines is in the database."""
    folder = tmp_path / "mine"
    build(folder)
    shared = push(folder, address, name="toy")
    assert (shared.records, shared.fresh) == (6, 0)
    return folder


@pytest.fixture
def theirs(mine: Path, tmp_path: Path) -> Path:
    """The folder of somebody else, who joined."""
    joined = join(tmp_path / "theirs", where(mine))
    assert (joined.records, joined.fresh) == (6, 6)
    return tmp_path / "theirs"


def where(folder: Path) -> str:
    found = read_settings(folder).record
    assert found is not None
    return found


def log_of(folder: Path) -> bytes:
    return (folder / "log.jsonl").read_bytes()


def edited(folder: Path, number: int, new: bytes) -> None:
    lines = log_of(folder).split(b"\n")
    lines[number - 1] = new
    (folder / "log.jsonl").write_bytes(b"\n".join(lines))


def test_two_folders_share_one_record(
    mine: Path, theirs: Path, key: SigningKey, other_key: SigningKey
) -> None:
    with open_writer(mine, key) as one, open_writer(theirs, other_key) as two:
        assert one.append("note", {"text": "mine"}, at=AT).seq == 7
        assert two.append("note", {"text": "theirs"}, at=AT).seq == 9  # after its key
        assert one.append("note", {"text": "mine again"}, at=AT).seq == 10
    pulled = pull(theirs)
    assert pulled is not None
    assert (pulled.records, pulled.fresh) == (10, 1)
    assert log_of(mine) == log_of(theirs)
    assert read(theirs).problems == ()


def test_two_writers_of_one_folder_share_its_copy(mine: Path, key: SigningKey) -> None:
    with open_writer(mine, key) as one, open_writer(mine, key) as two:
        for number in range(7, 17, 2):
            assert one.append("note", {}, at=AT).seq == number
            assert two.append("note", {}, at=AT).seq == number + 1
    assert len(read(mine).records) == 16
    assert read(mine).problems == ()


def test_a_rule_broken_by_what_others_added_is_seen(
    mine: Path, theirs: Path, key: SigningKey
) -> None:
    start = {"attempt": "a3", "registration": 2}
    with open_writer(mine, key) as one, open_writer(theirs, key) as two:
        one.append("attempt-start", start, at=AT)
        with pytest.raises(RecordRefused, match="again, after record 7"):
            two.append("attempt-start", start, at=AT)
        assert two.append("note", {}, at=AT).seq == 8  # the refusal left nothing behind
        assert one.append("note", {}, at=AT).seq == 9
    assert read(theirs).records[-1].seq == 8
    assert read(mine).records[-1].seq == 9


def test_a_text_that_no_index_can_hold_is_kept_whole(
    mine: Path, theirs: Path, key: SigningKey
) -> None:
    event = {
        "event": "serious-incident",
        "says": "a NUL \0, and long: " + "ж" * 5000,
        "about": {"evidence": ["E\0" + "x" * 5000]},
        "since": 2**64 - 1,
        "nested": {"previous": "0" * 64, "quoted": '"previous":"' + "0" * 64 + '","seq":8},'},
    }
    with open_writer(mine, key) as writer:
        added = writer.append("event", event, at=AT, subjects=(('"previous":"', "0" * 64),))
    pull(theirs)
    assert read(theirs).records[-1] == added
    assert added.body == event


def test_the_settings_say_which_record_and_hold_no_password(mine: Path, server: Server) -> None:
    origin = hashlib.sha256(log_of(mine).split(b"\n")[0]).hexdigest()[:32]
    assert where(mine).endswith(f"?log={origin}")
    assert server.password not in (mine / "home.json").read_text()


@pytest.mark.slow
def test_a_folder_may_leave_and_come_back(mine: Path, key: SigningKey) -> None:
    address = leave(mine)
    assert address is not None
    assert pull(mine) is None
    with open_writer(mine, key) as writer:
        writer.append("note", {"text": "on my own"}, at=AT)
    with pytest.raises(LedgerDamaged, match=r"has record 7, which postgresql.* lacks"):
        join(mine, address)
    assert push(mine, address, name="toy").records == 7


def test_other_settings_of_the_folder_stay(mine: Path) -> None:
    write_settings(mine, Settings(record=where(mine), artefacts="file:///x"))
    leave(mine)
    assert read_settings(mine) == Settings(artefacts="file:///x")


@pytest.mark.slow
def test_many_records_in_one_database(
    mine: Path, tmp_path: Path, key: SigningKey, other_key: SigningKey, server: Server
) -> None:
    address = server.database()
    leave(mine)
    push(mine, address, name="toy")
    for name, who in (("second", key), ("third", other_key)):
        with Writer(tmp_path / name, who) as writer:
            writer.append("note", {"text": name}, at="2026-11-23T09:30:10Z")
        push(tmp_path / name, address, name=name)
    with pytest.raises(LedgerError, match=r"which record .*toy: \?log=.*second: \?log=") as asked:
        join(tmp_path / "new", address)
    second = str(asked.value).partition("second: ?log=")[2][:32]
    assert join(tmp_path / "new", f"{address}?log={second}").records == 2
    with pytest.raises(LedgerDamaged, match="names another record than the one in this folder"):
        join(mine, f"{address}?log={second}")
    with pytest.raises(LedgerError, match="does not hold the record"):
        join(tmp_path / "other", f"{address}?log={'0' * 32}")


@pytest.mark.slow
def test_lines_come_back_from_any_copy(theirs: Path, server: Server) -> None:
    before = log_of(theirs)
    empty = server.database()
    leave(theirs)
    assert push(theirs, empty, name="toy").records == 6
    assert log_of(theirs) == before
    again = push(theirs, empty, name="toy")
    assert (again.records, again.fresh) == (6, 0)


def test_sharing_that_was_interrupted_goes_on(
    address: str, build: Build, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: Server
) -> None:
    def interrupt(done: int, of: int) -> None:
        if done == 4:
            raise KeyboardInterrupt

    folder = tmp_path / "ledger"
    build(folder)
    monkeypatch.setattr("safetycase.ledger.sync._AT_ONCE", 2)
    with pytest.raises(KeyboardInterrupt):
        push(folder, address, name="toy", told=interrupt)
    assert read_settings(folder).record is None  # not shared before it is there
    told: list[int] = []
    assert push(folder, address, name="toy", told=lambda done, _: told.append(done)).records == 6
    assert told == [6]


def test_a_record_that_went_another_way_is_refused_by_name(
    mine: Path, theirs: Path, key: SigningKey, tmp_path: Path
) -> None:
    leave(theirs)
    with open_writer(mine, key) as one, Writer(theirs, key) as two:
        one.append("note", {"text": "this way"}, at=AT)
        two.append("note", {"text": "that way"}, at=AT)
    before = log_of(theirs)
    for share in (join, lambda folder, address: push(folder, address, name="toy")):
        with pytest.raises(LedgerDamaged, match=r"record 7 of .*theirs/log.jsonl is not record 7"):
            share(theirs, where(mine))
    assert log_of(theirs) == before


def test_a_changed_copy_is_refused_by_name(mine: Path, key: SigningKey) -> None:
    sound = log_of(mine)
    lines = sound.split(b"\n")
    edited(mine, 3, lines[2].replace(b'"sig":"', b'"sig":"A', 1))
    with pytest.raises(LedgerDamaged, match=r"record 3 .*log\.jsonl"):
        pull(mine)
    with pytest.raises(LedgerDamaged, match="record 3"), open_writer(mine, key):
        pass
    (mine / "log.jsonl").unlink()  # the way out: fetch it anew
    pulled = pull(mine)
    assert pulled is not None
    assert (pulled.fresh, log_of(mine)) == (6, sound)


@pytest.mark.slow
def test_a_line_that_does_not_verify_never_reaches_a_copy(
    mine: Path, theirs: Path, key: SigningKey, server: Server
) -> None:
    with open_writer(mine, key) as writer, open_writer(theirs, key) as late:
        writer.append("note", {"text": "sound"}, at=AT)
        forged = log_of(mine).split(b"\n")[6]
        digest = hashlib.sha256(log_of(mine).split(b"\n")[6]).hexdigest()
        forged = forge(forged, 8, digest)
        server.sql(
            where(mine),
            "INSERT INTO safetycase.line SELECT log, 8, encode(sha256(b), 'hex'), b FROM "
            f"safetycase.log, (SELECT decode('{forged.hex()}', 'hex') AS b) AS t "
            f"WHERE origin = '{where(mine)[-32:]}'",
        )
        for writing in (writer, late, writer, late):
            with pytest.raises(LedgerDamaged, match=r"record 8 .* signature that does not verify"):
                writing.append("note", {"text": "after it"}, at=AT)
    for folder in (mine, theirs):
        with pytest.raises(LedgerDamaged, match=r"record 8 .* in postgresql://"):
            pull(folder)
    assert len(read(mine).records) == 7
    assert read(mine).problems == read(theirs).problems == ()


def forge(line: bytes, seq: int, previous: str) -> bytes:
    """A line that follows, with the signature of another."""
    import json

    from safetycase.ledger import canonical, dsse

    envelope = dsse.open_line(line)
    statement: dict[str, Any] = json.loads(envelope.payload)
    statement["predicate"] |= {"seq": seq, "previous": previous}
    return dsse.seal(canonical.dumps(statement), envelope.keyid, lambda _: envelope.signature)


def test_an_unfinished_line_of_the_copy_is_completed_or_set_aside(
    mine: Path, theirs: Path, key: SigningKey
) -> None:
    with open_writer(mine, key) as writer:
        writer.append("note", {"text": "longer than what is left of it"}, at=AT)
    (theirs / "log.jsonl").write_bytes(log_of(mine)[:-100])
    pulled = pull(theirs)
    assert pulled is not None
    assert (pulled.fresh, log_of(theirs)) == (1, log_of(mine))
    with (theirs / "log.jsonl").open("ab") as file:
        file.write(b"half a li")
    with open_writer(theirs, key) as writer:
        writer.append("note", {}, at=AT)
    assert (theirs / "torn-1.bin").read_bytes() == b"half a li"
    assert read(theirs).problems == ()
    assert len(read(theirs).records) == 8


def test_a_copy_that_cannot_be_written_loses_nothing(
    mine: Path, key: SigningKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    import errno

    from safetycase.ledger import disk

    with open_writer(mine, key) as writer:
        writer.append("note", {"text": "one"}, at=AT)
        with monkeypatch.context() as full:
            full.setattr(disk.OsHandle, "sync", _raise(OSError(errno.ENOSPC, "disk full")))
            with pytest.raises(LedgerWriteError, match=r"safe in the database.*record sync"):
                writer.append("note", {"text": "two"}, at=AT)
        assert len(read(mine).records) == 7
        assert writer.append("note", {"text": "three"}, at=AT).seq == 9
    assert [r.body["text"] for r in read(mine).records[6:]] == ["one", "two", "three"]


def _raise(error: Exception) -> Callable[..., None]:
    def fail(*_: object) -> None:
        raise error

    return fail


def test_a_copy_changed_by_something_else_stops_the_writer(mine: Path, key: SigningKey) -> None:
    with open_writer(mine, key) as writer:
        with (mine / "log.jsonl").open("ab") as file:
            file.write(b"a line of somebody else\n")
        with pytest.raises(LedgerDamaged, match="says something else than the shared record"):
            writer.append("note", {}, at=AT)
    shutil.rmtree(mine / "objects")
    with pytest.raises(LedgerDamaged, match=r"which postgresql.* lacks|is not record 7"):
        pull(mine)


def test_a_record_of_its_own_that_is_moved_away_makes_room(
    mine: Path, other_key: SigningKey, tmp_path: Path
) -> None:
    folder = tmp_path / "own"
    with Writer(folder, other_key) as writer:
        for number in range(9):
            writer.append("note", {"number": number}, at=AT)
    with pytest.raises(LedgerDamaged, match="names another record than the one in this folder"):
        join(folder, where(mine))
    (folder / "log.jsonl").rename(tmp_path / "own.jsonl")
    shutil.move(folder / "checkpoints", tmp_path / "own checkpoints")
    assert join(folder, where(mine)).records == 6
    assert read(folder).problems == ()


def test_what_others_saw_in_the_meantime_is_no_contradiction(
    mine: Path, key: SigningKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A writer has read the record; another adds and leaves a checkpoint; then the first looks."""
    opened = TeamHome.open

    def late(home: TeamHome) -> bytes:
        data = opened(home)
        monkeypatch.setattr(TeamHome, "open", opened)
        with open_writer(mine, key) as other:
            other.append("note", {"text": "other"}, at=AT)
        return data

    monkeypatch.setattr(TeamHome, "open", late)
    with open_writer(mine, key) as writer:
        assert writer.append("note", {"text": "mine"}, at=AT).seq == 8
    assert read(mine).problems == ()


def test_an_empty_folder_has_nothing_to_share(tmp_path: Path, server: Server) -> None:
    address = server.database()
    with pytest.raises(LedgerError, match="has no record yet"):
        push(tmp_path / "ledger", address, name="x")
    with pytest.raises(LedgerError, match="safetycase record home init"):
        join(tmp_path / "ledger", address)


def test_the_home_of_a_team_is_used_only_inside_a_writer(mine: Path) -> None:
    home = TeamHome(mine, where(mine))
    assert home.shared
    with pytest.raises(LedgerError, match="open the writer"):
        home.add(b"x\n")
    with pytest.raises(LedgerError, match="open the writer"), home.turn():
        pass
    home.close()
    home.close()
