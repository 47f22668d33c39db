"""The record of the golden bundle `live`, gone on with: who may raise an alarm, and who resolve it.

The record that a verifier has to name is that of the first fault, -1 where there is none.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping
from typing import Any

from tests.verifier.bundles import STRANGER, signal
from tests.verifier.tampers import Files, Tamper, chained, lines_of, payload_of

from safetycase.ledger import SigningKey

Entry = tuple[SigningKey, str, dict[str, Any]]
NEXT = 10  # the number of the first record behind the golden ones


def stories(files: Files, keys: Mapping[str, SigningKey]) -> Iterator[Tamper]:
    """(name, bundle, record at fault) of each way to go on."""
    payloads = [payload_of(line) for line in lines_of(files)]
    signers = [json.loads(line)["signatures"][0]["keyid"] for line in lines_of(files)]
    assert len(payloads) == NEXT - 1
    for name, fault, story in _told(*keys.values()):
        new, who = copy.deepcopy(payloads), list(signers)
        for signer, kind, body in story:
            payload = copy.deepcopy(payloads[0])
            payload["predicateType"] = f"urn:safetycase:record:{kind}:v1"
            payload["predicate"] |= {"seq": len(new) + 1, "body": copy.deepcopy(body),
                                     "at": "2026-11-24T00:00:00Z"}  # fmt: skip
            new.append(payload)
            who.append(signer.keyid)
        known = dict(keys) | {STRANGER.keyid: STRANGER}
        yield Tamper(name, chained(files, new, who, known), fault)


def _resolution(alarm: Any, **more: Any) -> dict[str, Any]:
    return {"signal": alarm, "outcome": "answered", "by": "Åsa", "reason": "mended"} | more


def _told(
    team: SigningKey, runner: SigningKey, reviewer: SigningKey
) -> Iterator[tuple[str, int, list[Entry]]]:
    alarm = signal("alarm", 20, e_value="1e+6")
    yield "resolved again", -1, [(reviewer, "resolution", _resolution(5))]
    yield "raised and resolved", -1, [
        (runner, "signal", alarm), (reviewer, "resolution", _resolution(NEXT)),
    ]  # fmt: skip
    yield "resolved before it was raised", NEXT, [
        (reviewer, "resolution", _resolution(NEXT + 1)), (runner, "signal", alarm),
    ]  # fmt: skip
    yield "no alarm", NEXT, [(reviewer, "resolution", _resolution(6))]
    yield "no signal", NEXT, [(reviewer, "resolution", _resolution(2))]
    yield "no number", NEXT, [(reviewer, "resolution", _resolution("5"))]
    yield "no outcome", NEXT, [(reviewer, "resolution", _resolution(5, outcome="gone"))]
    yield "raised by a reviewer", NEXT, [(reviewer, "signal", alarm)]
    yield "raised by an author", NEXT, [(team, "signal", alarm)]
    yield "resolved by its runner", NEXT, [(runner, "resolution", _resolution(5))]
    for what, more in (
        ("infinite", {"e_value": "inf"}), ("negative events", {"events": -1}),
        ("events in words", {"events": "40"}), ("no state", {"state": "fine"}),
        ("ends before it begins", {"until": "2026-11-01T00:00:00Z"}),
        ("without words", {"says": ""}), ("details as a text", {"details": "x"}),
        ("no root", {"root": "e"}), ("lost and unsaid", {"lost": None}),
    ):  # fmt: skip
        yield what, NEXT, [(runner, "signal", alarm | more)]
    yield "the largest numbers", -1, [(runner, "signal", alarm | {"events": 2**63 - 1})]
    both = STRANGER.introduction() | {"roles": ["runner", "reviewer"], "proof": "x"}
    yield "resolved by who raised it", NEXT + 2, [
        (team, "key", both), (STRANGER, "signal", alarm),
        (STRANGER, "resolution", _resolution(NEXT + 1)),
    ]  # fmt: skip
    yield "resolved by a second pair of eyes", -1, [
        (team, "key", both), (STRANGER, "signal", alarm),
        (reviewer, "resolution", _resolution(NEXT + 1)),
        (STRANGER, "resolution", _resolution(5)),
    ]  # fmt: skip
    same = both | {"owner": runner.owner}
    yield "resolved by another key of its owner", NEXT + 1, [
        (team, "key", same), (STRANGER, "resolution", _resolution(5)),
    ]  # fmt: skip
    left = {"event": "key-revoked", "says": "left", "about": {"keyid": [reviewer.keyid]}}
    yield "resolved by one who left", NEXT + 1, [
        (team, "event", left), (reviewer, "resolution", _resolution(5)),
    ]  # fmt: skip
    gone = left | {"about": {"keyid": [runner.keyid]}}
    yield "raised by one who left", NEXT + 1, [(team, "event", gone), (runner, "signal", alarm)]
    yield "an alarm of one who left", -1, [
        (team, "event", gone), (reviewer, "resolution", _resolution(5)),
    ]  # fmt: skip
