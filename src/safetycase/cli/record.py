"""`verify`: is the record what was written? Offline, and without the case file."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from safetycase.cli.common import Exit, case_options, echo_json, printable
from safetycase.ledger import verify as verify_record
from safetycase.workspace.paths import find_case


@click.command()
@case_options
@click.option(
    "--certificate",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="FILE",
    help="Check instead that FILE proves the number of a claim of this case.",
)
@click.option("--claim", help="The claim the certificate is about (default: the root).")
def verify(
    case: Path, now: datetime, as_json: bool, certificate: Path | None, claim: str | None
) -> int:
    """Check the record of CASE: chain, signatures, order of events, artefacts. Exit 3 on doubt.

    With --certificate it checks the proof of a number, by a checker that shares nothing with the
    solver: exit 3 if it is rejected, 4 if its check would take too long.
    """
    folder = find_case(case)
    if certificate is not None:
        return _certified(folder, now, certificate, claim, as_json=as_json)
    found = verify_record(folder / "ledger")
    errors = [p for p in found.problems if p.severity == "error"]
    if as_json:
        echo_json(
            {
                "records": found.records,
                "head": found.head,
                "ok": not errors,
                "objects_checked": found.objects_checked,
                "problems": [
                    {"severity": p.severity, "says": p.says, "hint": p.hint} for p in found.problems
                ],
            }
        )
    else:
        for problem in found.problems:
            colour = "red" if problem.severity == "error" else None
            click.secho(f"{problem.severity}: {printable(problem.says)}", fg=colour)
            if problem.hint:
                click.echo(f"    → {printable(problem.hint)}")
        head = f", head {found.head[:16]}…" if found.head else ""
        click.echo(
            f"{found.records} records, {found.objects_checked} artefacts checked{head}: "
            + ("NOT VERIFIED" if errors else "verified")
        )
    return Exit.RECORD if errors else Exit.HOLDS


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
