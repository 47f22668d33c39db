"""`gate`: whether a case may be released, a change merged, and a signed answer still stands."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from safetycase.cli.common import (
    Exit,
    case_options,
    echo_json,
    finding_json,
    print_findings,
    printable,
    worst,
)

if TYPE_CHECKING:
    from safetycase.argument.findings import Finding
    from safetycase.assess.gated import Gated
    from safetycase.review.policy import Policy
    from safetycase.workspace.folder import Workspace

__all__ = ["gate"]

EXITS: Final[Mapping[str, Exit]] = {
    "fails": Exit.FAILS,
    "findings": Exit.FINDINGS,
    "record": Exit.RECORD,
    "review": Exit.REVIEW,
    "unknown": Exit.UNKNOWN,
}
"""What stands behind a clause that did not pass -> its exit code; the worst of all wins."""

_FILE = click.Path(path_type=Path, dir_okay=False)
_THERE = click.Path(path_type=Path, dir_okay=False, exists=True)


@click.command()
@case_options
@click.option("--release", is_flag=True, help="Is the case sufficient for what it is for, now?")
@click.option("--merge", is_flag=True, help="Is it well-formed, and no weaker than --against?")
@click.option("--against", metavar="REV|FOLDER", help="With --merge: the version before.")
@click.option("--policy", "policy_file", type=_THERE, metavar="FILE", help="Judge by this policy.")
@click.option("--show-policy", is_flag=True, help="Print the policy in force and do nothing else.")
@click.option("--sarif", type=_FILE, metavar="FILE", help="Write findings and clauses as SARIF.")
@click.option("--junit", type=_FILE, metavar="FILE", help="Write claims and clauses as JUnit XML.")
@click.option(
    "--junit-unknown",
    type=click.Choice(["failure", "skipped"]),
    default="failure",
    help="What an unknown claim is in the JUnit file; most tools show `skipped` as green.",
)
@click.option("--summary", type=_FILE, metavar="FILE", help="Write a summary in Markdown.")
@click.option("--attest", type=_FILE, metavar="FILE", help="With --release: sign the answer.")
@click.option("--check", "verdict", type=_THERE, metavar="FILE", help="Check a signed answer.")
@click.option("--key", "keys", multiple=True, metavar="KEYID", help="With --check: who may sign.")
@click.option(
    "--weights-sha256",
    "weights",
    multiple=True,
    metavar="HEX",
    help="With --check: the weights that are to be deployed (repeatable).",
)
def gate(
    case: Path,
    now: datetime,
    as_json: bool,
    release: bool,
    merge: bool,
    against: str | None,
    policy_file: Path | None,
    show_policy: bool,
    sarif: Path | None,
    junit: Path | None,
    junit_unknown: str,
    summary: Path | None,
    attest: Path | None,
    verdict: Path | None,
    keys: tuple[str, ...],
    weights: tuple[str, ...],
) -> int:
    """Put CASE to the release gate or the merge gate; the exit code is the answer.

    0: open. 1: a claim or a clause fails. 2: findings. 3: the record, or a signed answer, does not
    verify. 4: stale, unknown or expired. 5: a review is missing. What stands behind each is in the
    policy: policy.yaml in the case folder, or the built-in one.

    With --check no case is read: FILE is an answer that --attest signed, and it stands (0), says
    no (1), is not what was signed or not by that key (3), or ended (4).
    """
    asked = [name for name, on in _modes(release, merge, show_policy, verdict) if on]
    if len(asked) != 1:
        raise click.UsageError(
            "say one of --release, --merge --against REV, --show-policy, --check FILE"
        )
    files = any(file is not None for file in (sarif, junit, summary))
    _fitting(asked[0], against=against, attest=attest, keys=keys, weights=weights, files=files)
    if verdict is not None:
        from safetycase.cli.gate_check import check_verdict

        return check_verdict(verdict, now, keys, weights, policy_file, as_json=as_json)
    space_or_code = _opened(case, now, policy_file, show_policy, as_json=as_json)
    if isinstance(space_or_code, int):
        return space_or_code
    space, policy = space_or_code
    from safetycase.cli.gate_write import Outputs, refuse_losses, write

    outputs = Outputs(
        sarif=sarif, junit=junit, summary=summary, attest=attest, unknown=junit_unknown
    )
    refuse_losses(space, outputs, policy_file)
    found = _judged(space, policy, against, outside=policy_file is not None, as_json=as_json)
    write(space, found, outputs)
    if as_json:
        from safetycase.report.gate_text import gate_json

        echo_json(gate_json(found))
    else:
        from safetycase.cli.show import width
        from safetycase.report.gate_text import gate_lines

        for line in gate_lines(found, width=width(), colour=sys.stdout.isatty()):
            click.echo(line)
    return worst(EXITS[clause.weight] for clause in found.blocking)


def _modes(
    release: bool, merge: bool, show_policy: bool, verdict: Path | None
) -> list[tuple[str, bool]]:
    return [
        ("release", release),
        ("merge", merge),
        ("show-policy", show_policy),
        ("check", verdict is not None),
    ]


def _fitting(
    mode: str,
    *,
    against: str | None,
    attest: Path | None,
    keys: tuple[str, ...],
    weights: tuple[str, ...],
    files: bool,
) -> None:
    """Refuse options that would do nothing in this mode."""
    if (mode == "merge") != (against is not None):
        raise click.UsageError("--merge and --against REV|FOLDER belong together")
    if attest is not None and mode != "release":
        raise click.UsageError("--attest signs the answer of --release")
    if (keys or weights) and mode != "check":
        raise click.UsageError("--key and --weights-sha256 belong to --check")
    if files and mode not in ("release", "merge"):
        raise click.UsageError("--sarif, --junit and --summary write what --release or --merge say")


def _opened(
    case: Path, now: datetime, policy_file: Path | None, show: bool, *, as_json: bool
) -> tuple[Workspace, Policy] | int:
    """The case with every digest taken anew, and its policy; or the exit code."""
    from safetycase.workspace.paths import NoCase, find_case
    from safetycase.workspace.policies import policy_at

    try:
        folder = find_case(case)
    except NoCase:
        if not show or case != Path():
            raise
        folder = case  # whoever has no case here, but asks what a case is judged by
    named = case.parent if case.is_file() else case
    if case != Path() and named.resolve() != folder and not show:
        # Whoever takes a case away would have the one above it judged in its place.
        raise NoCase(
            f"{case} holds no case.yaml, and a gate judges the case that is named: the nearest "
            f"above is in {folder}"
        )
    read = policy_at(folder, policy_file)
    if read.policy is None:
        return _findings(read.findings, as_json=as_json)
    if show:
        return _show(read.policy, as_json=as_json)
    from safetycase.workspace.folder import open_case

    space = open_case(folder, now, trust_cache=False)
    if space.case is None:
        return _findings(space.findings, as_json=as_json)
    return space, read.policy


def _findings(findings: Sequence[Finding], *, as_json: bool) -> int:
    """Say why nothing could be judged; the exit code."""
    if as_json:
        echo_json({"passed": False, "findings": [finding_json(f) for f in findings]})
    else:
        print_findings(findings)
    return Exit.FINDINGS


def _show(policy: Policy, *, as_json: bool) -> int:
    """The text of the policy in force, as it can be copied into a case folder.

    As JSON, what it asks for in the end: with the clauses that no policy leaves out.
    """
    from safetycase.review.policy_default import DEFAULT_POLICY

    if as_json:
        from safetycase.review.policy import as_data

        echo_json(as_data(policy))
        return Exit.HOLDS
    built_in = policy.source == "built in"
    text = DEFAULT_POLICY if built_in else Path(policy.source).read_text("utf-8")
    click.echo(f"# {printable(policy.source)}, sha256 {policy.digest}", err=True)
    click.echo(printable(text), nl=False)
    return Exit.HOLDS


def _judged(
    space: Workspace, policy: Policy, against: str | None, *, outside: bool, as_json: bool
) -> Gated:
    from safetycase.workspace.gating import merge_gate, release_gate

    if against is None:
        return release_gate(space, policy)
    from safetycase.cli.gate_before import before_of
    from safetycase.workspace.policies import policy_at

    assert space.case is not None
    read = policy_at(space.folder) if outside else None
    if read is not None and read.policy is None:
        raise click.exceptions.Exit(_findings(read.findings, as_json=as_json))
    own = read.policy if read is not None and read.policy is not None else policy
    with before_of(against, space.folder, policy if outside else None, space.case) as before:
        return merge_gate(space, before, own)
