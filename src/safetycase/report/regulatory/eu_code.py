"""A model report after the EU Code of Practice: Measures 7.1 to 7.7, by topic.

EU General-Purpose AI Code of Practice, Safety and Security chapter, 10 July 2025. The points below
a measure are paraphrased by topic and not numbered as there.
"""

from __future__ import annotations

from collections.abc import Iterator

from safetycase.report.regulatory import (
    arguing,
    changing,
    deciding,
    doubting,
    evaluating,
    weighing,
)
from safetycase.report.regulatory.document import Section
from safetycase.report.regulatory.forms import section
from safetycase.report.regulatory.material import Material, Parts

__all__ = ["sections"]


def sections(m: Material) -> Iterator[Section]:
    """The sections in the order of the measures."""
    yield from _model(m)
    yield from _reasons(m)
    yield from _risks(m)
    yield from _evaluations(m)
    yield from _later(m)


def _model(m: Material) -> Iterator[Section]:
    about = Parts()
    about.told(m, "ARCHITECTURE", "how the model is built, and how it differs from others")
    about.told(m, "TRAINING", "how the model was developed: training method and data")
    about.told(m, "VERSIONS", "which versions of the model are made available")
    yield section(
        "model", "What the model is, and how it is used", "Measure 7.1",
        "A description of the model, how it was developed, its versions, and how it has been and is"
        " expected to be used.",
        arguing.use(m), about,
    )  # fmt: skip
    intended = Parts()
    intended.told(m, "MODEL-SPEC", "how the model is meant to behave: principles and priorities")
    intended.told(m, "SYSTEM-PROMPT", "what its system prompt says")
    yield section(
        "specification", "How it is meant to behave", "Measure 7.1",
        "The model specification, if there is one, and the system prompt.",
        intended,
    )  # fmt: skip


def _reasons(m: Material) -> Iterator[Section]:
    yield section(
        "justification", "Why the risk is taken to be acceptable", "Measure 7.2",
        "A detailed justification of why the systemic risks are acceptable.",
        arguing.decided_on(m), arguing.argument(m),
    )  # fmt: skip
    yield section(
        "margins", "Safety margins", "Measure 7.2",
        "The safety margins of that justification.",
        weighing.margins(m), weighing.confidence(m),
    )  # fmt: skip
    yield section(
        "conditions", "When the justification would no longer hold", "Measure 7.2",
        "The reasonably foreseeable conditions under which the justification no longer holds.",
        doubting.conditions(m), doubting.would_change(m),
    )  # fmt: skip
    yield section(
        "decision", "How the decision was made", "Measure 7.2",
        "How the decision to proceed was made, and whether input from outside informed it.",
        deciding.decision(m),
    )  # fmt: skip


def _risks(m: Material) -> Iterator[Section]:
    yield section(
        "identification", "Which risks were looked for", "Measure 7.3",
        "How systemic risks were identified, and which.",
        arguing.hazards(m),
    )  # fmt: skip
    yield section(
        "uncertainty", "What is uncertain about use, and assumed", "Measure 7.3",
        "Uncertainties and assumptions about how the model would be used and integrated.",
        (m.of(f"Assumed ({m.word(a.id)}): “{m.says(a.id)}”.", a.id) for a in m.assumptions()),
        doubting.open_problems(m),
        otherwise=("Nothing in this case is assumed or open, which is seldom so.",
                   "`assumption` and `problem` elements"),
    )  # fmt: skip
    yield section(
        "mitigations", "Mitigations and what they leave", "Measure 7.3",
        "The safety mitigations in place, their limits, and the risk with and without them.",
        arguing.mitigations(m), weighing.residual(m),
    )  # fmt: skip
    secured = Parts()
    secured.told(m, "WEIGHT-SECURITY", "how the weights are secured")
    yield section(
        "security", "Security of the model", "Measure 7.3",
        "The security mitigations for the model and its weights.",
        secured,
    )  # fmt: skip
    ahead = Parts()
    ahead.told(m, "FORECAST", "how development and use are expected to change in the next months")
    yield section(
        "forecast", "What is expected next", "Measure 7.3",
        "How further development and use may change the risk in the coming months.",
        ahead,
    )  # fmt: skip


def _evaluations(m: Material) -> Iterator[Section]:
    yield section(
        "results", "All evaluation results", "Measure 7.3",
        "All results of model evaluations that bear on the risk, how they were scored, and what "
        "they do not show.",
        evaluating.results(m),
    )  # fmt: skip
    yield section(
        "attempts", "Every attempt, the failed ones too", "Measure 7.3",
        "Results without selection: every run that the record holds.",
        evaluating.attempts(m),
    )  # fmt: skip
    yield section(
        "elicitation", "How hard it was elicited", "Measure 7.3",
        "How the model was elicited, human baselines, and the fully elicited model against the "
        "mitigated one.",
        evaluating.elicitation(m),
    )  # fmt: skip
    told, drawn = evaluating.samples(m)
    yield section(
        "samples", "Random samples", "Measure 7.3",
        "At least five random samples of inputs and outputs from each relevant evaluation.",
        told, samples=drawn,
    )  # fmt: skip
    yield section(
        "evaluators", "Who evaluated, with what access and means", "Measure 7.3",
        "The access and other means given to internal and external evaluators.",
        evaluating.evaluators(m),
    )  # fmt: skip
    yield section(
        "external", "External reports", "Measure 7.4",
        "Reports of independent external evaluators and security reviewers, or why there are none.",
        deciding.external(m),
    )  # fmt: skip


def _later(m: Material) -> Iterator[Section]:
    landscape = Parts()
    landscape.told(
        m,
        "LANDSCAPE",
        "what changed that bears on risk in general, as a chain of thought that became less "
        "legible, or a mitigation that no longer works",
    )
    yield section(
        "landscape", "Changes in the landscape of risk", "Measure 7.5",
        "Material changes that developing or using the model brought to the landscape of systemic "
        "risk.",
        changing.events(m), landscape,
    )  # fmt: skip
    yield section(
        "since", "Changes since the last report", "Measure 7.6",
        "An updated report says what changed, in a changelog.",
        changing.since(m),
    )  # fmt: skip
    yield section(
        "owed", "Reports and updates that fall due", "Measures 7.6, 7.7 and 9.3",
        "Updates of this report, access of the AI Office to it, and reports of serious incidents.",
        changing.owed(m),
    )  # fmt: skip
    yield section(
        "record", "What this was made from", "Measure 7.7",
        "The report as the AI Office gets access to it.",
        changing.state_of_record(m),
    )  # fmt: skip
