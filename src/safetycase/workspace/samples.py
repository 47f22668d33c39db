"""The samples that a run left behind, read from its artefacts and drawn by lot for a reader.

An Inspect log (ZIP or JSON) and JSON Lines of answers are understood; nothing of them is executed,
and no library of the method is needed. Text of a model is data: whoever shows it escapes it.
"""

from __future__ import annotations

import io
import json
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from safetycase.assess.records import Assessment, LeafResult
from safetycase.ledger.errors import LedgerError
from safetycase.ledger.fold import AttemptRecord
from safetycase.ledger.objects import ObjectStore
from safetycase.report.lot import Drawn, draw
from safetycase.workspace.folder import Workspace
from safetycase.workspace.zipped import member

if TYPE_CHECKING:
    from safetycase.ledger import Record

__all__ = ["drawn_samples"]

LARGEST = 64 * 1024 * 1024
"""Bytes of an artefact, or of one sample in it, that are read for this."""
TEXT = 8_000
UNREADABLE = (
    *(LedgerError, OSError, ValueError, KeyError, EOFError, RuntimeError),
    *(zipfile.BadZipFile, zlib.error, struct.error),
)
"""What reading a file of somebody else's may raise: encrypted, cut, of another kind, nested."""
PROMPTS = ("prompt", "input", "question", "item")
OUTPUTS = ("output", "answer", "response", "completion", "text", "reasoning")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pool:
    """The samples of one artefact: their names, and how to read one."""

    names: Sequence[str]
    read: Callable[[str], Mapping[str, str]]


def drawn_samples(space: Workspace, assessment: Assessment) -> dict[str, Drawn]:
    """For each evidence with a result, samples of its latest attempt, or why there are none."""
    store = ObjectStore(space.folder / "ledger")
    records = {record.seq: record for record in space.log.records}
    found: dict[str, Drawn] = {}
    for name, leaf in assessment.leaves.items():
        attempt = _counted(space.history.attempts, leaf)
        if attempt is not None and attempt.end_seq in records:
            found[name] = _drawn(store, leaf, attempt, records[attempt.end_seq])
    return found


def _counted(attempts: Sequence[AttemptRecord], leaf: LeafResult) -> AttemptRecord | None:
    """The latest completed attempt of a leaf, whose result is the one shown."""
    ended = {a.id: a for a in attempts if a.outcome == "completed"}
    mine = [ended[a.id] for a in leaf.attempts if a.id in ended and not a.exploratory]
    same = [a for a in mine if dict(a.artefacts) == dict(leaf.artefacts)]
    return max(same or mine, key=lambda a: a.end_seq or 0, default=None)


def _drawn(store: ObjectStore, leaf: LeafResult, attempt: AttemptRecord, end: Record) -> Drawn:
    """Samples of all that the attempt left behind: no log of it is left out of the lot."""
    problems: list[str] = []
    pools: dict[str, _Pool] = {}
    for role, digest in attempt.artefacts.items():
        try:
            pool = _pool(store, role, digest.removeprefix("sha256:"))
        except UNREADABLE as error:
            problems.append(f"{role} cannot be read: {_why(error)}")
            continue
        if pool is not None:
            pools[role] = pool
    if pools:
        return _of_pools(pools, end, " ".join(problems))
    if leaf.transcripts:
        names = [str(number) for number in range(len(leaf.transcripts))]
        kept = tuple(leaf.transcripts[int(n)] for n in draw(names, end.digest))
        return Drawn(
            seed=end.digest,
            record=end.seq,
            where="",
            of=len(names),
            samples=kept,
            says=" ".join(problems),
        )
    return Drawn(record=end.seq, says=" ".join(problems))


def _of_pools(pools: Mapping[str, _Pool], end: Record, says: str) -> Drawn:
    """The samples that the lot falls on; one that cannot be read is shown to be so in its place."""
    several = len(pools) > 1
    places = {
        f"{role}/{name}" if several else name: (role, name)
        for role, pool in pools.items()
        for name in pool.names
    }
    samples = []
    for word in draw(list(places), end.digest):
        role, name = places[word]
        try:
            sample = pools[role].read(name)
        except UNREADABLE as error:
            sample = {"id": name, "prompt": "", "output": "", "note": f"unreadable: {_why(error)}"}
        if several:
            sample = {**sample, "note": "; ".join(filter(None, (role, sample["note"])))}
        samples.append(sample)
    return Drawn(
        seed=end.digest,
        record=end.seq,
        where=", ".join(pools),
        logs=len(pools),
        of=len(places),
        samples=tuple(samples),
        says=says,
    )


def _why(error: Exception) -> str:
    return "it is nested too deeply" if isinstance(error, RecursionError) else str(error)


def _pool(store: ObjectStore, role: str, digest: str) -> _Pool | None:
    """The samples of an artefact; None if it holds none of a kind that is known.

    Its bytes are not held: they are read again for the few samples that the lot falls on.
    """
    if not store.has(digest):
        raise ValueError("its bytes are not here; `safetycase record artefacts` fetches them")
    if store.path(digest).stat().st_size > LARGEST:
        raise ValueError(f"it has more than {LARGEST // 1024 // 1024} MiB")
    data = store.get(digest)
    if data[:2] == b"PK":
        return _zipped(lambda: store.get(digest), data)
    if data[:1] != b"{":
        return None
    rows = _samples_of(data, role)
    if not rows:
        return None

    def read(name: str) -> Mapping[str, str]:
        again = _samples_of(store.get(digest), role) or ()
        return _sample(again[int(name) - 1], f"sample {name}")

    return _Pool(names=[str(number) for number in range(1, len(rows) + 1)], read=read)


def _samples_of(data: bytes, role: str) -> Sequence[Any] | None:
    """The samples in JSON Lines of answers, or in a log in JSON; None in anything else."""
    if (rows := _lines(data)) is not None:
        return rows
    if "log" not in role.casefold():
        return None
    samples = json.loads(data).get("samples") or ()
    return [s for s in samples if isinstance(s, dict)]


def _zipped(again: Callable[[], bytes], data: bytes) -> _Pool | None:
    files = zipfile.ZipFile(io.BytesIO(data)).namelist()
    names = {n for n in files if n.startswith("samples/") and n.endswith(".json")}
    if not names:
        return None

    def read(name: str) -> Mapping[str, str]:
        return _sample(json.loads(member(again(), name, most=LARGEST)), name)

    return _Pool(names=sorted(names), read=read)


def _lines(data: bytes) -> list[dict[str, Any]] | None:
    """JSON Lines of objects, each with something asked and something said; None otherwise."""
    rows = []
    for line in data.splitlines():
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError:
            return None
        if not isinstance(row, dict) or not _said(row, OUTPUTS):
            return None
        rows.append(row)
    return rows or None


def _sample(row: Any, name: str) -> dict[str, str]:
    """A sample as texts: what was asked, what was said, and how it was scored."""
    if not isinstance(row, dict):
        raise ValueError("it is no JSON object")
    told = str(row.get("id", "")) or name
    epoch = row.get("epoch")
    scores = row.get("scores")
    notes = [f"{k}: {_score(v)}" for k, v in scores.items()] if isinstance(scores, dict) else []
    return {
        "id": f"{told} (epoch {epoch})" if epoch not in (None, "") else told,
        "prompt": _cut(_asked(row)),
        "output": _cut(_answered(row)),
        "note": "; ".join(notes)[:400],
    }


def _score(value: Any) -> str:
    return str(value.get("value", "")) if isinstance(value, dict) else str(value)


def _asked(row: Mapping[str, Any]) -> str:
    given = row.get("input")
    if isinstance(given, list):
        return "\n\n".join(_messages(given))
    return _said(row, PROMPTS)


def _answered(row: Mapping[str, Any]) -> str:
    output = row.get("output")
    if isinstance(output, dict):
        if output.get("completion"):
            return str(output["completion"])
        choices = output.get("choices")
        listed = choices if isinstance(choices, list) else []
        messages = [c.get("message") for c in listed if isinstance(c, dict)]
        return "\n\n".join(_messages([m for m in messages if m]))
    return _said(row, OUTPUTS)


def _messages(messages: Sequence[Any]) -> Iterator[str]:
    for message in messages:
        if not isinstance(message, dict):
            continue
        content = message.get("content", "")
        if isinstance(content, list):
            parts = [p.get("text", "") for p in content if isinstance(p, dict)]
            content = "\n".join(str(part) for part in parts if part)
        yield f"[{message.get('role', 'message')}] {content}"


def _said(row: Mapping[str, Any], keys: Sequence[str]) -> str:
    return next((str(row[key]) for key in keys if row.get(key) not in (None, "")), "")


def _cut(text: str) -> str:
    more = len(text) - TEXT
    return text if more <= 0 else f"{text[:TEXT]} … [cut: {more:,} more characters]"
