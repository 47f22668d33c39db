"""`run` from outside: budgets, exploratory runs, what it plans, and interruption in the middle."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.conftest import COIN, Ran, write_case

pytestmark = pytest.mark.slow

Sc = Callable[..., Ran]
PLAN = "          valid_for: 90 days\n"
RAISES = COIN.replace("toy/coin", "toy/raises")


def planned(text: str, plan: str) -> str:
    assert PLAN in text
    return text.replace(PLAN, f"{PLAN}          plan: {{{plan}}}\n")


def another(name: str, method: str = "toy/coin", more: str = "n: 400, rate: 5") -> str:
    return f"""\
      - claim: C-{name}
        says: Another coin.
        holds_when: rate <= 0.20
        by:
          evidence: E-{name}
          method: {method}
          with: {{{more}}}
          reads: {{rate: rate}}
          because: It is another coin.
"""


def outcomes(sc: Sc, folder: Path) -> dict[str, list[str]]:
    found = sc("status", folder, "--json").json["leaves"]
    return {name: [a["outcome"] for a in leaf["attempts"]] for name, leaf in found.items()}


def test_a_used_up_budget_ends_a_registration_and_a_new_plan_starts_one(
    sc: Sc, tmp_path: Path
) -> None:
    folder = write_case(tmp_path / "c", planned(RAISES, "budget: 2"), {"items.txt": "x"})
    for _ in range(2):
        assert sc("run", folder).code == 0
    assert outcomes(sc, folder) == {"E-COIN": ["failed", "failed"]}
    again = sc("run", folder)
    assert again.code == 0
    assert "E-COIN is not run again: its budget of 2 attempts is used up (2 failed)" in again.err
    assert "further attempt at its claim" in again.err
    assert outcomes(sc, folder) == {"E-COIN": ["failed", "failed"]}
    plan = sc("run", folder, "--dry-run", "--json").json
    assert plan["due"] == []
    assert [each["evidence"] for each in plan["used_up"]] == ["E-COIN"]
    assert "so that its budget is used up" in " ".join(sc("why", "E-COIN", folder).out.split())
    (folder / "case.yaml").write_text(planned(RAISES, "budget: 3"), "utf-8")
    assert sc("run", folder).code == 0
    leaf = sc("status", folder, "--json").json["leaves"]["E-COIN"]
    assert (leaf["registrations"], leaf["tally"]["left"]) == (2, 2)
    assert leaf["tally"]["earlier"] == {"failed": 2}
    assert sc("verify", folder).code == 0


def test_exploratory_runs_are_capped_and_never_count(sc: Sc, tmp_path: Path) -> None:
    folder = write_case(tmp_path / "c", planned(COIN, "exploratory: 2"), {"items.txt": "x"})
    for _ in range(2):
        assert sc("run", folder, "--exploratory").code == 0
    before = (folder / "ledger" / "log.jsonl").read_bytes()
    refused = sc("run", folder, "--exploratory")
    assert refused.code == 2
    assert "E-COIN has had its 2 exploratory runs on this recipe" in refused.err
    assert "plan: {exploratory: N}" in refused.err
    assert (folder / "ledger" / "log.jsonl").read_bytes() == before
    found = sc("status", folder, "--json").json
    assert found["states"]["E-COIN"]["freshness"]["word"] == "never run"
    assert found["leaves"]["E-COIN"]["tally"]["exploratory"] == {"completed": 2}
    assert found["leaves"]["E-COIN"]["tally"]["outcomes"] == {}
    (folder / "items.txt").write_text("y", "utf-8")
    assert sc("run", folder, "--exploratory").code == 0


def test_the_plan_of_a_run_names_causes_attempts_times_and_costs(sc: Sc, tmp_path: Path) -> None:
    text = planned(COIN, "attempts: 2, n: 400, cost_per_item: 0.5, cost_fixed: 7")
    folder = write_case(tmp_path / "c", text + another("TWO"), {"items.txt": "x"})
    head, first, second, total, more = sc("run", folder, "--dry-run").out.splitlines()
    assert head.split() == ["leaf", "attempts", "left", "n", "seconds", "cost", "why"]
    assert first.split() == ["E-COIN", "2", "4", "of", "4", "400", "–", "407", "never", "run"]
    assert second.split() == ["E-TWO", "1", "3", "of", "3", "–", "–", "–", "never", "run"]
    assert total.split() == ["2", "due", "3", "0.0+", "407+"]
    assert more == "+ and what the 2 never run to a result will take"
    assert not (folder / "ledger").exists()
    assert sc("run", folder, "--only", "E-COIN").code == 0
    (folder / "items.txt").write_text("y", "utf-8")
    found = sc("run", folder, "--dry-run", "--json").json
    coin = found["due"][0]
    assert "items.txt" in coin["because"]
    assert (coin["attempts"], coin["left"], coin["timed"], coin["new"]) == (2, 4, 2, True)
    assert coin["seconds"] == pytest.approx(2 * coin["seconds_each"])
    assert coin["cost"] == 407
    assert found["totals"]["attempts"] == 3
    assert found["executor"] == "subprocess"


def test_planned_attempts_have_seeds_of_their_own(sc: Sc, tmp_path: Path) -> None:
    folder = write_case(tmp_path / "c", planned(COIN, "attempts: 3, n: 400"), {"items.txt": "x"})
    assert sc("run", folder, "--workers", "2").code == 0
    assert outcomes(sc, folder) == {"E-COIN": ["completed"] * 3}
    from safetycase.ledger import fold, read

    attempts = fold(read(folder / "ledger")).attempts
    assert len({a.start_body["seed"] for a in attempts}) == 3
    assert [a.start_body["replicate"] for a in attempts] == [1, 2, 3]
    hits = [str(a.measurement["quantities"]) for a in attempts if a.measurement]
    assert len(set(hits)) > 1


@pytest.mark.parametrize("name", ["asyncio", pytest.param("ray", marks=pytest.mark.slow)])
def test_results_do_not_depend_on_the_executor(sc: Sc, tmp_path: Path, name: str) -> None:
    pytest.importorskip(name)
    text = planned(COIN, "attempts: 2, n: 400") + another("TWO") + another("BAD", "toy/raises")
    timed = {"started_at", "ended_at", "seconds", "ran_at", "registered_at", "valid_until"}
    timed |= {"artefacts", "reason"}

    def judged(executor: str) -> object:
        folder = write_case(tmp_path / executor / "c", text, {"items.txt": "x"})
        assert sc("run", folder, "--executor", executor, "--workers", "3").code == 0
        found = sc("status", folder, "--json").json
        leaves = {
            name: {
                **{k: v for k, v in leaf.items() if k not in timed},
                "attempts": [
                    {k: v for k, v in attempt.items() if k not in timed}
                    for attempt in sorted(leaf["attempts"], key=lambda a: a["id"])
                ],
            }
            for name, leaf in found["leaves"].items()
        }
        for leaf in leaves.values():
            for attempt in leaf["attempts"]:
                del attempt["seq"]  # ends of others may come in between
        states = {n: {**s, "reasons": None} for n, s in found["states"].items()}
        return leaves, states, found["verdict"]

    assert judged(name) == judged("subprocess")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--executor", "subproces"], "did you mean `subprocess`"),
        (["--executor", "subprocess", "--address", "ray://x"], "it has no address"),
        (["--executor-option", "pack"], "write NAME=VALUE"),
        (["--memory-limit", "lots"], "write 500M, 2G or none"),
        (["--time-limit", "0"], "seconds above 0"),
        (["--retries", "-1"], "--retries"),
        (["--workers", "0"], "--workers"),
        (["--time-limit", "1e300"], "--time-limit"),
        (["--time-limit", "nan"], "--time-limit"),
    ],
)
def test_what_cannot_be_run_so_is_a_sentence(
    sc: Sc, coin: Path, words: list[str], says: str
) -> None:
    done = sc("run", coin, *words)
    assert done.code == 2
    assert says in done.err
    assert "Traceback" not in done.err
    assert outcomes(sc, coin) == {"E-COIN": []}


def test_a_damaged_record_is_named_also_where_nothing_is_due(sc: Sc, coin: Path) -> None:
    assert sc("run", coin).code == 0
    assert sc("run", coin, "--exploratory").code == 0
    log = coin / "ledger" / "log.jsonl"
    *lines, last = log.read_bytes().splitlines(keepends=True)
    log.write_bytes(b"".join(lines) + last.replace(b'"payload"', b'"pavload"', 1))
    for words in ([], ["--json"], ["--dry-run"], ["--dry-run", "--json"]):
        done = sc("run", coin, *words)
        assert done.code == 3, words
        assert f"record {len(lines) + 1} (line {len(lines) + 1})" in done.err


def test_controls_that_a_limit_ended_are_run_again(sc: Sc, coin: Path) -> None:
    said = sc("run", coin, "--time-limit", "0.01").err
    assert "planted controls of toy/coin failed: stopped after the time limit" in said
    assert "planted controls of toy/coin …" in sc("run", coin).err
    sound = sc("status", coin, "--json").json["leaves"]["E-COIN"]["controls"]
    assert (sound["false_runs"], sound["true_runs"]) == (20, 20)
    assert "planted controls" not in sc("run", coin, "--exploratory").err


def test_what_a_killed_run_left_is_lost_also_where_nothing_else_is_due(
    sc: Sc, tmp_path: Path
) -> None:
    text = planned(COIN.replace("toy/coin", "toy/hangs"), "budget: 1")
    folder = write_case(tmp_path / "c", text, {"items.txt": "x"})
    process = subprocess.Popen(
        [sys.executable, "-m", "safetycase.cli", "run", str(folder)],
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
        env=dict(os.environ),
    )
    assert process.stderr is not None
    for line in process.stderr:
        if "[1/1]" in line:
            break
    process.kill()
    process.stderr.close()
    process.wait()
    assert outcomes(sc, folder) == {"E-COIN": ["running"]}
    again = sc("run", folder)
    end = time.monotonic() + 60
    while "is being written by" in again.err and time.monotonic() < end:
        time.sleep(0.05)  # a worker that it was about to start holds the lock until it has started
        again = sc("run", folder)
    assert again.code == 0
    assert "1 unfinished attempt(s) of an earlier run are recorded as lost" in again.err
    assert "is used up (1 lost)" in again.err
    assert outcomes(sc, folder) == {"E-COIN": ["lost"]}
    assert "recorded as lost" not in sc("run", folder).err


def test_a_second_interruption_ends_it_at_once_and_says_so(sc: Sc, tmp_path: Path) -> None:
    text = COIN + another("HANG", "toy/hangs") + another("HANG-TOO", "toy/hangs")
    folder = write_case(tmp_path / "c", text, {"items.txt": "x"})
    process = subprocess.Popen(
        [sys.executable, "-m", "safetycase.cli", "run", str(folder), "--workers", "3"],
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
        env=dict(os.environ),
    )
    guard = threading.Timer(120, process.kill)
    guard.start()
    assert process.stderr is not None
    for line in process.stderr:
        if "[3/3]" in line:
            break
    process.send_signal(signal.SIGTERM)
    process.send_signal(signal.SIGINT)
    said = process.stderr.read()
    process.stderr.close()
    assert process.wait() == 130, said
    guard.cancel()
    assert "interrupted:" in said
    assert "No such file" not in said
    assert sc("verify", folder).code == 0
    assert "running" not in {each for found in outcomes(sc, folder).values() for each in found}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_interrupted_amid_several_attempts_and_run_again(
    sc: Sc, tmp_path: Path, number: signal.Signals
) -> None:
    slow = [another(name, more="n: 400, rate: 5, pause: 2.0") for name in ("A", "B", "C")]
    folder = write_case(tmp_path / "c", COIN + "".join(slow), {"items.txt": "x"})
    process = subprocess.Popen(
        [sys.executable, "-m", "safetycase.cli", "run", str(folder), "--workers", "4"],
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
        env=dict(os.environ),
        # Under `nohup` the tests ignore a hangup, and so would what they start.
        preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL),
    )
    # A run that hangs is ended, so that the test fails instead.
    guard = threading.Timer(120, process.kill)
    guard.start()
    assert process.stderr is not None
    said = ""
    for line in process.stderr:
        said += line
        if "E-COIN: completed" in said and "[4/4]" in said:
            break
    process.send_signal(number)
    said += process.stderr.read()
    process.stderr.close()
    assert process.wait() == 130, said
    guard.cancel()
    assert "1 finished attempt(s) are kept" in said
    ended = outcomes(sc, folder)
    assert ended["E-COIN"] == ["completed"]
    assert [ended[f"E-{name}"] for name in "ABC"] == [["aborted"]] * 3
    assert sc("verify", folder).code == 0
    again = sc("run", folder, "--workers", "4", "--json")
    assert again.code == 0
    assert sorted(e["evidence"] for e in again.json["ended"]) == ["E-A", "E-B", "E-C"]
    assert outcomes(sc, folder) == {
        "E-COIN": ["completed"],
        **{f"E-{name}": ["aborted", "completed"] for name in "ABC"},
    }


def test_poison_and_a_hang_are_visible_and_touch_nothing_else(sc: Sc, tmp_path: Path) -> None:
    text = COIN + another("POISON", "toy/dies") + another("HANG", "toy/hangs") + another("LAST")
    folder = write_case(tmp_path / "c", text, {"items.txt": "x"})
    ran = sc("run", folder, "--workers", "3", "--time-limit", "8", "--retries", "1")
    assert ran.code == 0
    assert outcomes(sc, folder) == {
        "E-COIN": ["completed"],
        "E-POISON": ["lost", "lost"],
        "E-HANG": ["failed"],
        "E-LAST": ["completed"],
    }
    assert "(again, after E-POISON/" in ran.err
    assert sc("verify", folder).code == 0


def test_an_attempt_to_come_is_asked_for_at_the_level_it_is_judged_at(sc: Sc, coin: Path) -> None:
    assert sc("run", coin).code == 0
    first = sc("status", coin, "--json").json["leaves"]["E-COIN"]["level"]
    (coin / "items.txt").write_text("other items\n", "utf-8")
    assert sc("run", coin, "--register-only").code == 0
    asked = sc("status", coin, "--json").json["leaves"]["E-COIN"]["level"]
    assert f"It asks for: rate <= 0.20, at {100 * asked:.4g} %." in sc("why", "E-COIN", coin).out
    assert sc("run", coin).code == 0
    judged = sc("status", coin, "--json").json["leaves"]["E-COIN"]["level"]
    assert asked == judged > first


def test_attempts_at_evidence_that_was_taken_away_are_told(sc: Sc, coin: Path) -> None:
    assert sc("run", coin).code == 0
    assert "of evidence that this case does not have" not in sc("status", coin).out
    text = (coin / "case.yaml").read_text("utf-8")
    other = text.replace("RARE", "SELDOM").replace("E-COIN", "E-PENNY")
    (coin / "case.yaml").write_text(other, "utf-8")
    says = "1 of them is of evidence that this case does not have: E-COIN."
    assert says in " ".join(sc("run", coin).out.split())
    assert says in (coin / "report" / "index.html").read_text("utf-8")
