"""Attacker classes and protocols are found by name, and one that cannot be had says why."""

from __future__ import annotations

import pytest

from safetycase.plugin import entries
from safetycase.plugin.attackers import AttackValue, BrokenAttacker, attacker
from safetycase.plugin.entries import Entry
from safetycase.plugin.protocols import BrokenProtocol, protocol


def offer(monkeypatch: pytest.MonkeyPatch, target: str) -> None:
    entry = Entry(name="theirs", target=target, package="p", package_version="1")

    def offered(_group: str, name: str) -> Entry:
        if name != "theirs":
            raise LookupError(f"no installed package offers `{name}`")
        return entry

    monkeypatch.setattr(entries, "offered", offered)


def test_a_class_that_nobody_offers_is_named() -> None:
    with pytest.raises(BrokenAttacker, match="no installed package offers `nobody`"):
        attacker("nobody")


@pytest.mark.parametrize(
    ("target", "why"),
    [
        ("missing_module:X", "missing_module"),
        ("json:dumps", "is not an Attacker record"),
        ("json:nothing", "has no attribute"),
    ],
)
def test_a_broken_class_says_what_is_wrong(
    monkeypatch: pytest.MonkeyPatch, target: str, why: str
) -> None:
    offer(monkeypatch, target)
    with pytest.raises(BrokenAttacker, match=why):
        attacker("theirs")
    with pytest.raises(BrokenProtocol, match=why.replace("an Attacker", "an OversightProtocol")):
        protocol("theirs")


def test_a_value_is_exact_only_if_its_ends_meet() -> None:
    assert AttackValue(low=0.5, high=0.5).exact
    assert not AttackValue(low=0.5, high=0.6).exact
