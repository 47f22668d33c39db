"""What counts as near and plausible, and what a search among such inputs found."""

from __future__ import annotations

from dataclasses import dataclass

from safetycase.methods.elicitation.search.records import Found

__all__ = ["Near", "NearFound", "PlausibleFound"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Near:
    """An input is near if it differs from a clean one in at most `distance` places (Hamming).

    It is plausible if its mean log-probability per token, under a reference that is fitted to
    `reference` clean inputs, is no less than that of the least likely `fluency` share of other
    clean inputs (0: no bound). A model that has a test of form (`proper`) is held to that too.
    """

    distance: int = 3
    fluency: float = 0.05
    reference: int = 2000

    def __post_init__(self) -> None:
        if not 0 <= self.distance <= 1000:
            raise ValueError(
                "`distance` is a number from 0: with 0, clean inputs alone are looked at"
            )
        if not 0 <= self.fluency < 1:
            raise ValueError("`fluency` is a share of clean inputs, at least 0 and below 1")
        if not 100 <= self.reference <= 1_000_000:
            raise ValueError("`reference` is at least 100 clean inputs: fewer tell no rates")


@dataclass(frozen=True, slots=True, kw_only=True)
class NearFound:
    """What one search among near and plausible inputs ended with.

    `ids` is a bad input within the bounds, None if none was found; it comes from the clean input
    `origin` by `distance` changes. `fluency` is its mean log-probability per token in nats and
    `bound` what was asked. `scanned` counts the clean inputs looked at, which may be bad themselves
    (distance 0). `evaluations` are sequences through the model, three for a gradient.
    """

    task: str
    budget: float
    evaluations: float
    ids: tuple[int, ...] | None
    origin: tuple[int, ...]
    distance: int
    answer: int
    honest: int
    fluency: float
    bound: float
    text: str
    scanned: int
    best_loss: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PlausibleFound:
    """What a search for a plausible patch ended with: `found`, and how fluent what it found is.

    `fluency` is the mean log-probability per token, in nats, of the patch that was accepted (NaN
    without one), and `bound` what was asked.
    """

    found: Found
    bound: float
    fluency: float

    @property
    def ids(self) -> tuple[int, ...] | None:
        """The patch that was accepted, None if none was."""
        return self.found.accepted.patch if self.found.accepted else None

    @property
    def evaluations(self) -> float:
        """Sequences through the model, three for a gradient, acceptance among them."""
        return self.found.evaluations
