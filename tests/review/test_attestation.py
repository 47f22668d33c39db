"""A signed answer stands for what was signed, for whom, until when; any other byte is refused."""

from __future__ import annotations

import dataclasses
import json
from base64 import b64decode
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.review.conftest import Ask
from tests.review.green import AUTHOR, key, sign

from safetycase.assess.gated import Gated
from safetycase.ledger import canonical
from safetycase.ledger.dsse import seal
from safetycase.ledger.keys import from_seed
from safetycase.review.attestation import (
    AttestationError,
    RecordState,
    Verdict,
    attest,
    check,
    read_attestation,
)

SIGNER = from_seed(AUTHOR, "author")
WEIGHTS = {"smollm2-135m-instruct": "5" * 64}
NOW = datetime.now(UTC).replace(microsecond=0)
RECORD = RecordState(origin="safetycase/abc", size=7, root="1" * 64, head="2" * 64)


def line(found: Gated) -> bytes:
    return attest(found, SIGNER, at=NOW, version="1", weights=WEIGHTS, system=["5" * 64],
                  record=RECORD)  # fmt: skip


@pytest.fixture
def passed(reviewed: Path, ask: Ask) -> bytes:
    sign(reviewed, "Alan", verdict="accept-with-conditions", conditions=["one coin"])
    return line(ask(reviewed))


def troubles(found: Verdict, **how: Any) -> list[tuple[str, str]]:
    return [(t.weight, t.says) for t in check(found, **{"now": NOW, **how})]


def test_it_says_what_was_judged_and_stands_for_the_key_that_is_named(passed: bytes) -> None:
    found = read_attestation(passed)
    assert (found.case, found.passed, dict(found.weights)) == ("toy", True, WEIGHTS)
    assert troubles(found, keys=[SIGNER.keyid]) == []
    assert troubles(found, keys=[SIGNER.keyid[:16]], weights=["5" * 64]) == []
    told = found.predicate
    assert told["verificationResult"] == "PASSED"
    assert told["case"]["verdict"] == "holds"
    assert told["record"] == {"origin": "safetycase/abc", "size": 7, "root": "1" * 64,
                              "head": "2" * 64, "checkpoint": ""}  # fmt: skip
    assert told["conditions"] == [{"by": "Alan", "element": "SAFE", "conditions": ["one coin"]}]
    assert {c["state"] for c in told["clauses"]} == {"pass"}
    statement = json.loads(b64decode(json.loads(passed)["payload"]))
    assert statement["_type"] == "https://in-toto.io/Statement/v1"
    # The fields that a SLSA Verification Summary Attestation v1 has by these names.
    for name in ("verifier", "timeVerified", "resourceUri", "policy", "inputAttestations",
                 "verificationResult"):  # fmt: skip
        assert name in statement["predicate"]


def test_whose_key_it_is_the_file_cannot_say(passed: bytes) -> None:
    found = read_attestation(passed)
    assert [w for w, _ in troubles(found)] == ["unknown"]
    ((weight, says),) = troubles(found, keys=[key("Grace").keyid])
    assert (weight, "none of those named" in says) == ("record", True)


def test_it_ends_and_is_about_its_weights_and_policy_alone(passed: bytes) -> None:
    found = read_attestation(passed)
    late = found.expires + timedelta(seconds=1)
    ((weight, says),) = troubles(found, keys=[SIGNER.keyid], now=late)
    assert weight == "unknown"
    assert "it ended at" in says
    ((weight, says),) = troubles(found, keys=[SIGNER.keyid], weights=["6" * 64])
    assert (weight, "not about the weights 6666666666666666" in says) == ("fails", True)
    assert troubles(found, keys=[SIGNER.keyid], policy="7" * 64)[0][0] == "fails"
    assert troubles(found, keys=[SIGNER.keyid], now=NOW - timedelta(days=2))[0][0] == "unknown"


def test_weights_of_a_part_are_not_those_of_the_system(reviewed: Path, ask: Ask) -> None:
    both = WEIGHTS | {"monitor": "6" * 64}
    signed = attest(ask(reviewed), SIGNER, at=NOW, version="1", weights=both, system=["5" * 64],
                    record=RECORD)  # fmt: skip
    found = read_attestation(signed)
    keys = [SIGNER.keyid]
    assert troubles(found, keys=keys, weights=["5" * 64]) == []
    assert troubles(found, keys=keys, weights=["6" * 64, "5" * 64]) == []
    ((weight, says),) = troubles(found, keys=keys, weights=["6" * 64])
    assert weight == "fails"
    assert "none of these weights belong to the model of the system" in says


def test_an_answer_that_says_no_is_signed_too(green: Path, ask: Ask) -> None:
    found = read_attestation(line(ask(green)))
    assert not found.passed
    assert troubles(found, keys=[SIGNER.keyid])[0] == (
        "fails",
        "the gate was shut by review-asked, sign-off",
    )


def test_every_changed_byte_is_refused(passed: bytes) -> None:
    data = passed.rstrip(b"\n")
    for at in range(0, len(data), 7):
        for bit in (1, 32):
            flipped = data[:at] + bytes([data[at] ^ bit]) + data[at + 1 :]
            with pytest.raises(AttestationError):
                read_attestation(flipped)
    for cut in (b"", data[:-1], data + b" ", b"\n" + data, data + b"\n\n", b"{}", b"\xff"):
        with pytest.raises(AttestationError):
            read_attestation(cut)


def changed(data: bytes, **how: Any) -> bytes:
    """The statement changed and signed again by the same key: sound, but is it consistent?"""
    statement = json.loads(b64decode(json.loads(data)["payload"]))
    for path, value in how.items():
        place = statement
        *parents, last = path.split("__")
        for name in parents:
            place = place[int(name)] if isinstance(place, list) else place[name]
        if value is ...:
            del place[last]
        else:
            place[last] = value
    return seal(canonical.dumps(statement), SIGNER.keyid, SIGNER.sign)


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ({"predicate__clauses__0__state": "fail"}, "PASSED against its own clauses"),
        ({"predicate__clauses__0__state": "green"}, "a clause has the state `green`"),
        ({"predicate__clauses": []}, "PASSED against its own clauses"),
        ({"predicate__verificationResult": "FAILED"}, "names no clause that did"),
        ({"predicate__verificationResult": "OK"}, "neither PASSED nor FAILED"),
        ({"predicate__expires": "tomorrow"}, "`expires` that is no UTC time"),
        ({"predicate__expires": ...}, "has no `expires`"),
        ({"predicateType": "urn:safetycase:record:note:v1"}, "$.predicateType"),
        ({"subject": []}, "no case"),
        ({"predicate__verifier__public_key": "AAAA"}, ""),
        ({"predicate__judged_at": "2020-01-01T00:00:00Z"}, "judged as of another day"),
        ({"predicate__record__size": -1}, "$.predicate.record.size"),
    ],
)
def test_what_contradicts_itself_is_refused_even_if_signed(
    passed: bytes, how: dict[str, Any], says: str
) -> None:
    with pytest.raises(AttestationError) as error:
        read_attestation(changed(passed, **how))
    assert says in str(error.value)


def test_a_record_of_the_log_is_no_verdict(reviewed: Path) -> None:
    for each in (reviewed / "ledger" / "log.jsonl").read_bytes().splitlines():
        with pytest.raises(AttestationError):
            read_attestation(each)


def test_another_key_in_the_file_does_not_help(passed: bytes) -> None:
    grace = key("Grace")
    statement = b64decode(json.loads(passed)["payload"])
    with pytest.raises(AttestationError, match="does not verify"):
        read_attestation(seal(statement, grace.keyid, grace.sign))


def test_a_text_without_end_is_cut_and_said(reviewed: Path, ask: Ask) -> None:
    found = ask(reviewed)
    huge = dataclasses.replace(found, ends_by="x" * 1_000_000)
    data = line(huge)
    assert len(data) < 40_000
    assert "1000000 characters in all" in read_attestation(data).predicate["expires_because"]
