"""The Inspect tasks, solvers and scorers: `inspect eval safetycase/debate --model ...`.

A task makes its items, a solver writes the statements into the sample, and a scorer asks the
judges. So `inspect score LOG --scorer safetycase/verdict` judges archived debates again, with
another model or other judges. Every judge is the model role `judge_1`, `judge_2`, ..., or `judge`
for all; debaters and provers are `debater` and `prover`; a role without a model has that of the
evaluation.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal

from inspect_ai import Task, task
from inspect_ai.dataset import MemoryDataset, Sample

from safetycase.methods.oversight.live.archive import read_records, record_json
from safetycase.methods.oversight.live.items import KINDS
from safetycase.methods.oversight.live.items import items as made_items
from safetycase.methods.oversight.live.play import Record
from safetycase.methods.oversight.live.questions import read_questions
from safetycase.methods.oversight.live.scoring import verdict
from safetycase.methods.oversight.live.speaking import statements
from safetycase.methods.oversight.live.trials import Policies, Protocol, names, plan

__all__ = [
    "answer_given",
    "consultancy",
    "critique",
    "debate",
    "ensemble",
    "judge_alone",
    "prover_estimator",
    "random_evidence",
    "trials",
    "unopposed",
]


def _made(protocol: Protocol, says: str) -> Callable[..., Task]:
    """The task of a protocol; all of them take the same arguments."""

    def make(
        items: int = 20,
        questions: str = "",
        kinds: str = ",".join(KINDS),
        size: int = 4,
        seed: int = 0,
        for_truth: str = "honest",
        against: str = "liar",
        rounds: int = 1,
        words: int = 150,
        judges: str = "plain,checker",
        reading: Literal["together", "apart"] = "together",
        sees: Literal["all", "question"] = "all",
        votes: int = 5,
        constrained: bool = True,
        reply_tokens: int = 64,
        masked: bool = False,
    ) -> Task:
        policies = Policies(for_truth=for_truth, against=against, rounds=rounds, words=words)
        chosen = (
            read_questions(Path(questions))
            if questions
            else made_items(names(kinds), items, size, seed)
        )
        return _played(
            [Record(trial=t) for t in plan(chosen, protocol, policies, masked=masked)],
            protocol,
            judges=judges,
            reading=reading,
            sees=sees,
            votes=votes,
            constrained=constrained,
            reply_tokens=reply_tokens,
        )

    make.__name__ = make.__qualname__ = protocol.replace("-", "_")
    make.__doc__ = says
    made: Callable[..., Task] = task(make)
    return made


def _played(records: Sequence[Record], name: str, **judged: Any) -> Task:
    """The statements are made by a solver, and judged by a scorer."""
    held = {key: judged[key] for key in ("constrained", "reply_tokens")}
    return Task(
        dataset=MemoryDataset([_sample(record) for record in records], name=name),
        solver=statements(**held),
        scorer=verdict(**judged),
    )


def _sample(record: Record) -> Sample:
    trial = record.trial
    return Sample(
        id=trial.id,
        input=trial.item.question,
        target=trial.item.right,
        metadata={"record": record_json(record), "item": trial.item.id, "seat": trial.seat},
    )


debate = _made("debate", "Two debaters speak for the two answers, and judges decide.")
consultancy = _made("consultancy", "One consultant speaks for the answer that it is given.")
critique = _made("critique", "One answer is proposed with its argument, and a critic attacks it.")
prover_estimator = _made(
    "prover-estimator",
    "A prover breaks a claim into steps, and estimators give each of them a probability.",
)
judge_alone = _made("judge-alone", "Nobody speaks: what the judges know by themselves.")
random_evidence = _made("random-evidence", "The statements are those of another item.")
ensemble = _made("ensemble", "Nobody speaks, and each judge is asked several times.")
answer_given = _made("answer-given", "The judges are told the right answer, in the same format.")
unopposed = _made("unopposed", "An honest debater against one that says nothing.")


@task  # type: ignore[untyped-decorator]
def trials(
    plan: str,
    judges: str = "plain,checker",
    reading: Literal["together", "apart"] = "together",
    sees: Literal["all", "question"] = "all",
    votes: int = 5,
    constrained: bool = True,
    reply_tokens: int = 64,
) -> Task:
    """The trials of the file `plan` (JSON Lines), of any protocols: what `oversight/live` runs."""
    return _played(
        read_records(Path(plan)),
        "trials",
        judges=judges,
        reading=reading,
        sees=sees,
        votes=votes,
        constrained=constrained,
        reply_tokens=reply_tokens,
    )
