"""A page of a stranger, open in the browser of a reviewer, reads the case, runs code or signs."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

import pytest
from tests.web.reviewed import reviewed
from tests.web.serving import SECRET, Reply, Served, serving

from safetycase.ledger import read

WORDS = {"on": "RARE", "severity": "minor", "says": "Nothing to see here."}
TOKEN = "the-token-in-the-address-that-was-printed"


def kinds(folder: Path) -> list[str]:
    return [record.kind for record in read(folder / "ledger").records]


def hidden(page: Reply) -> dict[str, str]:
    found = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', page.text)
    return {name: unescape(value) for name, value in found}


def attacks(server: Served) -> list[Reply]:
    """What the browser of somebody who is let in sends for a page of a stranger."""
    cookie = f"{server.app.shared.wanted.cookie}={server.app._door.pass_word}"
    cross = {"cookie": cookie, "origin": "http://evil.example", "sec_fetch_site": "cross-site"}
    rebound = {"cookie": cookie, "host": "evil.example", "sec_fetch_site": "same-origin"}
    old = {"cookie": cookie}  # a browser that says nothing of where a form comes from
    return [
        *(server.post("/review/challenge", WORDS, **how) for how in (cross, rebound, old)),
        *(server.post("/run", {}, **how) for how in (cross, rebound, old)),
        server.post("/review/challenge", {**WORDS, "csrf": SECRET}, **cross),
        server.post("/review/challenge", {**WORDS, "csrf": SECRET}, **rebound),
        server.ask("/api/case.json", **{**cross, "sec_fetch_mode": "no-cors"}),
        server.ask("/claim/RARE", **rebound),
        server.ask("/claim/RARE", **{**cross, "sec_fetch_mode": "navigate",
                                     "sec_fetch_dest": "iframe"}),
        server.ask("/claim/RARE"),  # another user of the machine, without the token
    ]  # fmt: skip


@pytest.mark.slow
def test_a_page_of_a_stranger_gets_nothing_and_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = reviewed(tmp_path)
    monkeypatch.setenv("SAFETYCASE_KEY", str(tmp_path / "Grace.pem"))
    with serving(folder, may_review=True, run_command=("false",), token=TOKEN) as server:
        before = kinds(folder)
        for reply in attacks(server):
            assert reply.status in (401, 403, 421), reply
            assert "Heads are rare" not in reply.text
            assert SECRET not in reply.text
        assert server.app.shared.runs.latest is None
        assert kinds(folder) == before
        # The same words from the server's own form are signed, once they were looked at.
        own = {"authorization": f"Bearer {TOKEN}", "origin": server.url}
        shown = server.post("/review/challenge", {**WORDS, "csrf": SECRET}, **own)
        assert kinds(folder) == before
        assert server.post("/review/challenge", hidden(shown), **own).status == 303
        assert kinds(folder) == [*before, "challenge"]
