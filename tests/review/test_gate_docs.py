"""The how-to, the workflow and the hook are executed as they are written."""

from __future__ import annotations

import os
import re
import shlex
import stat
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.conftest import PLUGINS, SOURCE
from tests.review.green import AUTHOR
from tests.review.test_gate_command import commit, rewrite

from safetycase.ledger.keys import from_seed

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "how-to" / "gate-a-release.md"
WORKFLOW = ROOT / "docs" / "examples" / "github-actions" / "safety-case.yml"
HOOKS = ROOT / ".pre-commit-hooks.yaml"


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Mapping[str, str]:
    """An environment in which `safetycase` and `gh` are commands; `gh` only says what it got."""
    tools = tmp_path / "bin"
    tools.mkdir()
    python = f"exec {shlex.quote(sys.executable)} -m safetycase.cli"
    for name, body in {
        "safetycase": f'{python} "$@"',
        "gh": 'echo "gh $*"; cat comment.md',
    }.items():
        path = tools / name
        path.write_text(f"#!/bin/sh\n{body}\n", "utf-8")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{tools}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join((str(PLUGINS), str(SOURCE))))
    return dict(os.environ)


def run(command: str, folder: Path, env: Mapping[str, str]) -> tuple[int, str]:
    done = subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", command],
        cwd=folder, env=dict(env), capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


def blocks(kind: str) -> dict[str, str]:
    return dict(re.findall(rf'```{kind} title="(.*?)"\n(.*?)```', PAGE.read_text("utf-8"), re.S))


@pytest.mark.slow
def test_the_page_works_as_written(reviewed: Path, shell: Mapping[str, str]) -> None:
    commit(reviewed)
    commands, texts = blocks("console"), blocks("text")
    assert list(commands) == ["release", "loosen", "attest", "check"]

    def follow(title: str) -> tuple[int, str]:
        script = "\n".join(line.removeprefix("$ ") for line in commands[title].splitlines())
        return run(script, reviewed, shell)

    code, out = follow("release")
    assert (code, texts["release"] in out) == (0, True), out
    code, _ = follow("attest")
    assert code == 0
    keyid = from_seed(AUTHOR, "author").keyid
    commands["check"] = commands["check"].replace("KEYID", keyid)
    assert "--weights-sha256 SHA256" in commands["check"]
    commands["check"] = commands["check"].replace(" --weights-sha256 SHA256", "")
    code, out = follow("check")
    assert (code, out.splitlines()[-1]) == (0, "it stands")
    code, out = follow("loosen")
    assert code == 5
    wanted = texts["loosen"].splitlines()
    shown = [line.rstrip() for line in out.splitlines()]
    at = shown.index(wanted[0])
    joined = " ".join(" ".join(shown[at : at + 8]).split())
    assert " ".join(" ".join(wanted).split()) in joined, joined


def steps(job: str) -> list[dict[str, Any]]:
    data = yaml.safe_load(WORKFLOW.read_text("utf-8"))
    found = data["jobs"][job]["steps"]
    assert isinstance(found, list)
    return found


def scripts(job: str) -> dict[str, str]:
    return {step["name"]: step["run"] for step in steps(job) if "name" in step and "run" in step}


def test_the_workflow_asks_for_no_more_than_it_needs() -> None:
    data = yaml.safe_load(WORKFLOW.read_text("utf-8"))
    assert data["permissions"] == {"contents": "read"}
    on = data[True]  # YAML 1.1 reads the word `on` so; GitHub does not
    assert set(on) == {"pull_request", "push"}
    assert "pull_request_target" not in WORKFLOW.read_text("utf-8")
    for job in data["jobs"].values():
        for step in job["steps"]:
            script = step.get("run", "")
            # What a contributor can choose reaches a shell through its environment alone.
            assert "${{" not in script, script
            if str(step.get("uses", "")).startswith("actions/checkout"):
                assert step["with"]["persist-credentials"] is False


@pytest.mark.slow
def test_the_commands_of_the_workflow_work(reviewed: Path, shell: Mapping[str, str]) -> None:
    commit(reviewed)
    root = reviewed.parent
    run("git branch -f trunk && git update-ref refs/remotes/origin/trunk trunk", root, shell)
    summary = root / "summary.md"
    summary.write_text("", "utf-8")
    env = {**shell, "CASE": reviewed.name, "BASE": "trunk", "NUMBER": "7",
           "GITHUB_STEP_SUMMARY": str(summary)}  # fmt: skip
    release, merge = scripts("release"), scripts("merge")
    assert set(merge) == {"fetch the record", "merge gate", "comment"}
    assert set(release) == {"fetch the record", "release gate"}
    code, out = run(release["release gate"], root, env)
    assert (code, "release gate: OPEN" in out) == (0, True), out
    code, out = run(merge["merge gate"], root, env)
    assert code == 0, out
    rewrite(reviewed, "rate <= 0.20", "rate <= 0.30")
    code, out = run(merge["merge gate"], root, env)
    assert code == 5, out
    assert (root / "gate.sarif").exists()
    assert (root / "gate.xml").exists()
    assert summary.read_text("utf-8").count("merge gate:") == 2
    code, out = run(merge["comment"], root, env)
    assert code == 0, out
    assert "gh pr comment 7 --body-file comment.md" in out
    assert "criterion loosened" in out


@pytest.mark.slow
def test_the_hook_checks_a_case_and_its_references(green: Path, shell: Mapping[str, str]) -> None:
    (hook,) = yaml.safe_load(HOOKS.read_text("utf-8"))
    assert (hook["id"], hook["pass_filenames"]) == ("safetycase-check", False)
    assert re.search(hook["files"], "cases/mine/case.yaml")
    command = f"{hook['entry']} {shlex.quote(str(green))}"
    code, out = run(command, green, shell)
    assert code == 0, out
    rewrite(green, "      - claim: RARE", "      - NOWHERE\n      - claim: RARE")
    code, out = run(command, green, shell)
    assert (code, "F030" in out) == (2, True), out
