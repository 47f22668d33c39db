"""The page of one rule: meaning, severity, clause, and its two examples, shortened where long."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from safetycase.checks.examples import Example, examples_of
from safetycase.checks.registry import Rule

__all__ = ["Shown", "as_text", "facts", "shown_examples"]

WHOLE = 26
"""A file of at most so many lines is shown whole."""
_NEAR, _WIDEST, _MOST_FILES = 2, 160, 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One file of an example as a page shows it."""

    file: str
    text: str


def facts(rule: Rule) -> str:
    """Severity, group and clause in a row."""
    return ", ".join(filter(None, (rule.severity, rule.group, rule.clause)))


def shown_examples(code: str) -> Mapping[str, tuple[Shown, ...]]:
    """`fires` and `quiet`, each as the files in which the two differ.

    Long files are cut to the lines around the difference; `...` stands for the rest.
    """
    found = examples_of(code)
    texts = {side: _texts(example) for side, example in found.items()}
    fires, quiet = texts.get("fires", {}), texts.get("quiet", {})
    differ = [n for n in {**fires, **quiet} if fires.get(n) != quiet.get(n)]
    main = {example.main for example in found.values()}
    names = sorted(differ, key=lambda name: name not in main)[:_MOST_FILES] or sorted(main)[:1]
    shown: dict[str, tuple[Shown, ...]] = {}
    for side, own in texts.items():
        other = quiet if side == "fires" else fires
        shown[side] = tuple(
            Shown(file=name, text=_cut(own[name], other.get(name))) for name in names if name in own
        )
    return shown


def _texts(example: Example) -> dict[str, list[str]]:
    """The lines of every text file of an example as it is kept (nothing is generated)."""
    found = {}
    for path in sorted(example.folder.rglob("*")):
        if path.is_file():
            text = path.read_text("utf-8", errors="replace")
            found[path.relative_to(example.folder).as_posix()] = text.splitlines()
    return found


def _cut(lines: Sequence[str], other: Sequence[str] | None) -> str:
    """The lines, or those near a difference to `other` if there are many."""
    keep = set(range(len(lines)))
    if len(lines) > WHOLE:
        keep = set(range(WHOLE)) if other is None else _near(lines, other)
    return "\n".join(_rows(lines, keep))


def _near(lines: Sequence[str], other: Sequence[str]) -> set[int]:
    keep: set[int] = set()
    matcher = difflib.SequenceMatcher(None, lines, other, autojunk=False)
    for word, start, end, _, _ in matcher.get_opcodes():
        if word != "equal":
            keep.update(range(max(0, start - _NEAR), min(len(lines), end + _NEAR)))
    return set(sorted(keep)[:WHOLE])


def _rows(lines: Sequence[str], keep: set[int]) -> Iterator[str]:
    left_out = False
    for number, line in enumerate(lines):
        if number in keep:
            yield line if len(line) <= _WIDEST else line[:_WIDEST] + " ..."
        elif not left_out:
            yield line[: len(line) - len(line.lstrip())] + "..."
        left_out = number not in keep


def as_text(rule: Rule) -> str:
    """The page of a rule for a terminal."""
    parts = [f"{rule.code}  {rule.title}", f"{facts(rule)} (profile {rule.profile})", rule.text]
    if rule.message != rule.title:
        parts.append(f"It reads: {rule.message}")
    titles = {"fires": "Found fault with:", "quiet": "In order:"}
    for side, files in shown_examples(rule.code).items():
        for file in files:
            body = "\n".join(f"    {line}".rstrip() for line in file.text.split("\n"))
            parts.append(f"{titles[side]} ({file.file})\n\n{body}")
    return "\n\n".join(parts)
