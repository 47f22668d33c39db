"""Signals and resolutions in a real record, as the commands show them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.assess.watched_cases import MONITOR, ROOT, SPARE
from tests.conftest import HEADER, Ran, write_case

from safetycase.argument.load import load
from safetycase.argument.model import Monitor
from safetycase.checks.monitors import indicator_digest
from safetycase.ledger import Writer, read
from safetycase.ledger.keys import from_seed
from safetycase.ledger.trust import origin_of
from safetycase.workspace.checking import check_folder

Sc = Callable[..., Ran]
TEXT = HEADER + ROOT + SPARE + "monitors:\n  - " + MONITOR + "\n"
NOW = ("--now", "2026-11-20T12:00:00Z")
WATCHER, REVIEWER = from_seed(bytes(range(32)), "watcher"), from_seed(bytes(32), "Grace")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_case(tmp_path / "case", TEXT)


def body(folder: Path, state: str, day: int, **more: object) -> dict[str, object]:
    case = load((folder / "case.yaml").read_text("utf-8"), "case.yaml").case
    assert case is not None
    name = next(n for n, e in case.elements.items() if isinstance(e, Monitor))
    monitor = case.elements[name]
    assert isinstance(monitor, Monitor)
    return {
        "monitor": name,
        "indicator": indicator_digest(monitor),
        "state": state,
        "since": f"2026-11-{day - 1:02}T00:00:00Z",
        "until": f"2026-11-{day:02}T00:00:00Z",
        "events": 412,
        "lost": 0,
        "segment": 1,
        "value": "0.31",
        "e_value": "34.2",
        "alarm_at": "20",
        "root": None,
        "says": "`rate > 0.2` is shown",
        **more,
    }


def report(folder: Path, *signals: dict[str, object]) -> list[int]:
    """Append signals as a watcher does; the numbers of their records."""
    with Writer(folder / "ledger", WATCHER) as writer:
        return [writer.append("signal", one, at="2026-11-20T00:00:00Z").seq for one in signals]


def resolve(folder: Path, alarm: int, outcome: str) -> None:
    """Append a resolution with the key of a reviewer, introduced by the first one."""
    origin = origin_of(read(folder / "ledger").records[0])
    with Writer(folder / "ledger", WATCHER) as writer:
        told = REVIEWER.introduction(roles=("reviewer",), origin=origin)
        writer.append("key", told, at="2026-11-20T01:00:00Z")
    words = {"signal": alarm, "outcome": outcome, "by": "Grace", "reason": "the lamp was changed"}
    with Writer(folder / "ledger", REVIEWER) as writer:
        writer.append("resolution", words, at="2026-11-20T02:00:00Z")


def test_a_claim_turns_with_what_its_monitor_signed(sc: Sc, folder: Path) -> None:
    silent = sc("status", folder, *NOW)
    assert silent.code == 4
    assert "M never reported: It has not reported; silence is not safety." in silent.out

    report(folder, body(folder, "quiet", 19, e_value="0.2", value="0.1"))
    quiet = sc("status", folder, *NOW, "--json")
    assert (quiet.code, quiet.json["verdict"]) == (0, "holds")
    assert sc("report", folder, *NOW).code == 0

    (alarm,) = report(folder, body(folder, "alarm", 20))
    report(folder, body(folder, "quiet", 20, since="2026-11-20T00:00:00Z"))
    told = sc("status", folder, *NOW)
    assert told.code == 4
    assert "contested" in told.out
    assert f"M alarm: record {alarm} of 2026-11-20, e-value 34.2, n 412." in told.out
    why = " ".join(sc("why", "RARE", folder, *NOW).out.split())
    for part in (
        "M alarmed (rate > 0.2).",
        "from 2026-11-19 00:00 UTC to 2026-11-20 00:00 UTC",
        "e-value 34.2, which alarms at 20",
        "ops has to answer it by 2026-11-22 00:00 UTC",
        f"safetycase record resolve {alarm} --as",
    ):
        assert part in why, part
    late = sc("status", folder, "--now", "2026-11-22T06:00:00Z")
    assert "OVERDUE" in late.out
    assert "overdue by 6 hours" in late.out

    resolve(folder, alarm, "answered")
    again = sc("status", folder, *NOW, "--json")
    assert (again.code, again.json["verdict"]) == (0, "holds")
    assert again.json["monitors"]["watched"]["M"]["alarms"][0]["standing"] == "resolved"
    page = Path(sc("report", folder, *NOW).out.strip()).read_text("utf-8")
    assert "the lamp was changed" in page
    assert "Alarms that challenge nothing now" in page
    assert sc("verify", folder).code == 0
    assert sc("status", folder, "--now", "2026-11-24T12:00:00Z").code == 4  # silent by then


def test_every_verb_reads_a_case_with_an_alarm(sc: Sc, folder: Path) -> None:
    report(folder, body(folder, "alarm", 20))
    for words in (
        ("agenda", folder),
        ("plan", folder),
        ("why", "M", folder),
        ("why", "M.RARE", folder),
        ("why", "SAFE", folder, "--if", "M=quiet"),
        ("why", "SAFE", folder, "--if", "M.RARE=answered", "--json"),
        ("draw", folder),
        ("export", folder, "--to", "gsn2x"),
    ):
        done = sc(*words, *(NOW if words[0] in ("agenda", "plan", "why") else ()))
        assert done.code in (0, 1, 2, 4), (words, done.err)
        assert "Traceback" not in done.err, (words, done.err)
        assert done.code != 2 or "no such" in done.err.lower(), (words, done.err)
    asked = sc("why", "SAFE", folder, "--if", "M=quiet", *NOW, "--json").json
    assert (asked["before"]["truth"], asked["after"]["truth"]) == ("unknown", "true")
    assert asked["after"]["low"] == pytest.approx(0.96)


def test_a_monitor_of_a_module_is_known_by_its_whole_name(sc: Sc, tmp_path: Path) -> None:
    text = HEADER + ROOT.replace(
        "              credence: {at_least: 0.99, owner: mint, because: weighed}\n",
        "              credence: {at_least: 0.99, owner: mint, because: weighed}\n"
        "            - live/HEADS\n",
    )
    module = """\
module: live
title: What is seen live
public: [HEADS]
claims:
  - claim: HEADS
    says: Heads are rare live.
    by:
      argument: LIVE-STEP
      kind: concretion
      because: It is counted.
      premises:
        - {assumption: COUNTED, says: It is counted., owner: ops, expires: 2099-03-01}
  - claim: CALM
    says: The counter was off.
    by:
      argument: CALM-STEP
      kind: concretion
      because: It is seen.
      premises:
        - {assumption: COUNTER-OFF, says: It was off., owner: ops, expires: 2099-03-01}
monitors:
  - MONITOR
defeaters:
  - {defeater: M.HEADS, against: HEADS, says: The counter., answered_by: [CALM]}
""".replace("MONITOR", MONITOR.replace("[RARE]", "[HEADS]"))
    text = text.replace("root:\n", "modules: {live: live.yaml}\nroot:\n", 1)
    folder = write_case(tmp_path / "case", text, {"live.yaml": module})
    checked = sc("check", folder)
    assert checked.code == 0, checked.out
    case = check_folder(folder).case
    assert case is not None
    monitor = case.elements["live/M"]
    assert isinstance(monitor, Monitor)
    told = {"monitor": "live/M", "indicator": indicator_digest(monitor)}
    plain = write_case(tmp_path / "plain", TEXT)
    with Writer(folder / "ledger", WATCHER) as writer:
        writer.append("signal", body(plain, "alarm", 20, **told), at="2026-11-20T00:00:00Z")
    found = json.loads(sc("status", folder, *NOW, "--json").out)
    assert found["states"]["live/M.HEADS"]["truth"] == "false"  # the module answers it
    assert found["states"]["live/HEADS"]["support"] == "supported"
    assert found["monitors"]["challenges"]["live/M.HEADS"]["target"] == "live/HEADS"
    (folder / "live.yaml").write_text(module.partition("defeaters:")[0], "utf-8")
    found = json.loads(sc("status", folder, *NOW, "--json").out)
    assert found["states"]["live/HEADS"]["support"] == "contested"
