"""`lsp`: the language server, spoken over standard input and output (or TCP)."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from safetycase.argument.edits import TextEdit
from safetycase.argument.findings import Finding, Span
from safetycase.cli.common import Exit
from safetycase.workspace.editing import Session
from safetycase.workspace.paths import NoCase, find_case

if TYPE_CHECKING:
    from lsprotocol import types as lsp

__all__ = ["lsp_command", "serve"]

_SEVERITY = {"error": 1, "warning": 2, "note": 3}
_COMPLETION_KIND = {"method": 2, "template": 15, "key": 10, "value": 12}
_REFERENCE = 18


@click.command("lsp")
@click.option("--tcp", type=int, metavar="PORT", help="Listen on this port of the loopback only.")
def lsp_command(tcp: int | None) -> int:
    """Serve an editor: diagnostics, hover, definition, references, rename, completion, fixes."""
    try:
        server = serve()
    except ImportError:
        raise click.ClickException(
            "the language server needs an extra: pip install 'safetycase[lsp]'"
        ) from None
    if tcp:
        server.start_tcp("127.0.0.1", tcp)
    else:
        server.start_io()
    return Exit.HOLDS


def serve() -> Any:
    """The server with every feature registered, not yet started."""
    from importlib.metadata import version

    from lsprotocol import types as lsp
    from pygls.lsp.server import LanguageServer

    # A case is tens of thousands of objects that stay; looking through them after every key
    # stroke would take longer than checking them.
    gc.set_threshold(200_000, 20, 100)
    server = LanguageServer("safetycase", version("safetycase"))
    _Features(server, lsp).register()
    return server


def _function(answer: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A plain function for a bound method: the library writes attributes on what it is given."""

    def answered(params: Any) -> Any:
        return answer(params)

    return answered


class _Features:
    """The features of the protocol over one session per case folder."""

    def __init__(self, server: Any, lsp: Any) -> None:
        self.server = server
        self.lsp = lsp
        self.sessions: dict[Path, Session] = {}
        self.shown: dict[Path, set[str]] = {}

    def register(self) -> None:
        """Tell the server which method answers what."""
        lsp = self.lsp
        answers: Mapping[str, Callable[[Any], Any]] = {
            lsp.TEXT_DOCUMENT_DID_OPEN: self.changed,
            lsp.TEXT_DOCUMENT_DID_CHANGE: self.changed,
            lsp.TEXT_DOCUMENT_DID_SAVE: self.saved,
            lsp.TEXT_DOCUMENT_DID_CLOSE: self.closed,
            lsp.TEXT_DOCUMENT_HOVER: self.hover,
            lsp.TEXT_DOCUMENT_DEFINITION: self.definition,
            lsp.TEXT_DOCUMENT_REFERENCES: self.references,
            lsp.TEXT_DOCUMENT_PREPARE_RENAME: self.prepare_rename,
            lsp.TEXT_DOCUMENT_RENAME: self.rename,
            lsp.TEXT_DOCUMENT_COMPLETION: self.completion,
            lsp.TEXT_DOCUMENT_CODE_ACTION: self.actions,
            lsp.TEXT_DOCUMENT_DOCUMENT_SYMBOL: self.symbols,
        }
        options = {
            lsp.TEXT_DOCUMENT_COMPLETION: lsp.CompletionOptions(trigger_characters=[" ", "[", "-"]),
            lsp.TEXT_DOCUMENT_CODE_ACTION: lsp.CodeActionOptions(
                code_action_kinds=[lsp.CodeActionKind.QuickFix]
            ),
            lsp.TEXT_DOCUMENT_RENAME: lsp.RenameOptions(prepare_provider=True),
        }
        for method, answer in answers.items():
            self.server.feature(method, options.get(method))(_function(answer))

    # Texts.

    def _at(self, uri: str) -> tuple[Session, str] | None:
        """The session of a document and the document's path in the case folder."""
        from pygls import uris

        found = uris.to_fs_path(uri)
        if not found:
            return None
        path = Path(found).resolve()
        try:
            folder = find_case(path.parent)
        except NoCase:
            return None
        session = self.sessions.setdefault(folder, Session(folder))
        return session, path.relative_to(folder).as_posix()

    def changed(self, params: Any) -> None:
        """A document was opened or changed: check the case with it and show the findings."""
        at = self._at(params.text_document.uri)
        if at:
            session, name = at
            document = self.server.workspace.get_text_document(params.text_document.uri)
            session.open[name] = document.source
            session.check()
            self._publish(session)

    def saved(self, params: Any) -> None:
        """A document was saved: statuses are computed afresh when somebody looks."""
        at = self._at(params.text_document.uri)
        if at:
            at[0].saved()

    def closed(self, params: Any) -> None:
        """A document was closed: what is on disk counts again."""
        at = self._at(params.text_document.uri)
        if at:
            session, name = at
            session.open.pop(name, None)
            session.check()
            self._publish(session)

    def _publish(self, session: Session) -> None:
        checked = session.checked
        assert checked is not None
        by_file: dict[str, list[Finding]] = {name: [] for name in session.open}
        for finding in checked.findings:
            name = finding.span.file.removeprefix(session.prefix)
            if finding.span.file.startswith(session.prefix) and (session.folder / name).exists():
                by_file.setdefault(name, []).append(finding)
        for name in self.shown.get(session.folder, set()) - by_file.keys():
            by_file[name] = []
        self.shown[session.folder] = set(by_file)
        for name, findings in by_file.items():
            self.server.text_document_publish_diagnostics(
                self.lsp.PublishDiagnosticsParams(
                    uri=(session.folder / name).as_uri(),
                    diagnostics=[self._diagnostic(session, f) for f in findings],
                )
            )

    def _diagnostic(self, session: Session, finding: Finding) -> Any:
        hint = f"\n→ {finding.hint}" if finding.hint else ""
        return self.lsp.Diagnostic(
            range=self._range(session, finding.span),
            message=finding.message + hint,
            severity=self.lsp.DiagnosticSeverity(_SEVERITY[finding.severity]),
            code=finding.code,
            source="safetycase",
        )

    # Places. Ours count Unicode characters from 1; the protocol's count what the client chose.

    def _lines(self, session: Session, name: str) -> list[str]:
        return session.texts().get(name, "").splitlines(keepends=True)

    def _range(self, session: Session, span: Span) -> Any:
        name = span.file.removeprefix(session.prefix)
        lines = self._lines(session, name)
        end_line, end_column = (
            (span.end_line, span.end_column) if span.end_line else (span.line, span.column + 1)
        )
        unit = self.lsp.Range(
            start=self.lsp.Position(line=span.line - 1, character=span.column - 1),
            end=self.lsp.Position(line=end_line - 1, character=end_column - 1),
        )
        codec = self.server.workspace.position_codec
        return codec.range_to_client_units(lines, unit) if lines else unit

    def _place(self, session: Session, name: str, position: Any) -> tuple[int, int]:
        codec = self.server.workspace.position_codec
        at = codec.position_from_client_units(self._lines(session, name), position)
        return at.line + 1, at.character + 1

    def _location(self, session: Session, span: Span) -> Any:
        name = span.file.removeprefix(session.prefix)
        uri = (session.folder / name).as_uri()
        return self.lsp.Location(uri=uri, range=self._range(session, span))

    def _element(self, params: Any) -> tuple[Session, str] | None:
        at = self._at(params.text_document.uri)
        if not at:
            return None
        session, name = at
        line, column = self._place(session, name, params.position)
        element = session.element_at(name, line, column + 1)
        return (session, element) if element else None

    # Questions.

    def hover(self, params: lsp.HoverParams) -> Any:
        """What the element under the cursor says, and its status."""
        found = self._element(params)
        text = found[0].hover(found[1]) if found else ""
        if not text:
            return None
        content = self.lsp.MarkupContent(kind=self.lsp.MarkupKind.Markdown, value=text)
        return self.lsp.Hover(contents=content)

    def definition(self, params: lsp.DefinitionParams) -> Any:
        """Where the element under the cursor is written."""
        found = self._element(params)
        span = found[0].definition(found[1]) if found else None
        if not found or span is None or not span.file.startswith(found[0].prefix):
            return None
        return self._location(found[0], span)

    def references(self, params: lsp.ReferenceParams) -> Any:
        """Every place that refers to the element under the cursor."""
        found = self._element(params)
        if not found:
            return None
        session, element = found
        spans = [s for s in session.references(element) if s.file.startswith(session.prefix)]
        own = session.definition(element)
        if params.context.include_declaration and own and own.file.startswith(session.prefix):
            spans.insert(0, own)
        return [self._location(session, span) for span in spans]

    def prepare_rename(self, params: lsp.PrepareRenameParams) -> Any:
        """Whether what is under the cursor can be renamed."""
        found = self._element(params)
        if not found:
            return None
        return self.lsp.PrepareRenameDefaultBehavior(default_behavior=True)

    def rename(self, params: lsp.RenameParams) -> Any:
        """The edits that rename an element in every file of the case."""
        found = self._element(params)
        if not found:
            return None
        session, element = found
        edits = session.rename(element, params.new_name)
        if isinstance(edits, str):
            from pygls.exceptions import JsonRpcInvalidParams

            raise JsonRpcInvalidParams(message=edits)
        return self._workspace_edit(session, edits)

    def _workspace_edit(self, session: Session, edits: Mapping[str, Iterable[TextEdit]]) -> Any:
        changes = {}
        for file, found in edits.items():
            name = file.removeprefix(session.prefix)
            changes[(session.folder / name).as_uri()] = [
                self.lsp.TextEdit(range=self._range(session, self._in(session, e.span, name)),
                                  new_text=e.text)
                for e in found
            ]  # fmt: skip
        return self.lsp.WorkspaceEdit(changes=changes)

    @staticmethod
    def _in(session: Session, span: Span, name: str) -> Span:
        """The span with the file named as findings name it."""
        import dataclasses

        return dataclasses.replace(span, file=session.prefix + name)

    def completion(self, params: lsp.CompletionParams) -> Any:
        """What fits at the cursor."""
        at = self._at(params.text_document.uri)
        if not at:
            return None
        session, name = at
        document = self.server.workspace.get_text_document(params.text_document.uri)
        session.open[name] = document.source
        line, column = self._place(session, name, params.position)
        return [
            self.lsp.CompletionItem(
                label=found.word,
                kind=self.lsp.CompletionItemKind(_COMPLETION_KIND.get(found.kind, _REFERENCE)),
                detail=found.kind,
                documentation=found.says or None,
            )
            for found in session.complete(name, line, column)
        ]

    def actions(self, params: lsp.CodeActionParams) -> Any:
        """The quick fixes for the findings in a range."""
        at = self._at(params.text_document.uri)
        if not at:
            return None
        session, name = at
        first, last = params.range.start.line + 1, params.range.end.line + 1
        if not any(first <= f.span.line <= last for f in session.findings(name)):
            return []
        return [
            self.lsp.CodeAction(
                title=says,
                kind=self.lsp.CodeActionKind.QuickFix,
                diagnostics=[self._diagnostic(session, finding)],
                edit=self._workspace_edit(session, {session.prefix + name: edits}),
            )
            for says, finding, edits in session.fixes(name)
            if first <= finding.span.line <= last
        ]

    def symbols(self, params: lsp.DocumentSymbolParams) -> Any:
        """The elements written in a document, for its outline."""
        at = self._at(params.text_document.uri)
        case = (at[0].checked or at[0].check()).case if at else None
        if not at or case is None:
            return []
        session, name = at
        found = []
        for element in case.elements:
            span = session.definition(element)
            if span is not None and span.file == session.prefix + name:
                found.append(
                    self.lsp.SymbolInformation(
                        name=element,
                        kind=self.lsp.SymbolKind.Object,
                        location=self._location(session, span),
                    )
                )
        return found
