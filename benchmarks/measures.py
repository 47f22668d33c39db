"""The single measurements of `confidence.py`, each run in a process of its own.

    python benchmarks/measures.py NAME [ARGUMENT ...]

prints one JSON object. Times are CPU seconds of the computation without start-up and without
making the input; of several runs the median.
"""

from __future__ import annotations

import json
import math
import random
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "benchmarks")]

from families import family  # noqa: E402

from safetycase.confidence.graph import EVENT, Builder, Graph  # noqa: E402

T = TypeVar("T")


def timed(call: Callable[[], T], runs: int = 5) -> tuple[float, T]:
    """The median CPU seconds of `call` and its last answer."""
    times = []
    for _ in range(runs):
        start = time.process_time()
        answer = call()
        times.append(time.process_time() - start)
    return statistics.median(times), answer


def layers(name: str, nodes: str) -> dict[str, Any]:
    """Layer 1 with the greedy proof."""
    from safetycase.confidence.local import local
    from safetycase.confidence.proof import proof_set

    graph, root = family(name, int(nodes))

    def both() -> tuple[float, float]:
        return local(graph)[0][root], 1 - proof_set(graph, root, exact=False).doubt

    seconds, (low, proof) = timed(both)
    return {"seconds": seconds, "local": low, "proof": proof}


def best_proof(name: str, nodes: str) -> dict[str, Any]:
    """The cheapest proof, by integer programming where it must be."""
    from safetycase.confidence.proof import proof_set

    graph, root = family(name, int(nodes))
    proof_set(*family(name, 50), exact=True)  # the solver is loaded before the clock starts
    seconds, found = timed(lambda: proof_set(graph, root, exact=True), 3)
    return {"seconds": seconds, "bound": 1 - found.doubt}


def packing(name: str, nodes: str) -> dict[str, Any]:
    """The worst case over all dependence, and how far from the optimum it may be."""
    from safetycase.confidence.packing import worst

    graph, root = family(name, int(nodes))
    worst(*family(name, 50))
    seconds, found = timed(lambda: worst(graph, root), 1)
    return {
        "seconds": seconds,
        "bound": 1 - found.doubt,
        "gap": found.gap,
        "layer": found.layer,
        "leaves": len(graph.events([root])),
    }


def two_of_three(leaves: str) -> dict[str, Any]:
    """2-of-3 votes over shared leaves: the shape in which only the packing helps."""
    from safetycase.confidence.packing import worst
    from safetycase.confidence.proof import proof_set

    rng, build = random.Random(23), Builder()
    events = [
        build.event(f"e{i}", 1 - rng.uniform(0.5, 1) / int(leaves)) for i in range(int(leaves))
    ]
    node = build.all([build.at_least(2, rng.sample(events, 3)) for _ in range(int(leaves) // 2)])
    graph = build.freeze()
    seconds, found = timed(lambda: worst(graph, node), 1)
    proof = 1 - proof_set(graph, node, exact=True).doubt
    return {"seconds": seconds, "bound": 1 - found.doubt, "gap": found.gap, "proof": proof}


def point(name: str, nodes: str) -> dict[str, Any]:
    """The value under independence and the importance of every event."""
    from safetycase.confidence.diagram import OutOfBudget, compile_diagram

    graph, root = family(name, int(nodes))
    start = time.process_time()
    try:
        seconds, found = timed(lambda: compile_diagram(graph, root).point(graph.low), 3)
    except OutOfBudget:
        return {"problem": "beyond the diagram's budget", "after": time.process_time() - start}
    return {"seconds": seconds, "answer": found.value}


def sampled(name: str, nodes: str) -> dict[str, Any]:
    """The same beyond the diagram's budget: 20,000 draws with an exact interval."""
    from safetycase.confidence.reference import reference

    graph, root = family(name, int(nodes))
    seconds, found = timed(lambda: reference(graph, root), 1)
    return {"seconds": seconds, "low": found.low, "high": found.high, "draws": found.draws}


def incremental(name: str, nodes: str) -> dict[str, Any]:
    """The median and the longest time from a changed leaf to the bound at the root."""
    from safetycase.confidence.local import Incremental

    graph, root = family(name, int(nodes))
    kept, rng, times = Incremental(graph), random.Random(3), []
    events = graph.events([root])
    for event in rng.choices(events, k=200):
        start = time.process_time()
        kept.set(event, rng.uniform(graph.low[event], 1.0), 1.0)
        kept.low(root)
        times.append(time.process_time() - start)
    return {"seconds": statistics.median(times), "longest": max(times)}


def portfolio_tree(rng: random.Random, problems: int) -> tuple[Graph, int, list[Any]]:
    """A random read-once AND/OR tree over `problems` open problems, and shots at each."""
    from safetycase.agenda.portfolio import Shots
    from safetycase.confidence.bounds import Bounds

    build = Builder()
    level = [build.event(f"p{i}") for i in range(problems)]
    shots = [
        Shots(
            id=f"p{i}",
            event=i,
            solvable=Bounds(low=rng.uniform(0.4, 0.9), high=0.95),
            each_shot=Bounds(low=rng.uniform(0.05, 0.4), high=0.5),
            cost=1.0,
        )
        for i in range(problems)
    ]
    while len(level) > 1:
        made: list[int] = []
        while level:
            taken = [level.pop() for _ in range(min(len(level), rng.randint(2, 4)))]
            made.append(
                taken[0]
                if len(taken) == 1
                else (build.any if rng.random() < 0.5 else build.all)(taken)
            )
        level = made
    return build.freeze(), level[0], shots


def portfolio(problems: str, budget: str) -> dict[str, Any]:
    """The whole frontier of a budget and the allocation at its end."""
    from safetycase.agenda.portfolio import frontier

    graph, root, shots = portfolio_tree(random.Random(81), int(problems))

    def run() -> tuple[float, bool]:
        found = frontier(graph, root, shots, float(budget), most_units=int(budget))
        found.allocation()
        return found.value[-1], found.exact

    seconds, (value, exact) = timed(run, 3)
    return {"seconds": seconds, "value": value, "exact": exact}


def regret(count: str) -> dict[str, Any]:
    """Greedy and even funding beside the exact allocation on random AND/OR portfolios."""
    from safetycase.agenda.portfolio import frontier, greedy, worth

    rng, stuck, shares, even_shares = random.Random(29), 0, [], []
    for _ in range(int(count)):
        problems = rng.randint(4, 12)
        graph, root, shots = portfolio_tree(rng, problems)
        budget = rng.randint(problems, 3 * problems)
        best = frontier(graph, root, shots, float(budget)).value[-1]
        one_by_one = greedy(graph, root, shots, float(budget))
        each = budget // problems
        even = worth(graph, root, shots, {bet.id: each for bet in shots}).low
        stuck += one_by_one.value.low == 0
        shares.append(one_by_one.value.low / best if best else 1.0)
        even_shares.append(even / best if best else 1.0)
    return {
        "stuck": stuck,
        "greedy": statistics.mean(shares),
        "even": statistics.mean(even_shares),
        "count": int(count),
    }


def peeking(runs: str) -> dict[str, Any]:
    """False certificates of a rate that lies exactly at the threshold of 1 %, over 5,000 trials."""
    import numpy as np

    from safetycase.stats.binomial import rate_confidence
    from safetycase.stats.sequential import log_e_below

    rate, alpha, trials, most = 0.01, 0.05, 5000, 120

    def first(good: Callable[[int, int], bool], failures: int) -> int:
        low, high = failures, trials + 1
        while low < high:
            middle = (low + high) // 2
            low, high = (low, middle) if good(failures, middle) else (middle + 1, high)
        return low

    def once(k: int, n: int) -> bool:
        return 1 - rate_confidence(k, n, rate)[0] <= alpha

    def anytime(k: int, n: int) -> bool:
        return n > 0 and log_e_below(k, n, rate) >= -math.log(alpha)

    # With k failures the certificate comes with the first n in these tables.
    tables = [np.array([first(good, k) for k in range(most)]) for good in (once, anytime)]
    generator, total, n = np.random.default_rng(12), int(runs), np.arange(1, trials + 1)
    counts = {"always": 0, "ten looks": 0, "planned": 0, "e-process": 0}
    looks = np.arange(trials // 10, trials + 1, trials // 10) - 1
    for _ in range(total // 500):
        k = np.minimum(np.cumsum(generator.random((500, trials)) < rate, axis=1), most - 1)
        exact, valid = (n >= found[k] for found in tables)
        counts["always"] += int(exact.any(axis=1).sum())
        counts["ten looks"] += int(exact[:, looks].any(axis=1).sum())
        counts["planned"] += int(exact[:, -1].sum())
        counts["e-process"] += int(valid.any(axis=1).sum())
    clean = [int(found[0]) for found in tables]
    return {
        "rates": {name: c / (total // 500 * 500) for name, c in counts.items()},
        "clean": clean,
        "runs": total // 500 * 500,
    }


def elicited(name: str, nodes: str) -> dict[str, Any]:
    """The numbers a person states: ours one a leaf; a table a node for a full Bayesian network;
    belief and plausibility a leaf and a weight a gate for Dempster-Shafer."""
    graph, root = family(name, int(nodes))
    below = graph.below([root])
    leaves = sum(graph.ops[i] == EVENT for i in below)
    gates = [i for i in below if graph.ops[i] != EVENT]
    return {
        "ours": leaves,
        "tables": leaves + sum(2 ** len(graph.parts[i]) for i in gates),
        "masses": 2 * leaves + len(gates),
    }


MEASURES = (
    layers,
    best_proof,
    packing,
    two_of_three,
    point,
    sampled,
    incremental,
    portfolio,
    regret,
    peeking,
    elicited,
)


def main() -> int:
    """Run one measurement."""
    name, *arguments = sys.argv[1:]
    measure = {m.__name__: m for m in MEASURES}[name]
    print(json.dumps(measure(*arguments)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
