"""Sharing a record: putting it into a database, joining one that is there, fetching what is new."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from safetycase.ledger.database import lines as table
from safetycase.ledger.database.address import Address, parse_address
from safetycase.ledger.database.session import Session
from safetycase.ledger.errors import LedgerDamaged, LedgerError
from safetycase.ledger.log import parse
from safetycase.ledger.record import Log
from safetycase.ledger.replica import Replica
from safetycase.ledger.settings import Settings, read_settings, write_settings
from safetycase.ledger.team import compare, dense, origin_of

__all__ = ["IndexState", "Pulled", "join", "leave", "pull", "push", "rebuild", "shared_index"]

_AT_ONCE = 1000

Told = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulled:
    """What a folder's copy has now, and how many records of it are new."""

    address: Address
    records: int
    fresh: int
    head: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexState:
    """The index in the database beside the lines: it is current if the two agree."""

    records: int
    head: str | None
    lines: int
    digest: str


def pull(folder: Path) -> Pulled | None:
    """Bring the copy in `folder` up to the shared record; None if its record is not shared.

    What comes is verified before it is written. Raises `LedgerDamaged` naming the first record
    that does not verify, or in which copy and database differ.
    """
    settings = read_settings(folder)
    if settings.record is None:
        return None
    return _pull(folder, parse_address(settings.record))


def join(folder: Path, address: str) -> Pulled:
    """Make the record at `address` that of `folder`, and fetch it.

    The copy has to be empty or a beginning of the shared record.
    """
    pulled = _pull(folder, parse_address(address))
    _set(folder, str(pulled.address))
    return pulled


def leave(folder: Path) -> str | None:
    """Let `folder` have its own record again, from where its copy ends; the address it had."""
    before = read_settings(folder)
    if before.record is not None:
        _set(folder, None)
    return before.record


def push(
    folder: Path,
    address: str,
    *,
    name: str,
    users: Iterable[str] = (),
    told: Told = lambda _done, _of: None,
) -> Pulled:
    """Make the tables in a database, put the record of `folder` there, and share it from now on.

    `users` may add to it, besides the owner of the tables. What the database has of this record
    already stays; it is refused if it says something else. `told` hears (done, of) in lines.
    """
    from safetycase.ledger.database.migrate import grant, migrate

    replica = Replica(folder)
    data = replica.read()
    log = _verified(parse(data), str(replica.path))
    origin = origin_of(data)
    if origin is None:
        raise LedgerError(f"{replica.path} has no record yet: nothing to put into a database")
    where = parse_address(address)
    if where.log not in (None, origin):
        raise LedgerError(f"{where} names another record than the one in {folder}: {origin}")
    session = Session(where.of(origin))
    try:
        migrate(session)
        if users:
            grant(session, users)
        with session.transaction() as connection:
            table.make_log(connection, origin, name)
        compare(session, replica, ahead=True)
        _push_lines(session, origin, data[: log.size], told)
    finally:
        session.close()
    return join(folder, str(session.address))


def rebuild(folder: Path, address: str) -> IndexState:
    """Empty the index in the database and fill it again from the lines, once they verify."""
    session, log = _opened(folder, address)
    try:
        with session.transaction() as connection:
            table.take_turn(connection, log)
            found = table.lines_after(connection, log, 0)
            dense(found, 0, session)
            lines = [line for _, line in found]
            _verified(parse(b"".join(line + b"\n" for line in lines)), session.name)
            table.empty_index(connection, log)
            table.add_index(connection, log, lines, start=0)
            return _state(connection, log)
    finally:
        session.close()


def shared_index(folder: Path, address: str) -> IndexState:
    """How far the index in the database goes."""
    session, log = _opened(folder, address)
    try:
        with session.transaction() as connection:
            return _state(connection, log)
    finally:
        session.close()


def _state(connection: object, log: int) -> IndexState:
    records, head = table.indexed(connection, log)
    return IndexState(
        records=records,
        head=head,
        lines=table.tip(connection, log).rows,
        digest=table.index_digest(connection, log),
    )


def _opened(folder: Path, address: str) -> tuple[Session, int]:
    session = Session(parse_address(address))
    try:
        return session, compare(session, Replica(folder)).log
    except BaseException:
        session.close()
        raise


def _pull(folder: Path, address: Address) -> Pulled:
    session, replica = Session(address), Replica(folder)
    try:
        found = compare(session, replica)
    finally:
        session.close()
    whole = found.whole
    log = parse(whole)
    if log.errors:
        broken = len(log.records) + 1
        ours = broken <= len(whole[: len(found.local)].splitlines())
        _verified(log, str(replica.path) if ours else session.name)
    replica.grow(len(found.local), whole[len(found.local) :])
    origin = origin_of(whole)
    return Pulled(
        address=address if origin is None else address.of(origin),
        records=len(log.records),
        fresh=len(found.behind),
        head=log.head,
    )


def _push_lines(session: Session, origin: str, data: bytes, told: Told) -> None:
    lines = data.split(b"\n")[:-1]
    done, start = 0, 0
    while done < len(lines) or not lines:
        with session.transaction() as connection:
            log = table.find_log(connection, origin)
            assert log is not None
            table.take_turn(connection, log)
            there = table.tip(connection, log).seq
            start = sum(len(line) + 1 for line in lines[:there])
            batch = lines[there : there + _AT_ONCE]
            if not batch:
                return
            table.add_lines(connection, log, there, batch)
            if table.has_index(connection):
                table.add_index(connection, log, batch, start=start)
        done = there + len(batch)
        told(done, len(lines))


def _verified(log: Log, where: str) -> Log:
    """Raises `LedgerDamaged`, naming the record, if there is an error in it."""
    if log.errors:
        raise LedgerDamaged(f"{log.errors[0].says}, in {where} ({log.errors[0].hint})")
    return log


def _set(folder: Path, record: str | None) -> None:
    before = read_settings(folder)
    write_settings(folder, Settings(record=record, artefacts=before.artefacts))
