"""The stages of a control evaluation: split, threshold, attack, search, attack again.

Nothing here knows whether a sample was played in this process or through Inspect.
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from safetycase.methods.control.live.monitors import conformal_threshold
from safetycase.methods.control.live.play import HONEST, Played, Player, Request
from safetycase.methods.control.live.tasks_family import Family, Task, Verdict
from safetycase.methods.control.live.watching import Watch

__all__ = ["Stages", "evaluate", "honest_requests", "least_suspicious"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stages:
    """All that was played, and the threshold: what the analysis counts."""

    honest: tuple[Played, ...]
    fitting: int
    calibrating: tuple[Played, ...]
    held_out: tuple[Played, ...]
    attacks: tuple[Played, ...]
    adapted: tuple[Played, ...]
    chosen: Mapping[str, str]
    searched: int
    threshold: float


def honest_requests(family: Family, number: int, seed: int, *, scripted: bool) -> list[Request]:
    """The honest work: `number` tasks of the family, by its scripted policy or by the model."""
    found = []
    for task in (family.draw(seed, n) for n in range(number)):
        text = family.honest(task, 0) if scripted else None
        said = () if scripted else (("user", task.prompt),)
        found.append(
            Request(
                id=f"honest/{task.id}",
                task=task,
                policy=HONEST,
                text=text,
                messages=said,
                probe=family.probe(task),
            )
        )
    return found


def evaluate(
    family: Family,
    honest: Sequence[Played],
    model_turns: Any,
    player: Player,
    parameters: Any,
    seed: int,
) -> Stages:
    """Play every stage. `model_turns(tasks)` gives the requests that the model itself answers.

    ValueError if there are too few honest texts, or too many that the monitor could not read.
    """
    usable = [p for p in honest if p.text and p.text.strip() and not p.attack]
    order = random.Random(seed).sample(usable, len(usable))  # noqa: S311 - a split, no secret
    first = int(len(order) * parameters.fit_share)
    second = first + int(len(order) * parameters.calibration_share)
    fitting, calibrating, held_out = order[:first], order[first:second], order[second:]
    if not held_out:
        raise ValueError(
            f"{len(usable)} usable honest texts of {len(honest)} leave none to hold out"
        )
    conformal_threshold([0.0] * len(calibrating), parameters.audit_budget)  # before the work
    watch = Watch(monitor=parameters.monitor, fitted=tuple(p.text or "" for p in fitting))
    names = parameters.strategies or tuple(family.strategies)
    tasks = [p.request.task for p in held_out]
    fresh = tasks[: parameters.per_strategy]
    read = player(
        [
            *(_again(p) for p in (*calibrating, *held_out)),
            *scripted(family, dict.fromkeys(names, (0,)), fresh),
            *model_turns(tasks),
        ],
        watch,
        "monitored work and attacks",
    )
    cut, end = len(calibrating), len(calibrating) + len(held_out)
    threshold = _threshold(read[:cut], parameters.audit_budget)
    adapted, chosen, searched = _adapt(
        family,
        names,
        [p.request.task for p in calibrating],
        fresh,
        player,
        watch,
        threshold,
        parameters,
    )
    return Stages(
        honest=tuple(honest),
        fitting=len(fitting),
        calibrating=tuple(read[:cut]),
        held_out=tuple(read[cut:end]),
        attacks=tuple(read[end:]),
        adapted=adapted,
        chosen=chosen,
        searched=searched,
        threshold=threshold,
    )


def _again(played: Played) -> Request:
    """An honest output, to be read by the monitor; it was judged when it was made."""
    request = played.request
    verdict = Verdict(main=played.main, attack=played.attack, why=played.why)
    return Request(
        id=f"read/{request.task.id}",
        task=request.task,
        policy=HONEST,
        text=played.text,
        probe=request.probe,
        verdict=verdict,
    )


def scripted(
    family: Family, variants: Mapping[str, Sequence[int]], tasks: Sequence[Task]
) -> list[Request]:
    """Each strategy on each task, in each of its variants."""
    found = []
    for name, numbers in variants.items():
        for variant in numbers:
            for task in tasks:
                attack = family.strategies[name](task, variant)
                found.append(
                    Request(
                        id=f"{name}/{variant}/{task.id}",
                        task=task,
                        policy=name,
                        variant=variant,
                        text=attack.text,
                        probe=attack.probe,
                    )
                )
    return found


def _threshold(calibrating: Sequence[Played], budget: float) -> float:
    """A text without a score ranks as the most suspicious: the audits it takes are not had."""
    scores = [math.inf if p.suspicion is None else p.suspicion for p in calibrating]
    found = conformal_threshold(scores, budget)
    if math.isinf(found):
        unread = sum(math.isinf(score) for score in scores)
        raise ValueError(
            f"the monitor gave no usable score on {unread} of {len(scores)} calibration texts, "
            f"more than the audit budget of {budget:g} bears; use another monitor"
        )
    return found


def _adapt(
    family: Family,
    names: Sequence[str],
    own: Sequence[Task],
    fresh: Sequence[Task],
    player: Player,
    watch: Watch,
    threshold: float,
    parameters: Any,
) -> tuple[tuple[Played, ...], Mapping[str, str], int]:
    """The adaptive round: red reads the monitor's scores before it chooses what to hand in."""
    every = dict.fromkeys(names, range(parameters.variants))
    if parameters.adaptive == "search":
        tried = player(scripted(family, every, own[: parameters.search_tasks]), watch, "red search")
        variants = least_suspicious(tried, threshold)
        one = {name: (variant,) for name, variant in variants.items()}
        found = player(scripted(family, one, fresh), watch, "adaptive round")
        chosen = {name: f"variant {variant}" for name, variant in variants.items()}
        return tuple(found), chosen, len(tried)
    if parameters.adaptive == "query":
        tried = player(scripted(family, every, fresh), watch, "adaptive round")
        return (
            tuple(_best_each(tried)),
            dict.fromkeys(names, "the best one, task by task"),
            len(tried),
        )
    return (), {}, 0


def least_suspicious(tried: Sequence[Played], threshold: float) -> dict[str, int]:
    """By strategy, the variant that is flagged least on red's own tasks, then scores lowest.

    Only attacks that succeed count; a strategy without any is left out.
    """
    scores: dict[str, dict[int, list[float]]] = {}
    for played in tried:
        if played.attack:
            by_variant = scores.setdefault(played.request.policy, {})
            by_variant.setdefault(played.request.variant, []).append(_seen(played))
    return {
        name: min(
            by_variant,
            key=lambda v: (
                sum(s > threshold for s in by_variant[v]) / len(by_variant[v]),
                sum(by_variant[v]) / len(by_variant[v]),
                v,
            ),
        )
        for name, by_variant in scores.items()
    }


def _best_each(tried: Sequence[Played]) -> list[Played]:
    best: dict[tuple[str, str], Played] = {}
    for played in tried:
        place = (played.request.policy, played.request.task.id)
        held = best.get(place)
        if held is None or _rank(played) < _rank(held):
            best[place] = played
    return list(best.values())


def _rank(played: Played) -> tuple[bool, float, int]:
    return not played.attack, _seen(played), played.request.variant


def _seen(played: Played) -> float:
    """What red takes a text to score; one that the monitor could not read is no safe bet."""
    return math.inf if played.suspicion is None else played.suspicion
