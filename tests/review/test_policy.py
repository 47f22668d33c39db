"""A policy is read strictly, never weaker than what no policy may leave out, and compared."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest

from safetycase.review.policy import ALWAYS, CLAUSES, OPTIONS, Policy
from safetycase.review.policy_compare import weakened
from safetycase.review.policy_default import DEFAULT_POLICY
from safetycase.review.policy_read import default_policy, read_policy

DOCS = Path(__file__).resolve().parents[2] / "docs"


def policy(text: str) -> Policy:
    found = read_policy(text, "policy.yaml")
    assert found.policy is not None, found.findings
    return found.policy


def test_the_built_in_policy_is_read_as_any_other() -> None:
    found = default_policy()
    assert found.digest == hashlib.sha256(DEFAULT_POLICY.encode()).hexdigest()
    assert [c.kind for c in found.release][:4] == list(ALWAYS["release"])
    assert found.verdict_valid_for is not None
    assert found.verdict_valid_for.seconds == 90 * 86400
    assert next(c for c in found.merge if c.kind == "loosening-signed").options.reviewers == 1


@pytest.mark.parametrize(
    ("text", "line", "code", "says", "hint"),
    [
        ("", 1, "F002", "empty", ""),
        ("- a\n", 1, "F005", "the policy is a mapping", ""),
        ("policy: p\nrelease: []\nmerge: []\nfoo: 1\n", 4, "F020", "no key `foo`", ""),
        ("policy: p\nrelease: []\n", 1, "F021", "lacks `merge`", "[]"),
        ("release: []\nmerge: []\n", 1, "F021", "the policy lacks `policy`", ""),
        ("policy: p\nrelease: []\nrelease: []\nmerge: []\n", 3, "F006", "`release` is given", ""),
        ("policy: p\nrelease:\n  - clause: sign-of\nmerge: []\n", 3, "F022",
         "`sign-of` is no clause of the release gate", "did you mean `sign-off`?"),
        ("policy: p\nrelease: []\nmerge:\n  - clause: maturity-full\n", 4, "F022",
         "no clause of the merge gate", "known here"),
        ("policy: p\nrelease:\n  - clause: sign-off\n    cuont: 2\nmerge: []\n", 4, "F020",
         "clause sign-off has no key `cuont`", "did you mean `count`?"),
        ("policy: p\nrelease:\n  - clause: sign-off\n    count: none\nmerge: []\n", 4, "F023",
         "`count` of clause sign-off is `none`", "expected a whole number"),
        ("policy: p\nrelease:\n  - clause: sign-off\n    count: 0\nmerge: []\n", 3, "F023",
         "`count` of clause sign-off is 0", "at least 1"),
        ("policy: p\nrelease:\n  - clause: sign-off\n    external: 2\nmerge: []\n", 3, "F023",
         "wants 2 external of 1", "raise `count`"),
        ("policy: p\nrelease:\n  - clause: leaves-fresh\n  - clause: leaves-fresh\nmerge: []\n", 4,
         "F013", "listed twice", "policy.yaml:3:5"),
        ("policy: p\nrelease:\n  - leaves-fresh\nmerge: []\n", 3, "F005", "is a mapping", ""),
        ("policy: p\nrelease:\n  - at_least: 1\nmerge: []\n", 3, "F021", "starts with", ""),
        ("policy: p\nrelease: &a []\nmerge: *a\n", 3, "F003", "alias", ""),
        ("policy: p\nrelease:\n  - clause: no-open-challenge\n    at_least: no\nmerge: []\n", 4,
         "F007", "means something else", ""),
    ],
)  # fmt: skip
def test_every_slip_is_a_finding_at_its_place_and_no_policy(
    text: str, line: int, code: str, says: str, hint: str
) -> None:
    found = read_policy(text, "policy.yaml")
    assert found.policy is None
    first = found.findings[0]
    assert (first.code, first.span.file, first.span.line) == (code, "policy.yaml", line)
    assert says in first.message
    assert hint in (first.hint or "")
    assert first.subject is None


def test_no_policy_leaves_out_what_is_always_asked_for() -> None:
    empty = policy("policy: p\nrelease: []\nmerge: []\n")
    assert [c.kind for c in empty.of("release")] == list(ALWAYS["release"])
    assert [c.kind for c in empty.of("merge")] == list(ALWAYS["merge"])
    some = policy("policy: p\nrelease: [{clause: verdict-holds}]\nmerge: []\n")
    kinds = [c.kind for c in some.of("release")]
    assert sorted(kinds) == sorted(ALWAYS["release"])


def test_one_rule_can_be_asked_for_twice_under_two_names() -> None:
    found = policy(
        "policy: p\nrelease:\n  - clause: sign-off\n  - clause: sign-off\n    as: two-on-rare\n"
        "    on: [RARE]\n    count: 2\nmerge: []\n"
    )
    assert [(c.name, c.options.on, c.options.count) for c in found.release] == [
        ("sign-off", (), 1),
        ("two-on-rare", ("RARE",), 2),
    ]


def test_what_a_policy_asks_less_of_is_named_and_what_it_asks_more_of_is_not() -> None:
    old = policy(
        "policy: p\nrecord: r/a\nauthorities: [board]\nverdict_valid_for: 30 days\nrelease:\n"
        "  - {clause: sign-off, count: 2}\n  - {clause: ordering-grade, at_least: cosigned}\n"
        "  - {clause: no-open-challenge, at_least: major}\n  - {clause: attempts-within}\n"
        "merge:\n  - {clause: loosening-signed, reviewers: 2}\n"
    )
    same = policy(DEFAULT_POLICY)
    assert weakened(same, same) == ()
    looser = policy(
        "policy: p\nauthorities: [board, anybody]\nrelease:\n"
        "  - {clause: sign-off, count: 1}\n  - {clause: ordering-grade, at_least: self}\n"
        "  - {clause: no-open-challenge, at_least: critical}\n"
        "merge:\n  - {clause: loosening-signed, reviewers: 1}\n"
    )
    said = "\n".join(weakened(old, looser))
    for words in (
        "count of sign-off was 2 and is 1",
        "at_least of ordering-grade was cosigned and is self",
        "at_least of no-open-challenge was major and is critical",
        "the clause attempts-within is gone",
        "reviewers of loosening-signed was 2 and is 1",
        "more people may override",
        "the record was r/a and is any",
        "a verdict lasts longer",
    ):
        assert words in said
    tighter = policy(
        "policy: p\nrecord: r/a\nauthorities: [board]\nverdict_valid_for: 7 days\nrelease:\n"
        "  - {clause: sign-off, count: 3, conditions: refused}\n"
        "  - {clause: ordering-grade, at_least: public}\n"
        "  - {clause: no-open-challenge, at_least: minor}\n  - {clause: attempts-within}\n"
        "  - {clause: review-asked}\n"
        "merge:\n  - {clause: loosening-signed, reviewers: 2, reworded: signed}\n"
    )
    assert weakened(old, tighter) == ()


def test_more_elements_to_sign_is_stricter_and_others_are_not() -> None:
    def on(words: str) -> Policy:
        return policy(f"policy: p\nrelease:\n  - {{clause: sign-off{words}}}\nmerge: []\n")

    assert weakened(on(", on: [A]"), on(", on: [A, B]")) == ()
    assert weakened(on(", on: [A]"), on(", on: [B]")) == ("release: on of sign-off was A and is B",)
    assert weakened(on(""), on(", on: [A]"))  # the root is signed no longer
    assert (
        weakened(on(""), on(", by: [A, B]")) == weakened(on(", by: [A, B]"), on(", by: [A]")) == ()
    )
    assert weakened(on(", by: [A]"), on("")) == ("release: by of sign-off was A and is not stated",)
    assert weakened(on(", by: [A]"), on(", by: [B]"))


def test_a_most_that_is_lowered_is_stricter_and_one_that_is_raised_is_not() -> None:
    def at_most(words: str) -> Policy:
        return policy(f"policy: p\nrelease:\n  - {{clause: attempts-within{words}}}\nmerge: []\n")

    assert weakened(at_most(", at_most: 3"), at_most(", at_most: 2")) == ()
    assert weakened(at_most(", at_most: 2"), at_most(", at_most: 3"))
    assert weakened(at_most(", at_most: 2"), at_most(""))


def test_the_reference_names_every_clause_every_option_and_the_default() -> None:
    text = (DOCS / "reference" / "policy.md").read_text("utf-8")
    block = re.search(r'```yaml title="default"\n(.*?)```', text, re.S)
    assert block is not None
    assert block[1] == DEFAULT_POLICY
    table = text.split("## Clauses")[1]
    for name in CLAUSES:
        row = next(line for line in table.splitlines() if line.startswith(f"| `{name}`"))
        for option in OPTIONS[name].__dataclass_fields__:
            assert f"`{option}`" in row, (name, option)
    assert set(CLAUSES) == set(OPTIONS)


def test_no_clause_goes_by_the_name_of_another() -> None:
    text = "policy: p\nrelease: [{clause: leaves-fresh, as: sign-off}]\nmerge: []\n"
    found = read_policy(text, "p.yaml")
    assert found.policy is None
    (finding,) = found.findings
    assert (finding.code, finding.span.line, finding.span.column) == ("F022", 2, 38)
    assert "`as: sign-off` would pass leaves-fresh for another clause" in finding.message
    same = "policy: p\nrelease: [{clause: sign-off, as: sign-off}]\nmerge: []\n"
    assert read_policy(same, "p.yaml").policy is not None


def test_an_override_that_may_stand_longer_is_less_asked_for() -> None:
    def lasting(words: str) -> Policy:
        return policy(f"policy: p\n{words}release: []\nmerge: []\n")

    old = lasting("override_valid_for: 30 days\n")
    for longer in ("override_valid_for: 31 days\n", ""):
        assert weakened(old, lasting(longer)) == ("an override lasts longer",)
    assert weakened(old, lasting("override_valid_for: 4 weeks\n")) == ()
    assert weakened(lasting(""), old) == ()
