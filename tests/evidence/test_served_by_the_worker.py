"""A worker on another machine serves the model itself, and says which weights it loaded."""

from __future__ import annotations

import hashlib
import secrets
from pathlib import Path
from typing import Any

import pytest

from safetycase.argument.model import ModelSpec
from safetycase.evidence.executors import parcels
from safetycase.evidence.models import ModelMissing, weights_path
from safetycase.evidence.serving import ServerFailed, serve_here
from safetycase.plugin.executors import Finished, Task

NAME = "smollm2-135m-instruct"
METHOD = """
import dataclasses, json, urllib.request
from safetycase.testing.executor_tasks import COUNTS

def run(inputs, parameters, context):
    asked = {"model": "m", "max_tokens": 4, "temperature": 0,
             "messages": [{"role": "user", "content": "Say yes."}]}
    request = urllib.request.Request(
        context.model.base_url + "/chat/completions", json.dumps(asked).encode(),
        {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as reply:
        said = json.load(reply)["choices"][0]["message"]["content"]
    found = COUNTS.run(inputs, parameters, context)
    return dataclasses.replace(found, diagnostics={"said": said})

METHOD = dataclasses.replace(COUNTS, run=run, needs_model=True)
"""


def packaged() -> Path:
    try:
        found = weights_path(ModelSpec(weights=NAME, provider="local"), Path())
    except ModelMissing as error:
        pytest.skip(str(error))
    assert found is not None
    return found


def carried(folder: Path, weights: str, digest: str) -> Finished:
    """One task that needs a model, packed, laid out and run as on another machine."""
    model = {"name": "m", "weights": weights, "provider": "local", "base_url": ""}
    job: dict[str, Any] = {
        "kind": "run",
        "target": "asks_a_model:METHOD",
        "parameters": {},
        "inputs": [],
        "case_folder": str(folder),
        "seed": 1,
        "needs": ["rate"],
        "model": "m",
        "models": {"m": {**model, "weights_sha256": digest}},
    }
    task = Task(id="E/1.1", token=secrets.token_hex(16), job=job, folder=folder / "task")
    parcel = parcels.packed(task)
    blobs = {sha: path.read_bytes() for sha, path in parcel.files.items()}
    there = parcels.lay_out(parcel.header, blobs, folder / "there")
    (found,) = [e for e in parcels.carry(there) if isinstance(e, Finished)]
    return found


@pytest.fixture
def method(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    import os

    (tmp_path / "asks_a_model.py").write_text(METHOD, "utf-8")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join((str(tmp_path), os.environ["PYTHONPATH"])))
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


@pytest.mark.model
@pytest.mark.server
def test_packaged_weights_are_served_where_the_worker_is(method: Path) -> None:
    digest = hashlib.sha256(packaged().read_bytes()).hexdigest()
    found = carried(method, NAME, digest)
    assert found.how == "completed", found.reason
    assert found.result is not None
    assert found.result["weights_sha256"] == {"m": digest}
    assert found.result["measurement"]["diagnostics"]["said"].strip()


@pytest.mark.model
@pytest.mark.server
def test_weights_of_the_case_folder_travel_with_the_task(method: Path) -> None:
    weights = packaged().read_bytes()
    (method / "mine.gguf").write_bytes(weights)
    found = carried(method, "mine.gguf", "")
    assert found.how == "completed", found.reason
    assert found.result is not None
    assert found.result["weights_sha256"] == {"m": hashlib.sha256(weights).hexdigest()}


@pytest.mark.slow
def test_swapped_weights_are_refused_before_they_are_served(method: Path) -> None:
    (method / "mine.gguf").write_bytes(b"other weights")
    found = carried(method, "mine.gguf", "0" * 64)
    assert found.how == "failed"
    assert "are others than the registered ones" in found.reason


def test_weights_that_are_no_model_are_named(tmp_path: Path) -> None:
    (tmp_path / "mine.gguf").write_bytes(b"no weights")
    pytest.importorskip("xllamacpp")
    with (
        pytest.raises(ServerFailed, match="local inference server"),
        serve_here("mine.gguf", tmp_path, ""),
    ):
        pass
