"""The outline as rows that fold without a script: one element of the page to a cell.

A row is a summary with what is below it, or a paragraph where nothing is. It is written without a
template, because a long case has thousands of them; every text is escaped here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from functools import lru_cache
from html import escape
from math import ceil, floor

from safetycase.report.clean import anchor, one_line
from safetycase.report.mark_classes import mark_class
from safetycase.report.marks import POSED, Mark
from safetycase.report.outline import Row
from safetycase.report.prose import prose
from safetycase.report.view import ASIDE, Page

__all__ = ["OPEN_DEPTH", "OPEN_ROWS", "Rows"]

OPEN_ROWS = 80
"""An outline of up to this many rows starts unfolded; a longer one to this depth."""
OPEN_DEPTH = 4
SENTENCE = 280


def _class(row: Row) -> str:
    """The kind of a row, but for a claim, and whether it stands elsewhere."""
    words = [] if row.kind == "claim" else [row.kind]
    words += ["again"] if row.reference else []
    return f' class="{escape(" ".join(words))}"' if words else ""


@lru_cache(maxsize=256)
def _chip(word: str, name: str) -> str:
    return f"<i class={name}>{escape(word)}</i>"


class Rows:
    """The rows of one page.

    `bare` are the elements without a section in a single file: their row carries their address.
    `only` are the indexes of the rows that are shown, with all above them open; None shows all.
    """

    def __init__(
        self, page: Page, *, bare: Collection[str] = (), only: Collection[int] | None = None
    ) -> None:
        self.page, self.bare, self.only = page, bare, only
        self.rows: tuple[Row, ...] = page.rows
        self.all_open = len(self.rows) <= OPEN_ROWS
        self.aside, self.holds = page.aside, page.holds

    def whole(self) -> str:
        """The outline of the case."""
        return self.between(0, len(self.rows))

    def below(self, name: str, *, most: int = OPEN_ROWS) -> str:
        """What hangs below an element; two levels of it, where all would be more than `most`."""
        start = self.page.first[name]
        stop = self.page.ends[start]
        depth = None if stop - start <= most else self.rows[start].depth + 2
        return self.between(start + 1, stop, depth=depth)

    def between(self, start: int, stop: int, *, depth: int | None = None) -> str:
        """The rows from `start` to before `stop`, no deeper than `depth`, balanced."""
        return "\n".join(self._between(start, stop, depth))

    def _between(self, start: int, stop: int, most: int | None) -> Iterator[str]:
        base = self.rows[start].depth if start < stop else 0
        open_: list[int] = []
        loose = self.page.first_loose
        for index in range(start, stop):
            row = self.rows[index]
            if (most is not None and row.depth > most) or not self._shown(index):
                continue
            if row.reference and row.role in ASIDE:
                continue
            while open_ and open_[-1] >= row.depth:
                open_.pop()
                yield "</details>"
            if index == loose and start == 0:
                yield "<h3>Not used by the root claim</h3>"
            below = index in self.holds
            cut = below and most is not None and row.depth == most
            folds = below and not cut and self._has_shown(index)
            kind = _class(row)
            if folds:
                open_.append(row.depth)
                state = " open" if self._is_open(row, base) else ""
                yield f"<details{kind}{state}><summary>{self._cells(row, index)}</summary>"
            else:
                yield f"<p{kind}>{self._cells(row, index, cut=cut)}</p>"
        yield from ("</details>" for _ in open_)

    def _shown(self, index: int) -> bool:
        return self.only is None or index in self.only

    def _has_shown(self, index: int) -> bool:
        if self.only is None:
            return True
        return any(i in self.only for i in range(index + 1, self.page.ends[index]))

    def _is_open(self, row: Row, base: int) -> bool:
        return self.all_open or self.only is not None or row.depth - base < OPEN_DEPTH

    def _cells(self, row: Row, index: int, *, cut: bool = False) -> str:
        aside = "".join(self._beside(each) for each in self.aside.get(index, ()))
        cells = [f"<span>{self._name(row)}{aside}</span>"]
        state = row.state
        if state is not None and not row.reference:
            posed = POSED[state.posed]
            cells.append(_chip(posed.word, mark_class(posed, "posed")))
        if row.kind == "missing":
            cells.append("<b>missing</b>")
        elif row.kind != "context":
            mark: Mark = self.page.mark(row.id)
            cells.append(_chip(mark.word, mark_class(mark, self.page.channel(mark))))
        if self.page.shows_freshness(row):
            fresh = self.page.fresh(state)
            cells.append(_chip(fresh.word, mark_class(fresh, "freshness")))
        if state is not None and state.confidence is not None and not row.reference:
            low, high = floor(state.confidence.low * 100), ceil(state.confidence.high * 100)
            cells.append(f'<u class="l{low} h{high}">{self.page.range(state)}</u>')
        if row.below.by_word and index in self.holds:
            cells.append(f"<small>{escape(str(row.below))}</small>")
        elif cut:
            cells.append("<small>more below</small>")
        return "".join(cells)

    def _beside(self, row: Row) -> str:
        word = self.page.role_word(row) or row.kind
        shown = escape(one_line(row.id))
        if self.bare:  # a file that has to be kept small
            return f" <em>{word} {shown}</em>"
        return f' <em>{word} <a href="{escape(self.page.links.element(row.id))}">{shown}</a></em>'

    def _name(self, row: Row) -> str:
        page, shown = self.page, escape(one_line(row.id))
        if row.kind == "argument" and page.is_step(row.id):
            lead = f"<em>{escape(page.step(row.id))}</em> "
        else:
            word = page.role_word(row)
            lead = f"<em>{word}</em> " if word else ""
        if row.id in self.bare and not row.reference:
            link = f'<b id="{anchor(row.id)}">{shown}</b> '
        else:
            link = f'<a href="{escape(page.links.element(row.id))}">{shown}</a> '
        if row.reference:
            return f"{lead}{link}<em>shown above</em>"
        number = page.number(row.id) if row.kind == "evidence" else ""
        tail = f"<b>{escape(one_line(number))}</b>" if number else ""
        return f"{lead}{link}{prose(row.says, SENTENCE)}{tail}"
