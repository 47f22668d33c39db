"""A transparency report and framework topics after California SB 53.

Transparency in Frontier Artificial Intelligence Act (2025), Business and Professions Code
§22757.12: (c) the transparency report at deployment, (a) the topics of a frontier AI framework.
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

_FACTS = (
    ("WEBSITE", "website", "(c)(1)", "The developer's website.", "the developer's website"),
    ("CONTACT", "contact", "(c)(1)", "A way for a person to reach the developer.",
     "how a person can reach the developer"),
    ("RELEASE-DATE", "release", "(c)(1)", "The date of release.", "when the model is released"),
    ("LANGUAGES", "languages", "(c)(1)", "The languages it supports.",
     "which languages it supports"),
    ("MODALITIES", "modalities", "(c)(1)", "The modalities of its output.",
     "which modalities its output has"),
    ("INTENDED-USES", "uses", "(c)(1)", "Its intended uses.", "which uses are intended"),
    ("RESTRICTIONS", "restrictions", "(c)(1)", "Restrictions and conditions on its uses.",
     "which restrictions and conditions its use has"),
)  # fmt: skip
"""Context, id, paragraph, what is asked, and what is missing where nothing says it."""


def sections(m: Material) -> Iterator[Section]:
    """The transparency report first, then the topics of the framework."""
    yield section(
        "deployed", "What is deployed", "§22757.12(c)",
        "What the transparency report is about.",
        arguing.use(m), arguing.decided_on(m),
    )  # fmt: skip
    for context, name, paragraph, asks, missing in _FACTS:
        fact = Parts()
        fact.told(m, context, missing)
        yield section(name, asks.rstrip("."), f"§22757.12{paragraph}", asks, fact)
    yield from _assessed(m)
    yield from _framework(m)


def _assessed(m: Material) -> Iterator[Section]:
    yield section(
        "assessments", "Assessments of catastrophic risk", "§22757.12(c)(2)",
        "Summaries of the assessments of catastrophic risk made under the framework (large "
        "developers).",
        arguing.argument(m), weighing.margins(m), weighing.confidence(m),
    )  # fmt: skip
    yield section(
        "results", "Results of the assessments", "§22757.12(c)(2)",
        "The results of those assessments (large developers).",
        evaluating.results(m), evaluating.attempts(m),
    )  # fmt: skip
    yield section(
        "third-parties", "How far third parties were involved", "§22757.12(c)(2)",
        "The extent to which third-party evaluators were involved (large developers).",
        deciding.external(m), deciding.review(m),
    )  # fmt: skip
    yield section(
        "other-steps", "Other steps under the framework", "§22757.12(c)(2)",
        "Other steps taken to fulfil the framework for this model (large developers).",
        evaluating.elicitation(m), doubting.would_change(m),
    )  # fmt: skip


def _framework(m: Material) -> Iterator[Section]:
    topics = {
        "STANDARDS": ("(a)(1)", "Standards", "which standards and best practices are followed"),
        "WEIGHT-SECURITY": ("(a)(7)", "Security of weights", "how unreleased weights are secured"),
        "GOVERNANCE": ("(a)(9)", "Governance", "who inside makes sure that this is done"),
    }
    h = m.assessment.case.header
    yield _topic(m, "STANDARDS", *topics["STANDARDS"])
    yield section(
        "thresholds", "Thresholds", "§22757.12(a)(2)",
        "Thresholds by which it is assessed whether a model could pose a catastrophic risk.",
        (
            m.of(f"{c.id} is held against `{c.holds_when}`.", c.id)
            for c in m.claims()
            if c.holds_when
        ),
        [m.said(f"The decision asks for a confidence of {h.target:g}.", m.header("target"))],
    )  # fmt: skip
    yield section(
        "mitigations", "Mitigations", "§22757.12(a)(3)",
        "Mitigations applied on the strength of those assessments.",
        arguing.mitigations(m),
    )  # fmt: skip
    yield section(
        "review", "Review before deployment or extensive internal use", "§22757.12(a)(4)",
        "Review of assessments and mitigations as part of the decision.",
        deciding.decision(m),
    )  # fmt: skip
    yield section(
        "assessors", "Third parties", "§22757.12(a)(5)",
        "The use of third parties to assess risk and mitigations.",
        evaluating.evaluators(m), deciding.external(m),
    )  # fmt: skip
    yield section(
        "updates", "Revisiting and updating", "§22757.12(a)(6)",
        "When the framework is revisited, and which changes of a model ask for a new report.",
        doubting.conditions(m), changing.since(m),
    )  # fmt: skip
    yield _topic(m, "WEIGHT-SECURITY", *topics["WEIGHT-SECURITY"])
    yield section(
        "incidents", "Critical safety incidents", "§§22757.12(a)(8), 22757.13",
        "Identifying, responding to and reporting critical safety incidents.",
        changing.events(m), changing.owed(m),
    )  # fmt: skip
    yield _topic(m, "GOVERNANCE", *topics["GOVERNANCE"])
    yield section(
        "internal-use", "Risk from internal use, and oversight that is circumvented",
        "§22757.12(a)(10)",
        "Catastrophic risk from internal use, a model that gets around oversight among it.",
        _internal(m), weighing.residual(m),
    )  # fmt: skip
    yield section(
        "record", "What this was made from", "§22757.12(e)",
        "Nothing materially false or misleading is said.",
        changing.state_of_record(m),
    )  # fmt: skip


def _topic(m: Material, context: str, paragraph: str, title: str, missing: str) -> Section:
    fact = Parts()
    fact.told(m, context, missing)
    asks = f"How the developer approaches this: {missing}."
    return section(context.lower(), title, f"§22757.12{paragraph}", asks, fact)


def _internal(m: Material) -> Parts:
    """What the case says of scheming and of controls, which is what internal use hangs on."""
    parts = Parts()
    for claim in m.claims():
        if claim.argues:
            parts.sentences.append(
                m.of(f"{claim.argues}, {m.word(claim.id)}: “{m.says(claim.id)}”.", claim.id)
            )
    if not parts.sentences:
        parts.gap(
            "No claim of this case says which family of argument about the model it belongs to.",
            "`argues` on the claims about scheming, harm and control",
        )
    return parts
