"""Ids of a case for the parts of a structure: their own where they can be, else made from them."""

from __future__ import annotations

import re
from collections.abc import Mapping

from safetycase.argument.decode import ID
from safetycase.argument.structure import Structure

__all__ = ["Ids"]

_OTHER = re.compile(r"[^A-Za-z0-9]+")
_LONGEST = 60


class Ids:
    """Hands out ids that no other element has."""

    def __init__(self, structure: Structure, dotless: frozenset[str]) -> None:
        """`dotless` are the parts whose ids must have no dot, which means something else there."""
        self._used: set[str] = set()
        self._dotless = dotless
        made: dict[str, str] = {}
        for name in structure.parts:
            if self._fits(name, name):
                made[name] = name
                self._used.add(name)
        for name, part in structure.parts.items():
            if name in made:
                continue
            if self._fits(part.name, name) and part.name not in self._used:
                made[name] = part.name
                self._used.add(part.name)
            else:
                made[name] = self.new(part.name or name, part.type[0].upper())
        self.of: Mapping[str, str] = made

    def _fits(self, word: str, part: str) -> bool:
        plain = ID.fullmatch(word) is not None and len(word) <= _LONGEST
        return plain and not ("." in word and part in self._dotless)

    def new(self, wish: str, letter: str = "X") -> str:
        """A new id that is like `wish`."""
        base = _OTHER.sub("-", wish)[:_LONGEST].strip("-")
        if not base or not base[0].isalpha():
            base = f"{letter}-{base}".strip("-")
        name, count = base, 1
        while name in self._used:
            count += 1
            name = f"{base}-{count}"
        self._used.add(name)
        return name
