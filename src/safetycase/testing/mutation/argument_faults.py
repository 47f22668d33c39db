"""Faults in the argument: support that is gone, premises that are left out, steps made easier."""

from __future__ import annotations

from collections.abc import Iterator

from safetycase.argument.graph import rule_of
from safetycase.argument.model import Argument, Assumption, Claim, Evidence
from safetycase.checks.subject import REGISTRY_COMPLETE
from safetycase.testing.mutation.draft import Site
from safetycase.testing.mutation.ground import Ground
from safetycase.testing.mutation.records import Mutation, Plant

__all__ = ["ARGUMENT"]

_OF_CLAIMS = ("holds_when", "by", "in_support", "context", "argues", "reconstructed", "because")


def _drop_support(ground: Ground) -> Iterator[Plant]:
    for name, element in ground.case.elements.items():
        site = ground.draft.at(name, "by")
        if isinstance(element, Claim) and site is not None and ground.supported(name):
            step = ground.case.elements.get(element.by or "")
            kind = "leaf" if isinstance(step, Evidence) else "argument"
            yield Plant(
                about=name,
                says=f"the {kind} below {name} is taken out",
                broken=frozenset((name,)),
                texts=ground.draft.drop(site),
            )  # fmt: skip


def _undevelop(ground: Ground) -> Iterator[Plant]:
    for name, _ in ground.leaves():
        if name not in ground.source.places and ground.supported(name):
            instance, _, local = name.rpartition("/")
            site = ground.draft.at(instance, "develops", local)
            if site is not None:
                yield Plant(
                    about=name,
                    says=f"{name} is no longer developed: nothing executes it",
                    broken=frozenset((name,)),
                    texts=ground.draft.drop(site),
                )


def _premises(ground: Ground) -> Iterator[tuple[Argument, str, Site]]:
    """Every premise of a written step that needs all of several, with its place."""
    for name, element in ground.case.elements.items():
        if not isinstance(element, Argument) or rule_of(element) not in ("all", "calculate"):
            continue
        entries = list(ground.draft.entries(ground.draft.at(name, "premises")))
        if len(entries) == len(element.premises) > 1:
            for premise, site in zip(element.premises, entries, strict=True):
                yield element, premise, site


def _drop_premise(ground: Ground) -> Iterator[Plant]:
    for step, premise, site in _premises(ground):
        if not isinstance(ground.case.elements.get(premise), Assumption):
            yield Plant(
                about=step.id,
                says=f"{premise} is no premise of {step.id} any more",
                texts=ground.draft.drop(site),
            )


def _drop_assumption(ground: Ground) -> Iterator[Plant]:
    for step, premise, site in _premises(ground):
        assumed = isinstance(ground.case.elements.get(premise), Assumption)
        if assumed and premise != REGISTRY_COMPLETE:
            yield Plant(
                about=premise,
                says=f"{step.id} no longer says that it rests on {premise}",
                texts=ground.draft.drop(site),
            )


def _drop_registry(ground: Ground) -> Iterator[Plant]:
    for step, premise, site in _premises(ground):
        if premise == REGISTRY_COMPLETE:
            yield Plant(
                about=premise,
                says=f"{step.id} no longer assumes that the record has every run",
                broken=frozenset((ground.case.root,)),
                texts=ground.draft.drop(site),
            )


def _all_to_any(ground: Ground) -> Iterator[Plant]:
    for name, element in ground.case.elements.items():
        kind = ground.draft.at(name, "kind")
        if not isinstance(element, Argument) or kind is None or len(element.premises) < 2:
            continue
        if rule_of(element) != "all":
            continue
        rule = ground.draft.at(name, "rule")
        changes = [(kind, "alternatives")] + ([(rule, "any")] if rule else [])
        yield Plant(
            about=name,
            says=f"any premise of {name} is enough",
            texts=ground.draft.put(*changes),
        )


def _claim_to_assumption(ground: Ground) -> Iterator[Plant]:
    shown = {s for e in ground.case.elements.values() if isinstance(e, Claim) for s in e.in_support}
    for name, element in ground.case.elements.items():
        written = name in ground.source.places and _kind_word(ground, name) != "use"
        if not isinstance(element, Claim) or name == ground.case.root or not written:
            continue
        owned = {"owner": "nobody in particular", "expires": "2999-01-01"}
        if ground.source.places[name].listed:
            pairs = ", ".join(f"{key}: {text}" for key, text in owned.items())
            entry = f"{{assumption: {name}, says: It will be so., {pairs}}}"
            texts = None if name in shown else ground.draft.moved(name, "assumptions", entry)
        else:
            texts = ground.draft.remade(name, "assumption", drop=_OF_CLAIMS, add=owned)
        if texts:
            yield Plant(about=name, says=f"{name} is assumed and not argued", texts=texts)


def _kind_word(ground: Ground, name: str) -> str:
    return str(ground.source.places[name].node.items[0].value)


def _circle(ground: Ground) -> Iterator[Plant]:
    for name, element in ground.case.elements.items():
        if not isinstance(element, Argument) or not ground.supported(name):
            continue
        over = next(
            (n for n, e in ground.case.elements.items() if isinstance(e, Claim) and e.by == name),
            None,
        )
        entries = list(ground.draft.entries(ground.draft.at(name, "premises")))
        if over is None or not entries or over not in ground.source.places:
            continue
        if _kind_word(ground, over) == "use":
            continue
        yield Plant(
            about=over,
            says=f"{over} is a premise of itself in the place of {element.premises[-1]}",
            broken=frozenset((over,)),
            texts=ground.draft.put((entries[-1], over)),
        )


def _in_spite(ground: Ground) -> Iterator[Plant]:
    for name, element in ground.case.elements.items():
        if not isinstance(element, Argument) or rule_of(element) != "any":
            continue
        if ground.draft.at(name, "kind") is None or ground.draft.at(name, "despite") is not None:
            continue
        for leg in element.premises:
            texts = ground.draft.change(name, add={"despite": f"{{{leg}: It does not matter.}}"})
            if texts:
                yield Plant(
                    about=name, says=f"{name} stands although {leg} is refuted", texts=texts
                )


ARGUMENT: tuple[Mutation, ...] = (
    Mutation(
        name="drop-support",
        group="argument",
        kind="breaks",
        plants="The leaf or the argument below a claim is taken out.",
        must="The claim, and all that needs it, is no longer supported.",
        sites=_drop_support,
    ),
    Mutation(
        name="drop-development",
        group="argument",
        kind="breaks",
        plants="A leaf of a template is no longer developed by what executes it.",
        must="The leaf, and all that needs it, is no longer supported.",
        sites=_undevelop,
    ),
    Mutation(
        name="drop-premise",
        group="argument",
        kind="loosens",
        plants="A step that needs all its premises loses one.",
        must="A comparison calls it a loosening; a finding may say that nothing rests on the rest.",
        sites=_drop_premise,
    ),
    Mutation(
        name="drop-assumption",
        group="argument",
        kind="loosens",
        plants="A step stops naming an assumption that it rests on, such as that no other route "
        "leads to the harm.",
        must="A comparison calls it a loosening, or a finding misses the completeness of the step.",
        sites=_drop_assumption,
    ),
    Mutation(
        name="drop-registry",
        group="argument",
        kind="breaks",
        plants="The case stops assuming that its record has every run.",
        must="The root is no longer supported.",
        sites=_drop_registry,
    ),
    Mutation(
        name="all-to-any",
        group="argument",
        kind="loosens",
        plants="A step that needs all its premises is made content with any of them.",
        must="A comparison calls it a loosening.",
        sites=_all_to_any,
    ),
    Mutation(
        name="claim-to-assumption",
        group="argument",
        kind="loosens",
        plants="A claim is made an assumption that somebody owns; its evidence is gone.",
        must="A comparison calls it a loosening.",
        sites=_claim_to_assumption,
    ),
    Mutation(
        name="rest-on-itself",
        group="argument",
        kind="breaks",
        plants="A claim is put among the premises of its own argument.",
        must="The claim is no longer supported, or the case is not well-posed.",
        sites=_circle,
    ),
    Mutation(
        name="despite-a-refutation",
        group="argument",
        kind="loosens",
        plants="A step with alternatives says beforehand that a refuted leg does not matter.",
        must="A comparison calls it a loosening.",
        sites=_in_spite,
    ),
)
