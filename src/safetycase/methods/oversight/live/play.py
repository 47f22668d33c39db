"""Playing a trial: the statements, then the replies of the judges. Nothing here knows Inspect.

`ask(role, messages, form, vote)` is whoever answers: a model, or a planted function. Roles are
`debater`, `prover`, and `judge_1`, `judge_2`, ... in the order of the judges. `vote` is 0 where one
answer is asked for, and counts from 1 where several are drawn.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Literal

from safetycase.methods.oversight.live import prompts
from safetycase.methods.oversight.live.masking import HIDDEN, masked_item, masked_text
from safetycase.methods.oversight.live.replies import refused, steps
from safetycase.methods.oversight.live.script import clipped, said, steps_for
from safetycase.methods.oversight.live.trials import Judging, Trial

__all__ = ["Argument", "Ask", "Form", "Record", "Statement", "argue", "judge", "play"]

Form = Literal["text", "a", "right", "steps"] | int
"""What the reply has to be: a text, an object with that key, or so many estimates."""
Ask = Callable[[str, prompts.Messages, Form, int], Awaitable[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What was said for the answer in seat `label`; `refused` where the seat was not taken."""

    label: str
    policy: str
    text: str
    cut: bool = False
    refused: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Argument:
    """The steps of a prover, and whether each holds: None where nobody knows."""

    steps: tuple[str, ...]
    holds: tuple[bool | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One trial as it happened, in full: what is archived, and all that a score is made of.

    `replies` holds for each judge what it wrote, as often as it was asked; `masked` the same for
    the statements without the question and the answers. `prover` is what a model wrote as prover.
    """

    trial: Trial
    statements: tuple[Statement, ...] = ()
    argument: Argument | None = None
    prover: str | None = None
    replies: tuple[tuple[str, ...], ...] = ()
    masked: tuple[tuple[str, ...], ...] = ()


async def play(trial: Trial, judging: Judging, ask: Ask) -> Record:
    """The whole trial."""
    return await judge(await argue(trial, ask), judging, ask)


async def argue(trial: Trial, ask: Ask) -> Record:
    """What the debaters, the consultant, the critic or the prover say."""
    if trial.protocol == "prover-estimator":
        return await _decomposed(trial, ask)
    if trial.protocol == "consultancy":
        return await _spoken(trial, ask, (_given(trial),), trial.policies.rounds)
    if trial.protocol == "critique":
        return await _critique(trial, ask)
    if trial.protocol in ("debate", "unopposed"):
        return await _spoken(trial, ask, trial.answers, trial.policies.rounds)
    if trial.other is not None:
        # Its right answer sits in A for both seatings of this item, so that it favours neither.
        about = replace(trial, item=trial.other, protocol="debate", seat="A", other=None)
        other = await _spoken(about, ask, about.answers, trial.policies.rounds)
        return Record(trial=trial, statements=other.statements)
    return Record(trial=trial)


def _given(trial: Trial) -> str:
    return trial.item.right if trial.assigned == "right" else trial.item.wrong


async def _spoken(trial: Trial, ask: Ask, answers: tuple[str, ...], rounds: int) -> Record:
    """Rounds in which all speak at once: each reads the rounds before, and not this one."""
    spoken: list[Statement] = []
    for number in range(rounds):
        before = tuple(spoken)
        spoken += [
            await _statement(trial, ask, answer, number, before, "State the case for it.")
            for answer in answers
        ]
    return Record(trial=trial, statements=tuple(spoken))


async def _critique(trial: Trial, ask: Ask) -> Record:
    """One answer is proposed with its argument; the critic speaks for the other one."""
    answer = _given(trial)
    other = trial.item.wrong if answer == trial.item.right else trial.item.right
    proposed = await _statement(trial, ask, answer, 0, (), "State the case for it.")
    critic = "Say what is wrong in the statement that you read."
    reply = await _statement(trial, ask, other, 0, (proposed,), critic)
    return Record(trial=trial, statements=(proposed, reply))


async def _statement(
    trial: Trial, ask: Ask, answer: str, number: int, before: tuple[Statement, ...], task: str
) -> Statement:
    label, policies = trial.label(answer), trial.policies
    policy = policies.for_truth if answer == trial.item.right else policies.against
    if policy == "model":
        told = prompts.arguing(
            trial.item, trial.answers, label, _shown(before), policies.words, task
        )
        text = await ask("debater", told, "text", 0)
    else:
        text = said(policy, trial.item, answer, number)
    short, cut = clipped(text, policies.words)
    gone = policy == "model" and refused(text)
    return Statement(label=label, policy=policy, text=short, cut=cut, refused=gone)


async def _decomposed(trial: Trial, ask: Ask) -> Record:
    answer, policies = _given(trial), trial.policies
    policy = policies.for_truth if trial.assigned == "right" else policies.against
    if policy == "model":
        reply = await ask("prover", prompts.decomposing(trial.item, answer, MOST), "steps", 0)
        found = steps(reply)
        argument = Argument(steps=found, holds=(None,) * len(found)) if found else None
        return Record(trial=trial, argument=argument, prover=reply)
    pairs = steps_for(policy, trial.item, answer)
    return Record(
        trial=trial,
        argument=Argument(steps=tuple(s for s, _ in pairs), holds=tuple(h for _, h in pairs)),
    )


MOST = 12


def _shown(statements: tuple[Statement, ...]) -> tuple[tuple[str, str], ...]:
    return tuple((one.label, one.text) for one in statements)


async def judge(record: Record, judging: Judging, ask: Ask) -> Record:
    """The record with the replies of all judges; one that cannot be judged has none."""
    trial = record.trial
    if trial.protocol == "prover-estimator" and record.argument is None:
        return record
    replies, masked = [], []
    for number, style in enumerate(judging.judges, start=1):
        role = f"judge_{number}"
        replies.append(await _read(record, judging, style, role, ask))
        if trial.masked:
            hidden = prompts.judging(
                style,
                masked_item(trial.item),
                (HIDDEN, HIDDEN),
                tuple((s.label, masked_text(trial.item, s.text)) for s in record.statements),
                shows_material=False,
            )
            masked.append((await ask(role, hidden, "a", 0),))
    return Record(
        trial=trial,
        statements=record.statements,
        argument=record.argument,
        prover=record.prover,
        replies=tuple(replies),
        masked=tuple(masked),
    )


async def _read(
    record: Record, judging: Judging, style: str, role: str, ask: Ask
) -> tuple[str, ...]:
    trial, shows = record.trial, judging.sees == "all"
    if record.argument is not None:
        listed = record.argument.steps
        told = prompts.estimating(style, trial.item, _given(trial), listed, shows_material=shows)
        return (await ask(role, told, len(listed), 0),)
    if judging.reading == "apart" and trial.protocol != "ensemble":
        return tuple(
            [await _one(record, style, role, ask, label, shows=shows) for label in ("A", "B")]
        )
    told = prompts.judging(
        style,
        trial.item,
        trial.answers,
        _shown(record.statements),
        shows_material=shows,
        note=_supplied(trial),
    )
    if trial.protocol != "ensemble":
        return (await ask(role, told, "a", 0),)
    return tuple([await ask(role, told, "a", vote) for vote in range(1, judging.votes + 1)])


async def _one(record: Record, style: str, role: str, ask: Ask, label: str, *, shows: bool) -> str:
    answer = record.trial.answers["AB".index(label)]
    own = tuple((s.label, s.text) for s in record.statements if s.label == label)
    note = _supplied(record.trial)
    told = prompts.one_sided(style, record.trial.item, answer, own, shows=shows, note=note)
    return await ask(role, told, "right", 0)


def _supplied(trial: Trial) -> str:
    """The answer itself, where the trial only asks whether the format can be answered."""
    if trial.protocol != "answer-given":
        return ""
    return f"The answer has been checked. It is: {trial.item.right}."
