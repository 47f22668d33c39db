"""The way of every line: from box to box in the strips between rows, never through a box.

Rows of boxes and strips without boxes alternate; strip `s` lies above row `s`. The lines of the
tree turn once, in the strip between parent and children. Every other line runs along tracks of
the strips and passes each row in between through a gap of that row.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from heapq import heappush, heapreplace
from itertools import pairwise

from safetycase.report.placing import Box, Layout, Line, Placement

__all__ = ["route"]

Point = tuple[float, float]
LEAD, UP, TRACK, ON, TAIL = 18.0, 14.0, 9.0, 13.0, 24.0
CLEAR = 9.0
FAR = 30
"""A line over more rows than this goes round the whole picture."""


@dataclass(slots=True)
class _Strip:
    """One strip: what runs in it, and the heights at which it runs."""

    tree: bool = False
    up: bool = False
    on: bool = False
    hops: list[tuple[float, float, int, int]] = field(default_factory=list)
    tracks: int = 0
    top: float = 0.0

    @property
    def bus(self) -> float:
        return self.top + LEAD + (UP if self.up else 0.0)

    @property
    def up_level(self) -> float:
        return self.top + LEAD

    def track(self, index: int) -> float:
        return self.bus + (10.0 if self.tree or self.up else 0.0) + TRACK * index

    @property
    def on_level(self) -> float:
        return self.track(self.tracks) + ON - TRACK

    @property
    def height(self) -> float:
        if not (self.tree or self.up or self.on or self.hops):
            return 0.0
        return (self.on_level if self.on else self.track(max(self.tracks - 1, 0))) - self.top + TAIL


@dataclass(slots=True)
class _Way:
    """A line that is not of the tree: where it leaves and enters, and its hops strip by strip."""

    start: float
    end: float
    strips: list[int]
    xs: list[float]
    tracks: list[int]


def route(layout: Layout) -> Placement:
    """Settle the layout from top to bottom and give every line its points."""
    return _Router(layout).placement()


class _Router:
    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.boxes = layout.boxes
        self.strips = [_Strip() for _ in range(len(layout.spans) + 1)]
        self.ways: dict[int, _Way] = {}
        self.passes: dict[tuple[int, int], int] = {}
        self.ports: dict[tuple[str, bool], int] = {}
        for spans in layout.spans:
            spans.sort()
        self.starts = [[a for a, _b in spans] for spans in layout.spans]

    def placement(self) -> Placement:
        """The whole drawing."""
        for index, line in enumerate(self.layout.lines):
            self._plan(index, line)
        for strip in self.strips:
            self._allot(strip)
        y = 0.0
        tops = []
        for strip, tall in zip(self.strips, [*self.layout.heights(), 0.0], strict=True):
            strip.top = y
            between = y > 0 and bool(tall)  # rows keep apart where no line runs either
            y += max(strip.height, LEAD) if between else strip.height
            tops.append(y)
            y += tall
        self.layout.settle(tops)
        lines = self.layout.lines
        routes: list[tuple[Point, ...]] = []
        for index, line in enumerate(lines):
            routes.append(() if line.on >= 0 else self._points(index, line))
        for index, line in enumerate(lines):
            if line.on >= 0:
                routes[index] = self._to_line(line, routes)
        right = max((x for r in routes for x, _y in r), default=-6.0)
        return Placement(
            boxes=self.boxes,
            routes=tuple(routes),
            width=max(self.layout.width, right + 6),
            height=y,
        )

    # Which kind of way a line takes.

    def _known(self, line: Line) -> bool:
        known = line.source in self.boxes and (line.on >= 0 or line.target in self.boxes)
        return known and line.source != line.target

    def _in_tree(self, line: Line) -> bool:
        parent, host = self.layout.parent, self.layout.host
        if line.kind == "up":
            return parent.get(line.source) == host.get(line.target, line.target)
        return line.kind == "down" and parent.get(line.target) == line.source

    def _plan(self, index: int, line: Line) -> None:
        """Note what runs in each strip; lines of the tree need no more than that."""
        if not self._known(line):
            return
        if line.on >= 0:
            strip = self.strips[self.boxes[line.source].row]
            strip.up = strip.on = True
        elif self._in_tree(line):
            lower = line.source if line.kind == "up" else line.target
            if line.kind == "up":
                self.strips[self.boxes[lower].row].up = True
            else:
                self.strips[self.boxes[line.source].row + 1].tree = True
        elif line.kind != "beside" or self.layout.host.get(line.target) != line.source:
            self.ways[index] = self._way(index, self.boxes[line.source], line)

    def _way(self, index: int, source: Box, line: Line) -> _Way:
        target = self.boxes[line.target]
        down = target.row >= source.row
        first = source.row + 1 if down else source.row
        last = target.row if target.row > source.row else target.row + 1
        step = 1 if down else -1
        between = (
            range(first, last + step, step) if target.row != source.row else range(first, first + 1)
        )
        start = self._port(line.source, below=down, toward=target.cx)
        end = self._port(line.target, below=target.row <= source.row, toward=source.cx)
        xs = [start]
        if len(between) > FAR:  # around all boxes: a long way costs no more than a short one
            strips = [between[0], between[-1]]
            xs.append(self.layout.width + 8.0 + 6.0 * (index % 16))
        else:
            strips = list(between)
            xs += [self._gap(strip if down else strip - 1, end) for strip in strips[:-1]]
        xs.append(end)
        for number, strip in enumerate(strips):
            low, high = sorted((xs[number], xs[number + 1]))
            self.strips[strip].hops.append((low, high, index, number))
        return _Way(start=start, end=end, strips=strips, xs=xs, tracks=[0] * len(strips))

    def _port(self, name: str, *, below: bool, toward: float) -> float:
        """Where a line meets a box: off the middle, so as to leave that to the tree."""
        box = self.boxes[name]
        column = self.layout.column.get(name)
        if column is not None:
            last = column.names[-1] if below else column.names[0]
            return box.cx if name == last else column.outer
        if box.round:
            return box.cx
        if name in self.layout.trunks and not below:
            return box.cx
        used = self.ports.get((name, below), 0)
        self.ports[name, below] = used + 1
        off = min(16.0 + 9.0 * (used % 5), max(box.width / 2 - 26.0, 0.0))
        return box.cx + (off if toward >= box.cx else -off)

    def _gap(self, row: int, x: float) -> float:
        """The place nearest to `x` where a line can pass `row`."""
        spans, starts = self.layout.spans[row], self.starts[row]
        at = bisect_right(starts, x + CLEAR) - 1
        if at < 0 or spans[at][1] + CLEAR <= x:
            return x
        low, high = spans[at]
        left = x - low <= high - x
        key = (row, 2 * at + (0 if left else 1))
        used = self.passes.get(key, 0)
        self.passes[key] = used + 1
        step = CLEAR + 5.0 * (used % 3)
        return low - step if left else high + step

    def _allot(self, strip: _Strip) -> None:
        """Give each hop of a strip the first track that is free over its width."""
        ends: list[tuple[float, int]] = []
        for low, high, index, number in sorted(strip.hops):
            if high - low < 1.0:
                continue
            if ends and ends[0][0] + 8.0 < low:
                track = heapreplace(ends, (high, ends[0][1]))[1]
            else:
                track = len(ends)
                heappush(ends, (high, track))
            self.ways[index].tracks[number] = track
        strip.tracks = len(ends)

    # The points.

    def _points(self, index: int, line: Line) -> tuple[Point, ...]:
        if not self._known(line):
            return ()
        source, target = self.boxes[line.source], self.boxes[line.target]
        if index in self.ways:
            return self._far(self.ways[index], line)
        if line.kind == "beside":
            return self._beside(source, target, line.target)
        if line.kind == "up":
            return self._up(source, target, line)
        bus = self.strips[source.row + 1].bus
        if line.target in self.layout.trunks:
            trunk = self.layout.trunks[line.target]
            end = (target.x + target.slant, target.cy)
            return _clean(
                (source.cx, source.bottom), (source.cx, bus), (trunk, bus), (trunk, target.cy), end
            )
        return _clean(
            (source.cx, source.bottom), (source.cx, bus), (target.cx, bus), (target.cx, target.y)
        )

    def _beside(self, source: Box, target: Box, name: str) -> tuple[Point, ...]:
        """From the side of an element to the context beside it."""
        column = self.layout.column.get(name)
        assert column is not None
        right = target.x > source.x
        end = target.x if right else target.right
        y = source.cy
        if len(column.names) == 1 and abs(target.cy - y) < source.height / 4:
            y = target.cy
        start = source.edge_x(y, right=right)
        return _clean((start, y), (column.trunk, y), (column.trunk, target.cy), (end, target.cy))

    def _up(self, source: Box, target: Box, line: Line) -> tuple[Point, ...]:
        level = self.strips[source.row].up_level
        column = self.layout.column.get(line.target)
        if column is not None:
            if column.names[-1] == line.target:
                return _clean(
                    (source.cx, source.y),
                    (source.cx, level),
                    (target.cx, level),
                    (target.cx, target.bottom),
                )
            side = target.right if column.outer > target.cx else target.x
            return _clean(
                (source.cx, source.y),
                (source.cx, level),
                (column.outer, level),
                (column.outer, target.cy),
                (side, target.cy),
            )
        port = target.cx
        if not target.round and abs(source.cx - target.cx) > 1.0:
            off = min(28.0, target.width / 4)
            port += off if source.cx > target.cx else -off
        return _clean(
            (source.cx, source.y),
            (source.cx, level),
            (port, level),
            (port, target.edge_y(port, below=True)),
        )

    def _far(self, way: _Way, line: Line) -> tuple[Point, ...]:
        source, target = self.boxes[line.source], self.boxes[line.target]
        points = [*self._leave(line.source, source, way.start, way.strips[0] > source.row)]
        for number, strip in enumerate(way.strips):
            y = self.strips[strip].track(way.tracks[number])
            points += [(way.xs[number], y), (way.xs[number + 1], y)]
        arrive = self._leave(line.target, target, way.end, way.strips[-1] > target.row)
        return _clean(*points, *reversed(arrive))

    def _leave(self, name: str, box: Box, x: float, below: bool) -> list[Point]:
        """The first points of a line out of a box, from its outline to the strip."""
        column = self.layout.column.get(name)
        if column is not None and x == column.outer:
            return [(box.right if x > box.cx else box.x, box.cy), (x, box.cy)]
        return [(x, box.edge_y(x, below=below))]

    def _to_line(self, line: Line, routes: list[tuple[Point, ...]]) -> tuple[Point, ...]:
        """A challenge of a relation ends on that relation."""
        other = self.layout.lines[line.on]
        aimed = routes[line.on]
        if not aimed or not self._known(line):
            return ()
        source = self.boxes[line.source]
        strip = self.strips[source.row]
        start = (source.cx, source.y)
        lower = self.boxes[other.source if other.kind == "up" else other.target]
        if self._in_tree(other) and lower.row == source.row:
            return _clean(start, (source.cx, strip.on_level), (lower.cx, strip.on_level))
        (x1, y1), (x2, y2) = max(
            pairwise(aimed),
            key=lambda pair: abs(pair[0][0] - pair[1][0]) + abs(pair[0][1] - pair[1][1]),
        )
        x, y = (x1 + x2) / 2, (y1 + y2) / 2
        if other.kind == "beside" and line.on not in self.ways:
            x, y = (aimed[-2][0] + aimed[-1][0]) / 2, aimed[-1][1]
        return _clean(start, (source.cx, strip.up_level), (x, strip.up_level), (x, y))


def _clean(*points: Point) -> tuple[Point, ...]:
    """Without points that change nothing."""
    kept: list[Point] = [points[0]]
    for x, y in points[1:]:
        px, py = kept[-1]
        if abs(px - x) < 0.5 and abs(py - y) < 0.5:
            continue
        if len(kept) > 1:
            bx, by = kept[-2]
            if (abs(bx - px) < 0.01 and abs(px - x) < 0.01) or (
                abs(by - py) < 0.01 and abs(py - y) < 0.01
            ):
                kept.pop()
        kept.append((x, y))
    return tuple(kept)
