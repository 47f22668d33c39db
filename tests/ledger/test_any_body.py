"""Whatever a signed body holds, it is a sentence and not a traceback."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.ledger.live import GOLDEN as LIVE
from tests.ledger.tampering import (
    AUTHOR,
    LOST,
    REVIEWER,
    RUNNER,
    files_of,
    lines_of,
    log_of,
    payload_of,
)
from tests.ledger.test_tampering import GOLDEN

from safetycase.ledger import KINDS, Log, Problem, Record, fold, grades
from safetycase.ledger.trust import Trust

FILES = files_of(GOLDEN)
FIRST = log_of(FILES).records[0].digest  # names the record, so that the proofs of keys hold
LINES = [payload_of(line) for line in lines_of(FILES)]
BODIES = [line["predicate"]["body"] for line in LINES]
WATCHED = [payload_of(line)["predicate"]["body"] for line in lines_of(files_of(LIVE))]
FIELDS = sorted(
    {key for body in (*BODIES, *WATCHED) for key in body} | {"retry_of", "imported", "not_before"}
)
NAMES = st.sampled_from([AUTHOR.keyid, REVIEWER.keyid, "E-1/5.1", "key-revoked", "", "shot"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 12) | st.text(max_size=3) | NAMES,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["keyid", "all", "evidence", "x"]), inner, max_size=3)
    ),
    max_leaves=6,
)
BENT = st.tuples(
    st.sampled_from(KINDS),
    st.sampled_from([*BODIES, *WATCHED]),
    st.dictionaries(st.sampled_from(FIELDS), JSON, max_size=3),
    st.sampled_from([AUTHOR.keyid, REVIEWER.keyid, "f" * 64]),
)


def record(seq: int, kind: str, body: Any, keyid: str) -> Record:
    return Record(
        seq=seq,
        kind=kind,
        at=f"2026-11-23T09:30:{seq:02}Z",
        previous="0" * 64,
        body=body,
        subjects=(),
        digest=FIRST,
        keyid=keyid,
    )


@pytest.mark.slow
@given(st.lists(BENT, min_size=1, max_size=4))
@settings(max_examples=150, deadline=None)
def test_any_body_is_in_order_or_named(bent: list[tuple[str, Any, Any, str]]) -> None:
    kinds = [line["predicateType"].split(":")[3] for line in LINES]
    signers = [AUTHOR] * 5 + [RUNNER] * 2 + [LOST, REVIEWER, AUTHOR]
    records = [
        record(seq, kind, body, key.keyid)
        for seq, (kind, body, key) in enumerate(zip(kinds, BODIES, signers, strict=True), 1)
    ]
    assert fold(Log(records=tuple(records))).problems == ()
    for kind, body, change, keyid in bent:
        records.append(record(len(records) + 1, kind, body | change, keyid))
    log = Log(records=tuple(records))
    history = fold(log)
    assert all(isinstance(each, Problem) for each in (*history.problems, *history.notes))
    grades(history, ())
    trust = Trust.of(records)
    assert {key.keyid for key in history.keys} == set(trust.keys)
    assert {k.keyid: k.revoked for k in history.keys} == {
        k.keyid: k.revoked for k in trust.keys.values()
    }
