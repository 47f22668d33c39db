"""The answer of the release gate as one signed line, which a deployer checks without the case.

An in-toto statement in a DSSE envelope, as every record is. Its predicate has the shape of the SLSA
Verification Summary Attestation v1 (verifier, timeVerified, resourceUri, policy, inputAttestations,
verificationResult), and says besides what a safety case has to say. It claims no SLSA level, and so
has a type of its own.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal

from safetycase.assess.gated import Gated
from safetycase.ledger import canonical
from safetycase.ledger.dsse import EnvelopeError, keyid_of, open_line, seal, unbase64, verifier
from safetycase.ledger.fold import History
from safetycase.ledger.keys import SigningKey
from safetycase.ledger.record import is_digest, is_instant, stamp
from safetycase.review.attestation_shape import PREDICATE, STATEMENT, misshapen

__all__ = [
    "CLOCKS_DIFFER",
    "PREDICATE",
    "AttestationError",
    "RecordState",
    "Trouble",
    "Verdict",
    "attest",
    "check",
    "read_attestation",
    "weights_of",
    "weights_of_system",
]

_LONGEST: Final = 2000
CLOCKS_DIFFER: Final = timedelta(days=1)


class AttestationError(ValueError):
    """A file holds no sound signed verdict; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordState:
    """What tells the record from every other: its name, size, Merkle root and last digest.

    `checkpoint` is the text of the newest signed checkpoint that is kept with it, if there is one.
    """

    origin: str = ""
    size: int = 0
    root: str = ""
    head: str = ""
    checkpoint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """A signed verdict whose signature verifies with the key that it carries, `keyid`.

    Whose key that is, the file cannot say. `weights` are SHA-256 by name, and `system` those that
    belong to the model of the system; `predicate` is the rest.
    """

    keyid: str
    case: str
    scope: str
    weights: Mapping[str, str]
    passed: bool
    at: datetime
    expires: datetime
    predicate: Mapping[str, Any] = field(default_factory=dict)
    system: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """Why a verdict may not be relied on.

    It is not what was signed for here (`record`), it says no (`fails`), or it cannot be told
    (`unknown`).
    """

    weight: Literal["record", "fails", "unknown"]
    says: str


def weights_of(history: History, gated: Gated) -> Mapping[str, str]:
    """The SHA-256 of the weights that the results of the case were measured on, by name.

    Only of results that count; a name that stands for two files is told apart by its digest.
    """
    found: dict[str, str] = {}
    for _, weights, digest in _measured(history, gated):
        taken = found.get(weights, digest) != digest
        found[f"{weights} {digest[:16]}" if taken else weights] = digest
    return dict(sorted(found.items()))


def weights_of_system(history: History, gated: Gated) -> tuple[str, ...]:
    """The SHA-256 of those weights that belong to the model of the system, which is deployed.

    A leaf may have been measured on another model of the case, as a monitor or a judge.
    """
    case = gated.assessment.case
    own = case.header.system.model
    leaves = {n: getattr(e, "model", None) or own for n, e in case.elements.items()}
    found = {digest for name, _, digest in _measured(history, gated) if leaves.get(name) == own}
    return tuple(sorted(found))


def _measured(history: History, gated: Gated) -> Iterator[tuple[str, str, str]]:
    """Each leaf with a result that counts, the name of its weights, and their SHA-256."""
    rows = {row.seq: row for row in history.registrations}
    for name, leaf in gated.assessment.leaves.items():
        fresh = gated.assessment.freshness.get(name)
        row = rows.get(leaf.tally.registration or 0) if leaf.tally else None
        subject: Any = row.recipe.get("subject") if row else None
        if not isinstance(subject, Mapping) or fresh is None or fresh.word != "fresh":
            continue
        weights, digest = str(subject.get("weights", "")), subject.get("weights_sha256")
        if weights and is_digest(digest):
            yield name, weights, str(digest)


def attest(
    gated: Gated,
    key: SigningKey,
    *,
    at: datetime,
    version: str,
    weights: Mapping[str, str],
    system: Iterable[str] = (),
    record: RecordState,
) -> bytes:
    """The signed line, with its newline. `at` is when it is signed.

    `system` are those of the `weights`, by digest, that belong to the model of the system.
    """
    header = gated.assessment.case.header
    subjects = [{"name": f"case {header.case}", "digest": {"sha256": gated.scope}}]
    subjects += [{"name": f"weights {n}", "digest": {"sha256": d}} for n, d in weights.items()]
    statement = {
        "_type": STATEMENT,
        "subject": subjects,
        "predicateType": PREDICATE,
        "predicate": {
            **_predicate(gated, key, at, version, record),
            "system_weights": sorted(system),
        },
    }
    return seal(canonical.dumps(statement), key.keyid, key.sign) + b"\n"


def _predicate(
    gated: Gated, key: SigningKey, at: datetime, version: str, record: RecordState
) -> dict[str, Any]:
    assessment = gated.assessment
    header, root = assessment.case.header, assessment.case.root
    number = assessment.root.confidence
    expires = gated.until or at
    return {
        "verifier": {
            "id": "urn:safetycase:gate",
            "version": {"safetycase": version},
            "owner": _cut(key.owner),
            "public_key": base64.b64encode(key.public_key).decode(),
        },
        "timeVerified": stamp(at),
        "resourceUri": f"urn:safetycase:case:{header.case}",
        "policy": {
            "uri": _cut(gated.policy_source),
            "name": _cut(gated.policy),
            "digest": {"sha256": gated.policy_digest},
        },
        "inputAttestations": [{"uri": record.origin, "digest": {"sha256": record.head}}]
        if record.head
        else [],
        "verificationResult": "PASSED" if gated.passed else "FAILED",
        "expires": stamp(expires),
        "expires_because": _cut(gated.ends_by),
        "judged_at": stamp(assessment.at),
        "case": {
            "id": header.case,
            "title": _cut(header.title),
            "root": root,
            "says": _cut(getattr(assessment.case.elements[root], "says", "")),
            "maturity": header.maturity,
            "target": str(header.target),
            "verdict": assessment.verdict,
            "headline": _cut(assessment.headline),
            "confidence_at_least": None if number is None else str(number.low),
            "decision": {
                "supports": _cut(header.decision.supports),
                "owner": _cut(header.decision.owner),
                "expires": header.decision.expires.isoformat(),
            },
        },
        "record": {
            "origin": record.origin,
            "size": record.size,
            "root": record.root,
            "head": record.head,
            "checkpoint": record.checkpoint,
        },
        **_said(gated),
    }


def _said(gated: Gated) -> dict[str, Any]:
    """Every clause, override, condition and dissent: what a deployer has to be told."""
    return {
        "clauses": [
            {
                "clause": _cut(clause.clause),
                "rule": clause.kind,
                "state": clause.state,
                "says": _cut(clause.says),
                "override": None if clause.override is None else clause.override.record,
            }
            for clause in gated.clauses
        ],
        "overrides": [
            {
                "record": o.record,
                "clauses": [_cut(name) for name in o.clauses],
                "by": _cut(o.by),
                "authority": _cut(o.authority),
                "reason": _cut(o.reason),
                "until": o.until,
                "idle": _cut(o.idle),
            }
            for o in gated.overrides
        ],
        "conditions": [
            {"by": _cut(s.by), "element": s.element, "conditions": [_cut(c) for c in s.conditions]}
            for s in gated.assessment.review.sign_offs
            if s.counts and s.conditions
        ],
        "dissents": [
            {"by": _cut(d.by), "element": d.element, "says": _cut(d.says), "record": d.record}
            for d in gated.dissents
        ],
    }


def _cut(text: str) -> str:
    """A text no longer than a reader needs; what is left out is said."""
    if len(text) <= _LONGEST:
        return text
    return f"{text[:_LONGEST]} … [cut here: {len(text)} characters in all]"


def read_attestation(data: bytes) -> Verdict:
    """The verdict in a file, once its signature and its shape are found sound.

    Raises `AttestationError` for anything else, any byte that was changed included.
    """
    line = data.removesuffix(b"\n")
    try:
        envelope = open_line(line)
        statement = canonical.loads_exact(envelope.payload)
    except (EnvelopeError, canonical.CanonicalError) as error:
        raise AttestationError(f"the file {error}") from error
    if statement is None:
        raise AttestationError("the file holds a statement in another spelling than is signed")
    wrong = misshapen(statement)
    if wrong:
        raise AttestationError(f"the file holds no verdict of a release gate: {wrong}")
    predicate = statement["predicate"]
    try:
        public = unbase64(predicate["verifier"]["public_key"])
        sound = keyid_of(public) == envelope.keyid and verifier(public)(
            envelope.signature, _signed_bytes(envelope.payload)
        )
    except ValueError as error:
        raise AttestationError(f"the key in the file cannot be read: {error}") from error
    if not sound:
        raise AttestationError("the signature does not verify: the file is not what was signed")
    _consistent(predicate)
    first, *others = statement["subject"]
    return Verdict(
        keyid=envelope.keyid,
        case=first["name"].removeprefix("case "),
        scope=first["digest"]["sha256"],
        weights={s["name"].removeprefix("weights "): s["digest"]["sha256"] for s in others},
        passed=predicate["verificationResult"] == "PASSED",
        at=datetime.fromisoformat(predicate["timeVerified"]),
        expires=datetime.fromisoformat(predicate["expires"]),
        predicate=predicate,
        system=tuple(predicate["system_weights"]),
    )


def _signed_bytes(payload: bytes) -> bytes:
    from safetycase.ledger.dsse import PAYLOAD_TYPE, pae

    return pae(PAYLOAD_TYPE, payload)


def _consistent(predicate: Mapping[str, Any]) -> None:
    """A verdict that says PASSED has no clause that did not pass, and the other way round."""
    for name in ("timeVerified", "expires", "judged_at"):
        if not is_instant(predicate[name]):
            raise AttestationError(f"the verdict has a `{name}` that is no UTC time")
    signed, judged = (datetime.fromisoformat(predicate[n]) for n in ("timeVerified", "judged_at"))
    if abs(signed - judged) > CLOCKS_DIFFER:
        raise AttestationError("the verdict was judged as of another day than it was signed on")
    shut = [c["clause"] for c in predicate["clauses"] if c["state"] in ("fail", "unknown")]
    passed = predicate["verificationResult"] == "PASSED"
    if passed and (shut or not predicate["clauses"]):
        raise AttestationError(f"the verdict says PASSED against its own clauses: {shut[:5]}")
    if not passed and not shut:
        raise AttestationError("the verdict says FAILED and names no clause that did")


def check(
    found: Verdict,
    *,
    now: datetime,
    keys: Iterable[str] = (),
    weights: Iterable[str] = (),
    policy: str | None = None,
) -> tuple[Trouble, ...]:
    """Why the verdict may not be relied on at `now`; empty if it may.

    `keys` are the ids, or beginnings of them, of the keys that may have signed it, `weights`
    the SHA-256 of the weights that are to be deployed, `policy` that of the policy expected.
    """
    trouble: list[Trouble] = []
    keys, weights = tuple(keys), tuple(weights)
    if not keys:
        says = f"whose key {found.keyid} is, the file cannot say: ask, and name it with --key"
        trouble.append(Trouble(weight="unknown", says=says))
    elif not any(found.keyid.startswith(key) for key in keys):
        says = f"it is signed by the key {found.keyid}, which is none of those named"
        trouble.append(Trouble(weight="record", says=says))
    if not found.passed:
        shut = [
            c["clause"] for c in found.predicate["clauses"] if c["state"] in ("fail", "unknown")
        ]
        trouble.append(Trouble(weight="fails", says=f"the gate was shut by {', '.join(shut)}"))
    known = set(found.weights.values())
    for digest in weights:
        if digest not in known:
            names = ", ".join(f"{n} {d[:16]}…" for n, d in found.weights.items()) or "no weights"
            says = f"it is not about the weights {digest[:16]}…, but about {names}"
            trouble.append(Trouble(weight="fails", says=says))
    if weights and known.issuperset(weights) and not set(weights) & set(found.system):
        says = (
            "none of these weights belong to the model of the system that the case is about: "
            "results of theirs are only part of it"
        )
        trouble.append(Trouble(weight="fails", says=says))
    if policy is not None and found.predicate["policy"]["digest"]["sha256"] != policy:
        trouble.append(Trouble(weight="fails", says="it was given under another policy"))
    if now >= found.expires:
        because = found.predicate["expires_because"]
        says = f"it ended at {stamp(found.expires)}" + (f" ({because})" if because else "")
        trouble.append(Trouble(weight="unknown", says=says))
    if found.at.astimezone(UTC) > now + CLOCKS_DIFFER:
        says = f"it was signed at {stamp(found.at)}, which is still to come"
        trouble.append(Trouble(weight="unknown", says=says))
    return tuple(trouble)
