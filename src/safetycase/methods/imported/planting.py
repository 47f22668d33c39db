"""What the importers share: their one input, kept as an artefact, and folders to plant in."""

from __future__ import annotations

import shutil
from pathlib import Path

from safetycase.methods.imported.strict import input_file
from safetycase.plugin.contract import Context, MethodError

__all__ = ["keep", "one_input", "planted_context"]


def one_input(inputs: tuple[str, ...], context: Context, what: str) -> tuple[Path, str]:
    """The path of the only input, and the name of its copy in the scratch folder."""
    if len(inputs) != 1:
        raise MethodError(f"name one {what} under `inputs`, not {len(inputs)}")
    path = input_file(context, inputs[0])
    return path, keep(path, context)


def keep(path: Path, context: Context) -> str:
    """Copy an input to the scratch folder, so that it becomes an artefact; returns its name."""
    shutil.copyfile(path, context.scratch / path.name)
    return path.name


def planted_context(folder: Path, weights_sha256: str = "") -> Context:
    """A context whose case folder and scratch folder lie below `folder`."""
    case, scratch = folder.resolve() / "case", folder.resolve() / "scratch"
    case.mkdir(parents=True)
    scratch.mkdir()
    return Context(
        case_folder=case,
        scratch=scratch,
        seed=0,
        model=None,
        models={},
        progress=lambda *_: None,
        subject={"weights_sha256": weights_sha256},
    )
