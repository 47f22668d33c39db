"""One case that was run, as every attack finds it: with a failed attempt, then a completed one."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import COIN, PLUGINS, SOURCE, write_case

WEIGHTS = "model.gguf"
CASE = COIN.replace("weights: smollm2-135m-instruct", f"weights: {WEIGHTS}").replace(
    "method: toy/coin\n", "method: toy/coin\n          plan: {attempts: 1, n: 400}\n"
)
SECOND = """\
      - claim: SOUND
        says: The other coin throws too.
        holds_when: rate <= 0.20
        by: {evidence: E-RAISES, method: toy/raises, because: It is a coin.,
             reads: {rate: rate}, with: {n: 400, rate: 5}}
"""


@pytest.fixture(scope="session")
def victim(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The case folder after one run; tests work on copies."""
    base = tmp_path_factory.mktemp("victim")
    files = {"items.txt": "head or tail\n", WEIGHTS: "GGUF stands for the weights\n"}
    folder = write_case(base / "case", CASE + SECOND, files)
    home = {"HOME": str(base), "XDG_CONFIG_HOME": str(base / "c"), "XDG_CACHE_HOME": str(base)}
    done = subprocess.run(
        [sys.executable, "-m", "safetycase.cli", "run", str(folder)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **home, "PYTHONPATH": os.pathsep.join((str(PLUGINS), str(SOURCE)))},
    )
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def attacked(victim: Path, tmp_path: Path) -> Path:
    """A copy to attack."""
    return Path(shutil.copytree(victim, tmp_path / "case"))


def lines_of(folder: Path) -> list[bytes]:
    """The lines of the record."""
    return (folder / "ledger" / "log.jsonl").read_bytes().splitlines()


def put_lines(folder: Path, lines: list[bytes]) -> None:
    (folder / "ledger" / "log.jsonl").write_bytes(b"".join(line + b"\n" for line in lines))


def statement(line: bytes) -> dict[str, Any]:
    """What a line signs."""
    import base64

    found: dict[str, Any] = json.loads(base64.b64decode(json.loads(line)["payload"]))
    return found


def kinds(folder: Path) -> list[str]:
    return [statement(line)["predicateType"].split(":")[3] for line in lines_of(folder)]


Sc = Callable[..., Any]
