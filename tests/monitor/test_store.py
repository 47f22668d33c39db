"""The event database: each event once, in order, with its losses, through anything but a lie."""

from __future__ import annotations

import hashlib
import json
import math
import random
import sqlite3
import stat
import threading
from pathlib import Path
from typing import Any

import pytest

from safetycase.monitor.accounts import MOST_REFUSED, MOST_SOURCES, OTHERS
from safetycase.monitor.blocks import line_of
from safetycase.monitor.records import Event
from safetycase.monitor.store import Added, Store, StoreBusy, StoreDoubtful

AT = 1_795_770_000.0


def event(name: int | str, **more: Any) -> Event:
    return Event(**{"source": "s", "id": str(name), "metric": "m", "at": AT, **more})


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "live" / "events.sqlite"


def open_store(path: Path, **more: Any) -> Store:
    return Store(path, durable="process", **more)


def test_what_was_added_is_there_again_after_a_restart(path: Path) -> None:
    sent = [
        event(1, value=0.1 + 0.2, number=1, details={"label": "<b>é</b>", "a": "b"}),
        event(2, canary=True, weight=20.0, features=(1e-300, -0.0), other=(1.5,)),
        event(3, heartbeat=True, number=2),
    ]
    with open_store(path) as store:
        assert store.add(sent) == Added(accepted=3, known=0, row=3)
        assert store.after(0, 10) == [(1, sent[0]), (2, sent[1]), (3, sent[2])]
    with open_store(path) as store:
        assert store.row == 3
        assert store.after(1, 1) == [(2, sent[1])]
        assert store.after(3, 10) == []
        store.check()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_same_event_again_is_known_and_another_content_is_a_conflict(path: Path) -> None:
    with open_store(path) as store:
        store.add([event(1, value=0.0), event(2)])
        again = store.add([event(1, value=0.0), event(3), event(3), event(2, value=1.0)])
        assert again == Added(accepted=1, known=3, conflicts=1, row=3)
        assert [e.value for _, e in store.after(0, 9)] == [0.0, None, None]
        assert store.add([event(1, source="another")]).accepted == 1
        counts = store.counts()
    assert (counts.events, counts.known, counts.conflicts) == (4, 3, 1)
    assert counts.sources["s"].conflicts == 1
    assert counts.sources["another"].received == 1


def test_a_conflict_within_one_batch_keeps_the_first(path: Path) -> None:
    with open_store(path) as store:
        added = store.add([event(1, value=0.0), event(1, value=1.0), event(1, value=0.0)])
        assert added == Added(accepted=1, known=2, conflicts=1, row=1)
        assert store.after(0, 9)[0][1].value == 0.0


def test_one_event_given_twice_is_one(path: Path) -> None:
    one = event(1)
    with open_store(path) as store:
        assert store.add([one, one]) == Added(accepted=1, known=1, row=1)


def test_each_sender_of_a_group_learns_of_its_own_events(path: Path) -> None:
    with open_store(path) as store:
        store.add([event(1)])
        groups = [[event(1, value=1.0), event(2)], [], [event(2), event(3)]]
        assert store.add_groups(groups) == [
            Added(accepted=1, known=1, conflicts=1, row=3),
            Added(accepted=0, known=0, row=3),
            Added(accepted=1, known=1, row=3),
        ]
        assert [e.id for _, e in store.after(0, 9)] == ["1", "2", "3"]


def test_missing_numbers_are_the_loss_until_they_come(path: Path) -> None:
    with open_store(path) as store:
        store.add([event(n, number=n) for n in (1, 2, 10, 5, 4)])
        one = store.counts().sources["s"]
        assert (one.expected, one.received, one.lost, one.repeated) == (10, 5, 5, 0)
        store.add([event(n, number=n) for n in (3, 9, 6, 8)])
        assert store.counts().lost == 1
        store.add([event("again", number=9)])
    with open_store(path) as store:
        one = store.counts().sources["s"]
        assert (one.expected, one.received, one.lost, one.repeated) == (10, 10, 1, 1)
        store.add([event("heart", number=20, heartbeat=True), event(7, number=7)])
        assert store.counts().lost == 9  # 11 to 19


def test_a_source_that_counts_anew_is_no_loss_and_no_gain(path: Path) -> None:
    with open_store(path) as store:
        store.add([event(n, number=n) for n in (2, 1, 3, 6)])  # 4 and 5 are lost, 1 was late
        store.add([event(f"b{n}", number=n) for n in (1, 2, 4)])
    with open_store(path) as store:
        store.add([event("b3", number=3), event("late", number=5)])
        one = store.counts().sources["s"]
    assert (one.restarts, one.expected, one.received, one.lost) == (1, 11, 9, 2)


def test_losses_equal_a_count_by_sets_whatever_the_order(path: Path) -> None:
    rng = random.Random(7)
    numbers = rng.sample(range(1, 400), 250)
    with open_store(path) as store:
        seen: set[int] = set()
        for start in range(0, len(numbers), 11):
            part = numbers[start : start + 11]
            store.add([event(n, number=n) for n in part])
            seen |= set(part)
            assert store.counts().lost == max(seen) - len(seen)


def test_the_chain_is_that_of_the_page_and_names_every_row(path: Path) -> None:
    sent = [event(n, value=n / 7) for n in range(20)]
    with open_store(path) as store:
        for start, end in ((0, 1), (1, 8), (8, 20)):
            store.add(sent[start:end])
        head = bytes(32)
        assert store.root(0) == head.hex()
        for row, each in enumerate(sent, 1):
            head = hashlib.sha256(head + line_of(each).encode()).digest()
            assert store.root(row) == head.hex()
        assert store.root() == head.hex()
        with pytest.raises(ValueError, match="no row 21 yet"):
            store.root(21)


def test_a_changed_row_is_found(path: Path) -> None:
    with open_store(path) as store:
        store.add([event(1, value=1.0)])
        store.add([event(2, value=1.0)])
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE blocks SET body = replace(body, '1.0', '0.0') WHERE last = 1")
    connection.close()
    with open_store(path) as store, pytest.raises(StoreDoubtful, match="rows 1 to 1 were changed"):
        store.check()


def test_the_counters_of_many_sources_are_all_written(path: Path) -> None:
    with open_store(path) as store:
        for _ in range(2):
            store.add([event(n, source=f"s{n}", number=2) for n in range(150)])
        before = store.counts()
    with open_store(path) as store:
        assert store.counts() == before
    assert (before.lost, before.known, len(before.sources)) == (150, 150, 150)
    assert {one.received for one in before.sources.values()} == {1}


def test_state_is_saved_with_the_events_it_is_of(path: Path) -> None:
    with open_store(path) as store:
        store.save("engine", {"row": 0, "e": 1.5})
        store.add([event(1)], state={"tail": {"offset": 12}})
        with pytest.raises(ValueError, match="not JSON compliant"):
            store.add([event(2)], state={"engine": {"e": float("nan")}})
        assert store.row == 1
        assert store.counts().events == 1
        assert store.add([event(3)]).row == 2
    with open_store(path) as store:
        assert store.load("engine") == {"row": 0, "e": 1.5}
        assert store.load("tail") == {"offset": 12}
        assert store.load("none") is None
        assert [e.id for _, e in store.after(0, 9)] == ["1", "3"]


def test_refusals_are_counted_by_reason_and_kept(path: Path) -> None:
    with open_store(path) as store:
        store.refuse("s", "too big")
        store.refuse("", "too big", 4)
        store.refuse("s", "no number", 2)
    with open_store(path) as store:
        counts = store.counts()
    assert counts.refused == {"too big": 5, "no number": 2}
    assert counts.refused_by_source["", "too big"] == 4


@pytest.mark.slow
def test_sources_and_refusals_without_end_take_a_bounded_memory(path: Path) -> None:
    many = MOST_SOURCES + 500
    with open_store(path) as store:
        store.add([event(1, source=f"s{n}", number=2) for n in range(many)])
        store.add([], refused={(f"s{n}", "no"): 1 for n in range(MOST_REFUSED + 300)})
    with open_store(path) as store:
        store.add([event(2, source=f"s{n}", number=1) for n in range(many - 10, many)])
        counts = store.counts()
    assert len(counts.sources) == MOST_SOURCES
    assert counts.unnamed_sources == 500
    assert counts.lost == many - 10
    assert counts.expected == 2 * many
    assert counts.refused == {"no": MOST_REFUSED + 300}
    assert counts.refused_by_source[OTHERS, "no"] == 300


def test_only_one_store_has_the_file(path: Path) -> None:
    with open_store(path), pytest.raises(StoreBusy, match=r"events\.sqlite: another process"):
        open_store(path)
    open_store(path).close()


@pytest.mark.parametrize("content", [b"not a database " * 100, b"SQLite format 3\x00" + b"x" * 500])
def test_a_file_of_something_else_is_left_as_it_is(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises(StoreDoubtful, match=r"events\.sqlite"):
        open_store(path)
    assert path.read_bytes() == content


def test_a_database_of_something_else_is_left_as_it_is(path: Path) -> None:
    path.parent.mkdir()
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE theirs (x)")
    connection.close()
    with pytest.raises(StoreDoubtful, match="it is not a store of events"):
        open_store(path)


def test_a_full_disk_loses_nothing_that_was_acknowledged(path: Path) -> None:
    with open_store(path) as store:
        store.add([event(1, number=1)])
        pages = store._write.execute("PRAGMA page_count").fetchone()[0]
        store._write.execute(f"PRAGMA max_page_count = {pages}")
        big = [event(f"{n:0200}", number=n, details={"x": "y" * 500}) for n in range(2, 500)]
        with pytest.raises(sqlite3.OperationalError, match="full"):
            store.add(big)
        assert store.counts().events == 1
        assert store.counts().expected == 1
        store._write.execute("PRAGMA max_page_count = 1000000")
        assert store.add(big) == Added(accepted=498, known=0, row=499)
        assert store.counts().lost == 0
        store.check()


def test_readers_and_writers_of_many_threads_see_whole_batches(path: Path) -> None:
    with open_store(path, recent=50) as store:

        def write(source: str) -> None:
            for n in range(40):
                store.add([event(f"{n}-{k}", source=source) for k in range(5)])

        threads = [threading.Thread(target=write, args=(f"t{n}",)) for n in range(3)]
        for thread in threads:
            thread.start()
        seen: list[tuple[int, Event]] = []
        while len(seen) < 600:
            seen += store.after(len(seen), 64)
        for thread in threads:
            thread.join()
        assert [row for row, _ in seen] == list(range(1, 601))
        assert len({(e.source, e.id) for _, e in seen}) == 600
        assert store.after(0, 1000) == seen
        store.check()


def test_counting_reads_no_events(path: Path) -> None:
    with open_store(path) as store:
        store.add([event(n, number=n + 1) for n in range(3000)])
        asked: list[str] = []
        store._write.set_trace_callback(asked.append)
        store._read.set_trace_callback(asked.append)
        assert store.counts().events == 3000
        assert asked == []


def test_a_line_is_what_a_json_encoder_would_write() -> None:
    sent = event(
        'a"\\/é\x7f',
        value=1,
        number=3,
        weight=2.5,
        canary=True,
        heartbeat=True,
        features=(1e-300, 2),
        other=(-0.0,),
        details={"b": "\N{REPLACEMENT CHARACTER}\\", "a": "<b>"},
    )
    body = {each: getattr(sent, each) for each in Event.__slots__} | {
        "value": 1.0,
        "features": [1e-300, 2.0],
        "details": dict(sorted(sent.details.items())),
    }
    assert line_of(sent) == json.dumps(body, separators=(",", ":"), ensure_ascii=False)


@pytest.mark.parametrize("bad", [{"value": math.nan}, {"at": math.inf}, {"features": (-math.inf,)}])
def test_a_number_that_is_none_is_never_stored(path: Path, bad: dict[str, Any]) -> None:
    with open_store(path) as store:
        with pytest.raises(ValueError, match="not finite"):
            store.add([event(1, **bad)])
        assert store.add([event(1)]).row == 1


def test_a_source_that_counts_to_the_most_over_and_over_does_not_shut_the_store(
    path: Path,
) -> None:
    with Store(path) as store, store._transaction():
        for name in ("s", "t", "u"):  # as after some million of such rounds
            account = store._accounts._account(store._accounts.number_of(name))
            account.expected = account.lost = 2**62 - 5
        store._accounts.flush()
    with Store(path) as store:
        for round_ in range(3):
            store.add(
                [event(f"{round_}-{n}", source=s, number=n) for s in "stu" for n in (1, 10**12)]
            )
        counts = store.counts()
        assert (counts.lost, counts.expected) == (3 * 2**62, 3 * 2**62)
    with Store(path) as store:
        assert store.counts() == counts
