"""Challenges contest what they are against until a ruling; signatures count for what was signed."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.assess.reviewed_cases import (
    AT,
    DEFENDED,
    GRACE,
    KEYS,
    QUIET,
    TEAM,
    challenge,
    dissent,
    key,
    override,
    plain,
    response,
    reviewed,
    ruling,
    sign_off,
)
from tests.assess.watched_cases import ROOT, SPARE
from tests.conftest import HEADER

from safetycase.argument.header import Author
from safetycase.argument.load import load
from safetycase.argument.model import Case
from safetycase.assess.records import Assessment
from safetycase.assess.what_if import what_if
from safetycase.ledger.fold import AttemptRecord, Registration

CASE = plain()


def told(assessment: Assessment, name: str) -> str:
    return " ".join(reason.says for reason in assessment.states[name].reasons)


def test_without_a_review_nothing_is_different() -> None:
    found = reviewed(CASE)
    assert found.verdict == "holds", found.headline
    assert found.review.challenges == ()
    assert found.review.sign_offs == ()
    assert found.review.count("open") == 0


@pytest.mark.parametrize("severity", ["major", "critical"])
@pytest.mark.parametrize("target", ["SAFE", "ROUTES", "RARE", "LOOKS", "FAIR"])
def test_an_open_challenge_contests_its_target(severity: str, target: str) -> None:
    found = reviewed(CASE, challenge(CASE, target, severity))
    (raised,) = found.review.challenges
    assert (raised.standing, raised.contests, raised.doubt) == ("open", True, "C1")
    assert raised.targets == (target,)
    assert found.states[target].truth == "unknown"
    assert found.states[target].attackers == ("C1",)
    assert found.states["C1"].support == "supported"
    assert found.verdict == "unknown"
    assert found.root.confidence is None
    assert "1 challenge stands: C1" in found.no_number_because


def test_a_minor_one_is_shown_and_contests_nothing() -> None:
    found = reviewed(CASE, challenge(CASE, "RARE", "minor"))
    (raised,) = found.review.challenges
    assert (raised.standing, raised.contests, raised.doubt) == ("open", False, "")
    assert found.verdict == "holds"
    assert "Challenge C1 (minor, open) of Grace stands and changes no status" in told(found, "RARE")


def test_it_stands_until_it_is_ruled_answered_or_withdrawn() -> None:
    raised = challenge(CASE, "RARE")
    verdicts = {}
    for outcome in ("conceded", "answered", "withdrawn"):
        found = reviewed(CASE, raised, response(), ruling(outcome))
        verdicts[outcome] = found.verdict
        assert found.review.challenges[0].standing == outcome
        assert found.review.count(outcome) == 1
    assert verdicts == {"conceded": "unknown", "answered": "holds", "withdrawn": "holds"}
    assert reviewed(CASE, raised, response()).verdict == "unknown"
    again = reviewed(CASE, raised, response(), ruling(), ruling("conceded", seq=13))
    assert again.review.challenges[0].standing == "conceded"
    assert again.verdict == "unknown"


def test_the_reasons_name_who_raised_it_what_was_said_and_the_way_on() -> None:
    raised = challenge(CASE, "RARE", "critical")
    found = reviewed(CASE, raised)
    says = told(found, "C1")
    assert "Grace raised challenge C1 (critical) on 2026-11-19 (record 10) against RARE." in says
    assert "Nobody has responded to it." in says
    assert "`safetycase review respond C1 --says TEXT`" in says
    assert "`safetycase review resolve C1 --as answered|withdrawn --reason TEXT`" in says
    assert "An undefeated doubt stands against it: Nobody looked at night." in told(found, "RARE")
    later = told(reviewed(CASE, raised, response(), ruling("conceded")), "C1")
    assert "Team responded on 2026-11-19 (record 11): We looked." in later
    assert "Ada ruled it conceded on 2026-11-19 (record 12): it is so." in later


ANSWERS = """\
defeaters:
  - {defeater: C1, against: SPARE, says: An answer beforehand., answered_by: [SPARE]}
  - {defeater: D2, against: C1, says: The challenge is wrong.}
"""
ACCEPTED = """\
defeaters:
  - defeater: C1
    against: RARE
    says: An answer beforehand.
    accepted: {doubt: 0.0001, because: it is small, owner: board, expires: 2099-01-01}
"""


@pytest.mark.parametrize("written", [ANSWERS, ACCEPTED, ANSWERS.replace("[SPARE]", "[LIGHT]")])
def test_no_file_answers_attacks_or_accepts_it(written: str) -> None:
    case = plain(SPARE + written)
    found = reviewed(case, challenge(case, "RARE"))
    (raised,) = found.review.challenges
    assert raised.doubt == "C1.challenge"  # what the file calls so is something else
    assert found.states["RARE"].support == "contested"
    assert found.states["C1.challenge"].support == "supported"
    assert found.verdict == "unknown"
    ruled = reviewed(case, challenge(case, "RARE"), response(), ruling())
    assert ruled.states["RARE"].truth == "true"


def test_an_element_that_takes_the_name_hides_no_challenge() -> None:
    case = plain("claims:\n  - {claim: C1, says: This is no challenge.}\n")
    found = reviewed(case, challenge(case, "RARE"))
    assert found.states["RARE"].attackers == ("C1.challenge",)
    assert found.states["C1"].kind == "claim"


def test_a_challenge_of_a_doubt_keeps_it_standing() -> None:
    case = plain(DEFENDED)
    before = reviewed(case)
    assert before.states["D"].truth == "false"
    assert before.root.truth == "true"
    found = reviewed(case, challenge(case, "D"))
    assert found.states["D"].truth == "unknown"
    assert found.states["RARE"].support == "contested"
    assert found.verdict == "unknown"
    assert "While challenge C1 stands, nothing answers it." in told(found, "D")
    ruled = reviewed(case, challenge(case, "D"), response(), ruling())
    assert ruled.verdict == before.verdict


def test_an_accepted_doubt_that_is_challenged_is_accepted_no_longer() -> None:
    case = plain(
        "defeaters:\n  - {defeater: D, against: RARE, says: The light., accepted: "
        "{doubt: 0.0001, because: small, owner: Ida, expires: 2099-01-01}}\n"
    )
    assert reviewed(case).verdict == "holds"
    assert reviewed(case, challenge(case, "D")).states["RARE"].support == "contested"


def test_one_against_what_is_gone_stays_open_and_bears_on_the_root() -> None:
    found = reviewed(CASE, challenge(CASE, "GONE"))
    (raised,) = found.review.challenges
    assert (raised.standing, raised.element, raised.targets) == ("open", None, ("SAFE",))
    assert found.verdict == "unknown"
    assert "The case no longer has GONE." in told(found, "C1")
    minor = reviewed(CASE, challenge(CASE, "GONE", "minor"))
    assert minor.review.standing[0].element is None
    assert minor.verdict == "holds"


CONTEXT = """\
hazards:
  - {hazard: H, says: It lands on its edge., covered_by: [RARE]}
  - {hazard: H-OUT, says: It is stolen., excluded_because: it is chained}
problems: []
"""


@pytest.mark.parametrize(
    ("name", "targets"),
    [("H", ("RARE",)), ("H-OUT", ("SAFE",)), ("M", ("SAFE",)), ("REGISTRY-COMPLETE", None)],
)
def test_what_is_neither_true_nor_false_stands_for_what_it_is_for(
    name: str, targets: tuple[str, ...] | None
) -> None:
    case = plain(CONTEXT.replace("problems: []\n", ""))
    found = reviewed(case, challenge(case, name))
    (raised,) = found.review.challenges
    assert raised.targets == (targets or ("REGISTRY-COMPLETE", "SAFE"))
    assert found.verdict == "unknown"


def test_steps_are_found_by_their_place() -> None:
    found = reviewed(CASE, challenge(CASE, "RARE.by"))
    assert found.review.challenges[0].element == "LOOKS"
    assert found.states["LOOKS"].attackers == ("C1",)


def test_a_change_of_the_case_answers_nothing_and_is_said() -> None:
    raised = dataclasses.replace(challenge(CASE, "RARE"), digest="0" * 64)
    found = reviewed(CASE, raised)
    assert found.review.challenges[0].changed
    assert found.verdict == "unknown"
    assert "changed since it was raised; that alone answers nothing" in told(found, "C1")


def test_a_sign_off_counts_for_what_was_signed() -> None:
    found = reviewed(CASE, sign_off(CASE))
    (signed,) = found.review.sign_offs
    assert (signed.current, signed.independent, signed.counts, signed.because) == (
        True, True, True, "",
    )  # fmt: skip
    assert found.verdict == "holds"
    assert "Grace signed it as accept on 2026-11-19 (record 20), which counts." in told(
        found, "SAFE"
    )
    later = plain(DEFENDED)
    (old,) = reviewed(later, sign_off(CASE)).review.sign_offs
    assert (old.current, old.independent, old.counts) == (False, True, False)
    assert old.because == ("an earlier version was signed: SAFE, or what it rests on, changed")
    (part,) = reviewed(later, sign_off(CASE, "FAIR")).review.sign_offs
    assert part.counts
    (gone,) = reviewed(CASE, sign_off(CASE, "GONE")).review.sign_offs
    assert (gone.current, gone.because) == (False, "the case no longer has GONE")


def registered(keyid: str, evidence: str = "E", claim: str = "RARE") -> Registration:
    return Registration(
        seq=5, at=AT, evidence=evidence, claim=claim, criterion="rate <= 0.2", level="0.95",
        plan={}, recipe={}, recipe_digest="0" * 64, exploratory=False, seed=0, body={},
        keyid=keyid,
    )  # fmt: skip


def attempt(keyid: str) -> AttemptRecord:
    return AttemptRecord(id="1", registration=5, start_seq=6, started_at=AT, body={},
                         start_body={}, keyid=keyid)  # fmt: skip


SECOND = "d" * 64


@pytest.mark.parametrize(
    ("says", "history"),
    [
        ("the key that signed it is an author's too",
         {"keys": (*KEYS[:2], key(GRACE, "Grace", "author", "reviewer"))}),
        ("grace also holds the key", {"keys": (*KEYS, key(SECOND, "gRACE ", "author", seq=4))}),
        ("the key that signed it registered E", {"registrations": (registered(GRACE),)}),
        ("the key that signed it ran E",
         {"registrations": (registered(TEAM),), "attempts": (attempt(GRACE),)}),
        ("another key of grace ran E",
         {"keys": (*KEYS, key(SECOND, " GRACE", "runner", seq=4)),
          "registrations": (registered(TEAM),), "attempts": (attempt(SECOND),)}),
    ],
)  # fmt: skip
def test_nobody_signs_what_they_made(says: str, history: dict[str, Any]) -> None:
    (signed,) = reviewed(CASE, sign_off(CASE), **history).review.sign_offs
    assert (signed.current, signed.independent, signed.counts) == (True, False, False)
    assert says in signed.because.casefold().replace(" e", " E") or says in signed.because


@pytest.mark.parametrize(
    ("by", "says"),
    [
        ("lead", "lead owns REGISTRY-COMPLETE"),
        ("  LEAD ", "owns REGISTRY-COMPLETE"),
        ("Mint", "Mint owns FAIR"),
        ("Board", "takes the decision"),
        ("bo  ard", None),
    ],
)
def test_nobody_signs_what_they_answer_for(by: str, says: str | None) -> None:
    (signed,) = reviewed(CASE, sign_off(CASE, by=by)).review.sign_offs
    assert signed.independent is (says is None), signed.because
    assert (says or "") in signed.because


def test_the_owner_of_the_key_is_looked_at_as_the_name_is() -> None:
    keys = (*KEYS[:2], key(GRACE, "Mint"))
    (signed,) = reviewed(CASE, sign_off(CASE, by="somebody"), keys=keys).review.sign_offs
    assert "Mint owns FAIR" in signed.because


def test_a_part_that_one_has_no_hand_in_may_be_signed() -> None:
    (whole,) = reviewed(CASE, sign_off(CASE, by="mint")).review.sign_offs
    (part,) = reviewed(CASE, sign_off(CASE, "REGISTRY-COMPLETE", by="mint")).review.sign_offs
    assert (whole.independent, part.independent) == (False, True)
    case = plain(SPARE)
    elsewhere = {"registrations": (registered(GRACE, evidence="LIGHT", claim="SPARE"),)}
    assert reviewed(case, sign_off(case), **elsewhere).review.sign_offs[0].independent


def test_a_new_name_of_what_was_run_makes_nobody_independent() -> None:
    renamed = {"registrations": (registered(GRACE, evidence="E-OLD", claim="OLD"),)}
    (signed,) = reviewed(CASE, sign_off(CASE), **renamed).review.sign_offs
    assert signed.because == "the key that signed it registered E-OLD"


def test_authors_named_in_the_header_do_not_sign() -> None:
    header = dataclasses.replace(CASE.header, authors=(Author(name="Grace"),))
    case: Case = dataclasses.replace(CASE, header=header)
    (signed,) = reviewed(case, sign_off(case)).review.sign_offs
    assert "Grace is named as an author of the case" in signed.because


def test_two_rules_that_fail_are_both_named() -> None:
    (signed,) = reviewed(CASE, sign_off(CASE, by="lead", digest="0" * 64)).review.sign_offs
    assert "an earlier version was signed" in signed.because
    assert "owns REGISTRY-COMPLETE" in signed.because


def test_dissent_is_permanent_and_changes_no_status() -> None:
    found = reviewed(CASE, dissent(CASE))
    assert found.review.dissents[0].current
    assert found.verdict == "holds"
    assert "Beside it stands the dissent of Ida (record 30, 2026-11-19)" in told(found, "SAFE")
    later = plain(DEFENDED)
    old = reviewed(later, dissent(CASE))
    assert not old.review.dissents[0].current
    assert "the dissent from an earlier version of Ida" in told(old, "SAFE")


def test_an_override_is_in_force_until_its_day_and_for_what_it_was_about() -> None:
    assert reviewed(CASE, override(CASE)).review.overrides[0].in_force
    over = reviewed(CASE, override(CASE, expires="2026-11-20T12:00:00Z")).review.overrides[0]
    assert (over.current, over.in_force) == (True, False)
    old = reviewed(plain(DEFENDED), override(CASE)).review.overrides[0]
    assert (old.current, old.in_force) == (False, False)


def test_who_raised_a_challenge_of_their_own_case_is_known() -> None:
    rows = [challenge(CASE, "RARE", id=f"C{n}", seq=10 + n, keyid=k)
            for n, k in enumerate((TEAM, GRACE, SECOND))]  # fmt: skip
    keys = (*KEYS, key(SECOND, " team", "reviewer", seq=4))
    found = reviewed(CASE, *rows, keys=keys).review.challenges
    assert [c.own for c in found] == [True, False, True]


def test_several_challenges_are_told_apart() -> None:
    found = reviewed(
        CASE,
        challenge(CASE, "RARE"),
        challenge(CASE, "RARE", "critical", id="NIGHT", seq=11),
        challenge(CASE, "FAIR", "minor", id="C3", seq=12),
        response("NIGHT"),
        ruling(name="NIGHT"),
    )
    assert [c.id for c in found.review.standing] == ["C1", "C3"]
    assert [c.id for c in found.review.contesting] == ["C1"]
    assert found.states["RARE"].attackers == ("C1",)
    words = ("open", "answered", "conceded", "withdrawn")
    assert [found.review.count(w) for w in words] == [2, 1, 0, 0]  # type: ignore[arg-type]
    assert found.review.doubt("C1") is not None
    assert found.review.doubt("NIGHT") is found.review.doubt("") is None


def test_what_if_it_were_answered() -> None:
    case = plain(DEFENDED)
    found = reviewed(case, challenge(case, "D"), challenge(case, "FAIR", id="C2", seq=11))
    assert what_if(found, ["C1=answered"]).after.values["D"] is False
    assert what_if(found, ["C1=answered"]).after.values["SAFE"] is None
    both = what_if(found, ["C1=answered", "C2=answered"])
    assert both.after.values["SAFE"] is True
    assert what_if(found, ["C2=answered"]).after.values["RARE"] is None


EDITS = (
    lambda text: text.replace("claim: RARE", "claim: SELDOM"),
    lambda text: text.replace("claim: RARE", "claim: C1"),
    lambda text: f"{text}{ANSWERED}",
    lambda text: text.replace("Heads are rare.", "Heads are known to be rare."),
    lambda text: text.replace("target: 0.90", "target: 0.10"),
    lambda text: text.replace("says: The coin is fair.", "says: The coin is fair at night too."),
)  # fmt: skip
ANSWERED = """\
defeaters:
  - {defeater: D-C1, against: SPARE, says: Wrong., answered_by: [SPARE]}
  - {defeater: C1.challenge, against: SPARE, says: Taken over., answered_by: [SPARE]}
"""


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.sampled_from(EDITS), unique=True),
    st.sampled_from(["SAFE", "ROUTES", "RARE", "LOOKS", "FAIR", "REGISTRY-COMPLETE"]),
    st.sampled_from(["major", "critical"]),
    st.sampled_from([(), (response(),), (response(), ruling("conceded"))]),
)
def test_no_edit_of_a_file_makes_a_challenged_case_hold(
    edits: list[Any], target: str, severity: str, said: tuple[Any, ...]
) -> None:
    text = f"{HEADER}{ROOT}{SPARE}monitors:\n  - {QUIET}\n"
    for edit in edits:
        text = edit(text)
    case = load(text, "case.yaml").case
    assert case is not None
    raised = dataclasses.replace(challenge(CASE, target, severity))
    found = reviewed(case, raised, *said)
    assert found.verdict != "holds"
    assert [c.id for c in found.review.standing] == ["C1"]
    assert found.root.truth == "unknown"


@pytest.mark.parametrize(
    ("says", "rows", "history"),
    [
        ("the key that signed it is an author's too", (),
         {"keys": (*KEYS[:2], key(GRACE, "Grace", "author", "reviewer"))}),
        ("Grace also holds the key", (), {"keys": (*KEYS, key(SECOND, "GRACE", "author", seq=4))}),
        ("Grace also holds the key", (),
         {"keys": (*KEYS, key(SECOND, "Gr\u200bace", "author", seq=4))}),
        ("the key that signed it registered E", (), {"registrations": (registered(GRACE),)}),
        ("ADA responded to it in record 15", (response(seq=15, by="ADA"),), {}),
        ("Grace responded to it in record 15",
         (response(seq=15, by="Grace", keyid=SECOND),), {}),
    ],
)  # fmt: skip
def test_nobody_calls_a_challenge_to_their_own_work_answered(
    says: str, rows: tuple[Any, ...], history: dict[str, Any]
) -> None:
    raised = challenge(CASE, "RARE", keyid="e" * 64, by="Bo")
    found = reviewed(CASE, raised, response(), *rows, ruling(), **history)
    (challenged,) = found.review.challenges
    (ruled,) = challenged.rulings
    assert (ruled.counts, challenged.standing, challenged.contests) == (False, "open", True)
    assert says in ruled.because
    assert f"That does not count: {ruled.because}." in told(found, "C1")
    assert found.verdict == "unknown"
    assert reviewed(CASE, raised, response(), ruling()).verdict == "holds"


def test_who_owns_what_is_challenged_does_not_rule_that_it_is_answered() -> None:
    raised = challenge(CASE, "FAIR", keyid="e" * 64, by="Bo")
    owner = getattr(CASE.elements["FAIR"], "owner", None)
    assert owner is not None
    (own,) = reviewed(CASE, raised, response(), ruling(by=owner)).review.challenges
    assert (own.standing, own.rulings[0].because) == ("open", f"{owner} owns FAIR")
    (conceded,) = reviewed(CASE, raised, ruling("conceded", by=owner)).review.challenges
    assert conceded.standing == "conceded"


def test_a_ruling_that_does_not_count_replaces_none_that_does() -> None:
    raised = challenge(CASE, "RARE", keyid="e" * 64, by="Bo")
    told = (response(), ruling("conceded", seq=12), ruling(seq=13, by="Ida"))
    header = dataclasses.replace(CASE.header, authors=(Author(name="ida"),))
    case = dataclasses.replace(CASE, header=header)
    (found,) = reviewed(case, raised, *told).review.challenges
    assert (found.standing, [r.counts for r in found.rulings]) == ("conceded", [True, False])


@pytest.mark.parametrize(
    ("says", "history"),
    [
        ("the key that signed it is an author's too",
         {"keys": (*KEYS[:2], key(GRACE, "Grace", "author", "reviewer"))}),
        ("grace also holds the key", {"keys": (*KEYS, key(SECOND, "gRACE ", "author", seq=4))}),
        ("the key that signed it registered E", {"registrations": (registered(GRACE),)}),
    ],
)  # fmt: skip
def test_nobody_overrides_a_policy_for_their_own_work(says: str, history: dict[str, Any]) -> None:
    (found,) = reviewed(CASE, override(CASE), **history).review.overrides
    assert (found.current, found.in_force) == (True, False)
    assert says in found.because.replace("Grace", "grace").replace("gRACE ", "grace")
    owner = CASE.header.decision.owner  # who takes the decision may well be who has to decide
    (given,) = reviewed(CASE, override(CASE, by=owner)).review.overrides
    assert (given.in_force, given.because) == (True, "")


def test_an_author_of_the_case_is_known_by_name_as_well() -> None:
    header = dataclasses.replace(CASE.header, authors=(Author(name="Grace"),))
    case = dataclasses.replace(CASE, header=header)
    found = reviewed(case, challenge(case, "RARE"), override(case)).review
    assert found.challenges[0].own
    assert found.overrides[0].because == "Grace is named as an author of the case"
    keys = (*KEYS[:2], dataclasses.replace(KEYS[2], vouched=False))
    (raised,) = reviewed(CASE, challenge(CASE, "RARE"), keys=keys).review.challenges
    assert (raised.own, raised.vouched, raised.contests) == (False, False, True)
