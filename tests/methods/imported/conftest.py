"""A context for one import, as the runner gives it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from safetycase.plugin.contract import Context

Make = Callable[..., Context]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """A case folder with the given files, and an empty scratch folder."""

    def build(weights_sha256: str = "", **files: str | bytes) -> Context:
        case, scratch = tmp_path / "case", tmp_path / "scratch"
        case.mkdir(exist_ok=True)
        scratch.mkdir(exist_ok=True)
        for name, content in files.items():
            data = content.encode() if isinstance(content, str) else content
            (case / name.replace("__", ".")).write_bytes(data)
        return Context(
            case_folder=case,
            scratch=scratch,
            seed=3,
            model=None,
            models={},
            progress=lambda *_: None,
            subject={"weights_sha256": weights_sha256},
        )

    return build
