"""What an editor asks of a case while it is being written: a session over unsaved texts.

Positions are 1-based lines and columns in Unicode characters, as findings count them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from safetycase.argument.decode import KINDS, file_name, hints_of
from safetycase.argument.edits import TextEdit
from safetycase.argument.findings import Finding, Span
from safetycase.argument.load import LISTS
from safetycase.argument.model import Header
from safetycase.workspace.checking import Checked, check_folder, own_texts
from safetycase.workspace.paths import CASE_FILE, shown

__all__ = ["Completion", "Session"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """One word that fits: an id, a method, a template, a key, or one of a closed list."""

    word: str
    kind: str
    says: str = ""


@dataclass(slots=True)
class Session:
    """One case folder with the texts an editor has open, by path in the folder."""

    folder: Path
    open: dict[str, str] = field(default_factory=dict)
    checked: Checked | None = None
    _cache: dict[Any, Any] = field(default_factory=dict)
    _states: Mapping[str, tuple[str, str]] | None = None

    def check(self) -> Checked:
        """Read and check the case as it stands in the editor; only changed files are read again."""
        self.checked = check_folder(self.folder, cache=self._cache, texts=self.open)
        return self.checked

    @property
    def prefix(self) -> str:
        """What stands before a file's name in findings."""
        return shown(self.folder / CASE_FILE).removesuffix(CASE_FILE)

    def texts(self) -> Mapping[str, str]:
        """The texts of the case's files as they stand in the editor."""
        checked = self.checked or self.check()
        return {**own_texts(checked), **self.open}

    def findings(self, name: str) -> tuple[Finding, ...]:
        """The findings in one file."""
        checked = self.checked or self.check()
        return tuple(f for f in checked.findings if f.span.file == self.prefix + name)

    def element_at(self, name: str, line: int, column: int) -> str | None:
        """The id written at a place."""
        checked = self.checked or self.check()
        if checked.case is None or checked.case.places is None:
            return None
        return checked.case.places.at(self.prefix + name, line, column)

    def definition(self, element: str) -> Span | None:
        """Where an element is written."""
        case = self.checked.case if self.checked else None
        return case.places.named(element) if case and case.places else None

    def references(self, element: str) -> tuple[Span, ...]:
        """Where an element is referred to."""
        case = self.checked.case if self.checked else None
        return case.places.referring(element) if case and case.places else ()

    def hover(self, element: str) -> str:
        """What an element says, and its status as the record and the saved files have it."""
        case = self.checked.case if self.checked else None
        found = case.elements.get(element) if case else None
        if found is None:
            return ""
        kind = type(found).__name__.lower()
        parts = [f"**{kind} {element}**"]
        says = getattr(found, "says", None) or getattr(found, "because", None)
        parts += [str(says)] if says else []
        criterion = getattr(found, "holds_when", None)
        parts += [f"holds when `{criterion}`"] if criterion else []
        alarm = getattr(found, "alarm_when", None)
        parts += [f"alarms when `{alarm}`"] if alarm else []
        method = getattr(found, "method", None)
        parts += [f"method `{method}`"] if method else []
        status = self.status().get(element)
        parts += [f"*{status[0]}*" + (f" — {status[1]}" if status[1] else "")] if status else []
        return "\n\n".join(parts)

    def status(self) -> Mapping[str, tuple[str, str]]:
        """Id -> (status words, first reason) of the case as it is saved, assessed once a save."""
        if self._states is None:
            from safetycase.workspace.folder import open_case

            space = open_case(self.folder, datetime.now(UTC).replace(microsecond=0))
            found: dict[str, tuple[str, str]] = {}
            if space.case is not None:
                for name, state in space.assess().states.items():
                    fresh = state.freshness.word
                    words = ", ".join(dict.fromkeys((state.support, state.posed, fresh)))
                    found[name] = (words, state.reasons[0].says if state.reasons else "")
            self._states = found
        return self._states

    def saved(self) -> None:
        """Forget the statuses; they are computed again when somebody looks."""
        self._states = None

    def rename(self, element: str, new: str) -> Mapping[str, tuple[TextEdit, ...]] | str:
        """The edits that rename an element in every file, or the reason why not."""
        from safetycase.argument.refactor import rename
        from safetycase.plugin.library import templates

        found = rename(self.texts(), element, new, library=templates(self.folder))
        if found.findings:
            return found.findings[0].message
        return found.edits

    def fixes(self, name: str) -> tuple[tuple[str, Finding, tuple[TextEdit, ...]], ...]:
        """(what it does, the finding, the edits) of every fix that a machine can make in a file."""
        import safetycase.checks.fixes as fixes

        prefix = self.prefix
        texts = {prefix + n: text for n, text in self.texts().items()}

        def recheck(changed: Mapping[str, str]) -> fixes.Checked:
            own = {n.removeprefix(prefix): text for n, text in changed.items()}
            found = check_folder(self.folder, texts=own)
            return fixes.Checked(findings=found.findings, subject=found.subject)

        checked = self.checked or self.check()
        current = fixes.Checked(findings=checked.findings, subject=checked.subject)
        offered = fixes.offered(current, texts, recheck)
        return tuple((f.says, f.finding, f.edits) for f in offered if f.file == prefix + name)

    def complete(self, name: str, line: int, column: int) -> tuple[Completion, ...]:
        """What fits at a place: ids where a reference stands, methods, templates, keys, words."""
        text = self.texts().get(name, "").split("\n")
        before = text[line - 1][: column - 1] if line <= len(text) else ""
        key = _key(before)
        if key == "method":
            return self._methods()
        if key == "use":
            return self._templates()
        if key and key in _WORDS:
            return tuple(Completion(word=w, kind="value") for w in _WORDS[key])
        listing = key or _open_list(text, line - 1)
        if listing and listing in _REFERRING:
            return self._ids(_REFERRING[listing])
        if key is None:
            return _KEYS
        return ()

    def _ids(self, kinds: tuple[str, ...]) -> tuple[Completion, ...]:
        case = self.checked.case if self.checked else None
        found = []
        for name, element in (case.elements if case else {}).items():
            kind = type(element).__name__.lower()
            if kind in kinds:
                says = getattr(element, "says", None) or getattr(element, "because", None)
                found.append(Completion(word=name, kind=kind, says=says or ""))
        return tuple(found)

    def _methods(self) -> tuple[Completion, ...]:
        from safetycase.plugin.catalogue import installed

        return tuple(
            Completion(word=name, kind="method", says=entry.package)
            for name, entry in installed().methods.items()
        )

    def _templates(self) -> tuple[Completion, ...]:
        from safetycase.plugin.library import templates
        from safetycase.workspace.starting import template_named

        heads = [template_named(name).head for name in templates().names()]
        return tuple(
            Completion(word=f"{h.template}@{h.version}", kind="template", says=h.title)
            for h in heads
        )


def _key(before: str) -> str | None:
    """The key whose value is being typed on this line; None where a key itself is."""
    found = re.findall(r"(?:^|[\s{,])-?\s*([a-z_]+):\s", before)
    return found[-1] if found else None


def _open_list(text: list[str], at: int) -> str | None:
    """The key of the block list that a line starting with `-` belongs to."""
    line = text[at] if at < len(text) else ""
    if not line.lstrip().startswith("-"):
        return None
    indent = len(line) - len(line.lstrip())
    for above in reversed(text[:at]):
        if above.strip() and len(above) - len(above.lstrip()) < indent:
            match = re.match(r"\s*-?\s*([a-z_]+):\s*$", above)
            return match[1] if match else None
    return None


def _referring() -> Mapping[str, tuple[str, ...]]:
    """Key -> kinds of element that its value refers to."""
    from safetycase.argument.references import reference_fields

    found: dict[str, tuple[str, ...]] = {}
    for record in KINDS.values():
        for field_name, ref in reference_fields(record).items():
            found[file_name(field_name)] = ref.kinds
    return found


def _words() -> Mapping[str, tuple[str, ...]]:
    """Key -> the closed list of words that fit it in some kind of element."""
    from typing import Literal, get_args, get_origin

    found: dict[str, tuple[str, ...]] = {}
    for record in (*KINDS.values(), Header):
        for field_name, hint in hints_of(record).items():
            options = [hint, *get_args(hint)]
            for option in options:
                if get_origin(option) is Literal:
                    key, words = file_name(field_name), tuple(map(str, get_args(option)))
                    found[key] = tuple(dict.fromkeys((*found.get(key, ()), *words)))
    return found


_REFERRING = _referring()
_WORDS = _words()
_KEYS = tuple(
    Completion(word=word, kind="key")
    for word in sorted(
        {file_name(f) for r in (*KINDS.values(), Header) for f in hints_of(r) if f != "id"}
        | {*KINDS, *LISTS, "root", "use", "as", "develops"}
    )
)
