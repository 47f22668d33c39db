"""Cases of several files: interfaces, contracts, and a cache that pays only for what changed."""

from __future__ import annotations

from typing import Any

import pytest
from tests.conftest import HEADER

from safetycase.argument.load import Loaded, load_files
from safetycase.argument.model import Claim

CASE = (
    HEADER
    + """\
modules: {training: training.yaml, game: parts/game.yaml}
root:
  claim: SAFE
  says: It is safe.
  by: {argument: A, kind: decomposition, because: b, premises: [training/LEARNED, game/HONEST]}
arguments:
  - argument: CON
    concludes: training/CONVERGED
    kind: substitution
    because: b
    premises: [game/HONEST]
defeaters:
  - {defeater: D, against: game/INNER, says: A doubt may aim at anything.}
"""
)
TRAINING = """\
module: training
title: Training
public: [LEARNED]
needs: [CONVERGED]
claims:
  - claim: LEARNED
    says: l
    by: {argument: S, kind: decomposition, because: b, premises: [CONVERGED]}
  - {claim: CONVERGED, says: c}
"""
GAME = """\
module: game
title: The game
public: [HONEST]
claims:
  - {claim: HONEST, says: h, by: {argument: S, kind: decomposition, because: b, premises: [INNER]}}
  - {claim: INNER, says: i}
"""
FILES = {"case.yaml": CASE, "training.yaml": TRAINING, "parts/game.yaml": GAME}


def read(**changes: tuple[str, str]) -> Loaded:
    texts = dict(FILES)
    for name, (old, new) in changes.items():
        file = {"case": "case.yaml", "training": "training.yaml", "game": "parts/game.yaml"}[name]
        assert old in texts[file]
        texts[file] = texts[file].replace(old, new)
    return load_files(texts)


def test_modules_join_into_one_case() -> None:
    loaded = read()
    assert loaded.findings == ()
    case = loaded.case
    assert case is not None
    assert set(case.elements) == {
        "SAFE", "A", "CON", "D", "training/LEARNED", "training/S", "training/CONVERGED",
        "game/HONEST", "game/S", "game/INNER",
    }  # fmt: skip
    converged = case.elements["training/CONVERGED"]
    assert isinstance(converged, Claim)
    assert converged.by == "CON"
    assert case.modules["training"].public == ("training/LEARNED",)
    assert case.modules["training"].needs == ("training/CONVERGED",)
    assert str(case.span("game/INNER", "says")) == "parts/game.yaml:6:26"


@pytest.mark.parametrize(
    ("changes", "code", "file"),
    [
        ({"case": ("game/HONEST]}\na", "game/INNER]}\na")}, "F032", "case.yaml"),
        ({"case": ("game/HONEST]}\na", "game/NOWHERE]}\na")}, "F030", "case.yaml"),
        ({"case": ("parts/game.yaml", "game.yaml")}, "F033", "case.yaml"),
        ({"game": ("module: game", "module: gmae")}, "F034", "parts/game.yaml"),
        ({"game": ("public: [HONEST]", "public: [HONETS]")}, "F030", "parts/game.yaml"),
        ({"game": ("title: The game\n", "")}, "F021", "parts/game.yaml"),
        ({"game": ("title:", "titel:")}, "F020", "parts/game.yaml"),
        ({"training": ("needs: [CONVERGED]\n", "")}, "F032", "case.yaml"),
        ({"training": ("CONVERGED, says: c}", "CONVERGED, says: c, by: S}")}, "F035", "case.yaml"),
        (
            {"training": ("premises: [CONVERGED]", "premises: [game/INNER]")},
            "F032",
            "training.yaml",
        ),
        ({"game": ("says: i}", "says: no}")}, "F007", "parts/game.yaml"),
    ],
)
def test_what_is_wrong_with_modules(
    changes: dict[str, tuple[str, str]], code: str, file: str
) -> None:
    found = [(f.code, f.span.file) for f in read(**changes).findings]
    assert (code, file) in found


def test_modules_may_refer_to_each_other() -> None:
    loaded = read(training=("premises: [CONVERGED]", "premises: [game/HONEST, CONVERGED]"))
    assert loaded.findings == ()


def test_a_contract_that_nobody_asked_for() -> None:
    loaded = read(training=("LEARNED]\nneeds: [CONVERGED]", "LEARNED, CONVERGED]"))
    assert [f.code for f in loaded.findings] == ["F036"]


def test_a_cache_reads_only_what_changed() -> None:
    cache: dict[Any, Any] = {}
    first = load_files(FILES, cache=cache)
    kept = {key[0]: value for key, value in cache.items()}
    changed = {**FILES, "training.yaml": TRAINING.replace("says: c", "says: changed")}
    second = load_files(changed, cache=cache)
    now = {key[0]: value for key, value in cache.items()}
    assert now["parts/game.yaml"] is kept["parts/game.yaml"]
    assert now["case.yaml"] is kept["case.yaml"]
    assert now["training.yaml"] is not kept["training.yaml"]
    assert second.case == load_files(changed).case
    assert load_files(FILES, cache=cache).case == first.case
