"""A bound as a record that somebody else can check: the graph, the numbers, and why they hold.

It is plain JSON of strings, integers, booleans and lists, with sorted keys and no spaces, so that
one certificate is one sequence of bytes; a number with a fraction is the decimal string of its
double. Reading is strict: what is not expected is refused with a reason. This module knows
nothing of how a bound is found.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NoReturn

from safetycase.confidence.caps import Cap
from safetycase.confidence.graph import ALL, ANY, AT_LEAST, EVENT, NOT, Graph

__all__ = [
    "FORMAT",
    "MAX_BYTES",
    "Certificate",
    "CertificateError",
    "Dual",
    "certify_dual",
    "certify_proof",
    "read_certificate",
    "restrict",
]

FORMAT = "safetycase/bound/1"
MAX_BYTES = 64 * 1024 * 1024
"""A longer certificate is not read."""

_OPS = {EVENT: "event", ALL: "all", ANY: "any", AT_LEAST: "at_least", NOT: "not"}
_LARGEST = 1 << 62
"""Whole numbers stay below this: every reader of JSON that knows 64 bits can read them."""
_SURROGATE = re.compile("[\ud800-\udfff]")
_NUMBERS = {name: op for op, name in _OPS.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Dual:
    """Whole numbers that count 1/`unit`: z, a price for each event literal and each used cap.

    (i, False) is "event i fails", (i, True) "it holds"; `pairs[c]` is the price of cap c. The
    point is feasible if z plus the prices in every implicant of "the node fails" is a unit.
    """

    unit: int
    z: int
    prices: Mapping[tuple[int, bool], int]
    pairs: Mapping[int, int] = field(default_factory=dict)


class CertificateError(ValueError):
    """The bytes are no certificate; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """P(not `node`) <= `doubt` for every joint law that fits the intervals and the caps.

    `graph` is everything below `node`. Either `proof` lists literals (event, holds) that force
    the node, or `z`, `prices` (event, holds, price) and `pairs` (cap, price), whole numbers that
    count 1/`unit`, are a dual point.
    """

    graph: Graph
    node: int
    doubt: float
    caps: tuple[Cap, ...] = ()
    proof: tuple[tuple[int, bool], ...] | None = None
    unit: int = 1
    z: int = 0
    prices: tuple[tuple[int, bool, int], ...] = ()
    pairs: tuple[tuple[int, int], ...] = ()

    def to_json(self) -> bytes:
        """The canonical bytes."""
        graph = self.graph
        nodes = [_node(graph, i) for i in range(len(graph))]
        why: dict[str, Any]
        if self.proof is not None:
            why = {"proof": [list(literal) for literal in self.proof]}
        else:
            why = {
                "unit": self.unit,
                "z": self.z,
                "prices": [list(price) for price in self.prices],
                "pairs": [list(pair) for pair in self.pairs],
            }
        value = {
            "format": FORMAT,
            "nodes": nodes,
            "node": self.node,
            "doubt": repr(self.doubt),
            "caps": [[*cap.events, repr(cap.limit), cap.declared] for cap in self.caps],
            "why": why,
        }
        text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return text.encode()


def restrict(graph: Graph, node: int) -> tuple[Graph, dict[int, int]]:
    """What is below `node` as a graph of its own, and the new number of every old one."""
    below = graph.below((node,))
    new = {old: i for i, old in enumerate(below)}
    part = Graph(
        names=tuple(graph.names[i] for i in below),
        ops=tuple(graph.ops[i] for i in below),
        parts=tuple(tuple(new[p] for p in graph.parts[i]) for i in below),
        k=tuple(graph.k[i] if graph.ops[i] == AT_LEAST else 0 for i in below),
        low=tuple(float(graph.low[i]) for i in below),
        high=tuple(float(graph.high[i]) for i in below),
    )
    return part, new


def certify_proof(
    graph: Graph, node: int, literals: Sequence[tuple[int, bool]], doubt: float
) -> Certificate:
    """The certificate of a proof set."""
    part, new = restrict(graph, node)
    proof = tuple(sorted((new[event], holds) for event, holds in literals))
    return Certificate(graph=part, node=new[node], doubt=doubt, proof=proof)


def certify_dual(
    graph: Graph, node: int, doubt: float, dual: Dual, caps: Sequence[Cap] = ()
) -> Certificate:
    """The certificate of a dual point; only the caps that have a price are kept."""
    part, new = restrict(graph, node)
    used = sorted(at for at, y in dual.pairs.items() if y)
    kept = [
        Cap(
            events=(new[caps[at].events[0]], new[caps[at].events[1]]),
            limit=float(caps[at].limit),
            declared=caps[at].declared,
        )
        for at in used
    ]
    return Certificate(
        graph=part,
        node=new[node],
        doubt=doubt,
        caps=tuple(kept),
        unit=dual.unit,
        z=dual.z,
        prices=tuple(sorted((new[e], holds, y) for (e, holds), y in dual.prices.items() if y)),
        pairs=tuple((i, dual.pairs[at]) for i, at in enumerate(used)),
    )


def read_certificate(data: bytes) -> Certificate:
    """The certificate written in `data`; `CertificateError` says why it is none."""
    if len(data) > MAX_BYTES:
        raise CertificateError(f"longer than {MAX_BYTES} bytes")
    try:
        value = json.loads(
            data.decode(), object_pairs_hook=_object, parse_float=_number, parse_constant=_number
        )
    except CertificateError:
        raise
    except (UnicodeDecodeError, ValueError, RecursionError) as error:
        raise CertificateError(f"not JSON: {type(error).__name__}") from error
    top = _keys(value, "caps", "doubt", "format", "node", "nodes", "why")
    if top["format"] != FORMAT:
        raise CertificateError(f"the format is not {FORMAT}")
    graph = _graph(top["nodes"])
    size = len(graph)
    caps = tuple(_cap(graph, entry) for entry in _list(top["caps"], "caps"))
    node = _index(top["node"], size, "node")
    doubt = _double(top["doubt"], "doubt", 1.0)
    why = top["why"]
    if isinstance(why, dict) and set(why) == {"proof"}:
        literals = [_literal(graph, e, 2) for e in _list(why["proof"], "proof")]
        proof = tuple((e[0], e[1]) for e in literals)
        _distinct(proof, "literals of the proof")
        return Certificate(graph=graph, node=node, doubt=doubt, caps=caps, proof=proof)
    _keys(why, "pairs", "prices", "unit", "z")
    unit = _index(why["unit"], _LARGEST, "unit") or 1
    prices = tuple(
        (event, holds, _index(entry[2], unit + 1, "price"))
        for entry in _list(why["prices"], "prices")
        for event, holds in [_literal(graph, entry, 3)]
    )
    _distinct([(e, h) for e, h, _ in prices], "prices")
    pairs = tuple(_pair(entry, len(caps), unit) for entry in _list(why["pairs"], "pairs"))
    _distinct([at for at, _ in pairs], "pairs")
    return Certificate(
        graph=graph,
        node=node,
        doubt=doubt,
        caps=caps,
        unit=unit,
        z=_index(why["z"], unit + 1, "z"),
        prices=prices,
        pairs=pairs,
    )


def _node(graph: Graph, i: int) -> dict[str, Any]:
    op = graph.ops[i]
    entry: dict[str, Any] = {"name": graph.names[i], "op": _OPS[op]}
    if op == EVENT:
        return {**entry, "low": repr(float(graph.low[i])), "high": repr(float(graph.high[i]))}
    entry["parts"] = list(graph.parts[i])
    return {**entry, "k": graph.k[i]} if op == AT_LEAST else entry


def _graph(nodes: Any) -> Graph:
    names, ops, parts, ks, lows, highs = [], [], [], [], [], []
    for i, node in enumerate(_list(nodes, "nodes")):
        word = node.get("op") if isinstance(node, dict) else None
        op = _NUMBERS.get(word) if isinstance(word, str) else None
        if op is None:
            raise CertificateError(f"node {i} has no known operation")
        if op == EVENT:
            _keys(node, "high", "low", "name", "op")
            lows.append(_double(node["low"], "low", 1.0))
            highs.append(_double(node["high"], "high", 1.0))
            if lows[-1] > highs[-1]:
                raise CertificateError(f"node {i} has an interval upside down")
        else:
            _keys(node, *(["k"] if op == AT_LEAST else []), "name", "op", "parts")
            lows.append(0.0)
            highs.append(1.0)
        below = _list(node.get("parts", []), "parts")
        ops.append(op)
        parts.append(tuple(_index(p, i, f"a part of node {i}") for p in below))
        ks.append(_index(node.get("k", 0), 1 << 31, "k"))
        if op == NOT and len(below) != 1:
            raise CertificateError(f"node {i} negates {len(below)} parts")
        if not isinstance(node["name"], str) or _SURROGATE.search(node["name"]):
            raise CertificateError(f"the name of node {i} is no text")
        names.append(node["name"])
    _distinct(names, "names")
    return Graph(
        names=tuple(names),
        ops=tuple(ops),
        parts=tuple(parts),
        k=tuple(ks),
        low=tuple(lows),
        high=tuple(highs),
    )


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        raise CertificateError("a key is given twice")
    return made


def _number(text: str) -> NoReturn:
    raise CertificateError(f"the number {text[:20]} is not written as a decimal string")


def _keys(value: Any, *expected: str) -> dict[str, Any]:
    if not isinstance(value, dict) or set(value) != set(expected):
        found = ", ".join(sorted(value))[:80] if isinstance(value, dict) else type(value).__name__
        raise CertificateError(f"the keys {', '.join(expected)} are expected, not: {found}")
    return value


def _list(value: Any, what: str) -> list[Any]:
    if not isinstance(value, list):
        raise CertificateError(f"{what}: a list is expected")
    return value


def _index(value: Any, size: int, what: str) -> int:
    if type(value) is not int or not 0 <= value < size:
        raise CertificateError(f"{what}: a whole number from 0 below {size} is expected")
    return value


def _double(value: Any, what: str, most: float = math.inf) -> float:
    if isinstance(value, str) and len(value) <= 32:
        try:
            number = float(value)
        except ValueError:
            number = math.nan
        if math.isfinite(number) and 0 <= number <= most and repr(number) == value:
            return number
    raise CertificateError(f"{what}: the decimal string of a double from 0 to {most} is expected")


def _literal(graph: Graph, entry: Any, size: int) -> tuple[int, bool]:
    if not isinstance(entry, list) or len(entry) != size or type(entry[1]) is not bool:
        raise CertificateError("a literal is a list of an event and true or false")
    event = _index(entry[0], len(graph), "event")
    if graph.ops[event] != EVENT:
        raise CertificateError(f"node {event} is no event")
    return event, entry[1]


def _cap(graph: Graph, entry: Any) -> Cap:
    if not isinstance(entry, list) or len(entry) != 4 or not isinstance(entry[3], str):
        raise CertificateError("a cap is a list of two events, a limit and a declaration")
    a, b = (_index(e, len(graph), "event of a cap") for e in entry[:2])
    if a == b or graph.ops[a] != EVENT or graph.ops[b] != EVENT:
        raise CertificateError("a cap is about two different events")
    return Cap(events=(a, b), limit=_double(entry[2], "limit", 1.0), declared=entry[3])


def _pair(entry: Any, size: int, unit: int) -> tuple[int, int]:
    if not isinstance(entry, list) or len(entry) != 2:
        raise CertificateError("a price of a pair is a list of a cap and a price")
    return _index(entry[0], size, "cap"), _index(entry[1], unit + 1, "price")


def _distinct(values: Sequence[Any], what: str) -> None:
    if len(set(values)) < len(values):
        raise CertificateError(f"{what}: one is given twice")
