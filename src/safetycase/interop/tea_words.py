"""The words of TEA's case files, and the identifiers that both directions agree on."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping

from safetycase.argument.structure import Declaration, PartType

__all__ = [
    "CASE_KEYS",
    "EPOCH",
    "INSTANT",
    "KEPT",
    "NODE_KEYS",
    "PART_TYPES",
    "SCOPE",
    "STATUS",
    "WITH_ATTRIBUTES",
    "attribute_id",
    "element_id",
    "is_uuid",
]

PART_TYPES: Mapping[str, PartType] = {
    "GOAL": "goal",
    "PROPERTY_CLAIM": "goal",
    "AWAY_GOAL": "goal",
    "STRATEGY": "strategy",
    "EVIDENCE": "solution",
    "CONTEXT": "context",
    "JUSTIFICATION": "justification",
    "ASSUMPTION": "assumption",
    "MODULE": "module",
    "CONTRACT": "contract",
}
STATUS: Mapping[str, Declaration] = {
    "ASSERTED": "asserted",
    "NEEDS_SUPPORT": "needs support",
    "ASSUMED": "assumed",
    "AXIOMATIC": "axiomatic",
    "DEFEATED": "defeated",
    "AS_CITED": "as cited",
}
WITH_ATTRIBUTES = frozenset({"GOAL", "STRATEGY", "PROPERTY_CLAIM", "AWAY_GOAL"})
"""The types that hold context, assumption and justification as attributes."""
SCOPE = ("context", "assumption", "justification")
KEPT = (
    "comments",
    "fromPattern",
    "modifiedFromPattern",
    "inSandbox",
    "moduleReferenceId",
    "moduleEmbedType",
    "modulePublicSummary",
)
"""Keys that stay as tags `tea.KEY`: texts as they are, other values as JSON."""
NODE_KEYS = frozenset(
    {"id", "type", "elementType", "parentId", "name", "description", "children", "role", "level"}
    | {"url", "isDefeater", "defeatsElementId", "assertionStatus", "citedElementId", *SCOPE, *KEPT}
)
CASE_KEYS = frozenset({"name", "description", "colorProfile"})
EPOCH = "1970-01-01T00:00:00Z"
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)")

_SPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://alan-turing-institute.github.io/AssurancePlatform")
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def is_uuid(text: str) -> bool:
    """Whether a text is a UUID in the usual lower-case form."""
    return _UUID.fullmatch(text) is not None


def element_id(name: str) -> str:
    """The UUID that stands for an id: itself if it is one, else a name-based UUID of it."""
    return name if is_uuid(name) else str(uuid.uuid5(_SPACE, name))


def attribute_id(owner: str, kind: str, index: int) -> str:
    """The UUID of the element that an attribute of `owner` (a UUID) stands for."""
    return str(uuid.uuid5(_SPACE, f"{owner}/{kind}/{index}"))
