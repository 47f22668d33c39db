"""The text of a case file in its usual layout: the same data, the same comments, one way to indent.

Two spaces of indentation, lists indented, lines of at most 100 columns where words allow, flow
style and quotes as they were. It is lossless or it does nothing: the data and the comments are
compared before and after, and a file that would lose any of it stays as it is, with a finding.
"""

from __future__ import annotations

import bisect
import io
import re
from dataclasses import dataclass
from typing import Any

import yaml

from safetycase.argument.findings import Finding, Span
from safetycase.argument.nodes import Collection, Node, Reader
from safetycase.argument.quoting import WIDTH

__all__ = ["Formatted", "comments_of", "format_text", "formatted"]

_ROUNDS = 4
_DEEPEST = 60  # ruamel.yaml recurses a dozen frames for each level


@dataclass(frozen=True, slots=True, kw_only=True)
class Formatted:
    """The text in its usual layout, or as it was with the finding that says why."""

    text: str
    findings: tuple[Finding, ...] = ()


def format_text(text: str) -> str:
    """The text in its usual layout; as it is where that cannot be done without a loss."""
    return formatted(text).text


def formatted(text: str, file: str = "case.yaml") -> Formatted:
    """The text in its usual layout, and the findings that prevented it."""
    reader = Reader(text, file)
    if reader.root is None or reader.findings:
        return Formatted(text=text, findings=tuple(reader.findings))
    if _depth(reader.root) > _DEEPEST:
        return _refused(text, file, 1, f"it is nested more than {_DEEPEST} levels deep")
    ending = "\r\n" if "\r\n" in text else "\n"
    current = text.replace("\r\n", "\n")
    for _ in range(_ROUNDS):
        try:
            after = _once(current)
        except _Failed as error:
            return _refused(text, file, error.line, error.why)
        if after == current:
            break
        current = after
    else:
        return _refused(text, file, 1, "its layout does not settle")
    current = current.replace("\n", ending)
    lost = _loss(text, reader, current, file)
    return _refused(text, file, *lost) if lost else Formatted(text=current)


class _Failed(Exception):
    def __init__(self, line: int, why: str) -> None:
        super().__init__(why)
        self.line = line
        self.why = why


def _refused(text: str, file: str, line: int, why: str) -> Formatted:
    finding = Finding(
        code="F090",
        span=Span(file=file, line=line, column=1),
        message=f"the file cannot be laid out without a loss: {why}",
        hint="write that place in another way; the file was left as it is",
    )
    return Formatted(text=text, findings=(finding,))


def _once(text: str) -> str:
    """One round through ruamel.yaml, which keeps comments, quotes and flow style."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    layout = YAML(typ="rt", pure=True)
    layout.preserve_quotes = True
    layout.width = WIDTH
    layout.indent(mapping=2, sequence=4, offset=2)
    layout.Resolver = _words_only()
    layout.allow_duplicate_keys = True
    out = io.StringIO()
    try:
        layout.dump(layout.load(text), out)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        why = str(error.problem or error.context)
        raise _Failed((mark.line if mark else 0) + 1, why) from None
    except (YAMLError, RecursionError, ValueError, AttributeError, TypeError, IndexError) as error:
        # Odd places of comments are known to trip the library; the file is then left alone.
        raise _Failed(1, f"ruamel.yaml cannot write it ({type(error).__name__})") from None
    lines = [line.rstrip() for line in out.getvalue().split("\n")]
    return _aligned("\n".join(lines).strip("\n") + "\n")


def _aligned(text: str) -> str:
    """Comments on lines of their own that are level with neither neighbour join the next line."""
    lines = text.split("\n")
    own = {line - 1 for line, words in comments_of(text) if lines[line - 1].strip() == words}
    indents = [len(line) - len(line.lstrip()) for line in lines]
    content = [at for at, line in enumerate(lines) if line.strip() and at not in own]
    for at in own:
        below = bisect.bisect(content, at)
        if 0 < below < len(content):
            levels = indents[content[below - 1]], indents[content[below]]
            if indents[at] not in levels:
                lines[at] = " " * levels[1] + lines[at].lstrip()
    return "\n".join(lines)


def _words_only() -> type[Any]:
    """A resolver for which every plain word is text, so that it is written as it was."""
    from ruamel.yaml.resolver import VersionedResolver

    class Words(VersionedResolver):
        def resolve(self, kind: Any, value: Any, implicit: Any) -> Any:
            from ruamel.yaml.nodes import ScalarNode
            from ruamel.yaml.tag import Tag

            if kind is ScalarNode:
                return Tag(suffix="tag:yaml.org,2002:str")
            return super().resolve(kind, value, implicit)

    return Words


def _depth(node: Node) -> int:
    deepest, stack = 0, [(node, 1)]
    while stack:
        current, depth = stack.pop()
        deepest = max(deepest, depth)
        if type(current) is Collection:
            stack += [(item, depth + 1) for item in current.items]
    return deepest


def _loss(text: str, before: Reader, new: str, file: str) -> tuple[int, str] | None:
    """(line, why) if the new text does not say what the old one says."""
    after = Reader(new, file)
    if after.root is None or after.findings or before.root is None:
        return 1, "the result would not be read"
    stack = [(before.root, after.root)]
    while stack:
        a, b = stack.pop()
        line = getattr(a.start_mark, "line", 0) + 1
        if type(a) is not type(b):
            return line, "a value would change"
        if type(a) is Collection and type(b) is Collection:
            if a.mapping is not b.mapping or len(a.items) != len(b.items):
                return line, "an entry would be lost"
            stack += zip(a.items, b.items, strict=True)
        elif (a.value, bool(a.style)) != (b.value, bool(b.style)):  # type: ignore[union-attr]
            return line, "a value would change"
    kept, now = comments_of(text), comments_of(new)
    if [words for _, words in kept] == [words for _, words in now]:
        return None
    lost = next((c for c, d in zip(kept, [*now, None], strict=False) if d is None or c[1] != d[1]),
                kept[-1] if kept else (1, ""))  # fmt: skip
    return lost[0], "a comment would be lost or moved"


_COMMENT = re.compile(r"(?:^|[ \t])(#[^\n]*)")


def comments_of(text: str) -> list[tuple[int, str]]:
    """(line, comment) of every comment in the text, in order."""
    found: list[tuple[int, str]] = []
    last = 0
    for token in yaml.scan(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
        start = token.start_mark.index
        found += _between(text, last, start)
        last = max(last, token.end_mark.index)
    return found + _between(text, last, len(text))


def _between(text: str, start: int, end: int) -> list[tuple[int, str]]:
    gap = text[start:end]
    line = text.count("\n", 0, start) + 1 if "#" in gap else 0
    return [
        (line + gap.count("\n", 0, m.start(1)), m[1].rstrip())
        for m in re.finditer(_COMMENT.pattern, gap, re.MULTILINE)
    ]
