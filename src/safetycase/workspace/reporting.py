"""What the pages of a report are made of, from a case that was opened and assessed."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from safetycase.argument.model import Claim, Evidence
from safetycase.assess.records import Assessment
from safetycase.workspace.folder import Workspace
from safetycase.workspace.located import findings_within, within

if TYPE_CHECKING:
    from safetycase.assess.breakdown import Breakdown
    from safetycase.report.seal import Seal
    from safetycase.report.site import Source

__all__ = ["breakdown_of", "ranking_of", "seal_of", "shares_of", "source_of", "with_ranking"]


def source_of(space: Workspace, assessment: Assessment) -> Source:
    """The source of the pages, without what takes long to work out: the ranking, a difference.

    Files are named from the case folder, so that the pages are the same wherever they are made.
    The breakdown of each claim is worked out when it is asked for, and once.
    """
    from safetycase import __version__
    from safetycase.report.site import Source

    @lru_cache(maxsize=256)
    def breakdown(name: str) -> Breakdown | None:
        return breakdown_of(assessment, name)

    return Source(
        assessment=within(assessment),
        version=__version__,
        breakdown=breakdown,
        findings=findings_within(space.findings, assessment),
        seal=seal_of(space),
        record_head=assessment.record_head,
    )


def with_ranking(source: Source, space: Workspace) -> Source:
    """The same with the ranking of what is open."""
    return replace(source, agenda=ranking_of(space, source.assessment))


def breakdown_of(assessment: Assessment, name: str) -> Breakdown | None:
    """What the number of a claim is made of; None for every other element."""
    if not isinstance(assessment.case.elements.get(name), Claim):
        return None
    from safetycase.assess.account import account

    return account(assessment, name)


def seal_of(space: Workspace) -> Seal | None:
    """What tells the record of a report from every other; None while it is empty."""
    from safetycase.ledger.checkpoints import roots
    from safetycase.ledger.trust import origin_of
    from safetycase.report.seal import Seal

    records = space.log.records
    if not records:
        return None
    return Seal(
        origin=origin_of(records[0]),
        size=len(records),
        root=roots(records, {len(records)})[len(records)].hex(),
        head=records[-1].digest,
    )


def ranking_of(space: Workspace, assessment: Assessment) -> dict[str, Any]:
    """The agenda of the case as plain data, as `agenda list --json` prints it."""
    from safetycase.agenda.as_json import ranking_json
    from safetycase.agenda.funding import BUILT_IN
    from safetycase.agenda.items import items_of
    from safetycase.agenda.opengraph import open_graph
    from safetycase.agenda.rank import rank

    items = items_of(assessment, space.history.shots)
    ranking = rank(
        assessment,
        items,
        open_graph(assessment, items),
        taken=BUILT_IN,
        shares=shares_of(space, assessment),
    )
    return dict(ranking_json(ranking))


def shares_of(space: Workspace, assessment: Assessment) -> frozenset[str]:
    """The leaves whose criterion bounds a share of independent trials."""
    from safetycase.report.numbers import is_share

    found = set()
    for name, method in space.methods.items():
        measured = {m.name: m.unit for m in method.measures}
        element = assessment.case.elements.get(name)
        names = set(element.reads.values()) if isinstance(element, Evidence) else set()
        if names and all(
            is_share(measured.get(n, "?")) and "gap" not in measured[n] for n in names
        ):
            found.add(name)
    return frozenset(found)
