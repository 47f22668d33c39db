"""Whatever breaks between a writer and the database: each line is there once, or not at all."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.ledger.team.conftest import Server
from tests.ledger.team.proxy import Cut, Wire, wire

from safetycase.ledger import Record, SigningKey, Writer, open_writer, read, verify
from safetycase.ledger.settings import read_settings
from safetycase.ledger.sync import join, pull, push
from safetycase.ledger.team import TeamHome, TeamWriteError

pytestmark = pytest.mark.slow

AT = "2026-11-23T09:30:00Z"
Build = Callable[[Path], list[Record]]

HOLD_THE_TURN = """
import sys, time
from pathlib import Path
from safetycase.ledger.keys import from_seed
from safetycase.ledger.settings import read_settings
from safetycase.ledger.team import TeamHome
folder = Path(sys.argv[1])
home = TeamHome(folder, read_settings(folder).record)
home.open()
with home.turn() as news:
    home.add(b"a line that is never committed\\n")
    print("holding", flush=True)
    time.sleep(600)
"""
DIE_BEFORE_THE_COPY = """
import os, signal, sys
from pathlib import Path
from safetycase.ledger import open_writer
from safetycase.ledger.keys import from_seed
from safetycase.ledger.replica import Replica
Replica.grow = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
with open_writer(Path(sys.argv[1]), from_seed(bytes.fromhex(sys.argv[2]), "child")) as writer:
    writer.append("note", {"text": "committed, and the writer is gone"}, at="2026-11-23T09:30:00Z")
"""


@pytest.fixture
def mine(address: str, build: Build, tmp_path: Path) -> Path:
    folder = tmp_path / "mine"
    build(folder)
    push(folder, address, name="toy")
    return folder


def where(folder: Path) -> str:
    found = read_settings(folder).record
    assert found is not None
    return found


def over(cable: Wire, folder: Path) -> TeamHome:
    return TeamHome(folder, where(folder).replace(f":{cable.port}/", f":{cable.own_port}/"))


@pytest.mark.parametrize("cut", ["before", "after"])
def test_a_commit_whose_answer_is_lost_counts_once(
    cut: Cut, mine: Path, key: SigningKey, server: Server, tmp_path: Path
) -> None:
    with wire(server.port) as cable, Writer(mine, key, home=over(cable, mine)) as writer:
        for number in range(7, 12):
            cable.cut = cut
            assert writer.append("note", {"number": number}, at=AT).seq == number
        assert cable.cuts == 5
    join(tmp_path / "theirs", where(mine))
    log = read(tmp_path / "theirs")
    assert log.problems == ()
    assert [r.body["number"] for r in log.records[6:]] == [7, 8, 9, 10, 11]
    assert (mine / "log.jsonl").read_bytes() == (tmp_path / "theirs/log.jsonl").read_bytes()


@pytest.mark.parametrize(("cut", "kept"), [("before", False), ("after", True)])
def test_what_is_in_doubt_is_said_and_settled_at_the_next_turn(
    cut: Cut,
    kept: bool,
    mine: Path,
    key: SigningKey,
    server: Server,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("safetycase.ledger.database.session._PAUSES_SECONDS", (0.01,))
    with wire(server.port) as cable, Writer(mine, key, home=over(cable, mine)) as writer:
        cable.cut, cable.down = cut, True  # nobody answers from the cut on
        with pytest.raises(TeamWriteError, match=r"will show when the database answers") as failed:
            writer.append("note", {"text": "in doubt"}, at=AT)
        assert failed.value.in_doubt
        assert server.password not in str(failed.value)
        cable.down = False
        added = writer.append("note", {"text": "next"}, at=AT)
        assert added.seq == (8 if kept else 7)
    assert [r.body["text"] for r in read(mine).records[6:]] == (
        ["in doubt", "next"] if kept else ["next"]
    )
    assert read(mine).problems == ()


def test_others_who_wrote_in_the_meantime_are_not_overtaken(
    mine: Path, key: SigningKey, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The line in doubt was not kept and another took its place: the caller has to say it again."""
    with wire(server.port) as cable, Writer(mine, key, home=over(cable, mine)) as writer:
        settle = TeamHome._settle

        def late(home: TeamHome, *words: object) -> None:
            with open_writer(mine, key) as other:
                other.append("note", {"text": "other"}, at=AT)
            settle(home, *words)  # type: ignore[arg-type]

        monkeypatch.setattr(TeamHome, "_settle", late)
        cable.cut = "before"
        with pytest.raises(TeamWriteError, match="others have added lines since") as failed:
            writer.append("note", {"text": "mine"}, at=AT)
        assert not failed.value.in_doubt
        monkeypatch.undo()
        monkeypatch.setenv("PGPASSWORD", server.password)
        assert writer.append("note", {"text": "mine"}, at=AT).seq == 8
    assert [r.body["text"] for r in read(mine).records[6:]] == ["other", "mine"]


def test_a_writer_killed_in_its_turn_leaves_nothing_and_stops_nobody(
    mine: Path, key: SigningKey
) -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", HOLD_THE_TURN, str(mine)], stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "holding\n"
    child.send_signal(signal.SIGKILL)
    child.wait(30)
    child.stdout.close()
    with open_writer(mine, key) as writer:
        assert writer.append("note", {}, at=AT).seq == 7
    assert read(mine).problems == ()


def test_a_writer_killed_between_the_commit_and_its_copy_lost_nothing(
    mine: Path, key: SigningKey
) -> None:
    seed = bytes(range(32)).hex()
    done = subprocess.run(
        [sys.executable, "-c", DIE_BEFORE_THE_COPY, str(mine), seed], env=dict(os.environ),
        check=False,
    )  # fmt: skip
    assert done.returncode == -signal.SIGKILL
    assert len(read(mine).records) == 6
    pulled = pull(mine)
    assert pulled is not None
    assert pulled.fresh == 2  # its key, and the note
    assert read(mine).records[-1].body == {"text": "committed, and the writer is gone"}
    assert verify(mine).ok


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT])
def test_a_server_that_is_restarted_loses_nothing(
    how: signal.Signals, mine: Path, key: SigningKey, server: Server
) -> None:
    with open_writer(mine, key) as writer:
        assert writer.append("note", {}, at=AT).seq == 7
        server.stop(how)
        server.start()
        assert writer.append("note", {}, at=AT).seq == 8
    before = (mine / "log.jsonl").read_bytes()
    (mine / "log.jsonl").unlink()
    pulled = pull(mine)
    assert pulled is not None
    assert (pulled.records, (mine / "log.jsonl").read_bytes()) == (8, before)


def test_a_database_that_is_away_is_said_in_a_sentence(
    mine: Path, key: SigningKey, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("safetycase.ledger.database.session._PAUSES_SECONDS", (0.01,))
    with open_writer(mine, key) as writer:
        server.stop(signal.SIGQUIT)
        with pytest.raises(TeamWriteError, match=r"no connection to .*the record stands") as away:
            writer.append("note", {}, at=AT)
    server.start()
    assert not away.value.in_doubt
    assert len(read(mine).records) == 6


def test_a_wrong_password_is_never_shown(
    mine: Path, key: SigningKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGPASSWORD", "wrong-secret")
    with pytest.raises(Exception, match=r"password authentication failed.*PGPASSWORD") as refused:
        pull(mine)
    shown = f"{refused.value!r} {refused.value.__cause__!r} {refused.getrepr(style='long')}"
    assert "wrong-secret" not in str(refused.value)
    assert refused.value.__suppress_context__
    assert "wrong-secret" not in shown.replace('"wrong-secret"', "")
