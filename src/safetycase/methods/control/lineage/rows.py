"""Judgements of monitors on agents of several lineages: the strict JSON Lines format.

One object a line, one line what one monitor said of one trajectory.

    item             text: the trajectory; once for each monitor
    agent_lineage    text: the base model that the agent was made from
    monitor_lineage  text: the base model whose outputs the monitor was made or tuned on
    context_tokens   whole number from 1: how long the context was that the monitor read
    attack           true for an attack, false for clean work
    strategy         text: which attack; for clean work left out or empty
    caught           whether the monitor flagged it; true, false, or null without an answer
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetycase.methods.control.auditors.rows import answer, keyed, named, truth
from safetycase.methods.imported.strict import lines_of, text, whole
from safetycase.plugin.contract import MethodError

__all__ = ["Judgement", "read_judgements"]

_NEEDED = ("item", "agent_lineage", "monitor_lineage", "context_tokens", "attack", "caught")


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What one monitor said of one trajectory; `caught` is None where it gave no answer."""

    item: str
    agent: str
    monitor: str
    tokens: int
    attack: bool
    caught: bool | None
    strategy: str = ""

    @property
    def within(self) -> bool:
        """Whether the monitor was made on the lineage of the agent."""
        return self.agent == self.monitor


def read_judgements(path: Path) -> list[Judgement]:
    """The judgements at `path`; `MethodError` with file and line for what cannot stand."""
    found: list[Judgement] = []
    seen: dict[tuple[str, str], str] = {}
    facts: dict[str, tuple[Any, ...]] = {}
    for place, value in lines_of(path):
        row = _judgement(value, place)
        key = (row.item, row.monitor)
        if key in seen:
            raise MethodError(
                f"{place}: the monitor of `{row.monitor}` judged `{row.item}` at {seen[key]} "
                "already; a trajectory counts once for each monitor"
            )
        fact = (row.agent, row.attack, row.strategy)
        if facts.setdefault(row.item, fact) != fact:
            raise MethodError(
                f"{place}: `{row.item}` is another trajectory elsewhere (agent, attack or strategy "
                "differ); give each its own name"
            )
        seen[key] = place
        found.append(row)
    if not found:
        raise MethodError(f"`{path.name}` holds no judgement; it needs one JSON object a line")
    return found


def _judgement(value: Any, place: str) -> Judgement:
    row = keyed(value, place, _NEEDED, ("strategy",))
    attack = truth(row, "attack", place)
    strategy = text(row.get("strategy", ""), place, "`strategy`")
    if attack != bool(strategy.strip()):
        raise MethodError(
            f"{place}: `strategy` names the attack, and is left out or empty for clean work"
        )
    tokens = whole(row["context_tokens"], place, "`context_tokens`")
    if tokens < 1:
        raise MethodError(f"{place}: `context_tokens` is 0; a context has at least one")
    return Judgement(
        item=named(row, "item", place),
        agent=named(row, "agent_lineage", place),
        monitor=named(row, "monitor_lineage", place),
        tokens=tokens,
        attack=attack,
        caught=answer(row, "caught", place),
        strategy=strategy,
    )
