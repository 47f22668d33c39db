"""Which line of a file changed: the texts kept in the record beside the files as they are now."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from safetycase.assess.records import Assessment, Cause, Freshness
from safetycase.evidence.recipes import CurrentRecipe
from safetycase.evidence.sources import changed_line
from safetycase.ledger import Store, open_store
from safetycase.workspace.folder import Workspace

__all__ = ["with_lines"]


def with_lines(space: Workspace, assessment: Assessment) -> Assessment:
    """The assessment with the first changed line of every text that made a leaf stale."""
    store = open_store(space.folder / "ledger")
    found = dict(assessment.freshness)
    for name, freshness in assessment.freshness.items():
        recipe = space.recipes.get(name)
        if recipe is not None and any(c.field in recipe.sources for c in freshness.causes):
            found[name] = _located(freshness, recipe, store)
    states = {
        name: replace(state, freshness=found[name]) if name in found else state
        for name, state in assessment.states.items()
    }
    return replace(assessment, freshness=found, states=states)


def _located(freshness: Freshness, recipe: CurrentRecipe, store: Store) -> Freshness:
    return replace(
        freshness, causes=tuple(_cause(cause, recipe, store) for cause in freshness.causes)
    )


def _cause(cause: Cause, recipe: CurrentRecipe, store: Store) -> Cause:
    path = recipe.sources.get(cause.field)
    if path is None:
        return cause
    named = replace(cause, file=_name(cause, path))
    line = changed_line(cause.was, path, store)
    if line is None:
        return named
    return replace(named, line=line.line, was=line.was, now=line.now)


def _name(cause: Cause, path: Path) -> str:
    """The file of a module as an author would look for it: `package/module.py`."""
    if not cause.field.startswith("instrument.code."):
        return cause.file
    parts = cause.field.removeprefix("instrument.code.").split(".")
    return "/".join([*parts, path.name] if path.name == "__init__.py" else [*parts[:-1], path.name])
