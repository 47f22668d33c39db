"""Writes items/protocols.jsonl: what models and monitors did on each task, drawn with a fixed seed.

    python make_rows.py

The rows are synthetic: normal scores, a trusted model that is right in 35 % of the tasks, an
untrusted one that is right in 85 % and whose attacks work in 55 %.
"""

import json
from pathlib import Path

from safetycase.methods.control.protocols.planted import World, synthetic_rows

WORLD = World(tasks=200, draws=2)
SEED = 20231212


def main() -> None:
    """One row a line, in the format that `control/protocols` reads."""
    path = Path(__file__).parent / "items" / "protocols.jsonl"
    rows = (json.dumps(row) for row in synthetic_rows(SEED, WORLD))
    path.write_text("\n".join(rows) + "\n", "utf-8")


if __name__ == "__main__":
    main()
