"""The judgements and declarations of the language page are read without a finding."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest
from tests.conftest import COIN, HEADER, write_case

from safetycase.argument.expression import ExpressionError, parse
from safetycase.argument.model import Monitor
from safetycase.argument.scalars import show
from safetycase.checks.monitors import DETECTORS
from safetycase.workspace.checking import check_folder

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "reference" / "language.md").read_text("utf-8")


def blocks(start: str, end: str) -> list[str]:
    part = PAGE[PAGE.index(start) : PAGE.index(end)]
    return re.findall(r"```yaml\n(.*?)```", part, re.S)


def test_criteria_are_read_as_the_page_says() -> None:
    part = PAGE[PAGE.index("## Criteria and formulas") : PAGE.index("## Stated numbers")]
    (block,) = re.findall(r"```text\n(.*?)```", part, re.S)
    criteria = [parse(line) for line in block.splitlines()]
    assert [c.names for c in criteria] == [
        ("pass_rate",), ("missed", "recall"), ("attack_success", "shut_down"), ("rate", "other"),
    ]  # fmt: skip
    assert criteria[1].thresholds() == {"missed": 0.0, "recall": 0.9}
    assert [criteria[0].decide({"pass_rate": r}) for r in ((0, 0.1), (0.3, 1), (0.1, 0.3))] == [
        True, False, None,
    ]  # fmt: skip
    for text in ("a == 1", "1 <= 2"):
        with pytest.raises(ExpressionError):
            parse(text)


def test_stated_numbers_are_read(tmp_path: Path) -> None:
    credence, priors, prospects = blocks("## Stated numbers", "## What a leaf asks")
    indented = "\n".join("    " + line for line in prospects.splitlines())
    for number, prior in enumerate(priors.splitlines()):
        leaf = f"because: It is the coin.\n          {credence.strip()}\n          {prior}"
        text = COIN.replace("because: It is the coin.", leaf)
        text += (
            "problems:\n  - problem: P-COIN\n    says: How?\n    blocks: [RARE]\n"
            f"    closed_when: shown\n{indented}\n"
        )
        folder = write_case(tmp_path / str(number), text, {"items.txt": "x"})
        assert not check_folder(folder).findings


def test_what_a_leaf_asks_is_read(tmp_path: Path) -> None:
    (asked,) = blocks("## What a leaf asks of its runs", "## Live monitors")
    lines = [line for line in asked.splitlines() if line.startswith(("effort", "env", "identity"))]
    plan = next(line for line in asked.splitlines() if line.startswith("plan"))
    leaf = "\n          ".join(["because: It is the coin.", *lines, plan])
    text = re.sub(r"\n *plan:.*", "", COIN).replace("because: It is the coin.", leaf)
    folder = write_case(tmp_path / "c", text, {"items.txt": "x"})
    assert not check_folder(folder).findings


def test_live_monitors_are_read(tmp_path: Path) -> None:
    (shown,) = blocks("## Live monitors", "## Declared dependence")
    text = COIN + shown.replace("[CAUGHT]", "[RARE]")
    checked = check_folder(write_case(tmp_path / "c", text, {"items.txt": "x"}))
    assert not checked.findings
    assert checked.case is not None
    assert {"M-RECALL", "M-VOLUME"} <= set(checked.case.elements)


def test_the_table_of_a_monitor_has_every_key_and_default() -> None:
    part = PAGE[PAGE.index("## Live monitors") : PAGE.index("## Declared dependence")]
    rows = re.findall(r"^\| `(\w+)` \| .* \|(.*)\|$", part, re.M)
    rows = [(key, fits.strip()) for key, fits in rows]
    said = {
        key: default for key, default in reversed(rows) if key in {f.name for f in fields(Monitor)}
    }
    named = {"says", "owner", "conditions", "id", "reconstructed"}
    assert set(said) | named == {f.name for f in fields(Monitor)}
    defaults = {f.name: f.default for f in fields(Monitor) if f.name in said}
    for key, default in said.items():
        if re.fullmatch(r"[0-9.]+|true|false|`[a-z-]+`", default):
            assert default.strip("`") == show(defaults[key]), key
    kinds = {key: set(re.findall(r"`([a-z-]+)`", fits)) for key, fits in rows if key in DETECTORS}
    assert kinds == {kind: set(fits) for kind, fits in DETECTORS.items()}


def test_declared_dependence_is_read(tmp_path: Path) -> None:
    (declared,) = blocks("## Declared dependence", "## Modules")
    taken = "says: s, owner: o, expires: 2099-01-01"
    text = f"""{HEADER}root:
  claim: SAFE
  says: It is safe.
  by:
    argument: WHOLE
    kind: decomposition
    because: Both are needed.
    premises:
      - {{assumption: REGISTRY-COMPLETE, {taken}}}
      - {{assumption: ANSWERS, {taken}}}
      - {{assumption: LOGS, {taken}}}
"""
    assert not check_folder(write_case(tmp_path / "c", text + declared)).findings
