"""The metadata of an RO-Crate: its shape as the specification asks, every reference resolved."""

from __future__ import annotations

import dataclasses
import json
import re
from html.parser import HTMLParser

import pytest
from jsonschema import Draft202012Validator
from tests.report.breakdowns import ATTACK
from tests.report.conftest import make_assessment, make_case
from tests.report.leaves import hostile, small

from safetycase.argument.header import Author
from safetycase.assess.reviewed import (
    Challenged,
    Dissented,
    Overridden,
    Responded,
    Review,
    Ruled,
    SignedOff,
)
from safetycase.report.ro_crate import DESCRIPTOR, CrateFile, preview, ro_crate

FILES = tuple(
    CrateFile(
        path=path, name=f"a {role}", media_type="text/plain", size=3, sha256="ab" * 32, role=role
    )
    for path, role in (
        ("case.yaml", "case"),
        ("record.scbundle", "record"),
        ("report/index.html", "report"),
        ("items/self reasoning#1.jsonl", "input"),
    )
)
REFERENCE = {
    "type": "object",
    "properties": {"@id": {"type": "string"}},
    "required": ["@id"],
    "additionalProperties": False,
}
# RO-Crate 1.1: a flat graph of entities that have an id and a type, whose values are texts,
# references, or lists of either ("Structure" and "Metadata of the RO-Crate").
SCHEMA = {
    "type": "object",
    "required": ["@context", "@graph"],
    "properties": {
        "@context": {
            "type": "array",
            "prefixItems": [{"const": "https://w3id.org/ro/crate/1.1/context"}],
        },
        "@graph": {
            "type": "array",
            "minItems": 2,
            "items": {
                "type": "object",
                "required": ["@id", "@type"],
                "properties": {"@id": {"type": "string", "minLength": 1}},
                "additionalProperties": {
                    "anyOf": [
                        {"type": ["string", "number"]},
                        REFERENCE,
                        {"type": "array", "items": {"anyOf": [{"type": "string"}, REFERENCE]}},
                    ]
                },
            },
        },
    },
}


def check(crate) -> dict[str, dict]:
    Draft202012Validator(SCHEMA).validate(crate)
    text = json.dumps(crate, allow_nan=False)
    graph = crate["@graph"]
    by_id = {e["@id"]: e for e in graph}
    assert len(by_id) == len(graph)
    assert by_id[DESCRIPTOR]["about"] == {"@id": "./"}
    assert by_id[DESCRIPTOR]["conformsTo"] == {"@id": "https://w3id.org/ro/crate/1.1"}
    root = by_id["./"]
    assert root["@type"] == "Dataset"
    assert {"name", "description", "datePublished", "license"} <= set(root)
    outside = ("http://schema.org/", "https://w3id.org/ro/crate/1.1")
    for name in re.findall(r'\{"@id": "((?:[^"\\]|\\.)*)"\}', text):
        known = json.loads(f'"{name}"')
        assert known in by_id or known.startswith(outside), known
    for each in graph:
        assert re.fullmatch(r"[!-~]+", each["@id"]), each["@id"]  # an address has no blanks
    return by_id


def crate_of(assessment, **more):
    return check(ro_crate(assessment, FILES, version="1.2", **more))


def test_files_people_and_tools():
    header = dataclasses.replace(
        make_case().header,
        authors=(Author(name="Ann Lee", organisation="The House"),),
        reviewers=(Author(name="Eve", external=True),),
    )
    case = dataclasses.replace(make_case(), header=header)
    found = crate_of(
        make_assessment(case=case), keys={"Ann Lee": ["author"]}, licence="https://l.example/"
    )
    assert found["./"]["hasPart"] == [
        {"@id": "case.yaml"},
        {"@id": "record.scbundle"},
        {"@id": "report/index.html"},
        {"@id": "items/self%20reasoning%231.jsonl"},
    ]
    assert found["case.yaml"]["sha256"] == "ab" * 32
    assert found["./"]["author"] == {"@id": "#person-Ann%20Lee"}
    assert found["#person-Ann%20Lee"]["affiliation"] == {"@id": "#organisation-The%20House"}
    assert found["#person-Eve"]["@type"] == "Person"
    assert found["#safetycase"]["softwareVersion"] == "1.2"
    assert found["./"]["license"] == {"@id": "https://l.example/"}


def test_that_no_licence_is_stated_is_said():
    found = crate_of(small())
    assert found[found["./"]["license"]["@id"]]["name"] == "No licence is stated"


def test_every_attempt_is_an_action_and_failed_ones_say_why():
    found = crate_of(make_assessment())
    actions = {n: e for n, e in found.items() if e["@type"] == "CreateAction"}
    assert len(actions) == len(make_assessment().attempts) + 1
    failed = found["#attempt-8"]
    assert failed["actionStatus"] == {"@id": "http://schema.org/FailedActionStatus"}
    assert failed["error"] == "the server stopped: out of memory"
    assert "result" not in failed
    done = found["#attempt-5"]
    assert done["result"] == {"@id": "record.scbundle"}
    assert done["startTime"] == "2026-11-20T10:05:00Z"
    assert found[done["instrument"]["@id"]]["@type"] == "SoftwareApplication"
    assert "exploratory" in found["#attempt-12"]["name"]


def test_numbers_have_their_intervals():
    number = crate_of(small())["#number-E-RARE-rate"]
    assert (number["value"], number["minValue"], number["maxValue"]) == (0.0, 0.0, 0.00046)
    assert "supports" in number["description"]


def test_inputs_that_are_not_there_are_named():
    found = crate_of(make_assessment())
    outside = [e for n, e in found.items() if n.startswith("#input-")]
    assert outside
    assert all("not in this crate" in e["description"] for e in outside)


@pytest.mark.parametrize("by", [ATTACK, "A" * 100_000, "\u202e\x00 #/../\ud800", 'javascript:"'])
def test_hostile_text_is_data(by):
    found = crate_of(hostile(by), keys={by: [by]})
    text = json.dumps(list(found.values()), ensure_ascii=False)
    assert "\u202e" not in text
    assert len(text) < 100_000


class Seen(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        assert not any(name.startswith("on") for name, _ in attrs)
        for name, value in attrs:
            assert name != "href" or not re.match(r"\w+:", value or ""), value


@pytest.mark.parametrize("by", [ATTACK, "javascript:alert(1)"])
def test_the_preview_lists_the_files_and_runs_nothing(by):
    bad = CrateFile(path=by, name=by, media_type="x", size=1, sha256="0", role="input")
    seen = Seen()
    seen.feed(preview(hostile(by), (*FILES, bad)))
    assert set(seen.tags) <= {
        *("html", "head", "meta", "title", "body", "h1", "p", "ul", "li", "a"),
    }
    assert seen.tags.count("a") == len(FILES) + 2


def test_what_was_said_in_review_stands_there_with_who_said_it_and_whether_it_counts():
    at = "2026-11-24T09:00:00Z"
    common = {"at": at, "digest": "d" * 64}
    review = Review(
        challenges=(
            Challenged(
                id="C1", against="SAFE", severity="major", says="who says so", by="Grace", at=at,
                record=18, standing="conceded", contests=True,
                responses=(Responded(record=20, at=at, says="we do", by="Ada"),),
                rulings=(Ruled(record=21, at=at, outcome="conceded", reason="right", by="Grace"),),
            ),
        ),
        sign_offs=(
            SignedOff(
                element="SAFE", verdict="accept", conditions=("a smaller rollout",), says="well",
                by="Grace", competence="", independence="", hours=None, record=22, current=False,
                independent=True, because="", **common,
            ),
        ),
        dissents=(
            Dissented(element="SAFE", says="not so", by="Lin", record=23, current=True, **common),
        ),
        overrides=(
            Overridden(
                element="SAFE", clauses=("sign-off",), authority="board", reason="haste", by="Lin",
                expires="2027-01-01T00:00:00Z", record=24, current=True, in_force=True, **common,
            ),
        ),
    )  # fmt: skip
    assessment = dataclasses.replace(make_assessment(), review=review)
    found = check(ro_crate(assessment, FILES, version="1"))
    signed = found["#sign-off-22"]
    assert signed["@type"] == "Review"
    assert signed["author"] == {"@id": "#person-Grace"}
    assert signed["reviewBody"] == "accept; on the condition: a smaller rollout — well"
    assert signed["description"] == "does not count now: an earlier version was signed"
    assert found["#dissent-23"]["reviewBody"] == "not so"
    assert (
        "in force; clauses sign-off; on the authority of board"
        in (found["#override-24"]["description"])
    )
    challenge = found["#challenge-18"]
    assert challenge["description"] == "major, against SAFE; conceded; it contests the case"
    assert challenge["comment"] == [{"@id": "#response-20"}, {"@id": "#ruling-21"}]
    assert found["#ruling-21"]["parentItem"] == {"@id": "#challenge-18"}
    mentioned = {each["@id"] for each in found["./"]["mentions"]}
    assert {"#sign-off-22", "#dissent-23", "#override-24", "#challenge-18"} <= mentioned
    assert found["#person-Lin"]["name"] == "Lin"
