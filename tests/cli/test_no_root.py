"""A case whose root is no claim argues for nothing: a finding for every verb."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.conftest import HEADER, Ran, write_case

Sc = Callable[..., Ran]
LEAF = "assumptions:\n  - {assumption: A, says: a, owner: o, expires: 2099-01-01}\n"
VERBS = (
    ["status"],
    ["why", "A"],
    ["plan"],
    ["agenda", "list"],
    ["gate", "--release"],
    ["review", "checklist"],
    ["report"],
    ["report", "--format", "sarif"],
    ["run", "--dry-run"],
)


@pytest.mark.parametrize(
    ("root", "says"),
    [("NOPE", "F030 `NOPE` is not in this case"), ("A", "F031 `A` is an assumption and cannot")],
)
@pytest.mark.parametrize("verb", VERBS, ids=" ".join)
def test_a_root_that_is_no_claim_is_a_finding(
    sc: Sc, tmp_path: Path, root: str, says: str, verb: list[str]
) -> None:
    folder = write_case(tmp_path / "c", f"{HEADER}root: {root}\n{LEAF}")
    done = sc(*verb, folder)
    assert done.code == 2, done.err
    assert f"case.yaml:14:7: error {says}" in done.out + done.err
    assert "Traceback" not in done.err


def test_a_value_without_end_does_not_bury_what_is_wrong(sc: Sc, tmp_path: Path) -> None:
    folder = write_case(tmp_path / "c", f"{HEADER}root: {'x' * 100_000}\n{LEAF}")
    done = sc("check", folder)
    assert (done.code, len(done.out) < 10_000) == (2, True)
    assert "case.yaml:14:7: error F030 `xxx" in done.out
