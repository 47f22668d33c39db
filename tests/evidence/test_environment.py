"""What of the environment belongs to a result: fields, versions, and the files of a package."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from safetycase.evidence import environment as module
from safetycase.evidence.environment import environment


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "site" / "some_package"
    (folder / "inner").mkdir(parents=True)
    (folder / "__init__.py").write_text("", "utf-8")
    (folder / "inner" / "data.json").write_text("{}", "utf-8")
    monkeypatch.syspath_prepend(str(folder.parent))
    return folder


def digest(name: str = "some_package source") -> str:
    module._source.cache_clear()
    return environment((name,))[name]


def test_a_package_is_known_by_all_its_files(package: Path) -> None:
    first = digest()
    assert len(first) == 64
    (package / "inner" / "data.json").write_text('{"a": 1}', "utf-8")
    second = digest()
    (package / "inner" / "data.json").rename(package / "inner" / "other.json")
    third = digest()
    (package / "__pycache__").mkdir()
    (package / "__pycache__" / "x.pyc").write_bytes(b"x")
    assert len({first, second, third}) == 3
    assert digest() == third
    assert "some_package" not in sys.modules  # it is read, not run


def test_what_is_no_package_is_not_installed() -> None:
    for name in ("no_such_package source", "json.decoder source", " source", "a..b source"):
        assert digest(name) == "not installed", name


def test_other_names_are_versions_or_fields() -> None:
    found = environment(("click", "python", "nothing-of-that-name"))
    assert found["click"][0].isdigit()
    assert found["nothing-of-that-name"] == "not installed"
