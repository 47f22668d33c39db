"""The one table of status words: each with a shape, a drawing, a colour and a plain phrase.

The terminal, the page, its stylesheet classes and the legend all read this table, so that a
word cannot mean one thing in one place and another elsewhere. No status is told by colour alone.
"""

from __future__ import annotations

from collections.abc import Container, Mapping

from safetycase.argument.model import Defeater, Monitor
from safetycase.assess.records import Assessment, State
from safetycase.report.mark import DISC, LINE, RING, TICK, Mark, Tone, table
from safetycase.report.monitor_marks import MONITOR

__all__ = [
    "CHANNELS",
    "CHECK",
    "DOUBT",
    "FRESHNESS",
    "MONITOR",
    "OUTCOME",
    "POSED",
    "SUPPORT",
    "VERDICT",
    "Mark",
    "Tone",
    "doubt_mark",
    "freshness_mark",
    "status_mark",
    "support_mark",
    "verdict_mark",
]

SUPPORT = table(
    Mark(
        word="supported",
        glyph="●",
        draw=DISC + TICK,
        tone="good",
        phrase="everything it rests on holds",
    ),
    Mark(
        word="supported (residual)",
        glyph="◉",
        draw=f'{RING}<circle cx="8" cy="8" r="2.9" fill="currentColor"/>',
        tone="good",
        phrase="it holds, apart from a doubt that a named person accepted until a date",
    ),
    Mark(
        word="refuted",
        glyph="✕",
        draw='<path d="M3.4 3.4l9.2 9.2M12.6 3.4l-9.2 9.2" fill="none" stroke="currentColor" '
        'stroke-width="2.6"/>',
        tone="bad",
        phrase="what was found speaks against it",
    ),
    Mark(
        word="contested",
        glyph="◆",
        draw='<path d="M8 1.2L14.8 8 8 14.8 1.2 8z" fill="currentColor"/>'
        '<path d="M8 4.6v4M8 10.2v1.7" class="cut" stroke-width="1.8"/>',
        tone="doubt",
        phrase="a doubt against it stands unanswered",
    ),
    Mark(
        word="assumed",
        glyph="◇",
        draw=f'<path d="M8 1.8L14.2 8 8 14.2 1.8 8z" {LINE}/>',
        tone="taken",
        phrase="taken as true without evidence, by a named owner",
    ),
    Mark(
        word="open",
        glyph="○",
        draw=RING,
        tone="open",
        phrase="not enough is known to say that it is true or false",
    ),
)

FRESHNESS = table(
    Mark(
        word="fresh",
        glyph="■",
        draw='<path d="M3.5 3.5h9v9h-9z" fill="currentColor"/>',
        tone="good",
        phrase="measured on exactly what is judged now",
    ),
    Mark(
        word="stale",
        glyph="◧",
        draw=f'<path d="M3.5 3.5h9v9h-9z" {LINE}/><path d="M3.5 3.5H8v9H3.5z" '
        'fill="currentColor"/>',
        tone="doubt",
        phrase="something it was measured on has changed since",
    ),
    Mark(
        word="expired",
        glyph="⧗",
        draw=f'<path d="M4 2.5h8L4 13.5h8z" {LINE}/>',
        tone="doubt",
        phrase="the time for which it counts is over",
    ),
    Mark(
        word="invalidated",
        glyph="⊘",
        draw=f'{RING}<path d="M4 12l8-8" {LINE}/>',
        tone="bad",
        phrase="an event took it back",
    ),
    Mark(
        word="not applicable",
        glyph="–",
        draw=f'<path d="M3 8h10" {LINE}/>',
        tone="doubt",
        phrase="measured on something other than what is deployed",
    ),
    Mark(
        word="insufficient",
        glyph="△",
        draw=f'<path d="M8 2.8L14 13H2z" {LINE}/>',
        tone="doubt",
        phrase="too little was tried, or the instrument did not work",
    ),
    Mark(
        word="tainted",
        glyph="▨",
        draw=f'<path d="M3.5 3.5h9v9h-9z" {LINE}/><path d="M3.5 8L8 3.5M3.5 12.5l9-9M8 '
        f'12.5L12.5 8" {LINE}/>',
        tone="bad",
        phrase="something that went into it is not trusted",
    ),
    Mark(
        word="unknown",
        glyph="?",
        draw=f'<path d="M5.2 5.6C5.2 1.9 11 2 11 5.5 11 8 8 7.8 8 10.4M8 12.3v1.9" {LINE}/>',
        tone="doubt",
        phrase="whether it is current cannot be told",
    ),
    Mark(
        word="never run",
        glyph="□",
        draw=f'<path d="M3.5 3.5h9v9h-9z" {LINE}/>',
        tone="open",
        phrase="no completed run is in the record",
    ),
)

DOUBT = table(
    Mark(
        word="stands",
        glyph="▲",
        draw='<path d="M8 1.6L15 14H1z" fill="currentColor"/>'
        '<path d="M8 6v3.8M8 11.2v1.6" class="cut" stroke-width="1.7"/>',
        tone="bad",
        phrase="a reason to doubt that nothing in the case answers",
    ),
    Mark(
        word="accepted",
        glyph="◭",
        draw=f'<path d="M8 2.4L14.2 13.4H1.8z" {LINE}/><path d="M8 2.4v11H1.8z" '
        'fill="currentColor"/>',
        tone="doubt",
        phrase="it stands, and a named person accepted it until a date",
    ),
    Mark(
        word="answered",
        glyph="▽",
        draw=f'<path d="M8 13.6L14.2 2.6H1.8z" {LINE}/>',
        tone="quiet",
        phrase="what answers it holds, or it has no support, so it does not count",
    ),
)

POSED = table(
    Mark(
        word="ready",
        glyph="▷",
        draw=f'<path d="M4 2.8l9 5.2-9 5.2z" {LINE}/>',
        tone="quiet",
        phrase="stated completely, so that it can be judged",
    ),
    Mark(
        word="not ready",
        glyph="▧",
        draw=f'<path d="M2.5 2.5h11v11h-11z" {LINE} stroke-dasharray="2.4 2"/>',
        tone="bad",
        phrase="a finding in the text must be mended before it can be judged",
    ),
)

OUTCOME = table(
    Mark(
        word="supports",
        glyph="●",
        draw=DISC + TICK,
        tone="good",
        phrase="the whole interval meets the criterion",
    ),
    Mark(
        word="refutes",
        glyph="✕",
        draw=SUPPORT["refuted"].draw,
        tone="bad",
        phrase="no part of the interval meets the criterion",
    ),
    Mark(
        word="inconclusive",
        glyph="○",
        draw=RING,
        tone="open",
        phrase="part of the interval meets the criterion and part does not",
    ),
)

CHECK = table(
    Mark(
        word="passed",
        glyph="●",
        draw=DISC + TICK,
        tone="good",
        phrase="the instrument did what it must do on a known case",
    ),
    Mark(
        word="failed",
        glyph="✕",
        draw=SUPPORT["refuted"].draw,
        tone="bad",
        phrase="the instrument did not work, so its result says nothing",
    ),
)

VERDICT = table(
    Mark(
        word="holds",
        glyph="●",
        draw=DISC + TICK,
        tone="good",
        phrase="the root claim is supported and the confidence reaches the target",
    ),
    Mark(
        word="insufficient",
        glyph="◐",
        draw=f'{RING}<path d="M8 2.4a5.6 5.6 0 0 0 0 11.2z" fill="currentColor"/>',
        tone="doubt",
        phrase="supported, but the confidence stays below the target",
    ),
    Mark(
        word="fails",
        glyph="✕",
        draw=SUPPORT["refuted"].draw,
        tone="bad",
        phrase="the root claim is refuted",
    ),
    Mark(
        word="unknown",
        glyph="○",
        draw=RING,
        tone="open",
        phrase="not enough is known, and unknown is not safe",
    ),
    Mark(
        word="not posed",
        glyph="▧",
        draw=POSED["not ready"].draw,
        tone="bad",
        phrase="the text has findings that must be mended before it can be judged",
    ),
)

CHANNELS: tuple[tuple[str, str, Mapping[str, Mark]], ...] = (
    ("verdict", "The case as a whole", VERDICT),
    ("support", "Is it supported?", SUPPORT),
    ("doubt", "Does a doubt count?", DOUBT),
    ("freshness", "Is its evidence current?", FRESHNESS),
    ("posed", "Is it stated completely?", POSED),
    ("outcome", "What one measurement says", OUTCOME),
    ("check", "Did the instrument work?", CHECK),
    ("monitor", "What a live monitor reports", MONITOR),
)


def support_mark(state: State | None) -> Mark:
    """The mark of an element's support word; an element without a state is open."""
    if state is None:
        return SUPPORT["open"]
    if state.support == "supported" and state.residual:
        return SUPPORT["supported (residual)"]
    return SUPPORT[state.support]


def doubt_mark(assessment: Assessment, name: str, standing: Container[str] | None = None) -> Mark:
    """Whether a defeater counts: it stands where its target lists it among the attackers.

    `standing` are all that do, for those who ask about many.
    """
    element = assessment.case.elements.get(name)
    if standing is None:
        standing = {n for state in assessment.states.values() for n in state.attackers}
    if name in standing:
        return DOUBT["stands"]
    accepted = isinstance(element, Defeater) and element.accepted is not None
    return DOUBT["accepted" if accepted else "answered"]


def status_mark(assessment: Assessment, name: str, standing: Container[str] | None = None) -> Mark:
    """The word for an element: its support, whether a doubt stands, what a monitor reports."""
    watched = assessment.monitors.get(name)
    if watched is not None and isinstance(assessment.case.elements.get(name), Monitor):
        return MONITOR[watched.state]
    state = assessment.states.get(name)
    is_doubt = isinstance(assessment.case.elements.get(name), Defeater) or (
        state is not None and state.kind == "defeater"
    )
    return doubt_mark(assessment, name, standing) if is_doubt else support_mark(state)


def freshness_mark(state: State | None) -> Mark:
    """The mark of an element's freshness; without a state it is unknown."""
    return FRESHNESS[state.freshness.word if state else "unknown"]


def verdict_mark(assessment: Assessment) -> Mark:
    """The mark of the verdict on the whole case."""
    return VERDICT[assessment.verdict]
