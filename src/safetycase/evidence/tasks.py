"""A job as the worker reads it: JSON with names and digests, and which models it can reach."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from safetycase.evidence.digests import Digester
from safetycase.evidence.events import Event, ServerStarted
from safetycase.evidence.facts import resolve_facts
from safetycase.evidence.models import weights_of, weights_path
from safetycase.evidence.serving import ServerFailed, serve
from safetycase.evidence.setting import Job, Setting
from safetycase.plugin.executors import Executor

__all__ = ["Access", "controls_job", "models", "run_job"]

Access = dict[str, dict[str, str]]


def models(
    setting: Setting,
    jobs: Sequence[Job],
    executor: Executor,
    base: Path,
    stack: contextlib.ExitStack,
    access: Access,
) -> Iterator[Event]:
    """Fill `access` with how each model that some job needs is reached.

    Where tasks see this machine's loopback, one server per local model is started and left to
    `stack`; elsewhere the address stays empty and the worker serves the model itself. Raises
    `ModelMissing` or `ServerFailed`.
    """
    case = setting.case
    needed = dict.fromkeys(
        job.evidence.model or case.header.system.model for job in jobs if job.method.needs_model
    )
    for name in needed:
        spec = case.header.models[name]
        path = weights_path(spec, setting.folder)
        url = ""
        if path is not None and executor.local:
            url = stack.enter_context(serve(path, base / f"server-{len(access)}.log"))
            _as_registered(setting, jobs, name)
            yield ServerStarted(model=name, url=url)
        access[name] = {
            "name": name,
            "weights": spec.weights,
            "provider": spec.provider,
            "base_url": url,
            "weights_file": str(path) if path is not None and executor.local else "",
        }


def _as_registered(setting: Setting, jobs: Sequence[Job], name: str) -> None:
    """Refuse weights that changed between the reading of the recipe and the loading."""
    found = weights_of(
        setting.case.header.models[name], setting.folder, Digester(trust_cache=False)
    )
    for job in jobs:
        recipe = job.recipe.recipe
        model = job.evidence.model or setting.case.header.system.model
        if not job.method.needs_model or model != name or recipe is None or found is None:
            continue
        if recipe.groups["subject"].get("weights_sha256") != found.sha256:
            raise ServerFailed(
                f"the weights of `{name}` changed while they were loaded: run again when nothing "
                "writes them"
            )


def run_job(setting: Setting, job: Job, access: Access, seed: int) -> Mapping[str, Any]:
    """The job of one attempt.

    `files` are those of the case folder that the recipe names, by content; `declared` also the
    code and the weights, which a run may open without being asked.
    """
    values, _ = resolve_facts(setting.case, dict(job.evidence.with_))
    subject = job.evidence.model or setting.case.header.system.model
    reached = {name: dict(how) for name, how in access.items()}
    assert job.recipe.recipe is not None
    described = dict(job.recipe.recipe.groups["subject"])
    if described.get("weights_sha256") and subject in reached:
        # Whoever loads the weights elsewhere checks that they are the registered ones.
        reached[subject]["weights_sha256"] = str(described["weights_sha256"])
    return {
        "kind": "run",
        "target": job.entry.target,
        "parameters": values,
        "inputs": list(job.evidence.inputs),
        "files": dict(job.recipe.files),
        "declared": list(job.recipe.declared),
        "case_folder": str(setting.folder.resolve()),
        "seed": seed,
        "needs": sorted(set(job.evidence.reads.values())),
        "model": subject,
        "models": reached,
        "subject": described,
    }


def controls_job(job: Job) -> Mapping[str, Any]:
    """The job that runs a method's planted subjects."""
    return {"kind": "controls", "target": job.entry.target}
