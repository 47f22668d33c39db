"""A report to a regulator as Markdown and as JSON. Both say the same, in the same order."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from safetycase.report.clean import one_line
from safetycase.report.regulatory.document import (
    Document,
    Gap,
    Ref,
    Sample,
    Section,
    Sentence,
)

__all__ = ["FORMAT", "digest_of", "to_json", "to_markdown"]

FORMAT: Final = "safetycase/regulatory@1"
MOST_SOURCES = 12
_LIVE = re.compile(r"([\\`*_\[\]<>#|~])")
_START = re.compile(r"^(?:(\d+)([.)])|()([-+=]))")
_CODE = re.compile(r"(?:[\w./=*+(), -]|[<>]=?(?= ))+")


def to_markdown(document: Document) -> str:
    """The report as one Markdown page; text from the case or a model cannot act in it."""
    return "\n".join(_page(document)) + "\n"


def _page(d: Document) -> Iterator[str]:
    head = f", record {d.record['length']} ({_text(str(d.record['head'])[:16])}…)"
    yield f"# {_text(d.title)}"
    yield ""
    yield f"Follows {_text(d.source)}."
    yield ""
    yield f"**{d.notice}**"
    yield ""
    made_of = head if d.record["length"] else ", with no record"
    yield f"Case {_text(d.case)}, as of {d.at}{made_of}; safetycase {_text(d.version)}."
    yield ""
    yield from _summary(d)
    for section in d.sections:
        yield from _section(section)
    if d.withheld:
        yield "## What was withheld"
        yield ""
        yield f"SHA-256 of this report with nothing withheld: `{d.original}`. The original is kept "
        yield "by whoever made this."
        yield ""
        for key, reason in d.withheld.items():
            element = d.elements.get(key)
            kept = f" (SHA-256 of what it says: `{element}`)" if element else ""
            yield f"- {_text(key)}: {_text(reason)}{kept}"
        yield ""


def _summary(d: Document) -> Iterator[str]:
    gaps = d.gaps
    yield f"## Gaps: {len(gaps)}"
    yield ""
    if not gaps:
        yield "Every section says something, which does not say that it says enough."
    for section in d.sections:
        if section.gaps:
            count = len(section.gaps)
            yield f"- {_text(section.title)} ({_text(section.clause)}): {count}"
    yield ""


def _section(section: Section) -> Iterator[str]:
    yield f"## {_text(section.title)}"
    yield ""
    yield f"*{_text(section.clause)}, asked in our words: {_text(section.asks)}*"
    yield ""
    for sentence in section.sentences:
        yield f"- {_text(sentence.text)} {_sources(sentence.sources)}"
    for gap in section.gaps:
        yield f"- **Gap:** {_gap(gap)}"
    yield ""
    for sample in section.samples:
        yield from _sample(sample)


def _gap(gap: Gap) -> str:
    return f"{_text(gap.says)} What would fill it: {_text(gap.fill)}"


def _sample(sample: Sample) -> Iterator[str]:
    yield f"### {_text(sample.id)} {_sources(sample.sources)}"
    yield ""
    for word, text in (("Input", sample.given), ("Output", sample.answered)):
        fence = "`" * max(3, 1 + max(map(len, re.findall("`+", text)), default=0))
        yield f"{word}:"
        yield ""
        yield f"{fence}text"
        yield text
        yield fence
        yield ""
    if sample.note:
        yield _text(sample.note)
        yield ""


def _sources(sources: tuple[Ref, ...]) -> str:
    shown = [f"\\[{_text(ref.short)}\\]" for ref in sources[:MOST_SOURCES]]
    left = len(sources) - len(shown)
    return " ".join([*shown, *([f"and {left} more"] if left else [])])


def _text(text: str) -> str:
    """Text that Markdown reads as text: one line, its signs escaped, no link made of itself.

    Plain words between back quotes stay code.
    """
    parts = one_line(text).split("`")
    if len(parts) % 2 == 0 or not all(_CODE.fullmatch(part) for part in parts[1::2]):
        parts = ["`".join(parts)]
    return _START.sub(
        r"\1\3\\\2\4", "".join(f"`{p}`" if i % 2 else _escaped(p) for i, p in enumerate(parts))
    )


def _escaped(text: str) -> str:
    safe = _LIVE.sub(r"\\\1", text)
    return safe.replace("&", "&amp;").replace("://", "&#58;//").replace("@", "&#64;")


def to_json(document: Document) -> dict[str, Any]:
    """The report as JSON; `digest_of` it names it."""
    d = document
    return {
        "format": FORMAT,
        "form": d.form,
        "title": d.title,
        "source": d.source,
        "notice": d.notice,
        "case": d.case,
        "at": d.at,
        "version": d.version,
        "record": dict(d.record),
        "elements": dict(d.elements),
        "withheld": dict(d.withheld),
        "original": d.original or None,
        "gaps": len(d.gaps),
        "sections": [_section_json(section) for section in d.sections],
    }


def _section_json(section: Section) -> dict[str, Any]:
    return {
        "id": section.id,
        "title": section.title,
        "clause": section.clause,
        "asks": section.asks,
        "sentences": [_sentence_json(s) for s in section.sentences],
        "gaps": [{"says": g.says, "fill": g.fill} for g in section.gaps],
        "samples": [
            {
                "id": s.id,
                "given": s.given,
                "answered": s.answered,
                "note": s.note,
                "sources": [_ref_json(r) for r in s.sources],
            }
            for s in section.samples
        ],
    }


def _sentence_json(sentence: Sentence) -> dict[str, Any]:
    return {
        "text": sentence.text,
        "sources": [_ref_json(r) for r in sentence.sources],
        "withheld": sentence.withheld,
    }


def _ref_json(ref: Ref) -> Mapping[str, str]:
    return {"kind": ref.kind, "name": ref.name, "place": ref.place, "digest": ref.digest}


def digest_of(document: Document) -> str:
    """SHA-256 of the report's JSON with sorted keys and no white space."""
    text = json.dumps(to_json(document), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("ascii")).hexdigest()
