"""The how-to on reports to regulators is executed as it is written; the reference is complete."""

from __future__ import annotations

import json
import re
import shlex
import shutil
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from safetycase.cli.main import cli
from safetycase.ledger.duties import INCIDENTS, STEPS
from safetycase.report.regulatory import FORMS, Material, document
from safetycase.workspace.folder import open_case

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "how-to" / "report-to-a-regulator.md"
REFERENCE = ROOT / "docs" / "reference" / "regulatory.md"
CASE = ROOT / "cases" / "debate-sketch"


def called(words: Sequence[str]) -> Result:
    return CliRunner().invoke(cli, list(words), standalone_mode=False)


def follow(page: str) -> list[tuple[str, Result]]:
    """Every command of the page, in order; the event's number is put in where it is asked for."""
    outs: list[tuple[str, Result]] = []
    event = ""
    for line in re.findall(r"^\$ safetycase (.*)$", page, re.M):
        ran = called(shlex.split(line.replace("EVENT", event)))
        assert ran.exception is None or isinstance(ran.exception, SystemExit), (line, ran.exception)
        recorded = re.search(r"Recorded as event (\d+)", ran.output)
        event = recorded[1] if recorded else event
        outs.append((line, ran))
    return outs


@pytest.mark.slow
def test_the_page_works_as_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    ignored = shutil.ignore_patterns("ledger", "report")
    shutil.copytree(CASE, tmp_path / "case", ignore=ignored)
    page = PAGE.read_text("utf-8")
    for title, text in re.findall(r'```json title="(.*?)"\n(.*?)```', page, re.S):
        (tmp_path / title).write_text(text, "utf-8")
    outs = follow(page)
    codes = [ran.return_value for _, ran in outs]
    # With the clocks as they stand on the 24th and the 25th nothing is overdue yet.
    assert codes == [0] * len(outs), list(zip(outs, codes, strict=True))
    assert re.fullmatch(r"model-report\.md: \d+ gaps\n", outs[0][1].output)
    made = json.loads((tmp_path / "model-report.json").read_text("utf-8"))
    assert made["form"] == "eu-code"
    assert "Nothing was recorded since" in (tmp_path / "second-report.md").read_text("utf-8")
    public = (tmp_path / "public.md").read_text("utf-8")
    assert "Withheld (REGISTRY-COMPLETE: names a person)." in public
    case = (tmp_path / "case" / "case.yaml").read_text("utf-8")
    says = re.search(r"assumption: REGISTRY-COMPLETE\s+says: (.*)", case)
    assert says is not None
    assert says[1].rstrip(".") not in public
    duties = outs[-3][1].output
    assert "by 2026-11-25 09:00 UTC: initial report" in " ".join(duties.split())
    assert "24 hours" not in duties
    last = " ".join(outs[-1][1].output.split())
    assert "by 2026-12-22 10:00 UTC: intermediate report" in last
    assert "done on 2026-11-24 by " in last


def test_a_context_of_the_name_that_a_gap_gives_fills_it(tmp_path: Path) -> None:
    folder = tmp_path / "case"
    shutil.copytree(CASE, folder, ignore=shutil.ignore_patterns("ledger", "report"))
    path = folder / "case.yaml"
    page = PAGE.read_text("utf-8")
    (block,) = re.findall(r"```yaml\n(.*?)```", page, re.S)
    text = path.read_text("utf-8")
    lines = block.split("\n", 1)[1]
    assert text.count("\ncontexts:\n") <= 1
    if "\ncontexts:\n" in text:
        text = text.replace("\ncontexts:\n", f"\ncontexts:\n{lines}", 1)
    else:
        text += f"\n{block}"
    path.write_text(text, "utf-8")
    space = open_case(folder, datetime(2026, 11, 27, tzinfo=UTC))
    assert [f for f in space.findings if f.severity == "error"] == []
    made = document("sb53", Material(assessment=space.assess(), history=space.history))
    told = {s.id: s for s in made.sections}
    assert told["languages"].sentences[0].text == (
        "The case says: “English; other languages were not tried”."
    )
    assert not told["languages"].gaps
    assert not told["weight-security"].gaps
    assert told["modalities"].gaps


def test_the_reference_names_every_section_and_step() -> None:
    text = REFERENCE.read_text("utf-8")
    space = open_case(CASE, datetime(2026, 11, 27, tzinfo=UTC))
    m = Material(assessment=space.assess(), history=space.history)
    for form in FORMS:
        assert f"## `{form}`" in text
        if form == "sabotage-risk-report":
            continue
        for section in document(form, m).sections:
            assert re.search(rf"^\|.*\b{section.id}\b", text, re.M), (form, section.id)
    for word in (*INCIDENTS, *STEPS):
        assert f"`{word}`" in text, word
