"""The review of a case in lines for the terminal: what stands first, dissent always.

What is told here is read off `Assessment.review`; nothing is decided.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from safetycase.assess.objecting import ways_on
from safetycase.assess.records import Assessment
from safetycase.assess.reviewed import Challenged, Dissented, Overridden, Review, SignedOff
from safetycase.report.clean import one_line, shorten, wrap

__all__ = ["NOBODY", "beside_the_verdict", "counts_told", "review_lines", "review_told"]

NOBODY = (
    "Nobody challenged this case: 0 challenges were raised. What nobody doubted is unread, not "
    "strong."
)
_MOST = 8
_SEVERITY = {"critical": 0, "major": 1, "minor": 2}


def counts_told(review: Review) -> str:
    """`4 challenges raised, 1 by an author: 1 open, 2 answered, 0 conceded, 1 withdrawn`."""
    total, own = len(review.challenges), sum(c.own for c in review.challenges)
    noun = "challenge" if total == 1 else "challenges"
    words = ("open", "answered", "conceded", "withdrawn")
    strangers = sum(not c.own and not c.vouched for c in review.challenges)
    by = f", {own} by an author" if own else ""
    by += f", {strangers} with a key that no author let in" if strangers else ""
    return f"{total} {noun} raised{by}: " + ", ".join(
        f"{review.count(word)} {word}"  # type: ignore[arg-type]
        for word in words
    )


def review_told(review: Review) -> str:
    """One sentence on how much of a review there was; none at all is said too."""
    if not review.challenges and not review.sign_offs:
        return "Review: nobody challenged this case, and nobody signed it off."
    raised = counts_told(review) if review.challenges else "nobody challenged this case"
    total, counting = len(review.sign_offs), sum(s.counts for s in review.sign_offs)
    noun = "sign-off" if total == 1 else "sign-offs"
    signed = f"{counting} of {total} {noun} count now" if total else "nobody signed it off"
    rejections = len(_rejections(review))
    if rejections:
        signed += f", of which {'1 rejects' if rejections == 1 else f'{rejections} reject'}"
    against = f"; dissents: {len(review.dissents)}" if review.dissents else ""
    return f"Review: {raised}; {signed}{against}."


def beside_the_verdict(assessment: Assessment, width: int) -> Iterator[str]:
    """What stands against the conclusion in review, for the lines below the verdict."""
    review = assessment.review
    standing = _by_weight(review.standing)
    lines = [
        f"{_shape(c)} Challenge {one_line(c.id)} ({c.severity}, {c.standing}) of {one_line(c.by)} "
        f"against {one_line(c.against, limit=80)}: {one_line(c.says, limit=400)}"
        for c in standing
    ]
    lines += [
        f"✕ {one_line(s.by)} rejects {one_line(s.element, limit=120)} (record {s.record}, "
        f"{s.at[:10]}): {one_line(s.says, limit=400)}"
        for s in _rejections(review)
    ]
    lines += [_dissent(d) for d in review.dissents]
    for line in lines[:_MOST]:
        yield from wrap(line, width, first="  ", rest="    ")
    if len(lines) > _MOST:
        yield shorten(f"  and {len(lines) - _MOST} more: safetycase review", width)


def _rejections(review: Review) -> list[SignedOff]:
    """What somebody rejects as it is now, unless the same name signed it otherwise since."""
    last = {(s.element, s.by): s for s in review.sign_offs if s.counts}
    return [signed for signed in last.values() if signed.verdict == "reject"]


def review_lines(
    assessment: Assessment, *, width: int = 100, since: Mapping[int, Sequence[str]] | None = None
) -> list[str]:
    """Everything that was said in review, as lines no wider than `width`.

    `since` says of a sign-off, by its record, what changed since it was signed, in sentences.
    """
    review = assessment.review
    lines: list[str] = []
    told = NOBODY if not review.challenges else f"{counts_told(review)}."
    lines += wrap(told, width)
    for challenge in _by_weight(review.challenges):
        lines += _challenge(challenge, width)
    lines += ["", *wrap(_signed_told(review), width)]
    for signed in review.sign_offs:
        lines += _signed(signed, (since or {}).get(signed.record, ()), width)
    if review.dissents:
        lines += ["", *wrap(f"Dissent ({len(review.dissents)}), which nothing ends:", width)]
        for dissent in review.dissents:
            lines += wrap(_dissent(dissent), width, first="  ", rest="    ")
    if review.overrides:
        lines += ["", *wrap(f"Overrides of the release policy ({len(review.overrides)}):", width)]
        for override in review.overrides:
            lines += _override(override, width)
    return lines


def _by_weight(challenges: Sequence[Challenged]) -> list[Challenged]:
    """Standing ones first, the gravest of them first, then in the order of the record."""
    return sorted(challenges, key=lambda c: (not c.stands, _SEVERITY.get(c.severity, 0), c.record))


def _shape(challenge: Challenged) -> str:
    return "▲" if challenge.contests else "△" if challenge.stands else "✓"


def _challenge(challenge: Challenged, width: int) -> Iterator[str]:
    gone = " (no longer in the case)" if challenge.element is None else ""
    yield from wrap(
        f"{_shape(challenge)} {one_line(challenge.id)} {challenge.severity} · "
        f"{challenge.standing} · against {one_line(challenge.against, limit=120)}{gone}: "
        f"{one_line(challenge.says)}",
        width,
        first="  ",
        rest="    ",
    )
    yield from _under(
        f"raised by {one_line(challenge.by)} on {challenge.at[:10]} (record {challenge.record})",
        width,
    )
    for response in challenge.responses:
        yield from _under(
            f"{one_line(response.by)} responded on {response.at[:10]} (record "
            f"{response.record}): {one_line(response.says)}",
            width,
        )
    for ruling in challenge.rulings:
        yield from _under(
            f"{one_line(ruling.by)} ruled it {ruling.outcome} on {ruling.at[:10]} (record "
            f"{ruling.record}): {one_line(ruling.reason)}",
            width,
        )
        if not ruling.counts:
            yield from _under(f"that does not count: {one_line(ruling.because)}", width)
    if challenge.contests:
        targets = ", ".join(one_line(t, limit=80) for t in challenge.targets[:_MOST])
        yield from _under(f"it contests {targets}", width)
    for way in ways_on(challenge):
        yield from _under(f"→ {one_line(way)}", width)


def _signed_told(review: Review) -> str:
    if not review.sign_offs:
        return "Nobody signed off any part of this case."
    total, counting = len(review.sign_offs), sum(s.counts for s in review.sign_offs)
    noun = "sign-off" if total == 1 else "sign-offs"
    return f"{total} {noun}, of which {counting} count now:"


def _signed(signed: SignedOff, since: Sequence[str], width: int) -> Iterator[str]:
    shape = "✓" if signed.counts else "○"
    if signed.verdict == "reject":
        shape = "✕"
    earlier = "" if signed.current else " · signed an earlier version"
    yield from wrap(
        f"{shape} {one_line(signed.element, limit=120)} {signed.verdict}{earlier} · "
        f"{one_line(signed.by)} on {signed.at[:10]} (record {signed.record}): "
        f"{one_line(signed.says)}",
        width,
        first="  ",
        rest="    ",
    )
    for condition in signed.conditions:
        yield from _under(f"on condition: {one_line(condition)}", width)
    hours = "" if signed.hours is None else f"; {signed.hours} hours"
    yield from _under(
        f"competence: {one_line(signed.competence)}; independence: "
        f"{one_line(signed.independence)}{hours}",
        width,
    )
    if not signed.counts:
        yield from _under(f"it does not count: {one_line(signed.because)}", width)
    for change in since:
        yield from _under(f"since: {one_line(change)}", width)


def _dissent(dissent: Dissented) -> str:
    earlier = "" if dissent.current else ", from an earlier version"
    return (
        f"⚑ {one_line(dissent.by)} dissents from {one_line(dissent.element, limit=120)} (record "
        f"{dissent.record}, {dissent.at[:10]}{earlier}): {one_line(dissent.says)}"
    )


def _override(override: Overridden, width: int) -> Iterator[str]:
    state = "of an earlier version"
    if override.in_force:
        state = "in force"
    elif override.current:
        state = "without force" if override.because else "over"
    yield from wrap(
        f"⚠ {one_line(override.element, limit=120)} · {state} · until {override.expires[:10]} · "
        f"clauses {', '.join(one_line(c, limit=80) for c in override.clauses)} · "
        f"{one_line(override.by)}, {one_line(override.authority)} (record {override.record}, "
        f"{override.at[:10]}): {one_line(override.reason)}",
        width,
        first="  ",
        rest="    ",
    )
    if override.because:
        yield from _under(f"it has no force: {one_line(override.because)}", width)


def _under(text: str, width: int) -> list[str]:
    return wrap(text, width, first="      ", rest="        ")
