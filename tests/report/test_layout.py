"""The layout: nothing overlaps, parents stand above, lines keep out of boxes, depth is no limit."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.timing import cpu_time

from safetycase.report.layered import layered
from safetycase.report.layout import Box, Line, Placement, Size, arrange
from safetycase.report.text_width import fit, text_width, wrapped
from safetycase.report.tidy import tidy

sizes = st.builds(
    Size,
    width=st.floats(20, 300),
    height=st.floats(20, 200),
    round=st.booleans(),
    ellipse=st.booleans(),
    foot=st.sampled_from([0.0, 15.0]),
)


@st.composite
def graphs(draw: st.DrawFn) -> tuple[dict[str, Size], list[Line]]:
    """A random graph without loops of support, with context and challenges."""
    count = draw(st.integers(1, 28))
    boxes = {f"n{i}": draw(sizes) for i in range(count)}
    lines = []
    for i in range(1, count):
        kind = draw(st.sampled_from(["down", "down", "down", "up", "beside", "none"]))
        other = draw(st.integers(max(0, i - 9), i - 1))
        if kind == "up":
            lines.append(Line(kind="up", source=f"n{i}", target=f"n{other}"))
        elif kind != "none":
            lines.append(Line(kind=kind, source=f"n{other}", target=f"n{i}"))  # type: ignore[arg-type]
    for _ in range(draw(st.integers(0, 6)) if count > 2 else 0):
        a, b = sorted((draw(st.integers(0, count - 1)), draw(st.integers(0, count - 1))))
        if a != b:
            lines.append(Line(kind="down", source=f"n{a}", target=f"n{b}"))
    return boxes, lines


def overlaps(boxes: list[Box]) -> list[tuple[Box, Box]]:
    """By rows, top to bottom: only boxes that begin above another's lower edge are compared."""
    boxes = sorted(boxes, key=lambda b: (b.y, b.x))
    found = []
    for i, a in enumerate(boxes):
        for j in range(i + 1, len(boxes)):
            b = boxes[j]
            if b.y >= a.bottom - 1e-6:
                break
            if min(a.right, b.right) - max(a.x, b.x) > 1e-6:
                found.append((a, b))
    return found


def star(count: int) -> tuple[dict[str, Size], list[Line]]:
    boxes = {f"n{i}": Size(width=180, height=70) for i in range(count)}
    return boxes, [Line(kind="down", source="n0", target=f"n{i}") for i in range(1, count)]


def chain(count: int) -> tuple[dict[str, Size], list[Line]]:
    boxes = {f"n{i}": Size(width=180, height=70) for i in range(count)}
    return boxes, [Line(kind="down", source=f"n{i - 1}", target=f"n{i}") for i in range(1, count)]


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(graphs())
def test_no_two_boxes_overlap_and_all_lie_in_the_picture(
    graph: tuple[dict[str, Size], list[Line]],
) -> None:
    placed = arrange(*graph)
    assert set(placed.boxes) == set(graph[0])
    assert overlaps(list(placed.boxes.values())) == []
    for name, box in placed.boxes.items():
        assert (box.width, box.height) == (graph[0][name].width, graph[0][name].height)
        assert box.x >= 0
        assert box.y >= 0
        assert box.right <= placed.width + 1e-6
        assert box.bottom <= placed.height + 1e-6


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(graphs())
def test_parents_stand_above_their_children(graph: tuple[dict[str, Size], list[Line]]) -> None:
    placed = arrange(*graph)
    for line in graph[1]:
        if line.kind == "down":
            assert placed.boxes[line.source].bottom < placed.boxes[line.target].y
    assert placed == arrange(*graph)  # and the same graph gives the same picture


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(graphs())
def test_lines_join_their_boxes_and_pass_through_no_other(
    graph: tuple[dict[str, Size], list[Line]],
) -> None:
    placed = arrange(*graph)
    for line, route in zip(graph[1], placed.routes, strict=True):
        if line.source == line.target:
            continue
        assert touches(placed.boxes[line.source], route[0])
        assert touches(placed.boxes[line.target], route[-1])
        for name, box in placed.boxes.items():
            if name not in (line.source, line.target):
                assert not crosses(route, box), (line, name, route, box)


def touches(box: Box, point: tuple[float, float]) -> bool:
    """On its outline or in it."""
    x, y = point
    return box.x - 1 <= x <= box.right + 1 and box.y - 1 <= y <= box.bottom + 1


def crosses(route: tuple[tuple[float, float], ...], box: Box) -> bool:
    return any(
        min(ax, bx) < box.right - 0.5
        and max(ax, bx) > box.x + 0.5
        and min(ay, by) < box.bottom - 0.5
        and max(ay, by) > box.y + 0.5
        for (ax, ay), (bx, by) in pairwise(route)
    )


@pytest.mark.slow
def test_a_chain_and_a_star_of_five_thousand() -> None:
    """Depth meets no limit, and a star is as wide as it is tall, roughly."""
    deep = arrange(*chain(5_000))
    assert deep.width < 400
    assert overlaps(list(deep.boxes.values())) == []
    wide = arrange(*star(5_000))
    assert 0.5 < wide.width / wide.height < 3
    assert overlaps(list(wide.boxes.values())) == []


@pytest.mark.slow
def test_the_time_is_linear() -> None:
    """Twenty times as many boxes take no more than some sixty times as long."""
    spent = []
    for count in (1_000, 20_000):
        graph = chain(count)
        tries = []
        for _ in range(3):  # the least of three: another process may have the cache meanwhile
            with cpu_time() as took:
                arrange(*graph)
            tries.append(took.seconds)
        spent.append(min(tries))
    assert spent[1] < 60 * max(spent[0], 0.01)


@pytest.mark.slow
def test_long_ways_go_round_the_picture() -> None:
    """Links from the top of a long chain to every part of it, and a goal with a wall of context."""
    boxes, lines = chain(2_000)
    lines += [Line(kind="down", source="n0", target=f"n{i}") for i in range(1, 2_000)]
    boxes |= {f"c{i}": Size(width=100, height=30) for i in range(2_000)}
    lines += [Line(kind="beside", source="n5", target=f"c{i}") for i in range(2_000)]
    lines += [Line(kind="up", source="n9", target=f"c{i}") for i in range(0, 2_000, 9)]
    start = time.process_time()
    placed = arrange(boxes, lines)
    assert time.process_time() - start < 5.0
    far = placed.routes[1_999 + 900]
    assert max(x for x, _y in far) > max(box.right for box in placed.boxes.values())
    assert sum(map(len, placed.routes)) < 200_000
    for name, box in placed.boxes.items():
        assert name in ("n0", "n901") or not crosses(far, box)


def test_loops_and_unknown_ends_are_drawn_as_far_as_they_go() -> None:
    boxes = {name: Size(width=50, height=30) for name in "abc"}
    lines = [
        Line(kind="down", source="a", target="b"),
        Line(kind="down", source="b", target="c"),
        Line(kind="down", source="c", target="a"),
        Line(kind="down", source="a", target="a"),
        Line(kind="down", source="a", target="nowhere"),
        Line(kind="beside", source="nowhere", target="a"),
        Line(kind="up", source="c", on=0),
    ]
    placed = arrange(boxes, lines)
    assert placed.boxes["a"].bottom < placed.boxes["b"].y
    assert placed.routes[2]
    assert [bool(route) for route in placed.routes[3:6]] == [False] * 3
    assert arrange({}, []) == Placement(boxes={}, routes=(), width=0.0, height=0.0)


def test_a_challenge_of_a_line_ends_on_that_line() -> None:
    boxes = {name: Size(width=80, height=40) for name in ("top", "left", "right", "doubt")}
    lines = [
        Line(kind="down", source="top", target="left"),
        Line(kind="down", source="top", target="right"),
        Line(kind="up", source="doubt", on=0),
    ]
    placed = arrange(boxes, lines)
    x, y = placed.routes[2][-1]
    left = placed.boxes["left"]
    assert x == left.cx
    assert placed.boxes["top"].bottom < y < left.y
    assert left.x < placed.boxes["doubt"].x < placed.boxes["right"].x  # next to what it hits


def test_support_that_also_answers_a_doubt_hangs_on_what_it_supports() -> None:
    boxes = {name: Size(width=80, height=40) for name in ("top", "a", "b", "doubt")}
    lines = [
        Line(kind="down", source="top", target="a"),
        Line(kind="down", source="top", target="b"),
        Line(kind="up", source="doubt", target="a"),
        Line(kind="up", source="b", target="doubt"),
    ]
    placed = arrange(boxes, lines)
    assert placed.boxes["a"].y == placed.boxes["b"].y < placed.boxes["doubt"].y
    (_x, start), *_between, (_ax, end) = placed.routes[3]
    assert start == placed.boxes["b"].bottom
    assert end == placed.boxes["doubt"].y


def test_rows_and_parents_of_a_shared_child() -> None:
    """A diamond with a long side: the child stands below both and hangs on the lower one."""
    assert layered(4, [(0, 1), (0, 3), (1, 2), (2, 3)]) == ([0, 1, 2, 3], [-1, 0, 1, 2])
    assert layered(2, [(0, 1), (1, 0)]) == ([0, 1], [-1, 0])


def test_a_tidy_tree_by_hand() -> None:
    """Two children of width 2 stand side by side, and the parent in the middle above them."""
    axes = tidy([[1, 2], [], []], [1, 2, 2], [1, 1, 1], [1, 1, 1])
    assert axes[2] - axes[1] == 2
    assert axes[0] == (axes[1] + axes[2]) / 2


@pytest.mark.parametrize("text", ["", "i", "W" * 30, "a b c", "é ß — … ≤", "漢字" * 20, "👩🏽‍🚀 x"])
def test_lines_of_text_fit_their_room(text: str) -> None:
    for room in (14.0, 60.0, 200.0):
        lines, widest = wrapped(text, room, 12.0)
        assert widest == pytest.approx(max((text_width(x, 12.0) for x in lines), default=0.0))
        assert "".join("".join(lines).split()) == "".join(text.split())
        for line in lines:
            assert text_width(line, 12.0) <= room or len(line) == 1
        assert text_width(fit(text, room, 12.0), 12.0) <= room


def test_long_texts_end_with_an_ellipsis() -> None:
    lines, _widest = wrapped("word " * 500, 100.0, 12.0, most=4)
    assert len(lines) == 4
    assert lines[-1].endswith("…")
