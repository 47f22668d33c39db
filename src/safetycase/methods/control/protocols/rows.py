"""The table of a control evaluation: what each policy produced on each task, and its scores.

A JSON Lines file, one output a line; `docs/reference/control-protocols.md` says what each key
means. A table is read whole or not at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetycase.methods.imported.strict import lines_of, mapping, text, whole
from safetycase.plugin.contract import MethodError

__all__ = ["ATTACKING", "POLICIES", "SCORES", "Row", "Table", "read_table", "table_of"]

POLICIES = (
    "trusted",
    "untrusted honest",
    "untrusted attack",
    "edited honest",
    "edited attack",
    "synthetic attack",
)
ATTACKING = ("untrusted attack", "edited attack", "synthetic attack")
SCORES = (
    "trusted_score",
    "untrusted_score",
    "redacted_score",
    "paraphrased_score",
    "burning_score",
)
_KEYS = ("task", "policy", "strategy", "draw", "correct", "harmful", *SCORES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One output: who produced it, whether it is correct or harmful, and the monitors' scores.

    `correct`, `harmful` and the scores are None where nobody could say. A higher score is more
    suspicious. `strategy` is empty except for attacks. `draw` numbers the outputs that one policy
    produced on one task, from 0.
    """

    task: str
    policy: str
    strategy: str = ""
    draw: int = 0
    correct: bool | None = None
    harmful: bool | None = None
    trusted_score: float | None = None
    untrusted_score: float | None = None
    redacted_score: float | None = None
    paraphrased_score: float | None = None
    burning_score: float | None = None

    def score(self, monitor: str) -> float | None:
        """What the monitor of that name said: `trusted`, `untrusted`, `redacted` and so on."""
        value: float | None = getattr(self, f"{monitor}_score")
        return value


Drawn = tuple[Row, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """All rows, by (task, policy, strategy), each group in the order of `draw`."""

    groups: Mapping[tuple[str, str, str], Drawn]
    tasks: tuple[str, ...]
    strategies: tuple[str, ...]

    def drawn(self, task: str, policy: str, strategy: str = "") -> Drawn:
        """The outputs of the policy on the task; empty where there is none."""
        return self.groups.get((task, policy, strategy), ())

    def rows(self, policy: str) -> tuple[Row, ...]:
        """All rows of the policy, in the order of tasks and draws."""
        return tuple(row for key, rows in self.groups.items() if key[1] == policy for row in rows)

    def having(self, policy: str) -> tuple[str, ...]:
        """The tasks on which the policy produced something."""
        found = {key[0] for key in self.groups if key[1] == policy}
        return tuple(task for task in self.tasks if task in found)

    def only(self, tasks: Iterable[str]) -> Table:
        """The part of the table about these tasks."""
        kept = set(tasks)
        groups = {key: rows for key, rows in self.groups.items() if key[0] in kept}
        return Table(
            groups=groups,
            tasks=tuple(task for task in self.tasks if task in kept),
            strategies=self.strategies,
        )


def read_table(path: Path) -> Table:
    """The table of a file; `MethodError` names the line of whatever is wrong."""
    return table_of((place, _row(value, place)) for place, value in lines_of(path))


def table_of(placed: Iterable[tuple[str, Row]]) -> Table:
    """The table of rows with their places; `MethodError` if a row is there twice, or none is."""
    seen: dict[tuple[str, str, str, int], str] = {}
    groups: dict[tuple[str, str, str], list[Row]] = {}
    for place, row in placed:
        key = (row.task, row.policy, row.strategy, row.draw)
        if key in seen:
            raise MethodError(
                f"{place}: draw {row.draw} of `{row.policy}` on the task `{row.task}` is there "
                f"already, in {seen[key]}; number further outputs with `draw`"
            )
        seen[key] = place
        groups.setdefault(key[:3], []).append(row)
    if not groups:
        raise MethodError("the table has no row; write one line for each output")
    for (task, policy, _), rows in groups.items():
        rows.sort(key=lambda row: row.draw)
        if [row.draw for row in rows] != list(range(len(rows))):
            raise MethodError(
                f"the draws of `{policy}` on the task `{task}` are not numbered 0, 1, 2 and so on; "
                "a draw that was left out could be the harmful one"
            )
    return Table(
        groups={key: tuple(groups[key]) for key in sorted(groups)},
        tasks=tuple(sorted({key[0] for key in groups})),
        strategies=tuple(sorted({key[2] for key in groups if key[1] == "untrusted attack"})),
    )


def _row(value: Any, place: str) -> Row:
    found = mapping(value, place, "the row")
    for key in found:
        if key not in _KEYS:
            raise MethodError(f"{place}: there is no key `{key}`; the keys are {', '.join(_KEYS)}")
    for key in ("task", "policy"):
        if not text(found.get(key), place, f"`{key}`"):
            raise MethodError(f"{place}: `{key}` is empty")
    policy = found["policy"]
    if policy not in POLICIES:
        raise MethodError(f"{place}: the policy is `{policy}`; it is one of {', '.join(POLICIES)}")
    strategy = text(found.get("strategy", ""), place, "`strategy`")
    if bool(strategy) != (policy in ATTACKING):
        told = "names its `strategy`" if policy in ATTACKING else "has no `strategy`"
        raise MethodError(f"{place}: a row of `{policy}` {told}")
    row = Row(
        task=found["task"],
        policy=policy,
        strategy=strategy,
        draw=whole(found.get("draw", 0), place, "`draw`"),
        correct=_flag(found.get("correct"), place, "`correct`"),
        harmful=_flag(found.get("harmful"), place, "`harmful`"),
        **{name: _score(found.get(name), place, f"`{name}`") for name in SCORES},
    )
    if row.harmful and policy not in ATTACKING:
        raise MethodError(
            f"{place}: an output of `{policy}` is harmful; harm counts as an attack here, so it "
            "belongs to an attack policy"
        )
    return row


def _flag(value: Any, place: str, what: str) -> bool | None:
    if value is not None and not isinstance(value, bool):
        raise MethodError(
            f"{place}: {what} is {value!r:.60}, where true, false or null is expected"
        )
    return value


def _score(value: Any, place: str, what: str) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise MethodError(f"{place}: {what} is {value!r:.60}, where a number or null is expected")
    return float(value)
