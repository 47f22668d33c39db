"""`explain` says what a code means, where it comes from, and shows either side."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from click.testing import CliRunner
from tests.conftest import Ran

from safetycase.checks.pages import WHOLE, shown_examples
from safetycase.checks.registry import all_rules
from safetycase.cli.explain import explain

Sc = Callable[..., Ran]
RUNNER = CliRunner()


def test_a_rule_of_a_profile(sc: Sc) -> None:
    out = sc("explain", "r04").out
    assert out.startswith("R04  Support that GSN does not permit\n")
    assert "error, structural, GSN v3 1:2.1 (profile gsn-v3-strict)" in out
    before, after = out.split("In order:")
    assert '"source": "S1", "target": "Sn1"' in before
    assert '"source": "S1", "target": "G2"' in after


def test_a_code_of_the_case_file(sc: Sc) -> None:
    out = sc("explain", "C131").out
    assert out.startswith("C131  Assumption without end\n")
    assert "In order:" in out
    assert sc("explain", "C1310").code == 2


@pytest.mark.slow
@pytest.mark.parametrize("code", [code for rules in all_rules().values() for code in rules])
def test_every_page_shows_what_makes_the_difference(code: str) -> None:
    done = RUNNER.invoke(explain, [code])
    assert done.exit_code == 0
    assert done.output.startswith(code)
    shown = shown_examples(code)
    if code in ("F092", "C141"):
        return  # fires only if a change of ours would be wrong; only after a run
    assert set(shown) == {"fires", "quiet"}
    assert shown["fires"] != shown["quiet"]
    for files in shown.values():
        assert all(len(file.text.splitlines()) <= 2 * WHOLE for file in files)


def test_the_list_names_every_code() -> None:
    out = RUNNER.invoke(explain, []).output
    assert all(code in out for rules in all_rules().values() for code in rules)
