"""The confidence of a claim in plain lines: the verdict, and everything the number is made of.

Written for someone who has to decide and did not build the system: the number never stands
alone, each word is explained once, the doubts add up on paper, and every part says what could be
done about it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from safetycase.assess.breakdown import (
    DEPENDENCE,
    EVIDENCE,
    OPEN_DOUBTS,
    Breakdown,
    Line,
    Link,
    Part,
    Scenario,
    Step,
    Way,
)
from safetycase.report.clean import columns, one_line, wrap
from safetycase.report.doubt_sum import doubt_sum
from safetycase.report.probability import apportion, fixed, lower, nearest, places_of, range_text
from safetycase.report.probability import upper as upper_text

__all__ = [
    "ADVICE",
    "KINDS",
    "WORDS",
    "asked",
    "breakdown_lines",
    "gap_rows",
    "headline",
    "inside",
    "link_words",
    "step_words",
    "story_words",
    "way_cells",
    "words_used",
]

SHOWN = 8
"""Entries of a list that are shown one by one."""
ID, SAYS = 80, 300
LEAST_WIDTH = 32

ADVICE = {
    EVIDENCE: "test more: more runs or a sharper method on the leaves narrow their intervals",
    DEPENDENCE: "argue diversity: show why the parts do not fail together, and declare it",
    OPEN_DOUBTS: "resolve doubts: answer them with evidence, or have them accepted by name",
}

KINDS = {
    "leaf": "evidence",
    "assumption": "assumption",
    "warrant": "step",
    "doubt": "doubt",
    "declaration": "declared dependence",
}
"""What each kind of ledger line is called to a reader."""

WORDS = {
    "Bel": "the argument goes through with at least this probability, in whatever way its parts "
    "depend on each other.",
    "Pl": "what speaks against the claim leaves at most this much for it. Between Bel and Pl "
    "nothing is known either way.",
    "reference model": "one value, if the parts depend on each other as the case declares. It "
    "leans on these declarations and never stands alone.",
    "conflict": "the probability that an argument for the claim and one against it both hold up.",
    "assumption": "taken as true without evidence, by a named owner; the number is worth no more "
    "than it.",
    "open doubt": "an objection that nothing in the case answers yet.",
}
CAVEAT = (
    "All of these are about the argument as it is written. None of them is the probability that "
    "the system is safe."
)


def breakdown_lines(b: Breakdown, width: int = 100) -> list[str]:
    """The number of `b.claim` and what it is made of, in lines of at most `width` columns."""
    width = max(width, LEAST_WIDTH)
    name = one_line(b.claim, limit=ID)
    if b.no_number_because:
        lines = wrap(f"{name} has no confidence number, because:", width)
        for reason in b.no_number_because[:SHOWN]:
            lines += wrap(reason, width, first="  · ")
        return [*lines, *_more(len(b.no_number_because) - SHOWN, width)]
    lines = wrap(f"Confidence that the argument for {name} goes through:", width)
    if b.says:
        lines += wrap(f"“{one_line(b.says)}”", width, first="  ")
    lines += [*wrap(headline(b), width, first="  "), *_asked(b, width), ""]
    for word, meaning in words_used(b).items():
        lines += wrap(f"{word}: {meaning}", width, first="  ", rest="    ")
    lines += wrap(CAVEAT, width, first="  ")
    parts = (_ledger, _gap, _ways, _links, _story, _flips, _steps, _ending)
    for part in parts:
        found = list(part(b, width))
        lines += ["", *found] if found else []
    return lines


def headline(b: Breakdown) -> str:
    """The verdict line: the interval first, everything it leans on behind it."""
    words = [f"Bel {lower(b.bel)} – Pl {upper_text(b.pl)}"]
    if inside(b):
        words.append(f"reference model {_reference(b)}")
    words.append(f"conflict {range_text(b.conflict_low, b.conflict_high)}")
    words.append(f"conditional on {_count(b.assumptions, 'assumption')}")
    words.append(_count(b.open_defeaters, "open doubt"))
    return "; ".join(words) + "."


def asked(b: Breakdown) -> str:
    """Whether Bel reaches what the decision asks for, and by how much it does not."""
    if b.target is None:
        return ""
    if b.bel >= b.target:
        return f"The decision asks for {b.target:g}: Bel reaches it."
    return (
        f"The decision asks for {b.target:g}: Bel falls short of it by "
        f"{upper_text(b.target - b.bel)}."
    )


def inside(b: Breakdown) -> bool:
    """Whether there is a reference value that may be shown: one within Bel and Pl."""
    low, high = b.reference_low, b.reference_high
    if b.reference is None:
        return False
    bottom = b.reference if low is None else low
    top = b.reference if high is None else high
    return top >= b.bel - 1e-9 and bottom <= b.pl + 1e-9


def words_used(b: Breakdown) -> dict[str, str]:
    """The words of the verdict line with their meaning, for a reader who meets them first."""
    left_out = {
        "reference model": not inside(b),
        "assumption": not b.assumptions,
        "open doubt": not b.open_defeaters,
    }
    return {word: meaning for word, meaning in WORDS.items() if not left_out.get(word)}


def gap_rows(b: Breakdown) -> list[tuple[Part, str, str]]:
    """(part, amount as printed, what to do), the largest first; the amounts add up to Pl − Bel."""
    gap = b.gap
    parts = sorted((p for p in b.gap_split if p.amount), key=lambda p: -p.amount)
    places = max(places_of(gap), 3)
    left = gap - sum(p.amount for p in parts)
    if parts and abs(left) >= 0.5 * 10.0**-places:
        parts.append(Part(name="several of these at once", amount=min(max(left, -1.0), 1.0)))
    units = apportion([p.amount for p in parts], round(gap * 10**places), places)
    return [
        (p, nearest(p.amount) if n == 0 else fixed(n, places), ADVICE.get(p.name, ""))
        for p, n in zip(parts, units, strict=True)
    ]


def link_words(link: Link) -> str:
    """What less doubt about one element would give."""
    price = nearest(link.price)
    if link.price_high - link.price_low > 1e-6:
        price += f" ({range_text(link.price_low, link.price_high)})"
    words = f"price {price}, doubt {nearest(link.doubt)}"
    gain = lower(min(link.price * link.doubt, 1.0))
    return words if gain == "0" else f"{words}; were it gone, Bel would rise by at least {gain}"


def story_words(scenario: Scenario) -> str:
    """One part of the worst story as a sentence."""
    fails = _names(scenario.fails) or "nothing"
    verb = "fails" if len(scenario.fails) < 2 else "fail together"
    holds = f", while {_names(scenario.holds)} {_holds(scenario)}" if scenario.holds else ""
    return f"{fails} {verb}{holds}"


def way_cells(way: Way) -> tuple[str, str, str]:
    """At least, at most and the single value of one reading, `–` where there is none."""
    return (
        lower(way.low),
        "–" if way.high is None else upper_text(way.high),
        "–" if way.point is None else nearest(way.point),
    )


def _asked(b: Breakdown, width: int) -> Iterator[str]:
    if b.target is not None:
        yield from wrap(asked(b), width, first="  ")
    if b.reference is not None and not inside(b):
        yield from wrap(
            "The reference model gives a value outside this range, so one of its declarations "
            "or its computation is wrong; it is not shown.",
            width,
            first="  ",
        )


def _reference(b: Breakdown) -> str:
    assert b.reference is not None
    shown = nearest(min(max(b.reference, b.bel), b.pl))
    if b.reference_low is None or b.reference_high is None:
        return shown
    return f"{shown} (simulated: {range_text(b.reference_low, b.reference_high)})"


def _ledger(b: Breakdown, width: int) -> Iterator[str]:
    whole = doubt_sum(b)
    if not whole.entries:
        yield "Nothing is doubted: 1 − Bel is 0."
        return
    yield from wrap("What is doubted; the lines add up to 1 − Bel:", width)
    room = max(columns(text) for text in (*(e.text for e in whole.entries), whole.total))
    for entry in whole.entries:
        says = entry.says if entry.line is None else _line_words(entry.line)
        yield from wrap(says, width, first=f"  {entry.text:>{room}}  ")
    yield f"  {'─' * room}"
    yield from wrap(
        f"in all, so Bel is 1 − {whole.total} = {whole.bel}",
        width,
        first=f"  {whole.total:>{room}}  ",
    )


def _line_words(line: Line) -> str:
    where = ", ".join(
        filter(None, (f"run {one_line(line.run, limit=ID)}" if line.run else "", line.place))
    )
    words = f"{KINDS[line.what]} {one_line(line.id, limit=ID)}"
    words += f": {one_line(line.says, limit=SAYS)}" if line.says else ""
    words += f" ({one_line(where, limit=SAYS)})" if where else ""
    return f"{words} · {one_line(line.note, limit=SAYS)}" if line.note else words


def _gap(b: Breakdown, width: int) -> Iterator[str]:
    rows = gap_rows(b)
    if not rows:
        return
    places = max(places_of(b.gap), 3)
    gap = fixed(round(b.gap * 10**places), places)
    yield from wrap(f"Between Bel and Pl lies {gap} that nobody knows, from:", width)
    room = max(columns(amount) for _part, amount, _advice in rows)
    for part, amount, advice in rows:
        words = one_line(part.name, limit=ID)
        words += f": {one_line(part.says, limit=SAYS)}" if part.says else ""
        words += f" → {advice}" if advice else ""
        yield from wrap(words, width, first=f"  {amount:>{room}}  ")


def _ways(b: Breakdown, width: int) -> Iterator[str]:
    """The same numbers under three readings of how the parts depend on each other."""
    if not b.ways:
        return
    yield from wrap("The same case under three readings of how its parts depend:", width)
    heads = ("at least", "at most", "one value")
    rows = [(way, way_cells(way)) for way in b.ways]
    rooms = [max(columns(c) for c in (h, *(r[1][i] for r in rows))) for i, h in enumerate(heads)]
    name = max(columns(way.name) for way in b.ways)
    narrow = 4 + name + sum(rooms) + 6 > width
    if not narrow:
        yield f"  {'':{name}}  {_row(heads, rooms)}".rstrip()
    for way, cells in rows:
        if narrow:
            told = ", ".join(f"{h} {c}" for h, c in zip(heads, cells, strict=True) if c != "–")
            yield from wrap(f"{way.name}: {told}", width, first="  ", rest="    ")
        else:
            yield f"  {way.name:{name}}  {_row(cells, rooms)}".rstrip()
        about = one_line(way.says, limit=SAYS)
        uses = f"leans on {_names(way.uses)}" if way.uses else ""
        if about or uses:
            yield from wrap("; ".join(filter(None, (about, uses))), width, first="    ")


def _row(cells: Sequence[str], rooms: Sequence[int]) -> str:
    return "  ".join(f"{cell:>{room}}" for cell, room in zip(cells, rooms, strict=True))


def _links(b: Breakdown, width: int) -> Iterator[str]:
    found = sorted((x for x in b.links if x.price > 0), key=lambda x: -x.price * x.doubt)
    if not found:
        return
    yield from wrap("Weakest links (price: what one unit less of doubt adds to Bel):", width)
    for number, link in enumerate(found[:SHOWN], start=1):
        says = f" — {one_line(link.says, limit=SAYS)}" if link.says else ""
        words = f"{one_line(link.id, limit=ID)}: {link_words(link)}{says}"
        yield from wrap(words, width, first=f"  {number}. ")
    yield from _more(len(found) - SHOWN, width)


def _story(b: Breakdown, width: int) -> Iterator[str]:
    found = sorted((s for s in b.story if s.mass > 0), key=lambda s: -s.mass)
    if not found:
        return
    yield from wrap("The worst story that fits every stated number:", width)
    for scenario in found[:SHOWN]:
        words = f"with probability {nearest(scenario.mass)}, {story_words(scenario)}"
        yield from wrap(words, width, first="  · ")
    yield from _more(len(found) - SHOWN, width)


def _flips(b: Breakdown, width: int) -> Iterator[str]:
    if not b.flips:
        return
    yield from wrap("What would change the answer (the smallest sets):", width)
    for flip in b.flips[:SHOWN]:
        says = f": {one_line(flip.says, limit=SAYS)}" if flip.says else ""
        yield from wrap(f"{_names(flip.ids)}{says}", width, first="  · ")
    yield from _more(len(b.flips) - SHOWN, width)


def _steps(b: Breakdown, width: int) -> Iterator[str]:
    found = sorted(b.steps, key=lambda s: -s.lambda_crit)
    if not found:
        return
    yield from wrap(
        "How brittle the steps are (λ: how many times an error in every premise counts at the "
        "conclusion, at worst):",
        width,
    )
    for step in found[:SHOWN]:
        yield from wrap(step_words(step), width, first="  · ")
    yield from _more(len(found) - SHOWN, width)


def step_words(step: Step) -> str:
    """The fragility of one step."""
    words = f"{one_line(step.id, limit=ID)} over {_count(step.premises, 'premise')}: "
    words += f"λ {step.lambda_crit:.4g}"
    return words if step.modulus is None else f"{words}, modulus {step.modulus:.4g}"


def _ending(b: Breakdown, width: int) -> Iterator[str]:
    if b.layer:
        yield from wrap(f"How the bound was found: {one_line(b.layer, limit=SAYS)}.", width)
    if b.certificate is not None:
        yield from wrap("It comes with a certificate that is checked without the solver.", width)
    for note in b.notes[:SHOWN]:
        yield from wrap(one_line(note, limit=SAYS), width, first="  · ")
    yield from _more(len(b.notes) - SHOWN, width)


def _names(ids: Sequence[str]) -> str:
    shown = ", ".join(one_line(name, limit=ID) for name in ids[:SHOWN])
    return shown if len(ids) <= SHOWN else f"{shown} and {len(ids) - SHOWN:,} more"


def _holds(scenario: Scenario) -> str:
    return "holds" if len(scenario.holds) == 1 else "hold"


def _more(count: int, width: int) -> list[str]:
    return wrap(f"and {count:,} more", width, first="  · ") if count > 0 else []


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
