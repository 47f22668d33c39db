"""What a run happens in: interpreter, platform, packages and the class of hardware."""

from __future__ import annotations

import functools
import hashlib
import importlib.util
import os
import platform
import sys
from collections.abc import Iterable, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

__all__ = ["SOURCE", "environment"]

SOURCE = " source"
"""The end of a field that is the digest of a package's files, as in `safetycase source`."""


def environment(names: Iterable[str] = ()) -> Mapping[str, str]:
    """What a run happens in; recorded with it.

    It belongs to the identity of a result only where a leaf names a field (`environment:`).
    `names` are such fields: one that is no field below is the version of a distribution, and
    `NAME source` the SHA-256 over the files of the package NAME, for what has one version and
    changes all the same.
    """
    found = dict(_known())
    for name in names:
        if name.endswith(SOURCE):
            found[name] = _source(name.removesuffix(SOURCE))
        elif name not in found:
            found[name] = _version(name)
    return found


@functools.lru_cache(maxsize=16)
def _source(package: str) -> str:
    """One digest over the paths and contents of all files of an installed package.

    Read once in a process: what was imported stays as it was. `not installed` if there is none.
    """
    try:
        spec = importlib.util.find_spec(package)
    except (ImportError, ValueError):
        spec = None
    if spec is None or not spec.submodule_search_locations:
        return "not installed"
    whole = hashlib.sha256()
    for folder in map(Path, spec.submodule_search_locations):
        for path in sorted(folder.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                content = hashlib.sha256(path.read_bytes()).hexdigest()
                whole.update(f"{path.relative_to(folder).as_posix()}\0{content}\0".encode())
    return whole.hexdigest()


@functools.lru_cache(maxsize=1)
def _known() -> Mapping[str, str]:
    found = {
        "python": ".".join(map(str, sys.version_info[:3])),
        "implementation": sys.implementation.name,
        "platform": sys.platform,
        "machine": platform.machine(),
        "system": f"{platform.system()} {platform.release()}",
        "processors": str(os.cpu_count() or 0),
        "processor": _processor(),
        "accelerators": _accelerators(),
    }
    for package in ("safetycase", "inspect-ai", "xllamacpp", "openai"):
        value = _version(package)
        if value != "not installed":
            found[package] = value
    return found


@functools.lru_cache(maxsize=256)
def _version(package: str) -> str:
    try:
        return version(package)
    except (PackageNotFoundError, ValueError):
        return "not installed"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8", "replace").splitlines()
    except OSError:
        return platform.processor() or "unknown"
    models = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(models, platform.processor() or "unknown")


def _accelerators() -> str:
    """The names of NVIDIA devices as the driver tells them; `none` without one."""
    found = []
    try:
        for device in sorted(Path("/proc/driver/nvidia/gpus").glob("*/information")):
            for line in device.read_text("utf-8", "replace").splitlines():
                if line.startswith("Model:"):
                    found.append(line.partition(":")[2].strip())
    except OSError:
        return "unknown"
    return ", ".join(found) or "none"
