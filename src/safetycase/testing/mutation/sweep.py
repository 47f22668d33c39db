"""A mutation test of one case: every fault of the catalogue, or a drawn sample of them."""

from __future__ import annotations

import contextlib
import random
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path

from safetycase.testing.mutation.catalogue import CATALOGUE
from safetycase.testing.mutation.ground import ARGUED, Ground, ground_of
from safetycase.testing.mutation.records import Mutation, Outcome, Plant, Tally
from safetycase.testing.mutation.trial import tried

__all__ = ["mutate", "plants_of", "swept", "workplace"]

MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of our own is made in it
ROOM = 48 * 2**20
"""Bytes that the record of a copy and the copies of it may take."""

Progress = Callable[[int, int, Outcome], None]


def mutate(
    folder: Path,
    now: datetime,
    *,
    only: Iterable[str] = (),
    sample: int | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> Tally:
    """Plant faults in copies of the case in `folder`, judged as of `now`, and look for them.

    Nothing in `folder` is written and nothing of the case is executed. `only` names mutations;
    `sample` is how many plants of each are tried at most, drawn with `seed`. Raises `Refused` if
    the case cannot be read or is not well-posed, `KeyError` for a mutation that does not exist.
    """
    with workplace(folder) as work:
        ground = ground_of(folder, now, work)
        return swept(ground, only=only, sample=sample, seed=seed, progress=progress)


@contextlib.contextmanager
def workplace(folder: Path) -> Iterator[Path]:
    """A new folder for the copies of a case, gone afterwards: in memory where there is room for it.

    A record is flushed to the disk line by line, and nothing of these has to survive anything.
    """
    files = (p for p in folder.rglob("*") if p.is_file())
    needed = ROOM + 4 * sum(p.stat().st_size for p in files)
    try:
        memory = MEMORY if shutil.disk_usage(MEMORY).free > needed else None
    except OSError:
        memory = None
    with tempfile.TemporaryDirectory(prefix="safetycase-mutate-", dir=memory) as work:
        yield Path(work).resolve()


def swept(
    ground: Ground,
    *,
    only: Iterable[str] = (),
    sample: int | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> Tally:
    """The same on a ground that is made already."""
    chosen = plants_of(ground, only=only)
    left_out: dict[str, int] = {}
    if sample is not None:
        chosen, left_out = _drawn(chosen, sample, random.Random(seed))  # noqa: S311 - drawn again by its seed
    outcomes: list[Outcome] = []
    for mutation, plant in chosen:
        outcome = tried(ground, mutation, plant)
        outcomes.append(outcome)
        if progress is not None:
            progress(len(outcomes), len(chosen), outcome)
    states = [n for n, s in ground.base.assessment.states.items() if s.kind in ARGUED]
    return Tally(
        case=ground.name,
        at=ground.now,
        verdict=ground.base.assessment.verdict,
        supported=sum(ground.supported(name) for name in states),
        elements=len(states),
        as_if=tuple(ground.said()),
        outcomes=tuple(outcomes),
        left_out=left_out,
    )


def plants_of(ground: Ground, *, only: Iterable[str] = ()) -> Sequence[tuple[Mutation, Plant]]:
    """Every place at which a mutation can be planted."""
    names = tuple(only) or tuple(CATALOGUE)
    return [(CATALOGUE[n], plant) for n in names for plant in CATALOGUE[n].sites(ground)]


def _drawn(
    chosen: Sequence[tuple[Mutation, Plant]], most: int, chance: random.Random
) -> tuple[list[tuple[Mutation, Plant]], dict[str, int]]:
    """At most `most` plants of each mutation, in their order, and how many were left out."""
    count = Counter(mutation.name for mutation, _ in chosen)
    places: dict[str, list[int]] = {}
    for index, (mutation, _) in enumerate(chosen):
        places.setdefault(mutation.name, []).append(index)
    kept = {
        index
        for indices in places.values()
        for index in (indices if len(indices) <= most else chance.sample(indices, most))
    }
    left = {name: n - most for name, n in count.items() if n > most}
    return [pair for index, pair in enumerate(chosen) if index in kept], left
