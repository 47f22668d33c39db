"""The generated pages are what the program says now, and every code that is used is explained."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

from safetycase.checks.codes import CODES

ROOT = Path(__file__).resolve().parent.parent.parent


def test_generated_pages_are_current() -> None:
    spec = importlib.util.spec_from_file_location("reference", ROOT / "scripts" / "reference.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for name, text in module.pages().items():
        assert (ROOT / "docs" / "reference" / name).read_text("utf-8") == text, (
            f"docs/reference/{name} is out of date: make docs"
        )


def test_every_code_in_the_source_is_explained_and_every_explained_code_is_used() -> None:
    source = "\n".join(
        p.read_text("utf-8") for p in (ROOT / "src").rglob("*.py") if p.name != "codes.py"
    )
    used = set(re.findall(r'"([CF]\d{3})"', source))
    assert used == set(CODES)


def test_links_between_pages_lead_somewhere() -> None:
    for page in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text("utf-8")):
            if "://" not in target:
                assert (page.parent / target).exists(), f"{page}: {target}"
