"""The release gate: each clause passes where it should, and shuts for its reason alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.review.conftest import Ask, clause
from tests.review.green import AUTHOR, GREEN, challenge, digest, key, let_in, override, say, sign

from safetycase.assess.gated import Gated
from safetycase.assess.records import Waived
from safetycase.cli.gate import EXITS
from safetycase.ledger import History, Writer, read
from safetycase.ledger.keys import from_seed
from safetycase.ledger.record import stamp
from safetycase.review.gate import release
from safetycase.review.gate_facts import Facts
from safetycase.workspace.policies import policy_at


def shut(found: Gated) -> set[str]:
    return {c.clause for c in found.blocking}


def rewrite(folder: Path, old: str, new: str) -> None:
    path = folder / "case.yaml"
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


def test_a_full_case_that_was_run_challenged_and_accepted_is_released(
    reviewed: Path, ask: Ask
) -> None:
    found = ask(reviewed)
    assert shut(found) == set(), [(c.clause, c.says) for c in found.blocking]
    assert found.passed
    assert clause(found, "sign-off").says == "Signed by Grace."
    assert found.scope == digest(reviewed, "SAFE")
    assert found.until is not None
    assert found.ends_by in ("the result of E-COIN expires", "the policy says so")


def test_nothing_said_in_review_is_no_sign_of_quality(green: Path, ask: Ask) -> None:
    found = ask(green)
    assert shut(found) == {"review-asked", "sign-off"}
    assert {EXITS[c.weight] for c in found.blocking} == {5}
    assert "Nobody challenged this case" in clause(found, "review-asked").says
    assert "0 of 1 independent reviewers accept SAFE" in clause(found, "sign-off").says


Change = Callable[[Path], None]


def changed(old: str, new: str) -> Change:
    return lambda folder: rewrite(folder, old, new)


@pytest.mark.parametrize(
    ("change", "name", "code", "says", "line"),
    [
        (changed("maturity: full", "maturity: sketch"), "maturity-full", 1, "is a sketch", 3),
        (changed("maturity: full", "maturity: template"), "maturity-full", 1, "a template", 3),
        (changed("      - claim: RARE", "      - NOWHERE\n      - claim: RARE"), "well-formed", 2,
         "1 finding", 26),
        (changed("expires: 2099-06-01", "expires: 2020-06-01"), "decision-unexpired", 4,
         "expired on 2020-06-01", 5),
        (changed("        expires: 2099-03-01\n", ""), "assumptions-owned-and-unexpired", 1,
         "without an owner or an end", 21),
        (changed("rate <= 0.20", "rate <= 0.21"), "leaves-fresh", 4, "not count today", 31),
        (lambda f: (f / "items.txt").write_text("tail\n") and None, "leaves-fresh", 4,
         "not count today", 31),
        (changed("target: 0.90", "target: 0.999"), "verdict-holds", 4, "confidence insufficient",
         16),
        (changed("rate: 5", "rate: 60"), "verdict-holds", 4, "Not shown", 16),
    ],
)  # fmt: skip
def test_each_clause_shuts_for_its_reason_at_its_place(
    reviewed: Path, ask: Ask, change: Change, name: str, code: int, says: str, line: int
) -> None:
    change(reviewed)
    found = clause(ask(reviewed), name)
    assert found.blocks
    assert EXITS[found.weight] == code
    assert says in found.says
    assert found.hint
    at = found.remarks[0].at
    assert at is not None
    assert at.file.endswith("case.yaml")
    assert abs(at.line - line) <= 2, at


def test_a_record_that_was_tampered_with_does_not_verify(reviewed: Path, ask: Ask) -> None:
    log = reviewed / "ledger" / "log.jsonl"
    lines = log.read_bytes().splitlines(keepends=True)
    log.write_bytes(b"".join([*lines[:2], *lines[3:]]))
    found = clause(ask(reviewed), "record-verifies")
    assert (found.state, EXITS[found.weight]) == ("fail", 3)


def test_an_artefact_that_changed_does_not_verify(reviewed: Path, ask: Ask) -> None:
    objects = [p for p in (reviewed / "ledger" / "objects").rglob("*") if p.is_file()]
    objects[0].chmod(0o644)
    objects[0].write_bytes(objects[0].read_bytes() + b"x")
    assert EXITS[clause(ask(reviewed), "record-verifies").weight] == 3
    assert "record-verifies" in shut(ask(reviewed))


def test_a_sign_off_of_an_earlier_version_counts_for_nothing(reviewed: Path, ask: Ask) -> None:
    rewrite(reviewed, "says: The coin is safe.", "says: The coin is very safe.")
    found = clause(ask(reviewed), "sign-off")
    assert found.blocks
    assert "Grace:" in found.says
    sign(reviewed, "Grace")
    assert clause(ask(reviewed), "sign-off").state == "pass"


def test_one_person_with_two_names_is_one_reviewer(green: Path, ask: Ask) -> None:
    two = "policy: p\nrelease: [{clause: sign-off, count: 2}]\nmerge: []\n"
    sign(green, "Grace")
    sign(green, "Grace", by="Somebody Else")
    assert "1 of 2" in clause(ask(green, two), "sign-off").says
    sign(green, "Alan")
    assert clause(ask(green, two), "sign-off").state == "pass"


def test_a_rejection_shuts_the_gate_until_the_same_person_accepts(reviewed: Path, ask: Ask) -> None:
    sign(reviewed, "Alan", verdict="reject", says="The throws are not random.")
    found = clause(ask(reviewed), "sign-off")
    assert "Alan rejects SAFE (The throws are not random.)" in found.says
    assert EXITS[found.weight] == 5
    sign(reviewed, "Alan")
    assert clause(ask(reviewed), "sign-off").state == "pass"


def test_conditions_are_printed_or_refused(green: Path, ask: Ask) -> None:
    sign(green, "Grace", verdict="accept-with-conditions", conditions=["one coin only"])
    assert "Grace (on condition: one coin only)" in clause(ask(green), "sign-off").says
    strict = "policy: p\nrelease: [{clause: sign-off, conditions: refused}]\nmerge: []\n"
    assert clause(ask(green, strict), "sign-off").blocks


def test_a_policy_can_name_who_has_to_sign(green: Path, ask: Ask) -> None:
    named = "policy: p\nrelease: [{clause: sign-off, by: [ALAN, Ada]}]\nmerge: []\n"
    sign(green, "Grace")
    sign(green, "Grace", by="Ada")  # her name, but not her key
    assert clause(ask(green, named), "sign-off").blocks
    sign(green, "Alan")
    found = clause(ask(green, named), "sign-off")
    assert (found.state, found.says) == ("pass", "Signed by Alan.")


def test_a_name_that_is_not_that_of_the_key_is_shown_with_it(green: Path, ask: Ask) -> None:
    sign(green, "Grace", by="The regulator")
    override(green, "review-asked", by="The chief", who="Ada")
    found = ask(green)
    said = clause(found, "sign-off").says
    assert said == "Signed by The regulator (with the key of Grace)."
    assert found.overrides[0].by == "The chief (with the key of Ada)"
    assert clause(ask(green), "review-asked").state == "overridden"


def test_a_policy_can_ask_that_the_results_were_seen(reviewed: Path, ask: Ask) -> None:
    seen = "policy: p\nrelease: [{clause: sign-off, results: seen}]\nmerge: []\n"
    assert clause(ask(reviewed, seen), "sign-off").state == "pass"
    log = read(reviewed / "ledger").records
    start = next(r for r in log if r.kind == "attempt-start")
    body = {"registration": start.body["registration"], "attempt": "A-LATER"}
    with Writer(reviewed / "ledger", from_seed(AUTHOR, "author")) as writer:
        ran = writer.append("attempt-start", body, at=stamp(datetime.now(UTC))).seq
        ended = {"attempt": "A-LATER", "outcome": "failed", "reason": "it fell"}
        writer.append("attempt-end", ended, at=stamp(datetime.now(UTC)))
    said = clause(ask(reviewed, seen), "sign-off")
    assert said.blocks
    assert f"Grace: signed before the run of E-COIN in record {ran}" in said.says
    assert clause(ask(reviewed, seen.replace("seen", "any")), "sign-off").state == "pass"
    sign(reviewed, "Alan")
    assert clause(ask(reviewed, seen), "sign-off").says == "Signed by Alan."


def test_a_policy_can_name_keys_that_no_author_can_make(green: Path, ask: Ask) -> None:
    named = (
        f"policy: p\nrelease: [{{clause: sign-off, by: [{key('Grace').keyid[:32]}]}}]\nmerge: []\n"
    )
    let_in(green, "puppet", "reviewer", owner="Grace")
    sign(green, "puppet", by="Grace")
    assert clause(
        ask(green, named.replace(key("Grace").keyid[:32], "Grace")), "sign-off"
    ).state == ("pass")
    assert clause(ask(green, named), "sign-off").blocks
    sign(green, "Grace")
    assert clause(ask(green, named), "sign-off").state == "pass"
    sign(green, "puppet", by="Grace", verdict="abstain")  # another key, which is not asked
    assert clause(ask(green, named), "sign-off").state == "pass"


def test_a_validity_longer_than_time_ends_with_it_or_before(reviewed: Path, ask: Ask) -> None:
    found = ask(reviewed, "policy: p\nverdict_valid_for: 9000 years\nrelease: []\nmerge: []\n")
    assert found.ends_by == "the result of E-COIN expires"


def test_external_reviewers_are_those_the_case_calls_so(green: Path, ask: Ask) -> None:
    strict = "policy: p\nrelease: [{clause: sign-off, external: 1}]\nmerge: []\n"
    sign(green, "Grace")
    sign(green, "Alan", by="Grace")
    assert "0 of 1 external" in clause(ask(green, strict), "sign-off").says
    rewrite(green, "root:\n", "reviewers: [{name: GRACE, external: true}]\nroot:\n")
    assert clause(ask(green, strict), "sign-off").state == "pass"
    rewrite(green, "name: GRACE", "name: Ada")
    sign(green, "Alan", by="Ada")  # her name, but not her key
    assert clause(ask(green, strict), "sign-off").blocks


def test_a_policy_that_asks_for_what_the_case_lacks_says_so(green: Path, ask: Ask) -> None:
    found = clause(
        ask(green, "policy: p\nrelease: [{clause: sign-off, on: [NOWHERE]}]\nmerge: []\n"),
        "sign-off",
    )
    assert (EXITS[found.weight], "NOWHERE" in found.says) == (2, True)


def test_a_challenge_shuts_by_its_severity_until_it_is_answered(reviewed: Path, ask: Ask) -> None:
    challenge(reviewed, challenge="C2", severity="critical", says="It has two heads.")
    found = clause(ask(reviewed), "no-open-challenge")
    assert EXITS[found.weight] == 5
    assert "C2 (critical, open) against RARE, by Ada: It has two heads." in found.remarks[0].says
    say(reviewed, "Grace", "ruling", challenge="C2", outcome="conceded", reason="so it is", by="G")
    assert EXITS[clause(ask(reviewed), "no-open-challenge").weight] == 1
    say(reviewed, "Alan", "response", challenge="C2", says="I saw its tail.", by="Alan")
    say(reviewed, "Grace", "ruling", challenge="C2", outcome="answered", reason="no", by="G")
    assert clause(ask(reviewed), "no-open-challenge").state == "pass"


def test_ordering_and_attempts_follow_the_policy(reviewed: Path, ask: Ask) -> None:
    strict = (
        "policy: p\nrelease: [{clause: ordering-grade, at_least: cosigned}, "
        "{clause: attempts-within, at_most: 1}, {clause: identity, at_least: weights}]\nmerge: []\n"
    )
    found = ask(reviewed, strict)
    assert "E-COIN has the grade self" in clause(found, "ordering-grade").remarks[0].says
    assert clause(found, "attempts-within").state == "pass"
    assert clause(found, "identity").state in ("pass", "fail")


def test_an_override_opens_a_clause_for_a_time_and_is_always_printed(green: Path, ask: Ask) -> None:
    challenge(green)
    number = override(green, "sign-off")
    found = ask(green)
    over = clause(found, "sign-off")
    assert over.state == "overridden"
    assert found.passed
    assert over.override is not None
    assert (over.override.by, over.override.record) == ("Ada", number)
    later = ask(green, now="2098-06-01")
    assert "sign-off" in shut(later)
    assert later.overrides[0].idle == "it expired at 2098-01-01T00:00:00Z"


@pytest.mark.parametrize(
    ("old", "new", "name"),
    [
        ("maturity: full", "maturity: sketch", "maturity-full"),
        ("      - claim: RARE", "      - NOWHERE\n      - claim: RARE", "well-formed"),
    ],
)
def test_some_clauses_are_overridden_by_nobody(
    reviewed: Path, ask: Ask, old: str, new: str, name: str
) -> None:
    rewrite(reviewed, old, new)
    override(reviewed, name)
    found = ask(reviewed)
    assert clause(found, name).blocks
    assert found.overrides[0].idle == ""


def test_an_override_has_force_only_for_what_it_was_given_for(reviewed: Path, ask: Ask) -> None:
    override(reviewed, "assumptions-owned-and-unexpired", element="RARE")
    rewrite(reviewed, "        expires: 2099-03-01\n", "")
    found = ask(reviewed)
    assert clause(found, "assumptions-owned-and-unexpired").blocks
    override(reviewed, "assumptions-owned-and-unexpired", element="REGISTRY-COMPLETE")
    assert not clause(ask(reviewed), "assumptions-owned-and-unexpired").blocks
    rewrite(reviewed, "says: Every run is in the record.", "says: All runs are in the record.")
    found = ask(reviewed)
    assert clause(found, "assumptions-owned-and-unexpired").blocks
    assert "earlier version of REGISTRY-COMPLETE" in found.overrides[-1].idle


def test_it_ends_with_whatever_carries_it_and_ends_first(reviewed: Path, ask: Ask) -> None:
    soon = (datetime.now(UTC) + timedelta(days=3)).date()
    text = (reviewed / "case.yaml").read_text("utf-8")
    declared = f"""\
dependences:
  - dependence: APART
    kind: independent
    among: [REGISTRY-COMPLETE, E-COIN]
    says: They fail apart.
    because: They have nothing in common.
    owner: lead
    credence: {{at_least: 0.99, owner: lead, because: seen before}}
    expires: {soon}
"""
    (reviewed / "case.yaml").write_text(text + declared, "utf-8")
    found = ask(reviewed)
    assert clause(found, "well-formed").state == "pass"
    assert found.until is not None
    assert (found.until.date(), found.ends_by) == (soon, "the declared dependence APART expires")
    rewrite(reviewed, f"expires: {soon}", "expires: 2020-01-01")  # it adds nothing any more
    assert ask(reviewed).ends_by in ("the result of E-COIN expires", "the policy says so")


def test_the_end_of_a_waiver_ends_the_answer(reviewed: Path, ask: Ask) -> None:
    facts = ask(reviewed)
    leaf = facts.assessment.freshness["E-COIN"]
    until = (datetime.now(UTC) + timedelta(days=2)).replace(microsecond=0)
    waived = Waived(reviewer="Ada", author="lead", until=stamp(until), reason="x", fields=(),
                    record=9)  # fmt: skip
    freshness = {**facts.assessment.freshness, "E-COIN": replace(leaf, waived=(waived,))}
    assessment = replace(facts.assessment, freshness=freshness)
    policy = policy_at(reviewed).policy
    assert policy is not None
    found = release(Facts(assessment=assessment, history=History(), policy=policy))
    assert (found.until, found.ends_by) == (until, "the waiver for E-COIN expires")


def test_the_policy_says_how_long_an_override_can_stand(green: Path, ask: Ask) -> None:
    policy = "policy: p\noverride_valid_for: 30 days\nrelease: [{clause: sign-off}]\nmerge: []\n"
    override(green, "sign-off")
    found = ask(green, policy)
    assert clause(found, "sign-off").state == "overridden"
    assert found.until is not None
    assert found.ends_by == "the override of sign-off ends"
    assert found.until < datetime.now(UTC) + timedelta(days=31)
    assert found.overrides[0].until == stamp(found.until)
    later = f"{datetime.now(UTC) + timedelta(days=31):%Y-%m-%d}"
    found = ask(green, policy, now=later)
    assert clause(found, "sign-off").blocks
    assert found.overrides[0].idle.endswith("and the policy lets it stand for 30 days")


def test_an_author_overrides_nothing_by_a_second_key(green: Path, ask: Ask) -> None:
    author = read(green / "ledger").records[0].body["owner"]
    let_in(green, "twin", "reviewer", owner=author.upper())
    override(green, "sign-off", who="twin", by="the board")
    found = ask(green)
    assert clause(found, "sign-off").blocks
    (over,) = found.overrides
    assert over.idle.startswith(
        f"nobody overrides a policy for their own work: {author.upper()} also holds"
    )
    override(green, "sign-off")
    assert clause(ask(green), "sign-off").state == "overridden"


def test_a_rejection_is_shed_by_no_key_under_the_same_name(green: Path, ask: Ask) -> None:
    sign(green, "Grace", verdict="reject", says="It does not convince.")
    sign(green, "Alan")
    assert "Grace rejects SAFE" in clause(ask(green), "sign-off").says
    fake = key("fake", "Grace")  # an author's key by default: then Grace would be one, too
    with Writer(green / "ledger", fake) as writer:
        writer.append("key", fake.introduction(), at=stamp(datetime.now(UTC)))
    let_in(green, "Grace too", "reviewer", owner="Grace")
    sign(green, "Grace too", by="Grace")
    assert "Grace rejects SAFE" in clause(ask(green), "sign-off").says
    rewrite(green, "root:\n", "authors: [{name: Grace}]\nroot:\n")
    assert "Grace rejects SAFE" in clause(ask(green), "sign-off").says
    sign(green, "Grace", verdict="abstain")
    assert clause(ask(green), "sign-off").says == "Signed by Alan."


def test_a_challenge_by_a_key_that_nobody_let_in_is_not_counted(green: Path, ask: Ask) -> None:
    stranger = key("stranger")
    with Writer(green / "ledger", stranger) as writer:
        writer.append("key", stranger.introduction(roles=["runner"]), at=stamp(datetime.now(UTC)))
    assert challenge(green, "stranger")
    said = clause(ask(green), "review-asked")
    assert said.blocks
    assert "but holders of keys that no author let in (1)" in said.says
    challenge(green, challenge="C2")
    assert clause(ask(green), "review-asked").says == "1 challenge raised."


def test_only_the_authorities_of_the_policy_override(reviewed: Path, ask: Ask) -> None:
    strict = (
        "policy: p\nauthorities: [the chief]\nrelease: [{clause: sign-off, count: 3}]\nmerge: []\n"
    )
    override(reviewed, "sign-off")
    found = ask(reviewed, strict)
    assert "the board is no authority of the policy (the chief)" in found.overrides[0].idle
    assert "sign-off" in shut(found)
    override(reviewed, "sign-off", authority="The  Chief")
    assert ask(reviewed, strict).passed


def test_an_override_of_no_clause_says_so(reviewed: Path, ask: Ask) -> None:
    override(reviewed, "sign-of")
    (over,) = ask(reviewed).overrides
    assert over.idle == "the policy has no clause of that name (did you mean `sign-off`?)"


def test_a_dissent_is_always_shown_and_never_shuts(reviewed: Path, ask: Ask) -> None:
    say(reviewed, "Alan", "dissent", element="SAFE", digest=digest(reviewed, "SAFE"),
        says="Coins are unsafe.", by="Alan")  # fmt: skip
    found = ask(reviewed)
    assert found.passed
    assert [d.says for d in found.dissents] == ["Coins are unsafe."]


def test_the_answer_ends_with_the_first_thing_that_does(reviewed: Path, ask: Ask) -> None:
    long = "policy: p\nrelease: []\nmerge: []\n"
    assert ask(reviewed, long).ends_by == "the result of E-COIN expires"
    rewrite(reviewed, "valid_for: 90 days", "valid_for: 300 years")
    assert ask(reviewed, long).ends_by == "assumption REGISTRY-COMPLETE expires"
    short = "policy: p\nverdict_valid_for: 2 days\nrelease: []\nmerge: []\n"
    assert ask(reviewed, short).ends_by == "the policy says so"


def test_the_case_of_these_tests_is_the_one_that_is_written(reviewed: Path) -> None:
    assert (reviewed / "case.yaml").read_text("utf-8") == GREEN
