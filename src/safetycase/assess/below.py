"""What each element rests on, for all elements at once.

A deep case has as many elements below its root as it has elements; listing them for each would take
quadratic time. Only some elements matter to those above (evidence, assumptions, accepted doubts, or
findings), so each element gets a set of these, kept as the bits of one number.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from safetycase.argument.graph import supports_of
from safetycase.argument.model import Defeater, Element

__all__ = ["Below"]


class Below:
    """`names` are the elements that matter, in file order."""

    def __init__(
        self,
        elements: Mapping[str, Element],
        attacks: Mapping[str, Sequence[str]],
        names: Iterable[str],
    ) -> None:
        self.names = tuple(names)
        bit = {name: 1 << position for position, name in enumerate(self.names)}
        parts = {
            name: tuple(p for p in _parts(name, element, attacks) if p in elements)
            for name, element in elements.items()
        }
        self.masks = {name: bit.get(name, 0) for name in elements}
        # Parents stand before their parts in file order, so the reverse order settles fast;
        # circles settle because a set only grows.
        order = [name for name in reversed(list(elements)) if parts[name]]
        changed = True
        while changed:
            changed = False
            for name in order:
                mask = self.masks[name]
                for part in parts[name]:
                    mask |= self.masks[part]
                if mask != self.masks[name]:
                    self.masks[name] = mask
                    changed = True

    def of(self, name: str) -> tuple[str, ...]:
        """The elements that matter at or below `name`, in file order."""
        mask, found = self.masks.get(name, 0), []
        while mask:
            lowest = mask & -mask
            found.append(self.names[lowest.bit_length() - 1])
            mask ^= lowest
        return tuple(found)


def _parts(name: str, element: Element, attacks: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    answers = element.answered_by if isinstance(element, Defeater) else ()
    return (*supports_of(element), *attacks.get(name, ()), *answers)
