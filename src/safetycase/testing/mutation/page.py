"""The page on the mutations, written from the catalogue."""

from __future__ import annotations

from collections.abc import Iterator

from safetycase.testing.mutation.catalogue import CATALOGUE
from safetycase.testing.mutation.records import WAYS, Mutation

__all__ = ["page"]

_KINDS = {
    "breaks": "what rests on the place must lose its support, the case its verdict, or the record "
    "its verification; that `diff` names the change is not enough",
    "loosens": "a worse status, a finding, a failed or noting `verify`, or a comparison that calls "
    "it a loosening",
    "changes": "the same, but it is enough that a comparison names the change",
}


def page() -> str:
    """The reference page in Markdown."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield "# Mutations"
    yield ""
    yield (
        f"The {len(CATALOGUE)} kinds of faults that `safetycase mutate` plants. How to read the "
        "result: [Mutate a case](../how-to/mutate-a-case.md)."
    )
    yield ""
    yield "| kind | what counts as caught |"
    yield "|---|---|"
    yield from (f"| {kind} | {says} |" for kind, says in _KINDS.items())
    yield ""
    yield "| way | meaning |"
    yield "|---|---|"
    yield from (f"| {way} | {says} |" for way, says in WAYS.items())
    for group in dict.fromkeys(m.group for m in CATALOGUE.values()):
        yield ""
        yield f"## {group.capitalize()}"
        yield ""
        yield "| mutation | kind | what is planted | what has to happen |"
        yield "|---|---|---|---|"
        yield from (_row(m) for m in CATALOGUE.values() if m.group == group)


def _row(mutation: Mutation) -> str:
    return f"| `{mutation.name}` | {mutation.kind} | {mutation.plants} | {mutation.must} |"
