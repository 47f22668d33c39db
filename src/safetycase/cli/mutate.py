"""`mutate`: plant faults in a case and its record, and say which of them anything notices."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from safetycase.cli.common import Exit, case_options, echo_json, print_findings, printable
from safetycase.workspace.paths import find_case

if TYPE_CHECKING:
    from safetycase.testing.mutation import Outcome, Tally


@click.command()
@case_options
@click.option(
    "--only",
    multiple=True,
    metavar="NAME",
    help="Plant this kind of fault only; may be given several times.",
)
@click.option(
    "--sample",
    type=click.IntRange(min=1),
    metavar="N",
    help="Plant each kind at no more than N places, drawn at random.",
)
@click.option("--seed", type=int, default=0, help="The seed of the sample (default: 0).")
@click.option(
    "--keep",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Write every survivor's patch and the whole result there.",
)
@click.option("--list", "listed", is_flag=True, help="List the kinds of faults and plant none.")
def mutate(
    case: Path,
    now: datetime,
    as_json: bool,
    only: tuple[str, ...],
    sample: int | None,
    seed: int,
    keep: Path | None,
    listed: bool,
) -> int:
    """Plant faults in copies of CASE and of its record, and see which of them are noticed.

    The copies get a simulated record in which everything passed, so that there is something to
    lose; CASE itself is not written to, and nothing of it is executed. The exit code is 0 if every
    fault was caught, 1 otherwise.
    """
    from safetycase.testing.mutation import CATALOGUE

    _known(only, CATALOGUE)
    if listed:
        _list(CATALOGUE, as_json=as_json)
        return Exit.HOLDS
    from safetycase.argument.source import Refused
    from safetycase.cli.show import in_folder
    from safetycase.testing.mutation import mutate as plant

    folder = find_case(case)
    try:
        tally = plant(folder, now, only=only, sample=sample, seed=seed, progress=_progress())
    except Refused as error:
        print_findings(in_folder(error.findings, folder))
        return Exit.FINDINGS
    if keep is not None:
        _keep(tally, keep)
    if as_json:
        echo_json(_as_json(tally))
    else:
        click.echo("\n".join(_lines(tally)))
    return Exit.FAILS if tally.survivors else Exit.HOLDS


def _known(names: tuple[str, ...], catalogue: Mapping[str, Any]) -> None:
    from safetycase.argument.findings import did_you_mean

    for name in names:
        if name not in catalogue:
            hint = did_you_mean(name, catalogue) or "`--list` names them"
            raise click.UsageError(f"`{printable(name)}` is no kind of fault; {hint}")


def _list(catalogue: Mapping[str, Any], *, as_json: bool) -> None:
    rows = [
        {"name": m.name, "group": m.group, "kind": m.kind, "plants": m.plants, "must": m.must}
        for m in catalogue.values()
    ]
    if as_json:
        echo_json(rows)
        return
    for row in rows:
        click.echo(f"{row['name']:22} {row['group']:12} {row['plants']}")


def _progress() -> Any:
    """A line on the terminal that says how far it is; nothing where nobody looks."""
    if not sys.stderr.isatty():
        return None

    def tell(done: int, total: int, outcome: Outcome) -> None:
        filled = "#" * (24 * done // max(1, total))
        end = "\n" if done == total else ""
        click.echo(f"\r[{filled:24}] {done}/{total} {outcome.mutation:24}{end}", nl=False, err=True)

    return tell


def _lines(tally: Tally) -> Iterator[str]:
    """The table by kind of fault, the survivors with their patches, and what it was judged on."""
    yield (
        f"{printable(tally.case)}, as of {tally.at:%Y-%m-%d}: the verdict of the copy is "
        f"`{tally.verdict}`; of {tally.elements} claims, steps, leaves and assumptions "
        f"{tally.supported} have support."
    )
    for said in tally.as_if:
        yield f"  as if: {printable(said)}"
    yield ""
    yield f"{'fault':24}{'planted':>8}{'alone':>8}{'compared':>10}{'survived':>10}{'equal':>7}"
    for name in dict.fromkeys(o.mutation for o in tally.outcomes):
        count = tally.of(name)
        yield _row(name, count) + _drawn(tally.left_out.get(name, 0))
    yield _row("all", tally.total)
    yield ""
    yield (
        f"{tally.planted - len(tally.survivors)} of {tally.planted} faults were caught "
        f"({tally.share:.1%}): {tally.total['alone']} by the changed case or record alone, "
        f"{tally.total['compared']} only by who compares with an earlier version or reads the "
        "notes of `verify`."
    )
    for outcome in tally.equivalent:
        yield f"equal: {outcome.mutation}, {printable(outcome.says)}: {outcome.because}"
    for outcome in tally.survivors:
        yield ""
        yield f"SURVIVED {outcome.mutation} at {printable(outcome.about)}:"
        yield f"  {printable(outcome.says)}"
        yield f"  {printable(outcome.because)}"
        yield from (f"  | {printable(line)}" for line in outcome.patch.splitlines())


def _row(name: str, count: Mapping[str, int]) -> str:
    planted = sum(count.values()) - count["equivalent"]
    return (
        f"{name:24}{planted:>8}{count['alone']:>8}{count['compared']:>10}"
        f"{count['survived']:>10}{count['equivalent']:>7}"
    )


def _drawn(left_out: int) -> str:
    return f"  ({left_out} more places were not drawn)" if left_out else ""


def _as_json(tally: Tally) -> dict[str, Any]:
    return {
        "case": tally.case,
        "at": tally.at.isoformat(),
        "as_if": list(tally.as_if),
        "verdict_as_if": tally.verdict,
        "planted": tally.planted,
        "caught_alone": tally.total["alone"],
        "caught_by_comparison": tally.total["compared"],
        "survived": len(tally.survivors),
        "equivalent": len(tally.equivalent),
        "share": tally.share,
        "left_out": dict(tally.left_out),
        "outcomes": [
            {
                "mutation": o.mutation,
                "about": o.about,
                "says": o.says,
                "fate": o.fate,
                "ways": list(o.ways),
                "because": o.because,
                "patch": o.patch,
            }
            for o in tally.outcomes
        ],
    }


def _keep(tally: Tally, folder: Path) -> None:
    """Write the patches of the survivors, and everything as JSON."""
    import json

    from safetycase.cli.writing import save

    folder.mkdir(parents=True, exist_ok=True)
    save(folder / "mutation.json", json.dumps(_as_json(tally), indent=2, sort_keys=True) + "\n")
    for number, outcome in enumerate(tally.survivors, 1):
        head = f"# {outcome.mutation}: {outcome.says}{os.linesep}# {outcome.because}{os.linesep}"
        save(folder / f"{number:03}-{outcome.mutation}.patch", head + outcome.patch)
