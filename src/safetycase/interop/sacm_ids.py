"""Ids that XML accepts, each given once."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from safetycase.interop.sacm_document import GENERATED

__all__ = ["Ids", "xml_id"]

_WRONG = re.compile(r"[^A-Za-z0-9._-]")


def _hex(letter: str) -> str:
    return f"_x{ord(letter):04X}_"


def xml_id(identifier: str) -> str:
    """The id with every letter that an XML id may not hold there written `_xHHHH_`.

    The form is that of ISO/IEC 9075-14. Ids that look like the writer's own are changed as well.
    """
    safe = _WRONG.sub(lambda found: _hex(found.group()), identifier)
    if not safe or safe[0] in "0123456789.-" or safe.startswith(GENERATED):
        safe = _hex(safe[0]) + safe[1:] if safe else "_"
    return safe


@dataclass(slots=True)
class Ids:
    """Hands out the ids of one file."""

    taken: set[str] = field(default_factory=set)
    counts: dict[str, int] = field(default_factory=dict)

    def take(self, wanted: str) -> str:
        """The id as XML takes it, or with a number behind it if that is given away."""
        base = candidate = xml_id(wanted)
        while candidate in self.taken:
            self.counts[base] = number = self.counts.get(base, 1) + 1
            candidate = f"{base}.{number}"
        self.taken.add(candidate)
        return candidate

    def make(self, word: str) -> str:
        """A new id of the writer's own, for what has none."""
        self.counts[word] = number = self.counts.get(word, 0) + 1
        made = f"{GENERATED}{word}.{number}"
        self.taken.add(made)
        return made
