"""Thousands of schedules, each from one seed: whatever goes wrong, the record tells the truth."""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import os
import random
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from tests.conftest import COIN, write_case
from tests.evidence.faults import (
    FAULTS,
    START,
    Air,
    Clock,
    Crash,
    FaultyExecutor,
    Kept,
    MemoryHome,
    Nature,
    measured,
)
from tests.sweeps import WHOLE

from safetycase.evidence import recording, schedule
from safetycase.evidence.registering import is_used_up, replicate_seed, standing
from safetycase.evidence.setting import Job, Setting
from safetycase.ledger import (
    History,
    LedgerError,
    Log,
    Record,
    SigningKey,
    Writer,
    dsse,
    fold,
    parse,
)
from safetycase.ledger.attempts import (
    exploratory_left,
    replicate_of,
    replicates_left,
    terms_of,
)
from safetycase.ledger.keys import from_seed
from safetycase.ledger.log import Chain
from safetycase.plugin.executors import ExecutorFailed, Limits
from safetycase.workspace.folder import open_case

pytestmark = pytest.mark.slow

KEY: SigningKey = from_seed(bytes(range(32)), "the scheduler")
WORLDS, NUMBERS = f"safetycase-world-{os.getpid()}-", itertools.count()
REGRESSIONS: tuple[int, ...] = ()
"""Seeds that once failed; each stays here with the fault it showed."""

LEAVES = """\
      - claim: OTHER
        says: The other coin too.
        holds_when: rate <= 0.20
        by:
          evidence: E-OTHER
          method: toy/coin
          with: {n: 40, rate: 5}
          plan: {attempts: 2, n: 40, budget: 3}
          reads: {rate: rate}
          because: It is the other coin.
      - claim: THIRD
        says: The third coin too.
        holds_when: rate <= 0.20
        by:
          evidence: E-THIRD
          method: toy/slow
          with: {n: 40, rate: 5}
          plan: {attempts: 3, n: 40, exploratory: 4}
          reads: {rate: rate}
          because: It is the third coin.
"""


class World:
    """One record, one executor's air, and as many schedulers, one after the other, as it takes."""

    def __init__(self, case: tuple[Setting, list[Job]], log: Path, seed: int) -> None:
        self.setting, self.jobs = case
        self.rng = random.Random(seed)
        self.log = log
        self.kept, self.air = Kept(), Air()
        self.clock = Clock(self.rng)
        self.chain, self.records, self.read = Chain(), list[Record](), 0
        # The writer may keep something beside the lines; nothing of it is looked at here.
        self.folder = Path(tempfile.gettempdir()) / f"{WORLDS}{next(NUMBERS)}"

    @property
    def history(self) -> History:
        """The record so far, each line verified once."""
        whole = self.kept.data[: self.kept.data.rfind(b"\n") + 1]
        for line in whole[self.read :].splitlines():
            self.records.append(self.chain.take(line))
        self.read = len(whole)
        history = fold(Log(records=tuple(self.records)))
        assert not history.problems
        return history

    def live(
        self, nature: Nature, *, slots: int, fault: object = None, stop_after: int | None = None,
        close_after: int | None = None, exploratory: bool = False, retries: int = 1,
    ) -> FaultyExecutor:  # fmt: skip
        """One scheduler's life, however it ends."""
        executor = FaultyExecutor(
            rng=self.rng, clock=self.clock, nature=nature, slots=slots, air=self.air,
            kept=self.kept, log=self.log,
        )  # fmt: skip
        home = MemoryHome(self.kept, fault)  # type: ignore[arg-type]
        asked, swept = Counter[str](), False

        def stop() -> bool:
            asked["times"] += 1
            return stop_after is not None and asked["times"] > stop_after

        with (
            contextlib.suppress(Crash, KeyboardInterrupt, LedgerError, ExecutorFailed),
            Writer(self.folder, KEY, home=home) as writer,
        ):
            setting = replace(
                self.setting,
                history=fold(writer.log),
                now=self.clock,
                token=lambda: f"{self.rng.getrandbits(128):032x}",
                stop=stop,
                retries=retries,
                exploratory=exploratory,
            )
            history, _ = schedule.sweep(setting, writer)
            swept = True
            assert all(a.outcome is not None for a in self.history.attempts)
            setting = replace(setting, history=history)
            jobs = [j for j in self.jobs if self._due(history, j, exploratory=exploratory)]
            with contextlib.closing(schedule.run(setting, jobs, writer, executor)) as events:
                for number, _ in enumerate(events):
                    if close_after is not None and number >= close_after:
                        break
        executor.close()
        # The one fault of a life can also hit the very line that ends an attempt on the way out.
        on_the_way_out = home.struck and close_after is not None
        if swept and not (home.dead or home.full or on_the_way_out):
            running = [a.id for a in self.history.attempts if a.outcome is None]
            assert running == [], "an attempt was left without an end"
        assert executor.most <= slots
        started = {a.id: (a.registration, replicate_of(a)) for a in self.history.attempts}
        again = Counter(started[name] for name in executor.given if name in started)
        assert all(count <= 1 + retries for count in again.values())
        return executor

    def _due(self, history: History, job: Job, *, exploratory: bool) -> bool:
        assert job.recipe.recipe is not None
        digest = job.recipe.recipe.digest
        if exploratory:
            return exploratory_left(history, job.evidence.id, digest, job.plan.exploratory) > 0
        mine = [r for r in history.registrations if r.evidence == job.evidence.id]
        latest = [r for r in mine if not r.exploratory][-1:]
        if latest and not replicates_left(latest[0], history.attempts):
            return False
        return not is_used_up(history, job)

    def check(self, retries: int) -> None:
        """What must be so after every life of every scheduler."""
        history = self.history
        registered = {r.seq: r for r in history.registrations}
        attempts = Counter(a.registration for a in history.attempts)
        ended = {a.id for a in history.attempts if a.outcome is not None}
        done = Counter[tuple[int, int | None]]()
        tries = Counter[tuple[int, int | None]]()
        for seq, count in attempts.items():
            assert count <= terms_of(registered[seq]).budget
        numbers: dict[int, int] = {}
        for attempt in history.attempts:
            registration = registered[attempt.registration]
            assert registration.seq < attempt.start_seq
            numbers[registration.seq] = numbers.get(registration.seq, 0) + 1
            name = f"{registration.evidence}/{registration.seq}.{numbers[registration.seq]}"
            assert attempt.id == name
            replicate = replicate_of(attempt)
            assert replicate is not None
            assert 1 <= replicate <= terms_of(registration).attempts
            if tries[(registration.seq, replicate)]:
                assert attempt.retry_of in ended
            else:
                assert attempt.retry_of is None
            tries[(registration.seq, replicate)] += 1
            if attempt.outcome == "completed":
                seed = replicate_seed(registration.seed, replicate)
                assert attempt.start_body["seed"] == seed
                assert attempt.measurement == measured(seed)
                assert attempt.body["token"] == attempt.token
                done[(registration.seq, replicate)] += 1
        assert all(count == 1 for count in done.values()), "a planned attempt completed twice"
        loose = [r for r in history.registrations if r.exploratory]
        seeds = {r.seed for r in history.registrations if not r.exploratory}
        assert not seeds & {r.seed for r in loose}, "a result that counts was looked at before"
        for evidence in {r.evidence for r in loose}:
            mine = {r.seq for r in loose if r.evidence == evidence}
            (job,) = [j for j in self.jobs if j.evidence.id == evidence]
            assert sum(attempts[seq] for seq in mine) <= job.plan.exploratory


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> tuple[Setting, list[Job]]:
    folder = write_case(
        tmp_path_factory.mktemp("schedules") / "c", COIN + LEAVES, {"items.txt": "x"}
    )
    space = open_case(folder, START)
    assert space.case is not None
    assert not space.errors
    setting = Setting(
        case=space.case,
        folder=folder,
        history=space.history,
        now=lambda: START,
        limits=Limits(seconds=600),
    )
    return setting, space.jobs(dict.fromkeys(space.recipes, "never run"))


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("log") / "worker.log"
    path.write_text("said nothing\n", "utf-8")
    return path


class _Store:
    """Keeps nothing: what the disk does to artefacts is tested where it is written."""

    def put(self, source: Path) -> str:
        return hashlib.sha256(source.read_bytes()).hexdigest()


@pytest.fixture(autouse=True)
def no_disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(recording, "open_store", lambda _folder: _Store())
    memory = Path("/dev/shm")
    if memory.is_dir() and os.access(memory, os.W_OK):
        monkeypatch.setattr(tempfile, "tempdir", str(memory))
    yield
    for folder in Path(tempfile.gettempdir()).glob(f"{WORLDS}*"):
        shutil.rmtree(folder)


def results(world: World) -> dict[str, object]:
    return {a.id: (a.start_body["seed"], a.measurement, a.outcome) for a in world.history.attempts}


def serial(case: tuple[Setting, list[Job]], log: Path) -> dict[str, object]:
    world = World(case, log, 0)
    world.live(Nature(), slots=1)
    return results(world)


def one_seed(case: tuple[Setting, list[Job]], log: Path, seed: int) -> None:
    """Schedulers that crash, stop and are interrupted; then one that nothing happens to."""
    world = World(case, log, seed)
    rng = world.rng
    retries = rng.choice((0, 1, 1, 2))
    for _ in range(rng.choice((1, 1, 2))):
        nature = Nature(
            fails=rng.choice((0, 0.2)), lost=rng.choice((0, 0.2)), silent=rng.choice((0, 0.1)),
            garbage=rng.choice((0, 0.1)), refuses=rng.choice((0, 0, 0.05)),
            twice=rng.choice((0, 0.3)), forged=rng.choice((0, 0.2)),
            slowest=rng.choice((1, 3, 8)), paces=(0, 1, 1, 30, 400),
        )  # fmt: skip
        fault = None
        if rng.random() < 0.7:
            fault = (world.kept.adds + rng.randrange(1, 20), rng.choice(FAULTS))
        world.live(
            nature,
            slots=rng.choice((1, 2, 3, 8)),
            fault=fault,
            stop_after=rng.randrange(12) if rng.random() < 0.15 else None,
            close_after=rng.randrange(12) if rng.random() < 0.1 else None,
            exploratory=rng.random() < 0.15,
            retries=retries,
        )
        world.check(retries)
    world.live(Nature(slowest=3), slots=2, retries=0)
    world.check(retries)
    history = world.history
    for job in world.jobs:
        counted = [
            r for r in history.registrations if r.evidence == job.evidence.id and not r.exploratory
        ]
        assert len(counted) == 1, "the same recipe, criterion and plan were registered twice"
        complete = not replicates_left(counted[0], history.attempts)
        assert complete or is_used_up(history, job)


@pytest.mark.parametrize("seed", REGRESSIONS)
def test_a_schedule_that_once_failed(case: tuple[Setting, list[Job]], log: Path, seed: int) -> None:
    one_seed(case, log, seed)


def test_schedules(case: tuple[Setting, list[Job]], log: Path) -> None:
    for seed in range(200):
        try:
            one_seed(case, log, seed)
        except BaseException as error:
            raise AssertionError(f"seed {seed}") from error


@pytest.mark.parametrize("block", range(4 if WHOLE else 1))
def test_many_schedules(
    case: tuple[Setting, list[Job]], log: Path, monkeypatch: pytest.MonkeyPatch, block: int
) -> None:
    """500 more, and 2,000 where sweeps are whole.

    Signatures and flushes take two thirds of the time: the first are checked in one of ten, and no
    schedule loses power.
    """
    monkeypatch.setattr(os, "fsync", lambda _file: None)
    for seed in range(200 + 500 * block, 700 + 500 * block):
        with monkeypatch.context() as patch:
            if seed % 10:
                patch.setattr(dsse, "verifier", lambda _key: lambda _signature, _signed: True)
            try:
                one_seed(case, log, seed)
            except BaseException as error:
                raise AssertionError(f"seed {seed}") from error


def test_results_do_not_depend_on_the_order_in_which_attempts_end(
    case: tuple[Setting, list[Job]], log: Path
) -> None:
    expected = serial(case, log)
    assert len(expected) == 6
    for seed in range(100):
        world = World(case, log, seed)
        nature = Nature(twice=0.3, forged=0.3, slowest=world.rng.choice((1, 4, 20)))
        world.live(nature, slots=world.rng.choice((1, 2, 3, 8)))
        assert results(world) == expected, f"seed {seed}"


def test_a_leaf_is_lost_retried_and_given_up_within_its_budget(
    case: tuple[Setting, list[Job]], log: Path
) -> None:
    world = World(case, log, 1)
    world.live(Nature(lost=1.0), slots=8, retries=9)
    tried = Counter(a.id.partition("/")[0] for a in world.history.attempts)
    assert tried == {"E-COIN": 3, "E-OTHER": 3, "E-THIRD": 5}
    assert all(is_used_up(world.history, job) for job in world.jobs)
    executor = world.live(Nature(), slots=8)
    assert executor.given == []


def test_what_failed_is_not_tried_again_in_the_same_run(
    case: tuple[Setting, list[Job]], log: Path
) -> None:
    world = World(case, log, 1)
    world.live(Nature(fails=1.0), slots=2, retries=5)
    assert Counter(a.outcome for a in world.history.attempts) == {"failed": 6}
    assert all(a.retry_of is None for a in world.history.attempts)
    world.live(Nature(), slots=2)
    again = [a for a in world.history.attempts if a.retry_of]
    assert [a.retry_of for a in again if a.id.startswith("E-COIN/")] == [
        again[0].id.replace(".2", ".1")
    ]


def test_a_late_result_is_a_note_and_no_second_end(
    case: tuple[Setting, list[Job]], log: Path
) -> None:
    world = World(case, log, 3)
    world.live(Nature(twice=1.0), slots=3)
    notes = [r.body for r in parse(world.kept.data).records if r.kind == "note"]
    assert {note["note"] for note in notes} == {"late-result"}
    assert {note["attempt"] for note in notes} & {a.id for a in world.history.attempts}
    assert all(a.outcome == "completed" for a in world.history.attempts)


def test_with_a_shared_home_only_expired_leases_are_swept(
    case: tuple[Setting, list[Job]], log: Path
) -> None:
    world = World(case, log, 5)
    # The scheduler dies with an attempt under way.
    world.live(Nature(slowest=1), slots=1, fault=(9, "crash before"))
    (running,) = [a for a in world.history.attempts if a.outcome is None]

    class Shared(Writer):
        shared = True

    def swept(at: datetime) -> int:
        world.clock.at = at
        with Shared(world.folder, KEY, home=MemoryHome(world.kept)) as writer:
            setting = replace(world.setting, history=fold(writer.log), now=world.clock)
            return schedule.sweep(setting, writer)[1]

    (job,) = [j for j in world.jobs if running.id.startswith(f"{j.evidence.id}/")]
    found = standing(replace(world.setting, history=world.history), job)
    assert found is not None
    assert replicate_of(running) not in found.replicates, "it runs already, somewhere else"
    assert swept(START) == 0
    assert world.history.attempts[-1].id == running.id
    assert swept(START.replace(hour=23)) == 1
    assert world.history.attempts[-1].outcome == "lost"


def test_every_registration_comes_before_the_first_attempt(
    case: tuple[Setting, list[Job]], log: Path
) -> None:
    world = World(case, log, 7)
    world.live(Nature(), slots=1)
    kinds = [r.kind for r in parse(world.kept.data).records]
    assert kinds[:4] == ["key", "registration", "registration", "registration"]
    assert kinds.index("attempt-start") > 3
    for registration in world.history.registrations:
        assert registration.body["stops"].startswith("fixed: when ")
        assert "is false on the whole interval" in registration.body["refutes_when"]
