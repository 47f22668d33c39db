"""A case that rests on assumptions alone, watched by monitors; signals as the record folds them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from tests.conftest import HEADER

from safetycase.argument.load import load
from safetycase.argument.model import Case, Monitor
from safetycase.assess.assessment import Input, assess
from safetycase.assess.records import Assessment
from safetycase.checks.monitors import indicator_digest
from safetycase.ledger.fold import History, ResolutionRecord, SignalRecord
from safetycase.ledger.trust import Key

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
MONITOR = (
    "{monitor: M, says: Heads seen live., owner: ops, conditions: [RARE], alarm_when: rate > 0.2, "
    "window: 1 day, silent_after: 3 days, answer_within: 2 days}"
)
ROOT = """\
root:
  claim: SAFE
  says: The coin is safe.
  by:
    argument: ROUTES
    kind: decomposition
    because: Heads are the only route.
    credence: {at_least: 0.99, owner: lead, because: counted}
    premises:
      - assumption: REGISTRY-COMPLETE
        says: Every run is in the record.
        owner: lead
        expires: 2099-03-01
        credence: {at_least: 0.99, owner: lead, because: seen}
      - claim: RARE
        says: Heads are rare.
        by:
          argument: LOOKS
          kind: concretion
          because: Looking tells.
          credence: {at_least: 0.99, owner: lead, because: seen}
          premises:
            - assumption: FAIR
              says: The coin is fair.
              owner: mint
              expires: 2099-03-01
              credence: {at_least: 0.99, owner: mint, because: weighed}
"""
SPARE = """\
claims:
  - claim: SPARE
    says: It was only the light.
    by:
      argument: SPARE-STEP
      kind: concretion
      because: Somebody looked.
      credence: {at_least: 0.9, owner: lead, because: seen}
      premises:
        - {assumption: LIGHT, says: The light was bad., owner: lead, expires: 2099-03-01, credence: {at_least: 0.9, owner: lead, because: seen}}
"""  # noqa: E501


def case_of(*monitors: str, more: str = "", root: str = ROOT) -> Case:
    """The case with these monitors; it has to be one without a finding."""
    listed = "".join(f"  - {monitor}\n" for monitor in monitors or (MONITOR,))
    loaded = load(HEADER + root + more + "monitors:\n" + listed, "case.yaml")
    assert loaded.case is not None, loaded.findings
    assert not loaded.findings
    return loaded.case


def signal(case: Case, state: str = "quiet", *, seq: int = 2, **more: Any) -> SignalRecord:
    """A signal of a monitor of the case by its definition of now; a fresh one by default."""
    name = more.pop("monitor", "M")
    monitor = case.elements.get(name)
    made = SignalRecord(
        seq=seq,
        at="2026-11-20T10:00:00Z",
        monitor=name,
        indicator=indicator_digest(monitor) if isinstance(monitor, Monitor) else "0" * 64,
        state=state,
        since="2026-11-19T10:00:00Z",
        until="2026-11-20T10:00:00Z",
        events=412,
        lost=0,
        segment=1,
        value="0.31",
        e_value="34.2",
        alarm_at="20",
        root=None,
        says="the share of heads is above 0.2",
        details={},
        keyid="1" * 64,
    )
    return replace(made, **more)


def resolution(
    alarm: int, outcome: str = "answered", *, seq: int = 9, **more: Any
) -> ResolutionRecord:
    made = ResolutionRecord(
        seq=seq,
        at="2026-11-20T11:00:00Z",
        signal=alarm,
        outcome=outcome,
        by="Grace",
        reason="the lamp was changed",
        keyid="2" * 64,
    )
    return replace(made, **more)


def judged(
    case: Case,
    signals: Sequence[SignalRecord] = (),
    resolutions: Sequence[ResolutionRecord] = (),
    *,
    now: datetime = NOW,
    findings: Sequence[Any] = (),
    keys: Sequence[Key] = (),
) -> Assessment:
    history = History(
        keys=tuple(keys),
        registrations=(),
        attempts=(),
        signals=tuple(signals),
        resolutions=tuple(resolutions),
    )
    return assess(Input(case=case, history=history, leaves={}, findings=tuple(findings), now=now))
