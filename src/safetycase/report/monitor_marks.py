"""The words for what a live monitor reports, each with a shape, a drawing and a phrase."""

from __future__ import annotations

from typing import Final

from safetycase.report.mark import LINE, RING, Mark, table

__all__ = ["MONITOR"]

MONITOR: Final = table(
    Mark(
        word="alarm",
        glyph="⚑",
        draw='<path d="M4 1.5v13" fill="none" stroke="currentColor" stroke-width="1.8"/>'
        '<path d="M4.6 2.2h9l-2.8 3.4 2.8 3.4h-9z" fill="currentColor"/>',
        tone="bad",
        phrase="its null hypothesis was rejected, and no reviewer has resolved that",
    ),
    Mark(
        word="wrong clock",
        glyph="⧖",
        draw=f'{RING}<path d="M8 4.6V8l3.4 3.4" {LINE}/>',
        tone="doubt",
        phrase="it reports of a time still to come, so nothing is known from it",
    ),
    Mark(
        word="not fit",
        glyph="⊠",
        draw=f'<path d="M3 3h10v10H3zM3 3l10 10M13 3L3 13" {LINE}/>',
        tone="bad",
        phrase="a finding stands against its definition",
    ),
    Mark(
        word="never reported",
        glyph="◌",
        draw='<circle cx="8" cy="8" r="5.6" fill="none" stroke="currentColor" stroke-width="1.8" '
        'stroke-dasharray="2.2 2.2"/>',
        tone="open",
        phrase="the record holds no signal of it; silence is not safety",
    ),
    Mark(
        word="other definition",
        glyph="≠",
        draw=f'<path d="M3 6h10M3 10h10M11 3L5 13" {LINE}/>',
        tone="doubt",
        phrase="what it reported was measured by another definition than it has now",
    ),
    Mark(
        word="silent",
        glyph="⊝",
        draw=f'{RING}<path d="M5 8h6" {LINE}/>',
        tone="doubt",
        phrase="it has said nothing for longer than it may",
    ),
    Mark(
        word="lossy",
        glyph="⊟",
        draw=f'<path d="M2.8 2.8h10.4v10.4H2.8z" stroke-dasharray="3 2" {LINE}/>'
        f'<path d="M5 8h6" {LINE}/>',
        tone="doubt",
        phrase="more events were lost than it allows",
    ),
    Mark(
        word="blind",
        glyph="⊗",
        draw=f'<path d="M1.8 8C5 3.6 11 3.6 14.2 8 11 12.4 5 12.4 1.8 8zM3 13.4L13 2.6" {LINE}/>',
        tone="bad",
        phrase="it no longer catches its canaries",
    ),
    Mark(
        word="doubted",
        glyph="⁇",
        draw=f'{RING}<path d="M6.2 6.6C6.2 4.4 9.8 4.4 9.8 6.6 9.8 8 8 8 8 9.4M8 10.6v1" {LINE}/>',
        tone="doubt",
        phrase="another monitor that watches it alarms, or is not known to be quiet",
    ),
    Mark(
        word="warning",
        glyph="⚐",
        draw=f'<path d="M4 1.5v13M4 2.4h9l-2.8 3.3L13 9H4" {LINE}/>',
        tone="doubt",
        phrase="an early warning, which changes no status",
    ),
    Mark(
        word="quiet",
        glyph="◎",
        draw=f'{RING}<circle cx="8" cy="8" r="2.2" fill="currentColor"/>',
        tone="good",
        phrase="it reports, it sees, and nothing it watches for was shown",
    ),
    Mark(
        word="not in the case",
        glyph="∅",
        draw=f'{RING}<path d="M3.4 12.6l9.2-9.2" {LINE}/>',
        tone="quiet",
        phrase="the case no longer has it; what it reported counts for nothing",
    ),
)
