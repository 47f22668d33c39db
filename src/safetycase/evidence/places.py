"""Where a file lies, seen from a run: an input, the environment, the system, or scratch.

The longest folder that holds a file decides, so a case folder below the temporary folder is a
case folder, and a virtual environment below a case folder is an environment.
"""

from __future__ import annotations

import functools
import os
import site
import sys
import sysconfig
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Literal

import safetycase

__all__ = ["Place", "Places"]

Place = Literal["declared", "case", "environment", "system", "scratch", "temporary", "elsewhere"]

# Read by every program for certificates, names of hosts, time zones, languages and users.
_SYSTEM = (
    "/dev", "/proc", "/sys", "/run",
    "/etc/ssl", "/etc/pki", "/etc/ca-certificates", "/etc/hosts", "/etc/host.conf",
    "/etc/resolv.conf", "/etc/nsswitch.conf", "/etc/gai.conf", "/etc/services", "/etc/protocols",
    "/etc/localtime", "/etc/timezone", "/etc/mime.types", "/etc/passwd", "/etc/group",
    "/etc/os-release", "/etc/lsb-release", "/etc/debian_version", "/etc/ld.so.cache",
    "/etc/machine-id", "/etc/inputrc", "/etc/terminfo", "/etc/locale.alias",
    "/usr/share/zoneinfo", "/usr/share/locale", "/usr/share/i18n", "/usr/lib/locale",
    "/usr/share/ca-certificates", "/usr/lib/ssl", "/usr/share/terminfo", "/usr/share/mime",
    "/usr/lib/os-release", "/lib/terminfo", "/usr/lib/terminfo",
    "/private/etc/ssl", "/private/etc/hosts", "/private/etc/resolv.conf", "/System", "/Library",
)  # fmt: skip

_INSTALLED: set[str] = set()


class Places:
    """The folders of one run, and which of them a file belongs to."""

    def __init__(self, case_folder: Path, scratch: Path, declared: Iterable[str | Path]) -> None:
        """`declared` are files or whole folders, relative to the case folder or absolute."""
        self.case = os.path.realpath(case_folder)
        fixed, environment = _fixed(sys.prefix, sys.executable, _temporary())
        self._roots: dict[str, Place] = dict(fixed)
        self._put((self.case,), "case")
        self._put((str(scratch),), "scratch")
        self._put((os.path.join(self.case, str(name)) for name in declared), "declared")  # noqa: PTH118
        own = (root for root, place in self._roots.items() if fixed.get(root) != place)
        apart = not any(root.startswith(environment) for root in own)
        self.installed: set[str] = _INSTALLED if apart else set()
        """Files known to belong to the environment, for every run that has no folder in it."""

    def of(self, path: str) -> Place:
        """The place of an absolute path without links."""
        return _longest(path, self._roots)

    def name(self, path: str) -> str:
        """How the record names a file: relative to the case folder if it lies below it."""
        inside = path.startswith(self.case + os.sep)
        name = path[len(self.case) + 1 :].replace(os.sep, "/") if inside else path
        return name.encode("utf-8", "backslashreplace").decode("utf-8")

    def _put(self, folders: Iterable[str], place: Place) -> None:
        for folder in folders:
            self._roots[os.path.abspath(folder)] = place  # noqa: PTH100
            self._roots[os.path.realpath(folder)] = place


@functools.lru_cache(maxsize=4)
def _fixed(
    _prefix: str, _executable: str, temporary: str
) -> tuple[Mapping[str, Place], tuple[str, ...]]:
    """What is the same for every run of a process, and the folders of its environment."""
    roots: dict[str, Place] = {}
    kinds: tuple[tuple[Iterable[str], Place], ...] = (
        (_environment(), "environment"),
        (("/tmp", "/var/tmp", temporary), "temporary"),  # noqa: S108
        (_SYSTEM, "system"),
    )
    for folders, place in kinds:
        for folder in folders:
            roots[os.path.abspath(folder)] = place  # noqa: PTH100
            roots[os.path.realpath(folder)] = place
    inside = (root + os.sep for root, place in roots.items() if place == "environment")
    return roots, tuple(inside)


def _temporary() -> str:
    # What `tempfile` would say; importing it for this alone is a tenth of a worker's start.
    return next((os.environ[n] for n in ("TMPDIR", "TEMP", "TMP") if os.environ.get(n)), "/tmp")  # noqa: S108


def _longest(path: str, roots: Mapping[str, Place]) -> Place:
    # Walking up is a handful of look-ups; asking every folder would be fifty.
    while True:
        found = roots.get(path)
        if found is not None:
            return found
        parent = os.path.dirname(path)  # noqa: PTH120
        if parent == path:
            return "elsewhere"
        path = parent


def _environment() -> Iterable[str]:
    """The interpreter's own folders, installed packages, and the code of this package."""
    paths = sysconfig.get_paths()
    yield from (paths[key] for key in ("stdlib", "platstdlib", "purelib", "platlib", "scripts"))
    yield from site.getsitepackages()
    yield site.getusersitepackages()
    yield os.path.dirname(os.path.dirname(sys.executable)) + "/pyvenv.cfg"  # noqa: PTH120
    if sys.prefix != sys.base_prefix:
        yield sys.prefix
    yield os.path.dirname(safetycase.__file__)  # noqa: PTH120
    # Weights that were declared, in another form, under their digest; whoever reads them checks
    # that they are as they were written.
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")  # noqa: PTH111
    yield os.path.join(cache, "safetycase", "weights")  # noqa: PTH118
