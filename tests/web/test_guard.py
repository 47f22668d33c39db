"""Who is let in: names, other sites, forms, tokens, and what every answer says to a browser."""

from __future__ import annotations

import contextlib
import re
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.conftest import COIN, write_case
from tests.web.serving import SECRET, Served, serving

from safetycase.web.guard import POLICY, Door, host_name

TOKEN = "a-token-that-nobody-guesses-0123456789"


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = write_case(tmp_path_factory.mktemp("coin"), COIN, {"items.txt": "head\n"})
    with serving(folder) as server:
        yield server


@pytest.fixture(scope="module")
def shut(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = write_case(tmp_path_factory.mktemp("shut"), COIN, {"items.txt": "head\n"})
    command = ("false",)
    names = frozenset(("desk.example",))
    with serving(folder, token=TOKEN, names=names, cookie="c", run_command=command) as server:
        yield server


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ("localhost:80", "localhost"),
        ("LOCALHOST", "localhost"),
        ("127.0.0.1", "127.0.0.1"),
        ("[::1]:8471", "::1"),
        ("[::1]", "::1"),
        ("[::1]evil", ""),
        ("[::1", ""),
        ("localhost:80:80", ""),
        ("localhost:http", ""),
        ("", ""),
        ("user@localhost", "user@localhost"),
    ],
)
def test_the_name_in_a_host_header(value: str, name: str) -> None:
    assert host_name(value) == name


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:1", "[::1]:9", "127.9.9.9"])
def test_it_answers_to_names_of_this_machine(case: Served, host: str) -> None:
    assert case.ask("/", host=host).status == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "10.0.0.7",
     "user@localhost", "0.0.0.0", "localhost@evil.example", ""],
)  # fmt: skip
def test_a_name_that_a_stranger_chose_leads_nowhere(case: Served, host: str) -> None:
    reply = case.ask("/", host=host)
    assert reply.status in (400, 421)
    assert "E-COIN" not in reply.text


def test_other_sites_may_link_here_and_nothing_else(case: Served) -> None:
    link = {"sec_fetch_site": "cross-site", "sec_fetch_mode": "navigate"}
    assert case.ask("/", sec_fetch_dest="document", **link).status == 200
    for dest in ("iframe", "embed", "object"):
        assert case.ask("/", sec_fetch_dest=dest, **link).status == 403
    for mode in ("no-cors", "cors"):
        for site in ("cross-site", "same-site"):
            got = case.ask("/api/case.json", sec_fetch_site=site, sec_fetch_mode=mode)
            assert got.status == 403
            assert "E-COIN" not in got.text
    assert case.ask("/api/case.json", sec_fetch_site="same-origin").status == 200


def test_every_answer_has_the_policy(case: Served, shut: Served) -> None:
    asked = [
        case.ask("/"), case.ask("/nothing"), case.ask("/static/style.css"), case.ask("/", "PUT"),
        case.ask("/", host="evil.example"), shut.ask("/"), shut.ask(f"/?token={TOKEN}"),
        case.ask("/api/case.json"), case.ask("/", sec_fetch_site="cross-site"),
        case.ask("/", "HEAD"),
    ]  # fmt: skip
    assert [reply.status for reply in asked] == [200, 404, 200, 405, 421, 401, 200, 200, 403, 200]
    for reply in asked:
        assert reply.headers["content-security-policy"] == POLICY
        assert reply.headers["x-content-type-options"] == "nosniff"
        assert reply.headers["cache-control"] == "no-store"
        assert reply.headers["referrer-policy"] == "same-origin"
        assert "server" not in reply.headers
        assert not re.search(r"<style|<script(?![^>]* src=)|\son\w+=|\sstyle=", reply.text)
    assert "unsafe" not in POLICY


def test_a_server_without_permission_runs_and_changes_nothing(case: Served) -> None:
    assert case.ask("/run").status == 404
    for path in ("/run", "/run/cancel", "/", "/claim/SAFE", "/review"):
        assert case.post(path, {"csrf": SECRET, "evidence": "E-COIN"}).status in (404, 405)
    assert "<form" not in case.ask("/claim/E-COIN").text


def test_a_form_from_elsewhere_is_refused(shut: Served) -> None:
    held = {"authorization": f"Bearer {TOKEN}"}
    right = {"csrf": SECRET, "evidence": "NONE"}
    own = f"http://127.0.0.1:{shut.port}"
    for origin in ("http://evil.example", "null", "http://127.0.0.1:1", f"{own}.evil.example"):
        assert shut.post("/run", right, origin=origin, **held).status == 403
    for site in ("cross-site", "same-site"):
        got = shut.post("/run", right, sec_fetch_site=site, sec_fetch_mode="navigate", **held)
        assert got.status == 403
    for wrong in ("", "x", SECRET[:-1], "ü"):
        got = shut.post("/run", {"csrf": wrong, "evidence": "NONE"}, origin=own, **held)
        assert got.status == 403
        assert "not one of this server" in got.text
    assert shut.post("/run", right, origin=own).status == 401
    # The right form gets as far as being told that there is no such evidence.
    assert shut.post("/run", right, origin=own, **held).status == 404
    assert (
        shut.post("/run", right, origin="null", sec_fetch_site="same-origin", **held).status == 404
    )


def test_what_is_no_form_is_refused(shut: Served) -> None:
    held = {"authorization": f"Bearer {TOKEN}"}
    form = "application/x-www-form-urlencoded"
    big = b"csrf=" + b"x" * 300_000
    assert shut.ask("/run", "POST", big, content_type=form, **held).status == 413
    assert shut.ask("/run", "POST", b"{}", content_type="application/json", **held).status == 415
    many = b"&".join(b"a=1" for _ in range(500))
    assert shut.ask("/run", "POST", many, content_type=form, **held).status == 400
    assert shut.ask("/run", "POST", b"\xff=1", content_type=form, **held).status == 400


def test_the_token_opens_and_nothing_else_does(shut: Served) -> None:
    for path in ("/", "/claim/SAFE", "/static/style.css", "/api/case.json", "/events", "/?token=x"):
        reply = shut.ask(path)
        assert reply.status == 401
        assert "COIN" not in reply.text
        assert TOKEN not in reply.text
    assert shut.ask("/", authorization=f"Bearer {TOKEN}").status == 200
    assert shut.ask("/", authorization=f"Basic {TOKEN}").status == 401
    assert shut.ask("/", authorization="Bearer \xff").status == 401
    entered = shut.ask(f"/claim/SAFE?token={TOKEN}&q=a%20b")
    cookie = entered.headers["set-cookie"]
    assert cookie.endswith("; HttpOnly; SameSite=Strict; Path=/")
    assert TOKEN not in entered.text + cookie
    assert 'url=/claim/SAFE?q=a+b"' in entered.text
    held = cookie.partition(";")[0]
    assert shut.ask("/", cookie=held).status == 200
    for beside in ("other=1", 'other={"a": "b"}', "bad,name[]=x", "=", "c=of-another-path"):
        assert shut.ask("/", cookie=f"{beside}; {held}").status == 200, beside
    for wrong in ("c=", "c=x", f"c={TOKEN}", f"{held}0", "=;;=", f"d{held[1:]}"):
        assert shut.ask("/", cookie=wrong).status == 401
    # With a token other machines are let in, by address or by the names it was given.
    for host in ("10.0.0.7:80", "desk.example"):
        assert shut.ask("/", host=host, cookie=held).status == 200
    assert shut.ask("/", host="evil.example", cookie=held).status == 421


def test_the_way_on_from_the_token_stays_here(shut: Served) -> None:
    for path in ("//evil.example/", "/\\evil.example", "///evil.example"):
        text = shut.ask(f"{path}?token={TOKEN}").text
        assert re.search(r"url=/[^/\\]", text), text


def test_the_cookie_tells_nothing_of_the_token() -> None:
    door = Door(token=TOKEN, secret="s")
    assert len(door.pass_word) == 64
    assert door.pass_word != Door(token=f"{TOKEN}2", secret="s").pass_word


@pytest.mark.parametrize(
    "path",
    ["/static/../app.py", "/static/%2e%2e/app.py", "/static/..%2fapp.py", "/static/", "/case.yaml",
     "/static/style.css/", "/claim/../../../etc/passwd", "/claim/%2e%2e%2f%2e%2e%2fcase.yaml",
     "/ledger/log.jsonl", "/%00", "/static/%00", "/claim/" + "A" * 5000],
)  # fmt: skip
def test_no_path_leads_to_a_file(case: Served, path: str) -> None:
    reply = case.ask(path)
    assert reply.status == 404
    assert "maturity: sketch" not in reply.text
    assert "root:" not in reply.text


def test_get_changes_no_file(case: Served) -> None:
    folder = case.app.shared.wanted.folder
    before = {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    for path in ("/", "/?q=x", "/claim/SAFE", "/map", "/agenda", "/findings", "/changes?since=HEAD",
                 "/run", "/run/cancel", "/review", "/api/case.json"):  # fmt: skip
        case.ask(path)
    assert {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()} == before


def test_a_request_that_never_ends_is_cut_off(case: Served) -> None:
    with socket.create_connection(("127.0.0.1", case.port)) as wire:
        wire.sendall(b"GET / HTTP/1.1\r\nhost: localhost\r\nx: " + b"a" * 200_000)
        wire.settimeout(20)
        assert b" 200 " not in wire.recv(1000)


@pytest.mark.slow
def test_an_answer_that_nobody_reads_holds_no_connection_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who asks for much and reads nothing is cut off; who reads slowly or waits for news is not."""
    folder = write_case(tmp_path, COIN, {"items.txt": "head\n"})
    large = b"x" * (8 << 20)
    monkeypatch.setattr(
        "safetycase.web.pages.static_files", lambda: {"large": ("text/plain", large)}
    )
    with serving(folder, seconds=0.25) as server:

        def asked(path: str, room: int = 1 << 20) -> socket.socket:
            wire = socket.socket()
            wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, room)
            wire.settimeout(10)
            wire.connect(("127.0.0.1", server.port))
            wire.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            return wire

        deaf, slow, news = asked("/static/large"), asked("/static/large", 1 << 16), asked("/events")
        held = server.server.server_state.connections
        server.until(lambda: len(held) == 3, 5)
        read = 0
        while read < len(large):
            read += len(slow.recv(1 << 16))
            time.sleep(0.01)
        server.until(lambda: len(held) == 2, 5)
        assert news.recv(12) == b"HTTP/1.1 200"
        got = 0
        with contextlib.suppress(ConnectionError):
            while part := deaf.recv(1 << 20):
                got += len(part)
        assert got < len(large)
        for wire in (deaf, slow, news):
            wire.close()
