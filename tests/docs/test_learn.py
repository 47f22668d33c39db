"""The pages to learn from are walked through as they are written."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

import pytest
from tests.docs.walk import walk


@pytest.mark.slow
def test_the_first_case(tmp_path: Path) -> None:
    walk("learn/first-case.md", tmp_path)
    assert (tmp_path / "report" / "index.html").is_file()


@pytest.mark.slow
def test_from_a_paper_to_a_running_case(tmp_path: Path) -> None:
    walk("learn/from-a-paper.md", tmp_path)


@pytest.mark.slow
def test_add_a_template(tmp_path: Path) -> None:
    walk("learn/add-a-template.md", tmp_path)


@pytest.mark.slow
def test_add_a_method(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def install() -> None:
        """What pip does with the package, without asking a registry for its build system."""
        project = tomllib.loads((tmp_path / "pyproject.toml").read_text("utf-8"))["project"]
        about = tmp_path / f"{project['name']}-{project['version']}.dist-info"
        about.mkdir()
        named = f"Name: {project['name']}\nVersion: {project['version']}\n"
        (about / "METADATA").write_text(f"Metadata-Version: 2.1\n{named}", "utf-8")
        lines = [
            f"[{group}]\n" + "".join(f"{name} = {place}\n" for name, place in entries.items())
            for group, entries in project["entry-points"].items()
        ]
        (about / "entry_points.txt").write_text("\n".join(lines), "utf-8")

    monkeypatch.setenv("PYTHONPATH", os.pathsep.join((str(tmp_path), os.environ["PYTHONPATH"])))
    walk("learn/add-a-method.md", tmp_path, instead={"pip install -e .": install})
