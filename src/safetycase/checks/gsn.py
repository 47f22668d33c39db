"""The strict profile of the GSN Community Standard v3 (SCSC-141C, May 2021).

Three groups of rules: `structural` ones are decided from the argument alone, `evidence` ones from
facts that its tags carry, and `human review` ones only prompt a person. Tags that a notation may
use beside the fields of `Structure`: `gsn.off-diagram` (part), `gsn.published` (structure),
`gsn.instance-of`, `gsn.bind.NAME`, `gsn.token.NAME`, `gsn.configuration`, `gsn.interface.GROUP` and
`gsn.promotes` (module), `gsn.contexts-agree` (away goal).
"""

from __future__ import annotations

from safetycase.checks import (
    gsn_core,
    gsn_dialectic,
    gsn_evidence,
    gsn_graph,
    gsn_interface,
    gsn_modular,
    gsn_patterns,
    gsn_wording,
)
from safetycase.checks.registry import Rule

__all__ = ["RULES"]

RULES: tuple[Rule, ...] = (
    *gsn_core.RULES,
    *gsn_graph.RULES,
    *gsn_wording.RULES,
    *gsn_dialectic.RULES,
    *gsn_patterns.RULES,
    *gsn_modular.RULES,
    *gsn_interface.RULES,
    *gsn_evidence.RULES,
)
