"""A certificate says what it says in one way only, and a lie in it is found."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.confidence.worlds import graphs, two_of_three

from safetycase.confidence.certificate import (
    Certificate,
    CertificateError,
    certify_proof,
    read_certificate,
)
from safetycase.confidence.checker import check
from safetycase.confidence.graph import Builder, Graph
from safetycase.confidence.packing import worst
from safetycase.confidence.proof import proof_set


@pytest.fixture
def dual() -> tuple[Graph, int, Certificate]:
    graph, top = two_of_three()
    return graph, top, worst(graph, top).certificate


@pytest.fixture
def proof() -> tuple[Graph, int, Certificate]:
    builder = Builder()
    a, b, c = builder.event("a", 0.99), builder.event("b", 0.9), builder.event("c", 0.0, 0.05)
    top = builder.all([builder.any([a, b]), builder.negate(c)])
    other = builder.all([a, builder.negate(c)])
    graph = builder.freeze()
    assert other > top
    found = proof_set(graph, top, exact=True)
    return graph, top, certify_proof(graph, top, found.literals, found.doubt)


@settings(max_examples=40, deadline=None)
@given(graphs())
def test_it_is_read_as_it_was_written(case: tuple[Graph, int]) -> None:
    certificate = worst(*case).certificate
    data = certificate.to_json()
    assert read_certificate(data) == certificate
    assert read_certificate(data).to_json() == data


def test_the_checker_accepts_both_kinds(
    dual: tuple[Graph, int, Certificate], proof: tuple[Graph, int, Certificate]
) -> None:
    for graph, top, certificate in (dual, proof):
        assert check(certificate.to_json()).state == "checked"
        assert check(certificate, graph=graph, node=top).state == "checked"


def test_a_changed_dual_is_rejected(dual: tuple[Graph, int, Certificate]) -> None:
    graph, top, good = dual
    (event, holds, price), *others = good.prices
    assert not holds
    cheaper = replace(good, prices=((event, holds, price - 1), *others))
    missing = replace(good, prices=tuple(others))
    lower = replace(good, doubt=0.149)
    swapped = replace(good, node=3)
    narrow = replace(good, graph=replace(good.graph, low=(0.95, *good.graph.low[1:])))
    for bad in (cheaper, missing, lower, swapped, narrow):
        assert check(bad, graph=graph, node=top).state == "rejected"
    assert "charged only" in check(cheaper).reason
    assert check(narrow).state == "checked"  # true of its own graph, which is not the case's
    assert check(swapped).state == "rejected"


def test_a_changed_proof_is_rejected(proof: tuple[Graph, int, Certificate]) -> None:
    graph, top, good = proof
    literals = good.proof or ()
    assert len(literals) == 2
    fewer = replace(good, proof=literals[:1])
    turned = replace(good, proof=(literals[0], (literals[1][0], True)))
    lower = replace(good, doubt=good.doubt * 0.9)
    for bad in (fewer, turned, lower):
        assert check(bad, graph=graph, node=top).state == "rejected"
        assert check(bad).state == "rejected"
    assert check(good, graph=graph, node=top + 1).state == "rejected"
    wider = replace(graph, high=tuple(min(1.0, h + 0.01) for h in graph.high))
    assert check(good, graph=wider, node=top).state == "rejected"


def test_without_a_budget_nothing_is_checked(dual: tuple[Graph, int, Certificate]) -> None:
    assert check(dual[2], steps=10).state == "unchecked"


def test_a_cap_nobody_declared_is_rejected(dual: tuple[Graph, int, Certificate]) -> None:
    value = json.loads(dual[2].to_json())
    value["caps"] = [[0, 1, "0.0", "D"]]
    value["why"] = {"unit": 1, "z": 0, "prices": [[2, False, 1]], "pairs": [[0, 1]]}
    value["doubt"] = "0.1"
    assert check(json.dumps(value).encode()).reason == "a cap is used that nobody declared"


def edit(value: dict[str, Any], path: tuple[Any, ...], new: Any) -> bytes:
    here: Any = value
    for key in path[:-1]:
        here = here[key]
    here[path[-1]] = new
    return json.dumps(value).encode()


@pytest.mark.parametrize(
    ("path", "new"),
    [
        (("format",), "other"),
        (("more",), 1),
        (("doubt",), 0.15),
        (("doubt",), "nan"),
        (("doubt",), "-0.1"),
        (("doubt",), "0.150"),
        (("doubt",), None),
        (("node",), True),
        (("node",), 99),
        (("node",), 10**30),
        (("nodes",), {}),
        (("nodes", 0), []),
        (("nodes", 0, "name"), 3),
        (("nodes", 0, "name"), "b"),
        (("nodes", 0, "low"), "1.5"),
        (("nodes", 0, "high"), "0.1"),
        (("nodes", 0, "op"), "xor"),
        (("nodes", 0, "op"), ["all"]),
        (("nodes", 3, "parts"), [3]),
        (("nodes", 3, "parts"), [-1]),
        (("nodes", 3, "k"), 2),
        (("why",), []),
        (("why", "z"), "0.0"),
        (("why", "unit"), -2),
        (("why", "unit"), 10**400),
        (("why", "prices", 0), [0, False]),
        (("why", "prices", 0), [0, 0, 1]),
        (("why", "prices", 0), [1, False, 1]),
        (("why", "prices", 0), [3, False, 1]),
        (("why", "pairs"), [[0, 1]]),
        (("caps",), [[0, 0, "0.5", ""]]),
    ],
)
def test_what_is_not_expected_is_refused(
    dual: tuple[Graph, int, Certificate], path: tuple[Any, ...], new: Any
) -> None:
    data = edit(json.loads(dual[2].to_json()), path, new)
    with pytest.raises(CertificateError):
        read_certificate(data)
    verdict = check(data)
    assert verdict.state == "rejected"
    assert verdict.reason


@pytest.mark.parametrize(
    "data", [b"", b"\xff", b"[" * 100_000, b'{"a":1,"a":2}', b"NaN", b"9" * 10_000, b"null"]
)
def test_what_is_no_json_is_refused(data: bytes) -> None:
    assert check(data).state == "rejected"


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_flipped_byte_never_proves_a_smaller_doubt(data: st.DataObject) -> None:
    graph, top = two_of_three()
    good = worst(graph, top).certificate
    raw = bytearray(good.to_json())
    at = data.draw(st.integers(0, len(raw) - 1))
    raw[at] = data.draw(st.integers(32, 126))
    verdict = check(bytes(raw), graph=graph, node=top)
    if verdict.state == "checked":
        assert read_certificate(bytes(raw)).doubt >= good.doubt
