"""The contract of an argument format: what it reads, what it writes, and what it cannot carry.

A format is one frozen `Format` record behind an entry point of the group `safetycase.formats`,
ours and yours alike.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from safetycase.argument.findings import Finding
from safetycase.argument.structure import Loss, Structure

__all__ = ["MAX_BYTES", "MAX_DEPTH", "Format", "Loss", "Reading", "Source", "Writing"]

MAX_BYTES = 64 * 1024 * 1024
MAX_DEPTH = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One file to read: `name` as findings show it, `data` its bytes (at most `MAX_BYTES`)."""

    name: str
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a file says; `structure` is None if nothing could be read, and the findings say why."""

    structure: Structure | None
    findings: tuple[Finding, ...] = ()
    losses: tuple[Loss, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Writing:
    """The text of the written files by name (the first is the main one), and what was lost."""

    files: Mapping[str, str]
    losses: tuple[Loss, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """One argument format.

    `read` takes the named sources and `more`, which returns a further file that they refer to
    (relative to the first, None if it is not there). `write` takes a structure and the stem for
    file names. `sniff` says from a file name and its first bytes whether it is this format.
    Either of `read` and `write` may be missing. Neither raises on bad input: findings and losses
    say what is wrong.
    """

    name: str
    title: str
    source: str
    extensions: tuple[str, ...]
    read: Callable[[Sequence[Source], Callable[[str], bytes | None]], Reading] | None = None
    write: Callable[[Structure, str], Writing] | None = None
    sniff: Callable[[str, bytes], bool] | None = None
    limits: tuple[str, ...] = field(default=())
