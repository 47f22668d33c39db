"""`check_family`: what every family of model organisms must be, and that its members hold.

Call it in a test of your own: `check_family(FAMILY)`. It raises `AssertionError` with a sentence
that says what is missing. Members that cost at most `seconds` of CPU time are made.
"""

from __future__ import annotations

import re
from pathlib import Path

from safetycase.plugin.organisms import Made, Making, Organism, OrganismFamily
from safetycase.testing.methods import check_light

__all__ = ["check_family", "check_made"]


def check_family(
    family: OrganismFamily,
    *,
    module: str | None = None,
    seconds: float = 5.0,
    weights_file: Path | None = None,
) -> tuple[Made, ...]:
    """Hold `family` to the contract; returns the members that it made, with seed 0.

    `module` is where the family is defined; with it, importing that module in a fresh process must
    load none of the heavy libraries.
    """
    _declared(family)
    if module is not None:
        check_light(module)
    found = []
    for member in family.members:
        if member.seconds <= seconds and (weights_file or not member.weights):
            made = member.make(Making(seed=0, progress=_silent, weights_file=weights_file))
            check_made(member, made)
            found.append(made)
    return tuple(found)


def check_made(member: Organism, made: Made) -> None:
    """Hold one organism that was made to what its member promises."""
    assert made.name == member.name, f"`{member.name}` made an organism called `{made.name}`"
    assert re.fullmatch(r"[0-9a-f]{64}", made.digest), f"`{made.name}`: the digest is no SHA-256"
    assert made.facts, f"`{made.name}` measured nothing on what it made"
    promised = [f for f in made.facts if f.at_least is not None or f.at_most is not None]
    assert promised, f"`{made.name}` promises nothing: any model would do"
    for fact in made.facts:
        assert fact.says.strip(), f"`{made.name}`: the fact `{fact.name}` is not explained"
        assert fact.held, f"`{made.name}`: `{fact.name}` is not where it was promised: {fact}"


def _declared(family: OrganismFamily) -> None:
    for name in ("says", "plants", "source"):
        assert getattr(family, name).strip(), f"`{name}` of the family is empty"
    assert re.fullmatch(r"[a-z][a-z0-9-]*", family.name), f"`{family.name}` is no family name"
    assert family.limits, "`limits` is empty: a family says what finding its plants does not show"
    names = [member.name for member in family.members]
    assert len(set(names)) == len(names), "a member is named twice"
    roles = {member.name: member.role for member in family.members}
    assert "planted" in roles.values(), "the family plants nothing"
    assert "clean-twin" in roles.values(), "the family has no clean twin"
    for member in family.members:
        assert member.name.startswith(f"{family.name}/"), f"`{member.name}` is not FAMILY/MEMBER"
        assert re.fullmatch(r"\d+\.\d+\.\d+", member.version), f"`{member.name}`: no version"
        assert member.says.strip(), f"`{member.name}` is not explained"
        assert member.seconds > 0, f"`{member.name}` costs nothing"
        own = member.role == "clean-twin"
        assert own == (not member.twin), f"`{member.name}`: a planted one and a decoy name a twin"
        if member.twin:
            assert roles.get(member.twin) == "clean-twin", f"`{member.twin}` is no clean twin"


def _silent(done: int, total: int, note: str = "") -> None:
    del done, total, note
