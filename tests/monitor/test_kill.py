"""A server that is killed with `kill -9` under load, again and again, loses nothing it took."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

pytest.importorskip("starlette")
pytest.importorskip("uvicorn")

from benchmarks.monitor_ingest import Server, killed, loaded, options, table


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_no_acknowledged_event_is_lost_by_a_kill(tmp_path: Path) -> None:
    acknowledged, missing, stored = killed(tmp_path, kills=4, durable="process")
    assert missing == 0
    assert 4 <= acknowledged <= stored


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_fifty_megabytes_are_refused_without_being_kept(tmp_path: Path) -> None:
    import http.client

    server = Server(tmp_path / "events.sqlite", "process")
    try:
        before = server.peak()
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        pieces = (b" " * 2**20 for _ in range(50))
        headers = {"content-type": "application/json", "transfer-encoding": "chunked"}
        connection.request("POST", "/events", pieces, headers, encode_chunked=True)
        assert connection.getresponse().status == 413
        connection.close()
        assert server.peak() - before < 30
        assert loaded(server, 0.2, 2, 1)["other"] == {}
    finally:
        server.end()


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_the_benchmark_says_what_it_measured(tmp_path: Path) -> None:
    few = ["--seconds", "0.5", "--kills", "1", "--stored", "4000", "--durable", "process"]
    rows = table(options([*few, "--folder", str(tmp_path)]))
    said = {row.what: row for row in rows}
    assert said["acknowledged events lost over 1 `kill -9`"].met
    assert said["4,000 events stored, random ids: status"].met
    assert said["batch 100: acknowledged events that are not stored"].met
    assert all("|" not in f"{row.what}{row.measured}{row.note}" for row in rows)
