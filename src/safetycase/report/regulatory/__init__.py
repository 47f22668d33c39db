"""Reports to regulators from the same graph: each sentence traced, each gap owned up to."""

from safetycase.report.regulatory.document import (
    Document,
    Gap,
    Ref,
    Sample,
    Section,
    Sentence,
)
from safetycase.report.regulatory.forms import FORMS, NOTICE, document
from safetycase.report.regulatory.material import Earlier, Material
from safetycase.report.regulatory.redact import named, withhold
from safetycase.report.regulatory.writing import to_json, to_markdown

__all__ = [
    "FORMS",
    "NOTICE",
    "Document",
    "Earlier",
    "Gap",
    "Material",
    "Ref",
    "Sample",
    "Section",
    "Sentence",
    "document",
    "named",
    "to_json",
    "to_markdown",
    "withhold",
]
