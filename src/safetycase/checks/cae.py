"""The profile of claims, arguments and evidence (CAE), with its building blocks.

Bloomfield and Netkachova, "Building blocks for assurance cases" (ISSREW 2014): a claim rests on an
argument, an argument on sub-claims or, for evidence incorporation, on evidence; each block has a
side condition that says why the step is sound. In a `Structure` a claim is a goal, an argument a
strategy whose tag `sc.kind` names the block, evidence a solution, and a side condition a link with
the tag `sc.side`. `alternatives` is a block of ours: one leg is enough.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from safetycase.argument.structure import Link, Part
from safetycase.checks.indexed import CONTEXTUAL, Indexed, cycles
from safetycase.checks.judging import Hit, Profiled, listed, name_of, path_of
from safetycase.checks.registry import Rule

__all__ = ["BLOCKS", "RULES"]

CAE = Profiled(profile="cae", source="CAE")
_WORDS = {"goal": "claim", "strategy": "argument", "solution": "evidence"}
BLOCKS: Mapping[str, str] = {
    "decomposition": "the parts cover the whole",
    "substitution": "the two are equivalent in what is claimed",
    "concretion": "the definition is the right one",
    "calculation": "the formula is right",
    "incorporation": "the evidence is valid for the claim",
    "alternatives": "one leg is enough",
}
"""Block -> what its side condition has to say."""


def _said(part: Part) -> str:
    return f"{_WORDS.get(part.type, part.type)} `{part.name or part.id}`"


def _is_side(link: Link) -> bool:
    return link.tags.get("sc.side") == "1"


def _premises(index: Indexed, part: Part) -> list[Part]:
    """What an argument or claim rests on, side conditions left out."""
    found = (index.parts.get(x.target) for x in index.supports(part.id) if not _is_side(x))
    return [part for part in found if part is not None]


def _kind(part: Part) -> str:
    return part.tags.get("sc.kind", "")


@CAE.rule(
    "A01",
    "Claim that rests on a claim",
    clause="claims rest on arguments",
    text="Between a claim and its sub-claims stands an argument that says how they support it. "
    "Write the argument, even where it is a decomposition that seems plain.",
    message="claim `ID` rests directly on claim `ID`",
)
def claim_on_claim(index: Indexed) -> Iterator[Hit]:
    for part in index.of("goal"):
        for link in index.supports(part.id):
            target = index.parts.get(link.target)
            if link.tags.get("sc.in_support"):
                continue  # shown beside the claim, carries nothing
            if target is not None and target.type not in ("strategy", "solution"):
                yield Hit(
                    link,
                    f"{_said(part)} rests directly on {_said(target)}",
                    "write the argument between them",
                )


@CAE.rule(
    "A02",
    "Argument that rests on an argument",
    clause="arguments rest on claims",
    text="An argument joins claims. What one argument hands to the next is a claim: write it.",
    message="argument `ID` rests on argument `ID`",
)
def argument_on_argument(index: Indexed) -> Iterator[Hit]:
    allowed = {"goal", "solution", "assumption"}
    for part in index.of("strategy"):
        for link in index.supports(part.id):
            target = index.parts.get(link.target)
            if target is not None and target.type not in allowed:
                yield Hit(
                    link,
                    f"{_said(part)} rests on {_said(target)}",
                    "write the claim between them",
                )


@CAE.rule(
    "A03",
    "Evidence without a warrant",
    clause="evidence incorporation",
    text="Evidence is not a claim; an argument (block `incorporation`) or a warrant (tag "
    "`sc.because` on the evidence or on the relation) says what it shows and why.",
    message="claim `ID` rests on evidence `ID` without an argument",
)
def bare_evidence(index: Indexed) -> Iterator[Hit]:
    for part in index.of("goal"):
        for link in index.supports(part.id):
            target = index.parts.get(link.target)
            if target is None or target.type != "solution":
                continue
            if not (link.tags.get("sc.because") or target.tags.get("sc.because")):
                yield Hit(
                    link,
                    f"{_said(part)} rests on {_said(target)} without an argument",
                    "write an argument of the kind `incorporation`, or say why in `sc.because`",
                )


@CAE.rule(
    "A04",
    "Evidence that is no leaf",
    clause="evidence",
    text="Evidence rests on nothing in the argument. What it depends on is a claim about it, "
    "usually the side condition of the argument that brings it in.",
    message="evidence `ID` rests on `ID`",
)
def evidence_leaf(index: Indexed) -> Iterator[Hit]:
    for kind in ("solution", *sorted(CONTEXTUAL)):
        for part in index.of(kind):
            for link in index.supports(part.id):
                yield Hit(link, f"{_said(part)} rests on {name_of(index, link.target)}")


@CAE.rule(
    "A05",
    "Evidence brought in by another block",
    clause="evidence incorporation",
    text="Only evidence incorporation rests on evidence; every other block joins claims. Put a "
    "claim that the evidence shows between them.",
    message="evidence `ID` supports argument `ID` of the kind KIND",
)
def evidence_block(index: Indexed) -> Iterator[Hit]:
    for part in index.of("strategy"):
        kind = _kind(part)
        if kind not in BLOCKS or kind == "incorporation":
            continue
        for premise in _premises(index, part):
            if premise.type == "solution":
                yield Hit(
                    part,
                    f"{_said(premise)} supports {_said(part)} of the kind {kind}",
                    "put the claim that it shows between them",
                )


@CAE.rule(
    "A06",
    "Argument without a block",
    clause="building blocks",
    text="An argument is an instance of a block: " + ", ".join(BLOCKS) + ". The block (tag "
    "`sc.kind`) decides what the side condition has to say.",
    message="argument `ID` names no block",
)
def block(index: Indexed) -> Iterator[Hit]:
    for part in index.of("strategy"):
        kind = _kind(part)
        if not kind:
            yield Hit(part, f"{_said(part)} names no block", f"one of {', '.join(BLOCKS)}")
        elif kind not in BLOCKS:
            yield Hit(part, f"{_said(part)} names the block `{kind}`, which is not known")


@CAE.rule(
    "A07",
    "Circular support",
    clause="claims rest on arguments",
    text="Nothing supports itself, however long the way round.",
    message="support runs in a circle: A → B → A",
)
def circles(index: Indexed) -> Iterator[Hit]:
    graph = {source: [x.target for x in links] for source, links in index.below.items()}
    for loop in cycles(graph):
        path = path_of([name_of(index, name).strip("`") for name in loop])
        yield Hit(index.parts.get(loop[0]), f"support runs in a circle: {path}")


@CAE.rule(
    "A08",
    "Claim with several arguments",
    clause="claims rest on arguments",
    text="Several arguments beneath one claim leave open whether each is enough or all are needed. "
    "Join them: `alternatives` if one leg is enough, `decomposition` if not.",
    message="claim `ID` rests on N arguments",
    severity="warning",
)
def several(index: Indexed) -> Iterator[Hit]:
    for part in index.of("goal"):
        links = index.supports(part.id)
        if len(links) > 1:
            count = sum(index.symbol.get(link.target) == "strategy" for link in links)
            if count > 1:
                yield Hit(part, f"{_said(part)} rests on {count} arguments", "join them by one")


@CAE.rule(
    "A09",
    "Claim or argument that rests on nothing",
    clause="claims rest on arguments",
    text="A claim without an argument is unfinished unless it is marked undeveloped or declared to "
    "be assumed or axiomatic; an argument without premises says nothing.",
    message="claim `ID` rests on nothing",
    severity="warning",
)
def unsupported(index: Indexed) -> Iterator[Hit]:
    for part in index.of("goal", "strategy"):
        if part.id in index.below or part.undeveloped or part.by_contract or part.away:
            continue
        if part.type == "strategy":
            # A premise that is an assumption is context in GSN; such links carry `sc.premise`.
            taken = any(link.tags.get("sc.premise") for link in index.scope.get(part.id, ()))
        else:
            taken = part.declaration in ("assumed", "axiomatic") or part.id in index.more
        if not taken:
            yield Hit(part, f"{_said(part)} rests on nothing", "support it, or mark it undeveloped")


def _side_rule(code: str, kind: str) -> Rule:
    """The rule that a block of this kind has its side condition."""

    @CAE.rule(
        code,
        f"{kind.capitalize()} without its side condition",
        clause=f"block {kind}",
        text=f"The side condition of this block says that {BLOCKS[kind]}. It is a claim or an "
        "assumption of its own, linked from the argument with the tag `sc.side`, so that it can be "
        "supported, owned and doubted.",
        message=f"argument `ID` of the kind {kind} has no side condition",
    )
    def side(index: Indexed) -> Iterator[Hit]:
        for part in index.of("strategy"):
            if _kind(part) != kind:
                continue
            links = (*index.supports(part.id), *index.scope.get(part.id, ()))
            if not any(_is_side(link) for link in links):
                yield Hit(
                    part,
                    f"{_said(part)} of the kind {kind} has no side condition",
                    f"state that {BLOCKS[kind]}",
                )

    return side


_SIDES = tuple(_side_rule(f"A{10 + n}", kind) for n, kind in enumerate(BLOCKS))


@CAE.rule(
    "A16",
    "Block with the wrong number of premises",
    clause="building blocks",
    text="Substitution and concretion replace one claim by one other; alternatives have two legs "
    "or more.",
    message="argument `ID` of the kind KIND has N premises",
)
def arity(index: Indexed) -> Iterator[Hit]:
    for part in index.of("strategy"):
        kind = _kind(part)
        if kind not in ("substitution", "concretion", "alternatives"):
            continue
        taken = [x for x in index.scope.get(part.id, ()) if x.tags.get("sc.premise")]
        count = len(_premises(index, part)) + sum(not _is_side(link) for link in taken)
        if count and (count > 1) != (kind == "alternatives"):
            hint = "two legs or more" if kind == "alternatives" else "one claim; decompose it below"
            yield Hit(part, f"{_said(part)} of the kind {kind} has {count} premises", hint)


@CAE.rule(
    "A17",
    "Relation to nothing",
    clause="claims rest on arguments",
    text="Both ends of a relation are parts of the argument. A typing error is likely, or the part "
    "was removed.",
    message="`ID` rests on `ID`, which is not there",
)
def ends(index: Indexed) -> Iterator[Hit]:
    for link in index.links:
        for end in (link.source, link.target):
            if end not in index.parts and not (end == link.target and link.target_link):
                who = name_of(index, link.source)
                yield Hit(link, f"{who} is {link.kind} {name_of(index, link.target)}: no `{end}`")


@CAE.rule(
    "A18",
    "Part without text",
    clause="claims, arguments, evidence",
    text="A claim states a proposition, an argument why its premises are enough, evidence what it "
    "is. An id alone says nothing that could be reviewed.",
    message="claim `ID` has no text",
)
def words(index: Indexed) -> Iterator[Hit]:
    for part in index.of("goal", "strategy", "solution"):
        if not part.text.strip():
            yield Hit(part, f"{_said(part)} has no text")


@CAE.rule(
    "A19",
    "Not one top claim",
    clause="claims",
    text="A case has one top claim. Other parts that nothing rests on are errors if they are no "
    "claims, and a warning if they are: each is then a case of its own.",
    message="there is no top claim",
)
def top(index: Indexed) -> Iterator[Hit]:
    tops = [part for part in index.roots if part.type == "goal"]
    if not tops:
        yield Hit(None, "there is no top claim", "state what the case is for")
    elif len(tops) > 1:
        names = listed([part.name or part.id for part in tops])
        yield Hit(tops[1], f"there are {len(tops)} top claims: {names}", None, "warning")
    for part in index.roots if tops else ():
        if part.type != "goal":
            yield Hit(part, f"nothing rests on {_said(part)}", "use it, or remove it")


RULES: tuple[Rule, ...] = (
    claim_on_claim,
    argument_on_argument,
    bare_evidence,
    evidence_leaf,
    evidence_block,
    block,
    circles,
    several,
    unsupported,
    *_SIDES,
    arity,
    ends,
    words,
    top,
)
