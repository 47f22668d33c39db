"""Write `docs/reference/templates.md` from the template files; a test holds that it is current."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / "src" / "safetycase" / "templates"
PAGE = ROOT / "docs" / "reference" / "templates.md"
KINDS = ("claim", "evidence", "assumption", "problem", "monitor", "defeater", "hazard", "argument")
LEAD = """\
# Templates

Each template is a file of pure data in `safetycase/templates`. `use: NAME@VERSION` instantiates it
([language](language.md#templates)); this page is written from the files.

Templates leave their leaves open: a leaf says which evidence would decide it, by which number and
until when, and `develops` binds a method to it. An instance therefore supports nothing at first.
Nodes that are *reconstructed* are worded or numbered here, because the text of the cited source was
not available to confirm them; do not quote them as the source's.
"""


def elements(node: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """(kind, element) of everything below a node of a template file, in file order."""
    if isinstance(node, list):
        for entry in node:
            yield from elements(entry)
    elif isinstance(node, dict):
        first = next(iter(node), None)
        if first in KINDS and isinstance(node[first], str):
            yield first, node
        for value in node.values():
            yield from elements(value)


def template(path: Path) -> Mapping[str, Any]:
    """A template file as plain data."""
    found: Mapping[str, Any] = yaml.safe_load(path.read_text("utf-8"))
    return found


def names() -> tuple[str, ...]:
    """The templates that are shipped."""
    return tuple(sorted(p.stem for p in DATA.glob("*.yaml")))


def page() -> str:
    """The whole page."""
    files = {name: template(DATA / f"{name}.yaml") for name in names()}
    parts = [LEAD, "\n| template | argues | source |\n|---|---|---|\n"]
    parts += [
        f"| [{name}](#{name}) | {_cell(data['title'])} | {_cell(data['source'])} |\n"
        for name, data in files.items()
    ]
    parts += [_section(name, data) for name, data in files.items()]
    return "".join(parts)


def _section(name: str, data: Mapping[str, Any]) -> str:
    body = {key: value for key, value in data.items() if key != "parameters"}
    found = list(elements(body))
    parts = [f"\n## {name}\n\n{data['title']} (version {data['version']}).\n\n{data['says']}\n"]
    parts.append(f"\nSource: {data['source']}.\n\n")
    parts.append("| parameter | type | default or example | |\n|---|---|---|---|\n")
    for key, parameter in data["parameters"].items():
        kind = parameter["type"]
        if kind == "choice":
            kind = " / ".join(parameter["choices"])
        elif parameter.get("fields"):
            kind += " of " + ", ".join(parameter["fields"])
        if "unit" in parameter:
            kind += f" ({parameter['unit']})"
        value = parameter.get("default", parameter.get("example"))
        given = "default" if "default" in parameter else "e.g."
        optional = "optional; " if parameter.get("optional") else ""
        parts.append(
            f"| `{key}` | {kind} | {optional}{given} {_cell(_show(value))} | "
            f"{_cell(parameter['says'])} |\n"
        )
    parts.append(
        "\n| leaf | type | deciding statistic | valid for | stale when | binds to |\n"
        "|---|---|---|---|---|---|\n"
    )
    parts += [_leaf(leaf) for kind, leaf in found if kind == "evidence"]
    parts.append(_lists(found))
    return "".join(parts)


def _leaf(leaf: Mapping[str, Any]) -> str:
    bound = [m for m in ("inspect/eval", "inspect/log", "control/evaluation") if _binds(leaf, m)]
    return (
        f"| `{leaf['evidence']}` | {leaf['type']} | {_cell(leaf['statistic'])} | "
        f"{leaf.get('valid_for', 'until stale')} | {', '.join(leaf['stale_when'])} | "
        f"{', '.join(f'`{m}`' for m in bound) or 'open'} |\n"
    )


def _binds(leaf: Mapping[str, Any], method: str) -> bool:
    return f"`{method}`" in leaf["because"]


def _lists(found: list[tuple[str, Mapping[str, Any]]]) -> str:
    count = {kind: sum(k == kind for k, _ in found) for kind in KINDS}
    own = {kind: [e[kind] for k, e in found if k == kind] for kind in ("assumption", "problem")}
    rebuilt = [f"`{e[kind]}`" for kind, e in found if e.get("reconstructed") is True]
    said = ", ".join(
        f"{count[kind]} {kind if kind == 'evidence' or count[kind] == 1 else kind + 's'}"
        for kind in KINDS
        if count[kind]
    )
    lines = [f"\nAs written, before lists and choices are filled in: {said}.\n"]
    for kind, ids in own.items():
        shown = ", ".join(f"`{i}`" for i in ids) or "none"
        lines.append(f"\n{kind.capitalize()}s: {shown}.\n")
    lines.append(f"\nReconstructed: {', '.join(rebuilt) or 'none'}.\n")
    return "".join(lines)


def _show(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return "; ".join(_show(v) for v in value)
    if isinstance(value, dict):
        return ", ".join(f"{k}: {_show(v)}" for k, v in value.items())
    return str(value)


def _cell(text: str) -> str:
    return str(text).strip().replace("|", "\\|").replace("\n", " ")


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
    sys.stdout.write(f"{PAGE}: {len(names())} templates\n")
