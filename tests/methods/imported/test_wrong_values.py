"""Every value of a sound file replaced by every wrong one: a refusal or a result, never a fault."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.methods.imported.test_in_toto import EVAL, SVR, TEST_RESULT, WEIGHTS
from tests.methods.imported.test_junit import SUREFIRE
from tests.methods.imported.test_lm_eval import RESULTS, SAMPLES
from tests.methods.imported.test_tea import nested

from safetycase.methods.imported import in_toto, junit, lm_eval, tea
from safetycase.plugin.contract import Context, Measurement, MethodError
from safetycase.plugin.wire import measurement_json

Make = Callable[..., Context]
WRONG: tuple[Any, ...] = (
    None, True, -1, 0, 10**18, -(10**18), 0.5, 1e308, -1e308, "", "x" * 5000, "NaN", "\x00\u202e",
    [], {}, [[]], {"": None}, [None] * 3, {"original": "1"},
)  # fmt: skip
KEPT = {"versions", "n-samples", "n-shot", "config", "date", "task_hashes", "model_name"}
SOUND: dict[str, tuple[Any, Any, dict[str, Any]]] = {
    "eval": (in_toto, EVAL, {"name": "refusal_rate"}),
    "test": (in_toto, TEST_RESULT, {}),
    "svr": (in_toto, SVR, {"name": "VERIFIER_VULN_SCANNED_1"}),
    "tea": (tea, nested(url="https://x.org"), {"item": "E1"}),
    "lm-eval": (
        lm_eval,
        {k: v for k, v in RESULTS.items() if k in KEPT}
        | {"results": {"sums": RESULTS["results"]["sums"]}},
        {"task": "sums", "allow_incomplete": True},
    ),
}


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    if isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from places(inner, (*path, key))


def replaced(value: Any, path: tuple[Any, ...], wrong: Any) -> Any:
    if not path:
        return wrong
    changed = copy.deepcopy(value)
    here = changed
    for step in path[:-1]:
        here = here[step]
    here[path[-1]] = wrong
    return changed


def sound(module: Any, inputs: tuple[str, ...], words: dict[str, Any], context: Context) -> None:
    """Either a refusal that names the file, or a measurement that can be recorded."""
    try:
        found = module.run(inputs, module.Parameters(**words), context)
    except MethodError as error:
        said = str(error)
    else:
        assert isinstance(found, Measurement)
        json.dumps(measurement_json(found), allow_nan=False)
        return
    assert "`" in said
    assert len(said) < 2000


@pytest.mark.slow
@pytest.mark.parametrize("name", SOUND)
def test_no_wrong_value_is_more_than_a_refusal(name: str, make: Make) -> None:
    module, value, words = SOUND[name]
    context = make(weights_sha256=WEIGHTS)
    path = context.case_folder / "in.json"
    for place in places(value):
        for wrong in WRONG:
            path.write_text(json.dumps(replaced(value, place, wrong)))
            sound(module, ("in.json",), words, context)


@pytest.mark.slow
def test_no_wrong_sample_is_more_than_a_refusal(make: Make) -> None:
    context = make(r__json=json.dumps(RESULTS))
    few = [{k: v for k, v in s.items() if k != "doc"} | {"doc": 1} for s in SAMPLES[:2]]
    path = context.case_folder / "s.jsonl"
    for key in few[0]:
        for wrong in WRONG:
            path.write_text("\n".join(json.dumps(s) for s in [few[0] | {key: wrong}, few[1]]))
            sound(lm_eval, ("r.json", "s.jsonl"), {"task": "sums"}, context)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_no_cut_or_changed_byte_is_more_than_a_refusal(make: Make, seed: int) -> None:
    draw = random.Random(seed)
    context = make(weights_sha256=WEIGHTS)
    files: list[tuple[Any, str, bytes, dict[str, Any]]] = [
        (junit, "in.xml", SUREFIRE.encode(), {}),
        *((m, "in.json", json.dumps(v).encode(), w) for m, v, w in SOUND.values()),
    ]
    for module, name, data, words in files:
        for _ in range(60):
            changed = bytearray(data)
            for _ in range(draw.choice((1, 1, 3))):
                changed[draw.randrange(len(changed))] = draw.randrange(256)
            if draw.random() < 0.3:
                changed = changed[: draw.randrange(len(changed))]
            Path(context.case_folder / name).write_bytes(changed)
            sound(module, (name,), words, context)
