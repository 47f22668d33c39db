"""Near names: what a mistyped word can only have meant.

Stricter than a hint, because nobody looks before a fix is made: the first letter and the digits
stay (`E-12` is no slip of `E-1`, `ABILITY` none of `INABILITY`), and few letters differ.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

__all__ = ["distance", "near"]

_LONGEST = 80


def distance(one: str, other: str, most: int) -> int:
    """Letters to insert, drop, change or swap with a neighbour; `most + 1` if there are more.

    The restricted edit distance of Damerau (1964), Comm. ACM 7:171.
    """
    if abs(len(one) - len(other)) > most:
        return most + 1
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        new = [i]
        for j, b in enumerate(other, 1):
            cost = min(row[j] + 1, new[j - 1] + 1, row[j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                cost = min(cost, before[j - 2] + 1)
            new.append(cost)
        if min(new) > most:
            return most + 1
        before, row = row, new
    return min(row[-1], most + 1)


def near(word: str, known: Iterable[str]) -> tuple[str, ...]:
    """The known names that `word` may be a slip of, nearest first; `word` itself is none.

    One letter may differ in a word of three to six, two in a longer one.
    """
    most = 0 if len(word) < 3 else 1 if len(word) < 7 else 2
    if not most or len(word) > _LONGEST:
        return ()
    digits = re.findall(r"\d+", word)
    found = [
        (apart, name)
        for name in dict.fromkeys(known)
        if abs(len(name) - len(word)) <= most
        and name != word
        and name[:1].lower() == word[:1].lower()
        and re.findall(r"\d+", name) == digits
        and (apart := distance(word, name, most)) <= most
    ]
    return tuple(name for _, name in sorted(found))
