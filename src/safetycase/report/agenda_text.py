"""The agenda for the terminal, from the same data that `--json` prints.

Every number stands with what it rests on; what nobody stated is named as such.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from safetycase.assess.basic import label
from safetycase.report.clean import shorten, wrap

__all__ = ["agenda_lines", "fund_lines", "library_lines", "small"]

Data = Mapping[str, Any]
_ROWS = 12


def small(number: float) -> str:
    """A number of a part of one, or a cost: three figures, and never a bare zero for what is not.

    `0.386`, `5.4e-09`, `120,000`, `0`.
    """
    if abs(number) >= 1000:
        return f"{number:,.0f}"
    return "0" if number == 0 else f"{number:.3g}"


def agenda_lines(data: Data, width: int) -> list[str]:
    """The items with what they would do, the groups, and what was taken for granted."""
    lines: list[str] = []
    moving = [item for item in data["items"] if item["lift"] is not None]
    for item in moving:
        lines += [*_item(item, width), ""]
    others = [item for item in data["items"] if item["lift"] is None]
    for item in others:
        lines += [*_item(item, width), ""]
    lines += [*_groups(data, width), *_granted(data, width)]
    count = len(data["items"])
    lines += wrap(f"{count} open, {len(others)} of them move nothing by themselves", width)
    return lines


def fund_lines(data: Data, says: Mapping[str, str], width: int) -> list[str]:
    """One split of a budget; `says` tells what each item is about."""
    lines = wrap(
        f"A budget of {small(data['budget'])}, of which {small(data['spent'])} is spent: enough "
        f"is solved for the headline with a chance of {_range(data['value'])} over the stated "
        f"intervals ({_range(data['value_without_funding'])} without any).",
        width,
    )
    lines += wrap(_best(data), width, first="  ", rest="  ")
    lines.append("")
    if data["funded"]:
        head = f"{'shots':>6}  {'cost':>8}  {'chance solved':<20}  item"
        lines.append(shorten(head, width))
    for row in data["funded"]:
        head = f"{row['shots']:>6}  {small(row['cost']):>8}  {_range(row['chance']):<20}  "
        lines.append(shorten(f"{head}{row['item']}  {says.get(row['item'], '')}", width))
    lines += ["", *_frontier(data, width), *_order(data, width), "", *_granted(data, width)]
    return lines


def library_lines(entries: Sequence[Data], width: int, *, whole: bool) -> list[str]:
    """The problems of the library: a line each, or everything about them."""
    lines: list[str] = []
    for entry in entries:
        if not whole:
            lines.append(shorten(f"{entry['id']:10} {entry['title']}  [{entry['area']}]", width))
            continue
        lines += wrap(f"{entry['id']}  {entry['title']}", width)
        lines += _fact("", entry["says"], width)
        lines += _fact("recognised when: ", entry["recognised_when"], width)
        lines += _fact("try it on: ", entry["proxy"], width)
        lines += _fact("area: ", f"{entry['area']} · {entry['kind']}", width)
        for source in entry["sources"]:
            lines += _fact("source: ", source, width)
    return lines


def _item(item: Data, width: int) -> Iterator[str]:
    kind = item["kind"] if item["kind_stated"] else f"{item['kind']}, by its place"
    carries = "" if item["carries"] else " (in support only)"
    yield shorten(f"{item['id']}  [{item['what']}]  {kind}{carries}", width)
    yield from _fact("", item["says"], width)
    yield from _fact("closed when: ", item["closed_when"], width)
    if item["proxy"]:
        yield from _fact("try it on: ", item["proxy"], width)
    if item["command"]:
        yield from _fact("run: ", item["command"], width)
    library = item["library"]
    if library:
        says = f"{library['id']} {library['title']} ({library['area']}): {library['says']}"
        yield from _fact("library: ", says, width)
        yield from _fact("recognised when: ", library["recognised_when"], width)
    elif item["instance_of"]:
        yield from _fact("library: ", f"there is no problem `{item['instance_of']}`", width)
    if item["who"]:
        yield from _fact("who could: ", item["who"], width)
    yield from _tried(item, width)
    yield from _moves(item, width)
    yield from _fact("on the way: ", " → ".join(item["path"]), width)


def _tried(item: Data, width: int) -> Iterator[str]:
    for shot in item["tried"]:
        yield from _fact("a shot: ", shot, width)
    if item["shots"]:
        yield from _fact("stands: ", item["status"], width)
    for shot in item["shots"]:
        out = f"{shot['outcome']}: {shot['says']}" if shot["outcome"] else "running"
        cost = f", cost {shot['cost']}" if shot["cost"] else ""
        says = f"{shot['id']} {shot['by']}{cost}: {shot['approach']} — {out}"
        yield from _fact("shot ", says, width)


def _moves(item: Data, width: int) -> Iterator[str]:
    """What solving the item does, and what is worth knowing about it."""
    lift = item["lift"]
    if lift is None:
        yield from _fact("if solved: ", "nothing by itself; others decide it", width)
        return
    odds = lift["log_odds_per_cost"]
    per = odds if isinstance(odds, str) else f"{odds:+.3g}"
    yield from _fact(
        "if solved: ",
        f"headline bound {small(lift['bound_now'])} → {small(lift['bound_if_solved'])}; point "
        f"{small(lift['point_now'])} → {small(lift['point_if_solved'])} "
        f"(log odds {per} for each unit of cost)",
        width,
    )
    more = item["value_of_more_trials"]
    knowing = f"knowing whether it can be: {small(item['value_of_knowing']['value'])}"
    if more:
        knowing += f"; {more['trials']} more trials: {small(more['value'])}"
    if item["price_of_doubt"] is not None:
        knowing += f"; price of its doubt: {small(item['price_of_doubt'])}"
    yield from _fact("worth: ", knowing, width)
    prospects = item["prospects"]
    by = f"says {prospects['judged_by']}" if prospects["judged_by"] else "nobody stated it"
    failed = (
        f", {_range(prospects['solvable_before_shots'])} before {prospects['failed_shots']} failed"
        if prospects["failed_shots"]
        else ""
    )
    says = (
        f"{_range(prospects['solvable'])}{failed} ({by}); a shot costs {small(prospects['cost'])}"
    )
    yield from _fact("can be solved: ", says, width)


def _groups(data: Data, width: int) -> Iterator[str]:
    groups = [g for g in data["groups"] if len(g["items"]) > 1]
    if groups:
        of = data["groups_of"]
        rest = "; the other items taken as done" if of == "problems" else ""
        yield from wrap(f"Worthless unless all are solved ({of}{rest}):", width)
    for group in groups[:_ROWS]:
        known = group["value_of_knowing"]
        worth = f", knowing of all {small(known['value'])}" if known else ""
        yield from wrap(
            f"{', '.join(group['items'])} — headline bound {small(group['bound'])}, all can be "
            f"solved with {small(group['chance'])}, one shot at each costs "
            f"{small(group['cost'])}{worth}",
            width,
            first="  ",
            rest="    ",
        )
    if len(groups) > _ROWS:
        yield f"  … and {len(groups) - _ROWS} more (--json lists them)"
    if data["truncated"]:
        yield from wrap("Some groups may be missing: there are too many to list.", width)
    for names in data["substitutes"][:_ROWS]:
        yield from wrap(f"Can stand for each other: {', '.join(names)}", width)
    if groups or data["substitutes"]:
        yield ""


def _best(data: Data) -> str:
    if data["exact"]:
        return "No split of this budget is better at the low ends: exact."
    if data["bound"] <= data["value"]["at_least"] * 1.001:
        return "No split of this budget is better at the low ends by more than 0.1 %."
    return (
        f"No split of this budget reaches more than {small(data['bound'])} at the low ends; "
        "parts of the argument are shared, so a better one than this may exist."
    )


def _frontier(data: Data, width: int) -> Iterator[str]:
    points = data["frontier"]
    step = max(1, (len(points) - 1) // 10)
    chosen = [*points[:-1:step], points[-1]]
    yield "What other budgets buy:"
    for point in chosen:
        yield shorten(f"{small(point['budget']):>8}  {_range(point['value'])}", width)


def _order(data: Data, width: int) -> Iterator[str]:
    order = data["order"]
    if len(order["items"]) < 2:
        if len(data["funded"]) > 1:
            yield from wrap(f"No order of trying: {order['why']}.", width)
        return
    best = "optimal" if order["optimal"] else "a rule of thumb here"
    yield from wrap(
        f"Try first: {', '.join(order['items'])} ({order['why']}, {best}; one shot at each until "
        f"the headline is decided costs {small(order['expected_cost'])} on average).",
        width,
    )


def _granted(data: Data, width: int) -> Iterator[str]:
    """What nobody stated, and what was taken for granted."""
    if data["taken_alike"]["for"]:
        alike = data["taken_alike"]
        yield from wrap(
            f"Nobody stated these numbers; taken alike for {len(alike['for'])} items: solvable "
            f"{_range(alike['solvable'])}, each shot {_range(alike['each_shot'])}, cost "
            f"{small(alike['cost'])} ({alike['said']}): {_few(alike['for'])}.",
            width,
        )
    if data.get("taken_as_done"):
        done = data["taken_as_done"]
        yield from wrap(
            f"Taken as done, since no budget of research pays for it (--all counts it in): "
            f"{len(done)} items, {_few(done)}.",
            width,
        )
    if data.get("not_needed"):
        yield from wrap(f"The headline does not need: {_few(data['not_needed'])}.", width)
    if data["taken_to_hold"]:
        held = [label(name) for name in data["taken_to_hold"]]
        yield from wrap(f"Nobody assessed, taken to hold ({len(held)}): {_few(held)}.", width)
    for note in data["notes"]:
        yield from wrap(f"Note: {note}.", width)
    if "model" in data:
        yield from wrap(
            f"Worth is in units in which gain and loss add up to 1 (one acts above "
            f"{small(data['threshold'])}), {data['model']}.",
            width,
        )


def _few(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_ROWS])
    return shown if len(names) <= _ROWS else f"{shown} and {len(names) - _ROWS} more"


def _range(chance: Data) -> str:
    low, high = chance["at_least"], chance["at_most"]
    return small(low) if low == high else f"{small(low)} to {small(high)}"


def _fact(label: str, text: str, width: int) -> Iterator[str]:
    yield from wrap(text, width, first=f"  {label}", rest="    " if label else "  ")
