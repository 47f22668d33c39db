"""Challenges and defeat (R30 to R37), and assurance claim points (R40 to R44)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from safetycase.argument.structure import ClaimPoint, Link, Part
from safetycase.checks.gsn_core import GSN
from safetycase.checks.indexed import Indexed
from safetycase.checks.judging import Hit, listed, name_of, shown
from safetycase.checks.registry import Rule

__all__ = ["RULES"]


def _aim(index: Indexed, challenge: Link) -> str:
    """What a challenge is aimed at, as a reader would say it."""
    if not challenge.target_link:
        return name_of(index, challenge.target)
    link = index.link_ids.get(challenge.target_link)
    if link is None or link.kind == "challenges":
        return f"`{challenge.target_link}`"
    return f"the relation from {name_of(index, link.source)} to {name_of(index, link.target)}"


@GSN.rule(
    "R30",
    "Challenger that is no goal or solution",
    clause="1:6",
    text="A doubt is a goal (it is argued) or a solution (it is evidence). Other elements state "
    "no claim that could defeat one.",
    message="SYMBOL `ID` challenges `ID`",
)
def challengers(index: Indexed) -> Iterator[Hit]:
    for link in index.challenges:
        part = index.parts.get(link.source)
        if part is not None and part.type not in ("goal", "solution"):
            yield Hit(
                link, f"{shown(part)} challenges {_aim(index, link)}", "state the doubt as a goal"
            )


@GSN.rule(
    "R31",
    "Challenge without a target",
    clause="1:6",
    text="A challenge is aimed at one element, or at one relation (which may be a challenge), "
    "that is there; and not at itself.",
    message="`ID` challenges `ID`, which is not there",
)
def targets(index: Indexed) -> Iterator[Hit]:
    for link in index.challenges:
        who = name_of(index, link.source)
        if bool(link.target) == bool(link.target_link):
            yield Hit(link, f"{who} challenges not exactly one element or relation")
        elif link.target and link.target not in index.parts:
            yield Hit(link, f"{who} challenges `{link.target}`, which is not there")
        elif link.target_link and link.target_link not in index.link_ids:
            yield Hit(
                link, f"{who} challenges the relation `{link.target_link}`, which is not there"
            )
        elif link.target == link.source or (link.id and link.target_link == link.id):
            yield Hit(link, f"{who} challenges itself")


@GSN.rule(
    "R32",
    "Defeated by nothing",
    clause="1:6",
    text="The defeated mark records the outcome of a challenge. Without a challenge nobody can see "
    "why the element or relation fell: draw the challenge, or remove the mark.",
    message="SYMBOL `ID` is marked defeated and nothing challenges it",
)
def defeated(index: Indexed) -> Iterator[Hit]:
    for part in index.parts.values():
        if (part.defeated or part.declaration == "defeated") and part.id not in index.against:
            yield Hit(part, f"{shown(part)} is marked defeated and nothing challenges it")
    for link in index.links:
        if link.defeated and link.id not in index.against_link:
            yield Hit(
                link,
                f"the relation from {name_of(index, link.source)} to "
                f"{name_of(index, link.target or link.target_link)} is marked defeated and nothing "
                "challenges it",
            )


@GSN.rule(
    "R33",
    "Challenge that is not argued",
    clause="1:6.3",
    text="A goal that challenges is complete only when it is supported itself. Until then it says "
    "that there may be a reason to doubt, not that there is one.",
    message="goal `ID` challenges `ID` and is not supported",
    severity="warning",
)
def complete(index: Indexed) -> Iterator[Hit]:
    for link in index.challenges:
        part = index.parts.get(link.source)
        if part is None or part.type != "goal" or part.id in index.below or part.defeated:
            continue
        if not (part.away or part.by_contract or part.declaration in ("axiomatic", "assumed")):
            yield Hit(
                link, f"{shown(part)} challenges {_aim(index, link)} and is not supported", None
            )


@GSN.rule(
    "R34",
    "Open challenge",
    clause="1:6.3",
    text="The challenge is neither granted (its target marked defeated) nor rebutted (the "
    "challenger, or the challenge, marked defeated). Its target is in doubt.",
    message="`ID` is in doubt: `ID` challenges it and neither is defeated",
    severity="warning",
)
def open_challenges(index: Indexed) -> Iterator[Hit]:
    for link in index.challenges:
        challenger = index.parts.get(link.source)
        target: Part | Link | None = (
            index.link_ids.get(link.target_link)
            if link.target_link
            else index.parts.get(link.target)
        )
        if challenger is None or target is None:
            continue
        if not (target.defeated or link.defeated or challenger.defeated):
            yield Hit(
                link,
                f"{_aim(index, link)} is in doubt: {shown(challenger)} challenges it and neither "
                "is defeated",
                "argue it out, and mark what falls",
            )


@GSN.rule(
    "R35",
    "Challenge of one line of a joint inference",
    clause="1:6.3.12",
    text="Several elements support the goal together, and the challenge points at one of the "
    "lines. Whether it doubts that premise or the inference cannot be told. Challenge the premise, "
    "or put a strategy between and challenge that.",
    message="`ID` challenges one of N relations that support `ID` together",
    severity="warning",
)
def one_line(index: Indexed) -> Iterator[Hit]:
    for challenge in index.challenges:
        link = index.link_ids.get(challenge.target_link) if challenge.target_link else None
        if link is None or link.kind != "supported by" or link.inference:
            continue
        source = index.parts.get(link.source)
        beside = len(index.supports(link.source))
        if source is not None and source.type == "goal" and beside > 1:
            yield Hit(
                challenge,
                f"{name_of(index, challenge.source)} challenges one of {beside} relations that "
                f"support {name_of(index, link.source)} together",
                "challenge the premise, or a strategy between them",
            )


@GSN.rule(
    "R36",
    "Defeated element still counted",
    clause="2:11.3.4, 2:11.4.4",
    text="The element is marked defeated, and what rests on it is not. Defeat goes up unless "
    "somebody says why the rest is enough: mark the relation defeated and argue without it, or "
    "record the reason (tag `sc.rationale` on the element or relation, or `sc.despite.ID` on what "
    "rests on it).",
    message="`ID` rests on `ID`, which is defeated",
    severity="warning",
)
def still_counted(index: Indexed) -> Iterator[Hit]:
    for part in index.parts.values():
        if not part.defeated or part.tags.get("sc.rationale"):
            continue
        for link in index.above.get(part.id, ()):
            upper = index.parts.get(link.source)
            if upper is None or upper.defeated or link.defeated or link.tags.get("sc.rationale"):
                continue
            if not upper.tags.get(f"sc.despite.{part.id}"):
                yield Hit(
                    link,
                    f"{shown(upper)} rests on {shown(part)}, which is defeated",
                    "mark what falls, or record why the rest is enough",
                )


@GSN.rule(
    "R37",
    "Residual defeater without reason or owner",
    clause="2:11",
    text="A doubt may be accepted and kept (tags `sc.residual` or `sc.accepted.doubt`). Then the "
    "reason (`sc.accepted.because`) and the person who accepted it (`sc.accepted.owner`) stand "
    "with it.",
    message="the doubt `ID` is accepted without a reason or an owner",
    severity="warning",
)
def residual(index: Indexed) -> Iterator[Hit]:
    for link in index.challenges:
        part = index.parts.get(link.source)
        for about in (link, part):
            if about is None or not (
                about.tags.get("sc.residual") or about.tags.get("sc.accepted.doubt")
            ):
                continue
            lacking = [
                word
                for word, tag in (("a reason", "because"), ("an owner", "owner"))
                if not about.tags.get(f"sc.accepted.{tag}")
            ]
            if lacking:
                yield Hit(
                    about,
                    f"the doubt {name_of(index, link.source)} is accepted without "
                    + " and ".join(lacking),
                )


@GSN.rule(
    "R40",
    "Claim point named twice",
    clause="1:5.2.3",
    text="The identifier of an assurance claim point names one point; its confidence argument is "
    "found by it.",
    message="the claim point `ID` stands in two places",
)
def point_ids(index: Indexed) -> Iterator[Hit]:
    seen: set[str] = set()
    for point in index.points:
        if not point.id.strip():
            yield Hit(point, "a claim point has no id")
        elif point.id in seen:
            yield Hit(point, f"the claim point `{point.id}` stands in two places", "rename one")
        seen.add(point.id)


@GSN.rule(
    "R41",
    "Claim point at the wrong place",
    clause="1:5.2.1–1:5.2.2",
    text="A claim point sits on a relation (supported by, in context of), or on an element that "
    "refers to an artefact (solution, context). Confidence in a goal is what its support is for.",
    message="the claim point `ID` sits on SYMBOL `ID`",
)
def point_places(index: Indexed) -> Iterator[Hit]:
    for point in index.points:
        part = index.parts.get(point.on_part)
        if not point.on_part and not point.on_links:
            yield Hit(point, f"the claim point `{point.id}` sits nowhere")
        elif point.on_part and part is None:
            yield Hit(point, f"the claim point `{point.id}` sits on `{point.on_part}`, not there")
        elif part is not None and part.type not in ("solution", "context"):
            yield Hit(
                point,
                f"the claim point `{point.id}` sits on {shown(part)}",
                "put it on the relation whose soundness is meant",
            )
        for name in point.on_links:
            link = index.link_ids.get(name)
            if link is None:
                yield Hit(point, f"the claim point `{point.id}` sits on `{name}`, not there")
            elif link.kind == "challenges":
                yield Hit(point, f"the claim point `{point.id}` sits on a challenge")


def _support_links(index: Indexed, point: ClaimPoint) -> list[Link]:
    found = [index.link_ids[name] for name in point.on_links if name in index.link_ids]
    return [link for link in found if link.kind == "supported by"]


@GSN.rule(
    "R42",
    "Claim point on one line beneath a strategy",
    clause="1:5.3.3",
    text="Beneath a strategy the lines make one inference. A point on one of them reads as "
    "confidence in the premise or in the inference; put it on the line above the strategy, or on "
    "all lines beneath it.",
    message="the claim point `ID` sits on one line beneath strategy `ID`",
    severity="warning",
)
def point_beneath_strategy(index: Indexed) -> Iterator[Hit]:
    for point in index.points:
        links = _support_links(index, point)
        source = index.parts.get(links[0].source) if len(links) == 1 else None
        if source is not None and source.type == "strategy":
            yield Hit(
                point,
                f"the claim point `{point.id}` sits on one line beneath {shown(source)}",
                "put it on the line above the strategy",
            )


_ELSEWHERE = re.compile(r"[^\[\]]+\[([^\[\]]+)\]")


@GSN.rule(
    "R43",
    "Claim point without a confidence argument",
    clause="1:5.1.1, 1:5.2.3",
    text="A claim point promises an argument for confidence. Name the goal or module that holds "
    "it, or write `ACPn[Module]` where it has the same id in another module.",
    message="nothing argues the claim point `ID`",
)
def argued(index: Indexed) -> Iterator[Hit]:
    for point in index.points:
        by = point.argued_by
        if not by:
            yield Hit(point, f"nothing argues the claim point `{point.id}`", "name its argument")
            continue
        match = _ELSEWHERE.fullmatch(by)
        if by not in index.parts and (match[1] if match else by) not in index.modules:
            yield Hit(
                point, f"the claim point `{point.id}` is argued by `{by}`, which is not there"
            )


@GSN.rule(
    "R44",
    "Claim point on a part of an inference",
    clause="1:5.3.3",
    text="All elements that support an element make one inference. A point that names several of "
    "its lines and leaves out others has no inference to speak of; name all, or one.",
    message="the claim point `ID` names N of M lines that support `ID`",
    severity="warning",
)
def part_of_inference(index: Indexed) -> Iterator[Hit]:
    beneath: dict[str, dict[str, None]] = {}
    for point in index.points:
        by_source: dict[str, set[str]] = {}
        for link in _support_links(index, point):
            by_source.setdefault(link.source, set()).add(link.target)
        for source, named in by_source.items():
            if source not in beneath:
                beneath[source] = dict.fromkeys(link.target for link in index.supports(source))
            every = beneath[source]
            if 1 < len(named) < len(every):
                left_out = list(islice((name for name in every if name not in named), 6))
                yield Hit(
                    point,
                    f"the claim point `{point.id}` names {len(named)} of {len(every)} lines that "
                    f"support {name_of(index, source)}",
                    f"left out: {listed(left_out)}",
                )


RULES: tuple[Rule, ...] = (
    challengers,
    targets,
    defeated,
    complete,
    open_challenges,
    one_line,
    still_counted,
    residual,
    point_ids,
    point_places,
    point_beneath_strategy,
    argued,
    part_of_inference,
)
