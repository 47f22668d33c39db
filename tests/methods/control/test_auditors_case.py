"""A case about control over time runs on the command line, and says what is wrong with a file."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.conftest import Ran, write_case
from tests.methods.control.test_auditors import line as item_line
from tests.methods.control.test_drift import lines as score_lines
from tests.methods.control.test_lineage import line as judgement_line

from safetycase.methods.control.attestations import planted as attestations_planted
from safetycase.methods.control.auditors import planted as auditors_planted
from safetycase.methods.control.drift import planted as drift_planted
from safetycase.methods.control.identity import planted as identity_planted
from safetycase.methods.control.lineage import planted as lineage_planted

AUDITORS = {
    "auditors": [{"name": f"auditor {n}"} for n in range(3)],
    "first_month": "2025-01",
    "record_end": "2025-06-30",
}
LINEAGE = {"long_tokens": 100_000, "deployed_tokens": 200_000, "false_alarm_rate": 0.05}
MANIFESTS = {"evaluated": "e.json", "deployed": "d.json", "as_of": "2026-11-20"}
ATTESTED = {
    "required": [
        {"property": name, "sha256": digest or "a" * 64}
        for name, digest in attestations_planted.REQUIRED
    ],
    "as_of": attestations_planted.AS_OF,
}
SEALED = ["0.json", "1.json", "2.json"]
Leaf = tuple[str, dict[str, Any], list[str], str]
LEAVES: dict[str, Leaf] = {
    "AUDITORS": ("auditors", AUDITORS, ["i.jsonl"], "worst_month_recall >= 0.7"),
    "DRIFT": ("monitor-drift", {"threshold": 2.0, "seeded": 60}, ["s.jsonl"], "drift <= 0.3"),
    "LINEAGE": ("lineage", LINEAGE, ["j.jsonl"], "off_lineage_recall >= 0.7"),
    "IDENTITY": ("identity", MANIFESTS, ["e.json", "d.json"], "differences <= 0"),
    "ATTESTED": ("attestations", ATTESTED, SEALED, "invalid <= 0"),
}


def files() -> dict[str, str]:
    def joined(rows: Any) -> str:
        return "\n".join(json.dumps(row) for row in rows)

    items = auditors_planted.items(auditors_planted.World(), 2)
    scores = drift_planted.streams(drift_planted.World(), 2)
    judgements = lineage_planted.judgements(lineage_planted.World(), 2)
    one, other = identity_planted.planted("the same")
    return attestations_planted.sealed() | {
        "i.jsonl": joined(item_line(item) for item in items),
        "s.jsonl": joined(score_lines(scores)),
        "j.jsonl": joined(judgement_line(row) for row in judgements),
        "e.json": one,
        "d.json": other,
    }


def case(folder: Path, content: dict[str, str]) -> Path:
    claims = []
    for name, (method, words, inputs, holds) in LEAVES.items():
        used = words | ({"keys": [attestations_planted.pem()]} if name == "ATTESTED" else {})
        leaf = {"evidence": f"E-{name}", "method": f"control/{method}", "with": used}
        leaf |= {"inputs": inputs, "valid_for": "30 days", "because": "It is what is deployed."}
        leaf["reads"] = {holds.split()[0]: holds.split()[0]}
        says = f"The measures still work ({name.lower()})."
        claims.append({"claim": name, "says": says, "holds_when": holds, "by": leaf})
    whole = {
        "case": "over-time",
        "title": "Control that still works",
        "maturity": "sketch",
        "target": 0.5,
        "decision": {"supports": "trying this out", "owner": "me", "expires": "2099-01-01"},
        "models": {"agent": {"weights": "hypothetical", "provider": "none"}},
        "system": {"model": "agent", "scaffold": "none"},
        "deployment": {
            "users": "1 team",
            "volume": "100 tasks per month",
            "horizon": "1 month",
            "distribution": "tasks",
        },
        "harm": {"what": "a backdoor is merged", "mistake": "a backdoor"},
        "root": {
            "claim": "STILL",
            "says": "The control measures still work.",
            "by": {
                "argument": "PARTS",
                "kind": "decomposition",
                "because": "These are the ways in which they could have stopped working.",
                "premises": claims,
            },
        },
    }
    return write_case(folder, yaml.safe_dump(whole, sort_keys=False), content)


@pytest.mark.slow
def test_all_five_support_their_claims(tmp_path: Path, sc: Callable[..., Ran]) -> None:
    folder = case(tmp_path / "sound", files())
    ran = sc("run", folder)
    assert ran.code == 0, ran.out + ran.err
    leaves = sc("status", folder, "--json").json["leaves"]
    outcomes = {name: leaf["outcome"] for name, leaf in leaves.items()}
    assert outcomes == {f"E-{name}": "supports" for name in LEAVES}
    later = sc("status", folder, "--now", "2098-01-01T00:00:00Z").out
    assert later.count("expired") >= 5


@pytest.mark.slow
def test_each_says_which_file_and_line_cannot_stand(tmp_path: Path, sc: Callable[..., Ran]) -> None:
    bad = files()
    wrong = {
        "i.jsonl": bad["i.jsonl"] + '\n{"item": "x", "auditor": "nobody"}',
        "s.jsonl": bad["s.jsonl"] + '\n{"stream": "live", "seeded": false, "score": NaN}',
        "j.jsonl": bad["j.jsonl"] + "\n[]",
        "d.json": bad["d.json"].replace("2026-11-18", "soon"),
        "1.json": '{"payload": 1}',
    }
    ran = sc("run", case(tmp_path / "bad", bad | wrong))
    said = " ".join((ran.out + ran.err).split())
    for words in (
        "`i.jsonl` line 721: `month` is missing",
        "`s.jsonl` line 1321: `NaN` is no number of JSON",
        "`j.jsonl` line 961: the line is [], where an object is expected",
        "`d.json`: `collected` is 'soon'; write YYYY-MM-DD",
        "`1.json`: `payloadType` is None",
    ):
        assert words in said, said
