"""Python that a case brings along (`file.py@name`), loaded while a method runs and never else."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

from safetycase.plugin.contract import MethodError

__all__ = ["file_of", "own_object"]


def file_of(spec: str) -> str:
    """The file of `file.py@name`; `ValueError` if it is not written so."""
    file, at, name = spec.partition("@")
    if not (at and file.endswith(".py") and name.isidentifier()):
        raise ValueError(f"`{spec}` is not `file.py@name`")
    return file


def own_object(folder: Path, spec: str) -> object:
    """What `file.py@name` in the case folder is; `MethodError` names the file and the reason."""
    file, _, name = spec.partition("@")
    module = _module(folder / file)
    if not hasattr(module, name):
        raise MethodError(f"`{file}` has no `{name}`")
    found: object = getattr(module, name)
    return found


def _module(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"case_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise MethodError(f"`{path.name}` is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise MethodError(f"`{path.name}` cannot be loaded: {error}") from error
    return module
