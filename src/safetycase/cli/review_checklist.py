"""`review checklist`: the questions a reviewer of a case has to ask, as Markdown or JSON."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

import click

from safetycase.cli.common import Exit, case_options, echo_json, printable
from safetycase.cli.show import opened, print_problems
from safetycase.cli.writing import keep, save
from safetycase.report.clean import one_line
from safetycase.report.outline import says_of
from safetycase.review.checklist import Question
from safetycase.review.checklist import checklist as questions_of
from safetycase.review.entries import ReviewRefused
from safetycase.workspace.paths import shown

__all__ = ["checklist"]

_MARKUP = re.compile(r"([\\`*_\[\]<>|~&])|(?<=\])\(|^([-+#=>0-9])")


@click.command()
@case_options
@click.option(
    "--for",
    "element",
    metavar="ELEMENT",
    help="Only the questions of ELEMENT and of what it rests on.",
)
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), help="Write it to this file."
)
def checklist(
    case: Path, now: datetime, as_json: bool, element: str | None, out: Path | None
) -> int:
    """Print the questions that a reviewer of CASE has to ask, with why, and what is known to each.

    They come from the review rules and from the case: first of the case as a whole, then of each
    element in the order of reading. `!` marks those to which something is known that speaks
    against the element.
    """
    space, assessment = opened(case, now)
    print_problems(space)
    try:
        asked = questions_of(assessment, space.history, folder=shown(space.folder), element=element)
    except ReviewRefused as error:
        raise click.ClickException(printable(str(error))) from None
    if as_json:
        text = None
        echo_json(
            {
                "case": assessment.case.header.case,
                "at": assessment.at.isoformat(),
                "for": element,
                "questions": [dataclasses.asdict(q) for q in asked],
            }
        )
    else:
        title = f"Review of {assessment.case.header.title}"
        says = {q.element: says_of(assessment, q.element) for q in asked if q.element}
        text = "\n".join(_lines(title, asked, says)) + "\n"
    if text is not None and out is not None:
        keep(out, [])
        save(out, text)
        click.echo(f"{len(asked)} questions in {printable(str(out))}")
    elif text is not None:
        click.echo(text, nl=False)
    return Exit.HOLDS


def _lines(title: str, asked: Sequence[Question], says: dict[str, str]) -> Iterator[str]:
    """The checklist as Markdown: a heading for each element, a box for each question."""
    yield f"# {_md(title)}"
    yield ""
    marked = sum(q.found for q in asked)
    yield (
        f"{len(asked)} questions; of {marked} something is known that speaks against the element "
        "(marked !)."
    )
    current: str | None = None
    for question in asked:
        if question.element != current:
            current = question.element
            yield ""
            yield f"## {_md(f'{question.kind} {current}')}" if current else "## The case"
            if says.get(current):
                yield ""
                yield f"> {_md(says[current])}"
            yield ""
        rule = f" ({question.rule})" if question.rule else ""
        yield f"- [ ] {'**!** ' if question.found else ''}{_md(question.asks)}{rule}"
        yield f"  - Why: {_md(question.why)}"
        yield f"  - Known: {_md(question.facts)}"
        yield f"  - See: `{one_line(question.command).replace('`', chr(39))}`"


def _md(text: str) -> str:
    """Text of a case as plain text in Markdown, on one line."""
    return _MARKUP.sub(_escaped, one_line(text))


def _escaped(found: re.Match[str]) -> str:
    char = found[0]
    return f"&#{ord(char)};" if char.isdigit() else f"\\{char}"
