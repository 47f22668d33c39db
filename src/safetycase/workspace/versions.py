"""A case as it stands in a folder, in a file, or in a revision of git: its texts, to be loaded.

Nothing of the case is executed; git is asked for the content of files only, with its own
size checked first.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from safetycase.argument.library import Library
from safetycase.argument.load import Loaded, load
from safetycase.argument.nodes import MAX_BYTES
from safetycase.plugin.library import template_file, templates
from safetycase.workspace.paths import inside

__all__ = [
    "Dated",
    "NoVersion",
    "Version",
    "find_version",
    "git_answer",
    "git_environment",
    "read_texts",
    "revision",
    "revisions",
]

_TIMEOUT = 60
_WORD = re.compile(r"[A-Za-z0-9_./@{}^~+:-]{1,200}")
_TEMPLATE = re.compile(r"[a-z][a-z0-9-]*(?:@[0-9]+)?")
_OF_A_HOOK = frozenset(
    (
        "GIT_ALTERNATE_OBJECT_DIRECTORIES",
        "GIT_COMMON_DIR",
        "GIT_DIR",
        "GIT_INDEX_FILE",
        "GIT_NAMESPACE",
        "GIT_OBJECT_DIRECTORY",
        "GIT_PREFIX",
        "GIT_WORK_TREE",
    )
)
Text = Callable[[str], str | None]


class NoVersion(Exception):
    """There is no such version of the case; the message says what was looked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One version of a case: what to call it, and the texts of its files by their path."""

    name: str
    entry: str
    text: Text
    library: Library

    def load(self) -> Loaded:
        """Read the case (`NoVersion` if there is no case file)."""
        text = self.text(self.entry)
        if text is None:
            raise NoVersion(f"{self.name} holds no {self.entry}")
        return load(text, self.entry, more=self.text, library=self.library)


def find_version(word: str | None, folder: Path) -> Version:
    """The version `word` of the case in `folder`: a file, a folder or a revision of git.

    None is the folder as it stands. `NoVersion` says why there is none. A word that means both a
    path and a revision means neither: whoever adds a folder `origin/main` to a repository, or a
    branch with the name of a folder, would choose what a change is held against.
    """
    if word is None:
        return _in_folder(folder, "case.yaml", str(folder))
    path = Path(word)
    if path.exists() and _is_revision(word, folder):
        raise NoVersion(
            f"`{word}` is a file or folder here and a revision of git as well: write ./{word} for "
            f"the one, and for the other its commit, or refs/heads/{word} or refs/remotes/{word}"
        )
    if path.is_file():
        return _in_folder(path.parent, path.name, word)
    if path.is_dir():
        return _in_folder(path, "case.yaml", word)
    return _in_git(word, folder, "is neither a file, nor a folder, nor a revision of git")


def _is_revision(word: str, folder: Path) -> bool:
    """Whether git has a commit of that name; without git there is none."""
    if not _WORD.fullmatch(word) or word.startswith("-"):
        return False
    try:
        told = git_answer(
            folder, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{word}^{{commit}}"
        )
    except NoVersion:
        return False
    return told is not None


def _in_folder(folder: Path, entry: str, name: str) -> Version:
    def text(file: str) -> str | None:
        path = inside(folder, file)
        if path is None or not path.is_file() or path.stat().st_size > MAX_BYTES:
            return None
        try:
            return path.read_bytes().decode("utf-8")  # line ends stay as they are
        except UnicodeDecodeError as error:
            raise NoVersion(f"{path} is not UTF-8 text (byte {error.start})") from None

    return Version(name=name, entry=entry, text=text, library=templates(folder))


def revision(word: str, folder: Path, *, under: str | None = None) -> Version:
    """A revision of git of the case in `folder`; no file is read. `NoVersion` says why not.

    With `under` it is the case in that folder of the repository, "" being its top.
    """
    return _in_git(word, folder, "is no revision of git", under)


def _in_git(word: str, folder: Path, otherwise: str, under: str | None = None) -> Version:
    if not _WORD.fullmatch(word) or word.startswith("-"):
        raise NoVersion(f"`{word}` {otherwise}")
    commit = git_answer(
        folder, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{word}^{{commit}}"
    )
    if commit is None:
        raise NoVersion(f"`{word}` {otherwise} here")
    at = commit.decode("ascii", "replace").strip()
    start = "./" if under is None else f"{under}/" if under else ""

    def text(file: str) -> str | None:
        if ".." in PurePosixPath(file).parts or PurePosixPath(file).is_absolute():
            return None
        content = _blob(folder, f"{at}:{start}{file}")
        try:
            return None if content is None else content.decode("utf-8")
        except UnicodeDecodeError as error:
            raise NoVersion(f"{file} in {word} is not UTF-8 text (byte {error.start})") from None

    installed = templates(None)

    def template(name: str) -> tuple[str, str] | None:
        if not _TEMPLATE.fullmatch(name):
            return None
        found = text(f"templates/{name}.yaml")
        if found is not None:
            return f"templates/{name}.yaml", found
        now = installed.text(name)
        then = None if now is None else _beside(name, folder, at)
        return now if now is None or then is None else (now[0], then)

    library = Library(names=installed.names, text=template)
    return Version(name=word, entry="case.yaml", text=text, library=library)


def _blob(folder: Path, place: str) -> bytes | None:
    """The bytes of `COMMIT:PATH`; None if there is no such file, or it is too large."""
    size = git_answer(folder, "cat-file", "-s", place)
    if size is None or int(size) > MAX_BYTES:
        return None
    return git_answer(folder, "cat-file", "blob", place)


def _beside(name: str, folder: Path, commit: str) -> str | None:
    """An installed template as it was in a commit, if its file stands in the same repository.

    A package that is developed beside the case is installed as it is now, for every version.
    """
    path = template_file(name)
    told = None if path is None else git_answer(folder, "rev-parse", "--show-toplevel")
    if path is None or not told:
        return None
    top = Path(told.decode("utf-8", "surrogateescape").rstrip("\n")).resolve()
    if not path.resolve().is_relative_to(top):
        return None
    content = _blob(folder, f"{commit}:{path.resolve().relative_to(top).as_posix()}")
    try:
        return None if content is None else content.decode("utf-8")
    except UnicodeDecodeError:
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Dated:
    """A commit by its whole name, and when it was made."""

    name: str
    at: datetime


def revisions(folder: Path, most: int) -> tuple[Dated, ...]:
    """The commits that touched a folder, the latest first and at most so many; none without git.

    Raises `NoVersion` if git is not installed or does not answer.
    """
    told = git_answer(folder, "log", f"--max-count={most}", "--format=%H %ct", "--", ".")
    pairs = (line.split() for line in (told or b"").decode("ascii", "replace").splitlines())
    return tuple(
        Dated(name=name, at=datetime.fromtimestamp(int(seconds), UTC)) for name, seconds in pairs
    )


def git_environment(env: Mapping[str, str]) -> dict[str, str]:
    """The environment for git: it asks nobody, fetches nothing, and finds the repository itself.

    A hook is told of its repository by variables that hold for its own folder alone.
    """
    kept = {name: value for name, value in env.items() if name not in _OF_A_HOOK}
    quiet = {"GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0", "GIT_NO_LAZY_FETCH": "1"}
    return kept | quiet | {"LC_ALL": "C"}  # so that what it says can be told apart


def git_answer(folder: Path, *words: str) -> bytes | None:
    """What git prints, or None if it fails; nothing is fetched and nobody is asked."""
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *words],  # noqa: S607 - the git of the user's path
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env=git_environment(os.environ),
            timeout=_TIMEOUT,
            check=False,
        )
    except FileNotFoundError:
        raise NoVersion("git is not installed; name two files or folders instead") from None
    except subprocess.TimeoutExpired:
        raise NoVersion(f"git did not answer within {_TIMEOUT} s") from None
    if done.returncode != 0 and b"dubious ownership" in done.stderr:
        raise NoVersion(
            f"git does not read a repository of another user: `git config --global --add "
            f"safe.directory {folder.resolve()}`, or its top folder, says that it may"
        )
    return done.stdout if done.returncode == 0 else None


def read_texts(version: Version) -> Mapping[str, str]:
    """The texts of every file that belongs to the case: the case file and its modules."""
    found: dict[str, str] = {}

    def text(file: str) -> str | None:
        content = version.text(file)
        if content is not None:
            found[file] = content
        return content

    first = text(version.entry)
    if first is None:
        raise NoVersion(f"{version.name} holds no {version.entry}")
    load(first, version.entry, more=text, library=version.library)
    return found
