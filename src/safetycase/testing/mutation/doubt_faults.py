"""Faults in what is doubted, assumed, left open and declared."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from safetycase.argument.model import (
    Argument,
    Assumption,
    Claim,
    Defeater,
    Dependence,
    Evidence,
    Problem,
)
from safetycase.testing.mutation.ground import Ground
from safetycase.testing.mutation.records import Mutation, Plant

__all__ = ["DOUBTS"]

_LONG_AGO = "2020-01-01"
_FAR_AHEAD = "2999-01-01"


def _doubts(ground: Ground) -> Iterator[tuple[str, Defeater, str]]:
    """Every written defeater with an answer, and the element it is against."""
    for name, element in ground.case.elements.items():
        if not isinstance(element, Defeater) or ground.draft.at(name, "answered_by") is None:
            continue
        holder, _, last = element.against.rpartition(".")
        target = element.against
        if last == "by" and target not in ground.case.elements:
            target = getattr(ground.case.elements.get(holder), "by", None) or target
        yield name, element, target


def _unanswered(ground: Ground) -> Iterator[Plant]:
    for name, _, target in _doubts(ground):
        texts = ground.draft.change(name, drop=("answered_by",))
        if texts and ground.supported(target):
            yield Plant(
                about=name,
                says=f"nothing answers {name}",
                broken=frozenset((target,)),
                texts=texts,
            )


def _answered_by_open(ground: Ground) -> Iterator[Plant]:
    says = "[{claim: PLANTED-ANSWER, says: Somebody says that it is answered.}]"
    for name, _, target in _doubts(ground):
        texts = ground.draft.change(name, put={"answered_by": says})
        if texts and ground.supported(target):
            yield Plant(
                about=name,
                says=f"{name} is answered by a claim that nothing supports",
                broken=frozenset((target,)),
                texts=texts,
            )


def _answered_by_itself(ground: Ground) -> Iterator[Plant]:
    for name, element, target in _doubts(ground):
        whole = ground.case.elements.get(target)
        over = target
        if isinstance(whole, Argument):
            over = next(
                (n for n, e in ground.case.elements.items() if getattr(e, "by", "") == target),
                target,
            )
        for answer, word in ((name, "itself"), (over, "what it is against")):
            texts = ground.draft.change(name, put={"answered_by": f"[{answer}]"})
            if texts and ground.supported(target):
                yield Plant(
                    about=name,
                    says=f"{name} is answered by {word}",
                    broken=frozenset((target,)),
                    texts=texts,
                )
        del element


def _drop_doubt(ground: Ground) -> Iterator[Plant]:
    for name, element in ground.case.elements.items():
        if isinstance(element, Defeater) and (texts := ground.draft.without(name)):
            yield Plant(about=name, says=f"{name} is taken out", texts=texts)


def _accept_unowned(ground: Ground) -> Iterator[Plant]:
    accepted = "{doubt: 0.01, because: It is small.}"
    for name, _, target in _doubts(ground):
        texts = ground.draft.change(name, drop=("answered_by",), add={"accepted": accepted})
        if texts and ground.supported(target):
            yield Plant(
                about=name,
                says=f"{name} is accepted by nobody and for ever",
                broken=frozenset((target,)),
                texts=texts,
            )


def _accept(ground: Ground) -> Iterator[Plant]:
    accepted = f"{{doubt: 0.01, because: It is small., owner: somebody, expires: {_FAR_AHEAD}}}"
    for name, _, _ in _doubts(ground):
        texts = ground.draft.change(name, drop=("answered_by",), add={"accepted": accepted})
        if texts:
            yield Plant(about=name, says=f"{name} is accepted and no longer answered", texts=texts)


def _doubt_the_answer(ground: Ground) -> Iterator[Plant]:
    """A doubt against the answer, which nothing answers."""
    for name, element, target in _doubts(ground):
        answer = element.answered_by[0] if len(element.answered_by) == 1 else ""
        if not answer or not ground.supported(target) or not ground.supported(answer):
            continue
        doubt = f"{{defeater: PLANTED-DOUBT, against: {answer}, says: The answer may be wrong.}}"
        yield Plant(
            about=name,
            says=f"a doubt stands against {answer}, which answers {name}",
            broken=frozenset((answer, target)),
            texts=ground.draft.append("defeaters", doubt),
        )


def _assumptions(ground: Ground) -> Iterator[tuple[str, Assumption]]:
    for name, element in ground.case.elements.items():
        if isinstance(element, Assumption) and name in ground.source.places:
            yield name, element


def _drop_owner(ground: Ground) -> Iterator[Plant]:
    for name, _ in _assumptions(ground):
        site = ground.draft.at(name, "owner")
        if site is not None and ground.supported(name):
            yield Plant(
                about=name,
                says=f"nobody owns {name}",
                broken=frozenset((name,)),
                texts=ground.draft.drop(site),
            )


def _drop_expiry(ground: Ground) -> Iterator[Plant]:
    for name, _ in _assumptions(ground):
        site = ground.draft.at(name, "expires")
        if site is not None:
            yield Plant(
                about=name, says=f"{name} is assumed for ever", texts=ground.draft.drop(site)
            )
            yield Plant(
                about=name,
                says=f"{name} is assumed until {_FAR_AHEAD}",
                texts=ground.draft.put((site, _FAR_AHEAD)),
            )


def _expired(ground: Ground) -> Iterator[Plant]:
    for name, element in _assumptions(ground):
        site = ground.draft.at(name, "expires")
        if site is not None and ground.supported(name):
            yield Plant(
                about=name,
                says=f"{name} was assumed until {_LONG_AGO}",
                broken=frozenset((name,)),
                texts=ground.draft.put((site, _LONG_AGO)),
            )
        del element


def _close_problem(ground: Ground) -> Iterator[Plant]:
    for name, element in ground.case.elements.items():
        if isinstance(element, Problem) and (texts := ground.draft.without(name)):
            yield Plant(about=name, says=f"the open problem {name} is taken out", texts=texts)


def _unblock(ground: Ground) -> Iterator[Plant]:
    for name, element in ground.case.elements.items():
        if not isinstance(element, Problem):
            continue
        entries = list(ground.draft.entries(ground.draft.at(name, "blocks")))
        for entry in entries if len(entries) > 1 else ():
            yield Plant(
                about=name,
                says=f"{name} no longer blocks {entry.word}",
                texts=ground.draft.drop(entry),
            )


def _independent(ground: Ground) -> Iterator[Plant]:
    kinds = (Evidence, Assumption)
    there = [n for n, e in ground.case.elements.items() if isinstance(e, kinds)]
    for one, other in list(zip(there[::2], there[1::2], strict=False))[:3]:
        entry = (
            "{dependence: PLANTED-INDEPENDENCE, says: They fail apart., kind: independent, "
            f"among: [{one}, {other}], because: They look different., owner: somebody, "
            "credence: {at_least: 1.0, owner: somebody, because: It is plain.}}"
        )
        yield Plant(
            about=one,
            says=f"{one} and {other} are declared independent",
            texts=ground.draft.append("dependences", entry),
        )


def _less_common(ground: Ground) -> Iterator[Plant]:
    for name, element in ground.case.elements.items():
        if isinstance(element, Dependence):
            for key in ("beta", "at_most"):
                site = ground.draft.at(name, key)
                if site is not None and float(site.word) > 0:
                    yield Plant(
                        about=name,
                        says=f"{key} of {name} is a tenth",
                        texts=ground.draft.put((site, f"{float(site.word) / 10:.6g}")),
                    )


def _reword(ground: Ground) -> Iterator[Plant]:
    for name, element in ground.case.elements.items():
        site = ground.draft.at(name, "says") if isinstance(element, Claim) else None
        if site is not None and site.word:
            yield Plant(
                about=name,
                says=f"{name} claims something else",
                texts=ground.draft.put((site, "Nothing much is wrong with it.")),
            )


assert date.fromisoformat(_LONG_AGO) < date.fromisoformat(_FAR_AHEAD)

DOUBTS: tuple[Mutation, ...] = (
    Mutation(
        name="unanswered-doubt",
        group="doubts",
        kind="breaks",
        plants="A defeater loses its answer.",
        must="What it is against is contested, and all that needs that loses its support.",
        sites=_unanswered,
    ),
    Mutation(
        name="answered-by-nothing",
        group="doubts",
        kind="breaks",
        plants="A defeater is answered by a claim that nothing supports.",
        must="What it is against is contested.",
        sites=_answered_by_open,
    ),
    Mutation(
        name="answered-by-itself",
        group="doubts",
        kind="breaks",
        plants="A defeater is answered by itself, or by what it is against.",
        must="What it is against is contested, or the case is not well-posed.",
        sites=_answered_by_itself,
    ),
    Mutation(
        name="doubted-answer",
        group="doubts",
        kind="breaks",
        plants="The answer to a defeater is itself doubted, and nothing answers that.",
        must="What the defeater is against is contested.",
        sites=_doubt_the_answer,
    ),
    Mutation(
        name="drop-doubt",
        group="doubts",
        kind="loosens",
        plants="A defeater is taken out of the case.",
        must="A comparison calls it a loosening.",
        sites=_drop_doubt,
    ),
    Mutation(
        name="accept-without-owner",
        group="doubts",
        kind="breaks",
        plants="A defeater is accepted without an owner and without an end.",
        must="The case is not well-posed, or what it is against is contested.",
        sites=_accept_unowned,
    ),
    Mutation(
        name="accept-doubt",
        group="doubts",
        kind="loosens",
        plants="A defeater is accepted instead of answered.",
        must="A comparison calls it a loosening.",
        sites=_accept,
    ),
    Mutation(
        name="drop-owner",
        group="assumptions",
        kind="breaks",
        plants="An assumption loses its owner.",
        must="It gives no support.",
        sites=_drop_owner,
    ),
    Mutation(
        name="drop-expiry",
        group="assumptions",
        kind="loosens",
        plants="An assumption ends never, or in a far year.",
        must="A comparison calls it a loosening.",
        sites=_drop_expiry,
    ),
    Mutation(
        name="expired-assumption",
        group="assumptions",
        kind="breaks",
        plants="The date of an assumption has passed.",
        must="It gives no support.",
        sites=_expired,
    ),
    Mutation(
        name="close-problem",
        group="problems",
        kind="loosens",
        plants="An open problem is taken out of the case.",
        must="A comparison calls it a loosening, or a claim is left that nothing supports.",
        sites=_close_problem,
    ),
    Mutation(
        name="unblock",
        group="problems",
        kind="loosens",
        plants="An open problem no longer blocks one of its elements.",
        must="A comparison calls it a loosening.",
        sites=_unblock,
    ),
    Mutation(
        name="declare-independence",
        group="dependences",
        kind="loosens",
        plants="Two leaves are declared independent, with certainty.",
        must="A comparison calls it a loosening.",
        sites=_independent,
    ),
    Mutation(
        name="less-in-common",
        group="dependences",
        kind="loosens",
        plants="A declared common cause, or a cap, is a tenth of what it was.",
        must="A comparison calls it a loosening.",
        sites=_less_common,
    ),
    Mutation(
        name="reword-claim",
        group="argument",
        kind="changes",
        plants="A claim says something else above the same argument.",
        must="A comparison names it.",
        sites=_reword,
    ),
)
