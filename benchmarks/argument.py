"""Check, re-check and draw generated arguments beside verocase 0.7.2; writes `argument.md`.

    python benchmarks/argument.py

Every check is a whole process, measured as CPU time; ours and the peer's run in turn in the same
environment, and the ratio is the peer's time over ours: more than 1 means that we need less. The
argument is the same in every format: claims and strategies in turn, ten parts to a strategy,
evidence at the leaves.
"""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from run import HEADER, cpu_seconds  # noqa: E402

SIZES = {11_111: 5, 111_111: 3}
SAYS = "Node number {} holds in this deployment."
NODES_DRAWN = 5_000


@dataclass
class Made:
    """One generated node: its kind, what stands below it, and how deep it is."""

    kind: str
    below: list[int]
    depth: int


def tree(nodes: int) -> list[Made]:
    """`nodes` nodes, parents first: a claim has one strategy, a strategy ten parts."""
    made, queue = [Made("evidence", [], 0)], deque([0])
    while len(made) + 2 <= nodes:
        at = queue.popleft()
        made[at].kind, made[at].below = "claim", [len(made)]
        strategy = Made("strategy", [], made[at].depth + 1)
        made.append(strategy)
        for _ in range(min(10, nodes - len(made))):
            strategy.below.append(len(made))
            queue.append(len(made))
            made.append(Made("evidence", [], strategy.depth + 1))
    return made


def as_ltac(nodes: int) -> str:
    """Extended LTAC, which nests."""
    made, lines, stack = tree(nodes), list[str](), [0]
    while stack:
        n = stack.pop()
        node = made[n]
        lines.append(f"{'  ' * node.depth}- {node.kind.title()} N{n}: {SAYS.format(n)}")
        stack += node.below[::-1]
    return "\n".join(lines) + "\n"


def as_gsn2x(nodes: int) -> str:
    """gsn2x YAML: goals, strategies and solutions."""
    prefix = {"claim": "G", "strategy": "S", "evidence": "Sn"}
    made = tree(nodes)
    lines = ["module: {name: Generated}"]
    for n, node in enumerate(made):
        lines.append(f"{prefix[node.kind]}{n}:\n  text: {SAYS.format(n)}")
        if node.below:
            below = ", ".join(f"{prefix[made[c].kind]}{c}" for c in node.below)
            lines.append(f"  supportedBy: [{below}]")
    return "\n".join(lines) + "\n"


def as_case(nodes: int) -> str:
    """Our own format, every element on its own."""
    claims, steps, leaves = ["claims:"], ["arguments:"], ["evidence:"]
    for n, node in enumerate(tree(nodes)):
        says = SAYS.format(n)
        below = ", ".join(f"N{c}" for c in node.below)
        if node.kind == "evidence":
            leaves.append(f"  - evidence: N{n}\n    because: {says}")
        elif node.kind == "claim":
            claims.append(f"  - claim: N{n}\n    says: {says}\n    by: {below}")
        else:
            steps.append(
                f"  - argument: N{n}\n    kind: decomposition\n    because: {says}\n"
                f"    premises: [{below}]"
            )
    return "\n".join([HEADER + "root: N0", *claims, *steps, *leaves]) + "\n"


def modules(folder: Path, count: int, each: int) -> None:
    """A case of `count` modules with `each` elements."""
    names = [f"m{i}" for i in range(count)]
    lines = [HEADER + "modules:"] + [f"  {m}: {m}.yaml" for m in names]
    lines.append("root:\n  claim: TOP\n  says: All parts hold.\n  by:\n    argument: PARTS")
    lines.append("    kind: decomposition\n    because: They cover it.")
    lines.append(f"    premises: [{', '.join(f'{m}/N0' for m in names)}]")
    (folder / "case.yaml").write_text("\n".join(lines) + "\n", "utf-8")
    for name in names:
        body = as_case(each).split("root: N0\n", 1)[1]
        text = f"module: {name}\ntitle: Part {name}\npublic: [N0]\n{body}"
        (folder / f"{name}.yaml").write_text(text, "utf-8")


def side_by_side(commands: Sequence[Sequence[str]], cwd: Path, runs: int) -> list[float]:
    """The median CPU time of each, run in turn so that the machine's speed meets all."""
    times: list[list[float]] = [[] for _ in commands]
    for _ in range(runs):
        for found, command in zip(times, commands, strict=True):
            found.append(cpu_seconds(command, cwd))
    return [statistics.median(found) for found in times]


def peak_memory(command: Sequence[str], cwd: Path) -> float:
    """The peak resident memory of one process, MiB."""
    code = (
        "import resource, subprocess, sys; subprocess.run(sys.argv[1:], capture_output=True); "
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *command], cwd=cwd, capture_output=True, text=True, check=True
    )
    return int(done.stdout) / 1024


def recheck(folder: Path) -> tuple[float, int]:
    """CPU seconds to check again after one line of one of 100 modules changed, and the size."""
    from safetycase.workspace.editing import Session

    session = Session(folder)
    session.check()
    times = []
    for n in range(9):
        text = (folder / "m50.yaml").read_text("utf-8")
        session.open["m50.yaml"] = text.replace("Node number 3 holds", f"Node number 3 held {n}")
        start = time.process_time()
        checked = session.check()
        times.append(time.process_time() - start)
    assert checked.case is not None
    return statistics.median(times), len(checked.case.elements)


def drawing() -> tuple[float, int]:
    """CPU seconds for layout and SVG of `NODES_DRAWN` nodes, and the size of the picture."""
    from safetycase.argument.load import load
    from safetycase.argument.project import structure_of
    from safetycase.report.gsn_svg import render_gsn

    case = load(as_case(NODES_DRAWN)).case
    assert case is not None
    structure, _ = structure_of(case)
    times = []
    for _ in range(5):
        start = time.process_time()
        text = render_gsn(structure)
        times.append(time.process_time() - start)
    return statistics.median(times), len(text)


def main() -> int:
    """Run every pair and write the table."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # a user's second run reads compiled files
    tool = [sys.executable, "-m", "safetycase.cli", "check"]
    rows = ["| what | CPU s | verocase 0.7.2, LTAC | ratio |", "|---|---|---|---|"]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for nodes, runs in SIZES.items():
            (folder / "case.yaml").write_text(as_case(nodes), "utf-8")
            (folder / "argument.yaml").write_text(as_gsn2x(nodes), "utf-8")
            (folder / "argument.ltac").write_text(as_ltac(nodes), "utf-8")
            peer = [sys.executable, "-m", "verocase", "--ltac", "argument.ltac", "--validate"]
            gsn2x = [*tool, "argument.yaml", "--profile", "gsn2x"]
            ltac = [*tool, "argument.ltac"]
            subprocess.run(tool, cwd=folder, capture_output=True, check=False)
            ours, foreign, own_ltac, other = side_by_side([tool, gsn2x, ltac, peer], folder, runs)
            rows += [
                f"| `check`, {nodes:,} nodes, case file | {ours:.2f} | {other:.2f} | "
                f"{other / ours:.2f} |",
                f"| `check --profile gsn2x`, {nodes:,} nodes, gsn2x YAML | {foreign:.2f} | "
                f"{other:.2f} | {other / foreign:.2f} |",
                f"| `check`, {nodes:,} nodes, the same LTAC | {own_ltac:.2f} | {other:.2f} | "
                f"{other / own_ltac:.2f} |",
            ]
        memory = [peak_memory(c, folder) for c in (tool, gsn2x, peer)]
        with tempfile.TemporaryDirectory() as parts:
            modules(Path(parts), 100, 111)
            again, size = recheck(Path(parts))
        drawn, length = drawing()
    more = [
        "| what | measured |",
        "|---|---|",
        f"| peak memory at 111,111 nodes: case file, gsn2x YAML, verocase | "
        f"{memory[0]:.0f}, {memory[1]:.0f}, {memory[2]:.0f} MiB |",
        f"| check again after a one-line edit in one of 100 modules ({size:,} elements) | "
        f"{again:.3f} CPU s |",
        f"| layout and SVG of {NODES_DRAWN:,} nodes ({length / 1e6:.1f} MB) | {drawn:.2f} CPU s |",
    ]
    text = (
        f"# Arguments\n\nMedian of whole processes run in turn, CPU time, Python "
        f"{platform.python_version()}, {os.cpu_count()} cores.\n\n"
        + "\n".join([*rows, "", *more])
        + "\n"
    )
    (HERE / "argument.md").write_text(text, "utf-8")
    print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
