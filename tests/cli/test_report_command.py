"""`report`: one page, a folder of pages, what changed, and what is refused."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from tests.conftest import COIN, Ran, write_case

from safetycase.cli.report import WRITERS, report

NOW = ("--now", "2026-11-23T00:00:00Z")


def told(*words: object) -> Ran:
    """`report` in this process, which is enough where no key and no run is needed."""
    result = CliRunner().invoke(report, [*map(str, words), *NOW], standalone_mode=False)
    code = result.return_value if result.exception is None else 2
    said = f"{result.exception.message}" if hasattr(result.exception, "message") else ""
    return Ran(code=int(code or 0), out=result.stdout, err=result.stderr + said)


def test_a_folder_of_pages_is_whole_and_written_again(coin: Path, tmp_path: Path) -> None:
    out = tmp_path / "pages"
    first = told(coin, "--folder", out)
    assert first.code == 0, first
    assert first.out.strip() == str(out / "index.html")
    names = (out / "pages.txt").read_text("utf-8").split()
    assert {"index.html", "map.html", "claim/RARE.html", "style.css", "app.js"} <= set(names)
    assert all((out / name).is_file() for name in names)
    assert "RARE" in (out / "claim" / "RARE.html").read_text("utf-8")
    (out / "notes.txt").write_text("mine", "utf-8")

    text = COIN.replace("RARE", "SELDOM")
    (coin / "case.yaml").write_text(text, "utf-8")
    assert told(coin, "--folder", out).code == 0
    assert not (out / "claim" / "RARE.html").exists()
    assert (out / "claim" / "SELDOM.html").is_file()
    assert (out / "notes.txt").read_text("utf-8") == "mine"


def test_a_folder_that_holds_something_else_is_refused(coin: Path, tmp_path: Path) -> None:
    out = tmp_path / "mine"
    out.mkdir()
    (out / "letter.txt").write_text("dear", "utf-8")
    refused = told(coin, "--folder", out)
    assert refused.code == 2
    assert "no pages of a report" in refused.err
    assert [p.name for p in out.iterdir()] == ["letter.txt"]
    assert "is a file" in told(coin, "--folder", out / "letter.txt").err
    assert "leave out" in told(coin, "--folder", tmp_path / "x", "--out", tmp_path / "y").err


def test_a_list_of_pages_cannot_name_a_file_elsewhere(coin: Path, tmp_path: Path) -> None:
    out = tmp_path / "pages"
    precious = tmp_path / "precious.html"
    precious.write_text("keep", "utf-8")
    out.mkdir()
    (out / "pages.txt").write_text(f"../precious.html\n{precious}\nclaim/../../precious.html\n")
    assert told(coin, "--folder", out).code == 0
    assert precious.read_text("utf-8") == "keep"


def test_what_changed_since_another_version_is_shown(coin: Path, tmp_path: Path) -> None:
    was = write_case(tmp_path / "was", COIN.replace("rate <= 0.20", "rate <= 0.10"))
    out = tmp_path / "x.html"
    assert told(coin, "--since", was, "--out", out).code == 0
    words = " ".join(re.sub(r"<[^>]+>", " ", out.read_text("utf-8")).split())
    part = words[words.index("Changes since") :]
    assert "1 loosens the case" in part
    assert "rate &lt;= 0.10" in part
    nothing = told(coin, "--since", "no-such-revision")
    assert nothing.code == 2
    assert "no-such-revision" in nothing.err
    broken = write_case(tmp_path / "broken", "case: [")
    assert told(coin, "--since", broken, "--out", out).code == 2


def test_every_format_that_is_offered_has_its_writer() -> None:
    import importlib

    for module, name in WRITERS.values():
        assert callable(getattr(importlib.import_module(f"safetycase.cli.{module}"), name))


@pytest.mark.slow
def test_transcripts_are_drawn_from_what_a_run_left(sc: Callable[..., Ran], coin: Path) -> None:
    assert sc("run", coin).code == 0
    page = Path(sc("report", coin).out.strip()).read_text("utf-8")
    words = " ".join(re.sub(r"<[^>]+>", " ", page).split())
    assert "safetycase run" in words
    assert ("drawn by lot" in words) or ("No sample of this run is kept" in words)


def test_a_folder_whose_writing_was_interrupted_is_written_again(
    coin: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "pages"

    def killed(*_: object) -> str:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("safetycase.report.site.render", killed)
        assert told(coin, "--folder", out).code != 0
    assert not (out / "index.html").exists()
    again = told(coin, "--folder", out)
    assert again.code == 0, again
    assert (out / "index.html").is_file()


def test_what_is_no_readable_file_in_the_case_folder_does_not_end_the_report(coin: Path) -> None:
    """A link that leads nowhere, as an editor leaves one; a folder; a pipe without a writer."""
    (coin / ".#case.yaml").symlink_to("somebody@machine.123")
    (coin / "gone.yaml").symlink_to("nowhere")
    (coin / "dir.yaml").mkdir()
    os.mkfifo(coin / "pipe.yaml")
    found = told(coin)
    assert found.code == 0, found
    assert (coin / "report" / "index.html").is_file()
