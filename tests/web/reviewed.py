"""A case whose record knows Ada, its author, and two reviewers, with the keys of all on disk."""

from __future__ import annotations

from pathlib import Path

from tests.assess.watched_cases import ROOT
from tests.conftest import HEADER, write_case

from safetycase.ledger import Writer
from safetycase.ledger.keys import from_seed
from safetycase.ledger.trust import origin_of

AT = "2026-11-23T09:00:00Z"
SEEDS = {"Ada": 31, "Grace": 32, "Bo": 33}


def pem(seed: bytes) -> bytes:
    from cryptography.hazmat.primitives import serialization as ser
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = Ed25519PrivateKey.from_private_bytes(seed)
    return key.private_bytes(ser.Encoding.PEM, ser.PrivateFormat.PKCS8, ser.NoEncryption())


def reviewed(tmp: Path) -> Path:
    """The case folder; `Ada.pem`, `Grace.pem` and `Bo.pem` lie beside it."""
    folder = write_case(tmp / "case", HEADER + ROOT)
    keys = {name: from_seed(bytes([seed] * 32), name) for name, seed in SEEDS.items()}
    with Writer(folder / "ledger", keys["Ada"]) as writer:
        origin = origin_of(writer.append("key", keys["Ada"].introduction(), at=AT))
        for name in ("Grace", "Bo"):
            body = keys[name].introduction(origin=origin, roles=["reviewer"])
            writer.append("key", body, at=AT)
    for name, seed in SEEDS.items():
        (tmp / f"{name}.pem").write_bytes(pem(bytes([seed] * 32)))
    return folder
