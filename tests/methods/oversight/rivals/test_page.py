"""The page on the rivals of debate: every number beside its code is what the code gives."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from safetycase.methods.oversight.domains import sparse_evidence as sparse
from safetycase.methods.oversight.protocols.consultancy.judges import best_rule, error, trained

PAGE = (Path(__file__).resolve().parents[4] / "docs/reference/protocols-rivals.md").read_text(
    "utf-8"
)
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE, re.S)


def test_every_number_on_the_page_is_what_its_line_gives() -> None:
    checked = 0
    for block in BLOCKS:
        names: dict[str, object] = {}
        exec("\n".join(x for x in block.splitlines() if "  # " not in x), names)
        for code, shown in re.findall(r"^(.+)  # ([\d.]+)$", block, re.M):
            places = len(shown.partition(".")[2])
            assert eval(code, names) == pytest.approx(float(shown), abs=0.5001 * 10**-places)
            checked += 1
    assert checked == 22


@pytest.mark.slow
def test_the_numbers_in_the_text_on_consultancy() -> None:
    eight = sparse.evidence(8, 3)
    assert 1 - error(eight, trained(eight)) == pytest.approx(0.615, abs=5e-4)
    best = best_rule(eight)
    assert 1 - best.error == pytest.approx(0.983, abs=5e-4)
    assert best.error - best.least < 1e-9
    assert ".615" in PAGE
    assert ".983" in PAGE
