"""The agenda as files: complete, and harmless wherever they are opened."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from tests.agenda.cases import PAIR, opened
from tests.agenda.test_funding import PLAIN, failed

from safetycase.agenda.as_json import ranking_json
from safetycase.agenda.export import FORMATS, File, Format, export, funding_table
from safetycase.agenda.funding import Funding, fund
from safetycase.agenda.items import items_of
from safetycase.agenda.opengraph import open_graph
from safetycase.agenda.rank import rank
from safetycase.ledger import ShotRecord

HOSTILE = "=HYPERLINK(1) <script>x</script> [a](http://b) *b* @everyone \\u202e \\u0007"


def files(
    folder: Path, text: str, to: Format, *shots: ShotRecord, budget: float | None = None
) -> tuple[File, ...]:
    assessment = opened(folder, text).assess()
    items = items_of(assessment, shots)
    graph = open_graph(assessment, items)
    ranking = rank(assessment, items, graph, taken=PLAIN)
    split = None if budget is None else fund(items, graph, budget, taken=PLAIN)
    return export(assessment.case, ranking, to, funding=split)


def test_a_call_says_everything_a_proposer_has_to_know(tmp_path: Path) -> None:
    found = files(tmp_path / "c", PAIR, "calls", failed("P-LEFT", 1), budget=9)
    assert {f.name for f in found} == {"P-LEFT.md", "P-RIGHT.md"}
    text = next(f.text for f in found if f.name == "P-LEFT.md")
    assert text.startswith("# Call for proposals: Obfuscated arguments\n")
    for part in (
        "## The problem\n\nShow the left.",
        "aisi/P2",
        "arXiv:2506.13609",
        "## Why it matters\n\n- **SAFE** The coin is safe.\n  - **BOTH** Both are needed.\n"
        "    - **LEFT** The left holds.",
        "only together with 1 others: P-RIGHT",
        "## How a solution is recognised\n\nit is shown",
        "## What can be run today\n\na run",
        "One shot costs 2.",
        "after 1 failed shots",
        "as theory lead judges",
        "A budget of 9 for the whole case buys",
        "- P-LEFT:1, x: y (failed: no)",
        "## Contact\n\ntheory lead",
    ):
        assert part in text, part
    other = next(f.text for f in found if f.name == "P-RIGHT.md")
    assert "nobody stated these numbers" in other
    assert "Nobody has recorded an attempt." in other
    assert other.rstrip().endswith("board")


def test_text_of_a_case_is_no_markup_anywhere(tmp_path: Path) -> None:
    text = PAIR.replace("says: Show the left.", f'says: "{HOSTILE}"')
    for to in ("calls", "markdown", "issues"):
        joined = "\n".join(f.text for f in files(tmp_path / to, text, to))  # type: ignore[arg-type]
        body = "\n".join(line for line in joined.splitlines() if not line.startswith("title: "))
        assert "<script>" not in body
        assert "[a](http" not in body
        assert "@everyone" not in body
        assert "\u202e" not in joined
        assert "\x07" not in joined
        assert "U+202E" in joined


def test_an_issue_has_its_title_and_labels_in_front(tmp_path: Path) -> None:
    text = PAIR.replace("says: Show the left.", 'says: "A \\"quoted\\" --- title"')
    found = {f.name: f.text for f in files(tmp_path / "c", text, "issues")}
    first, title, labels, last, *_ = found["P-LEFT.md"].splitlines()
    assert (first, last) == ("---", "---")
    assert json.loads(title.removeprefix("title: ")) == 'P-LEFT: A "quoted" --- title'
    assert json.loads(labels.removeprefix("labels: ")) == ["problem", "theory"]


@pytest.mark.parametrize("start", ["=1+1", "+1", "-1", "@SUM(A1)", "＝1", "\\t=1", "\\r=1"])
def test_no_cell_is_a_formula(tmp_path: Path, start: str) -> None:
    text = PAIR.replace("says: Show the left.", f'says: "{start}, x"')
    (file,) = files(tmp_path / "c", text, "csv")
    rows = list(csv.DictReader(io.StringIO(file.text, newline="")))
    cell = next(row["says"] for row in rows if row["item"] == "P-LEFT")
    assert cell.startswith("'")
    for row in csv.reader(io.StringIO(file.text, newline="")):
        assert not any(value.startswith(("=", "+", "-", "@", "\t", "\r")) for value in row)


def test_the_table_has_every_item_and_what_a_budget_buys(tmp_path: Path) -> None:
    (file,) = files(tmp_path / "c", PAIR, "csv", budget=9)
    rows = {row["item"]: row for row in csv.DictReader(io.StringIO(file.text, newline=""))}
    assert rows.keys() == {"P-LEFT", "P-RIGHT"}
    assert (rows["P-LEFT"]["solvable_low"], rows["P-LEFT"]["cost_of_one_shot"]) == ("0.4", "2.0")
    assert int(rows["P-LEFT"]["shots_funded"]) > 0
    assert rows["P-LEFT"]["library"] == "aisi/P2"


def test_the_data_is_what_json_prints(tmp_path: Path) -> None:
    (file,) = files(tmp_path / "c", PAIR, "json", budget=9)
    data = json.loads(file.text)
    assessment = opened(tmp_path / "c").assess()
    items = items_of(assessment)
    ranking = rank(assessment, items, open_graph(assessment, items), taken=PLAIN)
    assert data["agenda"] == json.loads(json.dumps(ranking_json(ranking)))
    assert data["funding"]["budget"] == 9


def test_names_that_fall_together_get_a_number(tmp_path: Path) -> None:
    text = PAIR.replace("P-RIGHT", "p-LEFT")
    names = [f.name for f in files(tmp_path / "c", text, "calls")]
    assert len({name.lower() for name in names}) == 2
    assert any(name.endswith("-2.md") for name in names)


def test_the_split_as_a_table(tmp_path: Path) -> None:
    assessment = opened(tmp_path / "c").assess()
    items = items_of(assessment)
    found: Funding = fund(items, open_graph(assessment, items), 9, taken=PLAIN)
    rows = list(csv.DictReader(io.StringIO(funding_table(found), newline="")))
    assert [row["item"] for row in rows] == ["P-LEFT", "P-RIGHT"]
    assert sum(float(row["cost"]) for row in rows) == found.spent
    assert [row["judged_by"] for row in rows] == ["theory lead", ""]


def test_every_format_writes_something(tmp_path: Path) -> None:
    for to, folder in FORMATS.items():
        found = files(tmp_path / to, PAIR, to)  # type: ignore[arg-type]
        assert all(bool(f.name) == folder for f in found)
        assert all(f.text for f in found)


def test_calls_are_for_problems_and_issues_for_every_item(tmp_path: Path) -> None:
    text = PAIR[: PAIR.index("  - problem: P-RIGHT")]
    assert [f.name for f in files(tmp_path / "a", text, "calls")] == ["P-LEFT.md"]
    assert {f.name for f in files(tmp_path / "b", text, "issues")} == {"P-LEFT.md", "RIGHT.md"}
