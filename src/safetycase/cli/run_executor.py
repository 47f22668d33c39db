"""Finds the executor that was asked for and makes it; it is closed whatever happens."""

from __future__ import annotations

import contextlib
import importlib
import re
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from safetycase.argument.findings import did_you_mean
from safetycase.cli.common import printable, stderr
from safetycase.plugin.executors import (
    Executor,
    ExecutorFailed,
    ExecutorOptions,
    Limits,
    executors,
)

__all__ = ["limits", "opened"]

LONGEST = 366 * 86400.0
"""Seconds that an attempt may take at most: its lease has to end at a date that exists."""

_UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}


@contextlib.contextmanager
def opened(
    name: str, *, workers: int | None, address: str | None, options: Sequence[str]
) -> Iterator[Executor]:
    """The executor `name`; `ExecutorFailed` if there is none, or it cannot be started."""
    known = executors()
    if name not in known:
        hint = did_you_mean(name, known)
        raise ExecutorFailed(
            f"no executor `{name}` is installed"
            + (f"; {hint}" if hint else f"; there are {', '.join(sorted(known)) or 'none'}")
        )
    module, _, attribute = known[name].target.partition(":")
    try:
        make = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise ExecutorFailed(
            f"the executor `{name}` of {known[name].package} cannot be loaded: {error}"
        ) from error
    if name not in ("subprocess", "asyncio"):
        where = f" at {address}" if address else ""
        stderr(printable(f"starting the executor {name}{where} …"))
    with tempfile.TemporaryDirectory(prefix="safetycase-executor-") as scratch:
        executor: Executor = make(
            ExecutorOptions(
                scratch=Path(scratch), workers=workers, address=address, options=_options(options)
            )
        )
        try:
            yield executor
        finally:
            executor.close()


def limits(seconds: float, memory: str | None, output: str | None) -> Limits:
    """The limits of one attempt from what was written on the command line."""
    if not 0 < seconds <= LONGEST:
        raise click.BadParameter(
            f"give a number of seconds above 0 and of at most {LONGEST:.0f}, which is a year",
            param_hint="--time-limit",
        )
    given = Limits(seconds=seconds, memory_bytes=_bytes(memory, "--memory-limit"))
    most = _bytes(output, "--output-limit")
    if output is None:
        return given
    return Limits(seconds=seconds, memory_bytes=given.memory_bytes, output_bytes=most)


def _options(values: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for text in values:
        name, given, value = text.partition("=")
        if not given or not name:
            raise click.BadParameter(
                f"`{text}` is no option; write NAME=VALUE", param_hint="--executor-option"
            )
        if name in found:
            raise click.BadParameter(f"`{name}` is given twice", param_hint="--executor-option")
        found[name] = value
    return found


def _bytes(text: str | None, hint: str) -> int | None:
    """A size such as `500M` or `2G` in bytes; None for `none` or nothing."""
    if text is None or text.lower() == "none":
        return None
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([kmgt]?)(?:i?b)?", text.strip().lower())
    size = float(found[1]) * _UNITS[found[2]] if found else 0.0
    if not 1 <= size < 1 << 60:
        raise click.BadParameter(f"`{text}` is no size; write 500M, 2G or none", param_hint=hint)
    return int(size)
