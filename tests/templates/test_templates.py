"""The shipped templates: complete, honest about what is open, and true to their sources."""

from __future__ import annotations

import importlib.util
import itertools
import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml
from tests.conftest import HEADER, write_case
from tests.templates.published import PUBLISHED

from safetycase.argument.graph import blockers, supporting
from safetycase.argument.library import Library
from safetycase.argument.load import Loaded, load
from safetycase.argument.model import (
    Argument,
    Assumption,
    Case,
    Claim,
    Defeater,
    Element,
    Evidence,
    Hazard,
    Monitor,
    Problem,
)
from safetycase.checks.rules import Subject, check
from safetycase.workspace.folder import open_case

ROOT = Path(__file__).resolve().parent.parent.parent
DATA = ROOT / "src" / "safetycase" / "templates"
NAMES = tuple(sorted(p.stem for p in DATA.glob("*.yaml")))
NOW = datetime(2026, 12, 1, tzinfo=UTC)
SAFE = """\
root:
  claim: SAFE
  says: The system is safe.
  by:
    argument: WHOLE
    kind: decomposition
    because: It rests on the instance, if the record is complete.
    premises:
      - {assumption: REGISTRY-COMPLETE, says: All is recorded., owner: lead, expires: 2099-03-01}
      - use: NAME@VERSION
        as: T
        with: WITH
"""


@cache
def data(name: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = yaml.safe_load((DATA / f"{name}.yaml").read_text("utf-8"))
    return found


@cache
def text_of(name: str) -> str:
    return (DATA / f"{name}.yaml").read_text("utf-8")


LIBRARY = Library(
    names=lambda: NAMES,
    text=lambda name: (f"templates/{name}.yaml", text_of(name)) if name in NAMES else None,
)


def bound(name: str, **over: Any) -> dict[str, Any]:
    """Every parameter that has no default, bound to its example."""
    given = {
        key: parameter["example"]
        for key, parameter in data(name)["parameters"].items()
        if "default" not in parameter and not parameter.get("optional")
    }
    return json.loads(json.dumps({**given, **over}, default=str))  # type: ignore[no-any-return]


def case_text(name: str, extra: str = "", **over: Any) -> str:
    use = SAFE.replace("NAME", name).replace("VERSION", str(data(name)["version"]))
    return HEADER + use.replace("WITH", json.dumps(bound(name, **over))) + extra


def loaded(name: str, extra: str = "", **over: Any) -> Loaded:
    return load(case_text(name, extra, **over), library=LIBRARY)


@cache
def instance(name: str) -> Case:
    found = loaded(name)
    assert found.findings == ()
    assert found.case is not None
    return found.case


def elements(name: str, *kinds: type[Any]) -> Iterator[tuple[str, Any]]:
    for key, element in instance(name).elements.items():
        if isinstance(element, kinds) and key.startswith("T"):
            yield key, element


def errors(case: Case) -> list[str]:
    found = check(Subject(case=case, leaves={}))
    return [f"{f.code} {f.span.line}: {f.message}" for f in found if f.severity == "error"]


def test_the_templates_are_all_listed_with_what_their_source_names() -> None:
    assert set(NAMES) == set(PUBLISHED)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_an_instance_with_the_example_values_has_no_errors(name: str) -> None:
    case = instance(name)
    assert errors(case) == []
    # What the rules warn of is that hazards and monitors hang loose, which they do by nature.
    for found in check(Subject(case=case, leaves={})):
        assert isinstance(case.elements.get(found.subject or ""), Hazard | Monitor), found


def variants(name: str) -> Iterator[dict[str, Any]]:
    """Each value of each choice, each flag turned, and each list with one entry more."""
    for key, parameter in data(name)["parameters"].items():
        if parameter["type"] == "choice":
            yield from ({key: choice} for choice in parameter["choices"])
        elif parameter["type"] == "boolean":
            yield {key: not parameter.get("default", parameter.get("example"))}
        elif parameter["type"] == "list" and "id" in parameter.get("fields", ()):
            entries = parameter.get("example") or parameter.get("default")
            yield {key: [*entries, {**entries[0], "id": "ONE-MORE"}]}


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_every_choice_flag_and_list_gives_a_case_without_errors(name: str) -> None:
    for over in variants(name):
        found = loaded(name, **over)
        assert found.findings == (), over
        assert found.case is not None
        assert errors(found.case) == [], over


@pytest.mark.parametrize("name", NAMES)
def test_the_root_gets_the_name_of_the_instance(name: str) -> None:
    case = instance(name)
    assert isinstance(case.elements["T"], Claim)
    assert all(key in ("SAFE", "WHOLE", "REGISTRY-COMPLETE", "T") or key.startswith("T/")
               for key in case.elements)  # fmt: skip
    assert case.uses["T"].template == name


@pytest.mark.parametrize("name", NAMES)
def test_parameters_are_typed_explained_and_used(name: str) -> None:
    head = data(name)
    assert re.search(r"arXiv:\d{4}\.\d{5}", head["source"])
    assert len(head["says"]) > 60
    body = text_of(name).split("\nroot:", 1)[1]
    assert head["parameters"]
    for key, parameter in head["parameters"].items():
        assert parameter["says"].strip(), key
        assert "default" in parameter or "example" in parameter, f"`new` cannot ask for {key}"
        used = rf"\{{{key}[.}}]|={key}\b|in {key}\b|when: [^,\n]*\b{key}\b"
        assert re.search(used, body), f"{key} is not used"


def _names_a_bound(statistic: str) -> bool:
    return bool(re.search(r"\b(upper|lower)\b", statistic)) or "exact" in statistic


@pytest.mark.parametrize("name", NAMES)
def test_every_leaf_says_what_decides_it_and_when_it_is_stale(name: str) -> None:
    leaves = list(elements(name, Evidence))
    assert leaves
    claims = {c.by: c for _, c in elements(name, Claim) if c.by}
    for key, leaf in leaves:
        assert leaf.method is None, f"{key} is bound: templates leave leaves open"
        assert leaf.type, key
        assert leaf.statistic, key
        assert _names_a_bound(leaf.statistic), f"{key}: {leaf.statistic}"
        assert "level" in leaf.statistic, f"{key} does not speak of the level"
        assert leaf.stale_when, key
        assert len(leaf.because.split()) >= 8, f"{key} has no warrant"
        claim = claims[key]
        assert claim.holds_when, key
        assert set(leaf.reads) == set(claim.holds_when.names), key
        assert leaf.declared, key
        assert leaf.declared.instrument, f"{key} does not pin its instrument"
        assert leaf.declared.attempts_to_refute, key


# What the methods that are installed measure, for the leaves that say they can be bound to one.
MEASURED = {
    "inspect/eval": {"pass_rate", "fail_rate", "advantage", "arm_difference"},
    "inspect/log": {"pass_rate", "fail_rate", "advantage", "arm_difference"},
    "control/evaluation": {
        "recall", "worst_strategy_recall", "event_given_attempt", "false_positive_rate",
        "usefulness",
    },
}  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_a_leaf_that_names_a_method_reads_what_it_measures(name: str) -> None:
    for key, leaf in elements(name, Evidence):
        for method, measures in MEASURED.items():
            if f"`{method}`" in leaf.because:
                assert set(leaf.reads.values()) <= measures, f"{key} cannot be bound to {method}"


@pytest.mark.parametrize("name", NAMES)
def test_assumptions_are_owned_and_end(name: str) -> None:
    owners = {k for k in data(name)["parameters"] if k.endswith("owner")}
    for key, assumption in elements(name, Assumption):
        assert assumption.owner, key
        assert assumption.expires, key
    for assumption in _written(data(name), "assumption"):
        assert assumption["owner"].lstrip("=") in owners, assumption["assumption"]
        assert str(assumption["expires"]).startswith("="), assumption["assumption"]


def _written(node: Any, kind: str) -> Iterator[Mapping[str, Any]]:
    """The elements of a kind as they stand in the file."""
    if isinstance(node, list):
        for entry in node:
            yield from _written(entry, kind)
    elif isinstance(node, dict):
        if next(iter(node), None) == kind:
            yield node
        for value in node.values():
            yield from _written(value, kind)


@pytest.mark.parametrize("name", NAMES)
def test_what_is_open_is_a_problem_that_can_be_worked_on_and_closed(name: str) -> None:
    case = instance(name)
    blocked = blockers(case)
    for key, claim in elements(name, Claim):
        assert claim.by or key in blocked, f"nothing says what would close {key}"
    for key, problem in elements(name, Problem):
        assert len(problem.closed_when.split()) >= 5, key
        assert problem.proxy, key
        assert problem.blocks, key
        for target in problem.blocks:
            element = case.elements[target]
            # Only these can be developed by a case; anything else would stay blocked for ever.
            assert isinstance(element, Evidence) or (
                isinstance(element, Claim) and element.by is None
            ), f"{key} blocks {target}, which a case cannot develop"


@pytest.mark.parametrize("name", NAMES)
def test_every_leaf_is_doubted_and_every_step_has_a_warrant(name: str) -> None:
    case = instance(name)
    targets = {d.against for _, d in elements(name, Defeater)}
    for key, leaf in elements(name, Evidence):
        claim = next(c for _, c in elements(name, Claim) if c.by == key)
        assert {key, claim.id} & targets, f"no defeater against {leaf.id}"
    for key, step in elements(name, Argument):
        assert step.kind, key
        assert len(step.because.split()) >= 6, key
    for key, defeater in elements(name, Defeater):
        assert defeater.against in case.elements, key
        assert len(defeater.says.split()) >= 4, key


@pytest.mark.parametrize("name", NAMES)
def test_nothing_hangs_loose(name: str) -> None:
    """Every claim, step, leaf and assumption carries, answers a doubt, or is shown in support."""
    case = instance(name)
    shown = [s for _, c in elements(name, Claim) for s in c.in_support]
    reached = set(supporting(case, [case.root, *shown]))
    loose = [
        key
        for key, _ in elements(name, Claim, Argument, Evidence, Assumption, Defeater)
        if key not in reached
    ]
    # Assumptions may also stand behind an answer that the case itself gives.
    assert loose == []


@pytest.mark.parametrize("name", NAMES)
def test_every_published_node_is_there(name: str) -> None:
    present = {key.removeprefix("T/") for key in instance(name).elements}
    root = next(iter(data(name)["root"].values()))
    missing = PUBLISHED[name] - present - {root}
    assert not missing


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_an_instance_supports_nothing_by_itself(name: str, tmp_path: Path) -> None:
    files = {f"templates/{other}.yaml": text_of(other) for other in NAMES}
    folder = write_case(tmp_path / "case", case_text(name), files)
    assessment = open_case(folder, NOW).assess()
    supported = [
        key
        for key, state in assessment.states.items()
        if state.truth == "true" and state.kind != "assumption"
        and not _only_assumes(assessment.case, key)
    ]  # fmt: skip
    assert supported == []
    assert assessment.states["T"].truth == "unknown"
    assert assessment.verdict == "unknown"


def _only_assumes(case: Case, key: str) -> bool:
    """Whether what carries an element are assumptions alone (a defeater may be: it is raised)."""
    element: Element = case.elements[key]
    return isinstance(element, Defeater)


@pytest.mark.parametrize("name", NAMES)
def test_each_planned_leaf_can_be_given_a_method(name: str) -> None:
    leaf = next(key for key, _ in elements(name, Evidence)).removeprefix("T/")
    text = case_text(name) + f"        develops: {{{leaf}: {{method: toy/coin, plan: {{n: 4}}}}}}\n"
    found = load(text, library=LIBRARY)
    assert found.findings == ()
    assert found.case is not None
    made = found.case.elements[f"T/{leaf}"]
    assert isinstance(made, Evidence)
    assert (made.method, made.type) == ("toy/coin", instance(name).elements[f"T/{leaf}"].type)  # type: ignore[union-attr]


# The point of the debate case: another oversight method changes KC2, and all else survives.

METHODS = (
    "direct-judging", "consultancy", "debate", "cross-examination", "doubly-efficient-debate",
    "prover-estimator",
    "single-prover", "critique", "weak-to-strong", "market-making", "amplification",
    "consistency-training", "nested-oversight",
)  # fmt: skip
OF_KC2 = re.compile(r"(E-|D-|OP-)?KC2(-|$)|ST2(-|$)|CX-?KC2|(E-|D-)?AS\d+$|OP\d+$")
SURVIVE = {"TOP", "ST0", "KC1", "KC1-1", "KC1-2", "KC1-3", "KC2", "KC2-1", "KC2-2", "KC3", "KC4",
           "KC4-1", "KC4-2", "HS"}  # fmt: skip


def _without_links(element: Element | None) -> Any:
    """An element without the list of its parts, which follows from the other changes."""
    return (element.id, getattr(element, "says", None), getattr(element, "because", None),
            str(getattr(element, "holds_when", ""))) if element else None  # fmt: skip


@cache
def by_method(method: str) -> Case:
    case = loaded("debate", oversight=method).case
    assert case is not None
    return case


def test_the_methods_are_those_of_the_choice() -> None:
    assert tuple(data("debate")["parameters"]["oversight"]["choices"]) == METHODS


@pytest.mark.slow
@pytest.mark.parametrize(("one", "other"), tuple(itertools.combinations(METHODS, 2)))
def test_swapping_the_oversight_method_changes_only_kc2(one: str, other: str) -> None:
    left, right = by_method(one), by_method(other)
    changed = {
        key.removeprefix("T/")
        for key in {*left.elements, *right.elements}
        if left.elements.get(key) != right.elements.get(key)
    }
    assert changed
    assert [key for key in sorted(changed) if not OF_KC2.match(key)] == []
    both = {key.removeprefix("T/") for key in left.elements} & {
        key.removeprefix("T/") for key in right.elements
    }
    assert both >= SURVIVE - {"TOP"}
    for key in SURVIVE - {"TOP"}:
        assert _without_links(left.elements[f"T/{key}"]) == _without_links(
            right.elements[f"T/{key}"]
        )


@pytest.mark.parametrize("method", METHODS)
def test_each_method_brings_its_statement_its_input_and_its_defeater(method: str) -> None:
    case = by_method(method)
    upper = method.upper()
    for key in (f"KC2-1-THEORY-{upper}", f"KC2-1-ATTACK-{upper}", f"KC2-2-INPUT-{upper}"):
        assert isinstance(case.elements[f"T/{key}"], Claim)
        assert f"T/E-{key}" in case.elements
    doubt = case.elements[f"T/D-KC2-1-{upper}"]
    assert isinstance(doubt, Defeater)
    assert doubt.answered_by == (f"T/KC2-1-ATTACK-{upper}",)
    others = [m.upper() for m in METHODS if m != method]
    assert not [k for k in case.elements for m in others if k.endswith(f"-{m}") and "KC2" in k
                and not upper.endswith(m)]  # fmt: skip


def test_alignment_never_carries_the_scheming_case() -> None:
    case = instance("scheming")
    carried = set(supporting(case, ["T"]))
    assert not {"T/ALIGNMENT-EVALUATION", "T/ALIGNMENT-TRAINING"} & carried
    root = case.elements["T"]
    assert isinstance(root, Claim)
    assert {"T/ALIGNMENT-EVALUATION", "T/ALIGNMENT-TRAINING"} <= set(root.in_support)
    training = case.elements["T/ALIGNMENT-TRAINING"]
    assert isinstance(training, Claim)
    assert training.by is None
    assert blockers(case)["T/ALIGNMENT-TRAINING"] == ("T/P-TRAINING",)


def _script() -> ModuleType:
    path = ROOT / "scripts" / "template_pages.py"
    spec = importlib.util.spec_from_file_location("template_pages", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow
def test_the_page_of_templates_is_current() -> None:
    page = (ROOT / "docs" / "reference" / "templates.md").read_text("utf-8")
    assert page == _script().page(), "run `python scripts/template_pages.py`"
