"""`import/in-toto-eval`: an in-toto statement about an evaluation or a test run, as evidence."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetycase.methods import counted
from safetycase.methods.imported.origin import ORDER_LIMIT, made_elsewhere
from safetycase.methods.imported.planting import one_input, planted_context
from safetycase.methods.imported.statement import (
    EVAL,
    STATEMENT,
    Finding,
    Statement,
    finding,
    open_statement,
)
from safetycase.methods.imported.strict import read
from safetycase.plugin.contract import (
    Context,
    Controls,
    Measure,
    Measurement,
    Method,
    MethodError,
    OracleResult,
    Planted,
)
from safetycase.stats import Affine, Exact, Proportion, Statistic, bounds, estimate

__all__ = ["METHOD", "Parameters", "verifier"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """What is read from the one statement, and whose signature it needs.

    `name` is a metric of an eval-result or a property of an SVR; a test-result needs none.
    `public_key` is a PEM text (Ed25519, ECDSA or RSA): with it a statement that this key did not
    sign is refused; without it the statement counts as unsigned, whatever it carries.
    """

    name: str = ""
    public_key: str = ""
    expect_verifier: str | None = None


def run(inputs: tuple[str, ...], parameters: Parameters, context: Context) -> Measurement:
    """Read the one statement among `inputs`; its subject has to be the model of the case."""
    path, kept = one_input(inputs, context, "in-toto statement")
    place = f"`{path.name}`"
    statement = open_statement(read(path), place)
    signer = _signer(statement, parameters.public_key)
    digest = _subject(statement, context)
    found = finding(statement, parameters.name)
    if parameters.expect_verifier not in (None, found.by):
        raise MethodError(
            f"{place}: the verifier is `{found.by}`, not `{parameters.expect_verifier}`"
        )
    quantities = _quantities(found)
    return Measurement(
        quantities=quantities,
        counts={"items": found.of, "passed at least": found.least, "passed at most": found.most},
        plots=counted.pictures({k: v for k, v in quantities.items() if k != "result"}),
        diagnostics=made_elsewhere(
            by=found.by,
            at=found.at,
            identity=f"the statement names the weights sha256:{digest}",
        )
        | {"predicate": statement.kind, "signature": signer}
        | dict(found.said),
        artefacts={"in-toto statement": kept},
    )


def _quantities(found: Finding) -> dict[str, Statistic]:
    word = "passed" if found.passed else "not passed"
    result = Exact(value=float(found.passed), says=f"the statement says: {word}")
    if not found.of:
        return {"result": result}
    # A count between two ends is a count with items that are known neither way.
    unknown = found.most - found.least
    rate = Proportion(successes=found.least, trials=found.of - unknown, missing=unknown)
    return {
        "pass_rate": rate,
        "fail_rate": Affine(of=rate, scale=-1.0, offset=1.0),
        "result": result,
    }


def _subject(statement: Statement, context: Context) -> str:
    digest = str(context.subject.get("weights_sha256", ""))
    if not digest:
        raise MethodError(
            f"{statement.place}: the weights of the case's model are not on this machine, so that "
            "nothing shows that the statement is about them; declare the model with "
            "`provider: local` and its GGUF file"
        )
    if digest not in statement.digests:
        named = ", ".join(sorted(d[:16] for d in statement.digests)) or "none by sha256"
        raise MethodError(
            f"{statement.place}: it is about another subject ({named}) than the weights of the "
            f"case's model ({digest[:16]}); a result counts for what was tested alone"
        )
    return digest


def _signer(statement: Statement, public_key: str) -> str:
    if not public_key:
        held = "it carries a signature that was not checked" if statement.signed else "it has none"
        return f"unsigned: no key to check against was given, and {held}"
    if not statement.signed:
        raise MethodError(
            f"{statement.place}: it is not signed, and `public_key` asks for a signature"
        )
    verifies = verifier(public_key)
    for name, signature in statement.signed:
        if verifies(signature, statement.message):
            return f"verified against the given key (key id `{name[:80]}`)"
    raise MethodError(
        f"{statement.place}: none of its {len(statement.signed)} signatures is one of the key in "
        "`public_key`; ask the signer which key it was"
    )


def verifier(pem: str) -> Callable[[bytes, bytes], bool]:
    """(signature, message) → whether the key of this PEM text signed; `MethodError` for no key."""
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    try:
        key = load_pem_public_key(pem.encode())
    except (ValueError, UnsupportedAlgorithm) as error:
        raise MethodError(f"`public_key` is no public key in PEM: {error}") from error

    def verifies(signature: bytes, message: bytes) -> bool:
        try:
            if isinstance(key, ed25519.Ed25519PublicKey):
                key.verify(signature, message)
            elif isinstance(key, ec.EllipticCurvePublicKey):
                key.verify(signature, message, ec.ECDSA(hashes.SHA256()))
            elif isinstance(key, rsa.RSAPublicKey):
                salt = padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.AUTO)
                key.verify(signature, message, salt, hashes.SHA256())
            else:
                raise MethodError("`public_key` is none of Ed25519, ECDSA and RSA")
        except InvalidSignature:
            return False
        return True

    return verifies


def _plant(digest: str, claims: list[Mapping[str, Any]], size: int) -> str:
    return json.dumps(
        {
            "_type": STATEMENT,
            "subject": [{"name": "weights", "digest": {"sha256": digest}}],
            "predicateType": EVAL,
            "predicate": {
                "verifier": {"id": "urn:planted"},
                "claims": claims,
                "sampleSize": size,
            },
        }
    )


def _measured(claims: list[Mapping[str, Any]], size: int, subject: str = "a" * 64) -> Measurement:
    with tempfile.TemporaryDirectory() as name:
        context = planted_context(Path(name), "a" * 64)
        (context.case_folder / "s.json").write_text(_plant(subject, claims, size), "utf-8")
        return run(("s.json",), Parameters(name="m"), context)


def _claim(comparator: str, threshold: str, passed: bool) -> Mapping[str, Any]:
    return {"metric": "m", "comparator": comparator, "threshold": threshold, "passed": passed}


def self_check() -> tuple[OracleResult, ...]:
    """What a passed or failed threshold says about a count, against counting."""
    at_least = _measured([_claim(">=", "0.98", True)], 500).quantities["pass_rate"]
    between = _measured([_claim(">", "0.5", True), _claim("<=", "0.6", True)], 10)
    low = bounds(at_least, alpha_low=0.05, alpha_high=0.05)
    by_hand = bounds(Proportion(successes=490, trials=500), alpha_low=0.05, alpha_high=0.05)
    return (
        OracleResult(
            name="at least 0.98 of 500 is at least 490",
            expected=by_hand.low,
            got=low.low,
            tolerance=1e-12,
            source="Clopper & Pearson 1934 is increasing in the count",
        ),
        OracleResult(
            name="at least 0.98 of 500 bounds nothing from above",
            expected=1.0,
            got=low.high,
            tolerance=0.0,
            source="500 of 500 is not excluded",
        ),
        OracleResult(
            name="more than 0.5 and at most 0.6 of 10 is 6",
            expected=0.6,
            got=estimate(between.quantities["pass_rate"]),
            tolerance=1e-12,
            source="6 is the only whole number in (5, 6]",
        ),
    )


def controls() -> Controls:
    """Statements about the right weights that passed, that failed, and about other weights."""
    planted = []
    for name, passed, subject, truth in (
        ("the threshold was met", True, "a" * 64, True),
        ("the threshold was missed", False, "a" * 64, False),
        ("about other weights", True, "b" * 64, False),
    ):
        passes = 0
        for size in (50, 100, 200, 400, 800):
            try:
                found = _measured([_claim(">=", "0.98", passed)], size, subject)
            except MethodError:
                continue
            passes += estimate(found.quantities["result"]) >= 1
        planted.append(Planted(name=name, claim_is_true=truth, passes=passes, runs=5))
    return Controls(criterion="result >= 1", planted=tuple(planted))


METHOD = Method(
    name="import/in-toto-eval",
    version="1.0.0",
    says="Reads an in-toto statement (eval-result, test-result, SVR) about the case's model.",
    parameters=Parameters,
    measures=(
        Measure(
            name="pass_rate",
            unit="proportion",
            safer="neither",
            says="share of samples or tests that passed, as far as the thresholds tell it",
        ),
        Measure(name="fail_rate", unit="proportion", safer="neither", says="1 − pass_rate"),
        Measure(
            name="result",
            unit="1 or 0",
            safer="higher",
            says="1 if the statement says that it passed, or that the property was verified",
        ),
    ),
    limits=(
        "A statement says who signed which result and that it has not changed since; not that the "
        "result is true, or the evaluation a good one.",
        "A metric is taken as the share of `sampleSize` independent samples; a threshold that was "
        "met bounds that share from one side alone.",
        "Without a public key anybody may have written the statement.",
        ORDER_LIMIT,
    ),
    source="in-toto/attestation, spec v1 and predicates eval-result, test-result, svr v0.1; DSSE",
    run=run,
    self_check=self_check,
    controls=controls,
    needs_model=False,
    imports=True,
)
