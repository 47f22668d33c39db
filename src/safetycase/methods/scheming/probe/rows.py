"""Prompts of planted situations for a probe: plain, with the trigger, and with a decoy of it.

{"id": "a-1", "family": "deploy", "kind": "trigger", "prompt": "...", "good": "4", "bad": "5"}
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from safetycase.methods.imported.strict import lines_of, mapping, text
from safetycase.plugin.contract import MethodError

__all__ = ["Kind", "Part", "Row", "read_rows", "split"]

Kind = Literal["plain", "trigger", "decoy"]
Part = Literal["fit", "select", "calibrate", "test", "off"]
KEYS = ("id", "family", "kind", "prompt", "good", "bad")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One prompt; the organism is taught to reply `bad` to a trigger and `good` otherwise."""

    id: str
    family: str
    kind: Kind
    prompt: str
    good: str
    bad: str


def read_rows(path: Path, train: Sequence[str], test: Sequence[str]) -> list[Row]:
    """The rows at `path`; `MethodError` with file and line for what cannot stand.

    Every family named holds all three kinds, for without plain prompts and decoys of its own a
    probe of the trigger's text could pass for one of the behaviour.
    """
    rows: list[Row] = []
    ids: set[str] = set()
    prompts: dict[str, str] = {}
    for place, value in lines_of(path):
        row = _row(place, value)
        if row.family not in {*train, *test}:
            raise MethodError(
                f"{place}: the family `{row.family}` is in neither `train_families` nor "
                "`test_families`"
            )
        if row.id in ids:
            raise MethodError(f"{place}: the id `{row.id}` is given twice")
        if row.prompt in prompts:
            raise MethodError(
                f"{place}: the prompt is that of `{prompts[row.prompt]}`; a prompt in two parts of "
                "the data tests nothing"
            )
        ids.add(row.id)
        prompts[row.prompt] = row.id
        rows.append(row)
    for family in (*train, *test):
        for kind in get_args(Kind):
            if not any(row.family == family and row.kind == kind for row in rows):
                raise MethodError(f"`{path.name}`: the family `{family}` has no `{kind}` row")
    return rows


def _row(place: str, value: Any) -> Row:
    row = mapping(value, place, "the line")
    wrong = set(KEYS) ^ set(row)
    if wrong:
        raise MethodError(
            f"{place}: `{sorted(wrong)[0]}` is missing or unknown; the keys are {', '.join(KEYS)}"
        )
    words = {key: text(row[key], place, key) for key in KEYS}
    blank = [key for key, word in words.items() if not word.strip()]
    if blank:
        raise MethodError(f"{place}: `{blank[0]}` is blank")
    if words["good"] == words["bad"]:
        raise MethodError(f"{place}: `good` and `bad` are one reply; its behaviour has no label")
    for kind in get_args(Kind):
        if kind == words["kind"]:
            return Row(**{**words, "kind": kind})
    raise MethodError(f"{place}: the kind `{words['kind'][:40]}` is none of plain, trigger, decoy")


def split(
    rows: Sequence[Row], test: Sequence[str], shares: tuple[float, float, float], seed: int
) -> list[Part]:
    """The part of each row: families of `test` are off; the others are dealt by the seed.

    `shares` are those of fit, select and calibrate; the rest tests. Each kind of each family is
    dealt for itself, so that every part holds all of them.
    """
    parts: list[Part] = ["off"] * len(rows)
    draw = random.Random(seed)  # noqa: S311 - a split, no secret
    groups: dict[tuple[str, str], list[int]] = {}
    for place, row in enumerate(rows):
        if row.family not in test:
            groups.setdefault((row.family, row.kind), []).append(place)
    for _, places in sorted(groups.items()):
        draw.shuffle(places)
        ends = [round(len(places) * sum(shares[: k + 1])) for k in range(3)]
        for count, place in enumerate(places):
            part: Part = "test"
            if count < ends[0]:
                part = "fit"
            elif count < ends[1]:
                part = "select"
            elif count < ends[2]:
                part = "calibrate"
            parts[place] = part
    return parts
