"""Checking a case a second time: what a method worked out is remembered until a file changes."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import COIN, write_case

from safetycase.plugin.catalogue import MethodEntry
from safetycase.plugin.contract import Method
from safetycase.workspace.checking import check_folder


def test_the_safest_result_is_worked_out_anew_only_where_something_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_case(tmp_path / "coin", COIN, {"items.txt": "head or tail\n"})
    asked: list[tuple[str, ...]] = []
    load = MethodEntry.load

    def counted(_parameters: Any, _folder: Path, inputs: tuple[str, ...]) -> Mapping[str, Any]:
        asked.append(inputs)
        return {}

    def loaded(entry: MethodEntry) -> Method:
        return dataclasses.replace(load(entry), best_case=counted)

    monkeypatch.setattr(MethodEntry, "load", loaded)
    cache: dict[Any, Any] = {}
    for _ in range(3):
        check_folder(folder, cache=cache)
    assert asked == [("items.txt",)]
    (folder / "items.txt").write_text("head, tail or edge\n", "utf-8")
    check_folder(folder, cache=cache)
    assert len(asked) == 2
    check_folder(folder, cache=cache, texts={"case.yaml": COIN.replace("n: 400", "n: 401")})
    assert len(asked) == 3
    check_folder(folder)
    assert len(asked) == 4
