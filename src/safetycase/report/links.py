"""Where a link leads: within one file, between the pages of a folder, or on a server.

The templates ask here for the address of an element or a view and never write one themselves, so
that the same templates make all three.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlencode

from safetycase.report.clean import anchor

__all__ = ["VIEWS", "Form", "Links", "slugs"]

Form = Literal["single", "folder", "server"]

VIEWS: Mapping[str, str] = {
    "index": "Decision and outline",
    "map": "Map",
    "confidence": "Confidence",
    "evidence": "Evidence",
    "attempts": "Attempts",
    "agenda": "Open problems",
    "monitors": "Monitors",
    "review": "Review",
    "findings": "Findings",
    "changes": "Changes",
    "record": "Record",
    "help": "Legend and help",
}
"""The views by the name of their page, with the words of the navigation, in its order."""

_MOST = 100


def slugs(names: Iterable[str]) -> Mapping[str, str]:
    """For every id a name that is safe in a path and as a file, and no two alike.

    An id of letters, digits and `._-` stays as it is, a `/` becomes `~`, any other character its
    code. What is too long, or like another but for the case of letters, gets a digest at its end.
    """
    found: dict[str, str] = {}
    taken: set[str] = set()
    for name in names:
        flat = name[: 2 * _MOST].replace("/", "~")
        slug = re.sub(r"[^A-Za-z0-9._~-]", lambda m: f"~{ord(m.group()):x}~", flat)
        slug = f"~{slug}" if not slug or slug.startswith(".") else slug
        if len(slug) > _MOST or len(name) > _MOST or slug.casefold() in taken:
            told = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()
            slug = f"{slug[:_MOST]}~{told[:16]}"
        taken.add(slug.casefold())
        found[name] = slug
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """The addresses as one page writes them; `up` leads from it to the folder of all pages.

    `base` stands before every address on a server. In a single file `mapped` are the elements with
    a map of their own (None: all), and `bare` those without a section, which have their row alone.
    """

    form: Form
    slug: Mapping[str, str] = field(default_factory=dict)
    up: str = ""
    base: str = ""
    mapped: frozenset[str] | None = None

    def element(self, name: str) -> str:
        """The page, or the section, of an element."""
        if self.form == "single":
            return f"#{anchor(name)}"
        slug = self.slug.get(name, "")
        return (
            f"{self.base}/claim/{slug}" if self.form == "server" else f"{self.up}claim/{slug}.html"
        )

    def view(self, key: str) -> str:
        """The page, or the section, of a view."""
        if self.form == "single":
            return "#main" if key == "index" else f"#{key}"
        if self.form == "server":
            return f"{self.base}/" if key == "index" else f"{self.base}/{key}"
        return f"{self.up}{key}.html"

    def map(self, name: str) -> str:
        """The map around an element."""
        if self.form == "single":
            shown = self.mapped is None or name in self.mapped
            return f"#map-{anchor(name)}" if shown else self.element(name)
        slug = self.slug.get(name, "")
        if self.form == "server":
            return f"{self.base}/map?{urlencode({'focus': slug})}"
        return f"{self.up}map/{slug}.html"

    def monitor(self, name: str) -> str:
        """Where what a monitor measures and reported stands."""
        page = "" if self.form == "single" else self.view("monitors")
        return f"{page}#monitor{anchor(name).removeprefix('claim')}"
