"""Measure the engine of games with hidden information beside open-spiel, and how far it goes.

    python benchmarks/oversight_games.py [--peer PYTHON]

prints a table. Times are CPU seconds (user and system) of whole processes on one thread, start-up
included. `--peer` is a Python with open-spiel==2.0.2, cvxpy and ecos installed; this one if it is
left out. `games()` gives the rows to a larger table.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "src"))

from safetycase.methods.games.extensive import zero_sum  # noqa: E402
from safetycase.methods.games.extensive.sequence import SequenceForm  # noqa: E402
from safetycase.methods.games.extensive.tree import flatten  # noqa: E402
from safetycase.plugin.protocols import End, Move, Turn  # noqa: E402

RUNS = 7
LARGEST = (9, 6, 6)
OURS_START = """\
import json, sys
from safetycase.methods.games.extensive.poker import Kuhn, Leduc
game = {"kuhn_poker": Kuhn, "leduc_poker": Leduc}[sys.argv[1]]()
"""
OURS_SOLVE = """\
from safetycase.methods.games.extensive.best_response import gains
from safetycase.methods.games.extensive.sequence import SequenceForm
from safetycase.methods.games.extensive.tree import flatten
from safetycase.methods.games.extensive.zero_sum import solve
form = SequenceForm.of(flatten(game))
found = solve(form)
gap = gains(form, found.x, found.y).nash_conv
print(json.dumps({"value": found.value, "nash_conv": gap}))
"""
OURS_EVEN = """\
from safetycase.methods.games.extensive.plain import even, played_out
print(json.dumps({"nash_conv": played_out(game, even).gap}))
"""
PEER_START = """\
import json, sys, pyspiel
game = pyspiel.load_game(sys.argv[1])
"""
PEER_SOLVE = """\
from open_spiel.python import policy
from open_spiel.python.algorithms import exploitability, sequence_form_lp
value, _, first, second = sequence_form_lp.solve_zero_sum_game(game)

class Both(policy.Policy):
    def action_probabilities(self, state, player_id=None):
        player = state.current_player() if player_id is None else player_id
        return (first, second)[player].action_probabilities(state)

gap = exploitability.nash_conv(game, Both(game, [0, 1]))
print(json.dumps({"value": value, "nash_conv": gap}))
"""
PEER_PYTHON = """\
from open_spiel.python import policy
from open_spiel.python.algorithms import exploitability
print(json.dumps({"nash_conv": exploitability.nash_conv(game, policy.UniformRandomPolicy(game))}))
"""
PEER_COMPILED = """\
print(json.dumps({"nash_conv": pyspiel.nash_conv(game, pyspiel.UniformRandomPolicy(game))}))
"""
Found = dict[str, Any]


@cache
def _move(item: int) -> Move:
    return Move(name=str(item))


@cache
def _judged(shown: str) -> float:
    """The judge's verdict from the items shown: the more frequent, a coin where they tie."""
    ones, zeros = shown.count("1"), shown.count("0")
    return 0.5 if ones == zeros else float(ones > zeros)


@dataclass(frozen=True, slots=True)
class HiddenEvidence:
    """A debate over evidence of which each side sees its own part and the judge what is shown.

    Each of `items` items is for or against the claim, by a fair coin. The first player sees the
    first `seen` of them and argues for the claim, the second the last `seen` and argues against
    it. In turns, `shows` in all, they show the judge one item that is not shown yet. The verdict
    is what the majority of the shown items says; it is wrong where that is not the majority of
    all. A position is None, or (the items, what was shown, in order).
    """

    items: int
    seen: int
    shows: int

    def start(self) -> Hashable:
        return None

    def turn(self, position: Any) -> Turn:
        if position is None:
            return "chance"
        shown = len(position[1])
        return "end" if shown >= self.shows else ("second" if shown % 2 else "first")

    def own(self, shown: int) -> tuple[int, int]:
        return (self.items - self.seen, self.items) if shown % 2 else (0, self.seen)

    def moves(self, position: Any) -> Sequence[Move]:
        if position is None:
            law = 2.0**-self.items
            worlds = range(2**self.items)
            return [Move(name=f"{world:0{self.items}b}", probability=law) for world in worlds]
        shown = position[1]
        return [_move(item) for item in range(*self.own(len(shown))) if item not in shown]

    def after(self, position: Any, move: str) -> Hashable:
        if position is None:
            return (move, ())
        return (position[0], (*position[1], int(move)))

    def sees(self, position: Any) -> Hashable:
        world, shown = position
        low, high = self.own(len(shown))
        return (world[low:high], shown, "".join([world[item] for item in shown]))

    def end(self, position: Any) -> End:
        world, shown = position
        verdict, truth = _judged("".join([world[item] for item in shown])), _judged(world)
        wrong = abs(verdict - truth) if truth != 0.5 else 0.5
        won = 2 * verdict - 1
        return End(first=won, second=-won, wrong=wrong, judge=len(shown))


def largest(items: str, seen: str, shows: str) -> Found:
    """A whole debate with hidden evidence, laid out and solved by one linear program."""
    rules = HiddenEvidence(int(items), int(seen), int(shows))
    tree = flatten(rules, limit=20_000_000)
    nodes, sets = len(tree), sum(map(len, tree.infosets))
    form = SequenceForm.of(tree)
    del tree
    found = zero_sum.solve(form, solver="simplex")
    return {
        "nodes": nodes,
        "sets": sets,
        "sequences": [len(form.first), len(form.second)],
        "value": found.value,
        "nash_conv": found.gap,
        "wrong": form.value(found.x, form.wrong, found.y),
    }


def alone(command: Sequence[str]) -> tuple[float, int, Found]:
    """CPU seconds and peak bytes of one process on one thread, and what it found."""
    ran = os.environ | {
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "PYTHONPATH": str(ROOT / "src"),
    }
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=ran) as process:
        assert process.stdout is not None
        said = process.stdout.read()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{command} ended with {process.returncode}")
    return used.ru_utime + used.ru_stime, used.ru_maxrss * 1024, json.loads(said)


def pair(mine: Sequence[str], other: Sequence[str]) -> tuple[float, float, Found, Found]:
    """Medians of both, run in turn so that a change of the machine's speed meets both."""
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(RUNS):
        one, _, found = alone(mine)
        two, _, theirs = alone(other)
        times[0].append(one)
        times[1].append(two)
    return statistics.median(times[0]), statistics.median(times[1]), found, theirs


def games(peer: str = sys.executable) -> list[str]:
    """The rows of the table, as Markdown, with what was asked and whether it is met."""
    rows = ["| what | measured | asked | met |", "|---|---|---|---|"]

    def row(what: str, measured: str, asked: str, met: bool) -> None:
        rows.append(f"| {what} | {measured} | {asked} | {'yes' if met else 'no'} |")

    there = [peer, "-c", "import pyspiel, cvxpy, ecos"]
    if subprocess.run(there, capture_output=True, check=False).returncode == 0:
        for name in ("kuhn_poker", "leduc_poker"):
            _compared(row, peer, name)
    else:
        row("beside open-spiel", f"not installed in {peer}", "≤ 1 × its CPU time", False)
    seconds, peak, found = alone([sys.executable, __file__, "largest", *map(str, LARGEST)])
    row(
        "the largest debate: {} items of evidence, each side sees {}, {} shown".format(*LARGEST),
        f"{found['nodes']:,} nodes, {found['sets']:,} information sets, "
        f"{' + '.join(f'{n:,}' for n in found['sequences'])} sequences; value "
        f"{found['value']:.6f} proved to {found['nash_conv']:.0e}, verdict wrong with "
        f"{found['wrong']:.3f}; {seconds:.1f} CPU s, {peak / 2**30:.2f} GiB",
        "60 CPU s and 4 GiB",
        seconds <= 60 and peak <= 4 * 2**30,
    )
    return rows


def _compared(row: Callable[[str, str, str, bool], None], peer: str, name: str) -> None:
    shown = name.replace("_", " ").capitalize()
    asked = "≤ 1 × open-spiel, values to 1e-6"

    def both(own: str, theirs: str) -> tuple[float, float, Found, Found]:
        mine = [sys.executable, "-c", OURS_START + own, name]
        return pair(mine, [peer, "-c", PEER_START + theirs, name])

    mine, other, found, theirs = both(OURS_SOLVE, PEER_SOLVE)
    apart = abs(found["value"] - theirs["value"])
    row(
        f"{shown}: solve and exploitability of the solution",
        f"{mine:.3f} and {other:.3f} CPU s, {mine / other:.2f} ×; values {apart:.0e} apart; "
        f"NashConv {found['nash_conv']:.0e} and {theirs['nash_conv']:.0e}",
        asked,
        mine <= other and apart <= 1e-6,
    )
    for says, script in (("in Python", PEER_PYTHON), ("compiled", PEER_COMPILED)):
        mine, other, found, theirs = both(OURS_EVEN, script)
        apart = abs(found["nash_conv"] - theirs["nash_conv"])
        row(
            f"{shown}: exploitability of even play, open-spiel {says}",
            f"{mine:.3f} and {other:.3f} CPU s, {mine / other:.2f} ×; values {apart:.0e} apart",
            asked,
            mine <= other and apart <= 1e-6,
        )


def main() -> int:
    """Print the table, or the one measurement that is a process of its own."""
    words = sys.argv[1:]
    if words[:1] == ["largest"]:
        print(json.dumps(largest(*words[1:])))
    else:
        print("\n".join(games(words[1] if words[:1] == ["--peer"] else sys.executable)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
