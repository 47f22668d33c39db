"""`gate` on the command line: what a pipeline sees, from git, and what it leaves behind."""

from __future__ import annotations

import hashlib
import importlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from tests.conftest import PLUGINS, SOURCE, write_case
from tests.review.green import AUTHOR, GREEN, sign

from safetycase.argument.library import Library
from safetycase.cli.check import check
from safetycase.cli.gate import gate
from safetycase.cli.record import verify
from safetycase.ledger.keys import from_seed
from safetycase.review.policy_default import DEFAULT_POLICY
from safetycase.workspace import versions
from safetycase.workspace.paths import NoCase

KEY = from_seed(AUTHOR, "author").keyid
LOOSEN = ("rate <= 0.20", "rate <= 0.30")


def call(*words: str | Path) -> Result:
    return CliRunner().invoke(gate, [str(w) for w in words], standalone_mode=False)


def code(result: Result) -> Any:
    if result.exception is None:
        return result.return_value
    return getattr(result.exception, "exit_code", result.exception)


def words(result: Result) -> str:
    return " ".join(result.output.split())


def git(folder: Path, *words: str) -> None:
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", "-C", str(folder), *identity, *words], capture_output=True, check=True)


def commit(folder: Path) -> None:
    """The case as it is, in git; its record is not."""
    git(folder.parent, "init", "-q", ".")
    (folder.parent / ".gitignore").write_text("ledger/\nreport/\nhome/\n*.pem\n", "utf-8")
    git(folder.parent, "add", "-A")
    git(folder.parent, "commit", "-qm", "one")


def rewrite(folder: Path, old: str, new: str) -> None:
    path = folder / "case.yaml"
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


@pytest.mark.slow
def test_open_then_one_threshold_loosened_and_the_difference_names_it(
    reviewed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(reviewed)  # places are told from here, and a long one would be cut
    commit(reviewed)
    opened = call(reviewed, "--release")
    assert code(opened) == 0, opened.output
    assert opened.output.startswith("release gate: OPEN — 13 of 13 clauses pass, policy default")
    unchanged = call(reviewed, "--merge", "--against", "HEAD")
    assert code(unchanged) == 0, unchanged.output
    rewrite(reviewed, *LOOSEN)
    shut = call(reviewed, "--merge", "--against", "HEAD")
    assert code(shut) == 5
    lines = shut.output.splitlines()
    at = lines.index("▼ weaker  claim RARE: criterion loosened")
    assert lines[at + 1 : at + 3] == ["    - rate <= 0.20", "    + rate <= 0.30"]
    assert "case.yaml:" in lines[at + 3]
    assert "0 of 2 reviewers signed RARE as it is" in lines[at + 4]
    sign(reviewed, "Grace", "RARE")
    assert code(call(reviewed, "--merge", "--against", "HEAD")) == 5
    sign(reviewed, "Alan", "RARE")
    told = json.loads(call(reviewed, "--merge", "--against", "HEAD", "--json").output)
    clauses = {c["clause"]: c["state"] for c in told["clauses"]}
    assert clauses["loosening-signed"] == "pass"
    (weaker,) = [c for c in told["changes"] if c["means"] == "weaker"]
    assert (weaker["element"], weaker["signed"]) == ("RARE", ["Grace", "Alan"])


def test_the_record_of_today_is_read_under_the_version_in_git(reviewed: Path) -> None:
    commit(reviewed)
    rewrite(reviewed, "rate <= 0.20", "rate <= 0.15")
    found = call(reviewed, "--merge", "--against", "HEAD")
    assert code(found) == 0, found.output
    words = " ".join(found.output.split())
    assert "so is shown less of SAFE: supported (holds, confidence" in words
    (reviewed / "items.txt").write_text("changed\n", "utf-8")
    git(reviewed, "checkout", "-q", "case.yaml")
    found = call(reviewed, "--merge", "--against", "HEAD")  # its data was another, too
    assert "supported (holds, confidence" in " ".join(found.output.split())
    assert code(found) == 4


@pytest.mark.slow
def test_a_record_that_came_with_the_change_counts_for_nothing(reviewed: Path) -> None:
    commit(reviewed)
    rewrite(reviewed, *LOOSEN)
    sign(reviewed, "Grace")
    sign(reviewed, "Alan")
    git(reviewed, "add", "-f", "ledger")
    found = call(reviewed, "--merge", "--against", "HEAD")
    assert code(found) == 3
    assert "The record does not verify: the record came with the change" in " ".join(
        found.output.split()
    )
    origin = json.loads(CliRunner().invoke(verify, [str(reviewed), "--json"]).output)["origin"]
    policy = reviewed.parent / "policy.yaml"
    merge = "[{clause: loosening-signed}]\n"
    for name, exits in ((origin, 0), ("safetycase/" + "0" * 32, 3)):
        policy.write_text(f"policy: p\nrecord: {name}\nrelease: []\nmerge: {merge}", "utf-8")
        found = call(reviewed, "--merge", "--against", "HEAD", "--policy", policy)
        assert code(found) == exits, found.output


def test_a_record_that_git_tracks_counts_for_nothing_against_a_folder_either(
    reviewed: Path, tmp_path: Path
) -> None:
    before = write_case(tmp_path / "before", GREEN, {"items.txt": "head or tail\n"})
    words = (reviewed, "--merge", "--against", before)
    assert code(call(*words)) == 0
    commit(reviewed)
    assert code(call(*words)) == 0
    git(reviewed, "add", "-f", "ledger")
    found = call(*words)
    assert (code(found), "the record came with the change" in " ".join(found.output.split())) == (
        3,
        True,
    )


def test_in_a_hook_of_git_the_answer_is_the_same(
    reviewed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit(reviewed)
    git(reviewed, "add", "-f", "ledger")
    # As in a hook: true in the folder of the repository, and not in that of the case.
    monkeypatch.setenv("GIT_DIR", ".git")
    monkeypatch.setenv("GIT_INDEX_FILE", ".git/index.lock")
    found = call(reviewed, "--merge", "--against", "HEAD")
    assert code(found) == 3, found.output
    assert "the record came with the change" in words(found)


def test_a_repository_of_another_user_is_said_to_be_one(
    reviewed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit(reviewed)
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    found = call(reviewed, "--merge", "--against", "HEAD")
    assert "git does not read a repository of another user" in str(found.exception)


def test_a_policy_that_names_a_record_wants_it_to_be_there(green: Path, tmp_path: Path) -> None:
    policy = tmp_path / "p.yaml"
    policy.write_text("policy: p\nrecord: safetycase/x\nrelease: []\nmerge: []\n", "utf-8")
    other = call(green, "--release", "--policy", policy)
    assert (code(other), "the policy names safetycase/x" in words(other)) == (3, True)
    bare = write_case(tmp_path / "bare", GREEN, {"items.txt": "head or tail\n"})
    absent = call(bare, "--release", "--policy", policy)
    assert (code(absent), "safetycase/x, is not here" in words(absent)) == (4, True)


def test_a_case_that_is_new_is_no_weaker_than_it_was(reviewed: Path) -> None:
    text = (reviewed / "case.yaml").read_text("utf-8")
    (reviewed / "case.yaml").unlink()
    commit(reviewed)
    (reviewed / "case.yaml").write_text(text, "utf-8")
    found = call(reviewed, "--merge", "--against", "HEAD", "--json")
    assert code(found) == 0
    told = json.loads(found.output)
    assert told["against"] == "HEAD, which has no case here"
    assert told["changes"] == []
    rewrite(reviewed, "      - claim: RARE", "      - NOWHERE\n      - claim: RARE")
    assert code(call(reviewed, "--merge", "--against", "HEAD")) == 2


@pytest.mark.slow
def test_a_method_that_stands_beside_the_case_is_run_again_first(reviewed: Path) -> None:
    """It is imported as it is now, for both versions, and so looks the same in both recipes."""
    code_of = reviewed.parent / "code"
    code_of.mkdir()
    for each in PLUGINS.glob("toy_methods*"):
        copy = shutil.copytree if each.is_dir() else shutil.copy
        copy(each, code_of / each.name)
    commit(reviewed)
    env = {**os.environ, "PYTHONPATH": os.pathsep.join((str(code_of), str(SOURCE)))}
    words = [sys.executable, "-m", "safetycase.cli", "gate", str(reviewed), "--merge",
             "--against", "HEAD", "--json"]  # fmt: skip

    def gated() -> tuple[int, dict[str, Any]]:
        done = subprocess.run(words, capture_output=True, text=True, env=env, check=False)
        return done.returncode, {c["clause"]: c for c in json.loads(done.stdout)["clauses"]}

    assert gated()[0] == 0
    module = code_of / "toy_methods.py"
    module.write_text(module.read_text("utf-8") + "\nMORE = 1\n", "utf-8")
    exits, clauses = gated()
    assert exits == 4
    assert (
        "runs otherwise than before: instrument.code.toy_methods"
        in (clauses["reruns-recorded"]["remarks"][0]["says"])
    )


@pytest.mark.slow
@pytest.mark.parametrize("there", ["other", "", "coin/deeper"])
def test_a_case_that_moved_is_held_against_what_it_was(reviewed: Path, there: str) -> None:
    commit(reviewed)
    root = reviewed.parent
    text = (reviewed / "case.yaml").read_text("utf-8").replace(*LOOSEN)
    (reviewed / "case.yaml").unlink()
    write_case(root / there, text, {"items.txt": "head or tail\n"})
    found = call(root / there, "--merge", "--against", "HEAD", "--json")
    assert code(found) == 5, found.output
    told = json.loads(found.output)
    assert told["against"] == "HEAD, where it stood in coin"
    weaker = [c["what"] for c in told["changes"] if c["means"] == "weaker"]
    assert weaker == ["criterion loosened"]
    # The folder that it had does not stand for the case above it.
    for mode in (("--merge", "--against", "HEAD"), ("--release",)):
        gone = call(reviewed, *mode)
        assert isinstance(gone.exception, NoCase)
        assert there != "" or "a gate judges the case that is named" in str(gone.exception)
    write_case(root / there, text.replace("case: toy", "case: quite-new"))
    renamed = call(root / there, "--merge", "--against", "HEAD", "--json")
    assert code(renamed) == 5
    assert "case changed" in {c["what"] for c in json.loads(renamed.output)["changes"]}


def test_of_several_cases_that_are_gone_the_one_before_has_to_be_named(reviewed: Path) -> None:
    root = reviewed.parent
    text = (reviewed / "case.yaml").read_text("utf-8")
    write_case(root / "second", text.replace("case: toy", "case: two"))
    commit(reviewed)
    for folder in (reviewed, root / "second"):
        (folder / "case.yaml").unlink()
    new = write_case(root / "third", text.replace("case: toy", "case: three"))
    found = call(new, "--merge", "--against", "HEAD")
    assert "cases that it has are gone (coin, second): check the one out" in str(found.exception)
    write_case(root / "third", text.replace("case: toy", "case: two"))
    assert "where it stood in second" in call(new, "--merge", "--against", "HEAD").output


def test_a_policy_from_outside_does_not_hide_that_the_own_one_is_weaker(
    reviewed: Path, tmp_path: Path
) -> None:
    commit(reviewed)
    outside = tmp_path / "outside.yaml"
    outside.write_text(DEFAULT_POLICY, "utf-8")
    words = (reviewed, "--merge", "--against", "HEAD", "--policy", outside)
    assert code(call(*words)) == 0
    (reviewed / "policy.yaml").write_text("policy: p\nrelease: []\nmerge: []\n", "utf-8")
    found = call(*words)
    assert code(found) == 5
    assert "The policy asks for less than before" in found.output
    (reviewed / "policy.yaml").write_text("policy: [", "utf-8")
    assert code(call(*words)) == 2


def test_a_folder_can_be_the_version_before(reviewed: Path, tmp_path: Path) -> None:
    before = write_case(tmp_path / "before", GREEN, {"items.txt": "head or tail\n"})
    rewrite(reviewed, *LOOSEN)
    assert code(call(reviewed, "--merge", "--against", before)) == 5
    write_case(before, "case: [")
    broken = call(reviewed, "--merge", "--against", before)
    assert code(broken) == 2


def test_a_broken_case_is_exit_2_and_a_forged_record_exit_3(reviewed: Path) -> None:
    rewrite(reviewed, "maturity: full", "maturity: finished")
    assert code(call(reviewed, "--release")) == 2
    rewrite(reviewed, "maturity: finished", "maturity: full")
    log = reviewed / "ledger" / "log.jsonl"
    log.write_bytes(log.read_bytes().replace(b'"sig":"', b'"sig":"A', 1))
    assert code(call(reviewed, "--release")) == 3


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ((), "say one of --release"),
        (("--release", "--merge", "--against", "HEAD"), "say one of --release"),
        (("--merge",), "--merge and --against"),
        (("--release", "--against", "HEAD"), "--merge and --against"),
        (("--merge", "--against", "HEAD", "--attest", "x"), "--attest signs the answer of"),
        (("--release", "--key", "0" * 16), "belong to --check"),
        (("--show-policy", "--sarif", "x"), "write what --release or --merge say"),
        (("--release", "--sarif", "x", "--junit", "./x"), "is named for two outputs"),
    ],
)
def test_what_does_not_fit_together_is_said(green: Path, words: tuple[str, ...], says: str) -> None:
    found = call(green, *words)
    assert code(found) == 2
    assert says in str(found.exception)


def test_an_installed_template_that_stands_beside_the_case_is_read_as_it_was(
    reviewed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A package in the same repository is installed as it is now, for both versions of the case."""
    path = reviewed.parent / "package" / "small.yaml"
    path.parent.mkdir()
    path.write_text("as it was\n", "utf-8")
    commit(reviewed)
    path.write_text("as it is\n", "utf-8")
    fresh = path.with_name("fresh.yaml")
    fresh.write_text("new\n", "utf-8")
    files = {"small": path, "fresh": fresh}
    now = Library(names=lambda: tuple(files), text=lambda name: (name, files[name].read_text()))
    monkeypatch.setattr(versions, "templates", lambda _folder: now)
    monkeypatch.setattr(versions, "template_file", files.get)
    before = versions.find_version("HEAD", reviewed).library
    assert before.text("small") == ("small", "as it was\n")
    assert before.text("fresh") == ("fresh", "new\n")  # there was none: it is what there is
    elsewhere = reviewed.parent.parent / "small.yaml"
    elsewhere.write_text("of another house\n", "utf-8")
    files["small"] = elsewhere
    assert before.text("small") == ("small", "of another house\n")


def test_a_folder_with_the_name_of_a_revision_is_not_taken_for_it(
    reviewed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit(reviewed)
    git(reviewed, "update-ref", "refs/remotes/origin/main", "HEAD")
    rewrite(reviewed, *LOOSEN)
    monkeypatch.chdir(reviewed.parent)
    words = (reviewed, "--merge", "--against")
    assert code(call(*words, "origin/main")) == 5
    # What a pull request would add, so as to be held against itself.
    loose = (reviewed / "case.yaml").read_text("utf-8")
    write_case(Path("origin/main"), loose, {"items.txt": "head or tail\n"})
    found = call(*words, "origin/main")
    assert "is a file or folder here and a revision of git as well" in str(found.exception)
    assert code(call(*words, "refs/remotes/origin/main")) == 5
    assert code(call(*words, "./origin/main")) == 0


@pytest.mark.parametrize("word", ["nowhere", "--upload-pack=x", "HEAD:x", "a\x1b[31m"])
def test_what_is_no_version_is_said_in_a_sentence(green: Path, word: str) -> None:
    commit(green)
    found = call(green, "--merge", f"--against={word}")
    assert "neither a file, nor a folder, nor a revision" in str(found.exception)
    assert "\x1b" not in str(found.exception)


def test_one_evaluation_writes_every_file(reviewed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = reviewed.parent / "out"
    out.mkdir()
    summary = out / "summary.md"
    summary.write_text("what the step wrote before\n", "utf-8")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    found = call(
        reviewed, "--release", "--json", "--sarif", out / "g.sarif", "--junit", out / "g.xml",
        "--summary", summary,
    )  # fmt: skip
    assert code(found) == 0, found.output
    assert json.loads(found.output)["passed"] is True
    assert json.loads((out / "g.sarif").read_text("utf-8"))["version"] == "2.1.0"
    assert "<testsuites" in (out / "g.xml").read_text("utf-8")
    text = summary.read_text("utf-8")
    assert text.startswith("what the step wrote before\n### A coin: release gate: OPEN")
    kept = call(reviewed, "--release", "--sarif", reviewed / "case.yaml")
    assert "would be lost" in str(kept.exception)
    assert (reviewed / "case.yaml").read_text("utf-8") == GREEN


@pytest.mark.parametrize("name", ["ledger/log.jsonl", "ledger/new.md", "policy.yaml", "case.yaml"])
def test_no_output_takes_the_place_of_what_it_is_made_from(reviewed: Path, name: str) -> None:
    (reviewed / "policy.yaml").write_text(DEFAULT_POLICY, "utf-8")
    path = reviewed / name
    before = path.read_bytes() if path.exists() else None
    for option in ("--sarif", "--junit", "--summary", "--attest"):
        found = call(reviewed, "--release", option, path)
        assert "name another file" in str(found.exception), option
    assert (path.read_bytes() if path.exists() else None) == before
    mine = reviewed.parent / "mine.yaml"
    mine.write_text(DEFAULT_POLICY, "utf-8")
    found = call(reviewed, "--release", "--policy", mine, "--summary", mine)
    assert "would be lost" in str(found.exception)


def test_a_policy_under_another_name_is_not_passed_over(reviewed: Path) -> None:
    other = reviewed / "policy.yml"
    other.write_text(DEFAULT_POLICY, "utf-8")
    found = call(reviewed, "--release")
    assert code(found) == 2
    assert "policy.yml is not read: the policy of a case is policy.yaml" in words(found)
    told = json.loads(call(reviewed, "--release", "--json").output)
    assert [f["code"] for f in told["findings"]] == ["F002"]
    other.unlink()
    (reviewed / "policy.yaml").symlink_to("nowhere.yaml")
    assert code(call(reviewed, "--release")) == 2


def test_the_built_in_policy_is_printed_where_there_is_no_case(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert DEFAULT_POLICY in call("--show-policy").output
    assert "no case.yaml" in str(call("--release").exception)
    assert "there is no file or folder" in str(call("nowhere", "--show-policy").exception)


def test_as_of_when_and_until_when_is_said(reviewed: Path) -> None:
    found = call(reviewed, "--release", "--now", "2098-12-01T08:30:00Z")
    assert found.output.splitlines()[1] == "as of 2098-12-01 08:30 UTC"
    assert " UTC at the latest: " in call(reviewed, "--release").output.splitlines()[1]


def test_the_policy_in_force_is_printed_and_can_be_given(green: Path) -> None:
    shown = call(green, "--show-policy")
    assert code(shown) == 0
    assert DEFAULT_POLICY in shown.output
    data = json.loads(call(green, "--show-policy", "--json").output)
    assert data["merge"][3] == {
        "clause": "loosening-signed",
        "as": "loosening-signed",
        "options": {"reviewers": 1, "reviewers_if_full": 2, "by": [], "undecided": "signed",
                    "reworded": "shown"},
    }  # fmt: skip
    mine = green.parent / "mine.yaml"
    mine.write_text("policy: mine\nrelease: [{clause: sign-of}]\nmerge: []\n", "utf-8")
    wrong = call(green, "--release", "--policy", mine)
    assert code(wrong) == 2
    assert "mine.yaml:1" not in wrong.output
    assert "mine.yaml:2:20: error F022 `sign-of` is no clause" in wrong.output
    mine.write_text("policy: mine\nrelease: []\nmerge: []\n", "utf-8")
    found = call(green, "--release", "--policy", mine)
    assert code(found) == 0
    assert "4 of 4 clauses pass, policy mine" in found.output
    (green / "policy.yaml").write_bytes(b"\xff")
    assert code(call(green, "--release")) == 2


def test_check_reads_the_policy_beside_the_case(green: Path) -> None:
    def checked() -> Result:
        return CliRunner().invoke(check, [str(green)], standalone_mode=False)

    policy = green / "policy.yaml"
    policy.write_text("policy: mine\nrelease: []\nmerge: [{clause: sign-of}]\n", "utf-8")
    assert code(checked()) == 2
    assert "policy.yaml:3:18: error F022 `sign-of` is no clause" in checked().output
    policy.write_text("policy: mine\nrelease: []\nmerge: []\n", "utf-8")
    assert code(checked()) == 0


def test_a_signed_answer_is_checked_without_the_case(reviewed: Path, tmp_path: Path) -> None:
    out = tmp_path / "elsewhere" / "verdict.json"
    out.parent.mkdir()
    signed = call(reviewed, "--release", "--attest", out)
    assert code(signed) == 0, signed.output
    assert f"signed with the key {KEY}" in signed.output
    early = call(reviewed, "--release", "--attest", out, "--now", "2026-01-01")
    assert "signed as of the present" in str(early.exception)
    there = ("--check", out)
    stands = call(*there, "--key", KEY)
    assert code(stands) == 0, stands.output
    assert stands.output.endswith("it stands\n")
    assert "case toy: The case holds" in stands.output
    digest = hashlib.sha256(DEFAULT_POLICY.encode()).hexdigest()
    assert f"policy default, sha256 {digest} (not compared: --policy)" in stands.output
    assert "it asked for record-verifies, well-formed, maturity-full" in words(stands)
    assert code(call(*there)) == 4
    assert code(call(*there, "--key", KEY[:32].upper())) == 0
    assert "the first 32 or more" in str(call(*there, "--key", KEY[:31]).exception)
    assert code(call(*there, "--key", "0" * 64)) == 3
    assert code(call(*there, "--key", KEY, "--now", "2300-01-01")) == 4
    assert code(call(*there, "--key", KEY, "--weights-sha256", "0" * 64)) == 1
    told = json.loads(call(*there, "--key", KEY, "--json").output)
    assert told["stands"] is True
    record = told["predicate"]["record"]
    assert record["checkpoint"].splitlines()[:2] == [record["origin"], str(record["size"] - 2)]
    policy = tmp_path / "p.yaml"
    policy.write_text(DEFAULT_POLICY, "utf-8")
    assert code(call(*there, "--key", KEY, "--policy", policy)) == 0
    policy.write_text(DEFAULT_POLICY + "\n", "utf-8")
    assert code(call(*there, "--key", KEY, "--policy", policy)) == 1
    assert code(call(*there, "--key", "short")) == 2
    out.write_bytes(out.read_bytes().replace(b"a", b"b", 1))
    damaged = call(*there, "--key", KEY)
    assert (code(damaged), "NOT VERIFIED" in damaged.output) == (3, True)


def test_only_a_key_of_the_record_signs_an_answer(
    reviewed: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from tests.review.green import key_file

    out = tmp_path / "v.json"
    monkeypatch.setenv("SAFETYCASE_KEY", str(key_file(reviewed, b"s" * 32)))
    assert "does not know the key" in str(call(reviewed, "--release", "--attest", out).exception)
    monkeypatch.setenv("SAFETYCASE_KEY", str(tmp_path / "none.pem"))
    assert "there is no key" in str(call(reviewed, "--release", "--attest", out).exception)
    assert not out.exists()


def test_a_shut_gate_is_signed_as_shut(green: Path, tmp_path: Path) -> None:
    out = tmp_path / "v.json"
    assert code(call(green, "--release", "--attest", out)) == 5
    found = call("--check", out, "--key", KEY)
    assert code(found) == 1
    assert "the gate was shut by review-asked, sign-off" in found.output
    assert found.output.endswith("DO NOT RELY ON IT\n")


def test_nothing_of_the_case_is_written(reviewed: Path) -> None:
    def state() -> dict[str, str]:
        return {
            str(p): hashlib.sha256(p.read_bytes()).hexdigest()
            for p in reviewed.rglob("*")
            if p.is_file()
        }

    before = state()
    call(reviewed, "--release")
    assert state() == before


def test_the_policy_in_git_judges_the_change_of_it(reviewed: Path) -> None:
    strict = "policy: strict\nrelease: []\nmerge: [{clause: sign-off, count: 3}]\n"
    (reviewed / "policy.yaml").write_text(strict, "utf-8")
    commit(reviewed)
    (reviewed / "policy.yaml").write_text("policy: loose\nrelease: []\nmerge: []\n", "utf-8")
    found = call(reviewed, "--merge", "--against", "HEAD")
    assert code(found) == 5
    assert "policy strict" in found.output.splitlines()[0]
    assert "merge: the clause sign-off is gone" in words(found)
    assert "1 of 3 independent reviewers accept SAFE" in words(found)


def test_no_digest_that_was_remembered_is_trusted(
    reviewed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder: Any = importlib.import_module("safetycase.workspace.folder")
    trusted: list[bool] = []
    real = folder.Digester

    def digester(*, trust_cache: bool) -> Any:
        trusted.append(trust_cache)
        return real(trust_cache=trust_cache)

    monkeypatch.setattr(folder, "Digester", digester)
    assert code(call(reviewed, "--release")) == 0
    assert trusted == [False]
