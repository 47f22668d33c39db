from __future__ import annotations

import dataclasses
import os
import time
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import COIN, write_case

from safetycase.argument.header import ModelSpec
from safetycase.argument.load import load
from safetycase.evidence.digests import BIG, Digester
from safetycase.evidence.environment import environment
from safetycase.evidence.models import ModelMissing, weights_of, weights_path
from safetycase.evidence.recipes import CurrentRecipe, Reading, current_recipe
from safetycase.evidence.sources import changed_line, keep_sources
from safetycase.ledger import open_store
from safetycase.ledger.recipe import differences, formed
from safetycase.plugin.catalogue import installed

FRESH = Digester(trust_cache=False)


def recipe_of(folder: Path, text: str = COIN) -> CurrentRecipe:
    case = load(text, "case.yaml").case
    assert case is not None
    leaf: Any = case.elements["E-COIN"]
    entry = installed().methods[leaf.method]
    reading = Reading(folder, Digester(trust_cache=False))
    return current_recipe(case, leaf, entry.load(), entry, reading)


def test_a_recipe_has_its_form_and_a_stable_digest(coin: Path) -> None:
    one, two = recipe_of(coin).recipe, recipe_of(coin).recipe
    assert one is not None
    assert two is not None
    assert formed(one.groups)
    assert one.digest == two.digest


def test_every_part_of_a_leaf_is_in_its_recipe(coin: Path) -> None:
    before = recipe_of(coin).recipe
    assert before is not None
    for change, named in {
        ("rate: 5}", "rate: 4}"): "instrument.parameters.rate",
        ("reads: {rate: rate}", "reads: {other: rate}"): "instrument.reads.other",
        ("inputs: [items.txt]", "inputs: []"): "instrument.files.items.txt",
        ("scaffold: none", "scaffold: agent"): "subject.scaffold",
        ("weights: smollm2-135m-instruct", "weights: another"): "subject.weights",
        ("because: It is the coin.", "because: b\n          plan: {n: 7}"): "sampling.planned_n",
        ("because: It is the coin.", "because: b\n          effort: {x: 0.5}"): "effort.x",
        (
            "because: It is the coin.",
            "because: b\n          environment: [python, numpy]",
        ): "environment.numpy",
    }.items():
        assert change[0] in COIN
        after = recipe_of(coin, COIN.replace(*change)).recipe
        assert after is not None
        assert named in differences(before.groups, after.groups)
        assert after.digest != before.digest


def test_the_plugins_that_a_method_calls_are_part_of_the_instrument(coin: Path) -> None:
    case = load(COIN, "case.yaml").case
    assert case is not None
    leaf: Any = case.elements["E-COIN"]
    entry = installed().methods[leaf.method]

    def recipe(*names: str) -> CurrentRecipe:
        method = dataclasses.replace(entry.load(), plugins=lambda _parameters: names)
        return current_recipe(case, leaf, method, entry, Reading(coin, FRESH))

    alone, with_one = recipe(), recipe("safetycase.methods:inspect/log")
    assert alone.recipe is not None
    assert with_one.recipe is not None
    own = alone.recipe.groups["instrument"]["code"]
    both = with_one.recipe.groups["instrument"]["code"]
    assert set(own) < set(both)
    assert "safetycase.methods.inspect.log" in both
    assert with_one.recipe.digest != alone.recipe.digest
    missing = recipe("safetycase.methods:nobody/nothing")
    assert missing.recipe is None
    assert "no installed package offers `nobody/nothing`" in missing.problem


def test_python_files_bring_what_they_import(tmp_path: Path) -> None:
    text = COIN.replace("inputs: [items.txt]", "inputs: [task.py]")
    folder = write_case(
        tmp_path / "c",
        text,
        {
            "task.py": "import numpy as np, helpers\nfrom lib.deep import thing\nimport json\n",
            "helpers.py": "from . import more\n",
            "more.py": "",
            "lib/__init__.py": "",
            "lib/deep.py": "thing = 1\n",
            "unused.py": "",
        },
    )
    found = recipe_of(folder, text)
    assert found.recipe is not None
    assert sorted(found.files) == ["helpers.py", "lib/__init__.py", "lib/deep.py", "more.py",
                                   "task.py"]  # fmt: skip
    assert set(found.recipe.groups["instrument"]["packages"]) == {"numpy", "toy-methods"}
    assert {"helpers.py", "task.py"} < set(found.declared)
    (folder / "helpers.py").unlink()
    assert "helpers" in str(recipe_of(folder, text).recipe)  # a package that is not installed


def test_another_model_that_a_parameter_names_is_a_subject_of_its_own(tmp_path: Path) -> None:
    text = COIN.replace(
        "models: {m: {weights: smollm2-135m-instruct}}",
        "models: {m: {weights: smollm2-135m-instruct}, j: {weights: big, provider: inspect}}",
    ).replace("rate: 5}", "rate: 5, raises: [j]}")
    folder = write_case(tmp_path / "c", text, {"items.txt": "x"})
    found = recipe_of(folder, text).recipe
    assert found is not None
    assert found.groups["instrument"]["judges"] == {
        "j": {"weights": "big", "provider": "inspect", "weights_sha256": "",
              "identity": "reported"}
    }  # fmt: skip


def test_all_shards_of_the_weights_count(tmp_path: Path) -> None:
    names = [f"m-0000{i}-of-00003.gguf" for i in (1, 2, 3)]
    for name in names:
        (tmp_path / name).write_bytes(name.encode())
    spec = ModelSpec(weights=names[0])
    whole = weights_of(spec, tmp_path, FRESH)
    assert whole is not None
    assert sorted(whole.files) == names
    for change in (
        lambda: (tmp_path / names[2]).write_bytes(b"swapped"),
        lambda: (
            (tmp_path / names[1]).write_bytes(names[2].encode()),
            (tmp_path / names[2]).write_bytes(names[1].encode()),
        ),
    ):
        change()
        other = weights_of(spec, tmp_path, FRESH)
        assert other is not None
        assert other.sha256 != whole.sha256
    (tmp_path / names[1]).unlink()
    with pytest.raises(ModelMissing, match=r"lack the shard m-00002-of-00003\.gguf"):
        weights_of(spec, tmp_path, FRESH)


def test_weights_may_be_a_folder_of_one_model(tmp_path: Path) -> None:
    folder = tmp_path / "big"
    folder.mkdir()
    spec = ModelSpec(weights="big")
    with pytest.raises(ModelMissing, match="holds 0 GGUF models"):
        weights_path(spec, tmp_path)
    (folder / "w.gguf").write_bytes(b"w")
    one = weights_of(spec, tmp_path, FRESH)
    assert weights_path(spec, tmp_path) == folder.resolve() / "w.gguf"
    (folder / "tokenizer.json").write_text("{}", "utf-8")
    two = weights_of(spec, tmp_path, FRESH)
    assert one is not None
    assert two is not None
    assert sorted(two.files) == ["tokenizer.json", "w.gguf"]
    assert one.sha256 != two.sha256
    (folder / "v.gguf").write_bytes(b"v")
    with pytest.raises(ModelMissing, match="holds 2 GGUF models"):
        weights_path(spec, tmp_path)


def test_what_a_run_happens_in_is_told(coin: Path) -> None:
    found = environment(["numpy", "no-such-distribution"])
    assert {"python", "platform", "machine", "processor", "accelerators", "safetycase"} <= set(
        found
    )
    assert found["no-such-distribution"] == "not installed"
    assert recipe_of(coin).environment["python"] == found["python"]


def test_texts_are_kept_and_the_first_changed_line_is_found(tmp_path: Path) -> None:
    text = COIN.replace("inputs: [items.txt]", "inputs: [task.py, data.bin]")
    folder = write_case(tmp_path / "c", text, {"task.py": "a = 1\nb = 2\nc = 3\n"})
    (folder / "data.bin").write_bytes(b"\x00\xff")
    store = open_store(folder / "ledger")
    recipe = recipe_of(folder, text)
    kept = keep_sources(recipe, store)
    assert kept["instrument.files.task.py"] == recipe.files["task.py"]
    assert "instrument.code.toy_methods" in kept
    assert "instrument.files.data.bin" not in kept
    (folder / "task.py").write_text("a = 1\nb = 7\nc = 3\n", "utf-8")
    found = changed_line(recipe.files["task.py"], folder / "task.py", store)
    assert found is not None
    assert (found.line, found.was, found.now) == (2, "b = 2", "b = 7")
    (folder / "task.py").write_text("a = 1\n", "utf-8")
    found = changed_line(recipe.files["task.py"], folder / "task.py", store)
    assert found is not None
    assert (found.line, found.was, found.now) == (2, "b = 2", "")
    assert changed_line("0" * 64, folder / "task.py", store) is None
    assert changed_line(recipe.files["task.py"], folder / "gone.py", store) is None


@pytest.mark.parametrize("text", ["x = 1\0", "-" * 200_000 + "1", "(" * 5000, "x = '\udce9'"])
def test_a_file_that_is_no_python_is_a_problem_not_a_crash(tmp_path: Path, text: str) -> None:
    case = COIN.replace("inputs: [items.txt]", "inputs: [task.py]")
    folder = write_case(tmp_path / "c", case, {"task.py": ""})
    (folder / "task.py").write_bytes(text.encode("utf-8", "surrogateescape"))
    found = recipe_of(folder, case)
    assert found.recipe is None
    assert found.problem


def test_a_pipe_is_no_input_to_wait_for(coin: Path) -> None:
    (coin / "items.txt").unlink()
    os.mkfifo(coin / "items.txt")
    found = recipe_of(coin)
    assert found.recipe is None
    assert "is no plain file" in found.problem


def test_a_remembered_digest_is_not_taken_for_a_file_whose_time_was_set_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    big = tmp_path / "big.bin"
    big.write_bytes(b"a" * BIG)
    before, digest = big.stat(), Digester(trust_cache=True).file(big)
    assert Digester(trust_cache=True).file(big) == digest
    time.sleep(0.02)  # file systems stamp times in ticks of the kernel
    with big.open("r+b") as file:
        file.write(b"b")
    os.utime(big, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert Digester(trust_cache=True).file(big) != digest


def test_a_written_name_and_the_package_around_a_relative_import_count(tmp_path: Path) -> None:
    case = COIN.replace("inputs: [items.txt]", "inputs: [tasks/one.py]")
    text = 'from .near import x\nimport importlib\nimportlib.import_module("far")\n'
    files = {"tasks/one.py": text, "tasks/near.py": "", "tasks/__init__.py": "", "far.py": ""}
    found = recipe_of(write_case(tmp_path / "c", case, files), case)
    assert sorted(found.files) == ["far.py", "tasks/__init__.py", "tasks/near.py", "tasks/one.py"]
