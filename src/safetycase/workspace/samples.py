"""The samples that a run left behind, read from its artefacts and drawn by lot for a reader.

An Inspect log (ZIP or JSON) and JSON Lines of answers are understood; nothing of them is executed,
and no library of the method is needed. Text of a model is data: whoever shows it escapes it.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from safetycase.assess.records import Assessment, LeafResult
from safetycase.ledger.errors import LedgerError
from safetycase.ledger.fold import AttemptRecord
from safetycase.ledger.objects import ObjectStore
from safetycase.report.lot import Drawn, draw
from safetycase.workspace.folder import Workspace

if TYPE_CHECKING:
    from safetycase.ledger import Record

__all__ = ["drawn_samples"]

LARGEST = 64 * 1024 * 1024
"""Bytes of an artefact, or of one sample in it, that are read for this."""
TEXT = 8_000
PROMPTS = ("prompt", "input", "question", "item")
OUTPUTS = ("output", "answer", "response", "completion", "text", "reasoning")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pool:
    """The samples of one artefact: their names, and how to read one."""

    where: str
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
    problems: list[str] = []
    for role, digest in attempt.artefacts.items():
        try:
            pool = _pool(store, role, digest.removeprefix("sha256:"))
            if pool is None:
                continue
            chosen = draw(pool.names, end.digest)
            samples = tuple(pool.read(name) for name in chosen)
        except (LedgerError, OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
            problems.append(f"{role} cannot be read: {error}")
            continue
        return Drawn(
            seed=end.digest, record=end.seq, where=role, of=len(pool.names), samples=samples
        )
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


def _pool(store: ObjectStore, role: str, digest: str) -> _Pool | None:
    """The samples of an artefact; None if it holds none of a kind that is known."""
    if not store.has(digest):
        raise ValueError("its bytes are not here; `safetycase record artefacts` fetches them")
    if store.path(digest).stat().st_size > LARGEST:
        raise ValueError(f"it has more than {LARGEST // 1024 // 1024} MiB")
    data = store.get(digest)
    if data[:2] == b"PK":
        return _zipped(role, data)
    head = data[:1].strip()
    if head == b"{" and (rows := _lines(data)) is not None:
        return _rows(role, rows)
    if head == b"{" and "log" in role.casefold():
        samples = json.loads(data).get("samples") or ()
        return _rows(role, [s for s in samples if isinstance(s, dict)])
    return None


def _zipped(role: str, data: bytes) -> _Pool | None:
    archive = zipfile.ZipFile(io.BytesIO(data))
    sizes = {info.filename: info.file_size for info in archive.infolist()}
    names = [n for n in sizes if n.startswith("samples/") and n.endswith(".json")]
    if not names:
        return None

    def read(name: str) -> Mapping[str, str]:
        if sizes[name] > LARGEST:
            raise ValueError(f"its sample {name} has more than {LARGEST // 1024 // 1024} MiB")
        return _sample(json.loads(archive.read(name)), name)

    return _Pool(where=role, names=sorted(names), read=read)


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


def _rows(role: str, rows: Sequence[dict[str, Any]]) -> _Pool | None:
    named = {f"{number}": row for number, row in enumerate(rows, 1)}
    if not named:
        return None
    return _Pool(
        where=role,
        names=list(named),
        read=lambda name: _sample(named[name], f"sample {name}"),
    )


def _sample(row: Mapping[str, Any], name: str) -> dict[str, str]:
    """A sample as texts: what was asked, what was said, and how it was scored."""
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
        choices = output.get("choices") or []
        messages = [c.get("message") for c in choices if isinstance(c, dict)]
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
