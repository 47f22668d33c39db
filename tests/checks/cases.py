"""Cases for the tests of the checks: the examples, and small changes of a clean case."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import safetycase.checks
from safetycase.argument.findings import Finding
from safetycase.argument.load import load
from safetycase.checks.record_facts import (
    EvidenceFacts,
    RecordFacts,
    read_record_facts,
)
from safetycase.checks.review import REVIEW_RULES, review
from safetycase.checks.subject import Subject

EXAMPLES = Path(safetycase.checks.__file__).parent / "examples"
CODES = sorted(REVIEW_RULES)
BASE = (EXAMPLES / "L01" / "quiet" / "case.yaml").read_text("utf-8")
NEEDLE = "            attempts_to_refute: [a second team tried for a week]\n"


def subject(text: str) -> Subject:
    loaded = load(text)
    assert not loaded.findings, loaded.findings
    assert loaded.case is not None
    return Subject(case=loaded.case, leaves={})


def found(text: str, record: RecordFacts | None = None, **kw: Any) -> list[Finding]:
    return list(review(subject(text), record, **kw))


def codes(text: str, record: RecordFacts | None = None, **kw: Any) -> set[str]:
    return {f.code for f in found(text, record, **kw)}


def only(code: str, text: str, record: RecordFacts | None = None, **kw: Any) -> list[Finding]:
    return [f for f in found(text, record, **kw) if f.code == code]


def swap(text: str, *pairs: tuple[str, str]) -> str:
    for old, new in pairs:
        assert text.count(old) == 1, (old, text.count(old))
        text = text.replace(old, new)
    return text


def leaf(kind: str, *lines: str, text: str = BASE) -> str:
    """The base case with a leaf of that type and further declarations."""
    more = NEEDLE + "".join(f"            {line}\n" for line in lines)
    return swap(text, ("type: simulation", f"type: {kind}"), (NEEDLE, more))


def recorded(**evidence: EvidenceFacts) -> RecordFacts:
    return RecordFacts(
        as_of="2026-11-25", evidence={k.replace("_", "-"): v for k, v in evidence.items()}
    )


def example(code: str, kind: str) -> tuple[str, RecordFacts | None]:
    folder = EXAMPLES / code / kind
    record = folder / "record.json"
    return (folder / "case.yaml").read_text("utf-8"), (
        read_record_facts(record.read_text("utf-8")) if record.exists() else None
    )
