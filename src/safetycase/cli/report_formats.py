"""The report in further formats: what `report --format` writes, each whole or not at all."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Final

import click

from safetycase.cli.common import printable
from safetycase.cli.show import breakdown_of
from safetycase.cli.writing import keep, put, rests_on, save, special
from safetycase.workspace.folder import Workspace
from safetycase.workspace.located import within
from safetycase.workspace.paths import inside

if TYPE_CHECKING:
    from safetycase.assess.records import Assessment
    from safetycase.report.ro_crate import CrateFile
    from safetycase.report.source import Source

__all__ = [
    "FORMATS",
    "csv_text",
    "json_text",
    "markdown_text",
    "write_crate",
    "write_csv",
    "write_json",
    "write_markdown",
    "write_pdf",
]

FORMATS: Final = ("markdown", "json", "csv", "pdf", "ro-crate")
"""The formats of this module, as `--format` names them."""

Render = Callable[[Workspace, "Assessment"], str]

_TYPES = {
    ".html": "text/html",
    ".md": "text/markdown",
    ".csv": "text/csv",
    ".json": "application/json",
    ".yaml": "application/yaml",
    ".yml": "application/yaml",
    ".jsonl": "application/jsonl",
    ".txt": "text/plain",
    ".scbundle": "application/zip",
}
_EARLY = (1980, 1, 1, 0, 0, 0)
"""The date of every file in a ZIP archive, so that the same crate gives the same bytes."""
COLUMNS = 100
"""The width of what stands as plain lines in the Markdown report."""
LARGEST_INPUT = 16 * 1024 * 1024
"""Inputs up to this many bytes are taken into a crate; larger ones are named alone."""


def markdown_text(space: Workspace, assessment: Assessment, source: Source | None = None) -> str:
    """The report in Markdown, with what changed since a version where `source` has that."""
    from safetycase import __version__
    from safetycase.report.diff_text import diff_lines
    from safetycase.report.markdown import Extra, render_markdown

    found = source.difference if source else None
    extra = Extra(
        agenda=_agenda(space, assessment),
        difference=diff_lines(found, width=COLUMNS) if found is not None else (),
        since=source.since if source else "",
    )
    root = breakdown_of(assessment, assessment.case.root)
    return render_markdown(within(assessment), version=__version__, breakdown=root, extra=extra)


def json_text(space: Workspace, assessment: Assessment) -> str:
    """The whole assessment as JSON with sorted keys, what is wrong with the record among it."""
    from safetycase.argument.plain_json import plain_json
    from safetycase.report import to_json

    whole = {
        **to_json(within(assessment), breakdown=breakdown_of(assessment, assessment.case.root)),
        "record_problems": [p.says for p in (*space.log.problems, *space.history.problems)],
    }
    return plain_json(whole) + "\n"


def csv_text(space: Workspace, assessment: Assessment) -> str:  # noqa: ARG001 - as the others
    """All leaves as CSV."""
    from safetycase.report.leaves_csv import leaves_csv

    return leaves_csv(assessment)


def write_markdown(
    space: Workspace, assessment: Assessment, out: Path | None, *, source: Source | None = None
) -> Path:
    """Write the report in Markdown, by default to `report/report.md` in the case folder.

    `source` is what the pages are made of, if it was compared with a version.
    """
    return _write(space, out, "report.md", markdown_text(space, assessment, source))


def write_json(space: Workspace, assessment: Assessment, out: Path | None) -> Path:
    """Write the assessment as JSON, by default to `report/report.json` in the case folder."""
    return _write(space, out, "report.json", json_text(space, assessment))


def write_csv(space: Workspace, assessment: Assessment, out: Path | None) -> Path:
    """Write all leaves as CSV, by default to `report/leaves.csv` in the case folder."""
    return _write(space, out, "leaves.csv", csv_text(space, assessment))


def write_pdf(
    space: Workspace, assessment: Assessment, out: Path | None, *, source: Source | None = None
) -> Path:
    """Print the page to PDF, by default to `report/report.pdf` in the case folder.

    `source` is what the page is made of, if it was compared with a version.
    """
    from safetycase.cli.report_pdf import print_pdf

    path = _place(space, out, "report.pdf")
    with tempfile.TemporaryDirectory(prefix="safetycase-page-") as folder:
        print_pdf(_page(space, assessment, Path(folder) / "index.html", source), path)
    return path


def write_crate(
    space: Workspace, assessment: Assessment, out: Path | None, *, licence: str | None = None
) -> Path:
    """Write case, record and report as an RO-Crate: a folder, or a ZIP file if `out` ends so."""
    path = out or _default(space, "ro-crate")
    zipped = path.suffix.lower() == ".zip"
    keep(path, rests_on(space))
    _ours(path, zipped=zipped)
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".crate-", dir=path.parent) as made:
        folder = Path(made) / "crate"
        folder.mkdir(mode=0o755)
        _fill(folder, space, assessment, licence)
        if zipped:
            archive = Path(made) / "crate.zip"
            _zip(folder, archive)
            put(archive, path)
        else:
            if path.exists():
                path.rename(Path(made) / "old")
            folder.rename(path)
    return path


def _write(space: Workspace, out: Path | None, name: str, text: str) -> Path:
    path = _place(space, out, name)
    save(path, text)
    return path


def _place(space: Workspace, out: Path | None, name: str) -> Path:
    """Where a format is written: `out`, in it if it is a folder, or in the case's report."""
    path = out or _default(space, name)
    if path.is_dir():
        path = path / name
    keep(path, rests_on(space))
    return path


def _default(space: Workspace, name: str) -> Path:
    """Beside the page, and under its name where parameters are bound otherwise."""
    from safetycase.cli.report_page import page_of

    page = page_of(space)
    return page.with_name(f"{page.stem}-{name}" if space.texts else name)


def _page(
    space: Workspace, assessment: Assessment, path: Path, source: Source | None = None
) -> Path:
    """The HTML page of the report, written to `path`; the one in the case folder stays."""
    from safetycase.cli.report_page import write_report

    return write_report(space, assessment, path, source)


def _agenda(space: Workspace, assessment: Assessment) -> Sequence[str]:
    """The lines of the research agenda; none where nothing is open."""
    from safetycase.agenda.as_json import ranking_json
    from safetycase.cli.agenda_case import View
    from safetycase.report.agenda_text import agenda_lines

    view = View.of(space, assessment)
    return agenda_lines(ranking_json(view.ranking()), COLUMNS) if view.items else ()


def _ours(path: Path, *, zipped: bool) -> None:
    """Refuse to take the place of what is no crate of an earlier time."""
    from safetycase.report.ro_crate import DESCRIPTOR

    says = "is there and is no RO-Crate; name another place"
    if zipped:
        if path.exists() and not special(path) and not zipfile.is_zipfile(path):
            raise click.ClickException(f"{printable(str(path))} {says}")
    elif path.exists() and not (path / DESCRIPTOR).is_file():
        raise click.ClickException(f"{printable(str(path))} {says}")


def _fill(folder: Path, space: Workspace, assessment: Assessment, licence: str | None) -> None:
    """Put every file of the crate into `folder`, its metadata last."""
    from safetycase import __version__
    from safetycase.argument.plain_json import plain_json
    from safetycase.report.ro_crate import DESCRIPTOR, PREVIEW, preview, ro_crate

    files = [_described(folder, *each) for each in _files(folder, space, assessment)]
    keys = {
        key.owner: sorted({r for k in space.history.keys if k.owner == key.owner for r in k.roles})
        for key in space.history.keys
        if key.owner
    }
    crate = ro_crate(within(assessment), files, version=__version__, keys=keys, licence=licence)
    told = plain_json(crate, sort_keys=False)
    (folder / DESCRIPTOR).write_text(told + "\n", "utf-8")
    (folder / PREVIEW).write_text(preview(within(assessment), files), "utf-8")


def _files(
    folder: Path, space: Workspace, assessment: Assessment
) -> Iterator[tuple[str, str, str]]:
    """(path, what it is, role) of each file, which is in `folder` when it is named."""
    from safetycase.workspace.checking import all_texts, check_folder

    for name, text in all_texts(check_folder(space.folder, texts=space.texts)).items():
        _put(folder, name, text.encode())
        yield name, _part(name), "case"
    for name, data in _inputs(space).items():
        if not (folder / name).exists():
            _put(folder, name, data)
            yield name, "An input of the evidence", "input"
    if space.log.records:
        _bundle(folder / "record.scbundle", space)
        yield "record.scbundle", "The record: `safetycase verify record.scbundle`", "record"
    _page(space, assessment, _made(folder, "report/index.html"))
    yield "report/index.html", "The report as a page", "report"
    texts: Mapping[str, tuple[str, Render]] = {
        "report/report.md": ("The report in Markdown", markdown_text),
        "report/report.json": ("The assessment as JSON", json_text),
        "report/leaves.csv": ("All leaves as a table", csv_text),
    }
    for name, (says, render) in texts.items():
        _put(folder, name, render(space, assessment).encode())
        yield name, says, "report"


def _part(name: str) -> str:
    if name == "case.yaml":
        return "The case"
    return f"A {'template' if name.startswith('templates/') else 'module'} of the case"


def _inputs(space: Workspace) -> dict[str, bytes]:
    """The inputs of the evidence that lie in the case folder and are not too large."""
    from safetycase.argument.model import Evidence

    found: dict[str, bytes] = {}
    elements: Any = space.case.elements.values() if space.case else ()
    root = space.folder.resolve()
    for element in elements:
        for name in element.inputs if isinstance(element, Evidence) else ():
            path, plain = inside(root, name), PurePosixPath(name)
            if path is None or not path.is_file() or plain.as_posix() != name:
                continue
            if ".." in plain.parts or plain.is_absolute():
                continue  # it would be written elsewhere than into the crate
            if path.stat().st_size <= LARGEST_INPUT:
                found[name] = path.read_bytes()
    return found


def _bundle(path: Path, space: Workspace) -> None:
    """The record as one file that verifies by itself."""
    from safetycase.ledger import open_store
    from safetycase.ledger.bundle import gather, write_bundle
    from safetycase.ledger.bundle_zip import BundleRefused
    from safetycase.workspace.checking import all_texts, check_folder

    ledger = space.folder / "ledger"
    store = open_store(ledger)
    case = {
        name: text.encode()
        for name, text in all_texts(check_folder(space.folder, texts=space.texts)).items()
    }
    try:
        contents = gather(ledger, store, only=(), artefacts=True, case=case)
        with path.open("wb") as file:
            write_bundle(file, contents, store)
    except BundleRefused as refused:
        raise click.ClickException(printable(str(refused))) from refused


def _made(folder: Path, name: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def _put(folder: Path, name: str, data: bytes) -> None:
    _made(folder, name).write_bytes(data)


def _described(folder: Path, name: str, says: str, role: str) -> CrateFile:
    from safetycase.report.ro_crate import CrateFile

    path = folder / name
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return CrateFile(
        path=name,
        name=says,
        media_type=_TYPES.get(path.suffix.lower(), "application/octet-stream"),
        size=path.stat().st_size,
        sha256=digest,
        role=role,
    )


def _zip(folder: Path, archive: Path) -> None:
    """The folder as a ZIP file whose bytes depend on its content alone."""
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as out:
        for path in sorted(p for p in folder.rglob("*") if p.is_file()):
            info = zipfile.ZipInfo(path.relative_to(folder).as_posix(), _EARLY)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            with path.open("rb") as source, out.open(info, "w") as target:
                shutil.copyfileobj(source, target)
