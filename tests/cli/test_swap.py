"""`diff --with`: another oversight method in the same case, and every method in one table."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.conftest import Ran

CASES = Path(__file__).parents[2] / "cases"
SKETCH = CASES / "debate-sketch"
Sc = Callable[..., Ran]


@pytest.mark.slow
def test_what_goes_comes_and_survives(sc: Sc) -> None:
    found = sc("diff", SKETCH, "--with", "method=prover-estimator", "--json").json
    assert found["parameter"] == "OVERSIGHT.oversight"
    assert (found["before"], found["after"]) == ("debate", "prover-estimator")
    gone = {p["id"] for p in found["gone"]}
    assert "OVERSIGHT/KC2-1-THEORY-DEBATE" in gone
    assert all("KC2" in name for name in gone)
    come = {p["id"] for p in found["come"]}
    assert come == {name.replace("DEBATE", "PROVER-ESTIMATOR") for name in gone}
    survived = {p["id"] for p in found["survived"]}
    assert {f"OVERSIGHT/OP{i}" for i in range(1, 12)} <= survived
    assert {"OVERSIGHT/KC1", "OVERSIGHT/KC3", "OVERSIGHT/KC4"} <= survived
    assert found["verdict"] == {"before": "unknown", "after": "unknown"}
    told = sc("diff", SKETCH, "--with", "method=prover-estimator").out
    assert "Survived, open problems:" in told
    assert "Verdict: unknown with both" in told


@pytest.mark.slow
def test_the_swapped_case_is_the_sketch_that_ships_with_that_method(sc: Sc) -> None:
    swapped = sc("status", SKETCH, "--with", "oversight=prover-estimator", "--json").json
    shipped = sc("status", CASES / "debate-sketch-prover-estimator", "--json").json
    words = lambda found: {n: s["support"] for n, s in found["states"].items()}  # noqa: E731
    assert words(swapped) == words(shipped)


@pytest.mark.slow
def test_every_method_in_one_table(sc: Sc) -> None:
    found = sc("diff", SKETCH, "--with", "method=all", "--json").json
    assert len(found["methods"]) >= 12
    by = {p["id"]: p for p in found["problems"]}
    everywhere = [name for name, p in by.items() if p["needed"] == len(found["methods"])]
    assert "OVERSIGHT/OP1" in everywhere
    assert by["OVERSIGHT/OP4"]["under"]["debate"] == "needed"
    assert "weak-to-strong" not in by["OVERSIGHT/OP4"]["under"]
    assert by["OVERSIGHT/OP-KC2-1-CRITIQUE"]["needed"] == 1
    told = sc("diff", SKETCH, "--with", "method=all").out
    assert f"{len(found['methods'])} of {len(found['methods'])}" in told


@pytest.mark.parametrize(
    ("word", "says"),
    [
        ("method=debat", "cannot be `debat`"),
        ("mthod=debate", "has a parameter `mthod`"),
        ("method", "no PARAMETER=VALUE"),
        ("queries=all", "is no choice"),
    ],
)
def test_what_cannot_be_swapped_is_said(sc: Sc, word: str, says: str) -> None:
    done = sc("diff", SKETCH, "--with", word)
    assert done.code == 2
    assert says in done.out + done.err


@pytest.mark.parametrize("verb", ["diff", "status"])
@pytest.mark.parametrize(
    ("word", "says"), [("tau=2", "not between 0 and 1"), ("equilibrium_gap=abc", "not a number")]
)
def test_a_value_of_the_wrong_kind_drops_no_argument(
    sc: Sc, verb: str, word: str, says: str
) -> None:
    done = sc(verb, SKETCH, "--with", word)
    assert done.code == 2
    assert says in done.out + done.err
    assert "gone" not in done.out


def test_two_versions_and_a_swap_are_two_questions(sc: Sc) -> None:
    done = sc("diff", SKETCH, SKETCH, "--with", "method=debate")
    assert done.code == 2
    assert "name no REV2" in done.err


@pytest.mark.slow
def test_the_case_as_it_would_be_has_reasons_and_a_page(sc: Sc, tmp_path: Path) -> None:
    told = sc("why", "OVERSIGHT/KC2-1", SKETCH, "--with", "method=consultancy").out
    assert "KC2-1-THEORY-CONSULTANCY" in told
    assert "KC2-1-THEORY-DEBATE" not in told
    status = sc("status", SKETCH, "--with", "method=consultancy").out
    assert "Taken with method=consultancy; the case file says otherwise." in status
    page = tmp_path / "page.html"
    assert sc("report", SKETCH, "--with", "method=consultancy", "--out", page).code == 0
    assert "KC2-1-THEORY-CONSULTANCY" in page.read_text("utf-8")


def test_a_template_that_cannot_be_instantiated_leaves_nothing_supported(
    sc: Sc, tmp_path: Path
) -> None:
    folder = tmp_path / "case"
    folder.mkdir()
    text = (SKETCH / "case.yaml").read_text("utf-8")
    wrong = text.replace(
        "          bad_actions: 30\n", "          bad_actions: 30\n          tau: 2\n"
    )
    assert wrong != text
    (folder / "case.yaml").write_text(wrong, "utf-8")
    done = sc("status", folder)
    assert done.code == 2
    assert "NOT POSED" in done.out


@pytest.mark.slow
def test_a_challenge_against_what_the_swap_takes_out_bears_on_the_root(
    sc: Sc, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = Path(shutil.copytree(SKETCH, tmp_path / "case", ignore=lambda *_: ["ledger"]))
    monkeypatch.setenv("SAFETYCASE_KEY", str(tmp_path / "key.pem"))
    gone = "OVERSIGHT/KC2-1-THEORY-DEBATE"
    assert sc("record", "keys", "init", folder, "--owner", "Ada").code == 0
    words = ("--severity", "major", "--says", "Which debate?", "--yes")
    assert sc("review", "challenge", gone, folder, *words).code == 0
    as_it_is = sc("status", folder, "--json").json["states"]
    assert (as_it_is[gone]["support"], as_it_is["C1"]["support"]) == ("contested", "supported")
    swapped = sc("status", folder, "--with", "method=prover-estimator", "--json").json
    case = folder / "case.yaml"
    text = case.read_text("utf-8")
    assert "method: debate" in text or "oversight: debate" in text
    for key in ("method", "oversight"):
        text = text.replace(f"{key}: debate", f"{key}: prover-estimator")
    case.write_text(text, "utf-8")
    written = sc("status", folder, "--json").json
    for found in (swapped, written):
        assert gone not in found["states"]
        (raised,) = found["review"]["challenges"]
        assert (raised["element"], raised["targets"]) == (None, ["SAFE"])
    words_of = lambda found: {n: s["support"] for n, s in found["states"].items()}  # noqa: E731
    assert words_of(swapped) == words_of(written)
