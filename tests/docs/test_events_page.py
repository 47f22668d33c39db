"""The page on events: its requests are sent, its programs run, and its numbers are those of now."""

from __future__ import annotations

import contextlib
import io
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from tests.monitor.serving import serving

from safetycase.monitor import events, outbox, tail
from safetycase.monitor.bodies import Limits
from safetycase.monitor.records import Event

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "reference" / "events.md").read_text("utf-8")


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("curl"), reason="the page speaks to the server by curl")
def test_the_requests_of_the_page_are_answered_as_it_says(tmp_path: Path) -> None:
    shown = re.findall(r"```sh\n(.*?)```\n\n```(?:json)?\n(.*?)```", PAGE, re.S)
    assert len(shown) == PAGE.count("```sh\n") == 7
    with serving(tmp_path / "events.sqlite") as server:
        for asked, answer in shown:
            if "metrics" in asked:  # written within a second
                server.until(lambda: len(server.refused()) == 3)
            script = asked.replace("localhost:4318", f"localhost:{server.port}")
            done = subprocess.run(
                ["bash", "-c", script], capture_output=True, text=True, check=True
            )
            assert done.stdout.strip() == answer.strip()


def test_the_programs_of_the_page_print_what_it_says() -> None:
    shown = re.findall(r"```python\n(.*?)```\n\n```\n(.*?)```", PAGE, re.S)
    assert len(shown) == PAGE.count("```python\n") == 2
    for code, printed in shown:
        with contextlib.redirect_stdout(io.StringIO()) as out:
            exec(code, {})
        assert out.getvalue() == printed


def test_the_table_names_every_field() -> None:
    table = PAGE.split("| key | required |")[1].split("\n\n")[0]
    named = re.findall(r"`(\w+)`", "\n".join(line.split("|")[1] for line in table.splitlines()))
    assert set(named) == set(Event.__slots__)


def test_the_numbers_of_the_page_are_those_of_the_program() -> None:
    limits = Limits()
    assert (limits.body, limits.unpacked, limits.buffered) == (8 << 20, 16 << 20, 48 << 20)
    assert (limits.events, limits.queue, limits.seconds) == (20_000, 50_000, 15)
    assert (limits.connections, "800 connections" in PAGE) == (800, True)
    for said in ("8 MiB", "16 MiB", "48 MiB", "20,000 events", "50,000 events", "has 15 seconds"):
        assert said in PAGE
    assert (events.MAX_NAME_CHARS, events.MAX_DETAIL_CHARS, events.MAX_DETAILS) == (200, 500, 32)
    assert (events.MAX_FEATURES, events.AHEAD_SECONDS, tail.GRACE_SECONDS) == (4096, 300, 5)
    assert outbox.GIVE_UP_SECONDS == 3 * 86_400
