"""What goes wrong is a sentence, a place and an exit code; the record stays whole."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.conftest import COIN, HEADER, Ran, write_case

pytestmark = pytest.mark.slow

Sc = Callable[..., Ran]
ITEMS = {"items.txt": "head or tail\n"}


def two_leaves(method: str, extra: str = "") -> str:
    """The coin case with a second leaf that uses `method`."""
    return (
        COIN
        + f"""\
      - claim: OTHER
        says: The other coin too.
        holds_when: rate <= 0.20
        by:
          evidence: E-OTHER
          method: {method}
          with: {{n: 400}}
          reads: {{rate: rate}}
          because: It is the other coin.
{extra}"""
    )


@pytest.mark.parametrize(
    ("change", "code", "says"),
    [
        (("holds_when:", "hodls_when:"), "F020", "did you mean `holds_when`"),
        (("premises:\n", "premises:\n      - NOWHERE\n"), "F030", "is not in this case"),
        (("evidence: E-COIN", "evidence: RARE"), "F013", "used twice"),
        (("rate <= 0.20", "rtae <= 0.20"), "C110", "did you mean `rate`"),
        (("rate <= 0.20", "rate =< 0.20"), "F024", "cannot be read"),
        (("method: toy/coin", "method: toy/cion"), "C120", "did you mean `toy/coin`"),
        (("method: toy/coin", "method: toy/broken"), "C121", "toy_methods_missing"),
        (("{n: 400, rate: 5}", "{n: many}"), "C122", "expected a whole number"),
        (("{n: 400, rate: 5}", "{m: 400}"), "C122", "there is no parameter `m`"),
        (("{rate: rate}", "{rate: speed}"), "C123", "does not measure `speed`"),
        (("[items.txt]", "[itmes.txt]"), "C124", "is not there"),
        (("[items.txt]", "[../coin.txt]"), "C124", "outside the case folder"),
        (("system: {model: m", "system: {model: q"), "C125", "no model `q`"),
        (("{n: 400, rate: 5}", "{n: 5}"), "C126", "cannot decide"),
        (("{n: 400, rate: 5}", "{n: =deployment.volum}"), "C127", "no fact `deployment.volum`"),
        (("        expires: 2099-03-01\n", ""), "C131", "neither `expires` nor `monitor`"),
    ],
)
def test_findings(sc: Sc, tmp_path: Path, change: tuple[str, str], code: str, says: str) -> None:
    assert change[0] in COIN
    folder = write_case(tmp_path / "c", COIN.replace(*change), ITEMS)
    checked = sc("check", folder)
    assert checked.code == 2, checked.out
    assert code in checked.out
    assert says in checked.out
    assert "c/case.yaml:" in checked.out
    ran = sc("run", folder)
    assert ran.code == 2
    assert "nothing was run" in ran.err
    assert not (folder / "ledger").exists()
    listed = sc("check", folder, "--json").json
    assert code in {f["code"] for f in listed}
    assert all(f["line"] >= 1 and f["file"] for f in listed)
    assert sc("explain", code).out.startswith(code)


def test_a_circle_is_a_finding(sc: Sc, tmp_path: Path) -> None:
    text = (
        HEADER
        + """\
root: {claim: A, says: a, by: {argument: S, kind: decomposition, because: b, premises: [B]}}
claims:
  - {claim: B, says: b, by: {argument: T, kind: decomposition, because: b, premises: [A]}}
"""
    )
    done = sc("check", write_case(tmp_path / "c", text))
    assert done.code == 2
    assert "A → S → B → T → A" in done.out


@pytest.mark.parametrize(
    ("method", "says", "outcomes"),
    [
        ("toy/raises", "RuntimeError: the method fell over", ["failed"]),
        ("toy/hangs", "time limit", ["failed"]),
        ("toy/garbage", "not a Measurement", ["failed"]),
        # Whoever killed it, the worker is gone: it is tried once more, as another attempt.
        ("toy/dies", "killed by SIGKILL", ["lost", "lost"]),
    ],
)
def test_a_method_that_goes_wrong_is_an_attempt_that_says_so(
    sc: Sc, tmp_path: Path, method: str, says: str, outcomes: list[str]
) -> None:
    folder = write_case(tmp_path / "c", two_leaves(method), ITEMS)
    limit = "3" if method == "toy/hangs" else "60"
    ran = sc("run", folder, "--time-limit", limit)
    assert ran.code == 0, ran.err
    found = sc("status", folder, "--json").json
    other, coin = found["leaves"]["E-OTHER"], found["leaves"]["E-COIN"]
    assert [a["outcome"] for a in other["attempts"]] == outcomes
    assert says in other["attempts"][0]["reason"]
    assert coin["outcome"] == "supports"
    assert found["states"]["RARE"]["support"] == "supported"
    assert found["states"]["OTHER"]["support"] == "open"
    assert found["verdict"] == "unknown"
    assert sc("verify", folder).code == 0
    assert "\x1b" not in ran.err + sc("why", "E-OTHER", folder).out


def test_hostile_output_is_escaped_everywhere(sc: Sc, tmp_path: Path) -> None:
    folder = write_case(tmp_path / "c", two_leaves("toy/hostile"), ITEMS)
    assert sc("run", folder).code == 0
    page = (folder / "report" / "index.html").read_text("utf-8")
    assert "<script>alert" not in page
    assert "\x00" not in page
    assert "\x1b" not in page
    assert "\u202e" not in page
    assert len(page) < 1_000_000
    for words in (["why", "E-OTHER", folder], ["status", folder]):
        out = sc(*words).out
        assert "\x1b" not in out
        assert "\u202e" not in out
    assert sc("verify", folder).code == 0


def test_ctrl_c_keeps_what_is_finished_and_the_next_run_goes_on(sc: Sc, tmp_path: Path) -> None:
    folder = write_case(tmp_path / "c", two_leaves("toy/slow"), ITEMS)
    process = subprocess.Popen(
        [sys.executable, "-m", "safetycase.cli", "run", str(folder)],
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=dict(os.environ),
    )
    assert process.stderr is not None
    for line in process.stderr:
        if "[2/2]" in line:
            break
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "1 finished attempt(s) are kept" in err
    found = sc("status", folder, "--json").json
    assert [a["outcome"] for a in found["leaves"]["E-COIN"]["attempts"]] == ["completed"]
    assert [a["outcome"] for a in found["leaves"]["E-OTHER"]["attempts"]] == ["aborted"]
    planned = sc("run", folder, "--dry-run").out.splitlines()
    assert planned[1].split()[:5] == ["E-OTHER", "1", "2", "of", "3"]
    assert "was aborted" in planned[1]
    assert sc("verify", folder).code == 0


def test_a_killed_scheduler_leaves_a_lost_attempt_and_no_orphan(sc: Sc, tmp_path: Path) -> None:
    folder = write_case(tmp_path / "c", two_leaves("toy/slow"), ITEMS)
    process = subprocess.Popen(
        [sys.executable, "-m", "safetycase.cli", "run", str(folder)],
        stderr=subprocess.PIPE,
        text=True,
        stdout=subprocess.DEVNULL,
        env=dict(os.environ),
    )
    assert process.stderr is not None
    for line in process.stderr:
        if "[2/2]" in line:
            break
    time.sleep(0.5)
    process.kill()
    process.wait()
    process.stderr.close()
    time.sleep(1.0)
    workers = [
        p
        for p in Path("/proc").glob("[0-9]*/cmdline")
        if b"evidence.worker" in _bytes(p) and str(tmp_path).encode() in _bytes(p)
    ]
    assert workers == []
    again = sc("run", folder, "--time-limit", "2")
    assert again.code == 0
    assert "recorded as lost" in again.err
    found = sc("status", folder, "--json").json
    assert "lost" in [a["outcome"] for a in found["leaves"]["E-OTHER"]["attempts"]]


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def test_a_folder_that_cannot_be_written_is_a_sentence(sc: Sc, coin: Path) -> None:
    (coin / "ledger").write_text("in the way", "utf-8")
    ran = sc("run", coin)
    assert ran.code == 2
    assert "ledger" in ran.err
    assert "Traceback" not in ran.err


def test_a_full_disk_keeps_the_record_whole(sc: Sc, coin: Path, tmp_path: Path) -> None:
    assert sc("run", coin).code == 0
    before = (coin / "ledger" / "log.jsonl").read_bytes()
    (coin / "items.txt").write_text("other items\n", "utf-8")
    script = (
        "import resource, signal, sys\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        f"limit = ({len(before)} + 100, resource.RLIM_INFINITY)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, limit)\n"
        "from safetycase.cli.main import main\n"
        f"sys.argv = ['safetycase', 'run', {str(coin)!r}]\nmain()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        env=dict(os.environ),
        check=False,
        timeout=60,
    )
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    assert (coin / "ledger" / "log.jsonl").read_bytes().startswith(before)
    assert sc("verify", coin).code == 0
    assert sc("run", coin).code == 0


def test_no_model_says_what_to_install(sc: Sc, tmp_path: Path) -> None:
    text = (
        COIN.replace("smollm2-135m-instruct", "no-such-model")
        .replace("toy/coin", "inspect/eval")
        .replace("{n: 400, rate: 5}", "{task: tasks.py@t}")
        .replace("{rate: rate}", "{rate: pass_rate}")
    )
    folder = write_case(tmp_path / "c", text, {**ITEMS, "tasks.py": "x = 1\n"})
    ran = sc("run", folder)
    assert ran.code == 2
    assert "no weights `no-such-model`" in ran.err


@pytest.mark.parametrize(
    "words",
    [
        ["stats"],
        ["status", "nowhere"],
        ["why"],
        ["status", "--now", "soon"],
        ["explain", "X999"],
        ["method", "show", "toy/cion"],
        ["run", "--only", "E-CION"],
    ],
)
def test_wrong_words_are_usage_errors(sc: Sc, coin: Path, words: list[str]) -> None:
    done = sc(*words, cwd=coin)
    assert done.code == 2
    assert "Traceback" not in done.err
    assert done.err.strip()


def test_json_everywhere(sc: Sc, coin: Path) -> None:
    sc("run", coin)
    for words in (
        ["check"],
        ["status"],
        ["why", "SAFE"],
        ["agenda"],
        ["report"],
        ["verify"],
        ["run"],
        ["doctor"],
        ["explain"],
        ["explain", "F001"],
        ["method", "list"],
        ["method", "show", "toy/coin"],
        ["method", "try", "toy/coin"],
    ):
        done = sc(*words, "--json", cwd=coin)
        json.loads(done.out)


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ('"a\\0b"', "is not in the case folder"),
        ("nope.yaml", "is not in the case folder"),
        ("../outside.yaml", "is not in the case folder"),
        ("loop.yaml", "is not in the case folder"),
        ("folder", "is not a file"),
        ("latin.yaml", "not UTF-8 text"),
    ],
)
def test_a_module_that_cannot_be_read_is_a_finding(
    sc: Sc, tmp_path: Path, path: str, says: str
) -> None:
    folder = write_case(tmp_path / "c", COIN + f"modules:\n  m: {path}\n", ITEMS)
    (folder / "folder").mkdir()
    (folder / "loop.yaml").symlink_to("loop.yaml")
    (folder / "latin.yaml").write_bytes(b"module: m\ntitle: \xe9\n")
    line = (folder / "case.yaml").read_text().count("\n")
    checked = sc("check", folder)
    assert checked.code == 2, checked.out
    assert "F033" in checked.out
    assert says in checked.out
    assert f"c/case.yaml:{line}:6" in checked.out


def test_a_case_file_that_is_no_file_is_named(sc: Sc, tmp_path: Path) -> None:
    folder = tmp_path / "c"
    folder.mkdir()
    (folder / "case.yaml").symlink_to("case.yaml")
    checked = sc("check", folder)
    assert checked.code == 2
    assert "case.yaml is no file" in checked.err


def test_the_place_of_bytes_that_are_no_text(sc: Sc, tmp_path: Path) -> None:
    folder = write_case(tmp_path / "c", COIN, ITEMS)
    text = (folder / "case.yaml").read_bytes()
    (folder / "case.yaml").write_bytes(text + b"# caf\xe9\n")
    line = text.count(b"\n") + 1
    assert f"c/case.yaml:{line}:6" in sc("check", folder).out


OWN = """\
template: mine
version: 1
title: Mine
source: mine
says: mine
root:
  claim: TOP
  says: top
"""


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"\xff", "is not UTF-8 text"),
        (OWN.replace("template: mine", "template: other").encode(), "`template: other`"),
        (OWN.replace("says: top", "sais: top").encode(), "c/templates/mine.yaml:8:3"),
    ],
)
def test_an_own_template_that_is_wrong(sc: Sc, tmp_path: Path, content: bytes, says: str) -> None:
    folder = write_case(tmp_path / "c", COIN + "claims: [{use: mine@1, as: M}]\n", ITEMS)
    (folder / "templates").mkdir()
    (folder / "templates" / "mine.yaml").write_bytes(content)
    checked = sc("check", folder)
    assert checked.code == 2, checked.out
    assert says in checked.out
    assert "did you mean `mine`" not in checked.out


@pytest.mark.parametrize("verb", [("status",), ("gate", "--release"), ("check",)])
def test_a_reader_who_goes_does_not_change_the_exit_code(
    tmp_path: Path, verb: tuple[str, ...]
) -> None:
    folder = write_case(tmp_path / "coin", COIN, ITEMS)
    words = [sys.executable, "-c", "from safetycase.cli.main import main; main()", *verb,
             str(folder)]  # fmt: skip
    whole = subprocess.run(words, capture_output=True, check=False)
    read, write = os.pipe()
    os.close(read)  # so that the first line already has no reader
    cut = subprocess.run(words, stdout=write, stderr=subprocess.PIPE, check=False)
    os.close(write)
    assert (cut.returncode, cut.stderr) == (whole.returncode, whole.stderr)
    assert whole.stdout


def test_a_report_that_cannot_be_written_hides_no_verdict(sc: Sc, coin: Path) -> None:
    (coin / "report").write_text("in the way", "utf-8")
    ran = sc("run", coin)
    assert ran.code == 2
    assert "RARE  Heads are rare." in ran.out
    assert f"safetycase: {coin / 'report'}: " in ran.err
    assert "the record has what was run; `safetycase report --out FILE`" in ran.err
    assert "Report:" not in ran.out
    assert sc("run", coin, "--json").json["report"] is None
    assert sc("status", coin, "--json").json["states"]["RARE"]["support"] == "supported"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (COIN.replace("  says: The coin is safe.\n", ""), "F021"),
        (COIN.split("root:")[0] + "root: SAFFE\nclaims: [{claim: SAFE, says: Safe.}]\n", "F030"),
    ],
)
@pytest.mark.parametrize(
    "verb",
    ["check", "status", "why SAFE", "agenda", "plan", "report", "gate --release", "run", "mutate"],
)
def test_a_top_claim_that_cannot_be_read_is_a_finding(
    sc: Sc, tmp_path: Path, text: str, code: str, verb: str
) -> None:
    folder = write_case(tmp_path / "c", text, ITEMS)
    found = sc(*verb.split(), cwd=folder)
    assert found.code == 2, found.err
    assert code in found.out + found.err


def test_a_prior_that_says_nothing_is_a_finding_after_a_run_too(sc: Sc, tmp_path: Path) -> None:
    folder = write_case(tmp_path / "c", COIN, ITEMS)
    assert sc("run", folder).code == 0
    held = "          valid_for: 90 days\n"
    prior = "          prior: {owner: me, because: I think so.}\n"
    (folder / "case.yaml").write_text(COIN.replace(held, held + prior), "utf-8")
    found = sc("status", folder)
    assert found.code == 2, found.err
    assert "NOT POSED" in found.out


@pytest.mark.parametrize("verb", ["status", "check"])
def test_a_closed_output_does_not_change_the_exit_code(tmp_path: Path, verb: str) -> None:
    folder = write_case(tmp_path / "coin", COIN, ITEMS)
    call = 'exec "$0" -c "from safetycase.cli.main import main; main()" "$1" "$2"'
    words = ["sh", "-c", call, sys.executable, verb, str(folder)]
    whole = subprocess.run(words, capture_output=True, check=False)
    for closed in (">&-", "2>&-", ">&- 2>&-"):
        words[2] = f"{call} {closed}"
        done = subprocess.run(words, capture_output=True, check=False)
        assert done.returncode == whole.returncode, closed
        assert b"Traceback" not in done.stderr


def test_a_plan_of_a_leaf_with_a_finding_counts_its_items_once(sc: Sc, tmp_path: Path) -> None:
    sound = sc("plan", write_case(tmp_path / "a", COIN, ITEMS), "--json").json
    folder = write_case(tmp_path / "b", COIN.replace("toy/coin", "toy/cion"), ITEMS)
    found = sc("plan", folder, "--json").json
    measured = [line["id"] for line in found["lines"] if line["how"] == "measured"]
    assert measured == [line["id"] for line in sound["lines"] if line["how"] == "measured"]
    assert "  E-COIN (finding)" in sc("plan", folder).out
