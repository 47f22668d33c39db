"""`record event` and `record waive`: what bears on evidence after it was recorded, signed."""

from __future__ import annotations

import dataclasses
import getpass
import os
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from safetycase.argument.findings import did_you_mean
from safetycase.assess.records import Assessment, Freshness
from safetycase.cli.common import (
    Exit,
    ask_to_sign,
    case_options,
    echo_json,
    instant,
    printable,
)
from safetycase.cli.show import opened, print_problems
from safetycase.ledger import Registration, default_key_path, load_or_create, open_writer
from safetycase.ledger.duties import INCIDENTS
from safetycase.ledger.fold import EventRecord, WaiverRecord
from safetycase.ledger.record import is_digest, stamp
from safetycase.ledger.vocabulary import EVENTS, SELECTORS
from safetycase.workspace.folder import Workspace

__all__ = ["event", "waive"]

_DIGESTS = ("code", "file", "weights_sha256", "keyid")
_COMPARED = ("subject", "instrument", "sampling", "environment", "criterion")
_yes = click.option("--yes", is_flag=True, help="Do not ask before it is signed.")


@click.command(
    epilog="WORD is one of "
    + ", ".join(EVENTS)
    + ". SELECTOR is one of "
    + ", ".join(SELECTORS)
    + "; file and code also take the name of a file that the record knows."
)
@click.argument("word")
@case_options
@click.option("--says", required=True, metavar="TEXT", help="What happened, in a sentence.")
@click.option(
    "--about",
    multiple=True,
    metavar="SELECTOR=VALUE",
    help="What it bears on; of several of one selector any has to match, of several selectors all.",
)
@click.option("--all", "everything", is_flag=True, help="It bears on all evidence.")
@click.option(
    "--since",
    type=int,
    metavar="RECORD",
    help="Of a revoked key: the first record that no longer counts (default: all it signed).",
)
@click.option(
    "--incident",
    type=click.Choice(tuple(INCIDENTS)),
    help="Of a serious incident: its kind, by which `record duties` sets a clock.",
)
@click.option("--known-at", metavar="TIME", help="When it was known (UTC; default: now).")
@click.option(
    "--imminent/--not-imminent",
    default=None,
    help="Of a serious incident: whether it poses an imminent risk of death or serious injury.",
)
@_yes
def event(
    word: str,
    case: Path,
    now: datetime,
    as_json: bool,
    says: str,
    about: tuple[str, ...],
    everything: bool,
    since: int | None,
    incident: str | None,
    known_at: str | None,
    imminent: bool | None,
    yes: bool,
) -> int:
    """Record that WORD happened; evidence it bears on no longer counts.

    What was found wrong with an instrument, its data or its judge stays wrong: results made with
    the same content later do not count either. Anything else is cleared by a new run.
    """
    if word not in EVENTS:
        hint = did_you_mean(word, EVENTS)
        raise click.UsageError(
            f"`{printable(word)}` is no event" + (f"; {hint}" if hint else f": {', '.join(EVENTS)}")
        )
    space, before = opened(case, now)
    print_problems(space)
    selectors = _selectors(space, word, about, everything=everything)
    body: dict[str, Any] = {"event": word, "says": says, "about": selectors}
    if since is not None:
        if word != "key-revoked":
            raise click.UsageError("--since is for key-revoked only: other events are about runs")
        body["since"] = since
    body |= _known(word, now, incident, known_at, imminent)
    record = EventRecord(
        seq=_next(space), at=stamp(now), event=word, says=says, about=selectors, since=since,
        keyid="", body=body,
    )  # fmt: skip
    history = dataclasses.replace(space.history, events=(*space.history.events, record))
    after = dataclasses.replace(space, history=history).assess()
    touched = _changed(before, after)
    return _sign(space, "event", body, touched, as_json=as_json, yes=yes)


@click.command()
@click.argument("leaf")
@case_options
@click.option("--reason", required=True, metavar="TEXT", help="Why the two are the same.")
@click.option("--author", required=True, metavar="NAME", help="Whose change it is.")
@click.option("--reviewer", metavar="NAME", help="Who says so (default: the owner of the key).")
@click.option(
    "--expires",
    required=True,
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DATE",
    help="The last day on which it counts.",
)
@click.option(
    "--fields",
    multiple=True,
    metavar="FIELD",
    help="The fields of the recipe that may differ (default: those that do).",
)
@_yes
def waive(
    leaf: str,
    case: Path,
    now: datetime,
    as_json: bool,
    reason: str,
    author: str,
    reviewer: str | None,
    expires: datetime,
    fields: tuple[str, ...],
    yes: bool,
) -> int:
    """Record that the changed recipe of LEAF is equivalent to the one it was run with.

    For a reviewer who did not make the change, with a key that did not sign the registration.
    Another model, another criterion, less effort or other sampling can never be waived.
    """
    space, before = opened(case, now)
    print_problems(space)
    latest, found, digest = _mismatch(space, before, leaf)
    named = tuple(fields) or tuple(
        cause.field for cause in found.causes if cause.field.partition(".")[0] in _COMPARED
    )
    who = reviewer or getpass.getuser()
    key = load_or_create(default_key_path(os.environ), getpass.getuser())
    if key.keyid == latest.keyid:
        raise click.ClickException(
            f"this key signed the registration of {printable(leaf)}; a waiver needs the key of a "
            "reviewer: set SAFETYCASE_KEY to its file"
        )
    if " ".join(who.split()).casefold() == " ".join(author.split()).casefold():
        raise click.ClickException(
            f"{printable(who)} is the author of the change and cannot be its reviewer; "
            "name somebody else with --reviewer"
        )
    body = {
        "evidence": leaf,
        "old_recipe": latest.recipe_digest,
        "new_recipe": digest,
        "fields": list(named),
        "reason": reason,
        "author": author,
        "reviewer": who,
        "expires": f"{expires:%Y-%m-%d}T23:59:59Z",
    }
    record = WaiverRecord(
        seq=_next(space),
        at=stamp(now),
        evidence=leaf,
        old_recipe=latest.recipe_digest,
        new_recipe=digest,
        fields=named,
        reason=reason,
        author=author,
        reviewer=who,
        expires=str(body["expires"]),
        keyid=key.keyid,
    )
    history = dataclasses.replace(space.history, waivers=(*space.history.waivers, record))
    after = dataclasses.replace(space, history=history).assess()
    touched = _changed(before, after)
    if leaf not in touched or not after.freshness[leaf].waived:
        raise click.ClickException(
            f"a waiver of {', '.join(map(printable, named))} would not help {printable(leaf)}: it "
            f"is {printable(str(found))}, and a model, a criterion, effort and sampling cannot be "
            "waived, nor a part of what changed without the rest"
        )
    return _sign(space, "waiver", body, touched, as_json=as_json, yes=yes)


def _known(
    word: str, now: datetime, incident: str | None, known_at: str | None, imminent: bool | None
) -> dict[str, Any]:
    """What a duty to report is counted from, as further keys of the event."""
    if word != "serious-incident" and (incident is not None or imminent is not None):
        raise click.UsageError("--incident and --imminent are for serious-incident only")
    found: dict[str, Any] = {}
    if incident is not None:
        found["incident"] = incident
    if imminent is not None:
        found["imminent"] = imminent
    if known_at is not None:
        at = instant(known_at, "--known-at")
        if at > now:
            raise click.BadParameter("nobody knows what is still ahead", param_hint="--known-at")
        found["known_at"] = stamp(at)
    return found


def _mismatch(
    space: Workspace, assessment: Assessment, leaf: str
) -> tuple[Registration, Freshness, str]:
    """The latest registration of a leaf, what differs from it, and the digest of its recipe now."""
    recipe = space.recipes.get(leaf)
    if recipe is None:
        hint = did_you_mean(leaf, space.recipes)
        says = f"`{printable(leaf)}` is no evidence of this case"
        raise click.ClickException(says + (f"; {hint}" if hint else ""))
    counted = [
        r for r in space.history.registrations if r.evidence == leaf and not r.exploratory
    ]  # fmt: skip
    found = assessment.freshness.get(leaf)
    if recipe.recipe is None or found is None or not counted:
        says = recipe.problem or "it has no result in the record"
        raise click.ClickException(f"there is nothing to waive for {printable(leaf)}: {says}")
    if not any(cause.field.partition(".")[0] in _COMPARED for cause in found.causes):
        raise click.ClickException(
            f"there is nothing to waive for {printable(leaf)}: it is {printable(str(found))}"
        )
    return counted[-1], found, recipe.recipe.digest


def _selectors(
    space: Workspace, word: str, about: Iterable[str], *, everything: bool
) -> dict[str, Any]:
    """What the event is about, from the words of the command line."""
    found: dict[str, list[str]] = {}
    for given in about:
        selector, equals, value = given.partition("=")
        if not equals or not value or selector not in SELECTORS:
            hint = did_you_mean(selector, SELECTORS)
            raise click.UsageError(
                f"--about {printable(given)}: write SELECTOR=VALUE with one of "
                + ", ".join(SELECTORS)
                + (f"; {hint}" if hint else "")
            )
        values = found.setdefault(selector, [])
        values += [v for v in _values(space, selector, value) if v not in values]
    if everything and found:
        raise click.UsageError("--all is about everything, so --about has nothing to add")
    if not everything and not found:
        raise click.UsageError("say what it bears on: --about SELECTOR=VALUE, or --all")
    if word == "instrument-revoked" and "method" in found and len(found) == 1:
        # A later version may be sound, so the versions that are known are named.
        found["method_version"] = _versions(space, found["method"])
    return {"all": True} if everything else dict(found)


def _values(space: Workspace, selector: str, value: str) -> list[str]:
    if selector not in _DIGESTS or is_digest(value):
        return [value]
    field = {"code": "code", "file": "files"}.get(selector)
    known = set()
    recipes = [r.recipe for r in space.history.registrations]
    recipes += [r.recipe.groups for r in space.recipes.values() if r.recipe]
    for recipe in recipes:
        instrument = recipe.get("instrument")
        files = instrument.get(field) if isinstance(instrument, Mapping) and field else None
        if isinstance(files, Mapping) and is_digest(files.get(value)):
            known.add(files[value])
    if not known:
        raise click.UsageError(
            f"--about {selector}={printable(value)}: neither a SHA-256 nor the name of something "
            "that a recipe of this case has"
        )
    return sorted(known)


def _versions(space: Workspace, methods: Iterable[str]) -> list[str]:
    wanted = set(methods)
    groups = [r.recipe.get("instrument", {}) for r in space.history.registrations]
    groups += [r.recipe.groups["instrument"] for r in space.recipes.values() if r.recipe]
    found = sorted(
        {
            str(g["method_version"])
            for g in groups
            if isinstance(g, Mapping) and g.get("method") in wanted and "method_version" in g
        }
    )
    if not found:
        raise click.UsageError(
            f"no version of {', '.join(sorted(wanted))} is in this record: name it with "
            "--about method_version=VERSION"
        )
    return found


def _changed(before: Assessment, after: Assessment) -> dict[str, tuple[str, str]]:
    """The leaves whose freshness would change, as it was and would be."""
    return {
        name: (str(before.freshness[name]), str(now))
        for name, now in after.freshness.items()
        if now != before.freshness[name]
    }


def _sign(
    space: Workspace,
    kind: str,
    body: Mapping[str, Any],
    touched: Mapping[str, tuple[str, str]],
    *,
    as_json: bool,
    yes: bool,
) -> int:
    """Say what the record would do, ask, and append it."""
    if not as_json:
        for name, (was, now) in touched.items():
            click.echo(f"{printable(name)}: {printable(was)} → {printable(now)}")
        if not touched:
            click.echo("It changes the freshness of no leaf of this case.")
    ask_to_sign(as_json=as_json, yes=yes)
    key = load_or_create(default_key_path(os.environ), getpass.getuser())
    with open_writer(space.folder / "ledger", key) as writer:
        record = writer.append(kind, body, at=stamp(datetime.now(UTC)))
    if as_json:
        changed = {name: {"was": was, "now": now} for name, (was, now) in touched.items()}
        echo_json({"record": record.seq, "kind": kind, "body": body, "changes": changed})
    else:
        click.echo(f"Recorded as {kind} {record.seq}.")
    return Exit.HOLDS


def _next(space: Workspace) -> int:
    return len(space.log.records) + 1
