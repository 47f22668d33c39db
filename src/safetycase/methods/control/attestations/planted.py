"""Planted attestations, sound and unsound, and the oracles of signatures and dates."""

from __future__ import annotations

import base64
import json
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from safetycase.methods.control.attestations.rows import INTEGRITY
from safetycase.methods.imported.planting import planted_context
from safetycase.methods.imported.statement import PAYLOAD, STATEMENT
from safetycase.plugin.contract import Context, Controls, Measurement, OracleResult, Planted
from safetycase.stats import estimate

__all__ = ["AS_OF", "REQUIRED", "SUBJECTS", "controls", "envelope", "pem", "sealed", "self_check"]

AS_OF = "2026-11-20"
WEIGHTS = "a" * 64
REQUIRED = (
    ("weights-unchanged", ""),
    ("log-outside-agent", "b" * 64),
    ("permissions-as-listed", "c" * 64),
)
RUNS = 3
Measured = Callable[[Mapping[str, str], str, Context], Measurement]


def _key(number: int) -> Any:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32)


def pem(number: int = 1) -> str:
    """The public key of the planted signer of that number."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    public = _key(number).public_key()
    data: bytes = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return data.decode()


def statement(name: str, sha256: str, **changes: Any) -> dict[str, Any]:
    """A statement that a property holds of a subject; `changes` are of its predicate."""
    predicate = {"property": name, "holds": True}
    predicate |= {"issuedAt": "2026-11-10T00:00:00Z", "expiresAt": "2026-12-10T00:00:00Z"}
    return {
        "_type": STATEMENT,
        "subject": [{"name": "subject", "digest": {"sha256": sha256}}],
        "predicateType": INTEGRITY,
        "predicate": predicate | changes,
    }


def envelope(said: Mapping[str, Any], number: int = 1) -> dict[str, Any]:
    """The statement in an envelope, signed by the planted signer of that number."""
    payload = json.dumps(said).encode()
    message = b"DSSEv1 %d %b %d %b" % (len(PAYLOAD), PAYLOAD.encode(), len(payload), payload)
    signature = base64.b64encode(_key(number).sign(message)).decode()
    return {
        "payloadType": PAYLOAD,
        "payload": base64.b64encode(payload).decode(),
        "signatures": [{"keyid": f"signer {number}", "sig": signature}],
    }


def sealed(which: int = -1, how: str = "") -> dict[str, str]:
    """A file for each required property; the one at `which` is unsound in the way of `how`."""
    files = {}
    for at, (name, digest) in enumerate(REQUIRED):
        said = statement(name, digest or WEIGHTS)
        given = envelope(said)
        if at == which:
            given = _spoiled(said, how)
        files[f"{at}.json"] = json.dumps(given)
    if how == "left out":
        del files[f"{which}.json"]
    return files


def _spoiled(said: dict[str, Any], how: str) -> dict[str, Any]:
    body = said["predicate"]
    if how == "expired":
        body |= {"expiresAt": "2026-11-19T23:59:59Z"}
    if how == "old":
        body |= {"issuedAt": "2026-10-01T00:00:00Z"}
    if how == "issued later":
        body |= {"issuedAt": "2026-11-20T00:00:01Z"}
    if how == "denied":
        body |= {"holds": False}
    if how == "another subject":
        said["subject"] = [{"digest": {"sha256": "d" * 64}}]
    if how == "another property":
        body |= {"property": "something-else"}
    if how == "not signed":
        return said
    given = envelope(said, 2 if how == "another signer" else 1)
    if how == "changed":
        payload = json.dumps(
            said | {"subject": [*said["subject"], {"digest": {"sha256": "e" * 64}}]}
        )
        given["payload"] = base64.b64encode(payload.encode()).decode()
    return given


SUBJECTS: tuple[tuple[str, bool, str], ...] = (
    ("sound", True, "all attested by the key, ten days old"),
    ("expired", False, "one ended a second before the day"),
    ("old", False, "one was issued longer ago than is allowed"),
    ("issued later", False, "one was issued a second after the day"),
    ("denied", False, "one says that the property does not hold"),
    ("another subject", False, "one is about something else"),
    ("another property", False, "one attests another property"),
    ("not signed", False, "one has no signature"),
    ("another signer", False, "one is signed by a key that is not given"),
    ("changed", False, "one was changed after it was signed"),
    ("left out", False, "one is not there"),
)


def measure(measured: Measured, files: Mapping[str, str]) -> Measurement:
    """The run on these files, judged by the first planted key."""
    with tempfile.TemporaryDirectory() as name:
        return measured(files, pem(), planted_context(Path(name), WEIGHTS))


def controls(measured: Measured) -> Controls:
    """Attestations with one that is unsound, each of the three in turn."""
    planted = []
    for how, truth, says in SUBJECTS:
        passes = 0
        for which in range(RUNS):
            found = measure(measured, sealed(which, how))
            sound = all(check.passed for check in found.instrument) and not found.raises
            passes += sound and estimate(found.quantities["invalid"]) == 0
        planted.append(
            Planted(name=how, claim_is_true=truth, passes=int(passes), runs=RUNS, says=says)
        )
    return Controls(criterion="invalid <= 0", planted=tuple(planted))


def self_check(measured: Measured) -> tuple[OracleResult, ...]:
    """Days by the calendar, and every single bit of a signed statement."""
    whole = measure(measured, sealed()).quantities
    near = measure(measured, sealed() | {"0.json": json.dumps(_until("2026-11-21T12:00:00Z"))})
    one = json.loads(sealed()["1.json"])
    payload = base64.b64decode(one["payload"])
    accepted = 0
    for at in range(0, len(payload), 7):
        # The file is read as JSON first; what cannot be read is refused, and not counted here.
        changed = bytearray(payload)
        changed[at] ^= 1
        try:
            json.loads(changed)
        except ValueError:
            continue
        accepted += _accepts(bytes(changed), one)
    return (
        OracleResult(
            name="days until the first of them stops counting",
            expected=20.0,
            got=estimate(whole["days_left"]),
            tolerance=1e-9,
            source="from 20 November to 10 December, before the 31 days after 10 November",
        ),
        OracleResult(
            name="the soonest counts",
            expected=1.5,
            got=estimate(near.quantities["days_left"]),
            tolerance=1e-9,
            source="from 20 November 0:00 to 21 November 12:00",
        ),
        OracleResult(
            name="statements with one bit changed that still pass as signed",
            expected=0.0,
            got=float(accepted),
            tolerance=0.0,
            source="RFC 8032 over the pre-authentication encoding of DSSE",
        ),
        OracleResult(
            name="required properties attested",
            expected=3.0,
            got=estimate(whole["valid"]),
            tolerance=0.0,
            source="three sound statements for three required properties",
        ),
    )


def _until(expires: str) -> dict[str, Any]:
    return envelope(statement("weights-unchanged", WEIGHTS, expiresAt=expires))


def _accepts(payload: bytes, given: dict[str, Any]) -> bool:
    from safetycase.methods.imported.in_toto import verifier

    head = b"DSSEv1 %d %b %d " % (len(PAYLOAD), PAYLOAD.encode(), len(payload))
    signature = base64.b64decode(given["signatures"][0]["sig"])
    return verifier(pem())(signature, head + payload)
