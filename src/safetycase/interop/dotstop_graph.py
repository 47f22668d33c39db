"""The DOT subset of a `.dotstop.dot` file: nodes and edges with attributes, read in one pass."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise

from safetycase.interop.notes import MAX_ELEMENTS, Notes, shown

__all__ = ["Edge", "Graph", "Node", "read_graph"]

_TOKEN = re.compile(
    r"(?:[ \t\r\n]++|#[^\n]*+|//[^\n]*+|/\*(?:[^*]|\*(?!/))*+\*/)*+"
    r'(?:(?P<quoted>"(?:[^"\\]|\\.)*+")|(?P<arrow>->)|(?P<mark>[\[\]{}=,;])'
    r"|(?P<word>[A-Za-z0-9_.\x80-\U0010ffff]++))",
    re.DOTALL,
)
_TRAILING = re.compile(r"(?:[ \t\r\n]++|#[^\n]*+|//[^\n]*+|/\*(?:[^*]|\*(?!/))*+\*/)*+\Z")
_MOST_ATTRIBUTES = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A node; `sha` is empty if the item was never reviewed."""

    name: str
    sha: str
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """An edge from the supported to the supporting item."""

    source: str
    target: str
    sha: str
    line: int


@dataclass(slots=True)
class Graph:
    """Nodes by name and edges, in file order."""

    nodes: dict[str, Node] = field(default_factory=dict)
    edges: list[Edge] = field(default_factory=list)


class _Stop(Exception):
    """Ends the reading; a finding says why."""


class _Reader:
    def __init__(self, text: str, notes: Notes) -> None:
        self.text = text
        self.notes = notes
        self.position = 0
        self.line = 1
        self.graph = Graph()
        self.kind, self.word = "", ""
        self.take()

    def stop(self, message: str) -> _Stop:
        self.notes.find("F050", self.line, f"this is not the graph of dotstop: {message}")
        return _Stop()

    def take(self) -> str:
        """The present token; the next one becomes present."""
        taken = self.word
        match = _TOKEN.match(self.text, self.position)
        if match is None:
            if not _TRAILING.match(self.text, self.position):
                raise self.stop("a character cannot stand here")
            self.kind, self.word = "end", ""
            return taken
        self.kind = match.lastgroup or ""
        self.word = match[self.kind]
        self.line += self.text.count("\n", self.position, match.end())
        if self.kind == "quoted":
            self.word = self.word[1:-1].replace('\\"', '"')
        self.position = match.end()
        return taken

    def name(self, what: str) -> str:
        if self.kind not in ("quoted", "word") or not self.word:
            raise self.stop(f"{what} is expected, not `{shown(self.word)}`")
        return self.take()

    def mark(self, word: str) -> None:
        if self.kind == "quoted" or self.word != word:
            raise self.stop(f"`{word}` is expected, not `{shown(self.word)}`")
        self.take()

    def at(self, word: str) -> bool:
        return self.kind in ("mark", "arrow") and self.word == word

    def run(self) -> None:
        if self.kind == "word" and self.word == "strict":
            self.take()
        if self.kind != "word" or self.word != "digraph":
            raise self.stop("it starts with `digraph`")
        self.take()
        if self.kind in ("quoted", "word"):
            self.take()
        self.mark("{")
        while not self.at("}"):
            self.statement()
        self.mark("}")
        if self.kind != "end":
            raise self.stop("something follows the graph")

    def statement(self) -> None:
        if self.at(";"):
            self.take()
            return
        line, name = self.line, self.name("the name of an item")
        if self.at("="):  # an attribute of the graph
            self.take()
            self.name("a value")
            return
        ends = [name]
        while self.at("->"):
            self.take()
            ends.append(self.name("the name of an item"))
            if len(ends) > MAX_ELEMENTS:
                self.bound(len(ends))
        attributes = self.attributes()
        if len(ends) == 1:
            if name not in ("graph", "node", "edge"):
                self.node(name, attributes, line)
            return
        for source, target in pairwise(ends):
            sha = self.sha(attributes, line)
            self.graph.edges.append(Edge(source=source, target=target, sha=sha, line=line))
        self.bound()

    def node(self, name: str, attributes: Mapping[str, str], line: int) -> None:
        known = self.graph.nodes.get(name)
        if known is not None:
            message = f"the item `{shown(name)}` is declared twice"
            hint = f"the first is in line {known.line}"
            self.notes.find("F056", line, message, hint, subject=name)
            return
        self.graph.nodes[name] = Node(name=name, sha=self.sha(attributes, line), line=line)
        self.bound()

    def bound(self, more: int = 0) -> None:
        if len(self.graph.nodes) + len(self.graph.edges) + more > MAX_ELEMENTS:
            self.notes.find("F051", self.line, f"more than {MAX_ELEMENTS} items and links")
            raise _Stop

    def attributes(self) -> dict[str, str]:
        found: dict[str, str] = {}
        while self.at("["):
            self.take()
            while not self.at("]"):
                key = self.name("the name of an attribute")
                self.mark("=")
                if key in found:
                    self.notes.find("F053", self.line, f"`{shown(key)}` is given twice")
                found.setdefault(key, self.name("a value"))
                if len(found) > _MOST_ATTRIBUTES:
                    raise self.stop(f"an item or link has more than {_MOST_ATTRIBUTES} attributes")
                if self.at(",") or self.at(";"):
                    self.take()
            self.take()
        return found

    def sha(self, attributes: Mapping[str, str], line: int) -> str:
        """The content hash of a review, or "" where there is none."""
        for key in attributes:
            if key != "sha":
                message = f"the attribute `{shown(key)}` is not known; it is left out"
                self.notes.find("F057", line, message, "known here: `sha`", severity="warning")
        sha = attributes.get("sha", "")
        if sha and not re.fullmatch(r"[0-9a-fA-F]{64}", sha):
            message = "`sha` is no SHA-256; the review counts as missing"
            self.notes.find("F058", line, message, severity="warning")
            return ""
        return sha


def read_graph(text: str, notes: Notes) -> Graph | None:
    """The graph of a `.dotstop.dot` file, or None after a finding (F050, F051)."""
    try:
        reader = _Reader(text, notes)
        reader.run()
    except _Stop:
        return None
    return reader.graph
