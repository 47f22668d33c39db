"""Every code has two examples: one with which it is found, and one with which it is not."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from safetycase.argument.findings import Finding
from safetycase.argument.fmt import formatted
from safetycase.argument.refactor import rename
from safetycase.argument.structure import Structure
from safetycase.checks.examples import Example, examples_of, read_structure
from safetycase.checks.profiles import PROFILES, check_structure
from safetycase.checks.registry import all_rules
from safetycase.plugin.formats import Source
from safetycase.workspace.checking import check_folder

WITHOUT_EXAMPLE = frozenset({"F092", "C141"})
"""F092 fires only if a change of ours would be wrong, C141 only after a run; see their tests."""
FOREIGN = {".yaml": "gsn2x", ".xmi": "sacm", ".ltac": "ltac", ".json": "tea"}
RULES = [(name, code) for name, rules in all_rules().items() for code in rules]
JUDGED = [(name, code) for name, code in RULES if name != "review"]  # those need a record


def test_every_code_has_both_examples() -> None:
    missing = [
        f"{code}/{side}"
        for _, code in RULES
        for side in ("fires", "quiet")
        if side not in examples_of(code) and code not in WITHOUT_EXAMPLE
    ]
    assert not missing, f"no folder under src/safetycase/checks/examples: {', '.join(missing)}"


def test_codes_are_not_used_twice() -> None:
    codes = [code for _, code in RULES]
    assert len(set(codes)) == len(codes)


def test_no_example_is_left_behind() -> None:
    folder = Path(importlib.import_module("safetycase.checks.examples").__file__ or "").parent
    assert {path.name for path in (folder / "examples").iterdir()} <= {code for _, code in RULES}


@pytest.mark.slow
@pytest.mark.parametrize(("profile", "code"), JUDGED)
def test_examples(profile: str, code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for side, example in examples_of(code).items():
        found = codes_of(example, profile, tmp_path / side, monkeypatch)
        assert (code in found) is (side == "fires"), (side, found)
        if side == "fires":
            declared = all_rules()[profile][code]
            assert any(f.severity == declared.severity for f in found[code])
        elif profile == "case":
            assert found == {}, "the quiet example of a case file has no other fault"


def codes_of(
    example: Example, profile: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> dict[str, list[Finding]]:
    found: dict[str, list[Finding]] = {}
    for finding in findings(example, profile, folder, monkeypatch):
        found.setdefault(finding.code, []).append(finding)
    return found


def findings(
    example: Example, profile: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Finding]:
    if example.read_first != "case.yaml":
        yield from judged(example, profile)
        return
    for name, content in example.files():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    if (folder / "plugin").is_dir():
        monkeypatch.syspath_prepend(str(folder / "plugin"))
    yield from check_folder(folder).findings
    if (folder / "command").is_file():
        yield from edited((folder / "case.yaml").read_text("utf-8"), folder / "command")


def edited(text: str, command: Path) -> Iterator[Finding]:
    verb, *words = command.read_text("utf-8").split()
    if verb == "fmt":
        yield from formatted(text, "case.yaml").findings
    else:
        assert verb == "rename"
        yield from rename({"case.yaml": text}, *words).findings


def judged(example: Example, profile: str) -> Iterator[Finding]:
    structure: Structure | None
    name = example.read_first
    if name == "structure.json":
        structure = read_structure(example.folder / name)
    else:
        files = dict(example.files())
        module = importlib.import_module(f"safetycase.interop.{FOREIGN[Path(name).suffix]}")
        reading = module.FORMAT.read([Source(name=name, data=files[name])], files.get)
        yield from reading.findings
        structure = reading.structure
    if structure is not None and profile in PROFILES:
        yield from check_structure(structure, profile)
