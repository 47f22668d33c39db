"""`serve` where the packages that it needs are not installed says which, and how to get them."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from tests.commandline import here


@pytest.mark.parametrize("package", ["starlette", "uvicorn"])
def test_serving_without_its_extra_is_a_sentence(
    coin: Path, monkeypatch: pytest.MonkeyPatch, package: str
) -> None:
    monkeypatch.setitem(sys.modules, package, None)  # as if it were not installed
    before = sorted(path.name for path in coin.iterdir())
    done = here(["serve", str(coin), "--port", "0"], cwd=coin)
    assert done.code == 2
    assert f"serving needs {package}: pip install 'safetycase[serve]'" in done.err
    assert "Traceback" not in done.err
    assert sorted(path.name for path in coin.iterdir()) == before
