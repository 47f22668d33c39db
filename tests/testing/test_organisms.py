"""The conformance suite of model organisms passes what is in order and can fail."""

from __future__ import annotations

import dataclasses

import pytest
import toy_organisms

from safetycase.plugin.organisms import BrokenOrganism, Making, family, organism
from safetycase.testing.organisms import check_family, check_made


def without(**changes: object) -> toy_organisms.OrganismFamily:
    good = dataclasses.replace(toy_organisms.FAMILY, members=toy_organisms.FAMILY.members[:3])
    return dataclasses.replace(good, **changes)


def test_a_family_of_another_package_passes_and_its_members_are_made() -> None:
    made = check_family(without(), module="toy_organisms")
    assert [m.name for m in made] == ["toy-coins/trick", "toy-coins/fair", "toy-coins/bent"]
    assert family("toy-coins") is toy_organisms.FAMILY
    assert organism("toy-coins/fair").role == "clean-twin"


def test_an_organism_that_is_not_what_it_is_called_is_found() -> None:
    with pytest.raises(AssertionError, match="`heads` is not where it was promised"):
        check_family(toy_organisms.FAMILY)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"limits": ()}, "`limits` is empty"),
        ({"plants": " "}, "`plants` of the family is empty"),
        ({"name": "Toy Coins"}, "is no family name"),
        ({"members": toy_organisms.FAMILY.members[1:2]}, "plants nothing"),
        ({"members": toy_organisms.FAMILY.members[:1]}, "no clean twin"),
        ({"members": toy_organisms.FAMILY.members[:2] * 2}, "named twice"),
    ],
)
def test_what_a_family_lacks_is_said(changes: dict[str, object], says: str) -> None:
    with pytest.raises(AssertionError, match=says):
        check_family(without(**changes))


@pytest.mark.parametrize(
    ("place", "changes", "says"),
    [
        (0, {"twin": ""}, "name a twin"),
        (0, {"twin": "toy-coins/bent"}, "is no clean twin"),
        (1, {"twin": "toy-coins/fair"}, "name a twin"),
        (2, {"name": "bent"}, "is not FAMILY/MEMBER"),
        (2, {"version": "1"}, "no version"),
        (2, {"seconds": 0.0}, "costs nothing"),
        (2, {"says": ""}, "is not explained"),
    ],
)
def test_what_a_member_lacks_is_said(place: int, changes: dict[str, object], says: str) -> None:
    members = list(toy_organisms.FAMILY.members[:3])
    members[place] = dataclasses.replace(members[place], **changes)
    with pytest.raises(AssertionError, match=says):
        check_family(without(members=tuple(members)))


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"digest": "abc"}, "the digest is no SHA-256"),
        ({"name": "toy-coins/fair"}, "made an organism called"),
        ({"facts": ()}, "measured nothing"),
    ],
)
def test_what_a_made_organism_lacks_is_said(changes: dict[str, object], says: str) -> None:
    member = toy_organisms.FAMILY.members[0]
    made = member.make(Making(seed=1, progress=lambda *_: None))
    check_made(member, made)
    with pytest.raises(AssertionError, match=says):
        check_made(member, dataclasses.replace(made, **changes))


def test_promises_that_bind_nothing_are_none() -> None:
    member = toy_organisms.FAMILY.members[0]
    made = member.make(Making(seed=1, progress=lambda *_: None))
    loose = tuple(dataclasses.replace(f, at_least=None, at_most=None) for f in made.facts)
    with pytest.raises(AssertionError, match="promises nothing"):
        check_made(member, dataclasses.replace(made, facts=loose))


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("toy-coins", "write `FAMILY/MEMBER`"),
        ("toy-coins/nobody", "has no `toy-coins/nobody`; it has `toy-coins/trick`"),
        ("nowhere/one", "no installed package offers `nowhere`"),
        ("toy-broken/one", "is not an OrganismFamily record"),
    ],
)
def test_an_organism_that_cannot_be_had_is_named(name: str, says: str) -> None:
    with pytest.raises(BrokenOrganism, match=says):
        organism(name)
