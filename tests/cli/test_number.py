"""The number on the command line: why, why --if, plan, the pictures, and the certificate."""

from __future__ import annotations

import json
import shutil
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.conftest import COIN, Ran, write_case

pytestmark = pytest.mark.slow

CASES = Path(__file__).parents[2] / "cases"
Sc = Callable[..., Ran]
SURE = "credence: {at_least: 0.99, owner: lead, because: seen before}"


@pytest.fixture
def pillars(tmp_path: Path) -> Path:
    return Path(shutil.copytree(CASES / "three-pillars", tmp_path / "pillars"))


def test_why_tells_the_number_and_draws_it(sc: Sc, pillars: Path, tmp_path: Path) -> None:
    waterfall, ways = tmp_path / "w.svg", tmp_path / "y.svg"
    told = sc("why", "SAFE", pillars, "--waterfall", waterfall, "--ways", ways)
    assert told.code == 0, told.err
    for part in (
        "Bel 0.95",
        "the lines add up to 1 − Bel",
        "Between Bel and Pl",
        "Weakest links",
        "The worst story",
        "What would change the answer",
        "fully independent",
    ):
        assert part in told.out, part
    for picture in (waterfall, ways):
        assert ET.fromstring(picture.read_text("utf-8")).tag.endswith("svg")
    data = sc("why", "SAFE", pillars, "--json").json
    assert data["breakdown"]["bel"] == pytest.approx(0.9545, abs=1e-4)
    assert sc("status", pillars).code == 0


def test_what_if_says_before_and_after(sc: Sc, pillars: Path) -> None:
    told = sc("why", "SAFE", pillars, "--if", "CANNOT-SCHEME=0.99")
    assert told.code == 0
    assert "SAFE now:" in told.out
    assert "SAFE then:" in told.out
    data = sc("why", "SAFE", pillars, "--if", "WHOLE=0.5", "--json").json
    assert data["after"]["low"] < 0.5 < data["before"]["low"]
    for wrong in ("SAFE=refuted", "NOBODY=open", "WHOLE", "WHOLE=2", "WHOLE=nan"):
        failed = sc("why", "SAFE", pillars, "--if", wrong)
        assert failed.code == 2
        assert "Traceback" not in failed.err


def test_a_certificate_is_checked_and_a_forged_one_rejected(
    sc: Sc, pillars: Path, tmp_path: Path
) -> None:
    file = tmp_path / "proof.json"
    assert sc("why", "SAFE", pillars, "--certificate", file).code == 0
    good = sc("verify", pillars, "--certificate", file)
    assert good.code == 0
    assert "0.885000" in good.out
    whole = json.loads(file.read_text("utf-8"))

    def forged(**change: object) -> Ran:
        (tmp_path / "f.json").write_text(json.dumps({**whole, **change}), "utf-8")
        return sc("verify", pillars, "--certificate", tmp_path / "f.json")

    assert forged(doubt="0.0001").code == 3
    assert forged(format="something else").code == 3
    assert forged(node=0).code == 3
    nodes = json.loads(json.dumps(whole["nodes"]).replace("0.9", "0.999"))
    assert nodes != whole["nodes"]
    assert forged(nodes=nodes).code == 3
    (tmp_path / "f.json").write_text(file.read_text("utf-8")[:-20], "utf-8")
    assert sc("verify", pillars, "--certificate", tmp_path / "f.json").code == 3
    # The proof of one claim is not that of another, nor of the case after an edit.
    assert sc("verify", pillars, "--certificate", file, "--claim", "NO-HARM").code == 3
    assert sc("verify", pillars, "--certificate", file, "--claim", "NOBODY").code == 2
    text = (pillars / "case.yaml").read_text("utf-8")
    (pillars / "case.yaml").write_text(text.replace("at_least: 0.9,", "at_least: 0.8,"), "utf-8")
    assert sc("verify", pillars, "--certificate", file).code == 3


def test_a_plan_gives_items_levels_and_credences(sc: Sc) -> None:
    told = sc("plan", CASES / "scheming-sketch", "--target", "0.95")
    assert told.code == 0
    assert "clean" in told.out
    data = sc("plan", CASES / "scheming-sketch", "--target", "0.95", "--json").json
    doubts = [line["doubt"] for line in data["lines"]]
    assert sum(doubts) == pytest.approx(0.05)
    measured = [line for line in data["lines"] if line["how"] == "measured"]
    assert measured
    assert all(line["n"] > 0 and line["alpha"] < line["doubt"] for line in measured)
    for wrong in ("0", "1", "1.5", "-1", "nan", "x"):
        failed = sc("plan", CASES / "scheming-sketch", "--target", wrong)
        assert failed.code == 2, wrong
    assert sc("plan", CASES / "scheming-sketch", "--through", "NOBODY").code == 2


def test_a_case_without_a_number_says_why(sc: Sc, tmp_path: Path) -> None:
    told = sc("why", "SAFE", CASES / "scheming-sketch")
    assert told.code == 0
    assert "Bel" not in told.out
    failed = sc("why", "SAFE", CASES / "scheming-sketch", "--waterfall", tmp_path / "w.svg")
    assert failed.code == 2
    assert "no number" in failed.err
    assert not (tmp_path / "w.svg").exists()


def test_a_measured_leaf_says_its_run_its_power_and_its_prior(sc: Sc, tmp_path: Path) -> None:
    text = COIN.replace(
        "because: It is the coin.",
        f"because: It is the coin.\n          {SURE}\n"
        "          prior: {holds: 0.5, owner: lead, because: even}",
    )
    text = text.replace("because: Heads are the only", f"{SURE}\n    because: Heads are the only")
    text = text.replace("        owner: lead\n", f"        owner: lead\n        {SURE}\n")
    folder = write_case(tmp_path / "c", text, {"items.txt": "x"})
    assert sc("run", folder).code == 0
    told = sc("why", "SAFE", folder, "--json").json["breakdown"]
    leaf = next(line for line in told["ledger"] if line["id"] == "E-COIN")
    assert leaf["run"]
    for part in ("confidence", "power", "prior"):
        assert part in leaf["note"]
    assert sum(line["doubt"] for line in told["ledger"]) == pytest.approx(1 - told["bel"])
    assert sc("report", folder).code == 0
    page = (folder / "report" / "index.html").read_text("utf-8")
    assert "Bel" in page


def test_a_calculated_claim_has_a_number(sc: Sc, tmp_path: Path) -> None:
    text = COIN.replace(
        """      - claim: RARE
        says: Heads are rare.
""",
        f"""      - claim: FEW
        says: Few heads come up.
        holds_when: heads <= 2000
        by:
          argument: COUNT
          kind: calculation
          rule: calculate
          computes: {{heads: 10000 * rate}}
          because: Throws times rate.
          {SURE}
          premises: [RARE]
claims:
      - claim: RARE
        says: Heads are rare.
""",
    ).replace("because: It is the coin.", f"because: It is the coin.\n          {SURE}")
    text = text.replace("because: Heads are the only", f"{SURE}\n    because: Heads are the only")
    text = text.replace("        owner: lead\n", f"        owner: lead\n        {SURE}\n")
    folder = write_case(tmp_path / "c", text, {"items.txt": "x"})
    assert sc("run", folder).code == 0, sc("check", folder).out
    told = sc("why", "FEW", folder, "--json").json["breakdown"]
    # A rate of 5 % in 400 throws meets 20 % at any level: what is left are the judgements.
    assert told["bel"] == pytest.approx(0.98, abs=1e-6)
    assert {line["id"] for line in told["ledger"]} >= {"COUNT (warrant)", "E-COIN (warrant)"}


def test_declared_independence_of_one_data_set_is_a_finding_and_no_number(
    sc: Sc, pillars: Path
) -> None:
    path = pillars / "case.yaml"
    text = path.read_text("utf-8").replace("kind: common cause", "kind: independent")
    text = text.replace("    beta: 0.2\n", "")
    text = text.replace(
        "among: [CANNOT-SCHEME, CANNOT-HARM, CONTROLLED]", "among: [NO-HARM, CONTROLLED]"
    )
    path.write_text(text, "utf-8")
    checked = sc("check", pillars)
    assert checked.code == 2
    assert "C135" in checked.out
    found = sc("status", pillars, "--json").json
    assert found["verdict"] == "not posed"
    assert found["states"]["SAFE"]["confidence"] is None
