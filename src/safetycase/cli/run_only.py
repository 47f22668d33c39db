"""Names as people write them, and which leaves `run --only ID` means: a leaf, or all below."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from safetycase.argument.findings import did_you_mean
from safetycase.argument.graph import supports_of
from safetycase.argument.model import Element
from safetycase.workspace.paths import NoCase

__all__ = ["called", "leaves"]


def leaves(
    elements: Mapping[str, Element], runnable: Collection[str], name: str
) -> tuple[str, ...]:
    """The leaves that `name` stands for, in file order; `NoCase` if there is none.

    A claim of a module may go without the module's name, and with dots as in print: `KC1.3` is
    `OVERSIGHT/KC1-3` where only one element ends so.
    """
    if name in runnable:
        return (name,)
    element = _element(elements, runnable, name)
    seen, waiting = {element}, [element]
    while waiting:
        for part in supports_of(elements[waiting.pop()]):
            if part not in seen and part in elements:
                seen.add(part)
                waiting.append(part)
    found = tuple(leaf for leaf in elements if leaf in seen and leaf in runnable)
    if not found:
        raise NoCase(f"nothing below `{element}` can be run: it has no leaf with a method")
    return found


def _element(elements: Mapping[str, Element], runnable: Collection[str], name: str) -> str:
    if name in elements:
        return name
    fitting = called(elements, name)
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        raise NoCase(f"`{name}` is not one element: " + ", ".join(f"`{e}`" for e in fitting))
    hint = did_you_mean(name, [*runnable, *elements])
    said = f"`{name}` is no evidence of this case, nor a claim"
    raise NoCase(f"{said}; {hint}" if hint else said)


def called(elements: Mapping[str, Element], name: str) -> list[str]:
    """The elements that go by `name` in print: without their module, with dots for hyphens."""
    short = _plain(name)
    return [e for e in elements if _plain(e) == short or _plain(e).endswith(f"/{short}")]


def _plain(name: str) -> str:
    return name.casefold().replace(".", "-")
