"""Somebody edits a result, or the artefact it rests on."""

from __future__ import annotations

from pathlib import Path

from tests.threats.conftest import Sc, lines_of, put_lines, statement

from safetycase.ledger import verify


def test_a_changed_byte_of_any_record_is_refused_and_named(attacked: Path, sc: Sc) -> None:
    lines = lines_of(attacked)
    for number, line in enumerate(lines):
        for at in range(number, len(line), 211):
            changed = bytearray(line)
            changed[at] ^= 1
            put_lines(attacked, [*lines[:number], bytes(changed), *lines[number + 1 :]])
            found = verify(attacked / "ledger")
            assert not found.ok
            assert f"line {number + 1})" in found.problems[0].says
    assert sc("verify", attacked).code == 3
    assert sc("status", attacked).code == 3


def test_a_changed_artefact_is_refused_and_named(attacked: Path, sc: Sc) -> None:
    ends = [s for s in map(statement, lines_of(attacked)) if "attempt-end" in s["predicateType"]]
    digests = {d for end in ends for d in end["predicate"]["body"]["artefacts"].values()}
    assert digests
    for digest in digests:
        path = attacked / "ledger" / "objects" / digest[:2] / digest
        data = path.read_bytes()
        path.chmod(0o600)
        path.write_bytes(data + b" ")
        found = verify(attacked / "ledger")
        assert not found.ok
        assert any(digest[:12] in problem.says for problem in found.problems)
        path.write_bytes(data)
    assert sc("verify", attacked).code == 0
