"""One side of a trained game as a torch policy, for tests of what training may have missed.

The other side stays as it was trained, so that the reward is exact and its best value is that of
the best response: what a policy withholds is then a fact, and not an estimate.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from safetycase.methods.games.extensive.tree import flatten
from safetycase.methods.oversight.named import game_of, protocol_of, quick_size, whole_domain
from safetycase.methods.oversight.self_play.arena import Arena
from safetycase.methods.oversight.self_play.records import Recipe, Trained, fresh
from safetycase.methods.oversight.self_play.sampling import Sampler
from safetycase.methods.oversight.self_play.training import train

if TYPE_CHECKING:
    from safetycase.methods.oversight.self_play.arena import Floats

__all__ = ["SidePolicy", "trained_policies"]

PLAYERS = ("first", "second")
LOWEST = 60.0
"""Log-odds below which a trained move is never played: e⁻⁶⁰ is out of reach of every test."""
TIE = 1e-12


def trained_policies(protocol: str, *, seeds: int, seed: int) -> tuple[SidePolicy, ...]:
    """Both sides of `seeds` self-play trainings in the quick game of a protocol, as torch policies.

    The game is that of `oversight/self-play` and `oversight/equilibria`; `MethodError` if the
    protocol has none.
    """
    import numpy as np

    chosen = protocol_of(protocol)
    domain = whole_domain(chosen, "")
    arena = Arena.of(flatten(game_of(chosen, domain, quick_size(chosen, domain, 0), 0)))
    generator = np.random.default_rng((seed, 0))
    trained = train(arena, Recipe(), fresh(arena, seeds, generator), generator)
    return tuple(
        SidePolicy.of(arena, trained, row, player) for row in range(seeds) for player in (0, 1)
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SidePolicy:
    """A side's softmax weights (`logits`, I × M) as the `Policy` of `methods.organisms.kinds`.

    The reward is the payoff against the other side's policy, as a share of the payoff range from
    the least payoff. `withheld` is the probability that all of the side's moves in a game are among
    those of a best response.
    """

    name: str
    module: Any
    best: float
    withheld: float
    arena: Arena
    player: int
    others: Floats
    low: float

    @classmethod
    def of(cls, arena: Arena, trained: Trained, row: int, player: int) -> SidePolicy:
        """The policy of `player` in one of the trainings."""
        import numpy as np
        import torch

        policies = tuple(policy[row : row + 1] for policy in trained.policies)
        side, other = arena.sides[player], arena.sides[1 - player]
        with np.errstate(divide="ignore"):
            logits = np.maximum(np.log(policies[player][0]), -LOWEST)
        gain = arena.gain(player, other.plan(policies[1 - player]))
        best, reply = side.best(gain)
        low = float(np.min(arena.tree.first if player == 0 else arena.tree.second)) / arena.spread
        module = torch.nn.Module()
        start = torch.tensor(np.where(side.valid, logits, 0.0), dtype=torch.float64)
        module.register_parameter("logits", torch.nn.Parameter(start))
        worth = side.worth(gain, reply).moves[0]
        right = side.valid & (worth >= np.where(side.valid, worth, -np.inf).max(-1)[:, None] - TIE)
        ends = arena.tree.sequences[:, arena.tree.ends]
        reach = (
            arena.tree.reach[arena.tree.ends]
            * other.plan(policies[1 - player])[0][ends[1 - player]]
        )
        along = side.plan(policies[player] * right)[0][ends[player]]
        return cls(
            name=f"training {row + 1}, {PLAYERS[player]} player",
            module=module,
            best=float(best[0]) - low,
            withheld=float(reach @ along),
            arena=arena,
            player=player,
            others=policies[1 - player],
            low=low,
        )

    def reward(self, module: Any) -> Any:
        """The expected payoff of these weights, a scalar tensor with a gradient."""
        return self.value(self.log_probabilities(module))

    def log_probabilities(self, module: Any) -> Any:
        """Log-probability of every move at every information set: (I, M), −∞ or so for no move."""
        import torch

        valid = torch.tensor(self.arena.sides[self.player].valid)
        lowest = torch.finfo(module.logits.dtype).min
        return module.logits.masked_fill(~valid, lowest).log_softmax(-1)

    def value(self, log_probabilities: Any) -> Any:
        """The expected payoff (...) of log-probabilities (..., I, M), exactly."""
        import torch

        side, policy = self.arena.sides[self.player], log_probabilities.exp()
        first = torch.nn.functional.one_hot(torch.tensor(0), side.sequences + 1).to(policy.dtype)
        plan = first.expand(*policy.shape[:-2], -1)
        for level in side.levels:  # each own sequence once, so that no entry is written twice
            reached = policy[..., level.sets, :] * plan[..., level.parents].unsqueeze(-1)
            numbers = torch.tensor(level.index).reshape(-1)
            flat = reached.flatten(-2)
            plan = plan.scatter(-1, numbers.expand(flat.shape), flat)
        return plan[..., :-1] @ self._gain() - self.low

    def best_of(self, log_probabilities: Any, count: float) -> Any:
        """The expected payoff if each own move is the best of `count` that the policy samples.

        By backward induction, with the exact law of the best of `count` at every information set.
        """
        import torch

        side = self.arena.sides[self.player]
        every = torch.cat((self._gain(), torch.full((1,), float("-inf"), dtype=torch.float64)))
        for level in reversed(side.levels):
            moves, order = every[torch.tensor(level.index)].sort(-1)
            chances = log_probabilities[level.sets].exp().gather(-1, order)
            above = chances.flip(-1).cumsum(-1).flip(-1).clamp(max=1.0)
            reached = 1.0 - torch.exp(count * torch.log1p(-above[:, 1:]))
            least = moves.masked_fill(moves.isinf(), float("inf")).amin(-1, keepdim=True)
            steps = torch.maximum(moves, least).diff(dim=-1)
            found = least[:, 0] + (reached * steps).sum(-1)
            every = every.index_add(0, torch.tensor(level.parents), found)
        return every[0] - self.low

    def sampled(self, module: Any, episodes: int, generator: Any) -> Any:
        """(reward, log-probability) of `episodes` games, both (episodes,)."""
        import numpy as np
        import torch

        logs = self.log_probabilities(module)
        shown = logs.detach().exp().numpy()[None]
        sampler, nodes, visits = self._played(shown, episodes, generator)
        total = logs.new_zeros(episodes)
        for rows, moves, mine in self._own(visits):
            total[mine] = total[mine] + logs[rows[mine], moves[mine]]
        reward = np.asarray(sampler.payoffs[self.player][nodes[0]]) - self.low
        return torch.tensor(reward), total

    def demonstrations(self, episodes: int, generator: Any) -> Any:
        """(information sets, moves), each (n,), of games in which a best response is played."""
        import numpy as np
        import torch

        other = self.arena.sides[1 - self.player]
        gain = self.arena.gain(self.player, other.plan(self.others))
        _, reply = self.arena.sides[self.player].best(gain)
        _, _, visits = self._played(reply, episodes, generator)
        own = [(rows[mine], moves[mine]) for rows, moves, mine in self._own(visits)]
        return tuple(torch.tensor(np.concatenate(column)) for column in zip(*own, strict=True))

    def cloning(self, module: Any, shown: Any) -> Any:
        """Mean −log-probability, in nats, of demonstrated moves: a scalar tensor."""
        sets, moves = shown
        return -self.log_probabilities(module)[sets, moves].mean()

    def _gain(self) -> Any:
        """What each own sequence (N) brings against the other side's policy."""
        import torch

        other = self.arena.sides[1 - self.player]
        return torch.tensor(self.arena.gain(self.player, other.plan(self.others))[0])

    def _played(self, own: Floats, episodes: int, generator: Any) -> Any:
        import numpy as np
        import torch

        drawn = int(torch.randint(2**62, (1,), generator=generator))
        sampler = Sampler(self.arena, episodes, np.random.default_rng(drawn))
        both = (own, self.others) if self.player == 0 else (self.others, own)
        return sampler, *sampler.episodes(both)

    def _own(self, visits: Any) -> Any:
        """(information sets, moves, whether it was this side's turn) of each step, (episodes,)."""
        start = 0 if self.player == 0 else len(self.arena.sides[0].index)
        for turns, rows, moves in visits:
            yield rows[0] - start, moves[0], turns[0] == self.player
