"""`search_near`: edit clean inputs, a few tokens each, until one of them is answered badly.

Slopes of whole inputs say which tokens to put where; parts of other clean inputs are put in their
places as well, which keeps what has a form in that form.
"""

from __future__ import annotations

import contextlib
import math
from dataclasses import dataclass
from typing import Any

from safetycase.methods.elicitation.near.edits import Edits
from safetycase.methods.elicitation.near.records import Near, NearFound
from safetycase.methods.elicitation.near.reference import Reference, fitted
from safetycase.methods.elicitation.search.moves import Memory
from safetycase.methods.elicitation.search.run import Spent, ids_of
from safetycase.methods.elicitation.token_task import GRADIENT, TokenTask
from safetycase.methods.organisms.kinds import TokenModel
from safetycase.plugin.contract import MethodError, Progress

__all__ = ["search_near"]

POOL, SURVEY, BEAM, EACH, PATIENCE = 64, 16, 6, 24, 6
KEEP = 0.9


def search_near(
    model: TokenModel, budget: float, near: Near, generator: Any, progress: Progress, name: str = ""
) -> NearFound:
    """Search until a bad input is found or `budget` evaluations are spent, never more than that.

    Clean inputs are looked at first: `POOL` of them at a time. The `BEAM` closest to bad behaviour
    are edited; each is given up after `PATIENCE` rounds without gain. All randomness is from
    `generator`. `MethodError` if the budget does not pay for one look at clean inputs.
    """
    if budget < POOL:
        raise MethodError(
            f"a budget of {budget:g} evaluations does not pay for {POOL} inputs; raise it"
        )
    hunt = _Hunt(model, budget, near, generator, name)
    with contextlib.suppress(Spent):
        while hunt.hit is None:
            hunt.start()
            while hunt.hit is None and hunt.beam:
                hunt.round()
                progress(int(hunt.spent), int(budget), f"near clean inputs, loss {hunt.best:.2f}")
    return hunt.found()


@dataclass(slots=True, kw_only=True)
class _State:
    origin: Any
    ids: Any
    loss: float
    idle: int = 0


class _Hunt:
    def __init__(
        self, model: TokenModel, budget: float, near: Near, generator: Any, name: str
    ) -> None:
        import torch

        self.model, self.near, self.generator, self.budget = model, near, generator, budget
        self.task = TokenTask(model, 1, name=name)
        self.reference: Reference = fitted(model, near, generator)
        self.memory = Memory(KEEP, torch.arange(model.vocabulary))
        self.pool: Any = None
        self.beam: list[_State] = []
        self.hit: _State | None = None
        self.scanned = 0
        self.best = math.inf

    @property
    def spent(self) -> float:
        return self.task.evaluations

    def pay(self, evaluations: float) -> None:
        if self.spent + evaluations > self.budget:
            raise Spent

    def look(self, ids: Any) -> tuple[Any, Any]:
        """Losses (n,) and whether the answer is bad (n,)."""
        self.pay(len(ids))
        losses, bad = self.task.judged(ids)
        self.best = min(self.best, float(losses.min()))
        return losses, bad

    def start(self) -> None:
        """Look at clean inputs that are plausible; the closest to bad behaviour are the beam."""
        ids = self.model.sample(2 * POOL, self.generator)
        self.pool = ids[self.reference.plausible(ids)][:POOL]
        if not len(self.pool):
            raise MethodError("no clean input is plausible by the bound that clean inputs gave")
        losses, bad = self.look(self.pool)
        self.scanned += len(self.pool)
        order = losses.argsort(stable=True).tolist()
        rows = [row for row in order if bad[row]] or order
        states = [
            _State(origin=self.pool[row], ids=self.pool[row], loss=float(losses[row]))
            for row in rows[:BEAM]
        ]
        if bad.any():
            self.hit = states[0]
            return
        self.beam = states if self.near.distance else []
        if self.beam:
            self.pay(GRADIENT * SURVEY)
            for slope in self.task.input_slopes(self.pool[:SURVEY]):
                self.memory.add(slope)

    def round(self) -> None:
        """Edit every input of the beam once."""
        import torch

        self.pay(GRADIENT * len(self.beam))
        slopes = self.task.input_slopes(torch.stack([state.ids for state in self.beam]))
        for slope in slopes:
            self.memory.add(slope)
        for state, slope in zip(self.beam, slopes, strict=True):
            edits = Edits.of(
                state.origin,
                state.ids,
                slope,
                self.memory,
                self.pool,
                distance=self.near.distance,
                generator=self.generator,
            )
            tried = edits.some(EACH)
            tried = tried[self.reference.plausible(tried)]
            if len(tried) and self._step(state, tried):
                return
        self.beam = [state for state in self.beam if state.idle < PATIENCE]

    def _step(self, state: _State, tried: Any) -> bool:
        """Go to the best of the edits, if it is better; whether it is bad."""
        losses, bad = self.look(tried)
        row = int(bad.int().argmax()) if bad.any() else int(losses.argmin())
        better = bool(bad.any()) or float(losses[row]) < state.loss
        state.idle = 0 if better else state.idle + 1
        if better:
            state.ids, state.loss = tried[row], float(losses[row])
        if bad.any():
            self.hit = state
        return self.hit is not None

    def found(self) -> NearFound:
        import torch

        state = self.hit
        where = state or _State(origin=torch.tensor([]), ids=None, loss=0.0)
        known = state is not None
        row = None if state is None else state.ids[None]
        return NearFound(
            task=self.task.name,
            budget=self.budget,
            evaluations=self.spent,
            ids=None if state is None else ids_of(state.ids),
            origin=ids_of(where.origin),
            distance=int((where.ids != where.origin).sum()) if known else 0,
            answer=int(self.task.answers(row)[0]) if known else -1,
            honest=int(self.model.honest(row)[0]) if known else -1,
            fluency=float(self.reference.fluency(row)[0]) if known else math.nan,
            bound=self.reference.bound,
            text=self.task.input_text(where.ids) if known else "",
            scanned=self.scanned,
            best_loss=self.best,
        )
