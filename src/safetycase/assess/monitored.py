"""What the record says of a live monitor, as plain records; `assess.watching` fills them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal, get_args

__all__ = ["WATCHING", "Alarm", "Challenge", "Report", "Resolution", "Watched", "WatchWord"]

WatchWord = Literal[
    "alarm",
    "wrong clock",
    "not fit",
    "never reported",
    "other definition",
    "silent",
    "lossy",
    "blind",
    "doubted",
    "warning",
    "quiet",
    "not in the case",
]
WATCHING: Final[tuple[WatchWord, ...]] = get_args(WatchWord)
"""The states of a monitor in the order in which one is named before another."""
WARNS_ONLY: Final = "warns_only"
"""The key in the details of an alarm by which a monitor that only warns says so."""

Standing = Literal["open", "confirmed", "resolved", "warning", "not in the case"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One signal of a monitor: what it said of the window from `since` to `until` (UTC texts).

    `record` is its number in the record and `at` the time of the entry. `value` is the measured
    quantity, `e_value` the evidence against the null hypothesis since restart `segment`, which
    alarms at `alarm_at`; None where none was given. `events` were counted, `lost` are known to be
    missing.
    """

    record: int
    at: str
    state: str
    since: str
    until: str
    events: int
    lost: int
    segment: int
    value: float | None
    e_value: float | None
    alarm_at: float | None
    says: str
    indicator: str
    root: str | None = None
    details: Mapping[str, object] = field(default_factory=dict)
    keyid: str = ""

    @property
    def warned_only(self) -> bool:
        """Whether its monitor only warned when it was signed, as the signal itself says."""
        return self.details.get(WARNS_ONLY) == "true"

    @property
    def interval(self) -> str:
        """The interval of `value` in words, with its level; empty where the watcher gave none."""
        found = self.details.get("interval")
        return found if isinstance(found, str) else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolution:
    """What a reviewer said of an alarm: a word of the record's vocabulary, and why.

    It `counts` unless it is signed by the key that signed the alarm, or ends it and is signed by an
    author: nobody reviews themselves. `because` says which.
    """

    record: int
    at: str
    outcome: str
    by: str
    reason: str
    because: str = ""

    @property
    def counts(self) -> bool:
        """Whether it says anything of the alarm."""
        return not self.because


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """An alarm, what became of it, and who has to answer it until when.

    It is `open` until a resolution of outcome false-alarm or answered makes it `resolved`;
    `confirmed`, it goes on standing. A `warning` is the alarm of a monitor that only warns, and one
    of a monitor that is `not in the case` any more challenges the whole case. `redefined` is
    whether the monitor is defined otherwise now; the alarm stands all the same. The last of
    `resolutions` that counts decides. `deadline` is None where the case states no time to answer
    within. `overdue` is whether it has passed for an alarm that nobody has said anything of.
    """

    report: Report
    standing: Standing
    owner: str
    deadline: datetime | None = None
    overdue: bool = False
    redefined: bool = False
    resolutions: tuple[Resolution, ...] = ()

    @property
    def counts(self) -> bool:
        """Whether it challenges what its monitor conditions, or the case that took it out."""
        return self.standing in ("open", "confirmed", "not in the case")

    @property
    def said(self) -> Resolution | None:
        """The resolution that decides."""
        return next((r for r in reversed(self.resolutions) if r.counts), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Challenge:
    """The doubt `id` that the open alarms of a monitor raise against one element."""

    id: str
    monitor: str
    target: str
    says: str
    alarms: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """A monitor as the record has it now.

    `state` is the first that applies of `WATCHING`, `because` says it in a sentence. `blocks` is
    whether it keeps what it conditions (`targets`) unknown. `reports` are the signals of this
    definition in the order of the record, `earlier` those of others; `latest` is the last of
    `reports`. `warnings` came after the last quiet window. `alarms` are all there were, resolved
    ones and those of other definitions among them.
    """

    id: str
    owner: str
    state: WatchWord
    because: str
    blocks: bool
    indicator: str
    targets: tuple[str, ...] = ()
    latest: Report | None = None
    alarms: tuple[Alarm, ...] = ()
    warnings: tuple[Report, ...] = ()
    reports: tuple[Report, ...] = ()
    earlier: tuple[Report, ...] = ()

    @property
    def open(self) -> tuple[Alarm, ...]:
        """The alarms that count, the first of them first."""
        return tuple(alarm for alarm in self.alarms if alarm.counts)
