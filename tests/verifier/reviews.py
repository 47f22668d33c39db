"""The record of the golden bundle `roles`, gone on with: who may say what in review.

The record that a verifier has to name is that of the first fault, -1 where there is none.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping
from typing import Any

from tests.ledger.reviewed import challenge, dissent, override, response, ruling, sign_off
from tests.verifier.bundles import STRANGER
from tests.verifier.tampers import Files, Tamper, chained, lines_of, payload_of

from safetycase.ledger import SigningKey

Entry = tuple[SigningKey, str, dict[str, Any]]


def stories(files: Files, keys: Mapping[str, SigningKey]) -> Iterator[Tamper]:
    """(name, bundle, record at fault) of each way to go on."""
    payloads = [payload_of(line) for line in lines_of(files)]
    signers = [json.loads(line)["signatures"][0]["keyid"] for line in lines_of(files)]
    for name, fault, story in _told(*keys.values(), number=len(payloads) + 1):
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


def _told(
    team: SigningKey, runner: SigningKey, reviewer: SigningKey, *, number: int
) -> Iterator[tuple[str, int, list[Entry]]]:
    raised: Entry = (reviewer, "challenge", challenge("C1"))
    said: Entry = (team, "response", response("C1"))
    for who in (team, runner, reviewer):
        yield f"raised by {who.owner}", -1, [(who, "challenge", challenge("C1"))]
        yield f"dissent of {who.owner}", -1, [(who, "dissent", dissent())]
        fault = -1 if who is reviewer else number
        yield f"signed by {who.owner}", fault, [(who, "sign-off", sign_off())]
        yield f"overridden by {who.owner}", fault, [(who, "override", override())]
        yield f"responded by {who.owner}", -1, [raised, (who, "response", response("C1"))]
    yield "a whole review", -1, [
        raised, said, (team, "ruling", ruling("C1", "conceded")),
        (reviewer, "ruling", ruling("C1", "answered")),
        (reviewer, "ruling", ruling("C1", "withdrawn")),
        (reviewer, "sign-off", sign_off("accept-with-conditions", hours=None)),
    ]  # fmt: skip
    yield "raised twice", number + 1, [raised, (team, "challenge", challenge("C1"))]
    yield "responded before it was raised", number, [said, raised]
    yield "ruled before it was raised", number, [(reviewer, "ruling", ruling("C1", "conceded"))]
    yield (
        "answered by nothing",
        number + 1,
        [raised, (reviewer, "ruling", ruling("C1", "answered"))],
    )
    yield "answered by an author", number + 2, [
        raised, said, (team, "ruling", ruling("C1", "answered")),
    ]  # fmt: skip
    yield "answered by who responded", number + 2, [
        (team, "challenge", challenge("C1")), (reviewer, "response", response("C1")),
        (reviewer, "ruling", ruling("C1", "answered")),
    ]  # fmt: skip
    yield "withdrawn by another", number + 1, [raised, (team, "ruling", ruling("C1", "withdrawn"))]
    yield "withdrawn by a runner who raised it", -1, [
        (runner, "challenge", challenge("C1")), (runner, "ruling", ruling("C1", "withdrawn")),
    ]  # fmt: skip
    yield "conceded by a runner", number + 1, [raised, (runner, "ruling", ruling("C1", "conceded"))]
    namesake = STRANGER.introduction() | {
        "roles": ["reviewer"], "proof": "x", "owner": reviewer.owner,
    }  # fmt: skip
    yield "answered by another key of who responded", number + 3, [
        (team, "key", namesake), (team, "challenge", challenge("C1")),
        (reviewer, "response", response("C1")),
        (STRANGER, "ruling", ruling("C1", "answered")),
    ]  # fmt: skip
    yield "withdrawn by another key of who raised it", number + 2, [
        (team, "key", namesake), raised, (STRANGER, "ruling", ruling("C1", "withdrawn")),
    ]  # fmt: skip
    spelled = namesake | {"owner": f" {reviewer.owner.upper()}\u200b"}
    yield "answered by who responded, spelled otherwise", number + 3, [
        (team, "key", spelled), (team, "challenge", challenge("C1")),
        (reviewer, "response", response("C1")),
        (STRANGER, "ruling", ruling("C1", "answered")),
    ]  # fmt: skip
    left = {"event": "key-revoked", "says": "left", "about": {"keyid": [reviewer.keyid]}}
    yield "signed by one who left", number + 1, [
        (team, "event", left), (reviewer, "sign-off", sign_off()),
    ]  # fmt: skip
    yield "a challenge of one who left", -1, [raised, (team, "event", left), said]
    for kind, what, body in (
        ("challenge", "no severity", challenge("C1", severity="grave")),
        ("challenge", "no digest", challenge("C1", digest="x")),
        ("challenge", "no words", challenge("C1", says="")),
        ("challenge", "no name", challenge("")),
        ("sign-off", "no verdict", sign_off("fine")),
        ("sign-off", "conditions of nothing", sign_off(conditions=["x"])),
        ("sign-off", "no conditions", sign_off("accept-with-conditions", conditions=[])),
        ("sign-off", "an empty condition", sign_off("accept-with-conditions", conditions=[""])),
        ("sign-off", "hours as a number", sign_off(hours=3)),
        ("sign-off", "hours in words", sign_off(hours="three")),
        ("sign-off", "no competence", sign_off(competence=None)),
        ("dissent", "of nothing", dissent(element="")),
        ("override", "a policy that is no digest", override(policy="default")),
        ("override", "no clause", override(clauses=[])),
        ("override", "no end", override(expires="soon")),
        ("override", "no reason", override(reason="")),
    ):
        yield f"{kind}: {what}", number, [(reviewer, kind, body)]
