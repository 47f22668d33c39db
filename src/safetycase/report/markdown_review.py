"""What reviewers said, in Markdown: challenges with their answers, signatures, dissents, overrides.

That nobody challenged a case is said too: it may mean that nobody read it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import get_args

from safetycase.assess.reviewed import Challenged, Review, SignedOff, Standing
from safetycase.report.markdown_text import code, md, when

__all__ = ["review_lines"]


def review_lines(review: Review) -> Iterator[str]:
    """The section on review, dissents and open challenges first."""
    yield "## Review"
    yield ""
    open_first = sorted(review.challenges, key=lambda c: not c.stands)
    if review.challenges:
        raised = len(review.challenges)
        standing = ", ".join(
            f"{review.count(word):,} {word}" for word in get_args(Standing) if review.count(word)
        )
        noun = "challenge was" if raised == 1 else "challenges were"
        yield f"{raised:,} {noun} raised: {standing}."
    else:
        yield "Nobody has challenged any part of this case."
    if not any((review.challenges, review.sign_offs, review.dissents, review.overrides)):
        return
    yield ""
    for dissent in review.dissents:
        earlier = "" if dissent.current else ", of an earlier version"
        yield (
            f"- **Dissent** of {md(dissent.by)} from {code(dissent.element)} "
            f"({when(dissent.at)}, record {dissent.record}{earlier}): {md(dissent.says)}"
        )
    for challenge in open_first:
        yield from _challenge(challenge)
    for signed in review.sign_offs:
        yield from _sign_off(signed)
    for over in review.overrides:
        force = "in force" if over.in_force else "no longer in force"
        force = f"without force ({md(over.because)})" if over.because else force
        clauses = ", ".join(code(clause) for clause in over.clauses)
        yield (
            f"- **Override**, {force}, of {clauses} at {code(over.element)} by {md(over.by)} as "
            f"{md(over.authority)} until {when(over.expires)} (record {over.record}): "
            f"{md(over.reason)}"
        )


def _challenge(c: Challenged) -> Iterator[str]:
    contests = ", and contests it" if c.contests else ""
    changed = "; that part has changed since" if c.changed else ""
    yield (
        f"- **Challenge** {code(c.id)}, {md(c.severity)}, {c.standing}{contests}, against "
        f"{code(c.against)} by {md(c.by)} ({when(c.at)}, record {c.record}{changed}): "
        f"{md(c.says)}"
    )
    for response in c.responses:
        yield f"  - answer of {md(response.by)} (record {response.record}): {md(response.says)}"
    for ruled in c.rulings:
        yield (
            f"  - ruled {md(ruled.outcome)} by {md(ruled.by)} (record {ruled.record}): "
            f"{md(ruled.reason)}"
            + ("" if ruled.counts else f" (does not count: {md(ruled.because)})")
        )


def _sign_off(s: SignedOff) -> Iterator[str]:
    counts = "counts" if s.counts else f"does not count: {md(s.because or 'an earlier version')}"
    hours = f", {md(s.hours)} hours" if s.hours else ""
    yield (
        f"- **Signed** {md(s.verdict)} for {code(s.element)} by {md(s.by)}{hours} "
        f"({when(s.at)}, record {s.record}; {counts}): {md(s.says)}"
    )
    yield from (f"  - on condition: {md(condition)}" for condition in s.conditions)
