"""A pipe where a file should be is never waited for: it is an error that names it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.conftest import Ran

Sc = Callable[..., Ran]
pytestmark = pytest.mark.timeout(60)
PIPE = "is no file: it is a device or a pipe"


@pytest.mark.slow
def test_a_record_that_is_a_pipe_is_damaged(sc: Sc, coin: Path) -> None:
    assert sc("run", coin).code == 0
    log = coin / "ledger" / "log.jsonl"
    log.rename(coin / "kept")
    os.mkfifo(log)
    for verb in ("status", "verify"):
        done = sc(verb, coin)
        assert done.code == 3
        assert f"{log} cannot be read: {PIPE}" in done.out + done.err
    ran = sc("run", coin)
    assert (ran.code in (2, 3), PIPE in ran.err) == (True, True)
    log.unlink()
    (coin / "kept").rename(log)
    assert sc("verify", coin).code == 0


@pytest.mark.slow
@pytest.mark.parametrize("name", ["ledger/checkpoints/5.txt", "checkpoint.txt"])
def test_a_checkpoint_that_is_a_pipe_does_not_verify(sc: Sc, coin: Path, name: str) -> None:
    assert sc("run", coin).code == 0
    (coin / name).unlink(missing_ok=True)
    os.mkfifo(coin / name)
    done = sc("verify", coin)
    assert (done.code, PIPE in done.out) == (3, True)


def test_a_policy_or_a_key_that_is_a_pipe_is_refused(
    sc: Sc, coin: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(coin / "policy.yaml")
    gate = sc("gate", "--release", coin)
    assert gate.code == 2
    assert f"policy.yaml:1:1: error F002 the policy cannot be read: {PIPE}" in gate.out + gate.err
    os.mkfifo(tmp_path / "key.pem")
    monkeypatch.setenv("SAFETYCASE_KEY", str(tmp_path / "key.pem"))
    ran = sc("run", coin)
    assert (ran.code, PIPE in ran.err) == (2, True)
