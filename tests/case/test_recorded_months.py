"""The recorded months of the shipped case: remade bit for bit, replayed, and what they show."""

from __future__ import annotations

import runpy
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.conftest import Ran

from safetycase.ledger import fold, read
from safetycase.ledger.fold import SignalRecord

SHIPPED = Path(__file__).resolve().parent.parent.parent / "cases" / "internal-assistant"
STREAMS = ("good-month", "drifting-month", "silent-week")
Sc = Callable[..., Ran]


def test_the_streams_are_what_their_script_makes(tmp_path: Path) -> None:
    script = runpy.run_path(str(SHIPPED / "live-replay" / "make.py"))
    assert tuple(script["STREAMS"]) == STREAMS
    script["main"](tmp_path)
    for name in STREAMS:
        shipped = SHIPPED / "live-replay" / f"{name}.jsonl"
        assert (tmp_path / f"{name}.jsonl").read_bytes() == shipped.read_bytes(), name


def replayed(sc: Sc, folder: Path, name: str) -> list[SignalRecord]:
    """The signals that one more month adds."""
    before = len(fold(read(folder / "ledger")).signals)
    done = sc("watch", folder, "--replay", folder / "live-replay" / f"{name}.jsonl")
    assert done.code == 0, done.err
    return list(fold(read(folder / "ledger")).signals[before:])


def support(sc: Sc, folder: Path, day: str) -> dict[str, str]:
    states = sc("status", folder, "--json", "--now", day).json["states"]
    return {name: state["support"] for name, state in states.items()}


@pytest.mark.slow
@pytest.mark.timeout(1200)  # a guard against a hang, not a bound: a busy machine takes long
def test_a_good_month_a_drifting_month_and_a_silence(sc: Sc, tmp_path: Path) -> None:
    folder = tmp_path / "case"
    shutil.copytree(SHIPPED, folder, ignore=shutil.ignore_patterns("ledger", "report", "live"))

    good = replayed(sc, folder, "good-month")
    assert {s.state for s in good} == {"quiet"}
    assert {s.monitor for s in good} == {"M-RECALL", "M-REFUSAL", "M-VOLUME", "M-SIDE-OBJECTIVE"}
    told = sc("why", "AUDITORS-HOLD", folder, "--now", "2026-10-01").out
    assert "has not reported" not in told
    assert "P-AUDITOR-DRIFT" in told  # a quiet monitor closes no open problem

    drifting = replayed(sc, folder, "drifting-month")
    alarms = {s.monitor: s.until for s in drifting if s.state == "alarm"}
    assert set(alarms) == {"M-RECALL", "M-SIDE-OBJECTIVE"}
    # As the README says: within eight days and within thirteen.
    assert "2026-10-10" < alarms["M-RECALL"] <= "2026-10-18"
    assert "2026-10-12" < alarms["M-SIDE-OBJECTIVE"] <= "2026-10-25"
    found = support(sc, folder, "2026-11-01")
    for claim in ("CAUGHT-IN-CONTEXT", "AUDITORS-HOLD", "FALSEHOOD"):
        assert found[claim] == "contested", claim
    why = " ".join(sc("why", "FALSEHOOD", folder, "--now", "2026-11-01").out.split())
    assert "M-SIDE-OBJECTIVE alarmed" in why
    assert "e-value" in why

    silent = replayed(sc, folder, "silent-week")
    last = {s.monitor: s.state for s in silent}
    assert last == {
        "M-RECALL": "silent",
        "M-REFUSAL": "silent",
        "M-SIDE-OBJECTIVE": "silent",
        "M-VOLUME": "quiet",
    }
    assert "blind" in {s.state for s in silent if s.monitor == "M-REFUSAL"}
    # Nothing was resolved, so the alarms stand beside the silence.
    assert support(sc, folder, "2026-11-14")["FALSEHOOD"] == "contested"
    assert "quiet" not in sc("why", "M-REFUSAL", folder, "--now", "2026-11-14").out.split("\n")[0]
    assert sc("verify", folder).code == 0
