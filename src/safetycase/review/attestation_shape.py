"""The shape of a signed verdict: what every field of the statement has to be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from safetycase.ledger.record import is_digest

__all__ = ["PREDICATE", "STATEMENT", "misshapen"]

STATEMENT: Final = "https://in-toto.io/Statement/v1"
PREDICATE: Final = "urn:safetycase:verdict:v1"

_DIGEST: Final = {"sha256": "digest"}
_SHAPE: Final[Mapping[str, Any]] = {
    "_type": STATEMENT,
    "subject": [{"name": "text", "digest": _DIGEST}],
    "predicateType": PREDICATE,
    "predicate": {
        "verifier": {
            "id": "text",
            "version": {"safetycase": "text"},
            "owner": "text",
            "public_key": "text",
        },
        "timeVerified": "text",
        "resourceUri": "text",
        "policy": {"uri": "text", "name": "text", "digest": _DIGEST},
        "inputAttestations": [{"uri": "text", "digest": _DIGEST}],
        "verificationResult": "text",
        "expires": "text",
        "expires_because": "text",
        "judged_at": "text",
        "case": {
            "id": "text",
            "title": "text",
            "root": "text",
            "says": "text",
            "maturity": "text",
            "target": "text",
            "verdict": "text",
            "headline": "text",
            "confidence_at_least": "maybe",
            "decision": {"supports": "text", "owner": "text", "expires": "text"},
        },
        "record": {
            "origin": "text",
            "size": "whole",
            "root": "text",
            "head": "text",
            "checkpoint": "text",
        },
        "clauses": [{"clause": "text", "state": "text", "says": "text", "override": "any"}],
        "overrides": [
            {
                "record": "whole",
                "clauses": ["text"],
                "by": "text",
                "authority": "text",
                "reason": "text",
                "until": "text",
                "idle": "text",
            }
        ],
        "conditions": [{"by": "text", "element": "text", "conditions": ["text"]}],
        "system_weights": ["text"],
        "dissents": [{"by": "text", "element": "text", "says": "text", "record": "whole"}],
    },
}
"""Keys that are not here are welcome: absence denies, presence of more does not."""


def misshapen(statement: Any) -> str:
    """What of a statement is not as it has to be; empty if nothing is."""
    wrong = _wrong(statement, _SHAPE, "$")
    if wrong:
        return wrong
    if not statement["subject"] or not statement["subject"][0]["name"].startswith("case "):
        return "its first subject is no case"
    if statement["predicate"]["verificationResult"] not in ("PASSED", "FAILED"):
        return "`verificationResult` is neither PASSED nor FAILED"
    states = {clause["state"] for clause in statement["predicate"]["clauses"]}
    unknown = sorted(states - {"pass", "fail", "unknown", "overridden"})
    return f"a clause has the state `{unknown[0][:40]}`" if unknown else ""


def _wrong(value: Any, shape: Any, path: str) -> str:
    if isinstance(shape, Mapping):
        if not isinstance(value, dict):
            return f"{path} is no mapping"
        missing = next((key for key in shape if key not in value), None)
        if missing is not None:
            return f"{path} has no `{missing}`"
        found = (_wrong(value[key], inner, f"{path}.{key}") for key, inner in shape.items())
        return next((says for says in found if says), "")
    if isinstance(shape, list):
        if not isinstance(value, list):
            return f"{path} is no list"
        found = (_wrong(each, shape[0], f"{path}[{at}]") for at, each in enumerate(value))
        return next((says for says in found if says), "")
    return "" if _fits(value, shape) else f"{path} is not what it has to be"


def _fits(value: Any, shape: str) -> bool:
    if shape == "any":
        return True
    if shape == "text":
        return isinstance(value, str)
    if shape == "maybe":
        return value is None or isinstance(value, str)
    if shape == "whole":
        return type(value) is int and value >= 0
    if shape == "digest":
        return is_digest(value)
    return bool(value == shape)
