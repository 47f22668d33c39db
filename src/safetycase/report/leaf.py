"""One evidence as the page shows it: its numbers, pictures, attempts and controls."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from safetycase.argument.expression import Expression
from safetycase.argument.model import Claim, Evidence
from safetycase.assess.records import Assessment, ControlsRecord, LeafResult, QuantityResult
from safetycase.report import svg
from safetycase.report.attempts import attempts_told, order_told
from safetycase.report.clean import one_line
from safetycase.report.numbers import (
    bound_text,
    estimate_text,
    level_text,
    share,
    sides_of,
    threshold_of,
)
from safetycase.report.summary import run_command

if TYPE_CHECKING:
    from markupsafe import Markup

__all__ = ["LeafView", "Number", "Picture", "leaf_view"]

MOST_TRANSCRIPTS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """One measured quantity in words, beside the record it comes from."""

    quantity: QuantityResult
    bound: str
    estimate: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A drawing, or why there is none."""

    title: str
    drawing: Markup | None
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeafView:
    """What the page shows of one evidence besides the record itself."""

    leaf: LeafResult
    evidence: Evidence | None
    command: str
    numbers: tuple[Number, ...]
    pictures: tuple[Picture, ...]
    controls: tuple[str, ...]
    transcripts: tuple[Mapping[str, str], ...]
    more_transcripts: int
    planned: str
    tried: tuple[str, ...]

    @property
    def has_text(self) -> bool:
        """Whether any quantity comes with the counts it was computed from."""
        return any(number.quantity.text for number in self.numbers)


def leaf_view(assessment: Assessment, leaf: LeafResult, *, key: str) -> LeafView:
    """The view of a leaf; `key` makes ids of its drawings unique on the page."""
    claim = assessment.case.elements.get(leaf.claim)
    evidence = assessment.case.elements.get(leaf.evidence)
    mine = evidence if isinstance(evidence, Evidence) else None
    numbers = tuple(
        Number(
            quantity=q,
            estimate=estimate_text(q),
            bound=bound_text(
                q, sides_of(claim, q, leaf.outcome), threshold=threshold_of(claim, q.name)
            ),
        )
        for q in leaf.quantities
    )
    own = [_against_threshold(claim, q, f"{key}-q{i}") for i, q in enumerate(leaf.quantities)]
    plots = [_picture(plot, f"{key}-p{i}") for i, plot in enumerate(leaf.plots)]
    return LeafView(
        leaf=leaf,
        evidence=mine,
        command=run_command(assessment, leaf.evidence),
        numbers=numbers,
        pictures=(*own, *plots),
        controls=_controls(leaf.controls) if leaf.controls else (),
        transcripts=leaf.transcripts[:MOST_TRANSCRIPTS],
        more_transcripts=max(len(leaf.transcripts) - MOST_TRANSCRIPTS, 0),
        planned=_planned(mine),
        tried=(*attempts_told(leaf), *filter(None, (order_told(leaf),))),
    )


def _against_threshold(claim: object, quantity: QuantityResult, key: str) -> Picture:
    """The interval of a quantity against the bound its claim states."""
    threshold, passes = None, None
    if isinstance(claim, Claim) and claim.holds_when:
        threshold = threshold_of(claim, quantity.name)
        passes = _passing_side(claim.holds_when, quantity.name)
    title = f"{quantity.name} against its criterion"
    try:
        drawing = svg.intervals(
            [
                (
                    f"{quantity.name}, n {quantity.n:,}",
                    quantity.interval.low,
                    quantity.estimate,
                    quantity.interval.high,
                )
            ],
            title=title,
            unit=quantity.unit,
            threshold=threshold,
            key=key,
            passes=passes,
            note="The shaded side meets the criterion." if passes else "",
        )
    except ValueError as error:
        return Picture(title=title, drawing=None, problem=str(error))
    return Picture(title=title, drawing=_trusted(drawing))


def _passing_side(criterion: Expression, name: str) -> Literal["below", "above"] | None:
    """On which side of its threshold a quantity passes, if the criterion is one comparison."""
    ends = criterion.sides().get(name, frozenset())
    if len(criterion.names) > 1 or len(ends) != 1:
        return None
    return "below" if "high" in ends else "above"


def _picture(plot: Mapping[str, object], key: str) -> Picture:
    title = one_line(str(plot.get("title", "")), limit=200) or "Picture"
    try:
        return Picture(title=title, drawing=_trusted(svg.draw(plot, key=key)))
    except ValueError as error:
        return Picture(title=title, drawing=None, problem=str(error))


def _trusted(drawing: str) -> Markup:
    from markupsafe import Markup

    return Markup(drawing)  # noqa: S704 - `svg` escapes every text it draws


def _controls(record: ControlsRecord) -> tuple[str, ...]:
    """The line on planted subjects whose claim is false, and the one on those where it is true."""
    at = level_text(record.level)
    false = (
        f"P(pass | claim false) ≤ {share(record.p_pass_if_false.high)} at {at}: of "
        f"{record.false_runs:,} runs on planted subjects for which the claim is false, "
        f"{record.false_passes or 'none'} passed."
    )
    true = (
        f"P(pass | claim true) ≥ {share(record.p_pass_if_true.low)} at {at}: of "
        f"{record.true_runs:,} runs on planted subjects for which the claim is true, "
        f"{record.true_passes or 'none'} passed."
    )
    lines = []
    if record.false_runs:
        lines.append(false)
    else:
        lines.append("P(pass | claim false) is not known: no planted subject was run.")
    if record.true_runs:
        lines.append(true)
    return tuple(lines)


def _planned(evidence: Evidence | None) -> str:
    plan = evidence.plan if evidence else None
    if plan is None:
        return "no plan is stated, so the latest completed attempt counts"
    words = [f"{plan.attempts} completed {'attempt' if plan.attempts == 1 else 'attempts'}"]
    if plan.n is not None:
        words.append(f"n {plan.n:,}")
    if plan.clusters is not None:
        words.append(f"{plan.clusters:,} independent units")
    return "planned: " + ", ".join(words)
