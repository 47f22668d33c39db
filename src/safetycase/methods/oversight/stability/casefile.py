"""The argument of a safety case as combiners: its steps over its leaves."""

from __future__ import annotations

from collections.abc import Mapping

from safetycase.argument.graph import rule_of
from safetycase.argument.load import load
from safetycase.argument.model import Argument, Assumption, Case, Claim, Evidence
from safetycase.methods.imported.strict import input_file, read
from safetycase.methods.oversight.stability.combiners import (
    Leaf,
    Node,
    all_of,
    any_of,
    at_least,
)
from safetycase.plugin.contract import Context, MethodError
from safetycase.plugin.library import templates

__all__ = ["node_of", "read_case"]


def read_case(context: Context, file: str, modules: tuple[str, ...]) -> Case:
    """The case in a file of the case folder; `modules` are the module files that it may read."""
    texts = {name: _text(context, name) for name in (file, *modules)}
    loaded = load(
        texts[file], file, more=texts.get, library=templates(context.case_folder.resolve())
    )
    missing = [finding.message for finding in loaded.findings if finding.code == "F033"]
    if missing:
        raise MethodError(f"`{file}`: {missing[0]}; name its file under `modules`")
    if loaded.case is None:
        why = loaded.findings[0].message if loaded.findings else "nothing could be read"
        raise MethodError(f"`{file}` is no case: {why}")
    return loaded.case


def node_of(case: Case, claim: str = "") -> Node:
    """What `claim` (the root if empty) rests on; `MethodError` if there is no finite argument.

    Evidence, assumptions and claims that rest on nothing are leaves, all claimed true. A step
    needs its premises by its rule, and all of its side conditions; a step that calculates needs all
    of its premises. Defeaters and the step's own warrant are no leaves.
    """
    name = claim or case.root
    if not isinstance(case.elements.get(name), Claim):
        raise MethodError(f"the case has no claim `{name}`")
    return _Walk(case.elements).node(name, ())


class _Walk:
    def __init__(self, elements: Mapping[str, object]) -> None:
        self.elements = elements
        self.made: dict[str, Node] = {}

    def node(self, name: str, above: tuple[str, ...]) -> Node:
        if name in above:
            loop = " → ".join((*above[above.index(name) :], name))
            raise MethodError(f"the argument goes round in a circle: {loop}")
        if name not in self.made:
            self.made[name] = self.make(name, (*above, name))
        return self.made[name]

    def make(self, name: str, above: tuple[str, ...]) -> Node:
        element = self.elements.get(name)
        if isinstance(element, Claim):
            return self.node(element.by, above) if element.by else Leaf(name)
        if isinstance(element, Evidence | Assumption):
            return Leaf(name)
        if isinstance(element, Argument):
            return self.step(element, above)
        raise MethodError(f"`{above[-2]}` rests on `{name}`, which the case does not hold")

    def step(self, step: Argument, above: tuple[str, ...]) -> Node:
        premises = tuple(self.node(premise, above) for premise in step.premises)
        sides = tuple(self.node(side, above) for side in step.side_conditions)
        rule = rule_of(step)
        try:
            if rule == "k of n":
                result: Node = at_least(step.k or 0, premises)
            else:
                result = any_of(premises) if rule == "any" else all_of(premises)
        except ValueError as error:
            raise MethodError(f"the step `{step.id}`: {error}") from error
        if len(premises) == 1 and rule != "k of n":
            result = premises[0]
        return all_of((result, *sides)) if sides else result


def _text(context: Context, name: str) -> str:
    try:
        return read(input_file(context, name)).decode()
    except UnicodeDecodeError as error:
        raise MethodError(f"`{name}` is not UTF-8 text: byte {error.start}") from error
