"""Walks through a page: writes the files it shows, runs its commands, and compares what it shows.

In the order of the page. A block with `title="FILE"` is that file, one with `title="add to FILE"`
is put at its end. In a `console` block each line `$ COMMAND` is run in the folder; the lines under
it have to come in its output, in that order, where `…` stands for anything. A command that is to
end with another exit status than 0 or 4 says so by `  # exit N` behind it.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

DOCS = Path(__file__).resolve().parent.parent.parent / "docs"
_BLOCK = re.compile(r"^```(\w+)(?: title=\"([^\"]+)\")?\n(.*?)^```", re.S | re.M)
_FINE = (0, 4)  # a sketch that shows nothing yet is what most pages look at


@dataclass(frozen=True, slots=True)
class Step:
    """One command of a page, its exit statuses, and what the page shows of its output."""

    command: str
    codes: tuple[int, ...]
    shown: tuple[str, ...]


def walk(
    page: str,
    folder: Path,
    *,
    timeout: float = 300,
    instead: Mapping[str, Callable[[], object]] | None = None,
) -> list[str]:
    """Do what a page below `docs` says, in `folder`; the outputs of its commands.

    `instead` says what to do in the place of a command that a test cannot give.
    """
    outputs = []
    for language, title, text in _BLOCK.findall((DOCS / page).read_text("utf-8")):
        if title:
            _write(folder, title, text)
        elif language == "console":
            for step in steps(text):
                if step.command in (instead or {}):
                    (instead or {})[step.command]()
                else:
                    outputs.append(_run(step, folder, timeout))
    return outputs


def steps(text: str) -> Iterator[Step]:
    """The commands of one console block."""
    for part in re.split(r"^\$ ", text, flags=re.M)[1:]:
        first, *shown = part.rstrip("\n").split("\n")
        command, _, code = first.partition("  # exit ")
        codes = (int(code),) if code else _FINE
        yield Step(command, codes, tuple(line for line in shown if line.strip()))


def _write(folder: Path, title: str, text: str) -> None:
    added = title.startswith("add to ")
    path = folder / title.removeprefix("add to ")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text((path.read_text("utf-8") if added else "") + text, "utf-8")


def _run(step: Step, folder: Path, timeout: float) -> str:
    words = step.command
    for name, stands_for in (
        ("safetycase ", "-m safetycase.cli "),
        ("python ", ""),
        ("pytest ", "-m pytest -p no:cacheprovider "),
    ):
        if words.startswith(name):
            words = f"{shlex.quote(sys.executable)} {stands_for}{words.removeprefix(name)}"
            break
    done = subprocess.run(
        words,
        shell=True,  # the commands are those of our own pages, with `>` in them
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
        env={**os.environ, "COLUMNS": "100"},
    )
    said = f"$ {step.command}\n{done.stdout}\n{done.stderr}"
    assert done.returncode in step.codes, f"ended with {done.returncode}: {said}"
    rest = iter((done.stdout + done.stderr).splitlines())
    for line in step.shown:
        parts = (re.escape(" ".join(part.split())) for part in line.split("…"))
        pattern = re.compile(".*".join(parts))
        found = any(pattern.match(" ".join(each.split())) for each in rest)
        assert found, f"does not show {line!r}: {said}"
    return done.stdout + done.stderr
