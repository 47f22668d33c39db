"""What a run happens in: interpreter, platform, packages and the class of hardware."""

from __future__ import annotations

import functools
import os
import platform
import sys
from collections.abc import Iterable, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

__all__ = ["environment"]


def environment(names: Iterable[str] = ()) -> Mapping[str, str]:
    """What a run happens in; recorded with it.

    It belongs to the identity of a result only where a leaf names a field (`environment:`).
    `names` are such fields: one that is no field below is the version of a distribution.
    """
    found = dict(_known())
    for name in names:
        if name not in found:
            found[name] = _version(name)
    return found


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
