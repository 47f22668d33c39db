"""Sign the answer of a release gate, and check such an answer without the case."""

from __future__ import annotations

import getpass
import hashlib
import os
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from safetycase.cli.common import Exit, echo_json, printable, worst

if TYPE_CHECKING:
    from safetycase.assess.gated import Gated
    from safetycase.ledger import SigningKey
    from safetycase.review.attestation import RecordState, Trouble, Verdict
    from safetycase.workspace.folder import Workspace

__all__ = ["check_verdict", "sign_verdict"]

_LARGEST: Final = 16 * 1024 * 1024
_KEY: Final = re.compile(r"[0-9a-f]{32,64}")
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_EXITS: Final = {"record": Exit.RECORD, "fails": Exit.FAILS, "unknown": Exit.UNKNOWN}


def sign_verdict(space: Workspace, found: Gated, out: Path) -> None:
    """Sign the answer with the key of this user, whatever it is, and say with which."""
    from safetycase import __version__
    from safetycase.cli.writing import own, save
    from safetycase.review.attestation import (
        CLOCKS_DIFFER,
        attest,
        weights_of,
        weights_of_system,
    )

    own(out, b'{"payload":', "a signed answer")
    if abs(space.now - datetime.now(UTC)) > CLOCKS_DIFFER:
        raise click.UsageError("an answer is signed as of the present: leave --now out")
    key = _signer(space)
    line = attest(
        found,
        key,
        at=datetime.now(UTC).replace(microsecond=0),
        version=__version__,
        weights=weights_of(space.history, found),
        system=weights_of_system(space.history, found),
        record=_record(space),
    )
    save(out, line.decode("ascii"))
    click.echo(f"signed with the key {key.keyid}: {printable(str(out))}", err=True)


def _signer(space: Workspace) -> SigningKey:
    """The key of this user, which the record has to know and still trust."""
    from safetycase.ledger import default_key_path, load_or_create
    from safetycase.ledger.record import stamp

    path = default_key_path(os.environ)
    known = {key.keyid: key for key in space.history.keys}
    if not path.exists():
        raise click.ClickException(
            f"there is no key {printable(str(path))}: `safetycase record keys init` makes one, and "
            "an author lets it in with `record keys add`"
        )
    key = load_or_create(path, getpass.getuser())
    entry = known.get(key.keyid)
    if entry is None:
        raise click.ClickException(
            f"this record does not know the key {key.keyid[:16]}…, so that nobody could tell whose "
            "answer it is: an author lets it in with `safetycase record keys add`, or "
            "SAFETYCASE_KEY names another file"
        )
    if entry.revoked is not None:
        raise click.ClickException(
            f"record {entry.revoked.seq} revoked the key {printable(entry.short)}; "
            "SAFETYCASE_KEY names the file of another"
        )
    if not entry.valid_at(stamp(datetime.now(UTC))):
        raise click.ClickException(f"the key {printable(entry.short)} is not valid now")
    from dataclasses import replace

    return replace(key, owner=entry.owner or key.owner)


def _record(space: Workspace) -> RecordState:
    from safetycase.ledger.checkpoints import roots
    from safetycase.ledger.trust import origin_of
    from safetycase.review.attestation import RecordState

    records = space.log.records
    if not records:
        return RecordState()
    size = len(records)
    newest = max(space.log.checkpoints, key=lambda held: held.size, default=None)
    return RecordState(
        origin=origin_of(records[0]),
        size=size,
        root=roots(records, {size})[size].hex(),
        head=records[-1].digest,
        checkpoint=newest.checkpoint.text().decode() if newest else "",
    )


def check_verdict(
    file: Path,
    now: datetime,
    keys: Sequence[str],
    weights: Sequence[str],
    policy: Path | None,
    *,
    as_json: bool,
) -> int:
    """Whether a signed answer stands: offline, without the case and its record."""
    from safetycase.review.attestation import AttestationError, check, read_attestation

    keys, weights = [k.lower() for k in keys], [w.lower() for w in weights]
    _formed(keys, _KEY, "--key", "the first 32 or more of the 64 hex digits of a key id")
    _formed(weights, _SHA256, "--weights-sha256", "64 characters, as `sha256sum` prints them")
    if file.stat().st_size > _LARGEST:
        raise click.ClickException(f"{printable(str(file))} is too large for a signed answer")
    digest = hashlib.sha256(policy.read_bytes()).hexdigest() if policy else None
    try:
        found = read_attestation(file.read_bytes())
    except AttestationError as error:
        if as_json:
            echo_json({"stands": False, "trouble": [{"weight": "record", "says": str(error)}]})
        else:
            click.secho(f"NOT VERIFIED: {printable(str(error))}", fg="red")
        return Exit.RECORD
    trouble = check(found, now=now, keys=keys, weights=weights, policy=digest)
    if as_json:
        echo_json(_as_json(found, trouble))
    else:
        _print(found, trouble, compared=bool(weights), judged=policy is not None)
    return worst(_EXITS[each.weight] for each in trouble)


def _formed(values: Sequence[str], form: re.Pattern[str], option: str, wanted: str) -> None:
    for value in values:
        if not form.fullmatch(value):
            raise click.BadParameter(f"`{printable(value)}` is not {wanted}", param_hint=option)


def _as_json(found: Verdict, trouble: Sequence[Trouble]) -> dict[str, Any]:
    return {
        "stands": not trouble,
        "trouble": [{"weight": each.weight, "says": each.says} for each in trouble],
        "keyid": found.keyid,
        "case": found.case,
        "scope": found.scope,
        "weights": dict(found.weights),
        "system_weights": list(found.system),
        "predicate": dict(found.predicate),
    }


def _called(clause: dict[str, Any]) -> str:
    """A clause by the name that its policy gave it, and what it is if that is not its own."""
    rule = clause.get("rule", clause["clause"])
    return clause["clause"] if rule == clause["clause"] else f"{clause['clause']} ({rule})"


def _print(
    found: Verdict, trouble: Sequence[Trouble], *, compared: bool, judged: bool
) -> None:  # fmt: skip
    from safetycase.report.clean import moment, one_line

    told = found.predicate
    click.echo(f"case {one_line(found.case)}: {one_line(told['case']['headline'])}")
    click.echo(f"  decided is: {one_line(told['case']['decision']['supports'])}")
    click.echo(f"  result {told['verificationResult']}, signed {moment(told['timeVerified'])} by "
               f"the key {found.keyid} ({one_line(told['verifier']['owner'])})")  # fmt: skip
    because = one_line(told["expires_because"])
    click.echo(f"  stands until {moment(told['expires'])}" + (f": {because}" if because else ""))
    record = told["record"]
    click.echo(
        f"  record {one_line(record['origin']) or 'none'}, {record['size']} records, "
        f"head {one_line(record['head'])[:16]}…"
    )
    policy = told["policy"]
    mark = "" if judged else " (not compared: --policy)"
    click.echo(f"  policy {one_line(policy['name'])}, sha256 {policy['digest']['sha256']}{mark}")
    asked = one_line(", ".join(map(_called, told["clauses"])), limit=1000)
    click.echo(f"  it asked for {asked}")
    for name, digest in found.weights.items():
        part = "" if digest in found.system else ", not of the system but of a part of it,"
        mark = "" if compared else " (not compared: --weights-sha256)"
        click.echo(f"  weights {one_line(name)}{part}: {digest}{mark}")
    for over in told["overrides"]:
        force = f"without force: {one_line(over['idle'])}" if over["idle"] else "in force"
        click.echo(f"  override of {one_line(', '.join(over['clauses']))} by {one_line(over['by'])}"
                   f", {force}: {one_line(over['reason'])}")  # fmt: skip
    for given in told["conditions"]:
        conditions = one_line("; ".join(given["conditions"]))
        click.echo(f"  accepted by {one_line(given['by'])} on condition: {conditions}")
    for said in told["dissents"]:
        click.echo(f"  dissent of {one_line(said['by'])}: {one_line(said['says'])}")
    for each in trouble:
        click.secho(f"  ✗ {printable(each.says)}", fg="red")
    click.echo("it stands" if not trouble else "DO NOT RELY ON IT")
