"""What is installed beside methods: templates as data files, and formats.

A package offers templates by an entry point of the group `safetycase.templates` that names a
package of `.yaml` files; nothing of it is imported. A case folder's `templates/` comes first.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from safetycase.argument.library import Library, NoText

if TYPE_CHECKING:
    from safetycase.plugin.formats import Format

__all__ = ["BrokenFormat", "format_names", "load_format", "template_file", "templates"]

TEMPLATES = "safetycase.templates"
FORMATS = "safetycase.formats"
MAX_TEMPLATE = 4 * 1024 * 1024


class BrokenFormat(Exception):
    """A format is not installed or cannot be loaded; the message says which and why."""


def templates(folder: Path | None = None, texts: Mapping[str, str] | None = None) -> Library:
    """The templates of a case folder and of the installed packages, read when asked for.

    `texts` (path in the folder -> text) stand in for files of the folder as they are on disk.
    """
    given = texts or {}

    def text(name: str) -> tuple[str, str] | None:
        own = given.get(f"templates/{name}.yaml")
        if own is not None and folder is not None:
            return _shown(folder / "templates" / f"{name}.yaml", folder), own
        for place in _folders(folder):
            path = place / f"{name}.yaml"
            if path.is_file():
                return _shown(path, folder), _text(path)
        return None

    def names() -> tuple[str, ...]:
        found = {p.stem for place in _folders(folder) for p in place.glob("*.yaml") if p.is_file()}
        return tuple(sorted(found))

    return Library(names=names, text=text)


def template_file(name: str) -> Path | None:
    """The file of an installed template; None if none is installed by that name."""
    paths = (place / f"{name}.yaml" for place in _folders(None))
    return next((path for path in paths if path.is_file()), None)


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > MAX_TEMPLATE:
            raise NoText(f"is larger than {MAX_TEMPLATE} bytes")
        return path.read_text("utf-8")
    except UnicodeDecodeError as error:
        raise NoText(f"is not UTF-8 text: {error.reason} at byte {error.start}") from error
    except OSError as error:
        raise NoText(f"cannot be read: {error.strerror}") from error


def _shown(path: Path, folder: Path | None) -> str:
    """The file as findings name it: as the user would type it, or within its package."""
    if folder is not None and path.is_relative_to(folder):
        try:
            return path.resolve().relative_to(Path.cwd()).as_posix()
        except (OSError, RuntimeError, ValueError):
            return str(path)
    return f"{path.parent.parent.name}/{path.parent.name}/{path.name}"


def _folders(folder: Path | None) -> Iterator[Path]:
    if folder is not None and (folder / "templates").is_dir():
        yield folder / "templates"
    import importlib.util

    from safetycase.plugin.entries import declared

    for entry in declared(TEMPLATES):
        try:
            spec = importlib.util.find_spec(entry.target)
        except (ImportError, ValueError):
            continue
        yield from (
            Path(place) for place in (spec.submodule_search_locations or () if spec else ())
        )


def format_names() -> tuple[str, ...]:
    """The names of every installed format."""
    from safetycase.plugin.entries import declared

    return tuple(sorted({entry.name for entry in declared(FORMATS)}))


def load_format(name: str) -> Format:
    """Import one format; `BrokenFormat` says why it cannot be had."""
    from safetycase.plugin.entries import declared
    from safetycase.plugin.formats import Format

    entry = next((e for e in declared(FORMATS) if e.name == name), None)
    if entry is None:
        known = ", ".join(format_names())
        raise BrokenFormat(f"no installed package offers the format `{name}`; known: {known}")
    module, _, attribute = entry.target.partition(":")
    try:
        found = getattr(importlib.import_module(module), attribute)
    except Exception as error:
        raise BrokenFormat(f"the format `{name}` of {entry.package}: {error}") from error
    if not isinstance(found, Format):
        raise BrokenFormat(f"`{entry.target}` of {entry.package} is not a Format record")
    return found
