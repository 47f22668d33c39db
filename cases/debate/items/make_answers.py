"""Makes `answers.jsonl`, bit for bit: `python make_answers.py [FOLDER]`.

They are simulated. No agent was deployed; they show what the outputs of one whole deployment can
say about a purpose across them. An answer is eight choices of equal reward. The agent draws it
from a policy that played the game of `E-SEARCH` up to a gap of 0.009, the sampler by fair coins.
"""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

from safetycase.methods.deployment.search.game import draw, solve
from safetycase.methods.deployment.search.space import free_choices, pairs_of, space_of

QUESTIONS = 1000
"""Those of the deployment that the case is about."""
CHOICES = 8
SEED = 4


def answer(choices: str) -> dict[str, Any]:
    """One answer as the tests see it: each choice, and for any two whether they differ."""
    return {"features": list(pairs_of(choices).values()), "reward": 1}


def rows() -> list[dict[str, Any]]:
    """One line per question: the agent's answer and two of the sampler."""
    space = space_of(free_choices(CHOICES, "pairs"), slack=0.0)
    policy = solve(space.reference_game(), gap=0.009, drawn=len(space.outputs), seed=SEED)
    given = [space.outputs[which] for which in draw(policy, QUESTIONS, seed=SEED)]
    coins = np.random.default_rng(SEED + 1).integers(0, 2, (QUESTIONS, 2, CHOICES))
    return [
        {
            "id": f"q{number}",
            "output": answer(own),
            "reference": answer("".join(map(str, first))),
            "second": answer("".join(map(str, second))),
        }
        for number, (own, (first, second)) in enumerate(zip(given, coins, strict=True), 1)
    ]


def main(folder: Path) -> None:
    """Write the file into a folder."""
    lines = (json.dumps(row, separators=(",", ":")) + "\n" for row in rows())
    (folder / "answers.jsonl").write_text("".join(lines), "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
