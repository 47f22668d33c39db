"""`review challenge`, `respond`, `resolve`, `dissent`: words of a review, signed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import click

from safetycase.assess.objecting import ways_on
from safetycase.assess.records import Assessment
from safetycase.cli.common import case_options
from safetycase.cli.review_saying import by_option, made, record_it, signer, yes_option
from safetycase.cli.show import opened, print_problems
from safetycase.ledger.vocabulary import RULINGS, SEVERITIES
from safetycase.review import entries

__all__ = ["challenge", "dissent", "resolve", "respond"]

_MAY: Mapping[str, str] = {
    "answered": "a reviewer who neither responded to it nor had a hand in the work rules so",
    "conceded": "an author or a reviewer rules so",
    "withdrawn": "the key that raised it rules so",
}


@click.command(
    epilog="SEVERITY is one of " + "; ".join(f"{w}: {says}" for w, says in SEVERITIES.items())
)
@click.argument("element")
@case_options
@click.option("--severity", type=click.Choice(tuple(SEVERITIES)), required=True, help="How grave.")
@click.option("--says", required=True, metavar="TEXT", help="The doubt, in a sentence.")
@click.option(
    "--id", "name", metavar="ID", help="Its id (default: the next free one of C1, C2, …)."
)
@by_option
@yes_option
def challenge(
    element: str,
    case: Path,
    now: datetime,
    as_json: bool,
    severity: str,
    says: str,
    name: str | None,
    by: str | None,
    yes: bool,
) -> int:
    """Raise a doubt against ELEMENT: an element, a step (`X.by`), or a doubt that was answered.

    One that is major or critical contests ELEMENT until it is ruled answered or withdrawn; nothing
    in the case file answers it.
    """
    space, before = opened(case, now)
    print_problems(space)
    who = signer(space, "challenge")
    entry = made(
        lambda: entries.challenge(
            before,
            space.history,
            against=element,
            severity=severity,
            says=says,
            by=by or who.owner,
            name=name,
        )
    )
    raised = entry.body["challenge"]

    def tell(after: Assessment) -> list[str]:
        found = entries.challenge_of(after, raised)
        return [f"Challenge {raised} against {found.against}: {found.says}", *ways_on(found)]

    return record_it(space, before, entry, who, as_json=as_json, yes=yes, tell=tell)


@click.command()
@click.argument("name", metavar="CHALLENGE")
@case_options
@click.option("--says", required=True, metavar="TEXT", help="The response, in a sentence.")
@by_option
@yes_option
def respond(
    name: str, case: Path, now: datetime, as_json: bool, says: str, by: str | None, yes: bool
) -> int:
    """Respond to CHALLENGE; it stands until somebody else rules on it."""
    space, before = opened(case, now)
    print_problems(space)
    who = signer(space, "response")
    entry = made(lambda: entries.respond(before, name=name, says=says, by=by or who.owner))

    def tell(after: Assessment) -> list[str]:
        found = entries.challenge_of(after, name)
        return [f"To challenge {name} of {found.by}: {found.says}", *ways_on(found)]

    return record_it(space, before, entry, who, as_json=as_json, yes=yes, tell=tell)


@click.command(
    epilog="OUTCOME is one of " + "; ".join(f"{w}: {says}" for w, says in RULINGS.items())
)
@click.argument("name", metavar="CHALLENGE")
@case_options
@click.option(
    "--as", "outcome", type=click.Choice(tuple(RULINGS)), required=True, help="What became of it."
)
@click.option("--reason", required=True, metavar="TEXT", help="Why, in a sentence.")
@by_option
@yes_option
def resolve(
    name: str,
    case: Path,
    now: datetime,
    as_json: bool,
    outcome: str,
    reason: str,
    by: str | None,
    yes: bool,
) -> int:
    """Rule on CHALLENGE; a later ruling replaces an earlier one, and all stay in the record.

    A reviewer who neither responded nor had a hand in the work rules that it is answered, as with a
    sign-off; an author or a reviewer concedes it;
    only the key that raised it withdraws it.
    """
    space, before = opened(case, now)
    print_problems(space)
    who = signer(space, "ruling")
    entry = made(
        lambda: entries.resolve(
            before, name=name, outcome=outcome, reason=reason, by=by or who.owner
        )
    )

    def tell(after: Assessment) -> list[str]:
        found = entries.challenge_of(after, name)
        because = found.rulings[-1].because
        idle = [f"It will not count: {because}."] if because else []
        return [f"Challenge {name} of {found.by}: {found.says}", *idle]

    may = _MAY[outcome]
    return record_it(space, before, entry, who, as_json=as_json, yes=yes, tell=tell, may=may)


@click.command()
@click.argument("element")
@case_options
@click.option("--says", required=True, metavar="TEXT", help="What is disagreed with, and why.")
@by_option
@yes_option
def dissent(
    element: str, case: Path, now: datetime, as_json: bool, says: str, by: str | None, yes: bool
) -> int:
    """Dissent from ELEMENT: shown beside its conclusion in every report, and never taken away."""
    space, before = opened(case, now)
    print_problems(space)
    who = signer(space, "dissent")
    entry = made(lambda: entries.dissent(before, element=element, says=says, by=by or who.owner))

    def tell(_after: Assessment) -> list[str]:
        return [f"Dissent from {entry.body['element']}: {says}", "Nothing takes it back."]

    return record_it(space, before, entry, who, as_json=as_json, yes=yes, tell=tell)
