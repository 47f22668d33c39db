"""How an RO-Crate names what it describes: files by their paths, everything else within it."""

from __future__ import annotations

import hashlib
from urllib.parse import quote

from safetycase.report.clean import one_line

__all__ = ["Entity", "name_of", "path_of", "text_of"]

LONGEST, LONGEST_NAME = 2_000, 160

Entity = dict[str, object]


def text_of(text: str) -> str:
    """A text on one line, not longer than a reader of metadata wants."""
    return one_line(text, limit=LONGEST)


def path_of(path: str) -> str:
    """A path as the relative address that names it; no character of it is taken for another."""
    return quote(path, safe="/", errors="surrogatepass")


def name_of(kind: str, *parts: str) -> str:
    """A name within the crate; a long one ends in a digest, so that no two become one."""
    return f"#{kind}-" + "-".join(map(_short, parts))


def _short(part: str) -> str:
    if len(part) > LONGEST_NAME:
        told = hashlib.sha256(part.encode(errors="surrogatepass")).hexdigest()[:16]
        part = f"{part[:LONGEST_NAME]}-{told}"
    return quote(part, safe="", errors="surrogatepass")
