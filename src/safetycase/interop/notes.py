"""What a reader found wrong and what it lost, kept within bounds, and the text of a source."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from safetycase.argument.findings import Finding, Severity, Span
from safetycase.argument.structure import Loss
from safetycase.plugin.formats import MAX_BYTES, Source

__all__ = ["MAX_ELEMENTS", "NO_TAGS", "Notes", "shown", "text_of"]

MAX_ELEMENTS = 500_000
"""Parts and links that one file may hold; each takes some hundred bytes of memory."""

NO_TAGS: Mapping[str, str] = MappingProxyType({})
_MOST = 500
_SHOWN = 60


class Notes:
    """Findings and losses of one reading; of each code at most `_MOST` are kept."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.findings: list[Finding] = []
        self.losses: list[Loss] = []
        self._counts: dict[str, int] = {}

    def find(
        self,
        code: str,
        line: int,
        message: str,
        hint: str | None = None,
        *,
        column: int = 1,
        subject: str | None = None,
        severity: Severity = "error",
        file: str = "",
    ) -> None:
        """Record a finding; after `_MOST` of one code only that there are more."""
        count = self._counts[code] = self._counts.get(code, 0) + 1
        if count > _MOST + 1:
            return
        if count == _MOST + 1:
            message, hint, subject = f"there are more findings {code} than are shown", None, None
        self.findings.append(
            Finding(
                code=code,
                span=Span(file=file or self.file, line=line, column=column),
                message=message,
                hint=hint,
                subject=subject,
                severity=severity,
            )
        )

    def room(self, code: str) -> bool:
        """Whether a further finding of this code would be kept: a dear hint is worth making."""
        return self._counts.get(code, 0) < _MOST

    def lose(self, about: str, what: str, says: str) -> None:
        """Record a loss; of each kind at most `_MOST`."""
        count = self._counts[what] = self._counts.get(what, 0) + 1
        if count <= _MOST:
            self.losses.append(Loss(about=about, what=what, says=says))
        elif count == _MOST + 1:
            self.losses.append(Loss(about="", what=what, says="there are more than are shown"))


def shown(text: str) -> str:
    """A text of the file as a message shows it: short and printable."""
    clean = "".join(letter if letter.isprintable() else "?" for letter in text[: _SHOWN + 1])
    return clean if len(clean) <= _SHOWN else clean[:_SHOWN] + "…"


def text_of(source: Source, notes: Notes) -> str | None:
    """The text of a source without its byte order mark; None after a finding.

    Findings: F051 too large, F059 not UTF-8, F050 a NUL character, which no text has.
    """
    data = source.data
    if len(data) > MAX_BYTES:
        message = f"the file has {len(data)} bytes; at most {MAX_BYTES} are read"
        notes.find("F051", 1, message, "split the file", file=source.name)
        return None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        message = f"the file is not UTF-8: byte {error.start} is 0x{data[error.start]:02x}"
        notes.find("F059", line, message, "save the file as UTF-8", file=source.name)
        return None
    at = text.find("\0")
    if at >= 0:
        line = text.count("\n", 0, at) + 1
        message = "there is a NUL character, so this is not a text file"
        notes.find("F050", line, message, file=source.name)
        return None
    return text
