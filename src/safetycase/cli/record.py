"""`verify`: is the record what was written? Offline, and without the case file."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from safetycase.cli.common import Exit, case_options, echo_json, printable
from safetycase.ledger import Kept, Problem, Seen, Verification, default_seen_folder
from safetycase.ledger import verify as verify_record
from safetycase.workspace.paths import CASE_FILE, find_case

NOTES_ALIKE = 3


@click.command()
@case_options
@click.option(
    "--against",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    multiple=True,
    metavar="FILE",
    help="Hold the record against this checkpoint, kept elsewhere (repeatable).",
)
@click.option(
    "--certificate",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="FILE",
    help="Check instead that FILE proves the number of a claim of this case.",
)
@click.option("--no-artefacts", is_flag=True, help="Do not re-hash the artefacts; this is noted.")
@click.option("--claim", help="The claim the certificate is about (default: the root).")
def verify(
    case: Path,
    now: datetime,
    as_json: bool,
    against: tuple[Path, ...],
    certificate: Path | None,
    no_artefacts: bool,
    claim: str | None,
) -> int:
    """Check the record of CASE: chain, signatures, roles, order, artefacts. Exit 3 on doubt.

    It is held against its checkpoints, the one pinned in the case, those given with --against,
    and what this user has seen of it before. What is printed of keys is for you to judge: that a
    name belongs to a key is nowhere shown.

    CASE may also be a bundle, the file that `record bundle` writes.

    With --certificate it checks the proof of a number, by a checker that shares nothing with the
    solver: exit 3 if it is rejected, 4 if its check would take too long.
    """
    if certificate is not None:
        return _certified(find_case(case), now, certificate, claim, as_json=as_json)
    kept = [Kept(name=f"in {path.name}", data=path.read_bytes()) for path in against]
    seen = Seen(folder=default_seen_folder(os.environ))
    if case.is_file() and case.name != CASE_FILE:
        from safetycase.ledger.bundle_verify import verify_bundle

        found = verify_bundle(case, against=kept, seen=seen)
    else:
        record = find_case(case) / "ledger"
        found = verify_record(record, against=kept, seen=seen, artefacts=not no_artefacts)
    errors = [p for p in found.problems if p.severity == "error"]
    if as_json:
        echo_json(_as_json(found))
    else:
        _print(found)
    return Exit.RECORD if errors else Exit.HOLDS


def _as_json(found: Verification) -> dict[str, Any]:
    from safetycase.cli.record_keys import key_json

    return {
        "records": found.records,
        "head": found.head,
        "origin": found.origin,
        "root": found.root,
        "ok": found.ok,
        "objects_checked": found.objects_checked,
        "keys": [key_json(key) for key in found.keyring],
        "checkpoints": [
            {
                "name": held.name,
                "size": held.size,
                "signers": [
                    {"keyid": s.key.keyid, "owner": s.key.owner, "kind": s.kind, "time": s.time}
                    for s in held.signers
                ],
            }
            for held in found.checkpoints
        ],
        "ordering": dict(found.ordering.counts()),
        "problems": [
            {"severity": p.severity, "says": p.says, "hint": p.hint} for p in found.problems
        ],
    }


def _print_problems(problems: Sequence[Problem]) -> None:
    """Every error, and of notes with one way out the first few and how many more there are."""
    told: Counter[str] = Counter()
    for problem in problems:
        if problem.severity == "note" and problem.hint:
            told[problem.hint] += 1
            if told[problem.hint] > NOTES_ALIKE:
                continue
        colour = "red" if problem.severity == "error" else None
        click.secho(f"{problem.severity}: {printable(problem.says)}", fg=colour)
        if problem.hint:
            click.echo(f"    → {printable(problem.hint)}")
    more = sum(n - NOTES_ALIKE for n in told.values() if n > NOTES_ALIKE)
    if more:
        click.echo(f"note: {more} more like these; `--json` lists them")


def _print(found: Verification) -> None:
    from safetycase.cli.check import counted
    from safetycase.cli.record_keys import key_line

    _print_problems(found.problems)
    for key in found.keyring:
        click.echo(f"key {printable(key_line(key))}")
    if found.checkpoints:
        newest = max(found.checkpoints, key=lambda held: held.size)
        many = counted(len(found.checkpoints), "checkpoint")
        click.echo(f"{many}, the newest over {counted(newest.size, 'record')}")
    for held in found.checkpoints:
        for signer in held.cosigners:
            click.echo(
                f"the first {held.size} records were countersigned by "
                f"{printable(signer.key.short)} at {signer.time}"
            )
    counts = [f"{n} {grade}" for grade, n in found.ordering.counts().items() if n]
    if counts:
        click.echo(f"criterion before result, as shown by: {', '.join(counts)}")
    if found.origin is not None:
        click.echo(f"{found.origin}, root {found.root}")
    head = f", head {found.head[:16]}…" if found.head else ""
    click.echo(
        f"{found.records} records, {found.objects_checked} artefacts checked{head}: "
        + ("verified" if found.ok else "NOT VERIFIED")
    )


def _certified(folder: Path, now: datetime, file: Path, claim: str | None, *, as_json: bool) -> int:
    """Whether a certificate proves the number of a claim of the case as it stands."""
    from safetycase.cli.show import opened
    from safetycase.confidence.certificate import CertificateError, read_certificate
    from safetycase.confidence.checker import check
    from safetycase.confidence.graph import claim_node

    _, assessment = opened(folder, now)
    name = claim or assessment.case.root
    assert assessment.numbers is not None
    net = assessment.numbers.network
    if name not in net.queries:
        raise click.ClickException(f"`{printable(name)}` is no claim of the case")
    graph, node = claim_node(net.graph, net.queries[name])
    data = file.read_bytes().strip()
    found = check(data, graph=graph, node=node)
    try:
        doubt: float | None = read_certificate(data).doubt
    except CertificateError:
        doubt = None
    if as_json:
        echo_json({"claim": name, "state": found.state, "reason": found.reason, "doubt": doubt})
    elif found.state == "checked" and doubt is not None:
        click.echo(
            f"checked: whatever the dependence, {name} goes through with probability at least "
            f"{max(0.0, 1 - doubt):.6f}"
        )
    else:
        click.echo(f"{found.state.upper()}: {printable(found.reason)}")
    codes = {"checked": Exit.HOLDS, "rejected": Exit.RECORD, "unchecked": Exit.UNKNOWN}
    return codes[found.state]
