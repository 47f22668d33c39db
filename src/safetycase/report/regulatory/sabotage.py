"""A risk report in the layout of published sabotage risk reports.

What is claimed, along which routes, on what evidence, what is left, and what would change our mind.
No law asks for this layout; its clauses are headings.
"""

from __future__ import annotations

from collections.abc import Iterator

from safetycase.argument.graph import supporting
from safetycase.argument.model import Context
from safetycase.report.regulatory import (
    arguing,
    changing,
    deciding,
    doubting,
    evaluating,
    weighing,
)
from safetycase.report.regulatory.document import Section, Sentence
from safetycase.report.regulatory.forms import section
from safetycase.report.regulatory.material import Material

__all__ = ["sections"]


def sections(m: Material) -> Iterator[Section]:
    """From the headline down to the samples."""
    yield section(
        "summary", "Summary", "Summary",
        "What is claimed, for which decision, and with what verdict.",
        arguing.decided_on(m), weighing.confidence(m),
    )  # fmt: skip
    yield section(
        "scope", "Scope and what is meant", "Scope",
        "The system, its deployment, and the words that the claims use.",
        arguing.use(m),
        (m.of(f"{c.id}: “{m.says(c.id)}”.", c.id) for c in m.all(Context)),
        arguing.hazards(m),
    )  # fmt: skip
    for claim in arguing.routes(m):
        yield section(
            f"route-{claim.id}", f"Route: {m.says(claim.id)}", "Claims",
            "A route to the harm, and why it is taken to be closed.",
            _route(m, claim.id), about=claim.id,
        )  # fmt: skip
    yield section(
        "claims", "All claims and steps", "Claims",
        "Every claim with its status, and the steps between them.",
        arguing.argument(m),
    )  # fmt: skip
    told, drawn = evaluating.samples(m)
    yield section(
        "evidence", "Evidence", "Evidence",
        "Every result and how it was come by, with samples.",
        evaluating.results(m), evaluating.attempts(m), evaluating.elicitation(m), told,
        samples=drawn,
    )  # fmt: skip
    yield section(
        "mitigations", "Safeguards and monitoring", "Mitigations",
        "What is done to keep the risk down, and what watches it.",
        arguing.mitigations(m), changing.events(m),
    )  # fmt: skip
    yield section(
        "residual", "Residual risk", "Residual risk",
        "What is left: doubts that stand, assumptions, confidence.",
        weighing.residual(m),
    )  # fmt: skip
    yield section(
        "change", "What would change our mind", "What would change our mind",
        "What would turn the verdict, one way or the other.",
        doubting.would_change(m), doubting.conditions(m),
        otherwise=("Nothing that would change the verdict is known.", "`safetycase why`"),
    )  # fmt: skip
    yield section(
        "open", "Open problems", "Open problems",
        "Research that parts of the argument wait for.",
        doubting.open_problems(m),
        otherwise=("No open problem is named in this case.", "`problem` elements"),
    )  # fmt: skip
    yield section(
        "review", "Review, dissent and overrides", "Review",
        "Who looked at this, who disagreed, and what was decided against the rules.",
        deciding.decision(m), deciding.external(m),
    )  # fmt: skip
    yield section(
        "since", "Changes since the last report", "Changes",
        "What changed since the last report.",
        changing.since(m), changing.state_of_record(m),
    )  # fmt: skip


def _route(m: Material, name: str) -> Iterator[Sentence]:
    yield m.of(f"“{m.says(name)}” is {m.word(name)}.", name)
    state = m.assessment.states.get(name)
    for reason in state.reasons if state else ():
        about = (reason.about,) if reason.about else ()
        yield m.of(f"Why: {reason.says}", name, *about)
    below = supporting(m.assessment.case, [name])
    leaves = [n for n in below if n in m.assessment.leaves]
    if leaves:
        yield m.of(f"It rests on the evidence {', '.join(leaves)}.", name, *leaves)
