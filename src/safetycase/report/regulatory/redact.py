"""Leaving something out of a report, so that everybody sees that it was left out, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from safetycase.report.regulatory.document import Document, Gap, Ref, Sample, Section, Sentence
from safetycase.report.regulatory.writing import digest_of

__all__ = ["named", "withhold"]


def named(document: Document) -> frozenset[str]:
    """Everything that a sentence or sample of the report comes from, as a redaction names it."""
    return frozenset(
        ref.key
        for section in document.sections
        for sources in (
            *(sentence.sources for sentence in section.sentences),
            *(sample.sources for sample in section.samples),
        )
        for ref in sources
    )


def withhold(document: Document, reasons: Mapping[str, str]) -> Document:
    """The report without what comes from the elements and records in `reasons`.

    Each sentence and sample that has one of them among its sources is replaced by one that says
    that something was withheld and why. Sources, digests and gaps stay. The result names the
    SHA-256 of the report as it was.
    """
    if not reasons:
        return document
    sections = tuple(_section(section, reasons) for section in document.sections)
    return replace(
        document,
        title=document.form if "header title" in reasons else document.title,
        sections=sections,
        withheld=dict(sorted(reasons.items())),
        original=digest_of(document),
    )


def _section(section: Section, reasons: Mapping[str, str]) -> Section:
    hidden = section.about
    return replace(
        section,
        title=f"Withheld ({reasons[hidden]})" if hidden in reasons else section.title,
        sentences=tuple(_sentence(s, reasons) for s in section.sentences),
        samples=tuple(_sample(s, reasons) for s in section.samples),
        gaps=tuple(_gap(gap, reasons) for gap in section.gaps),
    )


def _gap(gap: Gap, reasons: Mapping[str, str]) -> Gap:
    hit = next((name for name in gap.about if name in reasons), None)
    if hit is None:
        return gap
    return replace(gap, says=f"A gap of {hit}, withheld ({reasons[hit]}).", fill="withheld")


def _reason(sources: tuple[Ref, ...], reasons: Mapping[str, str]) -> str:
    """Why something with these sources is withheld; empty if it is not."""
    hit = [f"{ref.key}: {reasons[ref.key]}" for ref in sources if ref.key in reasons]
    return "; ".join(dict.fromkeys(hit))


def _sentence(sentence: Sentence, reasons: Mapping[str, str]) -> Sentence:
    why = _reason(sentence.sources, reasons)
    if not why:
        return sentence
    told = f"{sentence.what}, withheld" if sentence.what else "Withheld"
    return replace(sentence, text=f"{told} ({why}).", withheld=True)


def _sample(sample: Sample, reasons: Mapping[str, str]) -> Sample:
    why = _reason(sample.sources, reasons)
    if not why:
        return sample
    told = f"withheld ({why})"
    return replace(sample, given=told, answered=told, note="", id=f"A sample, {told}")
