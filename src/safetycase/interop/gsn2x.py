"""The format `gsn2x`: YAML of the tool of that name, one file per module.

Source: the gsn2x 4.3.2 manual, chapters "Syntax in YAML" and "Modular Extension".
"""

from __future__ import annotations

import re

from safetycase.interop.gsn2x_read import read
from safetycase.interop.gsn2x_write import write
from safetycase.plugin.formats import Format

__all__ = ["FORMAT"]

_KEYS = re.compile(
    rb"^\s+(?:supportedBy|inContextOf|defeatedRelation|undeveloped|nodeType|challenges)\s*:"
    rb"|[{,]\s*(?:supportedBy|inContextOf|undeveloped|nodeType)\s*:",
    re.MULTILINE,
)
_ELEMENT = re.compile(rb"^(?:module|(?:CG|G|CSn|Sn|S|C|A|J)[A-Za-z0-9_-]*)\s*:", re.MULTILINE)


def _sniff(name: str, head: bytes) -> bool:
    """Whether a file is gsn2x: by its name, or by its ids at the margin and their keys."""
    if name.endswith((".gsn.yaml", ".gsn.yml")):
        return True
    if not name.endswith((".yaml", ".yml")):
        return False
    return bool(_ELEMENT.search(head)) and bool(_KEYS.search(head))


FORMAT = Format(
    name="gsn2x",
    title="gsn2x YAML",
    source="gsn2x 4.3.2, manual",
    extensions=(".gsn.yaml", ".gsn.yml", ".yaml", ".yml"),
    read=read,
    write=write,
    sniff=_sniff,
    limits=(
        "comments and the layout of the file are not kept",
        "one challenge per element; relations are challenged by naming their ends",
        "no patterns, interfaces, away elements, contracts or declarations: text layers and losses",
        "anchors, aliases and tags are not read",
    ),
)
