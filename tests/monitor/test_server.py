"""The server as strangers meet it: what it takes, what it refuses, and that it counts both."""

from __future__ import annotations

import gzip
import json
import socket
import sqlite3
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from tests.monitor.serving import NOW, Running, serving

from safetycase.monitor.bodies import Limits
from safetycase.monitor.records import Event
from safetycase.monitor.store import Added, Store


def event(name: int | str, **more: Any) -> dict[str, Any]:
    return {"source": "gateway", "id": str(name), "metric": "caught", "at": NOW - 1, **more}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "events.sqlite"


@pytest.mark.slow
def test_what_was_acknowledged_is_in_the_store_and_the_service_is_told(path: Path) -> None:
    with serving(path) as server:
        status, told, headers = server.ask("/events", event(1, value=1, number=1))
        assert status == 200
        assert told == {"accepted": 1, "known": 0, "conflicts": 0, "refused": 0, "reasons": {}}
        assert headers["cache-control"] == "no-store"
        assert [(row, e.id, e.value) for row, e in server.store.after(0, 9)] == [(1, "1", 1.0)]
        server.until(server.told.is_set)
        assert server.ask("/events", event(1, value=1, number=1))[1]["known"] == 1
        assert server.ask("/events", event(1, value=0, number=1))[1]["conflicts"] == 1


@pytest.mark.slow
def test_an_array_and_lines_are_read_one_by_one(path: Path) -> None:
    lines = [json.dumps(event(3)), "", "{not json", json.dumps(event(4, value="x")), ""]
    body = "\r\n".join(lines).encode()
    with serving(path) as server:
        assert server.ask("/events", [event(1), event(2)])[1]["accepted"] == 2
        assert server.ask("/events", [])[0] == 200
        kinds = [{"content-type": kind} for kind in ("application/x-ndjson; charset=utf-8",)]
        told = server.ask("/events", body, kinds[0])[1]
        assert told["accepted"] == 1
        assert told["reasons"] == {"it is not JSON": 1, "`value` is not a number": 1}
        assert server.ask("/events", body)[1]["known"] == 1  # lines under the name of JSON
        assert server.refused() == {"it is not JSON": 2, "`value` is not a number": 2}
        by_source = server.store.counts().refused_by_source
        assert by_source["gateway", "`value` is not a number"] == 2


@pytest.mark.slow
def test_an_event_that_is_none_is_said_and_counted(path: Path) -> None:
    body = b'[{"source": "s", "id": "1", "metric": "m", "at": 1, "value": NaN}, '
    body += b'{"source": "s", "id": "2", "metric": "m", "at": 1, "value": 1e400}, '
    body += b'{"source": "s", "id": "3", "metric": "m", "at": 1, "value": -Infinity}, '
    body += b'{"source": "s", "id": "4", "metric": "m", "at": 1, "value": 0, "value": 1}, '
    body += b'{"source": "s", "id": "\\ud800", "metric": "m", "at": 1}, '
    body += b'{"source": "s", "id": "5", "metric": "m", "at": 1' + b"0" * 5000 + b"}, null]"
    with serving(path) as server:
        status, told, _ = server.ask("/events", body)
        assert (status, told["refused"], told["accepted"]) == (422, 7, 0)
        assert told["reasons"] == {
            "`value` is not a finite number": 3,
            "it has a key twice": 1,
            "`id` is empty or has characters that cannot be printed": 1,
            "`at` is not a time": 1,
            "it is not an object": 1,
        }
        assert server.refused() == told["reasons"]
        ahead = server.ask("/events", event(1, at=NOW + 365 * 86400))
        assert ahead[1]["reasons"] == {"`at` lies in the future": 1}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"{", "it is not JSON (line 1, column 2)"),
        (b"", "it is not JSON (line 1, column 1)"),
        (b"\xff\xfe{\x00}\x00", "it is not UTF-8"),
        (b"[" * 200_000, "it is nested too deeply"),
        (b'{"details": ' * 100_000, "it is nested too deeply"),
        (b"[{}," + b"{}," * 1_000_000, "it has more than 1000000 values"),
    ],
)
def test_a_body_that_is_no_json_is_refused_whole(path: Path, body: bytes, says: str) -> None:
    with serving(path) as server:
        status, told, _ = server.ask("/events", body)
        assert (status, told) == (400, {"message": says})
        assert server.ask("/events", event(1))[0] == 200
        counted = says.partition(" (line")[0]
        server.until(lambda: server.refused() == {f"request: {counted}": 1})


@pytest.mark.slow
@pytest.mark.parametrize("path_", ["/events", "/v1/logs", "/alerts"])
def test_other_content_types_are_told_the_way_out(path: Path, path_: str) -> None:
    with serving(path) as server:
        for kind in ("application/x-www-form-urlencoded", "text/plain", ""):
            status, told, _ = server.ask(path_, b"{}", {"content-type": kind})
            assert status == 415
            assert "application/json" in told["message"]
        if path_ == "/v1/logs":
            status, told, _ = server.ask(
                path_, b"\n\x00", {"content-type": "application/x-protobuf"}
            )
            assert status == 415
            assert "http/json" in told["message"]


@pytest.mark.slow
def test_a_long_body_is_refused_before_it_is_in_memory(path: Path) -> None:
    limits = Limits(body=10_000)
    with serving(path, limits=limits) as server:
        status, told, _ = server.ask("/events", b" " * 50_000_000)
        assert status == 413
        assert told == {"message": "the body is longer than 10000 bytes; send less at once"}
        with socket.create_connection(("127.0.0.1", server.port)) as line:
            line.sendall(b"POST /events HTTP/1.1\r\nhost: localhost\r\n")
            line.sendall(b"content-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n")
            for _ in range(20):
                line.sendall(b"400\r\n" + b" " * 1024 + b"\r\n")
            assert line.recv(1000).startswith(b"HTTP/1.1 413 ")
        assert server.ask("/events", event(1))[0] == 200
        server.until(lambda: sum(server.refused().values()) == 2)


@pytest.mark.slow
def test_gzip_is_unpacked_as_far_as_it_goes(path: Path) -> None:
    packed = {"content-encoding": "gzip"}
    limits = Limits(unpacked=100_000)
    good = json.dumps([event(1)]).encode()
    with serving(path, limits=limits) as server:
        assert server.ask("/events", gzip.compress(good), packed)[1]["accepted"] == 1
        two = gzip.compress(good[:20]) + gzip.compress(good[20:])
        assert server.ask("/events", two, packed)[1]["known"] == 1
        bomb = gzip.compress(b" " * 50_000_000)
        assert server.ask("/events", bomb, packed)[0] == 413
        assert server.ask("/events", gzip.compress(good)[:-9], packed)[0] == 400
        assert server.ask("/events", good, packed)[1] == {"message": "the body is not gzip"}
        assert server.ask("/events", good, {"content-encoding": "br"})[0] == 415


def test_too_many_events_in_one_request_are_refused_whole(path: Path) -> None:
    with serving(path, limits=Limits(events=10)) as server:
        status, told, _ = server.ask("/events", [event(n) for n in range(11)])
        assert status == 413
        assert "more than 10 events" in told["message"]
        assert server.store.row == 0


@pytest.mark.slow
def test_a_token_opens_what_it_guards(path: Path) -> None:
    with serving(path, token="s3cret-token") as server:
        for given in (
            {},
            {"authorization": "Bearer wrong"},
            {"authorization": "Basic s3cret-token"},
        ):
            status, _, headers = server.ask("/events", event(1), given)
            assert status == 401
            assert headers["www-authenticate"] == "Bearer"
        assert server.ask("/events", event(1), {"authorization": "bearer s3cret-token"})[0] == 200
        assert server.ask("/status")[0] == 401
        assert server.ask("/metrics")[0] == 401
        assert server.ask("/health")[1] == {"status": "ok"}
        assert server.store.row == 1


def test_without_a_token_only_this_machine_is_served(path: Path) -> None:
    from safetycase.monitor.server import application, server_of

    with serving(path) as server:
        for host in ("evil.example", "evil.example:80", "localhost.evil.example", ""):
            assert server.ask("/events", event(1), {"host": host})[0] == 403
        for host in ("localhost", "LOCALHOST:99", "127.0.0.1", "[::1]:4318", "[::1]"):
            assert server.ask("/events", event(1), {"host": host})[0] == 200
        app = application(server.store, notify=lambda: None, status=dict)
        with pytest.raises(ValueError, match="needs a token"):
            server_of(app, host="0.0.0.0")


class Held(Store):
    """A store whose disk waits until it is let go, or fails."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, durable="process")
        self.go, self.fails = threading.Event(), False

    def add_groups(self, groups: Sequence[Sequence[Event]], **more: Any) -> list[Added]:
        assert self.go.wait(20)
        if self.fails:
            raise sqlite3.OperationalError("database or disk is full")
        return super().add_groups(groups, **more)


@pytest.mark.slow
def test_overload_is_said_and_what_was_turned_away_is_counted(path: Path) -> None:
    store = Held(path)
    answers: list[Any] = []
    with serving(path, store=store, limits=Limits(queue=3)) as server:

        def send(first: int) -> None:
            answers.append(server.ask("/events", [event(first), event(first + 1)]))

        threads = [threading.Thread(target=send, args=(n,)) for n in (0, 10)]
        for thread in threads:
            thread.start()
            time.sleep(0.2)  # the first group is under way, the second waits
        status, told, headers = server.ask("/events", [event(20), event(21), event(22, value="x")])
        assert (status, headers["retry-after"]) == (429, "1")
        assert "20" not in told["message"]
        assert server.ask("/health")[0] == 200
        store.go.set()
        for thread in threads:
            thread.join()
        assert [status for status, _, _ in answers] == [200, 200]
        server.until(lambda: "overload: the queue was full" in server.refused())
        counts = server.store.counts()
        assert counts.refused_by_source["gateway", "overload: the queue was full"] == 2
        assert counts.refused["`value` is not a number"] == 1
        assert counts.events == 4


def test_a_full_disk_is_said_and_what_it_did_not_take_is_counted_later(path: Path) -> None:
    store = Held(path)
    store.go.set()
    store.fails = True
    with serving(path, store=store) as server:
        status, _, headers = server.ask("/events", [event(1), event(2)])
        assert (status, headers["retry-after"]) == (503, "5")
        store.fails = False
        assert server.ask("/events", event(1))[1]["accepted"] == 1
        server.until(lambda: server.refused() == {"the disk did not take it": 2})


class Picky(Store):
    """A store with a bug: it falls over one event."""

    def add_groups(self, groups: Sequence[Sequence[Event]], **more: Any) -> list[Added]:
        if any(event.id == "odd" for group in groups for event in group):
            raise KeyError("odd")
        return super().add_groups(groups, **more)


def test_what_breaks_one_sender_breaks_no_other(path: Path) -> None:
    with serving(path, store=Picky(path, durable="process")) as server:
        statuses: dict[str, int] = {}

        def send(name: str) -> None:
            statuses[name] = server.ask("/events", event(name))[0]

        names = [*(str(n) for n in range(8)), "odd"]
        threads = [threading.Thread(target=send, args=(name,)) for name in names]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert statuses == {name: 503 if name == "odd" else 200 for name in names}
        assert server.store.row == 8


def test_who_is_told_and_falls_over_stops_no_event(path: Path) -> None:
    with serving(path) as server:
        server.told.set = lambda: 1 / 0  # type: ignore[assignment,method-assign]
        for n in range(3):
            assert server.ask("/events", event(n))[0] == 200
        assert server.store.row == 3


@pytest.mark.slow
def test_bodies_of_all_requests_together_are_bounded(path: Path) -> None:
    with serving(path, limits=Limits(buffered=5000)) as server:
        with socket.create_connection(("127.0.0.1", server.port)) as line:
            line.sendall(b"POST /events HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9000\r\n")
            line.sendall(b"content-type: application/json\r\n\r\n" + b" " * 4900)
            time.sleep(0.2)
            status, _, headers = server.ask("/events", [event("y" * 200)])
            assert (status, headers["retry-after"]) == (429, "1")
        server.until(lambda: server.ask("/events", [event("y" * 200)])[0] == 200)
        server.until(lambda: len(server.refused()) == 2)


def until(line: socket.socket, end: bytes) -> bytes:
    """What comes up to and with `end`."""
    got = b""
    while not got.endswith(end):
        part = line.recv(2000)
        assert part, "the connection was closed"
        got += part
    return got


def closed(line: socket.socket) -> bool:
    line.settimeout(20)
    try:
        while line.recv(4096):
            pass
    except ConnectionResetError:
        pass
    return True


@pytest.mark.slow
def test_a_request_that_never_ends_is_cut_off_and_others_are_served(path: Path) -> None:
    begun = b"POST /events HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
    with serving(path, limits=Limits(seconds=0.5)) as server:
        for start in (b"", b"PO", begun, begun + b"content-length: 500\r\n\r\n{"):
            with socket.create_connection(("127.0.0.1", server.port)) as line:
                line.sendall(start)
                assert server.ask("/health")[0] == 200
                assert closed(line)
        # One byte at a time does not help.
        with socket.create_connection(("127.0.0.1", server.port)) as line:
            line.sendall(begun + b"content-length: 500\r\n\r\n")
            end = time.monotonic() + 20
            while time.monotonic() < end:
                try:
                    line.sendall(b" ")
                except OSError:
                    break
                time.sleep(0.05)
            else:
                pytest.fail("the connection was never cut")
        server.until(lambda: sum(server.refused().values()) == 2)
        assert set(server.refused()) == {"request: the sender went away before it was whole"}


@pytest.mark.slow
def test_the_newest_of_too_many_connections_is_turned_away_and_counted(path: Path) -> None:
    with serving(path, limits=Limits(connections=2)) as server:
        with (
            socket.create_connection(("127.0.0.1", server.port)) as first,
            socket.create_connection(("127.0.0.1", server.port)),
        ):
            first.sendall(b"GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n")
            assert b"200 OK" in until(first, b'"ok"}')
            with socket.create_connection(("127.0.0.1", server.port)) as third:
                assert closed(third)
            first.sendall(b"GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n")
            assert b"200 OK" in until(first, b'"ok"}')
        server.until(lambda: server.refused() == {"connection: too many were open": 1})
        server.until(lambda: answered(server))


def answered(server: Running) -> bool:
    try:
        return server.ask("/health")[0] == 200
    except OSError:
        return False


@pytest.mark.slow
def test_a_patient_connection_sends_many_requests(path: Path) -> None:
    with serving(path, limits=Limits(seconds=2.0)) as server:
        with socket.create_connection(("127.0.0.1", server.port)) as line:
            body = b"[" + json.dumps(event(1)).encode() + b"]"
            head = b"POST /events HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
            whole = head + b"content-length: %d\r\n\r\n" % len(body) + body
            for _ in range(4):
                line.sendall(whole)
                assert b"200 OK" in until(line, b"}")
                time.sleep(0.8)  # together longer than a single request may take
        assert server.store.counts().known == 3


@pytest.mark.slow
def test_the_body_of_an_answer_does_not_wait_for_its_head_to_be_acknowledged(path: Path) -> None:
    """A listening socket that names no protocol, as `create_server` makes it, costs 40 ms each."""
    with serving(path) as server, socket.create_connection(("127.0.0.1", server.port)):
        server.until(lambda: len(server.connections) == 1)
        (held,) = server.connections
        taken = held.transport.get_extra_info("socket")
        assert taken.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


@pytest.mark.slow
def test_who_leaves_before_the_answer_has_still_sent_an_event(path: Path) -> None:
    with serving(path) as server:
        body = json.dumps(event(1)).encode()
        with socket.create_connection(("127.0.0.1", server.port)) as line:
            line.sendall(b"POST /events HTTP/1.1\r\nhost: localhost\r\n")
            line.sendall(b"content-type: application/json\r\n")
            line.sendall(b"content-length: %d\r\n\r\n" % len(body) + body)
        server.until(lambda: server.store.row == 1)
        assert server.ask("/health")[0] == 200


def test_nothing_that_was_sent_is_repeated(path: Path) -> None:
    bad = "<img src=x onerror=alert(1)>"
    bodies: list[Any] = [
        bad.encode(),
        {bad: 1},
        event(bad, value=bad),
        event(1, source=bad, at=bad),
        {"resourceLogs": bad},
        {"alerts": [{"labels": {bad: bad}, "status": bad}]},
    ]
    with serving(path) as server:
        for path_ in ("/events", "/v1/logs", "/alerts", f"/{'x' * 50}"):
            for body in bodies:
                assert "onerror" not in str(server.ask(path_, body)[1])
        assert not any("onerror" in reason for reason in server.refused())


@pytest.mark.slow
def test_counts_are_shown_as_json_and_to_prometheus(path: Path) -> None:
    source = 'a"b\\c<script>'
    with serving(path, status=lambda: {"monitors": {"M": "quiet"}}) as server:
        server.ask(
            "/events", [event(1, source=source, number=1), event(2, source=source, number=5)]
        )
        server.ask("/events", event(3, value="x"))
        status, told, headers = server.ask("/status")
        assert (status, headers["content-type"]) == (200, "application/json")
        assert headers["x-content-type-options"] == "nosniff"
        assert told["monitors"] == {"M": "quiet"}
        assert (told["ingest"]["events"], told["ingest"]["lost"]) == (2, 3)
        assert told["ingest"]["sources"][source]["expected"] == 5
        assert told["ingest"]["refused"] == {"`value` is not a number": 1}
        status, text, headers = server.ask("/metrics")
        assert headers["content-type"].startswith("text/plain; version=0.0.4")
        lines = text.splitlines()
        assert "safetycase_events_total 2" in lines
        assert "safetycase_events_lost 3" in lines
        assert 'safetycase_refused_total{reason="`value` is not a number"} 1' in lines
        assert 'safetycase_source_events_lost{source="a\\"b\\\\c<script>"} 3' in lines
        assert "# TYPE safetycase_events_lost gauge" in lines


def test_other_verbs_and_places_are_said_to_be_none(path: Path) -> None:
    with serving(path) as server:
        assert server.ask("/events")[0] == 405
        assert server.ask("/status", method="HEAD")[0] == 200
        assert server.ask("/v1/traces", b"{}")[0] == 404
        with socket.create_connection(("127.0.0.1", server.port)) as line:
            line.sendall(b"\x16\x03\x01\x02\x00nonsense\r\n\r\n")
            assert b"400" in line.recv(1000)
        assert server.ask("/health")[0] == 200


@pytest.mark.slow
def test_many_at_once_are_each_answered_for_their_own(path: Path) -> None:
    answers: dict[int, Any] = {}
    with serving(path) as server:

        def send(n: int) -> None:
            answers[n] = server.ask("/events", [event(n), event("shared"), event(n, value=n)])[1]

        threads = [threading.Thread(target=send, args=(n,)) for n in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sum(told["accepted"] for told in answers.values()) == 21
        assert all(told["conflicts"] == 1 for told in answers.values())
        assert server.store.row == 21
        server.store.check()


@pytest.mark.slow
def test_what_was_taken_is_stored_before_the_server_ends(path: Path) -> None:
    with serving(path) as server:
        server.ask("/events", event(1))
        server.ask("/events", b"{")
    with Store(path, durable="process") as store:
        assert store.row == 1
        assert store.counts().refused == {"request: it is not JSON": 1}
