"""Playing requests through Inspect: a plan file, one run, and everything read from its log."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from safetycase.methods.control.live.play import Played, Request
from safetycase.methods.control.live.watching import Watch
from safetycase.methods.inspect.reading import open_log
from safetycase.methods.inspect.running import run_task
from safetycase.plugin.contract import Context, MethodError

__all__ = ["Live"]

NO_MODEL = "none/none"
JUDGE: Mapping[str, Any] = {"max_tokens": 512, "temperature": 0.0, "max_retries": 3, "timeout": 180}


@dataclass(slots=True, kw_only=True)
class Live:
    """A player whose samples, policies, monitor and scores are those of an Inspect log.

    `trusted` names the trusted model: one of the case's models, or an Inspect model string.
    `model` takes the place of the leaf's model where it is not None. Logs and plans stay in the
    scratch folder and are listed in `artefacts`.
    """

    family: str
    context: Context
    options: Mapping[str, Any]
    trusted: str | None = None
    model: str | None = None
    artefacts: dict[str, str] = field(default_factory=dict)

    def __call__(self, requests: Sequence[Request], watch: Watch | None, note: str) -> list[Played]:
        """Play the requests in one Inspect run; `MethodError` if it did not end well."""
        if not requests:
            return []
        from safetycase.methods.control.live import task as live_task

        number = len(self.artefacts) // 2 + 1
        folder = self.context.scratch / f"{number:02d}-{note.replace(' ', '-')}"
        folder.mkdir(parents=True)
        plan = _written(folder / "plan.jsonl", [_row(request) for request in requests])
        arguments = {"plan": str(plan), "family": self.family}
        if watch is not None:
            arguments["monitor"] = watch.monitor
            arguments["fitted"] = str(_written(folder / "fitted.jsonl", watch.fitted))
        path = run_task(
            f"{live_task.__file__}@control",
            arguments,
            self._model(requests),
            self.context,
            epochs=1,
            limit=None,
            options={**self.options, **self._roles(watch)},
            note=note,
            temporary=str(folder.relative_to(self.context.scratch)),
        )
        self.artefacts[f"plan ({number}: {note})"] = self._relative(plan)
        self.artefacts[f"Inspect log ({number}: {note})"] = self._relative(path)
        return _played(requests, open_log(path), watched=watch is not None)

    def _relative(self, path: Path) -> str:
        return str(path.resolve().relative_to(self.context.scratch.resolve()))

    def _model(self, requests: Sequence[Request]) -> str | None:
        if all(request.text is not None for request in requests):
            return NO_MODEL
        if self.model is not None:
            _planted(self.model)
        return self.model

    def _roles(self, watch: Watch | None) -> dict[str, Any]:
        if watch is None or watch.monitor != "trusted-model":
            return {}
        from inspect_ai.model import GenerateConfig, get_model

        name = self.trusted or ""
        access = self.context.models.get(name)
        if access is None and "/" not in name:
            known = ", ".join(sorted(self.context.models)) or "none"
            raise MethodError(f"`trusted` names no model of the case: `{name}`; it has {known}")
        _planted(name)
        try:
            model = get_model(
                name if access is None else access.inspect_model,
                config=GenerateConfig(
                    **JUDGE
                ),  # Inspect gives the options of a run to its model only
                base_url=access.base_url if access and access.base_url else None,
                api_key=access.api_key if access and access.base_url else None,
            )
        except Exception as error:
            raise MethodError(f"the trusted model `{name}` cannot be had: {error}") from error
        return {"model_roles": {"trusted": model}}


def _planted(name: str) -> None:
    if name.startswith("planted-control/"):
        from safetycase.methods.control.live.models import register

        register()


def _row(request: Request) -> dict[str, Any]:
    return dataclasses.asdict(request)


def _written(path: Path, rows: Sequence[Any]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return path


def _played(requests: Sequence[Request], log: Any, *, watched: bool) -> list[Played]:
    """One result a request, in their order; a sample that is not there, or failed, is missing."""
    samples = {str(sample.id): sample for sample in log.samples or []}
    found = []
    for request in requests:
        sample = samples.get(request.id)
        text = _text(sample)
        score = next(iter((sample.scores or {}).values()), None) if sample else None
        if sample is None or sample.error is not None or score is None or text is None:
            found.append(_missing(request, sample))
            continue
        value = score.value
        found.append(
            Played(
                request=request,
                text=text,
                suspicion=_number(value.get("suspicion")) if watched else None,
                main=_truth(value.get("main")),
                attack=_truth(value.get("attack")),
                why=str((score.metadata or {}).get("why", "")),
            )
        )
    return found


def _text(sample: Any) -> str | None:
    if sample is None or not sample.output or not sample.output.choices:
        return None
    return str(sample.output.completion)


def _missing(request: Request, sample: Any) -> Played:
    why = "not in the log" if sample is None else "no answer"
    if sample is not None and sample.error is not None:
        why = f"error: {str(sample.error.message)[:200]}"
    return Played(request=request, text=None, suspicion=None, main=None, attack=None, why=why)


def _number(value: Any) -> float | None:
    usable = isinstance(value, int | float) and math.isfinite(value)
    return float(value) if usable else None


def _truth(value: Any) -> bool | None:
    number = _number(value)
    return None if number is None else number >= 0.5
