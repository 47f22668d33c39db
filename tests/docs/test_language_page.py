"""The judgements and declarations of the language page are read without a finding."""

from __future__ import annotations

import re
from pathlib import Path

from tests.conftest import COIN, HEADER, write_case

from safetycase.workspace.checking import check_folder

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "reference" / "language.md").read_text("utf-8")


def blocks(start: str, end: str) -> list[str]:
    part = PAGE[PAGE.index(start) : PAGE.index(end)]
    return re.findall(r"```yaml\n(.*?)```", part, re.S)


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
    (asked,) = blocks("## What a leaf asks of its runs", "## Declared dependence")
    lines = [line for line in asked.splitlines() if line.startswith(("effort", "env", "identity"))]
    plan = next(line for line in asked.splitlines() if line.startswith("plan"))
    leaf = "\n          ".join(["because: It is the coin.", *lines, plan])
    text = re.sub(r"\n *plan:.*", "", COIN).replace("because: It is the coin.", leaf)
    folder = write_case(tmp_path / "c", text, {"items.txt": "x"})
    assert not check_folder(folder).findings


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
