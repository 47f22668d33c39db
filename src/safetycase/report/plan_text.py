"""A plan as text: what each part has to reach, with how many items, at what cost."""

from __future__ import annotations

from collections.abc import Iterator

from safetycase.assess.basic import label
from safetycase.assess.planning import Plan, PlanLine
from safetycase.report.clean import columns, one_line, shorten, wrap

__all__ = ["plan_lines"]

_HEADS = {
    "measured": "Measured: clean items that are enough (a quantity taken as a rate), and the "
    "method's power",
    "planned": "Planned evidence without a criterion: write one, then it gets a number of items",
    "judged": "Judged: a credence that somebody has to answer for",
    "open": "Open: once it is closed, it may leave this much doubt",
    "fixed": "Fixed: doubts that are already stated",
}


def plan_lines(plan: Plan, root: str, *, width: int = 100) -> list[str]:
    """The plan in at most `width` columns."""
    return list(_lines(plan, root, width))


def _lines(plan: Plan, root: str, width: int) -> Iterator[str]:
    yield from wrap(
        f"To reach {plan.target:g} at {root}, whatever the dependence between its parts, their "
        f"doubts may add up to {number(1 - plan.target)}. The plan goes through the proof with the "
        f"fewest parts: {len(plan.lines)}.",
        width,
    )
    if not plan.possible:
        yield ""
        yield from wrap(
            f"It cannot be reached: the doubts that are already stated add up to "
            f"{number(plan.fixed)}. Lower them, choose another leg with --through, or a lower "
            "target.",
            width,
        )
    for how, head in _HEADS.items():
        lines = [line for line in plan.lines if line.how == how]
        if lines:
            yield ""
            yield f"{head} ({len(lines)})"
            for line in sorted(lines, key=lambda one: -(one.n or 0)):
                yield from _row(line, width)
    yield ""
    total = f"{plan.items:,} items" if plan.items else "no item yet"
    cost = f", {plan.cost:,.0f} in the unit of the case" if plan.cost is not None else ""
    unknown = "" if plan.cost is not None or not plan.items else "; no cost per item is stated"
    yield from wrap(f"In all: {total}{cost}{unknown}.", width)
    if plan.at_best is not None:
        yield from wrap(
            "With the n written in the file, if every item is clean and every other part keeps to "
            f"its doubt: at least {plan.at_best:.3f}.",
            width,
        )


def _row(line: PlanLine, width: int) -> Iterator[str]:
    doubt = "–" if line.doubt is None else number(line.doubt)
    name = shorten(one_line(label(line.id)), 38)
    name += " " * (38 - columns(name))
    told = f"{name} doubt ≤ {doubt:<9}"
    if line.how == "measured" and line.n is not None:
        told += f" n ≥ {line.n:,}"
        told += f" in {line.clusters:,} clusters" if line.clusters else ""
        told += f" clean, `{one_line(line.criterion)}` at level {1 - (line.alpha or 0):.6g}"
        told += f"; {line.planted:,} planted failures, all caught" if line.planted else ""
        told += f"; cost {line.cost:,.0f}" if line.cost is not None else ""
        if line.written_n is not None:
            told += f" (the file plans {line.written_n:,})"
    elif line.how == "judged" and line.doubt is not None:
        told += f" credence at least {1 - line.doubt:.4f}"
    elif line.note:
        told += f" {line.note}"
    yield from wrap(told, width, first="  ", rest=" " * 6)


def number(value: float) -> str:
    """A doubt with two significant digits."""
    return f"{value:.2g}"
