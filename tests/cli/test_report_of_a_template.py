"""The page of a case made from a template: nothing executed yet, ids with a slash."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.conftest import Ran


@pytest.mark.slow
@pytest.mark.parametrize("template", ["scheming", "debate", "control"])
def test_a_case_from_a_template_has_a_report(
    sc: Callable[..., Ran], tmp_path: Path, template: str
) -> None:
    folder = tmp_path / "c"
    assert sc("new", folder, "--template", template, "--examples").code == 0
    assert sc("report", folder, "--out", tmp_path / "x.html").code == 0
    page = (tmp_path / "x.html").read_text("utf-8")
    ids = re.findall(r'\bid="([^"]*)"', page)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'href="#([^"]*)"', page)) <= set(ids)
    assert any("CASE/" in name for name in ids)
    assert "Decided by" in page
    assert "safetycase run" not in page
