"""A case that passes every clause of the default policy, and who signs what in its record."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.conftest import COIN, PLUGINS, SOURCE, write_case

from safetycase.argument.load import load
from safetycase.checks.scope import scope_digest
from safetycase.ledger import SigningKey, Writer, read
from safetycase.ledger.keys import from_seed
from safetycase.ledger.record import stamp
from safetycase.ledger.trust import origin_of

SURE = "credence: {at_least: 0.99, owner: lead, because: seen before}"
GREEN = (
    COIN.replace("maturity: sketch", "maturity: full")
    .replace("because: It is the coin.", f"because: It is the coin.\n          {SURE}")
    .replace(
        "because: Heads are the only route.", f"because: Heads are the only route.\n    {SURE}"
    )
    .replace("        owner: lead\n", f"        owner: lead\n        {SURE}\n")
)
LOOSER = GREEN.replace("rate <= 0.20", "rate <= 0.30")
AUTHOR = bytes(range(32))
PEOPLE: Mapping[str, bytes] = {"Grace": b"g" * 32, "Alan": b"a" * 32, "Ada": b"d" * 32}


def key(name: str, owner: str | None = None) -> SigningKey:
    return from_seed(PEOPLE.get(name, name.encode().ljust(32)[:32]), owner or name)


def let_in(folder: Path, name: str, *roles: str, owner: str | None = None) -> SigningKey:
    """A further key, for which the author vouches; `say` signs with it under its `name`."""
    found = key(name, owner)
    origin = origin_of(read(folder / "ledger").records[0])
    with Writer(folder / "ledger", from_seed(AUTHOR, "author")) as writer:
        body = found.introduction(origin=origin, roles=list(roles))
        writer.append("key", body, at=stamp(datetime.now(UTC)))
    return found


def key_file(folder: Path, seed: bytes = AUTHOR) -> Path:
    """The author's key, as a file outside of the case."""
    from cryptography.hazmat.primitives import serialization as ser
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    private = Ed25519PrivateKey.from_private_bytes(seed)
    path = folder.parent / f"{seed[:2].hex()}.pem"
    path.write_bytes(
        private.private_bytes(ser.Encoding.PEM, ser.PrivateFormat.PKCS8, ser.NoEncryption())
    )
    path.chmod(0o600)
    return path


def build(folder: Path) -> Path:
    """The case, run once by its author; Grace, Alan and Ada are reviewers of its record."""
    write_case(folder, GREEN, {"items.txt": "head or tail\n"})
    home = folder.parent / "home"
    env = {
        **os.environ,
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home / "config"),
        "XDG_CACHE_HOME": str(home / "cache"),
        "XDG_STATE_HOME": str(home / "state"),
        "SAFETYCASE_KEY": str(key_file(folder)),
        "PYTHONPATH": os.pathsep.join((str(PLUGINS), str(SOURCE))),
    }
    words = [sys.executable, "-m", "safetycase.cli", "run", str(folder)]
    done = subprocess.run(words, capture_output=True, text=True, env=env, check=False)
    assert done.returncode == 0, done.stderr
    author = from_seed(AUTHOR, "author")
    origin = origin_of(read(folder / "ledger").records[0])
    with Writer(folder / "ledger", author) as writer:
        for name in PEOPLE:
            body = key(name).introduction(origin=origin, roles=["reviewer"])
            writer.append("key", body, at=stamp(datetime.now(UTC)))
    return folder


def say(folder: Path, name: str, kind: str, **body: Any) -> int:
    """Write a record that `name` signs; the number of it."""
    with Writer(folder / "ledger", key(name)) as writer:
        return writer.append(kind, body, at=stamp(datetime.now(UTC))).seq


def digest(folder: Path, element: str) -> str:
    case = load((folder / "case.yaml").read_text("utf-8")).case
    assert case is not None
    return scope_digest(case, element)


def challenge(folder: Path, name: str = "Ada", **more: Any) -> int:
    body = {"challenge": "C1", "against": "RARE", "digest": digest(folder, "RARE"),
            "severity": "minor", "says": "Who threw it?", "by": name} | more  # fmt: skip
    return say(folder, name, "challenge", **body)


def sign(folder: Path, name: str, element: str = "SAFE", **more: Any) -> int:
    body = {
        "element": element,
        "digest": digest(folder, element),
        "verdict": "accept",
        "conditions": [],
        "says": "I read all of it.",
        "competence": "ten years of coins",
        "independence": "none of it is mine",
        "hours": "2",
        "by": name,
    } | more
    return say(folder, name, "sign-off", **body)


def override(
    folder: Path, clause: str, element: str = "SAFE", *, who: str = "Ada", **more: Any
) -> int:
    body = {
        "element": element,
        "digest": digest(folder, element),
        "clauses": [clause],
        "authority": "the board",
        "reason": "it is needed today",
        "by": "Ada",
        "expires": "2098-01-01T00:00:00Z",
    } | more
    return say(folder, who, "override", **body)
