"""Search for a few tokens before the question that free an ability, guided by the gradient.

The engine and the task are those of `elicitation/bad-contexts`: slopes over several items, several
swaps at once, and candidates judged by successive halving. What a search this short does not find
may still be there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from safetycase.methods.elicitation.language.around import Around
from safetycase.methods.elicitation.language.prompts import prompts_of
from safetycase.methods.elicitation.language.task import language_task
from safetycase.methods.elicitation.search.engine import search
from safetycase.methods.elicitation.search.records import Settings
from safetycase.methods.organisms.asking import Asking
from safetycase.methods.organisms.model import Subject
from safetycase.methods.organisms.packing import Packed, pack
from safetycase.plugin.contract import Progress

__all__ = ["STEP", "Prefix", "searched"]

STEP = 66
"""Evaluations a step: a gradient on six items at three each, and eight candidates on each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prefix:
    """Token ids between the examples and the question, and how well they did in the search."""

    ids: tuple[int, ...]
    examples: tuple[Asking, ...]
    note: str

    def packs(self, subject: Subject, asked: Sequence[Asking]) -> list[Packed]:
        """The askings with the prefix in its place."""
        prompts = prompts_of(subject, asked, examples=self.examples)
        return [pack([*p.before, *self.ids, *p.after], p.replies) for p in prompts]


class _Training(Around):
    """Everything is chosen on the training items; the items to count on are not seen here."""

    def held_out(self, count: int, generator: Any) -> Any:
        """The training items again, over and over: to stop at, not to show anything by."""
        found = self.of.draw(count, generator)
        return found.repeat(-(-count // len(found)))[:count]


def searched(
    subject: Subject,
    train: Sequence[Asking],
    *,
    examples: tuple[Asking, ...] = (),
    tokens: int,
    steps: int,
    seed: int,
    progress: Progress,
) -> Prefix:
    """The prefix with the least loss on solved items, for `steps` times `STEP` evaluations.

    It ends earlier where every training item is answered right: all of them, or as many as a
    quarter of the evaluations pay for.
    """
    import torch

    prompts = prompts_of(subject, train, examples=examples)
    task = _Training(of=language_task(subject, prompts, (), length=tokens))
    generator = torch.Generator().manual_seed(seed)
    budget = steps * STEP
    shown = max(8, min(len(train), budget // 4))
    found = search(task, float(budget), _settings(steps, shown), generator, progress)
    ids = found.accepted.patch if found.accepted else found.best
    asked = min(shown, len(train))
    said = f"right on {asked} of {asked} training items" if found.accepted else "not all right"
    note = (
        f"`{task.text(ids).strip()}` after {found.evaluations:.0f} evaluations, {said}, "
        f"loss {found.best_loss:.2f}"
    )
    return Prefix(ids=ids, examples=examples, note=note)


def _settings(steps: int, shown: int) -> Settings:
    """Fewer patches a round for short searches, so that a round is had at all."""
    return Settings(
        candidates=min(32, 8 * steps),
        survey=min(8, steps),
        rank_contexts=6 if steps < 4 else 12,
        promising=1.0,
        accept_contexts=shown,
        accept_firing=1.0,
    )
