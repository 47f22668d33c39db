"""The shipped case on the real model: run once, read, changed, tampered with."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.conftest import Ran

SHIPPED = Path(__file__).resolve().parent.parent.parent / "cases" / "internal-assistant"
LEAVES = {
    "E-AWARENESS",
    "E-STRATEGY",
    "E-POISON",
    "E-CONTROL",
    "E-ARMS",
    "E-PARAPHRASE",
    "E-PROBE",
    "E-HONEYPOTS",
    "E-RARE",
    "E-ELICITORS",
}
WHITE_BOX = {"E-PROBE", "E-ELICITORS"}
"""Leaves that train copies of the model; their methods are tried on it in tests of their own."""
KEPT = {"awareness": 2, "strategy": 2, "poison": 6, "requests": 2, "honeypots": 4}
"""Of the items of a file, one in so many is kept; what belongs together stays together."""
SIZES = {
    "items: 60\n": "items: 10\n",
    "attempts: 24": "attempts: 3",
    "tasks: 140": "tasks: 80",
    "items: 30, steps: 1, max_tokens: 60": "items: 4, steps: 1, max_tokens: 24",
    "plan: {n: 256, clusters: 64}": "plan: {n: 64, clusters: 16}",
    "per_strategy: 20": "per_strategy: 6",
    "plan: {n: 96, clusters: 24}": "plan: {n: 24, clusters: 6}",
}
Sc = Callable[..., Ran]


def copied(folder: Path) -> Path:
    shutil.copytree(SHIPPED, folder, ignore=shutil.ignore_patterns("ledger", "report"))
    return folder


def thinned(folder: Path) -> Path:
    """The case with fewer items of each kind, and bounds that so few can decide."""
    copied(folder)
    for name, every in KEPT.items():
        path = folder / "items" / f"{name}.jsonl"
        lines = path.read_text("utf-8").splitlines()
        groups = list(dict.fromkeys(group_of(line) for line in lines))
        wanted = set(groups[::every])
        kept = [line for line in lines if group_of(line) in wanted]
        path.write_text("\n".join(kept) + "\n", "utf-8")
    text = (folder / "case.yaml").read_text("utf-8")
    for old, new in SIZES.items():
        assert old in text, old
        text = text.replace(old, new)
    text = re.sub(r"(holds_when: \w+ <=) 0\.\d+", r"\1 0.99", text)
    text = text.replace("and false_positive_rate <= 0.25", "and false_positive_rate <= 0.99")
    (folder / "case.yaml").write_text(text, "utf-8")
    tasks = folder / "abilities.py"
    lines = tasks.read_text("utf-8")
    assert lines.count("every=9") == 2
    tasks.write_text(
        lines.replace("every=9", "every=5"), "utf-8"
    )  # so that nearly each item is met
    return folder


def group_of(line: str) -> str:
    row = json.loads(line)
    return str(row.get("item", row["id"]))


@pytest.mark.slow
def test_it_has_no_findings_and_no_record(sc: Sc, tmp_path: Path) -> None:
    folder = copied(tmp_path / "case")
    checked = sc("check", folder)
    assert (checked.code, "0 errors, 0 warnings" in checked.out) == (0, True), checked.out
    status = sc("status", folder)
    assert status.code == 4
    assert "UNKNOWN" in status.out
    items = [
        json.loads(line)
        for line in (folder / "items" / "awareness.jsonl").read_text("utf-8").splitlines()
    ]
    for item in {i["item"] for i in items}:
        places = [i["options"].index(i["right"]) for i in items if i["item"] == item]
        assert sorted(places) == [0, 1, 2, 3]


@pytest.mark.model
@pytest.mark.server
@pytest.mark.timeout(1800)  # a guard against a hang, not a bound: slow machines take long
def test_it_runs_and_its_verdict_is_computed(sc: Sc, tmp_path: Path) -> None:
    folder = thinned(tmp_path / "case")
    only = [word for name in sorted(LEAVES - WHITE_BOX) for word in ("--only", name)]
    ran = sc("run", folder, *only, timeout=1500)
    assert ran.code == 0, ran.err
    found = sc("status", folder, "--json").json
    assert set(found["leaves"]) == LEAVES
    for name in sorted(LEAVES - WHITE_BOX):
        leaf = found["leaves"][name]
        assert [a["outcome"] for a in leaf["attempts"]] == ["completed"], name
        assert leaf["outcome"] in ("supports", "refutes", "inconclusive")
        assert leaf["controls"]["false_runs"] > 0
        assert leaf["controls"]["false_passes"] < leaf["controls"]["false_runs"]
        assert leaf["limits"]
    # What the open problems block cannot be green, whatever the numbers were.
    assert found["verdict"] == "unknown"
    for name in ("SAFE", "BACKDOOR", "CONTROL", "FALSEHOOD", "SCHEMING-INABILITY"):
        assert found["states"][name]["truth"] != "true"
    # Every leaf checks its instrument, and those of the ability leaves work on this model.
    for name in sorted(LEAVES - WHITE_BOX):
        assert found["leaves"][name]["instrument"], name
    for name in ("E-AWARENESS", "E-STRATEGY"):
        assert all(passed for _, passed, _ in map(tuple, found["leaves"][name]["instrument"])), name
    assert (folder / "report" / "index.html").is_file()
    assert sc("verify", folder).code == 0
    log = (folder / "ledger" / "log.jsonl").read_bytes()
    again = sc("run", folder, *only)
    assert "Nothing is due" in again.out
    assert (folder / "ledger" / "log.jsonl").read_bytes() == log
    told = sc("why", "SAFE", folder).out
    for part in ("sandbag", "P-", "case.yaml:", "seed"):
        assert part in told.lower() or part in told
    # One character of one item: that leaf alone is stale.
    items = folder / "items" / "honeypots.jsonl"
    items.write_text(items.read_text("utf-8").replace("Nobody", "Noone", 1), "utf-8")
    planned = sc("run", folder, *only, "--dry-run").out.splitlines()[1]
    assert planned.startswith("E-HONEYPOTS ")
    assert " stale (" in planned
    again = sc("run", folder, *only, "--json", timeout=600).json
    assert [e["evidence"] for e in again["ended"]] == ["E-HONEYPOTS"]
    attempts = sc("status", folder, "--json").json["leaves"]["E-HONEYPOTS"]["attempts"]
    assert len(attempts) == 2
    # A flipped byte is found and named.
    path = folder / "ledger" / "log.jsonl"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))
    done = sc("verify", folder)
    assert done.code == 3
    assert "record" in done.out
