"""Ids that refer to elements, as type hints: decoding, the schema and renaming read them."""

from dataclasses import dataclass
from typing import Annotated

__all__ = [
    "ANY_KIND",
    "ClaimRef",
    "ContextRef",
    "EvidenceRef",
    "LegKey",
    "MonitorRef",
    "PremiseRef",
    "RefTo",
    "StepRef",
    "TargetClaimRef",
    "TargetRef",
]


@dataclass(frozen=True, slots=True)
class RefTo:
    """Marks an id that refers to an element of one of `kinds`.

    In the file it is a bare id or, where `in_place` says so, the element itself.
    """

    kinds: tuple[str, ...]
    in_place: bool = True


ANY_KIND = (
    "claim",
    "argument",
    "evidence",
    "assumption",
    "defeater",
    "problem",
    "context",
    "justification",
    "monitor",
    "hazard",
    "dependence",
)
StepRef = Annotated[str, RefTo(("argument", "evidence"))]
PremiseRef = Annotated[str, RefTo(("claim", "assumption", "evidence"))]
ClaimRef = Annotated[str, RefTo(("claim",))]
# A key that names a premise; `C104` says if it is none.
LegKey = Annotated[str, RefTo(("claim", "assumption", "evidence"), in_place=False)]
ContextRef = Annotated[str, RefTo(("context", "justification", "assumption"))]
EvidenceRef = Annotated[str, RefTo(("evidence",))]
MonitorRef = Annotated[str, RefTo(("monitor",))]
TargetClaimRef = Annotated[str, RefTo(("claim",), in_place=False)]
TargetRef = Annotated[str, RefTo(ANY_KIND, in_place=False)]
