"""The keys that the script of the pages knows, as the help page and `?` show them."""

from __future__ import annotations

__all__ = ["KEYS", "LETTERS"]

KEYS: tuple[tuple[tuple[str, ...], str], ...] = (
    (("?",), "show or hide these keys"),
    (("/",), "find in the outline; Escape leaves the field and shows all again"),
    (("↑", "↓"), "the row above or below"),
    (("→",), "unfold a row, then go to the first row in it"),
    (("←",), "fold a row, then go to the row it is in"),
    (("Home", "End"), "the first or the last row"),
    (("Enter",), "open the element of the row"),
    (("n", "p"), "the next or previous row that is not as one would wish"),
    (("+", "−"), "unfold or fold all rows"),
    (("g", "o"), "outline; likewise g m map, g e evidence, g t attempts, g a open problems"),
    (("g", "f"), "findings; likewise g c changes, g r review, g w monitors, g h help"),
)
"""(keys, what they do)."""

LETTERS = {
    "outline": "o",
    "map": "m",
    "evidence": "e",
    "attempts": "t",
    "agenda": "a",
    "findings": "f",
    "changes": "c",
    "review": "r",
    "monitors": "w",
    "help": "h",
}
"""The letter after `g` that leads to a view."""
