"""Generated arguments of four families, and the peers that are asked the same question of them.

Every gate has a warrant of its own and four parts, a quarter of the gates are alternatives:

- tree: nothing is shared;
- assump: eight global assumptions stand under 30 % of the gates, and 10 % of the parts are
  taken from nearby;
- local: 25 % of the parts are taken from a window of nearby nodes;
- global: 25 % of the parts are taken from anywhere.

Doubts are random and scaled so that the cheapest single proof has a doubt of .2.

    python benchmarks/families.py FAMILY NODES pyagrum|pgmpy [all]

asks a peer for the probability of the root (`all`: and for what the importances of all events
follow from) and prints CPU seconds and the answer as JSON.
"""

from __future__ import annotations

import json
import random
import sys
import time
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent / "src"))

from safetycase.confidence.graph import ANY, EVENT, Builder, Graph

FAMILIES = ("tree", "assump", "local", "global")
BRANCH, ALTERNATIVES, WINDOW, PROOF_DOUBT = 4, 0.25, 8, 0.2
REUSE = {"tree": 0.0, "assump": 0.1, "local": 0.25, "global": 0.25}


@dataclass
class Made:
    """A gate while it is made: its parts (numbers of `Made`), and whether it is an `any`."""

    parts: list[int] = field(default_factory=list)
    alternatives: bool = False
    assumption: int | None = None


def family(name: str, nodes: int, seed: int = 1) -> tuple[Graph, int]:
    """About `nodes` nodes (within a few) and the root."""
    rng = random.Random(f"{name} {nodes} {seed}")
    made, gates = _skeleton(rng, name, nodes)
    doubts: list[float] = []
    build = Builder()

    def event(label: str) -> int:
        doubts.append(rng.uniform(0.2, 1.0))
        return build.event(label)

    shared = [event(f"assumption{i}") for i in range(8)] if name == "assump" else []
    at: dict[int, int] = {}
    for i in range(len(made) - 1, -1, -1):
        if i not in gates:
            at[i] = event(f"leaf{i}")
            continue
        gate = made[i]
        parts = [at[p] for p in dict.fromkeys(gate.parts)]
        whole = [event(f"warrant{i}")]
        whole += [shared[gate.assumption]] if gate.assumption is not None else []
        whole += [build.any(parts, f"any{i}")] if gate.alternatives else parts
        at[i] = build.all(whole, f"all{i}")
    graph = build.freeze()
    events = [i for i, op in enumerate(graph.ops) if op == EVENT]
    cost = dict(zip(events, doubts, strict=True))
    scale = PROOF_DOUBT / _cheapest(graph, at[0], cost)
    low = list(graph.low)
    for i in events:
        low[i] = 1 - min(0.5, cost[i] * scale)
    return (
        Graph(
            names=graph.names,
            ops=graph.ops,
            parts=graph.parts,
            k=graph.k,
            low=tuple(low),
            high=graph.high,
        ),
        at[0],
    )


def _skeleton(rng: random.Random, name: str, nodes: int) -> tuple[list[Made], set[int]]:
    """Parents first. A part that is shared is one that was made but not yet taken apart, so it
    has a higher number than its parents and there is no circle."""
    made, waiting, gates = [Made()], deque([0]), set[int]()
    count = 1 + 8 * (name == "assump")
    while waiting and count < nodes:
        i = waiting.popleft()
        gates.add(i)
        gate = made[i]
        gate.alternatives = rng.random() < ALTERNATIVES
        if name == "assump" and rng.random() < 0.3:
            gate.assumption = rng.randrange(8)
        count += 1 + gate.alternatives
        for _ in range(BRANCH):
            if waiting and rng.random() < REUSE[name]:
                near = min(len(waiting), WINDOW)
                most = len(waiting) if name == "global" else near
                gate.parts.append(waiting[rng.randrange(most)])
            else:
                made.append(Made())
                gate.parts.append(len(made) - 1)
                waiting.append(len(made) - 1)
                count += 1
    return made, gates


def _cheapest(graph: Graph, root: int, cost: dict[int, float]) -> float:
    """The doubt of the proof that takes the leg that looks cheapest at every `any`."""
    sums: list[float] = []
    for i, op in enumerate(graph.ops):
        parts = [sums[p] for p in graph.parts[i]]
        sums.append(cost[i] if op == EVENT else min(parts) if op == ANY else sum(parts))
    chosen, stack = set[int](), [root]
    while stack:
        i = stack.pop()
        if i not in chosen:
            chosen.add(i)
            parts = graph.parts[i]
            stack += [min(parts, key=sums.__getitem__)] if graph.ops[i] == ANY else parts
    return sum(cost[i] for i in chosen if graph.ops[i] == EVENT)


def ask_pyagrum(graph: Graph, root: int, everything: bool) -> float:
    """pyAgrum: aggregator nodes, lazy propagation; with `everything`, all posteriors given the
    root, from which each importance follows by Bayes' rule."""
    import pyagrum as gum

    gum.setNumberOfThreads(1)  # CPU time of several threads would count against it
    net = gum.BayesNet()
    for i, op in enumerate(graph.ops):
        variable = gum.LabelizedVariable(f"n{i}", "", 2)
        if op == EVENT:
            net.add(variable)
        else:
            (net.addOR if op == ANY else net.addAND)(variable)
    for i, parts in enumerate(graph.parts):
        for part in parts:
            net.addArc(f"n{part}", f"n{i}")
    for i, op in enumerate(graph.ops):
        if op == EVENT:
            net.cpt(f"n{i}").fillWith([1 - graph.low[i], graph.low[i]])
    query = gum.LazyPropagation(net)
    query.setTargets({f"n{root}"})
    query.makeInference()
    answer = float(query.posterior(f"n{root}")[1])
    if everything:
        query = gum.LazyPropagation(net)
        query.setEvidence({f"n{root}": 1})
        query.makeInference()
        for i, op in enumerate(graph.ops):
            if op == EVENT:
                query.posterior(f"n{i}")
    return answer


def ask_pgmpy(graph: Graph, root: int, everything: bool) -> float:
    """pgmpy: one table a node, variable elimination; `everything` as with pyAgrum."""
    import itertools

    from pgmpy.factors.discrete import TabularCPD
    from pgmpy.inference import VariableElimination
    from pgmpy.models import DiscreteBayesianNetwork

    net = DiscreteBayesianNetwork()
    net.add_nodes_from([f"n{i}" for i in graph.below([root])])
    tables: list[Any] = []
    for i in graph.below([root]):
        parts = graph.parts[i]
        if graph.ops[i] == EVENT:
            tables.append(TabularCPD(f"n{i}", 2, [[1 - graph.low[i]], [graph.low[i]]]))
            continue
        net.add_edges_from([(f"n{p}", f"n{i}") for p in parts])
        rule = any if graph.ops[i] == ANY else all
        holds = [float(rule(world)) for world in itertools.product((0, 1), repeat=len(parts))]
        rows = [[1 - h for h in holds], holds]
        tables.append(TabularCPD(f"n{i}", 2, rows, [f"n{p}" for p in parts], [2] * len(parts)))
    net.add_cpds(*tables)
    query = VariableElimination(net)
    answer = float(query.query([f"n{root}"], show_progress=False).values[1])
    if everything:
        for i in graph.events([root]):
            query.query([f"n{i}"], evidence={f"n{root}": 1}, show_progress=False)
    return answer


def main() -> int:
    """Ask one peer once."""
    name, nodes, peer, *more = sys.argv[1:]
    graph, root = family(name, int(nodes))
    ask = {"pyagrum": ask_pyagrum, "pgmpy": ask_pgmpy}[peer]
    try:
        __import__(peer)
    except ImportError:
        print(json.dumps({"missing": peer}))
        return 0
    start = time.process_time()
    answer = ask(graph, root, "all" in more)
    print(json.dumps({"seconds": time.process_time() - start, "answer": answer}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
