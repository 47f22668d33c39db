"""Which record a report was made from, and the program that checks a bundle against it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

__all__ = ["Seal", "verifier_source"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal:
    """A record of `size` entries: its origin, Merkle root and the digest of its last line (hex)."""

    origin: str
    size: int
    root: str
    head: str


@lru_cache(maxsize=1)
def verifier_source() -> str:
    """The verifier in JavaScript, as it stands in the page; it also runs by itself in node."""
    return files("safetycase.report").joinpath("verifier/verify.js").read_text("utf-8")
