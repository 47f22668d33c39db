"""How much work the exact engine may do. Whatever is spent, its answer stays sound."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Budget"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """Limits that make a result reproducible: they count work, not time.

    `rounds` of column generation with at most `columns` new columns each, until the gap is at
    most `gap`; `milp_nodes` nodes for each integer program, and `diagram_nodes` for the decision
    diagram that takes its place where it is small enough. `milp_seconds` limits each of them by
    the clock as well, which makes the tightness (never the soundness) depend on the machine.
    """

    rounds: int = 200
    columns: int = 60
    gap: float = 1e-6
    milp_nodes: int = 200
    diagram_nodes: int = 20_000
    milp_seconds: float | None = None
