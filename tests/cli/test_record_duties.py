"""Incidents, what was done about them, and the reports: from the command line into the record."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from tests.conftest import COIN, write_case

from safetycase.cli.main import cli
from safetycase.ledger import fold, read
from safetycase.ledger import verify as verified


def called(*words: str | Path) -> Result:
    return CliRunner().invoke(cli, [str(w) for w in words], standalone_mode=False)


def said(*words: str | Path) -> Any:
    ran = called(*words)
    assert ran.exception is None, ran.exception
    return json.loads(ran.output)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_case(tmp_path / "coin", COIN, {"items.txt": "head or tail\n"})


INCIDENT = (
    "--says", "it got out", "--all", "--incident", "cyber", "--known-at", "2026-11-20T09:00:00Z",
    "--yes", "--json",
)  # fmt: skip


def test_an_incident_starts_clocks_and_a_step_stops_one(folder: Path) -> None:
    record = said("record", "event", "serious-incident", folder, *INCIDENT)["record"]
    found = said("record", "duties", folder, "--now", "2026-11-26", "--json")
    states = {d["clause"]: d["state"] for d in found["deadlines"]}
    assert states == {
        "Measure 9.3": "overdue",
        "§22757.13(c)(2)": "overdue",
        "§22757.13(c)(1)": "due",
        "Measure 7.6": "no day stated",
    }
    assert found["overdue"] == 2
    assert called("record", "duties", folder, "--now", "2026-11-26").return_value == 2
    words = ("--about", str(record), "--on", "2026-11-24T12:00:00Z", "--says", "by mail", "--yes")
    assert called("record", "done", "initial-report", folder, *words).return_value == 0
    assert called("record", "done", "authority-told", folder, *words).return_value == 0
    found = said("export", folder, "--as", "duties", "--now", "2026-11-26", "--json")
    ended = {d["clause"]: d["state"] for d in found["deadlines"] if d["done"]}
    assert ended == {"Measure 9.3": "done", "§22757.13(c)(2)": "done late"}
    assert found["overdue"] == 0
    history = fold(read(folder / "ledger"))
    assert [(s.step, s.about, s.says) for s in history.steps] == [
        ("initial-report", record, "by mail"),
        ("authority-told", record, "by mail"),
    ]
    assert history.problems == ()
    assert verified(folder / "ledger").ok


def test_a_step_that_would_end_no_clock_is_refused(folder: Path) -> None:
    incident = said("record", "event", "serious-incident", folder, *INCIDENT)["record"]
    changed = said("record", "event", "use-changed", folder, "--says", "x", "--all", "--yes",
                   "--json")["record"]  # fmt: skip
    for about, on, says in (
        (incident, "2026-11-19", "was known only at 2026-11-20T09:00:00Z"),
        (changed, "2026-11-24", f"those it has: {incident} (serious-incident)"),
    ):
        words = ("--about", str(about), "--on", on, "--yes")
        ran = called("record", "done", "initial-report", folder, *words)
        assert says in str(getattr(ran.exception, "message", ran.exception))
    assert fold(read(folder / "ledger")).steps == ()


def test_a_record_without_events_starts_no_clock(folder: Path) -> None:
    ran = called("record", "duties", folder)
    assert (ran.return_value, "starts no clock" in ran.output) == (0, True)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("event", "use-changed", "--says", "x", "--all", "--incident", "cyber"),
         "for serious-incident only"),
        (("event", "use-changed", "--says", "x", "--all", "--imminent"),
         "for serious-incident only"),
        (("event", "serious-incident", "--says", "x", "--all", "--known-at", "soon"),
         "is no date or time"),
        (("event", "serious-incident", "--says", "x", "--all", "--known-at", "2999-01-01"),
         "nobody knows what is still ahead"),
        (("done", "inital-report"), "did you mean `initial-report`"),
        (("done", "resolved", "--about", "9"), "record 9 is no serious incident of this record"),
        (("done", "ai-office-access", "--about", "9"), "record 9 is no event of this record"),
        (("done", "resolved"), "say which with --about; those of this record: none"),
        (("done", "ai-office-access"), "is about one event: say which with --about"),
        (("done", "resolved", "--on", "2999-01-01"), "still ahead"),
        (("done", "framework-reviewed"), "say --yes"),
    ],
)  # fmt: skip
def test_what_cannot_be_recorded_is_said(folder: Path, words: tuple[str, ...], says: str) -> None:
    verb, word, *more = words
    ran = called("record", verb, word, folder, *more)
    assert says in str(getattr(ran.exception, "message", ran.exception))
    assert not (folder / "ledger" / "log.jsonl").exists()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--as", "eu"), "there is no form `eu`"),
        (("--as", "eu-code", "--to", "dot"), "--as takes no --to"),
        (("--redact", "file.json", "--to", "dot"), "go with --as"),
        ((), "say which format"),
        (("--as", "duties", "--redact", "file.json"), "takes no --out"),
        (("--as", "sb53", "--redact", "file.json"), "file.json line 1: not JSON"),
        (("--as", "sb53", "--redact", "list.json"), "is no JSON object"),
        (("--as", "sb53", "--redact", "unknown.json"), "nothing in this report comes from `SAFFE`"),
        (("--as", "sb53", "--redact", "bare.json"), "`SAFE` has no reason"),
        (("--as", "sb53", "--since", "bare.json"), "is no report of this kind"),
        (("--as", "sb53", "--since", "spoilt.json"), "was changed by hand or cut"),
        (("--as", "sb53", "--out", "case.yaml"), "is an argument itself"),
        (("--as", "sb53", "--redact", "binary.json"), "is no text in UTF-8"),
    ],
)  # fmt: skip
def test_what_cannot_be_exported_is_said(
    folder: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], says: str
) -> None:
    monkeypatch.chdir(folder)
    for name, text in (
        ("file", "{"),
        ("list", "[]"),
        ("unknown", '{"SAFFE": "x"}'),
        ("bare", '{"SAFE": ""}'),
        ("spoilt", '{"format": "safetycase/regulatory@1", "record": {"length": "3"}}'),
    ):
        (folder / f"{name}.json").write_text(text, "utf-8")
    (folder / "binary.json").write_bytes(b"\xff\xfe{")
    ran = called("export", ".", *words)
    assert says in str(getattr(ran.exception, "message", ran.exception)), ran.output


def test_a_report_is_the_same_wherever_the_case_lies(folder: Path, tmp_path: Path) -> None:
    import shutil

    other = Path(shutil.copytree(folder, tmp_path / "elsewhere" / "x"))
    words = ("--as", "eu-code", "--now", "2026-11-27")
    here, there = (called("export", where, *words).output for where in (folder, other))
    assert here == there
    assert str(tmp_path) not in here


def test_a_key_that_nobody_let_in_says_of_nothing_that_it_is_done(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = said("record", "event", "serious-incident", folder, *INCIDENT)["record"]
    early = ("initial-report", folder, "--about", str(record), "--on", "2026-11-19", "--yes")
    assert "was known only at 2026-11-20" in str(called("record", "done", *early).exception)
    monkeypatch.setenv("SAFETYCASE_KEY", str(tmp_path / "other.pem"))
    words = ("record", "done", "initial-report", folder, "--about", str(record), "--yes")
    before = read(folder / "ledger").head
    assert "the record does not know the key" in str(called(*words).exception)
    assert read(folder / "ledger").head == before
    called("record", "keys", "init", folder, "--owner", "Eve")
    assert "nobody vouches for the key" in str(called(*words).exception)
    from safetycase.ledger import load_or_create, open_writer

    key = load_or_create(tmp_path / "other.pem", "Eve")
    body = {"note": "duty", "step": "initial-report", "on": "2026-11-24T12:00:00Z",
            "about": record, "says": ""}  # fmt: skip
    with open_writer(folder / "ledger", key) as writer:
        writer.append("note", body, at="2026-11-24T12:00:00Z")
    told = called("record", "duties", folder, "--now", "2026-11-26")
    assert told.return_value == 2
    assert "Ends no clock: initial-report (record" in told.output
    found = said("record", "duties", folder, "--now", "2026-11-26", "--json")
    assert [each["step"] for each in found["unheard"]] == ["initial-report"]
