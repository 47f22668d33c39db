"""Somebody exchanges the weights: before the run, between hash and load, or during the run."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.conftest import write_case
from tests.threats.conftest import CASE, WEIGHTS, Sc

from safetycase.evidence import serving


def test_weights_other_than_the_registered_are_not_served(tmp_path: Path) -> None:
    """The process that loads the weights hashes them itself, whatever it was told of them."""
    (tmp_path / WEIGHTS).write_bytes(b"GGUF other weights")
    with (
        pytest.raises(serving.ServerFailed, match="are others than the registered ones"),
        serving.serve_here(WEIGHTS, tmp_path, "0" * 64),
    ):
        raise AssertionError("the weights were served")


def test_weights_that_change_while_they_load_are_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import contextlib
    import hashlib
    from collections.abc import Iterator

    path = tmp_path / WEIGHTS
    path.write_bytes(b"GGUF honest weights")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()

    @contextlib.contextmanager
    def swapping(weights: Path, log: Path) -> Iterator[str]:
        del log
        weights.write_bytes(b"GGUF swapped weights")
        yield "http://127.0.0.1:1/v1"

    monkeypatch.setattr(serving, "serve", swapping)
    with (
        pytest.raises(serving.ServerFailed, match="changed while they were loaded"),
        serving.serve_here(WEIGHTS, tmp_path, digest),
    ):
        raise AssertionError("the weights were used")


@pytest.mark.slow
def test_a_result_of_other_weights_is_no_result_for_these(sc: Sc, tmp_path: Path) -> None:
    """A swap between two runs: the weights are part of the recipe by content."""
    head, _, tail = CASE.partition("          method: toy/coin")
    leaf = "          method: import/junit\n          inputs: [t.xml]\n"
    leaf += "          reads: {rate: fail_rate}\n          because"
    report = "<testsuite>" + "".join(f"<testcase name='t{n}'/>" for n in range(60))
    text = head + leaf + tail.partition("          because")[2]
    files = {WEIGHTS: "GGUF one", "t.xml": report + "</testsuite>"}
    folder = write_case(tmp_path / "c", text, files)
    assert sc("run", folder).code == 0
    before = sc("status", folder, "--json").json["states"]
    assert before["RARE"]["support"] == "supported"
    (folder / WEIGHTS).write_text("GGUF two")
    after = sc("status", folder, "--json").json["states"]
    assert after["E-COIN"]["freshness"]["word"] == "not applicable"
    assert after["RARE"]["support"] == "open"
