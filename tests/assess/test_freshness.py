from __future__ import annotations

import copy
import dataclasses
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.assess.freshness_cases import EFFORT, ENDED, NOW, RECIPE, Given, event, planned, waiver

from safetycase.argument.model import Duration
from safetycase.assess.effort import enough
from safetycase.assess.freshness import REPORTED_DAYS, parse_time
from safetycase.assess.records import WORST_FIRST
from safetycase.ledger.vocabulary import EVENTS

FRESH = Given()


def paths(value: Any, at: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every field of a recipe, the whole of a mapping or list among them."""
    if at:
        yield at
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from paths(inner, (*at, key))


FIELDS = [p for p in paths(RECIPE) if len(p) > 1]


def other(value: Any) -> Any:
    """Some other value of the same kind."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    if isinstance(value, str):
        return value + "x"
    if isinstance(value, list):
        return [*value, "more"]
    return {**value, "more": "x"}


def mutated(recipe: dict[str, Any], path: tuple[str, ...], value: Any = ...) -> dict[str, Any]:
    found = copy.deepcopy(recipe)
    place = found
    for key in path[:-1]:
        place = place[key]
    if value is ...:
        place[path[-1]] = other(place[path[-1]])
    elif value is None:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return found


def test_the_leaf_is_fresh_as_it_stands() -> None:
    found = FRESH.current()
    assert found.freshness.word == "fresh"
    assert found.due is None
    assert found.freshness.causes == ()


@pytest.mark.parametrize("path", FIELDS, ids=".".join)
@pytest.mark.parametrize("gone", [False, True], ids=["changed", "removed"])
def test_every_recipe_field_mutated_in_turn_is_named(path: tuple[str, ...], gone: bool) -> None:
    now = mutated(RECIPE, path, None if gone else ...)
    group = path[0]
    if group == "effort":
        # Effort is what the leaf asks for now; asking less of what was done is no change.
        asked = FRESH.but(now_is=now, evidence=demanding(path[1], now))
        if gone:
            assert asked.word == "fresh"
            return
        found = asked.current().freshness
        assert found.word == "insufficient"
        assert f"effort.{path[1]}" in [c.field for c in found.causes]
        return
    given_now = FRESH.but(now_is=now)
    if group == "environment":
        if gone:
            given_now = given_now.but(environment={})
        else:
            given_now = given_now.but(environment=now["environment"])
    found = given_now.current().freshness
    named = ".".join(path)
    assert found.word == ("not applicable" if group == "subject" else "stale")
    assert any(c.field == named or c.field.startswith(named + ".") for c in found.causes)
    assert given_now.current().due


def demanding(name: str, recipe: dict[str, Any]) -> Any:
    effort = {k: v for k, v in recipe["effort"].items() if k in EFFORT}
    plan = planned(attempts=recipe["effort"].get("attempts", 1))
    return dataclasses.replace(FRESH.evidence, effort=effort, plan=plan)


@pytest.mark.parametrize("path", [p for p in FIELDS if p[0] != "environment"], ids=".".join)
def test_a_digest_that_was_never_recorded_does_not_pass(path: tuple[str, ...]) -> None:
    if path[0] == "effort":
        # More effort than was recorded is asked for: what is not recorded is not enough.
        found = FRESH.but(registered=mutated(RECIPE, path, None)).current().freshness
        assert found.word in ("insufficient", "stale")
        return
    found = FRESH.but(registered=mutated(RECIPE, path, None)).current().freshness
    assert found.word != "fresh"


@pytest.mark.parametrize(
    "registered",
    [
        {},
        {"subject": {"weights": "m"}},
        {k: v for k, v in RECIPE.items() if k != "environment"},
        RECIPE | {"subject": "m"},
        RECIPE | {"further": {"x": 1}},
        RECIPE | {"instrument": {"method": "toy/coin"}},
    ],
)
def test_a_recipe_of_another_form_is_never_fresh(registered: dict[str, Any]) -> None:
    found = FRESH.but(registered=registered).current()
    assert found.freshness.word == "stale"
    assert "another form" in found.freshness.detail
    assert found.due


def test_the_environment_is_recorded_and_counts_only_where_it_is_named() -> None:
    changed = FRESH.but(environment={**FRESH.environment, "processor": "B"})
    assert changed.word == "fresh"
    evidence = dataclasses.replace(FRESH.evidence, environment=("python", "processor"))
    now = mutated(RECIPE, ("environment",), {"python": "3.11.7", "processor": "A"})
    assert FRESH.but(evidence=evidence, now_is=now).word == "fresh"
    now["environment"]["processor"] = "B"
    found = FRESH.but(evidence=evidence, now_is=now).current().freshness
    assert (found.word, found.detail) == ("stale", "environment.processor")
    # What was not recorded may have been anything.
    evidence = dataclasses.replace(FRESH.evidence, environment=("python", "driver"))
    now["environment"] = {"python": "3.11.7", "driver": "1"}
    found = FRESH.but(evidence=evidence, now_is=now).current().freshness
    assert (found.word, found.causes[0].was) == ("stale", "not recorded")


@pytest.mark.parametrize(
    ("name", "asked", "done", "is_enough"),
    [
        ("epochs", 5, "5", True),
        ("epochs", 5, "5.0", True),
        ("epochs", 5, 6, True),
        ("epochs", 5, "4.99", False),
        ("epochs", 5, None, False),
        ("epochs", 5, "NaN", False),
        ("epochs", 5, "many", False),
        ("access", "grey box", "White-box", True),
        ("access", "white box", "fine tuning", True),
        ("access", "white box", "black box", False),
        ("access", "white box", "some", False),
        ("elicitor", "A", "A", True),
        ("elicitor", "A", "B", False),
        ("elicitor", "A", None, False),
    ],
)
def test_effort_is_ordered(name: str, asked: Any, done: Any, is_enough: bool) -> None:
    assert enough(name, asked, done) is is_enough


def test_measured_effort_goes_before_what_was_promised() -> None:
    short = FRESH.but(measurement={"effort": {"epochs": "3"}}).current()
    assert short.freshness.detail == "effort.epochs: 3, 5 asked"
    assert short.due is None  # the same registration would try no harder
    more = FRESH.but(evidence=dataclasses.replace(FRESH.evidence, effort={"epochs": 9})).current()
    assert more.freshness.detail == "effort.epochs: 5, 9 asked"
    assert more.due


@pytest.mark.parametrize(
    ("asked", "known", "said", "word"),
    [
        ("weights", "weights", None, "fresh"),
        ("weights", "signed", None, "insufficient"),
        ("fingerprint", "signed", None, "fresh"),
        ("reported", "reported", None, "fresh"),
        ("reported", "", None, "insufficient"),
        ("signed", "weights", "reported: by the log", "insufficient"),
        (None, "", None, "fresh"),
    ],
)
def test_identity_is_graded(asked: Any, known: str, said: str | None, word: str) -> None:
    recipe = mutated(RECIPE, ("subject", "identity"), known)
    evidence = dataclasses.replace(FRESH.evidence, identity=asked)
    diagnostics = {"identity": said} if said else {}
    found = FRESH.but(
        registered=recipe,
        now_is=recipe,
        evidence=evidence,
        measurement={"effort": {}, "diagnostics": diagnostics},
    ).current()
    assert found.freshness.word == word


def test_a_reported_model_expires_by_default() -> None:
    recipe = mutated(RECIPE, ("subject", "identity"), "reported")
    evidence = dataclasses.replace(FRESH.evidence, identity=None, valid_for=None)
    leaf = FRESH.but(registered=recipe, now_is=recipe, evidence=evidence)
    assert leaf.word == "fresh"
    late = leaf.but(now=NOW + timedelta(days=REPORTED_DAYS)).current()
    assert late.freshness.word == "expired"
    assert "reported name" in late.freshness.detail
    assert late.due
    # Weights that were hashed here do not change by themselves.
    assert FRESH.but(evidence=evidence, now=NOW + timedelta(days=3650)).word == "fresh"


def test_time_alone_makes_it_expire() -> None:
    assert FRESH.but(now=NOW + timedelta(days=80)).word == "fresh"
    late = FRESH.but(now=NOW + timedelta(days=100)).current()
    assert (late.freshness.word, late.freshness.detail) == ("expired", "2027-02-18")


def test_no_span_of_validity_is_too_long_to_add_up() -> None:
    ever = Duration(text="9000 years", seconds=9000 * 366 * 86400)
    evidence = dataclasses.replace(FRESH.evidence, valid_for=ever)
    assert FRESH.but(evidence=evidence).word == "fresh"


def test_a_run_that_is_still_to_come_is_no_result_now() -> None:
    ended = parse_time(ENDED)
    assert FRESH.but(now=ended - timedelta(hours=20)).word == "fresh"  # clocks differ
    found = FRESH.but(now=ended - timedelta(days=2)).current()
    assert found.freshness.word == "unknown"
    assert "a clock is wrong" in found.freshness.detail
    assert found.due


def test_a_result_counts_on_what_was_registered_as_measured() -> None:
    moved = FRESH.but(distribution="the wild")
    renamed = FRESH.but(evidence=dataclasses.replace(FRESH.evidence, distribution="throws"),
                        registered_on="the laboratory")  # fmt: skip
    for leaf, was in ((moved, "throws"), (renamed, "the laboratory")):
        found = leaf.current()
        assert (found.freshness.word, found.due is None) == ("not applicable", False)
        assert ("distribution", was) in [(c.field, c.was) for c in found.freshness.causes]
        assert leaf.but(waivers=(waiver(leaf, "distribution"),)).word == "not applicable"


def test_an_undeclared_input_warns_and_taints_once_it_changed() -> None:
    seen = {"undeclared": [["secret.txt", "5" * 64]]}
    same = FRESH.but(observed=seen, undeclared={"secret.txt": "5" * 64}).current()
    assert same.freshness.word == "fresh"
    assert same.freshness.warnings == ("undeclared input: secret.txt; declare it under `inputs`",)
    for now in ({"secret.txt": "6" * 64}, {"secret.txt": ""}, {}):
        found = FRESH.but(observed=seen, undeclared=now).current()
        assert found.freshness.word == "tainted"
        assert "secret.txt" in found.freshness.detail
        assert found.due
    unknown = {"undeclared": [["big.bin", ""]]}
    assert FRESH.but(observed=unknown, undeclared={"big.bin": ""}).word == "tainted"


def test_an_input_that_changed_during_the_run_taints_it() -> None:
    for leaf in (
        FRESH.but(end={"changed_during_run": ["items.txt"]}),
        FRESH.but(observed={"changed": ["items.txt"]}),
    ):
        found = leaf.current().freshness
        assert (found.word, found.detail) == ("tainted", "items.txt changed during the run")


@pytest.mark.parametrize("word", [w for w in EVENTS if w != "key-revoked"])
@pytest.mark.parametrize(
    "about",
    [
        {},
        {"evidence": ["E"]},
        {"claim": ["B", "C"]},
        {"method": ["toy/coin"], "method_version": ["1.0.0"]},
        {"code": ["f" * 64]},
        {"code": ["2" * 64]},
        {"file": ["1" * 64]},
        {"weights": ["m"]},
        {"weights_sha256": ["a" * 64]},
        {"weights_sha256": ["c" * 64]},
        {"weights": ["g"]},
        {"distribution": ["throws"]},
    ],
    ids=str,
)
def test_an_event_about_the_leaf_invalidates_it(word: str, about: dict[str, Any]) -> None:
    found = FRESH.but(events=(event(word, **about),)).current().freshness
    assert found.word == "invalidated"
    assert found.detail == f"{word}, record 9 of 2026-11-22: it was found out"


@pytest.mark.parametrize(
    "about",
    [
        {"evidence": ["F"]},
        {"method": ["toy/coin"], "method_version": ["1.0.1"]},
        {"method": ["toy/other"], "method_version": ["1.0.0"]},
        {"file": ["9" * 64]},
        {"evidence": ["E"], "claim": ["D"]},
        {"distribution": ["other"]},
    ],
    ids=str,
)
def test_an_event_about_something_else_does_not(about: dict[str, Any]) -> None:
    assert FRESH.but(events=(event("dataset-withdrawn", **about),)).word == "fresh"


def test_what_was_wrong_with_the_instrument_stays_wrong() -> None:
    about = {"method": ["toy/coin"], "method_version": ["1.0.0"]}
    earlier = event("instrument-revoked", seq=1, **about)
    found = FRESH.but(events=(earlier,)).current()
    assert found.freshness.word == "invalidated"
    assert found.due is None  # another run of that version would be no better
    mended = mutated(RECIPE, ("instrument", "method_version"), "1.0.1")
    assert FRESH.but(events=(earlier,), now_is=mended).current().due
    # An event about runs, not about what they used, is cleared by a run that starts after it.
    assert FRESH.but(events=(event("capabilities-changed", seq=1, weights=["m"]),)).word == "fresh"
    assert FRESH.but(events=(event("evaluation-bug-found", seq=1, evidence=["E"]),)).word == "fresh"


def test_a_waiver_lets_exactly_what_it_names_pass() -> None:
    changed = FRESH.but(now_is=mutated(RECIPE, ("instrument", "files", "helpers.py")))
    good = waiver(changed, "instrument.files.helpers.py")
    found = changed.but(waivers=(good,)).current()
    assert (found.freshness.word, found.due) == ("fresh", None)
    assert str(found.freshness.waived[0]) == (
        "equivalent by waiver of Grace until 2027-01-01 (instrument.files.helpers.py): a comment"
    )
    for bad in (
        waiver(changed, "instrument.files.items.txt"),
        waiver(changed, "instrument.files.help"),
        waiver(changed, "instrument", reviewer=" ada "),
        waiver(changed, "instrument", keyid="1" * 64),
        waiver(changed, "instrument", expires="2026-11-25T23:59:59Z"),
        waiver(changed, "instrument", old_recipe="0" * 64),
        waiver(changed, "instrument", new_recipe="0" * 64),
        waiver(changed, "instrument", seq=1),
    ):
        assert changed.but(waivers=(bad,)).word == "stale"


@pytest.mark.parametrize(
    "path",
    [
        ("subject", "weights"),
        ("subject", "weights_sha256"),
        ("subject", "weights_files"),
        ("subject", "provider"),
        ("subject", "identity"),
        ("sampling", "planned_n"),
    ],
)
def test_nobody_can_waive_another_model_or_other_sampling(path: tuple[str, ...]) -> None:
    changed = FRESH.but(now_is=mutated(RECIPE, path))
    whole = waiver(changed, "subject", "instrument", "sampling", "criterion", ".".join(path))
    assert changed.but(waivers=(whole,)).word != "fresh"
    moved = FRESH.but(criterion="rate <= 0.3")
    assert moved.but(waivers=(waiver(moved, "criterion"),)).word == "stale"


def test_what_cannot_be_known_is_unknown() -> None:
    for leaf, says in (
        (FRESH.but(now_is=None, unreadable="no weights"), "no weights"),
        (FRESH.but(problem="it cannot be read"), "it cannot be read"),
        (FRESH.but(outcome=None, measurement=None), "the last attempt has not ended"),
        (FRESH.but(outcome="failed", measurement=None), "the last attempt failed"),
        (FRESH.but(measurement=None), "the last attempt completed without a measurement"),
    ):
        found = leaf.current().freshness
        assert (found.word, found.detail) == ("unknown", says)


def test_a_leaf_measured_elsewhere_is_not_due_for_that_alone() -> None:
    found = FRESH.but(distribution="other throws").but(
        evidence=dataclasses.replace(FRESH.evidence, distribution="throws")
    )
    assert found.current().freshness.word == "not applicable"
    assert found.current().due is None


def test_a_used_up_budget_is_not_run_again() -> None:
    spent = FRESH.but(outcome="failed", measurement=None, plan={"attempts": 1, "n": 1, "budget": 1})
    assert spent.current().due is None
    assert "budget of its registration is used up" in spent.current().freshness.detail


# Each thing that can go wrong with a leaf, as a change of what it is judged from.
TROUBLES = {
    "stale": lambda g: g.but(now_is=mutated(g.now_is, ("instrument", "parameters", "n"))),
    "not applicable": lambda g: g.but(now_is=mutated(g.now_is, ("subject", "scaffold"))),
    "expired": lambda g: g.but(now=g.now + timedelta(days=400)),
    "invalidated": lambda g: g.but(events=(*g.events, event("serious-incident"))),
    "tainted": lambda g: g.but(end={"changed_during_run": ["items.txt"]}),
    "insufficient": lambda g: g.but(
        evidence=dataclasses.replace(g.evidence, effort={"epochs": 10**9})
    ),
    "unknown": lambda g: g.but(problem="it cannot be read"),
}


@pytest.mark.slow
@settings(max_examples=120, deadline=None)
@given(st.lists(st.sampled_from(sorted(TROUBLES)), min_size=1, max_size=7))
def test_the_worst_is_named_first_and_nothing_makes_it_better(names: list[str]) -> None:
    leaf, worst = FRESH, "fresh"
    for name in names:
        leaf = TROUBLES[name](leaf)
        found = leaf.current().freshness
        assert WORST_FIRST.index(found.word) <= WORST_FIRST.index(worst)  # type: ignore[arg-type]
        worst = found.word
    assert worst == min(set(names), key=WORST_FIRST.index)  # type: ignore[arg-type]
    told = [also.partition(" (")[0] for also in found.also]
    assert {worst, *told} == set(names)


@pytest.mark.slow
@settings(max_examples=120, deadline=None)
@given(
    st.lists(st.sampled_from(FIELDS), max_size=4),
    st.lists(
        st.tuples(
            st.sampled_from([w for w in EVENTS if w != "key-revoked"]),
            st.sampled_from([{}, {"evidence": ["E"]}, {"file": ["1" * 64]}, {"claim": ["X"]}]),
            st.integers(1, 20),
        ),
        max_size=4,
    ),
)
def test_adding_events_never_freshens(
    changed: list[tuple[str, ...]], happened: list[tuple[str, dict[str, Any], int]]
) -> None:
    recipe = copy.deepcopy(RECIPE)
    for path in changed:
        recipe = mutated(recipe, path) if _has(recipe, path) else recipe
    leaf, rank = FRESH.but(now_is=recipe), len(WORST_FIRST)
    for word, about, seq in [("", {}, 0), *happened]:
        if word:
            leaf = leaf.but(events=(*leaf.events, event(word, seq=seq, **about)))
        found = WORST_FIRST.index(leaf.word)  # type: ignore[arg-type]
        assert found <= rank
        rank = found


def _has(recipe: Any, path: tuple[str, ...]) -> bool:
    for key in path:
        if not isinstance(recipe, dict) or key not in recipe:
            return False
        recipe = recipe[key]
    return True
