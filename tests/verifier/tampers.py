"""Every way in which a bundle is spoilt on purpose, with the record that a verifier has to name.

Whoever tampers is assumed to know the format: but where the container itself is attacked, its
headers, checksums and list of files are made to fit what was changed.
"""

from __future__ import annotations

import base64
import copy
import hashlib
import io
import json
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tests.verifier.bundles import STRANGER, TEAM

from safetycase.ledger import SigningKey, canonical
from safetycase.ledger.dsse import pae, seal
from safetycase.ledger.merkle import Frontier
from safetycase.ledger.note import Checkpoint
from safetycase.ledger.trust import introduction_text

TYPE = "application/vnd.in-toto+json"
Files = dict[str, bytes]


@dataclass(frozen=True)
class Tamper:
    """A spoilt bundle. `record` is the number to be named, None if no record is at fault."""

    name: str
    data: bytes
    record: int | None = None
    anywhere: bool = False  # which record is at fault is a matter of taste: both say the same


def taken_apart(data: bytes) -> Files:
    with zipfile.ZipFile(io.BytesIO(data)) as bundle:
        return {name: bundle.read(name) for name in bundle.namelist()}


def put_together(files: Mapping[str, bytes], **manifest: Any) -> bytes:
    """The bundle of these files as a careful forger would write it."""
    parts = dict(files)
    listed = canonical.loads(parts.pop("bundle.json")) | manifest
    if "members" not in manifest:
        listed["members"] = [
            {"name": name, "sha256": hashlib.sha256(parts[name]).hexdigest(),
             "size": len(parts[name])}
            for name in sorted(parts)
        ]  # fmt: skip
    return container({"bundle.json": canonical.dumps(listed), **parts})


def container(files: Mapping[str, bytes]) -> bytes:
    body, directory = b"", b""
    for name in sorted(files):
        data = files[name]
        raw = name.encode()
        shared = struct.pack(
            "<5H3I2H", 10, 0, 0, 0, 0x21, zlib.crc32(data), len(data), len(data), len(raw), 0
        )
        directory += b"PK\1\2" + struct.pack("<H", 10) + shared
        directory += struct.pack("<3H2I", 0, 0, 0, 0, len(body)) + raw
        body += b"PK\3\4" + shared + raw + data
    end = struct.pack("<4H2IH", 0, 0, len(files), len(files), len(directory), len(body), 0)
    return body + directory + b"PK\5\6" + end


def lines_of(files: Files) -> list[bytes]:
    return files["log.jsonl"].split(b"\n")[:-1]


def with_lines(files: Files, lines: list[bytes], **manifest: Any) -> bytes:
    return put_together(files | {"log.jsonl": b"".join(x + b"\n" for x in lines)}, **manifest)


def payload_of(line: bytes) -> Any:
    return canonical.loads(base64.b64decode(json.loads(line)["payload"]))


def number(line: bytes) -> int:
    return int(payload_of(line)["predicate"]["seq"])


def resigned(line: bytes, payload: Any, key: SigningKey | None = None, keyid: str = "") -> bytes:
    """The line with another payload; without a key it keeps the signature that it had."""
    data = canonical.dumps(payload)
    if key is not None:
        return seal(data, keyid or key.keyid, key.sign)
    outer = json.loads(line)
    outer["payload"] = base64.b64encode(data).decode()
    return canonical.dumps(outer)


def edits(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """(place, the whole value with that place changed) for each place in it."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield f"{path}.{key} gone", {k: v for k, v in value.items() if k != key}
            for place, changed in edits(inner, f"{path}.{key}"):
                yield place, value | {key: changed}
        yield f"{path} and more", value | {"added": "x"}
    elif isinstance(value, list):
        for at, inner in enumerate(value):
            yield f"{path}[{at}] gone", value[:at] + value[at + 1 :]
            for place, changed in edits(inner, f"{path}[{at}]"):
                yield place, [*value[:at], changed, *value[at + 1 :]]
        yield f"{path} and one more", [*value, "x"]
    else:
        yield path, other(value)
        yield f"{path} as a list", []


def other(value: Any) -> Any:
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    if value is None:
        return "x"
    if len(value) == 64 and value.strip("0123456789abcdef") == "":
        return ("0" if value[0] != "0" else "1") + value[1:]
    return value + "x"


# Each generator below takes the files of a sound bundle, and those of another case.


def fields(files: Files) -> Iterator[Tamper]:
    """Every field of every record: unsigned, signed by a stranger, and under a borrowed name."""
    lines = lines_of(files)
    for at, line in enumerate(lines):
        seq = number(line)
        for place, payload in edits(payload_of(line)):
            rest = lines[:at], lines[at + 1 :]
            name = f"record {seq}, {place}"
            theirs = json.loads(line)["signatures"][0]["keyid"]
            for how, new in (
                ("unsigned", resigned(line, payload)),
                ("by a stranger", resigned(line, payload, STRANGER)),
                ("in another's name", resigned(line, payload, STRANGER, theirs)),
            ):
                yield Tamper(f"{name}: {how}", with_lines(files, [*rest[0], new, *rest[1]]), seq)


def envelopes(files: Files) -> Iterator[Tamper]:
    """Every field of every envelope; and a signature that was made over something else."""
    lines = lines_of(files)
    for at, line in enumerate(lines):
        seq, outer = number(line), json.loads(line)
        payload = base64.b64decode(outer["payload"])
        signature = outer["signatures"][0]
        changed = [(place, value) for place, value in edits(outer)]
        wider = copy.deepcopy(outer)
        wider["signatures"].append({"keyid": STRANGER.keyid, "sig": signature["sig"]})
        changed.append(("a second signature", wider))
        for kind in ("application/json", "text/plain", TYPE + "; charset=utf-8"):
            confused = copy.deepcopy(outer)
            confused["payloadType"] = kind
            confused["signatures"][0]["sig"] = base64.b64encode(
                TEAM.sign(pae(kind, payload))
            ).decode()
            changed.append((f"the type {kind}", confused))
        for what, message in (
            ("the payload alone", payload),
            ("a checkpoint", files[checkpoint(files)].partition(b"\n\n")[0] + b"\n"),
        ):
            borrowed = copy.deepcopy(outer)
            borrowed["signatures"][0] = {
                "keyid": TEAM.keyid,
                "sig": base64.b64encode(TEAM.sign(message)).decode(),
            }
            changed.append((f"a signature of {what}", borrowed))
        raw = bytearray(base64.b64decode(signature["sig"]))
        order = 2**252 + 27742317777372353535851937790883648493
        scalar = int.from_bytes(raw[32:], "little") + order
        raw[32:] = scalar.to_bytes(32, "little")
        malleable = copy.deepcopy(outer)
        malleable["signatures"][0]["sig"] = base64.b64encode(bytes(raw)).decode()
        changed.append(("S + L", malleable))
        for place, value in changed:
            new = [*lines[:at], canonical.dumps(value), *lines[at + 1 :]]
            yield Tamper(f"envelope {seq}, {place}", with_lines(files, new), seq)
        for what, text in spellings(line):
            new = [*lines[:at], text, *lines[at + 1 :]]
            yield Tamper(f"envelope {seq}, {what}", with_lines(files, new), seq)


def spellings(line: bytes) -> Iterator[tuple[str, bytes]]:
    """The same JSON value in other bytes, and what two readers read differently."""
    yield "a space", line.replace(b",", b", ", 1)
    yield "a carriage return", line + b"\r"
    yield "an escape", line.replace(b"payload", b"p\\u0061yload", 1)
    yield "a key twice", line.replace(b"{", b'{"payload":"",', 1)
    yield "a byte order mark", b"\xef\xbb\xbf" + line
    yield "two values", line + b"{}"
    yield "not UTF-8", line.replace(b"intoto", b"\xff", 1).replace(b"in-toto", b"\xff", 1)
    yield "base64 without an end", line.replace(b'="', b'"', 1) if b'="' in line else line[:-1]
    yield "NaN", line.replace(b'"payloadType"', b'"a":NaN,"payloadType"', 1)
    yield "a float", line.replace(b'"payloadType"', b'"a":1.0,"payloadType"', 1)
    yield (
        "deep",
        line.replace(b'"payloadType"', b'"a":' + b"[" * 99 + b"]" * 99 + b',"payloadType"'),
    )
    yield "empty", b""


def checkpoint(files: Files) -> str:
    size = json.loads(files["bundle.json"])["size"]
    return f"checkpoints/{size}.txt"


def order(files: Files) -> Iterator[Tamper]:
    """Lines swapped, dropped, doubled, cut."""
    lines = lines_of(files)
    numbers = [number(line) for line in lines]
    for at in range(len(lines)):
        without = [*lines[:at], *lines[at + 1 :]]
        yield Tamper(f"line {at + 1} dropped", with_lines(files, without), numbers[at])
        twice = [*lines[: at + 1], *lines[at:]]
        behind = numbers[at + 1] if at + 1 < len(numbers) else numbers[at] + 1
        yield Tamper(f"line {at + 1} twice", with_lines(files, twice), behind)
        if at + 1 < len(lines):
            swapped = [*lines[:at], lines[at + 1], lines[at], *lines[at + 2 :]]
            yield Tamper(f"line {at + 1} behind the next", with_lines(files, swapped), numbers[at])
        yield Tamper(f"cut before line {at + 1}", with_lines(files, lines[:at]), numbers[at])
        log = b"".join(each + b"\n" for each in lines[: at + 1])[:-1]
        cut = put_together(files | {"log.jsonl": log})
        yield Tamper(f"line {at + 1} without its end", cut, numbers[at])
        half = put_together(files | {"log.jsonl": log[: -len(lines[at]) // 2]})
        yield Tamper(f"line {at + 1} cut in half", half, anywhere=True)


def checkpoints(files: Files, others: Files, every: int = 1) -> Iterator[Tamper]:
    """Heads of other histories, other sizes, other signers; and none at all."""
    newest = checkpoint(files)
    for name in [name for name in files if name.startswith("checkpoints/")]:
        text = files[name]
        for at in range(0, len(text), every):
            if text[at : at + 1] != b"\n":
                flipped = text[:at] + bytes([text[at] ^ 1]) + text[at + 1 :]
                yield Tamper(f"{name}, byte {at}", put_together(files | {name: flipped}))
        yield Tamper(f"{name}, a line more", put_together(files | {name: text + b"\n"}))
        yield Tamper(f"{name}, unsigned", put_together(files | {name: text.split("—".encode())[0]}))
        yield Tamper(f"{name}, empty", put_together(files | {name: b""}))
        last = text.rstrip(b"\n").rpartition(b"\n")[2] + b"\n"
        yield Tamper(f"{name}, a signature twice", put_together(files | {name: text + last}))
    gone = {name: data for name, data in files.items() if name != newest}
    yield Tamper("the newest checkpoint taken away", put_together(gone))
    theirs = {n: d for n, d in others.items() if n.startswith("checkpoints/")}
    for data in theirs.values():
        yield Tamper("a checkpoint of another case", put_together(files | {newest: data}))
    size = json.loads(files["bundle.json"])["size"]
    yield Tamper(
        "a checkpoint of more records",
        put_together(files | {f"checkpoints/{size + 1}.txt": files[newest]}),
    )
    yield Tamper(
        "a checkpoint under another size",
        put_together(gone | {f"checkpoints/{size - 1}.txt": files[newest]}),
    )


def manifests(files: Files, others: Files) -> Iterator[Tamper]:
    """What the list of files says, field by field."""
    listed = canonical.loads(files["bundle.json"])
    holds_some = any(name.startswith("objects/") for name in files)
    for place, value in edits(listed):
        if place == ".artefacts" and not (listed["artefacts"] and holds_some):
            # No bundle without artefacts may claim them: tested by itself. Where no record names
            # one, that all are there and that all are left out is the same, and true.
            continue
        if not isinstance(value, dict):
            continue
        parts = {name: data for name, data in files.items() if name != "bundle.json"}
        data = container({"bundle.json": canonical.dumps(value), **parts})
        yield Tamper(f"bundle.json{place}", data, anywhere=True)
    yield Tamper(
        "origin of another case",
        put_together(files, origin=json.loads(others["bundle.json"])["origin"]),
    )
    yield Tamper(
        "root of another case",
        put_together(files, root=json.loads(others["bundle.json"])["root"]),
        anywhere=True,
    )
    for name in list(files):
        if name == "bundle.json":
            continue
        gone = {each: data for each, data in files.items() if each != name}
        if name.startswith(("case/", "torn-")) or (
            name.startswith("checkpoints/") and name != checkpoint(files)
        ):
            continue  # what nobody signed, or is not needed, may be left out
        yield Tamper(f"{name} left out", put_together(gone), anywhere=True)
    yield Tamper("an object of no record", put_together(files | {stored(b"more"): b"more"}))
    yield Tamper("a file that no bundle holds", put_together(files | {"readme.txt": b"x"}))


def stored(data: bytes) -> str:
    digest = hashlib.sha256(data).hexdigest()
    return f"objects/{digest[:2]}/{digest}"


def artefacts(files: Files, name: str, seq: int) -> Iterator[Tamper]:
    """The artefact `name`, on which record `seq` rests, with other bytes, gone, or replaced."""
    data = files[name]
    for at in range(len(data)):
        flipped = data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
        yield Tamper(f"{name}, byte {at}", put_together(files | {name: flipped}), seq)
    yield Tamper(f"{name} empty", put_together(files | {name: b""}), seq)
    yield Tamper(f"{name} longer", put_together(files | {name: data + b"x"}), seq)
    rest = {each: d for each, d in files.items() if each != name}
    yield Tamper(f"{name} gone", put_together(rest), seq)
    elsewhere = put_together(rest | {stored(data + b"x"): data + b"x"})
    yield Tamper(f"{name} replaced", elsewhere, seq)


def proofs(files: Files) -> Iterator[Tamper]:
    """Every hash of every proof; proofs swapped, dropped, added."""
    value = json.loads(files["proofs.json"])
    for place, changed in edits(value):
        data = put_together(files | {"proofs.json": canonical.dumps(changed)})
        yield Tamper(f"proofs.json{place}", data, anywhere=True)


def strangers(files: Files, others: Files) -> Iterator[Tamper]:
    """Records of another case in this one, and this one's in another; the key swapped."""
    ours, theirs = lines_of(files), lines_of(others)
    for at, line in enumerate(ours):
        for which, their in enumerate(theirs):
            if their == line:
                continue
            new = [*ours[:at], their, *ours[at + 1 :]]
            name = f"line {which + 1} of another case as line {at + 1}"
            # another first line is sound by itself: the second does not follow it
            whole = "proofs.json" not in files
            seq = 2 if at == which == 0 and whole else number(line)
            yield Tamper(name, with_lines(files, new), seq)
    yield Tamper("all lines of another case", with_lines(files, theirs), anywhere=True)
    swap = [line.replace(TEAM.keyid.encode(), STRANGER.keyid.encode()) for line in ours]
    yield Tamper("the id of the key swapped", with_lines(files, swap), 1)
    yield Tamper("all written anew by a stranger", with_lines(files, forged(ours)), anywhere=True)


def forged(lines: list[bytes]) -> list[bytes]:
    """The whole record with the stranger's key in the place of the team's, well chained."""
    made: list[bytes] = []
    for line in lines:
        payload = payload_of(line)
        body = payload["predicate"]["body"]
        if body.get("keyid") == TEAM.keyid:
            body |= STRANGER.introduction()
            digest = hashlib.sha256(canonical.dumps(body)).hexdigest()
            payload["subject"] = [{"name": "body", "digest": {"sha256": digest}}]
        if made:
            payload["predicate"]["previous"] = hashlib.sha256(made[-1]).hexdigest()
        made.append(resigned(line, payload, STRANGER))
    return made


def insider(files: Files, keys: Mapping[str, SigningKey]) -> Iterator[Tamper]:
    """A record changed and signed anew by the very key that had signed it."""
    lines = lines_of(files)
    for at, line in enumerate(lines):
        payload = payload_of(line)
        payload["predicate"]["body"]["added"] = "afterwards"
        key = keys[json.loads(line)["signatures"][0]["keyid"]]
        new = [*lines[:at], resigned(line, payload, key), *lines[at + 1 :]]
        yield Tamper(f"record {number(line)} signed anew", with_lines(files, new), anywhere=True)


def histories(files: Files, keys: Mapping[str, SigningKey]) -> Iterator[Tamper]:
    """Every field changed by those who hold all keys, and all that follows signed anew.

    Some of these are sound records of another history: what counts is that both verifiers say
    the same of each. The checkpoints are made anew too.
    """
    payloads = [payload_of(line) for line in lines_of(files)]
    signers = [json.loads(line)["signatures"][0]["keyid"] for line in lines_of(files)]
    for at, payload in enumerate(payloads):
        for place, body in edits(payload["predicate"]["body"]):
            if not isinstance(body, dict):
                continue
            new = copy.deepcopy(payloads)
            new[at]["predicate"]["body"] = body
            yield Tamper(f"record {at + 1} anew, {place}", chained(files, new, signers, keys))
        for signer in keys.values():
            other = [*signers[:at], signer.keyid, *signers[at + 1 :]]
            name = f"record {at + 1} by {signer.owner}"
            yield Tamper(name, chained(files, copy.deepcopy(payloads), other, keys))


def continued(files: Files, keys: Mapping[str, SigningKey]) -> Iterator[Tamper]:
    """The record of the golden bundle with keys let in, revoked, and used after that."""
    team, runner, reviewer = keys.values()
    payloads = [payload_of(line) for line in lines_of(files)]
    signers = [json.loads(line)["signatures"][0]["keyid"] for line in lines_of(files)]
    known = dict(keys) | {STRANGER.keyid: STRANGER}

    def revoked(*named: SigningKey, since: int | None = None) -> tuple[str, dict[str, Any]]:
        about = {"keyid": [key.keyid for key in named]}
        return "event", {"event": "key-revoked", "says": "It was lost.", "about": about,
                         "since": since}  # fmt: skip

    def let_in(**more: Any) -> tuple[str, dict[str, Any]]:
        return "key", STRANGER.introduction() | more

    proved = {"roles": ["author", "runner"], "proof": "x"}
    note, start = ("note", {"a": 1}), ("attempt-start", {"attempt": "X", "registration": 4})
    waiver = payloads[-2]["predicate"]["body"]
    mine = waiver | {"reviewer": "somebody else"}
    stories: dict[str, list[tuple[SigningKey, tuple[str, dict[str, Any]]]]] = {
        "revoked by its author": [(team, revoked(runner)), (team, note)],
        "revoked from a record on": [(team, revoked(runner, since=8))],
        "revoked from no record": [(team, revoked(runner, since=0))],
        "revoked from a later record": [(team, revoked(runner, since=99))],
        "used after it was revoked": [(team, revoked(runner)), (runner, start)],
        "revoked by itself": [(runner, revoked(runner)), (runner, note)],
        "revoked by another": [(runner, revoked(reviewer))],
        "two revoked by one": [(team, revoked(runner, reviewer)), (reviewer, note)],
        "itself and another": [(runner, revoked(runner, reviewer))],
        "an unknown key revoked": [(team, revoked(STRANGER))],
        "the first key revoked": [(team, revoked(team)), (runner, note), (team, note)],
        "the first revoked from the end": [(team, revoked(team, since=15)), (runner, note)],
        "those it let in go with it": [(team, revoked(team, since=2)), (reviewer, note)],
        "let in on its own word": [(STRANGER, let_in()), (STRANGER, start)],
        "a reviewer on its own word": [(STRANGER, let_in(roles=["reviewer"])), (STRANGER, note)],
        "public on its own word": [(STRANGER, let_in(public=True))],
        "let in without a proof": [(team, let_in(roles=["runner"]))],
        "let in as before there were roles": [(team, let_in()), (STRANGER, start)],
        "let in with a proof": [(team, let_in(**proved)), (STRANGER, start)],
        "let in by one who may not": [(runner, let_in(**proved))],
        "let in twice": [(team, let_in(**proved)), (team, let_in(**proved))],
        "let in, revoked, let in again": [
            (team, let_in(**proved)), (team, revoked(STRANGER)), (team, let_in(**proved)),
        ],
        "a stranger lets in": [
            (STRANGER, let_in()), (team, revoked(reviewer)),
            (STRANGER, ("key", reviewer.introduction(roles=["reviewer"]) | {"proof": "x"})),
        ],
        "before its time": [
            (team, let_in(**proved, not_before="2027-01-01T00:00:00Z")), (STRANGER, note),
        ],
        "after its time": [
            (team, let_in(**proved, not_after="2025-01-01T00:00:00Z")), (STRANGER, note),
        ],
        "a window turned round": [
            (team, let_in(**proved, not_before="2027-01-01T00:00:00Z",
                          not_after="2026-01-01T00:00:00Z")),
        ],
        "waived by who registered it": [
            (team, let_in(**proved | {"roles": ["reviewer", "author"]})),
            (STRANGER, ("registration", payloads[3]["predicate"]["body"])),
            (STRANGER, ("waiver", mine)),
        ],
        "waived by an author": [(team, ("waiver", waiver))],
        "waived by another reviewer": [
            (team, let_in(**proved | {"roles": ["reviewer"]})), (STRANGER, ("waiver", mine)),
        ],
        "an end without the token": [
            (runner, ("attempt-end", {"attempt": "E/5.2", "outcome": "lost"})),
        ],
        "an end with the token": [
            (runner, ("attempt-end", {"attempt": "E/5.2", "outcome": "lost", "token": "f" * 32})),
        ],
        "a retry of what runs": [
            (runner, ("attempt-start", {"attempt": "Y", "registration": 5, "retry_of": "E/5.2"})),
        ],
        "a retry of another registration": [
            (runner, ("attempt-start", {"attempt": "Y", "registration": 4, "retry_of": "E/5.1"})),
        ],
        "a retry of what never was": [
            (runner, ("attempt-start", {"attempt": "Y", "registration": 4, "retry_of": "Z"})),
        ],
        "a shot and two results": [
            (team, ("note", {"note": "shot-result", "shot": "S-1", "outcome": "solved",
                             "says": "so"})),
            (team, ("note", {"note": "shot-result", "shot": "S-1", "outcome": "failed",
                             "says": "no"})),
        ],
        "about everything": [
            (reviewer, ("event", {"event": "serious-incident", "says": "x",
                                  "about": {"all": True}})),
        ],
        "about one": [
            (reviewer, ("event", {"event": "serious-incident", "says": "x", "about": {"all": 1}})),
        ],
        "a key among other things": [
            (team, ("event", {"event": "key-revoked", "says": "x",
                              "about": {"keyid": [runner.keyid], "claim": ["C"]}})),
        ],
    }  # fmt: skip
    gone = payloads[8]["predicate"]["body"]["artefacts"]["transcript"]
    redacts = ("note", {"note": "redaction", "sha256": gone, "reason": "personal data"})
    without = {name: data for name, data in files.items() if not name.endswith(gone)}
    stories["taken out, and still there"] = [(team, redacts)]
    stories["taken out"] = [(team, redacts)]
    stories["taken out without a reason"] = [(team, ("note", {**redacts[1], "reason": ""}))]
    stories["gone, and nobody says why"] = [(team, note)]
    for name, story in stories.items():
        new, who = copy.deepcopy(payloads), list(signers)
        for signer, (kind, body) in story:
            payload = copy.deepcopy(payloads[0])
            payload["predicateType"] = f"urn:safetycase:record:{kind}:v1"
            payload["predicate"] |= {"seq": len(new) + 1, "body": copy.deepcopy(body),
                                     "at": "2026-11-24T00:00:00Z"}  # fmt: skip
            new.append(payload)
            who.append(signer.keyid)
        kept = files if "gone" not in name and name[:9] != "taken out" else without
        kept = files if name.endswith("still there") else kept
        yield Tamper(name, chained(kept, new, who, known))


def chained(
    files: Files, payloads: list[Any], signers: list[str], keys: Mapping[str, SigningKey]
) -> bytes:
    """A bundle of these records, each signed, linked and under a checkpoint of the first key."""
    made: list[bytes] = []
    tree, origin = Frontier(), ""
    for payload, signer in zip(payloads, signers, strict=True):
        predicate = payload["predicate"]
        if made:
            predicate["previous"] = hashlib.sha256(made[-1]).hexdigest()
        body = predicate["body"]
        key = keys[signer]
        if made and "proof" in body and str(body.get("keyid")) in keys:
            text = introduction_text(origin, body)
            body["proof"] = base64.b64encode(keys[body["keyid"]].sign(text)).decode()
        digest = hashlib.sha256(canonical.dumps(body)).hexdigest()
        payload["subject"] = [{"name": "body", "digest": {"sha256": digest}}]
        made.append(seal(canonical.dumps(payload), key.keyid, key.sign))
        tree.add(hashlib.sha256(made[-1]).digest())
        origin = f"safetycase/{hashlib.sha256(made[0]).hexdigest()[:32]}"
    note = Checkpoint(origin=origin, size=tree.size, root=tree.root())
    text = note.signed(origin, TEAM.public_key, TEAM.sign).text()
    kept = {name: data for name, data in files.items() if not name.startswith("checkpoints/")}
    kept[f"checkpoints/{tree.size}.txt"] = text
    return with_lines(kept, made, origin=origin, root=tree.root().hex(), size=tree.size)


def containers(data: bytes) -> Iterator[Tamper]:
    """What a ZIP can be told to do: each has to be refused before a member is read."""
    files = taken_apart(data)
    for name in (
        "../evil.yaml", "/etc/passwd", "case/../../evil.yaml", "case\\evil.yaml", "C:evil.yaml",
        "case/evil.py", "case/.hidden.yaml", "CASE/case.yaml", "case//a.yaml", "case/a.yaml/",
        "objects/ab/" + "0" * 64, "checkpoints/01.txt", "checkpoints/0.txt", "torn-x.bin",
        "log.jsonl/", "Log.jsonl", "case/\u202ea.yaml", "", "case/a\x00.yaml", "log.jsonl\n",
    ):  # fmt: skip
        yield Tamper(f"a member {name!r}", put_together(files | {name: b"x"}))
    both = put_together(files | {"case/Case.yaml": b"x", "case/case.yaml": b"y"})
    yield Tamper("two names that differ in case", both)
    yield Tamper("bytes before it", b"#!/bin/sh\n" + data)
    yield Tamper("bytes behind it", data + b"\0")
    yield Tamper("a comment", data[:-2] + b"\1\0x")
    yield Tamper("nothing", b"")
    yield Tamper("an empty ZIP", b"PK\5\6" + b"\0" * 18)
    yield Tamper("two bundles in one file", data + data)
    for name, change in rewritten(files):
        yield Tamper(name, change)


def rewritten(files: Files) -> Iterator[tuple[str, bytes]]:
    """The same files in ZIPs as other programs write them."""

    def made(tweak: Callable[[zipfile.ZipInfo], None], **options: Any) -> bytes:
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", **options) as bundle:
            for name in sorted(files):
                info = zipfile.ZipInfo(name)
                info.create_system = 0
                tweak(info)
                bundle.writestr(info, files[name], info.compress_type)
        return out.getvalue()

    def deflated(info: zipfile.ZipInfo) -> None:
        info.compress_type = zipfile.ZIP_DEFLATED

    def link(info: zipfile.ZipInfo) -> None:
        info.create_system, info.external_attr = 3, 0o120777 << 16

    def wide(info: zipfile.ZipInfo) -> None:
        info.extra = struct.pack("<2H2Q", 1, 16, 1, 1)

    def dated(info: zipfile.ZipInfo) -> None:
        info.date_time = (2026, 11, 23, 9, 30, 0)

    yield "deflated", made(deflated)
    yield "as links", made(link)
    yield "with a second size", made(wide)
    yield "with times", made(dated)
    plain = container(files)
    for what, at, value in (
        ("encrypted", 6, 1),
        ("sizes behind the data", 6, 8),
        ("names in UTF-8", 6, 0x800),
        ("deflated by name only", 8, 8),
    ):
        for where, start in (("locally", 0), ("in the list", plain.index(b"PK\1\2") + 2)):
            change = bytearray(plain)
            change[start + at : start + at + 2] = struct.pack("<H", value)
            yield f"{what}, {where}", bytes(change)
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name in sorted(files):
            bundle.writestr(name, files[name])
        bundle.writestr("objects/" + stored(b"")[8:], b"\0" * 200_000_000)
    yield "200 MB of zeros", bomb.getvalue()
