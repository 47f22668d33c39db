"""What gsn2x cannot carry: one sentence each, with what stands in its place."""

from __future__ import annotations

from collections.abc import Iterator

from safetycase.argument.structure import Link, Loss, ModuleInfo, Part, Structure

__all__ = ["layers_of", "link_losses", "module_losses", "part_losses", "whole_losses"]

_NO_KIND = frozenset({"module", "contract"})


def layers_of(part: Part) -> dict[str, str]:
    """The fields of a part that become text layers, under `sc.`."""
    found: dict[str, str] = {}
    if part.type in _NO_KIND:
        found["sc.type"] = part.type
    if part.name not in ("", part.id):
        found["sc.name"] = part.name
    if part.away:
        found["sc.away"] = part.away
    for field in ("uninstantiated", "public", "by_contract"):
        if getattr(part, field):
            found[f"sc.{field}"] = "true"
    if part.declaration != "asserted":
        found["sc.declaration"] = part.declaration
    if part.counter and part.type not in ("goal", "solution"):
        found["sc.counter"] = "true"
    return found


_SAYS = {
    "sc.type": ("type", "is a {value}, for which gsn2x has no `nodeType`; it is written as a goal"),
    "sc.name": ("name", "is called {value}; gsn2x knows the id alone"),
    "sc.away": ("away element", "cites {value} in another module; it stands here by itself"),
    "sc.uninstantiated": ("uninstantiated", "is uninstantiated, which gsn2x does not know"),
    "sc.public": ("public", "is public; gsn2x has no interfaces"),
    "sc.by_contract": ("contract", "is supported by contract, which gsn2x does not know"),
    "sc.declaration": ("declaration", "is declared {value}, which gsn2x does not know"),
    "sc.counter": ("counter", "is a counter element of a type that gsn2x does not counter with"),
}


def part_losses(part: Part) -> Iterator[Loss]:
    """What is lost of one part; its text layers tell it to people."""
    for layer, value in layers_of(part).items():
        what, says = _SAYS[layer]
        text = f"{part.id} {says.format(value=value)}; the layer `{layer}` says so"
        yield Loss(about=part.id, what=what, says=text)


def link_losses(link: Link) -> Iterator[Loss]:
    """What is lost of one relation."""
    where = f"{link.source} -> {link.target or link.target_link}"
    about = link.id or where
    if link.multiplicity:
        says = f"the relation {where} has the multiplicity {link.multiplicity}; it is written once"
        yield Loss(about=about, what="multiplicity", says=says)
    if link.optional:
        says = f"the relation {where} is optional; it is written as any other"
        yield Loss(about=about, what="optional", says=says)
    if link.choice or link.choose:
        says = f"the relation {where} is one of a choice; all of them are written"
        yield Loss(about=about, what="choice", says=says)
    if link.inference:
        says = f"the relation {where} belongs to the step {link.inference}; gsn2x has no steps"
        yield Loss(about=about, what="inference", says=says)
    if link.tags:
        says = f"the relation {where} has notes ({', '.join(sorted(link.tags))}), left out"
        yield Loss(about=about, what="relation notes", says=says)


def module_losses(info: ModuleInfo) -> Iterator[Loss]:
    """What is lost of one module."""
    for what, given in (
        ("title", bool(info.title)),
        ("contract", info.contract),
        ("pattern", info.pattern),
        ("published", info.published),
        ("headings", bool(info.headings)),
    ):
        if given:
            says = f"the module {info.name} states `{what}`, which gsn2x has no key for; left out"
            yield Loss(about=info.name, what=what, says=says)


def whole_losses(structure: Structure) -> Iterator[Loss]:
    """What is lost of the argument as a whole."""
    if structure.title:
        says = f"the title “{structure.title}” has no place in gsn2x; left out"
        yield Loss(about="", what="title", says=says)
    if structure.tags:
        says = f"notes on the whole ({', '.join(sorted(structure.tags))}) have no place; left out"
        yield Loss(about="", what="notes", says=says)
    for point in structure.points:
        if point.argued_by:
            says = f"{point.id} is argued by {point.argued_by}; gsn2x names the place alone"
            yield Loss(about=point.id, what="claim point", says=says)
