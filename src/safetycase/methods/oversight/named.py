"""The protocol, the domains, games and constants that the parameters of a method name."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any, get_type_hints

from safetycase.methods.games.extensive.tree import GameError, flatten
from safetycase.plugin.contract import MethodError
from safetycase.plugin.parameters import bind
from safetycase.plugin.protocols import (
    GROUP,
    BrokenProtocol,
    Domain,
    OversightProtocol,
    Rules,
    protocol,
)

__all__ = [
    "QUICK_NODES",
    "constants_of",
    "domains_of",
    "game_of",
    "one_of",
    "protocol_of",
    "quick_size",
    "uses",
    "whole_domain",
]


LARGEST = 2.0**40


QUICK_NODES = 600


def uses(name: str) -> tuple[str, ...]:
    """The entry point of a protocol, for `Method.plugins`."""
    return (f"{GROUP}:{name}",)


def protocol_of(name: str) -> OversightProtocol:
    """The protocol of that name (`MethodError` with the reason otherwise)."""
    try:
        return protocol(name)
    except BrokenProtocol as error:
        raise MethodError(str(error)) from error


def domains_of(found: OversightProtocol, name: str) -> tuple[Domain, ...]:
    """The domain of that name, or all of them for an empty one."""
    if not name:
        return found.domains
    named = {domain.name: domain for domain in found.domains}
    return (named[one_of(name, named, f"domain of `{found.name}`")],)


def whole_domain(found: OversightProtocol, name: str) -> Domain:
    """The domain of that name whose games have their whole tree, or the first for an empty name."""
    whole = [domain for domain in found.domains if domain.rules is not None and domain.small]
    if not name and whole:
        return whole[0]
    for domain in whole:
        if domain.name == name:
            return domain
    asked = f"no domain `{name}` with whole games" if name else "no domain with whole games"
    names = ", ".join(f"`{domain.name}`" for domain in whole) or "none"
    raise MethodError(f"the protocol `{found.name}` has {asked}; there: {names}")


def game_of(found: OversightProtocol, domain: Domain, size: int, seed: int) -> Rules:
    """The game of one instance (`MethodError` where there is none of that size or seed)."""
    if size not in domain.small:
        there = ", ".join(map(str, domain.small))
        raise MethodError(
            f"`{domain.name}` of `{found.name}` has no whole game of size {size}; `size` is one of "
            f"{there}"
        )
    assert domain.rules is not None
    try:
        return domain.rules(size, seed)
    except Exception as error:
        raise MethodError(
            f"`{domain.name}` gives no game of size {size} and seed {seed}: {error}"
        ) from error


def quick_size(found: OversightProtocol, domain: Domain, seed: int) -> int:
    """The largest size whose game has at most `QUICK_NODES` positions; the smallest if none has.

    Training and the search of all equilibria take it where none is named, so that both are about
    one game.
    """
    smallest, *others = domain.small
    for size in sorted(others, reverse=True):
        try:
            flatten(game_of(found, domain, size, seed), QUICK_NODES)
        except GameError:
            continue
        return size
    return smallest


def constants_of(found: OversightProtocol, given: Mapping[str, bool | float | str]) -> Any:
    """The constants of the statement, the given ones in the place of the defaults."""
    known = dict.fromkeys(found.constants.__dataclass_fields__)
    for name in given:
        one_of(name, known, f"constant of `{found.name}`")
    hints = get_type_hints(found.constants)
    bound = bind(found.constants, {k: _whole(found, k, v, hints[k]) for k, v in given.items()})
    if bound.mismatches:
        told = "; ".join(f"{'.'.join(m.path)}: {m.message}" for m in bound.mismatches)
        raise MethodError(f"the constants of `{found.name}`: {told}")
    return bound.value


def _whole(found: OversightProtocol, name: str, value: float | str, hint: Any) -> float | str:
    """A whole number as one, where one is wanted; the rest as it is."""
    if hint is not int or isinstance(value, str):
        return value
    if not abs(value) <= LARGEST:
        raise MethodError(
            f"the constant `{name}` of `{found.name}` is {value:g}; it is a whole number of at "
            f"most {LARGEST:g} in size"
        )
    return int(value) if type(value) is float and value.is_integer() else value


def one_of(name: str, known: Mapping[str, object], what: str) -> str:
    """The name, if it is known; `MethodError` that says what there is otherwise."""
    if name in known:
        return name
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean `{near[0]}`?" if near else f"there: {', '.join(known) or 'none'}"
    raise MethodError(f"there is no {what} called `{name}`; {hint}")
