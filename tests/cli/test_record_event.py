from __future__ import annotations

import json
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest
from tests.conftest import COIN, Ran, write_case

pytestmark = pytest.mark.slow

Sc = Callable[..., Ran]
OTHER = """\
      - claim: OTHER
        says: The other coin too.
        holds_when: rate <= 0.20
        by: {evidence: E-OTHER, method: toy/coin, with: {n: 400, rate: 5}, inputs: [other.txt],
             reads: {rate: rate}, because: It is the other coin.}
"""


@pytest.fixture
def coins(sc: Sc, tmp_path: Path) -> Path:
    """A case with two leaves that have passed."""
    folder = write_case(tmp_path / "c", COIN + OTHER, {"items.txt": "a\nb\n", "other.txt": "b"})
    assert sc("run", folder).code == 0
    return folder


def states(sc: Sc, folder: Path) -> dict[str, str]:
    found = sc("status", folder, "--json").json["states"]
    return {n: found[n]["freshness"]["word"] for n in ("E-COIN", "E-OTHER")}


def test_an_event_says_what_it_would_do_and_asks(sc: Sc, coins: Path) -> None:
    before = (coins / "ledger" / "log.jsonl").read_bytes()
    said = ("--says", "the items leaked", "--about", "file=items.txt")
    asked = sc("record", "event", "contamination-found", coins, *said)
    assert asked.code == 2
    assert "E-COIN: fresh → invalidated (contamination-found" in asked.out
    assert "E-OTHER" not in asked.out
    assert "say --yes" in asked.err
    assert (coins / "ledger" / "log.jsonl").read_bytes() == before
    done = sc("record", "event", "contamination-found", coins, *said, "--yes", "--json").json
    assert list(done["changes"]) == ["E-COIN"]
    assert states(sc, coins) == {"E-COIN": "invalidated", "E-OTHER": "fresh"}
    why = " ".join(sc("why", "E-COIN", coins).out.split())
    assert f"contamination-found, record {done['record']}" in why
    assert "the items leaked" in why
    # The same items again would be no better; other items are another instrument.
    assert "Nothing is due" in sc("run", coins).out
    (coins / "items.txt").write_text("new\n", "utf-8")
    assert [e["evidence"] for e in sc("run", coins, "--json").json["ended"]] == ["E-COIN"]
    assert states(sc, coins) == {"E-COIN": "fresh", "E-OTHER": "fresh"}
    assert sc("verify", coins).code == 0


def test_a_broken_version_of_an_instrument_takes_every_leaf_with_it(sc: Sc, coins: Path) -> None:
    done = sc(
        "record", "event", "instrument-revoked", coins, "--says", "it counted twice",
        "--about", "method=toy/coin", "--yes", "--json",
    ).json  # fmt: skip
    assert done["body"]["about"] == {"method": ["toy/coin"], "method_version": ["1.0.0"]}
    assert states(sc, coins) == {"E-COIN": "invalidated", "E-OTHER": "invalidated"}
    assert sc("status", coins).code == 4
    assert "Nothing is due" in sc("run", coins).out


def test_a_new_run_clears_an_event_about_runs(sc: Sc, coins: Path) -> None:
    assert sc("record", "event", "capabilities-changed", coins, "--says", "it has a browser now",
              "--about", "evidence=E-OTHER", "--yes").code == 0  # fmt: skip
    assert states(sc, coins) == {"E-COIN": "fresh", "E-OTHER": "invalidated"}
    assert [e["evidence"] for e in sc("run", coins, "--json").json["ended"]] == ["E-OTHER"]
    assert states(sc, coins) == {"E-COIN": "fresh", "E-OTHER": "fresh"}


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("contamination-fuond", "--all"), "did you mean `contamination-found`"),
        (("contamination-found",), "say what it bears on"),
        (("contamination-found", "--all", "--about", "claim=RARE"), "--all is about everything"),
        (("contamination-found", "--about", "claims=RARE"), "did you mean `claim`"),
        (("contamination-found", "--about", "claim="), "write SELECTOR=VALUE"),
        (("contamination-found", "--about", "file=nowhere.txt"), "neither a SHA-256 nor the name"),
        (("contamination-found", "--all", "--since", "3"), "for key-revoked only"),
        (("instrument-revoked", "--about", "method=toy/none"), "no version of toy/none"),
    ],
)
def test_what_an_event_cannot_be(sc: Sc, coins: Path, words: tuple[str, ...], says: str) -> None:
    word, *more = words
    found = sc("record", "event", word, coins, "--says", "x", *more, "--yes")
    assert found.code == 2
    assert says in " ".join(found.err.split())
    assert "Traceback" not in found.err


WAIVE = ("--reason", "a blank at the end of a line", "--expires", "2099-01-01", "--yes")


def reviewer_key(sc: Sc, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on the key of a reviewer signs, which the author's key has introduced."""
    file, request = folder.parent / "reviewer.pem", folder.parent / "reviewer.json"
    if find_spec("safetycase.cli.record_keys") is not None:
        asked = sc("record", "keys", "init", folder, "--file", file, "--owner", "Grace",
                   "--role", "reviewer", "--request", request)  # fmt: skip
        assert asked.code == 0, asked.err
        assert sc("record", "keys", "add", request, folder).code == 0
    monkeypatch.setenv("SAFETYCASE_KEY", str(file))


def test_a_reviewer_waives_a_cosmetic_change(
    sc: Sc, coins: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (coins / "items.txt").write_text("a\nb \n", "utf-8")
    assert states(sc, coins)["E-COIN"] == "stale"
    own = sc("record", "waive", "E-COIN", coins, "--author", "Ada", "--reviewer", "Grace", *WAIVE)
    assert own.code == 2
    assert "signed the registration" in own.err
    reviewer_key(sc, coins, monkeypatch)
    same = sc("record", "waive", "E-COIN", coins, "--author", "ada", "--reviewer", "Ada", *WAIVE)
    assert same.code == 2
    assert "cannot be its reviewer" in same.err
    part = sc("record", "waive", "E-COIN", coins, "--author", "Ada", "--reviewer", "Grace",
              "--fields", "instrument.files.other.txt", *WAIVE)  # fmt: skip
    assert part.code == 2
    assert "would not help" in part.err
    done = sc("record", "waive", "E-COIN", coins, "--author", "Ada", "--reviewer", "Grace", *WAIVE)
    assert done.code == 0, done.err
    assert "stale (instrument.files.items.txt) → fresh" in done.out
    assert states(sc, coins)["E-COIN"] == "fresh"
    told = "equivalent by waiver of Grace until 2099-01-01"
    assert told in " ".join(sc("why", "E-COIN", coins).out.split())
    assert told in " ".join(sc("status", coins).out.split())
    found = sc("status", coins, "--json").json["states"]["E-COIN"]["freshness"]
    assert found["waived"][0]["reviewer"] == "Grace"
    sc("report", coins)
    assert told in (coins / "report" / "index.html").read_text("utf-8")
    assert "Nothing is due" in sc("run", coins).out
    # It is for these two recipes, until its day.
    assert sc("status", coins, "--json", "--now", "2099-01-02").json["states"]["E-COIN"][
        "freshness"]["word"] != "fresh"  # fmt: skip
    (coins / "items.txt").write_text("a\nc\n", "utf-8")
    assert states(sc, coins)["E-COIN"] == "stale"


def test_another_model_cannot_be_waived(
    sc: Sc, coins: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (coins / "case.yaml").read_text("utf-8")
    changed = text.replace("weights: smollm2-135m-instruct", "weights: quite-another")
    (coins / "case.yaml").write_text(changed, "utf-8")
    assert states(sc, coins)["E-COIN"] == "not applicable"
    reviewer_key(sc, coins, monkeypatch)
    for more in ((), ("--fields", "subject"), ("--fields", "subject.weights")):
        found = sc("record", "waive", "E-COIN", coins, "--author", "Ada", "--reviewer", "Grace",
                   *more, *WAIVE)  # fmt: skip
        assert found.code == 2
        assert "cannot be waived" in " ".join(found.err.split())
    assert not [k for k in _kinds(coins) if k == "waiver"]
    fresh = sc("record", "waive", "E-NONE", coins, "--author", "Ada", *WAIVE)
    assert (fresh.code, "is no evidence of this case" in fresh.err) == (2, True)


def _kinds(folder: Path) -> list[str]:
    import base64

    lines = (folder / "ledger" / "log.jsonl").read_text("utf-8").splitlines()
    payloads = [json.loads(base64.b64decode(json.loads(line)["payload"])) for line in lines]
    return [p["predicateType"].split(":")[-2] for p in payloads]
