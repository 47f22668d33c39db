"""One attempt in a process of its own: JSON job in, JSON result and files out.

`python -m safetycase.evidence.worker JOB.json`. Progress goes out as JSON lines on the original
standard output; whatever the method prints goes to standard error. The worker ends when its
standard input closes, so it never outlives the scheduler.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import threading
import traceback
from pathlib import Path
from typing import Any

from safetycase.plugin.contract import Context, Method, MethodError, ModelAccess
from safetycase.plugin.parameters import bind
from safetycase.plugin.wire import controls_json, measurement_json


def main(argv: list[str]) -> int:
    """Run the job named by the first argument; the exit code is 0 if a result was written."""
    channel = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    job = json.loads(Path(argv[0]).read_text("utf-8"))
    result = Path(job["result"])
    try:
        found = _execute(job, channel)
    except MethodError as error:
        found = {"error": str(error)}
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt | SystemExit):
            raise
        traceback.print_exc()
        found = {"error": f"{type(error).__name__}: {error}"}
    temporary = result.with_suffix(".tmp")
    temporary.write_text(json.dumps(found, allow_nan=False), "utf-8")
    temporary.replace(result)
    return 0


def _execute(job: dict[str, Any], channel: Any) -> dict[str, Any]:
    module, _, attribute = job["target"].partition(":")
    method = getattr(importlib.import_module(module), attribute)
    assert isinstance(method, Method)
    if job["kind"] == "controls":
        return {"controls": controls_json(method.controls())}
    bound = bind(method.parameters, job["parameters"])
    if bound.mismatches:
        raise MethodError("; ".join(m.message for m in bound.mismatches))
    models = {name: ModelAccess(**access) for name, access in job["models"].items()}

    def progress(done: int, total: int, note: str = "") -> None:
        channel.write(
            json.dumps({"done": int(done), "total": int(total), "note": note[:80]}) + "\n"
        )

    context = Context(
        case_folder=Path(job["case_folder"]),
        scratch=Path(job["scratch"]),
        seed=job["seed"],
        model=models.get(job["model"]),
        models=models,
        progress=progress,
    )
    measured = method.run(tuple(job["inputs"]), bound.value, context)
    written = measurement_json(measured)
    missing = [name for name in job["needs"] if name not in written["quantities"]]
    if missing:
        raise MethodError("the method did not return " + ", ".join(f"`{m}`" for m in missing))
    artefacts = {str(k): str(v) for k, v in measured.artefacts.items()}
    for path in artefacts.values():
        if not (context.scratch / path).resolve().is_relative_to(context.scratch.resolve()):
            raise MethodError(f"the artefact `{path}` lies outside the scratch folder")
    return {"measurement": written, "artefacts": artefacts}


def _end_with_parent() -> None:
    # A raw read: a buffered reader would hold a lock that the interpreter needs at its end.
    while os.read(0, 4096):
        pass
    os._exit(70)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
