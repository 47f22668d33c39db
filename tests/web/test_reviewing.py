"""Review from a page: what is shown is what is signed, by whoever may, or nothing is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest
from tests.web.reviewed import pem, reviewed
from tests.web.serving import SECRET, Reply, Served, serving

from safetycase.ledger import fold, read

SAYS = 'Nobody looked at "night" <b>& so on</b>, Größe \u202e\nsecond line'


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A case under review; the key here is Grace's."""
    monkeypatch.setenv("SAFETYCASE_KEY", str(tmp_path / "Grace.pem"))
    return reviewed(tmp_path)


@pytest.fixture
def case(folder: Path) -> Iterator[Served]:
    with serving(folder, may_review=True) as server:
        yield server


def fields_of(page: Reply) -> dict[str, str]:
    """What the button of a page before signing would send."""
    found = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', page.text)
    return {name: unescape(value) for name, value in found}


def challenged(case: Served, **more: str) -> Reply:
    given = {"csrf": SECRET, "on": "RARE", "severity": "major", "says": SAYS} | more
    return case.post("/review/challenge", given)


def kinds(folder: Path) -> list[str]:
    return [record.kind for record in read(folder / "ledger").records]


def test_a_challenge_is_shown_first_and_then_signed(case: Served, folder: Path) -> None:
    assert '/review/challenge?on=RARE"' in case.ask("/claim/RARE").text
    form = case.ask("/review/challenge?on=RARE")
    assert form.status == 200
    assert 'action="/review/challenge"' in form.text
    assert "Grace" in form.text
    shown = challenged(case)
    assert shown.status == 200
    assert "RARE</code>: supported → contested" in shown.text
    assert "<b>& so on" not in shown.text
    assert "[U+202E]" in shown.text
    assert kinds(folder) == ["key"] * 3  # nothing is signed by looking
    done = case.post("/review/challenge", fields_of(shown))
    assert (done.status, done.headers["location"]) == (303, "/claim/RARE")
    record = fold(read(folder / "ledger")).challenges[0]
    assert (record.says, record.by, record.severity, record.against) == (
        SAYS, "Grace", "major", "RARE",
    )  # fmt: skip
    page = case.ask("/claim/RARE").text
    assert "contested" in page
    assert "Nobody looked at" in case.ask("/review").text
    # The same button again signs nothing: the record has gone on.
    again = case.post("/review/challenge", fields_of(shown))
    assert again.status == 200
    assert "nothing was signed" in again.text
    assert kinds(folder) == [*["key"] * 3, "challenge"]


def test_the_life_of_a_challenge(
    case: Served, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case.post("/review/challenge", fields_of(challenged(case)))
    assert '/review/respond?challenge=C1"' in case.ask("/review").text
    assert 'href="/review/resolve?on=C1"' in case.ask("/review/resolve").text
    ruling = {"csrf": SECRET, "on": "C1", "outcome": "answered", "reason": "so"}
    early = case.post("/review/resolve", ruling)
    assert early.status == 422
    assert "nobody responded to challenge C1" in early.text
    monkeypatch.setenv("SAFETYCASE_KEY", str(folder.parent / "Ada.pem"))
    said = case.post("/review/respond", {"csrf": SECRET, "on": "C1", "says": "We did."})
    assert case.post("/review/respond", fields_of(said)).status == 303
    own = case.post("/review/resolve", ruling)
    assert own.status == 409
    assert "Nothing was signed" in own.text
    monkeypatch.setenv("SAFETYCASE_KEY", str(folder.parent / "Bo.pem"))
    ruled = case.post("/review/resolve", ruling)
    assert "RARE</code>: contested → supported" in ruled.text
    assert case.post("/review/resolve", fields_of(ruled)).headers["location"] == "/review"
    assert kinds(folder)[3:] == ["challenge", "response", "ruling"]


def test_a_signature_says_before_whether_it_counts(case: Served, folder: Path) -> None:
    given = {
        "csrf": SECRET, "on": "SAFE", "verdict": "accept-with-conditions", "says": "It holds.",
        "conditions": "Only by day.\r\n\r\nOnly this coin.", "competence": "weighs coins",
        "independence": "a stranger", "hours": "1.50", "by": "Grace of the board",
    }  # fmt: skip
    shown = case.post("/review/sign", given)
    assert shown.status == 200
    assert "SAFE is supported now." in shown.text
    assert case.post("/review/sign", fields_of(shown)).status == 303
    signed = fold(read(folder / "ledger")).sign_offs[0]
    assert (signed.conditions, signed.hours, signed.by) == (
        ("Only by day.", "Only this coin."), "1.5", "Grace of the board",
    )  # fmt: skip
    for wrong, why in (({"verdict": "fine"}, "is no verdict"), ({"hours": "x"}, "no number"),
                       ({"competence": " "}, "competence is empty"),
                       ({"verdict": "accept"}, "conditions are signed as")):  # fmt: skip
        page = case.post("/review/sign", given | wrong)
        assert page.status == 422
        assert why in page.text
        assert "It holds." in page.text  # what was written is still there
    over = {"csrf": SECRET, "on": "SAFE", "clauses": "two-keys", "authority": "the board",
            "reason": "a drill", "expires": "2020-01-01"}  # fmt: skip
    assert "would be over already" in case.post("/review/override", over).text
    assert case.post("/review/override", over | {"expires": "soon"}).status == 422
    assert case.post("/review/override", over | {"expires": "2099-01-01"}).status == 200


def test_what_changed_meanwhile_is_shown_again(case: Served, folder: Path) -> None:
    given = {"csrf": SECRET, "on": "RARE", "says": "I disagree."}
    shown = case.post("/review/dissent", given)
    text = (folder / "case.yaml").read_text("utf-8")
    (folder / "case.yaml").write_text(
        text.replace("Heads are rare.", "Heads are so rare."), "utf-8"
    )
    again = case.post("/review/dissent", fields_of(shown))
    assert again.status == 200
    assert "nothing was signed" in again.text
    assert kinds(folder) == ["key"] * 3
    assert case.post("/review/dissent", fields_of(again)).status == 303
    assert kinds(folder)[3:] == ["dissent"]


def test_nothing_is_signed_with_a_key_that_may_not(
    case: Served, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for file, why in (("none.pem", "there is no key"), ("case/case.yaml", "Nothing")):
        monkeypatch.setenv("SAFETYCASE_KEY", str(folder.parent / file))
        reply = challenged(case)
        assert reply.status == 409
        assert why in reply.text
        assert case.ask("/review/challenge?on=RARE").status == 409
    (folder.parent / "stranger.pem").write_bytes(pem(b"9" * 32))
    monkeypatch.setenv("SAFETYCASE_KEY", str(folder.parent / "stranger.pem"))
    assert "does not know the key" in challenged(case).text
    monkeypatch.setenv("SAFETYCASE_KEY", str(folder.parent / "Ada.pem"))
    sign = {"csrf": SECRET, "on": "SAFE", "verdict": "accept", "says": "x", "competence": "x",
            "independence": "x"}  # fmt: skip
    author = case.post("/review/sign", sign)
    assert author.status == 409
    assert "not for reviewer" in author.text
    assert kinds(folder) == ["key"] * 3


def test_forms_of_what_is_not_there(case: Served) -> None:
    assert case.ask("/review/praise?on=RARE").status == 404
    assert case.ask("/review/challenge?on=NOTHING").status == 404
    assert case.ask("/review/respond?on=C9").status == 404
    assert "No challenge stands" in case.ask("/review/respond").text
    assert "Which element" in case.ask("/review/sign").text
    assert challenged(case, on="NOTHING").status == 404
    assert challenged(case, csrf="no").status == 403


@pytest.mark.slow
def test_a_server_without_the_option_has_no_form(folder: Path) -> None:
    with serving(folder) as server:
        assert server.ask("/review/challenge?on=RARE").status == 404
        assert challenged(server).status in (404, 405)
        assert "/review/challenge" not in server.ask("/claim/RARE").text
    assert kinds(folder) == ["key"] * 3
