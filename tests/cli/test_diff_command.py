"""`diff`: files, folders and revisions of git; nothing of a case is executed."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from tests.conftest import COIN, HEADER, write_case

from safetycase.cli.diff import diff

LOOSER = COIN.replace("rate <= 0.20", "rate <= 0.30").replace("Heads are rare.", "Heads | `x` @me")


def call(*words: str | Path) -> Result:
    return CliRunner().invoke(diff, [str(w) for w in words], standalone_mode=False)


def code(result: Result) -> Any:
    return result.return_value if result.exception is None else result.exception


def git(folder: Path, *words: str) -> str:
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]
    done = subprocess.run(
        ["git", "-C", str(folder), *identity, *words], capture_output=True, text=True, check=True
    )
    return done.stdout


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = write_case(tmp_path / "repo" / "cases" / "coin", COIN, {"items.txt": "x\n"})
    git(tmp_path, "init", "-q", "repo")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "one")
    return folder


def test_two_folders_are_compared_and_loosening_comes_first(tmp_path: Path) -> None:
    old = write_case(tmp_path / "old", COIN)
    new = write_case(tmp_path / "new", LOOSER)
    found = call(old, new)
    assert code(found) == 0
    lines = found.output.splitlines()
    assert lines[0] == "2 changes · 1 loosens the case"
    assert lines[2] == "▼ claim RARE: criterion loosened"
    assert lines[3:6] == ["    - rate <= 0.20", "    + rate <= 0.30", "    case.yaml:28:21"]
    assert "Impact: 1 REVISE · 3 RECHECK · 1 REUSE" in lines


def test_a_revision_of_git_is_compared_with_the_folder_as_it_stands(repository: Path) -> None:
    (repository / "case.yaml").write_text(LOOSER, "utf-8")
    found = call("HEAD", "--case", repository, "--json")
    assert code(found) == 0
    says = json.loads(found.output)
    assert {c["what"] for c in says["changes"]} == {"criterion loosened", "reworded"}
    assert says["impact"]["SAFE"]["verdict"] == "RECHECK"
    git(repository, "commit", "-qam", "two")
    two = call("HEAD~1", "HEAD", "--case", repository, "--json")
    assert json.loads(two.output)["changes"] == says["changes"]
    assert call("HEAD", "HEAD", "--case", repository).output == "No difference in the argument.\n"


def test_modules_and_templates_are_read_from_the_revision(repository: Path) -> None:
    template = (
        "template: toy\nversion: 1\ntitle: T\nsource: S\nsays: W\nroot: {claim: TOP, says: Words}\n"
    )
    text = HEADER.replace("harm:", "modules: {m: parts/m.yaml}\nharm:") + (
        "root:\n  claim: SAFE\n  says: s\n  by:\n    argument: A\n    kind: decomposition\n"
        "    because: b\n    premises: [m/X, T]\n"
        "claims:\n  - {use: toy@1, as: T}\n"
    )
    module = "module: m\ntitle: M\npublic: [X]\nclaims:\n  - {claim: X, says: one}\n"
    write_case(repository, text, {"parts/m.yaml": module, "templates/toy.yaml": template})
    git(repository, "add", "-A")
    git(repository, "commit", "-qm", "modules")
    (repository / "parts" / "m.yaml").write_text(module.replace("one", "two"), "utf-8")
    (repository / "templates" / "toy.yaml").write_text(template.replace("Words", "More"), "utf-8")
    found = json.loads(call("HEAD", "--case", repository, "--json").output)
    changed = {(c["element"], c["kind"], c["field"]) for c in found["changes"]}
    assert changed == {
        ("m/X", "claim", "says"),
        ("T", "claim", "says"),
        ("T", "template", "digest"),
    }


def test_the_comment_for_a_pull_request_cannot_be_broken_by_the_case(tmp_path: Path) -> None:
    old, new = write_case(tmp_path / "a", COIN), write_case(tmp_path / "b", LOOSER)
    found = call(old, new, "--markdown").output
    assert found.startswith("### A coin: 2 changes · 1 loosens the case\n")
    assert (
        "| ▼ loosens | RARE | criterion loosened | rate &#60;= 0.20 | rate &#60;= 0.30 |" in found
    )
    assert "Heads &#124; &#96;x&#96; @\u2060me" in found
    assert found.count("<details>") == found.count("</details>") == 3
    assert "What survives (1)" in found


@pytest.mark.parametrize(
    "word", ["nowhere", "--upload-pack=x", "HEAD:x", "$(touch x)", "a\x1b[31m"]
)
def test_what_is_no_version_is_said_in_a_sentence(repository: Path, word: str) -> None:
    found = call("--case", repository, "--", word)
    assert found.exception is not None
    assert "neither a file, nor a folder, nor a revision" in str(found.exception)
    assert "\x1b" not in str(found.exception)


def test_a_case_that_cannot_be_read_is_named_with_its_findings(tmp_path: Path) -> None:
    old, new = write_case(tmp_path / "a", COIN), write_case(tmp_path / "b", "case: [")
    found = call(old, new)
    assert code(found) == 2
    assert "cannot be read as a case" in found.output
    assert "F002" in found.output
    empty = tmp_path / "empty"
    empty.mkdir()
    assert "holds no case.yaml" in str(call(old, empty).exception)


def test_a_module_outside_the_folder_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "secret.yaml").write_text("module: m\ntitle: M\n", "utf-8")
    text = COIN.replace("harm:", "modules: {m: ../secret.yaml}\nharm:")
    folder = write_case(tmp_path / "a", text)
    result = call(folder, folder)
    assert "module" not in result.stdout
    assert "F033" in result.stderr


def test_what_could_not_be_read_is_not_passed_over(tmp_path: Path) -> None:
    was = write_case(tmp_path / "was", COIN, {"items.txt": "x\n"})
    broken = COIN.replace("kind: decomposition", "kind: decompositoin")
    assert broken != COIN
    now = write_case(tmp_path / "now", broken, {"items.txt": "x\n"})
    for words in ([], ["--markdown"], ["--json"]):
        result = call(was, now, *words)
        assert code(result) == 2
        assert "did you mean `decomposition`" in result.stderr
        assert "counts as absent" in result.stderr
