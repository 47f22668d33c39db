"""`export --as FORM`: a report to a regulator, and the deadlines that the record starts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from safetycase.argument.findings import did_you_mean
from safetycase.cli.common import Exit, echo_json, printable
from safetycase.cli.writing import keep, save
from safetycase.workspace.paths import find_case

if TYPE_CHECKING:
    from safetycase.report.regulatory import Document, Earlier
    from safetycase.workspace.folder import Workspace

__all__ = ["DUTIES", "NAMES", "export_form"]

DUTIES = "duties"
NAMES = ("eu-code", "sb53", "sabotage-risk-report", DUTIES)


def export_form(
    case: Path,
    form: str,
    now: datetime,
    *,
    out: Path | None,
    redact: Path | None,
    since: Path | None,
    as_json: bool,
) -> int:
    """Write the report FORM of a case folder, as Markdown or JSON."""
    if form not in NAMES:
        from safetycase.plugin.library import format_names

        hint = did_you_mean(form, NAMES)
        if form in format_names():
            hint = f"`--to {form}` writes that format"
        raise click.UsageError(f"there is no form `{printable(form)}`; {hint}")
    folder = find_case(case)
    if form == DUTIES:
        from safetycase.cli.record_duties import show_duties

        if out is not None or redact is not None or since is not None:
            raise click.UsageError("`--as duties` prints; it takes no --out, --redact or --since")
        return show_duties(folder, now, as_json=as_json)
    from safetycase.argument.plain_json import plain_json
    from safetycase.report.regulatory import FORMS, to_json, to_markdown, withhold

    assert set(FORMS) == set(NAMES) - {DUTIES}
    keep(out, [*folder.rglob("*.yaml"), *(p for p in (redact, since) if p)])
    space, made = _made(folder, form, now, since)
    if redact is not None:
        made = withhold(made, _reasons(redact, made))
    if as_json or (out is not None and out.suffix == ".json"):
        text = plain_json(to_json(made), sort_keys=False) + "\n"
    else:
        text = to_markdown(made)
    if out is None:
        click.echo(text, nl=False)
    else:
        save(out, text)
        count = len(made.gaps)
        told = {"path": str(out), "gaps": count, "withheld": len(made.withheld)}
        if as_json:
            echo_json(told)
        else:
            click.echo(f"{out}: {count} gap{'' if count == 1 else 's'}")
    return Exit.RECORD if space.log.problems or space.history.problems else Exit.HOLDS


def _made(folder: Path, form: str, now: datetime, since: Path | None) -> tuple[Workspace, Document]:
    """The case as it stands, and the report of it."""
    from safetycase import __version__
    from safetycase.assess.duties import duties
    from safetycase.cli.show import breakdown_of, opened
    from safetycase.report.regulatory import Material, document

    space, assessment = opened(folder, now)
    digests = {record.seq: record.digest for record in space.log.records}
    problems = (*space.log.problems, *space.history.problems)
    material = Material(
        assessment=assessment,
        history=space.history,
        digests=digests,
        deadlines=duties(space.history, now),
        breakdown=breakdown_of(assessment, assessment.case.root),
        earlier=_earlier(since, digests) if since else None,
        version=__version__,
        problems=tuple(problem.says for problem in problems),
    )
    return space, document(form, material)


def _read(path: Path, what: str) -> Mapping[str, Any]:
    """A JSON object from a file; what is wrong is named with its line."""
    try:
        found = json.loads(path.read_text("utf-8"))
    except UnicodeDecodeError:
        raise click.ClickException(f"{printable(str(path))} is no text in UTF-8") from None
    except json.JSONDecodeError as error:
        raise click.ClickException(
            f"{printable(str(path))} line {error.lineno}: not JSON: {error.msg}; {what}"
        ) from None
    except RecursionError:
        raise click.ClickException(f"{printable(str(path))} is nested too deeply") from None
    if not isinstance(found, dict):
        raise click.ClickException(f"{printable(str(path))} is no JSON object; {what}")
    return found


def _earlier(path: Path, digests: Mapping[int, str]) -> Earlier:
    from safetycase.report.regulatory import Earlier
    from safetycase.report.regulatory.writing import FORMAT

    what = "--since takes the JSON of an earlier report (`--json`, or --out FILE.json)"
    found = _read(path, what)
    record, elements = found.get("record"), found.get("elements")
    if found.get("format") != FORMAT or not isinstance(record, dict):
        raise click.ClickException(f"{printable(str(path))} is no report of this kind; {what}")
    length, head = record.get("length"), record.get("head")
    whole = (
        type(length) is int
        and length >= 0
        and isinstance(elements, dict)
        and all(isinstance(v, str) for v in elements.values())
        and isinstance(found.get("at"), str)
    )
    if not whole:
        raise click.ClickException(f"{printable(str(path))} was changed by hand or cut; {what}")
    return Earlier(
        at=found["at"],
        form=str(found.get("form", "")),
        records=int(length or 0),
        head=str(head or ""),
        elements=dict(elements or {}),
        continues=digests.get(length) == head if length else None,
    )


def _reasons(path: Path, made: Document) -> Mapping[str, str]:
    """What is to be withheld, with the reasons; what the report does not have is refused."""
    from safetycase.report.regulatory import named

    what = 'it reads {"ELEMENT": "reason", "record 12": "reason"}'
    found = _read(path, what)
    known = named(made) | set(made.elements)
    for key, reason in found.items():
        if not isinstance(reason, str) or not reason.strip():
            raise click.ClickException(
                f"{printable(str(path))}: `{printable(key)}` has no reason; {what}"
            )
        if key not in known:
            hint = did_you_mean(key, known)
            raise click.ClickException(
                f"{printable(str(path))}: nothing in this report comes from `{printable(key)}`, so "
                "withholding it would hide nothing" + (f"; {hint}" if hint else "")
            )
    return found
