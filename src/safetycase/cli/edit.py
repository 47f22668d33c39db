"""`edit`: changes to the case file that keep its meaning; nothing is written if one is refused."""

from __future__ import annotations

import contextlib
import difflib
import functools
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from safetycase.argument.findings import Finding
from safetycase.argument.refactor import Refactoring, move, rename
from safetycase.cli.common import (
    Exit,
    as_json_option,
    echo_json,
    finding_json,
    print_findings,
    printable,
)
from safetycase.cli.writing import beside
from safetycase.workspace.paths import find_case
from safetycase.workspace.versions import NoVersion, Version, find_version, read_texts

__all__ = ["edit"]

Change = Callable[[Version, Mapping[str, str]], Refactoring]


@click.group()
def edit() -> None:
    """Rename, move, extract or inline parts of a case, or lay its files out."""


def _options(command: Callable[..., Any]) -> Callable[..., Any]:
    """`[CASE]` as of every verb, or `--case PATH`; `--dry-run`, `--json`."""

    @functools.wraps(command)
    def with_case(*words: Any, case: Path | None, named: Path | None, **more: Any) -> Any:
        if case is not None and named is not None:
            raise click.UsageError("the case is named twice: as CASE and by --case")
        return command(*words, case=case or named or Path(), **more)

    path = click.Path(path_type=Path, exists=True)
    place = click.argument("case", required=False, type=path)
    where = click.option(
        "--case", "named", type=path, help="The case folder, in place of the argument CASE."
    )
    dry = click.option("--dry-run", is_flag=True, help="Show the change and write nothing.")
    return place(where(dry(as_json_option(with_case))))


@edit.command("rename")
@click.argument("old")
@click.argument("new")
@_options
def rename_(old: str, new: str, case: Path, dry_run: bool, as_json: bool) -> int:
    """Call the element OLD by the id NEW wherever it is named."""

    def change(version: Version, texts: Mapping[str, str]) -> Refactoring:
        return rename(texts, old, new, entry=version.entry, library=version.library)

    return _carry_out(change, case, dry_run, as_json, new_ids=True)


@edit.command("move")
@click.argument("element")
@click.option("--under", metavar="STEP", help="Make it a premise of this argument.")
@_options
def move_(element: str, under: str | None, case: Path, dry_run: bool, as_json: bool) -> int:
    """Move ELEMENT under another argument, or to the list of its kind."""

    def change(version: Version, texts: Mapping[str, str]) -> Refactoring:
        return move(texts, element, under, entry=version.entry, library=version.library)

    return _carry_out(change, case, dry_run, as_json)


@edit.command("extract")
@click.argument("element")
@click.argument("module")
@click.option("--file", help="The file of the module (default: modules/MODULE.yaml).")
@_options
def extract_(
    element: str, module: str, file: str | None, case: Path, dry_run: bool, as_json: bool
) -> int:
    """Put ELEMENT and everything it rests on into the module MODULE, in a file of its own."""
    from safetycase.argument.regroup import extract

    place = file or f"modules/{module}.yaml"

    def change(version: Version, texts: Mapping[str, str]) -> Refactoring:
        return extract(texts, element, module, place, entry=version.entry, library=version.library)

    return _carry_out(change, case, dry_run, as_json, new_ids=True)


@edit.command("inline")
@click.argument("name")
@_options
def inline_(name: str, case: Path, dry_run: bool, as_json: bool) -> int:
    """Put the module NAME, or the instance NAME of a template, into the file that uses it."""
    from safetycase.argument.regroup import inline

    def change(version: Version, texts: Mapping[str, str]) -> Refactoring:
        return inline(texts, name, entry=version.entry, library=version.library)

    return _carry_out(change, case, dry_run, as_json, new_ids=True)


@edit.command("fmt")
@click.option("--check", is_flag=True, help="Write nothing; exit 2 if a file would change.")
@_options
def fmt(check: bool, case: Path, dry_run: bool, as_json: bool) -> int:
    """Lay out the files of a case: indentation, line width; comments and values stay."""
    from safetycase.argument.edits import Lines, TextEdit
    from safetycase.argument.fmt import formatted

    changed: list[str] = []

    def change(_version: Version, texts: Mapping[str, str]) -> Refactoring:
        findings: list[Finding] = []
        edits: dict[str, tuple[TextEdit, ...]] = {}
        for name, text in texts.items():
            found = formatted(text, name)
            findings += found.findings
            if found.text != text:
                changed.append(name)
                whole = Lines(text).span(name, 0, len(text))
                edits[name] = (TextEdit(span=whole, text=found.text.replace("\r\n", "\n")),)
        if findings:
            return Refactoring(findings=tuple(findings))
        return Refactoring(edits=edits)

    code = _carry_out(change, case, dry_run or check, as_json)
    return Exit.FINDINGS if check and changed else code


def _carry_out(
    change: Change, case: Path, dry_run: bool, as_json: bool, *, new_ids: bool = False
) -> int:
    """Make the change, show it, and write it unless it is refused or only to be shown."""
    folder = find_case(case)
    version = find_version(None, folder)
    try:
        texts = read_texts(version)
    except NoVersion as error:
        raise click.ClickException(printable(str(error))) from None
    done = change(version, texts)
    if done.findings:
        if as_json:
            echo_json({"written": [], "findings": [finding_json(f) for f in done.findings]})
        else:
            print_findings(done.findings)
            click.echo("nothing was written")
        return Exit.FINDINGS
    after = done.after(texts)
    touched = [n for n in {**texts, **after} if texts.get(n) != after.get(n)]
    if not dry_run:
        _write(folder, texts, after, touched)
    if as_json:
        shown = "\n".join(_unified(texts, after, touched))
        echo_json({"written": [] if dry_run else touched, "diff": shown, "findings": []})
        return Exit.HOLDS
    if dry_run:
        for line in _unified(texts, after, touched):
            click.echo(printable(line))
    for name in touched:
        verb = "removed" if name not in after else "written" if name in texts else "made"
        click.echo(f"{printable(name)}: {'would be ' if dry_run else ''}{verb}")
    if not touched:
        click.echo("nothing to change")
    if new_ids and touched and (folder / "ledger").exists():
        click.echo("note: the record names leaves by their id; run what has a new one again")
    return Exit.HOLDS


def _unified(
    before: Mapping[str, str], after: Mapping[str, str], names: list[str]
) -> Iterator[str]:
    for name in names:
        old, new = before.get(name), after.get(name)
        yield from difflib.unified_diff(
            (old or "").splitlines(),
            (new or "").splitlines(),
            "/dev/null" if old is None else f"a/{name}",
            "/dev/null" if new is None else f"b/{name}",
            lineterm="",
        )


def _write(
    folder: Path, before: Mapping[str, str], after: Mapping[str, str], names: list[str]
) -> None:
    """Write every file beside its place first, then put all of them there, then remove the rest."""
    places = {name: (folder / name).resolve() for name in names}
    for name, path in places.items():
        if not path.is_relative_to(folder.resolve()):
            raise click.ClickException(f"{printable(name)} lies outside the case folder")
        present = path.read_bytes().decode("utf-8") if path.exists() else None
        if present != before.get(name):
            raise click.ClickException(f"{printable(name)} is not as it was read; try again")
    made: dict[Path, Path] = {}
    try:
        for name, path in places.items():
            if name in after:
                made[path] = beside(path, after[name])
        for path, temporary in made.items():
            temporary.replace(path)
    finally:
        for temporary in made.values():
            with contextlib.suppress(FileNotFoundError):
                temporary.unlink()
    for name, path in places.items():
        if name not in after:
            path.unlink()
