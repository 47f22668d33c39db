"""The language server, spoken to as an editor speaks: over pipes, in its own process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import COIN, write_case

pytest.importorskip("pygls", reason="the language server is an extra: safetycase[lsp]")

pytestmark = pytest.mark.slow  # each starts a server

MODULE = """\
module: part
title: A part
public: [OFFERED]
claims:
  - {claim: OFFERED, says: Offered → to others., by: INNER}
arguments:
  - {argument: INNER, kind: decomposition, because: b, premises: [DEEP]}
assumptions:
  - {assumption: DEEP, says: Deep., owner: o, expires: 2099-01-01}
"""
CASE = COIN.replace("root:\n", "modules: {part: part.yaml}\nroot:\n").replace(
    "    premises:\n", "    premises:\n      - part/OFFERED\n"
)


class Editor:
    """A client that sends what an editor sends and waits for the answers."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.process = subprocess.Popen(
            [sys.executable, "-m", "safetycase.cli", "lsp"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=dict(os.environ),
        )
        self.last = 0
        self.diagnostics: dict[str, list[Any]] = {}
        self.capabilities = self.ask(
            "initialize",
            {"processId": os.getpid(), "rootUri": folder.as_uri(), "capabilities": {}},
        )["capabilities"]
        self.tell("initialized", {})

    def uri(self, name: str) -> str:
        return (self.folder / name).as_uri()

    def tell(self, method: str, params: Any) -> None:
        self._send({"jsonrpc": "2.0", "method": method, "params": params})

    def ask(self, method: str, params: Any) -> Any:
        self.last += 1
        self._send({"jsonrpc": "2.0", "id": self.last, "method": method, "params": params})
        while True:
            message = self._receive()
            if message.get("id") == self.last and "method" not in message:
                if "error" in message:
                    raise RuntimeError(message["error"]["message"])
                return message.get("result")

    def open(self, name: str) -> list[Any]:
        text = (self.folder / name).read_text("utf-8")
        document = {"uri": self.uri(name), "languageId": "yaml", "version": 1, "text": text}
        self.tell("textDocument/didOpen", {"textDocument": document})
        return self.shown(name)

    def change(self, name: str, text: str) -> list[Any]:
        self.tell(
            "textDocument/didChange",
            {
                "textDocument": {"uri": self.uri(name), "version": 2},
                "contentChanges": [{"text": text}],
            },
        )
        return self.shown(name)

    def shown(self, name: str) -> list[Any]:
        """The next diagnostics for a file."""
        self.diagnostics.pop(self.uri(name), None)
        while self.uri(name) not in self.diagnostics:
            self._receive()
        return self.diagnostics[self.uri(name)]

    def at(self, name: str, word: str, text: str | None = None, skip: int = 0) -> dict[str, Any]:
        """The position just inside the `skip`-th occurrence of a word."""
        text = text if text is not None else (self.folder / name).read_text("utf-8")
        at = -1
        for _ in range(skip + 1):
            at = text.index(word, at + 1)
        before = text[:at]
        line = before.count("\n")
        column = len(before.rsplit("\n", 1)[-1].encode("utf-16-le")) // 2
        return {
            "textDocument": {"uri": self.uri(name)},
            "position": {"line": line, "character": column + 1},
        }

    def _send(self, message: Any) -> None:
        body = json.dumps(message).encode()
        assert self.process.stdin is not None
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self.process.stdin.flush()

    def _receive(self) -> Any:
        assert self.process.stdout is not None
        length = 0
        while line := self.process.stdout.readline().strip():
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        assert length, "the server ended"
        message = json.loads(self.process.stdout.read(length))
        if message.get("method") == "textDocument/publishDiagnostics":
            self.diagnostics[message["params"]["uri"]] = message["params"]["diagnostics"]
        return message

    def close(self) -> None:
        self.ask("shutdown", None)
        self.tell("exit", None)
        assert self.process.wait(20) == 0
        for stream in (self.process.stdin, self.process.stdout):
            if stream:
                stream.close()


@pytest.fixture
def editor(tmp_path: Path) -> Iterator[Editor]:
    folder = write_case(tmp_path / "coin", CASE, {"items.txt": "x", "part.yaml": MODULE})
    found = Editor(folder)
    try:
        yield found
    finally:
        found.close()


def test_diagnostics_follow_the_unsaved_text(editor: Editor) -> None:
    assert editor.open("case.yaml") == []
    wrong = editor.change("case.yaml", CASE.replace("holds_when: rate", "holds_when: rtae"))
    assert [d["code"] for d in wrong] == ["C110", "C110"]
    assert "did you mean `rate`" in wrong[0]["message"]
    assert editor.change("case.yaml", CASE) == []


def test_a_finding_in_a_module_is_shown_there(editor: Editor) -> None:
    editor.open("case.yaml")
    assert editor.open("part.yaml") == []
    found = editor.change("part.yaml", MODULE.replace("[DEEP]", "[DEPE]"))
    assert "F030" in [d["code"] for d in found]
    where = next(d for d in found if d["code"] == "F030")["range"]["start"]
    assert where["line"] == 6


def test_hover_says_the_statement_and_the_status(editor: Editor) -> None:
    editor.open("case.yaml")
    said = editor.ask("textDocument/hover", editor.at("case.yaml", "E-COIN"))["contents"]["value"]
    assert "evidence E-COIN" in said
    assert "method `toy/coin`" in said
    assert "never run" in said
    assert editor.ask("textDocument/hover", editor.at("case.yaml", "title")) is None


def test_definition_and_references_reach_across_files(editor: Editor) -> None:
    editor.open("case.yaml")
    editor.open("part.yaml")
    place = editor.ask("textDocument/definition", editor.at("case.yaml", "part/OFFERED"))
    assert place["uri"] == editor.uri("part.yaml")
    assert place["range"]["start"] == {"line": 4, "character": 12}
    params = {**editor.at("part.yaml", "OFFERED", skip=1), "context": {"includeDeclaration": True}}
    found = editor.ask("textDocument/references", params)
    assert sorted(Path(f["uri"]).name for f in found) == ["case.yaml", "part.yaml", "part.yaml"]


def test_rename_changes_every_file(editor: Editor) -> None:
    editor.open("case.yaml")
    params = {**editor.at("part.yaml", "OFFERED", skip=1), "newName": "GIVEN"}
    changes = editor.ask("textDocument/rename", params)["changes"]
    assert set(changes) == {editor.uri("case.yaml"), editor.uri("part.yaml")}
    with pytest.raises(RuntimeError, match="id"):
        editor.ask("textDocument/rename", {**params, "newName": "not an id"})


def test_columns_count_what_the_editor_counts(editor: Editor) -> None:
    text = MODULE.replace("Offered → to", "🙂🙂 Offered to").replace("by: INNER", "by: INNR")
    editor.open("case.yaml")
    editor.open("part.yaml")
    found = [d for d in editor.change("part.yaml", text) if d["code"] == "F030"]
    line = text.split("\n")[4]
    column = len(line[: line.index("INNR")].encode("utf-16-le")) // 2
    assert found[0]["range"]["start"] == {"line": 4, "character": column}


@pytest.mark.parametrize(
    ("old", "typed", "word"),
    [
        ("method: toy/coin", "method: ", "toy/coin"),
        ("kind: decomposition", "kind: ", "alternatives"),
        ("      - part/OFFERED", "      - ", "RARE"),
        ("maturity: sketch", "maturity: ", "full"),
    ],
)
def test_completion_knows_what_fits(editor: Editor, old: str, typed: str, word: str) -> None:
    editor.open("case.yaml")
    text = CASE.replace(old, typed, 1)
    editor.change("case.yaml", text)
    line = next(i for i, t in enumerate(text.split("\n")) if t == typed or t.endswith(typed))
    position = {"line": line, "character": len(text.split("\n")[line])}
    found = editor.ask(
        "textDocument/completion",
        {"textDocument": {"uri": editor.uri("case.yaml")}, "position": position},
    )
    items = found["items"] if isinstance(found, dict) else found
    assert word in [item["label"] for item in items]


def test_quick_fixes_mend_what_they_say(editor: Editor) -> None:
    text = CASE.replace("        says: Heads", "        sais: Heads")
    editor.open("case.yaml")
    found = editor.change("case.yaml", text)
    wrong = next(d for d in found if d["code"] == "F020")
    actions = editor.ask(
        "textDocument/codeAction",
        {
            "textDocument": {"uri": editor.uri("case.yaml")},
            "range": wrong["range"],
            "context": {"diagnostics": [wrong]},
        },
    )
    edits = actions[0]["edit"]["changes"][editor.uri("case.yaml")]
    assert [e["newText"] for e in edits] == ["says"]
    assert edits[0]["range"]["start"] == wrong["range"]["start"]


def test_the_outline_lists_the_elements_of_the_file(editor: Editor) -> None:
    editor.open("part.yaml")
    found = editor.ask(
        "textDocument/documentSymbol", {"textDocument": {"uri": editor.uri("part.yaml")}}
    )
    assert [s["name"] for s in found] == ["part/OFFERED", "part/INNER", "part/DEEP"]


def test_a_file_of_no_case_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "other.yaml").write_text("a: b\n", "utf-8")
    editor = Editor(tmp_path)
    document = {"uri": editor.uri("other.yaml"), "languageId": "yaml", "version": 1, "text": "a"}
    editor.tell("textDocument/didOpen", {"textDocument": document})
    assert editor.ask("textDocument/hover", editor.at("other.yaml", "a")) is None
    editor.close()
