"""The verb `serve`: it says where it listens, refuses what is unsafe, and ends when it is asked."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import click
import pytest
from tests.conftest import Ran

from safetycase.cli.serve import _in_a_browser, _names
from safetycase.ledger import load_or_create

PAGE = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "serve-a-case.md"


def served(folder: Path, *words: str, **env: str) -> tuple[int, str, int]:
    """Start the verb, open the address it prints, and end it: status, address, exit code."""
    with subprocess.Popen(
        [sys.executable, "-m", "safetycase.cli", "serve", *words, "--port", "0", "--json"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=folder, env={**os.environ, **env},
        text=True,
    ) as process:  # fmt: skip
        try:
            assert process.stdout is not None
            assert process.stderr is not None
            told = ""
            while not told.endswith("}\n"):
                line = process.stdout.readline()
                assert line, process.stderr.read()
                told += line
            address = str(json.loads(told)["url"])
            parts = urlsplit(address)
            wire = http.client.HTTPConnection("127.0.0.1", parts.port or 80, timeout=30)
            wire.request("GET", f"{parts.path}?{parts.query}")
            status = wire.getresponse().status
            wire.close()
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=30)
            return status, address, process.returncode
        finally:
            process.kill()


@pytest.mark.slow
def test_the_commands_of_the_page_serve(coin: Path) -> None:
    load_or_create(coin / "reviewer.pem", "rita")
    blocks = re.findall(r"```console\n(.*?)```", PAGE.read_text("utf-8"), re.S)
    commands = [line.removeprefix("$ ").split() for block in blocks for line in block.splitlines()]
    assert len(commands) == 4
    for words in commands:
        env = dict(w.split("=", 1) for w in words if w.startswith("SAFETYCASE_"))
        rest = [w for w in words if "=" not in w]
        assert rest[:2] == ["safetycase", "serve"]
        status, address, code = served(coin, *rest[2:], **env)
        assert (status, code) == (200, 0), words
        # Every user of this machine reaches a port of it: what runs or signs asks who it is.
        assert ("?token=" in address) == (len(rest) > 2)


def test_the_page_names_every_address_and_option() -> None:
    from safetycase.cli.serve import serve

    text = PAGE.read_text("utf-8")
    options = {o for p in serve.params for o in p.opts if o.startswith("--")}
    named = set(re.findall(r"--[a-z][a-z-]+", text))
    assert options - named == {"--port", "--open", "--now"}
    assert named <= options


@pytest.mark.slow
def test_what_is_unsafe_or_impossible_is_refused(sc: Callable[..., Ran], coin: Path) -> None:
    open_to_all = sc("serve", coin, "--host", "0.0.0.0")
    assert (open_to_all.code, open_to_all.out) == (2, "")
    assert "add --token" in open_to_all.err
    with socket.create_server(("127.0.0.1", 0)) as taken:
        busy = sc("serve", coin, "--port", str(taken.getsockname()[1]))
    assert busy.code == 2
    assert "--port 0" in busy.err
    assert sc("serve", coin / "nowhere").code == 2
    keyless = sc("serve", coin, "--review")
    assert keyless.code == 2
    assert "SAFETYCASE_KEY" in keyless.err
    # What it advises works, in a case that an author has begun.
    assert sc("record", "keys", "init", cwd=coin).code == 0
    advised = re.findall(r"`safetycase (record keys init[^`]*)`", keyless.err)[0].split()
    assert sc(*advised, cwd=coin).code == 0, advised
    assert sc("record", "keys", "add", "reviewer.json", cwd=coin).code == 0


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("proxy.example", "proxy.example"),
        ("Proxy.Example.:443", "proxy.example"),
        ("[::2]:1", "::2"),
    ],
)
def test_a_name_to_answer_to_may_be_written_as_in_an_address(given: str, name: str) -> None:
    assert _names("127.0.0.1", (given,)) == [name]


@pytest.mark.parametrize("given", ["https://proxy.example/", "proxy.example/", "a@b", "", "x:y"])
def test_what_no_request_could_name_is_refused(given: str) -> None:
    with pytest.raises(click.BadParameter, match="is no name of a host"):
        _names("127.0.0.1", (given,))


def test_a_browser_is_opened_without_the_token_in_its_arguments(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[tuple[str, str, int]] = []

    def launch(place: str) -> int:
        page = Path(place)
        text = page.read_text("utf-8") if page.is_file() else ""
        seen.append((place, text, page.parent.stat().st_mode & 0o777 if text else 0))
        return 0

    monkeypatch.setattr("click.launch", launch)
    with _in_a_browser("http://127.0.0.1:1/?token=secret"):
        ((place, text, mode),) = seen
        assert "secret" not in place
        assert 'url=http://127.0.0.1:1/?token=secret"' in text
        assert mode == 0o700
    assert not Path(place).exists()
    with _in_a_browser("http://127.0.0.1:1/"):
        assert seen[1][0] == "http://127.0.0.1:1/"
    with _in_a_browser(""):
        assert len(seen) == 2
