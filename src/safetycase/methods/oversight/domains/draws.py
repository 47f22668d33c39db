"""Repeatable random streams by name, for instances; nothing here is secret."""

from __future__ import annotations

import random

__all__ = ["draws"]


def draws(*name: object) -> random.Random:
    """The stream of that name: the same in every process."""
    return random.Random(" ".join(map(str, name)))  # noqa: S311 - repeatable, no secret
