"""Samples that a run left behind: read from the artefacts, drawn by lot, and nothing trusted."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tests.report.conftest import make_assessment

from safetycase.ledger.fold import AttemptRecord
from safetycase.ledger.objects import ObjectStore
from safetycase.report.lot import SHOWN, Drawn, draw
from safetycase.workspace import samples as module
from safetycase.workspace.samples import drawn_samples

SEED = "ab" * 32
LEAF = "E-CONTROL"


def inspect_log(count: int) -> bytes:
    """A log as Inspect writes it: a ZIP file with a JSON file for each sample."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("header.json", "{}")
        for n in range(count):
            sample = {
                "id": n,
                "epoch": 1,
                "input": [{"role": "user", "content": [{"type": "text", "text": f"Q{n}"}]}],
                "output": {"choices": [{"message": {"role": "assistant", "content": f"A{n}"}}]},
                "scores": {"match": {"value": "C"}},
            }
            archive.writestr(f"samples/{n}_epoch_1.json", json.dumps(sample))
    return out.getvalue()


def drawn(tmp_path: Path, artefacts: dict[str, bytes | None]) -> Drawn:
    """What is drawn of an attempt that left these files; None is one that is not here."""
    store = ObjectStore(tmp_path / "ledger")
    kept = {
        role: store.put(data) if data is not None else "0" * 64 for role, data in artefacts.items()
    }
    whole = make_assessment()
    leaf = replace(whole.leaves[LEAF], artefacts=kept)
    whole = replace(whole, leaves={LEAF: leaf})
    mine = next(a for a in leaf.attempts if not a.exploratory)
    attempt = AttemptRecord(
        id=mine.id,
        registration=1,
        start_seq=11,
        started_at=mine.started_at,
        body={},
        start_body={},
        end_seq=12,
        outcome="completed",
        artefacts=kept,
    )
    space: Any = SimpleNamespace(
        folder=tmp_path,
        log=SimpleNamespace(records=(SimpleNamespace(seq=12, digest=SEED),)),
        history=SimpleNamespace(attempts=(attempt,)),
    )
    return drawn_samples(space, whole)[LEAF]


def test_five_of_the_samples_of_an_inspect_log_are_drawn_by_the_record(tmp_path: Path) -> None:
    found = drawn(tmp_path, {"plan": b"{}", "Inspect log": inspect_log(40)})
    assert (found.seed, found.record, found.where, found.of) == (SEED, 12, "Inspect log", 40)
    assert len(found.samples) == SHOWN
    names = draw([f"samples/{n}_epoch_1.json" for n in range(40)], SEED)
    wanted = [f"{name.split('/')[1].split('_')[0]} (epoch 1)" for name in names]
    assert [s["id"] for s in found.samples] == wanted
    first = found.samples[0]
    number = first["id"].split()[0]
    assert first["prompt"] == f"[user] Q{number}"
    assert first["output"] == f"[assistant] A{number}"
    assert first["note"] == "match: C"


def test_lines_of_answers_and_a_log_in_json_are_read_too(tmp_path: Path) -> None:
    lines = b"\n".join(
        json.dumps({"id": f"i{n}", "prompt": "P", "answer": "A"}).encode() for n in range(9)
    )
    found = drawn(tmp_path / "a", {"answers": lines})
    assert (found.of, len(found.samples), found.where) == (9, 5, "answers")
    log = json.dumps({"samples": [{"id": "x", "input": "Q", "output": {"completion": "Z"}}]})
    found = drawn(tmp_path / "b", {"Inspect log": log.encode()})
    assert found.samples == ({"id": "x", "prompt": "Q", "output": "Z", "note": ""},)


@pytest.mark.parametrize(
    "data",
    [
        b"PK\x03\x04 no archive",
        b"{ no json",
        b"\x00\x01",
        b'{"id": 1}\n{"id": 2}',
        b'{"samples": [1, 2]}',
        b"",
    ],
)
def test_what_holds_no_samples_is_said_to_hold_none(tmp_path: Path, data: bytes) -> None:
    found = drawn(tmp_path, {"Inspect log": data})
    assert found.samples == ()


def zipped(*samples: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, text in enumerate(samples):
            archive.writestr(f"samples/{number}.json", text)
    return out.getvalue()


def spoilt(at: bytes, offset: int, value: int) -> bytes:
    """An archive with one byte of each header of its only file changed."""
    data = bytearray(zipped("{}"))
    data[data.index(b"PK\x01\x02") + offset] = value
    data[data.index(b"PK\x03\x04") + offset - 2] = value
    assert bytes(data).count(at) == 1
    return bytes(data)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (zipped("[1]"), "it is no JSON object"),
        (zipped("null"), "it is no JSON object"),
        (zipped("[" * 200_000), "nested too deeply"),
        (zipped('{"a":' * 100_000), "nested too deeply"),
        (zipped('{"id": ' + "9" * 5_000 + "}"), "digits"),
        (spoilt(b"PK\x01\x02", 8, 1), "encrypted"),
        (spoilt(b"PK\x01\x02", 10, 99), "compression"),
    ],
)
def test_a_sample_that_cannot_be_read_is_shown_to_be_so(
    tmp_path: Path, data: bytes, why: str
) -> None:
    """What a run left behind cannot end the report, nor choose what else is shown for it."""
    found = drawn(tmp_path, {"Inspect log": data})
    assert found.of == 1
    assert why in found.samples[0]["note"]


def test_an_odd_sample_is_shown_as_far_as_it_goes(tmp_path: Path) -> None:
    odd = ({"id": 1, "output": {"choices": 5}}, {"id": 2, "input": [1, {"content": [1]}]})
    found = drawn(tmp_path, {"Inspect log": zipped(*map(json.dumps, odd))})
    assert {s["id"] for s in found.samples} == {"1", "2"}
    deep = drawn(tmp_path / "b", {"answers": b'{"answer":' + b"[" * 200_000})
    assert "nested too deeply" in deep.says


def test_every_log_of_an_attempt_is_in_the_lot(tmp_path: Path) -> None:
    """Nothing is kept from a reader by putting it into another log."""
    logs = {"Inspect log (base)": inspect_log(3), "Inspect log (elicited)": inspect_log(30)}
    found = drawn(tmp_path, {**logs, "Inspect log (lost)": None})
    assert (found.logs, found.of) == (2, 33)
    assert found.where == "Inspect log (base), Inspect log (elicited)"
    names = [
        f"{role}/samples/{n}_epoch_1.json"
        for role, count in zip(logs, (3, 30), strict=True)
        for n in range(count)
    ]
    wanted = [name.split("/")[0] for name in draw(names, SEED)]
    assert [s["note"].split(";")[0] for s in found.samples] == wanted
    assert "Inspect log (lost) cannot be read" in found.says


def test_an_artefact_that_is_gone_or_too_large_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = drawn(tmp_path / "a", {"Inspect log": None})
    assert "Inspect log cannot be read: its bytes are not here" in gone.says
    monkeypatch.setattr(module, "LARGEST", 10)
    large = drawn(tmp_path / "b", {"Inspect log": inspect_log(2)})
    assert "more than" in large.says


def test_without_artefacts_those_that_the_method_kept_are_drawn_from(tmp_path: Path) -> None:
    whole = make_assessment()
    kept = tuple({"id": f"t{n}", "prompt": "", "output": "", "note": ""} for n in range(12))
    leaf = replace(whole.leaves[LEAF], transcripts=kept, artefacts={})
    mine = next(a for a in leaf.attempts if not a.exploratory)
    attempt = AttemptRecord(
        id=mine.id, registration=1, start_seq=1, started_at="", body={}, start_body={}, end_seq=2,
        outcome="completed",
    )  # fmt: skip
    space: Any = SimpleNamespace(
        folder=tmp_path,
        log=SimpleNamespace(records=(SimpleNamespace(seq=2, digest=SEED),)),
        history=SimpleNamespace(attempts=(attempt,)),
    )
    found = drawn_samples(space, replace(whole, leaves={LEAF: leaf}))[LEAF]
    assert (found.where, found.of, len(found.samples)) == ("", 12, 5)
    assert [s["id"] for s in found.samples] == [
        f"t{n}" for n in draw([str(n) for n in range(12)], SEED)
    ]
