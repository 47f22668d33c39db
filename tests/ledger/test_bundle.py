"""One file with the whole record, or a part of it with proofs; and out of it again."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from tests.verifier import tampers
from tests.verifier.bundles import GOLDEN, REVIEWER, TEAM, all_bundles, bundled, roles, small
from tests.verifier.engines import NODE, VERIFIER

from safetycase.ledger import Kept, ObjectStore, Seen, Writer, read, verify
from safetycase.ledger.bundle import gather
from safetycase.ledger.bundle_open import open_into
from safetycase.ledger.bundle_verify import check_bundle, verify_bundle
from safetycase.ledger.bundle_zip import BundleBroken, BundleRefused


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    roles(tmp_path / "case" / "ledger")
    return tmp_path / "case" / "ledger"


def kept(data: bytes, tmp_path: Path) -> Path:
    path = tmp_path / "record.scbundle"
    path.write_bytes(data)
    return path


def test_the_golden_bundles_are_what_is_written_today(tmp_path: Path) -> None:
    for name, data in all_bundles(tmp_path).items():
        assert data == (GOLDEN / f"{name}.scbundle").read_bytes(), name


def test_a_bundle_says_what_the_folder_says(ledger: Path, tmp_path: Path) -> None:
    from_folder = verify(ledger)
    from_file = verify_bundle(kept(bundled(ledger), tmp_path))
    assert from_folder.ok
    assert from_file.ok
    for same in ("records", "head", "root", "origin", "keys", "objects_checked", "ordering"):
        assert getattr(from_file, same) == getattr(from_folder, same), same
    folder_notes = {problem.says for problem in from_folder.problems}
    file_notes = {problem.says for problem in from_file.problems}
    assert file_notes - folder_notes == {
        "the bundle holds text of the case (2 files), which nobody signed"
    }
    assert folder_notes <= file_notes
    assert {held.size: len(held.cosigners) for held in from_file.checkpoints} == {1: 0, 5: 1, 14: 0}
    assert from_file.checkpoints[-1].cosigners[0].key.keyid == REVIEWER.keyid


@pytest.mark.slow
def test_what_was_taken_out_is_left_out(ledger: Path, tmp_path: Path) -> None:
    digest = read(ledger).records[8].body["artefacts"]["transcript"]
    body = {"note": "redaction", "sha256": digest, "reason": "personal data"}
    with Writer(ledger, TEAM) as writer:
        writer.append("note", body, at="2026-11-24T00:00:00Z")
    path = ObjectStore(ledger).path(digest)
    path.unlink()
    for only in ((), ("E-1",)):
        path = kept(bundled(ledger, only=only), tmp_path)
        found = verify_bundle(path)
        assert found.ok
        assert found.objects_checked == 1  # of the two that are named
        if NODE is not None:
            done = subprocess.run([NODE, str(VERIFIER), str(path)], capture_output=True, check=True)
            assert done.stdout.endswith(b"records and 1 artefacts\n")
        notes = [problem.says for problem in found.problems if "redacted" in problem.says]
        assert notes == [
            "record 9 (attempt-end, line 9) rests on its transcript, redacted by record 15: "
            "personal data"
        ]


def test_a_part_holds_what_the_choice_needs_and_no_more(ledger: Path, tmp_path: Path) -> None:
    records = read(ledger).records
    contents = gather(ledger, ObjectStore(ledger), only=["E-2"])
    chosen = contents.manifest.records
    assert chosen is not None
    kinds = {seq: records[seq - 1].kind for seq in chosen}
    assert [seq for seq, kind in kinds.items() if kind == "key"] == [1, 2, 3]
    assert {5, 6, 7, 10} <= set(chosen)  # the registration, its failed attempt, the retry
    assert not {4, 8, 9} & set(chosen)  # those of the other evidence
    assert "event" in kinds.values()  # what happened bears on everything
    assert contents.objects == {}
    found = verify_bundle(kept(bundled(ledger, only=["E-2"], case={}), tmp_path))
    assert found.ok
    assert found.records == len(chosen)
    assert "the bundle holds 10 of 14 records" in [problem.says for problem in found.problems]
    assert found.ordering.grades == {5: "cosigned"}


def test_a_number_or_a_claim_chooses_too(ledger: Path) -> None:
    by_attempt = gather(ledger, ObjectStore(ledger), only=["9"]).manifest.records
    by_evidence = gather(ledger, ObjectStore(ledger), only=["E-1"]).manifest.records
    assert by_attempt == by_evidence
    by_claim = gather(ledger, ObjectStore(ledger), only=["C-E-1"]).manifest.records
    assert by_claim is not None
    assert set(by_claim) >= set(by_evidence or ()) | {5, 6, 7}


def test_what_cannot_be_chosen_is_named(ledger: Path) -> None:
    with pytest.raises(BundleRefused, match="`E-9` is no evidence or claim"):
        gather(ledger, ObjectStore(ledger), only=["E-1", "E-9"])


def test_without_artefacts_it_says_so(ledger: Path, tmp_path: Path) -> None:
    found = verify_bundle(kept(bundled(ledger, artefacts=False), tmp_path))
    assert found.ok
    assert found.objects_checked == 0
    notes = [problem.says for problem in found.problems if problem.severity == "note"]
    says = "the bundle leaves out the 2 artefacts that its records name: they were not checked"
    assert says in notes


def test_a_record_that_does_not_verify_is_not_bundled(ledger: Path) -> None:
    path = ledger / "log.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"sig":"', b'"sig":"A', 1))
    with pytest.raises(BundleRefused, match="does not verify: record 1"):
        gather(ledger, ObjectStore(ledger))


def test_a_record_without_a_checkpoint_of_its_length_is_not_bundled(ledger: Path) -> None:
    (ledger / "checkpoints" / "14.txt").unlink()
    with pytest.raises(BundleRefused, match="`safetycase record checkpoint`"):
        gather(ledger, ObjectStore(ledger))


def test_no_record_is_not_bundled(tmp_path: Path) -> None:
    with pytest.raises(BundleRefused, match="empty"):
        gather(tmp_path, ObjectStore(tmp_path))


def test_names_that_no_bundle_holds_are_told(ledger: Path) -> None:
    case = {"case.yaml": b"", "módulo.yaml": b"", "run.py": b""}
    contents = gather(ledger, ObjectStore(ledger), case=case)
    assert contents.unnamed == ("módulo.yaml", "run.py")
    assert "case/case.yaml" in contents.files


def test_out_of_a_bundle_comes_the_record_it_was_made_of(ledger: Path, tmp_path: Path) -> None:
    target = tmp_path / "taken" / "out"
    assert open_into(kept(bundled(ledger), tmp_path), target).ok
    assert (target / "case.yaml").read_bytes() == b"case: toy\n"
    assert (target / "modules" / "more.yaml").is_file()
    originals = {p.relative_to(ledger): p.read_bytes() for p in ledger.rglob("*") if p.is_file()}
    copies = {
        p.relative_to(target / "ledger"): p.read_bytes()
        for p in (target / "ledger").rglob("*")
        if p.is_file()
    }
    for beside in (".lock", ".acknowledged"):  # of the machine that wrote it, not of the record
        originals.pop(Path(beside), None)
    assert copies == originals
    assert verify(target / "ledger").ok
    again = bundled(target / "ledger")
    assert again == bundled(ledger)


@pytest.mark.parametrize("spoil", ["a byte", "a part", "no bundle", "a full folder"])
def test_nothing_is_taken_out_of_a_doubtful_bundle(
    ledger: Path, tmp_path: Path, spoil: str
) -> None:
    target = tmp_path / "out"
    data = bytearray(bundled(ledger, only=["E-1"] if spoil == "a part" else ()))
    if spoil == "a byte":
        data[data.index(b'"sig"') + 9] ^= 1
        assert not open_into(kept(bytes(data), tmp_path), target).ok
    elif spoil == "no bundle":
        with pytest.raises(BundleBroken):
            open_into(kept(b"PK", tmp_path), target)
    else:
        if spoil == "a full folder":
            target.mkdir()
            (target / "mine").write_text("x")
        with pytest.raises(BundleRefused):
            open_into(kept(bytes(data), tmp_path), target)
        shutil.rmtree(target, ignore_errors=True)
    assert not target.exists()
    assert not list(tmp_path.glob(".out*"))


def test_an_empty_folder_that_is_there_is_filled_and_stays(
    ledger: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = kept(bundled(ledger), tmp_path)
    here, linked = tmp_path / "here", tmp_path / "linked"
    here.mkdir()
    before = here.stat().st_ino
    monkeypatch.chdir(here)
    assert open_into(path, Path()).ok
    assert here.stat().st_ino == before
    assert verify(here / "ledger").ok
    (tmp_path / "far").mkdir()
    linked.symlink_to(tmp_path / "far")
    assert open_into(path, linked).ok
    assert {part.name for part in linked.iterdir()} == {"case.yaml", "ledger", "modules"}


def test_a_disk_that_fills_up_leaves_no_half_of_a_bundle(
    ledger: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = kept(bundled(ledger), tmp_path)
    rename, parts = Path.rename, []

    def full(self: Path, target: Path) -> Path:
        parts.append(target)
        if target.name == "ledger":
            raise OSError(28, "No space left on device", str(target))
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", full)
    (tmp_path / "there").mkdir()
    for name in ("there", "new"):
        with pytest.raises(OSError, match="No space"):
            open_into(path, tmp_path / name)
    assert not list((tmp_path / "there").iterdir())
    assert not (tmp_path / "new").exists()
    assert [part.name for part in parts[-3:]][-1] == "ledger"


def test_a_record_that_its_checkpoint_contradicts_is_not_bundled(ledger: Path) -> None:
    folder = ledger / "checkpoints"
    (folder / "15.txt").write_bytes((folder / "14.txt").read_bytes().replace(b"\n14\n", b"\n15\n"))
    with pytest.raises(BundleRefused, match=r"checkpoints/15.txt is over 15 records"):
        gather(ledger, ObjectStore(ledger))


def test_a_rollback_shows_against_a_checkpoint_kept_later(tmp_path: Path) -> None:
    """An older bundle is a sound one: only what somebody kept tells that it is older."""
    ledger = tmp_path / "ledger"
    roles(ledger)
    seen = Seen(folder=tmp_path / "seen")
    files = tampers.taken_apart(bundled(ledger))
    kept_later = Kept(name="in kept.txt", data=files["checkpoints/14.txt"])
    part = kept(bundled(ledger, only=["E-1"]), tmp_path)
    assert verify_bundle(part, against=[kept_later]).ok
    found, later = check_bundle(kept(bundled(ledger), tmp_path), against=[kept_later], seen=seen)
    assert found.ok
    lines = (ledger / "log.jsonl").read_bytes().split(b"\n")
    (ledger / "log.jsonl").write_bytes(b"".join(line + b"\n" for line in lines[:5]))
    for path in (ledger / "checkpoints").iterdir():
        if int(path.stem) > 5:
            path.unlink()
    found, earlier = check_bundle(kept(bundled(ledger), tmp_path))
    assert found.ok
    assert later is not None
    assert earlier is not None
    assert earlier.origin == later.origin
    assert (earlier.size, earlier.root) != (later.size, later.root)
    path = tmp_path / "record.scbundle"
    assert not verify_bundle(path, against=[kept_later]).ok
    assert not verify_bundle(path, seen=seen).ok
    part = kept(bundled(ledger, only=["E-1"]), tmp_path)
    assert verify_bundle(part).ok
    assert not verify_bundle(part, against=[kept_later]).ok
    assert not verify_bundle(part, seen=seen).ok


def test_the_checkpoint_of_a_fork_is_refused(tmp_path: Path) -> None:
    small(tmp_path / "one")
    data = (tmp_path / "one" / "log.jsonl").read_bytes()
    roles(tmp_path / "two")
    files = tampers.taken_apart(bundled(tmp_path / "one"))
    other = tampers.taken_apart(bundled(tmp_path / "two"))
    assert files["log.jsonl"] == data
    mixed = files | {"checkpoints/4.txt": other["checkpoints/5.txt"]}
    found = verify_bundle(kept(tampers.put_together(mixed), tmp_path))
    assert not found.ok
    assert TEAM.keyid in found.keys
