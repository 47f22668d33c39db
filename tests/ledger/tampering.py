"""A record with everything that keys can do, made from fixed keys, and the ways to bend it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tests.ledger.conftest import REGISTRATION, end_body

from safetycase.ledger import Kept, Log, ObjectStore, Problem, SigningKey, Writer, fold, parse
from safetycase.ledger.checkpoints import cosigner_name, hold, kept_in, save
from safetycase.ledger.dsse import open_line, seal
from safetycase.ledger.keys import from_seed
from safetycase.ledger.note import open_note
from safetycase.ledger.trust import origin_of

AUTHOR = from_seed(bytes([101] * 32), "an author")
RUNNER = from_seed(bytes([102] * 32), "a runner")
REVIEWER = from_seed(bytes([103] * 32), "a reviewer")
LOST = from_seed(bytes([104] * 32), "one who left")
STRANGER = from_seed(bytes([105] * 32), "an author")
START = 1_795_426_200  # 2026-11-23T09:30:00Z

Files = Mapping[str, bytes]


def build(ledger: Path) -> None:
    """Write the golden record into the ledger folder."""
    log = ObjectStore(ledger).put(b"what the run left")
    clock = iter(range(60))

    def at() -> str:
        return f"2026-11-23T09:30:{next(clock):02}Z"

    with Writer(ledger, AUTHOR) as author:
        origin = origin_of(author.append("key", AUTHOR.introduction(), at=at()))
        for key, more in (
            (RUNNER, {"roles": ["runner", "log"], "not_after": "2027-01-01T00:00:00Z"}),
            (REVIEWER, {"roles": ["reviewer"], "public": True}),
            (LOST, {"roles": ["runner"]}),
        ):
            author.append("key", key.introduction(origin=origin, **more), at=at())
        author.append("registration", REGISTRATION, at=at())
    checkpoint = ledger / "checkpoints" / "5.txt"
    note = open_note(checkpoint.read_bytes())
    name = cosigner_name(REVIEWER.keyid)
    save(checkpoint, note.cosigned(name, REVIEWER.public_key, REVIEWER.sign, START))
    start = {"attempt": "E-1/5.1", "registration": 5, "token": "f" * 32, "executor": "process"}
    end = end_body("E-1/5.1", token="f" * 32, artefacts={"log": log})
    with Writer(ledger, RUNNER) as runner:
        runner.append("attempt-start", start, at=at())
        runner.append("attempt-end", end, at=at(), subjects=(("log", log),))
    with Writer(ledger, LOST) as left:
        left.append("attempt-start", {"attempt": "E-1/5.2", "registration": 5}, at=at())
    waiver = {
        "evidence": "E-1",
        "old_recipe": "a" * 64,
        "new_recipe": "b" * 64,
        "fields": ["instrument.code"],
        "reason": "a comment was changed",
        "author": "an author",
        "reviewer": "a reviewer",
        "expires": "2027-01-01T00:00:00Z",
    }
    with Writer(ledger, REVIEWER) as reviewer:
        reviewer.append("waiver", waiver, at=at())
    with Writer(ledger, AUTHOR) as author:
        about = {"keyid": [LOST.keyid]}
        author.append(
            "event",
            {"event": "key-revoked", "says": "left", "about": about, "since": None},
            at=at(),
        )


def files_of(ledger: Path) -> dict[str, bytes]:
    """The log and the checkpoints, by name."""
    kept, _ = kept_in(ledger)
    return {"log.jsonl": (ledger / "log.jsonl").read_bytes()} | {
        each.name: each.data for each in kept
    }


def refusals(files: Files) -> list[Problem]:
    """What a reader holds against a record: its lines, its rules, its checkpoints."""
    log = parse(files["log.jsonl"])
    kept = [
        Kept(name=name, data=data, size=int(Path(name).stem) if "/" in name else None)
        for name, data in files.items()
        if name != "log.jsonl"
    ]
    _, problems = hold(log, kept, thorough=True)
    found = [*log.errors, *fold(log).problems, *problems]
    return [problem for problem in found if problem.severity == "error"]


def lines_of(files: Files) -> list[bytes]:
    """The lines of the log, without their ends."""
    return files["log.jsonl"].splitlines()


def with_lines(files: Files, lines: list[bytes]) -> dict[str, bytes]:
    """The same files with other lines in the log."""
    return dict(files) | {"log.jsonl": b"".join(line + b"\n" for line in lines)}


def payload_of(line: bytes) -> Any:
    return json.loads(open_line(line).payload)


def signed(value: Any, key: SigningKey, *, as_keyid: str | None = None) -> bytes:
    """A line with this payload, in canonical spelling, by a key that may call itself another."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return seal(text.encode(), as_keyid or key.keyid, key.sign)


def edits(value: Any) -> Iterator[tuple[str, Any]]:
    """Every way to change one field of a JSON value, with the path of the field."""
    if isinstance(value, dict):
        for key, member in value.items():
            for path, changed in edits(member):
                yield f".{key}{path}", value | {key: changed}
            yield f".{key} gone", {k: v for k, v in value.items() if k != key}
        yield " one more", value | {"extra": "x"}
    elif isinstance(value, list):
        for index, member in enumerate(value):
            for path, changed in edits(member):
                yield f"[{index}]{path}", [*value[:index], changed, *value[index + 1 :]]
        yield " longer", [*value, *value[:1]]
    else:
        yield "", _other(value)


def _other(value: Any) -> Any:
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    if isinstance(value, str):
        return ("b" if value[:1] == "a" else "a") + value[1:]
    return "something"


def rewritten(files: Files, payloads: list[Any], keys: list[SigningKey]) -> dict[str, bytes]:
    """The log written anew with these payloads, each chained to the one before and signed."""
    previous, lines = "0" * 64, []
    for seq, (value, key) in enumerate(zip(payloads, keys, strict=True), start=1):
        place = {"seq": seq, "previous": previous}
        line = signed(value | {"predicate": value["predicate"] | place}, key)
        previous = hashlib.sha256(line).hexdigest()
        lines.append(line)
    return with_lines(files, lines)


def log_of(files: Files) -> Log:
    return parse(files["log.jsonl"])
