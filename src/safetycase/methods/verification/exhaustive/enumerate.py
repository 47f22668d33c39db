"""Try every input of a space, in stretches that are kept, so that an interrupted run goes on."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from safetycase.methods.organisms.cache import folder, key_of, remembered
from safetycase.methods.verification.exhaustive.spaces import Space, Stretch, stretch_of
from safetycase.plugin.contract import MethodError, Progress

__all__ = ["FORMAT", "STRETCH", "Tried", "certificate_of", "enumerate_all", "replay"]

FORMAT = "safetycase/enumeration@1"
STRETCH = 65_536


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """All stretches in order, and how many were tried in an earlier run that did not end."""

    stretches: tuple[Stretch, ...]
    size: int
    earlier: int

    @property
    def fine(self) -> int:
        """How many inputs are fine."""
        return sum(s.counts[0] for s in self.stretches)

    @property
    def bad(self) -> int:
        """How many inputs are bad."""
        return sum(s.counts[1] for s in self.stretches)

    @property
    def silent(self) -> int:
        """How many inputs the specification does not speak of."""
        return sum(s.counts[2] for s in self.stretches)

    @property
    def undecided(self) -> int:
        """How many have a margin within the tolerance, or were not tried."""
        return sum(s.counts[3] for s in self.stretches) + self.size - self.stretches[-1].stop

    @property
    def least(self) -> float:
        """The least margin that was seen."""
        return min(s.least for s in self.stretches if s.least is not None)

    @property
    def first(self) -> tuple[int, ...]:
        """The first bad inputs, by their numbers."""
        return tuple(place for s in self.stretches for place in s.bad)

    @property
    def nearest(self) -> tuple[int, ...]:
        """The inputs of each stretch whose margins are nearest to zero."""
        return tuple(place for s in self.stretches for place in s.nearest)


def enumerate_all(
    space: Space, *, batch: int, stop_at_bad: bool, resume: bool, seed: int, say: Progress
) -> Tried:
    """Try the inputs in order; a stretch that an interrupted run has kept is not tried again.

    But one of those is, and `MethodError` if it is not as it was kept. What was kept goes when all
    is tried: a later run proves anew.
    """
    found: list[Stretch] = []
    earlier: list[Stretch] = []
    for start in range(0, space.size, STRETCH):
        stop = min(start + STRETCH, space.size)
        fresh: list[Stretch] = []
        stretch = _stretch(space, (start, stop), batch, (stop_at_bad, resume), fresh)
        found.append(stretch)
        if not fresh:
            earlier.append(stretch)
        say(stretch.stop, space.size, f"{sum(s.counts[1] for s in found)} are bad")
        if stop_at_bad and stretch.bad:
            break
    if earlier:
        again = earlier[seed % len(earlier)]
        anew = stretch_of(space, again.start, again.stop, batch, stop_at_bad=stop_at_bad)
        if anew != again:
            raise MethodError(
                f"inputs {again.start} to {again.stop - 1} are not as an earlier run on this "
                "machine kept them; run again with `resume: false`"
            )
    for stretch in found:
        key = key_of(_recipe(space, stretch.start, batch, stop_at_bad=stop_at_bad))
        folder("results", f"{key}.json").unlink(missing_ok=True)
    return Tried(stretches=tuple(found), size=space.size, earlier=len(earlier))


def _recipe(space: Space, start: int, batch: int, *, stop_at_bad: bool) -> dict[str, Any]:
    return {
        "what": FORMAT,
        "space": space.digest,
        "start": start,
        "batch": batch,
        "stop_at_bad": stop_at_bad,
    }


def _stretch(
    space: Space, ends: tuple[int, int], batch: int, how: tuple[bool, bool], fresh: list[Stretch]
) -> Stretch:
    """One stretch, noted in `fresh` if it had to be tried."""
    stop_at_bad, resume = how

    def make() -> dict[str, Any]:
        fresh.append(stretch_of(space, *ends, batch, stop_at_bad=stop_at_bad))
        return dataclasses.asdict(fresh[0])

    if not resume or space.size <= STRETCH:
        return Stretch(**make())
    recipe = _recipe(space, ends[0], batch, stop_at_bad=stop_at_bad)
    kept = remembered(recipe, make)
    lists = ("counts", "bad", "nearest")
    values: dict[str, Any] = {k: tuple(v) if k in lists else v for k, v in kept.items()}
    return Stretch(**values)


def certificate_of(space: Space, tried: Tried, batch: int) -> str:
    """What was tried and found, stretch by stretch, with a digest over every verdict in order."""
    stretches = [dataclasses.asdict(stretch) for stretch in tried.stretches]
    whole = hashlib.sha256("".join(s.digest for s in tried.stretches).encode()).hexdigest()
    return json.dumps(
        {
            "format": FORMAT,
            "space": space.digest,
            "says": space.says,
            "size": space.size,
            "batch": batch,
            "digest": whole,
            "stretches": stretches,
        }
    )


def replay(space: Space, text: str, which: Sequence[int] | None = None) -> int:
    """Try stretches of a certificate again (all, if none are named); the value is how many inputs.

    `MethodError` if the certificate is of another space or a stretch comes out otherwise.
    """
    try:
        read = json.loads(text)
        if read["format"] != FORMAT or read["space"] != space.digest or read["size"] != space.size:
            raise MethodError("the certificate is of another model, specification or space")
        stretches, batch = read["stretches"], int(read["batch"])
        chosen = range(len(stretches)) if which is None else which
        count = 0
        for number in chosen:
            kept = stretches[number]
            anew = stretch_of(space, kept["start"], kept["stop"], batch, stop_at_bad=False)
            if json.loads(json.dumps(dataclasses.asdict(anew))) != kept:
                raise MethodError(f"stretch {number} does not come out as the certificate says")
            count += anew.stop - anew.start
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise MethodError(f"the certificate cannot be read: {error!r}") from error
    return count
