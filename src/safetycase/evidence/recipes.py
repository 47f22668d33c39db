"""The recipe a leaf has now, by content: subject, instrument, effort, sampling, environment.

A pure reading of the case folder and the installed packages; nothing is run. `assess` compares
the result with what was registered.
"""

from __future__ import annotations

import ast
import hashlib
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from safetycase.argument.model import Case, Evidence, ModelSpec
from safetycase.evidence.closure import Closure, closure, joined, packages, written_import
from safetycase.evidence.digests import Digester
from safetycase.evidence.environment import environment
from safetycase.evidence.facts import resolve_facts
from safetycase.evidence.models import ModelMissing, Weights, weights_files, weights_of
from safetycase.ledger.recipe import Recipe
from safetycase.plugin.catalogue import MethodEntry
from safetycase.plugin.contract import Method
from safetycase.plugin.entries import offered
from safetycase.plugin.parameters import bind, plain

__all__ = [
    "CurrentRecipe",
    "Reading",
    "as_used",
    "current_recipe",
    "environment",
    "resolve_facts",
    "seed_of",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrentRecipe:
    """The recipe of one leaf now, or why there is none.

    `files` are the files of the case folder it rests on (name -> SHA-256); `sources` all text
    that it names, by the field of the recipe that does; `weights` the files of its models.
    `environment` is the whole of what it would run in.
    """

    recipe: Recipe | None
    problem: str = ""
    files: Mapping[str, str] = field(default_factory=dict)
    sources: Mapping[str, Path] = field(default_factory=dict)
    weights: tuple[Path, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def declared(self) -> tuple[str, ...]:
        """What a run of it may open without being asked: files, code and weights."""
        paths = (str(p) for p in (*self.sources.values(), *self.weights))
        return tuple(dict.fromkeys((*self.files, *paths)))


class Reading:
    """What several leaves of a case have in common, read once: one snapshot of the files."""

    def __init__(self, folder: Path, digester: Digester) -> None:
        self.folder = folder.resolve()
        self.digester = digester
        self._closures: dict[str, Closure] = {}
        self._weights: dict[ModelSpec, Weights | None] = {}
        self._paths: dict[str, Path] = {}
        self._imports: dict[Path, tuple[list[str], set[str]]] = {}
        self._packages: dict[frozenset[str], Mapping[str, str]] = {}

    def closure(self, entry: MethodEntry, plugins: tuple[str, ...] = ()) -> Closure:
        """The code behind a method and behind the entry points (`group:name`) that it calls."""
        found = self._closure(entry.target)
        if not plugins:
            return found
        return joined([found, *(self._closure(_plugin(name)) for name in plugins)])

    def _closure(self, target: str) -> Closure:
        found = self._closures.get(target)
        if found is None:
            found = self._closures[target] = closure(target)
        return found

    def weights(self, spec: ModelSpec) -> Weights | None:
        """What identifies the weights of a model."""
        if spec not in self._weights:
            self._weights[spec] = weights_of(spec, self.folder, self.digester)
        return self._weights[spec]

    def packages(self, names: set[str]) -> Mapping[str, str]:
        """The versions of the distributions behind top-level modules."""
        key = frozenset(names)
        if key not in self._packages:
            self._packages[key] = packages(sorted(names))
        return self._packages[key]

    def files(self, names: tuple[str, ...]) -> tuple[Mapping[str, str], set[str]]:
        """Digest of every named file, and of the local modules that named Python files import.

        The second is what they import from elsewhere, by top-level module.
        """
        found: dict[str, str] = {}
        tops: set[str] = set()
        queue = list(dict.fromkeys(names))
        for name in queue:
            path = self.path(name)
            found[name] = self.digester.once(path)
            if path.suffix == ".py":
                local, others = self._imported(path)
                queue += [n for n in local if n not in queue]
                tops |= others
        return dict(sorted(found.items())), tops

    def path(self, name: str) -> Path:
        """A file of the case folder; OSError if the name leads out of it."""
        path = self._paths.get(name)
        if path is None:
            try:
                path = (self.folder / name).resolve()
            except (RuntimeError, ValueError) as error:
                raise OSError(f"`{name}` leads nowhere") from error
            if not path.is_relative_to(self.folder):
                raise OSError(f"`{name}` lies outside the case folder")
            self._paths[name] = path
        return path

    def _imported(self, path: Path) -> tuple[list[str], set[str]]:
        """The files below the case folder that a Python file imports, and the other modules."""
        known = self._imports.get(path)
        if known is not None:
            return known
        local, others = dict[str, None](), set[str]()
        for name, within in _names(path):
            found = list(self._local(name, path.parent if within is None else within))
            local.update(dict.fromkeys(found))
            if not found and within is None:
                others.add(name.partition(".")[0])
        tops = {name.partition("/")[0].removesuffix(".py") for name in local}
        self._imports[path] = sorted(local), others - tops
        return self._imports[path]

    def _local(self, name: str, start: Path) -> Iterator[str]:
        for base in {start, self.folder}:
            stem = base
            for part in name.split("."):
                stem = stem / part
                for candidate in (stem.with_suffix(".py"), stem / "__init__.py"):
                    if candidate.is_file() and candidate.resolve().is_relative_to(self.folder):
                        yield candidate.resolve().relative_to(self.folder).as_posix()


def seed_of(case: str, evidence: str, repeat: int) -> int:
    """The seed of a leaf: fixed by names and the number of the registration, never chosen."""
    text = f"{case}\n{evidence}\n{repeat}".encode()
    return int.from_bytes(hashlib.sha256(text).digest()[:4], "big") >> 1


def as_used(case: Case, leaf: Evidence, method: Method) -> Method:
    """The method as this leaf uses it; as it is where the parameters do not fit it."""
    if method.made_elsewhere is None and method.runs_model is None:
        return method
    bound = bind(method.parameters, resolve_facts(case, dict(leaf.with_))[0])
    return method if bound.mismatches else method.used_with(bound.value, tuple(leaf.inputs))


def current_recipe(
    case: Case,
    leaf: Evidence,
    method: Method,
    entry: MethodEntry,
    shared: Reading,
) -> CurrentRecipe:
    """Read the recipe of `leaf` as it stands; every failure is a problem, never a guess.

    The same `shared` for every leaf of a case reads what they have in common once.
    """
    values, _ = resolve_facts(case, dict(leaf.with_))
    bound = bind(method.parameters, values)
    if bound.mismatches:
        return CurrentRecipe(recipe=None, problem="the parameters do not fit the method")
    try:
        code = shared.closure(entry, method.plugins(bound.value))
        files, tops = shared.files((*leaf.inputs, *method.files(bound.value)))
        subject = _subject(case, leaf, method, shared)
        instrument = {
            "method": method.name,
            "method_version": method.version,
            "method_code": code.digest,
            "code": code.code,
            "packages": {**code.packages, **shared.packages(tops)} if tops else code.packages,
            "parameters": plain(values),
            "reads": dict(leaf.reads),
            "files": files,
            "judges": _judges(case, leaf, values, shared),
        }
        weights = _weights_paths(case, leaf, method, shared) if method.needs_model else ()
    except (OSError, ModelMissing, SyntaxError, UnicodeDecodeError) as error:
        return CurrentRecipe(recipe=None, problem=str(error))
    plan, whole = leaf.plan, environment(leaf.environment)
    recipe = Recipe(
        groups={
            "subject": subject,
            "instrument": instrument,
            "effort": {**plain(leaf.effort), "attempts": plan.attempts if plan else 1},
            "sampling": {"planned_n": plan.n if plan and plan.n else 0},
            "environment": {name: whole[name] for name in leaf.environment},
        }
    )
    return CurrentRecipe(
        recipe=recipe,
        files=files,
        sources={
            **{f"instrument.code.{module}": path for module, path in code.files.items()},
            **{f"instrument.files.{name}": shared.path(name) for name in files},
        },
        weights=weights,
        environment=whole,
    )


def _subject(case: Case, leaf: Evidence, method: Method, shared: Reading) -> Mapping[str, Any]:
    name = leaf.model or case.header.system.model
    spec = case.header.models.get(name)
    if spec is None:
        raise ModelMissing(f"there is no model `{name}`")
    return {
        **_model(spec, method, shared),
        "scaffold": case.header.system.scaffold,
        "tools": list(case.header.system.tools),
    }


def _model(spec: ModelSpec, method: Method, shared: Reading) -> dict[str, Any]:
    """A model by name and content, and how surely it is known to be the one that runs."""
    weights = None
    if method.needs_model or method.imports:
        try:
            weights = shared.weights(spec)
        except ModelMissing:
            # A result made elsewhere does without the weights; it is as it was reported.
            if method.needs_model:
                raise
    reported = "reported" if method.needs_model or method.imports else ""
    found: dict[str, Any] = {
        "weights": spec.weights,
        "provider": spec.provider,
        "weights_sha256": weights.sha256 if weights else "",
        "identity": "weights" if weights and method.needs_model else reported,
    }
    if weights and weights.files:
        found["weights_files"] = weights.files
    return found


def _judges(
    case: Case, leaf: Evidence, values: Mapping[str, Any], shared: Reading
) -> Mapping[str, Any]:
    """The other models of the case that the parameters name: a judge is a subject of its own."""
    own = leaf.model or case.header.system.model
    named = {word for word in _texts(values) if word in case.header.models and word != own}
    found = {}
    for name in sorted(named):
        spec = case.header.models[name]
        weights = shared.weights(spec)
        found[name] = {
            "weights": spec.weights,
            "provider": spec.provider,
            "weights_sha256": weights.sha256 if weights else "",
            "identity": "weights" if weights else "reported",
        }
    return found


def _weights_paths(case: Case, leaf: Evidence, method: Method, shared: Reading) -> tuple[Path, ...]:
    spec = case.header.models[leaf.model or case.header.system.model]
    found = weights_files(spec, shared.folder) if method.needs_model else None
    return found[1] if found else ()


def _plugin(name: str) -> str:
    """The target of an entry point `group:name`; OSError if no installed package offers it."""
    group, _, wanted = name.partition(":")
    try:
        return offered(group, wanted).target
    except LookupError as error:
        raise OSError(str(error)) from error


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _texts(inner)


def _names(path: Path) -> Iterator[tuple[str, Path | None]]:
    """The modules that a Python file imports, by its text; with a folder if it says which."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of its strings, say; the run will show them
            tree = ast.parse(path.read_text("utf-8"), str(path))
    except (ValueError, RecursionError, MemoryError) as error:
        raise OSError(f"{path} cannot be read as Python, so that what it imports is not known: "
                      f"{error}") from error  # fmt: skip
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, None) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            start = None
            if node.level:
                start = path.parents[min(node.level, len(path.parents)) - 1]
                yield "__init__", start  # a relative import runs the package it is relative to
            if node.module:
                yield node.module, start
            for alias in node.names:
                name = f"{node.module}.{alias.name}" if node.module else alias.name
                # A name imported from a module is no module of its own to look for elsewhere.
                yield name, start or path.parent
        elif isinstance(node, ast.Call):
            named = written_import(node)
            if named is not None and not named.startswith("."):
                yield named, None
