"""Running one Inspect task in this process, with progress, into a log in the scratch folder."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetycase.plugin.contract import Context, MethodError

__all__ = ["run_task"]

# A server that is gone must end in an error, not in a wait without end. Inspect's own control
# channel would open a port and read what other runs on this machine left about themselves.
DEFAULTS: Mapping[str, Any] = {"max_retries": 3, "timeout": 180, "ctl_server": False}


def run_task(
    task: str,
    arguments: Mapping[str, Any],
    model: str | None,
    context: Context,
    *,
    epochs: int,
    limit: int | None,
    options: Mapping[str, Any],
    note: str,
    temporary: str,
) -> Path:
    """Run `task` (`file.py@name` of the case folder, or a registered name); returns the log's path.

    Raises `MethodError` when Inspect is missing, the task cannot be found or the run failed.
    """
    try:
        from inspect_ai import eval as inspect_eval
    except ImportError as error:
        raise MethodError(
            f"Inspect is not installed ({error}); pip install 'safetycase[inspect]'"
        ) from error
    sys.dont_write_bytecode = True  # a run leaves no trace in the case folder
    chosen = _model(model, context)
    _watch(context, note)
    spec = str(context.case_folder / task) if ".py" in task else task
    folder = context.scratch / temporary
    try:
        logs = inspect_eval(
            spec,
            model=chosen,
            task_args=dict(arguments),
            epochs=epochs,
            limit=limit,
            display="none",
            log_realtime=False,
            log_format="eval",
            log_dir=str(folder),
            fail_on_error=False,
            score=True,
            log_level="error",
            **{**DEFAULTS, **options},
        )
    except Exception as error:
        raise MethodError(f"the Inspect task `{task}` did not run: {error}") from error
    if len(logs) != 1:
        raise MethodError(f"`{task}` names {len(logs)} tasks; name one with `file.py@task`")
    log = logs[0]
    if log.status != "success":
        why = log.error.message if log.error else "no reason given"
        raise MethodError(f"the Inspect task `{task}` ended with the status `{log.status}`: {why}")
    return Path(log.location.removeprefix("file://"))


def _model(model: str | None, context: Context) -> str:
    if model is not None:
        if model.startswith("planted/"):
            from safetycase.methods.inspect.planted import register

            register()
        return model
    if context.model is None:
        raise MethodError("the case gives no model to this leaf")
    if context.model.base_url:
        os.environ["SAFETYCASE_BASE_URL"] = context.model.base_url
        os.environ["SAFETYCASE_API_KEY"] = context.model.api_key
    return context.model.inspect_model


class _Counter:
    """Where the one hook of this process sends its ticks."""

    context: Context | None = None
    note = ""
    done = 0
    total = 0
    registered = False


def _watch(context: Context, note: str) -> None:
    """Count finished samples through Inspect's hooks; registered once per process."""
    _Counter.context, _Counter.note, _Counter.done, _Counter.total = context, note, 0, 0
    if _Counter.registered:
        return
    from inspect_ai.hooks import Hooks, SampleEnd, TaskStart, hooks

    @hooks(name="safetycase_progress", description="Progress of a run of safetycase.")
    class _Progress(Hooks):
        async def on_task_start(self, data: TaskStart) -> None:
            epochs = data.spec.config.epochs or 1
            _Counter.total = (data.spec.dataset.samples or 0) * epochs

        async def on_sample_end(self, data: SampleEnd) -> None:  # noqa: ARG002
            _Counter.done += 1
            if _Counter.context is not None:
                _Counter.context.progress(_Counter.done, _Counter.total, _Counter.note)

    _Counter.registered = True
