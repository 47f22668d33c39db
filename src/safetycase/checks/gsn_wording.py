"""What the words of an argument give away, and where a context reaches (R17 to R25).

Words are judged by signs only. R18 to R20 therefore prompt a person and never block.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from safetycase.argument.structure import Part
from safetycase.checks.forest import Forest
from safetycase.checks.gsn_core import GSN
from safetycase.checks.indexed import Indexed
from safetycase.checks.judging import Hit, shown
from safetycase.checks.registry import Rule

__all__ = ["MOST_WORDS", "RULES"]

MOST_WORDS = 50
"""Longer statements are essays in a box (GSN v3 part 2 lists them as a common error)."""

_WORDS = (
    "is are was were has have had does do did can cannot could will would shall should may might "
    "must need needs isn't aren't wasn't weren't hasn't haven't doesn't don't didn't can't won't"
)
_FINITE = frozenset(_WORDS.split())
_VERB_LIKE = re.compile(r"\S\s+\S*?(?:[^s\s]s|ed)\b", re.I)
_OPENS_AS_METHOD = re.compile(
    r"\W*(?:argu|appeal|decompos|case|by\b|over\b|show|demonstrat|split|enumerat|induct|proof|"
    r"breakdown|analysis|apply|us(?:e|ing)\b|consider|divide|strategy)",
    re.I,
)
_CONCLUDES = re.compile(r"\b(?:therefore|hence|thus|consequently)\b", re.I)
_TWO_SENTENCES = re.compile(r"[.;!?]\s+\S")
_EXAMINED = re.compile(
    r"\b(?:tests?|testing|analys[ei]s|results?|experiments?|evaluations?|reviews?|audits?|trials?"
    r"|measurements?)\b",
    re.I,
)
_FOUND = re.compile(
    r"\b(?:show\w*|demonstrat\w*|pass\w*|fail\w*|found|confirm\w*|prove[ds]?|proven|verif\w+"
    r"|reveal\w*)\b",
    re.I,
)


def _own(index: Indexed, *types: str) -> Iterator[Part]:
    """The parts of these types that cite nothing: an away element is read where it is at home."""
    return (part for part in index.of(*types) if not part.away)


@GSN.rule(
    "R17",
    "Strategy that carries a claim",
    clause="2:5.2.4",
    text="A strategy describes an inference. Take it away and the goals must still say the same; "
    "so a claim in its text is a claim that nothing supports. State it as a goal, or as a "
    "justification if it says why the strategy is sound.",
    message="strategy `ID` reads as a claim",
    severity="warning",
)
def claiming_strategy(index: Indexed) -> Iterator[Hit]:
    for part in _own(index, "strategy"):
        words = part.text
        claims = _CONCLUDES.search(words) or (not _OPENS_AS_METHOD.match(words) and _finite(words))
        if claims:
            yield Hit(
                part,
                f"{shown(part)} reads as a claim",
                "describe the argument (“Argument over ...”) and state the claim as a goal",
            )


@GSN.rule(
    "R18",
    "Goal that may be no single proposition",
    clause="1:2.3",
    text="A goal is one statement that is true or false: a noun phrase and a verb phrase. The "
    "prompt comes where no verb is seen, where a question is asked, or where there are several "
    "sentences. Read it and split or rewrite it, or leave it.",
    message="does goal `ID` state one proposition?",
    severity="note",
    group="human review",
)
def propositions(index: Indexed) -> Iterator[Hit]:
    for part in _own(index, "goal"):
        words = part.text.strip()
        if not words:
            continue
        if _TWO_SENTENCES.search(words):
            why = "it has several sentences"
        elif words.endswith("?"):
            why = "it asks a question"
        elif not _has_verb(words):
            why = "no verb was seen in it"
        else:
            continue
        yield Hit(part, f"does {shown(part)} state one proposition? {why}")


@GSN.rule(
    "R19",
    "Solution that may be no artefact",
    clause="1:2.3",
    text="A solution names an artefact, with a noun phrase; that the artefact shows something is "
    "the goal above it. The prompt comes where the text has a verb of a sentence.",
    message="does solution `ID` name an artefact?",
    severity="note",
    group="human review",
)
def artefacts(index: Indexed) -> Iterator[Hit]:
    for part in _own(index, "solution"):
        if _finite(part.text):
            yield Hit(part, f"does {shown(part)} name an artefact? it reads as a sentence")


@GSN.rule(
    "R20",
    "Assumption or justification that may be no sentence",
    clause="1:2.3",
    text="An assumption or justification is a full sentence that could be false. The prompt comes "
    "where no verb is seen.",
    message="is SYMBOL `ID` a full sentence?",
    severity="note",
    group="human review",
)
def sentences(index: Indexed) -> Iterator[Hit]:
    for part in _own(index, "assumption", "justification"):
        words = part.text.strip()
        if words and not _has_verb(words):
            yield Hit(part, f"is {shown(part)} a full sentence? no verb was seen in it")


def _finite(words: str) -> bool:
    """Whether a word is a finite form of be, have, do or a modal verb."""
    return not _FINITE.isdisjoint(words.lower().split())


def _has_verb(words: str) -> bool:
    """Whether some word may be a finite verb; errs on the side of yes."""
    return bool(_VERB_LIKE.search(words)) or _finite(words)


@GSN.rule(
    "R21",
    "Essay in a box",
    clause="2 (common errors)",
    text=f"A statement of more than {MOST_WORDS} words holds more than one. Split it into goals, "
    "and move definitions into contexts and reasons into justifications.",
    message="SYMBOL `ID` has N words",
    severity="warning",
)
def essays(index: Indexed) -> Iterator[Hit]:
    for part in index.parts.values():
        if (
            len(part.text) > 2 * MOST_WORDS
            and not part.away
            and (count := len(part.text.split())) > MOST_WORDS
        ):
            yield Hit(part, f"{shown(part)} has {count} words", "one statement a box")


@GSN.rule(
    "R22",
    "Context used as evidence",
    clause="2 (common errors)",
    text="A context says how terms are meant and where the argument applies. What a test or a "
    "review found is contingent: it can be false, so it is evidence and belongs in a solution "
    "beneath a goal.",
    message="context `ID` reports a result",
    severity="warning",
)
def evidence_in_context(index: Indexed) -> Iterator[Hit]:
    for part in _own(index, "context"):
        examined = _EXAMINED.search(part.text)
        if examined and _FOUND.search(part.text, examined.end()):
            yield Hit(part, f"{shown(part)} reports a result", "cite it as a solution")


@GSN.rule(
    "R23",
    "Scope stated again within itself",
    clause="1:2.2.11–1:2.2.19",
    text="A context or assumption of an element holds for everything that supports it; a "
    "justification for that element only. To attach the same one again further down changes "
    "nothing and hides where it applies.",
    message="`ID` holds at `ID` already, by way of `ID`",
    severity="note",
)
def scope_again(index: Indexed) -> Iterator[Hit]:
    places: dict[str, list[str]] = {}
    for target, links in index.scoped.items():
        part = index.parts.get(target)
        if part is not None and part.type in ("context", "assumption"):
            places.setdefault(part.away or part.id, []).extend(link.source for link in links)
    again = {name: at for name, at in places.items() if len(at) > 1}
    if not again:
        return
    forest = Forest(index)
    for name, at in again.items():
        for lower, upper in forest.nested(at):
            low, high = index.parts[lower], index.parts[upper]
            yield Hit(
                low, f"`{_name(index, name)}` holds at {shown(low)} already, by {shown(high)}"
            )


def _name(index: Indexed, part: str) -> str:
    found = index.parts.get(part)
    return (found.name or found.id) if found else part


@GSN.rule(
    "R24",
    "Inference that is not one step",
    clause="1:2.2.4–1:2.2.9",
    text="The elements that support a goal together make one indivisible inference. Where a file "
    "names inferences, all support of an element belongs to a named one, and an inference leads to "
    "one element.",
    message="inference `ID` supports several elements",
    severity="note",
)
def inferences(index: Indexed) -> Iterator[Hit]:
    supported: dict[str, str] = {}
    for source, links in index.below.items():
        named = {link.inference for link in links}
        if "" in named and len(named) > 1:
            other = next(link for link in links if not link.inference)
            yield Hit(other, f"only some of the support of `{_name(index, source)}` is one step")
        for name in sorted(named - {""}):
            first = supported.setdefault(name, source)
            if first != source:
                yield Hit(
                    index.parts.get(source),
                    f"inference `{name}` supports `{_name(index, first)}` and "
                    f"`{_name(index, source)}`",
                    "give each step a name of its own",
                )


@GSN.rule(
    "R25",
    "Off-diagram mark on what ends here",
    clause="1:2.2.20",
    text="The off-diagram mark (tag `gsn.off-diagram`) says that an element goes on in another "
    "view. Here nothing continues it: it has no support, context or citation anywhere.",
    message="SYMBOL `ID` is marked off-diagram and continues nowhere",
    severity="warning",
)
def off_diagram(index: Indexed) -> Iterator[Hit]:
    for part in index.parts.values():
        if part.tags and part.tags.get("gsn.off-diagram") and not _continues(index, part):
            yield Hit(part, f"{shown(part)} is marked off-diagram and continues nowhere")


def _continues(index: Indexed, part: Part) -> bool:
    return part.id in index.below or part.id in index.scope or part.id in index.more


RULES: tuple[Rule, ...] = (
    claiming_strategy,
    propositions,
    artefacts,
    sentences,
    essays,
    evidence_in_context,
    scope_again,
    inferences,
    off_diagram,
)
