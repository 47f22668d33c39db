"""The version of a case that a change is held against: from a folder or from a revision of git."""

from __future__ import annotations

import io
import os
import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from safetycase.argument.model import Case
from safetycase.cli.common import Exit, print_findings, printable
from safetycase.ledger.checkpoints import PIN_NAME
from safetycase.review.policy import Policy
from safetycase.review.policy_read import default_policy, read_policy
from safetycase.workspace.gating import Before
from safetycase.workspace.moved import before_it_moved, top_of
from safetycase.workspace.policies import POLICY_FILE
from safetycase.workspace.versions import NoVersion, Version, find_version, git_environment

__all__ = ["before_of"]

_TIMEOUT = 120
_LARGEST = 256 * 1024 * 1024


@contextmanager
def before_of(word: str, folder: Path, policy: Policy | None, now: Case) -> Iterator[Before]:
    """The earlier version `word` of the case `now`, in force as long as the context lasts.

    `policy` is one that was given from outside; else the version's own policy counts. A case that
    stood in another folder of the revision is held against what it was there. Of one that the
    revision has nowhere, nothing is weaker than it was.
    """
    versioned = any((each / ".git").exists() for each in (folder, *folder.parents))
    name, tree, brought = word, word, versioned and _brought(folder)
    try:
        version = find_version(word, folder)
        if version.text(version.entry) is None and not Path(word).exists():
            moved = before_it_moved(word, folder, now.header.case)
            if moved is None:
                own = default_policy()
                yield Before(name=f"{word}, which has no case here", case=now, folder=folder,
                             policy=policy or own, own=own, brought=brought)  # fmt: skip
                return
            version, at = moved
            name, tree = f"{word}, where it stood in {at or '.'}", f"{word}:{at}"
            folder = top_of(folder) or folder
        case = _case(version)
        own = _policy(version, lax=policy is not None)
    except NoVersion as error:
        raise click.ClickException(printable(str(error))) from None
    if Path(word).is_dir():
        there = Path(word).resolve()
        yield Before(name=word, case=case, policy=policy or own, own=own, folder=there,
                     pin=_pin(there), brought=brought)  # fmt: skip
        return
    if Path(word).is_file():
        raise click.ClickException("--against takes a case folder or a revision of git, no file")
    with TemporaryDirectory(prefix="safetycase-") as place:
        changed = _changed(word, folder)
        problem = _checkout(tree, folder, Path(place)) or (
            changed if isinstance(changed, str) else ""
        )
        laid = None if problem else Path(place)
        yield Before(
            name=name,
            case=case,
            policy=policy or own,
            own=own,
            folder=laid,
            problem=problem,
            pin=_pin(Path(place)),
            brought=brought,
            changed=frozenset() if isinstance(changed, str) else changed,
        )


def _case(version: Version) -> Case:
    """The earlier case; what of it cannot be read ends the verb, for it would pass for removed."""
    loaded = version.load()
    unread = [f for f in loaded.findings if f.severity == "error" and f.code.startswith("F")]
    if loaded.case is None or unread:
        click.echo(f"{printable(version.name)} cannot be read as a case:", err=True)
        print_findings(unread or loaded.findings, err=True)
        raise click.exceptions.Exit(Exit.FINDINGS)
    return loaded.case


def _policy(version: Version, *, lax: bool) -> Policy:
    """The version's own policy; one that cannot be read ends the verb unless another judges."""
    text = version.text(POLICY_FILE)
    if text is None:
        return default_policy()
    found = read_policy(text, f"{POLICY_FILE} of {version.name}")
    if found.policy is None and lax:
        return default_policy()
    if found.policy is None:
        click.echo(f"the policy of {printable(version.name)} cannot be read:", err=True)
        print_findings(found.findings, err=True)
        raise click.exceptions.Exit(Exit.FINDINGS)
    return found.policy


def _pin(folder: Path) -> bytes | None:
    """The checkpoint that was pinned in the version before."""
    path = folder / PIN_NAME
    return path.read_bytes() if path.is_file() else None


def _brought(folder: Path) -> bool:
    """Whether git tracks files of the record; it does, too, if git cannot say."""
    done = _git(folder, "ls-files", "--", "ledger")
    return isinstance(done, str) or bool(done.strip())


def _changed(word: str, folder: Path) -> frozenset[Path] | str:
    """The files of the repository that differ from a revision, new ones too; or what went wrong."""
    top = top_of(folder) or folder
    found: set[Path] = set()
    for words in (
        ("diff", "--name-only", "--no-renames", "--no-ext-diff", "-z", word, "--"),
        ("ls-files", "--others", "--exclude-standard", "-z"),
    ):
        told = _git(top, *words)
        if isinstance(told, str):
            return told
        names = (each.decode("utf-8", "surrogateescape") for each in told.split(b"\0") if each)
        found.update((top / name).resolve() for name in names)
    return frozenset(found)


def _git(folder: Path, *words: str) -> bytes | str:
    """What git prints, or in words what stood in the way."""
    command = ["git", "-C", str(folder), "-c", "core.fsmonitor=false", *words]
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_TIMEOUT,
            check=False,
            env=git_environment(os.environ),
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"git {words[0]} failed: {error}"
    if done.returncode != 0:
        told = printable(done.stderr.decode("utf-8", "replace").strip())
        return f"git {words[0]} failed: {told}"
    return done.stdout


def _checkout(word: str, folder: Path, place: Path) -> str:
    """Put the files of the case at a revision into `place`; says what stood in the way, if any."""
    # Without a path git takes what of the revision lies in the folder it is called in.
    done = _git(folder, "archive", "--format=tar", word)
    if isinstance(done, str):
        return done
    if len(done) > _LARGEST:
        return f"its files take more than {_LARGEST // 2**20} MiB"
    try:
        with tarfile.open(fileobj=io.BytesIO(done)) as archive:
            archive.extractall(place, filter="data")
    except (tarfile.TarError, OSError) as error:
        return f"its files cannot be laid out: {error}"
    return ""
