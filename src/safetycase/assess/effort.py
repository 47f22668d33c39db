"""Effort is ordered: less than was asked for is not enough, more is fine.

Numbers compare as numbers, access by how much of the model it opens; any other text has to be
the one that was asked for, since nothing says which of two is more.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final, get_args

from safetycase.argument.model import Access
from safetycase.ledger.recipe import IDENTITIES

__all__ = ["ACCESS", "enough", "identity_enough", "weakest_identity"]

ACCESS: Final[tuple[str, ...]] = get_args(Access)
"""Access to the model, least first. What is asked of white-box access is met by fine-tuning."""


def enough(name: str, asked: Any, done: Any) -> bool:
    """Whether `done` is at least `asked`; what cannot be compared is not."""
    if type(asked) is int and type(done) is int:
        return done >= asked
    if name == "access":
        rank = {word: i for i, word in enumerate(ACCESS)}
        wanted, had = rank.get(_words(asked)), rank.get(_words(done))
        if wanted is not None:
            return had is not None and had >= wanted
    least, most = _number(asked), _number(done)
    if least is not None:
        return most is not None and most >= least
    return done is not None and str(asked) == str(done)


def identity_enough(asked: str | None, known: str) -> bool:
    """Whether a subject known by the grade `known` is known as surely as `asked`."""
    return asked is None or (known in IDENTITIES and _rank(known) >= _rank(asked))


def weakest_identity(grades: Iterable[str]) -> str:
    """The least sure of several grades; what is no grade is less sure than any."""
    return min(grades, key=_rank, default="")


def reported_identity(measurement: Mapping[str, Any]) -> str | None:
    """The grade that a result made elsewhere says of its own subject, or None."""
    said = measurement.get("diagnostics", {})
    word = str(said.get("identity", "")) if isinstance(said, Mapping) else ""
    return word.partition(":")[0].strip() or None


def _rank(grade: str) -> int:
    return IDENTITIES.index(grade) if grade in IDENTITIES else -1


def _words(value: Any) -> str:
    return str(value).replace("-", " ").replace("fine tuning", "fine-tuning").lower().strip()


def _number(value: Any) -> Decimal | None:
    if isinstance(value, bool) or value is None:
        return None
    try:
        found = Decimal(str(value))
    except InvalidOperation:
        return None
    return found if found.is_finite() else None
