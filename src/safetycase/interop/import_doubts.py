"""Challenges of a structure -> defeaters of a case."""

from __future__ import annotations

from safetycase.argument.structure import Link, Part
from safetycase.interop.import_plan import NO_WARRANT, Plan
from safetycase.interop.import_yaml import Item, Ref

__all__ = ["raise_doubts"]


def raise_doubts(plan: Plan) -> None:
    """Add a defeater for each challenge, and for each mark of defeat that nothing explains."""
    made = _names(plan)
    raised: list[tuple[Item, Link]] = []
    for source, links in plan.challenges.items():
        for link in links:
            if id(link) in made:
                raised.append((_defeater(plan, plan.parts[source], made[id(link)]), link))
            else:
                says = f"what it challenges (`{link.target or link.target_link}`) is not here"
                plan.lose(source, "dangling relation", says)
    for item, link in raised:  # only now all the steps that they may aim at are made
        item.fields["against"] = Ref(_target(plan, link, made), in_place=False)
    challenged = {link.target for links in plan.challenges.values() for link in links}
    for name, part in plan.parts.items():
        if (part.defeated or part.declaration == "defeated") and name not in challenged:
            says = "The source marks this element as defeated and names no challenge."
            _marked(plan, name, plan.ids.of[plan.away(name)], says)
    _relations(plan)


def _names(plan: Plan) -> dict[int, str]:
    """Challenge (by identity) -> the id of its defeater, for those that aim at something here."""
    made: dict[int, str] = {}
    for source, links in plan.challenges.items():
        for link in links:
            if source in plan.raised:
                made[id(link)] = plan.ids.of[source]
            elif plan.aims(link):
                made[id(link)] = plan.ids.new(f"{plan.ids.of[source].replace('.', '-')}-DEFEATER")
    return made


def _defeater(plan: Plan, part: Part, name: str) -> Item:
    """The defeater of one challenge; what it aims at is filled in later."""
    if part.id in plan.raised:
        item = plan.item("defeater", part)
        by = plan.step(part.id)
        below = plan.outline.below.get(part.id, ())
        if any(scope.kind == "in context of" for scope in below):
            plan.lose(part.id, "context", "a defeater has no context")
    else:
        item = plan.items[name] = Item("defeater", name)
        by = plan.ref(part.id) if part.type == "solution" else _step(plan, part, name)
    item.fields |= {"against": Ref("", in_place=False), "says": plan.text(part)}
    if by:
        item.fields["by"] = by
    return item


def _step(plan: Plan, part: Part, name: str) -> Ref | None:
    """The step from a challenging claim to its defeater."""
    premise = plan.premise(part.id)
    if premise is None:
        return None
    made = plan.ids.new(f"{name}-STEP")
    plan.items[made] = Item(
        "argument",
        made,
        {"kind": "substitution", "because": NO_WARRANT, "premises": [premise]},
    )
    plan.lose(part.id, "warrant", f"nothing says why it is a reason to doubt; `{NO_WARRANT}`")
    return Ref(made)


def _target(plan: Plan, link: Link, made: dict[int, str]) -> str:
    if not link.target_link:
        return plan.ids.of[plan.away(link.target)]
    aim = plan.relations[link.target_link]
    if aim.kind == "challenges":
        return made.get(id(aim)) or plan.ids.of[plan.away(aim.source)]
    return _of_relation(plan, aim)


def _of_relation(plan: Plan, link: Link) -> str:
    """The argument that a relation belongs to, or the element it brings in."""
    if link.kind == "supported by":
        source = plan.away(link.source)
        if plan.parts[source].type == "strategy":
            return plan.ids.of[source]
        if source in plan.steps:
            return plan.steps[source]
        item = plan.items.get(plan.ids.of[source])
        by = item.fields.get("by") if item else None
        if isinstance(by, Ref) and plan.items[by.id].kind == "argument":
            return by.id
        plan.lose(link.source, "challenge on a relation", "its step is no argument of its own")
        return plan.ids.of[source]
    says = f"the doubt about this relation stands against `{link.target}` itself"
    plan.lose(link.source, "challenge on a relation", says)
    end = link.target if link.target in plan.parts else link.source
    return plan.ids.of[plan.away(end)]


def _relations(plan: Plan) -> None:
    """Defeaters for relations that are marked as defeated and that no challenge aims at."""
    aimed = {
        id(plan.relations[link.target_link])
        for links in plan.challenges.values()
        for link in links
        if link.target_link in plan.relations
    }
    for link in plan.structure.links:
        here = link.source in plan.parts and (link.target in plan.parts)
        if link.defeated and here and link.kind != "challenges" and id(link) not in aimed:
            says = (
                f"The source marks the relation from {link.source} to {link.target} as defeated "
                "and names no challenge."
            )
            _marked(plan, link.source, _of_relation(plan, link), says)
        elif link.defeated:
            plan.lose(link.source, "defeated relation", "its defeat is computed here, not stated")


def _marked(plan: Plan, about: str, target: str, says: str) -> None:
    name = plan.ids.new(f"{target.replace('.', '-')}-DEFEATED")
    fields: dict[str, str | Ref | list[Ref]] = {
        "against": Ref(target, in_place=False),
        "says": says,
    }
    plan.items[name] = Item("defeater", name, fields)
    plan.lose(
        about, "defeated", f"its defeat is no status here; the defeater `{name}` stands for it"
    )
