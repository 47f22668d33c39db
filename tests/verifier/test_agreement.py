"""Two verifiers, written apart, over the same sound and spoilt bundles: they say the same.

The record that each of them names is compared, and nothing spoilt is accepted by either.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.sweeps import WHOLE
from tests.verifier import reviews, tampers, watched
from tests.verifier.bundles import GOLDEN, REVIEWER, RUNNER, TEAM
from tests.verifier.engines import ENGINES, Engine, run
from tests.verifier.tampers import Tamper

from safetycase.ledger.bundle_verify import verify_bundle

NAMES = ("small", "roles", "part", "bare", "live", "review")
KEYS = {key.keyid: key for key in (TEAM, RUNNER, REVIEWER)}
ALL = WHOLE or bool(os.environ.get("SAFETYCASE_EVERY_TAMPER"))
"""Whether to try all tampers of the larger bundles too; of the small one all are always tried."""

every_engine = pytest.mark.parametrize(
    "engine",
    ["node", pytest.param("chromium", marks=(pytest.mark.browser, pytest.mark.slow))],
    indirect=True,
)


@pytest.fixture
def engine(request: pytest.FixtureRequest) -> Engine:
    found: Engine = request.param
    if ENGINES[found] is None:
        pytest.skip(f"no {found} here: the verifier of the page was not run in it")
    return found


def either() -> Engine:
    """The engine for long work: the browser that readers use, or else node."""
    for name in ("chromium", "node"):
        if ENGINES[name] is not None:
            return name
    pytest.skip("neither chromium nor node here: the verifier of the page was not run")


@functools.cache
def golden(name: str) -> bytes:
    return (GOLDEN / f"{name}.scbundle").read_bytes()


def outcome(data: bytes, scratch: Path) -> int:
    """0 refused, naming no record; the number of the record named; -1 accepted."""
    path = scratch / "spoilt.scbundle"
    path.write_bytes(data)
    found = verify_bundle(path)
    if found.ok:
        return -1
    return next((p.seq for p in found.problems if p.severity == "error" and p.seq), 0)


def spoilt(name: str) -> Iterator[Tamper]:
    files = tampers.taken_apart(golden(name))
    others = tampers.taken_apart(golden("small" if name != "small" else "roles"))
    yield from tampers.order(files)
    yield from tampers.checkpoints(files, others, 1 if name == "small" else 29)
    yield from tampers.manifests(files, others)
    yield from tampers.strangers(files, others)
    yield from tampers.insider(files, KEYS)
    yield from tampers.containers(golden(name))
    if name == "part":
        yield from tampers.proofs(files)
    if name in ("small", "roles", "live", "review"):
        yield from tampers.fields(files)
    if name == "small":
        yield from tampers.envelopes(files)
    for object_name, seq in resting(name).items():
        yield from tampers.artefacts(files, object_name, seq)


def resting(name: str) -> dict[str, int]:
    """Each artefact of a bundle, and the record that names it first."""
    ends = {
        "small": (4, b"what the run left\n"),
        "review": (6, b"what the run left\n"),
        "roles": (9, b"a transcript\n", b'{"k":1}'),
    }
    seq, *objects = ends.get("roles" if name == "part" else name, (0,))
    return {tampers.stored(data): int(str(seq)) for data in objects if isinstance(data, bytes)}


def compare(found: list[Tamper], said: list[int], scratch: Path) -> None:
    wrong = []
    for tamper, theirs in zip(found, said, strict=True):
        ours = outcome(tamper.data, scratch)
        expected = tamper.record or 0
        if ours != theirs or ours == -1 or (ours != expected and not tamper.anywhere):
            wrong.append(f"{tamper.name}: here {ours}, there {theirs}, expected {expected}")
    assert not wrong, f"{len(wrong)} of {len(found)}: " + "; ".join(wrong[:10])
    print(f"{len(found)} tampers refused by both")


@pytest.mark.slow
@every_engine
def test_sound_bundles_are_verified(engine: Engine, tmp_path: Path) -> None:
    bundles = {name: golden(name) for name in NAMES}
    for own in (False, True):
        answer = run(engine, tmp_path, bundles=bundles, own=own)
        assert answer["bundles"] == dict.fromkeys(NAMES, -1), own
    assert [outcome(golden(name), tmp_path) for name in NAMES] == [-1] * len(NAMES)


@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.parametrize("name", NAMES)
def test_every_tamper_is_refused_and_named_alike(name: str, tmp_path: Path) -> None:
    found = list(spoilt(name))[:: 1 if ALL or name == "small" else 15]
    compare(found, run(either(), tmp_path, tampers=[t.data for t in found])["tampers"], tmp_path)


@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.parametrize("name", ["small", "roles", "part", "live", "review"])
def test_every_flipped_byte_is_refused_and_named_alike(name: str, tmp_path: Path) -> None:
    every = 1 if ALL or name == "small" else 97
    answer = run(either(), tmp_path, bundles={name: golden(name)}, flips=[(name, every)])
    data, ours = bytearray(golden(name)), []
    for at in range(0, len(data), every):
        data[at] ^= 1 << at % 8
        ours.append(outcome(bytes(data), tmp_path))
        data[at] ^= 1 << at % 8
    assert -1 not in ours
    assert answer["flips"][name] == ours


@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.parametrize("name", ["small", "roles", "live", "review"])
def test_histories_written_anew_are_judged_alike(name: str, tmp_path: Path) -> None:
    """Every rule of the record, with bodies of every shape, under signatures that are right."""
    found = list(tampers.histories(tampers.taken_apart(golden(name)), KEYS))
    found = found[:: 1 if ALL or name == "small" else 5]
    theirs = run(either(), tmp_path, tampers=[t.data for t in found])["tampers"]
    ours = [outcome(t.data, tmp_path) for t in found]
    apart = [(t.name, a, b) for t, a, b in zip(found, ours, theirs, strict=True) if a != b]
    assert not apart, apart[:10]
    assert 10 < ours.count(-1) < len(ours) / 2  # a further key in a body is welcome


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["node"], indirect=True)
def test_stories_of_keys_are_judged_alike(engine: Engine, tmp_path: Path) -> None:
    found = list(tampers.continued(tampers.taken_apart(golden("roles")), KEYS))
    theirs = run(engine, tmp_path, tampers=[t.data for t in found])["tampers"]
    told = {t.name: (outcome(t.data, tmp_path), b) for t, b in zip(found, theirs, strict=True)}
    assert {name: pair for name, pair in told.items() if pair[0] != pair[1]} == {}
    assert told["revoked by its author"] == (-1, -1)
    assert told["used after it was revoked"] == (16, 16)
    assert told["a reviewer on its own word"] == (15, 15)
    assert told["let in with a proof"] == (-1, -1)
    assert told["let in without a proof"] == (15, 15)
    assert told["waived by who registered it"] == (17, 17)
    assert told["an end without the token"] == (15, 15)
    assert told["taken out"] == told["taken out, and still there"] == (-1, -1)
    assert told["taken out without a reason"] == told["gone, and nobody says why"] == (9, 9)


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["node"], indirect=True)
def test_stories_of_alarms_are_judged_alike(engine: Engine, tmp_path: Path) -> None:
    found = list(watched.stories(tampers.taken_apart(golden("live")), KEYS))
    theirs = run(engine, tmp_path, tampers=[t.data for t in found])["tampers"]
    told = {t.name: (outcome(t.data, tmp_path), b) for t, b in zip(found, theirs, strict=True)}
    assert told == {t.name: (t.record, t.record) for t in found}


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["node"], indirect=True)
def test_stories_of_reviews_are_judged_alike(engine: Engine, tmp_path: Path) -> None:
    found = list(reviews.stories(tampers.taken_apart(golden("roles")), KEYS))
    theirs = run(engine, tmp_path, tampers=[t.data for t in found])["tampers"]
    told = {t.name: (outcome(t.data, tmp_path), b) for t, b in zip(found, theirs, strict=True)}
    assert told == {t.name: (t.record, t.record) for t in found}


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["node"], indirect=True)
def test_a_few_of_each_kind(engine: Engine, tmp_path: Path) -> None:
    found = list(spoilt("small"))[::41]
    said = run(engine, tmp_path, tampers=[t.data for t in found])["tampers"]
    compare(found, said, tmp_path)
