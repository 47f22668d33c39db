"""What changed, what happened and what is owed, told for a regulator."""

from __future__ import annotations

from collections.abc import Iterator

from safetycase.assess.monitored import Alarm
from safetycase.ledger.vocabulary import EVENTS
from safetycase.report.clean import moment
from safetycase.report.duties_text import when_text
from safetycase.report.regulatory.document import Ref, Sentence
from safetycase.report.regulatory.material import Material, Parts, ended

__all__ = ["events", "owed", "since", "state_of_record"]


def since(m: Material) -> Parts:
    """What changed since an earlier report: elements of the case, and the record."""
    parts = Parts()
    earlier = m.earlier
    if earlier is None:
        parts.gap(
            "No earlier report was given to compare with.",
            "`--since EARLIER.json`, the JSON of the last report",
        )
        return parts
    was = Ref(kind="earlier report", name=earlier.at)
    now, then = m.elements, earlier.elements
    for name in now:
        if name not in then:
            parts.sentences.append(m.said(f"Added: {name}.", m.element(name), was))
        elif then[name] != now[name]:
            parts.sentences.append(m.said(f"Changed: {name}.", m.element(name), was))
    parts.sentences += [m.said(f"Removed: {name}.", was) for name in then if name not in now]
    parts.sentences.append(_grown(m, was))
    return parts


def _grown(m: Material, was: Ref) -> Sentence:
    earlier = m.earlier
    assert earlier is not None
    length = m.assessment.record_length
    more = [m.record(seq) for seq in range(earlier.records + 1, length + 1)][:200]
    if earlier.continues is False:
        text = (
            f"The record does not continue the one of the earlier report: record "
            f"{earlier.records} was {earlier.head[:16]} there and is not here."
        )
    elif length == earlier.records:
        text = "Nothing was recorded since the earlier report."
    else:
        text = f"{length - earlier.records} records were added since the earlier report."
    return m.said(text, was, *more)


def events(m: Material) -> Parts:
    """What happened that bears on evidence, incidents among it."""
    parts = Parts()
    for e in m.history.events:
        kind = e.body.get("incident")
        told = f" ({kind})" if kind else ""
        parts.sentences.append(
            m.said(
                f"{moment(e.at)}: {e.event}{told}: {ended(e.says)} Meaning of the word: "
                f"{ended(EVENTS[e.event])}",
                m.record(e.seq),
            )
        )
    for watched in m.assessment.monitors.values():
        for alarm in watched.alarms:
            parts.sentences += _alarm(m, watched.id, alarm)
    if not parts.sentences:
        parts.gap(
            "No event that bears on the evidence is recorded, which does not say that none "
            "happened.",
            "`safetycase record event`",
        )
    return parts


def _alarm(m: Material, monitor: str, alarm: Alarm) -> Iterator[Sentence]:
    """An alarm of a live monitor, and what reviewers said of it."""
    known = (m.element(monitor),) if monitor in m.assessment.case.elements else ()
    record = m.record(alarm.report.record)
    yield m.said(
        f"{moment(alarm.report.at)}: the monitor {monitor} alarmed ({alarm.standing}): "
        f"{ended(alarm.report.says)}",
        record,
        *known,
    )
    for each in alarm.resolutions:
        not_counted = "" if each.counts else ", which does not count"
        yield m.said(
            f"{each.by} said of it: {each.outcome}{not_counted}; {ended(each.reason)}",
            m.record(each.record),
            record,
            *known,
        )


def owed(m: Material) -> Parts:
    """Reports that fall due, by what was recorded."""
    parts = Parts()
    for each in m.deadlines:
        about = [m.record(each.about)] + ([m.record(each.done)] if each.done else [])
        parts.sentences.append(
            m.said(
                f"{when_text(each, m.assessment.at)}: {each.duty} ({each.clause}; {each.says}).",
                *about,
            )
        )
    if not parts.sentences:
        parts.gap(
            "No recorded event starts a clock.",
            "`safetycase record event serious-incident --incident KIND --known-at TIME`",
        )
    return parts


def state_of_record(m: Material) -> Parts:
    """How long the record is, and what is wrong with it."""
    parts = Parts()
    length = m.assessment.record_length
    if length:
        head = (m.assessment.record_head or "")[:16]
        parts.sentences.append(
            m.said(
                f"This was made from a record of {length} entries whose last is {head}…; "
                "`safetycase verify` checks it, and what it shows of order and keys.",
                m.record(length),
            )
        )
    else:
        parts.gap("The case has no record yet, so nothing was run.", "`safetycase run`")
    damage = Ref(kind="finding", name="of the record")
    parts.sentences += [m.said(f"The record is damaged: {ended(s)}", damage) for s in m.problems]
    return parts
