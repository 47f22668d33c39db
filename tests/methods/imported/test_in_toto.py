"""in-toto statements: the published examples, signatures, and other subjects."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from safetycase.methods.imported import in_toto
from safetycase.plugin.contract import Context, Measurement, MethodError
from safetycase.stats import Exact, Proportion, bounds

Make = Callable[..., Context]
WEIGHTS = "5d5b09f6dcb2d53a5fffc60c4ac0d55fabdf556069d6631545f42aa6e3500f2e"
# The example of the predicate's page, with the weights as its subject.
TEST_RESULT: dict[str, Any] = {
    "_type": "https://in-toto.io/Statement/v1",
    "subject": [
        {"digest": {"gitCommit": "d20ace7968ba43c0219f62d71334c1095bab1602"}},
        {"digest": {"sha256": WEIGHTS}},
    ],
    "predicateType": "https://in-toto.io/attestation/test-result/v0.1",
    "predicate": {
        "result": "PASSED",
        "configuration": [
            {
                "name": ".github/workflows/ci.yml",
                "digest": {"gitBlob": "ebe4add40f63c3c98bc9b32ff1e736f04120b023"},
            }
        ],
        "url": "https://github.com/in-toto/in-toto/actions/runs/4425592351",
        "passedTests": ["build (3.7, ubuntu-latest, py)", "build (3.7, macos-latest, py)"],
        "warnedTests": [],
        "failedTests": [],
    },
}
EVAL: dict[str, Any] = {
    "_type": "https://in-toto.io/Statement/v1",
    "subject": [{"name": "public-model", "digest": {"sha256": WEIGHTS.upper()}}],
    "predicateType": "https://in-toto.io/attestation/eval-result/v0.1",
    "predicate": {
        "verifier": {"id": "https://example.com/verifier"},
        "evaluatedAt": "2026-07-05T12:00:00Z",
        "suite": {"name": "safety-refusals", "version": "1.2.0"},
        "claims": [
            {"metric": "refusal_rate", "comparator": ">=", "threshold": "0.98", "passed": True}
        ],
        "sampleSize": 500,
        "commitments": {},
        "assuranceLevel": "self_attested",
        "subjectProfile": "public-model",
    },
}
SVR: dict[str, Any] = {
    "_type": "https://in-toto.io/Statement/v1",
    "subject": [{"name": "webapp", "digest": {"sha256": WEIGHTS}}],
    "predicateType": "https://in-toto.io/attestation/svr/v0.1",
    "predicate": {
        "verifier": {"id": "https://example.com/security_scanner/v3"},
        "timeCreated": "2024-03-15T10:30:00Z",
        "properties": ["VERIFIER_VULN_SCANNED_1", "VERIFIER_NO_CRITICAL_VULNERABILITIES"],
    },
}


def read(make: Make, statement: Any, weights: str = WEIGHTS, **words: Any) -> Measurement:
    context = make(weights_sha256=weights, in__json=json.dumps(statement))
    return in_toto.run(("in.json",), in_toto.Parameters(**words), context)


def put(statement: dict[str, Any], **more: Any) -> dict[str, Any]:
    return statement | {"predicate": statement["predicate"] | more}


def test_an_eval_result_bounds_a_count_from_one_side(make: Make) -> None:
    found = read(make, EVAL, name="refusal_rate")
    assert found.quantities["pass_rate"] == Proportion(successes=490, trials=490, missing=10)
    said = bounds(found.quantities["pass_rate"], alpha_low=0.05, alpha_high=0.05)
    assert 0.96 < said.low < 0.98
    assert said.high == 1.0
    assert found.quantities["result"] == Exact(value=1.0, says="the statement says: passed")
    assert found.diagnostics["made elsewhere by"] == "https://example.com/verifier"
    assert found.diagnostics["identity"].startswith("reported: the statement names the weights")
    assert found.diagnostics["signature"].startswith("unsigned")
    assert found.diagnostics["assurance level, by its own word"] == "self_attested"
    with pytest.raises(MethodError, match="no claim about `x`; there are claims about `refusal"):
        read(make, EVAL, name="x")


@pytest.mark.parametrize(
    ("comparator", "passed", "least", "most"),
    [
        (">=", True, 2, 4),
        (">=", False, 0, 1),
        (">", True, 3, 4),
        (">", False, 0, 2),
        ("<=", True, 0, 2),
        ("<=", False, 3, 4),
        ("<", True, 0, 1),
        ("<", False, 2, 4),
    ],
)
def test_every_comparator_says_what_counting_says(
    make: Make, comparator: str, passed: bool, least: int, most: int
) -> None:
    claim = {"metric": "m", "comparator": comparator, "threshold": "0.5", "passed": passed}
    found = read(make, put(EVAL, claims=[claim], sampleSize=4), name="m")
    assert (found.counts["passed at least"], found.counts["passed at most"]) == (least, most)
    truth = {
        k
        for k in range(5)
        if {">=": k >= 2, ">": k > 2, "<=": k <= 2, "<": k < 2}[comparator] == passed
    }
    assert truth == set(range(least, most + 1))


def test_a_test_result_is_counted_and_a_warning_is_neither(make: Make) -> None:
    found = read(make, TEST_RESULT)
    assert found.quantities["pass_rate"] == Proportion(successes=2, trials=2)
    warned = put(TEST_RESULT, result="WARNED", warnedTests=["w"])
    rate = read(make, warned).quantities
    assert rate["pass_rate"] == Proportion(successes=2, trials=2, missing=1)
    assert rate["result"] == Exact(value=0.0, says="the statement says: not passed")
    bare = put(TEST_RESULT, passedTests=[])
    assert set(read(make, bare).quantities) == {"result"}
    with pytest.raises(MethodError, match="`failedTests` names tests"):
        read(make, put(TEST_RESULT, failedTests=["f"]))
    with pytest.raises(MethodError, match="named twice"):
        read(make, put(TEST_RESULT, warnedTests=["build (3.7, macos-latest, py)"]))


def test_a_verified_property(make: Make) -> None:
    found = read(make, SVR, name="VERIFIER_VULN_SCANNED_1")
    assert found.quantities == {"result": Exact(value=1.0, says="the statement says: passed")}
    other = read(make, SVR, name="VERIFIER_SANDBAGGING_EXCLUDED").quantities["result"]
    assert isinstance(other, Exact)
    assert other.value == 0.0
    with pytest.raises(MethodError, match="choose one of the verified properties"):
        read(make, SVR)


def test_another_subject_is_refused(make: Make) -> None:
    with pytest.raises(MethodError, match="it is about another subject"):
        read(make, EVAL, weights="0" * 64, name="refusal_rate")
    with pytest.raises(MethodError, match="are not on this machine"):
        read(make, EVAL, weights="", name="refusal_rate")
    with pytest.raises(MethodError, match="the verifier is"):
        read(make, EVAL, name="refusal_rate", expect_verifier="https://example.com/other")


def sealed(
    statement: Any, sign: Callable[[bytes], bytes], kind: str = "application/vnd.in-toto+json"
) -> Any:
    payload = json.dumps(statement).encode()
    message = f"DSSEv1 {len(kind)} {kind} {len(payload)} ".encode() + payload
    signature = base64.b64encode(sign(message)).decode()
    return {
        "payload": base64.b64encode(payload).decode(),
        "payloadType": kind,
        "signatures": [{"keyid": "k1", "sig": signature}],
    }


def pem(key: Any) -> str:
    return str(
        key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    )


def test_signatures_are_checked_against_the_given_key(make: Make) -> None:
    one = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    two = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
    curve = ec.generate_private_key(ec.SECP256R1())
    old = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    salt = padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.MAX_LENGTH)
    for key, sign in (
        (one, one.sign),
        (curve, lambda m: curve.sign(m, ec.ECDSA(hashes.SHA256()))),
        (old, lambda m: old.sign(m, salt, hashes.SHA256())),
    ):
        found = read(make, sealed(EVAL, sign), name="refusal_rate", public_key=pem(key))
        assert found.diagnostics["signature"] == "verified against the given key (key id `k1`)"
        assert found.diagnostics["identity"].startswith("reported")
    envelope = sealed(EVAL, one.sign)
    with pytest.raises(MethodError, match="none of its 1 signatures is one of the key"):
        read(make, envelope, name="refusal_rate", public_key=pem(two))
    with pytest.raises(MethodError, match="it is not signed"):
        read(make, EVAL, name="refusal_rate", public_key=pem(one))
    with pytest.raises(MethodError, match="no public key in PEM"):
        read(make, envelope, name="refusal_rate", public_key="abc")
    unchecked = read(make, envelope, name="refusal_rate")
    assert "a signature that was not checked" in unchecked.diagnostics["signature"]
    moved = put(EVAL, sampleSize=5000)
    forged = envelope | {"payload": base64.b64encode(json.dumps(moved).encode()).decode()}
    with pytest.raises(MethodError, match="none of its 1 signatures"):
        read(make, forged, name="refusal_rate", public_key=pem(one))
    for broken, says in (
        (envelope | {"payloadType": "text/plain"}, "only `application/vnd.in-toto"),
        (envelope | {"signatures": []}, "has no signature"),
        (envelope | {"payload": "***"}, "`payload` is not base64"),
        (envelope | {"signatures": [{"sig": 1}]}, "where a text is expected"),
    ):
        with pytest.raises(MethodError, match=says):
            read(make, broken, name="refusal_rate", public_key=pem(one))


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        (EVAL | {"_type": "https://in-toto.io/Statement/v9"}, "only `https://in-toto.io/State"),
        (EVAL | {"predicateType": "https://slsa.dev/provenance/v1"}, "is not read; read are eval"),
        (EVAL | {"subject": {}}, "`subject` is {}, where a list is expected"),
        (EVAL | {"subject": []}, "none by sha256"),
        (put(EVAL, sampleSize=0), "a `sampleSize` of 0 cannot be"),
        (put(EVAL, sampleSize=True), "where a whole number"),
        (put(EVAL, claims=None), "where a list is expected"),
    ],
)
def test_what_is_no_statement_is_refused(make: Make, statement: Any, says: str) -> None:
    with pytest.raises(MethodError) as raised:
        read(make, statement, name="refusal_rate")
    assert says in str(raised.value)
    assert str(raised.value).startswith("`in.json`")


@pytest.mark.parametrize(
    ("claim", "says"),
    [
        ({"threshold": 0.98}, "where a text is expected"),
        ({"threshold": "nan"}, "no share between 0 and 1"),
        ({"threshold": "1e-3"}, "no share between 0 and 1"),
        ({"threshold": "98"}, "no share between 0 and 1"),
        ({"threshold": "0." + "9" * 100}, "no share between 0 and 1"),
        ({"comparator": "=="}, "none of >=, >, <=, <"),
        ({"passed": "yes"}, "where true or false is expected"),
    ],
)
def test_claims_that_say_nothing_exact_are_refused(make: Make, claim: Any, says: str) -> None:
    claims = [EVAL["predicate"]["claims"][0] | claim]
    with pytest.raises(MethodError) as raised:
        read(make, put(EVAL, claims=claims), name="refusal_rate")
    assert says in str(raised.value)


def test_claims_that_contradict_each_other_are_refused(make: Make) -> None:
    one = EVAL["predicate"]["claims"][0]
    with pytest.raises(MethodError, match="contradict each other"):
        read(make, put(EVAL, claims=[one, one | {"passed": False}]), name="refusal_rate")


@pytest.mark.slow
def test_no_claim_is_left_unread(make: Make) -> None:
    claim = EVAL["predicate"]["claims"][0]
    many = [{**claim, "metric": "other"}] * 100_000 + [{**claim, "passed": False}]
    predicate = {**EVAL["predicate"], "claims": [claim, *many]}
    with pytest.raises(MethodError, match="`claims` has more than 100000 entries"):
        read(make, {**EVAL, "predicate": predicate}, name="refusal_rate")
