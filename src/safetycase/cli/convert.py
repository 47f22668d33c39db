"""`import` and `export`: other argument formats, each with a report of what was lost."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path

import click

from safetycase.argument.findings import Finding
from safetycase.argument.structure import Loss, Structure
from safetycase.cli.common import (
    Exit,
    as_json_option,
    case_argument,
    echo_json,
    finding_json,
    now_option,
    print_findings,
    printable,
    unread,
)
from safetycase.cli.export_regulatory import NAMES, export_form
from safetycase.cli.writing import keep, save
from safetycase.workspace.checking import check_folder
from safetycase.workspace.foreign import format_named, is_foreign, read_foreign
from safetycase.workspace.paths import CASE_FILE, find_case

MOST_SHOWN = 200


def print_losses(losses: Iterable[Loss], everything: bool) -> None:
    """The loss report: how many of each kind, and each of them when asked for."""
    by_kind: dict[str, list[Loss]] = {}
    for loss in losses:
        by_kind.setdefault(loss.what, []).append(loss)
    if not by_kind:
        click.echo("Nothing is lost.", err=True)
        return
    count = sum(map(len, by_kind.values()))
    click.echo(f"{count} loss{'es' if count > 1 else ''}:", err=True)
    for what, found in by_kind.items():
        click.echo(f"  {printable(what)} ({len(found)})", err=True)
        for loss in found if everything else found[:3]:
            about = f"{loss.about}: " if loss.about else ""
            says = printable(about + loss.says)
            click.echo(f"    {says if everything else _short(says)}", err=True)
        if not everything and len(found) > 3:
            click.echo(f"    … and {len(found) - 3} more (`--all-losses`)", err=True)


def _short(text: str) -> str:
    """At most two lines of a terminal."""
    return text if len(text) <= MOST_SHOWN else text[: MOST_SHOWN - 1] + "…"


def loss_json(losses: Iterable[Loss]) -> list[Mapping[str, str]]:
    """Losses as JSON."""
    return [{"about": x.about, "what": x.what, "says": x.says} for x in losses]


@click.command("import")
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True, dir_okay=False)
)
@click.option("--from", "name", metavar="FORMAT", help="The format, where the file does not tell.")
@click.option(
    "--out", type=click.Path(path_type=Path), help="The case folder to make (default: from FILE)."
)
@click.option("--force", is_flag=True, help="Write over a case that is there.")
@click.option("--partial", is_flag=True, help="Write what could be read, with errors or without.")
@click.option("--all-losses", is_flag=True, help="List every loss.")
@now_option
@as_json_option
def import_(
    files: tuple[Path, ...],
    name: str | None,
    out: Path | None,
    force: bool,
    partial: bool,
    all_losses: bool,
    now: datetime,
    as_json: bool,
) -> int:
    """Make a case folder from an argument in another format (gsn2x, LTAC, TEA, SACM, ...)."""
    from safetycase.interop.importing import case_text

    foreign = read_foreign(files, name)
    errors = [f for f in foreign.findings if f.severity == "error"]
    if foreign.structure is None or (errors and not partial):
        if foreign.structure is not None and not as_json:
            click.echo("nothing is written; `--partial` writes what could be read", err=True)
        return _refused(foreign.findings, as_json)
    text, losses = case_text(foreign.structure, header=None, today=now.date())
    losses = (*foreign.losses, *losses)
    folder = out or files[0].with_suffix("")
    path = folder / CASE_FILE
    if path.exists() and not force:
        raise click.ClickException(
            f"{path} is there already; name another folder with --out, or use --force"
        )
    save(path, text)
    if as_json:
        echo_json(
            {
                "case": str(path),
                "format": foreign.format.name,
                "findings": [finding_json(f) for f in foreign.findings],
                "losses": loss_json(losses),
            }
        )
    else:
        print_findings(foreign.findings)
        print_losses(losses, all_losses)
        click.echo(str(path))
    return Exit.FINDINGS if errors else Exit.HOLDS


def _refused(findings: Iterable[Finding], as_json: bool) -> int:
    if as_json:
        echo_json({"case": None, "findings": [finding_json(f) for f in findings], "losses": []})
    else:
        print_findings(findings)
    return Exit.FINDINGS


@click.command()
@case_argument
@click.option("--to", "name", metavar="FORMAT", help="The format to write.")
@click.option(
    "--as",
    "form",
    metavar="FORM",
    help=f"Write instead a report to a regulator: {', '.join(NAMES)}.",
)
@click.option("--from", "source", metavar="FORMAT", help="The format of CASE, if it is a file.")
@click.option("--out", type=click.Path(path_type=Path), help="A file (default: standard output).")
@click.option("--all-losses", is_flag=True, help="List every loss.")
@click.option(
    "--redact",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="FILE",
    help="With --as: withhold what comes from the elements and records in this JSON file.",
)
@click.option(
    "--since",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="FILE",
    help="With --as: say what changed since this earlier report (its JSON).",
)
@now_option
@as_json_option
def export(
    case: Path,
    name: str | None,
    form: str | None,
    source: str | None,
    out: Path | None,
    all_losses: bool,
    redact: Path | None,
    since: Path | None,
    now: datetime,
    as_json: bool,
) -> int:
    """Write CASE (a case folder, or an argument in another format) in another format.

    With --as, write what a regulator asks for, each sentence with its source and each gap as one.
    It never says that a duty is met.
    """
    if form is not None:
        if name is not None or source is not None or all_losses:
            raise click.UsageError("--as takes no --to, --from or --all-losses")
        return export_form(case, form, now, out=out, redact=redact, since=since, as_json=as_json)
    if name is None:
        from safetycase.plugin.library import format_names

        raise click.UsageError(
            f"say which format to write (--to, one of {', '.join(format_names())}), "
            f"or which report (--as, one of {', '.join(NAMES)})"
        )
    if redact is not None or since is not None:
        raise click.UsageError("--redact and --since go with --as")
    target = format_named(name, writes=True)
    assert target.write is not None
    keep(out, [case])
    structure, findings, losses = structure_at(case, source)
    if structure is None:
        return _refused(findings, as_json)
    code = unread(findings)
    stem = out.stem if out else (structure.title or "case")
    written = target.write(structure, stem)
    losses = (*losses, *written.losses)
    paths = _save(written.files, out)
    if as_json:
        echo_json(
            {
                "files": [str(p) for p in paths] if out else dict(written.files),
                "losses": loss_json(losses),
            }
        )
        return code
    if not out:
        for position, (file, text) in enumerate(written.files.items()):
            if len(written.files) > 1:
                click.echo(f"# {file}" if not position else f"\n# {file}")
            click.echo(text, nl=not text.endswith("\n"))
    print_losses(losses, all_losses)
    for path in paths:
        click.echo(str(path))
    return code


def structure_at(
    path: Path, source: str | None = None
) -> tuple[Structure | None, tuple[Finding, ...], tuple[Loss, ...]]:
    """The structure of a case folder or of a file of another format."""
    if source or is_foreign(path):
        foreign = read_foreign([path], source)
        return foreign.structure, foreign.findings, foreign.losses
    from safetycase.argument.project import structure_of

    checked = check_folder(find_case(path))
    if checked.case is None:
        return None, checked.findings, ()
    structure, losses = structure_of(checked.case)
    return structure, checked.findings, losses


def _save(files: Mapping[str, str], out: Path | None) -> list[Path]:
    """Write the main file to `out` and the others beside it."""
    if out is None:
        return []
    names = list(files)
    paths = [out, *(out.parent / name for name in names[1:])]
    for path, name in zip(paths, names, strict=True):
        save(path, files[name])
    return paths
