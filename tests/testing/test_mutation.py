"""Mutation of cases: the shipped ones notice every fault, and a blind tool does not pass."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.conftest import COIN, PLUGINS, write_case

from safetycase.argument.changes import Difference
from safetycase.assess import freshness, logic
from safetycase.ledger import verify
from safetycase.testing.mutation import ALONE, CATALOGUE, Tally, mutate, trial
from safetycase.testing.mutation.ground import Ground, ground_of
from safetycase.testing.mutation.sweep import plants_of, swept, workplace

CASES = Path(__file__).resolve().parents[2] / "cases"
NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
# Everything is planted by `safetycase mutate`; here a draw of each kind of fault.
SHIPPED = sorted(path.parent.name for path in CASES.glob("*/case.yaml"))


@pytest.fixture(scope="module")
def routes() -> Iterator[Ground]:
    """The shipped case of which every part has a number, so that its copy holds."""
    with workplace(CASES / "three-routes") as work:
        yield ground_of(CASES / "three-routes", NOW, work)


@pytest.fixture(scope="module")
def assistant() -> Iterator[Ground]:
    """The shipped case with doubts, problems and monitors."""
    with workplace(CASES / "internal-assistant") as work:
        yield ground_of(CASES / "internal-assistant", NOW, work)


def survivors(tally: Tally) -> list[str]:
    return [f"{o.mutation} at {o.about}: {o.says}: {o.because}" for o in tally.survivors]


@pytest.mark.slow
def test_the_copy_of_a_case_has_something_to_lose(routes: Ground, assistant: Ground) -> None:
    assert routes.base.assessment.verdict == "holds"
    assert routes.without == ()
    assert assistant.base.assessment.root.support == "supported"
    assert assistant.closing.problems
    assert next(assistant.said()) == "10 leaves have a simulated result"


@pytest.mark.slow
@pytest.mark.parametrize("group", sorted({m.group for m in CATALOGUE.values()}))
def test_every_kind_of_fault_is_caught_in_a_case_that_holds(routes: Ground, group: str) -> None:
    names = [m.name for m in CATALOGUE.values() if m.group == group]
    tally = swept(routes, only=names, sample=2, seed=1)
    assert not survivors(tally)
    assert tally.share == 1.0


@pytest.mark.slow
@pytest.mark.parametrize("group", ["argument", "doubts", "problems", "monitors", "deployment"])
def test_every_kind_of_fault_is_caught_in_a_case_with_doubts(assistant: Ground, group: str) -> None:
    names = [m.name for m in CATALOGUE.values() if m.group == group]
    tally = swept(assistant, only=names, sample=2, seed=2)
    assert tally.planted
    assert not survivors(tally)


@pytest.fixture(scope="module")
def rich(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    """A case that has what the shipped ones do not write: votes, formulas, hazards, demands."""
    text = (Path(__file__).parent / "rich_case.yaml").read_text("utf-8")
    folder = write_case(tmp_path_factory.mktemp("rich"), text, {"items.txt": "head or tail\n"})
    with pytest.MonkeyPatch.context() as patch, workplace(folder) as work:
        patch.syspath_prepend(str(PLUGINS))
        yield ground_of(folder, NOW, work)


@pytest.mark.slow
def test_every_kind_of_fault_is_caught_in_a_case_with_everything(rich: Ground) -> None:
    assert rich.base.assessment.verdict == "holds"
    done = ("record", "signing", "runs", "review", "files", "deployment", "time")
    names = [m.name for m in CATALOGUE.values() if m.group not in done]
    tally = swept(rich, only=names, sample=2, seed=4)
    assert tally.planted > 80
    assert not survivors(tally)


TEMPLATE = """\
template: bent
version: 1
title: A coin that is bent
source: ours
says: Argues that a bent coin is thrown seldom.
parameters:
  most: {type: probability, default: 0.2, says: How often at most.}
  room: {type: text, says: Where.}
root:
  claim: SELDOM
  says: "It is thrown seldom in {room}."
  by:
    argument: BOTH
    kind: decomposition
    because: Somebody throws it or nobody does.
    premises:
      - claim: FEW
        says: Few throw it.
        holds_when: "rate <= {most}"
        by: {evidence: E-FEW, because: They were counted.}
      - claim: NOBODY
        says: Nobody else does.
        holds_when: "rate <= 0.2"
        by: {evidence: E-NOBODY, because: They were counted.}
defeaters:
  - {defeater: D-COUNT, against: E-FEW, says: The count may be wrong.}
problems:
  - {problem: P-ROOM, says: Watch the room., blocks: [E-NOBODY], closed_when: it is watched}
"""


@pytest.fixture(scope="module")
def templated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    """A case that uses a template of its own."""
    use = """\
      - use: bent@1
        as: BENT
        with: {room: the hall}
        develops:
          E-FEW:
            method: toy/coin
            with: {n: 400, rate: 5}
            inputs: [items.txt]
            reads: {rate: rate}
"""
    files = {"items.txt": "head or tail\n", "templates/bent.yaml": TEMPLATE}
    folder = write_case(tmp_path_factory.mktemp("templated"), COIN + use, files)
    with pytest.MonkeyPatch.context() as patch, workplace(folder) as work:
        patch.syspath_prepend(str(PLUGINS))
        yield ground_of(folder, NOW, work)


def test_every_kind_of_fault_in_a_template_is_caught(templated: Ground) -> None:
    assert templated.base.assessment.verdict == "holds"
    names = [m.name for m in CATALOGUE.values() if m.group == "templates"]
    tally = swept(templated, only=[*names, "drop-development"])
    assert {o.mutation: o.fate for o in tally.outcomes} == dict.fromkeys(
        (*names, "drop-development"), "caught"
    )
    stale = next(o for o in tally.outcomes if o.mutation == "template-default")
    assert stale.alone
    assert "-  most: {type: probability, default: 0.2, says: How often at most.}" in stale.patch


def test_every_mutation_is_planted_somewhere(
    routes: Ground, assistant: Ground, rich: Ground, templated: Ground, tmp_path: Path
) -> None:
    pillars = ground_of(CASES / "three-pillars", NOW, tmp_path.resolve())
    grounds = (routes, assistant, rich, templated, pillars)
    there = {m.name for ground in grounds for m, _ in plants_of(ground)}
    # Where a template is bound to a number, as in `control-replay`.
    assert there | {"template-parameter"} == set(CATALOGUE)


def test_the_case_folder_is_not_touched() -> None:
    folder = CASES / "three-pillars"

    def state() -> dict[str, tuple[str, int]]:
        return {
            str(p.relative_to(folder)): (
                hashlib.sha256(p.read_bytes()).hexdigest(),
                p.stat().st_mtime_ns,
            )
            for p in sorted(folder.rglob("*"))
            if p.is_file()
        }

    before = state()
    tally = mutate(folder, NOW, only=["drop-support", "lower-target"])
    assert tally.planted == 4
    assert state() == before


def test_a_sample_is_drawn_again_by_its_seed(routes: Ground) -> None:
    one, again, other = (
        [o.says for o in swept(routes, only=["reword-claim"], sample=3, seed=s).outcomes]
        for s in (5, 5, 6)
    )
    assert one == again != other
    assert len(one) == 3
    assert swept(routes, only=["reword-claim"], sample=3).left_out == {"reword-claim": 13}


# A tool that is blind in one place lets faults through, and the oracle says so.


@pytest.mark.slow
def test_a_tool_that_forgets_the_criterion_lets_a_relaxed_one_through(
    routes: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(freshness, "_compared", lambda *_: iter(()))
    tally = swept(routes, only=["relax-threshold", "change-parameter", "change-file"], sample=2)
    assert len(tally.survivors) == tally.planted == 6
    assert "still supported although the ground is gone" in tally.survivors[0].because
    assert tally.survivors[0].patch.startswith("--- a/case.yaml")


@pytest.mark.slow
def test_a_tool_that_lets_any_doubt_be_answered_is_found_out(
    assistant: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logic, "_defeater", lambda *_: False)
    tally = swept(assistant, only=["unanswered-doubt", "answered-by-nothing"], sample=2)
    assert len(tally.survivors) == tally.planted == 4


def test_a_comparison_that_calls_nothing_a_loosening_is_found_out(
    routes: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Difference, "loosening", property(lambda _: ()))
    tally = swept(routes, only=["lower-target", "raise-credence", "reword-claim"], sample=2)
    assert [o.mutation for o in tally.survivors] == ["lower-target"] * 2 + ["raise-credence"] * 2
    assert "does not call it a loosening" in tally.survivors[0].because


def test_a_verifier_that_sees_nothing_lets_the_record_be_changed(
    routes: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:

    def blind(folder: Path, **_: object) -> object:
        del folder
        return verify(routes.folder / "ledger")

    monkeypatch.setattr(trial, "verify", blind)
    tally = swept(routes, only=["corrupt-artefact", "rewrite-and-renew"], sample=1)
    assert len(tally.survivors) == tally.planted == 2


def test_what_changes_nothing_is_told_apart(routes: Ground) -> None:
    from safetycase.testing.mutation.records import Plant

    site = routes.draft.at("TESTED", "holds_when")
    assert site is not None
    texts = routes.draft.put((site, f'"{site.word}"'))
    plant = Plant(about="TESTED", says="a criterion in quotes", texts=texts)
    outcome = trial.tried(routes, CATALOGUE["relax-threshold"], plant)
    assert outcome.fate == "equivalent"
    assert "read the same" in outcome.because


@pytest.mark.slow
def test_only_a_comparison_shows_what_the_holder_of_the_key_rewrote(routes: Ground) -> None:
    tally = swept(routes, only=["rewrite-and-renew", "strangers-record"])
    assert tally.total["compared"] == tally.planted == 2
    assert not {way for o in tally.outcomes for way in o.ways} & set(ALONE)


@pytest.mark.slow
@pytest.mark.parametrize("name", [n for n in SHIPPED if n != "three-routes"])
def test_the_shipped_cases_notice_every_kind_of_fault(name: str) -> None:
    # What is done to a record is alike in every case, and planted above.
    alike = ("record", "signing", "runs", "files")
    names = [m.name for m in CATALOGUE.values() if m.group not in alike]
    tally = mutate(CASES / name, NOW, only=names, sample=1, seed=3)
    assert tally.verdict == "holds"
    assert tally.planted >= 20
    assert not survivors(tally)
