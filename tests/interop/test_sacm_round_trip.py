"""A structure written as SACM and read back is the same structure."""

from __future__ import annotations

import importlib.util
from dataclasses import replace
from pathlib import Path
from typing import Any

from hypothesis import given, settings

from safetycase.argument.structure import Link, Structure
from safetycase.interop.sacm import read_sacm, write_sacm
from safetycase.plugin.formats import Source

_spec = importlib.util.spec_from_file_location(
    "sacm_structures", Path(__file__).with_name("sacm_structures.py")
)
assert _spec is not None
assert _spec.loader is not None
_module = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_module)
structures = _module.structures


def read(text: str) -> Structure:
    reading = read_sacm([Source(name="a.xmi", data=text.encode())], lambda _: None)
    assert reading.structure is not None, reading.findings
    assert not [f for f in reading.findings if f.code[0] == "F" and f.severity == "error"]
    return reading.structure


def _order(link: Link) -> str:
    return repr(replace(link, span=None, tags=dict(sorted(link.tags.items()))))


def comparable(structure: Structure) -> Any:
    """The structure without places, and without the order of links across steps."""
    return (
        structure.title,
        {key: replace(part, span=None) for key, part in structure.parts.items()},
        sorted(map(_order, structure.links)),
        sorted(repr(replace(point, span=None)) for point in structure.points),
        {key: replace(info, span=None) for key, info in structure.modules.items()},
        dict(structure.tags),
    )


@settings(max_examples=60, deadline=None)
@given(structures())
def test_what_is_written_is_read(structure: Structure) -> None:
    writing = write_sacm(structure, "a")
    (text,) = writing.files.values()
    again = read(text)
    assert comparable(again) == comparable(structure)
    assert write_sacm(structure, "a") == writing
