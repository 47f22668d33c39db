"""Faults in the templates that a case uses: what is changed there is changed in every instance."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator

from safetycase.argument.decode import KINDS
from safetycase.argument.edits import Lines
from safetycase.argument.graph import rule_of
from safetycase.argument.model import Argument, Case
from safetycase.argument.nodes import Collection, Node, Reader, Scalar
from safetycase.argument.source import File
from safetycase.testing.mutation.draft import Draft, Site
from safetycase.testing.mutation.ground import Ground
from safetycase.testing.mutation.leaf_faults import relaxed
from safetycase.testing.mutation.records import Mutation, Plant

__all__ = ["TEMPLATES"]


def _draft(ground: Ground) -> Draft:
    """For changing the texts of the templates."""
    return Draft(source=dataclasses.replace(ground.source, texts=ground.texts))


def _sites(file: File, node: Node) -> Iterator[Site]:
    """Every value below a mapping or list."""
    if type(node) is not Collection:
        return
    step = 2 if node.mapping else 1
    for index in range(step - 1, len(node.items), step):
        yield Site(file=file, parent=node, index=index, node=node.items[index])
        yield from _sites(file, node.items[index])


def _files(ground: Ground) -> Iterator[File]:
    for name, text in ground.templates.items():
        root = Reader(text, name).root
        if isinstance(root, Collection):
            yield File(name=name, text=text, prefix="", root=root, lines=Lines(text))


def _elements(ground: Ground, kind: str) -> Iterator[tuple[str, Site]]:
    """The elements of a kind that a template writes and some instance has: the id there, and it.

    Those whose id is made of a parameter are left out: their text stands for many.
    """
    for file in _files(ground):
        for site in _sites(file, file.root):
            node = site.node
            if type(node) is not Collection or not node.mapping or len(node.items) < 2:
                continue
            key, name = node.items[0], node.items[1]
            if type(key) is not Scalar or type(name) is not Scalar or key.value not in KINDS:
                continue
            full = _instance(ground.case, file, name.value) if key.value == kind else None
            if full is not None:
                yield full, site


def _instance(case: Case, file: File, name: str) -> str | None:
    """The id that an element of a template has in the case, in the first instance that has it."""
    for instance, use in case.uses.items():
        if f"templates/{use.template}.yaml" == file.name:
            if f"{instance}/{name}" in case.elements:
                return f"{instance}/{name}"
            if _value(file.root, "root", "claim") == name:
                return instance
    return None


def _value(node: Node, *path: str) -> str | None:
    for key in path:
        if type(node) is not Collection:
            return None
        found = [v for k, v in node.pairs() if type(k) is Scalar and k.value == key]
        if not found:
            return None
        node = found[0]
    return node.value if type(node) is Scalar else None


def _key(site: Site, word: str) -> Site | None:
    """The value of a key of an element."""
    node = site.node
    if type(node) is Collection:
        for index in range(1, len(node.items), 2):
            key = node.items[index - 1]
            if type(key) is Scalar and key.value == word:
                return Site(file=site.file, parent=node, index=index, node=node.items[index])
    return None


def _relax(ground: Ground) -> Iterator[Plant]:
    draft = _draft(ground)
    for name, site in _elements(ground, "claim"):
        criterion = _key(site, "holds_when")
        for easier, says in relaxed(criterion.word, 2.0) if criterion else ():
            assert criterion is not None
            yield Plant(
                about=name,
                says=f"the template asks for less of {name}: {says}",
                texts=draft.put((criterion, f'"{easier}"')),
            )


def _default(ground: Ground) -> Iterator[Plant]:
    """A number that the case leaves to the template."""
    draft = _draft(ground)
    bound = {
        (use.template, key) for use in ground.case.uses.values() for key in use.with_
    }  # fmt: skip
    for file in _files(ground):
        for site in _sites(file, file.root):
            name = _value(file.root, "template") or ""
            if _parameter(file, site) is None or (name, _parameter(file, site)) in bound:
                continue
            number = re.fullmatch(r"\d+(\.\d+)?", site.word)
            if number:
                other = f"{float(number[0]) / 2:.6g}" if "." in number[0] else f"{number[0]}0"
                yield Plant(
                    about=f"{name}: {_parameter(file, site)}",
                    says=f"the template takes {other} where the case says nothing, not {number[0]}",
                    texts=draft.put((site, other)),
                )


def _parameter(file: File, site: Site) -> str | None:
    """The parameter that a value is the default of."""
    if not site.parent.mapping or site.parent.items[site.index - 1].value != "default":
        return None
    for key, value in file.root.pairs():
        if type(key) is Scalar and key.value == "parameters" and type(value) is Collection:
            for name, entry in value.pairs():
                if entry is site.parent and type(name) is Scalar:
                    return name.value
    return None


def _drop(ground: Ground, kind: str, says: str) -> Iterator[Plant]:
    draft = _draft(ground)
    for name, site in _elements(ground, kind):
        if not site.parent.mapping:
            alone = len(site.parent.items) == 1
            whole = dataclasses.replace(site, node=site.parent)
            texts = draft.put((whole, "[]")) if alone else draft.drop(site)
            yield Plant(about=name, says=f"{name} {says}", texts=texts)


def _doubts(ground: Ground) -> Iterator[Plant]:
    yield from _drop(ground, "defeater", "is no doubt of the template any more")


def _problems(ground: Ground) -> Iterator[Plant]:
    yield from _drop(ground, "problem", "is no open problem of the template any more")


def _premises(ground: Ground) -> Iterator[Plant]:
    draft = _draft(ground)
    for name, site in _elements(ground, "argument"):
        step, premises = ground.case.elements[name], _key(site, "premises")
        if not isinstance(step, Argument) or rule_of(step) != "all" or premises is None:
            continue
        entries = list(draft.entries(premises))
        if len(entries) == len(step.premises) > 1:
            for premise, entry in zip(step.premises, entries, strict=True):
                says = f"the template rests {name} no longer on {premise}"
                yield Plant(about=name, says=says, texts=draft.drop(entry))


TEMPLATES: tuple[Mutation, ...] = (
    Mutation(
        name="template-threshold",
        group="templates",
        kind="loosens",
        plants="A bound of a criterion is made easier in the text of a template.",
        must="A leaf that was registered under the stricter criterion is stale, or a comparison "
        "calls it a loosening.",
        sites=_relax,
    ),
    Mutation(
        name="template-default",
        group="templates",
        kind="changes",
        plants="A number that the case leaves to a template is another.",
        must="A comparison names it, or what was registered under it is stale.",
        sites=_default,
    ),
    Mutation(
        name="template-drop-doubt",
        group="templates",
        kind="loosens",
        plants="A template no longer raises one of its doubts.",
        must="A comparison calls it a loosening.",
        sites=_doubts,
    ),
    Mutation(
        name="template-close-problem",
        group="templates",
        kind="loosens",
        plants="A template no longer names one of its open problems.",
        must="A comparison calls it a loosening.",
        sites=_problems,
    ),
    Mutation(
        name="template-drop-premise",
        group="templates",
        kind="loosens",
        plants="A step of a template loses a premise.",
        must="A comparison calls it a loosening.",
        sites=_premises,
    ),
)
