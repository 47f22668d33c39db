"""The assessment as data."""

from __future__ import annotations

import json
from dataclasses import replace

from safetycase.report import to_json


def keys_sorted(value) -> bool:
    if isinstance(value, dict):
        return list(value) == sorted(value) and all(map(keys_sorted, value.values()))
    return all(map(keys_sorted, value)) if isinstance(value, list) else True


def test_it_is_json_with_sorted_keys(assessment):
    data = to_json(assessment)
    assert json.loads(json.dumps(data, allow_nan=False)) == data
    assert keys_sorted(data)


def test_golden(assessment, golden):
    golden("assessment.json", json.dumps(to_json(assessment), indent=1, ensure_ascii=False))


def test_it_says_what_a_program_needs(assessment):
    data = to_json(assessment)
    assert data["format"] == "safetycase/assessment@1"
    assert data["verdict"] == "unknown"
    assert data["root"] == "SAFE"
    freshness = data["states"]["E-WEIGHTS"]["freshness"]
    assert freshness["word"] == "stale"
    assert freshness["detail"] == "weights of the model assistant"
    leaf = data["leaves"]["E-POISON-TASKS"]["quantities"][0]
    assert leaf["interval"] == {"low": 0.41, "high": 0.59}
    assert data["elements"]["E-CONTROL"]["with"] == {"audit_budget": 0.02}
    assert data["elements"]["RECALL"]["holds_when"] == "recall >= 0.60"
    assert data["elements"]["RECALL"]["element"] == "claim"
    assert data["outline"][0] == {"id": "SAFE", "role": "root", "depth": 0, "reference": False}


def test_numbers_that_json_lacks_become_null(make):
    whole = make()
    leaf = whole.leaves["E-CONTROL"]
    odd = replace(leaf, quantities=(replace(leaf.quantities[0], estimate=float("nan")),))
    data = to_json(replace(whole, leaves={"E-CONTROL": odd}))
    assert data["leaves"]["E-CONTROL"]["quantities"][0]["estimate"] is None
    json.dumps(data, allow_nan=False)


def test_hostile_text_survives_unchanged(spoiled):
    data = to_json(spoiled())
    assert "\x1b[31m\x00\u202e" in data["headline"]
    json.dumps(data)


def test_the_kind_of_an_argument_does_not_hide_that_it_is_one(assessment):
    step = to_json(assessment)["elements"]["PATHS"]
    assert step["element"] == "argument"
    assert step["kind"] == "alternatives"
