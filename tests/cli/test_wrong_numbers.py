"""A stated number that is none is a finding for every verb, never a traceback, and buys nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.conftest import COIN, Ran, write_case

pytestmark = pytest.mark.slow

Sc = Callable[..., Ran]
OWNED = "owner: lead\n        credence: {%s, owner: lead, because: seen before}\n"
STEP = "because: It is the coin.\n          "


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("owner: lead\n", OWNED % "at_least: 2"),
        ("owner: lead\n", OWNED % "at_least: -0.1"),
        ("owner: lead\n", OWNED % "at_least: 0.9, at_most: 0.5"),
        (
            "because: Heads are the only route.\n",
            "because: Heads are the only route.\n"
            "    credence: {at_least: 99, owner: lead, because: seen before}\n",
        ),
        ("because: It is the coin.\n", STEP + "level: 2\n"),
        ("because: It is the coin.\n", STEP + "plan: {n: 400, cost_per_item: -1}\n"),
        ("target: 0.90", "target: 2"),
    ],
)
def test_a_number_out_of_range_is_a_finding_of_every_verb(
    sc: Sc, tmp_path: Path, old: str, new: str
) -> None:
    assert old in COIN
    folder = write_case(tmp_path / "c", COIN.replace(old, new, 1), {"items.txt": "x"})
    checked = sc("check", folder)
    assert (checked.code, "C107" in checked.out) == (2, True), checked.out + checked.err
    assert sc("status", folder).code == 2
    for words in (("plan", folder), ("agenda", "list", folder), ("why", "SAFE", folder)):
        done = sc(*words)
        assert done.code != 70, done.err
        assert "Traceback" not in done.err


@pytest.mark.parametrize("doubt", ["2", "-1"])
def test_a_doubt_out_of_range_accepts_nothing(sc: Sc, tmp_path: Path, doubt: str) -> None:
    accepted = f"accepted: {{doubt: {doubt}, because: r, owner: o, expires: 2099-01-01}}"
    text = COIN + f"defeaters:\n  - {{defeater: D, against: RARE, says: No., {accepted}}}\n"
    folder = write_case(tmp_path / "c", text, {"items.txt": "x"})
    done = sc("status", folder)
    assert (done.code, "Traceback" in done.err) == (2, False), done.err
    assert sc("status", folder, "--json").json["states"]["RARE"]["support"] == "contested"


def test_a_cost_that_cannot_be_added_up_is_none(sc: Sc, tmp_path: Path) -> None:
    plan = f"plan: {{n: 1{'0' * 20}, cost_per_item: 1e300, cost_fixed: 1e308}}\n"
    text = COIN.replace("because: It is the coin.\n", STEP + plan)
    folder = write_case(tmp_path / "c", text, {"items.txt": "x"})
    done = sc("agenda", "list", folder)
    assert (done.code, "Traceback" in done.err) == (0, False), done.err


def test_an_interval_asked_for_is_the_interval_written(sc: Sc, tmp_path: Path) -> None:
    text = COIN.replace("owner: lead\n", OWNED % "at_least: 0.9", 1)
    asked = write_case(tmp_path / "a", text, {"items.txt": "x"})
    done = sc("why", "SAFE", asked, "--if", "REGISTRY-COMPLETE=0.5..0.6", "--json")
    assert done.code == 0, done.err
    for word in ("0.5..", "0..5..6", "..", "0.6..0.5", "2", "1..2"):
        assert sc("why", "SAFE", asked, "--if", f"REGISTRY-COMPLETE={word}").code == 2, word


def test_what_if_says_what_the_edited_file_says(sc: Sc, tmp_path: Path) -> None:
    from tests.conftest import HEADER

    text = HEADER + (
        "root:\n  claim: SAFE\n  says: It is safe.\n  by:\n    argument: S\n"
        "    kind: decomposition\n    because: Nothing else.\n"
        "    credence: {at_least: 0.99, owner: o, because: b}\n    premises:\n"
        "      - {assumption: REGISTRY-COMPLETE, says: All runs., owner: o, expires: 2099-03-01,\n"
        "         credence: {at_least: 0.9, at_most: 1, owner: o, because: b}}\n"
    )
    asked = write_case(tmp_path / "a", text)
    edited = write_case(tmp_path / "b", text.replace("0.9, at_most: 1", "0.5, at_most: 0.6"))
    told = sc("why", "SAFE", asked, "--if", "REGISTRY-COMPLETE=0.5..0.6", "--json").json
    found = sc("status", edited, "--json").json["states"]["SAFE"]["confidence"]
    assert (told["after"]["low"], told["after"]["high"]) == (found["low"], found["high"])
    assert found["low"] == pytest.approx(0.49)


@pytest.mark.parametrize("alias", ["./items.txt", "d/../items.txt", ".//items.txt"])
def test_another_spelling_of_an_input_does_not_make_leaves_independent(
    sc: Sc, tmp_path: Path, alias: str
) -> None:
    text = COIN + (
        "      - claim: OTHER\n        says: So is it.\n        holds_when: rate <= 0.20\n"
        f"        by: {{evidence: E-OTHER, method: toy/coin, inputs: ['{alias}'],"
        " reads: {rate: rate}, because: It is.}\n"
        "dependences:\n  - {dependence: X, says: Apart., kind: independent,"
        " among: [E-COIN, E-OTHER], because: b, owner: o,"
        " credence: {at_least: 0.9, owner: o, because: b}}\n"
    )
    folder = write_case(tmp_path / "c", text, {"items.txt": "x", "d/x": ""})
    assert "C135" in sc("check", folder).out
