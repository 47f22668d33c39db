"""A team on the command line: share a record, join it, fetch from it; list and index it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.conftest import Ran
from tests.ledger.team.conftest import Server, running

__all__ = ["running"]

Sc = Callable[..., Ran]


@pytest.fixture
def server(running: Server, monkeypatch: pytest.MonkeyPatch) -> Server:
    monkeypatch.setenv("PGPASSWORD", running.password)
    return running


@pytest.mark.slow
def test_two_people_share_a_case(
    coin: Path, sc: Sc, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = server.database()
    assert sc("record", "home", "show", coin).out.startswith(f"record: {coin / 'ledger'}")
    assert sc("record", "sync", coin).code == 2
    begun = sc("record", "home", "init", address, coin)
    assert begun.code == 0, begun.err
    assert "1 records, 0 of them new here" in begun.out  # the key that names the record
    ran = sc("run", coin)
    assert ran.code == 0, ran.err
    shared = json.loads((coin / "ledger" / "home.json").read_text())["record"]
    assert shared.startswith(address + "?log=")

    other = tmp_path / "colleague" / "coin"
    shutil.copytree(coin, other, ignore=shutil.ignore_patterns("ledger"))
    monkeypatch.setenv("SAFETYCASE_KEY", str(tmp_path / "colleague.pem"))
    joined = sc("record", "home", "set", shared, other, "--json")
    assert joined.code == 0, joined.err
    assert joined.json["records"] == joined.json["fresh"] > 1
    assert (other / "ledger/log.jsonl").read_bytes() == (coin / "ledger/log.jsonl").read_bytes()
    assert sc("run", other).out.startswith("Nothing is due")  # it is in the record already

    (other / "ledger/log.jsonl").unlink()  # a run begins with what the team recorded
    assert sc("run", other).out.startswith("Nothing is due")

    again = sc("run", other, "--exploratory")
    assert again.code == 0, again.err
    before = joined.json["records"]
    fetched = sc("record", "sync", coin, "--json")
    assert fetched.json["records"] > before
    assert fetched.json["fresh"] == fetched.json["records"] - before

    listed = sc("record", "log", coin, "--evidence", "E-COIN", "--kind", "registration")
    assert listed.code == 0
    assert "E-COIN for RARE: rate <= 0.20" in listed.out
    assert "(exploratory)" in listed.out
    index = sc("record", "index", "status", coin, "--shared", "--json")
    assert (index.code, index.json["records"]) == (0, fetched.json["records"])
    assert sc("record", "index", "rebuild", coin, "--shared", "--json").json == index.json
    for each in (begun, ran, joined, again, fetched, listed, index):
        assert server.password not in each.out + each.err

    left = sc("record", "home", "unset", other)
    assert left.out == f"left {shared}\n"
    assert sc("record", "index", "status", other, "--shared").code == 2


@pytest.mark.slow
def test_a_database_that_is_away_is_a_sentence(coin: Path, sc: Sc) -> None:
    gone = sc("record", "home", "init", "postgresql://ann@127.0.0.1:1/cases", coin)
    assert gone.code == 2
    assert "no connection to postgresql://ann@127.0.0.1:1/cases" in gone.err
    assert "Traceback" not in gone.err
    secret = sc("record", "home", "set", "postgresql://ann:s3cret@host/cases", coin)
    assert secret.code == 2
    assert "leave the password out" in secret.err
    assert "s3cret" not in secret.out + secret.err


def test_a_copy_that_is_yet_to_be_fetched_does_not_begin_a_record(coin: Path, sc: Sc) -> None:
    (coin / "ledger").mkdir()
    (coin / "ledger/home.json").write_text('{"record":"postgresql://ann@127.0.0.1:1/cases"}')
    begun = sc("record", "home", "init", "postgresql://ann@127.0.0.1:1/cases", coin)
    assert begun.code == 2
    assert "has no record yet" in begun.err
    assert not (coin / "ledger/log.jsonl").exists()


@pytest.mark.slow
def test_the_record_is_listed_and_indexed(coin: Path, sc: Sc) -> None:
    none = sc("record", "log", coin)
    assert (none.code, none.out) == (0, "0 records\n")
    assert sc("run", coin).code == 0
    log = sc("record", "log", coin, "--limit", "2", "--json")
    assert [each["kind"] for each in log.json["records"]] == ["attempt-start", "attempt-end"]
    assert log.json["total"] > 2
    assert sc("record", "index", "status", coin).code == 4
    made = sc("record", "index", "rebuild", coin, "--json")
    assert (made.code, made.json["doubt"]) == (0, None)
    assert sc("record", "index", "rebuild", coin, "--json").json == made.json
    assert sc("record", "log", coin, "--limit", "2", "--json").json == log.json
    dropped = sc("record", "index", "drop", coin)
    assert (dropped.code, dropped.out) == (0, "the index is dropped\n")
    lines = (coin / "ledger/log.jsonl").read_bytes().split(b"\n")
    (coin / "ledger/log.jsonl").write_bytes(b"\n".join([lines[0], *lines[2:]]))
    broken = sc("record", "log", coin)
    assert broken.code == 3
    assert "record 2" in broken.err
