"""The merge gate: what a change does to a case, who has to sign it, and who did."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import write_case
from tests.review.conftest import clause
from tests.review.green import GREEN, key, override, sign

from safetycase.argument.diff import diff
from safetycase.argument.load import load, load_files
from safetycase.argument.model import Case
from safetycase.assess.gated import Gated, Weighed
from safetycase.cli.gate import EXITS
from safetycase.plugin.library import templates
from safetycase.review.gate_changes import means_of
from safetycase.review.policy_default import DEFAULT_POLICY
from safetycase.review.policy_read import default_policy, read_policy
from safetycase.workspace.folder import open_case
from safetycase.workspace.gating import Before, merge_gate
from safetycase.workspace.policies import policy_at

DOUBT = (
    "defeaters:\n  - {defeater: D, against: E-COIN, says: It may be bent., answered_by: [RARE]}\n"
)


def case(text: str) -> Case:
    found = load(text)
    assert found.case is not None, found.findings
    return found.case


def means(old: str, new: str) -> dict[tuple[str, str], str]:
    return {(c.element, c.what): means_of(c) for c in diff(case(old), case(new)).changes}


@pytest.mark.parametrize(
    ("old", "new", "element", "what", "means_"),
    [
        ("rate <= 0.20", "rate <= 0.30", "RARE", "criterion loosened", "weaker"),
        ("rate <= 0.20", "rate <= 0.10", "RARE", "criterion tightened", "tighter"),
        ("rate <= 0.20", "not rate > 20%", "RARE", "criterion rewritten, same meaning", "shown"),
        ("rate <= 0.20", "other <= 0.20", "RARE", "criterion changed", "undecided"),
        ("target: 0.90", "target: 0.80", "", "target lowered", "weaker"),
        ("target: 0.90", "target: 0.95", "", "target raised", "tighter"),
        ("valid_for: 90 days", "valid_for: 1 year", "E-COIN", "validity extended", "weaker"),
        ("n: 400", "n: 40", "E-COIN", "parameters changed", "undecided"),
        ("method: toy/coin", "method: toy/other", "E-COIN", "method changed", "undecided"),
        ("reads: {rate: rate}", "reads: {rate: miss}", "E-COIN", "reads changed", "undecided"),
        ("inputs: [items.txt]", "inputs: [easy.txt]", "E-COIN", "input replaced", "undecided"),
        ("Heads are rare.", "Heads are few.", "RARE", "reworded", "shown"),
        ("title: A coin", "title: The coin", "", "title changed", "shown"),
        ("mistake: a head", "mistake: a tail", "", "harm.mistake changed", "undecided"),
        ("volume: 10000 throws", "volume: 90000 throws", "", "volume raised", "weaker"),
        ("        owner: lead\n", "", "REGISTRY-COMPLETE", "owner lost", "weaker"),
        (
            "root:\n",
            "reviewers: [{name: Al, external: true}]\nroot:\n",
            "",
            "reviewer called external",
            "weaker",
        ),
        ("root:\n", "reviewers: [{name: Al}]\nroot:\n", "", "reviewers added", "tighter"),
    ],
)
def test_each_change_is_weighed(old: str, new: str, element: str, what: str, means_: str) -> None:
    assert GREEN.count(old) >= 1
    assert means(GREEN, GREEN.replace(old, new, 1))[element, what] == means_


def test_what_is_gone_is_weaker_and_what_came_is_not() -> None:
    gone = means(GREEN + DOUBT, GREEN)
    assert gone == {("D", "defeater removed"): "weaker"}
    assert means(GREEN, GREEN + DOUBT) == {("D", "defeater raised"): "tighter"}
    claim = "claims:\n  - {claim: LOOSE, says: It hangs loose.}\n"
    assert means(GREEN + claim, GREEN) == {("LOOSE", "claim removed"): "weaker"}
    assert means(GREEN, GREEN + claim) == {("LOOSE", "claim added"): "shown"}
    taken = GREEN.replace("      - claim: RARE", "      - assumption: RARE")
    cut = taken[: taken.index("        holds_when")] + "        owner: lead\n"
    found = means(GREEN, cut)
    assert found["RARE", "kind of element changed"] == "weaker"
    assert found["E-COIN", "evidence removed"] == "weaker"


def test_what_nobody_can_measure_is_for_somebody_else_to_read() -> None:
    """An argument for what had none, a scope that is stated, a criterion that evidence can meet."""
    bare = GREEN + "claims:\n  - {claim: LOOSE, says: It hangs loose.}\n"
    loose = "says: It hangs loose."
    argued = "by: {argument: STEP, kind: concretion, because: So., premises: [RARE]}"
    scoped = bare.replace(loose, f"{loose}, context: [ROOM]")
    scoped += "contexts: [{context: ROOM, says: In one room.}]\n"
    for changed, what, means_ in (
        (bare.replace(loose, f"{loose}, {argued}"), "argument given", "undecided"),
        (bare.replace(loose, f"{loose}, by: {{evidence: E-LOOSE, because: So.}}"), "support added",
         "shown"),
        (bare.replace(loose, f"{loose}, holds_when: rate <= 0.9"), "criterion added", "undecided"),
        (scoped, "context added", "undecided"),
    ):  # fmt: skip
        assert means(bare, changed)["LOOSE", what] == means_


Merge = Callable[..., Gated]


@pytest.fixture
def merge(tmp_path: Path) -> Merge:
    """Put a folder to the merge gate, against a folder with the text of the version before."""

    def call(
        folder: Path,
        old: str = GREEN,
        policy: str | None = None,
        pin: bytes | None = None,
        data: str | None = "head or tail\n",
    ) -> Gated:
        files = {} if data is None else {"items.txt": data}
        before = write_case(tmp_path / "before", old, files)
        if policy is not None:
            (before / "policy.yaml").write_text(policy, "utf-8")
        judge, own = policy_at(before).policy, policy_at(folder).policy
        assert judge is not None
        assert own is not None
        space = open_case(folder, datetime.now(UTC).replace(microsecond=0), trust_cache=False)
        earlier = Before(
            name="before", case=case(old), policy=judge, own=judge, folder=before, pin=pin
        )
        return merge_gate(space, earlier, own)

    return call


def rewrite(folder: Path, *pairs: tuple[str, str]) -> None:
    path = folder / "case.yaml"
    text = path.read_text("utf-8")
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    path.write_text(text, "utf-8")


def weighed(found: Gated, what: str) -> Weighed:
    return next(each for each in found.changes if each.change.what == what)


def test_no_change_passes(reviewed: Path, merge: Merge) -> None:
    found = merge(reviewed)
    assert found.passed
    assert clause(found, "loosening-signed").says == "Nothing makes the case weaker."
    assert "supported (holds, confidence at least" in clause(found, "no-less-shown").says


LOOSEN = ("rate <= 0.20", "rate <= 0.30")


def test_a_loosened_threshold_needs_two_others_in_a_full_case(reviewed: Path, merge: Merge) -> None:
    rewrite(reviewed, LOOSEN)
    found = merge(reviewed)
    said = clause(found, "loosening-signed")
    assert EXITS[said.weight] == 5
    remark = said.remarks[0]
    assert remark.element == "RARE"
    assert remark.at is not None
    assert "criterion loosened (`rate <= 0.20` → `rate <= 0.30`)" in remark.says
    assert "0 of 2 reviewers signed RARE" in remark.says
    sign(reviewed, "Grace", "RARE")
    assert weighed(merge(reviewed), "criterion loosened").missing == 1
    sign(reviewed, "Alan", "SAFE")  # whoever signs the root signs what it rests on
    found = merge(reviewed)
    assert weighed(found, "criterion loosened").signed == ("Grace", "Alan")
    assert clause(found, "loosening-signed").state == "pass"


def test_a_sketch_needs_one_and_becoming_full_two(reviewed: Path, merge: Merge) -> None:
    sketch = GREEN.replace("maturity: full", "maturity: sketch")
    rewrite(reviewed, LOOSEN)
    assert weighed(merge(reviewed, sketch), "criterion loosened").needed == 2
    rewrite(reviewed, ("maturity: full", "maturity: sketch"))
    found = merge(reviewed, sketch)
    assert weighed(found, "criterion loosened").needed == 1
    assert "maturity-full" not in {c.clause for c in found.clauses}


def test_a_signature_of_the_version_before_says_nothing(reviewed: Path, merge: Merge) -> None:
    sign(reviewed, "Alan", "RARE")
    rewrite(reviewed, LOOSEN)
    found = weighed(merge(reviewed), "criterion loosened")
    assert found.signed == ()
    assert "Alan" in found.says


def test_what_was_removed_is_signed_at_what_is_left_above_it(reviewed: Path, merge: Merge) -> None:
    found = weighed(merge(reviewed, GREEN + DOUBT), "defeater removed")
    assert (found.through, found.needed) == ("E-COIN", 2)
    assert found.signed == ("Grace",)  # who signed the case as it is now, without that doubt
    rewrite(reviewed, ("      - claim: RARE", "      - claim: FEW"))
    text = GREEN.replace("says: Heads are rare.", "says: Something else altogether here.")
    assert all(each.through in open_case(reviewed, datetime.now(UTC)).case.elements  # type: ignore[union-attr]
               for each in merge(reviewed, text).changes if each.needed)  # fmt: skip


def test_a_change_of_the_header_is_signed_with_the_root(reviewed: Path, merge: Merge) -> None:
    rewrite(reviewed, ("target: 0.90", "target: 0.80"))
    sign(reviewed, "Grace", "RARE")
    assert weighed(merge(reviewed), "target lowered").through == "SAFE"
    assert weighed(merge(reviewed), "target lowered").signed == ()
    sign(reviewed, "Grace")
    assert weighed(merge(reviewed), "target lowered").signed == ("Grace",)


def test_what_cannot_be_decided_is_unknown_and_needs_one(reviewed: Path, merge: Merge) -> None:
    rewrite(reviewed, ("mistake: a head", "mistake: an edge"))
    found = clause(merge(reviewed), "loosening-signed")
    assert (found.state, EXITS[found.weight]) == ("unknown", 5)
    sign(reviewed, "Alan")
    assert clause(merge(reviewed), "loosening-signed").state == "pass"


def test_wording_is_signed_where_the_policy_asks_for_it(reviewed: Path, merge: Merge) -> None:
    rewrite(reviewed, ("Heads are rare.", "Heads are few."))
    assert clause(merge(reviewed), "loosening-signed").state == "pass"
    strict = "policy: p\nrelease: []\nmerge: [{clause: loosening-signed, reworded: signed}]\n"
    (reviewed / "policy.yaml").write_text(strict, "utf-8")
    assert clause(merge(reviewed, policy=strict), "loosening-signed").blocks


def test_wording_with_other_numbers_is_more_than_wording(reviewed: Path, merge: Merge) -> None:
    told = "says: Heads are rare, at most 0.20 of 400 throws."
    old = GREEN.replace("says: Heads are rare.", told)
    write_case(reviewed, old.replace("0.20 of 400", "0.20 of 4000"))
    found = merge(reviewed, old=old)
    change = weighed(found, "reworded, with other numbers")
    assert (change.means, change.needed, change.through) == ("undecided", 1, "RARE")
    assert clause(found, "loosening-signed").blocks
    # What prose says along with a criterion that is judged is not asked for twice.
    write_case(reviewed, old.replace("0.20", "0.15"))
    found = merge(reviewed, old=old)
    assert weighed(found, "reworded").means == "shown"
    assert clause(found, "loosening-signed").state == "pass"
    write_case(reviewed, old.replace("Heads are rare,", "Heads are very rare,"))
    assert weighed(merge(reviewed, old=old), "reworded").means == "shown"


def test_a_leaf_under_another_name_is_said_to_have_left_its_results(
    reviewed: Path, merge: Merge
) -> None:
    rewrite(reviewed, ("E-COIN", "E-PENNY"))
    found = merge(reviewed)
    said = clause(found, "no-less-shown")
    assert EXITS[said.weight] == 4
    (leaf,) = [r.says for r in said.remarks if r.element == "E-PENNY"]
    assert leaf.endswith("its results are recorded under the name that it had, E-COIN")
    rewrite(reviewed, ("E-PENNY", "E-COIN"), ("RARE", "SELDOM"))
    assert merge(reviewed).passed


def test_a_change_that_somebody_rejects_is_not_signed(reviewed: Path, merge: Merge) -> None:
    rewrite(reviewed, ("rate <= 0.20", "rate <= 0.30"))
    for name in ("Grace", "Alan"):
        sign(reviewed, name)
    assert clause(merge(reviewed), "loosening-signed").says.startswith("1 change was signed, by")
    sign(reviewed, "Ada", "RARE", verdict="reject", says="Thirty is not rare.")
    found = merge(reviewed)
    change = weighed(found, "criterion loosened")
    assert (change.signed, change.rejected, change.missing) == (("Grace", "Alan"), ("Ada",), 1)
    said = clause(found, "loosening-signed")
    assert said.says == "Changes that not enough others signed: 1 that makes the case weaker."
    assert "Ada rejects RARE: Thirty is not rare." in said.remarks[0].says
    sign(reviewed, "Ada", "RARE", verdict="abstain")
    assert clause(merge(reviewed), "loosening-signed").state == "pass"


def test_a_policy_can_name_who_signs_a_change(reviewed: Path, merge: Merge) -> None:
    rewrite(reviewed, ("n: 400", "n: 300"))
    sign(reviewed, "Alan")
    for by, state in (("Alan", "pass"), (key("Alan").keyid, "pass"), ("Grace", "unknown")):
        policy = f"policy: p\nrelease: []\nmerge: [{{clause: loosening-signed, by: [{by}]}}]\n"
        assert clause(merge(reviewed, policy=policy), "loosening-signed").state == state


def test_of_two_clauses_about_signing_each_is_asked_for_as_it_is_written(
    reviewed: Path, merge: Merge
) -> None:
    rewrite(reviewed, ("Heads are rare.", "Heads are few."), ("n: 400", "n: 300"))
    lax = "{clause: loosening-signed, as: lax, undecided: shown}"
    strict = "{clause: loosening-signed, reworded: signed}"
    for both in (f"[{lax}, {strict}]", f"[{strict}, {lax}]"):
        policy = f"policy: p\nrelease: []\nmerge: {both}\n"
        (reviewed / "policy.yaml").write_text(policy, "utf-8")
        found = merge(reviewed, policy=policy)
        assert clause(found, "lax").state == "pass"
        said = clause(found, "loosening-signed")
        assert (said.state, len(said.remarks)) == ("unknown", 2)
        assert weighed(found, "parameters changed").needed == 1
        assert weighed(found, "reworded").needed == 1


def test_a_change_cannot_loosen_the_policy_that_judges_it(reviewed: Path, merge: Merge) -> None:
    loose = "policy: mine\nrelease: []\nmerge: []\n"
    (reviewed / "policy.yaml").write_text(loose, "utf-8")
    found = merge(reviewed)
    assert found.policy == default_policy().name
    said = clause(found, "policy-not-weaker")
    assert EXITS[said.weight] == 5
    assert "the clause sign-off is gone" in said.says
    override(reviewed, "policy-not-weaker")
    said = clause(merge(reviewed), "policy-not-weaker")
    assert (said.state, EXITS[said.weight]) == ("fail", 5)
    assert "was given for another policy" in said.says
    weaker = read_policy(loose, "p").policy
    assert weaker is not None
    override(reviewed, "policy-not-weaker", policy=weaker.digest)
    assert clause(merge(reviewed), "policy-not-weaker").state == "overridden"


def test_an_override_of_one_weaker_policy_opens_no_other(reviewed: Path, merge: Merge) -> None:
    text = DEFAULT_POLICY.replace("at_least: major", "at_least: critical")
    (reviewed / "policy.yaml").write_text(text, "utf-8")
    read = policy_at(reviewed).policy
    assert read is not None
    override(reviewed, "policy-not-weaker", policy=read.digest)
    assert clause(merge(reviewed), "policy-not-weaker").state == "overridden"
    (reviewed / "policy.yaml").write_text("policy: mine\nrelease: []\nmerge: []\n", "utf-8")
    found = merge(reviewed)
    assert clause(found, "policy-not-weaker").blocks
    assert [o.idle for o in found.overrides] == [""]  # it is in force, and about another policy


def test_whoever_asks_for_more_is_not_stopped_by_what_the_case_then_shows(
    reviewed: Path, merge: Merge
) -> None:
    rewrite(reviewed, ("rate <= 0.20", "rate <= 0.15"))
    found = merge(reviewed)
    assert found.passed
    assert "asks for more than before" in clause(found, "no-less-shown").says
    path = reviewed / "case.yaml"
    path.write_text(GREEN + "defeaters:\n  - {defeater: D, against: RARE, says: Are they?}\n")
    found = merge(reviewed)
    assert found.passed
    assert "supported (holds, confidence" in clause(found, "no-less-shown").says
    assert "open (unknown) now" in clause(found, "no-less-shown").says


def test_a_root_that_is_shown_less_for_any_other_reason_is_unknown_until_it_is_run(
    reviewed: Path, merge: Merge
) -> None:
    rewrite(reviewed, LOOSEN)
    shown = clause(merge(reviewed), "no-less-shown")
    assert (shown.state, EXITS[shown.weight]) == ("unknown", 4)
    assert "supported (holds" in shown.says
    assert {r.element for r in shown.remarks} >= {"SAFE", "RARE"}
    rewrite(reviewed, ("rate <= 0.30", "rate <= 0.15"), ("n: 400", "n: 300"))
    assert clause(merge(reviewed), "no-less-shown").blocks  # tighter, and otherwise, too


def test_a_lower_confidence_that_nothing_can_be_run_for_is_judged_by_who_signs(
    reviewed: Path, merge: Merge
) -> None:
    route = "only route.\n    credence: {at_least: 0.99"
    rewrite(reviewed, (route, route.replace("0.99", "0.98")))
    found = merge(reviewed)
    shown = clause(found, "no-less-shown")
    assert found.assessment.verdict == "holds"
    assert (shown.state, EXITS[shown.weight]) == ("unknown", 5)
    assert "supported (holds, confidence at least 0.92" in shown.says
    assert weighed(found, "credence changed").means == "undecided"
    sign(reviewed, "Alan")
    found = merge(reviewed)
    assert found.passed
    assert "The changes were signed; the record shows less" in clause(found, "no-less-shown").says


def test_without_a_record_neither_version_shows_anything(tmp_path: Path, merge: Merge) -> None:
    bare: Any = write_case(tmp_path / "bare", GREEN, {"items.txt": "head or tail\n"})
    assert merge(bare).passed


def test_data_that_changed_is_run_again_before_it_is_merged(
    reviewed: Path, merge: Merge, tmp_path: Path
) -> None:
    (reviewed / "items.txt").write_text("head\n", "utf-8")
    found = merge(reviewed)
    assert found.difference is not None
    assert not found.difference  # the argument is what it was
    said = clause(found, "reruns-recorded")
    assert (said.state, EXITS[said.weight]) == ("unknown", 4)
    assert "E-COIN is stale" in said.remarks[0].says
    assert "items.txt" in said.remarks[0].says
    (tmp_path / "before" / "items.txt").unlink()
    unknown = clause(merge(reviewed, data=None), "reruns-recorded")
    assert "items.txt" in unknown.remarks[0].says  # what it ran before cannot be told
    bare = write_case(tmp_path / "bare", GREEN, {"items.txt": "head\n"})
    rewrite(bare, ("evidence: E-COIN", "evidence: E-OTHER"))  # under another name, too
    assert dict(merge(bare).difference.renamed) == {"E-COIN": "E-OTHER"}  # type: ignore[union-attr]
    assert clause(merge(bare), "reruns-recorded").blocks  # without a record as well


def test_a_record_goes_on_from_what_was_pinned_in_the_version_before(
    reviewed: Path, merge: Merge
) -> None:
    newest = max((reviewed / "ledger" / "checkpoints").iterdir(), key=lambda p: int(p.stem))
    pin = newest.read_bytes()
    assert clause(merge(reviewed, pin=pin), "record-verifies").state == "pass"
    log = reviewed / "ledger" / "log.jsonl"
    log.write_bytes(b"".join(log.read_bytes().splitlines(keepends=True)[:3]))
    for path in (reviewed / "ledger" / "checkpoints").iterdir():
        path.unlink()
    (reviewed / "ledger" / ".acknowledged").unlink()
    said = clause(merge(reviewed, pin=pin), "record-verifies")
    assert (said.state, EXITS[said.weight]) == ("fail", 3)
    assert "pinned in before" in said.says


def test_only_who_accepts_stands_behind_a_change(reviewed: Path, merge: Merge) -> None:
    rewrite(reviewed, ("mistake: a head", "mistake: an edge"))
    for verdict in ("reject", "abstain"):
        sign(reviewed, "Alan", verdict=verdict)
        assert weighed(merge(reviewed), "harm.mistake changed").signed == ()
    sign(reviewed, "Alan")
    assert weighed(merge(reviewed), "harm.mistake changed").signed == ("Alan",)
    sign(reviewed, "Alan", verdict="reject")  # and thinks better of it
    assert weighed(merge(reviewed), "harm.mistake changed").signed == ()


CASES = Path(__file__).resolve().parents[2] / "cases"
BOUND = re.compile(r"(holds_when: \w+ )(<=|<|>=|>)( )(\d[\d.]*)")


@pytest.mark.parametrize("name", ["internal-assistant", "control-replay", "three-routes"])
def test_each_bound_of_a_shipped_case_that_is_loosened_is_weaker(name: str) -> None:
    text = (CASES / name / "case.yaml").read_text("utf-8")
    old = load_files({"case.yaml": text}, library=templates(CASES / name)).case
    assert old is not None
    found = list(BOUND.finditer(text))
    assert found
    for match in found:
        bound = float(match[4])
        step = max(bound / 9, 0.01)
        loose = bound + (step if "<" in match[2] else -step)
        changed = text[: match.start(4)] + f"{loose:.6f}" + text[match.end(4) :]
        new = load_files({"case.yaml": changed}, library=templates(CASES / name)).case
        assert new is not None
        (change,) = diff(old, new).changes
        assert (change.what, means_of(change)) == ("criterion loosened", "weaker"), match[0]
