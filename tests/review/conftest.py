"""The green case is run once; every test works on a copy of it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.review.green import build, challenge, key_file, sign

from safetycase.assess.gated import Gated, Judged
from safetycase.workspace.folder import open_case
from safetycase.workspace.gating import release_gate
from safetycase.workspace.policies import policy_at


@pytest.fixture(scope="session")
def _green(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("green") / "coin")


@pytest.fixture
def green(_green: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The case, run, with nothing said in review; the author's key signs."""
    folder = Path(shutil.copytree(_green, tmp_path / "coin"))
    monkeypatch.setenv("SAFETYCASE_KEY", str(key_file(folder)))
    return folder


@pytest.fixture
def reviewed(green: Path) -> Path:
    """The same, challenged by Ada and accepted by Grace."""
    challenge(green)
    sign(green, "Grace")
    return green


Ask = Callable[..., Gated]


@pytest.fixture
def ask() -> Ask:
    """Put a folder to the release gate, under its own policy or the text of one."""

    def call(folder: Path, policy: str | None = None, now: str | None = None) -> Gated:
        if policy is not None:
            (folder / "policy.yaml").write_text(policy, "utf-8")
        at = datetime.fromisoformat(now).replace(tzinfo=UTC) if now else None
        space = open_case(folder, at or datetime.now(UTC).replace(microsecond=0), trust_cache=False)
        read = policy_at(folder)
        assert read.policy is not None, read.findings
        return release_gate(space, read.policy)

    return call


def clause(found: Gated, name: str) -> Judged:
    return next(c for c in found.clauses if c.clause == name)
