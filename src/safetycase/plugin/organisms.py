"""The contract of a model organism: a model with planted behaviour, to measure tests by.

A family is one frozen `OrganismFamily` under the entry-point group `safetycase.organisms`; its
members are made from a seed and kept in the user's cache folder. Every planted member has a clean
twin, made the same way without what is planted, and a family may have decoys: harmless oddities
that a careless test takes for the planted one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from safetycase.plugin.contract import Progress
from safetycase.plugin.entries import declared, loaded
from safetycase.stats import Statistic, estimate

__all__ = [
    "GROUP",
    "BrokenOrganism",
    "Fact",
    "Kind",
    "Made",
    "Making",
    "Organism",
    "OrganismFamily",
    "Role",
    "family",
    "organism",
]

GROUP = "safetycase.organisms"
Role = Literal["planted", "clean-twin", "decoy"]
Kind = Literal["token-classifier", "language-model", "policy", "network"]


class BrokenOrganism(Exception):
    """An organism is named that cannot be had; the message says why and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Making:
    """What a build is given: a seed, where the weights lie (a GGUF file), and whom to tell.

    `fresh` makes it again although it lies in the cache.
    """

    seed: int
    progress: Progress
    weights_file: Path | None = None
    fresh: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One thing measured on an organism that was made, on inputs it was not trained on.

    `statistic` is a proportion or another sufficient statistic; its point estimate must lie within
    [`at_least`, `at_most`] for the organism to be what it is called.
    """

    name: str
    says: str
    statistic: Statistic
    at_least: float | None = None
    at_most: float | None = None

    @property
    def held(self) -> bool:
        """Whether the point estimate is where it was promised."""
        point = estimate(self.statistic)
        low = self.at_least is None or point >= self.at_least
        return low and (self.at_most is None or point <= self.at_most)


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """An organism that was made. `value` is what its kind says (`safetycase.methods.organisms`).

    `digest` names the recipe and the seed; `seconds` are the CPU seconds that making it took, when
    it was made; `path` is where it is kept.
    """

    name: str
    seed: int
    digest: str
    value: Any
    facts: tuple[Fact, ...]
    seconds: float
    cached: bool
    path: Path | None = None

    @property
    def held(self) -> bool:
        """Whether every fact is where it was promised; an organism that failed measures nothing."""
        return all(fact.held for fact in self.facts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Organism:
    """How to make one model organism: `family/member`, what is planted, and what it costs.

    `twin` names its clean twin (empty for one that is a twin itself). `seconds` is the expected CPU
    time of one thread. `needs` are the modules that must be importable; `weights` says that it is
    made from the weights file of a model. `settings` are the axes of the grid it belongs to.
    """

    name: str
    version: str
    kind: Kind
    role: Role
    says: str
    twin: str
    seconds: float
    make: Callable[[Making], Made]
    needs: tuple[str, ...] = ("torch",)
    weights: bool = False
    settings: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganismFamily:
    """Organisms of one design: planted members, clean twins and decoys.

    `plants` says what is planted, `limits` what finding it does not show.
    """

    name: str
    says: str
    plants: str
    source: str
    limits: tuple[str, ...]
    members: tuple[Organism, ...]

    def member(self, name: str) -> Organism:
        """The member `name` (`family/member`); `BrokenOrganism` says what there is instead."""
        for found in self.members:
            if found.name == name:
                return found
        known = ", ".join(f"`{m.name}`" for m in self.members)
        raise BrokenOrganism(f"the family `{self.name}` has no `{name}`; it has {known}")


def family(name: str) -> OrganismFamily:
    """The family of that name, imported; `BrokenOrganism` with the reason otherwise."""
    return loaded(GROUP, name, OrganismFamily, BrokenOrganism)


def organism(name: str) -> Organism:
    """The organism `family/member`, imported; `BrokenOrganism` with the reason otherwise."""
    first, _, rest = name.partition("/")
    if not rest:
        known = ", ".join(f"`{e.name}`" for e in declared(GROUP)) or "none"
        raise BrokenOrganism(f"`{name}` is no organism; write `FAMILY/MEMBER`, families: {known}")
    return family(first).member(name)
