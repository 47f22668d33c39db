"""A template can be supported in the end: no answer waits for itself, and each part matters."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from tests.templates.test_templates import METHODS, NAMES, by_method, instance, loaded

from safetycase.argument.graph import attackers
from safetycase.argument.model import Argument, Assumption, Case, Claim, Defeater, Evidence
from safetycase.assess.logic import Facts, solve

Value = bool | None
GIVEN = "GIVEN-"  # stands for what a case puts in the place of an open claim


def values(case: Case, leaves: Mapping[str, Value] | None = None) -> Mapping[str, Value]:
    """The truth of every element when all leaves pass and all that is open was closed.

    Open claims rest on evidence of the case's own, and doubts that the template leaves without an
    answer are answered by the case. `leaves` says otherwise for some.
    """
    elements = dict(case.elements)
    found: dict[str, Value] = {n: True for n, e in elements.items() if isinstance(e, Evidence)}
    for name, element in case.elements.items():
        if isinstance(element, Claim) and element.by is None:
            given = Evidence(id=GIVEN + name, because="The case closed it.")
            elements[given.id] = given
            found[given.id] = True
            elements[name] = Claim(id=name, says=element.says, by=given.id)
    answered = [
        n for n, e in case.elements.items() if isinstance(e, Defeater) and not e.answered_by
    ]
    found.update(leaves or {})
    return solve(
        Facts(
            elements=elements,
            leaves=found,
            assumed={n: True for n, e in elements.items() if isinstance(e, Assumption)},
            blocked=frozenset(),
            attacks=attackers(case),
            accepted=frozenset(answered),
            silent=frozenset(),
        )
    )


@pytest.mark.parametrize("name", NAMES)
def test_if_every_leaf_passes_and_every_problem_is_solved_the_root_is_supported(name: str) -> None:
    case = instance(name)
    got = values(case)
    unknown = [
        n
        for n, e in case.elements.items()
        if isinstance(e, Claim | Argument | Evidence | Assumption) and got[n] is not True
    ]
    assert unknown == [], "these wait for each other"
    assert got["T"] is True


@pytest.mark.parametrize("method", METHODS)
def test_that_holds_for_every_oversight_method(method: str) -> None:
    assert values(by_method(method))["T"] is True


@pytest.mark.parametrize("name", NAMES)
def test_every_leaf_matters_to_something(name: str) -> None:
    case = instance(name)
    for leaf in [n for n, e in case.elements.items() if isinstance(e, Evidence)]:
        got = values(case, {leaf: None})
        lost = [n for n, e in case.elements.items() if isinstance(e, Claim) and got[n] is not True]
        assert lost, f"{leaf} can be left out without loss"


# Leaves of one of several legs do not carry the root alone; these do, by the source's argument.
CARRIES = {
    "control": ("E-CONTROL", "E-SUBSTITUTES", "E-HORIZON", "E-CONFIGURATION", "E-AUDITORS"),
    "debate": ("E-KC1-2-PLATEAU", "E-KC1-3-ELICITATION", "E-KC2-1-THEORY-DEBATE", "E-KC3-DRIFT"),
    "misuse-safeguards": ("E-EVASION", "E-UPLIFT", "E-SHIFT", "E-RESPONSE"),
    "cyber-inability": ("E-AGENT-UPLIFT", "E-PEOPLE-AUTONOMOUS", "E-PLATEAU"),
    "cot-monitoring": ("E-NO-THOUGHT", "E-PARAPHRASE", "E-MONITOR", "E-PRESSURE"),
    "dynamic": ("E-SPEAKS-RECALL", "E-CONSISTENT"),
    "big": ("E-BENEFIT", "E-REQUIREMENTS-WRITER", "E-ACCEPTABLE-PUBLIC"),
}


@pytest.mark.parametrize("name", sorted(CARRIES))
def test_without_a_leaf_that_carries_the_root_is_open(name: str) -> None:
    for leaf in CARRIES[name]:
        assert values(instance(name), {f"T/{leaf}": None})["T"] is None, leaf


def test_the_scheming_case_needs_one_of_its_three_arguments_and_no_alignment() -> None:
    case = instance("scheming")
    legs = {
        "T/SCHEMING-INABILITY": "T/E-DECEPTIVE-REASONING",
        "T/HARM-INABILITY-POISONING": "T/E-HARM-POISONING",
        "T/HARM-CONTROL-POISONING": "T/E-CONTROL-POISONING",
    }
    for kept in legs:
        got = values(case, {leaf: None for leg, leaf in legs.items() if leg != kept})
        assert [leg for leg in legs if got[leg] is True] == [kept]
        assert got["T"] is True
    assert values(case, dict.fromkeys(legs.values()))["T"] is None
    assert values(case, {"T/E-HONEYPOTS": None, "T/E-TRAINING-AUDIT": False})["T"] is True


def test_a_pathway_needs_one_of_its_two_mitigations() -> None:
    case = instance("sabotage-pathways")
    propensity, monitoring = "T/E-TEMPTED-BACKDOORS", "T/E-MONITORING-BACKDOORS"
    assert values(case, {propensity: None})["T"] is True
    assert values(case, {monitoring: None})["T"] is True
    assert values(case, {propensity: None, monitoring: None})["T"] is None


def test_an_undetermined_challenge_neither_passes_nor_fails() -> None:
    case = instance("scheming-inability")
    awareness = [
        n for n, e in case.elements.items() if isinstance(e, Evidence) and "AWARENESS" in n
    ]
    stealth = [n for n, e in case.elements.items() if isinstance(e, Evidence) and "STEALTH" in n]
    assert (len(stealth), len(awareness)) == (5, 11)
    none_of_awareness: dict[str, Value] = dict.fromkeys(awareness, False)
    two_failed: dict[str, Value] = {**none_of_awareness, **dict.fromkeys(stealth[:3], False)}
    # Refuted awareness legs leave the case contested until somebody answers for them; here they
    # are undetermined instead, as three stealth challenges are.
    for failed, supported in ((2, True), (1, None)):
        undetermined: dict[str, Value] = dict.fromkeys([*awareness, *stealth[failed:]])
        assert values(case, undetermined)["T/LACKS-STEALTH"] is supported
        assert values(case, undetermined)["T"] is supported
    assert values(case, two_failed)["T/LACKS-STEALTH"] is True


@pytest.mark.parametrize(
    ("name", "leaf"),
    [
        ("scheming", "E-SANDBAG-ABILITY"),
        ("scheming", "E-PROBES"),
        ("debate", "E-KC4-2-WORST"),
        ("sabotage-pathways", "E-MONITORING-BACKDOORS"),
        ("four-families", "E-CONTROL-ASSISTANT"),
    ],
)
def test_a_refuted_leg_does_not_stop_the_legs_that_stand_without_it(name: str, leaf: str) -> None:
    """Each such leg has a warrant under `despite`, which names the leg of this very instance."""
    got = values(instance(name), {f"T/{leaf}": False})
    assert got["T"] is True


def test_a_leg_that_is_left_out_takes_its_warrant_along() -> None:
    case = loaded("scheming", probes=False).case
    assert case is not None
    step = case.elements["T/SEEING"]
    assert isinstance(step, Argument)
    assert step.despite == {}
    assert step.premises == ("T/REASONING-LEGIBLE",)
