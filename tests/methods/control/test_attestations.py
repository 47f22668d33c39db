"""Attestations of integrity: signed by a given key, about the subject, in date, and of a log."""

from __future__ import annotations

import base64
import datetime
import json
import re
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from safetycase.methods.control.attestations import analysis as attestations_analysis
from safetycase.methods.control.attestations import method as attestations
from safetycase.methods.control.attestations import rows as attestations_rows
from safetycase.methods.control.attestations.method import METHOD, Parameters, best_case, run
from safetycase.methods.control.attestations.planted import (
    AS_OF,
    REQUIRED,
    SUBJECTS,
    WEIGHTS,
    envelope,
    pem,
    sealed,
    statement,
)
from safetycase.methods.imported.planting import planted_context
from safetycase.methods.imported.statement import PAYLOAD, STATEMENT, SVR
from safetycase.plugin.contract import Measurement, MethodError
from safetycase.plugin.parameters import bind
from safetycase.stats import estimate
from safetycase.testing import check_method
from safetycase.testing.methods import check_measurement

PAGE = Path(__file__).resolve().parents[3] / "docs" / "reference" / "control-over-time.md"
TEXT = PAGE.read_text("utf-8")
WORDS: dict[str, Any] = {
    "required": [{"property": name, "sha256": digest} for name, digest in REQUIRED],
    "keys": [pem()],
    "as_of": AS_OF,
}


def parameters(**changes: Any) -> Parameters:
    bound = bind(Parameters, {**WORDS, **changes})
    assert not bound.mismatches, bound.mismatches
    value = bound.value
    assert isinstance(value, Parameters)
    return value


def read(
    folder: Path, files: dict[str, str], weights: str = WEIGHTS, **changes: Any
) -> Measurement:
    context = planted_context(folder, weights)
    for name, content in files.items():
        (context.case_folder / name).parent.mkdir(parents=True, exist_ok=True)
        (context.case_folder / name).write_text(content, "utf-8")
    return run(tuple(files), parameters(**changes), context)


def reason(found: Measurement) -> str:
    """Why the one that is not valid is not."""
    (said,) = [why for name, why in found.diagnostics.items() if name.startswith("not valid")]
    return said


def test_it_keeps_the_contract() -> None:
    controls = check_method(METHOD, module="safetycase.methods.control.attestations.method")
    assert controls.counts(claim_is_true=False) == (0, 30)
    assert controls.counts(claim_is_true=True) == (3, 3)


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ("expired", "1.json`: expired at 2026-11-19T23:59:59"),
        ("old", "1.json`: expired at 2026-11-01T00:00:00"),
        ("issued later", "it was issued later, at 2026-11-20T00:00:01"),
        ("denied", "it says that it does not hold"),
        ("another subject", "it is about another subject"),
        ("another property", "nothing attests it"),
        ("not signed", "it is not signed"),
        ("another signer", "none of its signatures is of a given key"),
        ("changed", "none of its signatures is of a given key"),
        ("left out", "nothing attests it"),
    ],
)
def test_what_is_not_valid_is_named_with_its_reason(tmp_path: Path, how: str, says: str) -> None:
    found = read(tmp_path, sealed(1, how))
    assert says in reason(found)
    assert estimate(found.quantities["valid"]) == 2
    assert estimate(found.quantities["invalid"]) == 1
    assert estimate(found.quantities["days_left"]) == 0
    assert found.instrument[0].passed is False, "the log is the second one"
    assert [doubt.name for doubt in found.raises] == ["integrity-denied"] * (how == "denied")
    bar = found.plots[0].bars[-1]  # type: ignore[union-attr]
    assert (bar.high, bar.note[:9]) == (0.0, "not valid")


def test_every_way_is_tested_and_on_the_page() -> None:
    for how, truth, _ in SUBJECTS:
        if not truth:
            assert f"| {how} |" in TEXT, how
    assert {f"`{measure.name}`" for measure in METHOD.measures} <= set(re.findall(r"`\w+`", TEXT))
    assert {f"`{key}`" for key in attestations_rows._KEYS} <= set(re.findall(r"`\w+`", TEXT))
    assert attestations_rows.INTEGRITY in TEXT


def test_the_soonest_to_expire_counts_and_is_shown(tmp_path: Path) -> None:
    found = read(tmp_path, sealed())
    assert estimate(found.quantities["days_left"]) == 20.0
    assert estimate(found.quantities["valid_share"]) == 1.0
    assert [check.passed for check in found.instrument] == [True]
    later = read(tmp_path / "later", sealed(), as_of="2026-12-09T18:00:00+00:00")
    assert estimate(later.quantities["days_left"]) == 0.25
    over = read(tmp_path / "over", sealed(), as_of="2026-12-10T00:00:00Z")
    assert estimate(over.quantities["valid"]) == 0
    short = read(tmp_path / "short", sealed(), max_age_days=11)
    assert estimate(short.quantities["days_left"]) == 1.0


def test_of_several_for_one_property_the_longest_counts(tmp_path: Path) -> None:
    more = envelope(statement("weights-unchanged", WEIGHTS, expiresAt="2026-11-21T00:00:00Z"))
    found = read(tmp_path, sealed() | {"more.json": json.dumps(more)})
    assert estimate(found.quantities["days_left"]) == 20.0


def test_a_denial_stands_until_a_later_statement_answers_it(tmp_path: Path) -> None:
    def denied(issued: str) -> dict[str, str]:
        said = statement("weights-unchanged", WEIGHTS, holds=False, issuedAt=issued)
        return sealed() | {"no.json": json.dumps(envelope(said))}

    newer = read(tmp_path / "newer", denied("2026-11-11T00:00:00Z"))
    assert "no.json`: it says that it does not hold" in reason(newer)
    assert newer.raises[0].name == "integrity-denied"
    same = read(tmp_path / "same", denied("2026-11-10T00:00:00Z"))
    assert estimate(same.quantities["invalid"]) == 1
    older = read(tmp_path / "older", denied("2026-09-09T00:00:00Z"))
    assert (estimate(older.quantities["invalid"]), older.raises) == (0, ())
    forged = statement("weights-unchanged", WEIGHTS, holds=False)
    other = read(tmp_path / "x", sealed() | {"no.json": json.dumps(envelope(forged, 2))})
    assert (estimate(other.quantities["invalid"]), other.raises) == (0, ())


def test_an_old_denial_does_not_run_out(tmp_path: Path) -> None:
    said = statement("weights-unchanged", WEIGHTS, holds=False)
    said["predicate"] |= {"issuedAt": "2026-01-01T00:00:00Z", "expiresAt": "2026-01-02T00:00:00Z"}
    files = sealed(0, "left out") | {"no.json": json.dumps(envelope(said))}
    assert read(tmp_path, files).raises[0].name == "integrity-denied"


def test_without_a_log_outside_the_agent_the_instrument_fails(tmp_path: Path) -> None:
    required = [word for word in WORDS["required"] if word["property"] != "log-outside-agent"]
    found = read(tmp_path, sealed(), required=required)
    assert estimate(found.quantities["valid_share"]) == 1.0
    assert found.instrument[0].passed is False
    assert "not in `required`" in found.instrument[0].detail


def test_a_simple_verification_result_counts_from_its_own_time(tmp_path: Path) -> None:
    said = {
        "_type": STATEMENT,
        "subject": [{"digest": {"sha256": "b" * 64}}],
        "predicateType": SVR,
        "predicate": {
            "verifier": {"id": "urn:test"},
            "timeCreated": "2026-11-01T00:00:00Z",
            "properties": ["other", "log-outside-agent"],
        },
    }
    files = sealed(1, "left out") | {"svr.json": json.dumps(envelope(said))}
    found = read(tmp_path, files)
    assert estimate(found.quantities["valid"]) == 3
    assert estimate(found.quantities["days_left"]) == 12.0
    old = read(tmp_path / "old", files, max_age_days=19)
    assert "svr.json`: expired at 2026-11-20" in reason(old)


def test_another_kind_of_key_signs_too(tmp_path: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    payload = json.dumps(statement("weights-unchanged", WEIGHTS)).encode()
    message = b"DSSEv1 %d %b %d %b" % (len(PAYLOAD), PAYLOAD.encode(), len(payload), payload)
    signature = base64.b64encode(key.sign(message, ec.ECDSA(hashes.SHA256()))).decode()
    given = {
        "payloadType": PAYLOAD,
        "payload": base64.b64encode(payload).decode(),
        "signatures": [{"keyid": "x", "sig": signature}],
    }
    found = read(tmp_path, sealed() | {"0.json": json.dumps(given)}, keys=[pem(), public.decode()])
    assert estimate(found.quantities["valid"]) == 3


def test_it_repeats_itself_and_plans(tmp_path: Path) -> None:
    names = iter("ab")
    check_measurement(METHOD, lambda: read(tmp_path / next(names), sealed()))
    best = best_case(parameters(), tmp_path, ())
    assert set(best) == {measure.name for measure in METHOD.measures}
    assert estimate(best["valid"]) == 3


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("{}", "`_type` is None"),
        ("[]", "where an object is expected"),
        ("not json", "not JSON"),
        (statement("p", WEIGHTS, holds="yes"), "`holds` is 'yes'"),
        (statement("p", WEIGHTS, extra=1), "there is no key `extra`"),
        (statement("p", WEIGHTS, issuedAt="yesterday"), "`issuedAt`: 'yesterday' is no time"),
        (statement("p", WEIGHTS, issuedAt="2026-11-10T00:00:00"), "is no time"),
        (statement("p", WEIGHTS, expiresAt="2026-11-10T00:00:00Z"), "not after it was issued"),
        (statement("p", WEIGHTS, property=" "), "`property` is blank"),
        (statement("p", WEIGHTS) | {"predicateType": "urn:other"}, "`urn:other` is not read"),
        (statement("p", WEIGHTS) | {"subject": "x"}, "where a list is expected"),
        ({"payload": "%%", "payloadType": PAYLOAD, "signatures": []}, "is not base64"),
        ({"payload": "e30=", "payloadType": PAYLOAD, "signatures": []}, "has no signature"),
    ],
)
def test_what_is_no_attestation_is_refused(tmp_path: Path, content: Any, says: str) -> None:
    text = content if isinstance(content, str) else json.dumps(content)
    with pytest.raises(MethodError, match=f"`bad.json`.*{says}"):
        read(tmp_path, sealed() | {"bad.json": text})


def test_what_cannot_be_judged_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MethodError, match="weights are not on this machine"):
        read(tmp_path / "weights", sealed(), weights="")
    with pytest.raises(MethodError, match="one file each"):
        read(tmp_path / "none", {})
    with pytest.raises(MethodError, match=r"two inputs are called `0\.json`"):
        read(tmp_path / "twice", sealed() | {"more/0.json": sealed()["0.json"]})
    with pytest.raises(MethodError, match="no public key in PEM"):
        read(tmp_path / "key", sealed(), keys=["-----BEGIN"])
    gone = read(tmp_path / "fixed", sealed(), weights="", required=[WORDS["required"][1]])
    assert estimate(gone.quantities["valid"]) == 1, "no weights are asked for"


def test_parameters_are_refused_with_a_sentence() -> None:
    for changes, says in (
        ({"required": []}, "at least one property"),
        ({"required": [{"property": " "}]}, "at least one property"),
        ({"required": [{"property": "a"}, {"property": "a"}]}, "twice"),
        ({"required": [{"property": "a", "sha256": "AB"}]}, "no digest"),
        ({"keys": []}, "at least one public key"),
        ({"as_of": "2026-13-01"}, "is no time"),
        ({"as_of": "0001-01-01T00:00:00+23:00"}, "`as_of`"),
        ({"max_age_days": 0}, "`max_age_days`"),
    ):
        bound = bind(Parameters, {**WORDS, **changes})
        assert any(says in problem.message for problem in bound.mismatches), changes


def test_a_method_that_does_not_look_at_signatures_or_dates_fails_its_controls(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(attestations, "verifier", lambda _: lambda *_: True)
    passed = {p.name for p in METHOD.controls().planted if p.passes}
    assert passed == {"sound", "another signer", "changed"}
    monkeypatch.undo()
    never = datetime.datetime.max.replace(tzinfo=datetime.UTC)
    monkeypatch.setattr(attestations_analysis, "_end", lambda *_: never)
    passed = {p.name for p in METHOD.controls().planted if p.passes}
    assert passed == {"sound", "expired", "old"}
    assert not all(oracle.passed for oracle in METHOD.self_check())
