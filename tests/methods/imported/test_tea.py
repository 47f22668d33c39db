"""Evidence items of TEA cases, in the three forms its platform has written."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from safetycase.argument.structure import Link, Part, Structure
from safetycase.interop.tea import write_flat, write_tea
from safetycase.methods.imported import tea
from safetycase.plugin.contract import Context, Measurement, MethodError
from safetycase.stats import estimate

Make = Callable[..., Context]
STRUCTURE = Structure(
    title="A case of theirs",
    parts={
        "G": Part(id="G", type="goal", text="It is safe."),
        "E": Part(id="E", type="solution", text="Red team report", tags={"url": "https://x.org/r"}),
    },
    links=(Link(kind="supported", source="G", target="E"),),
)
LEGACY = {
    "name": "Old",
    "type": "AssuranceCase",
    "goals": [
        {
            "name": "G1",
            "propertyClaims": [
                {"evidence": [{"id": 7, "name": "E1", "type": "Evidence", "URL": "www.some.com"}]}
            ],
        }
    ],
}


def read(make: Make, value: Any, item: str, *more: str, **files: str) -> Measurement:
    text = value if isinstance(value, str) else json.dumps(value)
    context = make(in__json=text, **files)
    return tea.run(("in.json", *more), tea.Parameters(item=item), context)


def nested(**more: Any) -> dict[str, Any]:
    node = {"id": "e-1", "type": "EVIDENCE", "name": "E1", "description": "Report", "children": []}
    claim = {"id": "c-1", "type": "PROPERTY_CLAIM", "children": [node | more]}
    return {
        "version": "1.0",
        "exportedAt": "2026-02-03T04:05:06Z",
        "case": {"name": "Theirs", "description": ""},
        "tree": {"id": "g-1", "type": "GOAL", "children": [claim]},
    }


def test_an_item_with_a_reference_stands(make: Make) -> None:
    found = read(make, nested(url="https://x.org/report"), "E1")
    assert estimate(found.quantities["stands"]) == 1.0
    assert found.diagnostics["refers to"] == "https://x.org/report"
    assert found.diagnostics["case"] == "Theirs"
    assert found.diagnostics["says"] == "Report"
    assert found.diagnostics["made at, by its own clock"] == "2026-02-03T04:05:06Z"
    assert found.diagnostics["identity"] == "reported"
    by_id = read(make, nested(url="https://x.org/report"), "e-1")
    assert by_id.quantities == found.quantities


def test_a_document_in_the_case_folder_is_a_reference_and_is_kept(make: Make) -> None:
    assert estimate(read(make, nested(), "E1").quantities["stands"]) == 0.0
    found = read(make, nested(), "E1", "report.pdf", report__pdf="%PDF-1.7")
    assert estimate(found.quantities["stands"]) == 1.0
    assert found.artefacts == {"TEA case": "in.json", "document": "report.pdf"}


@pytest.mark.parametrize(
    "more", [{"inSandbox": True}, {"assertionStatus": "DEFEATED"}, {"url": "  "}]
)
def test_what_does_not_stand(make: Make, more: dict[str, Any]) -> None:
    found = read(make, nested(**{"url": "https://x.org"} | more), "E1")
    assert estimate(found.quantities["stands"]) == 0.0


def test_a_defeater_counts_wherever_it_is_written(make: Make) -> None:
    value = nested(url="https://x.org")
    against = {"id": "d", "type": "PROPERTY_CLAIM", "isDefeater": True, "children": []}
    value["tree"]["children"].append(against | {"defeatsElementId": "e-1"})
    value["tree"]["children"].append(against | {"defeatsElementId": "c-1"})
    found = read(make, value, "E1")
    assert estimate(found.quantities["defeaters"]) == 1.0
    assert estimate(found.quantities["stands"]) == 0.0


@pytest.mark.parametrize("write", [write_tea, write_flat])
def test_what_this_program_writes_for_tea_is_read(make: Make, write: Any) -> None:
    (text,) = write(STRUCTURE, "theirs").files.values()
    value = json.loads(text)
    names = [n for n, is_evidence in tea._nodes(value, "") if is_evidence]
    assert len(names) == 1
    found = read(make, value, str(names[0]["id"]))
    assert found.diagnostics["case"] == "A case of theirs"


def test_the_form_before_versions(make: Make) -> None:
    found = read(make, LEGACY, "7")
    assert estimate(found.quantities["stands"]) == 1.0
    assert found.diagnostics["refers to"] == "www.some.com"


def test_an_item_that_is_not_there_or_not_one_is_refused(make: Make) -> None:
    with pytest.raises(MethodError, match=r"0 evidence items are `E9`.*There is `E1`"):
        read(make, nested(), "E9")
    twice = nested()
    twice["tree"]["children"] += twice["tree"]["children"][0]["children"]
    with pytest.raises(MethodError, match="2 evidence items are `E1`"):
        read(make, twice, "E1")
    with pytest.raises(MethodError, match="no evidence item"):
        read(make, {"a": []}, "E1")
