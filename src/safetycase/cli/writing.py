"""Writing a file of the user's: whole or not at all, and never over what it was made from."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import click

from safetycase.cli.common import printable
from safetycase.workspace.paths import CASE_FILE

if TYPE_CHECKING:
    from safetycase.workspace.folder import Workspace

__all__ = ["apart", "beside", "fresh", "keep", "own", "put", "rests_on", "save", "special"]


def beside(path: Path, text: str) -> Path:
    """A new file in the folder of `path` that holds `text` and has the rights of `path`."""
    with fresh(path) as (stream, temporary):
        stream.write(text.encode("utf-8"))
    return temporary


@contextlib.contextmanager
def fresh(path: Path) -> Iterator[tuple[BinaryIO, Path]]:
    """A new file in the folder of `path`, to be written; flushed at the end, gone on failure.

    Raises OSError that names `path`, which is the user's file, and not ours beside it.
    """
    apart(path)
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp() if special(path) else _named(path)
        temporary = Path(name)
        with os.fdopen(handle, "wb") as stream:
            yield stream, temporary
            stream.flush()
            os.fsync(stream.fileno())
        temporary.chmod(path.stat().st_mode & 0o777 if path.exists() else 0o644)
    except BaseException as error:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
        if isinstance(error, OSError) and error.filename in (None, str(temporary)):
            says = f"cannot be written: {error.strerror or error}"
            raise OSError(error.errno, says, str(path)) from error
        raise


def _named(path: Path) -> tuple[int, str]:
    try:
        return tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:60]}.")
    except OSError as error:
        raise OSError(error.errno, error.strerror) from error


def save(path: Path, text: str) -> None:
    """Put `text` in the place of `path`: the old file stays until the new one is whole."""
    piped = special(path)  # a pipe, or the terminal: it has no other name
    path = path if piped else path.resolve()
    if piped:
        try:
            path.write_text(text, "utf-8")
        except OSError as error:
            says = f"cannot be written: {error.strerror or error}"
            raise OSError(error.errno, says, str(path)) from error
        return
    put(beside(path, text), path)


def put(temporary: Path, path: Path) -> None:
    """Put a new file that is whole in the place of `path`, or its bytes into a device or a pipe."""
    piped = special(path)
    path = path if piped else path.resolve()
    try:
        if piped:
            with temporary.open("rb") as made, path.open("wb") as there:
                shutil.copyfileobj(made, there)
            temporary.unlink()
        else:
            temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise


def special(path: Path) -> bool:
    """Whether something is there that nothing may take the place of: a device, a pipe, a socket."""
    return path.exists() and not path.is_file() and not path.is_dir()


def apart(out: Path) -> None:
    """Refuse an output in a record, which holds what was signed: a line once lost stays lost."""
    record = _record_above(out)
    if record is not None:
        raise click.ClickException(
            f"{printable(str(out))} lies in the record {printable(str(record))}, in which nothing "
            "else is kept; name another file"
        )


def keep(out: Path | None, sources: Iterable[Path]) -> None:
    """Refuse an output that would take the place of a case file or of what is being read.

    In the folder of a record nothing is written at all.
    """
    if out is None:
        return
    apart(out)
    if not out.is_file():
        return
    policy = out.name == "policy.yaml" and (out.parent / CASE_FILE).is_file()
    if out.name == CASE_FILE or policy or any(s.is_file() and out.samefile(s) for s in sources):
        raise click.ClickException(
            f"{printable(str(out))} is {'a policy' if policy else 'an argument itself'} and would "
            "be lost; name another file"
        )


def rests_on(space: Workspace) -> list[Path]:
    """The files that no output of a case may replace: its text, and what its evidence is of."""
    found = [space.folder / CASE_FILE, space.folder / "policy.yaml"]
    if space.case is not None:
        places = space.case.places
        found += {Path(file) for _, file in places.nodes.values()} if places else ()
        for element in space.case.elements.values():
            found += [space.folder / name for name in getattr(element, "inputs", ())]
    for recipe in space.recipes.values():
        found += recipe.sources.values()
    return found


def _record_above(out: Path) -> Path | None:
    """The folder of a record that a path leads into."""
    try:
        folders = out.resolve().parents
    except (OSError, RuntimeError, ValueError):
        return None
    for folder in folders:
        named = folder.name == "ledger"
        if named and (folder.parent / CASE_FILE).is_file():
            return folder
        if (named or (folder / "objects").is_dir()) and (folder / "log.jsonl").is_file():
            return folder
    return None


def own(out: Path, start: bytes, what: str) -> None:
    """Refuse an output that would take the place of a file of another kind.

    `start` is how a file of this kind begins, `what` what it is in words.
    """
    if not out.is_file():
        return
    with out.open("rb") as file:
        found = file.read(len(start))
    if found and found != start:
        raise click.ClickException(
            f"{printable(str(out))} is not {what} and would be lost; name another file"
        )
