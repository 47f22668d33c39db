"""Arguments written in a file, one a line, as combiners.

A line is `{"id": ..., "argument": NODE}`. A node is a text (a leaf that is claimed true), or one of

- `{"leaf": NAME, "claimed": true or false}`,
- `{"all": [NODE, ...]}`, `{"any": [...]}`, `{"majority": [...]}`,
- `{"at_least": K, "of": [...]}`,
- `{"needed": T, "weights": [W, ...], "of": [...]}` with whole weights from 0 on,
- `{"table": ROWS, "of": [...]}` with ROWS a text of 2^n digits 0 and 1; row Σ 2^i is the one in
  which the parts i are true, the first part being i = 0.

A leaf named in several places of one argument has the same number in each.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from safetycase.methods.imported.strict import lines_of, listed, mapping, text, whole
from safetycase.methods.oversight.stability.combiners import (
    Leaf,
    Node,
    Table,
    Threshold,
    all_of,
    any_of,
    at_least,
    majority,
)
from safetycase.plugin.contract import MethodError

__all__ = ["read_argument", "read_arguments"]

FORMS = "`leaf`, `all`, `any`, `majority`, `at_least`, `needed` with `weights`, or `table`"
MOST = 20_000


def read_arguments(path: Path) -> dict[str, Node]:
    """The arguments of a file by their ids; `MethodError` with file and line otherwise."""
    found: dict[str, Node] = {}
    for place, line in lines_of(path):
        row = mapping(line, place, "the line")
        if set(row) != {"id", "argument"}:
            raise MethodError(f"{place}: an argument has the keys `id` and `argument`, no others")
        name = text(row["id"], place, "`id`")
        if not name or name in found:
            what = "stands twice" if name else "is empty"
            raise MethodError(f"{place}: the id `{name[:60]}` {what}; each argument has its own")
        found[name] = read_argument(row["argument"], place)
    if not found:
        raise MethodError(f"`{path.name}` holds no argument; write one a line")
    return found


def read_argument(value: Any, place: str) -> Node:
    """One node with all below it; `place` is where messages say it stands."""
    return _Reader(place).node(value)


class _Reader:
    def __init__(self, place: str) -> None:
        self.place = place
        self.leaves: dict[str, Leaf] = {}
        self.count = 0

    def node(self, value: Any) -> Node:
        self.count += 1
        if self.count > MOST:
            raise MethodError(f"{self.place}: more than {MOST:,} nodes; split the argument")
        if isinstance(value, str):
            return self.leaf(value, claimed=True)
        row = mapping(value, self.place, "a node")
        make = self.forms().get(frozenset(row))
        if make is None:
            keys = ", ".join(f"`{key[:30]}`" for key in sorted(row)) or "nothing"
            raise MethodError(f"{self.place}: a node with {keys} is none of {FORMS}")
        try:
            return make(row)
        except ValueError as error:
            raise MethodError(f"{self.place}: {error}") from error

    def forms(self) -> Mapping[frozenset[str], Callable[[dict[str, Any]], Node]]:
        return {
            frozenset({"leaf"}): lambda row: self.leaf(row["leaf"], claimed=True),
            frozenset({"leaf", "claimed"}): lambda row: self.leaf(row["leaf"], row["claimed"]),
            frozenset({"all"}): lambda row: all_of(self.parts(row["all"])),
            frozenset({"any"}): lambda row: any_of(self.parts(row["any"])),
            frozenset({"majority"}): lambda row: majority(self.parts(row["majority"])),
            frozenset({"at_least", "of"}): lambda row: at_least(
                whole(row["at_least"], self.place, "`at_least`"), self.parts(row["of"])
            ),
            frozenset({"needed", "weights", "of"}): self.weighted,
            frozenset({"table", "of"}): self.table,
        }

    def parts(self, value: Any) -> tuple[Node, ...]:
        return tuple(self.node(part) for part in listed(value, self.place, "the parts of a node"))

    def leaf(self, name: Any, claimed: Any) -> Leaf:
        name = text(name, self.place, "the name of a leaf")
        if not name:
            raise MethodError(f"{self.place}: a leaf has no name")
        if not isinstance(claimed, bool):
            raise MethodError(f"{self.place}: `claimed` of the leaf `{name[:60]}` is true or false")
        found = self.leaves.setdefault(name, Leaf(name, claimed))
        if found.claimed != claimed:
            raise MethodError(f"{self.place}: the leaf `{name[:60]}` is claimed true and false")
        return found

    def weighted(self, row: dict[str, Any]) -> Threshold:
        weights = listed(row["weights"], self.place, "`weights`")
        return Threshold(
            self.parts(row["of"]),
            tuple(whole(weight, self.place, "a weight") for weight in weights),
            whole(row["needed"], self.place, "`needed`"),
        )

    def table(self, row: dict[str, Any]) -> Table:
        rows = text(row["table"], self.place, "`table`")
        if set(rows) - {"0", "1"}:
            raise MethodError(f"{self.place}: `table` holds the digits 0 and 1, no others")
        return Table(self.parts(row["of"]), tuple(digit == "1" for digit in rows))
