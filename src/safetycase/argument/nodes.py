"""Strict YAML: text -> nodes with marks, and findings for everything that would surprise.

Aliases, merge keys, custom tags, duplicate keys and words that YAML 1.1 silently turns into
something else (`no`, `012`, `1:30`) are findings; nothing is guessed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import yaml

from safetycase.argument.findings import Finding, Span

__all__ = ["MAX_BYTES", "Node", "Reader", "span_of"]

Node = yaml.nodes.Node
MAX_BYTES = 16 * 1024 * 1024
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_STANDARD = frozenset(
    "tag:yaml.org,2002:" + name
    for name in ("str", "int", "float", "bool", "null", "map", "seq", "timestamp", "merge", "value")
)
_SURPRISING = re.compile(
    r"(?i:yes|no|on|off|null|~)|0[0-9_]+|0[xob][0-9a-fA-F_]+|[0-9][0-9_]*(:[0-5]?[0-9])+(\.\d*)?"
    r"|[-+]?\.(?i:inf|nan)|\d[\d_]*_[\d_]*"
)


def span_of(node: Node, file: str) -> Span:
    """The place of a node; lines and columns count from 1."""
    return Span(
        file=file,
        line=node.start_mark.line + 1,
        column=node.start_mark.column + 1,
        end_line=node.end_mark.line + 1,
        end_column=node.end_mark.column + 1,
    )


class Reader:
    """Composes one file and walks it strictly, collecting findings."""

    def __init__(self, text: str, file: str) -> None:
        self.file = file
        self.findings: list[Finding] = []
        self._seen: set[int] = set()
        self.root = self._compose(text)

    def report(
        self,
        code: str,
        node: Node | None,
        message: str,
        hint: str | None = None,
        subject: str | None = None,
    ) -> None:
        """Record a finding at `node` (at the start of the file without one)."""
        span = span_of(node, self.file) if node else Span(file=self.file, line=1, column=1)
        self.findings.append(
            Finding(code=code, span=span, message=message, hint=hint, subject=subject)
        )

    def _compose(self, text: str) -> Node | None:
        if len(text) > MAX_BYTES:
            self.report("F001", None, f"the file is larger than {MAX_BYTES} bytes")
            return None
        try:
            node = yaml.compose(text, Loader=_LOADER)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            span = Span(
                file=self.file,
                line=(mark.line if mark else 0) + 1,
                column=(mark.column if mark else 0) + 1,
            )
            message = f"not YAML: {error.problem or error.context}"
            self.findings.append(Finding(code="F002", span=span, message=message))
            return None
        except (yaml.YAMLError, RecursionError, ValueError) as error:
            reason = "nested too deeply" if isinstance(error, RecursionError) else str(error)
            self.report("F002", None, f"not YAML: {reason.splitlines()[0]}")
            return None
        if node is None:
            self.report("F002", None, "the file is empty")
        return node

    def fresh(self, node: Node) -> bool:
        """False, with a finding, if the node is an alias of one already read or has a tag."""
        if id(node) in self._seen:
            self.report(
                "F003",
                node,
                "YAML aliases are not used in a case file",
                "write the text again, or name the element once and refer to its id",
            )
            return False
        self._seen.add(id(node))
        if node.tag not in _STANDARD:
            self.report("F004", node, f"the tag `{node.tag}` is not used in a case file")
            return False
        return True

    def items(self, node: Node, where: str) -> Iterator[tuple[str, Node, Node]]:
        """(key, key node, value node) of a mapping; keys are plain words, each once."""
        if not isinstance(node, yaml.MappingNode):
            self.report("F005", node, f"{where} is a mapping of `key: value` lines")
            return
        first: dict[str, Node] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                self.report("F005", key, f"a key of {where} is not a word")
            elif key.value in first:
                line = first[key.value].start_mark.line + 1
                self.report(
                    "F006",
                    key,
                    f"the key `{key.value}` is given twice in {where}",
                    f"the first is in line {line}; keep one of them",
                )
            else:
                first[key.value] = key
                yield key.value, key, value

    def sequence(self, node: Node, where: str) -> list[Node]:
        """The entries of a list."""
        if isinstance(node, yaml.SequenceNode):
            return list(node.value)
        self.report("F005", node, f"{where} is a list", "write `[a, b]` or one `- entry` a line")
        return []

    def word(self, node: Node, where: str) -> str | None:
        """The text of a scalar that is meant as text."""
        if not isinstance(node, yaml.ScalarNode):
            self.report("F005", node, f"{where} is one value, not a list or mapping")
            return None
        text: str = node.value
        if self.plain(node) and (_SURPRISING.fullmatch(text) or not text):
            self.report(
                "F007",
                node,
                f"`{text}` in {where} means something else to YAML",
                f'write "{text}" in quotes if the text is meant'
                if text
                else "a value is missing here",
            )
            return None
        return text

    def plain(self, node: Node) -> bool:
        """Whether the node is an unquoted scalar."""
        return isinstance(node, yaml.ScalarNode) and not node.style  # None, or "" from libyaml
