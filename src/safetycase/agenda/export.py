"""The agenda as files: calls for proposals, a Markdown list, issues, a table, data.

Pure: texts with their names, which the caller writes. Text of a case is made harmless for where
it goes: nothing of it is markup in Markdown or a formula in a table.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from safetycase.agenda.as_json import funding_json, ranking_json
from safetycase.agenda.funding import Funding
from safetycase.agenda.rank import Ranked, Ranking, model_words
from safetycase.argument.model import Case, Chance

__all__ = ["FORMATS", "File", "Format", "export", "funding_table"]

Format = Literal["calls", "markdown", "issues", "csv", "json"]
FORMATS: Mapping[str, bool] = {
    "calls": True, "markdown": False, "issues": True, "csv": False, "json": False
}  # fmt: skip
"""Every format, and whether it is a folder of files."""

_LONGEST = 20_000
_MARKUP = re.compile(r"([\\`*_\[\]<>|~#])")
_RISKY = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r", "\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file to write: its name below the output folder (empty for one file), and its text."""

    name: str
    text: str


def export(
    case: Case,
    ranking: Ranking,
    to: Format,
    *,
    funding: Funding | None = None,
    everything: bool = False,
) -> tuple[File, ...]:
    """The files of one format, in the order of the ranking.

    Calls are for problems, unless `everything` is asked for; the rest is of every item. With
    `funding`, calls, issues and tables say which shots a budget buys.
    """
    if to == "calls":
        rows = [row for row in ranking.items if everything or row.item.what == "problem"]
        return _named(rows, lambda row: _call(case, row, ranking, funding), "md")
    if to == "issues":
        return _named(ranking.items, lambda row: _issue(case, row, ranking, funding), "md")
    if to == "markdown":
        return (File(name="", text=_list(case, ranking, funding)),)
    if to == "csv":
        return (File(name="", text=_table(ranking, funding)),)
    data: dict[str, Any] = {"case": case.header.case, "agenda": ranking_json(ranking)}
    if funding:
        data["funding"] = funding_json(funding)
    text = json.dumps(data, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False)
    return (File(name="", text=text + "\n"),)


def funding_table(funding: Funding) -> str:
    """The split as CSV: one row per item that shots could be bought for."""
    bought = {row.item: row for row in funding.funded}
    rows: list[Sequence[object]] = [
        ("item", "shots", "cost", "solvable_low", "solvable_high", "each_shot_low",
         "each_shot_high", "cost_of_one_shot", "failed_shots", "judged_by")
    ]  # fmt: skip
    for name, outlook in funding.outlooks.items():
        got = bought.get(name)
        rows.append(
            (
                name,
                got.shots if got else 0,
                got.spent if got else 0,
                outlook.solvable.at_least,
                outlook.solvable.at_most,
                outlook.each_shot.at_least,
                outlook.each_shot.at_most,
                outlook.cost,
                outlook.failures,
                outlook.owner or "",
            )
        )
    return _csv(rows)


def _named(rows: Iterable[Ranked], text: Callable[[Ranked], str], ending: str) -> tuple[File, ...]:
    """One file each, named by the item; names that fall together get a number."""
    files: dict[str, File] = {}
    for row in rows:
        stem = re.sub(r"[^A-Za-z0-9._-]+", "-", row.item.id).strip(".-")[:100] or "item"
        name, number = f"{stem}.{ending}", 2
        while name.lower() in files:
            name, number = f"{stem}-{number}.{ending}", number + 1
        files[name.lower()] = File(name=name, text=text(row))
    return tuple(files.values())


def _call(case: Case, row: Ranked, ranking: Ranking, funding: Funding | None) -> str:
    item, header = row.item, case.header
    owner = item.prospects.owner if item.prospects else header.decision.owner
    title = item.entry.title if item.entry else item.says
    return _page(
        f"# Call for proposals: {_md(title)}",
        [
            f"Open problem {_md(item.id)} ({item.kind}) of the safety case {_md(header.case)}: "
            f"{_md(header.title)}. Decision that waits for it: {_md(header.decision.supports)}."
        ],
        *_body(case, row, ranking, funding),
        ("## Contact", [_md(owner)]),
    )


def _issue(case: Case, row: Ranked, ranking: Ranking, funding: Funding | None) -> str:
    """The body of an issue, with title and labels in front as GitHub's templates have them."""
    item = row.item
    title = json.dumps(f"{item.id}: {_plain(item.says)[:200]}", ensure_ascii=False)
    labels = json.dumps([item.what, item.kind])
    front = f"---\ntitle: {title}\nlabels: {labels}\n---\n\n"
    return front + _page(*_body(case, row, ranking, funding))


Section = tuple[str, list[str]] | str | list[str]


def _body(
    case: Case, row: Ranked, ranking: Ranking, funding: Funding | None
) -> tuple[tuple[str, list[str]], ...]:
    item, entry = row.item, row.item.entry
    problem = [_md(item.says)]
    recognised = [_md(item.closed_when)]
    if entry:
        problem.append(
            f"It is an instance of {_md(entry.id)}, *{_md(entry.title)}* ({_md(entry.area)}): "
            f"{_md(entry.says)}"
        )
        problem.append("Sources: " + "; ".join(_md(source) for source in entry.sources) + ".")
        recognised.append(f"In general ({_md(entry.id)}): {_md(entry.recognised_when)}")
    run = [_md(item.proxy)] if item.proxy else ["Nobody has stated what to run meanwhile."]
    if item.command:
        run.append(f"`{_plain(item.command).replace('`', '')}`")
    return (
        ("## The problem", problem),
        ("## Why it matters", _why(case, row, ranking)),
        ("## How a solution is recognised", recognised),
        ("## What can be run today", run),
        ("## Budget and shots", _budget(row, funding)),
        ("## What was tried", _tried(row)),
    )


def _why(case: Case, row: Ranked, ranking: Ranking) -> list[str]:
    """The way from the claim that is decided on down to the item, and what solving it does."""
    steps = []
    for depth, name in enumerate(row.item.path):
        says = getattr(case.elements.get(name), "says", "") or ""
        because = getattr(case.elements.get(name), "because", "") or ""
        steps.append(f"{'  ' * min(depth, 20)}- **{_md(name)}** {_md(says or because)}".rstrip())
    found = ["\n".join(steps)]
    together = [g.items for g in ranking.groups if row.item.id in g.items and len(g.items) > 1]
    if together:
        others = [name for name in together[0] if name != row.item.id]
        found.append(
            f"It is worth something only together with {len(others)} others: "
            f"{', '.join(_md(name) for name in others)}."
        )
    if row.lift:
        found.append(
            f"If it is solved, the lower bound of the headline goes from "
            f"{row.lift.bound_before:.3g} to {row.lift.bound_after:.3g} under any dependence, and "
            f"the point from {row.lift.before:.3g} to {row.lift.after:.3g} "
            f"({_md(model_words(ranking.taken))})."
        )
    else:
        found.append("Solving it moves the headline only through what others do.")
    return found


def _budget(row: Ranked, funding: Funding | None) -> list[str]:
    outlook = row.outlook
    judged = (
        f"as {_md(outlook.owner)} judges"
        if outlook.owner
        else "nobody stated these numbers for this problem, they are taken alike for all"
    )
    failed = f" after {outlook.failures} failed shots" if outlook.failures else ""
    lines = [
        f"One shot costs {outlook.cost:g}. It can be solved at all with "
        f"{_md_range(outlook.solvable)}{failed}, and then by one shot with "
        f"{_md_range(outlook.each_shot)} ({judged})."
    ]
    if funding and row.item.id in funding.outlooks:
        shots = next((f for f in funding.funded if f.item == row.item.id), None)
        bought = (
            f"buys {shots.shots} parallel shots for {shots.spent:g}, which solve it with "
            f"{_md_range(shots.chance)}"
            if shots
            else "buys no shot at it"
        )
        lines.append(f"A budget of {funding.budget:g} for the whole case {bought}.")
    if row.item.who:
        lines.append(f"Who could work on it: {_md(row.item.who)}")
    return lines


def _tried(row: Ranked) -> list[str]:
    lines = [f"- {_md(shot)}" for shot in row.item.tried]
    for shot in row.item.shots:
        out = f"{shot.outcome}: {_md(shot.says)}" if shot.outcome else "running"
        lines.append(f"- {_md(shot.id)}, {_md(shot.by)}: {_md(shot.approach)} ({out})")
    if not lines:
        return ["Nobody has recorded an attempt."]
    return ["\n".join(lines), f"Status: {_md(row.item.status)}."]


def _list(case: Case, ranking: Ranking, funding: Funding | None) -> str:
    shots = {row.item: row.shots for row in funding.funded} if funding else {}
    parts = []
    for row in ranking.items:
        item = row.item
        bought = f"; {shots.get(item.id, 0)} shots" if funding else ""
        parts.append(
            f"- **{_md(item.id)}** ({item.what}, {item.kind}{bought}) {_md(item.says)}\n"
            f"  Closed when: {_md(item.closed_when)}\n"
            f"  Status: {_md(item.status)}"
        )
    groups = [
        f"- {', '.join(_md(name) for name in group.items)}"
        for group in ranking.groups
        if len(group.items) > 1
    ]
    sections: list[Section] = [
        f"# Open problems of {_md(case.header.case)}",
        [_md(case.header.title)],
        ("## Items", ["\n".join(parts) or "Nothing is open."]),
    ]
    if groups:
        sections.append(("## Worthless unless all are solved", ["\n".join(groups)]))
    return _page(*sections)


def _table(ranking: Ranking, funding: Funding | None) -> str:
    shots = {row.item: row.shots for row in funding.funded} if funding else {}
    rows: list[Sequence[object]] = [
        ("item", "what", "kind", "says", "closed_when", "proxy", "command", "library", "status",
         "who", "cost_of_one_shot", "solvable_low", "solvable_high", "bound_now",
         "bound_if_solved", "point_now", "point_if_solved", "shots_funded", "place")
    ]  # fmt: skip
    for row in ranking.items:
        item, lift = row.item, row.lift
        rows.append(
            (
                item.id, item.what, item.kind, item.says, item.closed_when, item.proxy or "",
                item.command or "", item.instance_of or "", item.status, item.who or "",
                row.outlook.cost, row.outlook.solvable.at_least, row.outlook.solvable.at_most,
                *((lift.bound_before, lift.bound_after, lift.before, lift.after)
                  if lift else ("", "", "", "")),
                shots.get(item.id, 0) if funding else "", item.place,
            )
        )  # fmt: skip
    return _csv(rows)


def _csv(rows: Iterable[Sequence[object]]) -> str:
    """Every cell quoted; a text that a spreadsheet would run as a formula starts with `'`."""
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    for row in rows:
        writer.writerow([_cell(value) for value in row])
    return out.getvalue()


def _cell(value: object) -> str:
    if isinstance(value, int | float):
        return repr(value)
    text = _plain(str(value))
    return f"'{text}" if str(value).startswith(_RISKY) or text.startswith(_RISKY) else text


def _page(*sections: Section) -> str:
    parts: list[str] = []
    for section in sections:
        if isinstance(section, str):
            parts.append(section)
        else:
            head, texts = section if isinstance(section, tuple) else ("", section)
            parts += [*([head] if head else []), *texts]
    return "\n\n".join(parts) + "\n"


def _md_range(chance: Chance) -> str:
    return f"a chance between {chance.at_least:.3g} and {chance.at_most:.3g}"


def _md(text: str) -> str:
    """Text of a case as text in Markdown: no markup, and nobody is called by `@name`."""
    return _MARKUP.sub(r"\\\1", _plain(text)).replace("@", "@<!-- -->")


def _plain(text: str) -> str:
    """Text on one line, with control and direction characters made visible."""
    line = " ".join(text[: _LONGEST * 2].split())
    cut = line if len(line) <= _LONGEST else f"{line[:_LONGEST]} … [cut here]"
    return "".join(c if c.isprintable() else f"[U+{ord(c):04X}]" for c in cut)
