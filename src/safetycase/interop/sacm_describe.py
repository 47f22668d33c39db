"""What an element of a SACM file says of itself: name, statement, tagged values, and the rest.

What is not known is kept as a tag (`sacm.attribute.NAME`, `sacm.child.N`) and reported as lost.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from safetycase.argument.findings import Finding, Severity, Span
from safetycase.argument.structure import Loss
from safetycase.interop.sacm_index import (
    MEMBERS,
    attribute,
    child_named,
    children_named,
    class_of,
    texts,
)
from safetycase.interop.xml import Element, as_text, local

__all__ = ["Described", "Notes", "describe", "short", "truth"]

_MOST = 500
_SHOWN = 60
_SAID_ELSEWHERE = frozenset(
    {"id", "gid", "uuid", "type", "version", "schemaLocation", "nil", "lang"}
    | {"isCitation", "isAbstract", "isCounter", "assertionDeclaration", "assumed"}
    | {"undeveloped", "uninstantiated", "isPublic", "public", "toBeSupportedByContract"}
    | {"isMany", "isOptional", "isChoice", "key", "date", "location"}
    | MEMBERS
)
_OURS = {
    "undeveloped": "sc.undeveloped",
    "isPublic": "sc.public",
    "public": "sc.public",
    "toBeSupportedByContract": "sc.by-contract",
    "isOptional": "sc.optional",
}


def short(text: str) -> str:
    """A text of the file as a message shows it."""
    clean = "".join(letter if letter.isprintable() else "?" for letter in text[: _SHOWN + 1])
    return clean if len(clean) <= _SHOWN else clean[:_SHOWN] + "…"


def truth(text: str) -> bool:
    """An XML boolean."""
    return text.strip() in ("true", "1")


@dataclass(slots=True)
class Notes:
    """Findings and losses of one reading; of each code at most `_MOST` findings are kept."""

    findings: list[Finding] = field(default_factory=list)
    losses: list[Loss] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)

    def find(
        self,
        code: str,
        span: Span,
        message: str,
        *,
        severity: Severity = "error",
        subject: str | None = None,
        hint: str | None = None,
    ) -> None:
        """Note a finding."""
        self.counts[code] = number = self.counts.get(code, 0) + 1
        if number == _MOST:
            message, hint = f"{code} occurs more than {_MOST - 1} times; no more are shown", None
        if number <= _MOST:
            found = Finding(
                code=code, span=span, message=message, severity=severity, subject=subject, hint=hint
            )
            self.findings.append(found)

    def lose(self, about: str, what: str, says: str) -> None:
        """Note a loss."""
        self.losses.append(Loss(about=about, what=what, says=says))


class Described(NamedTuple):
    """The words of an element."""

    name: str
    text: str
    tags: dict[str, str]


def describe(element: Element, about: str, notes: Notes, span: Span) -> Described:
    """Name, statement and tags. A `content` is the statement, a description beside it a note."""
    tags: dict[str, str] = {}
    name = _pick(_pairs(element, "name"), tags, "sacm.name")
    statement = _pairs(element, "content")
    described = _pairs(element, "description")
    if statement:
        text = _pick(statement, tags, "sacm.text")
        _number(tags, "sacm.note", [content for _, content in described])
    else:
        texted = [pair for d in children_named(element, "description")[:1] for pair in texts(d)]
        text = _pick(texted or described, tags, "sacm.text")
        further = children_named(element, "description")[1:]
        _number(tags, "sacm.description", [_pick(texts(each), {}, "") for each in further])
    noted = [_pick(texts(each), {}, "") for each in children_named(element, "note")]
    _number(tags, "sacm.note", noted)
    _tagged_values(element, tags)
    _languages(element, about, notes, span)
    _attributes(element, about, tags, notes)
    _unknown_children(element, about, tags, notes, span)
    return Described(name=name, text=text, tags=tags)


def _pairs(element: Element, member: str) -> list[tuple[str, str]]:
    said = element.attributes.get(member)
    if said is not None:
        return [("", said)]
    return [pair for child in children_named(element, member) for pair in texts(child)]


def _english(language: str) -> bool:
    return language.lower().startswith("en")


def _pick(pairs: list[tuple[str, str]], tags: dict[str, str], prefix: str) -> str:
    """The English text, or else the first; the others become tags by language."""
    if not pairs:
        return ""
    chosen = next((n for n, (language, _) in enumerate(pairs) if _english(language)), 0)
    language, text = pairs[chosen]
    if language and not _english(language) and prefix == "sacm.text":
        tags["sacm.lang"] = language
    counts: dict[str, int] = {}
    for place, (other, content) in enumerate(pairs):
        if place != chosen and prefix:
            key = f"{prefix}.{other or 'und'}"
            counts[key] = number = counts.get(key, 0) + 1
            tags[key if number == 1 else f"{key}.{number}"] = content
    return text


def _number(tags: dict[str, str], key: str, values: Iterable[str]) -> None:
    for number, value in enumerate((value for value in values if value), start=1):
        tags[key if number == 1 and key not in tags else f"{key}.{number}"] = value


def _tagged_values(element: Element, tags: dict[str, str]) -> None:
    counts: dict[str, int] = {}
    for tagged in children_named(element, "taggedValue"):
        key = _verbatim(tagged, "key") or attribute(tagged, "sKey")
        counts[key] = number = counts.get(key, 0) + 1
        tags[key if number == 1 else f"{key}.{number}"] = _verbatim(tagged, "content")


def _verbatim(tagged: Element, member: str) -> str:
    """The text of a key or content, spaces and all, where it stands as text."""
    child = child_named(tagged, member)
    if child is not None and not child.children and not child.attributes:
        return child.text
    return _pick(_pairs(tagged, member), {}, "")


def _languages(element: Element, about: str, notes: Notes, span: Span) -> None:
    for member in ("description", "content", "note"):
        for child in children_named(element, member):
            languages = [language for language, _ in texts(child)]
            for language in (
                {x for x in languages if languages.count(x) > 1}
                if (1 < len(languages) <= _MOST)
                else ()
            ):
                says = f"`{short(about)}` has two texts in the language `{short(language)}`"
                notes.find("S05", span, says, subject=about)


def _attributes(element: Element, about: str, tags: dict[str, str], notes: Notes) -> None:
    for key, value in element.attributes.items():
        word = local(key)
        if word in _OURS and truth(value):
            tags.setdefault(_OURS[word], "true")
        elif word == "isMany" and truth(value):
            tags.setdefault("sc.multiplicity", "n")
        elif word == "isChoice" and truth(value):
            tags.setdefault("sc.choice", "choice")
        elif word not in _SAID_ELSEWHERE and "XMLSchema-instance" not in key:
            tags[f"sacm.attribute.{word}"] = value
            says = f"the attribute `{short(word)}` is not known; kept as a tag"
            notes.lose(about, "attribute", says)
    if element.attributes.get("gid") and any(local(k) == "id" for k in element.attributes):
        tags["sacm.gid"] = element.attributes["gid"]


def _unknown_children(
    element: Element, about: str, tags: dict[str, str], notes: Notes, span: Span
) -> None:
    """Members of classes that a structure has no place for, and what no revision of SACM has."""
    number = 0
    for child in element.children:
        word = local(child.tag)
        plain = word in MEMBERS and word != "implementationConstraint"
        if plain or (class_of(child) is not None and word != "property"):
            continue
        number += 1
        tags[f"sacm.child.{number}"] = as_text(child)
        says = f"the element `{short(word)}` has no place; kept as text in a tag"
        notes.lose(about, "element", says)
        if word not in ("implementationConstraint", "property"):
            message = f"`{short(word)}` is not known here"
            notes.find("F057", span, message, severity="warning", subject=about)
