"""Somebody hides a program in a file that a reader would unpickle."""

from __future__ import annotations

import ast
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import SOURCE, write_case
from tests.threats.conftest import CASE, WEIGHTS, Sc

READS = "with: {task: t}, reads: {rate: pass_rate}"
LEAVES = {
    "in.json": f"method: import/lm-eval, inputs: [in.json], {READS}",
    "in.jsonl": f"method: import/lm-eval, inputs: [ok.json, in.jsonl], {READS}",
    "in.xml": "method: import/junit, inputs: [in.xml], reads: {rate: fail_rate}",
}
GOOD = (
    '{"results": {"t": {"acc,none": 0.5, "acc_stderr,none": 0.5}}, '
    '"n-samples": {"t": {"original": 2, "effective": 2}}}'
)


class Program:
    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return (Path.touch, (self.mark,))


@pytest.mark.slow
def test_a_pickle_in_every_input_of_a_run_is_never_loaded(sc: Sc, tmp_path: Path) -> None:
    mark = tmp_path / "loaded"
    poison = pickle.dumps(Program(mark))
    head = CASE.split("        by:\n          evidence")[0]
    text = head.rpartition("      - claim: RARE")[0]
    for number, (name, leaf) in enumerate(LEAVES.items()):
        by = f"{{evidence: E{number}, because: It is poisoned., {leaf}"
        text += (
            f"      - claim: C{number}\n        says: It is rare in {name}.\n"
            f"        holds_when: rate <= 0.20\n        by: {by}}}\n"
        )
    folder = write_case(tmp_path / "c", text, {WEIGHTS: "w", "ok.json": GOOD})
    for name in LEAVES:
        (folder / name).write_bytes(poison)
    ran = sc("run", folder, timeout=200)
    assert ran.code == 0, ran.out + ran.err
    assert not mark.exists()
    for command in ("status", "verify"):
        sc(command, folder)
        assert not mark.exists()
    leaves = sc("status", folder, "--json").json["leaves"]
    assert [leaf["attempts"][0]["outcome"] for leaf in leaves.values()] == ["failed"] * 3
    for leaf in leaves.values():
        assert "in." in leaf["attempts"][0]["reason"]


def test_a_pickle_in_the_place_of_an_inspect_log_is_never_loaded(tmp_path: Path) -> None:
    from safetycase.methods.imported.planting import planted_context
    from safetycase.methods.inspect import log
    from safetycase.plugin.contract import MethodError

    context = planted_context(tmp_path)
    mark = tmp_path / "loaded"
    for ending in ("eval", "json"):
        (context.case_folder / f"in.{ending}").write_bytes(pickle.dumps(Program(mark)))
        with pytest.raises(MethodError, match="cannot be read as an Inspect log"):
            log.run((f"in.{ending}",), log.Parameters(), context)
    assert not mark.exists()


@pytest.mark.slow
def test_nothing_of_ours_can_load_a_pickle() -> None:
    """No module imports what unpickles, or asks a library to."""
    forbidden = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}
    for path in (SOURCE / "safetycase").rglob("*.py"):
        text = path.read_text("utf-8")
        if not any(
            word in text for word in (*forbidden, "allow_pickle", "torch", "from_pretrained")
        ):
            continue
        for node in ast.walk(ast.parse(text)):
            names = (
                [a.name for a in node.names]
                if isinstance(node, ast.Import)
                else [node.module or ""]
                if isinstance(node, ast.ImportFrom)
                else []
            )
            assert not {n.partition(".")[0] for n in names} & forbidden, path
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                assert (node.value.id, node.attr) != ("torch", "load"), path
            if isinstance(node, ast.Call) and "AutoModel" in ast.unparse(node.func):
                words = {word.arg for word in node.keywords}
                # A keyword mapping names the GGUF file, which is data.
                assert "use_safetensors" in words or None in words, path
            if isinstance(node, ast.keyword) and node.arg == "allow_pickle":
                assert isinstance(node.value, ast.Constant), path
                assert node.value.value is False, path
