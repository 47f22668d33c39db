"""One changed line, seen through the whole program: which leaves go stale, and what `why` says."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.conftest import COIN, Ran, write_case

pytestmark = pytest.mark.slow

Sc = Callable[..., Ran]

METHODS = """\
from __future__ import annotations

import dataclasses

from toy_methods import COIN
from two_coins import {helper}


def run(inputs, parameters, context):
    {helper}.prepare()
    return COIN.run(inputs, parameters, context)


METHOD = dataclasses.replace(COIN, name="two/{name}", run=run)
"""
HELPER = """\
from __future__ import annotations


def prepare() -> int:
    return 1
"""
LEAF = """\
      - claim: {claim}
        says: The {claim} coin is rare too.
        holds_when: rate <= 0.20
        by: {{evidence: E-{claim}, method: {method}, with: {{n: 400, rate: 5}}, inputs: [{inputs}],
             reads: {{rate: rate}}, because: It is another coin.}}
"""


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installed package with two methods, each of which imports a helper of its own."""
    lib = tmp_path / "lib"
    info = lib / "two_coins-0.1.dist-info"
    for path, text in {
        info / "METADATA": "Metadata-Version: 2.1\nName: two-coins\nVersion: 0.1\n",
        info / "entry_points.txt": "[safetycase.methods]\n"
        '"two/first" = two_coins.first:METHOD\n"two/second" = two_coins.second:METHOD\n'.replace(
            '"', ""
        ),
        lib / "two_coins" / "__init__.py": "",
        lib / "two_coins" / "first.py": METHODS.format(name="first", helper="one"),
        lib / "two_coins" / "second.py": METHODS.format(name="second", helper="two"),
        lib / "two_coins" / "one.py": HELPER,
        lib / "two_coins" / "two.py": HELPER,
    }.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join((str(lib), os.environ["PYTHONPATH"])))
    return lib


def words(sc: Sc, folder: Path) -> dict[str, str]:
    found = sc("status", folder, "--json").json["states"]
    return {n: s["freshness"]["word"] for n, s in found.items() if s["kind"] == "evidence"}


def test_one_line_of_a_helper_of_a_method(sc: Sc, tmp_path: Path, plugin: Path) -> None:
    text = COIN + "".join(
        LEAF.format(claim=claim, method=method, inputs="items.txt")
        for claim, method in (("ONE", "two/first"), ("TWO", "two/second"), ("BOTH", "two/first"))
    )
    folder = write_case(tmp_path / "c", text, {"items.txt": "x"})
    assert sc("run", folder).code == 0
    assert set(words(sc, folder).values()) == {"fresh"}
    helper = plugin / "two_coins" / "one.py"
    helper.write_text(HELPER.replace("return 1", "return 2"), "utf-8")
    assert words(sc, folder) == {
        "E-COIN": "fresh",
        "E-ONE": "stale",
        "E-TWO": "fresh",
        "E-BOTH": "stale",
    }
    why = " ".join(sc("why", "E-ONE", folder).out.split())
    assert "stale" in why
    assert "instrument.code.two_coins.one" in why
    assert "two_coins/one.py:5 was `return 1` and is `return 2`." in why
    assert "two_coins" not in sc("why", "E-TWO", folder).out
    ran = sc("run", folder, "--json").json
    assert sorted(e["evidence"] for e in ran["ended"]) == ["E-BOTH", "E-ONE"]
    assert set(words(sc, folder).values()) == {"fresh"}
    assert "Nothing is due" in sc("run", folder).out


def test_one_line_of_a_helper_in_the_case_folder(sc: Sc, tmp_path: Path) -> None:
    text = COIN.replace("inputs: [items.txt]", "inputs: [task.py]") + LEAF.format(
        claim="OTHER", method="toy/coin", inputs="other.py"
    )
    folder = write_case(
        tmp_path / "c",
        text,
        {
            "task.py": "from helpers import score\n",
            "helpers.py": "def score(x):\n    # rounds down\n    return int(x)\n",
            "other.py": "from others import score\n",
            "others.py": "def score(x):\n    return x\n",
        },
    )
    assert sc("run", folder).code == 0
    (folder / "helpers.py").write_text(
        "def score(x):\n    # rounds down\n    return round(x)\n", "utf-8"
    )
    assert words(sc, folder) == {"E-COIN": "stale", "E-OTHER": "fresh"}
    why = " ".join(sc("why", "E-COIN", folder).out.split())
    assert "helpers.py:3 was `return int(x)` and is `return round(x)`." in why
    found = sc("why", "E-COIN", folder, "--json").json["states"]["E-COIN"]["freshness"]
    assert found["causes"][0] == {
        "field": "instrument.files.helpers.py",
        "file": "helpers.py",
        "line": 3,
        "was": "return int(x)",
        "now": "return round(x)",
        "record": None,
    }


PEEKS = """\
from __future__ import annotations

import dataclasses

from toy_methods import COIN


def run(inputs, parameters, context):
    (context.case_folder / "secret.txt").read_text("utf-8")
    return COIN.run(inputs, parameters, context)


METHOD = dataclasses.replace(COIN, name="two/first", run=run)
"""


def test_an_input_that_nobody_declared(sc: Sc, tmp_path: Path, plugin: Path) -> None:
    (plugin / "two_coins" / "first.py").write_text(PEEKS, "utf-8")
    text = COIN + LEAF.format(claim="PEEKS", method="two/first", inputs="items.txt")
    folder = write_case(tmp_path / "c", text, {"items.txt": "x", "secret.txt": "one\n"})
    assert sc("run", folder).code == 0
    assert words(sc, folder) == {"E-COIN": "fresh", "E-PEEKS": "fresh"}
    warning = "undeclared input: secret.txt; declare it under `inputs`"
    status = " ".join(sc("status", folder).out.split())
    assert f"E-PEEKS: {warning}" in status
    assert status.count("undeclared input") == 1
    assert warning in " ".join(sc("why", "E-PEEKS", folder).out.split())
    (folder / "secret.txt").write_text("two\n", "utf-8")
    assert words(sc, folder) == {"E-COIN": "fresh", "E-PEEKS": "tainted"}
    assert "undeclared input secret.txt changed since the run" in " ".join(
        sc("why", "E-PEEKS", folder).out.split()
    )
    (folder / "secret.txt").unlink()
    assert words(sc, folder)["E-PEEKS"] == "tainted"
    # Declared, it is an input like any other.
    (folder / "secret.txt").write_text("two\n", "utf-8")
    declared = text.replace(
        "method: two/first, with: {n: 400, rate: 5}, inputs: [items.txt]",
        "method: two/first, with: {n: 400, rate: 5}, inputs: [items.txt, secret.txt]",
    )
    assert declared != text
    (folder / "case.yaml").write_text(declared, "utf-8")
    assert [e["evidence"] for e in sc("run", folder, "--json").json["ended"]] == ["E-PEEKS"]
    assert "undeclared" not in sc("status", folder).out
    (folder / "secret.txt").write_text("three\n", "utf-8")
    assert words(sc, folder)["E-PEEKS"] == "stale"
