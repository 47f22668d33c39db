"""Every leaf of a case as plain rows: what was measured, against what, and whether it counts.

The picture of the intervals, the table in Markdown and the CSV file are three views of these rows,
so that no leaf is in one of them and missing in another.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from safetycase.argument.graph import conclusion_of
from safetycase.argument.model import Claim, Element, Evidence
from safetycase.assess.records import Assessment, Freshness, LeafResult, QuantityResult, State
from safetycase.report.marks import FRESHNESS, OUTCOME, POSED, SUPPORT, Mark
from safetycase.report.numbers import bound_text, n_text, sides_of, threshold_of

__all__ = ["LeafRow", "leaf_freshness", "leaf_rows", "moment_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LeafRow:
    """One measured quantity of one leaf, or a leaf without a number (`quantity` is None).

    `says` is the word shown and `mark` its shape; `counts` whether the result supports its claim
    now. `asked` is the part of the criterion that is about this quantity, and the whole of it where
    it cannot be taken apart. The criterion is met from `at_least` to `at_most`, each None where
    nothing is asked; with `threshold` alone the number is known and the side is not. Texts are as
    the case has them.
    """

    evidence: str
    claim: str
    criterion: str
    says: str
    mark: Mark
    counts: bool
    leaf: LeafResult | None = None
    quantity: QuantityResult | None = None
    asked: str = ""
    at_least: float | None = None
    at_most: float | None = None
    threshold: float | None = None
    reading: str = ""
    n: str = ""

    @property
    def thresholds(self) -> tuple[float, ...]:
        """Every number that the quantity is held against."""
        found = (self.at_least, self.at_most, self.threshold)
        return tuple(dict.fromkeys(v for v in found if v is not None))


def leaf_rows(assessment: Assessment) -> tuple[LeafRow, ...]:
    """The rows in the order of the file, each evidence element at least once."""
    conclusions = conclusion_of(assessment.case)
    names = [n for n, e in assessment.case.elements.items() if isinstance(e, Evidence)]
    return tuple(
        row
        for name in (*names, *_strangers(assessment))
        for row in _rows(assessment, name, conclusions)
    )


def leaf_freshness(assessment: Assessment, name: str) -> Freshness | None:
    """How current a leaf itself is; None where nothing was judged."""
    found = assessment.freshness.get(name)
    if found is not None:
        return found
    state = assessment.states.get(name)
    return state.freshness if state is not None else None


def moment_of(text: str | None) -> datetime | None:
    """A time of the record as a UTC time; None if it is none."""
    try:
        found = datetime.fromisoformat(text or "")
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _strangers(assessment: Assessment) -> Iterator[str]:
    """Leaves that are no element of the case (an assessment made by hand)."""
    return (name for name in assessment.leaves if name not in assessment.case.elements)


def _rows(assessment: Assessment, name: str, conclusions: Mapping[str, str]) -> Iterator[LeafRow]:
    leaf = assessment.leaves.get(name)
    says, mark = _status(assessment, name, leaf)
    counts = mark is OUTCOME["supports"]
    if leaf is None:
        rests = conclusions.get(name, "")
        yield LeafRow(evidence=name, claim=rests, criterion="", says=says, mark=mark, counts=False)
        return
    claim = assessment.case.elements.get(leaf.claim)
    for quantity in leaf.quantities:
        threshold = threshold_of(claim, quantity.name)
        at_least, at_most, asked = _asked(claim, quantity.name)
        yield LeafRow(
            evidence=name,
            claim=leaf.claim,
            criterion=leaf.criterion,
            says=says,
            mark=mark,
            counts=counts,
            leaf=leaf,
            quantity=quantity,
            asked=asked or leaf.criterion,
            at_least=at_least,
            at_most=at_most,
            threshold=None if asked else threshold,
            reading=bound_text(
                quantity, sides_of(claim, quantity, leaf.outcome), threshold=threshold
            ),
            n=n_text(quantity),
        )
    if not leaf.quantities:
        yield LeafRow(
            evidence=name,
            claim=leaf.claim,
            criterion=leaf.criterion,
            asked=leaf.criterion,
            says=says,
            mark=mark,
            counts=False,
            leaf=leaf,
        )


def _status(assessment: Assessment, name: str, leaf: LeafResult | None) -> tuple[str, Mark]:
    """The word of a leaf and its shape. Only a result that supports now is shown as one."""
    element = assessment.case.elements.get(name)
    if leaf is None:
        planned = not isinstance(element, Evidence) or element.method is None
        says = "planned: nothing executes it" if planned else "not run: no criterion to hold it to"
        return says, FRESHNESS["never run"]
    state, fresh = assessment.states.get(name), leaf_freshness(assessment, name)
    word = fresh.word if fresh is not None else "unknown"
    if word != "fresh":
        return word, FRESHNESS[word]
    if leaf.outcome is None:
        return "no result", FRESHNESS["unknown"]
    if leaf.outcome == "supports" and state is not None:
        return _doubted(state)
    return leaf.outcome, OUTCOME[leaf.outcome]


def _doubted(state: State) -> tuple[str, Mark]:
    """A result that meets its criterion: whether a doubt or a finding keeps it from counting."""
    if state.posed != "ready":
        return "supports, but is not ready", POSED["not ready"]
    if state.truth != "true" and state.support != "supported":
        return f"supports, but is {state.support}", SUPPORT[state.support]
    return "supports", OUTCOME["supports"]


def _asked(claim: Element | None, name: str) -> tuple[float | None, float | None, str]:
    """From where to where the criterion is met by one quantity, and that part of it as text."""
    if not isinstance(claim, Claim) or claim.holds_when is None:
        return None, None, ""
    mine = [clause for clause in claim.holds_when.clauses() if clause.name == name]
    lower = [clause.bound for clause in mine if clause.op in (">=", ">")]
    upper = [clause.bound for clause in mine if clause.op in ("<=", "<")]
    # One clause alone keeps the author's way of writing its number.
    plain = [] if len(claim.holds_when.names) == 1 else mine
    asked = " and ".join(f"{name} {c.op} {c.bound:g}" for c in plain)
    return (
        max(lower, default=None),
        min(upper, default=None),
        asked or (str(claim.holds_when) if mine else ""),
    )
