"""What is written never takes the place of what it was made from, and never half of it."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.conftest import COIN, Ran, write_case

Sc = Callable[..., Ran]
ITEMS = {"items.txt": "head or tail\n"}


@pytest.mark.parametrize(
    "words",
    [("report",), ("draw", "--as", "gsn"), ("export", "--to", "ltac")],
)
def test_an_output_never_replaces_the_case(sc: Sc, tmp_path: Path, words: tuple[str, ...]) -> None:
    folder = write_case(tmp_path / "c", COIN, ITEMS)
    before = (folder / "case.yaml").read_bytes()
    done = sc(words[0], folder, *words[1:], "--out", folder / "case.yaml")
    assert done.code == 2
    assert "name another file" in done.err
    assert (folder / "case.yaml").read_bytes() == before


@pytest.mark.parametrize(
    "words",
    [
        ("report",),
        ("report", "--format", "junit"),
        ("draw", "--as", "gsn"),
        ("export", "--to", "ltac"),
        ("review", "checklist"),
        ("gate", "--release", "--summary"),
    ],
)
def test_an_output_never_replaces_the_record_or_the_policy(
    sc: Sc, tmp_path: Path, words: tuple[str, ...]
) -> None:
    folder = write_case(tmp_path / "c", COIN, ITEMS)
    record, policy = folder / "ledger" / "log.jsonl", folder / "policy.yaml"
    record.parent.mkdir()
    for path, text in ((record, ""), (policy, "policy: p\nrelease: []\nmerge: []\n")):
        path.write_text(text, "utf-8")
        option = () if words[-1] == "--summary" else ("--out",)
        verb = words[:2] if words[0] == "review" else words[:1]
        done = sc(*verb, folder, *words[len(verb) :], *option, path)
        assert done.code == 2, done.out
        assert "name another file" in done.err
        assert path.read_text("utf-8") == text


def test_an_export_never_replaces_its_source(sc: Sc, tmp_path: Path) -> None:
    source = tmp_path / "a.ltac"
    source.write_text("- Claim G1: safe\n")
    done = sc("export", source, "--to", "gsn2x", "--out", source)
    assert done.code == 2
    assert source.read_text() == "- Claim G1: safe\n"


@pytest.mark.parametrize(
    ("words", "start"),
    [
        (("report", "--out"), b"<!doctype html>"),
        (("report", "--format", "json", "--out"), b"{"),
        (("report", "--format", "ro-crate", "--out"), b"PK"),
        (("record", "bundle", "-o"), b"PK"),
        (
            (
                "record",
                "countersign",
                "--checkpoint",
                "ledger/checkpoints/5.txt",
                "--out",
            ),
            b"safetycase/",
        ),
        (("gate", "--release", "--attest"), b"{"),
    ],
    ids=lambda words: "-".join(words[:3]) if isinstance(words, tuple) else "",
)
@pytest.mark.slow
def test_a_pipe_is_written_to_and_stays(
    sc: Sc, coin: Path, tmp_path: Path, words: tuple[str, ...], start: bytes
) -> None:
    assert sc("run", coin).code == 0
    pipe = tmp_path / "pipe.zip"
    os.mkfifo(pipe)
    found: list[bytes] = []
    reader = threading.Thread(target=lambda: found.append(pipe.read_bytes()), daemon=True)
    reader.start()
    case = () if words[0] == "record" else (coin,)
    done = sc(words[0], *case, *words[1:], pipe, cwd=coin)
    assert done.code in (0, 1), done.err
    assert pipe.is_fifo()
    reader.join(20)
    assert found[0][: len(start)].lower() == start.lower()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["coin", "pipe.zip"]


@pytest.mark.slow
def test_a_report_leaves_its_neighbours_alone(sc: Sc, tmp_path: Path) -> None:
    folder = write_case(tmp_path / "c", COIN, ITEMS)
    (tmp_path / "x.tmp").write_text("mine")
    assert sc("report", folder, "--out", tmp_path / "x.html").code == 0
    assert (tmp_path / "x.tmp").read_text() == "mine"


def test_fix_keeps_line_ends_rights_and_neighbours(sc: Sc, tmp_path: Path) -> None:
    folder = write_case(tmp_path / "c", COIN.replace("holds_when:", "hodls_when:"), ITEMS)
    path = folder / "case.yaml"
    wanted = COIN.replace("\n", "\r\n").encode()
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    path.chmod(0o600)
    (folder / "case.tmp").write_text("mine")
    sc("check", folder, "--fix")
    assert path.read_bytes() == wanted
    assert path.stat().st_mode & 0o777 == 0o600
    assert (folder / "case.tmp").read_text() == "mine"


@pytest.mark.parametrize("words", [("export", "--to", "ltac"), ("draw",)])
def test_what_could_not_be_read_is_said(sc: Sc, tmp_path: Path, words: tuple[str, ...]) -> None:
    source = tmp_path / "a.gsn.yaml"
    source.write_text("G1: {text: a, undeveloped: true}\nG1: {text: b, undeveloped: true}\n")
    done = sc(words[0], source, *words[1:])
    assert done.code == 2
    assert "given twice" in done.err


@pytest.mark.parametrize("answer", ["target=nan", "units=[" + "[" * 5000])
def test_answers_that_give_no_case_write_none(sc: Sc, tmp_path: Path, answer: str) -> None:
    folder = tmp_path / "c"
    done = sc("new", folder, "--template", "control", "--examples", "--set", answer)
    assert done.code == 2, done.out + done.err
    assert not (folder / "case.yaml").exists()


@pytest.mark.parametrize(
    "text", ["[" * 5000, "a: &a [x]\nb: *a\n", "title: a\ntitle: b\n", "a: 2026-99-99\n"]
)
def test_hostile_answers_are_a_sentence(sc: Sc, tmp_path: Path, text: str) -> None:
    answers = tmp_path / "answers.yaml"
    answers.write_text(text)
    folder = tmp_path / "c"
    done = sc("new", folder, "--template", "control", "--examples", "--answers", answers)
    assert done.code == 2, done.out + done.err
    assert "answers.yaml" in done.err
    assert not folder.exists()


@pytest.mark.slow
@pytest.mark.parametrize("words", [("report",), ("record", "bundle")])
def test_a_full_disk_is_named_with_the_file_and_leaves_no_half(
    sc: Sc, tmp_path: Path, words: tuple[str, ...]
) -> None:
    folder = write_case(tmp_path / "c", COIN, ITEMS)
    assert sc("run", folder).code == 0
    (tmp_path / "out").mkdir()
    target = tmp_path / "out" / "file"
    command = [sys.executable, "-m", "safetycase.cli", *words, str(folder), "--out", str(target)]
    done = subprocess.run(
        ["sh", "-c", 'ulimit -f 4; exec "$@"', "sh", *command],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )
    assert done.returncode == 2, done.stderr
    assert f"{target}: cannot be written: File too large" in done.stderr
    assert not list((tmp_path / "out").iterdir())
