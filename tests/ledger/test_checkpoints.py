"""Checkpoints: a record that was cut, put back or written anew contradicts them."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.ledger.test_trust import AT, LATER, append, revoked, vouch

from safetycase.ledger import (
    Kept,
    LedgerDamaged,
    Record,
    Seen,
    SigningKey,
    Verification,
    Writer,
    default_seen_folder,
    read,
    verify,
)
from safetycase.ledger.checkpoints import checkpoint_path, cosigner_name, kept_in, save
from safetycase.ledger.mark import MARK_NAME
from safetycase.ledger.merkle import leaf_hash, root
from safetycase.ledger.note import Checkpoint, open_note
from safetycase.ledger.trust import origin_of

Build = Callable[[Path], list[Record]]


def errors(found: Verification) -> list[str]:
    return [p.says for p in found.problems if p.severity == "error"]


def notes(found: Verification) -> list[str]:
    return [p.says for p in found.problems if p.severity == "note"]


def cut(ledger: Path, records: int) -> None:
    """Leave the first `records` lines of the log, which are a sound record by themselves."""
    lines = (ledger / "log.jsonl").read_bytes().splitlines(keepends=True)
    (ledger / "log.jsonl").write_bytes(b"".join(lines[:records]))


def unmark(ledger: Path) -> None:
    """Take away the mark of what was acknowledged, which would say so first."""
    (ledger / MARK_NAME).unlink()


def newest(ledger: Path) -> Checkpoint:
    return open_note(kept_in(ledger)[0][-1].data)


def cosign(ledger: Path, size: int, key: SigningKey, time: int = 1_764_000_000) -> None:
    path = checkpoint_path(ledger, size)
    note = open_note(path.read_bytes())
    save(path, note.cosigned(cosigner_name(key.keyid), key.public_key, key.sign, time))


def test_a_writer_that_added_something_leaves_a_checkpoint_of_the_whole_record(
    build: Build, ledger: Path, key: SigningKey
) -> None:
    build(ledger)
    with Writer(ledger, key):
        pass  # nothing added, no checkpoint
    append(ledger, key, "note", {})
    assert sorted(path.name for path in (ledger / "checkpoints").iterdir()) == ["6.txt", "7.txt"]
    records = read(ledger).records
    note = newest(ledger)
    assert (note.origin, note.size) == (f"safetycase/{records[0].digest[:32]}", 7)
    assert note.root == root(leaf_hash(bytes.fromhex(record.digest)) for record in records)
    held = read(ledger).checkpoints
    assert [(each.name, each.size) for each in held] == [
        ("checkpoints/6.txt", 6), ("checkpoints/7.txt", 7),
    ]  # fmt: skip
    assert [signer.key.keyid for signer in held[-1].signers] == [key.keyid]
    assert verify(ledger).problems == ()


def test_a_key_without_the_role_of_the_log_leaves_none(
    build: Build, ledger: Path, key: SigningKey, other_key: SigningKey
) -> None:
    build(ledger)
    vouch(ledger, key, other_key, roles=["runner"])
    append(ledger, other_key, "note", {})
    assert newest(ledger).size == 7
    (note,) = notes(verify(ledger))
    assert note == "records 8 to 8 are behind the last checkpoint"


@pytest.mark.parametrize("left", [0, 1, 3, 5])
def test_a_record_cut_at_a_line_end_is_refused_by_every_reader(
    build: Build, ledger: Path, key: SigningKey, left: int
) -> None:
    build(ledger)
    cut(ledger, left)
    unmark(ledger)
    says = (
        f"the checkpoint checkpoints/6.txt is over 6 records, of which {left} are there: the end "
        "was taken away"
    )
    assert [p.says for p in read(ledger).errors] == [says]
    assert errors(verify(ledger))[-1] == says
    with pytest.raises(LedgerDamaged, match=f"of which {left} are there"), Writer(ledger, key):
        pass


def test_a_record_without_its_log_is_refused(build: Build, ledger: Path, key: SigningKey) -> None:
    build(ledger)
    (ledger / "log.jsonl").unlink()
    unmark(ledger)
    assert "of which 0 are there" in errors(verify(ledger))[0]
    with pytest.raises(LedgerDamaged, match="of which 0 are there"), Writer(ledger, key):
        pass


def test_a_record_that_went_on_otherwise_from_the_same_beginning_is_a_fork(
    build: Build, ledger: Path, key: SigningKey
) -> None:
    build(ledger)
    copy = ledger.with_name("copy")
    shutil.copytree(ledger, copy)
    append(ledger, key, "note", {"text": "here"})
    append(copy, key, "note", {"text": "there"})
    shutil.copy(copy / "log.jsonl", ledger / "log.jsonl")
    unmark(ledger)
    (problem,) = read(ledger).errors
    assert problem.says == (
        "the checkpoint checkpoints/7.txt was made when the first 7 records were others than now"
    )
    assert "two histories were written from one beginning" in problem.hint
    assert "a copy of the case was run by itself" in problem.hint
    with pytest.raises(LedgerDamaged, match="two histories"), Writer(ledger, key):
        pass


def test_the_records_of_another_case_are_refused(
    build: Build, ledger: Path, tmp_path: Path, other_key: SigningKey
) -> None:
    build(ledger)
    other = tmp_path / "other" / "ledger"
    append(other, other_key, "note", {})
    shutil.copy(other / "log.jsonl", ledger / "log.jsonl")
    unmark(ledger)
    assert "belongs to another record (safetycase/" in read(ledger).errors[0].says


def test_a_pin_in_the_case_is_held_against_the_record(
    build: Build, ledger: Path, key: SigningKey
) -> None:
    build(ledger)
    pin = ledger.parent / "checkpoint.txt"
    shutil.copy(ledger / "checkpoints" / "6.txt", pin)
    append(ledger, key, "note", {})
    assert verify(ledger).problems == ()
    shutil.rmtree(ledger)  # the whole folder is put back to an older copy, checkpoints and all
    assert "pinned in checkpoint.txt is over 6 records, of which 0" in read(ledger).errors[0].says
    with pytest.raises(LedgerDamaged, match="pinned"), Writer(ledger, key):
        pass
    pin.unlink()
    append(ledger, key, "note", {})
    assert read(ledger).errors == ()


def test_a_checkpoint_kept_elsewhere_is_held_against_the_record(
    build: Build, ledger: Path, key: SigningKey
) -> None:
    build(ledger)
    elsewhere = Kept(name="of yesterday", data=newest(ledger).text())
    assert verify(ledger, against=[elsewhere]).ok
    shutil.rmtree(ledger / "checkpoints")
    cut(ledger, 4)
    unmark(ledger)
    assert verify(ledger).ok  # what `verify` cannot know by itself
    assert errors(verify(ledger, against=[elsewhere])) == [
        "the checkpoint of yesterday is over 6 records, of which 4 are there: the end was taken "
        "away"
    ]


def test_a_checkpoint_is_signed_by_a_log_key_of_the_record(
    build: Build, ledger: Path, key: SigningKey, other_key: SigningKey
) -> None:
    build(ledger)
    path = checkpoint_path(ledger, 6)
    good = path.read_bytes()
    note = open_note(good)
    bare = Checkpoint(origin=note.origin, size=6, root=note.root)

    def wrong(changed: Checkpoint, says: str) -> None:
        path.write_bytes(changed.text())
        assert says in errors(verify(ledger))[0]

    wrong(bare.signed(note.origin, other_key.public_key, other_key.sign), "does not verify")
    wrong(bare.signed("another-name", key.public_key, key.sign), "does not verify")
    wrong(bare.signed(note.origin, key.public_key, other_key.sign), "does not verify")
    cosigned = bare.cosigned(cosigner_name(key.keyid), key.public_key, key.sign, 1)
    wrong(cosigned, "is not signed by a key of the record")
    path.write_bytes(good)
    vouch(ledger, key, other_key, roles=["runner"])
    assert verify(ledger).ok
    # Known by now, but not for the log, nor there when the record had six lines.
    wrong(bare.signed(note.origin, other_key.public_key, other_key.sign), "is not for the log")


def test_a_file_that_is_no_checkpoint_or_has_another_name_is_refused(
    build: Build, ledger: Path
) -> None:
    build(ledger)
    path = checkpoint_path(ledger, 6)
    shutil.copy(path, checkpoint_path(ledger, 5))
    assert "which its name does not say" in read(ledger).errors[0].says
    checkpoint_path(ledger, 5).unlink()
    for name in ("06.txt", "٦.txt"):
        shutil.copy(path, ledger / "checkpoints" / name)
        assert "which its name does not say" in read(ledger).errors[0].says
        (ledger / "checkpoints" / name).unlink()
    (ledger / "checkpoints" / "x.txt").write_bytes(path.read_bytes())
    assert "which its name does not say" in read(ledger).errors[0].says
    (ledger / "checkpoints" / "x.txt").write_bytes(b"hello\n")
    assert "checkpoints/x.txt is no checkpoint" in read(ledger).errors[0].says


def test_a_folder_of_checkpoints_that_cannot_be_read_is_no_folder_without_any(
    build: Build, ledger: Path, tmp_path: Path
) -> None:
    build(ledger)
    folder = ledger / "checkpoints"
    folder.rename(tmp_path / "away")
    assert not read(ledger).errors
    folder.write_text("a file in its place")  # as for one without the right to list it
    (problem,) = read(ledger).errors
    assert problem.says == f"the folder {folder} cannot be read: Not a directory"


def test_where_nothing_says_how_long_the_record_was_that_is_noted(
    build: Build, ledger: Path
) -> None:
    build(ledger)
    assert not [p for p in verify(ledger).problems if "no checkpoint is kept" in p.says]
    shutil.rmtree(ledger / "checkpoints")
    found = verify(ledger)
    assert found.ok
    assert "no checkpoint is kept beside the record" in found.problems[0].says
    shutil.rmtree(ledger)
    found = verify(ledger)
    assert found.ok
    assert "there is no record" in found.problems[0].says


def test_a_checkpoint_that_cannot_be_written_is_named(
    build: Build, ledger: Path, tmp_path: Path
) -> None:
    build(ledger)
    (tmp_path / "file").write_text("")
    place = tmp_path / "file" / "checkpoint.txt"
    with pytest.raises(OSError, match="cannot be written: File exists") as caught:
        save(place, newest(ledger))
    assert caught.value.filename == str(place)


def test_signatures_of_old_checkpoints_are_left_to_verify(
    build: Build, ledger: Path, key: SigningKey
) -> None:
    build(ledger)
    append(ledger, key, "note", {})
    path = checkpoint_path(ledger, 6)
    note = open_note(path.read_bytes())
    forged = Checkpoint(origin=note.origin, size=6, root=note.root)
    save(path, forged.signed(note.origin, key.public_key, lambda _: bytes(64)))
    assert read(ledger).errors == ()
    assert len(errors(verify(ledger))) == 1
    forged = Checkpoint(origin=note.origin, size=6, root=bytes(32))  # but every root is compared
    save(path, forged.signed(note.origin, key.public_key, key.sign))
    assert len(read(ledger).errors) == 1


def test_a_cosignature_is_by_a_key_that_the_record_introduces(
    build: Build, ledger: Path, key: SigningKey, other_key: SigningKey
) -> None:
    build(ledger)
    cosign(ledger, 6, other_key)
    assert "does not verify" in read(ledger).errors[0].says
    checkpoint_path(ledger, 6).unlink()
    vouch(ledger, key, other_key, roles=["reviewer"])
    cosign(ledger, 7, other_key)
    (held,) = verify(ledger).checkpoints
    assert [(s.key.keyid, s.time) for s in held.cosigners] == [
        (other_key.keyid, "2025-11-24T16:00:00Z")
    ]
    assert verify(ledger).problems == ()


def test_a_checkpoint_of_a_revoked_key_is_a_note_before_and_an_error_after(
    build: Build, ledger: Path, key: SigningKey, other_key: SigningKey
) -> None:
    build(ledger)
    vouch(ledger, key, other_key)
    append(ledger, other_key, "note", {})  # its checkpoint is over 8 records
    cosign(ledger, 7, other_key)
    append(ledger, key, "event", revoked(other_key), LATER)
    found = verify(ledger)
    assert found.ok
    assert sum("that signature counts for nothing" in says for says in notes(found)) == 2
    assert read(ledger).problems == ()  # a note is for `verify`
    assert not any(held.cosigners for held in found.checkpoints)
    append(ledger, key, "note", {}, LATER)
    path = checkpoint_path(ledger, 10)
    note = open_note(path.read_bytes())
    bare = Checkpoint(origin=note.origin, size=10, root=note.root)
    save(path, bare.signed(note.origin, other_key.public_key, other_key.sign))
    assert "which record 9 had revoked" in read(ledger).errors[0].says


def test_a_log_key_out_of_its_time_signs_no_checkpoint(
    build: Build, ledger: Path, key: SigningKey, other_key: SigningKey
) -> None:
    build(ledger)
    vouch(ledger, key, other_key, not_after=AT)
    append(ledger, key, "note", {}, LATER)
    path = checkpoint_path(ledger, 8)
    note = open_note(path.read_bytes())
    bare = Checkpoint(origin=note.origin, size=8, root=note.root)
    save(path, bare.signed(note.origin, other_key.public_key, other_key.sign))
    assert "outside the time for which that is valid" in read(ledger).errors[0].says


def test_a_torn_tail_that_a_checkpoint_knows_to_be_whole_is_not_set_aside(
    build: Build, ledger: Path, key: SigningKey
) -> None:
    build(ledger)
    path = ledger / "log.jsonl"
    path.write_bytes(path.read_bytes()[:-5])
    unmark(ledger)
    with pytest.raises(LedgerDamaged, match="of which 5 are there"), Writer(ledger, key):
        pass
    assert not list(ledger.glob("torn-*"))


# What this user has seen


def seen_of(tmp_path: Path) -> Seen:
    return Seen(folder=tmp_path / "state")


def write(ledger: Path, key: SigningKey, seen: Seen, **body: Any) -> None:
    with Writer(ledger, key, seen=seen) as writer:
        writer.append("note", body, at=AT)


def test_a_user_who_has_seen_more_refuses_an_older_copy(
    tmp_path: Path, ledger: Path, key: SigningKey
) -> None:
    seen = seen_of(tmp_path)
    write(ledger, key, seen)
    shutil.copytree(ledger, tmp_path / "yesterday")
    write(ledger, key, seen)
    shutil.rmtree(ledger)
    shutil.copytree(tmp_path / "yesterday", ledger)
    assert verify(ledger).ok
    (says,) = errors(verify(ledger, seen=seen))
    assert says.startswith("you have seen 3 records of this case, and now there are 2")
    with pytest.raises(LedgerDamaged, match=r"record checkpoint --forget"):
        write(ledger, key, seen)
    assert seen.forget(origin_of(read(ledger).records[0]))
    write(ledger, key, seen)
    assert verify(ledger, seen=seen).ok


def test_a_copy_that_was_run_by_itself_is_a_fork_to_this_user(
    tmp_path: Path, ledger: Path, key: SigningKey
) -> None:
    seen = seen_of(tmp_path)
    write(ledger, key, seen)
    shutil.copytree(ledger, tmp_path / "copy")
    write(ledger, key, seen, text="here")
    with pytest.raises(LedgerDamaged, match="now there are 2"):
        write(tmp_path / "copy", key, seen, text="there")
    write(tmp_path / "copy", key, Seen(folder=None), text="there")
    (says,) = errors(verify(tmp_path / "copy", seen=seen))
    assert "as when a copy of the case was run by itself" in says
    assert verify(ledger, seen=seen).ok


def test_verify_remembers_what_verifies_and_nothing_else(
    tmp_path: Path, ledger: Path, key: SigningKey
) -> None:
    seen = seen_of(tmp_path)
    write(ledger, key, Seen(folder=None))
    first = read(ledger)
    assert verify(ledger, seen=seen).ok
    last = seen.last(origin_of(first.records[0]))
    assert last is not None
    assert last.size == 2
    data = (ledger / "log.jsonl").read_bytes()
    (ledger / "log.jsonl").write_bytes(data + b"{}\n")
    assert not verify(ledger, seen=seen).ok
    assert seen.last(last.origin) == last
    seen.note(last.origin, 1, bytes(32))  # less than was seen is not remembered
    assert seen.last(last.origin) == last


def test_a_memory_that_cannot_be_read_or_written_stops_nobody(
    tmp_path: Path, ledger: Path, key: SigningKey
) -> None:
    seen = seen_of(tmp_path)
    write(ledger, key, seen)
    (path,) = (tmp_path / "state").iterdir()
    path.write_text("nonsense")
    assert verify(ledger, seen=seen).ok
    (tmp_path / "file").write_text("in the way")
    blocked = Seen(folder=tmp_path / "file" / "state")
    write(ledger, key, blocked)
    assert verify(ledger, seen=blocked).ok
    assert not blocked.forget(origin_of(read(ledger).records[0]))


def test_where_the_memory_lives() -> None:
    assert default_seen_folder({"XDG_STATE_HOME": "/s"}) == Path("/s/safetycase/seen")
    assert default_seen_folder({"HOME": "/h", "XDG_STATE_HOME": "s"}) == Path(
        "/h/.local/state/safetycase/seen"
    )
    assert default_seen_folder({}) is None
