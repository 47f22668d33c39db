"""The how-to on watching is executed as it is written, live part and all."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.conftest import Ran
from tests.monitor.live import until, watching
from tests.monitor.watching import signals

PAGE = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "watch-a-deployment.md"
LIVE = "safetycase watch"
Sc = Callable[..., Ran]


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("curl"), reason="the page posts events by curl")
def test_the_page_works_as_written(sc: Sc, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = PAGE.read_text("utf-8")
    offline, _, live = page.partition("## Live")
    folder = tmp_path / "desk"
    folder.mkdir()
    monkeypatch.setenv("COLUMNS", "140")
    outs: list[str] = []
    states: list[str] = []
    for language, title, text in blocks(offline):
        if title:
            (folder / title).write_text(text, "utf-8")
        elif language == "sh":
            script = text.replace("python ", f"{sys.executable} ")
            subprocess.run(["sh", "-c", script], cwd=folder, check=True)
        elif language == "console":
            outs = [ran(sc, line, folder, monkeypatch) for line in text.splitlines()]
            states += [state(out) for out in outs if "Decides:" in out]
        elif language == "text":
            for shown in text.splitlines():
                wanted = " ".join(shown.split())
                assert any(wanted in out for out in outs), (wanted, outs)
    assert states == ["open", "supported", "contested", "supported", "open"]
    (alarm,) = (s for s in signals(folder) if s.state == "alarm")
    assert "2026-03-02T12:00:00Z" < alarm.until < "2026-03-02T20:00:00Z"

    commands = [block for block in blocks(live) if block[0] == "console"]
    assert [text for _, _, text in commands] == ["$ safetycase watch\n", "$ safetycase why SAFE\n"]
    (posted,) = (text for language, _, text in blocks(live) if language == "sh")
    with watching(folder) as watch:
        script = posted.replace("localhost:4318", f"localhost:{watch.port}")
        done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True)
        assert '"accepted": 40' in done.stdout
        until(lambda: len([s for s in signals(folder) if s.state == "alarm"]) == 2)
        told = ran(sc, "$ safetycase why SAFE", folder, monkeypatch)
        assert "M-FILTER alarmed" in told
        assert watch.end() == 0


def blocks(text: str) -> list[tuple[str, str, str]]:
    return re.findall(r"```(\w+)(?: title=\"([^\"]+)\")?\n(.*?)```", text, re.S)


def state(out: str) -> str:
    """The status word of the root in what `status` printed."""
    found = re.search(r"[●○◆] SAFE No secret gets out\. (\w+)", out)
    assert found is not None, out
    return found[1]


def ran(sc: Sc, line: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    words = shlex.split(line.removeprefix("$ "))
    with monkeypatch.context() as patch:
        while "=" in words[0]:
            name, _, value = words.pop(0).partition("=")
            patch.setenv(name, str((folder / value).resolve()))
        if "ALARM" in words:
            (alarm,) = (s for s in signals(folder) if s.state == "alarm")
            words[words.index("ALARM")] = str(alarm.seq)
        found = sc(*words[1:], cwd=folder)
    assert found.code in ((0, 4) if words[1] == "status" else (0,)), (line, found.err)
    return " ".join(found.out.split())
