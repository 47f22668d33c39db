"""What one window of one monitor took in, by what could be made of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

__all__ = ["Tally"]


@dataclass(slots=True)
class Tally:
    """Counts of events in one window; nothing that came is left out of all of them.

    `taken` are all events of the metric that are no heartbeats and no canaries. Of these
    `measured` had a value that counts, with the sum `weights` of their weights and `total` of
    weight times value; `unlabelled` had no value, `invalid` one that cannot be, `heavy` a weight
    above the declared. `late` came after their window was closed and are measured in this one.
    `canaries` were put in on purpose, of which `caught`; `strays` were marked as canaries that no
    monitor declared. `warnings` and `alarms` were raised of this window.
    """

    taken: int = 0
    measured: int = 0
    weights: float = 0.0
    total: float = 0.0
    unlabelled: int = 0
    invalid: int = 0
    heavy: int = 0
    late: int = 0
    canaries: int = 0
    caught: int = 0
    canaries_unlabelled: int = 0
    strays: int = 0
    untracked: int = 0
    warnings: int = 0
    alarms: int = 0

    @property
    def events(self) -> int:
        """All that came, canaries too."""
        return self.taken + self.canaries + self.strays

    def bad(self, lost: int) -> float:
        """The share of events that were lost or could not be measured; 0 where nothing was due.

        Or that of canaries whose fate is not known, if it is larger: those may be the missed ones.
        """
        wrong = lost + self.unlabelled + self.invalid + self.heavy + self.untracked
        share = wrong / (wrong + self.measured) if wrong else 0.0
        return max(share, self.canaries_unlabelled / self.canaries if self.canaries else 0.0)

    def words(self) -> dict[str, str]:
        """The counts that are not 0, for the details of a signal."""
        shown = ("unlabelled", "invalid", "heavy", "late", "canaries", "caught")
        more = ("canaries_unlabelled", "strays", "untracked", "warnings")
        return {name: str(getattr(self, name)) for name in (*shown, *more) if getattr(self, name)}

    def state(self) -> dict[str, Any]:
        """What `of` needs, as JSON has it."""
        return asdict(self)

    @classmethod
    def of(cls, state: Mapping[str, Any]) -> Tally:
        """The tally as it was when `state` was taken."""
        return cls(**{field.name: state.get(field.name, 0) for field in fields(cls)})
