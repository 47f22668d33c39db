"""The pages follow the files and the clock, and a broken file hides nothing that was there."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.conftest import COIN, write_case
from tests.web.serving import NOW, Served, serving

from safetycase.web.bell import Bell
from safetycase.web.keeper import Keeper
from safetycase.web.watching import marks
from safetycase.workspace.reporting import source_of


class Stream:
    """The news of one open page."""

    def __init__(self, server: Served) -> None:
        self.wire = socket.create_connection(("127.0.0.1", server.port), timeout=20)
        self.wire.sendall(b"GET /events HTTP/1.1\r\nhost: localhost\r\n\r\n")
        self.rest = b""

    def next(self) -> dict[str, str]:
        while b"data: " not in self.rest or b"\n\n" not in self.rest.partition(b"data: ")[2]:
            part = self.wire.recv(4096)
            assert part, "the stream has ended"
            self.rest += part
        told, _, self.rest = self.rest.partition(b"data: ")[2].partition(b"\n\n")
        return dict(json.loads(told))


def write(folder: Path, text: str) -> None:
    (folder / "case.yaml").write_text(text, "utf-8")


@pytest.mark.slow
def test_a_changed_file_is_shown_and_open_pages_are_told(coin: Path) -> None:
    with serving(coin) as server:
        stream = Stream(server)
        assert stream.next()["state"] == "1"
        began = time.monotonic()
        write(coin, COIN.replace("Heads are rare.", "Heads are very rare."))
        assert stream.next()["state"] == "2"
        assert time.monotonic() - began < 5
        assert "Heads are very rare." in server.ask("/claim/RARE").text
        # What changes nothing that is shown is no news: a comment, another editor's file.
        (coin / "case.yaml~").write_text("x", "utf-8")
        write(coin, COIN.replace("Heads are rare.", "Heads are very rare.") + "# a comment\n")
        time.sleep(1.5)
        assert server.app.shared.reading.number == 2
        stream.wire.close()


@pytest.mark.slow
def test_a_broken_file_shows_what_is_wrong_and_the_last_case_stays(coin: Path) -> None:
    with serving(coin) as server:
        write(coin, COIN.replace("root:", "rot:"))
        server.until(lambda: server.app.shared.broken)
        first = server.ask("/")
        assert first.status == 200
        assert "cannot be read now" in first.text
        assert "case.yaml:" in first.text
        assert 'href="/?last=1"' in first.text
        assert 'data-state="2"' in first.text
        assert "Heads are rare." in server.ask("/?last=1").text
        for path in ("/?last=1", "/claim/RARE", "/help"):
            assert "this is the case as it was at" in server.ask(path).text
        assert server.ask("/api/case.json").status == 503
        write(coin, COIN)
        server.until(lambda: not server.app.shared.broken)
        assert "cannot be read" not in server.ask("/").text


@pytest.mark.slow
def test_a_file_that_never_was_a_case_is_served_as_what_is_wrong(tmp_path: Path) -> None:
    folder = write_case(tmp_path / "c", "case: [\n")
    with serving(folder) as server:
        for path in ("/", "/claim/X", "/map", "/nothing"):
            reply = server.ask(path)
            assert "What is wrong with the file" in reply.text, path
            assert "case.yaml:" in reply.text
        write(folder, COIN)
        server.until(lambda: not server.app.shared.broken)
        assert "SAFE" in server.ask("/").text


def test_time_alone_makes_a_case_stale(coin: Path) -> None:
    """What expires does so on an open page, though no file changes."""
    at = [NOW]
    keeper = Keeper(folder=coin, clock=lambda: at[0], bell=Bell(), make=source_of)
    first = keeper.reading

    async def renewed() -> None:
        await keeper.renew()

    asyncio.run(renewed())
    assert keeper.reading.number == first.number
    assert keeper.reading.serial == first.serial + 1
    at[0] = datetime(2099, 3, 2, tzinfo=UTC)  # the assumption ended on the first of March
    asyncio.run(renewed())
    assert keeper.reading.number == first.number + 1
    assert keeper.reading.assessment is not None
    assert keeper.reading.assessment.states["REGISTRY-COMPLETE"].support == "open"


def test_marks_see_every_kind_of_change(tmp_path: Path) -> None:
    folder = write_case(tmp_path / "c", COIN, {"deep/er/items.txt": "x", "report/index.html": "x"})
    first = marks(folder)
    (folder / "report" / "index.html").write_text("another", "utf-8")
    assert marks(folder) == first
    seen = {first}
    (folder / "deep/er/items.txt").write_text("xy", "utf-8")
    seen.add(marks(folder))
    (folder / "new.yaml").write_text("", "utf-8")
    seen.add(marks(folder))
    (folder / "new.yaml").unlink()
    (folder / "deep/er/items.txt").unlink()
    seen.add(marks(folder))
    assert len(seen) == 4
    outside = tmp_path / "code.py"
    before = marks(folder, [outside])
    outside.write_text("x", "utf-8")
    assert marks(folder, [outside]) != before
    (folder / "loop").symlink_to(folder)
    marks(folder)


def test_a_failure_to_read_is_said_and_ends_nothing(
    coin: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def make(*_: object) -> None:
        raise RuntimeError("a defect")

    keeper = Keeper(folder=coin, clock=lambda: NOW + timedelta(days=1), bell=Bell(), make=make)
    assert keeper.good is None
    assert "RuntimeError" in keeper.reading.problem
    assert "a defect" in capsys.readouterr().err


@pytest.mark.slow
def test_streams_are_bounded_and_end_with_the_server(coin: Path) -> None:
    with serving(coin) as server:
        streams = [Stream(server) for _ in range(64)]
        for stream in streams:
            stream.next()
        assert server.ask("/events").status == 503
        streams[0].wire.close()
        began = time.monotonic()
    for stream in streams:
        stream.wire.close()
    assert time.monotonic() - began < 4


@pytest.mark.slow
def test_streams_that_are_asked_for_at_once_are_bounded_too(coin: Path) -> None:
    with serving(coin) as server:
        wires = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(80)]
        try:
            for wire in wires:
                wire.settimeout(20)
                wire.sendall(b"GET /events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            answers = [wire.recv(12) for wire in wires]
        finally:
            for wire in wires:
                wire.close()
        assert answers.count(b"HTTP/1.1 200") == 64
        assert answers.count(b"HTTP/1.1 503") == 16
        server.until(lambda: server.app.shared.streams == 0)
