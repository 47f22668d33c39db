"""`review sign` and `review override`: what a reviewer puts their name to."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import click

from safetycase.argument.findings import did_you_mean
from safetycase.assess.records import Assessment
from safetycase.cli.common import case_options, instant
from safetycase.cli.review_saying import by_option, made, record_it, signer, yes_option
from safetycase.cli.show import opened, print_problems
from safetycase.ledger.names import folded
from safetycase.ledger.vocabulary import VERDICTS
from safetycase.review import entries
from safetycase.workspace.policies import about_policy

__all__ = ["override", "sign"]


@click.command(
    epilog="VERDICT is one of " + "; ".join(f"{w}: {says}" for w, says in VERDICTS.items())
)
@click.argument("element")
@case_options
@click.option("--verdict", type=click.Choice(tuple(VERDICTS)), required=True, help="The judgement.")
@click.option("--condition", "conditions", multiple=True, metavar="TEXT",
              help="What the acceptance hangs on (repeatable).")  # fmt: skip
@click.option("--says", required=True, metavar="TEXT", help="What was found, in a sentence.")
@click.option("--competence", required=True, metavar="TEXT",
              help="What makes you able to judge it.")  # fmt: skip
@click.option("--independence", required=True, metavar="TEXT",
              help="How you relate to those who made it.")  # fmt: skip
@click.option("--hours", metavar="H", help="How long you looked at it.")
@by_option
@yes_option
def sign(
    element: str,
    case: Path,
    now: datetime,
    as_json: bool,
    verdict: str,
    conditions: tuple[str, ...],
    says: str,
    competence: str,
    independence: str,
    hours: str | None,
    by: str | None,
    yes: bool,
) -> int:
    """Sign ELEMENT and everything it rests on, as it is now.

    For a reviewer who had no hand in it: neither an author, nor who registered or ran evidence in
    it, nor who owns an assumption, a monitor or the decision. After any change of what was signed
    it shows as "signed an earlier version", and counts no longer.
    """
    space, before = opened(case, now)
    print_problems(space)
    who = signer(space, "sign-off")
    entry = made(
        lambda: entries.sign(
            before,
            element=element,
            verdict=verdict,
            conditions=conditions,
            says=says,
            competence=competence,
            independence=independence,
            by=by or who.owner,
            hours=hours,
        )
    )
    named = entry.body["element"]

    def tell(after: Assessment) -> list[str]:
        signed = after.review.sign_offs[-1]
        state = after.states[named]
        lines = [f"{named} is {state.support}; what is signed has the digest {signed.digest[:16]}…"]
        if state.posed != "ready":
            lines.append(f"{named} is not ready: a finding stands at or below it (`check`)")
        standing = [c.id for c in after.review.standing if c.element == named]
        if standing:
            lines.append(f"Challenges stand against it: {', '.join(standing)}")
        if not signed.counts:
            lines.append(f"It will not count: {signed.because}.")
        return lines

    return record_it(space, before, entry, who, as_json=as_json, yes=yes, tell=tell)


def _opens_nothing(folder: Path, clauses: tuple[str, ...], authority: str) -> Iterator[str]:
    """Why an override would open no gate under the policy in force; it is recorded all the same."""
    from safetycase.review.policy import NOT_OVERRIDDEN
    from safetycase.workspace.policies import policy_at

    policy = policy_at(folder).policy
    if policy is None:
        yield "The policy of this case cannot be read: `safetycase gate --show-policy` says why."
        return
    known = {c.name: c.kind for c in (*policy.of("release"), *policy.of("merge"))}
    for clause in clauses:
        if clause not in known:
            hint = did_you_mean(clause, known)
            yield f"The policy {policy.name} has no clause `{clause}`, so this opens nothing" + (
                f"; {hint}" if hint else "."
            )
        elif known[clause] in NOT_OVERRIDDEN:
            yield f"Nobody can override `{clause}`, so this opens nothing."
    named = {folded(each) for each in policy.authorities}
    if named and folded(authority) not in named:
        listed = ", ".join(policy.authorities)
        yield f"The policy {policy.name} knows no authority but {listed}, so this opens nothing."


@click.command()
@click.argument("element")
@case_options
@click.option("--clause", "clauses", multiple=True, required=True, metavar="NAME",
              help="A clause of the policy that it is about (repeatable).")  # fmt: skip
@click.option("--authority", required=True, metavar="TEXT", help="By what right.")
@click.option("--reason", required=True, metavar="TEXT", help="Why, in a sentence.")
@click.option("--expires", required=True, metavar="DATE", help="Until when it is in force.")
@by_option
@yes_option
def override(
    element: str,
    case: Path,
    now: datetime,
    as_json: bool,
    clauses: tuple[str, ...],
    authority: str,
    reason: str,
    expires: str,
    by: str | None,
    yes: bool,
) -> int:
    """Decide, by name and until a date, against clauses of the release policy for ELEMENT.

    It changes no status, is shown in every report, and ends with any change of what it was about.
    """
    until = instant(expires, "--expires")
    space, before = opened(case, now)
    print_problems(space)
    who = signer(space, "override")
    entry = made(
        lambda: entries.override(
            before,
            element=element,
            clauses=clauses,
            authority=authority,
            reason=reason,
            by=by or who.owner,
            expires=until,
        )
    )
    entry = about_policy(entry, space.folder)

    def tell(after: Assessment) -> list[str]:
        because = after.review.overrides[-1].because
        own = [f"It will have no force: {because}."] if because else []
        return [
            *own,
            f"{entry.body['element']}: {', '.join(clauses)} overridden until "
            f"{entry.body['expires'][:10]}, {entry.body['by']}, {authority}: {reason}",
            *_opens_nothing(space.folder, clauses, authority),
        ]

    return record_it(space, before, entry, who, as_json=as_json, yes=yes, tell=tell)
