"""Which box stands where: rows of support, context beside, doubts beneath, leaves in stacks."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from safetycase.report.layered import layered
from safetycase.report.tidy import tidy

__all__ = ["Box", "Column", "Layout", "Line", "Placement", "Size"]

LineKind = Literal["down", "up", "beside"]
MARGIN = 14.0
SIDE_GAP, STACK_GAP = 38.0, 14.0
TRUNK = 24.0
STACK_FROM, CROWDED_FROM, CROWD = 6, 3, 40
"""This many plain leaves under one parent are stacked, fewer in a picture of over 40 nodes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """What a box needs. A `round` one is met in the middle of its top and bottom only.

    `ellipse` says that its outline is one; then lines meet it wherever they come. `slant` is how
    far its left and right side lie inside at half height, `foot` how much of its height hangs
    below its outline at the middle.
    """

    width: float
    height: float
    round: bool = False
    slant: float = 0.0
    foot: float = 0.0
    ellipse: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of the drawing, from `source` to `target`.

    `down` puts the target below the source, `up` the source below the target, `beside` the
    target at the side of the source. A line with `on` ends on the line of that index instead;
    a `marked` one needs room for something drawn on it.
    """

    kind: LineKind
    source: str
    target: str = ""
    on: int = -1
    marked: bool = False


@dataclass(slots=True)
class Box:
    """A placed box: its upper left corner, its size and its row."""

    x: float
    y: float
    width: float
    height: float
    row: int = 0
    round: bool = False
    slant: float = 0.0
    foot: float = 0.0
    ellipse: bool = False

    @property
    def cx(self) -> float:
        """The middle from left to right."""
        return self.x + self.width / 2

    @property
    def cy(self) -> float:
        """The middle of its outline from top to bottom."""
        return self.y + (self.height - self.foot) / 2

    @property
    def bottom(self) -> float:
        """The lower edge, with what hangs there."""
        return self.y + self.height

    def edge_y(self, x: float, *, below: bool) -> float:
        """The height at which a line at `x` leaves the box upwards or downwards."""
        if below and self.foot and abs(x - self.cx) < 10:
            return self.bottom
        half = (self.height - self.foot) / 2
        if self.ellipse:
            half *= _circle((x - self.cx) / (self.width / 2))
        return self.cy + half if below else self.cy - half

    def edge_x(self, y: float, *, right: bool) -> float:
        """Where a line at the height `y` leaves the box to the left or right."""
        half = self.width / 2
        part = (y - self.cy) / ((self.height - self.foot) / 2)
        if self.ellipse:
            half *= _circle(part)
        elif self.slant:
            half -= self.slant * (1 + part if right else 1 - part)
        return self.cx + half if right else self.cx - half

    @property
    def right(self) -> float:
        """The right edge."""
        return self.x + self.width


@dataclass(slots=True)
class Column:
    """Boxes beside a node, on its left or right; `outer` is free room to pass them by."""

    names: list[str] = field(default_factory=list)
    width: float = 0.0
    height: float = 0.0
    outer: float = 0.0
    trunk: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """The finished drawing: boxes by id, and for each line its points from source to target."""

    boxes: Mapping[str, Box]
    routes: tuple[tuple[tuple[float, float], ...], ...]
    width: float
    height: float


class Layout:
    """The working state that `routing` reads: who stands in which row, on whom, beside whom."""

    def __init__(self, sizes: Mapping[str, Size], lines: Sequence[Line]) -> None:
        self.sizes, self.lines = sizes, lines
        self.host: dict[str, str] = {}
        self.left: dict[str, Column] = {}
        self.right: dict[str, Column] = {}
        self.column: dict[str, Column] = {}
        self.boxes: dict[str, Box] = {}
        self.row: dict[str, int] = {}
        self.parent: dict[str, str] = {}
        self.trunks: dict[str, float] = {}
        self.spans: list[list[tuple[float, float]]] = []
        self.width = 0.0
        self._sides()
        self.main = [name for name in sizes if name not in self.host]
        self.number = {name: index for index, name in enumerate(self.main)}
        self._rows()
        self._columns()

    # Who stands beside whom.

    def _sides(self) -> None:
        main = {line.source for line in self.lines}
        main.update(line.target for line in self.lines if line.kind == "down")
        for line in self.lines:
            name = line.target
            free = name in self.sizes and name not in main and name not in self.host
            if line.kind == "beside" and free and line.source in self.sizes:
                self.host[name] = line.source
                self._put(line.source, name)

    def _put(self, owner: str, name: str) -> None:
        """Into the lower column of the two; the right one first."""
        right = self.right.setdefault(owner, Column())
        left = self.left.setdefault(owner, Column())
        column = left if left.height < right.height else right
        size = self.sizes[name]
        column.height += size.height + (STACK_GAP if column.names else 0.0)
        column.width = max(column.width, size.width)
        column.names.append(name)
        self.column[name] = column

    # Who stands below whom.

    def _edge(self, line: Line) -> tuple[str, str] | None:
        """The line as (upper, lower) of two nodes of the tree, or None."""
        if line.kind == "up":
            target = self.lines[line.on] if line.on >= 0 else None
            upper = line.target if target is None else target.source
            if target is not None and target.kind == "up" and target.on < 0:
                upper = target.target
            upper, lower = self.host.get(upper, upper), line.source
        else:
            upper, lower = line.source, line.target
        if lower in self.host or upper == lower:
            return None
        return (upper, lower) if upper in self.number and lower in self.number else None

    def _rows(self) -> None:
        # What supports hangs on what it supports, even if it also answers a doubt elsewhere.
        holds = {line.target for line in self.lines if line.kind == "down"}
        edges = [
            edge
            for line in self.lines
            if (line.kind != "up" or line.source not in holds) and (edge := self._edge(line))
        ]
        numbered = [(self.number[a], self.number[b]) for a, b in edges]
        rows, parents = layered(len(self.main), numbered)
        self.children: dict[str, list[str]] = {name: [] for name in self.main}
        self.tops: list[str] = []
        for index, name in enumerate(self.main):
            self.row[name] = rows[index]
            if parents[index] >= 0:
                self.parent[name] = self.main[parents[index]]
            else:
                self.tops.append(name)
        seen: set[str] = set()
        for upper, lower in edges:
            if self.parent.get(lower) == upper and lower not in seen:
                seen.add(lower)
                self.children[upper].append(lower)
        self._sort()

    def _sort(self) -> None:
        """Doubts stand where their arrow crosses nothing: at the side, or by the line they hit."""
        rank: dict[str, int] = {}
        after: dict[str, str] = {}
        for line in self.lines:
            if line.kind != "up" or line.source in rank or line.source in after:
                continue
            if line.on >= 0:
                other = self.lines[line.on]
                lower = other.source if other.kind == "up" else other.target
                if self.parent.get(lower) == self.parent.get(line.source) is not None:
                    after[line.source] = lower
                    continue
            owner = self.host.get(line.target)
            at_left = owner is not None and self.column[line.target] is self.left[owner]
            rank[line.source] = -1 if at_left else 2 if owner else 1
        for upper, children in self.children.items():
            if any(child in rank or child in after for child in children):
                self.children[upper] = _sorted(children, rank, after)

    # Where they stand from left to right.

    def _columns(self) -> None:
        """Axes from the tidy tree, with stacks of leaves as single nodes of it."""
        count = len(self.main)
        children: list[list[int]] = [[] for _ in range(count + 1)]
        bottoms, lefts, rights = [0.0], [0.0], [0.0]
        for name in self.main:
            bottoms.append(self.row[name] + 1.0)
            reach = self.sizes[name].width / 2 + MARGIN
            lefts.append(reach + self._beside(self.left.get(name)))
            rights.append(reach + self._beside(self.right.get(name)))
        stacks: list[list[str]] = []
        plain = self._plain()
        for index, kin in enumerate([self.tops, *self.children.values()]):
            leaves = [name for name in kin if name in plain]
            if len(leaves) >= (CROWDED_FROM if count > CROWD else STACK_FROM):
                tall = max(4 if count > CROWD else 2, round(math.sqrt(len(leaves) / 0.85)))
                piles = [leaves[i : i + tall] for i in range(0, len(leaves), tall)]
            else:
                piles, leaves = [], []
            stacked = set(leaves)
            children[index] = [self.number[n] + 1 for n in kin if n not in stacked]
            for pile in piles:
                children[index].append(len(children))
                children.append([])
                start = self.row[self.main[index - 1]] + 1 if index else 0
                for offset, name in enumerate(pile):
                    self.row[name] = start + offset
                bottoms.append(start + len(pile) + 0.0)
                lefts.append(MARGIN)
                rights.append(TRUNK + max(self.sizes[n].width for n in pile) + MARGIN)
                stacks.append(pile)
        axes = tidy(children, bottoms, lefts, rights)
        self._spread(axes, stacks, lefts)

    def _beside(self, column: Column | None) -> float:
        return SIDE_GAP + column.width if column and column.names else 0.0

    def _plain(self) -> set[str]:
        """Leaves with at most one line, a supporting one, on which no other line ends."""
        touched: dict[str, int] = {}
        for line in self.lines:
            weight = 1 if line.kind == "down" and not line.marked else 2
            touched[line.source] = touched.get(line.source, 0) + 2
            touched[line.target] = touched.get(line.target, 0) + weight
            if line.on >= 0:
                for end in (self.lines[line.on].source, self.lines[line.on].target):
                    touched[end] = 2
        return {name for name in self.main if touched.get(name, 0) < 2}

    def _spread(self, axes: list[float], stacks: list[list[str]], lefts: list[float]) -> None:
        count = len(self.main)
        piled = {name for pile in stacks for name in pile}
        ends = [axes[i] - lefts[i] for i in range(1, count + 1) if self.main[i - 1] not in piled]
        ends += [axes[i] - lefts[i] for i in range(count + 1, len(axes))]
        shift = -min(ends, default=0.0)
        self.spans = [[] for _ in range(max(self.row.values(), default=-1) + 1)]
        for index, name in enumerate(self.main, 1):
            if name not in piled:
                self._stand(name, axes[index] + shift)
        for index, pile in enumerate(stacks, count + 1):
            axis = axes[index] + shift
            for name in pile:
                size = self.sizes[name]
                self._box(name, axis + TRUNK, self.row[name])
                self.trunks[name] = axis
                self.spans[self.row[name]].append((axis - 4, axis + TRUNK + size.width))
                self.width = max(self.width, axis + TRUNK + size.width + MARGIN)

    def _stand(self, name: str, axis: float) -> None:
        """One node with its columns, around its axis."""
        half = self.sizes[name].width / 2
        row = self.row[name]
        self._box(name, axis - half, row)
        ends = [axis - half, axis + half]
        for side, column in ((-1, self.left.get(name)), (1, self.right.get(name))):
            if column is None or not column.names:
                continue
            inner = axis + side * (half + SIDE_GAP)
            column.trunk = axis + side * (half + SIDE_GAP * 0.4)
            column.outer = inner + side * (column.width + MARGIN * 0.6)
            ends[side > 0] = inner + side * column.width
            for other in column.names:
                self._box(other, inner if side > 0 else inner - self.sizes[other].width, row)
        self.spans[row].append((ends[0], ends[1]))
        self.width = max(self.width, ends[1] + MARGIN)

    def _box(self, name: str, x: float, row: int) -> None:
        size = self.sizes[name]
        self.row[name] = row
        self.boxes[name] = Box(
            x,
            0.0,
            size.width,
            size.height,
            row,
            size.round,
            size.slant,
            size.foot,
            size.ellipse,
        )

    # Where they stand from top to bottom.

    def heights(self) -> list[float]:
        """How tall each row is."""
        tall = [0.0] * len(self.spans)
        for name in self.main:
            columns = (self.left.get(name), self.right.get(name))
            own, foot = self.sizes[name].height, self.sizes[name].foot
            most = max(own - foot, *(c.height if c else 0.0 for c in columns))
            need = max(most, (most + own + foot) / 2)  # the foot may hang below its columns
            row = self.row[name]
            tall[row] = max(tall[row], need)
        return tall

    def settle(self, tops: Sequence[float]) -> None:
        """Give every box its place in its row, given the top of each row."""
        for name in self.main:
            box, top = self.boxes[name], tops[self.row[name]]
            columns = [c for c in (self.left.get(name), self.right.get(name)) if c is not None]
            own = box.height - box.foot
            middle = top + max([own, *(c.height for c in columns)]) / 2
            box.y = middle - own / 2
            for column in columns:
                y = middle - column.height / 2
                for other in column.names:
                    self.boxes[other].y = y
                    y += self.boxes[other].height + STACK_GAP


def _circle(part: float) -> float:
    return math.sqrt(max(1.0 - part * part, 0.0))


def _sorted(children: list[str], rank: Mapping[str, int], after: Mapping[str, str]) -> list[str]:
    followers: dict[str, list[str]] = {}
    firsts: list[str] = []
    known = set(children)
    for child in children:
        if child in after and after[child] in known and after[child] not in after:
            followers.setdefault(after[child], []).append(child)
        else:
            firsts.append(child)
    firsts.sort(key=lambda child: rank.get(child, 0))
    return [name for first in firsts for name in (first, *followers.get(first, ()))]
