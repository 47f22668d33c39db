"""The rows of the outline."""

from __future__ import annotations

from dataclasses import replace

from safetycase.argument.model import Claim
from safetycase.assess.records import WORST_FIRST
from safetycase.report.outline import outline
from safetycase.report.prose import prose


def rows_of(assessment):
    return {row.id: row for row in outline(assessment) if not row.reference}


def test_every_element_and_every_state_has_one_place(assessment):
    rows = outline(assessment)
    opened = [row.id for row in rows if not row.reference]
    assert sorted(opened) == sorted({*assessment.case.elements, *assessment.states})
    assert rows[0].id == "SAFE"
    assert rows[0].depth == 0


def test_roles_and_order(assessment):
    rows = outline(assessment)
    below = [row.id for row in rows if row.parent == 0]
    assert below == ["ROUTES", "SCHEMING"]
    by_id = rows_of(assessment)
    assert by_id["D-SANDBAGGING"].role == "doubt"
    assert by_id["NO-SANDBAGGING"].role == "answer"
    assert by_id["AUDITOR-STEADY"].role == "side condition"
    assert by_id["ALIGNMENT"].role == "in support"
    assert by_id["P-LEGIBLE"].role == "problem"
    assert by_id["SPARE"].role == "loose"


def test_a_doubt_raised_by_a_measurement_hangs_on_its_evidence(assessment):
    rows = outline(assessment)
    raised = rows_of(assessment)["E-SELF-REASONING.below-chance"]
    assert rows[raised.parent].id == "E-SELF-REASONING"
    assert raised.says == "One phrasing scored significantly below chance."


def test_a_folded_row_counts_what_it_hides(assessment):
    by_id = rows_of(assessment)
    assert str(by_id["WEIGHTS"].below) == "1 stale"
    assert str(by_id["HARM-INABILITY"].below) == "1 refuted"
    assert str(by_id["E-SELF-REASONING"].below) == "2 doubts · 2 open"
    assert str(by_id["SAFE"].below) == (
        "2 refuted · 3 contested · 2 doubts · 10 open · 1 stale · 1 assumed"
    )
    assert str(by_id["SPARE"].below) == ""


def test_evidence_is_counted_under_its_own_word(assessment):
    for word in WORST_FIRST:
        state = assessment.states["E-WEIGHTS"]
        freshness = replace(state.freshness, word=word, detail="")
        states = {**assessment.states, "E-WEIGHTS": replace(state, freshness=freshness)}
        below = str(rows_of(replace(assessment, states=states))["WEIGHTS"].below)
        assert below.split(" · ")[0] == ("1 open" if word == "fresh" else f"1 {word}")


def test_an_element_used_twice_is_a_reference_and_counts_once(assessment):
    case = assessment.case
    recall = case.elements["RECALL"]
    spare = replace(case.elements["SPARE"], in_support=("RECALL", "LEGIBLE"))
    elements = {**case.elements, "SPARE": spare}
    changed = replace(assessment, case=replace(case, elements=elements))
    again = [row for row in outline(changed) if row.id == "RECALL"]
    assert [row.reference for row in again] == [False, True]
    assert again[1].leaf
    assert again[1].says == recall.says
    assert str(rows_of(changed)["SPARE"].below) == "2 open"


def test_loops_and_dangling_references_end(assessment):
    case = assessment.case
    loop = Claim(id="LOOP", says="Round and round.", in_support=("LOOP", "NOWHERE"))
    changed = replace(assessment, case=replace(case, elements={**case.elements, "LOOP": loop}))
    rows = outline(changed)
    assert [row.reference for row in rows if row.id == "LOOP"] == [False, True]
    assert rows_of(changed)["NOWHERE"].kind == "missing"


def test_levels_close_as_often_as_they_open(assessment):
    rows = outline(assessment)
    assert sum(not row.leaf for row in rows) == sum(row.closes for row in rows)


def test_a_chain_of_thousands_is_no_recursion(assessment):
    case = assessment.case
    chain = {
        f"C{i}": Claim(id=f"C{i}", says=f"Link {i}.", in_support=(f"C{i + 1}",) if i < 2999 else ())
        for i in range(3000)
    }
    deep = replace(assessment, case=replace(case, elements={**case.elements, **chain}))
    assert max(row.depth for row in outline(deep)) == 2999


def test_what_is_quoted_is_code_and_everything_is_escaped():
    """In a row of the outline as in a table: no text can act, quoted or not."""
    attack = "<img src=x onerror=alert(1)>"
    assert prose(f"Runs as `inspect/eval` {attack} `{attack}`.") == (
        "Runs as <code>inspect/eval</code> &lt;img src=x onerror=alert(1)&gt; "
        "<code>&lt;img src=x onerror=alert(1)&gt;</code>."
    )
    assert prose("one ` alone & `two` pairs") == "one ` alone &amp; `two` pairs"
    assert prose("`a\x1b\u202e`") == "<code>a␛[U+202E]</code>"
    assert prose("`" + "a" * 50 + "`", 10).startswith("`aaaaaaaaa … [cut here")
