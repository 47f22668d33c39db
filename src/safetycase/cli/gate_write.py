"""The files that a gate writes of its answer: SARIF, JUnit, Markdown, a signed line."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from safetycase.cli.common import printable

if TYPE_CHECKING:
    from safetycase.assess.gated import Gated
    from safetycase.workspace.folder import Workspace

__all__ = ["Outputs", "refuse_losses", "write"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outputs:
    """The files that were asked for; `unknown` is what an unknown claim is in the JUnit file."""

    sarif: Path | None = None
    junit: Path | None = None
    summary: Path | None = None
    attest: Path | None = None
    unknown: str = "failure"

    @property
    def files(self) -> tuple[Path, ...]:
        """Those that were asked for."""
        every = (self.sarif, self.junit, self.summary, self.attest)
        return tuple(file for file in every if file is not None)


def refuse_losses(space: Workspace, outputs: Outputs, policy: Path | None) -> None:
    """Refuse, before anything is judged, an output in the place of what the answer is made from.

    That is a file of the case, its policy, or anything in its record; and an output that would take
    the place of another one.
    """
    from safetycase.cli.writing import apart, keep, rests_on

    taken: list[Path] = []
    for out in outputs.files:
        if out.resolve() in taken:
            raise click.UsageError(f"{printable(str(out))} is named for two outputs: name another")
        taken.append(out.resolve())
        apart(out)
        if out.is_file():
            keep(out, [*rests_on(space), *_sources(space, policy)])


def _sources(space: Workspace, policy: Path | None) -> Iterable[Path]:
    """The files of the case, and the policy that judges it."""
    from safetycase.workspace.policies import POLICY_FILE
    from safetycase.workspace.versions import NoVersion, find_version, read_texts

    yield space.folder / POLICY_FILE
    yield from (space.folder / "templates").glob("*.yaml")
    if policy is not None:
        yield policy
    try:
        yield from (space.folder / name for name in read_texts(find_version(None, space.folder)))
    except NoVersion:
        return


def write(space: Workspace, found: Gated, outputs: Outputs) -> None:
    """Write what was asked for."""
    from safetycase import __version__
    from safetycase.cli.writing import save

    if outputs.sarif is not None:
        from safetycase.argument.plain_json import plain_json
        from safetycase.report.sarif import to_sarif
        from safetycase.workspace.gating import findings_of

        findings = findings_of(space)
        data = to_sarif(found.assessment, findings, found.clauses, version=__version__)
        save(outputs.sarif, plain_json(data, indent=1, sort_keys=False) + "\n")
    if outputs.junit is not None:
        from safetycase.report.junit import Unknown, to_junit

        word: Unknown = "skipped" if outputs.unknown == "skipped" else "failure"
        save(outputs.junit, to_junit(found.assessment, found.clauses, unknown=word))
    if outputs.summary is not None:
        _summary(found, outputs.summary)
    if outputs.attest is not None:
        from safetycase.cli.gate_check import sign_verdict

        sign_verdict(space, found, outputs.attest)


def _summary(found: Gated, out: Path) -> None:
    """A step's own summary goes on where the step left off; any other file is written anew."""
    from safetycase.cli.writing import save
    from safetycase.report.step_summary import MOST_BYTES, step_summary

    if str(out) != os.environ.get("GITHUB_STEP_SUMMARY", "") or not out.is_file():
        save(out, step_summary(found))
        return
    room = MOST_BYTES - out.stat().st_size
    if room > 0:
        with out.open("a", encoding="utf-8") as stream:
            stream.write(step_summary(found, most=room))
