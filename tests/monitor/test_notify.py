"""`watch --notify` end to end: a receiver that a signal reaches, signed, although it was away."""

from __future__ import annotations

import http.server
import json
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.commandline import here
from tests.monitor.live import until, watching
from tests.monitor.watching import signals, throws, watched_case

from safetycase.ledger import read
from safetycase.monitor.webhook import verified

SECRET = b"a secret of twenty-four bytes or more"


class Receiver(http.server.BaseHTTPRequestHandler):
    """Refuses the first delivery, as a service that restarts would, and takes the others."""

    got: list[tuple[dict[str, str], bytes, float]]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.got.append((dict(self.headers), body, time.time()))
        self.send_response(503 if len(self.got) == 1 else 200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def receiver() -> Iterator[tuple[str, list[tuple[dict[str, str], bytes, float]]]]:
    handler = type("Fresh", (Receiver,), {"got": []})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/hook", handler.got
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.slow
def test_an_alarm_reaches_the_receiver_signed_and_as_the_record_has_it(
    receiver: tuple[str, list[tuple[dict[str, str], bytes, float]]], tmp_path: Path
) -> None:
    url, got = receiver
    folder, secret = watched_case(tmp_path / "case"), tmp_path / "secret"
    secret.write_bytes(SECRET + b"\n")
    since = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=1)
    with watching(folder, "--notify", url, "--notify-secret", str(secret)) as watch:
        assert got == []  # a case that is only watched notifies nobody
        watch.send(throws(40, share=0.9, since=since, every=timedelta(seconds=1)))
        until(lambda: len(got) >= 2)
        assert watch.end() == 0
    (alarm,) = (s for s in signals(folder) if s.state == "alarm")
    (signed,) = (r.body for r in read(folder / "ledger").records if r.seq == alarm.seq)
    (first, refused, _), (headers, body, at) = got
    # It was sent again as it was, under the same name, and once more only.
    assert (first["webhook-id"], refused) == (headers["webhook-id"], body)
    assert verified(headers, body, now=at, secret=SECRET)
    assert not verified(headers, body, now=at, secret=SECRET[::-1])
    assert not verified(headers, body.replace(b"alarm", b"quiet"), now=at, secret=SECRET)
    told = json.loads(body)
    assert told["alerts"][0]["labels"]["monitor"] == "M-HEADS"
    assert told["alerts"][0]["labels"]["severity"] == "critical"
    assert told["safetycase"]["until"] == alarm.until
    # What arrives is what was signed, but for where it stands among the others of the watch.
    assert {k: v for k, v in signed.items() if k in told["safetycase"]} == told["safetycase"]
    assert "not delivered" not in "".join(watch.err)


@pytest.mark.parametrize("package", ["starlette", "uvicorn"])
def test_listening_without_its_extra_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, package: str
) -> None:
    folder = watched_case(tmp_path / "case")
    monkeypatch.setitem(sys.modules, package, None)  # as if it were not installed
    done = here(["watch", str(folder), "--port", "0"], cwd=tmp_path)
    assert done.code == 2
    assert f"listening needs {package}: pip install 'safetycase[watch]'" in done.err
    assert "a replay needs neither" in done.err
    assert "Traceback" not in done.err
    assert not (folder / "ledger" / "log.jsonl").exists()
