"""The doubts that challenges of reviewers raise, and the sentences that tell them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from safetycase.argument.model import Defeater, Element
from safetycase.assess.reviewed import Challenged, Review

__all__ = ["noted", "object_to", "objections", "ways_on"]


def object_to(
    review: Review,
    elements: dict[str, Element],
    attacks: dict[str, list[str]],
    kept: dict[str, tuple[str, ...]],
) -> Mapping[str, Challenged]:
    """Add the doubts of the challenges that contest something; the challenges by their ids.

    Nothing in a file answers, attacks or accepts such a doubt. One about a doubt keeps that doubt
    standing: it says that what answers it does not.
    """
    found: dict[str, Challenged] = {}
    for challenge in review.contesting:
        name = challenge.doubt
        found[name] = challenge
        attacks.pop(name, None)
        against = challenge.element or challenge.targets[0]
        elements[name] = Defeater(id=name, against=against, says=challenge.says, mandatory=True)
        kept[name] = (*kept.get(name, ()), name)
        for target in challenge.targets:
            if isinstance(elements.get(target), Defeater):
                # As an attack it would do away with the doubt that it is to uphold.
                kept[target] = (*kept.get(target, ()), name)
            else:
                attacks.setdefault(target, []).append(name)
    return found


def objections(challenge: Challenged) -> Iterator[str]:
    """Who raised a challenge, what was said to it, what became of it, and how to go on."""
    yield (
        f"{challenge.by} raised challenge {challenge.id} ({challenge.severity}) on "
        f"{challenge.at[:10]} (record {challenge.record}) against {challenge.against}."
    )
    if challenge.element is None:
        yield (
            f"The case no longer has {challenge.against}. Neither a new name nor a deletion "
            "answers a challenge, so it bears on the root until it is ruled on."
        )
    elif challenge.targets and challenge.targets != (challenge.element,):
        yield f"It bears on {', '.join(challenge.targets)}."
    for response in challenge.responses:
        yield (
            f"{response.by} responded on {response.at[:10]} (record {response.record}): "
            f"{response.says.rstrip('.')}."
        )
    if not challenge.responses:
        yield "Nobody has responded to it."
    for ruling in challenge.rulings:
        yield (
            f"{ruling.by} ruled it {ruling.outcome} on {ruling.at[:10]} (record {ruling.record}): "
            f"{ruling.reason.rstrip('.')}."
            + ("" if ruling.counts else f" That does not count: {ruling.because}.")
        )
    if challenge.stands and challenge.changed and challenge.element is not None:
        yield "What it is against changed since it was raised; that alone answers nothing."
    yield from ways_on(challenge)


def noted(name: str, review: Review) -> Iterator[str]:
    """What reviewers said of an element that changes no status.

    Minor challenges, signatures with what they are worth now, and dissent.
    """
    for challenge in review.challenges:
        if challenge.element == name and challenge.stands and not challenge.contests:
            yield (
                f"Challenge {challenge.id} ({challenge.severity}, {challenge.standing}) of "
                f"{challenge.by} stands and changes no status: {challenge.says}"
            )
    for signed in review.sign_offs:
        if signed.element == name:
            worth = "counts" if signed.counts else f"does not count: {signed.because}"
            yield (
                f"{signed.by} signed it as {signed.verdict} on {signed.at[:10]} (record "
                f"{signed.record}), which {worth}."
            )
    for dissent in review.dissents:
        if dissent.element == name:
            earlier = "" if dissent.current else " from an earlier version"
            yield (
                f"Beside it stands the dissent{earlier} of {dissent.by} (record {dissent.record}, "
                f"{dissent.at[:10]}), which changes no status: {dissent.says}"
            )


def ways_on(challenge: Challenged) -> Iterator[str]:
    """What can be done about a challenge that stands, with the command."""
    if not challenge.stands:
        return
    if not challenge.responses:
        yield f"To respond to it: `safetycase review respond {challenge.id} --says TEXT`"
    yield (
        "To end it, a reviewer who did not respond, and had no hand in what it is against, rules "
        "that it is answered, or the key that raised it takes it back: `safetycase review resolve "
        f"{challenge.id} --as answered|withdrawn --reason TEXT`"
    )
