"""The record against whoever would bend it: two verifiers, every byte, and the usual frauds."""

import hashlib
import json
import shutil
import subprocess
from importlib.resources import files

import pytest

from safetycase.ledger import Writer, read, verifier
from safetycase.ledger.keys import from_seed

OWNER, STRANGER = from_seed(bytes([1] * 32), "owner"), from_seed(bytes([2] * 32), "owner")
REGISTRATION = {
    "evidence": "E-1", "claim": "C-1", "criterion": "rate <= 0.2", "level": "0.95",
    "plan": {"attempts": 1}, "recipe": {"subject": {"weights": "m"}}, "recipe_digest": "a" * 64,
    "exploratory": False, "seed": 7,
}  # fmt: skip


def at(second):
    return f"2026-11-23T09:30:{second:02}Z"


def write(folder, key=OWNER, rate="0", start=0):
    """A criterion, an attempt and its result."""
    with Writer(folder, key) as writer:
        number = writer.append("registration", REGISTRATION, at=at(start)).seq
        name = f"E-1/{number}.1"
        writer.append("attempt-start", {"attempt": name, "registration": number}, at=at(start + 1))
        end = {"attempt": name, "outcome": "completed", "measurement": {"rate": rate}}
        writer.append("attempt-end", end, at=at(start + 2))
    return folder


def verify(folder):
    return verifier.verify(folder).ok


@pytest.fixture
def folder(tmp_path):
    return write(tmp_path / "ledger")


@pytest.fixture
def bare(folder):
    """The log alone: without its checkpoints, which would catch a fraud a second time."""
    shutil.rmtree(folder / "checkpoints")
    (folder / ".acknowledged").unlink()
    assert verify(folder)
    return folder


def lines(folder):
    return (folder / "log.jsonl").read_bytes().splitlines(keepends=True)


def spoil(folder, changed):
    (folder / "log.jsonl").write_bytes(b"".join(changed))
    return not verify(folder)


def test_an_honest_record_verifies(folder):
    assert verify(folder)
    assert len(read(folder).records) == len(lines(folder))


def test_no_byte_can_be_changed(bare):
    log = bare / "log.jsonl"
    data = log.read_bytes()
    for position in range(0, len(data), 23):
        spoilt = bytearray(data)
        spoilt[position] ^= 1 << (position % 7)
        log.write_bytes(bytes(spoilt))
        assert not verify(bare), position
    log.write_bytes(data)
    assert verify(bare)


def test_no_record_can_be_dropped_or_moved(bare):
    whole = lines(bare)
    for position in range(len(whole) - 1):
        assert spoil(bare, whole[:position] + whole[position + 1 :]), position
        swapped = [*whole]
        swapped[position : position + 2] = reversed(whole[position : position + 2])
        assert spoil(bare, swapped), position
    assert spoil(bare, [*whole, whole[-1]])


def test_a_result_of_another_record_cannot_be_put_in(bare, tmp_path):
    other = lines(write(tmp_path / "other", OWNER, rate="1", start=10))
    whole = lines(bare)
    assert len(whole) == len(other)
    assert spoil(bare, [*whole[:-2], *other[-2:]])


def test_no_end_can_be_cut_off_behind_a_checkpoint(folder):
    whole = lines(folder)
    for kept in range(len(whole)):
        assert spoil(folder, whole[:kept]), kept


def test_another_result_signed_by_a_stranger_is_refused(bare, tmp_path):
    other = write(tmp_path / "other", STRANGER, rate="1")
    whole, forged = lines(bare), lines(other)
    assert spoil(bare, [*whole[:-1], forged[-1]])
    assert spoil(bare, [*whole, *forged])


def test_a_criterion_after_the_result_changes_nothing(folder):
    from safetycase.ledger import RecordRefused

    with Writer(folder, OWNER) as writer, pytest.raises(RecordRefused):
        writer.append("attempt-start", {"attempt": "x", "registration": 99}, at=at(20))
    assert verify(folder)


def test_a_body_that_was_reworded_and_hashed_anew_is_refused(bare):
    whole = lines(bare)
    envelope = json.loads(whole[-1])
    import base64

    payload = base64.b64decode(envelope["payload"]).replace(b'"rate":"0"', b'"rate":"9"')
    assert b'"rate":"9"' in payload
    envelope["payload"] = base64.b64encode(payload).decode()
    spoilt = json.dumps(envelope, separators=(",", ":"), sort_keys=True).encode() + b"\n"
    assert hashlib.sha256(spoilt).hexdigest() != hashlib.sha256(whole[-1]).hexdigest()
    assert spoil(bare, [*whole[:-1], spoilt])


def test_the_second_verifier_agrees(folder, tmp_path):
    node = shutil.which("node")
    assert node, "the second verifier runs in node, which is not installed here"
    from safetycase.ledger import ObjectStore
    from safetycase.ledger.bundle import gather, write_bundle
    from safetycase.ledger.bundle_verify import verify_bundle

    bundle, script = tmp_path / "record.scbundle", tmp_path / "verify.js"
    store = ObjectStore(folder)
    with bundle.open("wb") as file:
        write_bundle(file, gather(folder, store), store)
    script.write_bytes(files("safetycase.report").joinpath("verifier/verify.js").read_bytes())

    def second(path):
        return subprocess.run([node, script, path], capture_output=True, check=False).returncode

    assert (verify_bundle(bundle).ok, second(bundle)) == (True, 0)
    data = bundle.read_bytes()
    for position in range(60, len(data), len(data) // 6):
        spoilt = bytearray(data)
        spoilt[position] ^= 4
        bundle.write_bytes(bytes(spoilt))
        first = verify_bundle(bundle).ok
        assert (first, second(bundle) == 0) == (False, False), position
