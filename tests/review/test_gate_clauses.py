"""Clauses whose trouble is rare: monitors, attempts, identities, owners, refuted roots."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.review.conftest import clause
from tests.review.green import override, sign

from safetycase.assess.gated import Judged
from safetycase.assess.monitored import Alarm, Report, Watched
from safetycase.assess.records import Assessment
from safetycase.cli.gate import EXITS
from safetycase.ledger import History
from safetycase.review.gate import release
from safetycase.review.gate_facts import Facts, people
from safetycase.review.policy_read import default_policy, read_policy
from safetycase.workspace.folder import Workspace, open_case

Ask = Callable[..., Judged]


@pytest.fixture
def space(reviewed: Path) -> Workspace:
    return open_case(reviewed, datetime.now(UTC).replace(microsecond=0))


@pytest.fixture
def ask(space: Workspace) -> Ask:
    """One clause, of the case with parts of its assessment or history put otherwise."""

    def call(entry: str, history: History | None = None, **how: Any) -> Judged:
        policy = read_policy(f"policy: p\nrelease: [{{{entry}}}]\nmerge: []\n", "p").policy
        assert policy is not None
        assessment: Assessment = dataclasses.replace(space.assess(), **how)
        facts = Facts(assessment=assessment, history=history or space.history, policy=policy)
        return clause(release(facts), entry.split(",")[0].removeprefix("clause: "))

    return call


def report(state: str) -> Report:
    return Report(
        record=9, at="2026-11-20T00:00:00Z", state=state, since="2026-11-19T00:00:00Z",
        until="2026-11-20T00:00:00Z", events=4, lost=0, segment=0, value=0.5, e_value=200.0,
        alarm_at=100.0, says="half of them", indicator="1" * 64,
    )  # fmt: skip


def watched(**more: Any) -> dict[str, Watched]:
    base = {"id": "M", "owner": "ops", "state": "quiet", "because": "It is quiet.",
            "blocks": False, "indicator": "1" * 64}  # fmt: skip
    return {"M": Watched(**{**base, **more})}


def test_an_alarm_fails_and_a_deaf_monitor_is_unknown(ask: Ask) -> None:
    assert ask("clause: monitors-heard", monitors=watched()).state == "pass"
    silent = ask("clause: monitors-heard", monitors=watched(state="silent", blocks=True))
    assert (silent.state, EXITS[silent.weight]) == ("unknown", 4)
    assert silent.remarks[0].element == "M"
    for standing in ("open", "confirmed", "not in the case"):
        alarm = Alarm(report=report("alarm"), standing=standing, owner="ops")
        found = ask("clause: monitors-heard", monitors=watched(state="alarm", alarms=(alarm,)))
        assert (found.state, EXITS[found.weight]) == ("fail", 1)
        assert "raised an alarm in record 9" in found.remarks[0].says
    done = Alarm(report=report("alarm"), standing="resolved", owner="ops")
    assert ask("clause: monitors-heard", monitors=watched(alarms=(done,))).state == "pass"


def test_attempts_are_counted_against_the_plan_or_over_all_registrations(
    ask: Ask, space: Workspace
) -> None:
    leaf = space.assess().leaves["E-COIN"]
    assert leaf.tally is not None

    def tried(**outcomes: int) -> dict[str, Any]:
        tally = dataclasses.replace(leaf.tally, outcomes=outcomes, earlier={"failed": 3}, budget=2)  # type: ignore[type-var]
        return {"leaves": {"E-COIN": dataclasses.replace(leaf, tally=tally)}}

    assert ask("clause: attempts-within", **tried(completed=1, failed=1)).state == "pass"
    over = ask("clause: attempts-within", **tried(completed=1, failed=2))
    assert (over.state, EXITS[over.weight]) == ("fail", 1)
    assert "E-COIN was tried 3 times, and 2 are allowed" in over.remarks[0].says
    five = tried(completed=1, failed=1)
    assert ask("clause: attempts-within, at_most: 5", **five).state == "pass"
    assert ask("clause: attempts-within, at_most: 4", **five).blocks


def test_a_model_has_to_be_known_as_surely_as_asked(ask: Ask, space: Workspace) -> None:
    def known(identity: str | None) -> History:
        rows = []
        for row in space.history.registrations:
            subject = {"weights": "m", "identity": identity} if identity else {"weights": "m"}
            rows.append(dataclasses.replace(row, recipe={**row.recipe, "subject": subject}))
        return dataclasses.replace(space.history, registrations=tuple(rows))

    for identity, least, passes in (
        ("weights", "weights", True),
        ("signed", "weights", False),
        ("signed", "fingerprint", True),
        ("reported", "fingerprint", False),
        ("reported", "reported", True),
        ("by its looks", "reported", False),
        (None, "reported", False),
    ):
        found = ask(f"clause: identity, at_least: {least}", history=known(identity))
        assert (found.state == "pass") is passes, (identity, least)


def test_a_key_without_an_owner_is_one_person_whatever_names_it_signs_with(
    reviewed: Path,
) -> None:
    sign(reviewed, "Grace", by="Somebody Else")
    sign(reviewed, "Alan", by="somebody  else")
    sign(reviewed, "Ada", by="Ada")
    space = open_case(reviewed, datetime.now(UTC))
    nameless = tuple(dataclasses.replace(k, owner="") for k in space.history.keys)
    facts = Facts(
        assessment=space.assess(),
        history=dataclasses.replace(space.history, keys=nameless),
        policy=default_policy(),
    )
    groups = people(facts, facts.assessment.review.sign_offs)
    assert [[s.by for s in group] for group in groups] == [
        ["Grace", "Somebody Else", "somebody  else"],  # one key, and then one name
        ["Ada"],
    ]


def test_an_assumption_that_nobody_owns_does_not_pass(reviewed: Path, ask: Ask) -> None:
    path = reviewed / "case.yaml"
    path.write_text(path.read_text("utf-8").replace("        owner: lead\n", ""), "utf-8")
    case = open_case(reviewed, datetime.now(UTC)).case
    found = ask("clause: assumptions-owned-and-unexpired", case=case)
    assert "nobody owns REGISTRY-COMPLETE" in [r.says for r in found.remarks]
    late = ask("clause: assumptions-owned-and-unexpired", at=datetime(2099, 4, 1, tzinfo=UTC))
    assert "REGISTRY-COMPLETE expired on 2099-03-01" in [r.says for r in late.remarks]


def test_a_refuted_root_is_overridden_by_nobody_and_an_unknown_one_may_be(
    reviewed: Path, space: Workspace
) -> None:
    override(reviewed, "verdict-holds")
    later = open_case(reviewed, datetime.now(UTC)).assess()
    policy = read_policy("policy: p\nrelease: []\nmerge: []\n", "p").policy
    assert policy is not None

    def state(verdict: str) -> str:
        assessment = dataclasses.replace(later, verdict=verdict)  # type: ignore[arg-type]
        facts = Facts(assessment=assessment, history=space.history, policy=policy)
        return clause(release(facts), "verdict-holds").state

    assert [state(v) for v in ("holds", "unknown", "insufficient", "fails", "not posed")] == [
        "pass", "overridden", "overridden", "fail", "fail",
    ]  # fmt: skip


def test_the_order_of_a_leaf_without_a_registration_is_not_known(
    ask: Ask, space: Workspace
) -> None:
    leaf = space.assess().leaves["E-COIN"]
    assert leaf.tally is not None

    def graded(**how: Any) -> dict[str, Any]:
        tally = dataclasses.replace(leaf.tally, **how)  # type: ignore[type-var]
        return {"leaves": {"E-COIN": dataclasses.replace(leaf, tally=tally)}}

    none = ask("clause: ordering-grade", **graded(ordering="none"))
    assert (none.state, EXITS[none.weight]) == ("fail", 1)
    never = ask("clause: ordering-grade", **graded(registration=None, ordering="none"))
    assert (never.state, EXITS[never.weight]) == ("unknown", 4)
    cosigned = graded(ordering="cosigned")
    assert ask("clause: ordering-grade, at_least: cosigned", **cosigned).state == "pass"
    assert ask("clause: ordering-grade, at_least: public", **cosigned).blocks
