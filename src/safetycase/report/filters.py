"""What a reader asks the outline to show: words, a kind, a status, a freshness."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from safetycase.report.marks import DOUBT, FRESHNESS, SUPPORT
from safetycase.report.view import View

__all__ = ["FILTERS", "Chosen", "chosen_of", "matching"]

_KINDS = (
    "claim",
    "argument",
    "evidence",
    "assumption",
    "defeater",
    "problem",
    "monitor",
    "context",
)
FILTERS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("kind", "Kind", _KINDS),
    ("status", "Status", (*SUPPORT, *DOUBT)),
    ("fresh", "Freshness", tuple(FRESHNESS)),
)
"""(parameter of the address, label, values) of each filter beside the free words `q`."""
MOST = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """What is asked for; an empty text asks for everything."""

    q: str = ""
    kind: str = ""
    status: str = ""
    fresh: str = ""

    @property
    def any(self) -> bool:
        """Whether anything is asked for."""
        return bool(self.q.strip() or self.kind or self.status or self.fresh)

    def __getitem__(self, name: str) -> str:
        return str(getattr(self, name))


def chosen_of(query: Mapping[str, str]) -> Chosen:
    """The filter in the parameters of an address; values that no filter has are left out."""
    known = {name: query.get(name, "") for name, _label, _words in FILTERS}
    values = {n: v for (n, _, words) in FILTERS if (v := known[n]) in words}
    return Chosen(q=query.get("q", "")[:MOST], **values)


def matching(view: View, chosen: Chosen) -> tuple[frozenset[int], int]:
    """The indexes of the rows to show, with all rows above them, and how many match."""
    words = chosen.q.casefold().split()
    shown: set[int] = set()
    found = 0
    for index, row in enumerate(view.rows):
        if row.reference or not _passes(view, index, chosen):
            continue
        if words:
            text = f"{row.id} {row.says}".casefold()
            if not all(word in text for word in words):
                continue
        found += 1
        at: int | None = index
        while at is not None and at not in shown:
            shown.add(at)
            at = view.rows[at].parent
    return frozenset(shown), found


def _passes(view: View, index: int, chosen: Chosen) -> bool:
    row = view.rows[index]
    if chosen.kind and row.kind != chosen.kind:
        return False
    if chosen.status and view.mark(row.id).word != chosen.status:
        return False
    return not chosen.fresh or (
        view.has_freshness(row.id) and view.fresh(row.state).word == chosen.fresh
    )
