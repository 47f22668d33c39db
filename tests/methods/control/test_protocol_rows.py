"""The table of a control evaluation is read whole, and what is wrong with it is named by line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from safetycase.methods.control.protocols.planted import World, drawn_table, synthetic_rows
from safetycase.methods.control.protocols.rows import Row, read_table, table_of
from safetycase.plugin.contract import MethodError

GOOD = {"task": "t", "policy": "untrusted attack", "strategy": "s", "harmful": True}


def written(folder: Path, *lines: object) -> Path:
    path = folder / "rows.jsonl"
    path.write_text(
        "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines), "utf-8"
    )
    return path


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ({**GOOD, "colour": 1}, r"`rows.jsonl` line 2: there is no key `colour`"),
        ({**GOOD, "policy": "attack"}, r"line 2: the policy is `attack`; it is one of trusted"),
        ({**GOOD, "task": ""}, r"line 2: `task` is empty"),
        ({**GOOD, "task": 3}, r"line 2: `task` is 3, where a text is expected"),
        ({**GOOD, "strategy": ""}, r"line 2: a row of `untrusted attack` names its `strategy`"),
        ({"task": "t", "policy": "trusted", "strategy": "s"}, r"`trusted` has no `strategy`"),
        ({**GOOD, "draw": -1}, r"line 2: `draw` is -1"),
        ({**GOOD, "harmful": 1}, r"line 2: `harmful` is 1, where true, false or null"),
        ({**GOOD, "trusted_score": True}, r"line 2: `trusted_score` is True, where a number"),
        ({**GOOD, "trusted_score": "high"}, r"line 2: `trusted_score` is 'high'"),
        ({"task": "t", "policy": "trusted", "harmful": True}, r"an output of `trusted` is harmful"),
        ('{"task": "t", "policy": "trusted", "trusted_score": NaN}', r"line 2: `NaN` is no number"),
        ('{"task": "t", "task": "u"}', r"line 2: the key 'task' is given twice"),
        ("[1]", r"line 2: the row is \[1\], where an object is expected"),
        ("{", r"line 2: not JSON"),
        (GOOD, r"line 2: draw 0 of .* is there already, in `rows.jsonl` line 1"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(tmp_path: Path, line: object, says: str) -> None:
    with pytest.raises(MethodError, match=says):
        read_table(written(tmp_path, GOOD, line))


def test_a_draw_that_was_left_out_and_an_empty_file_are_refused(tmp_path: Path) -> None:
    with pytest.raises(MethodError, match="not numbered 0, 1, 2"):
        read_table(written(tmp_path, GOOD, {**GOOD, "draw": 2}))
    with pytest.raises(MethodError, match="the table has no row"):
        read_table(written(tmp_path, ""))


def test_a_written_table_is_read_as_it_was_drawn(tmp_path: Path) -> None:
    world = World(tasks=6, draws=2, unparsed=0.3)
    table = read_table(written(tmp_path, *synthetic_rows(4, world)))
    assert table == drawn_table(4, world)
    assert table.strategies == ("bold", "subtle")
    assert len(table.drawn("task 0003", "untrusted attack", "bold")) == 2
    assert table.only(["task 0001"]).tasks == ("task 0001",)
    assert any(row.untrusted_score is None for row in table.rows("untrusted attack"))


def test_the_order_of_lines_does_not_matter() -> None:
    rows = [(str(n), Row(**row)) for n, row in enumerate(synthetic_rows(1, World(tasks=4)))]
    assert table_of(rows) == table_of(reversed(rows))
