"""Runs from a page: real, one at a time, recorded, and in the hands of who started the server."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest
from tests.conftest import COIN, write_case
from tests.web.serving import SECRET, Served, serving

from safetycase.ledger import fold, read


def command(folder: Path) -> tuple[str, ...]:
    return (sys.executable, "-m", "safetycase.cli", "run", str(folder))


def start(server: Served, evidence: str = "E-COIN") -> int:
    return server.post("/run", {"csrf": SECRET, "evidence": evidence}).status


def ended(server: Served) -> bool:
    runs = server.app.shared.runs
    return runs is not None and runs.latest is not None and not runs.latest.goes_on


@pytest.mark.slow
def test_a_run_is_real_and_its_record_is_shown(coin: Path) -> None:
    with serving(coin, run_command=command(coin)) as server:
        page = server.ask("/claim/E-COIN").text
        assert 'action="/run"' in page
        assert f'name="csrf" value="{SECRET}"' in page
        assert server.ask("/run").status == 200
        assert start(server, "NONE") == 404
        assert start(server) == 303
        assert "E-COIN" in server.ask("/run").text
        server.until(lambda: ended(server), 60)
        told = server.ask("/run").text
        assert "1 attempt ended in the record" in told
        assert "completed" in told
        server.until(lambda: server.app.shared.reading.number > 1)
        attempts = fold(read(coin / "ledger")).attempts
        assert [a.outcome for a in attempts] == ["completed"]
        assert "supported" in server.ask("/claim/RARE").text
        assert server.app.shared.good.assessment.states["RARE"].support == "supported"
        assert "Nothing is due" in server.ask("/run").text


@pytest.mark.slow
def test_one_run_goes_at_a_time_and_can_be_stopped(tmp_path: Path) -> None:
    text = COIN.replace("toy/coin", "toy/slow").replace("{n: 400, rate: 5}", "{n: 400}")
    folder = write_case(tmp_path / "slow", text, {"items.txt": "x\n"})
    with serving(folder, run_command=command(folder)) as server:
        assert start(server) == 303
        assert start(server) == 409
        server.until(
            lambda: any("E-COIN" in line for line in server.app.shared.runs.latest.lines), 60
        )
        assert 'action="/run/cancel"' in server.ask("/run").text
        assert server.post("/run/cancel", {"csrf": "no"}).status == 403
        assert server.app.shared.runs.latest.goes_on
        assert server.post("/run/cancel", {"csrf": SECRET}).status == 303
        server.until(lambda: ended(server), 60)
        assert "It was stopped" in server.ask("/run").text
        assert (
            server.post("/run/cancel", {"csrf": SECRET}).status == 303
        )  # there is nothing to stop
    outcomes = [a.outcome for a in fold(read(folder / "ledger")).attempts]
    assert outcomes == ["aborted"]


@pytest.mark.slow
def test_a_server_that_ends_ends_its_run_in_order(tmp_path: Path) -> None:
    text = COIN.replace("toy/coin", "toy/slow").replace("{n: 400, rate: 5}", "{n: 400}")
    folder = write_case(tmp_path / "slow", text, {"items.txt": "x\n"})
    with serving(folder, run_command=command(folder)) as server:
        assert start(server) == 303
        server.until(
            lambda: any("E-COIN" in line for line in server.app.shared.runs.latest.lines), 60
        )
        began = time.monotonic()
    assert time.monotonic() - began < 20
    assert [a.outcome for a in fold(read(folder / "ledger")).attempts] == ["aborted"]


@pytest.mark.slow
def test_what_a_run_says_cannot_act_and_is_bounded(coin: Path) -> None:
    says = (
        "import sys\n"
        "print('<script>alert(1)</script>\\x1b[31m\\u202e', file=sys.stderr)\n"
        "print('x' * 100_000, file=sys.stderr)\n"
        "for n in range(5000): print(n, file=sys.stderr)\n"
        "print('<img src=x>', file=sys.stderr)\n"
        "print('not json')\n"
        "raise SystemExit(3)\n"
    )
    with serving(coin, run_command=(sys.executable, "-c", says)) as server:
        assert start(server, "") == 303
        server.until(lambda: ended(server), 30)
        text = server.ask("/run").text
        assert "It ended with exit code 3" in text
        assert "<img src=x>" not in text
        assert "&lt;img src=x&gt;" in text
        assert len(text) < 100_000
        assert len(server.app.shared.runs.latest.lines) == 400


@pytest.mark.slow
def test_a_command_that_is_not_there_is_said(coin: Path) -> None:
    with serving(coin, run_command=("/nothing/here",)) as server:
        assert start(server) == 503
        assert start(server) == 503


@pytest.mark.slow
def test_nothing_runs_while_the_case_has_findings_that_block(tmp_path: Path) -> None:
    text = COIN.replace("toy/coin", "toy/cion")
    folder = write_case(tmp_path / "c", text, {"items.txt": "x\n"})
    with serving(folder, run_command=("/nothing/here",)) as server:
        assert start(server, "") == 409
