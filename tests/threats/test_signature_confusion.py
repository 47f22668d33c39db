"""Somebody passes a signature of one thing off as a signature of another."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

from tests.threats.conftest import lines_of, put_lines

from safetycase.ledger import verify
from safetycase.ledger.dsse import keyid_of, pae
from safetycase.ledger.keys import from_seed


def canonical(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def test_another_payload_type_over_the_same_signature_is_refused(attacked: Path) -> None:
    lines = lines_of(attacked)
    for kind in ("application/json", "application/vnd.in-toto+jsonl", "text/plain", ""):
        outer = json.loads(lines[-1]) | {"payloadType": kind}
        put_lines(attacked, [*lines[:-1], canonical(outer)])
        assert not verify(attacked / "ledger").ok, kind


def test_a_record_presented_as_another_kind_is_refused(attacked: Path) -> None:
    lines = lines_of(attacked)
    outer = json.loads(lines[-1])
    payload = base64.b64decode(outer["payload"])
    for kind in ("note:v1", "attempt-end:v2", "registration:v1", "verdict:v1"):
        inner = json.loads(payload)
        inner["predicateType"] = f"urn:safetycase:record:{kind}"
        if kind == "attempt-end:v1":
            continue
        changed = outer | {"payload": base64.b64encode(canonical(inner)).decode()}
        put_lines(attacked, [*lines[:-1], canonical(changed)])
        assert not verify(attacked / "ledger").ok, kind


def test_a_signature_over_bare_bytes_is_none_over_the_envelope(attacked: Path) -> None:
    key = from_seed(bytes(range(32)), "an attacker")
    lines = lines_of(attacked)
    outer = json.loads(lines[-1])
    payload = base64.b64decode(outer["payload"])
    assert pae("application/vnd.in-toto+json", payload) != payload
    for message in (payload, pae("text/plain", payload)):
        signature = {"keyid": key.keyid, "sig": base64.b64encode(key.sign(message)).decode()}
        put_lines(attacked, [*lines[:-1], canonical(outer | {"signatures": [signature]})])
        assert not verify(attacked / "ledger").ok
    assert len(keyid_of(bytes(32))) == 64


def test_two_signatures_or_none_are_no_envelope(attacked: Path) -> None:
    lines = lines_of(attacked)
    outer = json.loads(lines[-1])
    for signatures in ([], outer["signatures"] * 2):
        put_lines(attacked, [*lines[:-1], canonical(outer | {"signatures": signatures})])
        assert not verify(attacked / "ledger").ok
