"""Small cases with open problems."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from tests.conftest import HEADER, write_case

from safetycase.workspace.folder import Workspace, open_case

NOW = datetime(2026, 12, 1, tzinfo=UTC)
REGISTRY = (
    "      - {assumption: REGISTRY-COMPLETE, says: All runs are in the record., owner: lead, "
    "expires: 2099-03-01}\n"
)
PAIR = (
    HEADER
    + """\
root:
  claim: SAFE
  says: The coin is safe.
  by:
    argument: BOTH
    kind: decomposition
    because: Both are needed.
    premises:
"""
    + REGISTRY
    + """\
      - {claim: LEFT, says: The left holds.}
      - {claim: RIGHT, says: The right holds.}
problems:
  - problem: P-LEFT
    says: Show the left.
    blocks: [LEFT]
    closed_when: it is shown
    proxy: a run
    instance_of: aisi/P2
    prospects:
      solvable: {at_least: 0.4, at_most: 0.8}
      each_shot: {at_least: 0.2, at_most: 0.5}
      cost: 2
      owner: theory lead
      because: Two of five like it were solved.
  - problem: P-RIGHT
    says: Show the right.
    blocks: [RIGHT]
    closed_when: it is shown
"""
)
EITHER = PAIR.replace("kind: decomposition", "kind: alternatives").replace(REGISTRY, "")
_KIN = """\
    prospects:
      solvable: {at_least: 0.4, at_most: 0.8}
      each_shot: {at_least: 0.2, at_most: 0.5}
      cost: 2
      owner: theory lead
      because: As the left.
      family: games
"""
FAMILY = PAIR.replace("were solved.\n", "were solved.\n      family: games\n") + _KIN


def opened(folder: Path, text: str = PAIR) -> Workspace:
    return open_case(write_case(folder, text), NOW)
