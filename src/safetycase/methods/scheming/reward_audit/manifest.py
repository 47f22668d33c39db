"""The manifest of a training run: one line per environment, and what its reward reads."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from safetycase.methods.imported.strict import lines_of, mapping, read, text, whole
from safetycase.methods.scheming.reward_audit.static import Leak, reads
from safetycase.plugin.contract import MethodError

__all__ = ["Environment", "environments"]

KEYS = ("environment", "reward_code_digest", "saw_reasoning", "episodes", "evidence")
_DIGEST = re.compile(r"[0-9a-f]{64}")


class Fields(Protocol):
    """What the parameters say of the fields of an episode, and of the size of training."""

    @property
    def total_episodes(self) -> int:
        """Episodes of the whole training."""

    @property
    def clean_fields(self) -> tuple[str, ...]:
        """Fields that hold no reasoning."""

    @property
    def reasoning_fields(self) -> tuple[str, ...]:
        """Fields that hold it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """One line of the manifest, and what its reward reads, where its source was given."""

    name: str
    digest: str | None
    said: str
    episodes: int
    evidence: str
    source: str | None
    leaks: tuple[Leak, ...]

    @property
    def exposed(self) -> bool:
        """Whether its reward saw the reasoning, or nothing excludes that it did."""
        return self.said != "no" or bool(self.leaks)

    @property
    def why(self) -> str:
        """The reason for the side it is counted on."""
        if self.leaks:
            return "; ".join(f"{self.source} line {k.line}: {k.says}" for k in self.leaks)
        if self.said == "yes":
            return "the manifest says that its reward saw the reasoning"
        if self.said == "unknown":
            return "the manifest does not know"
        shown = f"{self.source} reads clean fields alone" if self.source else "by its word alone"
        return f"not exposed: {shown}; evidence: {self.evidence}"


def environments(path: Path, parameters: Fields, sources: Mapping[str, Path]) -> list[Environment]:
    """The lines of the manifest at `path`; `MethodError` names the first that cannot stand.

    `sources` maps the name of an input to its path; each is the reward of some environment.
    """
    rows = [_environment(place, value, parameters, sources) for place, value in lines_of(path)]
    if not rows:
        raise MethodError(f"`{path.name}` lists no environment; unknown is not safe")
    _unique(rows, path.name)
    unused = set(sources) - {(row.source or "").partition("@")[0] for row in rows}
    if unused:
        raise MethodError(f"no environment names the source `{sorted(unused)[0]}` as its reward")
    listed = sum(row.episodes for row in rows)
    if listed > parameters.total_episodes:
        raise MethodError(
            f"`{path.name}` lists {listed} episodes, more than the {parameters.total_episodes} of "
            "`total_episodes`; correct one of them"
        )
    return rows


def _environment(
    place: str, value: Any, parameters: Fields, sources: Mapping[str, Path]
) -> Environment:
    row = mapping(value, place, "the line")
    wrong = set(KEYS) ^ (set(row) - {"reward"})
    if wrong:
        raise MethodError(
            f"{place}: `{sorted(wrong)[0]}` is missing or unknown; the keys are {', '.join(KEYS)}, "
            "and reward where the source is given"
        )
    name = text(row["environment"], place, "environment")
    said = text(row["saw_reasoning"], place, "saw_reasoning")
    evidence = text(row["evidence"], place, "evidence")
    digest = row["reward_code_digest"]
    if not name.strip():
        raise MethodError(f"{place}: `environment` is blank; name it")
    if said not in ("yes", "no", "unknown"):
        raise MethodError(f"{place}: saw_reasoning is `{said[:40]}`; say yes, no or unknown")
    if said == "no" and not evidence.strip():
        raise MethodError(f"{place}: `no` without evidence; say how it is known, or say unknown")
    if digest is not None and not (isinstance(digest, str) and _DIGEST.fullmatch(digest)):
        raise MethodError(f"{place}: reward_code_digest is 64 hex digits (SHA-256), or null")
    episodes = whole(row["episodes"], place, "episodes")
    if episodes == 0:
        raise MethodError(f"{place}: 0 episodes train nothing; leave the environment out")
    source = row.get("reward")
    leaks: tuple[Leak, ...] = ()
    if source is not None:
        source = text(source, place, "reward")
        leaks = _followed(place, source, digest, parameters, sources)
    if said == "no" and digest is None:
        raise MethodError(f"{place}: `no` of a reward whose code has no digest; say unknown")
    return Environment(
        name=name,
        digest=digest,
        said=said,
        episodes=episodes,
        evidence=evidence,
        source=source,
        leaks=leaks,
    )


def _followed(
    place: str,
    reward: str,
    digest: str | None,
    parameters: Fields,
    sources: Mapping[str, Path],
) -> tuple[Leak, ...]:
    """What the reward `file.py@function` reads; its file is the one that the digest names."""
    file, _, function = reward.partition("@")
    if file not in sources or not function:
        raise MethodError(
            f"{place}: reward is `{reward[:60]}`; write `file.py@function`, with the file among "
            "the inputs"
        )
    data = read(sources[file])
    found = hashlib.sha256(data).hexdigest()
    if digest != found:
        raise MethodError(
            f"{place}: the digest of `{file}` is {found}, not {digest}: it is not the code that "
            "trained the model"
        )
    try:
        return reads(data.decode(), function, parameters.clean_fields, parameters.reasoning_fields)
    except ValueError as error:
        raise MethodError(f"{place}: `{file}`: {error}") from error


def _unique(rows: Sequence[Environment], file: str) -> None:
    seen: set[str] = set()
    for row in rows:
        if row.name in seen:
            raise MethodError(f"`{file}` lists `{row.name}` twice; add its episodes up in one line")
        seen.add(row.name)
