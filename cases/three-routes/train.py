"""Train the answerer of this case in its game, and write the weights and the curves down.

    python cases/three-routes/train.py

The game is that of `system.py`: the answerer says whether six digits of 0 to 7 add up to 21 or
more, a second debater agrees or disputes, and a dispute is won by the side that is right with
probability 0.77. Both are small networks, trained against each other by exact gradients of the
expected payoff on questions drawn at random. Weights are rounded to 1/64, biases to 1/128.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch

HERE = Path(__file__).parent
DIGITS, LENGTH, LEAST = 8, 6, 21
STAKE = 0.54
ENTROPY = 0.2
STEPS, BATCH, SEEDS, EVERY = 2500, 512, 3, 10
GRID, MIDDLE = 128, 3.5


def network(inputs: int) -> Any:
    return torch.nn.Sequential(
        torch.nn.Linear(inputs, 6),
        torch.nn.ReLU(),
        torch.nn.Linear(6, 6),
        torch.nn.ReLU(),
        torch.nn.Linear(6, 2),
    )


def questions(count: int, generator: Any) -> Any:
    """Half of them at random, half near the border, where the answer is hard to see."""
    far = torch.randint(DIGITS, (count, LENGTH), generator=generator)
    near = torch.randint(DIGITS, (8 * count, LENGTH), generator=generator)
    near = near[(near.sum(1) - LEAST + 0.5).abs() < 3][: count // 2]
    return torch.cat([far[: count - len(near)], near]).float()


def payoff(answerer: Any, critic: Any, asked: Any) -> tuple[Any, Any, Any, Any]:
    """Expected payoff of the answerer per question, P(lie), and what each could gain."""
    truth = (asked.sum(1) >= LEAST).long()
    centred = asked - MIDDLE
    says = torch.log_softmax(answerer(centred), dim=1).exp()
    worth, best = torch.zeros(len(asked)), torch.zeros(len(asked))
    unsure = [-(says * says.clamp_min(1e-30).log()).sum(1)]
    replies = []
    for answer in (0, 1):
        seen = torch.cat([centred, torch.full((len(asked), 1), answer - 0.5)], dim=1)
        replies_ = torch.log_softmax(critic(seen), dim=1)
        unsure.append(-(replies_ * replies_.exp()).sum(1) / 2)
        dispute = replies_.exp()[:, 1]
        stake = torch.where(truth == answer, STAKE, -STAKE) * dispute
        worth = worth + says[:, answer] * stake
        replies.append(stake)
        best = best - says[:, answer] * STAKE * (truth != answer)
    first = torch.maximum(*replies) - worth
    return worth, torch.stack([unsure[0], unsure[1] + unsure[2]]), first, worth - best


def trained(seed: int) -> tuple[Any, list[dict[str, Any]]]:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        answerer, critic = network(LENGTH), network(LENGTH + 1)
    generator = torch.Generator().manual_seed(seed)
    parameters = [list(net.parameters()) for net in (answerer, critic)]
    optimisers = [torch.optim.Adam(own, lr=0.01) for own in parameters]
    schedules = [torch.optim.lr_scheduler.CosineAnnealingLR(o, STEPS) for o in optimisers]
    rows = []
    for step in range(STEPS):
        worth, unsure, first, second = payoff(answerer, critic, questions(BATCH, generator))
        value, bonus = worth.mean(), ENTROPY * max(0.0, 1 - step / (0.7 * STEPS)) * unsure.mean(1)
        for side, own, optimiser in zip((0, 1), parameters, optimisers, strict=True):
            aim = (value if side else -value) - bonus[side]
            slopes = torch.autograd.grad(aim, own, retain_graph=True)
            for parameter, slope in zip(own, slopes, strict=True):
                parameter.grad = slope
            optimiser.step()
        for schedule in schedules:
            schedule.step()
        if step % EVERY == 0:
            rows.append(
                {
                    "run": "conceding debate",
                    "seed": seed,
                    "step": step,
                    "reward": round(value.item(), 6),
                    "exploitability": round(max(first.mean(), second.mean()).item(), 6),
                    "episodes": BATCH,
                }
            )
    return answerer, rows


def rounded(answerer: Any) -> list[dict[str, Any]]:
    """Its layers in units of the grid; the first takes digits as they are, not centred ones."""
    found = []
    for part in answerer:
        if isinstance(part, torch.nn.Linear):
            weights = [[2 * round(w * GRID / 2) for w in row] for row in part.weight.tolist()]
            shift = 0.0 if found else MIDDLE
            bias = [
                round(b * GRID) - int(shift * sum(row))
                for b, row in zip(part.bias.tolist(), weights, strict=True)
            ]
            found.append({"weights": weights, "bias": bias})
    return found


def main() -> None:
    curves: list[dict[str, Any]] = []
    for seed in range(SEEDS):
        answerer, rows = trained(seed)
        curves += rows
        if seed == 0:
            text = json.dumps({"grid": GRID, "layers": rounded(answerer)})
            (HERE / "weights.json").write_text(text + "\n", "utf-8")
    lines = "".join(json.dumps(row) + "\n" for row in curves)
    (HERE / "curves.jsonl").write_text(lines, "utf-8")


if __name__ == "__main__":
    torch.set_num_threads(1)
    main()
