"""Somebody relies on what YAML makes of an innocent word."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.conftest import COIN, write_case

from safetycase.workspace.checking import check_folder

SURPRISES = {
    "no": "title: no",
    "yes": "title: yes",
    "on": "title: on",
    "null": "title: ~",
    "octal": "title: 012",
    "sexagesimal": "title: 1:30",
    "hexadecimal": "title: 0x1F",
    "infinity": "title: .inf",
    "not a number": "title: .nan",
    "tag": "title: !!python/object/apply:os.system [touch owned]",
    "binary": "title: !!binary aGVhZHM=",
    "alias": "title: *x",
    "twice": "title: A coin\ntitle: Another",
    "merge": "<<: {title: x}",
    "unknown key": "titel: A coin",
}


@pytest.mark.parametrize("name", SURPRISES)
def test_a_word_that_yaml_reads_otherwise_is_a_finding_with_its_line(
    tmp_path: Path, name: str
) -> None:
    text = COIN.replace("title: A coin", SURPRISES[name])
    checked = check_folder(write_case(tmp_path / "c", text, {"items.txt": "x"}))
    errors = [f for f in checked.findings if f.severity == "error"]
    assert errors
    assert {f.span.line for f in errors} & {2, 3}
    assert not (tmp_path / "c" / "owned").exists()


@pytest.mark.parametrize("bound", ["0.2_0", "0,20", "20", "1:30", "0x1", "1_0e-1"])
def test_a_bound_is_read_in_one_way_or_not_at_all(tmp_path: Path, bound: str) -> None:
    text = COIN.replace("holds_when: rate <= 0.20", f"holds_when: rate <= {bound}")
    checked = check_folder(write_case(tmp_path / "c", text, {"items.txt": "x"}))
    if bound == "20":
        assert checked.case is not None
        claim = checked.case.elements["RARE"]
        assert claim.holds_when.thresholds() == {"rate": 20.0}
    else:
        assert any(f.code == "F024" for f in checked.findings)
