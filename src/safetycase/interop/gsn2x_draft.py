"""What one file says, as far as it is read: findings, drafts of elements, and finished parts.

Nothing here needs a YAML parser.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from safetycase.argument.findings import Finding, Severity, Span
from safetycase.argument.structure import ClaimPoint, Link, LinkKind, Part, PartType
from safetycase.checks.gsn2x_index import (
    ARROW,
    RELATIONS_DEFEATED,
    UNKNOWN_TYPE,
    kind_of_id,
)
from safetycase.interop.gsn2x_records import NO_TAGS, make_link, make_part
from safetycase.plugin.formats import MAX_BYTES, Source

__all__ = [
    "KINDS",
    "MAX_VALUES",
    "Draft",
    "FileDraft",
    "Hostile",
    "Report",
    "decode",
    "finish",
    "is_text_word",
    "stop",
]

_MAX_FINDINGS = 500
_MAX_WORDS = 1000
MAX_VALUES = 1_200_000
"""The most keys and values that all files of one reading may hold: a gigabyte of records."""

# What the YAML 1.2 core schema takes for null, a truth value or a number.
_NOT_TEXT = re.compile(
    r"|~|null|Null|NULL|true|True|TRUE|false|False|FALSE|[-+]?(?:0|[1-9][0-9]*)|0o[0-7]+"
    r"|0x[0-9a-fA-F]+|[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?"
    r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
)

_FIRST_OF_NO_TEXT = frozenset("~nNtTfF+-.0123456789") | {""}


KINDS: Mapping[str, tuple[PartType, bool]] = {
    "Goal": ("goal", False),
    "Strategy": ("strategy", False),
    "Solution": ("solution", False),
    "Justification": ("justification", False),
    "Context": ("context", False),
    "Assumption": ("assumption", False),
    "CounterGoal": ("goal", True),
    "CounterSolution": ("solution", True),
}
_UNKNOWN: tuple[PartType, bool] = ("context", False)


class Hostile(Exception):
    """The file cannot be read any further; `finding` says why. Never leaves `interop`."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.message)
        self.finding = finding


def is_text_word(value: str) -> bool:
    """Whether an unquoted word is text for YAML."""
    # No letter but these begins a null, a truth value or a number.
    if value[:1] not in _FIRST_OF_NO_TEXT:
        return True
    return len(value) > 32 or _NOT_TEXT.fullmatch(value) is None


def stop(code: str, span: Span, message: str) -> Hostile:
    """The reason to read no further."""
    return Hostile(Finding(code=code, span=span, message=message))


def decode(source: Source) -> str:
    """The text of a file; `Hostile` for what is too large, not UTF-8 or holds a NUL."""
    data, file = source.data, source.name
    start = Span(file=file, line=1, column=1)
    if len(data) > MAX_BYTES:
        raise stop("F001", start, f"the file is larger than {MAX_BYTES} bytes")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        column = error.start - data.rfind(b"\n", 0, error.start)
        span = Span(file=file, line=line, column=column)
        raise stop("F002", span, "the file is not UTF-8 at this byte") from None
    nul = text.find("\0")
    if nul >= 0:
        line, column = text.count("\n", 0, nul) + 1, nul - text.rfind("\n", 0, nul)
        raise stop("F002", Span(file=file, line=line, column=column), "a NUL character")
    return text


class Report:
    """Findings of one reading; after the first few hundred they are only counted."""

    __slots__ = ("findings", "left_out", "values", "words")

    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self.left_out = 0
        self.values = 0
        self.words: set[str] = set()

    def add(
        self,
        code: str,
        span: Span,
        message: str,
        hint: str | None = None,
        subject: str | None = None,
        severity: Severity = "error",
    ) -> None:
        """Record one finding."""
        if len(self.findings) >= _MAX_FINDINGS:
            self.left_out += 1
            return
        self.findings.append(
            Finding(
                code=code,
                span=span,
                message=message,
                hint=hint,
                subject=subject,
                severity=severity,
            )
        )

    def asks(self, word: str) -> bool:
        """Whether to look for what a key is meant to be; only for the first thousand keys."""
        if len(self.words) < _MAX_WORDS:
            self.words.add(word)
        return word in self.words

    def all(self) -> tuple[Finding, ...]:
        """The findings, and one that counts those left out."""
        if not self.left_out:
            return tuple(self.findings)
        last = self.findings[-1]
        more = Finding(
            code=last.code,
            span=last.span,
            message=f"{self.left_out} more findings are not listed",
            severity=last.severity,
        )
        return (*self.findings, more)


class Draft:
    """What the keys of one element said so far."""

    __slots__ = (
        "acp",
        "defeated",
        "kind",
        "links",
        "relations",
        "tags",
        "text",
        "undeveloped",
        "url",
    )

    def __init__(self) -> None:
        self.text = ""
        self.url = ""
        self.kind = ""
        self.undeveloped = False
        self.defeated = False
        self.links: list[tuple[LinkKind, str, Span]] = []
        self.relations: list[str] = []
        self.acp: list[tuple[str, Span, list[str]]] = []
        self.tags: dict[str, str] = NO_TAGS

    def tag(self, key: str, value: str) -> None:
        """Keep what has no field."""
        if self.tags is NO_TAGS:
            self.tags = {}
        self.tags[key] = value


class FileDraft:
    """One file: the module it is and what it holds."""

    __slots__ = (
        "brief",
        "extends",
        "links",
        "module",
        "name",
        "parts",
        "points",
        "report",
        "span",
        "tags",
        "uses",
    )

    def __init__(self, name: str, module: str, report: Report) -> None:
        self.name = name
        self.module = module
        self.report = report
        self.brief = ""
        self.uses: list[tuple[str, Span]] = []
        self.extends: list[tuple[str, dict[str, list[str]]]] = []
        self.tags: dict[str, str] = {}
        self.span: Span | None = None
        self.parts: dict[str, Part] = {}
        self.links: list[Link] = []
        self.points: list[ClaimPoint] = []

    def add(self, name: str, span: Span, draft: Draft) -> None:
        """Finish one element and keep it."""
        part, links, points = finish(self.report, name, span, draft, self.module)
        self.parts[name] = part
        if links:
            self.links += links
        if points:
            self.points += points


def finish(
    report: Report, name: str, span: Span, draft: Draft, module: str
) -> tuple[Part, list[Link], list[ClaimPoint]]:
    """The part, its links and its claim points."""
    kind = draft.kind or kind_of_id(name)
    type_, counter = KINDS.get(kind, _UNKNOWN)
    links = _links(name, draft) if draft.links or draft.relations else []
    if not kind:
        draft.tag(UNKNOWN_TYPE, "unknown")
        message = f"Element {name} is of unknown type. Please see documentation for supported types"
        report.add("V01", span, message, None, name)
    part = make_part(
        name,
        type_,
        counter,
        module,
        draft.text,
        draft.url,
        draft.undeveloped,
        draft.defeated,
        draft.tags,
        span,
    )
    return part, links, _points(report, name, draft) if draft.acp else []


def _links(name: str, draft: Draft) -> list[Link]:
    """The links of one element; those that a claim point names get an id."""
    challenging = any(kind == "challenges" for kind, _, _ in draft.links)
    if not draft.acp and not draft.relations and not challenging:
        return [make_link(kind, name, target, span) for kind, target, span in draft.links]
    named = {target for _, _, targets in draft.acp for target in targets if target != name}
    found = []
    for kind, target, span in draft.links:
        relation = kind == "challenges" and ARROW in target
        given = ""
        if target in named and kind != "challenges":
            named.discard(target)
            given = f"{name}{ARROW}{target}"
        link = Link(
            kind=kind,
            source=name,
            target="" if relation else target,
            id=given,
            target_link=target if relation else "",
            defeated=bool(draft.relations) and not relation and target in draft.relations,
            span=span,
        )
        found.append(link)
    missing = [
        target
        for target in dict.fromkeys(draft.relations)
        if not any(link.target == target for link in found)
    ]
    if missing:
        kept = json.dumps(missing, ensure_ascii=False)
        draft.tag(RELATIONS_DEFEATED, kept)
    return found


def _points(report: Report, name: str, draft: Draft) -> list[ClaimPoint]:
    found = []
    for point, at, targets in draft.acp:
        others = dict.fromkeys(target for target in targets if target != name)
        if not targets:
            message = f"the claim point `{point}` of `{name}` names nothing and is left out"
            report.add("F021", at, message, f"name `{name}` itself", name, "warning")
            continue
        found.append(
            ClaimPoint(
                id=point,
                on_part=name if name in targets else "",
                on_links=tuple(f"{name}{ARROW}{target}" for target in others),
                span=at,
            )
        )
    return found
