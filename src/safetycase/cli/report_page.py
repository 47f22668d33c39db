"""The report as a file or a folder: where it stands, what it was made of, and how it is written."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from safetycase.assess.records import Assessment
from safetycase.cli.common import printable
from safetycase.cli.writing import keep, rests_on, save
from safetycase.workspace.folder import Workspace

if TYPE_CHECKING:
    from safetycase.report.source import Source

__all__ = ["current_report", "page_of", "write_folder", "write_report"]

MANIFEST = "pages.txt"
_PAGE = re.compile(r"(?:(?:claim|map)/)?[A-Za-z0-9._~-]+\.(?:html|css|js)")


def write_report(
    space: Workspace, assessment: Assessment, out: Path | None, source: Source | None = None
) -> Path:
    """Render and write the page; the old one stays until the new one is whole."""
    from safetycase.report.page import render_single

    path = out or page_of(space)
    if path.is_dir():
        path = path / "index.html"
    keep(path, rests_on(space))
    page = render_single(source or source_of(space, assessment))
    save(path, f"{page}{_state(space, assessment)}")
    return path


def write_folder(space: Workspace, assessment: Assessment, out: Path, source: Source) -> Path:
    """Write every page into the folder `out`; the path of the first page.

    A folder that holds something else is refused. Pages of an earlier report that this one has
    no more are removed, and the first page is written last, so that it leads to whole pages.
    """
    from safetycase.report.site import assets, paths, render

    keep(out / "index.html", ())
    before = _earlier(out)
    pages = paths(source)
    first, *others = pages
    written = (*pages, *assets())
    out.mkdir(parents=True, exist_ok=True)
    # First of all, so that a report that was interrupted can be written again.
    (out / MANIFEST).write_text("\n".join(dict.fromkeys((*before, *written))) + "\n", "utf-8")
    for folder in (out, out / "claim", out / "map"):
        folder.mkdir(parents=True, exist_ok=True)
    for name, text in assets().items():
        (out / name).write_text(text, "utf-8")
    for name in others:
        (out / name).write_text(render(source, name), "utf-8")
    for name in set(before) - set(written):
        (out / name).unlink(missing_ok=True)
    (out / MANIFEST).write_text("\n".join(written) + "\n", "utf-8")
    save(out / first, f"{render(source, first)}{_state(space, assessment)}")
    return out / first


def _earlier(out: Path) -> Iterable[str]:
    """The pages that an earlier report left in a folder; ends the verb if it is no report's."""
    if out.exists() and not out.is_dir():
        raise click.ClickException(f"{printable(str(out))} is a file; name a folder")
    if not out.is_dir() or not any(out.iterdir()):
        return ()
    try:
        names = (out / MANIFEST).read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        raise click.ClickException(
            f"{printable(str(out))} holds files that are no pages of a report; name a new folder"
        ) from None
    return [name for name in names if _PAGE.fullmatch(name)]


def source_of(space: Workspace, assessment: Assessment) -> Source:
    """What the pages are made of, with what takes longer: the agenda, and transcripts by lot."""
    from safetycase.workspace.reporting import source_of as plain
    from safetycase.workspace.reporting import with_ranking
    from safetycase.workspace.samples import drawn_samples

    source = plain(space, assessment)
    return with_ranking(replace(source, transcripts=drawn_samples(space, assessment)), space)


def page_of(space: Workspace) -> Path:
    """Where the page stands; that of a case with parameters bound otherwise beside the other."""
    if not space.texts:
        return space.folder / "report" / "index.html"
    told = hashlib.sha256("\n".join(f"{k} {v}" for k, v in sorted(space.texts.items())).encode())
    return space.folder / "report" / f"with-{told.hexdigest()[:8]}.html"


def current_report(space: Workspace, assessment: Assessment) -> Path | None:
    """The page in the case folder, if one is there that was made of the same state."""
    path = page_of(space)
    wanted = _state(space, assessment).encode()
    try:
        with path.open("rb") as file:
            file.seek(-len(wanted), os.SEEK_END)
            return path if file.read() == wanted else None
    except OSError:
        return None


def _texts(folder: Path) -> Iterator[Path]:
    """Every file in which text of the case may stand; what is no file of ours to read is not."""
    made = folder / "report"  # what was written of the case, a copy of it among that
    for file in sorted(folder.rglob("*.yaml")):
        if made not in file.parents and file.is_file() and os.access(file, os.R_OK):
            yield file


def _state(space: Workspace, assessment: Assessment) -> str:
    """A remark that names what a page was made of: the case files, the record, what is current."""
    from safetycase import __version__

    total = hashlib.sha256(f"{__version__} {assessment.record_head} {assessment.verdict}".encode())
    for file in _texts(space.folder):
        called = file.name.encode("utf-8", "surrogateescape")
        total.update(b"\n" + called + b" " + hashlib.sha256(file.read_bytes()).digest())
    for name, text in sorted(space.texts.items()):
        total.update(f"\n{name} ".encode() + hashlib.sha256(text.encode()).digest())
    for name, freshness in sorted(assessment.freshness.items()):
        total.update(f"\n{name} {freshness}".encode())
    for name, watched in sorted(assessment.monitors.items()):
        overdue = [alarm.report.record for alarm in watched.alarms if alarm.overdue]
        total.update(f"\n{name} {watched.state} {watched.blocks} {overdue}".encode())
    for finding in space.findings:
        total.update(f"\n{finding.code} {finding.message}".encode())
    return f"<!-- made of the state {total.hexdigest()} -->\n"
