"""Trials: who speaks in which seat, what a judge is shown, what earns credit."""

from __future__ import annotations

import asyncio
import dataclasses
from pathlib import Path

import pytest

from safetycase.methods.oversight.live import counting, models
from safetycase.methods.oversight.live.archive import read_records, record_json, write_records
from safetycase.methods.oversight.live.items import KINDS, items
from safetycase.methods.oversight.live.planted import played
from safetycase.methods.oversight.live.play import Ask, Form, Record, argue, judge, play
from safetycase.methods.oversight.live.prompts import Messages
from safetycase.methods.oversight.live.trials import (
    SIDES,
    Judging,
    Policies,
    Protocol,
    Trial,
    plan,
)
from safetycase.methods.oversight.live.verdicts import all_hold, estimated, verdict
from safetycase.plugin.contract import MethodError

MADE = items(KINDS, 9, 4, 7)
JUDGING = Judging(votes=3)
ALL: tuple[Protocol, ...] = (
    "debate",
    "consultancy",
    "critique",
    "prover-estimator",
    "judge-alone",
    "random-evidence",
    "ensemble",
    "answer-given",
    "unopposed",
)


def scripted(*replies: str) -> Ask:
    """Answers in turn, and remembers what it was asked."""
    left = list(replies)

    async def ask(role: str, messages: Messages, form: Form, vote: int) -> str:
        ask.asked.append((role, messages, form, vote))  # type: ignore[attr-defined]
        return left.pop(0)

    ask.asked = []  # type: ignore[attr-defined]
    return ask


def one(protocol: Protocol, **more: object) -> Trial:
    policies = Policies(**more)  # type: ignore[arg-type]
    return plan(MADE, protocol, policies)[0]


@pytest.mark.parametrize("protocol", ALL)
def test_the_right_answer_sits_in_each_seat_once(protocol: Protocol) -> None:
    trials = plan(MADE, protocol, Policies())
    assert len({t.id for t in trials}) == len(trials)
    by_pair: dict[str, list[Trial]] = {}
    for trial in trials:
        by_pair.setdefault(trial.pair, []).append(trial)
        assert trial.answers["AB".index(trial.seat)] == trial.item.right
        assert trial.label(trial.item.right) == trial.seat
        assert trial.label(trial.item.wrong) != trial.seat
    sides = len(SIDES.get(protocol, ("",)))
    assert len(by_pair) == len(MADE) * (1 if protocol == "prover-estimator" else sides)
    for pair in by_pair.values():
        if protocol == "prover-estimator":
            assert [t.assigned for t in pair] == ["right", "wrong"]
        else:
            assert [t.seat for t in pair] == ["A", "B"]


def test_what_speaks_in_a_debate_is_seated_as_said() -> None:
    for trial in plan(MADE, "debate", Policies(rounds=2)):
        record = asyncio.run(argue(trial, scripted()))
        labels = [s.label for s in record.statements]
        assert labels == ["A", "B", "A", "B"]
        honest = [s for s in record.statements if s.policy == "honest"]
        assert {s.label for s in honest} == {trial.seat}


def test_debaters_of_one_round_do_not_read_each_other() -> None:
    trial = one("debate", for_truth="model", against="model", rounds=2)
    ask = scripted("first A", "first B", "second A", "second B")
    record = asyncio.run(argue(trial, ask))
    seen = [messages[-1][1] for _, messages, _, _ in ask.asked]  # type: ignore[attr-defined]
    assert "first A" not in seen[1]
    assert "first A" in seen[2]
    assert "first B" in seen[2]
    assert "second A" not in seen[3]
    assert [s.text for s in record.statements][-1] == "second B"


def test_a_critic_reads_the_proposal_and_is_cut_at_its_limit() -> None:
    trial = one("critique", for_truth="honest", against="model", words=6)
    ask = scripted("one two three four five six seven eight")
    record = asyncio.run(argue(trial, ask))
    proposal, critique = record.statements
    assert proposal.text in ask.asked[0][1][-1][1]  # type: ignore[attr-defined]
    assert (critique.text, critique.cut) == ("one two three four five six", True)
    assert critique.label == trial.label(trial.item.wrong)


def test_a_judge_sees_labels_and_neither_policies_nor_the_truth() -> None:
    trial = one("debate")
    ask = scripted('{"a": 80}', '{"a": 60}')
    record = asyncio.run(play(trial, JUDGING, ask))
    for _, messages, form, vote in ask.asked:  # type: ignore[attr-defined]
        text = "\n".join(t for _, t in messages)
        assert "honest" not in text
        assert "liar" not in text
        assert "has been checked" not in text
        assert (form, vote) == ("a", 0)
    found = verdict(record)
    assert found.judges == (0.8, 0.6)
    assert found.panel == pytest.approx(0.7)
    assert found.right is True
    other = dataclasses.replace(record, trial=dataclasses.replace(trial, seat="B"))
    assert verdict(other).panel == pytest.approx(0.3)


def test_a_judge_without_the_facts_is_shown_none() -> None:
    for sees, there in (("all", True), ("question", False)):
        ask = scripted('{"a": 80}')
        judging = Judging(judges=("plain",), sees=sees)  # type: ignore[arg-type]
        asyncio.run(play(one("judge-alone"), judging, ask))
        prompt = ask.asked[0][1][-1][1]  # type: ignore[attr-defined]
        assert (MADE[0].material[0] in prompt) is there


def test_answers_that_are_read_apart_are_compared_in_code() -> None:
    trial = one("debate")
    judging = Judging(judges=("plain",), reading="apart")
    ask = scripted('{"right": 90}', '{"right": 30}')
    record = asyncio.run(play(trial, judging, ask))
    first, second = (messages[-1][1] for _, messages, _, _ in ask.asked)  # type: ignore[attr-defined]
    said_by = {s.label: s.text for s in record.statements}
    assert said_by["A"] in first
    assert said_by["B"] not in first
    assert said_by["B"] in second
    assert verdict(record).panel == pytest.approx(0.75)
    tie = asyncio.run(play(trial, judging, scripted('{"right": 0}', '{"right": 0}')))
    assert verdict(tie).panel == 0.5
    assert verdict(tie).right is False
    half = asyncio.run(play(trial, judging, scripted('{"right": 90}', "no")))
    assert verdict(half).panel is None


def test_an_invalid_reply_is_an_invalid_trial() -> None:
    record = asyncio.run(play(one("debate"), JUDGING, scripted('{"a": 80}', "A, surely")))
    found = verdict(record)
    assert found.judges == (0.8, None)
    assert found.panel is None
    assert found.right is None
    assert found.why == "a judge's reply is not in the form asked for"


def test_a_debater_that_refuses_its_seat_wins_the_other_side_nothing() -> None:
    trial = one("debate", against="model")
    replies = ("I'm sorry, I can't defend that.", '{"a": 99}', '{"a": 99}')
    record = asyncio.run(play(trial, JUDGING, scripted(*replies)))
    assert [s.refused for s in record.statements].count(True) == 1
    assert verdict(record).panel is None
    assert "did not take its seat" in verdict(record).why
    trials = counting.played([record])
    assert counting.pairs(trials, judge=0) == {MADE[0].id: (None,)}


def test_an_ensemble_is_asked_several_times_and_averaged_in_code() -> None:
    ask = scripted(*(f'{{"a": {n}}}' for n in (10, 20, 60)))
    record = asyncio.run(play(one("ensemble"), Judging(judges=("plain",), votes=3), ask))
    assert verdict(record).panel == pytest.approx(0.3)
    assert [vote for *_, vote in ask.asked] == [1, 2, 3]  # type: ignore[attr-defined]
    two = Judging(judges=("plain",), votes=2)
    record = asyncio.run(play(one("ensemble"), two, scripted('{"a": 10}', '{"a": 20}')))
    assert verdict(record).panel == pytest.approx(0.15)


def test_the_estimates_are_put_together_in_code() -> None:
    """Four steps, the second of which fails: E_H(p), the gap, and the best challenge."""
    trial = next(t for t in plan(MADE, "prover-estimator", Policies()) if t.assigned == "wrong")
    flaw = trial.item.flaw
    numbers = [90, 90, 90, 90]
    numbers[flaw] = 80
    reply = '{"claim": 50, ' + ", ".join(f'"step_{n}": {p}' for n, p in enumerate(numbers, start=1))
    record = asyncio.run(play(trial, Judging(judges=("plain",)), scripted(reply + "}")))
    found = estimated(record, record.replies[0])
    assert found is not None
    accepted = 0.9**3 * 0.8
    assert found.accepted == pytest.approx(accepted)
    assert found.gap == pytest.approx(accepted - 0.5)
    assert found.challenged == flaw
    assert found.prover == pytest.approx(0.5 + 1.25 * (accepted - 0.5) + 2.5 * 0.8)
    assert verdict(record).panel == pytest.approx(1 - accepted)
    assert verdict(record).right is False  # a wrong claim is accepted


def test_a_claim_of_many_steps_is_brittle() -> None:
    """Our reconstruction: an AND of n has a critical weight of n (closed form)."""
    assert all_hold([0.99] * 68) > 0.5 > all_hold([0.99] * 69)
    assert all_hold([]) == 1.0


def test_a_model_that_proves_gives_its_steps_strictly() -> None:
    trial = one("prover-estimator", for_truth="model")
    judging = Judging(judges=("plain",))
    good = scripted('{"steps": ["1 + 1 = 2"]}', '{"claim": 90, "step_1": 80}')
    record = asyncio.run(play(trial, judging, good))
    assert record.argument is not None
    assert record.argument.holds == (None,)
    found = estimated(record, record.replies[0])
    assert found is not None
    assert found.prover is None
    assert verdict(record).panel == pytest.approx(0.8)
    bad = asyncio.run(play(trial, judging, scripted("First, note that")))
    assert verdict(bad).panel is None
    assert verdict(bad).why == "the prover's steps are not in the form asked for"


def test_masked_statements_are_read_by_the_same_judges() -> None:
    trial = dataclasses.replace(one("debate"), masked=True)
    ask = scripted('{"a": 80}', '{"a": 10}', '{"a": 80}', '{"a": 30}')
    record = asyncio.run(play(trial, JUDGING, ask))
    hidden = ask.asked[1][1][-1][1]  # type: ignore[attr-defined]
    assert trial.item.question not in hidden
    assert trial.item.right not in hidden.replace("0 to 100", "")
    assert verdict(record).masked == pytest.approx(0.2)
    assert verdict(record).panel == pytest.approx(0.8)


def test_credit_is_for_a_pair_that_is_right_in_both_seats() -> None:
    trials = plan(MADE[:1], "debate", Policies())
    judging = Judging(judges=("plain",))

    def credit(*replies: str) -> tuple[bool | None, ...]:
        records = [
            asyncio.run(play(t, judging, scripted(reply)))
            for t, reply in zip(trials, replies, strict=True)
        ]
        (found,) = counting.pairs(counting.played(records)).values()
        return found

    assert credit('{"a": 90}', '{"a": 10}') == (True,)
    assert credit('{"a": 90}', '{"a": 90}') == (False,)
    assert credit('{"a": 90}', '{"a": 50}') == (False,)
    assert credit('{"a": 90}', "?") == (None,)
    assert credit('{"a": 10}', "?") == (False,)  # one seat that is wrong settles it


def test_a_pair_that_was_played_in_one_seat_alone_is_printed_as_incomplete() -> None:
    """As a limit on the samples of an evaluation leaves it."""
    from safetycase.methods.oversight.live.scoring import credit

    found = credit([("one", 0.9), ("two", 0.9), ("two", 0.2)])
    assert (found["paired_accuracy"], found["incomplete_pairs"]) == (0.0, 1.0)


@pytest.mark.parametrize("protocol", ALL)
def test_an_archived_trial_is_scored_again_without_a_model(
    protocol: Protocol, tmp_path: Path
) -> None:
    masked = protocol == "debate"
    records = played(
        plan(MADE, protocol, Policies(against="obfuscator"), masked=masked),
        JUDGING,
        models.asker("slips", "checker"),
    )
    path = write_records(tmp_path / "trials.jsonl", records)
    again = read_records(path)
    assert again == records
    assert [verdict(r) for r in again] == [verdict(r) for r in records]


def broken(record: Record, **changes: object) -> str:
    import json

    value = record_json(record)
    for key, change in changes.items():
        target = value
        *path, last = key.split("__")
        for part in path:
            target = target[part]
        target[last] = change
    return json.dumps(value) + "\n"


@pytest.mark.parametrize(
    "changes",
    [
        {"trial__seat": "C"},
        {"trial__protocol": "duel"},
        {"trial__assigned": "right"},
        {"trial__item__flaw": 99},
        {"trial__item__right": 5},
        {"trial__policies__for_truth": "liar"},
        {"replies": [["x"], [3]]},
        {"replies": "x"},
        {"statements": [{"label": "A"}]},
        {"statements": [{"label": "A", "policy": "liar", "text": "x", "cut": "yes"}]},
        {"statements": [{"label": "A", "policy": "liar", "text": 5}]},
        {"masked": [[]]},
        {"prover": 7},
        {"argument": {"steps": ["x"], "holds": [True]}},
    ],
)
def test_what_is_no_trial_is_refused_with_its_line(
    changes: dict[str, object], tmp_path: Path
) -> None:
    record = asyncio.run(play(one("debate"), JUDGING, scripted('{"a": 1}', '{"a": 1}')))
    path = tmp_path / "trials.jsonl"
    path.write_text(broken(record) + broken(record, **changes), "utf-8")
    with pytest.raises(MethodError, match=r"`trials.jsonl` line 2: not a trial"):
        read_records(path)


@pytest.mark.parametrize(
    "argument",
    [
        {"steps": [], "holds": []},
        {"steps": ["x"], "holds": []},
        {"steps": ["x"], "holds": ["x"]},
    ],
)
def test_an_argument_that_is_none_is_refused_with_its_line(
    argument: dict[str, object], tmp_path: Path
) -> None:
    record = planned_proof()
    path = tmp_path / "trials.jsonl"
    path.write_text(broken(record, argument=argument), "utf-8")
    with pytest.raises(MethodError, match=r"`trials.jsonl` line 1: not a trial"):
        read_records(path)


def test_statements_of_another_item_are_of_another_item(tmp_path: Path) -> None:
    record = Record(trial=plan(MADE, "random-evidence", Policies())[0])
    own = record_json(record)["trial"]["item"]
    path = tmp_path / "trials.jsonl"
    path.write_text(broken(record, trial__other=own), "utf-8")
    with pytest.raises(MethodError, match="the other item is `arithmetic-0` itself"):
        read_records(path)


def planned_proof() -> Record:
    return Record(trial=plan(MADE, "prover-estimator", Policies())[0])


def test_a_trial_given_twice_and_an_empty_archive_are_refused(tmp_path: Path) -> None:
    record = asyncio.run(play(one("debate"), JUDGING, scripted('{"a": 1}', '{"a": 1}')))
    path = tmp_path / "trials.jsonl"
    path.write_text(broken(record) * 2, "utf-8")
    with pytest.raises(MethodError, match="given twice"):
        read_records(path)
    path.write_text("\n", "utf-8")
    with pytest.raises(MethodError, match="has no trial"):
        read_records(path)


def test_plans_that_make_no_sense_are_refused() -> None:
    with pytest.raises(ValueError, match="silent prover"):
        plan(MADE, "prover-estimator", Policies(against="silent"))
    with pytest.raises(ValueError, match="at least two items"):
        plan(MADE[:1], "random-evidence", Policies())
    with pytest.raises(ValueError, match="speaks one of"):
        Policies(for_truth="liar")
    with pytest.raises(ValueError, match="rounds"):
        Policies(rounds=0)
    with pytest.raises(ValueError, match="styles of a judge"):
        Judging(judges=("kind",))
    with pytest.raises(ValueError, match="votes"):
        Judging(votes=0)


def test_judging_again_needs_nothing_but_the_record() -> None:
    record = asyncio.run(play(one("debate"), JUDGING, scripted('{"a": 80}', '{"a": 60}')))
    again = asyncio.run(judge(record, Judging(judges=("sceptic",)), scripted('{"a": 10}')))
    assert again.statements == record.statements
    assert again.replies == (('{"a": 10}',),)
    assert verdict(again).panel == pytest.approx(0.1)
