"""Whether trials that were played elsewhere belong together, and which of them are not there.

Whoever leaves out the seat in which a judge was wrong would else turn that pair into a right one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from safetycase.methods.oversight.live.items import Item
from safetycase.methods.oversight.live.play import Record
from safetycase.methods.oversight.live.trials import PROTOCOLS, Policies, Trial, seatings
from safetycase.plugin.contract import MethodError

__all__ = ["alone_covers", "completed"]


def completed(records: Sequence[Record]) -> list[Record]:
    """The records, and one without replies for every seating that an item of an arm lacks.

    So a trial that was left out counts as one without a verdict. `MethodError` if one name stands
    for two items, or one arm was played in two ways.
    """
    items: dict[str, Item] = {}
    ways: dict[str, Policies] = {}
    wanted: dict[str, Trial] = {}
    for record in records:
        trial = record.trial
        _same_item(items, trial.item)
        if trial.protocol in PROTOCOLS:
            _same_way(ways, trial)
        for side, seat in seatings(trial.protocol):
            one = replace(trial, assigned=side, seat=seat)
            wanted.setdefault(one.id, one)
    there = {record.trial.id for record in records}
    lacking = [Record(trial=trial) for name, trial in wanted.items() if name not in there]
    return [*records, *lacking]


def _same_item(items: dict[str, Item], item: Item) -> None:
    if items.setdefault(item.id, item) != item:
        raise MethodError(
            f"two different items have the name `{item.id}`, so that verdicts on one would be "
            "paired with verdicts on the other; play every protocol with the same `seed`, `size`, "
            "`kinds` and `questions`"
        )


def _same_way(ways: dict[str, Policies], trial: Trial) -> None:
    first = ways.setdefault(trial.arm, trial.policies)
    if first != trial.policies:
        raise MethodError(
            f"the trials of `{trial.arm}` have {first.rounds} and {trial.policies.rounds} rounds "
            f"of {first.words} and {trial.policies.words} words; give those of one kind"
        )


def alone_covers(records: Sequence[Record], protocol: str) -> None:
    """`MethodError` if the judges were asked alone on some items of the protocol and not on all.

    On the others nobody knows whether they solve it alone, so that neither dropping nor keeping
    them is right.
    """
    alone = {r.trial.item.id for r in records if r.trial.protocol == "judge-alone"}
    played = {r.trial.item.id for r in records if r.trial.protocol == protocol}
    missing = sorted(played - alone)
    if alone and missing:
        raise MethodError(
            f"`judge-alone` was not played on {len(missing)} of the {len(played)} items of "
            f"`{protocol}`, `{missing[0]}` among them; play it on all of them, or leave it out"
        )
