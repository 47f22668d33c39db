"""The debate case: nothing is wrong with it, its exact leaves run, and a swap shows."""

from __future__ import annotations

import runpy
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.conftest import Ran

SHIPPED = Path(__file__).resolve().parent.parent.parent / "cases" / "debate"
METHODS = ("debate", "prover-estimator", "single-prover", "weak-to-strong", "consistency-training")
QUICK = (
    "KC1-1-COST",
    "KC2-1-EVERY",
    "KC2-1-THEORY-{}",
    "KC2-1-ATTACK-{}",
    "KC4-2-WORST",
    "KC4-2-TAIL",
)
RANDOM = "OVERSIGHT/E-KC4-2-RANDOM"
Sc = Callable[..., Ran]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    ignored = shutil.ignore_patterns("ledger", "report")
    return Path(shutil.copytree(SHIPPED, tmp_path / "debate", ignore=ignored))


@pytest.mark.slow
def test_nothing_is_wrong_with_it(sc: Sc, folder: Path) -> None:
    checked = sc("check", folder)
    assert (checked.code, "0 errors, 1 warning" in checked.out) == (0, True), checked.out
    # The worst placement of errors is computed, and is known not to meet what is asked.
    assert "even the best result of `OVERSIGHT/E-KC4-2-WORST` cannot decide" in checked.out
    assert "it is computed from given numbers" in checked.out
    for method in METHODS:
        found = sc("status", folder, "--with", f"method={method}", "--json")
        assert found.code == 4, found.out + found.err
        assert [f for f in found.json["findings"] if f["severity"] == "error"] == []


def run(sc: Sc, folder: Path, method: str) -> None:
    only = [f"OVERSIGHT/E-{name.format(method.upper())}" for name in QUICK]
    words = [word for name in only for word in ("--only", name)]
    done = sc("run", folder, "--with", f"method={method}", *words, timeout=280)
    assert done.code == 0, done.err


@pytest.mark.slow
def test_exact_leaves_run_and_a_swap_changes_what_it_should(sc: Sc, folder: Path) -> None:
    run(sc, folder, "debate")
    found = sc("status", folder, "--json").json
    outcomes = {name: leaf["outcome"] for name, leaf in found["leaves"].items()}
    assert outcomes["OVERSIGHT/E-KC1-1-COST"] == "supports"
    assert outcomes["OVERSIGHT/E-KC2-1-EVERY"] == "supports"
    # A judge that errs as often as the input is allowed to leaves the statement nothing to promise.
    assert outcomes["OVERSIGHT/E-KC2-1-THEORY-DEBATE"] == "inconclusive"
    theory = found["leaves"]["OVERSIGHT/E-KC2-1-THEORY-DEBATE"]["quantities"][0]
    assert theory["interval"]["high"] == pytest.approx(0.35 + 2 * 0.004, abs=1e-3)
    assert outcomes["OVERSIGHT/E-KC2-1-ATTACK-DEBATE"] == "refutes"
    assert outcomes["OVERSIGHT/E-KC4-2-TAIL"] == "supports"
    assert outcomes["OVERSIGHT/E-KC4-2-WORST"] == "inconclusive"
    assert found["verdict"] == "unknown"

    run(sc, folder, "prover-estimator")
    swap = sc("diff", folder, "--with", "method=prover-estimator", "--json").json
    assert swap["outcomes"]["OVERSIGHT/E-KC2-1-EVERY"] == {"before": "supports", "after": "refutes"}
    said = sc("why", "OVERSIGHT/KC2-1-EVERY", folder, "--with", "method=prover-estimator").out
    told = " ".join(said.split())
    assert "No part of that range meets it" in told
    assert "--with method=prover-estimator" in told
    assert sc("verify", folder).code == 0


@pytest.mark.slow
def test_the_game_bounds_its_tests_and_no_other_purpose(sc: Sc, folder: Path) -> None:
    only = ("--only", "E-SEARCH", "--only", "E-SEARCH-OUTSIDE", "--only", RANDOM)
    done = sc("run", folder, *only, timeout=280)
    assert done.code == 0, done.err
    leaves = sc("status", folder, "--json").json["leaves"]
    inside, outside = leaves["E-SEARCH"], leaves["E-SEARCH-OUTSIDE"]
    assert (inside["outcome"], outside["outcome"]) == ("supports", "refutes")
    assert inside["quantities"][0]["interval"]["high"] == pytest.approx(0.009, abs=1e-6)
    assert outside["quantities"][0]["interval"]["low"] == pytest.approx(0.5, abs=1e-6)
    # As the README says: a thousand answers, all there are, cannot show an advantage of 1 %.
    (advantage,) = leaves[RANDOM]["quantities"]
    assert leaves[RANDOM]["outcome"] == "inconclusive"
    assert advantage["interval"]["low"] == 0.0
    assert advantage["interval"]["high"] == pytest.approx(0.17, abs=0.005)
    assert all(passed for _, passed, _ in leaves[RANDOM]["instrument"])


def test_the_answers_are_what_their_script_makes(tmp_path: Path) -> None:
    runpy.run_path(str(SHIPPED / "items" / "make_answers.py"))["main"](tmp_path)
    shipped = (SHIPPED / "items" / "answers.jsonl").read_bytes()
    assert (tmp_path / "answers.jsonl").read_bytes() == shipped


@pytest.mark.slow
def test_the_same_problems_stay_needed_whatever_the_method(sc: Sc, folder: Path) -> None:
    found = sc("diff", folder, "--with", "method=all", "--json").json
    needed = {p["id"]: p["needed"] for p in found["problems"]}
    everywhere = {name for name, count in needed.items() if count == len(found["methods"])}
    assert everywhere == {f"OVERSIGHT/OP{n}" for n in (1, 2, 3, 6, 7, 8, 9)}
    assert needed["OVERSIGHT/OP4"] == 7
    assert needed["OVERSIGHT/OP5"] == 5
