"""The rules about live monitors, and the digest by which their signals are known."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from safetycase.argument.expression import parse
from safetycase.argument.model import Canaries, Duration, Monitor
from safetycase.checks.monitors import indicator_digest

DAY, HOURS = Duration(text="1 day", seconds=86400), Duration(text="24 hours", seconds=86400)
WEEK = Duration(text="1 week", seconds=604800)
CANARIES = Canaries(recall=0.9, at_least=0.8)
MONITOR = Monitor(
    id="RECALL", says="Recall.", owner="ops", alarm_when=parse("recall < 0.8"), window=DAY
)


@pytest.mark.parametrize(
    "change",
    [
        {"says": "Other words."},
        {"owner": "somebody else"},
        {"conditions": ("ROOT",)},
        {"answer_within": WEEK},
        {"reconstructed": True},
        {"alarm_when": parse("0.8 > recall")},
        {"alarm_when": parse("recall < 80 %")},
        {"alarm_when": parse("recall < 4/5")},
        {"metric": "recall"},
        {"window": HOURS},
    ],
)
def test_what_measures_the_same_has_the_same_digest(change: dict[str, Any]) -> None:
    changed = dataclasses.replace(MONITOR, **change)
    assert indicator_digest(changed) == indicator_digest(MONITOR)


CHANGES: list[dict[str, Any]] = [
    {"id": "OTHER"},
    {"alarm_when": parse("recall < 0.79")},
    {"alarm_when": parse("recall <= 0.8")},
    {"alarm_when": parse("recall > 0.8")},
    {"alarm_when": parse("hits < 0.8")},
    {"alarm_when": parse("recall < 0.8 or hits < 0.2")},
    {"alarm_when": None},
    {"metric": "hits"},
    {"kind": "mean"},
    {"detector": "restarted"},
    {"alternative": (0.7,)},
    {"alternative": (0.7, 0.6)},
    {"budget": 0.01},
    {"run_length": 100_000},
    {"weight_at_most": 20.0},
    {"warns_only": True},
    {"reference": "features.jsonl"},
    {"canaries": CANARIES},
    {"canaries": dataclasses.replace(CANARIES, metric="canary.caught")},
    {"canaries": dataclasses.replace(CANARIES, recall=0.95)},
    {"canaries": dataclasses.replace(CANARIES, at_least=0.5)},
    {"canaries": dataclasses.replace(CANARIES, budget=0.02)},
    {"window": WEEK},
    {"window": None},
    {"heartbeat": DAY},
    {"silent_after": DAY},
    {"loss": 0.01},
]


def test_every_other_field_changes_the_digest_to_one_of_its_own() -> None:
    digests = {indicator_digest(dataclasses.replace(MONITOR, **change)) for change in CHANGES}
    assert len(digests | {indicator_digest(MONITOR)}) == len(CHANGES) + 1


def test_a_field_that_is_new_is_decided_about() -> None:
    """A field that the digest forgets would let two definitions pass for one."""
    inert = {"says", "owner", "conditions", "answer_within", "reconstructed"}
    changed = {name for change in CHANGES for name in change}
    assert {f.name for f in dataclasses.fields(Monitor)} == changed | inert


def test_the_digest_is_the_same_on_every_machine() -> None:
    assert indicator_digest(MONITOR) == (
        "31e35d8b3559060676246ca6dfd862cda437ae0f1b7c3cf47ddfc57ea74d4fa8"
    )
