"""One job, carried out in this process: JSON in, JSON out, files in the scratch folder."""

from __future__ import annotations

import contextlib
import functools
import importlib
import inspect
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from safetycase.evidence.observe import Seen, watching
from safetycase.plugin.contract import Context, Measurement, Method, MethodError, ModelAccess
from safetycase.plugin.parameters import bind
from safetycase.plugin.wire import controls_json, measurement_json

__all__ = [
    "JobError",
    "code_of",
    "failure",
    "method_of",
    "perform",
    "prepared",
    "result_of",
    "watched",
]

Progress = Callable[[int, int, str], None]

_SHAPE: Mapping[str, type] = {
    "parameters": dict,
    "inputs": list,
    "case_folder": str,
    "scratch": str,
    "seed": int,
    "needs": list,
    "model": str,
    "models": dict,
}


class JobError(MethodError):
    """A job is not what a worker can read; the message names the field."""


def perform(job: Mapping[str, Any], progress: Progress) -> dict[str, Any]:
    """Carry out a job; returns its result as JSON data.

    Raises `MethodError` with what the method or the job got wrong, and whatever else the method
    raises. A method may be a coroutine; it then has an event loop of its own.
    """
    method = method_of(job)
    if job["kind"] == "controls":
        return {"controls": controls_json(method.controls())}
    with prepared(job, method, progress) as (inputs, parameters, context, extra):
        with watched(job) as seen:
            measured: Any = method.run(inputs, parameters, context)
            if inspect.iscoroutine(measured):
                import asyncio  # dear to import, and rarely needed

                measured = asyncio.run(measured)
        return result_of(job, context, measured) | {"observed": seen.json()} | extra


def watched(job: Mapping[str, Any]) -> contextlib.AbstractContextManager[Seen]:
    """Watch what a job opens beyond the files it names."""
    declared = (*job["inputs"], *(job.get("files") or {}), *job.get("declared", ()))
    return watching(Path(job["case_folder"]), Path(job["scratch"]), declared)


def failure(error: BaseException) -> dict[str, Any]:
    """A result that says why there is none."""
    if isinstance(error, MethodError):
        return {"error": str(error)}
    if isinstance(error, MemoryError):
        return {"error": "MemoryError: there was no memory left below the limit"}
    return {"error": f"{type(error).__name__}: {error}"}


def method_of(job: Mapping[str, Any]) -> Method:
    """The method a job names, imported; `JobError` if the job or the method is not one."""
    for field in ("kind", "target"):
        if not isinstance(job.get(field), str):
            raise JobError(f"the job has no `{field}`")
    if job["kind"] not in ("run", "controls"):
        raise JobError(f"the job's kind is `{job['kind']}`; write `run` or `controls`")
    expected = job.get("code")
    if expected and code_of(job["target"]) != expected:
        raise JobError(_other_code(job["target"], expected))
    module, _, attribute = job["target"].partition(":")
    try:
        method = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError, ValueError) as error:
        raise JobError(
            f"the method `{job['target']}` is not installed where the attempt ran: {error}"
        ) from error
    if not isinstance(method, Method):
        raise JobError(f"`{job['target']}` is not a Method record")
    return method


@functools.lru_cache(maxsize=256)
def code_of(target: str) -> Mapping[str, str]:
    """SHA-256 of the method's module and of every module of its own that it imports, by name.

    Empty if the method is not installed. Read once per process: what is imported stays imported.
    """
    from safetycase.evidence.closure import closure

    try:
        return closure(target).code
    except (ImportError, ValueError, OSError):
        return {}


def _other_code(target: str, expected: Mapping[str, str]) -> str:
    here, there = code_of(target), os.uname().nodename
    if not here:
        return f"the method `{target}` is not installed on {there}"
    names = [name for name in {**expected, **here} if expected.get(name) != here.get(name)]
    return f"the method's code on {there} is not the code that was registered: " + ", ".join(
        f"`{name}`" for name in sorted(names)[:5]
    )


@contextlib.contextmanager
def prepared(
    job: Mapping[str, Any], method: Method, progress: Progress
) -> Iterator[tuple[tuple[str, ...], Any, Context, dict[str, Any]]]:
    """What `run` is given: inputs, bound parameters and context; and what the result gains.

    Local models that nobody serves yet are served for as long as the block lasts; the digests
    of the weights that were loaded are in the last part. `JobError` for a malformed job.
    """
    for field, kind in _SHAPE.items():
        if not isinstance(job.get(field), kind) or isinstance(job.get(field), bool):
            raise JobError(f"the job's `{field}` is not a {kind.__name__}")
    bound = bind(method.parameters, job["parameters"])
    if bound.mismatches:
        raise MethodError("; ".join(m.message for m in bound.mismatches))
    extra: dict[str, Any] = {}
    with contextlib.ExitStack() as stack:
        models = {
            str(name): _access(job, dict(access), stack, extra)
            for name, access in job["models"].items()
        }
        context = Context(
            case_folder=Path(job["case_folder"]),
            scratch=Path(job["scratch"]),
            seed=job["seed"],
            model=models.get(job["model"]),
            models=models,
            progress=lambda done, total, note="": progress(int(done), int(total), str(note)),
            subject=job.get("subject", {}),
        )
        yield tuple(map(str, job["inputs"])), bound.value, context, extra


def result_of(job: Mapping[str, Any], context: Context, measured: object) -> dict[str, Any]:
    """A measurement as the result of a job; `MethodError` names what is missing or misplaced."""
    if not isinstance(measured, Measurement):
        raise MethodError(f"the method returned {type(measured).__name__}, not a Measurement")
    written = measurement_json(measured)
    if missing := [name for name in job["needs"] if name not in written["quantities"]]:
        raise MethodError("; ".join(_not_returned(name, written) for name in missing))
    artefacts = {str(k): str(v) for k, v in measured.artefacts.items()}
    for path in artefacts.values():
        _refuse_outside(context.scratch, path)
    return {"measurement": written, "artefacts": artefacts}


def _not_returned(name: str, written: Mapping[str, Any]) -> str:
    """Why a quantity is not there, if the method says so, and what there is instead."""
    why = written.get("diagnostics", {}).get(f"without {name}", "")
    given = ", ".join(f"`{quantity}`" for quantity in sorted(written["quantities"]))
    return f"the method did not return `{name}`" + (f": {why}" if why else f"; it gives {given}")


def _refuse_outside(scratch: Path, name: str) -> None:
    """Artefacts are plain files of the scratch folder; a link could lead anywhere later."""
    path = Path(name)
    if path.is_absolute() or ".." in path.parts:
        raise MethodError(f"the artefact `{name}` lies outside the scratch folder")
    at = scratch
    for part in path.parts:
        at = at / part
        if at.is_symlink():
            raise MethodError(f"the artefact `{name}` leads over a link; write a file")
    if not at.is_file():
        raise MethodError(f"the method named an artefact that is not there: {name}")


def _access(
    job: Mapping[str, Any],
    access: dict[str, Any],
    stack: contextlib.ExitStack,
    extra: dict[str, Any],
) -> ModelAccess:
    """How to reach a model; a local one without an address is served from here."""
    expected = access.pop("weights_sha256", None)
    try:
        model = ModelAccess(**access)
    except TypeError as error:
        raise JobError(f"the job describes a model wrongly: {error}") from error
    if model.provider != "local" or model.base_url:
        return model
    from safetycase.evidence.serving import serve_here

    url, digest, path = stack.enter_context(
        serve_here(model.weights, Path(job["case_folder"]), expected or "")
    )
    extra.setdefault("weights_sha256", {})[model.name] = digest
    return ModelAccess(**{**access, "base_url": url, "weights_file": str(path)})
