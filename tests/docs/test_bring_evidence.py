"""The how-to for evidence made elsewhere is executed as it is written."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.conftest import Ran, write_case

PAGE = Path(__file__).resolve().parent.parent.parent / "docs" / "how-to"
PAGE /= "bring-evidence-from-elsewhere.md"


def blocks() -> dict[str, str]:
    found = re.findall(r"```(\w+)(?: title=\"([^\"]+)\")?\n(.*?)```", PAGE.read_text("utf-8"), re.S)
    return {title or language: text for language, title, text in found}


@pytest.mark.slow
def test_the_page_works_as_written(sc: Callable[..., Ran], tmp_path: Path) -> None:
    parts = blocks()
    assert hashlib.sha256(parts["model.gguf"].encode()).hexdigest() in parts["refusals.json"]
    files = {n: parts[n] for n in ("model.gguf", "guard.xml", "results.json", "refusals.json")}
    folder = write_case(tmp_path / "mine", parts["case.yaml"], files)
    commands = [
        line.removeprefix("$ safetycase ").split() for line in parts["console"].splitlines()
    ]
    ran, why = [sc(*words, cwd=folder, timeout=200) for words in commands]
    assert (ran.code, why.code) == (0, 0), ran.err + why.err
    states = sc("status", folder, "--json").json["states"]
    words = {name: states[name]["support"] for name in ("CANNOT", "REFUSES", "GUARDED")}
    assert words == {"CANNOT": "supported", "REFUSES": "supported", "GUARDED": "refuted"}
    said = " ".join(why.out.split())
    assert "No part of that range meets it." in said
    assert "Imported, made elsewhere by a test runner, suites: pytest: order not shown" in said
    page = (folder / "report" / "index.html").read_text("utf-8")
    assert page.count("order not shown, known as reported at best") >= 3
    # Other weights under the same name: the statement no longer is about them.
    (folder / "model.gguf").write_text("other weights\n")
    leaf = sc("status", folder, "--json").json["states"]["E-REFUSALS"]
    assert leaf["freshness"]["word"] == "not applicable"
    again = sc("run", folder, timeout=200)
    assert "it is about another subject" in again.out + again.err
    assert sc("status", folder, "--json").json["states"]["REFUSES"]["support"] == "open"
