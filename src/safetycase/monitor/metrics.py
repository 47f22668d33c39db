"""The counts of a store as a JSON object and as the text that Prometheus reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from safetycase.monitor.store import Counts

__all__ = ["exposition", "report"]

_HELP = {
    "events_total": "Events that were stored.",
    "events_expected_total": "Events that the sources say they sent.",
    "events_lost": "Events that are missing, by the numbers of their sources.",
    "events_repeated_total": "Events whose number had been there under another id.",
    "events_known_total": "Events that had been there under the same id.",
    "events_conflicting_total": "Events that had been there under the same id and said otherwise.",
    "refused_total": "What was refused, by reason.",
    "events_waiting": "Events that wait for the disk.",
    "source_events_total": "Events that were stored, by source.",
    "source_events_lost": "Events that are missing, by source.",
    "source_last_event_seconds": "When the latest event of a source happened, by its clock.",
}
_GAUGES = ("events_lost", "events_waiting", "source_events_lost", "source_last_event_seconds")


def report(counts: Counts, waiting: int) -> dict[str, Any]:
    """The counts as `GET /status` shows them."""
    return {
        "events": counts.events,
        "expected": counts.expected,
        "lost": counts.lost,
        "repeated": counts.repeated,
        "known": counts.known,
        "conflicts": counts.conflicts,
        "waiting": waiting,
        "refused": dict(counts.refused),
        "refused_by_source": [
            {"source": source, "reason": reason, "count": count}
            for (source, reason), count in counts.refused_by_source.items()
        ],
        "sources": {name: asdict(each) for name, each in counts.sources.items()},
        "unnamed_sources": counts.unnamed_sources,
    }


def exposition(counts: Counts, waiting: int) -> str:
    """The text exposition format of Prometheus, 0.0.4."""
    return "".join(_lines(counts, waiting))


def _lines(counts: Counts, waiting: int) -> Iterator[str]:
    sources = counts.sources.items()
    yield from _family("events_total", [({}, counts.events)])
    yield from _family("events_expected_total", [({}, counts.expected)])
    yield from _family("events_lost", [({}, counts.lost)])
    yield from _family("events_repeated_total", [({}, counts.repeated)])
    yield from _family("events_known_total", [({}, counts.known)])
    yield from _family("events_conflicting_total", [({}, counts.conflicts)])
    yield from _family("events_waiting", [({}, waiting)])
    yield from _family("refused_total", [({"reason": k}, v) for k, v in counts.refused.items()])
    by_source = [({"source": name}, each) for name, each in sources]
    yield from _family("source_events_total", [(k, each.received) for k, each in by_source])
    yield from _family("source_events_lost", [(k, each.lost) for k, each in by_source])
    yield from _family("source_last_event_seconds", [(k, each.last) for k, each in by_source])


def _family(name: str, samples: list[tuple[Mapping[str, str], float]]) -> Iterator[str]:
    full = f"safetycase_{name}"
    yield f"# HELP {full} {_HELP[name]}\n"
    yield f"# TYPE {full} {'gauge' if name in _GAUGES else 'counter'}\n"
    for labels, value in samples:
        told = ",".join(f'{key}="{_escaped(text)}"' for key, text in labels.items())
        yield f"{full}{{{told}}} {value!r}\n" if told else f"{full} {value!r}\n"


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")
