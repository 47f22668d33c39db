"""The report as a program reads it in a pipeline: SARIF for its findings, JUnit for its claims."""

from __future__ import annotations

from pathlib import Path

from safetycase.assess.records import Assessment
from safetycase.cli.writing import keep, rests_on, save
from safetycase.workspace.folder import Workspace

__all__ = ["write_junit", "write_sarif"]


def write_sarif(space: Workspace, assessment: Assessment, out: Path | None) -> Path:
    """Every finding of the case, of its profiles too, as SARIF 2.1.0; the path of the file."""
    from safetycase import __version__
    from safetycase.argument.plain_json import plain_json
    from safetycase.report.sarif import to_sarif
    from safetycase.workspace.gating import findings_of

    data = to_sarif(assessment, findings_of(space), version=__version__)
    text = plain_json(data, indent=1, sort_keys=False) + "\n"
    return _put(space, out, "findings.sarif", text)


def write_junit(space: Workspace, assessment: Assessment, out: Path | None) -> Path:
    """A test for every claim as JUnit XML, an unknown one failing; the path of the file."""
    from safetycase.report.junit import to_junit

    return _put(space, out, "junit.xml", to_junit(assessment))


def _put(space: Workspace, out: Path | None, name: str, text: str) -> Path:
    """Write to `out`, in it if it is a folder, or in the case's report."""
    path = out or space.folder / "report" / name
    path = path / name if path.is_dir() else path
    keep(path, rests_on(space))
    save(path, text)
    return path
