"""`new`: a case folder from a template; asks for what it has to know, or takes it."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import click
import yaml

from safetycase.argument.findings import Finding, did_you_mean
from safetycase.argument.nodes import Collection, Reader
from safetycase.argument.scalars import show
from safetycase.cli.common import (
    Exit,
    as_json_option,
    echo_json,
    finding_json,
    now_option,
    print_findings,
    printable,
)
from safetycase.cli.writing import save
from safetycase.plugin.library import templates
from safetycase.workspace.checking import check_folder
from safetycase.workspace.paths import CASE_FILE
from safetycase.workspace.starting import (
    Question,
    StartError,
    case_of,
    parse_answer,
    questions,
    template_named,
)


@click.command()
@click.argument("folder", required=False, type=click.Path(path_type=Path))
@click.option("--template", "name", metavar="NAME", help="The template to start from.")
@click.option("--list", "listing", is_flag=True, help="List the installed templates.")
@click.option(
    "--set", "given", multiple=True, metavar="KEY=VALUE", help="An answer; lists as `[a, b]`."
)
@click.option(
    "--answers",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A YAML file of answers: `KEY: VALUE` lines.",
)
@click.option(
    "--examples", is_flag=True, help="Take the template's examples for what is not answered."
)
@click.option("--force", is_flag=True, help="Write over a case that is there.")
@now_option
@as_json_option
def new(
    folder: Path | None,
    name: str | None,
    listing: bool,
    given: tuple[str, ...],
    answers: Path | None,
    examples: bool,
    force: bool,
    now: datetime,
    as_json: bool,
) -> int:
    """Start a case in FOLDER from a template.

    On a terminal it asks for each parameter; otherwise every one without a default has to be
    given by --set or --answers, or --examples fills it with the template's example.
    """
    if listing or (name is None and folder is None):
        return _list(as_json)
    if name is None:
        every = ", ".join(templates().names())
        raise click.ClickException(
            f"name the template: `safetycase new {_quoted(folder)} --template NAME` with one of "
            f"{every}; `safetycase new --list` says what each argues"
        )
    if folder is None:
        raise click.ClickException(
            "name the folder to make: `safetycase new FOLDER --template ...`"
        )
    path = folder / CASE_FILE
    if path.exists() and not force:
        raise click.ClickException(f"{path} is there already; name another folder, or use --force")
    try:
        template = template_named(name)
        asked = questions(template, folder.resolve().name, now.date())
        known = _known(asked, given, answers)

        def case(answers: Mapping[str, Any]) -> str:
            return case_of(template, _case_name(folder), answers)

        known = _complete(asked, known, examples, _Refusals(folder=folder, asked=asked, case=case))
        text = case(known)
    except StartError as error:
        raise click.ClickException(str(error)) from None
    checked = check_folder(folder, texts={CASE_FILE: text})
    if checked.errors or checked.case is None:
        return _not_made(checked.findings, as_json)
    save(path, text)
    count = len(checked.case.elements) if checked.case else 0
    if as_json:
        echo_json({"case": str(path), "elements": count, "errors": len(checked.errors)})
    else:
        click.echo(
            f"{path}: {count} elements from {template.head.template}@{template.head.version}"
        )
        click.echo(
            f"Next: `safetycase status {_quoted(folder)}`, `safetycase agenda {_quoted(folder)}`"
        )
    return Exit.HOLDS


def _quoted(folder: Path | None) -> str:
    """The folder as it is written in a shell."""
    return printable(shlex.quote(str(folder)))


def _not_made(findings: Iterable[Finding], as_json: bool) -> int:
    """The answers give no sound case: say why at the lines it would have, and write nothing."""
    errors = [f for f in findings if f.severity == "error"]
    if as_json:
        echo_json({"case": None, "findings": [finding_json(f) for f in errors]})
    else:
        print_findings(errors)
        click.echo("nothing was written; give other answers")
    return Exit.FINDINGS


def _case_name(folder: Path) -> str:
    name = "".join(c if c.isalnum() else "-" for c in folder.resolve().name.lower()).strip("-")
    return name or "case"


def _list(as_json: bool) -> int:
    found = {n: template_named(n).head for n in templates().names()}
    if as_json:
        echo_json(
            {
                name: {"version": h.version, "title": h.title, "source": h.source, "says": h.says}
                for name, h in found.items()
            }
        )
        return Exit.HOLDS
    for name, head in found.items():
        click.secho(f"{name}@{head.version}", bold=True)
        click.echo(f"  {head.title} — {head.source}")
        click.echo(f"  {printable(head.says)}\n")
    return Exit.HOLDS


def _known(
    asked: tuple[Question, ...], given: tuple[str, ...], answers: Path | None
) -> dict[str, Any]:
    by_key = {question.key: question for question in asked}
    known: dict[str, Any] = {}
    if answers is not None:
        try:
            text = answers.read_text("utf-8")
        except UnicodeDecodeError as error:
            raise StartError(f"{answers} is not UTF-8 text (byte {error.start})") from None
        # Read strictly first: no aliases to multiply, no depth to fall into, no key twice.
        reader = Reader(text, str(answers))
        if isinstance(reader.root, Collection) and reader.root.mapping:
            list(reader.items(reader.root, "the answers"))
        for finding in reader.findings:
            way_out = f" ({finding.hint})" if finding.hint else ""
            raise StartError(f"{finding.span}: {finding.message}{way_out}")
        try:
            said = yaml.safe_load(text)
        except (yaml.YAMLError, ValueError) as error:
            raise StartError(f"{answers}: {str(error).splitlines()[0]}") from None
        if not isinstance(said, Mapping):
            raise StartError(f"{answers}: the answers are `KEY: VALUE` lines")
        known.update({str(key): _plain(value) for key, value in said.items()})
    for pair in given:
        key, equals, value = pair.partition("=")
        if not equals:
            raise StartError(f"`--set {pair}`: write KEY=VALUE")
        known[key] = parse_answer(by_key[key], value) if key in by_key else value
    for key in known:
        if key not in by_key:
            hint = did_you_mean(key, by_key)
            raise StartError(f"nothing asks for `{key}`" + (f"; {hint}" if hint else ""))
    return known


def _plain(value: Any) -> Any:
    """YAML reads `2027-03-01` as a date; here it is the word that was written."""
    return value.isoformat() if isinstance(value, date) else value


@dataclass(frozen=True, slots=True, kw_only=True)
class _Refusals:
    """What is wrong with one answer, told while its question is still being asked."""

    folder: Path
    asked: tuple[Question, ...]
    case: Callable[[Mapping[str, Any]], str]

    def of(self, question: Question, answer: Any, known: Mapping[str, Any]) -> tuple[Finding, ...]:
        """The errors of the case with this answer that it does not have with an example of it."""
        base = {q.key: known.get(q.key, _stand_in(q)) for q in self.asked}
        before = {(f.code, f.message) for f in self._errors(base)}
        found = self._errors({**base, question.key: answer})
        return tuple(f for f in found if (f.code, f.message) not in before)

    def _errors(self, answers: Mapping[str, Any]) -> tuple[Finding, ...]:
        checked = check_folder(self.folder, texts={CASE_FILE: self.case(answers)})
        return tuple(f for f in checked.findings if f.severity == "error")


def _stand_in(question: Question) -> Any:
    """An answer for a question that was not asked yet."""
    if question.example is not None:
        return question.example
    if question.default is not None:
        return question.default
    return "not stated" if question.parameter is None else None


def _complete(
    asked: tuple[Question, ...], known: dict[str, Any], examples: bool, refusals: _Refusals
) -> dict[str, Any]:
    """Answers to everything: those given, defaults, examples, and what a person says."""
    lacking: list[Question] = []
    for question in asked:
        if question.key in known:
            continue
        if examples and question.example is not None:
            known[question.key] = question.example
        elif examples and question.default is None and question.parameter is None:
            known[question.key] = "not stated"
        elif question.default is not None and (examples or not sys.stdin.isatty()):
            known[question.key] = question.default
        elif question.parameter is None or not question.parameter.optional:
            lacking.append(question)
    if lacking and not sys.stdin.isatty():
        lines = [
            f"  {q.key}: {q.says}" + (f" For example: {show(q.example)}" if q.example else "")
            for q in lacking
        ]
        raise StartError(
            "these have no answer yet (--set KEY=VALUE, --answers FILE, or --examples):\n"
            + "\n".join(lines)
        )
    for question in lacking:
        example = f" For example: {show(question.example)}." if question.example else ""
        click.echo(f"\n{printable(question.says)}{printable(example)}")
        known[question.key] = _asked(question, known, refusals)
    return known


def _asked(question: Question, known: Mapping[str, Any], refusals: _Refusals) -> Any:
    """An answer that the case can be made with; one that it cannot is said to be wrong at once."""
    default = show(question.default) if question.default is not None else None
    while True:
        try:
            answer = parse_answer(question, click.prompt(question.key, default=default))
        except StartError as error:
            click.echo(printable(str(error)))
            continue
        wrong = refusals.of(question, answer, known)
        if not wrong:
            return answer
        first = wrong[0]  # what follows from an answer that cannot be read is no news
        hint = f" ({first.hint})" if first.hint else ""
        click.echo(printable(f"{first.message}{hint}"))
