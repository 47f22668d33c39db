"""Finite spaces of inputs, numbered from 0, and what a model does at each of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

__all__ = ["BAD", "FINE", "SILENT", "UNDECIDED", "Space", "Stretch", "stretch_of"]

FINE, BAD, SILENT, UNDECIDED = 0, 1, 2, 3
KEPT = 8


class Space(Protocol):
    """Inputs 0 to `size` − 1."""

    @property
    def size(self) -> int:
        """How many inputs there are."""

    @property
    def digest(self) -> str:
        """The model, what is asked of it, and the order of the inputs, as a SHA-256."""

    @property
    def says(self) -> str:
        """What the inputs are, in words."""

    @property
    def in_use(self) -> bool:
        """Whether inputs that are drawn come as they do in use."""

    def judged(self, places: Any) -> tuple[Any, Any]:
        """(verdicts (n,) of uint8, margins (n,) of float) at inputs numbered `places` (n,).

        A verdict is FINE, BAD, SILENT (the specification does not speak of that input) or
        UNDECIDED (the margin is within the tolerance). A margin is above 0 where it is fine.
        """

    def drawn(self, count: int, seed: int) -> tuple[Any, Any]:
        """The same for that many inputs drawn at random."""

    def text(self, place: int) -> str:
        """An input as it can be replayed."""

    def reordered(self, places: Any) -> float:
        """The largest change of a margin at those inputs when sums are taken more precisely."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Inputs `start` to `stop` − 1: counts by verdict, the least margin, and a digest of it all.

    `bad` are the first inputs that are bad, `nearest` those whose margins are nearest to zero.
    """

    start: int
    stop: int
    counts: tuple[int, int, int, int]
    least: float | None
    bad: tuple[int, ...]
    nearest: tuple[int, ...]
    digest: str


def stretch_of(space: Space, start: int, stop: int, batch: int, *, stop_at_bad: bool) -> Stretch:
    """Try the inputs in order, `batch` at a time; it ends after the first bad one if asked to."""
    import hashlib

    import numpy as np

    counts = np.zeros(4, dtype=int)
    least: float | None = None
    bad: list[int] = []
    near: list[tuple[float, int]] = []
    digest = hashlib.sha256(f"{space.digest} {start}".encode())
    at = start
    while at < stop:
        places = np.arange(at, min(at + batch, stop))
        verdicts, margins = space.judged(places)
        counts += np.bincount(verdicts, minlength=4)
        digest.update(verdicts.tobytes())
        spoken = np.nonzero(verdicts != SILENT)[0]
        if len(spoken):
            values = margins[spoken]
            lowest = float(values.min())
            least = lowest if least is None else min(least, lowest)
            closest = spoken[np.argsort(np.abs(values), kind="stable")[:KEPT]]
            near = sorted([*near, *((abs(float(margins[i])), int(places[i])) for i in closest)])
            near = near[:KEPT]
        bad += [int(p) for p in places[verdicts == BAD][: KEPT - len(bad)]]
        at = int(places[-1]) + 1
        if bad and stop_at_bad:
            break
    fine, wrong, silent, undecided = (int(c) for c in counts)
    return Stretch(
        start=start,
        stop=at,
        counts=(fine, wrong, silent, undecided),
        least=least,
        bad=tuple(bad),
        nearest=tuple(place for _, place in near),
        digest=digest.hexdigest(),
    )
