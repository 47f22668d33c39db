"""The difference of two cases: nothing goes unseen, loosening is named, impact reaches the root."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from tests.argument.strategies import cases, values
from tests.conftest import COIN

from safetycase.argument.compare import compare
from safetycase.argument.decode import hints_of
from safetycase.argument.diff import diff, same
from safetycase.argument.expression import parse
from safetycase.argument.graph import kind_of
from safetycase.argument.load import load
from safetycase.argument.model import Case
from safetycase.argument.references import rename_case, rename_element, renamer

QUICK = settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
BASE = (
    COIN
    + """\
defeaters:
  - {defeater: D, against: E-COIN, says: Is it fair?, answered_by: [FAIR]}
claims:
  - {claim: FAIR, says: It is fair.}
problems:
  - {problem: P, says: Open., blocks: [FAIR], closed_when: solved}
"""
)


def case(text: str) -> Case:
    found = load(text).case
    assert found is not None
    return found


def whats(old: str, new: str) -> list[tuple[str, str, str]]:
    return [(c.element, c.what, c.direction) for c in diff(case(old), case(new)).changes]


def edited(before: str, after: str) -> list[tuple[str, str, str]]:
    assert before in BASE
    return whats(BASE, BASE.replace(before, after))


@pytest.mark.parametrize(
    ("before", "after", "element", "what", "direction"),
    [
        ("rate <= 0.20", "rate <= 0.30", "RARE", "criterion loosened", "loosens"),
        ("rate <= 0.20", "rate <= 10%", "RARE", "criterion tightened", "tightens"),
        ("rate <= 0.20", "not rate > 20%", "RARE", "criterion rewritten, same meaning", ""),
        ("rate <= 0.20", "rate <= 0.2 or x <= 1", "RARE", "criterion loosened", "loosens"),
        ("rate <= 0.20", "rate <= 0.2 and x <= 1", "RARE", "criterion tightened", "tightens"),
        ("rate <= 0.20", "x <= 0.2", "RARE", "criterion changed", ""),
        ("        holds_when: rate <= 0.20\n", "", "RARE", "criterion removed", "loosens"),
        ("target: 0.90", "target: 0.80", "", "target lowered", "loosens"),
        ("target: 0.90", "target: 0.95", "", "target raised", "tightens"),
        ("10000 throws per", "20000 throws per", "", "volume raised", "loosens"),
        ("12 months", "24 months", "", "horizon raised", "loosens"),
        ("throws per month", "throws per day", "", "volume raised", "loosens"),
        ("throws per month", "throws per year", "", "volume lowered", "tightens"),
        ("throws per month", "flips per month", "", "volume changed", ""),
        ("10000 throws per month", "some throws", "", "volume changed", ""),
        ("12 months", "12 years", "", "horizon raised", "loosens"),
        ("12 months", "1 year", "", "horizon written otherwise", ""),
        ("40 staff", "400 staff", "", "users raised", "loosens"),
        ("expires: 2099-06-01", "expires: 2100-06-01", "", "decision extended", "loosens"),
        ("2099-03-01", "2099-04-01", "REGISTRY-COMPLETE", "expiry later", "loosens"),
        ("        owner: lead\n", "", "REGISTRY-COMPLETE", "owner lost", "loosens"),
        ("Heads are rare.", "Heads are few.", "RARE", "reworded", ""),
        ("90 days", "30 days", "E-COIN", "validity shortened", "tightens"),
        ("90 days", "1 year", "E-COIN", "validity extended", "loosens"),
        ("n: 400", "n: 40", "E-COIN", "parameters changed", ""),
        ("toy/coin", "toy/dice", "E-COIN", "method changed", ""),
        ("[items.txt]", "[items.txt, more.txt]", "E-COIN", "input added", ""),
        (", answered_by: [FAIR]", "", "D", "doubt unanswered", "tightens"),
        ("answered_by: [FAIR]", "answered_by: [FAIR, RARE]", "D", "answer added", "loosens"),
        ("answered_by: [FAIR]", "answered_by: [RARE]", "D", "answer replaced", "loosens"),
        (
            "answered_by: [FAIR]",
            "accepted: {doubt: 0.1, because: b, owner: o, expires: 2099-01-01}",
            "D",
            "doubt accepted",
            "loosens",
        ),
        ("decomposition", "alternatives", "ROUTES", "kind of step changed", "loosens"),
        ("    kind: decomposition\n", "    kind: decomposition\n    rule: any\n", "ROUTES",
         "rule changed", "loosens"),
        ("    kind: decomposition\n", "    kind: decomposition\n    exact: true\n", "ROUTES",
         "declared exact", "tightens"),
        ("says: Open., blocks: [FAIR]", "says: Open., blocks: [FAIR, RARE]", "P",
         "blocked element added", "tightens"),
    ],
)  # fmt: skip
def test_a_change_has_a_name_and_a_direction(
    before: str, after: str, element: str, what: str, direction: str
) -> None:
    assert (element, what, direction) in edited(before, after)


MORE = (
    BASE.replace(
        "          valid_for: 90 days\n",
        "          valid_for: 90 days\n"
        "          level: 0.95\n"
        "          plan: {attempts: 3, n: 100}\n"
        "          effort: {attempts: 2, access: grey box}\n"
        "          prior: {owner: o, because: b, rate_at_most: 0.01, with_probability: 0.9}\n",
    )
    .replace(
        "    kind: decomposition\n", "    kind: alternatives\n    despite: {RARE: It stands.}\n"
    )
    .replace(
        "claims:\n",
        """\
claims:
  - claim: TWO
    says: Two hold.
    by:
      argument: VOTE
      kind: incorporation
      rule: k of n
      k: 1
      because: Enough.
      premises: [FAIR, RARE]
""",
    )
    .replace("root:\n", "authors: [{name: Ada}]\nreviewers: [{name: Grace}]\nroot:\n")
    + """\
dependences:
  - dependence: IN
    says: One in the other.
    kind: contained
    among: [E-COIN, REGISTRY-COMPLETE]
    because: It is so.
"""
)


@pytest.mark.parametrize(
    ("before", "after", "element", "what", "direction"),
    [
        ("          level: 0.95\n", "", "E-COIN", "level removed", "loosens"),
        ("level: 0.95", "level: 0.99", "E-COIN", "level raised", "tightens"),
        ("attempts: 3, n: 100", "attempts: 2, n: 100", "E-COIN", "plan weakened", "loosens"),
        ("access: grey box", "access: white box", "E-COIN", "effort raised", "tightens"),
        ("access: grey box", "access: black box", "E-COIN", "effort lowered", "loosens"),
        ("rate_at_most: 0.01", "rate_at_most: 0.001", "E-COIN", "prior raised", "loosens"),
        ("rate_at_most: 0.01", "rate_at_most: 0.02", "E-COIN", "prior changed", ""),
        ("{RARE: It stands.}", "{RARE: It stands., REGISTRY-COMPLETE: So.}", "ROUTES",
         "refuted leg argued away", "loosens"),
        ("{RARE: It stands.}", "{RARE: It is so.}", "ROUTES", "reason for a refuted leg changed",
         ""),
        ("authors: [{name: Ada}]", "authors: []", "", "authors removed", "loosens"),
        ("authors: [{name: Ada}]", "authors: [{name: Eve}]", "", "authors replaced", "loosens"),
        ("[{name: Grace}]", "[{name: Grace}, {name: Eve, external: true}]", "",
         "reviewer called external", "loosens"),
        ("[FAIR, RARE]", "[FAIR, RARE, SAFE]", "VOTE", "premise added", "loosens"),
        ("[FAIR, RARE]", "[FAIR, RARE, RARE]", "VOTE", "premise added", "loosens"),
        ("premises: [FAIR, RARE]", "premises: [RARE, FAIR]", "VOTE", "premise reordered", ""),
        ("premises: [FAIR, RARE]", "premises: [FAIR]", "VOTE", "premise removed", "tightens"),
        ("says: It is fair.}", "says: It is fair., holds_when: rate <= 1}", "FAIR",
         "criterion added", ""),
        ("says: It is fair.}", "says: It is fair., by: {evidence: E, because: Seen.}}", "FAIR",
         "support added", ""),
        ("It is fair.}", "It is fair., by: {argument: A, kind: concretion, because: So., premises: "
         "[RARE]}}", "FAIR", "argument given", ""),
        ("kind: contained", "kind: exclusive", "IN", "other dependence declared", "loosens"),
        ("among: [E-COIN, REGISTRY-COMPLETE]", "among: [REGISTRY-COMPLETE, E-COIN]", "IN",
         "dependence turned round", "loosens"),
        ("among: [E-COIN, REGISTRY-COMPLETE]", "among: [E-COIN, ROUTES]", "IN",
         "dependence declared of others", "loosens"),
    ],
)  # fmt: skip
def test_what_asks_for_less_in_other_words_loosens(
    before: str, after: str, element: str, what: str, direction: str
) -> None:
    assert before in MORE
    assert (element, what, direction) in whats(MORE, MORE.replace(before, after))


WATCHED = (
    BASE
    + """\
monitors:
  - monitor: M
    says: Heads in use.
    owner: ops
    conditions: [RARE, FAIR]
    alarm_when: heads > 0.30
    alternative: [0.4]
    budget: 0.02
    run_length: 1000
    weight_at_most: 20
    canaries: {recall: 0.9, at_least: 0.8, budget: 0.02}
    window: 1 day
    heartbeat: 1 hour
    silent_after: 2 days
    loss: 0.01
    answer_within: 3 days
"""
)


@pytest.mark.parametrize(
    ("before", "after", "what", "direction"),
    [
        ("heads > 0.30", "heads > 0.40", "alarm goes off later", "loosens"),
        ("heads > 0.30", "heads > 0.25", "alarm goes off earlier", "tightens"),
        ("heads > 0.30", "0.3 < heads", "alarm rewritten, same meaning", ""),
        ("heads > 0.30", "tails > 0.30", "alarm changed", ""),
        ("    alarm_when: heads > 0.30\n", "", "alarm removed", "loosens"),
        ("    budget: 0.02\n", "    budget: 0.01\n", "error budget lowered, so alarms come later",
         "loosens"),
        ("    budget: 0.02\n", "", "error budget raised, so alarms come sooner", "tightens"),
        ("    budget: 0.02\n", "    budget: 0.02\n    warns_only: true\n",
         "only warns from now on", "loosens"),
        ("    budget: 0.02\n", "    budget: 0.02\n    detector: cusum\n", "detector changed",
         "loosens"),
        ("run_length: 1000", "run_length: 9000", "run length raised, so alarms come later",
         "loosens"),
        ("weight_at_most: 20", "weight_at_most: 30", "largest weight raised, so alarms come later",
         "loosens"),
        ("    owner: ops\n", "    owner: ops\n    detector: restarted\n", "detector changed", ""),
        ("    owner: ops\n", "    owner: ops\n    metric: heads\n", "metric written otherwise", ""),
        ("    owner: ops\n", "    owner: ops\n    metric: tails\n", "other events measured", ""),
        ("    owner: ops\n", "    owner: ops\n    kind: mean\n", "kind of indicator changed", ""),
        ("[0.4]", "[0.4, 0.5]", "alternative added", ""),
        ("at_least: 0.8", "at_least: 0.7", "canaries asked for less", "loosens"),
        ("at_least: 0.8", "at_least: 0.85", "canaries asked for more", "tightens"),
        ("0.8, budget: 0.02", "0.8, budget: 0.01", "canaries asked for less", "loosens"),
        ("recall: 0.9", "recall: 0.95", "canaries changed", ""),
        ("    canaries: {recall: 0.9, at_least: 0.8, budget: 0.02}\n", "", "canaries removed",
         "loosens"),
        ("window: 1 day", "window: 2 days", "window extended", ""),
        ("window: 1 day", "window: 24 hours", "window written otherwise", ""),
        ("    window: 1 day\n", "", "window removed", "loosens"),
        ("heartbeat: 1 hour", "heartbeat: 3 hours", "time between signs of life extended",
         "loosens"),
        ("silent_after: 2 days", "silent_after: 3 days", "tolerated silence extended", "loosens"),
        ("silent_after: 2 days", "silent_after: 36 hours", "tolerated silence shortened",
         "tightens"),
        ("    silent_after: 2 days\n", "", "tolerated silence removed", "loosens"),
        ("loss: 0.01", "loss: 0.5", "tolerated loss raised", "loosens"),
        ("    loss: 0.01\n", "", "tolerated loss lowered", "tightens"),
        ("answer_within: 3 days", "answer_within: 1 month", "time to answer extended", "loosens"),
        ("    answer_within: 3 days\n", "", "time to answer removed", "loosens"),
        ("[RARE, FAIR]", "[RARE]", "watched element removed", "loosens"),
    ],
)  # fmt: skip
def test_a_monitor_that_watches_less_or_later_loosens(
    before: str, after: str, what: str, direction: str
) -> None:
    assert WATCHED.count(before) == 1
    assert whats(WATCHED, WATCHED.replace(before, after)) == [("M", what, direction)]
    back = {"loosens": "tightens", "tightens": "loosens", "": ""}[direction]
    ((_, _, reverse),) = whats(WATCHED.replace(before, after), WATCHED)
    assert reverse == back


@pytest.mark.parametrize(
    ("heading", "line", "added", "removed"),
    [
        (
            "problems:\n",
            "  - {problem: P, says: Open., blocks: [FAIR], closed_when: solved}\n",
            ("P", "problem opened", "tightens"),
            ("P", "problem closed", "loosens"),
        ),
        (
            "defeaters:\n",
            "  - {defeater: D, against: E-COIN, says: Is it fair?, answered_by: [FAIR]}\n",
            ("D", "defeater raised", "tightens"),
            ("D", "defeater removed", "loosens"),
        ),
    ],
)
def test_what_comes_and_goes_is_named(
    heading: str, line: str, added: tuple[str, str, str], removed: tuple[str, str, str]
) -> None:
    less = BASE.replace(heading + line, "")
    assert less != BASE
    assert whats(less, BASE) == [added]
    assert whats(BASE, less) == [removed]


def test_an_assumption_that_is_added_is_read_first() -> None:
    more = BASE.replace("premises:\n", "premises:\n      - {assumption: NEW, says: So be it.}\n")
    found = diff(case(BASE), case(more))
    assert [c.what for c in found.loosening] == ["assumption added"]
    assert found.impact["ROUTES"].verdict == "REVISE"


@pytest.mark.parametrize(
    ("rule", "added", "removed"),
    [
        ("rule: all", "tightens", "loosens"),
        ("rule: any", "loosens", "tightens"),
        ("rule: k of n\n    k: 1", "loosens", "tightens"),
        ("rule: calculate\n    formula: rate", "", ""),
    ],
)
def test_what_a_further_premise_means_is_up_to_the_rule(
    rule: str, added: str, removed: str
) -> None:
    fewer = BASE.replace("    kind: decomposition\n", f"    kind: decomposition\n    {rule}\n")
    more = fewer.replace("premises:\n", "premises:\n      - FAIR\n")
    assert fewer != BASE
    assert ("ROUTES", "premise added", added) in whats(fewer, more)
    assert ("ROUTES", "premise removed", removed) in whats(more, fewer)


def test_impact_reaches_the_root_with_the_way_and_the_reason() -> None:
    found = diff(case(BASE), case(BASE.replace("n: 400", "n: 40")))
    verdicts = {name: impact.verdict for name, impact in found.impact.items()}
    assert verdicts == {
        "E-COIN": "REVISE",
        "RARE": "RECHECK",
        "ROUTES": "RECHECK",
        "SAFE": "RECHECK",
        "D": "REUSE",
        "FAIR": "REUSE",
        "P": "REUSE",
        "REGISTRY-COMPLETE": "REUSE",
    }
    assert found.impact["SAFE"].through == ("SAFE", "ROUTES", "RARE", "E-COIN")
    assert "parameters changed" in found.impact["SAFE"].because


def test_a_doubt_raised_below_is_a_reason_to_recheck() -> None:
    more = BASE.replace("claims:\n", "  - {defeater: D2, against: RARE, says: Hm.}\nclaims:\n")
    found = diff(case(BASE), case(more)).impact
    assert found["RARE"].verdict == found["SAFE"].verdict == "RECHECK"
    assert found["E-COIN"].verdict == "REUSE"


def test_a_premise_that_is_gone_makes_its_step_be_revised() -> None:
    new = case(BASE)
    rest = {n: e for n, e in new.elements.items() if n != "RARE"}
    found = diff(new, dataclasses.replace(new, elements=rest))
    assert found.impact["ROUTES"].verdict == "REVISE"
    assert "RARE is gone" in found.impact["ROUTES"].because


def test_a_change_of_the_system_asks_for_every_result_again() -> None:
    found = diff(case(BASE), case(BASE.replace("scaffold: none", "scaffold: agent")))
    assert [c.field for c in found.changes] == ["system.scaffold"]
    assert found.impact["E-COIN"].verdict == "RECHECK"
    assert found.impact["SAFE"].verdict == "RECHECK"


def test_renames_are_recognised_from_the_leaves_up() -> None:
    old = case(BASE)
    names = {"E-COIN": "E-THROW", "RARE": "SELDOM", "ROUTES": "WAYS"}
    found = diff(old, rename_case(old, names))
    assert dict(found.renamed) == names
    assert found.changes == ()
    assert {i.verdict for i in found.impact.values()} == {"REUSE"}


def test_what_moved_into_a_module_and_changed_is_still_the_same_element() -> None:
    old = case(BASE)
    new = rename_case(old, {"RARE": "m/RARE"})
    claim = dataclasses.replace(new.elements["m/RARE"], says="New words.")
    found = diff(old, dataclasses.replace(new, elements={**new.elements, "m/RARE": claim}))
    assert dict(found.renamed) == {"RARE": "m/RARE"}
    assert [(c.element, c.what) for c in found.changes] == [("m/RARE", "reworded")]


@pytest.mark.slow
@QUICK
@given(cases())
def test_a_case_does_not_differ_from_itself(one: Case) -> None:
    found = diff(one, one)
    assert not found
    assert {i.verdict for i in found.impact.values()} == {"REUSE"}


@pytest.mark.slow
@QUICK
@given(cases(), st.data())
def test_any_change_of_any_field_names_its_element(one: Case, data: Any) -> None:
    name = data.draw(st.sampled_from(sorted(one.elements)))
    element = one.elements[name]
    field = data.draw(st.sampled_from([f.name for f in dataclasses.fields(element)][1:]))
    ids: dict[str, tuple[str, ...]] = {}
    for other in one.elements.values():
        ids[kind_of(other)] = (*ids.get(kind_of(other), ()), other.id)
    drawn = values(hints_of(type(element))[field], ids)
    assume(drawn is not None)
    value = data.draw(drawn)
    assume(not same(value, getattr(element, field)))
    new = dataclasses.replace(element, **{field: value})
    found = diff(one, dataclasses.replace(one, elements={**one.elements, name: new}))
    assert [(c.element, c.field) for c in found.changes] == [(name, field.rstrip("_"))]
    assert found.changes[0].before != found.changes[0].after
    assert found.impact[name].verdict == "REVISE"


@pytest.mark.slow
@QUICK
@given(cases(), cases())
def test_what_comes_one_way_goes_the_other_way(one: Case, two: Case) -> None:
    there, back = diff(one, two), diff(two, one)
    assert set(there.added) == set(back.removed)
    assert set(there.removed) == set(back.added)
    assert {b: a for a, b in there.renamed.items()} == dict(back.renamed)


@pytest.mark.slow
@given(st.sampled_from(("<=", "<", ">=", ">")), *(st.integers(-9, 9) for _ in range(4)))
def test_looser_criteria_hold_wherever_the_old_one_does(
    op: str, a: int, b: int, c: int, d: int
) -> None:
    old = parse(f"x {op} {a} and 2 * y < {b} or not (x > {c})")
    new = parse(f"x {op} {c} and y < {d} or x <= {a}")
    relation = compare(old, new)
    points = [(x / 2, y / 2) for x in range(-22, 23) for y in range(-22, 23, 3)]
    held = [
        (old.decide({"x": (x, x), "y": (y, y)}), new.decide({"x": (x, x), "y": (y, y)}))
        for x, y in points
    ]
    if relation in ("looser", "same"):
        assert all(now for was, now in held if was)
    if relation in ("tighter", "same"):
        assert all(was for was, now in held if now)


@pytest.mark.parametrize(
    ("old", "new", "relation"),
    [
        ("a <= 1 and b <= 1", "a <= 1", "looser"),
        ("a <= 1", "a < 1", "tighter"),
        ("a + b <= 1", "2 * b + 2 * a <= 2", "same"),
        ("1 >= a", "a <= 1", "same"),
        ("a * b <= 1", "b * a <= 2", "looser"),
        ("a / b <= 1", "a / b <= 2", "looser"),
        ("a <= 1", "b <= 1", "changed"),
        ("a <= 0.1 or b <= 1", "a <= 0.1", "tighter"),
        ("not (a > 1 or b > 1)", "a <= 1 and b <= 1", "same"),
    ],
)
def test_criteria_are_compared_by_meaning(old: str, new: str, relation: str) -> None:
    assert compare(parse(old), parse(new)) == relation


def test_a_huge_criterion_is_compared_by_its_text() -> None:
    wide = " and ".join(f"(a{n} <= 1 or b{n} <= 1)" for n in range(30))
    assert compare(parse(wide), parse(wide + " and c <= 1")) == "changed"
    assert compare(parse(wide), parse(wide)) == "same"
    product = " * ".join(f"(a{n} + b{n})" for n in range(30)) + " <= 1"
    assert compare(parse(product), parse(product + " and c <= 1")) == "changed"
    tower = " and ".join(["a <= 1"] * 95)
    assert compare(parse(tower), parse(tower)) == "same"


def test_renaming_an_element_takes_what_it_says_of_others_along() -> None:
    one = case(BASE)
    argument = dataclasses.replace(one.elements["ROUTES"], despite={"RARE": "because"})
    found = rename_element(argument, renamer({"RARE": "X"}))
    assert found.despite == {"X": "because"}
    assert "X" in found.premises


def test_a_claim_that_is_merely_assumed_now_loosens_the_case() -> None:
    argued = BASE[BASE.index("      - claim: RARE") : BASE.index("defeaters:")]
    assumed = "      - {assumption: RARE, says: Heads are rare., owner: me, expires: 2099-01-01}\n"
    found = whats(BASE, BASE.replace(argued, assumed))
    assert ("RARE", "kind of element changed", "loosens") in found
    back = whats(BASE.replace(argued, assumed), BASE)
    assert ("RARE", "kind of element changed", "") in back


def test_what_is_asked_of_a_leaf_less_strictly_loosens_the_case() -> None:
    asked = (
        "          effort: {attempts: 4, access: white box}\n"
        "          identity: weights\n"
        "          environment: [python]\n"
        "          distribution: throws\n"
        "          prior: {owner: me, because: I think so., holds: 0.5}\n"
    )
    end = "          because: It is the coin.\n"
    full = BASE.replace(end, asked + end)
    found = {what: way for _, what, way in whats(full, BASE)}
    assert found == {
        "effort lowered": "loosens",
        "subject may be less surely known": "loosens",
        "part of the environment removed": "loosens",
        "distribution removed": "loosens",
        "prior removed": "loosens",
    }
    for old, new, what, way in (
        ("attempts: 4", "attempts: 3", "effort lowered", "loosens"),
        ("attempts: 4", "attempts: 5", "effort raised", "tightens"),
        ("identity: weights", "identity: reported", "subject may be less surely known", "loosens"),
        ("holds: 0.5", "holds: 0.6", "prior raised", "loosens"),
        ("holds: 0.5", "holds: 0.4", "prior changed", ""),
    ):
        assert whats(full, full.replace(old, new)) == [("E-COIN", what, way)]


def test_more_tries_and_a_lower_level_loosen_the_case() -> None:
    end = "          because: It is the coin.\n"
    for line, what, way in (
        ("level: 0.5", "level lowered", "loosens"),
        ("level: 0.99", "level added", ""),
        ("plan: {budget: 50}", "plan weakened", "loosens"),
        ("plan: {budget: 3}", "plan changed", ""),
        ("plan: {exploratory: 11}", "plan weakened", "loosens"),
    ):
        new = BASE.replace(end, f"          {line}\n{end}")
        assert whats(BASE, new) == [("E-COIN", what, way)]


def test_a_sketch_that_calls_itself_full_loosens_the_case() -> None:
    full = BASE.replace("maturity: sketch", "maturity: full")
    assert whats(BASE, full) == [("", "maturity raised", "loosens")]
    assert whats(full, BASE) == [("", "maturity lowered", "tightens")]


def test_the_attempts_that_no_plan_states_are_those_of_the_record() -> None:
    from safetycase.argument import judge
    from safetycase.ledger import attempts

    assert (judge.SPARE, judge.EXPLORATORY) == (attempts.SPARE, attempts.EXPLORATORY)
