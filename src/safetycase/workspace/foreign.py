"""Arguments in other formats, and a case seen as one: what `import`, `export` and profiles need."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from safetycase.argument.findings import Finding, Span, did_you_mean
from safetycase.argument.structure import Loss, Structure
from safetycase.plugin.formats import MAX_BYTES, Format, Reading, Source
from safetycase.plugin.library import BrokenFormat, format_names, load_format
from safetycase.workspace.paths import CASE_FILE, inside, shown

__all__ = ["Foreign", "UnknownFormat", "format_named", "is_foreign", "read_foreign"]


# Tried first, so that the others need not be imported to be ruled out.
_LIKELY = {".yaml": "gsn2x", ".ltac": "ltac", ".json": "tea", ".xmi": "sacm", ".axml": "asce"}


_OURS = re.compile(rb"^case\s*:.*^root\s*:", re.MULTILINE | re.DOTALL)


class UnknownFormat(Exception):
    """The format of a file cannot be told or is not installed; the message says the way out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreign:
    """A file of another format as it was read."""

    path: Path
    format: Format
    structure: Structure | None
    findings: tuple[Finding, ...]
    losses: tuple[Loss, ...]


def is_foreign(path: Path) -> bool:
    """Whether a path names an argument in another format: a file that is no case file."""
    return path.is_file() and path.name != CASE_FILE


def format_named(name: str, *, writes: bool = False) -> Format:
    """The installed format of that name; `UnknownFormat` says what else there is."""
    try:
        found = load_format(name)
    except BrokenFormat as error:
        hint = did_you_mean(name, format_names()) or ""
        near = f"; {hint}" if hint.startswith("did") else ""
        raise UnknownFormat(f"{error}{near}") from None
    if writes and found.write is None:
        raise UnknownFormat(f"the format `{name}` can be read and not written")
    if not writes and found.read is None:
        raise UnknownFormat(f"the format `{name}` can be written and not read")
    return found


def read_foreign(paths: Sequence[Path], name: str | None = None) -> Foreign:
    """Read an argument from one or several files of one format.

    Files that they refer to are looked for beside the first and nowhere above it.
    """
    first = paths[0]
    sources: list[Source] = []
    for path in paths:
        data, problem = _bytes(path)
        if problem is not None:
            found = format_named(name) if name else _guess(first, b"")
            return Foreign(path=first, format=found, structure=None, findings=(problem,), losses=())
        sources.append(Source(name=shown(path), data=data))
    if name is None and first.name == CASE_FILE and _OURS.search(sources[0].data):
        raise UnknownFormat(
            f"{shown(first)} is a case file already: `safetycase check {shown(first.parent)}`"
        )
    found = format_named(name) if name else _guess(first, sources[0].data)
    assert found.read is not None
    reading: Reading = found.read(tuple(sources), _beside(first))
    return Foreign(
        path=first,
        format=found,
        structure=reading.structure,
        findings=reading.findings,
        losses=reading.losses,
    )


def _bytes(path: Path) -> tuple[bytes, Finding | None]:
    """The bytes of a file, unless it is larger than anything people write."""
    span = Span(file=shown(path), line=1, column=1)
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            message = f"the file has {size} bytes; at most {MAX_BYTES} are read"
            return b"", Finding(code="F051", span=span, message=message, hint="split it")
        return path.read_bytes(), None
    except OSError as error:
        message = f"cannot be read: {error.strerror}"
        return b"", Finding(code="F050", span=span, message=message)


def _beside(first: Path) -> Callable[[str], bytes | None]:
    folder = first.resolve().parent

    def more(name: str) -> bytes | None:
        path = inside(folder, name)
        if path is None or not path.is_file():
            return None
        data, problem = _bytes(path)
        return None if problem else data

    return more


def _installed() -> Iterator[Format]:
    """Every format that can be loaded; one that is broken does not keep the others away."""
    for name in format_names():
        with contextlib.suppress(BrokenFormat):
            yield load_format(name)


def _guess(path: Path, data: bytes) -> Format:
    """The format that a file's name and its first bytes tell."""
    likely = _LIKELY.get(path.suffix.lower())
    if likely is not None:
        with contextlib.suppress(BrokenFormat):
            found = load_format(likely)
            if found.sniff is None or found.sniff(path.name, data[:65536]):
                return found
    readable = [f for f in _installed() if f.read is not None]
    fitting = [f for f in readable if path.name.lower().endswith(tuple(f.extensions))]
    for found in fitting:
        if found.sniff is None or found.sniff(path.name, data[:65536]):
            return found
    if len(fitting) == 1:
        return fitting[0]
    names = ", ".join(f.name for f in readable)
    raise UnknownFormat(
        f"{path}: the format cannot be told from the file; name it with --from: {names}"
    )
