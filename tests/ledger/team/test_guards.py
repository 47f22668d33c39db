"""The database itself refuses to change a line, and to take one that does not come next."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.ledger.team.conftest import Server
from tests.ledger.team.test_home import forge

from safetycase.ledger import Record, Writer, open_writer
from safetycase.ledger.keys import from_seed
from safetycase.ledger.settings import read_settings
from safetycase.ledger.sync import join, pull, push
from safetycase.ledger.team import TeamWriteError

AT = "2026-11-23T09:30:00Z"
Build = Callable[[Path], list[Record]]

CHANGES = (
    "UPDATE safetycase.line SET bytes = 'x'",
    "UPDATE safetycase.line SET seq = 70 WHERE seq = 1",
    "DELETE FROM safetycase.line WHERE seq = 1",
    "DELETE FROM safetycase.line WHERE false",
    "TRUNCATE safetycase.line",
    "UPDATE safetycase.log SET origin = repeat('0', 32)",
    "DELETE FROM safetycase.log",
    "TRUNCATE safetycase.log",
)


@pytest.fixture(scope="module")
def owned(running: Server, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """A record in a database of `olga`, who is no superuser; and its folder."""
    folder = tmp_path_factory.mktemp("owned") / "ledger"
    with Writer(folder, from_seed(b"o" * 32, "olga")) as writer:
        for number in range(4):
            writer.append("note", {"number": number}, at=AT)
    address = running.database()
    database = address.rpartition("/")[2]
    for user in ("olga", "mina", "eve"):
        exists = running.sql(database, f"SELECT 1 FROM pg_roles WHERE rolname = '{user}'")
        if not exists:
            running.sql(database, f"CREATE ROLE {user} LOGIN PASSWORD '{running.password}'")
    running.sql(database, f"ALTER DATABASE {database} OWNER TO olga")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PGPASSWORD", running.password)
        push(folder, address.replace("postgres@", "olga@"), name="owned", users=["mina"])
    return address, folder


@pytest.mark.slow
@pytest.mark.parametrize("statement", CHANGES)
@pytest.mark.parametrize("user", ["postgres", "olga", "mina"])
def test_no_user_changes_a_line(
    user: str, statement: str, owned: tuple[str, Path], server: Server
) -> None:
    before = server.sql(owned[0], "SELECT * FROM safetycase.line ORDER BY seq")
    with pytest.raises(Exception, match=r"is refused: a record|permission denied") as refused:
        server.sql(owned[0], statement, user=user)
    if user == "postgres":  # a superuser passes every permission, and no trigger
        assert "a record is only ever added to" in str(refused.value)
    assert server.sql(owned[0], "SELECT * FROM safetycase.line ORDER BY seq") == before


@pytest.mark.parametrize("statement", CHANGES)
def test_an_owner_who_takes_the_right_back_is_refused_by_the_trigger(
    statement: str, owned: tuple[str, Path], server: Server
) -> None:
    grant = "GRANT ALL ON safetycase.line, safetycase.log TO olga"
    server.sql(owned[0], grant, user="olga")
    with pytest.raises(Exception, match="a record is only ever added to"):
        server.sql(owned[0], statement, user="olga")
    with pytest.raises(Exception, match="a record is only ever added to"):
        server.sql(owned[0], f"SET session_replication_role = replica; {statement}")


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"seq": 7}, "line 7 does not come next: log 1 has 5 lines"),
        ({"seq": 5}, "line 5 does not come next"),
        ({"previous": "0" * 64}, "line 6 does not follow the line before it"),
        ({"seq in it": 7}, "line 6 does not follow the line before it"),
        ({"digest": "0" * 64}, "violates check constraint"),
        ({"log": 99}, "no log has the number 99"),
        ({"line": b"no envelope"}, "line 6 does not follow"),
        ({"line": b'{"payload":"AA==","payloadType":'}, "invalid byte|does not follow"),
        ({"line": b"\xff"}, "invalid byte sequence"),
    ],
)
def test_a_line_that_does_not_come_next_is_not_taken(
    change: dict[str, object], why: str, owned: tuple[str, Path], server: Server
) -> None:
    address, folder = owned
    line = (folder / "log.jsonl").read_bytes().split(b"\n")[4]
    head = hashlib.sha256(line).hexdigest()
    given: dict[str, object] = {"log": 1, "seq": 6, "seq in it": 6, "previous": head} | change
    forged = forge(line, int(str(given["seq in it"])), str(given["previous"]))
    data = given.get("line", forged)
    assert isinstance(data, bytes)
    digest = given.get("digest", hashlib.sha256(data).hexdigest())
    values = f"({given['log']}, {given['seq']}, '{digest}', decode('{data.hex()}', 'hex'))"
    with pytest.raises(Exception, match=why):
        server.sql(address, f"INSERT INTO safetycase.line VALUES {values}", user="mina")


def test_a_log_begins_with_the_line_it_is_named_after(
    owned: tuple[str, Path], server: Server
) -> None:
    address, folder = owned
    line = (folder / "log.jsonl").read_bytes().split(b"\n")[0]
    server.sql(address, f"INSERT INTO safetycase.log (origin, name) VALUES ('{'1' * 32}', 'x')")
    with pytest.raises(Exception, match="the first line of log 2 is another one"):
        server.sql(
            address,
            "INSERT INTO safetycase.line VALUES "
            f"(2, 1, '{hashlib.sha256(line).hexdigest()}', decode('{line.hex()}', 'hex'))",
        )


@pytest.mark.slow
def test_members_add_and_strangers_do_not(
    owned: tuple[str, Path], server: Server, tmp_path: Path
) -> None:
    _, folder = owned
    shared = read_settings(folder).record
    assert shared is not None
    member, stranger = tmp_path / "member", tmp_path / "stranger"
    join(member, shared.replace("olga@", "mina@"))
    with open_writer(member, from_seed(b"m" * 32, "mina")) as writer:
        assert writer.append("note", {"text": "from a member"}, at=AT).seq == 7
    with pytest.raises(Exception, match=r"permission denied.*--grant"):
        join(stranger, shared.replace("olga@", "eve@"))
    assert not stranger.exists()
    pulled = pull(folder)
    assert pulled is not None
    assert pulled.records == 7
    server.sql(shared, "REVOKE INSERT ON safetycase.line FROM mina")
    with (
        open_writer(member, from_seed(b"m" * 32, "mina")) as writer,
        pytest.raises(TeamWriteError, match="permission denied for table line"),
    ):
        writer.append("note", {}, at=AT)
