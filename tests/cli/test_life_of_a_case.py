"""One case through its life: never run, run, unchanged, changed, refuted, expired, tampered."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.conftest import COIN, Ran, write_case

pytestmark = pytest.mark.slow

Sc = Callable[..., Ran]


def leaf(sc: Sc, folder: Path, *more: str) -> dict:
    found = sc("status", folder, "--json", *more).json
    return {
        **found["leaves"]["E-COIN"],
        "fresh": found["states"]["E-COIN"]["freshness"]["word"],
        "detail": found["states"]["E-COIN"]["freshness"]["detail"],
        "support": found["states"]["RARE"]["support"],
        "verdict": found["verdict"],
    }


def test_never_run_run_and_unchanged(sc_apart: Sc, coin: Path) -> None:
    before = leaf(sc_apart, coin)
    assert (before["fresh"], before["support"]) == ("never run", "open")
    assert sc_apart("status", coin).code == 4
    assert sc_apart("run", coin).code == 0
    after = leaf(sc_apart, coin)
    assert (after["fresh"], after["outcome"], after["support"]) == (
        "fresh",
        "supports",
        "supported",
    )
    # Supported, but nobody stated a credence for the warrants: no confidence, so it cannot hold.
    assert after["verdict"] == "insufficient"
    assert sc_apart("status", coin).code == 4
    log = (coin / "ledger" / "log.jsonl").read_bytes()
    again = sc_apart("run", coin)
    assert again.code == 0
    assert "Nothing is due" in again.out
    assert (coin / "ledger" / "log.jsonl").read_bytes() == log


def test_a_case_holds_when_its_confidence_reaches_the_target(sc: Sc, tmp_path: Path) -> None:
    credence = "credence: {at_least: 0.99, owner: lead, because: seen before}"
    text = COIN.replace(
        "because: It is the coin.", f"because: It is the coin.\n          {credence}"
    )
    text = text.replace(
        "because: Heads are the only route.", f"because: Heads are the only route.\n    {credence}"
    )
    text = text.replace("        owner: lead\n", f"        owner: lead\n        {credence}\n")
    folder = write_case(tmp_path / "c", text, {"items.txt": "x"})
    assert sc("check", folder).code == 0, sc("check", folder).out
    assert sc("run", folder).code == 0
    status = sc("status", folder)
    assert status.code == 0, status.out
    assert sc("status", folder, "--now", "2100-01-01").code == 4


def test_one_character_of_one_item_makes_only_that_leaf_stale(sc: Sc, tmp_path: Path) -> None:
    text = (
        COIN
        + """\
      - claim: OTHER
        says: The other coin too.
        holds_when: rate <= 0.20
        by: {evidence: E-OTHER, method: toy/coin, with: {n: 400, rate: 5}, inputs: [other.txt],
             reads: {rate: rate}, because: It is the other coin.}
"""
    )
    folder = write_case(tmp_path / "c", text, {"items.txt": "abc", "other.txt": "abc"})
    assert sc("run", folder).code == 0
    (folder / "items.txt").write_text("abd", "utf-8")
    found = sc("status", folder, "--json").json
    freshness = found["states"]["E-COIN"]["freshness"]
    assert (freshness["word"], freshness["detail"]) == ("stale", "instrument.files.items.txt")
    assert freshness["causes"][0]["file"] == "items.txt"
    assert found["states"]["E-OTHER"]["freshness"]["word"] == "fresh"
    assert found["states"]["RARE"]["support"] == "open"
    assert found["states"]["OTHER"]["support"] == "supported"
    ran = sc("run", folder, "--json").json
    assert [e["evidence"] for e in ran["ended"]] == ["E-COIN"]
    found = sc("status", folder, "--json").json
    assert found["states"]["E-COIN"]["freshness"]["word"] == "fresh"
    assert len(found["leaves"]["E-COIN"]["attempts"]) == 2
    # The second look is charged: alpha / (2 * 3) instead of alpha / (1 * 2).
    assert found["leaves"]["E-COIN"]["level"] == pytest.approx(1 - 0.05 / 6)
    assert found["leaves"]["E-OTHER"]["level"] == pytest.approx(1 - 0.05 / 2)


@pytest.mark.parametrize(
    ("change", "word", "detail"),
    [
        (("rate: 5}", "rate: 4}"), "stale", "instrument.parameters.rate"),
        (("rate <= 0.20", "rate <= 0.30"), "stale", "criterion"),
        (("scaffold: none", "scaffold: agent"), "not applicable", "subject.scaffold"),
        (
            (
                "          because: It is the coin.",
                "          because: It is the coin.\n          distribution: other throws",
            ),
            "not applicable",
            "another distribution",
        ),
    ],
)
def test_what_changed_is_named(
    sc: Sc, coin: Path, change: tuple[str, str], word: str, detail: str
) -> None:
    sc("run", coin)
    text = (coin / "case.yaml").read_text("utf-8")
    assert change[0] in text
    (coin / "case.yaml").write_text(text.replace(*change), "utf-8")
    found = leaf(sc, coin)
    assert found["fresh"] == word
    assert detail in found["detail"]
    assert found["support"] == "open"


def test_time_alone_makes_evidence_expire(sc: Sc, coin: Path) -> None:
    sc("run", coin)
    assert leaf(sc, coin, "--now", "2090-01-01")["fresh"] == "expired"
    assert leaf(sc, coin, "--now", "2090-01-01")["support"] == "open"


@pytest.mark.parametrize("asked", ["rate <= 0.20", "rate <= 20%", "not rate > 0.2", "rate < 0.21"])
def test_a_refutation_is_not_undone_by_trying_again(sc: Sc, tmp_path: Path, asked: str) -> None:
    bad = COIN.replace("{n: 400, rate: 5}", "{n: 400, failures: 200}")
    folder = write_case(tmp_path / "c", bad, {"items.txt": "x"})
    sc("run", folder)
    found = leaf(sc, folder)
    assert (found["outcome"], found["support"]) == ("refutes", "refuted")
    good = COIN.replace("{n: 400, rate: 5}", "{n: 400, failures: 0}")
    (folder / "case.yaml").write_text(good.replace("rate <= 0.20", asked))
    sc("run", folder)
    found = leaf(sc, folder)
    assert (found["outcome"], found["support"]) == ("supports", "contested")
    assert "E-COIN.EARLIER-REFUTATION" in sc("why", "E-COIN", folder).out


def test_a_claim_with_another_name_has_been_tried_as_often(sc: Sc, tmp_path: Path) -> None:
    bad = COIN.replace("{n: 400, rate: 5}", "{n: 400, failures: 200}")
    folder = write_case(tmp_path / "c", bad, {"items.txt": "x"})
    sc("run", folder)
    good = COIN.replace("{n: 400, rate: 5}", "{n: 400, failures: 0}")
    (folder / "case.yaml").write_text(good, "utf-8")
    sc("run", folder)
    asked = leaf(sc, folder)
    (folder / "case.yaml").write_text(good.replace("RARE", "RENAMED"), "utf-8")
    found = sc("status", folder, "--json").json
    assert found["states"]["E-COIN"]["freshness"]["word"] == "fresh"
    assert found["states"]["RENAMED"]["support"] == asked["support"] == "contested"
    assert found["leaves"]["E-COIN"]["level"] == asked["level"]
    assert "E-COIN.EARLIER-REFUTATION" in sc("why", "E-COIN", folder).out


def test_what_the_result_raises_against_itself_contests_it(sc: Sc, tmp_path: Path) -> None:
    raised = COIN.replace("{n: 400, rate: 5}", "{n: 400, rate: 5, raises: [below-chance]}")
    folder = write_case(tmp_path / "c", raised, {"items.txt": "x"})
    sc("run", folder)
    assert leaf(sc, folder)["support"] == "contested"


def test_a_failed_instrument_check_is_no_support(sc: Sc, tmp_path: Path) -> None:
    text = COIN.replace("{n: 400, rate: 5}", "{n: 400, rate: 5, instrument: false}")
    folder = write_case(tmp_path / "c", text, {"items.txt": "x"})
    sc("run", folder)
    found = leaf(sc, folder)
    assert (found["fresh"], found["support"]) == ("insufficient", "open")
    assert "Nothing is due" in sc("run", folder).out


def test_fewer_items_than_planned_are_no_support(sc: Sc, tmp_path: Path) -> None:
    text = COIN.replace("reads: {rate: rate}", "reads: {rate: rate}\n          plan: {n: 500}")
    folder = write_case(tmp_path / "c", text, {"items.txt": "x"})
    sc("run", folder)
    found = leaf(sc, folder)
    assert (found["fresh"], found["detail"]) == ("insufficient", "n: 400 of 500 planned")
    assert found["support"] == "open"
    assert "Nothing is due" in sc("run", folder).out


def test_exploratory_runs_are_recorded_and_never_count(sc: Sc, coin: Path) -> None:
    assert sc("run", coin, "--exploratory").code == 0
    found = leaf(sc, coin)
    assert (found["fresh"], found["support"]) == ("never run", "open")
    assert [a["exploratory"] for a in found["attempts"]] == [True]


def test_the_criterion_stands_in_the_record_before_the_run(sc: Sc, coin: Path) -> None:
    from safetycase.ledger import fold, read

    sc("run", coin)
    history = fold(read(coin / "ledger"))
    registration, attempt = history.registrations[0], history.attempts[0]
    assert registration.criterion == "rate <= 0.20"
    assert attempt.end_seq is not None
    assert registration.seq < attempt.start_seq < attempt.end_seq


def test_a_flipped_byte_is_found_and_named(sc_apart: Sc, coin: Path) -> None:
    sc_apart("run", coin)
    path = coin / "ledger" / "log.jsonl"
    whole = path.read_bytes()
    lines = whole.split(b"\n")
    for number, line in enumerate(lines[:-1], start=1):
        at = len(b"\n".join(lines[: number - 1])) + (1 if number > 1 else 0) + len(line) // 2
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        done = sc_apart("verify", coin)
        assert done.code == 3
        assert f"record {number}" in done.out or f"line {number}" in done.out
    assert sc_apart("status", coin).code == 3
    path.write_bytes(whole)
    assert sc_apart("verify", coin).code == 0


def test_a_changed_artefact_is_found(sc: Sc, coin: Path) -> None:
    sc("run", coin)
    stored = next(p for p in (coin / "ledger" / "objects").rglob("*") if p.is_file())
    stored.chmod(0o644)
    stored.write_bytes(stored.read_bytes() + b"x")
    assert sc("verify", coin).code == 3


def test_why_reads_from_the_root_to_the_number(sc: Sc, coin: Path) -> None:
    sc("run", coin)
    told = sc("why", "SAFE", coin).out
    for part in ("SAFE", "ROUTES", "RARE", "E-COIN", "rate", "seed", "case.yaml:"):
        assert part in told
    assert sc("why", "SAEF", coin).code == 2
    assert "SAFE" in sc("why", "SAEF", coin).err


def test_a_monitor_that_has_not_reported_keeps_its_claim_open(sc: Sc, coin: Path) -> None:
    text = (coin / "case.yaml").read_text("utf-8")
    text += "monitors:\n  - {monitor: M, says: Live rate, owner: ops, conditions: [RARE]}\n"
    (coin / "case.yaml").write_text(text, "utf-8")
    assert sc("run", coin).code == 0
    assert sc("status", coin, "--json").json["verdict"] == "unknown"
    assert "M has not reported; silence is not safety" in sc("why", "RARE", coin).out


def test_a_planned_leaf_supports_nothing_and_says_so(sc: Sc, coin: Path) -> None:
    text = (coin / "case.yaml").read_text("utf-8")
    text = text.replace("          method: toy/coin\n", "          statistic: the upper bound\n")
    (coin / "case.yaml").write_text(text, "utf-8")
    assert sc("check", coin).code == 0
    ran = sc("status", coin)
    assert ran.code == 4
    assert "1 leaf that nothing executes yet: E-COIN" in ran.out
    said = sc("why", "E-COIN", coin).out
    assert "Nothing executes it yet" in said
    assert "the upper bound" in said
    assert "E-COIN  [planned evidence]" in sc("agenda", coin).out


def test_the_record_names_the_template_a_leaf_comes_from(sc: Sc, tmp_path: Path) -> None:
    template = """\
template: coins
version: 3
title: A coin
source: nobody
says: A test.
parameters:
  bound: {type: probability, says: The bound.}
root:
  claim: RARE
  says: Heads are rare.
  holds_when: "rate <= {bound}"
  by: {evidence: E-COIN, because: It is the coin., reads: {rate: rate}}
"""
    text = COIN[: COIN.index("      - claim: RARE")] + (
        "      - use: coins@3\n        as: ONE\n        with: {bound: 0.2}\n        develops:\n"
        "          E-COIN: {method: toy/coin, with: {n: 400, rate: 5}, valid_for: 90 days}\n"
    )
    folder = write_case(tmp_path / "coins", text, {"templates/coins.yaml": template})
    assert sc("check", folder).out == "5 elements, 0 errors, 0 warnings\n"
    ran = sc("run", folder)
    assert ran.code == 0, ran.err
    status = sc("status", folder, "--json").json
    assert status["states"]["ONE"]["support"] == "supported"
    assert sc("verify", folder).code == 0
    log = (folder / "ledger" / "log.jsonl").read_text("utf-8")
    bodies = [
        json.loads(base64.b64decode(json.loads(line)["payload"])) for line in log.splitlines()
    ]
    said = [b["predicate"]["body"] for b in bodies]
    named = [body["template"] for body in said if "template" in body]
    assert named == [{"name": "coins@3", "sha256": hashlib.sha256(template.encode()).hexdigest()}]
    # The pinned version stands: a changed template is not taken without a changed pin.
    (folder / "templates" / "coins.yaml").write_text(template.replace("version: 3", "version: 4"))
    assert "F041" in sc("check", folder).out
