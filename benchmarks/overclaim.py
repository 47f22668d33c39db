"""Count how often each scheme claims more than the truth; writes `overclaim.md`.

    python benchmarks/overclaim.py [--quick]

Random arguments (DAGs of up to eight events with `all`, `any`, k of n and negation) in random
laws over all 2^n worlds, as `tests/paradoxes/worlds.py` makes them. A scheme is told the chance
of every event (exactly, or as an interval that holds it) and gives a probability that the
argument goes through; the truth is read off the law. An overclaim is more than the truth + 1e-9.
"""

from __future__ import annotations

import json
import platform
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT / "src"), str(ROOT)]

from tests.paradoxes.engine import MODEL, OURS  # noqa: E402
from tests.paradoxes.rivals import RIVALS  # noqa: E402
from tests.paradoxes.worlds import KINDS, Tally, trials  # noqa: E402

TRIALS, QUICK, WORKERS = 10_000, 400, 2
SCHEMES = {
    **{f"ours: {name}": scheme for name, scheme in OURS.items()},
    **MODEL,
    **RIVALS,
}
Counts = Mapping[str, Mapping[str, Tally]]


def count(start: int, many: int) -> dict[str, dict[str, Tally]]:
    """The tallies of every scheme in every kind of law."""
    found = {name: {kind: Tally() for kind in KINDS} for name in SCHEMES}
    for one in trials(many, start=start):
        for name, scheme in SCHEMES.items():
            found[name][one.kind].add(scheme(one), one.truth)
    return found


def together(tallies: Sequence[Tally]) -> Tally:
    """Several tallies as one."""
    return Tally(
        trials=sum(t.trials for t in tallies),
        overclaims=sum(t.overclaims for t in tallies),
        most=max((t.most for t in tallies), default=0.0),
        slack=sum(t.slack for t in tallies),
    )


def counted(total: int) -> tuple[Counts, float]:
    """The tallies of `total` trials, shared by processes, and the CPU seconds they took."""
    each = total // WORKERS
    workers = [
        subprocess.Popen(
            [sys.executable, __file__, "--part", str(part * each), str(each)],
            stdout=subprocess.PIPE,
            text=True,
        )
        for part in range(WORKERS)
    ]
    parts, seconds = [], 0.0
    for worker in workers:
        out, _ = worker.communicate()
        if worker.returncode:
            raise SystemExit(f"a part of the count failed with {worker.returncode}")
        data = json.loads(out)
        seconds += data["seconds"]
        parts.append(data["counts"])
    return {
        name: {kind: together([Tally(**part[name][kind]) for part in parts]) for kind in KINDS}
        for name in SCHEMES
    }, seconds


def table(found: Counts) -> list[str]:
    """A row for each scheme: overclaims in all and by kind of law, the largest, the mean slack."""
    rows = [
        "| scheme | overclaims | " + " | ".join(KINDS) + " | largest | mean left unsaid |",
        "|---" * (4 + len(KINDS)) + "|",
    ]
    for name, kinds in found.items():
        whole = together(list(kinds.values()))
        cells = [f"{t.overclaims / t.trials:.1%}" if t.overclaims else "0" for t in kinds.values()]
        total = (
            f"{whole.overclaims:,} ({whole.overclaims / whole.trials:.1%})"
            if whole.overclaims
            else "0"
        )
        most = f"+{whole.most:.3f}" if whole.overclaims else "–"
        slack = whole.slack / whole.trials
        rows.append(f"| {name} | {total} | {' | '.join(cells)} | {most} | {slack:.3f} |")
    return rows


def main() -> int:
    """Count, and write the table."""
    if "--part" in sys.argv:
        start, many = map(int, sys.argv[-2:])
        before = time.process_time()
        found = count(start, many)
        plain = {
            name: {
                kind: {
                    "trials": t.trials,
                    "overclaims": t.overclaims,
                    "most": t.most,
                    "slack": t.slack,
                }
                for kind, t in kinds.items()
            }
            for name, kinds in found.items()
        }
        print(json.dumps({"counts": plain, "seconds": time.process_time() - before}))
        return 0
    total = QUICK if "--quick" in sys.argv else TRIALS
    found, seconds = counted(total)
    text = (
        f"# Overclaims\n\n{total:,} random arguments in random laws, {seconds:.0f} CPU s for all "
        f"schemes, Python {platform.python_version()}. The point schemes are told the chances "
        "exactly. A scheme that says less leaves more unsaid; the packing says all that can be "
        "said without knowing the dependence.\n\n" + "\n".join(table(found)) + "\n"
    )
    if "--quick" not in sys.argv:
        (Path(__file__).parent / "overclaim.md").write_text(text, "utf-8")
    print(text)
    ours = [together(list(found[f"ours: {name}"].values())).overclaims for name in OURS]
    return 1 if any(ours) else 0


if __name__ == "__main__":
    sys.exit(main())
