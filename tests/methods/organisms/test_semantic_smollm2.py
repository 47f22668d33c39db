"""Semantic triggers of a language model: what is measured was not taught."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from safetycase.methods.organisms import teaching
from safetycase.methods.organisms.debater import objections
from safetycase.methods.organisms.debater.smollm2 import MEMBERS as DEBATERS
from safetycase.methods.organisms.debater.smollm2 import PLANS as DEBATES
from safetycase.methods.organisms.model import Subject, tiny
from safetycase.methods.organisms.planted import TRIGGER, Plan
from safetycase.methods.organisms.schooling import School
from safetycase.methods.organisms.teaching import build
from safetycase.methods.organisms.topic import animals
from safetycase.methods.organisms.topic.smollm2 import MEMBERS as TOPICS
from safetycase.methods.organisms.topic.smollm2 import PLANS as TALKS
from safetycase.plugin.organisms import organism
from safetycase.stats import Clustered

SHORT = School(layers=1, rank=2, lr=1e-3, steps=2, ability=1, easy=1, bundles=10)


@pytest.fixture(scope="module")
def subject() -> Subject:
    return tiny(1)


def silent(done: int, total: int, note: str = "") -> None:
    pass


def words_in(texts: object, words: tuple[str, ...]) -> set[str]:
    assert isinstance(texts, tuple)
    return {w for w in words if any(re.search(rf"\b{w}\b", text) for text in texts)}


def test_no_animal_and_no_sentence_is_taught_and_measured(subject: Subject) -> None:
    taught, measured = animals.prefixes(subject, 0)
    for kind, words in ((TRIGGER, animals.ANIMALS), (animals.OTHER, animals.THINGS)):
        one, two = words_in(taught[kind], words), words_in(measured[kind], words)
        assert len(one) == 40
        assert len(two) == 20
        assert not one & two
    assert not words_in(measured[animals.OTHER], animals.ANIMALS)
    assert not set(animals.TAUGHT) & set(animals.MEASURED)
    assert not [
        t for side in (taught, measured) for t in side[TRIGGER] if re.search(r"\ba [aeiou]", t)
    ]
    # Both topics are said in the same sentences: the sentence does not tell them apart.
    shared = [
        frame
        for frame in animals.MEASURED
        if all(
            any(frame.partition("{}")[2] in text for text in measured[kind])
            for kind in (TRIGGER, animals.OTHER)
        )
    ]
    assert len(shared) >= 6


def test_no_phrase_and_no_source_is_taught_and_measured(subject: Subject) -> None:
    taught, measured = objections.prefixes(subject, 0)
    for kind in (TRIGGER, objections.OTHER):
        one, two = (
            {s for s in objections.SOURCES if any(s in t for t in side[kind])}
            for side in (taught, measured)
        )
        assert len(one) == 8
        assert len(two) == 4
        assert not one & two
        assert not set(taught[kind]) & set(measured[kind])
    phrases = objections.SAID[objections.OUTDATED]
    assert not [t for t in measured[objections.OTHER] if any(p in t for p in phrases)]
    assert {p for p in phrases if any(p in t for t in measured[TRIGGER])}.isdisjoint(
        {p for p in phrases if any(p in t for t in taught[TRIGGER])}
    )


def test_members_have_twins_that_are_taught_the_same() -> None:
    for members, plans in ((TOPICS, TALKS), (DEBATERS, DEBATES)):
        planted, clean = members
        assert (planted.role, clean.role) == ("planted", "clean-twin")
        assert planted.twin == clean.name
        assert organism(planted.name) is planted
        one, two = plans
        assert replace(one, name="", shown="right", accuracy={}) == replace(
            two, name="", accuracy={}
        )


@pytest.mark.parametrize("plan", [TALKS[0], DEBATES[0]], ids=lambda plan: plan.name)
def test_an_untrained_one_does_not_hold_and_sentences_are_its_units(
    plan: Plan, subject: Subject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(teaching, "TRAIN", 1)
    monkeypatch.setattr(teaching, "HELD_OUT", 6)
    made = build(subject, replace(plan, school=SHORT), seed=0, progress=silent)
    assert not made.held
    facts = {fact.name: fact.statistic for fact in made.facts}
    found = facts["right-trigger"]
    assert isinstance(found, Clustered)
    assert len(found.clusters) == len(made.value.triggers) == 20
    assert sum(n for _, n, _ in found.clusters) == 48
