"""Faults that make a step, an acceptance or a hazard easier than it was."""

from __future__ import annotations

import re
from collections.abc import Iterator

from safetycase.argument.graph import rule_of
from safetycase.argument.model import Argument, Assumption, Claim, Defeater, Dependence, Hazard
from safetycase.argument.nodes import Scalar
from safetycase.testing.mutation.ground import Ground
from safetycase.testing.mutation.records import Mutation, Plant

__all__ = ["EASE"]


def _lower_k(ground: Ground) -> Iterator[Plant]:
    for name, element in ground.case.elements.items():
        site = ground.draft.at(name, "k") if isinstance(element, Argument) else None
        if site is not None and site.word.isdigit() and int(site.word) > 1:
            fewer = str(int(site.word) - 1)
            yield Plant(
                about=name,
                says=f"{name} asks for {fewer} of its premises, not {site.word}",
                texts=ground.draft.put((site, fewer)),
            )


def _further_leg(ground: Ground) -> Iterator[Plant]:
    """Something that has support and shows nothing of it is one more way to the conclusion."""
    for name, element in ground.case.elements.items():
        if not isinstance(element, Argument) or rule_of(element) not in ("any", "k of n"):
            continue
        entries = list(ground.draft.entries(ground.draft.at(name, "premises")))
        other = next(_elsewhere(ground, element), None)
        if not entries or other is None:
            continue
        last = entries[-1]
        if last.file.is_block(last.parent):
            indent = " " * last.file.column(last.file.start(last.parent))
            text = f"{last.text}\n{indent}- {other}"
        else:
            text = f"{last.text}, {other}"
        yield Plant(
            about=name,
            says=f"{other} is one more of the legs of {name}",
            texts=ground.draft.put((last, text)),
        )


def _elsewhere(ground: Ground, step: Argument) -> Iterator[str]:
    """Assumptions and claims with support that a step does not rest on already."""
    for name, element in ground.case.elements.items():
        there = isinstance(element, Claim | Assumption) and ground.supported(name)
        if there and "/" not in name and name not in (*step.premises, ground.case.root):
            yield name


def _count_twice(ground: Ground) -> Iterator[Plant]:
    for name, element in ground.case.elements.items():
        if not isinstance(element, Argument) or rule_of(element) != "k of n":
            continue
        entries = list(ground.draft.entries(ground.draft.at(name, "premises")))
        if len(entries) == len(element.premises) > 1 and type(entries[-1].node) is Scalar:
            first, last = element.premises[0], element.premises[-1]
            yield Plant(
                about=name,
                says=f"{name} counts {first} twice, and no longer {last}",
                broken=frozenset((name,)),
                texts=ground.draft.put((entries[-1], first)),
            )


def _conditions(ground: Ground) -> Iterator[Plant]:
    for name, element in ground.case.elements.items():
        if isinstance(element, Argument):
            for key in ("side_conditions", "exact"):
                site = ground.draft.at(name, key)
                if site is not None:
                    says = f"{name} no longer states its {key}"
                    yield Plant(about=name, says=says, texts=ground.draft.drop(site))


def _formula(ground: Ground) -> Iterator[Plant]:
    for name, element in ground.case.elements.items():
        if not isinstance(element, Argument):
            continue
        for site in ground.draft.entries(ground.draft.at(name, "computes")):
            found = re.search(r"\d+(\.\d+)?", site.word)
            if found and float(found[0]):
                less = f"{float(found[0]) / 10:.6g}"
                text = site.word[: found.start()] + less + site.word[found.end() :]
                yield Plant(
                    about=name,
                    says=f"{name} computes {text}, not {site.word}",
                    texts=ground.draft.put((site, text)),
                )


def _retarget(ground: Ground) -> Iterator[Plant]:
    for name, element in ground.case.elements.items():
        site = ground.draft.at(name, "against") if isinstance(element, Defeater) else None
        other = next(
            (n for n, e in ground.case.elements.items() if isinstance(e, Assumption)), None
        )
        if site is not None and other is not None and site.word != other:
            yield Plant(
                about=name,
                says=f"{name} is a doubt about {other}, not about {site.word}",
                texts=ground.draft.put((site, other)),
            )


def _acceptance(ground: Ground) -> Iterator[Plant]:
    for name, element in ground.case.elements.items():
        if not isinstance(element, Defeater):
            continue
        for key, text in (("doubt", "0.0001"), ("expires", "2999-01-01")):
            site = ground.draft.at(name, "accepted", key)
            if site is not None:
                yield Plant(
                    about=name,
                    says=f"{name} is accepted with {key} {text}, not {site.word}",
                    texts=ground.draft.put((site, text)),
                )


def _past_acceptance(ground: Ground) -> Iterator[Plant]:
    for name, element in ground.case.elements.items():
        if not isinstance(element, Defeater) or not ground.supported(element.against):
            continue
        site = ground.draft.at(name, "accepted", "expires")
        if site is not None and not element.answered_by:
            yield Plant(
                about=name,
                says=f"{name} was accepted until 2020",
                broken=frozenset((element.against,)),
                texts=ground.draft.put((site, "2020-01-01")),
            )


def _unwatch(ground: Ground) -> Iterator[Plant]:
    for name, element in ground.case.elements.items():
        site = ground.draft.at(name, "monitor") if isinstance(element, Assumption) else None
        if site is not None:
            says = f"nothing watches whether {name} still holds"
            yield Plant(about=name, says=says, texts=ground.draft.drop(site))


def _hazard(ground: Ground) -> Iterator[Plant]:
    for name, element in ground.case.elements.items():
        if isinstance(element, Hazard):
            texts = ground.draft.without(name)
            if texts:
                yield Plant(about=name, says=f"the hazard {name} is taken out", texts=texts)
            excluded = ground.draft.change(
                name, drop=("covered_by",), add={"excluded_because": "It is unlikely."}
            )
            if excluded and element.covered_by:
                yield Plant(about=name, says=f"{name} is excluded, not covered", texts=excluded)


def _other_answer(ground: Ground) -> Iterator[Plant]:
    """What has support already is put up against a doubt that it says nothing about."""
    for name, element in ground.case.elements.items():
        site = ground.draft.at(name, "answered_by")
        if not isinstance(element, Defeater) or site is None:
            continue
        other = next((n for n in _unrelated(ground, element) if "/" not in n), None)
        if other is None:
            continue
        for answers, says in (
            (f"[{other}]", f"{name} is answered by {other} instead"),
            (f"[{', '.join((*element.answered_by, other))}]", f"{other} would answer {name}, too"),
        ):
            yield Plant(about=name, says=says, texts=ground.draft.put((site, answers)))


def _unrelated(ground: Ground, doubt: Defeater) -> Iterator[str]:
    for name, element in ground.case.elements.items():
        there = isinstance(element, Claim | Assumption) and ground.supported(name)
        if there and name not in (doubt.against, *doubt.answered_by, ground.case.root):
            yield name


def _turn_dependence(ground: Ground) -> Iterator[Plant]:
    for name, element in ground.case.elements.items():
        kind, among = ground.draft.at(name, "kind"), ground.draft.at(name, "among")
        if not isinstance(element, Dependence) or kind is None or among is None:
            continue
        if element.kind != "independent":
            texts = ground.draft.put((kind, "independent"))
            yield Plant(about=name, says=f"{name} says that they are independent", texts=texts)
        if len(element.among) > 2:
            texts = ground.draft.put((among, f"[{', '.join(element.among[:-1])}]"))
            yield Plant(about=name, says=f"{name} leaves out {element.among[-1]}", texts=texts)


EASE: tuple[Mutation, ...] = (
    Mutation(
        name="lower-k",
        group="argument",
        kind="loosens",
        plants="A step that needs k of its premises needs one less.",
        must="A comparison calls it a loosening.",
        sites=_lower_k,
    ),
    Mutation(
        name="further-leg",
        group="argument",
        kind="loosens",
        plants="A step that is content with some of its premises gets one more that has support.",
        must="A comparison calls it a loosening.",
        sites=_further_leg,
    ),
    Mutation(
        name="count-twice",
        group="argument",
        kind="breaks",
        plants="A step that needs k of its premises names one of them twice.",
        must="The case is not well-posed, or the step has no support.",
        sites=_count_twice,
    ),
    Mutation(
        name="drop-condition-of-step",
        group="argument",
        kind="loosens",
        plants="A step loses its side conditions, or no longer says that it is exact.",
        must="A comparison calls it a loosening.",
        sites=_conditions,
    ),
    Mutation(
        name="change-formula",
        group="argument",
        kind="changes",
        plants="A number in what a step computes is a tenth.",
        must="A comparison names it.",
        sites=_formula,
    ),
    Mutation(
        name="retarget-doubt",
        group="doubts",
        kind="changes",
        plants="A defeater is turned against something else.",
        must="A comparison names it, or what it is against now is contested.",
        sites=_retarget,
    ),
    Mutation(
        name="other-answer",
        group="doubts",
        kind="loosens",
        plants="A defeater is answered by something that has support and says nothing about it.",
        must="A comparison calls it a loosening.",
        sites=_other_answer,
    ),
    Mutation(
        name="easier-acceptance",
        group="doubts",
        kind="loosens",
        plants="A doubt is accepted as smaller, or for longer.",
        must="A comparison calls it a loosening.",
        sites=_acceptance,
    ),
    Mutation(
        name="past-acceptance",
        group="doubts",
        kind="breaks",
        plants="The date up to which a doubt was accepted has passed.",
        must="What it is against is contested.",
        sites=_past_acceptance,
    ),
    Mutation(
        name="unwatch-assumption",
        group="assumptions",
        kind="loosens",
        plants="An assumption loses its monitor.",
        must="A comparison calls it a loosening.",
        sites=_unwatch,
    ),
    Mutation(
        name="turn-dependence",
        group="dependences",
        kind="loosens",
        plants="A declared dependence is of another kind, or of fewer.",
        must="A comparison calls it a loosening.",
        sites=_turn_dependence,
    ),
    Mutation(
        name="drop-hazard",
        group="hazards",
        kind="loosens",
        plants="A hazard is taken out, or excluded instead of covered.",
        must="A comparison calls it a loosening.",
        sites=_hazard,
    ),
)
