"""`import/tea`: an evidence item of a TEA case, made elsewhere, as evidence.

Source: alan-turing-institute/AssurancePlatform, schema `case-export-v1.0` and its import code.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetycase.methods.imported import strict
from safetycase.methods.imported.origin import ORDER_LIMIT, made_elsewhere
from safetycase.methods.imported.planting import keep, planted_context
from safetycase.plugin.contract import (
    Context,
    Controls,
    Measure,
    Measurement,
    Method,
    MethodError,
    OracleResult,
    Planted,
)
from safetycase.stats import Exact, estimate

__all__ = ["METHOD", "Parameters"]

_MOST = 500_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """`item` is the id or the name of the evidence item in the TEA file.

    The inputs are the TEA file (`.json`) and the document that the item points to, if it is in
    the case folder; the document is kept, and nothing in it is read.
    """

    item: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Item:
    """One evidence item, and how many defeaters stand against it."""

    node: Mapping[str, Any]
    against: int

    def said(self, key: str) -> str:
        """A text of the item; empty if there is none."""
        value = self.node.get(key)
        return value.strip()[:2000] if isinstance(value, str) else ""

    @property
    def stands(self) -> bool:
        """Whether it is in the case at all and nothing in the file defeats it."""
        declared = self.node.get("assertionStatus")
        return not (self.node.get("inSandbox") or declared == "DEFEATED" or self.against)


def run(inputs: tuple[str, ...], parameters: Parameters, context: Context) -> Measurement:
    """Find the item in the TEA file among `inputs`."""
    files = [name for name in inputs if name.endswith(".json")]
    others = [name for name in inputs if not name.endswith(".json")]
    if len(files) != 1 or len(others) > 1:
        raise MethodError(
            "name one TEA file (`.json`) under `inputs`, and at most one document that its item "
            "points to"
        )
    path = strict.input_file(context, files[0])
    place = f"`{path.name}`"
    top = strict.mapping(strict.parse(strict.read(path), place), place, "the file")
    item = _find(top, parameters.item, place)
    artefacts = {"TEA case": keep(path, context)}
    if others:
        artefacts["document"] = keep(strict.input_file(context, others[0]), context)
    url = item.said("url") or item.said("URL")
    reference = bool(url or others)
    case = top.get("case")
    return Measurement(
        quantities={
            "stands": Exact(
                value=float(item.stands and reference),
                says="the item is in the case, undefeated, and refers to something",
            ),
            "defeaters": Exact(value=float(item.against), says="defeaters against the item"),
        },
        counts={"documents": len(others)},
        diagnostics=made_elsewhere(by="the TEA platform", at=str(top.get("exportedAt") or "")[:40])
        | {
            "case": str(case.get("name"))[:300] if isinstance(case, dict) else "not said",
            "item": str(item.node.get("name") or item.node.get("id"))[:300],
            "says": item.said("description") or item.said("short_description") or "nothing",
            "refers to": url or "nothing",
            "in the sandbox": "yes" if item.node.get("inSandbox") else "no",
            "declared status": item.said("assertionStatus") or "none",
        },
        artefacts=artefacts,
    )


def _find(top: Mapping[str, Any], wanted: str, place: str) -> _Item:
    nodes = list(_nodes(top, place))
    evidence = [node for node, is_evidence in nodes if is_evidence]
    found = [n for n in evidence if wanted in (str(n.get("id")), n.get("name"))]
    if len(found) != 1:
        names = ", ".join(f"`{str(n.get('name') or n.get('id'))[:60]}`" for n in evidence[:10])
        raise MethodError(
            f"{place}: {len(found)} evidence items are `{wanted}`; choose one by its id. There is "
            f"{names or 'no evidence item'}"
        )
    name = found[0].get("id")
    against = sum(
        bool(node.get("isDefeater")) and name is not None and node.get("defeatsElementId") == name
        for node, _ in nodes
    )
    return _Item(node=found[0], against=against)


def _nodes(top: Mapping[str, Any], place: str) -> Iterator[tuple[dict[str, Any], bool]]:
    """Every element of a file in any of the three forms, and whether it is evidence."""
    stack: list[tuple[Any, str]] = [(top, "")]
    count = 0
    while stack:
        value, key = stack.pop()
        if isinstance(value, list):
            stack += [(entry, key) for entry in value]
        elif isinstance(value, dict):
            count += 1
            if count > _MOST:
                raise MethodError(f"{place}: more than {_MOST} elements; split the case")
            kind = value.get("type") or value.get("elementType")
            legacy = key == "evidence" and kind in (None, "Evidence")
            yield value, kind == "EVIDENCE" or legacy
            stack += [(entry, name) for name, entry in value.items()]


def _measured(items: list[Mapping[str, Any]]) -> Measurement:
    with tempfile.TemporaryDirectory() as name:
        context = planted_context(Path(name))
        tree = {"id": "g", "type": "GOAL", "children": items}
        text = json.dumps({"version": "1.0", "case": {"name": "planted"}, "tree": tree})
        (context.case_folder / "c.json").write_text(text, "utf-8")
        return run(("c.json",), Parameters(item="e"), context)


def _node(**more: Any) -> Mapping[str, Any]:
    return {"id": "e", "type": "EVIDENCE", "url": "https://example.org", "children": []} | more


_DEFEATER = {"id": "d", "type": "GOAL", "isDefeater": True, "defeatsElementId": "e", "children": []}


def self_check() -> tuple[OracleResult, ...]:
    """What stands and what does not, by definition."""
    cases = (
        ("an item with a reference stands", [_node()], 1.0),
        ("an item without a reference does not", [_node(url=None)], 0.0),
        ("a defeated item does not", [_node(), _DEFEATER], 0.0),
        ("an item in the sandbox does not", [_node(inSandbox=True)], 0.0),
    )
    return tuple(
        OracleResult(
            name=name,
            expected=expected,
            got=estimate(_measured(list(items)).quantities["stands"]),
            tolerance=0.0,
            source="definition",
        )
        for name, items, expected in cases
    )


def controls() -> Controls:
    """Items that stand, and items that for one reason each do not."""
    planted = []
    for says, truth, items in (
        ("in the case, with a reference", True, [_node()]),
        ("without a reference", False, [_node(url="")]),
        ("declared defeated", False, [_node(assertionStatus="DEFEATED")]),
        ("a defeater stands against it", False, [_node(), _DEFEATER]),
        ("in the sandbox", False, [_node(inSandbox=True)]),
    ):
        passes = sum(estimate(_measured(items).quantities["stands"]) >= 1 for _ in range(3))
        planted.append(Planted(name=says, claim_is_true=truth, passes=passes, runs=3, says=says))
    return Controls(criterion="stands >= 1", planted=tuple(planted))


METHOD = Method(
    name="import/tea",
    version="1.0.0",
    says="Finds an evidence item of a TEA case and whether it stands there.",
    parameters=Parameters,
    measures=(
        Measure(
            name="stands",
            unit="1 or 0",
            safer="higher",
            says="1 if the item is in the case, undefeated, and refers to something",
        ),
        Measure(
            name="defeaters",
            unit="defeaters",
            safer="lower",
            says="defeaters in the file against the item",
        ),
    ),
    limits=(
        "It shows that somebody names this evidence in a TEA case, not what the evidence shows: "
        "no number in it is read, and nothing behind its reference is looked at.",
        "Whether the item is about the model of this case is not known.",
        ORDER_LIMIT,
    ),
    source="alan-turing-institute/AssurancePlatform, case-export-v1.0",
    run=run,
    self_check=self_check,
    controls=controls,
    needs_model=False,
    imports=True,
)
