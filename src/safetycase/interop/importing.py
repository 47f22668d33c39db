"""A structure read from another format -> the text of a case file that a person completes.

What the source does not state is written as `not stated` and reported, never guessed; evidence
comes without a method, so that an imported case supports nothing until somebody binds one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date

from safetycase.argument.structure import Loss, Structure
from safetycase.interop.import_doubts import raise_doubts
from safetycase.interop.import_plan import Plan
from safetycase.interop.import_yaml import Item, quoted, without_halves, written
from safetycase.interop.outline import general_losses

__all__ = ["HEADER_KEYS", "NOT_STATED", "case_text"]

NOT_STATED = "not stated"
HEADER_KEYS = (
    "case",
    "title",
    "maturity",
    "target",
    "decision.supports",
    "decision.owner",
    "decision.expires",
    "model.weights",
    "system.scaffold",
    "deployment.users",
    "deployment.volume",
    "deployment.horizon",
    "deployment.distribution",
    "harm.what",
    "harm.mistake",
)
"""The keys that `header` may have."""

_CARRIED = frozenset(
    {"undeveloped", "defeated", "away", "name", "url", "title", "inference"}
    | {"defeated relation", "challenge on a relation"}
)
_NO_PREFIX = "\0"  # a case file keeps no tags, and no key starts like this


def case_text(
    structure: Structure, *, header: Mapping[str, str] | None, today: date
) -> tuple[str, tuple[Loss, ...]]:
    """The text of `case.yaml` for a structure, and what it cannot carry.

    `header` gives values for `HEADER_KEYS`; the others read `not stated` (the decision expires
    `today`, the target is 0.90, the maturity `sketch`) and are losses. The text loads without a
    finding of reading for every structure; dangling relations are left out and reported.
    """
    plan = Plan(structure)
    plan.run()
    raise_doubts(plan)
    plan.finish()
    root = _root(plan)
    losses = list(plan.losses)
    for link in plan.outline.dangling:
        if link.kind != "challenges":
            says = f"the relation to `{link.target}` leads out of the argument and is left out"
            losses.append(Loss(about=link.source, what="dangling relation", says=says))
    losses += general_losses(structure, _CARRIED, "a case file", _NO_PREFIX)
    lines = [*_header(structure, header or {}, today, losses), *written(plan.items, root)]
    return "\n".join(lines) + "\n", tuple(losses)


def _root(plan: Plan) -> str:
    """The id of the root claim: the first goal that nothing rests on; the others are reported."""
    argued = {point.argued_by for point in plan.structure.points}
    goals = [
        name
        for name, part in plan.parts.items()
        if part.type == "goal" and plan.away(name) == name and name not in plan.raised
    ]
    loose = frozenset(plan.outline.roots) - argued
    tops = [name for name in goals if name in loose]
    for other in tops[1:]:
        says = f"a case has one root; `{tops[0]}` is it and this one stands under `claims:`"
        plan.lose(other, "second root", says)
    if tops or goals:
        return plan.ids.of[(tops or goals)[0]]
    name = plan.ids.new("ROOT")
    plan.items[name] = Item("claim", name, {"says": "The source holds no top goal."})
    plan.lose("", "root", f"the source holds no goal; the open claim `{name}` stands as root")
    return name


def _header(
    structure: Structure, header: Mapping[str, str], today: date, losses: list[Loss]
) -> Iterator[str]:
    for key in sorted(header.keys() - set(HEADER_KEYS)):
        losses.append(Loss(about=key, what="header", says="a case has no such field"))
    title = structure.title.strip()
    slug = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:40].strip("-")
    defaults = {
        "case": slug if slug[:1].isalpha() else "imported-case",
        "title": without_halves(title) or NOT_STATED,
        "maturity": "sketch",
        "target": "0.90",
        "decision.expires": today.isoformat(),
    }
    values = {key: header.get(key) or defaults.get(key, NOT_STATED) for key in HEADER_KEYS}
    for key, value in values.items():
        if not header.get(key) and (key != "title" or value == NOT_STATED) and key != "case":
            says = f"the source does not state it; `{value}` stands in its place"
            losses.append(Loss(about=key, what="header", says=says))
    yield "# Imported: complete the header, bind methods to the evidence, name owners."
    for key in ("case", "title"):
        yield f"{key}: {quoted(values[key])}"
    yield f"maturity: {values['maturity']}"
    yield f"target: {values['target']}"
    yield from _block("decision", values, ("supports", "owner"))
    yield f"  expires: {values['decision.expires']}"
    yield "models:"
    yield "  model:"
    yield f"    weights: {quoted(values['model.weights'])}"
    yield from _block("system", values, ("scaffold",))
    yield "  model: model"
    yield from _block("deployment", values, ("users", "volume", "horizon", "distribution"))
    yield from _block("harm", values, ("what", "mistake"))


def _block(name: str, values: Mapping[str, str], keys: tuple[str, ...]) -> Iterator[str]:
    yield f"{name}:"
    for key in keys:
        yield f"  {key}: {quoted(values[f'{name}.{key}'])}"
