"""What each element rests on: the same as walking down, without walking down from each."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safetycase.argument.graph import attackers, supporting
from safetycase.argument.model import Argument, Assumption, Claim, Defeater, Element
from safetycase.assess.below import Below

NAMES = [f"N{i}" for i in range(9)]


@st.composite
def arguments(draw: st.DrawFn) -> dict[str, Element]:
    """Elements that refer to each other in any way, circles included."""
    found: dict[str, Element] = {}
    some = st.lists(st.sampled_from(NAMES), max_size=3).map(tuple)
    for name in NAMES:
        kind = draw(st.sampled_from(["claim", "argument", "assumption", "defeater"]))
        if kind == "claim":
            by = draw(st.none() | st.sampled_from(NAMES))
            found[name] = Claim(id=name, says="s", by=by)
        elif kind == "argument":
            found[name] = Argument(id=name, kind="decomposition", because="b", premises=draw(some))
        elif kind == "assumption":
            found[name] = Assumption(id=name, says="s")
        else:
            found[name] = Defeater(
                id=name, says="s", against=draw(st.sampled_from(NAMES)), answered_by=draw(some)
            )
    return found


@pytest.mark.slow
@given(arguments())
def test_it_is_what_a_walk_finds(elements: dict[str, Element]) -> None:
    case = type("Shape", (), {"elements": elements})()
    against = attackers(case)
    matter = [n for n, e in elements.items() if isinstance(e, Assumption | Defeater)]
    below = Below(elements, against, matter)
    for name in elements:
        walked = set(supporting(case, [name], against))
        assert set(below.of(name)) == walked & set(matter)


def test_a_long_chain_takes_linear_time() -> None:
    count = 4000
    elements: dict[str, Element] = {f"C{i}": Claim(id=f"C{i}", says="s", by=f"C{i + 1}")
                                    for i in range(count)}  # fmt: skip
    elements["A"] = Assumption(id="A", says="s")
    elements[f"C{count - 1}"] = Claim(id=f"C{count - 1}", says="s", by="A")
    below = Below(elements, {}, ["A"])
    assert all(below.of(name) == ("A",) for name in elements)
