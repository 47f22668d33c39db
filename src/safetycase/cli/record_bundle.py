"""`record bundle`: the record in one file that verifies offline, anywhere; and out of it again."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import click

from safetycase.cli.common import Exit, case_options, echo_json, printable
from safetycase.cli.writing import fresh, own, put
from safetycase.workspace.paths import find_case

__all__ = ["bundle"]

SUFFIX = ".scbundle"


@click.command()
@case_options
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help=f"Where to write it (default: NAME{SUFFIX} in the current folder).",
)
@click.option(
    "--only",
    multiple=True,
    metavar="ID",
    help="Only the records of this evidence or claim, or of this number, each with a proof.",
)
@click.option("--no-artefacts", is_flag=True, help="Leave out what the runs left behind.")
@click.option(
    "--open",
    "opened",
    nargs=2,
    type=click.Path(path_type=Path),
    metavar="FILE FOLDER",
    help="Verify the bundle FILE and take it out into FOLDER, which is empty or new.",
)
def bundle(
    case: Path,
    now: datetime,  # noqa: ARG001 - every verb takes it
    as_json: bool,
    out: Path | None,
    only: tuple[str, ...],
    no_artefacts: bool,
    opened: tuple[Path, Path] | None,
) -> int:
    """Put the record of CASE into one file, with its artefacts and the text of the case.

    Anyone can check it without this case folder and without a network: `safetycase verify FILE`,
    or the page that `safetycase report` writes. The same record gives the same bytes.
    """
    from safetycase.ledger.bundle_zip import BundleRefused

    try:
        if opened is not None:
            return _open(*opened, as_json=as_json)
        return _write(find_case(case), out, only, artefacts=not no_artefacts, as_json=as_json)
    except BundleRefused as refused:
        raise click.ClickException(printable(str(refused))) from refused


def _write(
    folder: Path, out: Path | None, only: tuple[str, ...], *, artefacts: bool, as_json: bool
) -> int:
    from safetycase.ledger import open_store
    from safetycase.ledger.bundle import gather, write_bundle

    path = out or Path(f"{folder.name}{SUFFIX}")
    own(path, b"PK\x03\x04", "a bundle")
    store = open_store(folder / "ledger")
    contents = gather(folder / "ledger", store, only=only, artefacts=artefacts, case=_texts(folder))
    with fresh(path) as (file, temporary):
        write_bundle(file, contents, store)
    put(temporary, path)
    manifest = contents.manifest
    held = manifest.size if manifest.records is None else len(manifest.records)
    if as_json:
        echo_json(
            {
                "path": str(path),
                "origin": manifest.origin,
                "size": manifest.size,
                "root": manifest.root,
                "records": held,
                "artefacts": len(contents.objects),
                "bytes": path.stat().st_size,
                "left_out": list(contents.unnamed),
                "problems": [problem.says for problem in contents.problems],
            }
        )
        return Exit.RECORD if contents.problems else Exit.HOLDS
    for problem in contents.problems:
        click.secho(f"error: {printable(problem.says)}", fg="red", err=True)
    for name in contents.unnamed:
        click.secho(f"note: {printable(name)} was left out: no bundle holds such a name", err=True)
    part = f"{held} of {manifest.size} records" if manifest.records else f"{held} records"
    click.echo(f"{printable(str(path))}: {part}, {len(contents.objects)} artefacts")
    click.echo(f"check it with `safetycase verify {printable(shlex.quote(str(path)))}`")
    return Exit.RECORD if contents.problems else Exit.HOLDS


def _texts(folder: Path) -> Mapping[str, bytes]:
    """The case file and its modules, as they are; a reader sees with them what is argued."""
    from safetycase.workspace.checking import all_texts, check_folder

    return {name: text.encode() for name, text in all_texts(check_folder(folder)).items()}


def _open(path: Path, folder: Path, *, as_json: bool) -> int:
    from safetycase.ledger.bundle_open import open_into
    from safetycase.ledger.bundle_zip import BundleBroken

    try:
        found = open_into(path, folder)
    except BundleBroken as broken:
        click.echo(f"safetycase: {printable(str(broken))}", err=True)
        return Exit.RECORD
    if not found.ok:
        first = next(problem for problem in found.problems if problem.severity == "error")
        says = f"{path.name} does not verify: {first.says}; nothing was written"
        click.echo(f"safetycase: {printable(says)}", err=True)
        return Exit.RECORD
    if as_json:
        echo_json({"folder": str(folder), "records": found.records, "head": found.head})
    else:
        click.echo(
            f"{printable(str(folder))}: {found.records} records, "
            f"{found.objects_checked} artefacts checked: verified"
        )
    return Exit.HOLDS
