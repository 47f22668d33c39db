from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.ledger.conftest import REGISTRATION
from tests.ledger.tampering import AUTHOR

from safetycase.ledger import (
    CanonicalError,
    LedgerBusy,
    LedgerDamaged,
    LedgerError,
    LedgerWriteError,
    Record,
    RecordRefused,
    SigningKey,
    Writer,
    open_writer,
    read,
    verify,
)
from safetycase.ledger.disk import OsDisk
from safetycase.ledger.mark import MARK_NAME, Mark, read_mark
from safetycase.ledger.trust import origin_of

AT = "2026-11-23T09:30:00Z"
Build = Callable[[Path], list[Record]]


def log_of(ledger: Path) -> bytes:
    return (ledger / "log.jsonl").read_bytes()


def test_what_is_appended_is_what_is_read(build: Build, ledger: Path, key: SigningKey) -> None:
    written = build(ledger)
    log = read(ledger)
    assert log.problems == ()
    assert list(log.records[1:]) == written
    first = log.records[0]
    assert (first.kind, first.at, first.body) == ("key", written[0].at, key.introduction())
    assert [r.previous for r in log.records[1:]] == [r.digest for r in log.records[:-1]]


def test_a_second_run_goes_on_where_the_first_ended(
    build: Build, ledger: Path, key: SigningKey
) -> None:
    build(ledger)
    before = log_of(ledger)
    with Writer(ledger, key) as writer:
        assert len(writer.log.records) == 6
        assert writer.append("note", {"text": "seven"}, at=AT).seq == 7
    assert log_of(ledger).startswith(before)
    assert read(ledger).problems == ()


def test_another_key_introduces_itself_once(
    build: Build, ledger: Path, other_key: SigningKey, key: SigningKey
) -> None:
    build(ledger)
    for _ in range(2):
        with Writer(ledger, other_key) as writer:
            writer.append("note", {"text": "mine"}, at=AT)
    with Writer(ledger, key) as writer:
        writer.append("note", {"text": "mine again"}, at=AT)
    log = read(ledger)
    assert log.problems == ()
    assert [record.kind for record in log.records[6:]] == ["key", "note", "note", "note"]


def test_a_key_can_introduce_itself_or_another_in_words(
    ledger: Path, key: SigningKey, other_key: SigningKey
) -> None:
    with Writer(ledger, key) as writer:
        assert writer.append("key", key.introduction(), at=AT).seq == 1
        assert writer.append("key", other_key.introduction(), at=AT).seq == 2
        with pytest.raises(RecordRefused, match="not the key it names"):
            writer.append("key", {**other_key.introduction(), "keyid": "0" * 64}, at=AT)
    with Writer(ledger, other_key) as writer:
        assert writer.append("note", {}, at=AT).seq == 3
    assert read(ledger).problems == ()


def test_a_record_does_not_change_with_the_callers_mapping(ledger: Path, key: SigningKey) -> None:
    body = {"text": ["before"]}
    with Writer(ledger, key) as writer:
        record = writer.append("note", body, at=AT)
    body["text"].append("after")
    assert record.body == {"text": ["before"]} == read(ledger).records[-1].body


@pytest.mark.parametrize(
    ("kind", "body", "at", "subjects", "why"),
    [
        ("surprise", {}, AT, (), "no record is of the kind 'surprise'; known: key, registration"),
        ("note", {}, "2026-11-23 09:30:00", (), "needs a UTC time"),
        ("note", {}, AT, (("x", "y"),), "needs a SHA-256 for its subject 'x'"),
        ("registration", {}, AT, (), "has no `evidence`; has no `claim`"),
        ("attempt-start", {"attempt": "a", "registration": 1}, AT, (), "no registration before it"),
        ("attempt-start", {"attempt": "a1", "registration": 2}, AT, (), "again, after record 3"),
        ("attempt-start", {"attempt": "a", "registration": "2"}, AT, (), "not a whole number"),
        ("attempt-end", {"attempt": "a", "outcome": "failed"}, AT, (), "which never started"),
        ("attempt-end", {"attempt": "a1", "outcome": "failed"}, AT, (), "again, after record 4"),
        ("attempt-end", {"attempt": "a1", "outcome": "won"}, AT, (), "not one of completed"),
    ],
)
def test_what_breaks_a_rule_is_refused_and_leaves_no_trace(
    build: Build,
    ledger: Path,
    other_key: SigningKey,
    kind: str,
    body: dict[str, Any],
    at: str,
    subjects: Any,
    why: str,
) -> None:
    build(ledger)
    before = log_of(ledger)
    with Writer(ledger, other_key) as writer:
        with pytest.raises(RecordRefused, match=why):
            writer.append(kind, body, at=at, subjects=subjects)
        with pytest.raises(CanonicalError, match=r"\$\.level"):
            writer.append("note", {"level": 0.95}, at=AT)
    assert log_of(ledger) == before


def test_appending_outside_with_is_an_error(ledger: Path, key: SigningKey) -> None:
    writer = Writer(ledger, key)
    with pytest.raises(LedgerError, match="open the writer"):
        writer.append("note", {}, at=AT)


# --- damage ----------------------------------------------------------------------------------


def test_a_damaged_record_takes_nothing_more(build: Build, ledger: Path, key: SigningKey) -> None:
    build(ledger)
    data = bytearray(log_of(ledger))
    data[data.index(b"\n") + 100] ^= 1
    (ledger / "log.jsonl").write_bytes(data)
    with pytest.raises(LedgerDamaged, match=r"record 2 .*restore the record"), Writer(ledger, key):
        pass
    assert log_of(ledger) == bytes(data)
    assert list(ledger.glob("torn-*")) == []


def test_a_damaged_record_with_an_unfinished_line_is_left_alone(
    build: Build, ledger: Path, key: SigningKey
) -> None:
    build(ledger)
    data = b"x" + log_of(ledger)[1:] + b"torn"
    (ledger / "log.jsonl").write_bytes(data)
    with pytest.raises(LedgerDamaged, match="record 1"), Writer(ledger, key):
        pass
    assert log_of(ledger) == data


def a_further_line(ledger: Path, key: SigningKey) -> bytes:
    """The line that the next append would write; the record is not touched."""
    copy = ledger.with_name("copy")
    shutil.copytree(ledger, copy)
    with Writer(copy, key) as writer:
        writer.append("note", {"text": "never acknowledged"}, at=AT)
    line = log_of(copy)[len(log_of(ledger)) :]
    shutil.rmtree(copy)
    return line


@pytest.mark.parametrize("marked", [True, False])
def test_an_unfinished_line_is_set_aside_wherever_it_ends(
    build: Build, ledger: Path, key: SigningKey, marked: bool
) -> None:
    build(ledger)
    if not marked:
        (ledger / MARK_NAME).unlink()
    last = a_further_line(ledger, key)
    cuts = [1, 2, len(last) // 2, len(last) - 2, len(last) - 1]
    for number, cut in enumerate(cuts, start=1):
        whole = log_of(ledger)
        (ledger / "log.jsonl").write_bytes(whole + last[:cut])
        assert "is unfinished" in read(ledger).errors[0].says
        with Writer(ledger, key) as writer:
            assert writer.set_aside == ledger / f"torn-{number}.bin"
            assert writer.log.problems == ()
            assert log_of(ledger) == whole
            seq = len(writer.log.records) + 1
            assert writer.append("note", {"text": "after the crash"}, at=AT).seq == seq
        assert (ledger / f"torn-{number}.bin").read_bytes() == last[:cut]
        assert read(ledger).problems == ()
        if not marked:
            (ledger / MARK_NAME).unlink()
    with Writer(ledger, key) as writer:
        assert writer.set_aside is None


GARBAGE = [
    pytest.param(lambda line: bytes(len(line)), id="zeros"),
    pytest.param(lambda line: bytes(512) + line[512:], id="first-sector-zero"),
    pytest.param(lambda line: line[:-600] + b"\n" * 600, id="line-ends"),
    pytest.param(lambda line: b"#!/bin/sh\nanother file\n", id="bytes-of-another-file"),
    pytest.param(lambda line: line[:40] + line[41:], id="a-byte-short"),
    pytest.param(lambda line: line[:-1] + b"\0" * 300, id="zeros-behind"),
]


@pytest.mark.parametrize("garbled", GARBAGE)
def test_whatever_a_disk_leaves_behind_the_mark_is_set_aside_and_kept(
    build: Build, ledger: Path, key: SigningKey, garbled: Callable[[bytes], bytes]
) -> None:
    build(ledger)
    whole, rest = log_of(ledger), garbled(a_further_line(ledger, key))
    (ledger / "log.jsonl").write_bytes(whole + rest)
    found = read(ledger)
    assert len(found.records) == 6
    assert "the next run sets this line aside" in found.errors[0].hint
    with Writer(ledger, key) as writer:
        assert writer.set_aside == ledger / "torn-1.bin"
        assert writer.set_aside.read_bytes() == rest
        assert log_of(ledger) == whole
        writer.append("note", {"text": "after the crash"}, at=AT)
    assert read(ledger).problems == ()


def test_without_a_mark_garbage_with_a_line_end_is_damage(
    build: Build, ledger: Path, key: SigningKey
) -> None:
    build(ledger)
    data = log_of(ledger) + b"another file\n"
    (ledger / "log.jsonl").write_bytes(data)
    (ledger / MARK_NAME).unlink()
    with pytest.raises(LedgerDamaged, match="record 7"), Writer(ledger, key):
        pass
    assert log_of(ledger) == data


@pytest.mark.parametrize("left", [0, 1, 5, 700])
def test_an_acknowledged_line_is_never_set_aside(
    build: Build, ledger: Path, key: SigningKey, left: int
) -> None:
    """Cut in the middle or at its end: without the mark this would pass for a torn write."""
    build(ledger)
    whole = log_of(ledger)
    last = whole.splitlines(keepends=True)[-1]
    data = whole[: -len(last)] + last[: min(left, len(last) - 1)]
    (ledger / "log.jsonl").write_bytes(data)
    assert read(ledger).errors[0].says.startswith("record 6 of ")
    assert "is missing or cut off: 6 were acknowledged" in read(ledger).errors[0].says
    with pytest.raises(LedgerDamaged, match=r"6 were acknowledged .*restore the log from a copy"):
        Writer(ledger, key).__enter__()
    assert log_of(ledger) == data
    assert not list(ledger.glob("torn-*"))
    (ledger / "log.jsonl").write_bytes(whole)  # as the message says
    with Writer(ledger, key) as writer:
        assert writer.append("note", {}, at=AT).seq == 7


def test_a_record_in_the_place_of_another_is_noticed(
    build: Build, ledger: Path, key: SigningKey
) -> None:
    """The log alone put back to a copy that went on otherwise: every line of it verifies."""
    build(ledger)
    copy = ledger.with_name("copy")
    shutil.copytree(ledger, copy)
    for folder in (ledger, copy):
        with Writer(folder, key) as writer:
            writer.append("note", {"text": folder.name}, at=AT)
    shutil.copy(copy / "log.jsonl", ledger / "log.jsonl")
    assert "record 7 of " in read(ledger).errors[0].says
    with pytest.raises(LedgerDamaged, match="is not the one that was acknowledged"):
        Writer(ledger, key).__enter__()


def test_a_record_that_another_program_went_on_with_is_still_ours(
    build: Build, ledger: Path, key: SigningKey
) -> None:
    """A program that keeps no mark adds lines; they verify, so they count."""
    build(ledger)
    mark = (ledger / MARK_NAME).read_bytes()
    with Writer(ledger, key) as writer:
        for text in ("one", "two"):
            writer.append("note", {"text": text}, at=AT)
    (ledger / MARK_NAME).write_bytes(mark)
    with Writer(ledger, key) as writer:
        assert writer.append("note", {}, at=AT).seq == 9
    whole = log_of(ledger)
    (ledger / MARK_NAME).write_bytes(mark)
    (ledger / "log.jsonl").write_bytes(whole + b"what is this\n")
    with pytest.raises(LedgerDamaged, match="record 10"), Writer(ledger, key):
        pass


@pytest.mark.parametrize("mark", [b"", b"\n", b" " * 1024, b"1 2 3 4 5" * 100, b"\xff" * 1024])
def test_an_unreadable_mark_is_no_mark(
    build: Build, ledger: Path, key: SigningKey, mark: bytes
) -> None:
    build(ledger)
    (ledger / MARK_NAME).write_bytes(mark)
    assert read(ledger).problems == ()
    with Writer(ledger, key) as writer:
        assert writer.append("note", {}, at=AT).seq == 7
    assert read_mark(OsDisk(), ledger) == Mark.of(log_of(ledger))


@pytest.mark.parametrize("what", ["grown", "shrunk", "removed", "replaced"])
def test_a_log_that_something_else_changes_takes_nothing_more(
    build: Build, ledger: Path, key: SigningKey, what: str
) -> None:
    build(ledger)
    path = ledger / "log.jsonl"
    with Writer(ledger, key) as writer:
        if what == "grown":
            path.write_bytes(log_of(ledger) + b"x")
        elif what == "shrunk":
            os.truncate(path, 10)
        else:
            shutil.copy(path, ledger / "copy")
            path.unlink()
            if what == "replaced":
                (ledger / "copy").rename(path)
        before = path.read_bytes() if path.exists() else None
        with pytest.raises((LedgerDamaged, LedgerWriteError)):
            writer.append("note", {}, at=AT)
        assert (path.read_bytes() if path.exists() else None) == before


# --- two at once -----------------------------------------------------------------------------


def test_two_writers_in_one_process(ledger: Path, key: SigningKey) -> None:
    with Writer(ledger, key) as first:
        with pytest.raises(LedgerBusy, match=f"process {os.getpid()}") as caught:
            Writer(ledger, key).__enter__()
        assert caught.value.pid == os.getpid()
        first.append("note", {}, at=AT)
    with Writer(ledger, key) as second:
        second.append("note", {}, at=AT)
    assert len(read(ledger).records) == 3


HOLD = """
import sys
from pathlib import Path
from safetycase.ledger import Writer
from safetycase.ledger.keys import from_seed
with Writer(Path(sys.argv[1]), from_seed(bytes(32), "child")) as writer:
    writer.append("note", {"from": "the child"}, at="2026-11-23T09:30:00Z")
    print("ready", flush=True)
    sys.stdin.read()
"""


def test_two_writers_in_two_processes(ledger: Path, key: SigningKey) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(ledger)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"ready\n"
        with pytest.raises(LedgerBusy) as caught:
            Writer(ledger, key).__enter__()
        assert caught.value.pid == child.pid
        assert len(read(ledger).records) == 2  # reading needs no lock
        child.communicate()
    with Writer(ledger, key) as writer:
        assert len(writer.log.records) == 2


def test_the_lock_is_free_after_an_error_in_the_block(ledger: Path, key: SigningKey) -> None:
    with pytest.raises(ZeroDivisionError), Writer(ledger, key):
        raise ZeroDivisionError
    with Writer(ledger, key):
        pass


# --- a disk that refuses (simulated; real ones are in test_crash) ----------------------------


def failing(number: int, after: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let `os.write` fail with `number` once `after` more bytes are on the disk."""
    left = after
    write = os.write

    def limited(descriptor: int, data: Any) -> int:
        nonlocal left
        if left == 0:
            raise OSError(number, os.strerror(number))
        done = write(descriptor, data[:left])
        left -= done
        return done

    monkeypatch.setattr(os, "write", limited)


@pytest.mark.parametrize(
    ("number", "way_out"),
    [
        (errno.ENOSPC, "free some space"),
        (errno.EDQUOT, "quota"),
        (errno.EROFS, "read-only"),
        (errno.EIO, "copy the case to another disk"),
    ],
)
@pytest.mark.parametrize("after", [0, 1, 300])
def test_a_failed_write_leaves_the_record_as_it_was(
    build: Build,
    ledger: Path,
    key: SigningKey,
    monkeypatch: pytest.MonkeyPatch,
    number: int,
    way_out: str,
    after: int,
) -> None:
    build(ledger)
    before = log_of(ledger)
    with Writer(ledger, key) as writer:
        with monkeypatch.context() as patch:
            failing(number, after, patch)
            with pytest.raises(LedgerWriteError, match="the record stands as it was") as caught:
                writer.append("note", {"text": "lost"}, at=AT)
        assert way_out in str(caught.value)
        assert caught.value.path == ledger / "log.jsonl"
        assert caught.value.reason == os.strerror(number)
        assert log_of(ledger) == before
        assert writer.append("note", {"text": "kept"}, at=AT).seq == 7
    assert read(ledger).problems == ()


def test_a_failed_flush_takes_the_line_back(
    build: Build, ledger: Path, key: SigningKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    build(ledger)
    before = log_of(ledger)

    def refuse(_descriptor: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with Writer(ledger, key) as writer:
        monkeypatch.setattr(os, "fsync", refuse)
        with pytest.raises(LedgerWriteError, match="last line may remain"):
            writer.append("note", {}, at=AT)
    assert log_of(ledger) == before


def test_ctrl_c_in_a_write_takes_the_line_back(
    build: Build, ledger: Path, key: SigningKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    build(ledger)
    before = log_of(ledger)
    fsync = os.fsync
    calls = 0

    def interrupted(descriptor: int) -> None:
        nonlocal calls
        calls += 1
        if calls == 1:
            raise KeyboardInterrupt
        fsync(descriptor)

    with Writer(ledger, key) as writer:
        monkeypatch.setattr(os, "fsync", interrupted)
        with pytest.raises(KeyboardInterrupt):
            writer.append("note", {"text": "interrupted"}, at=AT)
        assert log_of(ledger) == before
        body = {"attempt": "a3", "registration": 2}
        assert writer.append("attempt-start", body, at=AT).seq == 7
    assert read(ledger).problems == ()


def test_a_read_only_folder_is_named(
    build: Build, ledger: Path, key: SigningKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    build(ledger)
    before = log_of(ledger)
    real = os.open

    def read_only(path: Any, flags: int, *more: Any, **named: Any) -> int:
        if flags & (os.O_WRONLY | os.O_RDWR):
            raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(path))
        return real(path, flags, *more, **named)

    with monkeypatch.context() as patch:
        patch.setattr(os, "open", read_only)
        with pytest.raises(LedgerWriteError, match="mounted read-only") as caught:
            Writer(ledger, key).__enter__()
        assert caught.value.path == ledger / ".lock"
        assert len(read(ledger).records) == 6
    assert log_of(ledger) == before


@pytest.mark.skipif(os.geteuid() == 0, reason="no folder is read-only for root")
def test_a_folder_without_write_permission_is_named(ledger: Path, key: SigningKey) -> None:
    ledger.mkdir(mode=0o500)
    with pytest.raises(LedgerWriteError, match="make the folder writable"):
        Writer(ledger, key).__enter__()


def test_a_file_in_the_place_of_the_folder_is_named(ledger: Path, key: SigningKey) -> None:
    ledger.write_text("")
    with pytest.raises(LedgerWriteError, match="a file stands where the folder should be"):
        Writer(ledger, key).__enter__()


def test_two_records_begun_by_one_key_in_one_second_are_two(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    names = set()
    for case in ("a", "b"):
        for _ in range(2):  # the second time what was seen of it before is compared
            with open_writer(tmp_path / case, AUTHOR) as writer:
                body = REGISTRATION | {"evidence": f"E-{case}"}
                writer.append("registration", body, at="2026-11-23T09:40:00Z")
        names.add(origin_of(read(tmp_path / case).records[0]))
        assert verify(tmp_path / case).ok
    assert len(names) == 2
