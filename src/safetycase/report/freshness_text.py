"""What is to be said of the freshness of a leaf besides its word: causes, waivers, warnings."""

from __future__ import annotations

from collections.abc import Iterator

from safetycase.assess.records import Assessment, Freshness
from safetycase.report.clean import one_line

__all__ = ["freshness_lines", "freshness_notes"]

MOST = 12


def freshness_lines(freshness: Freshness) -> Iterator[str]:
    """Sentences, the causes first: every field that changed, with what it was and is."""
    for cause in freshness.causes[:MOST]:
        if cause.was and cause.field != "event":  # what happened is told beside the word
            yield f"{one_line(str(cause))}."
    if len(freshness.causes) > MOST:
        yield f"And {len(freshness.causes) - MOST} more fields."
    for also in freshness.also:
        yield f"Apart from that it would be {one_line(also).rstrip('.')}."
    for waived in freshness.waived:
        yield f"It counts as {one_line(str(waived))} (record {waived.record})."
    for warning in freshness.warnings[:MOST]:
        yield f"Warning: {one_line(warning)}."


def freshness_notes(assessment: Assessment) -> Iterator[tuple[str, str]]:
    """(evidence, note) for everything that counts although something is to be said of it."""
    for name, freshness in assessment.freshness.items():
        for waived in freshness.waived:
            yield name, str(waived)
        for warning in freshness.warnings:
            yield name, warning
