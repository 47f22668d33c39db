"""Who judged the trials of an Inspect log, and how, as the log says."""

from __future__ import annotations

from typing import Any

from safetycase.methods.oversight.live.trials import Judging, names
from safetycase.plugin.contract import MethodError

__all__ = ["one_panel", "panel"]


def panel(log: Any) -> str:
    """The style and the model of each judge, what it sees, and how it reads; in words."""
    options: dict[str, Any] = {}
    for one in log.eval.scorers or []:
        options = dict(one.options or {})
        break
    usual = Judging()
    roles = {role: _named(model) for role, model in (log.eval.model_roles or {}).items()}
    default = roles.get("judge", log.eval.model)
    judges = ", ".join(
        f"{style} by {roles.get(f'judge_{number}', default)}"
        for number, style in enumerate(names(options.get("judges", usual.judges)), start=1)
    )
    reading, sees = options.get("reading", usual.reading), options.get("sees", usual.sees)
    return f"judged by {judges}, reading {reading}, shown {sees}"


def _named(model: Any) -> str:
    each = model if isinstance(model, list) else [model]
    return " or ".join(str(one.model) for one in each)


def one_panel(panels: dict[str, str]) -> None:
    """`MethodError` if the logs of these names were not all judged in one way."""
    kinds: dict[str, str] = {}
    for name, judged in panels.items():
        kinds.setdefault(judged, name)
    if len(kinds) > 1:
        (one, first), (other, second) = list(kinds.items())[:2]
        raise MethodError(
            f"`{first}` was {one}, and `{second}` was {other}: what differs between them may be "
            "the judges; let the same judges decide all, with `inspect score`"
        )
