"""Faults in the leaves: criteria that ask for less, results that are for something else."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from pathlib import Path

from safetycase.argument.graph import conclusion_of
from safetycase.argument.model import Claim, Evidence
from safetycase.checks.criterion import claim_of
from safetycase.testing.mutation.draft import Site
from safetycase.testing.mutation.ground import Ground
from safetycase.testing.mutation.records import Mutation, Plant

__all__ = ["LEAVES", "leaf_sites", "relaxed"]

_BOUND = re.compile(r"(<=|>=|<|>)(\s*)(-?\d+(?:\.\d+)?)")
_MIRROR = {"<=": ">=", ">=": "<=", "<": ">", ">": "<"}


def relaxed(criterion: str, factor: float) -> Iterator[tuple[str, str]]:
    """A criterion with one of its bounds made easier by a factor, and what was done."""
    for found in _BOUND.finditer(criterion):
        op, blank, number = found.groups()
        value = float(number)
        if op.startswith("<"):
            easier = value * factor if value > 0 else value / factor if value < 0 else factor - 1
        else:
            easier = value / factor if value > 0 else value * factor if value < 0 else 1 - factor
        text = f"{op}{blank}{easier:.6g}"
        yield criterion[: found.start()] + text + criterion[found.end() :], f"{number} to {text}"


def _criteria(ground: Ground) -> Iterator[tuple[str, Site, str, frozenset[str]]]:
    """Every written criterion: claim, place, text, and the leaf that it decides."""
    conclusions = conclusion_of(ground.case)
    decided: dict[str, set[str]] = {}
    for name, _ in ground.leaves():
        claim = claim_of(ground.case, name, conclusions)
        if claim is not None and ground.supported(name):
            decided.setdefault(claim.id, set()).add(name)
    for name, element in ground.case.elements.items():
        site = ground.draft.at(name, "holds_when")
        if isinstance(element, Claim) and site is not None and site.word:
            yield name, site, site.word, frozenset(decided.get(name, ()))


def _relax(ground: Ground) -> Iterator[Plant]:
    for name, site, text, leaves in _criteria(ground):
        for factor in (1.1, 2.0):
            for easier, says in relaxed(text, factor):
                yield Plant(
                    about=name,
                    says=f"the criterion of {name} is relaxed from {says}",
                    broken=leaves,
                    texts=ground.draft.put((site, easier)),
                )


def _flip(ground: Ground) -> Iterator[Plant]:
    for name, site, text, leaves in _criteria(ground):
        for found in _BOUND.finditer(text):
            other = _MIRROR[found[1]] + found[0][len(found[1]) :]
            yield Plant(
                about=name,
                says=f"{found[0]} in the criterion of {name} is turned round",
                broken=leaves,
                texts=ground.draft.put((site, text[: found.start()] + other + text[found.end() :])),
            )


def _drop_condition(ground: Ground) -> Iterator[Plant]:
    for name, site, text, leaves in _criteria(ground):
        parts = text.split(" and ")
        if len(parts) < 2 or "(" in text or " or " in text:
            continue
        for index, part in enumerate(parts):
            kept = " and ".join(parts[:index] + parts[index + 1 :])
            yield Plant(
                about=name,
                says=f"the criterion of {name} no longer asks for {part}",
                broken=leaves,
                texts=ground.draft.put((site, kept)),
            )


def leaf_sites(ground: Ground, *path: str) -> Iterator[tuple[str, Evidence, Site]]:
    """Every leaf with a result that counts, and where the value at `path` of it is written."""
    for name, element in ground.leaves():
        site = ground.leaf_site(name, *path)
        if site is not None and ground.supported(name):
            yield name, element, site


def _swap_reads(ground: Ground) -> Iterator[Plant]:
    for name, _, site in leaf_sites(ground, "reads"):
        entries = list(ground.draft.entries(site))
        for one, other in itertools.pairwise(entries):
            if one.word != other.word:
                yield Plant(
                    about=name,
                    says=f"{name} reads {one.word} and {other.word} the wrong way round",
                    broken=frozenset((name,)),
                    texts=ground.draft.put((one, other.word), (other, one.word)),
                )


def _read_another(ground: Ground) -> Iterator[Plant]:
    for name, _, site in leaf_sites(ground, "reads"):
        method = ground.base.space.methods[name]
        for entry in ground.draft.entries(site):
            other = next((m.name for m in method.measures if m.name != entry.word), None)
            if other is not None:
                yield Plant(
                    about=name,
                    says=f"{name} reads {other} in the place of {entry.word}",
                    broken=frozenset((name,)),
                    texts=ground.draft.put((entry, other)),
                )


def _swap_evidence(ground: Ground) -> Iterator[Plant]:
    written = [
        (n, ground.source.places[n])
        for n, _ in ground.leaves()
        if n in ground.source.places and ground.supported(n)
    ]
    for (one, a), (other, b) in itertools.pairwise(written):
        if a.file is not b.file:
            continue
        sites = [
            Site(file=p.file, parent=p.node, index=1, node=p.node.items[1]) for p in (a, b)
        ]  # fmt: skip
        yield Plant(
            about=one,
            says=f"the results of {one} and {other} stand under each other's name",
            broken=frozenset((one, other)),
            texts=ground.draft.put((sites[0], sites[1].word), (sites[1], sites[0].word)),
        )


def _other_input(ground: Ground) -> Iterator[Plant]:
    there = [
        p.relative_to(ground.folder).as_posix()
        for p in sorted(ground.folder.rglob("*"))
        if p.is_file() and Path("ledger") not in p.relative_to(ground.folder).parents
    ]
    for name, element, site in leaf_sites(ground, "inputs"):
        for entry in ground.draft.entries(site):
            alike = [t for t in there if t.endswith(Path(entry.word).suffix)]
            other = next((t for t in alike if t not in element.inputs), "case.yaml")
            yield Plant(
                about=name,
                says=f"{name} is given {other} in the place of {entry.word}",
                broken=frozenset((name,)),
                texts=ground.draft.put((entry, other)),
            )


def _drop_inputs(ground: Ground) -> Iterator[Plant]:
    for name, _, site in leaf_sites(ground, "inputs"):
        yield Plant(
            about=name, says=f"{name} no longer names its inputs", texts=ground.draft.drop(site)
        )


def _parameters(ground: Ground) -> Iterator[Plant]:
    for name, _, site in leaf_sites(ground, "with"):
        for entry in ground.draft.entries(site):
            other, key = _otherwise(entry.word), ground.draft.key(entry)
            if other is None:
                continue
            yield Plant(
                about=name,
                says=f"the parameter {key} of {name} is {other}, not {entry.word}",
                broken=frozenset((name,)),
                texts=ground.draft.put((entry, other)),
            )  # fmt: skip


def _otherwise(word: str) -> str | None:
    """Another value of the same kind; None for what is no number and no switch."""
    if word in ("true", "false"):
        return "false" if word == "true" else "true"
    if re.fullmatch(r"\d+", word):
        return str(int(word) + 1)
    if re.fullmatch(r"\d+\.\d+", word):
        return f"{float(word) / 2 or 0.5:.6g}"
    return None


LEAVES: tuple[Mutation, ...] = (
    Mutation(
        name="relax-threshold",
        group="evidence",
        kind="breaks",
        plants="A bound of a criterion is made easier by a tenth, and by a factor of two.",
        must="A leaf that was registered under the stricter criterion is stale.",
        sites=_relax,
    ),
    Mutation(
        name="flip-comparator",
        group="evidence",
        kind="breaks",
        plants="A comparison of a criterion is turned round.",
        must="A leaf that was registered under the other criterion is stale.",
        sites=_flip,
    ),
    Mutation(
        name="drop-condition",
        group="evidence",
        kind="breaks",
        plants="A criterion of several conditions loses one.",
        must="A leaf that was registered under all of them is stale.",
        sites=_drop_condition,
    ),
    Mutation(
        name="swap-reads",
        group="evidence",
        kind="breaks",
        plants="A claim reads two measured quantities the wrong way round.",
        must="The leaf is stale.",
        sites=_swap_reads,
    ),
    Mutation(
        name="read-another-quantity",
        group="evidence",
        kind="breaks",
        plants="A claim reads another quantity of the same method.",
        must="The leaf is stale.",
        sites=_read_another,
    ),
    Mutation(
        name="swap-evidence",
        group="evidence",
        kind="breaks",
        plants="Two leaves exchange their ids, and with them their results.",
        must="Neither leaf counts.",
        sites=_swap_evidence,
    ),
    Mutation(
        name="other-input",
        group="evidence",
        kind="breaks",
        plants="A leaf is pointed to another input file.",
        must="The leaf is stale, or its method does not take the file.",
        sites=_other_input,
    ),
    Mutation(
        name="drop-inputs",
        group="evidence",
        kind="changes",
        plants="A leaf stops naming its input files.",
        must="The leaf is stale; where its parameters name the same files, a comparison says so.",
        sites=_drop_inputs,
    ),
    Mutation(
        name="change-parameter",
        group="evidence",
        kind="breaks",
        plants="A number or switch among the parameters of a method is another.",
        must="The leaf is stale.",
        sites=_parameters,
    ),
)
