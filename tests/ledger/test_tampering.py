"""Whatever is changed in a golden record is refused: by its lines, its rules or its checkpoints."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.ledger import tampering
from tests.ledger.tampering import (
    AUTHOR,
    LOST,
    REVIEWER,
    RUNNER,
    STRANGER,
    Files,
    edits,
    files_of,
    lines_of,
    payload_of,
    refusals,
    rewritten,
    signed,
    with_lines,
)

from safetycase.ledger import verify
from safetycase.ledger.checkpoints import cosigner_name
from safetycase.ledger.keys import from_seed
from safetycase.ledger.note import open_note

GOLDEN = Path(__file__).parent / "golden_keys"
KEYS = {key.keyid: key for key in (AUTHOR, RUNNER, REVIEWER, LOST)}


@pytest.fixture(scope="module")
def golden() -> Files:
    return files_of(GOLDEN)


def test_the_golden_record_is_what_this_version_writes(tmp_path: Path, golden: Files) -> None:
    tampering.build(tmp_path / "ledger")
    assert files_of(tmp_path / "ledger") == golden
    assert refusals(golden) == []
    found = verify(tmp_path / "ledger")
    assert found.ok
    assert found.ordering.of(5) == "public"
    assert [held.size for held in found.checkpoints] == [5, 7, 10]


def flips(golden: Files, names: list[str], step: int) -> Iterator[tuple[str, int]]:
    """Where a flip passes: every `step`-th byte of these files is tried, another bit each time."""
    for name in names:
        data = golden[name]
        for place in range(0, len(data), step):
            bit = 1 << (place // step + len(name)) % 8
            flipped = data[:place] + bytes([data[place] ^ bit]) + data[place + 1 :]
            if refusals(dict(golden) | {name: flipped}) == []:
                yield name, place


@pytest.mark.slow
def test_a_flipped_byte_is_refused(golden: Files) -> None:
    checkpoints = [name for name in golden if name != "log.jsonl"]
    assert list(flips(golden, ["log.jsonl"], 29)) == []
    assert list(flips(golden, checkpoints, 3)) == []


@pytest.mark.slow
def test_every_flipped_byte_is_refused(golden: Files) -> None:
    assert list(flips(golden, list(golden), 1)) == []


@pytest.mark.slow
@pytest.mark.parametrize("number", range(10))
def test_an_edited_field_is_refused_whoever_signs_it(golden: Files, number: int) -> None:
    lines = lines_of(golden)
    value = payload_of(lines[number])
    signer = KEYS[golden_signers(golden)[number]]
    for path, changed in edits(value):
        for line in (
            signed(changed, STRANGER),
            signed(changed, STRANGER, as_keyid=signer.keyid),
            signed(changed, signer),  # even by its own key: the record goes on from another line
        ):
            bent = with_lines(golden, [*lines[:number], line, *lines[number + 1 :]])
            assert refusals(bent) != [], path


@pytest.mark.slow
def test_an_edited_field_is_refused_though_the_record_is_written_anew_behind_it(
    golden: Files,
) -> None:
    lines = lines_of(golden)
    payloads = [payload_of(line) for line in lines]
    signers = [KEYS[keyid] for keyid in golden_signers(golden)]
    assert rewritten(golden, payloads, signers) == golden
    for number, value in enumerate(payloads):
        body = value["predicate"]["body"]
        for path, changed in edits(body):
            predicate = value["predicate"] | {"body": changed}
            bent = [*payloads[:number], value | {"predicate": predicate}, *payloads[number + 1 :]]
            assert refusals(rewritten(golden, bent, signers)) != [], path


def golden_signers(golden: Files) -> list[str]:
    return [record.keyid for record in tampering.log_of(golden).records]


def test_a_reordered_dropped_or_doubled_record_is_refused(golden: Files) -> None:
    lines = lines_of(golden)
    for one in range(len(lines)):
        assert refusals(with_lines(golden, lines[:one] + lines[one + 1 :])), f"{one} dropped"
        assert refusals(with_lines(golden, lines[: one + 1] + lines[one:])), f"{one} doubled"
        for other in range(one + 1, len(lines)):
            swapped = list(lines)
            swapped[one], swapped[other] = lines[other], lines[one]
            assert refusals(with_lines(golden, swapped)), f"{one} and {other} swapped"


def test_a_truncated_record_is_refused(golden: Files) -> None:
    lines = lines_of(golden)
    for left in range(len(lines)):
        assert refusals(with_lines(golden, lines[:left])), f"{left} left"
    data = golden["log.jsonl"]
    for left in range(0, len(data), 97):
        assert refusals(dict(golden) | {"log.jsonl": data[:left]}), f"{left} bytes left"


@pytest.mark.parametrize("size", [5, 7])
def test_a_rollback_to_a_sound_older_record_is_refused_by_a_pin(golden: Files, size: int) -> None:
    lines = lines_of(golden)
    older = with_lines(golden, lines[:size])
    for name in list(older):
        if name != "log.jsonl" and int(Path(name).stem) > size:
            del older[name]
    if size == 5:
        assert refusals(older) == []  # nothing in the folder can tell
    pinned = older | {"pinned in checkpoint.txt": golden["checkpoints/10.txt"]}
    assert "is over 10 records" in refusals(pinned)[-1].says


def test_a_fork_is_refused(golden: Files) -> None:
    payloads = [payload_of(line) for line in lines_of(golden)]
    signers = [KEYS[keyid] for keyid in golden_signers(golden)]
    other = payloads[6] | {}
    body = other["predicate"]["body"] | {"measurement": {"k": 40, "n": 40}}
    other = other | {"predicate": other["predicate"] | {"body": body}}
    fork = rewritten(golden, [*payloads[:6], other, *payloads[7:]], signers)
    assert any("others than now" in problem.says for problem in refusals(fork))
    longer = rewritten(
        golden, [*payloads[:6], other, *payloads[7:], payloads[9]], [*signers, AUTHOR]
    )
    assert refusals(longer) != []


def test_records_of_another_case_are_refused(golden: Files, tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tampering, "AUTHOR", from_seed(bytes([77] * 32), "an author"))
        tampering.build(tmp_path / "ledger")
    other = files_of(tmp_path / "ledger")
    assert refusals(other) == []
    mine, theirs = lines_of(golden), lines_of(other)
    for number in range(len(mine)):
        bent = [*mine[:number], theirs[number], *mine[number + 1 :]]
        assert refusals(with_lines(golden, bent)), number
    assert refusals(dict(golden) | {"log.jsonl": other["log.jsonl"]}) != []
    assert refusals(dict(other) | {"checkpoints/5.txt": golden["checkpoints/5.txt"]}) != []


def test_a_swapped_key_is_refused(golden: Files) -> None:
    """Somebody puts a key of their own into the place of another and signs all that it signed."""
    payloads = [payload_of(line) for line in lines_of(golden)]
    signers = [KEYS[keyid] for keyid in golden_signers(golden)]
    for number, victim in ((0, AUTHOR), (1, RUNNER), (2, REVIEWER)):
        body = payloads[number]["predicate"]["body"] | {
            "keyid": STRANGER.keyid,
            "public_key": base64.b64encode(STRANGER.public_key).decode(),
        }
        predicate = payloads[number]["predicate"] | {"body": body}
        swapped = [*payloads[:number], payloads[number] | {"predicate": predicate}]
        by = [STRANGER if key is victim else key for key in signers]
        assert refusals(rewritten(golden, [*swapped, *payloads[number + 1 :]], by)), victim.owner


def test_a_checkpoint_signed_anew_by_a_stranger_is_refused(golden: Files) -> None:
    for name, data in golden.items():
        if name == "log.jsonl":
            continue
        note = open_note(data)
        bare = type(note)(origin=note.origin, size=note.size, root=note.root)
        public, sign = STRANGER.public_key, STRANGER.sign
        for bent in (
            bare.signed(note.origin, public, sign),
            note.signed(note.origin, public, sign),
            note.cosigned(cosigner_name(STRANGER.keyid), public, sign, 1),
            note.cosigned(cosigner_name(REVIEWER.keyid), public, sign, 1),
            type(note)(
                origin=note.origin, size=note.size, root=bytes(32), signatures=note.signatures
            ),
        ):
            assert refusals(dict(golden) | {name: bent.text()}) != []
