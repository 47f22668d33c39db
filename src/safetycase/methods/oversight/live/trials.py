"""What is played: one item, one protocol, one seating; and the plan of all of them.

The right answer sits in each seat once, because a judge that prefers a label would else be right
half of the time for no reason. `pair` names the trials that earn credit together.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from safetycase.methods.oversight.live.items import Item
from safetycase.methods.oversight.live.prompts import STYLES
from safetycase.methods.oversight.live.script import FALSE, TRUE

__all__ = [
    "PROTOCOLS",
    "SIDES",
    "Judging",
    "Policies",
    "Protocol",
    "Trial",
    "names",
    "plan",
    "seatings",
    "trial_of",
]

Seat = Literal["A", "B"]
Protocol = Literal[
    "debate",
    "consultancy",
    "critique",
    "prover-estimator",
    "judge-alone",
    "random-evidence",
    "ensemble",
    "answer-given",
    "unopposed",
]
PROTOCOLS: tuple[Protocol, ...] = ("debate", "consultancy", "critique", "prover-estimator")
SIDES: Mapping[Protocol, tuple[str, ...]] = {
    "consultancy": ("right", "wrong"),
    "critique": ("right", "wrong"),
    "prover-estimator": ("right", "wrong"),
}
"""The answers that the one who proposes is given to argue for, where there is one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policies:
    """Who speaks: for the right answer and against it, in how many rounds of how many words."""

    for_truth: str = "honest"
    against: str = "liar"
    rounds: int = 1
    words: int = 150

    def __post_init__(self) -> None:
        if self.for_truth not in TRUE or self.against not in FALSE:
            raise ValueError(
                f"for the right answer speaks one of {', '.join(TRUE)}; against it one of "
                + ", ".join(FALSE)
            )
        if not 1 <= self.rounds <= 10 or not 5 <= self.words <= 2000:
            raise ValueError("1 to 10 rounds, of 5 to 2000 words a statement")


@dataclass(frozen=True, slots=True, kw_only=True)
class Judging:
    """How it is judged: the styles of the judges, and what they see.

    With `reading: apart` each answer is rated without sight of the other's statements, and the
    ratings are compared in code. `votes` are the answers of each judge of an ensemble.
    """

    judges: tuple[str, ...] = ("plain", "checker")
    reading: Literal["together", "apart"] = "together"
    sees: Literal["all", "question"] = "all"
    votes: int = 5

    def __post_init__(self) -> None:
        unknown = [style for style in self.judges if style not in STYLES]
        if unknown or not self.judges:
            raise ValueError(f"the styles of a judge are {', '.join(STYLES)}, not {unknown}")
        if not 1 <= self.votes <= 100:
            raise ValueError("`votes` of an ensemble are 1 to 100")


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One item under one protocol, with the right answer in `seat`.

    `assigned` is the answer that the consultant, proposer or prover argues for. With `other` the
    statements are those of a debate about that item.
    """

    item: Item
    protocol: Protocol
    seat: Seat
    assigned: str = ""
    policies: Policies = Policies()
    other: Item | None = None
    masked: bool = False

    @property
    def pair(self) -> str:
        """The trials that are credited only if the verdict is right in all of them."""
        side = "" if self.protocol == "prover-estimator" else self.assigned
        return "/".join(part for part in (self.arm, self.item.id, side) if part)

    @property
    def id(self) -> str:
        """What names the trial in a log."""
        return "/".join(p for p in (self.arm, self.item.id, self.assigned, self.seat) if p)

    @property
    def arm(self) -> str:
        """The protocol and, where policies speak that may differ, who speaks for and against."""
        if self.protocol not in PROTOCOLS:
            return self.protocol
        return f"{self.protocol}: {self.policies.for_truth} v {self.policies.against}"

    @property
    def answers(self) -> tuple[str, str]:
        """The answers in the seats A and B."""
        both = (self.item.right, self.item.wrong)
        return both if self.seat == "A" else (both[1], both[0])

    def label(self, answer: str) -> Seat:
        """The seat of an answer."""
        return "A" if (answer == self.item.right) == (self.seat == "A") else "B"


def plan(
    items: Sequence[Item], protocol: Protocol, policies: Policies, *, masked: bool = False
) -> tuple[Trial, ...]:
    """Every item in every seating and, where one side proposes, for both answers.

    A prover's claim has no seat, so its pair is the right and the wrong claim.
    """
    if protocol == "unopposed":
        speaks = "model" if policies.for_truth == "model" else "honest"
        policies = dataclasses.replace(policies, for_truth=speaks, against="silent")
    _speakable(items, protocol, policies)
    if protocol == "prover-estimator" and "silent" in (policies.for_truth, policies.against):
        raise ValueError("a silent prover gives the estimator nothing to estimate")
    if protocol == "random-evidence" and len(items) < 2:
        raise ValueError("statements of another item need at least two items")
    return tuple(
        Trial(
            item=item,
            protocol=protocol,
            seat=seat,
            assigned=side,
            policies=policies,
            other=_another(items, number) if protocol == "random-evidence" else None,
            masked=masked,
        )
        for number, item in enumerate(items)
        for side, seat in seatings(protocol)
    )


def seatings(protocol: Protocol) -> tuple[tuple[str, Seat], ...]:
    """(assigned answer, seat of the right one) of every trial that an item has in an arm."""
    seats: tuple[Seat, ...] = ("A",) if protocol == "prover-estimator" else ("A", "B")
    return tuple((side, seat) for side in SIDES.get(protocol, ("",)) for seat in seats)


def _speakable(items: Sequence[Item], protocol: Protocol, policies: Policies) -> None:
    """ValueError if a script is to argue about a question that it has no argument for."""
    spoken = protocol not in ("judge-alone", "ensemble", "answer-given")
    scripts = {policies.for_truth, policies.against} - {"model", "silent"}
    if spoken and scripts and not all(item.proof for item in items):
        raise ValueError(
            f"`{sorted(scripts)[0]}` is a script and has no argument about these questions; let "
            "`model` speak"
        )


def _another(items: Sequence[Item], number: int) -> Item:
    """The next item of the same kind, or else the next one."""
    later = [*items[number + 1 :], *items[:number]]
    return next((one for one in later if one.kind == items[number].kind), later[0])


def names(value: str | Sequence[str]) -> tuple[str, ...]:
    """Names that a command line gives as a text with commas, or as a list."""
    parts = value.split(",") if isinstance(value, str) else value
    return tuple(str(part).strip() for part in parts)


def trial_of(value: Mapping[str, Any]) -> Trial:
    """A trial from its fields as JSON; `ValueError`, `TypeError` or `KeyError` if they are none."""
    fields = dict(value)
    fields["item"] = _item_of(fields["item"])
    fields["policies"] = Policies(**fields["policies"])
    fields["other"] = None if fields["other"] is None else _item_of(fields["other"])
    trial = Trial(**fields)
    if trial.protocol not in get_args(Protocol) or trial.seat not in ("A", "B"):
        raise ValueError(f"no protocol `{trial.protocol}` with a seat `{trial.seat}`")
    if (trial.other is None) == (trial.protocol == "random-evidence"):
        raise ValueError("the statements of another item are for `random-evidence` alone")
    if trial.other is not None and trial.other.id == trial.item.id:
        raise ValueError(f"the other item is `{trial.item.id}` itself")
    if (trial.assigned, trial.seat) not in seatings(trial.protocol):
        raise ValueError(f"`{trial.assigned}` in seat {trial.seat} is no side of {trial.protocol}")
    if not isinstance(trial.masked, bool):
        raise ValueError("`masked` is true or false")
    return trial


def _item_of(value: Mapping[str, Any]) -> Item:
    fields: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in value.items()}
    item = Item(**fields)
    texts = [item.id, item.kind, item.question, item.right, item.wrong, item.correction]
    texts += [*item.material, *item.proof, *item.false_proof]
    if not all(isinstance(text, str) for text in texts) or item.right == item.wrong:
        raise ValueError("an item has texts, and two answers that differ")
    if type(item.flaw) is not int or not 0 <= item.flaw < max(1, len(item.false_proof)):
        raise ValueError("`flaw` is the number of a step of `false_proof`")
    return item
