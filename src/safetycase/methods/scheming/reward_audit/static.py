"""What a reward function reads, by its syntax tree: everything that is not shown clean is named.

The abstract values of an expression: CLEAN (holds no reasoning), SAMPLE (an episode, whose fields
have meaning), MIXED (may hold reasoning, e.g. an unknown field, or a container that an episode was
put into). Selecting a clean field of a SAMPLE gives CLEAN; reading a reasoning field is a leak;
any other use of SAMPLE or MIXED cannot be followed, and that counts as a leak too. Variables are
followed without regard to order: one that ever holds an episode holds it everywhere.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable

from safetycase.methods.scheming.reward_audit.walk import FUNCTION, Leak, Module, TooLarge, Walk

__all__ = ["Leak", "reads"]


def reads(
    source: str, function: str, clean: Iterable[str], reasoning: Iterable[str]
) -> tuple[Leak, ...]:
    """The leaks of `function` in the file `source`; none means that it reads clean fields alone.

    A parameter named in `clean` is clean, one in `reasoning` leaks when it is read, and any other
    is an episode. `ValueError` if the source is no Python or has no such function.
    """
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise ValueError(f"it is no Python: {error}") from error
    module = _module(tree, frozenset(clean), frozenset(reasoning))
    found = [n for n in tree.body if isinstance(n, FUNCTION) and n.name == function]
    if not found:
        raise ValueError(f"it has no function `{function}` at its top level")
    if function not in module.functions:
        says = f"`{function}` is bound twice, or by `import *`: which one ran cannot be seen"
        return (Leak(line=found[0].lineno, certain=False, says=says),)
    walk = Walk(module=module)
    try:
        walk.function(module.functions[function], None)
    except (TooLarge, RecursionError):
        says = f"`{function}` is too large or too deep to follow"
        return (Leak(line=found[0].lineno, certain=False, says=says),)
    return tuple(sorted(set(walk.leaks), key=lambda leak: (leak.line, leak.says)))


def _module(tree: ast.Module, clean: frozenset[str], reasoning: frozenset[str]) -> Module:
    """Which names a file binds, anywhere, and which functions of its top level it binds once."""
    bindings: dict[str, int] = {}
    for node in ast.walk(tree):
        names: list[str] = []
        if isinstance(node, (*FUNCTION, ast.ClassDef)):
            names = [node.name]
        elif isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            names = [node.id]
        elif isinstance(node, ast.alias):
            names = [(node.asname or node.name).partition(".")[0]]
        for name in names:
            bindings[name] = bindings.get(name, 0) + 1
    star = "*" in bindings
    functions = {
        node.name: node
        for node in tree.body
        if isinstance(node, FUNCTION) and bindings[node.name] == 1 and not star
    }
    bound = frozenset(bindings) | (frozenset({"getattr"}) if star else frozenset())
    return Module(functions=functions, bound=bound, clean=clean, reasoning=reasoning)
