"""A case folder under review: Ada's key, the first, and Grace's, a reviewer's, both on disk."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.exceptions import Abort, ClickException, Exit
from click.testing import CliRunner
from tests.assess.watched_cases import ROOT
from tests.conftest import HEADER, write_case

from safetycase.cli.main import cli
from safetycase.ledger import Writer
from safetycase.ledger.keys import from_seed
from safetycase.ledger.trust import origin_of

TEXT = HEADER + ROOT
SEEDS = {"Ada": 31, "Grace": 32, "Bo": 33, "Robot": 34}
ROLES = {"Grace": ["reviewer"], "Bo": ["reviewer"], "Robot": ["runner"]}
NOW = ("--now", "2026-11-25T00:00:00Z")


@dataclass(frozen=True)
class Called:
    """One call of the command line in this process; `error` is what stopped it."""

    code: int
    out: str
    error: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def pem(seed: bytes) -> bytes:
    from cryptography.hazmat.primitives import serialization as ser
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = Ed25519PrivateKey.from_private_bytes(seed)
    return key.private_bytes(ser.Encoding.PEM, ser.PrivateFormat.PKCS8, ser.NoEncryption())


def made(folder: Path, text: str = TEXT) -> Path:
    """The folder, with a record that knows everybody's key."""
    write_case(folder, text)
    keys = {name: from_seed(bytes([seed] * 32), name) for name, seed in SEEDS.items()}
    at = "2026-11-23T09:00:00Z"
    with Writer(folder / "ledger", keys["Ada"]) as writer:
        origin = origin_of(writer.append("key", keys["Ada"].introduction(), at=at))
        for name, roles in ROLES.items():
            body = keys[name].introduction(origin=origin, roles=roles)
            writer.append("key", body, at=at)
    for name, seed in SEEDS.items():
        file = folder.parent / f"{name}.pem"
        file.write_bytes(pem(bytes([seed] * 32)))
        file.chmod(0o600)
    return folder


def caller(folder: Path, patch: pytest.MonkeyPatch) -> Callable[..., Called]:
    """`call("Grace", "challenge", …)`: a verb of `review` by the key of a person."""

    def call(who: str, verb: str, *words: str, now: bool = True) -> Called:
        with patch.context() as inner:
            inner.setenv("SAFETYCASE_KEY", str(folder.parent / f"{who}.pem"))
            inner.setenv("COLUMNS", "140")
            given = ["review", verb, *words, *(NOW if now else ())]
            done = CliRunner().invoke(cli, given, standalone_mode=False)
        error = done.exception
        if error is not None and not isinstance(error, ClickException | Abort | Exit):
            raise error
        code = done.return_value if error is None else getattr(error, "exit_code", 2)
        said = str(error or "")
        if isinstance(error, ClickException):  # which `main` says, and exits with 2
            code, said = 2, error.format_message()
        return Called(int(code or 0), done.stdout, f"{done.stderr}{said}")

    return call
