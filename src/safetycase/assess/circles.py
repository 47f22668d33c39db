"""The circles of a directed graph, parts before what rests on them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

__all__ = ["components"]


def components(parts: Mapping[str, Sequence[str]]) -> list[tuple[str, ...]]:
    """The strongly connected components, each after those it rests on.

    Members stand in the order of `parts`. Iterative, in linear time. Tarjan (1972), SIAM J.
    Comput. 1:146.
    """
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    waiting: list[str] = []
    on: set[str] = set()
    found: list[tuple[str, ...]] = []
    position = {name: i for i, name in enumerate(parts)}
    for start in parts:
        if start in index:
            continue
        work = [(start, iter(parts[start]))]
        index[start] = low[start] = len(index)
        waiting.append(start)
        on.add(start)
        while work:
            name, rest = work[-1]
            for part in rest:
                if part not in parts:
                    continue
                if part not in index:
                    index[part] = low[part] = len(index)
                    waiting.append(part)
                    on.add(part)
                    work.append((part, iter(parts[part])))
                    break
                if part in on:
                    low[name] = min(low[name], index[part])
            else:
                work.pop()
                if work:
                    above = work[-1][0]
                    low[above] = min(low[above], low[name])
                if low[name] == index[name]:
                    group = [waiting.pop()]
                    while group[-1] != name:
                        group.append(waiting.pop())
                    on.difference_update(group)
                    found.append(tuple(sorted(group, key=position.__getitem__)))
    return found
