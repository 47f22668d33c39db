"""The strict GSN and the CAE profile on known shapes, on random structures and at size."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.timing import cpu_time

from safetycase.argument.structure import ClaimPoint, Link, ModuleInfo, Part, Structure
from safetycase.checks.examples import structure_from
from safetycase.checks.forest import Forest
from safetycase.checks.gsn_core import CONTEXT, SUPPORT
from safetycase.checks.indexed import cycles, index_of
from safetycase.checks.profiles import PROFILES, check_structure
from safetycase.checks.registry import all_rules

STRICT = "gsn-v3-strict"
SAYS = {
    "goal": "The system is safe.",
    "strategy": "Argument over hazards",
    "solution": "Test report",
    "context": "Safe means without loss of life.",
    "assumption": "The maker is honest.",
    "justification": "The standard asks for it.",
    "module": "",
    "contract": "",
}


def shape(parts: str, **links: str) -> Structure:
    """`G1 S1 Sn1` and `G1="S1"`, with texts; an id ending in `!` is undeveloped."""
    types = {"G": "goal", "S": "strategy", "Sn": "solution", "C": "context", "A": "assumption"}
    records = {}
    for word in parts.split():
        name = word.rstrip("!")
        kind = types[name.rstrip("0123456789")]
        records[name] = Part(
            id=name, type=kind, text=SAYS[kind], name=name, undeveloped=word.endswith("!")
        )
    return Structure(
        parts=records,
        links=tuple(
            Link(
                kind="in context of" if target[0] in "CA" else "supported by",
                source=source,
                target=target,
            )
            for source, targets in links.items()
            for target in targets.split()
        ),
    )


def codes(structure: Structure, profile: str = STRICT, *, but: str = "R75") -> Counter[str]:
    return Counter(f.code for f in check_structure(structure, profile) if f.code not in but.split())


def test_a_strategy_that_rests_on_a_solution() -> None:
    found = shape("G1 S1 S2 G2! Sn1 A1 C1", G1="S1 S2", S1="Sn1 A1 C1", S2="G2")
    assert codes(found) == {"R04": 1, "R16": 1}
    assert [f.subject for f in check_structure(found, STRICT) if f.code == "R04"] == ["S1"]


def test_a_strategy_that_rests_on_a_strategy() -> None:
    found = shape("G1 S1 G2 S2 G3 Sn1 Sn2", G1="S1", S1="G2 S2", S2="G3", G2="Sn1", G3="Sn2")
    assert codes(found) == {"R04": 1}
    message = next(f.message for f in check_structure(found, STRICT) if f.code == "R04")
    assert message == "strategy `S1` is supported by strategy `S2`"


def test_elements_without_text_and_leaves_without_mark() -> None:
    bare = Structure(
        parts={n: Part(id=n, type=t, name=n) for n, t in (("G1", "goal"), ("Sn1", "solution"))},
        links=(Link(kind="supported by", source="G1", target="Sn1"),),
    )
    assert codes(bare) == {"R02": 2}
    assert codes(shape("G1 G2 G3! S1", G1="G2 G3 S1")) == {"R11": 2}


def test_a_claim_point_that_nothing_argues_leaves_the_top_goal_alone() -> None:
    argued = shape("G1 Sn1", G1="Sn1")
    points = (ClaimPoint(id="ACP1", on_part="Sn1"), ClaimPoint(id="ACP2", on_part="Sn1"))
    found = Structure(parts=argued.parts, links=argued.links, points=points)
    assert codes(found) == {"R43": 2}


def test_an_away_element_is_no_top_goal_and_is_read_at_home() -> None:
    module = {"module": "m"}
    made = structure_from(
        {
            "modules": [{"name": "m", "title": "M", "tags": {"gsn.configuration": "1"}}],
            "parts": [
                {"name": "G1", "type": "goal", "text": "It is safe."},
                {"name": "m.G2", "type": "goal", "text": "Safety", "away": "m/G2"},
                {"name": "G2", "type": "goal", "text": "Safety", "public": True, **module},
                {"name": "Sn1", "type": "solution", "text": "Test report", **module},
                {"name": "m.Sn1", "type": "solution", "text": "Test report", "away": "m/Sn1"},
                {"name": "Sn9", "type": "solution", "text": "Failed test"},
            ],
            "links": [
                {"kind": "supported by", "source": "G1", "target": "m.G2"},
                {"kind": "supported by", "source": "m/G2", "target": "m/Sn1"},
                {"kind": "challenges", "source": "Sn9", "target": "m.Sn1"},
            ],
        }
    )
    assert codes(made) == {"R18": 1, "R34": 1, "R60": 1}  # the solution is not public


def test_elements_that_extend_another_module_hang_on_what_they_develop() -> None:
    base = shape("G1! G2 Sn1", G2="Sn1")
    extended = Structure(
        parts=base.parts,
        links=base.links,
        modules={"m": ModuleInfo(name="m", extends={"G1": ("G2",)})},
    )
    assert codes(extended) == {}
    assert codes(base) == {"R15": 1}


def test_a_sound_argument_has_no_finding() -> None:
    sound = shape("G1 S1 G2 G3! Sn1 C1 A1", G1="S1 C1", S1="G2 G3 A1", G2="Sn1")
    assert codes(sound) == {}


@pytest.mark.parametrize("source", ["goal", "strategy", "away goal"])
@pytest.mark.parametrize("contract", [False, True])
def test_the_tables_of_permitted_relations(source: str, contract: bool) -> None:
    """Every pair: exactly the permitted ones pass R04 and R05 (and R61 for away goals at home)."""
    symbols = [f"{away}{kind}" for away in ("", "away ") for kind in SAYS]
    for symbol in symbols:
        for kind, table, code in (
            ("supported by", SUPPORT, "R04"),
            ("in context of", CONTEXT, "R05"),
        ):
            structure = pair(source, symbol, kind, contract)
            found = codes(structure)
            row = "goal" if source == "strategy" and kind == "in context of" else source
            allowed = symbol in table[row]
            if source == "away goal" and not contract:
                assert found["R61" if code == "R04" else code] == 1, symbol
            else:
                assert bool(found[code]) is not allowed, (symbol, kind)


def pair(source: str, target: str, kind: str, contract: bool) -> Structure:
    def part(name: str, symbol: str) -> Part:
        away, kind = symbol.startswith("away "), symbol.removeprefix("away ")
        return Part(
            id=f"m/{name}", type=kind, name=name, text=SAYS[kind], module="m", away="o/X" * away
        )

    return Structure(
        parts={p.id: p for p in (part("one", source), part("two", target))},
        links=(Link(kind=kind, source="m/one", target="m/two"),),
        modules={n: ModuleInfo(name=n, contract=contract and n == "m") for n in ("m", "o")},
    )


names = st.sampled_from([f"{p}{n}" for p in "GSNCX" for n in range(3)])
parts = st.dictionaries(
    names,
    st.builds(
        Part,
        id=st.just(""),
        type=st.sampled_from([*SAYS, "criterion"]),
        text=st.sampled_from(["", "It is {x}.", "is\n" * 60, "Therefore it is so?"]),
        name=st.sampled_from(["", "G1", "S1"]),
        module=st.sampled_from(["", "m", "o"]),
        away=st.sampled_from(["", "G0", "nowhere"]),
        undeveloped=st.booleans(),
        uninstantiated=st.booleans(),
        public=st.booleans(),
        by_contract=st.booleans(),
        defeated=st.booleans(),
        tags=st.dictionaries(
            st.sampled_from(["sc.kind", "sc.method", "sc.now", "sc.valid-until", "sc.residual"]),
            st.sampled_from(["alternatives", "1", "2026-99-99", "\x00"]),
            max_size=2,
        ),
    ),
    max_size=8,
)
links = st.lists(
    st.builds(
        Link,
        kind=st.sampled_from(["supported by", "in context of", "challenges"]),
        source=names,
        target=names | st.just(""),
        id=st.sampled_from(["", "l1", "l2"]),
        target_link=st.sampled_from(["", "", "l1", "l2", "l9"]),
        inference=st.sampled_from(["", "i"]),
        multiplicity=st.sampled_from(["", "1..n", "9..1", "²..1", "1" * 5000 + "..2"]),
        choice=st.sampled_from(["", "c"]),
        choose=st.sampled_from(["", "1 of 2", "²", "9" * 5000]),
    ),
    max_size=16,
)
modules = st.dictionaries(
    st.sampled_from(["m", "o"]),
    st.builds(
        ModuleInfo,
        name=st.just(""),
        uses=st.sampled_from([(), ("m",), ("o",), ("z",)]),
        contract=st.booleans(),
        pattern=st.booleans(),
        published=st.booleans(),
        tags=st.dictionaries(
            st.sampled_from(
                ["gsn.instance-of", "gsn.bind.x", "gsn.token.x", "gsn.interface.scope",
                 "gsn.promotes"]
            ),
            st.sampled_from(["m", "o", "date", "number", "9" * 5000]),
        ),
    ),
)  # fmt: skip
points = st.lists(
    st.builds(
        ClaimPoint,
        id=st.sampled_from(["", "ACP1"]),
        on_part=names | st.just(""),
        on_links=st.sampled_from([(), ("l1",), ("l1", "l2"), ("l9",)]),
        argued_by=st.sampled_from(["", "m", "ACP1[m]", "[", "G1"]),
    ),
    max_size=3,
)


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(parts, links, modules, points)
def test_any_structure_is_judged(
    parts: dict[str, Part],
    links: list[Link],
    modules: dict[str, ModuleInfo],
    points: list[ClaimPoint],
) -> None:
    from dataclasses import replace

    structure = Structure(
        parts={n: replace(p, id=n) for n, p in parts.items()},
        links=tuple(links),
        modules={n: replace(m, name=n) for n, m in modules.items()},
        points=tuple(points),
    )
    for profile in (STRICT, "cae"):
        found = check_structure(structure, profile)
        rules = PROFILES[profile].rules
        assert {f.code for f in found} <= {rule.code for rule in rules}
        # The order of the links says nothing, except where a circle is cut open.
        turned = replace(structure, links=tuple(reversed(structure.links)))
        before, after = (Counter(f.code for f in check_structure(s, profile)).keys()
                         for s in (structure, turned))  # fmt: skip
        ids = Counter(link.id for link in links if link.id)
        if all(count == 1 for count in ids.values()):
            assert set(before) == set(after)


graphs = st.dictionaries(
    st.sampled_from("abcdef"), st.lists(st.sampled_from("abcdef"), max_size=3), max_size=6
)


@settings(max_examples=60, deadline=None)
@given(graphs)
@example({"d": ["a", "c"], "a": ["d"], "c": ["c"]})
def test_circles_are_circles_and_none_is_missed(graph: dict[str, list[str]]) -> None:
    found = list(cycles(graph))
    for loop in found:
        assert loop[0] == loop[-1]
        assert all(b in graph[a] for a, b in pairwise(loop))
    reach = {a: set(bs) for a, bs in graph.items()}
    for _ in graph:
        reach = {a: bs.union(*(reach.get(b, ()) for b in bs)) for a, bs in reach.items()}
    looping = {a for a, bs in reach.items() if a in bs}
    assert bool(found) == bool(looping)
    assert {a for loop in found for a in loop} <= looping
    # At least one in every strongly connected part.
    for a in looping:
        assert any(loop[0] in reach[a] and a in reach[loop[0]] for loop in found)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 30), min_size=1, max_size=30))
def test_the_forest_knows_where_branches_meet(above: list[int]) -> None:
    parent = {n + 1: min(p, n) for n, p in enumerate(above)}
    structure = Structure(
        parts={f"G{n}": Part(id=f"G{n}", type="goal") for n in range(len(above) + 1)},
        links=tuple(
            Link(kind="supported by", source=f"G{p}", target=f"G{n}") for n, p in parent.items()
        ),
    )
    forest = Forest(index_of(structure))

    def way(n: int) -> list[int]:
        found = [n]
        while found[-1]:
            found.append(parent[found[-1]])
        return found

    for one in range(len(above) + 1):
        for other in range(len(above) + 1):
            meeting = next(n for n in way(one) if n in way(other))
            assert forest.meet(f"G{one}", f"G{other}") == f"G{meeting}"
    every = [f"G{n}" for n in range(len(above) + 1)]
    assert dict(forest.nested(every)) == {f"G{n}": f"G{p}" for n, p in parent.items()}


def large(count: int) -> Structure:
    """A tree of goals and strategies, ten wide, with solutions and shared context."""
    made: dict[str, Part] = {"G0": Part(id="G0", type="goal", text=SAYS["goal"])}
    joined: list[Link] = []
    waiting = ["G0"]
    for name in waiting:
        for _ in range(10):
            number = len(made)
            if number >= count:
                break
            goal = made[name].type == "goal"
            kind = ("strategy" if number < count // 3 else "solution") if goal else "goal"
            child = {"strategy": "S", "solution": "Sn", "goal": "G"}[kind] + str(number)
            made[child] = Part(id=child, type=kind, text=SAYS[kind])
            joined.append(Link(kind="supported by", source=name, target=child))
            if kind != "solution":
                waiting.append(child)
    made["C1"] = Part(id="C1", type="context", text=SAYS["context"])
    joined += [Link(kind="in context of", source=n, target="C1") for n in waiting[::7]]
    return Structure(parts=made, links=tuple(joined))


@pytest.mark.slow
def test_a_chain_of_any_depth_meets_no_recursion_limit() -> None:
    depth = 5_000
    chain = Structure(
        parts={f"G{n}": Part(id=f"G{n}", type="goal", text="It is safe.") for n in range(depth)},
        links=tuple(
            Link(kind="supported by", source=f"G{n}", target=f"G{(n + 1) % depth}")
            for n in range(depth)
        ),
    )
    assert codes(chain)["R08"] == 1


def hostile(count: int) -> Structure:
    """Loops within loops around one in the middle, and claim points that all mean one module."""
    names = [f"G{n}" for n in range(count)]
    made = {n: Part(id=n, type="goal", text="It is safe.", module="m") for n in names}
    made["top"] = Part(id="top", type="goal", text="It is safe.")
    made["ref"] = Part(id="ref", type="module", name="m")
    down = [Link(kind="supported by", source=a, target=b) for a, b in pairwise(names)]
    back = [
        Link(kind="supported by", source=names[-1 - n], target=names[n])
        for n in reversed(range(count // 2))
    ]
    side = [
        Link(kind="supported by", source="top", target=names[n], id=f"l{n}") for n in range(count)
    ]
    points = [
        ClaimPoint(id=f"ACP{n}", on_links=(f"l{n}", f"l{(n + 1) % count}"), argued_by="m")
        for n in range(count)
    ]
    return Structure(
        parts=made,
        links=(*down, *back, *side),
        points=tuple(points),
        modules={"m": ModuleInfo(name="m")},
    )


@pytest.mark.slow
def test_a_hostile_structure_costs_no_more_than_its_size() -> None:
    seconds = {}
    for count in (2_000, 16_000):
        structure = hostile(count)
        with cpu_time() as took:
            found = Counter(f.code for f in check_structure(structure, STRICT))
        seconds[count] = took.seconds
        assert found["R08"] >= 1
        assert found["R44"] == count
    assert seconds[16_000] < 20 * seconds[2_000] + 0.5  # 64 if it were quadratic


@pytest.mark.slow
def test_the_cost_grows_with_the_size_and_no_faster() -> None:
    seconds = {}
    for count in (5_555, 55_555):
        structure = large(count)
        with cpu_time() as took:
            found = check_structure(structure, STRICT)
        seconds[count] = took.seconds
        assert Counter(f.severity for f in found)["error"] == 0
    assert seconds[55_555] < 25 * seconds[5_555] + 0.5  # 100 if it were quadratic


def test_every_rule_says_what_it_needs_to() -> None:
    for name, rules in all_rules().items():
        for code, rule in rules.items():
            assert rule.title, code
            assert rule.text.endswith((".", ")")), code
            assert rule.message, code
            if name in (STRICT, "cae"):
                assert rule.clause.startswith(("GSN v3", "CAE")), code
                assert rule.judge is not None, code
                assert (rule.group == "human review") <= (rule.severity != "error"), code


def test_the_catalogue_of_the_strict_profile_is_complete() -> None:
    wanted = [*range(1, 26), *range(30, 38), *range(40, 45), *range(50, 56), *range(60, 77)]
    assert [rule.code for rule in PROFILES[STRICT].rules] == [f"R{n:02}" for n in wanted]


def test_there_is_no_such_profile() -> None:
    with pytest.raises(KeyError):
        check_structure(Structure(), "gsn-v9")
    assert "gsn-v9" not in PROFILES
    assert STRICT in PROFILES


def test_an_ordinary_check_imports_no_profile() -> None:
    script = (
        "import sys, safetycase.workspace.folder, safetycase.checks.registry\n"
        "print([m for m in sys.modules if 'checks.gsn' in m or 'checks.cae' in m])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ({"colour": "green"}, "has no 'colour'"),
        ({"parts": [{"name": "G1"}]}, "lacks 'type'"),
        ({"parts": [{"name": "G1", "type": "goal", "undeveloped": "yes"}]}, "not a bool"),
        ({"parts": [{"name": "G1", "type": "goal", "txt": ""}]}, "has no 'txt'"),
        ({"parts": [{"name": "G1", "type": "goal"}] * 2}, "given twice"),
        ({"links": [7]}, "not a mapping"),
    ],
)
def test_what_is_no_structure(data: dict, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        structure_from(data)
