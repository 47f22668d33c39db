"""`review`: challenge, respond, resolve, sign, dissent, override, and what is refused, with why."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.cli.review_folder import TEXT, Called, caller, made, pem

from safetycase.ledger import fold, read, verify
from safetycase.workspace.versions import Version, revision

Call = Callable[..., Called]
SIGN = ("--says", "It convinces.", "--competence", "weighs coins", "--independence", "a stranger")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    found = made(tmp_path / "case")
    monkeypatch.chdir(found)
    return found


@pytest.fixture
def call(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Call:
    return caller(folder, monkeypatch)


def flat(text: str) -> str:
    return " ".join(text.split())


def raised(call: Call, *words: str, who: str = "Grace", element: str = "RARE") -> Called:
    given = words or ("--severity", "major")
    return call(who, "challenge", element, *given, "--says", "Nobody looked at night.", "--yes")


def test_a_case_that_nobody_challenged_is_told_so(call: Call) -> None:
    found = call("Ada", "list")
    assert found.code == 0
    assert "Nobody challenged this case: 0 challenges were raised." in flat(found.out)
    assert "Nobody signed off any part of this case." in found.out
    told = call("Ada", "list", "--json").json
    assert told["counts"] == {
        "raised": 0, "raised_by_authors": 0, "open": 0,
        "answered": 0, "conceded": 0, "withdrawn": 0,
    }  # fmt: skip
    assert "Nobody challenged this case" in told["findings"][0]["message"]


def test_it_says_what_would_change_and_asks(call: Call, folder: Path) -> None:
    before = (folder / "ledger" / "log.jsonl").read_bytes()
    asked = call("Grace", "challenge", "RARE", "--severity", "major", "--says", "At night?")
    assert asked.code == 2
    assert "Challenge C1 against RARE: At night?" in asked.out
    assert "RARE: supported → contested" in asked.out
    assert "the case: holds → unknown" in asked.out
    assert "say --yes" in asked.error
    assert (folder / "ledger" / "log.jsonl").read_bytes() == before


def test_a_life_of_a_challenge(call: Call, folder: Path) -> None:
    first = raised(call)
    assert first.code == 0, first.error
    assert "Recorded as challenge 5." in first.out
    assert raised(call, "--severity", "minor", who="Ada").code == 0
    told = call("Ada", "list", "--json").json
    assert [(c["id"], c["standing"], c["contests"]) for c in told["challenges"]] == [
        ("C1", "open", True), ("C2", "open", False),
    ]  # fmt: skip
    unanswered = call("Bo", "resolve", "C1", "--as", "answered", "--reason", "so", "--yes")
    assert "nobody responded to challenge C1" in unanswered.error
    assert call("Ada", "respond", "C1", "--says", "We looked.", "--yes").code == 0
    own = call("Ada", "resolve", "C1", "--as", "answered", "--reason", "so", "--yes")
    assert own.code == 2
    assert (
        "not for reviewer; SAFETYCASE_KEY names the file of another (a reviewer who " in own.error
    )
    other = call("Bo", "resolve", "C1", "--as", "withdrawn", "--reason", "so", "--yes")
    assert (
        "which another key raised; SAFETYCASE_KEY names the file of another (the key that raised it"
        in flat(other.error)
    )
    conceded = call("Ada", "resolve", "C1", "--as", "conceded", "--reason", "true", "--yes")
    assert "It changes the status of no element" in conceded.out
    done = call("Bo", "resolve", "C1", "--as", "answered", "--reason", "mended", "--yes", "--json")
    assert done.json["changes"][""] == {"was": "unknown", "now": "holds"}
    again = call("Bo", "resolve", "C1", "--as", "answered", "--reason", "so", "--yes")
    assert "challenge C1 is answered already: record 9" in again.error
    assert call("Ada", "resolve", "C2", "--as", "withdrawn", "--reason", "no", "--yes").code == 0
    listed = flat(call("Ada", "list").out)
    assert (
        "2 challenges raised, 1 by an author: 0 open, 1 answered, 0 conceded, 1 withdrawn."
        in listed
    )
    assert "Bo ruled it answered on" in listed
    assert verify(folder / "ledger").ok


def test_open_challenges_come_first_and_are_told_beside_the_verdict(
    call: Call, folder: Path
) -> None:
    from click.testing import CliRunner

    from safetycase.cli.main import cli

    raised(call, "--severity", "minor")
    raised(call, "--severity", "critical", element="FAIR")
    lines = call("Ada", "list").out.splitlines()
    first, second = (i for i, line in enumerate(lines) if line.startswith(("  ▲", "  △")))
    assert "C2 critical · open · against FAIR" in lines[first]
    assert "C1 minor · open · against RARE" in lines[second]
    status = flat(CliRunner().invoke(cli, ["status"], standalone_mode=False).stdout)
    assert "▲ Challenge C2 (critical, open) of Grace against FAIR" in status
    assert "△ Challenge C1 (minor, open) of Grace against RARE" in status
    why = flat(CliRunner().invoke(cli, ["why", "FAIR"], standalone_mode=False).stdout)
    assert "Grace raised challenge C2 (critical)" in why
    assert "safetycase review respond C2 --says TEXT" in why


def test_steps_and_names_of_ones_own(call: Call) -> None:
    done = raised(call, "--severity", "major", "--id", "NIGHT", element="RARE.by")
    assert "Challenge NIGHT against LOOKS" in done.out
    again = raised(call, "--severity", "major", "--id", "NIGHT")
    assert "there is a challenge NIGHT already" in again.error
    for name in ("a b", "-x", "N" * 80, "", "a\x1b[2J"):
        assert "is no id" in raised(call, "--severity", "major", "--id", name).error
    assert (
        "has an element RARE already" in raised(call, "--severity", "major", "--id", "RARE").error
    )
    assert "is a challenge itself" in raised(call, element="NIGHT").error


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("challenge", "GONE", "--severity", "major", "--says", "x"), "no element `GONE`"),
        (("challenge", "RAER", "--severity", "major", "--says", "x"), "did you mean `RARE`"),
        (("challenge", "RARE", "--severity", "major", "--says", " "), "challenge says is empty"),
        (("respond", "C9", "--says", "x"), "there is no challenge `C9`; nobody challenged"),
        (("resolve", "C9", "--as", "conceded", "--reason", "x"), "there is no challenge `C9`"),
        (("dissent", "GONE", "--says", "x"), "no element `GONE`"),
        (("sign", "GONE", "--verdict", "accept", *SIGN), "no element `GONE`"),
        (("sign", "SAFE", "--verdict", "accept", *SIGN, "--condition", "x"), "are signed as"),
        (("sign", "SAFE", "--verdict", "accept-with-conditions", *SIGN), "needs a condition"),
        (("sign", "SAFE", "--verdict", "accept", *SIGN, "--hours", "many"), "no number of hours"),
        (("sign", "SAFE", "--verdict", "accept", *SIGN, "--hours", "-1"), "no number of hours"),
        (("sign", "SAFE", "--verdict", "accept", *SIGN, "--hours", "1e9"), "no number of hours"),
        (("override", "SAFE", "--clause", "x", "--authority", "a", "--reason", "r", "--expires",
          "2020-01-01"), "would be over already"),
        (("override", "SAFE", "--clause", "x", "--authority", "a", "--reason", "r", "--expires",
          "soon"), "is no date or time"),
        (("dissent", "SAFE", "--says", "x" * 30_000), "30,000 characters long"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_in_a_sentence(
    call: Call, folder: Path, words: tuple[str, ...], says: str
) -> None:
    before = (folder / "ledger" / "log.jsonl").read_bytes()
    found = call("Grace", *words, "--yes")
    assert found.code == 2
    assert says in flat(found.error)
    assert (folder / "ledger" / "log.jsonl").read_bytes() == before


def test_the_way_out_is_named_with_a_wrong_key(call: Call, folder: Path) -> None:
    author = call("Ada", "sign", "SAFE", "--verdict", "accept", *SIGN, "--yes")
    assert author.code == 2
    assert "is for author, runner, log, and a sign-off is signed with one for reviewer" in flat(
        author.error
    )
    assert "record keys init --role reviewer" in author.error
    missing = call("Nobody", "sign", "SAFE", "--verdict", "accept", *SIGN, "--yes")
    assert "there is no key" in missing.error
    assert not (folder.parent / "Nobody.pem").exists()
    override = ("--clause", "x", "--authority", "a", "--reason", "r", "--expires", "2099-01-01")
    assert "an override is signed with one for reviewer" in flat(
        call("Robot", "override", "SAFE", *override).error
    )


def test_a_key_that_the_record_does_not_know_says_nothing(call: Call, folder: Path) -> None:
    """It would let itself in as an author's, and its owner could never sign off the case."""
    stranger = folder.parent / "Stranger.pem"
    stranger.write_bytes(pem(bytes([77] * 32)))
    stranger.chmod(0o600)
    before = (folder / "ledger" / "log.jsonl").read_bytes()
    for words in (
        ("challenge", "RARE", "--severity", "major", "--says", "x"),
        ("dissent", "RARE", "--says", "x"),
        ("sign", "SAFE", "--verdict", "accept", *SIGN),
    ):
        found = call("Stranger", *words, "--yes")
        assert found.code == 2
        assert "this record does not know the key" in found.error
        assert "`safetycase record keys init --role reviewer`" in found.error
    assert (folder / "ledger" / "log.jsonl").read_bytes() == before


def test_a_signature_counts_until_what_was_signed_changes(call: Call, folder: Path) -> None:
    signed = call("Grace", "sign", "SAFE", "--verdict", "accept-with-conditions", *SIGN,
                  "--condition", "again in May", "--hours", "2.50", "--yes", "--json")  # fmt: skip
    assert signed.code == 0, signed.error
    assert signed.json["body"]["hours"] == "2.5"
    listed = flat(call("Ada", "list").out)
    assert "1 sign-off, of which 1 count now:" in listed
    assert "on condition: again in May" in listed
    (folder / "case.yaml").write_text(f"# a remark\n{TEXT}", "utf-8")
    assert call("Ada", "list", "--json").json["sign_offs"][0]["counts"]
    (folder / "case.yaml").write_text(TEXT.replace("Looking tells.", "Looking says all."), "utf-8")
    (found,) = call("Ada", "list", "--json").json["sign_offs"]
    assert (found["current"], found["independent"], found["counts"]) == (False, True, False)
    assert "signed an earlier version" in call("Ada", "list").out


def test_who_answers_for_a_part_is_told_that_the_signature_will_not_count(call: Call) -> None:
    done = call("Grace", "sign", "SAFE", "--verdict", "accept", *SIGN, "--by", "Mint", "--yes")
    assert "It will not count: Mint owns FAIR." in done.out
    (found,) = call("Ada", "list", "--json").json["sign_offs"]
    assert not found["counts"]


def test_git_tells_what_changed_since_a_signature(call: Call, folder: Path) -> None:
    def git(*words: str) -> None:
        who = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")
        subprocess.run(["git", "-C", str(folder), *who, *words], check=True, capture_output=True)

    git("init", "-q")
    git("add", "case.yaml")
    git("commit", "-q", "-m", "first")
    assert call("Grace", "sign", "SAFE", "--verdict", "accept", *SIGN, "--yes").code == 0
    changed = TEXT.replace("Looking tells.", "Looking says all.").replace("0.90", "0.80")
    (folder / "case.yaml").write_text(changed.replace("title: A coin", "title: Coins"), "utf-8")
    git("commit", "-q", "-a", "-m", "second")
    listed = flat(call("Ada", "list").out)
    assert "holds what was signed; 2 changes since:" in listed
    assert "0.9 → 0.8" in listed
    assert "LOOKS: " in listed
    assert "Looking tells. → Looking says all." in listed


def test_the_version_that_was_signed_is_found_by_its_time_among_many(
    call: Call, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from safetycase.workspace import signed_since

    def git(*words: str, day: int = 0) -> str:
        when = f"{int(time.time()) + 86_400 * day} +0000"
        who: dict[str, str] = {}
        for role in ("AUTHOR", "COMMITTER"):
            who |= {f"GIT_{role}_NAME": "Ada", f"GIT_{role}_EMAIL": "a@example.org"}
            who[f"GIT_{role}_DATE"] = when
        done = subprocess.run(["git", "-C", str(folder), *words], check=True, capture_output=True,
                              text=True, env={**os.environ, **who})  # fmt: skip
        return done.stdout.strip()

    git("init", "-q")
    git("add", "case.yaml")
    git("commit", "-q", "-m", "signed")
    signed = git("rev-parse", "HEAD")
    assert call("Grace", "sign", "SAFE", "--verdict", "accept", *SIGN, "--yes").code == 0
    for day in range(1, signed_since.MOST_READ + 4):
        text = TEXT.replace("Looking tells.", f"Looking tells on day {day}.")
        (folder / "case.yaml").write_text(text, "utf-8")
        git("commit", "-q", "-a", "-m", f"day {day}", day=day)
    # A folder that is called like the commit is not what was signed.
    made(folder / signed, TEXT.replace("0.90", "0.99"))
    read = []

    def noted(word: str, place: Path) -> Version:
        read.append(word)
        return revision(word, place)

    monkeypatch.setattr(signed_since, "revision", noted)
    told = flat(call("Ada", "list").out)
    assert f"git {signed[:12]} holds what was signed; 1 change since:" in told
    assert read == [signed]


def test_without_git_it_says_that_it_cannot_tell(call: Call, folder: Path) -> None:
    call("Grace", "sign", "SAFE", "--verdict", "accept", *SIGN, "--yes")
    (folder / "case.yaml").write_text(TEXT.replace("Looking tells.", "Looking is all."), "utf-8")
    told = flat(call("Ada", "list").out)
    assert "no revision of git around that time holds what was signed" in told


def test_dissent_and_overrides_are_shown_and_change_nothing(call: Call, folder: Path) -> None:
    assert call("Robot", "dissent", "SAFE", "--says", "I would not.", "--yes").code == 0
    words = ("--clause", "freshness", "--clause", "sign-off", "--authority", "head of safety",
             "--reason", "it is urgent", "--expires", "2026-12-24")  # fmt: skip
    done = call("Grace", "override", "SAFE", *words, "--yes", "--json")
    assert done.code == 0, done.error
    assert done.json["changes"] == {}
    assert "has no clause `freshness`, so this opens nothing" in done.json["says"][1]
    assert len(done.json["says"]) == 2
    assert done.json["body"]["expires"] == "2026-12-24T00:00:00Z"
    listed = flat(call("Ada", "list").out)
    assert "⚑ Robot dissents from SAFE" in listed
    assert "SAFE · in force · until 2026-12-24 · clauses freshness, sign-off" in listed
    (found,) = call("Ada", "list", "--json").json["overrides"]
    assert found["in_force"]


def test_a_revoked_reviewer_signs_nothing_and_their_challenge_stays(
    call: Call, folder: Path
) -> None:
    from safetycase.ledger import Writer
    from safetycase.ledger.keys import from_seed

    raised(call)
    call("Grace", "sign", "FAIR", "--verdict", "accept", *SIGN, "--yes")
    grace = from_seed(bytes([32] * 32), "Grace")
    body = {"event": "key-revoked", "says": "left", "about": {"keyid": [grace.keyid]}}
    with Writer(folder / "ledger", from_seed(bytes([31] * 32), "Ada")) as writer:
        writer.append("event", body, at="2026-11-24T00:00:00Z")
    told = call("Ada", "list")
    assert "Nobody signed off any part of this case." in told.out
    assert "1 challenge raised: 1 open" in told.out
    assert "1 it signed before and" not in told.error
    assert (
        "what it said against the case stands, alarms and challenges until they are resolved"
        in flat(told.out)
    )
    refused = call("Grace", "dissent", "SAFE", "--says", "x", "--yes")
    assert "which record 7 revoked" in refused.error
    assert len(fold(read(folder / "ledger")).challenges) == 1


HOSTILE = "<script>alert(1)</script> \x1b[31m‮ javascript:alert(1) =HYPERLINK(1)"


def test_hostile_words_are_shown_and_drive_nothing(call: Call) -> None:
    done = call("Grace", "challenge", "RARE", "--severity", "major", "--says", HOSTILE, "--by",
                HOSTILE, "--yes")  # fmt: skip
    for out in (done.out, call("Ada", "list").out):
        assert "\x1b" not in out
        assert "‮" not in out
        assert "alert(1)" in out


def test_review_alone_lists_and_an_unknown_verb_is_named(
    call: Call, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from click.testing import CliRunner

    from safetycase.cli.main import cli

    monkeypatch.chdir(folder.parent)
    by_path = CliRunner().invoke(cli, ["review", "case"], standalone_mode=False)
    assert "Nobody challenged" in by_path.stdout
    wrong = CliRunner().invoke(cli, ["review", "challange"], standalone_mode=False)
    assert "did you mean `challenge`?" in str(getattr(wrong.exception, "message", ""))
    help_text = CliRunner().invoke(cli, ["review", "--help"]).stdout
    assert "checklist" in help_text


def test_an_override_that_opens_nothing_is_told_so(call: Call, folder: Path) -> None:
    def says(*words: str) -> list[str]:
        given = ("--reason", "r", "--expires", "2099-01-01", "--yes", "--json")
        found: list[str] = call("Grace", "override", "SAFE", *words, *given).json["says"]
        return found[1:]

    board = ("--authority", "the board")
    assert says("--clause", "sign-off", *board) == []
    assert "did you mean `sign-off`?" in says("--clause", "sign-of", *board)[0]
    assert says("--clause", "well-formed", *board) == [
        "Nobody can override `well-formed`, so this opens nothing."
    ]
    policy = (
        "policy: ours\nsays: Ours.\nauthorities: [head of safety]\n"
        "release:\n  - clause: sign-off\nmerge: []\n"
    )
    (folder / "policy.yaml").write_text(policy, "utf-8")
    told = says("--clause", "sign-off", *board)
    assert told == ["The policy ours knows no authority but head of safety, so this opens nothing."]
    (folder / "policy.yaml").write_text("policy: [", "utf-8")
    assert "cannot be read" in says("--clause", "sign-off", *board)[0]
