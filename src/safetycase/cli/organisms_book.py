"""What is said of an organism that was built, and the book of those that were built here."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from safetycase.cli.common import stderr
from safetycase.evidence.digests import cache_path
from safetycase.plugin.organisms import Fact, Made, Organism
from safetycase.stats import bounds, describe, estimate, to_json

__all__ = ["built", "keep", "line", "made_json", "organism_json"]


def line(fact: Fact) -> str:
    """`name 0.998 (95 %: 0.990 to 1.000; 998 of 1000), promised at least 0.97`, and if not held."""
    low, high = (
        getattr(bounds(fact.statistic, alpha_low=0.025, alpha_high=0.025), end)
        for end in ("low", "high")
    )
    promised = [
        f"{words} {bound:g}"
        for words, bound in (("at least", fact.at_least), ("at most", fact.at_most))
        if bound is not None
    ]
    said = f"{fact.name} {estimate(fact.statistic):.4g} (95 %: {low:.4g} to {high:.4g}; "
    said += f"{describe(fact.statistic)})"
    said += f", promised {' and '.join(promised)}" if promised else ""
    return f"{said}: {fact.says}" if fact.held else f"{said}, NOT HELD: {fact.says}"


def organism_json(member: Organism) -> dict[str, Any]:
    """An organism that can be made, as JSON."""
    return {
        field.name: getattr(member, field.name)
        for field in dataclasses.fields(member)
        if field.name != "make"
    }


def made_json(made: Made) -> dict[str, Any]:
    """An organism that was made, as JSON; `line` says each fact in words."""
    return {
        "name": made.name,
        "seed": made.seed,
        "digest": made.digest,
        "seconds": round(made.seconds, 3),
        "cached": made.cached,
        "held": made.held,
        "path": str(made.path) if made.path else None,
        "facts": [
            {
                "name": fact.name,
                "says": fact.says,
                "statistic": to_json(fact.statistic),
                "at_least": fact.at_least,
                "at_most": fact.at_most,
                "held": fact.held,
                "line": line(fact),
            }
            for fact in made.facts
        ],
    }


def _book() -> Path:
    return cache_path().parent / "organisms" / "built.jsonl"


def keep(made: Made) -> None:
    """Note what was built, so that `show` can say so; a book that cannot be written is no error."""
    rows = {(row["name"], row["seed"], row["digest"]): row for row in built()}
    rows[made.name, made.seed, made.digest] = made_json(made)
    book = _book()
    try:
        book.parent.mkdir(parents=True, exist_ok=True)
        part = book.with_suffix(".part")
        part.write_text("".join(json.dumps(row) + "\n" for row in rows.values()), "utf-8")
        part.replace(book)
    except OSError as error:
        stderr(f"`{book}` cannot be written ({error.strerror}); `show` will not list this build")


def built() -> list[dict[str, Any]]:
    """What was built here, one row per name, seed and recipe; a damaged row is left out."""
    return list(_rows())


def _rows() -> Iterator[dict[str, Any]]:
    try:
        lines = _book().read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return
    for line in lines:
        try:
            row = json.loads(line)
        except ValueError:
            continue
        if _is_row(row):
            yield row


def _is_row(row: Any) -> bool:
    """Whether it is a row of the book, with everything that is read of one."""
    shape = {"name": str, "seed": int, "digest": str, "facts": list}
    if not isinstance(row, dict):
        return False
    whole = all(isinstance(row.get(name), kind) for name, kind in shape.items())
    return whole and all(
        isinstance(f, dict) and isinstance(f.get("line"), str) for f in row["facts"]
    )
