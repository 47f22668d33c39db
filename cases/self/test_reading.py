"""What a hostile file or text may do: nothing, except to be named as a finding."""

import html
import json
import time
from datetime import UTC, datetime

import pytest

from safetycase.argument.load import load
from safetycase.ledger import CanonicalError, canonical
from safetycase.report import render_html
from safetycase.report.clean import visible
from safetycase.workspace.folder import open_case

HEADER = """\
case: toy
title: TITLE
maturity: sketch
target: 0.90
decision: {supports: trying, owner: board, expires: 2099-06-01}
models: {m: {weights: none}}
system: {model: m, scaffold: none}
deployment: {users: 4 staff, volume: 10 throws per month, horizon: 12 months, distribution: throws}
harm: {what: too many heads, mistake: a head}
"""
ROOT = "root: {claim: SAFE, says: SAYS}\n"
SCRIPT = "<script>window.hit = 1</script><img src=x onerror=hit()>"


def codes(text):
    return {finding.code for finding in load(text).findings if finding.severity == "error"}


def test_a_plain_case_is_read():
    assert not codes(HEADER + ROOT)


@pytest.mark.parametrize(
    "spoilt",
    [
        HEADER + ROOT + "title: again\n",
        HEADER + ROOT + "titel: misspelt\n",
        HEADER.replace("0.90", "yes") + ROOT,
        HEADER.replace("0.90", ".nan") + ROOT,
        HEADER.replace("0.90", "1e999") + ROOT,
        HEADER.replace("2099-06-01", "2099-02-30") + ROOT,
        HEADER + ROOT.replace("SAYS", "&a again, because: *a"),
        HEADER + ROOT.replace("SAYS", "!!python/object/apply:os.system [id]"),
        HEADER + ROOT.replace("SAFE", "../../etc/passwd"),
        HEADER + ROOT + "claims: [" + "[" * 3000 + "]" * 3000 + "]\n",
        HEADER + ROOT + "\x00",
        "",
        "- 1\n",
        "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\n",
    ],
)
def test_what_is_no_case_is_a_finding_and_nothing_else(spoilt):
    begun = time.monotonic()
    assert codes(spoilt)
    assert time.monotonic() - begun < 5


def test_a_status_cannot_be_typed():
    assert codes(HEADER + ROOT.replace("SAYS", "fine, support: supported"))
    assert codes(HEADER + ROOT.replace("SAYS", "fine, status: green"))


@pytest.mark.parametrize(
    "text",
    [b'{"a":1,"a":2}', b'{"a":NaN}', b'{"a":1.5}', b"[" * 5000, b'"\\ud800"', b"{} {}", b"\xff"],
)
def test_a_line_that_can_be_read_in_two_ways_is_no_record(text):
    with pytest.raises(CanonicalError):
        canonical.loads(text)


def test_nothing_invisible_is_shown():
    shown = visible("a\u202eb\x1b[31mc\x00d\u200be\ud800f")
    assert shown.isprintable()
    assert "".join(c for c in shown if c in "abcdef") == "abcdef"
    assert len(visible("x" * 1_000_000)) < 5_000


def test_text_of_a_case_cannot_act_in_its_report(tmp_path):
    says = json.dumps(SCRIPT + "\u202e javascript:alert(1)")
    text = HEADER.replace("TITLE", json.dumps(SCRIPT)) + ROOT.replace("SAYS", says)
    (tmp_path / "case.yaml").write_text(text, "utf-8")
    space = open_case(tmp_path, datetime(2026, 11, 27, tzinfo=UTC))
    page = render_html(space.assess(), version="x")
    assert "<script>window" not in page
    assert "<img" not in page
    assert "&lt;script&gt;window.hit" in page
    assert "\u202e" not in page
    assert "default-src 'none'" in html.unescape(page)
