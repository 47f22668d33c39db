"""Every importer keeps the contract of a method and says that it imports."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from safetycase.methods.imported import in_toto, junit, lm_eval, tea
from safetycase.methods.inspect import log
from safetycase.plugin.contract import Context, MethodError
from safetycase.testing.methods import check_method

IMPORTERS = {
    "junit": (junit, ("in__xml",), {}),
    "lm_eval": (lm_eval, ("in__json", "in__jsonl"), {"task": "t"}),
    "tea": (tea, ("in__json",), {"item": "x"}),
    "in_toto": (in_toto, ("in__json",), {}),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", IMPORTERS)
def test_an_importer_keeps_the_contract(name: str) -> None:
    module = IMPORTERS[name][0]
    controls = check_method(module.METHOD, module=f"safetycase.methods.imported.{name}")
    assert controls.counts(claim_is_true=False)[0] == 0
    assert module.METHOD.imports
    assert not module.METHOD.needs_model
    assert log.METHOD.imports


class Detonator:
    """A pickle that leaves a mark when anybody loads it."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return (Path.touch, (self.mark,))


@pytest.mark.parametrize("name", IMPORTERS)
@pytest.mark.parametrize("protocol", [0, 2, 4])
def test_a_pickle_in_any_slot_is_refused_and_never_loaded(
    name: str, protocol: int, make: Callable[..., Context], tmp_path: Path
) -> None:
    module, slots, words = IMPORTERS[name]
    mark = tmp_path / "loaded"
    poison = pickle.dumps(Detonator(mark), protocol=protocol)
    for slot in slots:
        context = make(weights_sha256="a" * 64, **dict.fromkeys(slots, "{}") | {slot: poison})
        inputs = tuple(s.replace("__", ".") for s in slots)
        with pytest.raises(MethodError, match=r"`in\.(xml|json|jsonl)`"):
            module.run(inputs, module.Parameters(**words), context)
    assert not mark.exists()


HOSTILE = {
    "twice": ('{"results": 1, "results": 2}', "'results' is given twice"),
    "nan": ('{"results": NaN}', "`NaN` is no number"),
    "infinite": ('{"results": -Infinity}', "`-Infinity` is no number"),
    "overflow": ('{"results": 1e999}', "1e999 is out of range"),
    "huge integer": ('{"results": ' + "9" * 5000 + "}", "more than 64 bits"),
    "deep": ("[" * 100_000, "nested deeper than 100"),
    "deep in text": ('{"a": "' + "[" * 500 + '"}', None),
    "surrogate": ('{"a": "\\ud800"}', "half of a surrogate pair"),
    "not utf-8": (b'{"a": "\xff"}', "is not UTF-8"),
    "bom": (b"\xef\xbb\xbf{}", "not JSON"),
    "cut": ('{"results": {', "line 1, column"),
    "list": ("[]", "where an object is expected"),
    "empty": ("", "not JSON"),
}


@pytest.mark.parametrize("name", ["lm_eval", "tea", "in_toto"])
@pytest.mark.parametrize("case", HOSTILE)
def test_json_with_two_meanings_is_refused_with_its_place(
    name: str, case: str, make: Callable[..., Context]
) -> None:
    module, _, words = IMPORTERS[name]
    content, says = HOSTILE[case]
    context = make(in__json=content)
    with pytest.raises(MethodError, match=r"`in\.json`") as raised:
        module.run(("in.json",), module.Parameters(**words), context)
    assert says is None or says in str(raised.value)


@pytest.mark.parametrize("name", IMPORTERS)
def test_inputs_outside_the_case_folder_are_refused(
    name: str, make: Callable[..., Context], tmp_path: Path
) -> None:
    module, slots, words = IMPORTERS[name]
    ending = slots[0].split("__")[1]
    (tmp_path / f"secret.{ending}").write_text("{}")
    context = make()
    link = context.case_folder / f"link.{ending}"
    link.symlink_to(tmp_path / f"secret.{ending}")
    for path in (f"../secret.{ending}", f"link.{ending}", f"gone.{ending}", f"/etc/x.{ending}"):
        with pytest.raises(MethodError, match="no file of the case folder"):
            module.run((path,), module.Parameters(**words), context)
    with pytest.raises(MethodError, match="under `inputs`"):
        module.run((), module.Parameters(**words), context)


def test_a_file_too_large_is_refused_unread(
    make: Callable[..., Context], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("safetycase.methods.imported.strict.read.__defaults__", (1000,))
    context = make(in__json=" " * 2000)
    with pytest.raises(MethodError, match="larger than 1000 bytes; split it"):
        tea.run(("in.json",), tea.Parameters(item="x"), context)
