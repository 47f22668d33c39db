"""The recipe a leaf has now: subject, instrument, effort and sampling, by content.

A pure reading of the case folder and the installed packages; nothing is run. `assess` compares
the result with what was registered.
"""

from __future__ import annotations

import ast
import hashlib
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from safetycase.argument.model import Case, Evidence, ModelSpec
from safetycase.evidence.digests import Digester
from safetycase.evidence.facts import resolve_facts
from safetycase.evidence.models import ModelMissing, weights_path
from safetycase.ledger.recipe import Recipe
from safetycase.plugin.catalogue import MethodEntry
from safetycase.plugin.contract import Method
from safetycase.plugin.parameters import bind, plain

__all__ = ["CurrentRecipe", "current_recipe", "environment", "resolve_facts", "seed_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrentRecipe:
    """The recipe of one leaf now, or why there is none; `files` are the paths it rests on."""

    recipe: Recipe | None
    problem: str = ""
    files: Mapping[str, str] = field(default_factory=dict)


def seed_of(case: str, evidence: str, repeat: int) -> int:
    """The seed of a leaf: fixed by names and the number of the registration, never chosen."""
    text = f"{case}\n{evidence}\n{repeat}".encode()
    return int.from_bytes(hashlib.sha256(text).digest()[:4], "big") >> 1


def current_recipe(
    case: Case,
    leaf: Evidence,
    method: Method,
    entry: MethodEntry,
    folder: Path,
    digester: Digester,
) -> CurrentRecipe:
    """Read the recipe of `leaf` as it stands; every failure is a problem, never a guess."""
    values, _ = resolve_facts(case, dict(leaf.with_))
    bound = bind(method.parameters, values)
    if bound.mismatches:
        return CurrentRecipe(recipe=None, problem="the parameters do not fit the method")
    try:
        files = _files(folder, (*leaf.inputs, *method.files(bound.value)), digester)
        subject = _subject(case, leaf, method, folder, digester)
        code = _code(entry)
    except (OSError, ModelMissing, SyntaxError, UnicodeDecodeError) as error:
        return CurrentRecipe(recipe=None, problem=str(error))
    plan = leaf.plan
    recipe = Recipe(
        groups={
            "subject": subject,
            "instrument": {
                "method": method.name,
                "method_version": method.version,
                "method_code": code,
                "parameters": plain(values),
                "reads": dict(leaf.reads),
                "files": files,
            },
            "effort": {"attempts": plan.attempts if plan else 1},
            "sampling": {"planned_n": plan.n if plan and plan.n else 0},
        }
    )
    return CurrentRecipe(recipe=recipe, files=files)


def environment() -> Mapping[str, str]:
    """What the run happens in; recorded, and no part of the recipe's identity."""
    from importlib.metadata import PackageNotFoundError, version

    found = {"python": ".".join(map(str, sys.version_info[:3])), "platform": sys.platform}
    for package in ("safetycase", "inspect-ai", "xllamacpp", "openai"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def _subject(
    case: Case, leaf: Evidence, method: Method, folder: Path, digester: Digester
) -> Mapping[str, Any]:
    name = leaf.model or case.header.system.model
    spec = case.header.models.get(name)
    if spec is None:
        raise ModelMissing(f"there is no model `{name}`")
    path = _weights(spec, folder, method)
    return {
        "weights": spec.weights,
        "provider": spec.provider,
        "weights_sha256": digester.file(path) if path else "",
        "scaffold": case.header.system.scaffold,
        "tools": list(case.header.system.tools),
    }


def _weights(spec: ModelSpec, folder: Path, method: Method) -> Path | None:
    """The weights whose digest names the subject; a result made elsewhere does without them."""
    if not (method.needs_model or method.imports):
        return None
    try:
        return weights_path(spec, folder)
    except ModelMissing:
        if method.needs_model:
            raise
        return None


def _code(entry: MethodEntry) -> str:
    """One digest over the method's module and the modules of its own that it imports."""
    whole = hashlib.sha256()
    for module, path in entry.code():
        content = path.read_bytes()
        whole.update(f"{module}\0{len(content)}\0".encode())
        whole.update(content)
    return whole.hexdigest()


def _files(folder: Path, names: tuple[str, ...], digester: Digester) -> Mapping[str, str]:
    """Digest of every named file, and of the local modules that named Python files import."""
    found: dict[str, str] = {}
    queue = list(dict.fromkeys(names))
    base = folder.resolve()
    for name in queue:
        try:
            path = (folder / name).resolve()
        except (RuntimeError, ValueError) as error:
            raise OSError(f"`{name}` leads nowhere") from error
        if not path.is_relative_to(base):
            raise OSError(f"`{name}` lies outside the case folder")
        found[name] = digester.file(path)
        if path.suffix == ".py":
            queue += [n for n in _imports(path, base) if n not in queue]
    return dict(sorted(found.items()))


def _imports(path: Path, base: Path) -> list[str]:
    """The files below the case folder that a Python file imports, by its text."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"), str(path))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    found = []
    for name in names:
        for start in {path.parent, base}:
            stem = start.joinpath(*name.split("."))
            for candidate in (stem.with_suffix(".py"), stem / "__init__.py"):
                if candidate.is_file() and candidate.resolve().is_relative_to(base):
                    found.append(candidate.resolve().relative_to(base).as_posix())
    return sorted(set(found))
