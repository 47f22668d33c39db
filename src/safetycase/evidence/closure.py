"""The code a method consists of, by content: its modules, and the packages they lean on.

Read from the text of the modules: nothing is imported, and an import inside a function counts.
What an import statement does not show (a name made up at run time) is found when the method runs,
by `observe`, unless it lies in an installed package; of those, the version counts.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import importlib.metadata
import importlib.util
import re
import sys
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

from safetycase.evidence.places import Places

__all__ = ["Closure", "closure", "joined", "packages", "tops", "written_import"]

OURS = ("safetycase.methods", "safetycase.stats", "safetycase.confidence", "safetycase.argument")
"""What of this package a method of ours may consist of; the contract itself is not among it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Closure:
    """The modules of a method and the versions of what they lean on.

    `code` maps a module to the SHA-256 of its file, `files` to the file; `packages` names the
    distributions that they import from. `digest` is one over all the code.
    """

    code: Mapping[str, str]
    files: Mapping[str, Path]
    packages: Mapping[str, str]

    digest: str


def closure(target: str) -> Closure:
    """The code behind `module:attribute`: its module, and what of the same house it imports.

    Of the same house are modules of the same top-level package, and any that were not installed
    as a package of their own (they have no version to go by). Raises OSError if the module is
    nowhere, and OSError or UnicodeDecodeError if a file cannot be read: code that is not known
    must not pass as code without a change.
    """
    code, files, used = dict[str, str](), dict[str, Path](), dict[str, None]()
    queue = [target.partition(":")[0]]
    house = queue[0].partition(".")[0]
    ours = (*OURS, queue[0].rpartition(".")[0] or house)
    known: set[str] = set()
    while queue:
        module = queue.pop()
        path = None if module in known else _own(module, house, ours)
        known.add(module)
        if path is None:
            top = module.partition(".")[0]
            if top != house and top != "safetycase" and _local(top) is None:
                used[top] = None
            continue
        data = path.read_bytes()
        code[module], files[module] = hashlib.sha256(data).hexdigest(), path
        if path.suffix == ".py":
            queue += _imports(data.decode("utf-8"), module, path.name == "__init__.py")
        if "." in module and house != "safetycase":
            queue.append(module.rpartition(".")[0])  # importing it runs its packages too
    if target.partition(":")[0] not in code:
        raise OSError(f"the code of the method `{target}` is nowhere to be found")
    return _closed(code, files, {**packages(used), **_version_of_house(house)})


def joined(parts: Sequence[Closure]) -> Closure:
    """One closure of several: a method and the plugins that it calls."""
    code = {name: value for part in parts for name, value in part.code.items()}
    files = {name: path for part in parts for name, path in part.files.items()}
    used = {name: version for part in parts for name, version in part.packages.items()}
    return _closed(code, files, used)


def _closed(code: Mapping[str, str], files: Mapping[str, Path], used: Mapping[str, str]) -> Closure:
    whole = hashlib.sha256()
    for name, value in sorted(code.items()):
        whole.update(f"{name}\0{value}\0".encode())
    return Closure(
        digest=whole.hexdigest(),
        code=dict(sorted(code.items())),
        files=dict(sorted(files.items())),
        packages=used,
    )


def packages(names: Iterable[str]) -> Mapping[str, str]:
    """The versions of the distributions that offer these top-level modules.

    Standard library and this package are left out; what is not installed says so.
    """
    found: dict[str, str] = {}
    for name in names:
        if name not in sys.stdlib_module_names and name != "safetycase":
            dist, version = _version(name)
            found[dist] = version
    return dict(sorted(found.items()))


def _version_of_house(house: str) -> Mapping[str, str]:
    """The version of an installed method's own package; empty for ours, and without a version.

    The data of a package, and what it loads by a name made up at run time, are known by it alone.
    """
    if house == "safetycase":
        return {}
    dist, version = _version(house)
    return {} if version in ("not installed", "no version") else {dist: version}


def tops(text: str) -> set[str]:
    """The top-level modules that a Python text imports absolutely."""
    names = (package or module for package, _, module in _IMPORT.findall(text))
    return {name.partition(".")[0] for name in names if not name.startswith(".")}


def _own(module: str, house: str, ours: tuple[str, ...]) -> Path | None:
    """The file of a module that belongs to the method, or None."""
    top = module.partition(".")[0]
    if top == "safetycase":
        if not any(module == own or module.startswith(own + ".") for own in ours):
            return None
        return _file_of(module)
    if top in sys.stdlib_module_names:
        return None
    return _file_of(module) if top == house or _local(top) is not None else None


@dataclass(frozen=True, slots=True)
class _Root:
    """A top-level module: its own file (None for a namespace) and where its parts are."""

    file: Path | None
    folders: tuple[Path, ...]


@functools.lru_cache(maxsize=4096)
def _root(top: str, _path: tuple[str, ...]) -> _Root | None:
    """Where a top-level module starts. It is not imported."""
    try:
        spec = importlib.util.find_spec(top)
    except (ImportError, ValueError):
        return None
    if spec is None:
        return None
    file = Path(spec.origin) if spec.origin else None
    folders = tuple(Path(folder) for folder in spec.submodule_search_locations or ())
    if file is not None and not file.is_file():
        file = None  # built in, or frozen
    return _Root(file, folders) if file or folders else None


def _local(top: str) -> Path | None:
    """The start of a top-level module that is no installed package: a module on the path only."""
    found = _root(top, tuple(sys.path))
    if found is None or top in sys.stdlib_module_names:
        return None
    start = found.file or found.folders[0]
    return None if _places().of(str(start.resolve())) == "environment" else start


@functools.lru_cache(maxsize=1)
def _places() -> Places:
    nowhere = Path("/nonexistent")
    return Places(nowhere, nowhere, ())


def _file_of(module: str) -> Path | None:
    top, *rest = module.split(".")
    found = _root(top, tuple(sys.path))
    if found is None or not rest:
        return found.file if found else None
    for folder in found.folders:
        stem = folder.joinpath(*rest)
        for candidate in (
            stem.with_suffix(".py"),
            stem / "__init__.py",
            *(stem.with_name(stem.name + end) for end in EXTENSION_SUFFIXES),
        ):
            if candidate.is_file():
                return candidate
    return None


_IMPORT = re.compile(
    r"^[ \t]*(?:from[ \t]+([.\w]+)[ \t]+import[ \t]+(\([^)]*\)|[^\n#]+)|import[ \t]+([\w.]+))", re.M
)
_MORE = re.compile(r"^[ \t]*import[ \t]+([^\n#]+)", re.M)


def _imports(text: str, module: str, is_package: bool) -> Iterator[str]:
    """The modules that a Python text may import, by name; too many rather than too few."""
    if not module.startswith("safetycase."):
        tree = _tree(text)
        if tree is not None:
            yield from _parsed(tree, module, is_package)
            return
    # Texts of ours keep to one import a line, and not parsing them halves the start of `status`.
    for match in _MORE.findall(text):
        yield from (word.split()[0] for word in match.split(",") if word.split())
    for package, names, _ in _IMPORT.findall(text):
        if not package:
            continue
        start = _absolute(package, module, is_package)
        words = [w for w in re.findall(r"(?:(?<=as )\w+)|(\w+)", names) if w and w != "as"]
        yield from _offered(start, words)


def _offered(start: str, words: Iterable[str]) -> Iterator[str]:
    """What `from start import words` may load."""
    homes = _homes(start) if start in OURS else {}
    if not homes:
        yield start
    for word in words:
        # A package of ours that only gathers names leads to the module that defines one.
        yield homes.get(word, f"{start}.{word}")


def _tree(text: str) -> ast.AST | None:
    """The text as Python, or None: a method may load a file only to find that it is none."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of its strings, say
            return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _parsed(tree: ast.AST, module: str, is_package: bool) -> Iterator[str]:
    """The modules that parsed Python imports, wherever the statement stands."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            start = _absolute("." * node.level + (node.module or ""), module, is_package)
            yield from _offered(start, (alias.name for alias in node.names))
        elif isinstance(node, ast.Call):
            named = written_import(node)
            if named is not None:
                yield _absolute(named, module, is_package)


def written_import(call: ast.Call) -> str | None:
    """The module that `import_module("x")` or `__import__("x")` names, if it is written out."""
    called, first = call.func, call.args[0] if call.args else None
    word = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
    if word not in ("import_module", "__import__") or not isinstance(first, ast.Constant):
        return None
    return first.value if isinstance(first.value, str) else None


def _absolute(package: str, module: str, is_package: bool) -> str:
    if not package.startswith("."):
        return package
    rest = package.lstrip(".")
    up = len(package) - len(rest) - (1 if is_package else 0)
    base = module.split(".")[: len(module.split(".")) - up]
    return ".".join([*base, rest] if rest else base)


@functools.lru_cache(maxsize=16)
def _homes(package: str) -> Mapping[str, str]:
    """Which module of a gathering package of ours defines each name it offers."""
    path = _file_of(package)
    if path is None or path.name != "__init__.py":
        return {}
    found = {}
    for start, names, _ in _IMPORT.findall(path.read_text("utf-8")):
        if start.startswith(package + "."):
            found.update(dict.fromkeys(re.findall(r"\w+", names), start))
    return found


@functools.lru_cache(maxsize=1024)
def _version(name: str) -> tuple[str, str]:
    """The distribution that offers a top-level module, and its version."""
    try:
        return name.replace("_", "-"), importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        pass
    if importlib.util.find_spec(name) is None:
        return name.replace("_", "-"), "not installed"
    dist = next(filter(functools.partial(_offers, name), importlib.metadata.distributions()), None)
    return (dist.metadata["Name"], dist.version) if dist else (name, "no version")


def _offers(name: str, dist: importlib.metadata.Distribution) -> bool:
    """Whether a distribution installs a top-level module, as `packages_distributions` would say.

    That function parses the metadata and every path of every distribution: 0.15 s with 200 of them.
    """
    if declared := (dist.read_text("top_level.txt") or "").split():
        return name in declared
    listed = rf'^"?{re.escape(name)}(?:\.py|/[^,\n]*\.py)"?,'
    return re.search(listed, dist.read_text("RECORD") or "", re.MULTILINE) is not None
