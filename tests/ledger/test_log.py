"""What a reader of the record notices. The golden log is kept for ever: it is format v1."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from safetycase.ledger import Log, Record, SigningKey, Writer, canonical, parse, read, verify
from safetycase.ledger.dsse import seal
from safetycase.ledger.lock import hold
from safetycase.ledger.record import GENESIS, statement

GOLDEN = Path(__file__).parent / "golden" / "log.jsonl"
AT = "2026-11-23T09:30:00Z"
KINDS = ["key", "registration", "attempt-start", "attempt-end", "attempt-start", "attempt-end"]


def lines() -> list[bytes]:
    return GOLDEN.read_bytes().splitlines(keepends=True)


def sealed(
    key: SigningKey, before: list[bytes], kind: str, body: dict[str, Any], **more: Any
) -> bytes:
    """The line that a program with the key, but without our rules, could add to `before`."""
    import hashlib

    previous = hashlib.sha256(before[-1][:-1]).hexdigest() if before else GENESIS
    place = {"seq": len(before) + 1, "previous": previous, "at": AT} | more
    return seal(statement(kind=kind, body=body, **place), key.keyid, key.sign) + b"\n"


def first_error(log: Log) -> str:
    return log.errors[0].says


# --- the format ------------------------------------------------------------------------------


def test_the_writer_still_writes_the_golden_log(
    build: Callable[[Path], list[Record]], ledger: Path
) -> None:
    build(ledger)
    assert (ledger / "log.jsonl").read_bytes() == GOLDEN.read_bytes()


def test_the_golden_log_reads(key: SigningKey) -> None:
    log = parse(GOLDEN.read_bytes())
    assert log.problems == ()
    assert [record.kind for record in log.records] == KINDS
    assert [record.seq for record in log.records] == [1, 2, 3, 4, 5, 6]
    assert log.size == GOLDEN.stat().st_size
    assert log.head == log.records[-1].digest
    assert log.records[1].body["recipe"] == {"subject": {"weights": "naïve-model"}}
    assert {record.keyid for record in log.records} == {key.keyid}


def test_the_envelope_is_dsse_around_an_in_toto_statement() -> None:
    previous = GENESIS
    for line in lines():
        envelope = json.loads(line)
        assert set(envelope) == {"payload", "payloadType", "signatures"}
        assert envelope["payloadType"] == "application/vnd.in-toto+json"
        assert set(envelope["signatures"][0]) == {"keyid", "sig"}
        statement = json.loads(base64.b64decode(envelope["payload"]))
        assert statement["_type"] == "https://in-toto.io/Statement/v1"
        assert set(statement) == {"_type", "subject", "predicateType", "predicate"}
        assert statement["predicateType"].startswith("urn:safetycase:record:")
        assert len(statement["subject"]) >= 1  # in-toto asks for one
        assert all(len(each["digest"]["sha256"]) == 64 for each in statement["subject"])
        assert set(statement["predicate"]) == {"seq", "previous", "at", "body"}
        assert statement["predicate"]["previous"] == previous
        previous = __import__("hashlib").sha256(line.rstrip(b"\n")).hexdigest()


def test_a_missing_ledger_is_empty(ledger: Path) -> None:
    assert read(ledger) == Log()
    assert read(ledger).head is None


# --- damage ----------------------------------------------------------------------------------


@pytest.mark.slow
def test_every_flipped_byte_is_a_problem_in_its_record() -> None:
    data = GOLDEN.read_bytes()
    ends = [at for at, byte in enumerate(data) if byte == ord("\n")]
    for at in range(len(data)):
        flipped = bytearray(data)
        flipped[at] ^= 1 << (at % 8)
        log = parse(bytes(flipped))
        line = 1 + sum(end < at for end in ends)
        assert log.errors, f"byte {at}"
        assert log.errors[0].line == line, f"byte {at}"
        assert len(log.records) == line - 1, f"byte {at}"


@pytest.mark.slow
@pytest.mark.parametrize("bit", range(8))
def test_every_flipped_bit_is_a_problem(bit: int) -> None:
    data = GOLDEN.read_bytes()
    for at in range(len(data)):
        flipped = bytearray(data)
        flipped[at] ^= 1 << bit
        assert parse(bytes(flipped)).errors, f"byte {at}"


@pytest.mark.parametrize("other", [b"\r\n", b"\n\n", b" ", b"", b"\0", b"\r", "\u2028".encode()])
def test_every_changed_line_end_is_a_problem(other: bytes) -> None:
    for number in range(6):
        changed = lines()
        changed[number] = changed[number][:-1] + other
        log = parse(b"".join(changed))
        assert log.errors
        assert len(log.records) <= number + (other == b"\n\n")


def test_nothing_behind_a_break_is_returned() -> None:
    changed = lines()
    changed[2] = changed[2].replace(b"signatures", b"signature5")
    log = parse(b"".join(changed))
    assert [record.seq for record in log.records] == [1, 2]
    assert [problem.line for problem in log.problems] == [3, 4]
    assert log.problems[0].says.startswith("record 3 (line 3) is not a signed envelope")
    assert log.problems[1].says == "3 records behind it are not counted"
    assert "restore the record from a copy" in str(log.problems[0])


@pytest.mark.parametrize("number", range(5))
def test_a_record_taken_out_is_noticed(number: int) -> None:
    changed = lines()
    del changed[number]
    log = parse(b"".join(changed))
    assert len(log.records) == number
    assert log.errors[0].seq == number + 1


def test_a_record_taken_out_is_named_by_what_stands_there_now() -> None:
    changed = lines()
    del changed[3]
    assert first_error(parse(b"".join(changed))) == (
        "record 4 (attempt-start, line 4) says it is record 5: one was taken out or put in"
    )


@pytest.mark.parametrize(("one", "two"), [(a, b) for a in range(6) for b in range(a + 1, 6)])
def test_records_in_another_order_are_noticed(one: int, two: int) -> None:
    changed = lines()
    changed[one], changed[two] = changed[two], changed[one]
    log = parse(b"".join(changed))
    assert len(log.records) == one
    assert log.errors[0].seq == one + 1


@pytest.mark.parametrize("number", range(6))
def test_a_record_put_in_twice_is_noticed(number: int) -> None:
    changed = lines()
    changed.insert(number, changed[number])
    log = parse(b"".join(changed))
    assert len(log.records) == number + 1
    assert log.errors[0].seq == number + 2


@pytest.mark.slow
def test_a_record_cut_short_anywhere_is_noticed() -> None:
    whole = lines()
    for number in (0, 2, 5):
        for length in range(len(whole[number]) - 1):
            changed = [*whole[:number], whole[number][:length] + b"\n", *whole[number + 1 :]]
            log = parse(b"".join(changed))
            assert len(log.records) == number
            assert log.errors[0].line == number + 1


@pytest.mark.slow
def test_an_unfinished_last_line_is_an_error_that_names_the_way_out() -> None:
    whole = lines()
    for length in range(1, len(whole[5])):
        log = parse(b"".join(whole[:5]) + whole[5][:length])
        assert len(log.records) == 5
        assert [problem.line for problem in log.errors] == [6]
        assert first_error(log).startswith(f"record 6 (line 6) is unfinished: {length} bytes")
        assert "the next run sets this line aside" in log.errors[0].hint


def test_an_older_copy_of_the_whole_log_still_reads() -> None:
    """The documented limit: a rollback to a line end shows only beside a head kept elsewhere."""
    whole = lines()
    heads = set()
    for length in range(7):
        log = parse(b"".join(whole[:length]))
        assert log.problems == ()
        heads.add(log.head)
    assert len(heads) == 7


# --- what a program with a key could add -----------------------------------------------------


def test_a_record_by_a_key_that_was_never_introduced_is_refused(other_key: SigningKey) -> None:
    whole = lines()
    line = sealed(other_key, whole, "note", {})
    log = parse(b"".join([*whole, line]))
    assert len(log.records) == 6
    assert first_error(log) == (
        f"record 7 (note, line 7) is signed by the key {other_key.keyid[:16]}…, "
        "not introduced before it"
    )


def test_a_key_counts_from_its_record_on_and_not_before(other_key: SigningKey) -> None:
    whole = lines()
    introduced = [*whole, sealed(other_key, whole, "key", other_key.introduction())]
    good = [*introduced, sealed(other_key, introduced, "note", {"text": "hello"})]
    assert parse(b"".join(good)).problems == ()

    early = [*whole, sealed(other_key, whole, "note", {"text": "hello"})]
    late = [*early, sealed(other_key, early, "key", other_key.introduction())]
    log = parse(b"".join(late))
    assert len(log.records) == 6
    assert "not introduced before it" in first_error(log)


def test_a_key_may_be_introduced_by_one_already_known(
    key: SigningKey, other_key: SigningKey
) -> None:
    whole = lines()
    vouched = [*whole, sealed(key, whole, "key", other_key.introduction())]
    log = parse(b"".join([*vouched, sealed(other_key, vouched, "note", {})]))
    assert log.problems == ()
    assert [record.keyid for record in log.records[-2:]] == [key.keyid, other_key.keyid]


def test_a_record_signed_by_another_key_under_a_known_id_is_refused(
    key: SigningKey, other_key: SigningKey
) -> None:
    whole = lines()
    payload = statement(
        seq=7, kind="note", at=AT, previous=parse(b"".join(whole)).head or "", body={}
    )
    forged = seal(payload, key.keyid, other_key.sign) + b"\n"
    log = parse(b"".join([*whole, forged]))
    assert first_error(log) == "record 7 (note, line 7) has a signature that does not verify"


def test_a_log_must_begin_with_its_key(key: SigningKey) -> None:
    log = parse(sealed(key, [], "note", {}))
    assert log.records == ()
    assert "not introduced before it" in first_error(log)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"keyid": "0" * 64}, "not the key it names"),
        ({"public_key": base64.b64encode(bytes(31)).decode()}, "not the key it names"),
        ({"public_key": "x"}, "not the key it names"),
        ({"public_key": 7}, "`public_key` that is not a text"),
        ({"algorithm": "rsa"}, "not `ed25519`"),
        ({"owner": None}, "`owner` that is not a text"),
    ],
)
def test_a_key_record_that_does_not_hold_its_key_is_refused(
    key: SigningKey, change: dict[str, Any], why: str
) -> None:
    log = parse(sealed(key, [], "key", {**key.introduction(), **change}))
    assert log.records == ()
    assert why in first_error(log)


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"seq": 6}, "says it is record 6"),
        ({"seq": 8}, "says it is record 8"),
        ({"previous": GENESIS}, "does not follow the record before it"),
        ({"previous": "x"}, "does not name the record before it"),
        ({"at": "2026-11-23T09:30:00"}, "no UTC time"),
        ({"at": "2026-13-23T09:30:00Z"}, "no UTC time"),
        ({"at": "2026-11-23T09:30:00.5Z"}, "no UTC time"),
        ({"at": "2026-11-23T09:30:00+00:00"}, "no UTC time"),
        ({"at": 5}, "no UTC time"),
        ({"seq": True}, "no in-toto statement"),
        ({"seq": "7"}, "no in-toto statement"),
        ({"subjects": (("x", "y"),)}, "subject without"),
    ],
)
def test_a_signed_record_out_of_place_is_refused(
    key: SigningKey, more: dict[str, Any], why: str
) -> None:
    whole = lines()
    log = parse(b"".join([*whole, sealed(key, whole, "note", {}, **more)]))
    assert len(log.records) == 6
    assert why in first_error(log)


def test_an_unknown_kind_is_named_and_stops_the_reading(key: SigningKey) -> None:
    whole = lines()
    whole.append(sealed(key, whole, "surprise", {}))
    whole.append(sealed(key, whole, "note", {}))
    log = parse(b"".join(whole))
    assert len(log.records) == 6
    assert first_error(log) == (
        "record 7 (line 7) is of the kind 'surprise', which this version does not know; "
        "a newer one may"
    )


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b'{"predicate":{},"predicateType":7}',
        b'{"predicate":1.5}',
        b'{"a":1,"a":2}',
        b"[" * 100_000,
        canonical.dumps({"_type": "x", "predicateType": "urn:safetycase:record:note:v1",
                         "subject": [], "predicate": {}}),
    ],
)  # fmt: skip
def test_a_signed_payload_of_another_format_is_refused(key: SigningKey, payload: bytes) -> None:
    whole = lines()
    log = parse(b"".join([*whole, seal(payload, key.keyid, key.sign) + b"\n"]))
    assert len(log.records) == 6
    assert len(log.errors) == 1
    assert log.errors[0].says.startswith("record 7 (line 7) ")


def test_extra_fields_and_other_spellings_of_a_statement_are_refused(key: SigningKey) -> None:
    whole = lines()
    good = statement(seq=7, kind="note", at=AT, previous=parse(b"".join(whole)).head or "", body={})
    plain = json.loads(good)
    for change in (
        plain | {"extra": 1},
        plain | {"_type": "https://in-toto.io/Statement/v0.1"},
        plain | {"predicateType": "urn:safetycase:record:note:v2"},
        plain | {"subject": []},
        plain | {"predicate": {**plain["predicate"], "extra": 1}},
    ):
        line = seal(canonical.dumps(change), key.keyid, key.sign) + b"\n"
        assert parse(b"".join([*whole, line])).errors
    spaced = seal(json.dumps(plain).encode(), key.keyid, key.sign) + b"\n"
    assert parse(b"".join([*whole, spaced])).errors
    assert not parse(b"".join([*whole, seal(good, key.keyid, key.sign) + b"\n"])).errors


# --- the folder ------------------------------------------------------------------------------


def test_a_log_that_cannot_be_read_is_an_error_and_no_empty_record(ledger: Path) -> None:
    (ledger / "log.jsonl").mkdir(parents=True)
    log = read(ledger)
    assert log.records == ()
    assert "cannot be read: Is a directory" in first_error(log)


def test_a_file_in_the_place_of_the_folder_is_an_error(ledger: Path) -> None:
    ledger.write_text("")
    assert "cannot be read: Not a directory" in first_error(read(ledger))
    assert not verify(ledger).ok


def test_a_line_in_the_making_is_a_note(ledger: Path, key: SigningKey) -> None:
    ledger.mkdir()
    (ledger / "log.jsonl").write_bytes(GOLDEN.read_bytes() + b'{"payl')
    assert read(ledger).errors
    descriptor = hold(ledger)  # as a writer that is between two writes
    try:
        log = read(ledger)
        assert len(log.records) == 6
        assert log.errors == ()
        assert log.problems[0].says == "record 7 (line 7) is being written now"
    finally:
        os.close(descriptor)
    assert read(ledger).errors
    with Writer(ledger, key):
        assert read(ledger).problems == ()
