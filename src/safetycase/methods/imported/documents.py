"""Tables of a case in JSON or YAML, each with one meaning, and entries without unknown keys."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from safetycase.methods.imported import strict
from safetycase.plugin.contract import MethodError

__all__ = ["check_keys", "document"]


def document(path: Path) -> Any:
    """The value of a JSON file, or of a `.yaml` file read as strictly as a case.

    `MethodError` with the line for a key given twice, an alias, a tag, or a word that YAML would
    take for something else.
    """
    place = f"`{path.name}`"
    data = strict.read(path)
    if path.suffix not in (".yaml", ".yml"):
        return strict.parse(data, place)
    from safetycase.argument.decode import Decoder
    from safetycase.argument.nodes import Reader
    from safetycase.argument.store import Scope, Store

    try:
        reader = Reader(data.decode(), path.name)
    except UnicodeDecodeError as error:
        raise MethodError(f"{place}: byte {error.start} is not UTF-8") from error
    decoder, start = Decoder(reader, Scope(), Store()), (None, path.name)
    value = decoder.json(reader.root, start) if reader.root else None
    for finding in reader.findings:
        hint = f"; {finding.hint}" if finding.hint else ""
        raise MethodError(f"{place} line {finding.span.line}: {finding.message}{hint}")
    return _listed(value)


def _listed(value: Any) -> Any:
    """The lists of a case are tuples, those of JSON are lists."""
    if isinstance(value, dict):
        return {key: _listed(inner) for key, inner in value.items()}
    return [_listed(inner) for inner in value] if isinstance(value, tuple) else value


def check_keys(
    value: Any, place: str, *, needed: Sequence[str], optional: Sequence[str] = ()
) -> dict[str, Any]:
    """`value` as an object with these keys and no others; `MethodError` with `place` otherwise."""
    row = strict.mapping(value, place, "the entry")
    for key in needed:
        if key not in row:
            raise MethodError(f"{place}: the key `{key}` is missing")
    for key in row:
        if key not in needed and key not in optional:
            allowed = ", ".join((*needed, *optional))
            raise MethodError(f"{place}: the key `{key[:60]}` is not known; there is {allowed}")
    return row
