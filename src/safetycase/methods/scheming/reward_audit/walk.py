"""Following episodes through the syntax tree of a reward, function by function."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["FUNCTION", "Leak", "Module", "TooLarge", "Walk"]

CLEAN, SAMPLE, MIXED = 0, 1, 2
DEPTH = 8
DYNAMIC = frozenset(
    {
        *(
            "eval",
            "exec",
            "compile",
            "locals",
            "vars",
            "globals",
            "dir",
            "open",
            "input",
            "breakpoint",
        ),
        *("inspect", "sys", "gc", "ctypes", "importlib", "traceback", "builtins"),
    }
)
FRAMES = frozenset(
    ("f_back", "f_locals", "f_globals", "gi_frame", "cr_frame", "ag_frame", "_getframe")
)
STEPS = 200_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Leak:
    """One read that is, or may be, of the reasoning; `certain` if a reasoning field is named."""

    line: int
    certain: bool
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Module:
    """The functions of a file that are bound once, every other name it binds, and the fields."""

    functions: Mapping[str, ast.FunctionDef | ast.AsyncFunctionDef]
    bound: frozenset[str]
    clean: frozenset[str]
    reasoning: frozenset[str]


class TooLarge(Exception):
    """The walk took more than `STEPS` steps."""


FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(slots=True, kw_only=True)
class Walk:
    """One pass over the functions that are reached; `leaks` is what it collects."""

    module: Module
    leaks: list[Leak] = field(default_factory=list)
    stack: tuple[str, ...] = ()
    steps: int = 0

    def function(
        self, node: ast.FunctionDef | ast.AsyncFunctionDef, given: Mapping[str, int] | None
    ) -> int:
        """The value that a function returns; `given` are its arguments, None for the reward."""
        if node.decorator_list:
            self.unclear(node, f"a decorator of `{node.name}` sees the whole episode")
        if node.name in self.stack or len(self.stack) >= DEPTH:
            self.unclear(node, f"the recursion of `{node.name}` is not followed")
            return MIXED
        scope = _Scope(walk=self, names=self._arguments(node, given))
        before, self.stack = self.stack, (*self.stack, node.name)
        result = scope.settle(node.body)
        self.stack = before
        return result

    def _arguments(
        self, node: ast.FunctionDef | ast.AsyncFunctionDef, given: Mapping[str, int] | None
    ) -> dict[str, int]:
        names = {}
        spec = node.args
        for argument in (*spec.posonlyargs, *spec.args, *spec.kwonlyargs):
            if given is not None:
                names[argument.arg] = given.get(argument.arg, CLEAN)
            elif argument.arg in self.module.clean:
                names[argument.arg] = CLEAN
            elif argument.arg not in self.module.reasoning:
                names[argument.arg] = SAMPLE
            else:
                names[argument.arg] = _REASONING
        if spec.vararg:
            names[spec.vararg.arg] = CLEAN if given is not None else MIXED
        if spec.kwarg:
            names[spec.kwarg.arg] = CLEAN if given is not None else SAMPLE
        return names

    def unclear(self, node: ast.AST, says: str) -> None:
        """Something is done that is not followed."""
        self.leaks.append(Leak(line=getattr(node, "lineno", 0), certain=False, says=says))

    def read(self, node: ast.AST, name: str) -> None:
        """A reasoning field is read."""
        says = f"`{name}` is read"
        self.leaks.append(Leak(line=getattr(node, "lineno", 0), certain=True, says=says))


_OUTSIDE = (ast.ClassDef, ast.Global, ast.Nonlocal, ast.Import, ast.ImportFrom)
_REASONING = 3  # a parameter that holds the reasoning: reading the name is the leak


@dataclass(slots=True, kw_only=True)
class _Scope:
    """The variables of one function, joined over all its assignments."""

    walk: Walk
    names: dict[str, int]
    returned: int = CLEAN

    def settle(self, body: list[ast.stmt]) -> int:
        """Walk the body until no variable changes; only the last pass is recorded."""
        kept = list(self.walk.leaks)
        while True:
            before = dict(self.names)
            self.walk.leaks[:] = kept
            for statement in body:
                self._statement(statement)
            if self.names == before:
                return self.returned

    def _bind(self, target: ast.expr, value: int) -> None:
        if isinstance(target, ast.Name):
            old = self.names.get(target.id, CLEAN)
            if old != _REASONING:
                self.names[target.id] = max(old, value)
        elif isinstance(target, ast.Tuple | ast.List):
            for each in target.elts:
                self._bind(each, MIXED if value else CLEAN)
        elif isinstance(target, ast.Starred):
            self._bind(target.value, MIXED if value else CLEAN)
        else:
            if value:
                self._unclear(target, "an episode is stored where it is not followed")
            for child in ast.iter_child_nodes(target):
                if isinstance(child, ast.expr):
                    self._value(child)

    def _unclear(self, node: ast.AST, says: str) -> None:
        self.walk.unclear(node, says)

    def _used(self, node: ast.expr) -> int:
        """Evaluate and consume: what may hold reasoning must not be consumed."""
        if self._value(node):
            self._unclear(node, f"`{_shown(node)}` may hold the reasoning, and is used whole")
        return CLEAN

    def _statement(self, node: ast.AST) -> None:
        self.walk.steps += 1
        if self.walk.steps > STEPS:
            raise TooLarge
        if isinstance(node, ast.Assign | ast.AnnAssign):
            value = self._value(node.value) if node.value is not None else CLEAN
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                self._bind(target, value)
        elif isinstance(node, ast.AugAssign):
            self._added(node)
        elif isinstance(node, ast.Return):
            self._return(node)
        elif isinstance(node, ast.For | ast.AsyncFor):
            self._bind(node.target, MIXED if self._used_by(node.iter) else CLEAN)
            for statement in (*node.body, *node.orelse):
                self._statement(statement)
        elif isinstance(node, FUNCTION):
            self._nested(node)
        elif isinstance(node, _OUTSIDE):
            self._unclear(node, "a class, an import or an outer variable is not followed")
        else:
            self._children(node)

    def _added(self, node: ast.AugAssign) -> None:
        self._used(node.value)
        if isinstance(node.target, ast.Name):
            self._used(ast.copy_location(ast.Name(node.target.id, ast.Load()), node.target))
        else:
            self._bind(node.target, CLEAN)

    def _return(self, node: ast.Return) -> None:
        value = self._value(node.value) if node.value is not None else CLEAN
        if value and len(self.walk.stack) == 1:
            self._unclear(node, f"`{_shown(node)}` may hold the reasoning")
        self.returned = max(self.returned, value)

    def _used_by(self, node: ast.expr) -> int:
        value = self._value(node)
        if value:
            self._unclear(node, f"`{_shown(node)}` may hold the reasoning, and is walked through")
        return value

    def _children(self, node: ast.AST) -> None:
        """Every statement below is walked and every expression consumed."""
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr) and not isinstance(
                getattr(child, "ctx", None), ast.Store | ast.Del
            ):
                self._used(child)
            elif isinstance(child, ast.expr):
                self._bind(child, CLEAN)
            else:
                self._statement(child)

    def _nested(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        """A function inside: its parameters are clean, for a call that gives it more leaks."""
        for default in (*node.args.defaults, *filter(None, node.args.kw_defaults)):
            self._used(default)
        if node.decorator_list:
            self._unclear(node, "a decorator is not followed")
        inner = _Scope(walk=self.walk, names={**self.names, **_parameters(node.args)})
        self._bind(ast.Name(node.name, ast.Store()), MIXED if inner.settle(node.body) else CLEAN)
        for name, value in inner.names.items():
            if name in self.names and name not in _parameters(node.args):
                self.names[name] = max(self.names[name], value)

    def _value(self, node: ast.expr) -> int:
        self.walk.steps += 1
        if self.walk.steps > STEPS:
            raise TooLarge
        handler = _HANDLERS.get(type(node))
        if handler is not None:
            return handler(self, node)
        self._children(node)
        return CLEAN

    def _name(self, node: ast.Name) -> int:
        value = self.names.get(node.id)
        if value == _REASONING:
            self.walk.read(node, node.id)
            return CLEAN
        if value is None and (node.id in DYNAMIC or node.id.startswith("__")):
            self._unclear(node, f"`{node.id}` reaches what the syntax does not show")
        return value or CLEAN

    def _selected(self, node: ast.AST, value: int, name: object) -> int:
        """The field `name` of a value; `name` is None where it is not a constant."""
        if not value:
            return CLEAN
        if isinstance(name, str) and name in self.walk.module.reasoning:
            self.walk.read(node, name)
            return CLEAN
        if value == SAMPLE and isinstance(name, str) and name in self.walk.module.clean:
            return CLEAN
        return MIXED

    def _attribute(self, node: ast.Attribute) -> int:
        if node.attr in FRAMES or node.attr.startswith("__"):
            self._unclear(node, f"`.{node.attr}` reaches what the syntax does not show")
        return self._selected(node, self._value(node.value), node.attr)

    def _subscript(self, node: ast.Subscript) -> int:
        self._used(node.slice)
        return self._selected(node, self._value(node.value), _constant(node.slice))

    def _call(self, node: ast.Call) -> int:
        picked = self._picked(node)
        if picked is not None:
            return picked
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        local = self.walk.module.functions.get(name) if name not in self.names else None
        plain = not any(isinstance(a, ast.Starred) for a in node.args) and all(
            k.arg for k in node.keywords
        )
        if local is not None and plain and not (local.args.vararg or local.args.kwarg):
            return self.walk.function(local, self._given(local, node))
        self._used(node.func)
        for argument in node.args:
            self._used(argument.value if isinstance(argument, ast.Starred) else argument)
        for keyword in node.keywords:
            self._used(keyword.value)
        return CLEAN

    def _picked(self, node: ast.Call) -> int | None:
        """`x.get("field")`, `x.get("field", default)` and `getattr(x, "field")` of an episode."""
        if node.keywords or any(isinstance(a, ast.Starred) for a in node.args):
            return None
        func, arguments = node.func, list(node.args)
        if isinstance(func, ast.Attribute) and func.attr == "get" and len(arguments) in (1, 2):
            base = func.value
        elif (
            isinstance(func, ast.Name)
            and func.id == "getattr"
            and "getattr" not in self.walk.module.bound
            and len(arguments) in (2, 3)
        ):
            base = arguments.pop(0)
        else:
            return None
        value, name = self._value(base), _constant(arguments[0])
        if isinstance(func, ast.Name) and (not isinstance(name, str) or name in FRAMES):
            self._unclear(node, f"`{_shown(node)}` takes a field that the syntax does not show")
        if not value:
            return None
        for argument in arguments:
            self._used(argument)
        return self._selected(node, value, name)

    def _given(
        self, local: ast.FunctionDef | ast.AsyncFunctionDef, node: ast.Call
    ) -> dict[str, int]:
        order = [a.arg for a in (*local.args.posonlyargs, *local.args.args)]
        given = {
            name: self._value(argument) for name, argument in zip(order, node.args, strict=False)
        }
        given.update({k.arg: self._value(k.value) for k in node.keywords if k.arg})
        return given

    def _joined(self, node: ast.expr) -> int:
        """A container or a choice: it may hold reasoning if one of its parts may."""
        parts = [self._value(c) for c in ast.iter_child_nodes(node) if isinstance(c, ast.expr)]
        return MIXED if any(parts) else CLEAN

    def _choice(self, node: ast.IfExp) -> int:
        self._used(node.test)
        return max(self._value(node.body), self._value(node.orelse))

    def _walrus(self, node: ast.NamedExpr) -> int:
        value = self._value(node.value)
        self._bind(node.target, value)
        return value

    def _lambda(self, node: ast.Lambda) -> int:
        inner = _Scope(walk=self.walk, names={**self.names, **_parameters(node.args)})
        for default in (*node.args.defaults, *filter(None, node.args.kw_defaults)):
            self._used(default)
        return MIXED if inner._value(node.body) else CLEAN

    def _comprehension(self, node: ast.expr) -> int:
        for generator in getattr(node, "generators", ()):
            self._bind(generator.target, MIXED if self._used_by(generator.iter) else CLEAN)
            for test in generator.ifs:
                self._used(test)
        parts = [getattr(node, name, None) for name in ("elt", "key", "value")]
        values = [self._value(part) for part in parts if part is not None]
        return MIXED if any(values) else CLEAN


def _parameters(spec: ast.arguments) -> dict[str, int]:
    every = (*spec.posonlyargs, *spec.args, *spec.kwonlyargs, spec.vararg, spec.kwarg)
    return {a.arg: CLEAN for a in every if a is not None}


def _constant(node: ast.expr) -> object:
    return node.value if isinstance(node, ast.Constant) else None


def _shown(node: ast.AST) -> str:
    text = ast.unparse(node)
    return text if len(text) <= 60 else text[:57] + "..."


_HANDLERS: Mapping[type[ast.expr], Callable[[_Scope, Any], int]] = {
    ast.Name: _Scope._name,
    ast.Attribute: _Scope._attribute,
    ast.Subscript: _Scope._subscript,
    ast.Call: _Scope._call,
    ast.BoolOp: _Scope._joined,
    ast.List: _Scope._joined,
    ast.Tuple: _Scope._joined,
    ast.Set: _Scope._joined,
    ast.Dict: _Scope._joined,
    ast.Starred: _Scope._joined,
    ast.IfExp: _Scope._choice,
    ast.NamedExpr: _Scope._walrus,
    ast.Lambda: _Scope._lambda,
    ast.ListComp: _Scope._comprehension,
    ast.SetComp: _Scope._comprehension,
    ast.DictComp: _Scope._comprehension,
    ast.GeneratorExp: _Scope._comprehension,
}
